"""Unserved energy in the calendar: by month with its error, and the worst weeks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.accumulate import fold_moments, worst_windows
from gridsim.kernels.shortfall import DAY_H, ENERGY, HOURS, SHORT_DAY, SHORT_ENERGY, SHORT_SAMPLE
from gridsim.results.adequacy import Z_95
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]

WEEK_D = 7
N_WEEKS = 10


class Week(NamedTuple):
    """Seven days of one sample: ``start_day`` counts from the start of the horizon, ``start`` is its date."""

    sample: int
    start_day: int
    start: pd.Timestamp
    energy_mwh: float


class ShortfallCalendar:
    """Folds short days into months and keeps the worst weeks; memory does not depend on the number of samples.

    ``times``: start of every hour. A sample shows at most one
    week, its worst; with ``n_weather_years`` samples s and s + n share their weather and show at most one together.
    """

    def __init__(self, times: pd.DatetimeIndex, n_weather_years: int | None = None) -> None:
        self._days = times[::DAY_H]
        self._months = sorted(set(self._days.month.tolist()))
        self._column = np.searchsorted(self._months, np.asarray(self._days.month))
        self._n_weather_years = n_weather_years
        n_months = len(self._months)
        self._n = 0
        self._mean = np.zeros((n_months, 1))
        self._moment = np.zeros((n_months, 1, 1))
        self._any = np.zeros(n_months, dtype=np.int64)
        self._largest = np.zeros((n_months, 1))
        self._weeks: list[Week] = []

    def add(self, short_day: F8, n_samples: int, block_size: int) -> None:
        """Fold the next ``n_samples``; short_day (n_rows, 3): sample, day, MWh, in order of sample and day."""
        sample, day = short_day[:, SHORT_SAMPLE].astype(np.int64), short_day[:, SHORT_DAY].astype(np.int64)
        total = np.zeros((n_samples, len(self._months), 1))
        np.add.at(total[:, :, 0], (sample - self._n, self._column[day]), short_day[:, SHORT_ENERGY])
        fold_moments(total, block_size, self._n, self._mean, self._moment, self._any, self._largest)
        self._n += n_samples
        window = np.empty((len(short_day), 3))
        n_windows = worst_windows(short_day, WEEK_D, len(self._days), window)
        # stable: of equal weeks the earlier sample's comes first
        for row in np.argsort(-window[:n_windows, SHORT_ENERGY], kind="stable")[: 50 * N_WEEKS]:
            s, start_day, energy_mwh = window[row].tolist()
            self._weeks.append(Week(int(s), int(start_day), self._days[int(start_day)], energy_mwh))
        self._weeks = self.worst_weeks()

    def worst_weeks(self) -> list[Week]:
        """The worst weeks, worst first."""
        kept: dict[int, Week] = {}
        for week in sorted(self._weeks, key=lambda week: (-week.energy_mwh, week.sample)):
            kept.setdefault(week.sample % self._n_weather_years if self._n_weather_years else week.sample, week)
        return list(kept.values())[:N_WEEKS]

    def estimates(self) -> list[Estimate]:
        """EUE of each month of the horizon, scope ``month:1`` to ``month:12``."""
        made = []
        for column, month in enumerate(self._months):
            value = float(self._mean[column, 0])
            stderr = low = high = None
            if self._any[column] > 0 and self._n > 1:
                stderr = math.sqrt(max(float(self._moment[column, 0, 0]), 0.0) / (self._n - 1) / self._n)
                low, high = max(0.0, value - Z_95 * stderr), value + Z_95 * stderr
            made.append(Estimate("EUE", f"month:{month}", value, stderr, low, high, "MWh", self._n))
        return made


class WeatherClusters:
    """Means by weather year of a fixed set of years that samples run through in turn.

    The error of a mean over samples is that of the outages in these very years; the spread of the years' means tells
    how far another set of as many years may lie (a mean of clusters, Cochran 1977, section 9.4).
    """

    def __init__(self, n_years: int) -> None:
        self._n = 0
        self._sum = np.zeros((n_years, 2))
        self._count = np.zeros(n_years, dtype=np.int64)

    def add(self, total: F8) -> None:
        """Fold the next samples: total (n_samples, n_scopes, 5)."""
        year = (self._n + np.arange(len(total))) % len(self._sum)
        np.add.at(self._sum, year, total[:, 0, [HOURS, ENERGY]])
        np.add.at(self._count, year, 1)
        self._n += len(total)

    def estimates(self) -> tuple[Estimate, ...]:
        """LOLH and EUE of the system; n is the number of weather years seen."""
        seen = self._count > 0
        n = int(seen.sum())
        means = self._sum[seen] / self._count[seen, None]
        made = []
        for column, (name, unit) in enumerate((("LOLH", "h"), ("EUE", "MWh"))):
            value = float(means[:, column].mean())
            stderr = low = high = None
            if n > 1 and value > 0.0:
                stderr = float(means[:, column].std(ddof=1)) / math.sqrt(n)
                low, high = max(0.0, value - Z_95 * stderr), value + Z_95 * stderr
            made.append(Estimate(name, "system", value, stderr, low, high, unit, n))
        return tuple(made)
