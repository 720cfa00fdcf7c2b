"""A run as figures read it, and the columns of its tables over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.results.metrics import Estimate


class RunLike(Protocol):
    """A run as figures read it, fresh or loaded; ``system`` is None where a loaded run's network is not at hand."""

    @property
    def tables(self) -> Mapping[str, Any]: ...
    @property
    def estimates(self) -> Sequence[Estimate]: ...
    @property
    def start(self) -> dt.datetime: ...
    @property
    def system(self) -> GridSystem | None: ...


def times_of(columns: Mapping[str, Any]) -> tuple[F8, F8, NDArray[np.int64]]:
    """Starts and ends of a table's intervals, and the interval of each row."""
    starts, first, where = np.unique(columns["time_h"], return_index=True, return_inverse=True)
    return starts, starts + np.asarray(columns["duration_h"])[first], where.reshape(-1)


def summed(columns: Mapping[str, Any], column: str, chosen: NDArray[np.bool_] | None = None) -> F8:
    """Sum of a column by interval, over the chosen rows."""
    starts, _, where = times_of(columns)
    values = np.asarray(columns[column], dtype=float)
    return sum_at(where, values if chosen is None else np.where(chosen, values, 0.0), len(starts))


def series_of(columns: Mapping[str, Any], name: str, column: str) -> tuple[F8, F8, F8]:
    """Starts, ends and values of one name."""
    rows = np.asarray(columns["name"]) == name
    starts = np.asarray(columns["time_h"], dtype=float)[rows]
    return starts, starts + np.asarray(columns["duration_h"])[rows], np.asarray(columns[column], dtype=float)[rows]
