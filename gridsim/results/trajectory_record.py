"""Trajectory: what metrics of one run are computed from; Subject: the metrics of one file of ``results.trajectory``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns


class Series(NamedTuple):
    """A quantity of the system: ``value`` (n,) from ``time_h`` for ``duration_h``."""

    time_h: F8
    duration_h: F8
    value: F8


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run. ``start``: local time of the horizon; ``first_event_h``: None if nothing happened;
    ``baseline``: tables of the same horizon without events, if it was run.
    """

    system: GridSystem
    start: dt.datetime
    tables: Mapping[str, Columns]
    first_event_h: float | None = None
    baseline: Mapping[str, Columns] | None = None

    def system_series(self, table: str, column: str) -> Series:
        """Sum over the names of a per-hour table."""
        columns = self.tables[table]
        times, first, where = np.unique(columns["time_h"], return_index=True, return_inverse=True)
        return Series(times, columns["duration_h"][first], sum_at(where, columns[column], len(times)))


@dataclass(frozen=True)
class Subject:
    """Metrics of one subject. ``tables``: those it reads; ``baseline_tables``: those of the horizon without events.

    ``remarks``: why a number is absent or what it leaves out, a line each.
    """

    measures: Callable[[Trajectory], Iterable[Estimate]]
    tables: frozenset[str]
    baseline_tables: frozenset[str] = field(default_factory=frozenset)
    remarks: Callable[[Trajectory], Iterable[str]] = lambda run: ()


def turn_of(rows: Columns) -> int:
    """Rows of the first time: of a table with the same names at each, after so many they come again."""
    return int(np.count_nonzero(rows["time_h"] == rows["time_h"][0])) if len(rows["time_h"]) else 1


def numbered(texts: NDArray[np.str_], turn: int = 0) -> tuple[list[str], NDArray[np.int64]]:
    """Different texts in order, and (n,) the place of each among them, as ``numpy.unique`` says.

    Only texts that differ from those of the first ``turn`` rows are sorted; 0: until the first text comes again.
    """
    if len(texts) < 2:
        return texts.tolist(), np.zeros(len(texts), dtype=np.int64)
    turn = turn or int(np.argmax(texts[1:] == texts[0])) + 1
    rows = texts.reshape(-1, turn if len(texts) % turn == 0 else 1)
    other = rows != rows[:1]
    different, places = np.unique(np.concatenate([rows[:1].ravel(), rows[other]]), return_inverse=True)
    found = np.tile(places[: rows.shape[1]], (len(rows), 1))
    found[other] = places[rows.shape[1] :]
    return different.tolist(), found.ravel()


def rows_by(texts: NDArray[np.str_]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Each text in order with the positions at which it stands."""
    different, places = numbered(texts)
    order, ends = np.argsort(places, kind="stable"), np.cumsum(np.bincount(places)).tolist()
    for text, begin, end in zip(different, [0, *ends], ends, strict=False):
        yield text, order[begin:end]


def sum_by(names: NDArray[np.str_], values: F8, turn: int = 0) -> dict[str, float]:
    """Sums by name, in name order; ``turn`` as of :func:`numbered`."""
    different, places = numbered(names, turn)
    return dict(zip(different, sum_at(places, values, len(different)).tolist(), strict=True))


def roots(cause_id: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_changes,) the change at the root of each; causes come before what they cause."""
    root = np.arange(len(cause_id))
    for change, cause in enumerate(cause_id.tolist()):
        if cause >= 0:
            root[change] = root[cause]
    return root
