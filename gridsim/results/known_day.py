"""A run beside what was observed: each check of a scenario as a simulated number and a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridsim.model.known_day import SYSTEM, Against, Check, Stage, Statistic
from gridsim.model.table import F8, sum_at
from gridsim.results.run_records import Columns

Tables = Mapping[str, Columns]

# Column of a table that names the place, by the kind of place; ``name`` for all others.
_PLACE_COLUMN = {
    "plants": "plant",
    "load_classes": "load_class",
    "oblasts": "oblast",
}


class Verdict(StrEnum):
    """Within the tolerance, outside it, or not looked at: the stage is not modelled."""

    MET = "met"
    MISSED = "missed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckOutcome:
    """``simulated``: None where the run has no such number, which counts as missed unless the stage is not modelled."""

    check: Check
    simulated: float | None
    verdict: Verdict


@dataclass(frozen=True)
class CornerRange:
    """A check over the corners of what is unknown, the run with stated values included.

    ``lowest``, ``highest``: of the simulated numbers, None where no run has one; ``robust``: all verdicts are alike.
    """

    lowest: float | None
    highest: float | None
    robust: bool


def over_corners(stated: Sequence[CheckOutcome], corners: Sequence[Sequence[CheckOutcome]]) -> tuple[CornerRange, ...]:
    """The range of each check over the run with ``stated`` values and the ``corners``."""
    found = []
    for outcomes in zip(stated, *corners, strict=True):
        numbers = [outcome.simulated for outcome in outcomes if outcome.simulated is not None]
        robust = len({outcome.verdict for outcome in outcomes}) == 1
        found.append(CornerRange(min(numbers, default=None), max(numbers, default=None), robust))
    return tuple(found)


def held_against(checks: tuple[Check, ...], tables: Tables, baseline: Tables | None) -> tuple[CheckOutcome, ...]:
    """Each check of a known day with what ``tables`` of a run give. ``baseline``: of the horizon without events."""
    return tuple(_outcome(check, tables, baseline) for check in checks)


def _outcome(check: Check, tables: Tables, baseline: Tables | None) -> CheckOutcome:
    if not _looked_at(check, tables):
        return CheckOutcome(check, None, Verdict.SKIPPED)
    simulated = _number(check, tables, baseline)
    if simulated is None:
        return CheckOutcome(check, None, Verdict.MISSED)
    near = abs(simulated - check.observed) <= check.tolerance
    return CheckOutcome(check, simulated, Verdict.MET if near else Verdict.MISSED)


def _looked_at(check: Check, tables: Tables) -> bool:
    """The run has the stage that the check needs: the first minutes where they were on and something happened."""
    if check.observable.stage is Stage.FIRST_MINUTES:
        rows = tables.get(check.observable.table)
        return rows is not None and len(rows["time_h"]) > 0
    return check.modelled


def _number(check: Check, tables: Tables, baseline: Tables | None) -> float | None:
    value = _value(check, tables)
    if check.against is Against.NOTHING or value is None:
        return value
    other = value if baseline is None else _value(check, baseline)  # without events the run is its own baseline
    if other is None:
        return None
    if check.against is Against.CHANGE:
        return value - other
    return value / other if other else None


def _value(check: Check, tables: Tables) -> float | None:
    """The statistic of the course in the window; None where the run has no number there."""
    course, hours = _course(check, tables)
    known = ~np.isnan(course)
    course, hours = course[known], hours[known]
    if len(course) == 0:
        return None
    match check.statistic:
        case Statistic.MAX:
            return float(course.max())
        case Statistic.MIN:
            return float(course.min())
        case Statistic.ENERGY:
            return float(course @ hours)
        case Statistic.MEAN:
            return float(course @ hours / hours.sum()) if hours.sum() > 0 else float(course[0])


def _course(check: Check, tables: Tables) -> tuple[F8, F8]:
    """Values of the rows that hold in the window, and the hours of each within it."""
    observable = check.observable
    solves, rows = tables["solves"], tables[observable.table]
    begin, end = solves["time_h"], solves["time_h"] + solves["duration_h"]
    chosen = _here(check, rows)
    position = np.searchsorted(begin, rows["time_h"][chosen])
    values = np.sum([np.asarray(rows[column], dtype=np.float64)[chosen] for column in observable.columns], axis=0)
    course = sum_at(position, values, len(begin))
    if not observable.summed:  # a place without a row at that time has no value, where a power would be zero
        course[np.bincount(position, minlength=len(begin)) == 0] = math.nan
    if check.from_h == check.to_h:
        inside = (begin <= check.from_h) & (check.from_h < end)
    else:
        inside = (end > check.from_h) & (begin < check.to_h)
    hours = np.minimum(end, check.to_h) - np.maximum(begin, check.from_h)
    return course[inside], np.maximum(hours[inside], 0.0)


def _here(check: Check, rows: Columns) -> NDArray[np.bool_]:
    column = _PLACE_COLUMN.get(check.observable.places, "name")
    names = np.asarray(rows[column])
    return np.ones(len(names), dtype=bool) if check.place == SYSTEM else names == check.place
