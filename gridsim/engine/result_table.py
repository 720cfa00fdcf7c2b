"""ResultTable: one table of a run, its columns and how it is filled; each is a file of ``engine.tables``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.event_log import Change, Operated, SectionSwing, Swing, Trace
from gridsim.engine.interval import Interval
from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.results.run_records import Columns, ColumnSpec
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.kept import Kept
from gridsim.solvers.operating_point import OperatingPoint

Rows = Mapping[str, NDArray[Any]]

_REPEATED_AT_ONCE = 64  # intervals: so that runs of about one length share a column
_COLUMNS_KEPT = 64
_TILED: Kept[tuple[bytes, str], NDArray[Any]] = Kept(_COLUMNS_KEPT)  # columns alike in all intervals

_HEAD = (
    ("replicate", "i4", "replicate"),
    ("time_h", "f8", "hours after the start"),
    ("duration_h", "f8", "hours the row holds"),
)


def interval_columns(*columns: tuple[str, str, str]) -> tuple[ColumnSpec, ...]:
    """Columns (name, kind, doc) of a table whose rows hold for a time."""
    return tuple(ColumnSpec(*column) for column in (*_HEAD, *columns))


class Batch:
    """Some intervals, and their values as arrays with one row for each."""

    def __init__(self, intervals: list[Interval]):
        self.intervals = intervals
        self.n = len(intervals)
        self.time_h = self.of(lambda i: i.time_h)
        self.duration_h = self.of(lambda i: i.duration_h)
        self._dispatch: dict[str, NDArray[Any]] = {}

    def of(self, value: Callable[[Interval], Any]) -> NDArray[Any]:
        """(n, ...) of one value of each interval."""
        return _stacked([value(interval) for interval in self.intervals])

    def dispatch(self, field: str) -> NDArray[Any]:
        """(n, ...) of a field of the redispatch, read-only: many tables ask for the same."""
        values = self._dispatch.get(field)
        if values is None:
            values = self._dispatch[field] = _stacked([getattr(i.dispatch, field) for i in self.intervals])
            values.setflags(write=False)
        return values

    def ac(self, value: Callable[[AcSolution, Interval], Any], unknown: Any) -> NDArray[Any]:
        """(n, ...) of one value of each AC solution, ``unknown`` where there is none."""
        return self.of(lambda i: value(i.ac, i) if i.ac is not None and i.ac.converged else unknown)

    def by_name(self, names: NDArray[np.str_], **columns: Any) -> Rows:
        """One row per interval and name, in name order; columns (n, n_names), or alike for all intervals."""
        order = _name_order(names.tobytes(), names.dtype.str) if len(names) else np.zeros(0, dtype=np.int64)
        return {
            "time_h": np.repeat(self.time_h, len(names)),
            "duration_h": np.repeat(self.duration_h, len(names)),
            "name": self._repeated(names[order]),
            **{column: self._in_rows(np.asarray(values).take(order, axis=-1)) for column, values in columns.items()},
        }

    def _in_rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """(n * n_names,) values (n, n_names), or (n_names,) in every interval."""
        return values.ravel() if values.ndim == 2 and len(values) == self.n else self._repeated(np.ravel(values))

    def _repeated(self, values: NDArray[Any]) -> NDArray[Any]:
        """(n * n_values,) values of every interval, read-only."""
        return _tiled(values, self.n) if len(values) else values

    def at(self, interval: NDArray[np.int64], **columns: Any) -> Rows:
        """Rows that belong to the intervals at positions ``interval``."""
        return {"time_h": self.time_h[interval], "duration_h": self.duration_h[interval], **columns}


def _stacked(values: list[Any]) -> NDArray[Any]:
    """(n, ...) values of intervals, as ``numpy.array`` stacks them, which takes three times as long for arrays."""
    shape = np.shape(values[0])
    return np.concatenate(values).reshape(len(values), *shape) if shape else np.array(values)


@lru_cache(maxsize=_COLUMNS_KEPT)
def _name_order(names: bytes, dtype: str) -> NDArray[np.int64]:
    """Positions of names in their order."""
    return np.argsort(np.frombuffer(names, dtype), kind="stable")


def _tiled(values: NDArray[Any], times: int) -> NDArray[Any]:
    """The values over and over: names are most of a table's bytes, and the same for all trajectories."""
    asked = values.tobytes(), values.dtype.str
    tiled = _TILED.get(asked)
    if tiled is None or len(tiled) < times * len(values):
        tiled = _TILED.keep(asked, np.tile(values, -(-times // _REPEATED_AT_ONCE) * _REPEATED_AT_ONCE))
        tiled.setflags(write=False)
    return tiled[: times * len(values)]


class Recorded(NamedTuple):
    """A run at its end. ``tables``: those filled interval by interval; ``baseline``: of the horizon without events.

    ``points``: operating points and the hours from which they hold, where the scenario asks for secure losses.
    """

    changes: list[Change]
    tables: Mapping[str, Columns]
    baseline: Mapping[str, Columns] | None
    operations: list[Operated]
    swings: list[Swing]
    section_swings: list[SectionSwing]
    traces: list[Trace]
    points: Sequence[tuple[float, OperatingPoint]] = ()


class ResultTable:
    """One table of a run; the file's name is the table's. The class docstring is its meaning in docs/format.md.

    ``columns``: in the order they are written. ``every_replicate``: kept for every replicate of a study, other tables
    where ``outputs`` of the scenario names them. ``needs``: tables that :meth:`closing_rows` reads.
    A table fills :meth:`rows`, :meth:`closing_rows` or both; the recorder adds the column ``replicate``.
    """

    columns: ClassVar[tuple[ColumnSpec, ...]]
    every_replicate: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, packed: Packed):
        self.packed = packed
        self.system = packed.system

    def rows(self, batch: Batch) -> Rows | None:
        """Rows of some intervals, sorted by time and name; None for none."""
        return None

    def closing_rows(self, run: Recorded) -> Rows | None:
        """Rows that are known only when the run has ended; None for none."""
        return None


def loading_percent(system: GridSystem, ac: AcSolution, interval: Interval) -> F8:
    """(n_branches,) AC loading of the ratings that hold at the hour's air temperature."""
    return np.asarray(ac.loading_percent / interval.inputs.rating_factor)


def event_columns(changes: list[Change]) -> Rows:
    """The log as columns of table ``events``."""
    return {
        "time_h": np.array([change.time_h for change in changes], dtype=float),
        "event_id": np.array([change.event_id for change in changes], dtype=np.int32),
        "component": np.array([change.component for change in changes], dtype=np.str_),
        "from_state": np.array([change.from_state for change in changes], dtype=np.str_),
        "to_state": np.array([change.to_state for change in changes], dtype=np.str_),
        "cause_id": np.array([change.cause_id for change in changes], dtype=np.int32),
    }
