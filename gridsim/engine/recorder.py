"""Intervals -> rows of the run's tables, written to a sink that is handed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.event_log import EventLog
from gridsim.engine.interval import Interval
from gridsim.engine.result_table import Batch, Recorded, Rows
from gridsim.engine.tables import RESULT_TABLES
from gridsim.model.pack import Packed
from gridsim.results.run_records import Columns, Sink
from gridsim.solvers.operating_point import OperatingPoint

_INTERVALS_AT_ONCE = 512
_DTYPE: Mapping[str, Any] = {"i4": np.int32, "f8": np.float64, "str": np.str_, "bool": np.bool_}


class Recorder:
    """Collects the intervals of one replicate and hands each table to the sink at the end, sorted by (time, name).

    Intervals become rows many at a time, which costs a tenth of making them one by one.
    ``keep``: tables that are wanted; None for all.
    """

    def __init__(self, packed: Packed, replicate: int = 0, keep: Collection[str] | None = None):
        self.replicate = replicate
        self._keep = [name for name in RESULT_TABLES if keep is None or name in keep]
        needed = {need for name in self._keep for need in RESULT_TABLES[name].needs}
        self._tables = {name: make(packed) for name, make in RESULT_TABLES.items() if name in {*self._keep, *needed}}
        self._parts: dict[str, list[Rows]] = {name: [] for name in self._tables}
        self._pending: list[Interval] = []

    def record(self, interval: Interval) -> None:
        """Record one interval in every table that has rows of it; an interval without duration leaves none."""
        if interval.duration_h <= 0:
            return
        self._pending.append(interval)
        if len(self._pending) >= _INTERVALS_AT_ONCE:
            self._make_rows()

    def columns(self, table: str) -> Columns:
        """All rows of ``table`` so far, as whole columns."""
        self._make_rows()
        parts = self._parts[table]
        return {
            spec.name: _joined([part[spec.name] for part in parts], _DTYPE[spec.kind])
            for spec in self._tables[table].columns
        }

    def _make_rows(self) -> None:
        intervals, self._pending = self._pending, []
        if not intervals:
            return
        batch = Batch(intervals)
        for name, table in self._tables.items():
            self._add(name, table.rows(batch))

    def _add(self, name: str, rows: Rows | None) -> None:
        if rows is not None:
            replicate = np.full(len(rows["time_h"]), self.replicate, dtype=np.int32)
            self._parts[name].append({"replicate": replicate, **rows})

    def finish(
        self,
        log: EventLog,
        sink: Sink,
        baseline: Mapping[str, Columns] | None = None,
        points: Sequence[tuple[float, OperatingPoint]] = (),
    ) -> None:
        """Write every table to ``sink``. ``baseline``: tables of the same horizon without events; ``points``: those
        whose secure losses are wanted, each with the hour from which it holds.
        """
        tables = {name: self.columns(name) for name in self._tables}
        course = log.operations, log.swings, log.section_swings, log.traces
        recorded = Recorded(log.changes, tables, baseline, *course, points)
        for name in self._keep:
            self._add(name, self._tables[name].closing_rows(recorded))
            sink.write(name, self.columns(name))


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)
