"""Droughts of wind and sun, severity-duration-frequency curves and return periods, for generated years and any series.

Return periods are those of the worst event of a year, by Weibull's plotting position: of n years the i-th worst has
return period (n + 1) / i; between them values are joined linearly over Gumbel's reduced variate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.weather_maps import longest_below, sequent_peak
from gridsim.model.table import F8

THRESHOLDS = (0.25, 0.50, 0.75)
DURATIONS_D = (1, 3, 7, 14)
RETURN_PERIODS = (2, 5, 10, 20, 50)
SHORTEST_H = 24


class Drought(NamedTuple):
    """``mean`` of the window over the long-run mean; ``deficit_h`` = duration x (1 - mean)."""

    start_h: int
    duration_h: int
    mean: float
    deficit_h: float


def find_droughts(ratio: F8, threshold: float, shortest_h: int = SHORTEST_H) -> list[Drought]:
    """Windows with a mean below ``threshold``, longest first, without overlap; ratio (n_hours,) over its mean."""
    total = np.concatenate([[0.0], np.cumsum(ratio - threshold)])
    found: list[Drought] = []
    open_parts = [(0, len(ratio))]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < shortest_h:
            continue
        i, j = longest_below(total, first, last)
        if j - i < shortest_h:
            continue
        mean = float(ratio[i:j].mean())
        found.append(Drought(i, j - i, mean, (j - i) * (1.0 - mean)))
        open_parts += [(first, i), (j, last)]
    return sorted(found, key=lambda drought: (-drought.duration_h, drought.start_h))


def storage_need_h(ratio: F8) -> float:
    """Hours of mean output that a lossless store needs to turn the series into its mean, by the sequent peak."""
    return float(sequent_peak(np.ascontiguousarray(ratio, dtype=np.float64), float(ratio.mean())))


def moving_mean(values: F8, window_h: int) -> F8:
    """(n_hours - window_h + 1,) means of every window."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((total[window_h:] - total[:-window_h]) / window_h)


def _reduced(period: F8 | float) -> F8:
    """Gumbel's reduced variate of a return period over 1 year."""
    return -np.log(-np.log1p(-1.0 / np.asarray(period, dtype=np.float64)))


def at_return_period(worst: F8, period: float) -> float:
    """Value of a return period from the worst (lowest) of each year; held beyond the longest the years can tell."""
    ordered = np.sort(worst)
    periods = (len(worst) + 1) / np.arange(1, len(worst) + 1)
    return float(np.interp(_reduced(period), _reduced(periods)[::-1], ordered[::-1]))


def return_period(worst: F8, value: float) -> float:
    """Return period of ``value``; the longest (or shortest) the years can tell where it lies outside them."""
    ordered = np.sort(worst)
    periods = (len(worst) + 1) / np.arange(1, len(worst) + 1)
    reduced = float(np.interp(value, ordered, _reduced(periods)))
    return float(1.0 / -np.expm1(-np.exp(-reduced)))


def sdf_table(years: F8, durations_d: tuple[int, ...] = DURATIONS_D) -> list[dict[str, float]]:
    """Rows {days, rp_2, rp_5 ...}: worst D-day mean of a year; years (n_years, n_hours) over the long-run mean.

    Return periods longer than the number of years are left out.
    """
    rows = []
    for days in durations_d:
        worst = np.array([moving_mean(year, 24 * days).min() for year in years])
        known = [period for period in RETURN_PERIODS if period <= len(years)]
        rows.append({"days": float(days), **{f"rp_{period}": at_return_period(worst, period) for period in known}})
    return rows


def drought_table(years: F8) -> list[dict[str, float]]:
    """Per threshold: droughts a year, longest, mean depth, largest deficit."""
    rows = []
    for threshold in THRESHOLDS:
        found = [drought for year in years for drought in find_droughts(year, threshold)]
        longest = [max((d.duration_h for d in find_droughts(year, threshold)), default=0) for year in years]
        rows.append(
            {
                "threshold": threshold,
                "per_year": len(found) / len(years),
                "longest_d_median": float(np.median(longest)) / 24.0,
                "longest_d": max(longest) / 24.0,
                "mean_depth": float(np.mean([1.0 - d.mean for d in found])) if found else 0.0,
                "largest_deficit_d": max((d.deficit_h for d in found), default=0.0) / 24.0,
            }
        )
    return rows
