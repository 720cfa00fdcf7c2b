"""Means and errors of the hours of the horizon over samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


class HourMoments:
    """Mean and spread over samples of (n_rows, n_hours) values, merged by block (Chan, Golub and LeVeque 1983)."""

    def __init__(self, n_rows: int, n_hours: int) -> None:
        self.n = 0
        self.mean = np.zeros((n_rows, n_hours))
        self.moment = np.zeros((n_rows, n_hours))

    def add(self, value: F8) -> None:
        """One sample."""
        self.n += 1
        off = value - self.mean
        self.mean += off / self.n
        self.moment += off * (value - self.mean)

    def merge(self, other: HourMoments) -> None:
        """The samples of another block, which come after."""
        n = self.n + other.n
        gap = other.mean - self.mean
        self.moment += other.moment + gap**2 * (self.n * other.n / n)
        self.mean += gap * (other.n / n)
        self.n = n

    def stderr(self) -> F8:
        """(n_rows, n_hours), NaN of a single sample."""
        if self.n < 2:
            return np.full(self.mean.shape, np.nan)
        return np.asarray(np.sqrt(np.maximum(self.moment, 0.0) / (self.n - 1) / self.n))
