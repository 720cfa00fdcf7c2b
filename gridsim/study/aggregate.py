"""Finished blocks of a case -> its metrics and its fan table, reading one block at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridsim.io.read_run import Run
from gridsim.results.metrics import Estimate, finite
from gridsim.results.replicates import EVENT_COLUMNS, FAN_QUANTITIES, Fan, ReplicateMetrics


def case_metrics(run: Run, n_blocks: int | None = None) -> ReplicateMetrics:
    """Metrics over the replicates of the first ``n_blocks`` blocks, by default of all that are finished."""
    found = ReplicateMetrics()
    events = run.parts("shortfall_events", EVENT_COLUMNS)
    for block, part, short in zip(run.blocks[:n_blocks], run.parts("replicate_metrics"), events):
        found.add(part.to_pandas(), block["count"] - len(block["failed"]), short.to_pandas())
    return found


def case_estimates(run: Run) -> list[Estimate]:
    """Estimates of a case as it stands."""
    return list(finite(case_metrics(run).estimates()))


def case_fan(run: Run, zones: tuple[str, ...], hours: float) -> Mapping[str, Any]:
    """The fan table of a case."""
    fan = Fan(zones, hours)
    columns = ["replicate", "time_h", "duration_h", "name", *FAN_QUANTITIES]
    for step in (fan.first, fan.second):
        for part in run.parts("zones", columns):
            if part.num_rows:
                step({name: part[name].to_numpy() for name in columns})
    return fan.columns()
