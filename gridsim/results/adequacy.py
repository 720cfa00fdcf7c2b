"""Adequacy metrics from streamed samples: definitions and errors as documented for ``metrics``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels import shortfall
from gridsim.kernels.accumulate import N_BINS, fold_histogram, fold_moments
from gridsim.results.metrics import Estimate

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

Z_95 = 1.959963984540054
TAILS = ((95, 0.95), (99, 0.99))
EVENT_QUANTILE = 0.95
PEOPLE = "people"  # scope of the load of households and services
WORTH = "unserved_cost_usd"  # not a scope of its own: the system's lost load in USD, summed where MWh are
EVENT_MEASURES = (
    ("event_duration_h", shortfall.EVENT_DURATION, shortfall.HOURS, "h"),
    ("event_depth_mw", shortfall.EVENT_PEAK, shortfall.PEAKS, "MW"),
    ("event_energy_mwh", shortfall.EVENT_ENERGY, shortfall.ENERGY, "MWh"),
)


class Histogram:
    """Positive values of each scope in bins of 1 % that remember their mean."""

    def __init__(self, n_scopes: int) -> None:
        self.count = np.zeros((n_scopes, N_BINS), dtype=np.int64)
        self.sum = np.zeros((n_scopes, N_BINS))
        self.largest = np.zeros(n_scopes)

    def add(self, scope: I8, value: F8) -> None:
        fold_histogram(scope, value, self.count, self.sum)
        np.maximum.at(self.largest, scope, value)

    def points(self, scope: int, n_total: int) -> tuple[F8, I8]:
        """Ascending values and their counts, zeros first."""
        used = np.flatnonzero(self.count[scope])
        count = self.count[scope, used]
        value = self.sum[scope, used] / count
        n_zero = n_total - int(count.sum())
        if n_zero > 0:
            value, count = np.append(0.0, value), np.append(n_zero, count)
        return value, count


def quantile(value: F8, count: I8, rank: float) -> float:
    """Smallest value with at least ``rank`` values at or below it."""
    position = int(np.searchsorted(np.cumsum(count), max(rank, 1.0) - 1e-9))
    return float(value[min(position, len(value) - 1)])


def quantile_with_interval(value: F8, count: I8, share: float) -> tuple[float, float, float]:
    """Quantile and its 95 % interval from order statistics (normal approximation of the binomial rank)."""
    n = int(count.sum())
    half_width = Z_95 * math.sqrt(n * share * (1.0 - share))
    return (
        quantile(value, count, math.ceil(n * share)),
        quantile(value, count, max(1.0, math.floor(n * share - half_width))),
        quantile(value, count, min(float(n), math.ceil(n * share + half_width))),
    )


def tail_mean(value: F8, count: I8, share: float) -> tuple[float, float]:
    """CVaR by Rockafellar and Uryasev (2000), VaR + E[(x - VaR)+]/(1 - a), and its asymptotic standard error."""
    n = int(count.sum())
    at_risk = quantile(value, count, math.ceil(n * share))
    excess = np.maximum(value - at_risk, 0.0)
    mean = float((excess * count).sum() / n)
    variance = float((excess**2 * count).sum() / n) - mean**2
    return at_risk + mean / (1.0 - share), math.sqrt(max(variance, 0.0) / max(n - 1, 1)) / (1.0 - share)


def proportion_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion by Wilson (1927); with no success the upper end is 1 - 0.05^(1/n)."""
    if successes == 0:
        return 0.0, 1.0 - 0.05 ** (1.0 / n)
    p, z2 = successes / n, Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half_width = Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


class ShortfallAccumulator:
    """Folds blocks of samples into moments and histograms; memory does not depend on the number of samples.

    Parameters
    ----------
    scopes
        Names of the scopes of METRICS, ``system`` first.
    demand_mwh
        (n_scopes,) demand energy of the horizon, MWh.
    n_hours, step_h
        Steps of the horizon and the hours of one; events are counted in steps, all else in hours.
    chronological
        False for snapshots: then days, events and distributions over years are absent.
    """

    def __init__(
        self,
        scopes: Sequence[str],
        demand_mwh: F8,
        n_hours: int,
        step_h: float = 1.0,
        *,
        chronological: bool = True,
    ) -> None:
        n_scopes = len(scopes)
        self.scopes = tuple(scopes)
        self.demand_mwh = demand_mwh
        self.horizon_h = n_hours * step_h
        self.step_h = step_h
        self.chronological = chronological
        self.n = 0
        self.mean = np.zeros((n_scopes, shortfall.N_TOTALS))
        self.moment = np.zeros((n_scopes, shortfall.N_TOTALS, shortfall.N_TOTALS))
        self.n_any = np.zeros(n_scopes, dtype=np.int64)
        self.largest = np.zeros((n_scopes, shortfall.N_TOTALS))
        self.energy = Histogram(n_scopes)
        self.events = tuple(Histogram(n_scopes) for _ in EVENT_MEASURES)

    def add(self, total: F8, event: F8, block_size: int) -> None:
        """Fold the next blocks: ``total`` (n_samples, n_scopes, 5), their event rows (n_events, 6) in order of
        sample.
        """
        fold_moments(total, block_size, self.n, self.mean, self.moment, self.n_any, self.largest)
        self.n += len(total)
        if not self.chronological:
            return
        n_scopes = len(self.scopes)
        scope_of = np.tile(np.arange(n_scopes), len(total))
        self.energy.add(scope_of, np.ascontiguousarray(total[:, :, shortfall.ENERGY]).reshape(-1))
        event_scope = event[:, shortfall.EVENT_SCOPE].astype(np.int64)
        for (_, column, _, _), histogram in zip(EVENT_MEASURES, self.events):
            in_hours = self.step_h if column == shortfall.EVENT_DURATION else 1.0
            histogram.add(event_scope, event[:, column] * in_hours)

    def standard_error(self, scope: int, column: int) -> float:
        """Standard error of a mean over independent samples."""
        return math.sqrt(max(self.moment[scope, column, column], 0.0) / max(self.n - 1, 1) / self.n)

    def cov(self, name: str) -> float:
        """Coefficient of variation of a system metric: stderr / estimate; inf before any shortfall or with one
        sample.
        """
        column = {"LOLH": shortfall.HOURS, "LOLD": shortfall.DAYS, "LOLEv": shortfall.EVENTS}.get(
            name, shortfall.ENERGY
        )
        if self.n < 2 or self.mean[0, column] <= 0.0:
            return math.inf
        return self.standard_error(0, column) / float(self.mean[0, column])

    def estimates(self) -> list[Estimate]:
        """Every metric of every scope."""
        return [estimate for scope in range(len(self.scopes)) for estimate in self._scope_estimates(scope)]

    def _scope_estimates(self, scope: int) -> list[Estimate]:
        if self.scopes[scope] == WORTH:
            worth = self._mean(scope, WORTH, shortfall.ENERGY, 1.0, "USD")
            return [Estimate(WORTH, "system", float(worth), worth.stderr, worth.ci_low, worth.ci_high, "USD", self.n)]
        made = [
            self._mean(scope, "LOLH", shortfall.HOURS, 1.0, "h"),
            self._mean(scope, "LOLP", shortfall.HOURS, 1.0 / self.horizon_h, "-"),
            self._mean(scope, "EUE", shortfall.ENERGY, 1.0, "MWh"),
            self._mean(scope, "EPNS", shortfall.ENERGY, 1.0 / self.horizon_h, "MW"),
        ]
        if self.demand_mwh[scope] > 0.0:
            made.append(self._mean(scope, "NEUE", shortfall.ENERGY, 1e6 / float(self.demand_mwh[scope]), "ppm"))
        if not self.chronological:
            return made
        if self.step_h == 1.0:  # a day is 24 steps
            made.append(self._mean(scope, "LOLD", shortfall.DAYS, 1.0, "d"))
        made += [
            self._mean(scope, "LOLEv", shortfall.EVENTS, 1.0, "events"),
            self._any_shortfall(scope),
        ]
        if self.n_any[scope] > 0:
            made += self._tails(scope)
            made += self._event_statistics(scope)
        return made

    def _make(
        self,
        name: str,
        scope: int,
        value: float,
        stderr: float | None,
        unit: str,
        n: int,
        interval: tuple[float, float] | None = None,
    ) -> Estimate:
        if stderr is not None and interval is None:
            interval = (max(0.0, value - Z_95 * stderr), value + Z_95 * stderr)
        low, high = interval if interval is not None else (None, None)
        return Estimate(name, self.scopes[scope], value, stderr, low, high, unit, n)

    def _mean(self, scope: int, name: str, column: int, factor: float, unit: str) -> Estimate:
        seen = self.n_any[scope] > 0 and self.n > 1
        stderr = self.standard_error(scope, column) * factor if seen else None
        return self._make(name, scope, float(self.mean[scope, column]) * factor, stderr, unit, self.n)

    def _any_shortfall(self, scope: int) -> Estimate:
        seen = int(self.n_any[scope])
        p = seen / self.n
        stderr = math.sqrt(p * (1.0 - p) / (self.n - 1)) if seen > 0 and self.n > 1 else None
        return self._make("P_any_shortfall", scope, p, stderr, "-", self.n, proportion_interval(seen, self.n))

    def _tails(self, scope: int) -> list[Estimate]:
        value, count = self.energy.points(scope, self.n)
        made = []
        for label, share in TAILS:
            at_risk, low, high = quantile_with_interval(value, count, share)
            stderr = (high - low) / (2.0 * Z_95) if self.n > 1 else None
            made.append(self._make(f"VaR_{label}", scope, at_risk, stderr, "MWh", self.n, (low, high)))
            beyond, beyond_stderr = tail_mean(value, count, share)
            known = beyond_stderr if self.n > 1 else None
            made.append(self._make(f"CVaR_{label}", scope, beyond, known, "MWh", self.n))
            if self.demand_mwh[scope] > 0.0:
                ppm = 1e6 / float(self.demand_mwh[scope])
                scaled = None if known is None else known * ppm
                made.append(self._make(f"NCVaR_{label}", scope, beyond * ppm, scaled, "ppm", self.n))
        return made

    def _event_statistics(self, scope: int) -> list[Estimate]:
        made = []
        for (name, _, column, unit), histogram in zip(EVENT_MEASURES, self.events):
            value, count = histogram.points(scope, 0)
            n_events = int(count.sum())
            made.append(self._ratio(scope, f"{name}_mean", column, shortfall.EVENTS, unit))
            p95, low, high = quantile_with_interval(value, count, EVENT_QUANTILE)
            stderr = (high - low) / (2.0 * Z_95) if n_events > 1 else None
            made.append(self._make(f"{name}_p95", scope, p95, stderr, unit, n_events, (low, high)))
            made.append(self._make(f"{name}_max", scope, float(histogram.largest[scope]), None, unit, n_events))
        return made

    def _ratio(self, scope: int, name: str, top: int, bottom: int, unit: str) -> Estimate:
        """Ratio of two means; standard error by the delta method."""
        ratio = float(self.mean[scope, top] / self.mean[scope, bottom])
        moment = self.moment[scope]
        spread = moment[top, top] - 2.0 * ratio * moment[top, bottom] + ratio**2 * moment[bottom, bottom]
        stderr = None
        if self.n > 1:
            stderr = math.sqrt(max(spread, 0.0) / (self.n - 1) / self.n) / float(self.mean[scope, bottom])
        return self._make(name, scope, ratio, stderr, unit, self.n)
