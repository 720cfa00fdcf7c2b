"""Costs of a run by part and in all."""

from __future__ import annotations

from collections.abc import Iterable

from gridsim.results.costs import cost_parts
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory


def _measures(run: Trajectory) -> Iterable[Estimate]:
    parts = cost_parts(run.system, run.tables)
    for metric, ends in (
        ("cost_usd", [part.usd for part in parts]),
        ("cost_low_usd", [part.low_usd for part in parts]),
        ("cost_high_usd", [part.high_usd for part in parts]),
    ):
        for part, usd in zip(parts, ends, strict=True):
            yield measured(metric, f"part:{part.part}", usd)
        if parts:
            yield measured(metric, "system", sum(ends))


_TABLES = frozenset({"shortfall", "gas_shortfall", "minerals", "events"})
SUBJECT = Subject(_measures, _TABLES, baseline_tables=_TABLES)
