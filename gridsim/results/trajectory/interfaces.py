"""Loading of interfaces over a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.model.table import F8
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, rows_by


def _measures(run: Trajectory) -> Iterable[Estimate]:
    interfaces = run.tables["interfaces"]
    for name, rows in rows_by(interfaces["name"]):
        loading, weight = interfaces["loading"][rows] * 100.0, interfaces["duration_h"][rows]
        known = np.isfinite(loading)
        if known.any():
            yield measured("section_loading_max", f"section:{name}", float(loading[known].max()))
            yield measured("section_loading_p95", f"section:{name}", quantile(loading[known], weight[known], 0.95))


def quantile(values: F8, weights: F8, level: float) -> float:
    """Smallest value at or below which at least ``level`` of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(share, level)), len(values) - 1)])


SUBJECT = Subject(_measures, frozenset({"interfaces"}))
