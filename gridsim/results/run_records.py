"""Columns of result tables, the tables of metrics, and the Protocol of what tables are written to.

The tables of a run are files of ``engine.tables``. Every row of a per-hour table holds for ``duration_h`` hours from
``time_h`` after the start: between two events nothing changes, so energy is the sum of power times duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from gridsim.results.metrics import Estimate

Columns = Mapping[str, Any]


class ColumnSpec(NamedTuple):
    """``kind``: i4, f8, str or bool."""

    name: str
    kind: str
    doc: str


REPLICATE_METRICS = (
    ColumnSpec("replicate", "i4", "replicate"),
    ColumnSpec("name", "str", "as in docs/metrics.md"),
    ColumnSpec("scope", "str", "system, zone:NAME, class:NAME ..."),
    ColumnSpec("value", "f8", "the number of this replicate"),
    ColumnSpec("unit", "str", "unit"),
)

METRICS = (
    ColumnSpec("name", "str", "as in docs/metrics.md"),
    ColumnSpec("scope", "str", "system, zone:NAME, class:NAME ..."),
    ColumnSpec("value", "f8", "the number; null where it cannot be stated"),
    ColumnSpec("stderr", "f8", "standard error; null for one trajectory"),
    ColumnSpec("ci_low", "f8", "95 % interval"),
    ColumnSpec("ci_high", "f8", "95 % interval"),
    ColumnSpec("unit", "str", "unit"),
    ColumnSpec("n", "i4", "samples"),
)


def metric_columns(metrics: Iterable[Estimate]) -> Columns:
    """Estimates as columns of the metrics table."""
    rows = list(metrics)
    return {
        spec.name: [_number(getattr(row, spec.name)) if spec.kind == "f8" else getattr(row, spec.name) for row in rows]
        for spec in METRICS
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


class Sink(Protocol):
    """Destination of a run's tables: called with whole columns, rows sorted by (time_h, name)."""

    def write(self, table: str, columns: Columns) -> None:
        """Append rows of ``table``; the columns are those of its file in ``engine.tables``."""
        ...
