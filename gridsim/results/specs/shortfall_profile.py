"""LOLP by month and hour of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels import shortfall
from gridsim.kernels.accumulate import fold_event_hours
from gridsim.results.metrics import Estimate
from gridsim.results.specs.spec import Accumulator, Assessed, Drawn, ExactHours, Spec

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@dataclass(frozen=True)
class LossOfLoadProfile(Spec):
    """LOLP of the system by month and hour of the day."""

    def accumulator(self, of: Assessed) -> Accumulator:
        return HoursByCell(*_calendar(of.times))

    def exact_tables(self, hours: ExactHours) -> Mapping[str, pd.DataFrame]:
        import pandas as pd

        frame = pd.DataFrame(
            {"month": np.asarray(hours.times.month), "hour": np.asarray(hours.times.hour), "lolp": hours.lolp[0]}
        )
        return {"lolp": frame.groupby(["month", "hour"])["lolp"].mean().reset_index()}


class HoursByCell:
    """Short hours of the system by cell of the calendar. ``cell`` : (n_hours,);  ``cells`` : a row for each."""

    def __init__(self, cell: I8, cells: pd.DataFrame) -> None:
        self._cell, self._cells = cell, cells
        self._hours = np.zeros(len(cells), dtype=np.int64)
        self._n = 0

    def add(self, drawn: Drawn, block_size: int) -> None:
        self._n += len(drawn.total)
        whole = drawn.event[drawn.event[:, shortfall.EVENT_SCOPE] == 0]
        fold_event_hours(
            whole[:, shortfall.EVENT_START].astype(np.int64),
            whole[:, shortfall.EVENT_DURATION].astype(np.int64),
            self._cell,
            self._hours,
        )

    def estimates(self) -> Sequence[Estimate]:
        return ()

    def tables(self) -> Mapping[str, pd.DataFrame]:
        of_cell = np.bincount(self._cell, minlength=len(self._hours))
        return {"lolp": self._cells.assign(lolp=self._hours / (of_cell * max(self._n, 1)))}


def _calendar(times: pd.DatetimeIndex) -> tuple[I8, pd.DataFrame]:
    """Cell of each hour, and the cells: month 1..12 and hour 0..23, only those that occur."""
    import pandas as pd

    key = np.asarray(times.month) * 24 + np.asarray(times.hour)
    values, cell = np.unique(key, return_inverse=True)
    return cell.astype(np.int64), pd.DataFrame({"month": values // 24, "hour": values % 24})
