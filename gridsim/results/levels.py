"""Means from a telescoping sum of levels: a cheap lower one known well, and what each higher one adds to it.

With coefficients b fixed beforehand, E[U_k] = E[U_k - b L_k] + b E[L_k], where L_k is the lower level on the same draws
and E[L_k] = E[U_(k-1)] comes from the level below, sampled by itself or exact (Giles 2015, "Multilevel Monte Carlo
methods"; Tindemans and Strbac 2020). The terms have samples of their own, so that their variances add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels import shortfall
from gridsim.kernels.accumulate import fold_moments
from gridsim.results.adequacy import PEOPLE, WORTH, Z_95
from gridsim.results.metrics import Estimate

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

BLOCK = 1024  # samples folded at a time
_COLUMNS = {
    "LOLH": shortfall.HOURS,
    "LOLD": shortfall.DAYS,
    "LOLEv": shortfall.EVENTS,
    "EUE": shortfall.ENERGY,
}
_RATIOS = (
    ("event_duration_h_mean", shortfall.HOURS, "h"),
    ("event_depth_mw_mean", shortfall.PEAKS, "MW"),
    ("event_energy_mwh_mean", shortfall.ENERGY, "MWh"),
)


def column_of(metric: str) -> int:
    """Column of a sample's totals that a metric is the mean of."""
    return _COLUMNS[metric]


class Concentration:
    """Number of samples that carry a sum: of contributions c, the largest |c|, sum |c| and sum c^2."""

    def __init__(self) -> None:
        self.largest = 0.0
        self.sum = 0.0
        self.squares = 0.0

    def add(self, contribution: F8) -> None:
        """Add whole blocks."""
        for start in range(0, len(contribution), BLOCK):
            size = np.abs(contribution[start : start + BLOCK])
            self.largest = max(self.largest, float(size.max()))
            self.sum += float(size.sum())
            self.squares += float((size * size).sum())

    @property
    def largest_share(self) -> float:
        """Share of the largest contribution in the sum."""
        return self.largest / self.sum if self.sum > 0.0 else 0.0

    @property
    def effective(self) -> float:
        """Effective number of contributions, (sum c)^2 / sum c^2."""
        return self.sum**2 / self.squares if self.squares > 0.0 else 0.0

    @property
    def largest_square_share(self) -> float:
        """Share of the largest square in the sum of squares."""
        return self.largest**2 / self.squares if self.squares > 0.0 else 0.0


class Weights:
    """Mean of likelihood ratios, which is 1, and its error."""

    def __init__(self) -> None:
        self.n = 0
        self.sum = 0.0
        self.squares = 0.0

    def add(self, weight: F8) -> None:
        """Add whole blocks."""
        for start in range(0, len(weight), BLOCK):
            part = weight[start : start + BLOCK]
            self.n += len(part)
            self.sum += float(part.sum())
            self.squares += float((part * part).sum())

    @property
    def mean(self) -> float:
        return self.sum / self.n if self.n else 1.0

    @property
    def stderr(self) -> float:
        if self.n < 2:
            return math.inf
        return math.sqrt(max(self.squares / self.n - self.mean**2, 0.0) / (self.n - 1))


class TermMoments:
    """Running moments of one term of the sum, D = U - b L, in blocks of 1,024; of the lowest one D = U.

    n_seen : (n_scopes,) i8, samples in which U was short
    concentration, weights : of the system's watched column of D, and of the likelihood ratios if there are any
    """

    def __init__(self, n_scopes: int, watched: int) -> None:
        self.n = 0
        self.mean = np.zeros((n_scopes, shortfall.N_TOTALS))
        self.moment = np.zeros((n_scopes, shortfall.N_TOTALS, shortfall.N_TOTALS))
        self.n_seen = np.zeros(n_scopes, dtype=np.int64)
        self._watched = watched
        self.concentration = Concentration()
        self.weights = Weights()

    def add(self, upper: F8, lower: F8 | None, coefficient: F8, weight: F8 | None) -> None:
        """Fold the next samples.

        upper : (n, n_scopes, 5);  lower : as upper, the lower level's counterpart of each scope;  coefficient :
            as of ``Link``;  weight : (n,), already in upper and lower
        """
        difference = upper if lower is None else upper - np.einsum("nsl,slu->nsu", lower, coefficient)
        nobody, largest = np.zeros(len(self.mean), dtype=np.int64), np.zeros_like(self.mean)
        difference = np.ascontiguousarray(difference)
        fold_moments(difference, BLOCK, self.n, self.mean, self.moment, nobody, largest)
        self.n += len(upper)
        self.n_seen += (upper[:, :, shortfall.HOURS] > 0.0).sum(axis=0)
        self.concentration.add(difference[:, 0, self._watched])
        if weight is not None:
            self.weights.add(weight)

    @property
    def covariance_of_mean(self) -> F8:
        """(n_scopes, 5, 5)."""
        return self.moment / max(self.n - 1, 1) / max(self.n, 1)

    @property
    def covariance(self) -> F8:
        """(5, 5), of one sample of the system."""
        return np.asarray(self.moment[0]) / max(self.n - 1, 1)


@dataclass(frozen=True, eq=False)
class Link:
    """A term and the one below it: coefficient (n_scopes, 5 of the lower, 5 of the upper), and the lower term's scope
    for each scope.
    """

    coefficient: F8
    lower_scope: I8


def coefficients(upper: F8, lower: F8, is_counterpart: NDArray[np.bool_], least: int, controls: Sequence[int]) -> F8:
    """Coefficients of a pilot, as of ``Link``: each column of the upper level on the same of the lower and on
    ``controls``, by least squares.

    Where fewer than ``least`` samples of the pilot are short in both, 1 for a scope that the lower level has too
    (``is_counterpart``) and 0 for one that leans on another scope.
    """
    n_columns = upper.shape[2]
    found = np.where(is_counterpart[:, None, None], np.eye(n_columns), 0.0)
    both = ((upper[:, :, shortfall.HOURS] > 0.0) & (lower[:, :, shortfall.HOURS] > 0.0)).sum(axis=0)
    for scope in np.flatnonzero(both >= least):
        y, x = (of[:, scope] - of[:, scope].mean(axis=0) for of in (upper, lower))
        size = np.sqrt((x * x).sum(axis=0))
        for column in range(n_columns):
            used = [c for c in sorted({column, *controls}) if size[c] > 0.0]
            if used:
                solved = np.linalg.lstsq(x[:, used] / size[used], y[:, column], rcond=1e-6)[0] / size[used]
                found[scope, :, column] = 0.0
                found[scope, used, column] = solved
    return found


class Telescope:
    """The terms together: values and covariances of every scope of the top level."""

    def __init__(self, terms: Sequence[TermMoments], links: Sequence[Link], exact: F8 | None = None) -> None:
        """``exact``: (n_scopes, 5) of the lowest level, NaN where it is sampled; its first columns replace samples."""
        value, covariance = terms[0].mean.copy(), terms[0].covariance_of_mean.copy()
        if exact is not None:
            known = ~np.isnan(exact)
            value = np.where(known, exact, value)
            covariance = np.where(known[:, :, None] | known[:, None, :], 0.0, covariance)
        seen = terms[0].n_seen if exact is None else terms[0].n_seen + (np.nan_to_num(exact) > 0.0).any(axis=1)
        for term, link in zip(terms[1:], links, strict=True):
            b, at = link.coefficient, link.lower_scope
            value = term.mean + np.einsum("sl,slu->su", value[at], b)
            covariance = term.covariance_of_mean + np.einsum("slu,slm,smv->suv", b, covariance[at], b)
            seen = term.n_seen + np.where((b != 0.0).any(axis=(1, 2)), seen[at], 0)
        self.value, self.covariance, self.seen = value, covariance, seen

    def cov(self, metric: str) -> float:
        """stderr / estimate of a metric of the system; inf before any shortfall."""
        column = column_of(metric)
        if self.seen[0] == 0 or self.value[0, column] <= 0.0:
            return math.inf
        return math.sqrt(max(float(self.covariance[0, column, column]), 0.0)) / float(self.value[0, column])

    def estimates(
        self, scopes: Sequence[str], demand_mwh: F8, horizon_h: int, n: int, *, events: bool
    ) -> list[Estimate]:
        """The means of every scope; ``events``: with days and events, and means over events."""
        made: list[Estimate] = []
        for s, scope in enumerate(scopes):

            def mean(name: str, column: int, factor: float, unit: str, s: int = s, scope: str = scope) -> Estimate:
                stderr = math.sqrt(max(float(self.covariance[s, column, column]), 0.0)) * factor
                return _estimate(
                    name, scope, float(self.value[s, column]) * factor, stderr if self.seen[s] else None, unit, n
                )  # fmt: skip

            if scope == WORTH:
                worth = mean(WORTH, shortfall.ENERGY, 1.0, "USD")
                made.append(_estimate(WORTH, "system", worth.value or 0.0, worth.stderr, "USD", n))
                continue
            made.append(mean("LOLH", shortfall.HOURS, 1.0, "h"))
            made.append(mean("LOLP", shortfall.HOURS, 1.0 / horizon_h, "-"))
            made.append(mean("EUE", shortfall.ENERGY, 1.0, "MWh"))
            made.append(mean("EPNS", shortfall.ENERGY, 1.0 / horizon_h, "MW"))
            if demand_mwh[s] > 0.0:
                made.append(mean("NEUE", shortfall.ENERGY, 1e6 / float(demand_mwh[s]), "ppm"))
            if events:
                made.append(mean("LOLD", shortfall.DAYS, 1.0, "d"))
                made.append(mean("LOLEv", shortfall.EVENTS, 1.0, "events"))
                if self.seen[s] and self.value[s, shortfall.EVENTS] > 0.0 and scope != PEOPLE:
                    made += [self._ratio(name, s, scope, top, unit, n) for name, top, unit in _RATIOS]
        return made

    def _ratio(self, name: str, s: int, scope: str, top: int, unit: str, n: int) -> Estimate:
        """Mean over events; standard error by the delta method."""
        bottom = shortfall.EVENTS
        ratio = float(self.value[s, top] / self.value[s, bottom])
        c = self.covariance[s]
        spread = float(c[top, top] - 2.0 * ratio * c[top, bottom] + ratio**2 * c[bottom, bottom])
        return _estimate(name, scope, ratio, math.sqrt(max(spread, 0.0)) / float(self.value[s, bottom]), unit, n)


def _estimate(name: str, scope: str, value: float, stderr: float | None, unit: str, n: int) -> Estimate:
    if stderr is None:
        return Estimate(name, scope, value, None, None, None, unit, n)
    return Estimate(name, scope, value, stderr, max(0.0, value - Z_95 * stderr), value + Z_95 * stderr, unit, n)
