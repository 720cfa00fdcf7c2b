"""Check: what was observed on a known day, to be held against a run; a row of ``check:`` in a scenario file.

The quantities that can be compared are rows of ``observables.csv``: the table of a run and the columns whose sum it is,
and the kind of place a check may name. Stages that gridsim does not model yet have rows too: their checks are skipped
with a word.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

SYSTEM = "system"


class Stage(StrEnum):
    """Parts of the model that a check needs: the hourly course, the first minutes, heat networks."""

    HOURLY = "hourly"
    FIRST_MINUTES = "first_minutes"
    HEAT = "heat"


MODELLED = frozenset({Stage.HOURLY})


class Statistic(StrEnum):
    """One number of a course: mean by time, extremes, or the sum of power times hours."""

    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    ENERGY = "energy"


class Against(StrEnum):
    """The number itself, its change against the same horizon without events, or its ratio to that."""

    NOTHING = "nothing"
    CHANGE = "change"
    RATIO = "ratio"


@dataclass(frozen=True)
class Observable:
    """A row of ``observables.csv``. ``summed``: adds up over places, so it has a value for the whole system."""

    quantity: str
    table: str
    columns: tuple[str, ...]
    places: str
    unit: str
    summed: bool
    stage: Stage
    doc: str


@cache
def observables() -> dict[str, Observable]:
    """Quantities that checks may compare, by name."""
    text = resources.files("gridsim.model").joinpath("observables.csv").read_text(encoding="utf-8")
    return {
        row["quantity"]: Observable(
            quantity=row["quantity"],
            table=row["table"],
            columns=tuple(row["columns"].split("+")),
            places=row["places"],
            unit=row["unit"],
            summed=row["summed"] == "true",
            stage=Stage(row["stage"]),
            doc=row["doc"],
        )
        for row in csv.DictReader(text.splitlines())
    }


@dataclass(frozen=True)
class Check:
    """An observed number: ``observed`` +- ``tolerance`` of ``quantity`` at ``place`` (``system`` for all of it).

    Looked at from ``from_h`` to ``to_h`` after the start (alike for one moment). ``source``: who says so.
    """

    quantity: str
    place: str
    from_h: float
    to_h: float
    statistic: Statistic
    against: Against
    observed: float
    tolerance: float
    source: str
    note: str = ""

    @property
    def observable(self) -> Observable:
        """The row of its quantity."""
        return observables()[self.quantity]

    @property
    def unit(self) -> str:
        """Unit of the number that is compared."""
        if self.against is Against.RATIO:
            return "-"
        unit = self.observable.unit
        return f"{unit}h" if self.statistic is Statistic.ENERGY else unit

    @property
    def modelled(self) -> bool:
        """False where it needs a stage that gridsim does not model."""
        return self.observable.stage in MODELLED
