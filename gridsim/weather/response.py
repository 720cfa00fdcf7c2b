"""Failure rates of machines by air temperature, scaled to the climate.

The table of a machine's ``outage_curve`` gives an unavailability q(T). With the repair rate mu fixed the failure rate
is lambda(T) = k mu q / (1 - q) (Murphy, Sowell and Apt 2019, Applied Energy 253: transition rates by temperature); k is
solved so that the mean of lambda / (lambda + mu) over the climate is the machine's base rate mttr / (mttf + mttr).
Failures are drawn by thinning: candidates at the largest rate of the curve, kept with probability ``factor``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gridsim.kernels.weather_maps import temperature
from gridsim.model.outages import Component, State, components_of
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.weather.field import HOURS
from gridsim.weather.generator import WeatherModel
from gridsim.weather.year import weather_model

LEVELS = 40
BIN_K = 0.5
COLDEST_C, WARMEST_C = -70.0, 60.0


@dataclass(frozen=True, eq=False)
class FailureRates:
    """Machines with failures that follow temperature.

    curve_site : (n_rows, 2) curve and weather site;  row : (n_gens,) i4, -1 where the rate is constant
    largest_per_h : (n_gens,) failure rate at the curve's worst temperature, NaN where it is constant
    """

    curve_site: I4
    row: I4
    largest_per_h: F8
    system: GridSystem

    def factors(self, temperature_c: F8) -> F8:
        """(n_rows, ...) rate over the largest, in (0, 1], at air temperatures (n_sites, ...)."""
        curves = self.system.outage_curves
        result = np.empty((len(self.curve_site), *temperature_c.shape[1:]))
        for row, (curve, site) in enumerate(self.curve_site.tolist()):
            _, worst = curves.lowest_and_highest(curve)
            result[row] = _odds(curves.at(curve, temperature_c[site])) / _odds(worst)
        return result


def _odds(q: F8 | float) -> F8:
    q = np.asarray(q, dtype=np.float64)
    return q / (1.0 - q)


def temperature_shares(model: WeatherModel) -> tuple[F8, F8]:
    """(n_bins,) temperatures and (n_sites, n_bins) shares of the climate's hours, by quantiles of the field."""
    from scipy.special import ndtri

    edges = np.arange(COLDEST_C, WARMEST_C + BIN_K, BIN_K)
    n_sites = len(model.system.weather_sites)
    share = np.zeros((n_sites, len(edges) - 1))
    hourly = np.empty((n_sites, HOURS))
    clear = np.ones((n_sites, HOURS // 24 + 1))
    for level in ndtri((np.arange(LEVELS) + 0.5) / LEVELS):
        temperature(model.temperature_map, np.full((n_sites, HOURS), level), clear, model.shift_k, hourly)
        place = np.clip(((hourly - COLDEST_C) / BIN_K).astype(np.int64), 0, share.shape[1] - 1)
        for site in range(n_sites):
            share[site] += np.bincount(place[site], minlength=share.shape[1])
    return edges[:-1] + BIN_K / 2.0, share / share.sum(axis=1, keepdims=True)


@lru_cache(maxsize=4)
def failure_rates(system: GridSystem) -> FailureRates:
    """Of every machine with an outage curve, a base rate and a weather site; made once."""
    gens = system.generators
    site = system.buses.weather_site[gens.bus]
    follows = (gens.outage_curve >= 0) & (site >= 0) & np.isfinite(gens.mttf_h)
    keys = np.stack([gens.outage_curve, site], axis=1)[follows]
    curve_site, row_of = np.unique(keys, axis=0, return_inverse=True)
    row = np.full(len(gens), -1, dtype=np.int32)
    row[follows] = row_of.reshape(-1)
    largest = np.full(len(gens), np.nan)
    if follows.any():
        centre_c, share = temperature_shares(weather_model(system))
        for g in np.flatnonzero(follows):
            curve = int(gens.outage_curve[g])
            odds = _odds(system.outage_curves.at(curve, centre_c))
            base = gens.mttr_h[g] / (gens.mttf_h[g] + gens.mttr_h[g])
            k = _scale(odds, share[site[g]], float(base))
            _, worst = system.outage_curves.lowest_and_highest(curve)
            largest[g] = k * float(_odds(worst)) / gens.mttr_h[g]
    return FailureRates(curve_site.astype(np.int32).reshape(-1, 2), row, largest, system)


def machine_outages(system: GridSystem, temperature_c: F8) -> tuple[Component, ...]:
    """Outages of every machine, in the system's order, at air temperatures (n_sites, n_hours) of the hours drawn."""
    rates = failure_rates(system)
    factors = list(rates.factors(temperature_c))
    made = list(components_of(system, "generators"))
    for g in np.flatnonzero((rates.row >= 0) & system.generators.in_service).tolist():
        states = (State(0.0, 1.0 / float(rates.largest_per_h[g])), State(1.0, float(system.generators.mttr_h[g])))
        made[g] = Component("generator", made[g].name, states, rate_factor=factors[rates.row[g]])
    return tuple(made)


def _scale(odds: F8, share: F8, base: float) -> float:
    """k such that the mean of k odds / (1 + k odds) is ``base``."""
    low, high = 0.0, 1.0
    while share @ (high * odds / (1.0 + high * odds)) < base:
        high *= 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if share @ (middle * odds / (1.0 + middle * odds)) < base else (low, middle)
    return 0.5 * (low + high)
