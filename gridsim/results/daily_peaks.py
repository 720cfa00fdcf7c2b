"""LOLE by daily peaks from events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels import shortfall
from gridsim.kernels.accumulate import fold_moments
from gridsim.results.adequacy import Z_95
from gridsim.results.metrics import Estimate
from gridsim.results.specs.spec import Drawn

if TYPE_CHECKING:
    import pandas as pd

I8 = NDArray[np.int64]


class DailyPeaks:
    """Days whose hour of largest demand is short. ``peak_hour`` : (n_days,), the first of equal ones."""

    def __init__(self, peak_hour: I8, n_hours: int) -> None:
        is_peak = np.zeros(n_hours + 1)
        is_peak[peak_hour + 1] = 1.0
        self._before = np.cumsum(is_peak)
        self._n = 0
        self._mean, self._moment = np.zeros((1, 1)), np.zeros((1, 1, 1))
        self._any, self._largest = np.zeros(1, dtype=np.int64), np.zeros((1, 1))

    def add(self, drawn: Drawn, block_size: int) -> None:
        whole = drawn.event[drawn.event[:, shortfall.EVENT_SCOPE] == 0]
        start = whole[:, shortfall.EVENT_START].astype(np.int64)
        end = start + whole[:, shortfall.EVENT_DURATION].astype(np.int64)
        days = np.zeros((len(drawn.total), 1, 1))
        sample = whole[:, shortfall.EVENT_SAMPLE].astype(np.int64) - self._n
        np.add.at(days[:, 0, 0], sample, self._before[end] - self._before[start])
        fold_moments(days, block_size, self._n, self._mean, self._moment, self._any, self._largest)
        self._n += len(days)

    def estimates(self) -> Sequence[Estimate]:
        value = float(self._mean[0, 0])
        stderr = low = high = None
        if value > 0.0 and self._n > 1:
            stderr = math.sqrt(max(float(self._moment[0, 0, 0]), 0.0) / (self._n - 1) / self._n)
            low, high = max(0.0, value - Z_95 * stderr), value + Z_95 * stderr
        return (Estimate("LOLE_peak_d", "system", value, stderr, low, high, "d", self._n),)

    def tables(self) -> Mapping[str, pd.DataFrame]:
        return {}
