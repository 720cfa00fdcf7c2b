"""Metrics of one trajectory from its tables: n = 1, no standard error (docs/metrics.md, names and scopes)."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from gridsim.results import trajectory
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW, Estimate, finite
from gridsim.results.trajectory_record import Subject, Trajectory

__all__ = [
    "BASELINE_TABLES",
    "METRIC_TABLES",
    "SHORTFALL_TOLERANCE_MW",
    "baseline_metrics",
    "run_metrics",
    "run_remarks",
]


def _find() -> tuple[Subject, ...]:
    names = sorted(module.name for module in iter_modules(trajectory.__path__))
    return tuple(import_module(f"{trajectory.__name__}.{name}").SUBJECT for name in names)


SUBJECTS = _find()
METRIC_TABLES: frozenset[str] = frozenset().union(*(subject.tables for subject in SUBJECTS))
#: Those looked at of the horizon without events; table ``balance`` needs its zones.
BASELINE_TABLES: frozenset[str] = frozenset({"zones"}).union(*(subject.baseline_tables for subject in SUBJECTS))


def run_metrics(run: Trajectory) -> list[Estimate]:
    """All metrics that the tables allow, in the order of ``metrics.csv``.

    A number that cannot be computed is absent, and so is a scope without a name (a bus without an oblast).
    """
    rank = {name: position for position, name in enumerate(metric_table())}
    found = [estimate for subject in SUBJECTS for estimate in subject.measures(run)]
    named = [estimate for estimate in found if not estimate.scope.endswith(":")]
    return list(finite(sorted(named, key=lambda estimate: rank[estimate.name])))


def baseline_metrics(run: Trajectory) -> list[Estimate]:
    """Metrics of the horizon without events, as far as its tables were made; none where nothing happens."""
    if run.baseline is None:
        return []
    calm = Trajectory(system=run.system, start=run.start, tables=run.baseline)
    known = [subject for subject in SUBJECTS if subject.tables <= run.baseline.keys()]
    return [estimate for subject in known for estimate in subject.measures(calm)]


def run_remarks(run: Trajectory) -> list[str]:
    """Lines that say why a number is absent, or what it leaves out."""
    return [remark for subject in SUBJECTS for remark in subject.remarks(run)]
