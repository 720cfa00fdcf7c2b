"""Coal of a run: what was burnt, and what did not come to which yard."""

from __future__ import annotations

from collections.abc import Iterable

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, sum_by

_HOURS_PER_DAY = 24.0
_T_PER_KT = 1000.0
_LEAST_KT = 1e-6


def _measures(run: Trajectory) -> Iterable[Estimate]:
    if not len(run.system.coal_routes):
        return
    rows = run.tables["coal"]
    days = rows["duration_h"] / _HOURS_PER_DAY
    missing_kt = rows["undelivered_t_per_d"] * days / _T_PER_KT
    yield measured("coal_burnt_kt", "system", float((rows["burnt_t_per_d"] * days).sum()) / _T_PER_KT)
    yield measured("coal_undelivered_kt", "system", float(missing_kt.sum()))
    for name, lost in sum_by(rows["name"], missing_kt).items():
        if lost > _LEAST_KT:
            yield measured("coal_undelivered_kt", f"yard:{name}", lost)


SUBJECT = Subject(_measures, frozenset({"coal"}))
