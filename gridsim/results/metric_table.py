"""The table of metrics: the rows of ``metrics.csv``, from which docs, screen and comparison take what they say."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gridsim.results.metrics import Estimate, single


@dataclass(frozen=True)
class Shown:
    """A scope in the summary of a run. ``positive``: only above zero; ``n_least``: only so many, the least first."""

    scope: str
    positive: bool = False
    n_least: int | None = None


@dataclass(frozen=True)
class Metric:
    """A row of ``metrics.csv``.

    ``group``: heading in docs/metrics.md. ``scopes``: ``system``, or what stands before the colon of a scope.
    ``reported_by``: run (and so the means of a study), study (only over replicates), assessment.
    ``zero_when_absent``: a trajectory that does not name a scope of it had none. ``of_shortfall``: zero without any
    shortfall, so that no error can be stated. ``shown``: in the summary of a run. ``compared``: shown by
    ``gridsim compare``. ``label``: its words wherever it is printed.
    """

    metric: str
    group: str
    unit: str
    scopes: tuple[str, ...]
    reported_by: tuple[str, ...]
    zero_when_absent: bool
    of_shortfall: bool
    shown: tuple[Shown, ...]
    compared: bool
    label: str
    definition: str


@cache
def metric_table() -> dict[str, Metric]:
    """The table of metrics by name; the order of its rows is that of the page and of the screen."""
    text = resources.files("gridsim.results").joinpath("metrics.csv").read_text(encoding="utf-8")
    return {
        row["metric"]: Metric(
            metric=row["metric"],
            group=row["group"],
            unit=row["unit"],
            scopes=tuple(row["scopes"].split(";")),
            reported_by=tuple(row["reported_by"].split(";")),
            zero_when_absent=row["zero_when_absent"] == "true",
            of_shortfall=row["of_shortfall"] == "true",
            shown=tuple(_shown(text) for text in row["shown"].split(";") if text),
            compared=row["compared"] == "true",
            label=row["label"],
            definition=row["definition"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def _shown(text: str) -> Shown:
    """``zone``; ``zone+``: only above zero; ``plant<5``: the five least."""
    scope, _, n_least = text.partition("<")
    return Shown(scope.removesuffix("+"), scope.endswith("+"), int(n_least) if n_least else None)


def zero_when_absent(metric: str) -> bool:
    """True if a trajectory that does not name a scope of ``metric`` had none of it."""
    return metric in metric_table() and metric_table()[metric].zero_when_absent


def of_shortfall(metric: str) -> bool:
    """True if ``metric`` is zero without any shortfall, so that no error can be stated then."""
    return metric in metric_table() and metric_table()[metric].of_shortfall


def scope_kind(scope: str) -> str:
    """``zone`` of ``zone:south``; ``system`` of itself."""
    return scope.partition(":")[0]


def scope_rank(metric: str, scope: str) -> tuple[int, str]:
    """Place of a scope among those of ``metric``: kinds in the order of the table, each by name."""
    kinds = metric_table()[metric].scopes if metric in metric_table() else ()
    kind = scope_kind(scope)
    return (kinds.index(kind) if kind in kinds else len(kinds), scope)


def measured(metric: str, scope: str, value: float) -> Estimate:
    """One number of one trajectory, with the unit of the table of metrics."""
    return single(metric, scope, value, metric_table()[metric].unit)
