"""Wind and sun at the evening peaks of generated years: the rows of renewables_at_peak.csv."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import MONTHS, GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.weather.field import DAYS
from gridsim.weather.maps import resource_sites
from gridsim.weather.planning import peak_hours
from gridsim.weather.year import weather_model

EXCEEDED_IN = 0.90
_NEAR = 0.05  # evenings whose rank is this near to the level show how it is shared among sites
_DARK_CF = 0.01


class PeakOutput(NamedTuple):
    """One row of renewables_at_peak.csv."""

    month: int
    site: str
    capacity_factor: float
    share_of_normal: float


class Evenings(NamedTuple):
    """Capacity factors of every site (n_sites, n_days): at the evening peak, and means of the day.

    month : (n_days,) month 0..11
    """

    month: NDArray[np.int64]
    at_peak: F8
    of_day: F8


def evenings(system: GridSystem, seed: int, years: int) -> Evenings:
    """Evening peaks of ``years`` generated years."""
    model = weather_model(system)
    hour_of_day = np.array(peak_hours(system))[model.month]
    hour = 24 * np.arange(DAYS) + hour_of_day
    at_peak, of_day = [], []
    for year in range(years):
        z = model.field.year(seed, year)
        temperature_c = model.temperature(z)
        factor = np.zeros((len(system.renewable_sites), 24 * DAYS))
        factor[model.wind_sites] = model.wind_cf(z, temperature_c)
        factor[model.solar_sites] = model.solar_cf(z, temperature_c)
        at_peak.append(factor[:, hour])
        of_day.append(factor.reshape(len(factor), DAYS, 24).mean(axis=2))
    return Evenings(np.tile(model.month, years), np.concatenate(at_peak, axis=1), np.concatenate(of_day, axis=1))


def site_capacity_mw(system: GridSystem) -> F8:
    """(n_sites,) MW in service at each renewable site."""
    site, gens = resource_sites(system), system.generators
    return sum_at(site + 1, np.where(gens.in_service, gens.p_max_mw, 0.0), len(system.renewable_sites) + 1)[1:]


def peak_output(system: GridSystem, seed: int, years: int) -> list[PeakOutput]:
    """Output of every site with machines on the planning day of each month.

    The whole of wind and sun is at the level exceeded in 90 % of the month's evening peaks, shared among the sites as
    in the evenings near that level. A solar site that is dark then takes that level of the day's energy of the sun.
    """
    found = evenings(system, seed, years)
    capacity_mw = site_capacity_mw(system)
    normal_at_peak, normal_of_day = _normal(system)
    solar = system.renewable_sites.technology == "solar"
    rows = []
    for month in range(MONTHS):
        days = found.month == month
        at_peak = _level(found.at_peak[:, days], capacity_mw)
        of_day = _level(found.of_day[:, days], np.where(solar, capacity_mw, 0.0))
        for site in np.flatnonzero(capacity_mw > 0.0).tolist():
            dark = solar[site] and normal_at_peak[site, month] < _DARK_CF
            factor, normal = (of_day, normal_of_day) if dark else (at_peak, normal_at_peak)
            share = float(factor[site] / max(normal[site, month], 1e-9))
            name = str(system.renewable_sites.name[site])
            rows.append(PeakOutput(month + 1, name, float(at_peak[site]), share))
    return rows


def _level(factor: F8, capacity_mw: F8) -> F8:
    """(n_sites,) factors (n_sites, n_days) at the level of their sum that is exceeded in 90 % of days."""
    total_mw = capacity_mw @ factor
    low, level_mw, high = np.quantile(
        total_mw, (1.0 - EXCEEDED_IN - _NEAR, 1.0 - EXCEEDED_IN, 1.0 - EXCEEDED_IN + _NEAR)
    )
    near = factor[:, (total_mw >= low) & (total_mw <= high)].mean(axis=1)
    together_mw = float(capacity_mw @ near)
    return np.asarray(near * (level_mw / together_mw if together_mw > 0.0 else 0.0))


def _normal(system: GridSystem) -> tuple[F8, F8]:
    """(n_sites, 12) normal capacity factor of each site's machines at a workday's evening peak, and its day mean."""
    gens, site = system.generators, resource_sites(system)
    weight = np.where(gens.in_service & (site >= 0), gens.p_max_mw, 0.0)
    shape = np.concatenate([system.profiles.value[:, :, 0], np.ones((1, MONTHS, 24))])[gens.profile]
    n_sites = len(system.renewable_sites)
    total = np.maximum(sum_at(site + 1, weight, n_sites + 1)[1:], 1e-9)
    hour = peak_hours(system)
    at_peak, of_day = np.empty((n_sites, MONTHS)), np.empty((n_sites, MONTHS))
    for month in range(MONTHS):
        at_peak[:, month] = sum_at(site + 1, weight * shape[:, month, hour[month]], n_sites + 1)[1:] / total
        of_day[:, month] = sum_at(site + 1, weight * shape[:, month].mean(axis=1), n_sites + 1)[1:] / total
    return at_peak, of_day
