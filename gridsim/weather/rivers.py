"""Monthly natural inflow of rivers, lognormal by year and month, as a function of (seed, year).

    ln Q(m) = ln Qbar(m) - s^2/2 + s (sqrt(1/2) U + sqrt(1/2) V(m))

U is the year's level (correlated from year to year), V(m) the month's (AR(1) within the year); both correlate with the
table's first river. s is solved for the coefficient of variation of the annual volume. A river with ``r_cold`` follows
cold from November to February through V.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.latent_field import fill_normals
from gridsim.kernels.rng import stream_id
from gridsim.model.roots import root
from gridsim.model.table import F8, I4
from gridsim.model.weather import Rivers
from gridsim.weather.field import DAYS, MONTH_DAYS

COLD_MONTHS = (10, 11, 0, 1)
MEMORY_YEARS = 12
SECONDS_PER_DAY = 86400.0


class RiverModel:
    """``mean_m3_s`` (n_rivers, 12) by calendar month; ``log_sd`` (n_rivers,)."""

    def __init__(self, rivers: Rivers, month: I4):
        self.rivers = rivers
        self._month = month
        self.order = np.array(list(dict.fromkeys(month.tolist())))
        self.share = np.array([getattr(rivers, f"share_{m}") for m in range(1, 13)]).T.reshape(len(rivers), 12)
        self.share = self.share / np.maximum(self.share.sum(axis=1, keepdims=True), 1e-12)
        self.mean_m3_s = rivers.annual_km3[:, None] * self.share * 1e9 / (MONTH_DAYS * SECONDS_PER_DAY)
        self.log_sd = np.array([self._solve_log_sd(row) for row in range(len(rivers))])

    def annual_cv(self, row: int, log_sd: float) -> float:
        """Coefficient of variation of the annual volume, closed form of the lognormal months."""
        lag = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
        correlation = 0.5 + 0.5 * self.rivers.r_month[row] ** lag
        share = self.share[row][self.order]
        return float(np.sqrt(share @ np.expm1(log_sd**2 * correlation) @ share))

    def _solve_log_sd(self, row: int) -> float:
        aim = float(self.rivers.cv[row])
        return root(lambda s: self.annual_cv(row, s) - aim, 1e-6, 3.0, within=1e-10)

    def _own(self, seed: int, year: int, row: int, purpose: str, n: int) -> F8:
        stream = stream_id("weather", f"river {self.rivers.name[row]}", purpose)
        values = np.empty(n)
        fill_normals(np.uint64(seed), np.uint64(year), np.uint64(stream & 0xFFFFFFFF), np.uint64(stream >> 32), values)
        return values

    def year_levels(self, seed: int, year: int) -> F8:
        """U of every river: AR(1) over years as its moving average over MEMORY_YEARS, so no year needs another."""
        return self._levels(seed, year, 1)[:, 0]

    def _levels(self, seed: int, year: int, n_years: int) -> F8:
        """(n_rivers, n_years) U of ``year`` and of the years before it, latest first."""
        n, n_draws = len(self.rivers), n_years + MEMORY_YEARS - 1
        # years before 0 live at the end of the 32-bit range of sample numbers
        draws = np.array(
            [[self._own(seed, (year - b) % 2**32, row, "year", 1)[0] for b in range(n_draws)] for row in range(n)]
        )
        u = np.zeros((n, n_years))
        for row in range(n):
            r = float(self.rivers.r_year[row])
            weights = r ** np.arange(MEMORY_YEARS)
            weights /= np.sqrt((weights**2).sum())
            c = 0.0 if row == 0 else float(self.rivers.r_first[row])
            mixed = c * draws[0] + np.sqrt(1.0 - c * c) * draws[row]
            for back in range(n_years):
                u[row, back] = weights @ mixed[back : back + MEMORY_YEARS]
        return u

    def years_before(self, seed: int, year: int, n_years: int) -> F8:
        """Inflow (n_rivers, 365 n_years) m3/s to be expected of the years before ``year``, of which only the level
        counts."""
        s = self.log_sd[:, None]
        levels = self._levels(seed, year - 1, n_years)[:, ::-1]
        years = [self.mean_m3_s * np.exp(-(s**2) / 4.0 + s * np.sqrt(0.5) * u[:, None]) for u in levels.T]
        return np.concatenate([monthly[:, self._month] for monthly in years], axis=1)

    def year(self, seed: int, year: int, cold: F8, level: F8 | None = None) -> F8:
        """Inflow (n_rivers, 365) m3/s. ``cold`` (n_rivers, 12): monthly mean of -z of temperature beside the river,
        unit variance, calendar months; ``level`` (n_rivers,) replaces U where not NaN."""
        n = len(self.rivers)
        if n == 0:
            return np.zeros((0, DAYS))
        u = self.year_levels(seed, year)
        if level is not None:
            u = np.where(np.isnan(level), u, level)
        noise = np.stack([self._own(seed, year, row, "month", 12) for row in range(n)])
        ratio = np.empty((n, 12))
        for row in range(n):
            c = 0.0 if row == 0 else float(self.rivers.r_first[row])
            e = c * noise[0] + np.sqrt(1.0 - c * c) * noise[row]
            r = float(self.rivers.r_month[row])
            v = np.empty(12)
            v[0] = e[0]
            for k in range(1, 12):
                v[k] = r * v[k - 1] + np.sqrt(1.0 - r * r) * e[k]
            month_v = np.empty(12)
            month_v[self.order] = v
            follow = float(self.rivers.r_cold[row])
            for m in COLD_MONTHS:
                month_v[m] = follow * cold[row, m] + np.sqrt(1.0 - follow**2) * month_v[m]
            s = self.log_sd[row]
            ratio[row] = np.exp(-(s**2) / 2.0 + s * np.sqrt(0.5) * (u[row] + month_v))
        return np.asarray((self.mean_m3_s * ratio)[:, self._month])
