"""Checks of a climate: statistics of generated years against its tables.

Targets with a place or a published figure stand in ``weather_targets.csv``; the rest follow from the system's tables
(monthly temperatures, deviations, capacity factors, heating slope, river means). Means that sampling error would hide
are estimated with control variates: the sample mean less its regression on sample means of z, z^2 - 1 and z^3 - 3z,
whose expectations are 0. Tolerances are for 200 years; those of sampled statistics widen by sqrt(200 / years).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gridsim.model.table import F8
from gridsim.weather.droughts import at_return_period, moving_mean
from gridsim.weather.field import DAYS, MONTH_DAYS, chord_km
from gridsim.weather.generator import WeatherModel

REFERENCE_YEARS = 200
DISTANCE_EDGES_KM = (0, 200, 500, 1000, 1500, 9999)
RIVER_YEARS_FACTOR = 10


class Check(NamedTuple):
    """``passed``: |value - target| <= tolerance."""

    name: str
    value: float
    target: float
    tolerance: float
    passed: bool


class Sample(NamedTuple):
    """Statistics kept of N years.

    day_c (N, n_sites, 365); wind_day (N, n_wind, 365); wind_national, cf_national (N, 8760); wind_month, solar_year,
    t_month; z moments by row and month (N, n_rows, 12, 3); load (N, 8760); correlations summed over hours
    """

    day_c: F8
    wind_day: F8
    wind_national: F8
    cf_national: F8
    t_national: F8
    wind_month: F8
    solar_year: F8
    moments: F8
    load_pu: F8
    wind_cross: F8
    wind_lags: F8
    cold_ratio: F8
    effective_day_c: F8
    load_day_pu: F8
    lull_together: F8
    ramp_sd: F8


def draw_sample(model: WeatherModel, years: int, seed: int, progress: Callable[[float], None] | None = None) -> Sample:
    """Statistics of years 0 .. years-1 of ``seed``, one year in memory at a time."""
    capacity_wind, capacity_solar = model.capacity_mw()
    if capacity_wind.sum() == 0:
        capacity_wind = np.ones(len(model.wind_sites))
    weight_wind = capacity_wind / max(capacity_wind.sum(), 1e-9)
    total = float(capacity_wind.sum() + capacity_solar.sum())
    site_weight = model.site_load_mw()
    site_weight = site_weight / max(site_weight.sum(), 1e-9)
    zone_weight = model.normal_mean_mw / model.normal_mean_mw.sum()
    month_hours = np.repeat(model.month, 24)
    winter = np.isin(month_hours, (11, 0, 1))
    parts: dict[str, list[F8]] = {name: [] for name in Sample._fields}
    for year in range(years):
        z = model.field.year(seed, year)
        t = model.temperature(z)
        wind, solar = model.wind_cf(z, t), model.solar_cf(z, t)
        load = model.load_mw(t, model.load_noise(seed, year)) / model.normal_mean_mw[:, None]
        national = weight_wind @ wind
        parts["day_c"].append(t.reshape(len(t), DAYS, 24).mean(axis=2))
        parts["wind_day"].append(wind.reshape(len(wind), DAYS, 24).mean(axis=2))
        parts["wind_national"].append(national)
        both = np.concatenate([capacity_wind, capacity_solar]) @ np.concatenate([wind, solar])
        parts["cf_national"].append(np.asarray(both / max(total, 1e-9)))
        parts["t_national"].append(site_weight @ t)
        starts = np.flatnonzero(np.diff(np.concatenate([[-1], month_hours])))
        order = month_hours[starts]
        counts = 24.0 * MONTH_DAYS[order]
        monthly = np.empty((len(wind), 12))
        monthly[:, order] = np.add.reduceat(wind, starts, axis=1) / counts
        parts["wind_month"].append(monthly)
        parts["solar_year"].append(solar.mean(axis=1))
        moments = np.empty((len(z), 12, 3))
        for k, values in enumerate((z, z * z - 1.0, z * (z * z - 3.0))):
            moments[:, order, k] = np.add.reduceat(values, starts, axis=1) / counts
        parts["moments"].append(moments)
        parts["load_pu"].append(zone_weight @ load)
        parts["load_day_pu"].append((zone_weight @ load).reshape(DAYS, 24).mean(axis=1))
        parts["effective_day_c"].append(site_weight @ model.effective_c(t).reshape(len(t), DAYS, 24).mean(axis=2))
        ramps = np.diff(wind.mean(axis=0))
        parts["ramp_sd"].append(np.array([float(ramps.std())]))
        parts["wind_cross"].append(np.atleast_2d(np.corrcoef(wind)))
        anomaly = wind - wind.mean(axis=1, keepdims=True)
        variance = (anomaly**2).mean(axis=1)
        parts["wind_lags"].append(
            np.array([((anomaly[:, lag:] * anomaly[:, :-lag]).mean(axis=1) / variance).mean() for lag in (1, 24, 72)])
        )
        beside = t[model.wind_map.t_site]
        ratios = [
            wind[k][winter & (beside[k] < np.quantile(beside[k], 0.05))].mean() / wind[k][winter].mean()
            for k in range(len(wind))
            if (winter & (beside[k] < np.quantile(beside[k], 0.05))).any()
        ]
        parts["cold_ratio"].append(np.array([np.mean(ratios)]))
        largest = np.argsort(-capacity_wind, kind="stable")[:5]
        low = wind[largest] < np.quantile(wind[largest], 0.05, axis=1, keepdims=True)
        parts["lull_together"].append(np.array([low.all(axis=0).mean()]))
        if progress is not None:
            progress((year + 1) / years)
    return Sample(**{name: np.array(values) for name, values in parts.items()})


def controlled_mean(values: F8, controls: F8) -> float:
    """Mean of ``values`` (N,) at zero ``controls`` (N, k) by regression; the plain mean with few years."""
    if len(values) < 3 * controls.shape[1] + 3:
        return float(values.mean())
    design = np.concatenate([np.ones((len(values), 1)), controls], axis=1)
    return float(np.linalg.lstsq(design, values, rcond=None)[0][0])


def run_checks(model: WeatherModel, sample: Sample, seed: int) -> list[Check]:
    """Every check of the system's climate."""
    years = len(sample.day_c)
    widen = float(np.sqrt(max(REFERENCE_YEARS / years, 1.0)))
    checks: list[Check] = []

    def add(name: str, value: float, target: float, tolerance: float, *, sampled: bool = True) -> None:
        tolerated = tolerance * (widen if sampled else 1.0)
        checks.append(Check(name, value, target, tolerated, bool(abs(value - target) <= tolerated)))

    _temperature_checks(model, sample, add)
    _resource_checks(model, sample, add)
    slope, expected = heating_slope(model, sample)
    if expected > 0:
        add("slope of daily load on temperature below 0 C over the tables' (ratio)", slope / expected, 1.0, 0.10)
    if len(model.system.rivers):
        means = river_means(model, RIVER_YEARS_FACTOR * years, seed)
        worst = means.flat[int(np.argmax(np.abs(means - 1.0)))]
        add("monthly mean inflow over the tables', worst river and month (ratio)", float(worst), 1.0, 0.02)
    for name, value, target, tolerance, sampled in _targets(model, sample, seed):
        add(name, value, target, tolerance, sampled=sampled)
    return checks


def _temperature_checks(model: WeatherModel, sample: Sample, add: Callable[..., None]) -> None:
    system, field = model.system, model.field
    rows = field.rows(0)
    gaps: list[float] = []
    spreads: list[float] = []
    table = system.weather_variability
    sd = np.full((len(system.weather_sites), 12), np.nan)
    sd[table.site, table.month - 1] = table.t_sd_c
    for site in range(len(rows)):
        for month in range(12):
            days = sample.day_c[:, site, model.month == month]
            controls = sample.moments[:, rows[site], month, :2]
            aim = system.climate.t_mean_c[site, month] + model.shift_k
            gaps.append(controlled_mean(days.mean(axis=1), controls) - aim)
            normal = model.normal_c[site].reshape(DAYS, 24).mean(axis=1)[model.month == month]
            square = ((days - normal) ** 2).mean(axis=1)
            spreads.append(np.sqrt(max(controlled_mean(square, controls), 0.0)) / sd[site, month])
    ratios = np.array(spreads)[~np.isnan(spreads)]
    add("monthly mean temperature, worst site and month (K from the climate)", _worst(np.array(gaps), 0.0), 0.0, 0.3)
    if len(ratios):
        pooled = np.sqrt(np.mean(ratios**2))
        add("deviation of daily temperature over the tables', all sites and months (ratio)", float(pooled), 1.0, 0.08)
        add("deviation of daily temperature, worst site and month (ratio)", _worst(ratios, 1.0), 1.0, 0.08)


def _worst(values: F8, target: float) -> float:
    return float(values[int(np.argmax(np.abs(values - target)))])


def _resource_checks(model: WeatherModel, sample: Sample, add: Callable[..., None]) -> None:
    sites = model.system.renewable_sites
    days = MONTH_DAYS / DAYS
    if len(model.wind_sites):
        rows = model.field.rows(1)
        target = sites.annual_cf[model.wind_sites]
        ratio = [
            controlled_mean(sample.wind_month[:, k] @ days, np.einsum("ymk,m->yk", sample.moments[:, rows[k]], days))
            / target[k]
            for k in range(len(rows))
        ]
        add("annual wind capacity factor, worst site (ratio)", _worst(np.array(ratio), 1.0), 1.0, 0.01)
        gap = []
        for k, site in enumerate(model.wind_sites):
            course = np.ones(12)
            if sites.profile[site] >= 0:
                course = model.system.profiles.value[sites.profile[site]].mean(axis=(1, 2))
            aim = target[k] * course / (course @ days)
            found = [controlled_mean(sample.wind_month[:, k, m], sample.moments[:, rows[k], m]) for m in range(12)]
            gap.append(np.array(found) - aim)
        add(
            "monthly wind capacity factor, worst site and month (points)",
            100 * _worst(np.array(gap).ravel(), 0.0),
            0.0,
            3.0,
        )
    if len(model.solar_sites):
        rows = model.field.rows(2)
        ratio = [
            controlled_mean(sample.solar_year[:, k], np.einsum("ymk,m->yk", sample.moments[:, rows[k]], days))
            / sites.annual_cf[model.solar_sites][k]
            for k in range(len(rows))
        ]
        add("annual solar capacity factor, worst site (ratio)", _worst(np.array(ratio), 1.0), 1.0, 0.01)


def heating_slope(model: WeatherModel, sample: Sample) -> tuple[float, float]:
    """Share of national load per kelvin below 0 C: regression of the day's departure, and the tables' value.

    The departure is the day's load over its normal load; the kelvins are those of the load-weighted effective
    temperature below its normal. The tables' value is the heating slope of all loads over normal load, same days.
    """
    level, heating, _ = model.load_response
    shape = model.load_shape.reshape(level.shape[1], DAYS, 24)
    normal_day = np.einsum("zp,pdh->d", level.sum(axis=2), shape)
    slope_day = np.einsum("zps,pdh->sd", heating, shape) / normal_day
    if not slope_day.any():
        return 0.0, 0.0
    weight = model.site_load_mw()
    weight = weight / weight.sum()
    site = slope_day / np.maximum(slope_day.sum(axis=0), 1e-12)
    # kelvins as the loads feel them: each site by its share of the slope
    daily = sample.day_c
    normal = model.normal_c.reshape(-1, DAYS, 24).mean(axis=2)
    departure = sample.load_day_pu * model.normal_mean_mw.sum() * 24.0 / normal_day
    felt = np.einsum("sd,ysd->yd", site, normal - _effective(daily))
    cold = (np.einsum("sd,ysd->yd", site, _effective(daily)) < 0.0) & (np.einsum("sd,sd->d", site, normal) < 0.0)
    x, y = felt[cold], departure[cold]
    found = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    days = cold.any(axis=0)
    return found, float(slope_day.sum(axis=0)[days].mean())


def _effective(daily: F8) -> F8:
    """Daily means smoothed over 36 h as load is; the hourly filter's daily mean leans on days by these weights."""
    keep = np.exp(-24.0 / 36.0)
    lag = np.exp(-np.arange(1, 25) / 36.0)
    today = 1.0 - float(lag.mean())
    result = daily.copy()
    state = daily[..., 0].copy()
    for day in range(daily.shape[-1]):
        result[..., day] = today * daily[..., day] + (1.0 - today) * state
        state = keep * state + (1.0 - keep) * daily[..., day]
    return result


def river_means(model: WeatherModel, years: int, seed: int) -> F8:
    """(n_rivers, 12) mean of monthly inflow over the tables' over many years, cold drawn as unit normals."""
    rng = np.random.default_rng(seed)
    total = np.zeros((len(model.system.rivers), 12))
    first = np.array([int(np.argmax(model.month == m)) for m in range(12)])
    for year in range(years):
        inflow = model.rivers.year(seed, year, rng.standard_normal((len(total), 12)))
        total += inflow[:, first]
    return np.asarray(total / years / np.maximum(model.rivers.mean_m3_s, 1e-9))


def river_volumes(model: WeatherModel, row: int, years: int, seed: int) -> F8:
    """(years,) annual volumes, km3."""
    rng = np.random.default_rng(seed)
    cold = [rng.standard_normal((len(model.system.rivers), 12)) for _ in range(years)]
    means = [model.rivers.year(seed, year, cold[year])[row].mean() for year in range(years)]
    return np.array(means) * DAYS * 86400.0 / 1e9


def _label(quantity: str, place: str, argument: float) -> str:
    return " ".join(part for part in (quantity, place, f"{argument:g}" if argument else "") if part)


def _targets(model: WeatherModel, sample: Sample, seed: int) -> list[tuple[str, float, float, float, bool]]:
    table = model.system.weather_targets
    result = []
    for k in range(len(table)):
        quantity, place, argument = str(table.quantity[k]), str(table.place[k]), float(table.argument[k])
        if quantity == "five_day_minimum_c" and argument > len(sample.day_c):
            continue  # so few years cannot tell it
        value = statistic(model, sample, quantity, place, argument, seed)
        result.append(
            (
                _label(quantity, place, argument),
                value,
                float(table.value[k]),
                float(table.tolerance[k]),
                bool(table.sampled[k]),
            )
        )
    return result


def statistic(model: WeatherModel, sample: Sample, quantity: str, place: str, argument: float, seed: int) -> float:
    """One statistic of ``weather_targets.csv``."""
    winter = np.isin(model.month, (11, 0, 1))
    if quantity in ("daily_lag_correlation", "winter_skew", "winter_mean_sd_k", "five_day_minimum_c"):
        site = model.system.weather_sites.position(place)
        daily = sample.day_c[:, site]
        if quantity == "five_day_minimum_c":
            return at_return_period(np.array([moving_mean(year, 5).min() for year in daily]), argument)
        anomaly = daily - model.normal_c[site].reshape(DAYS, 24).mean(axis=1)
        if quantity == "winter_mean_sd_k":
            return float(daily[:, winter].mean(axis=1).std(ddof=1))
        if quantity == "winter_skew":
            values = anomaly[:, winter]
            return float(((values - values.mean()) ** 3).mean() / values.std() ** 3)
        half = np.isin(model.month, (10, 11, 0, 1, 2, 3))
        values = anomaly[:, half] / anomaly[:, half].std(axis=0)
        lag = int(argument)
        return float((values[:, lag:] * values[:, :-lag]).mean())
    if quantity == "wind_annual_cv":
        annual = sample.wind_national.mean(axis=1)
        return float(annual.std(ddof=1) / annual.mean())
    if quantity == "wind_hourly_lag_correlation":
        return float(sample.wind_lags.mean(axis=0)[(1.0, 24.0, 72.0).index(argument)])
    if quantity == "wind_ramp_sd":
        return float(np.sqrt((sample.ramp_sd**2).mean()))
    if quantity == "wind_distance_correlation":
        sites = model.system.renewable_sites
        distance = chord_km(sites.lat[model.wind_sites], sites.lon[model.wind_sites])
        low = DISTANCE_EDGES_KM[DISTANCE_EDGES_KM.index(int(argument)) - 1]
        pairs = np.triu((distance >= low) & (distance < argument), 1)
        return float(sample.wind_cross.mean(axis=0)[pairs].mean()) if pairs.any() else float("nan")
    if quantity == "winter_t_wind_correlation":
        t = sample.day_c[:, model.wind_map.t_site][:, :, winter]
        wind = sample.wind_day[:, :, winter]
        return float(np.mean([np.corrcoef(t[:, k].ravel(), wind[:, k].ravel())[0, 1] for k in range(wind.shape[1])]))
    if quantity == "cold_hours_wind_ratio":
        return float(sample.cold_ratio.mean())
    if quantity == "river_low_year_km3":
        row = model.system.rivers.position(place)
        return at_return_period(river_volumes(model, row, RIVER_YEARS_FACTOR * len(sample.day_c), seed), argument)
    if quantity in ("load_factor", "load_peak_over_mean"):
        mean, greatest = sample.load_pu.mean(axis=1), sample.load_pu.max(axis=1)
        return float((mean / greatest if quantity == "load_factor" else greatest / mean).mean())
    if quantity == "load_january_over_july":
        hours = np.repeat(model.month, 24)
        return float(sample.load_pu[:, hours == 0].mean() / sample.load_pu[:, hours == 6].mean())
    raise AssertionError(quantity)
