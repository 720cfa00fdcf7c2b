"""A generated weather year as the sampler needs it: hourly factors of loads and shares of machines, whole arrays.

Elements that share profile, site and sensitivities share a row, so a year of Kazakhstan is a few megabytes instead of
one row per element. ``load_mw = p_mw * load_factor[load_row]``, ``capacity_mw = p_max_mw * gen_share[gen_row]``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.weather_maps import load_departures
from gridsim.model.duty import duty_of
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.weather.field import DAYS, HOURS
from gridsim.weather.generator import WeatherModel
from gridsim.weather.water import net_load_mw, water_plan, zone_load_mw
from gridsim.weather.year import Composer, YearArrays, weather_model


class SampledYear(NamedTuple):
    """Hours 0..8759 from 1 July 00:00, 29 February dropped.

    load_factor (n_load_rows, 8760), load_row (n_loads,); gen_share (n_gen_rows, 8760), gen_row (n_gens,);
    temperature_c (n_sites, 8760)
    """

    load_factor: F8
    load_row: I4
    gen_share: F8
    gen_row: I4
    temperature_c: F8


def sampled_year(system: GridSystem, seed: int, year: int, weekday: int = 0, *, repairs: bool = False) -> SampledYear:
    """Weather year (seed, year); ``weekday`` of its 1 July, Monday 0. The same numbers as ``YearWeather.at``.

    ``repairs``: machines are repaired and fail, so that others take their water.
    """
    model = weather_model(system)
    composer = Composer(system)
    arrays = YearArrays(system, model, seed, year, model.field.year(seed, year), None)
    shape = _shapes(model, weekday)
    load_factor, load_row = _loads(system, model, composer, arrays, shape)
    gen_share, gen_row = _machines(system, composer, arrays, shape)
    plan, duty = water_plan(system), duty_of(system)
    if len(plan):
        net_mw = net_load_mw(system, load_factor, load_row, gen_share, gen_row)
        days = np.arange(DAYS, dtype=np.int32)
        planned = plan.share(arrays.water, net_mw, days, plan.able(days) if repairs else None)
        gen_share, gen_row = plan.rows_with_plan(gen_share, gen_row, planned)
    if duty.limits:
        zone_mw = zone_load_mw(system, load_factor, load_row)
        month = np.repeat(model.month + 1, 24)
        gen_share, gen_row = duty.rows_within_limits(
            month, np.repeat(arrays.day_c, 24, axis=1), zone_mw, gen_share, gen_row
        )
    return SampledYear(load_factor, load_row, gen_share, gen_row, arrays.temperature_c)


def day_means(system: GridSystem, seed: int, year: int) -> F8:
    """(n_sites, 365) daily mean temperature of weather year (seed, year), C."""
    model = weather_model(system)
    temperature_c = model.temperature(model.field.year(seed, year))
    return np.asarray(temperature_c.reshape(len(temperature_c), DAYS, 24).mean(axis=2))


class WindowMeans(NamedTuple):
    """Means of a window: temperature weighted by load, capacity factors by the capacity of machines (None: there are
    none)."""

    temperature_c: float
    wind_cf: float | None
    solar_cf: float | None


def window_means(system: GridSystem, seed: int, year: int, start_h: int, hours: int) -> WindowMeans:
    """Weather of ``hours`` of weather year (seed, year) from its hour ``start_h``."""
    model = weather_model(system)
    z = model.field.year(seed, year)
    temperature_c = model.temperature(z)
    window = slice(start_h, start_h + hours)
    load = model.site_load_mw()
    wind_mw, solar_mw = model.capacity_mw()

    def mean(weight: F8, values: F8) -> float | None:
        return float(weight @ values[:, window].mean(axis=1) / weight.sum()) if weight.sum() > 0 else None

    return WindowMeans(
        float(np.average(temperature_c[:, window].mean(axis=1), weights=load if load.any() else None)),
        mean(wind_mw, model.wind_cf(z, temperature_c)),
        mean(solar_mw, model.solar_cf(z, temperature_c)),
    )


def _shapes(model: WeatherModel, weekday: int) -> F8:
    """(n_profiles + 1, 8760) values of the profiles; the last row is 1."""
    day = (np.arange(DAYS) + weekday) % 7
    day_type = np.where(day == 6, 2, np.where(day == 5, 1, 0))
    value = np.concatenate([model.system.profiles.value, np.ones((1, 12, 3, 24))])
    return np.ascontiguousarray(value[:, model.month, day_type].reshape(len(value), HOURS))


def _rows(keys: NDArray[np.float64]) -> tuple[NDArray[np.float64], I4]:
    unique, row = np.unique(keys, axis=0, return_inverse=True)
    return unique, row.reshape(-1).astype(np.int32)


def _loads(system: GridSystem, model: WeatherModel, composer: Composer, arrays: YearArrays, shape: F8) -> tuple[F8, I4]:
    loads = system.loads
    n_sites = len(arrays.temperature_c)
    heating, cooling = np.zeros((n_sites + 1, HOURS)), np.zeros((n_sites + 1, HOURS))
    load_departures(arrays.effective_c, model.normal_c, heating[:-1], cooling[:-1])
    noise = np.concatenate([arrays.noise, np.zeros((1, HOURS))])
    keys = np.stack(
        [
            loads.profile,
            composer.load_site,
            composer.load_zone,
            np.nan_to_num(loads.heating_share_per_k),
            composer.cooling_share,
        ],
        axis=1,
    ).astype(np.float64)
    unique, row = _rows(keys)
    factor = np.empty((len(unique), HOURS))
    for k, (profile, site, zone, heat, cool) in enumerate(unique):
        departure = 1.0 + heat * heating[int(site)] + cool * cooling[int(site)]
        factor[k] = shape[int(profile)] * np.maximum(departure, 0.0) * (1.0 + noise[int(zone)])
    return factor, row


def _machines(system: GridSystem, composer: Composer, arrays: YearArrays, shape: F8) -> tuple[F8, I4]:
    gens = system.generators
    curve = np.where(gens.heat_led, gens.heat_curve, -1)
    site = np.where(gens.heat_led, composer.gen_site, -1)
    keys = np.stack([gens.profile, composer.gen_resource, arrays.water_row, curve, site], axis=1).astype(np.float64)
    unique, row = _rows(keys)
    share = np.empty((len(unique), HOURS))
    for k, key in enumerate(unique.astype(np.int64)):
        profile, resource, water, heat_curve, heat_site = key.tolist()
        values = shape[profile] if resource < 0 else arrays.resource[resource]
        factor = np.repeat(arrays.water_rows[water], 24)
        values = np.minimum(values * factor, np.maximum(values, 1.0))
        if heat_curve >= 0:
            day_c = arrays.day_c[heat_site] if heat_site >= 0 else np.full(DAYS, 15.0)
            _, high = system.heat_curves.shares(heat_curve, day_c)
            values = values * np.repeat(high, 24)
        share[k] = values
    return share, row
