"""Tables and coefficients of the maps from the latent field to weather, calibrated to the system's climate."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.latent_field import SYNOPTIC_STEP_H
from gridsim.kernels.weather_maps import Z_SPAN, SolarMap, TemperatureMap, WindMap, solar_cf, wind_cf
from gridsim.model.roots import root
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.weather.field import (
    CLEARNESS,
    DAYS,
    HOURS,
    MONTH_DAYS,
    TEMPERATURE,
    WIND,
    LatentField,
    day_of_year_month,
    winter_share,
)

N_Z = 512
Z = np.linspace(-Z_SPAN, Z_SPAN, N_Z)
K_MAX = 1.05
FARM_LOSS_FACTOR = 0.88
CUT_IN_MS, RATED_MS = 3.0, 11.0
CLOUDY_QUANTILE = 0.4
SNOW_KEPT = np.array([0.92, 0.94, 0.97, 1, 1, 1, 1, 1, 1, 1, 0.97, 0.94])
SNOW_NORTH_OF_DEGREE = 45.0
# Share of (t_max - t_min) that is the mean daily cycle: the rest is weather passing through. From hourly means of
# Almaty and Aktobe, January 0.73 and July 0.91.
CYCLE_SHARE_WINTER, CYCLE_SHARE_SUMMER = 0.73, 0.91
WARMEST_SOLAR_HOUR = 15.0


def nearest_site(lat: F8, lon: F8, site_lat: F8, site_lon: F8) -> I4:
    """Position of the nearest site by equirectangular distance, -1 without sites or coordinates."""
    if len(site_lat) == 0:
        return np.full(len(lat), -1, dtype=np.int32)
    east = (lon[:, None] - site_lon[None, :]) * np.cos(np.radians(site_lat[None, :]))
    distance = np.hypot(lat[:, None] - site_lat[None, :], east)
    unknown = np.isnan(distance).any(axis=1)
    return np.where(unknown, -1, np.argmin(np.nan_to_num(distance, nan=np.inf), axis=1)).astype(np.int32)


def resource_sites(system: GridSystem) -> I4:
    """(n_gens,) renewable site of each machine: the nearest of its technology, -1 for machines without one."""
    generators, sites = system.generators, system.renewable_sites
    bus = generators.bus
    found = np.full(len(generators), -1, dtype=np.int32)
    for technology in ("wind", "solar"):
        chosen = np.flatnonzero(sites.technology == technology)
        machines = generators.driven_by(technology)
        at = nearest_site(system.buses.lat[bus], system.buses.lon[bus], sites.lat[chosen], sites.lon[chosen])
        if len(chosen):
            found[machines] = np.where(at >= 0, chosen[at], -1)[machines]
    return found


def daily_from_monthly(monthly: F8, first_month: int) -> F8:
    """(n, 365) smooth daily course with monthly means ``monthly`` (n, 12).

    Periodic monotone cubic through mid-months; the nodes are corrected until every month's mean is met to 1e-9.
    """
    from scipy.interpolate import PchipInterpolator

    edges = np.concatenate([[0], np.cumsum(MONTH_DAYS)])
    middle = (edges[:-1] + edges[1:]) / 2.0
    x = np.concatenate([middle[-3:] - DAYS, middle, middle[:3] + DAYS])
    day = np.arange(DAYS) + 0.5
    month = np.repeat(np.arange(12), MONTH_DAYS)
    nodes = np.array(monthly, dtype=np.float64)
    for _ in range(200):
        values = PchipInterpolator(x, np.concatenate([nodes[:, -3:], nodes, nodes[:, :3]], axis=1), axis=1)(day)
        means = np.stack([values[:, month == m].mean(axis=1) for m in range(12)], axis=1)
        gap = monthly - means
        if np.abs(gap).max() < 1e-9:
            break
        nodes = nodes + 0.8 * gap
    offset = edges[first_month - 1]
    return np.roll(values, -offset, axis=1)


def hourly_from_daily(daily: F8) -> F8:
    """(n, 8760): joined linearly through the middle of each day, the year closed to a circle."""
    hours = (np.arange(HOURS) + 0.5) / 24.0
    x = np.arange(-1, DAYS + 1) + 0.5
    return np.stack([np.interp(hours, x, np.concatenate([row[-1:], row, row[:1]])) for row in daily])


def day_correlation(field: LatentField) -> F8:
    """(24, 24) correlation of temperature's z between the hours of a day within a month, closed form."""
    case = field.case
    row = int(field.rows(TEMPERATURE)[0])
    month = int(case.slow.step_class[40])
    share = case.share[TEMPERATURE]
    total = np.full((24, 24), share[0])
    for scale, n_steps, column in ((case.slow, 1, 1), (case.synoptic, 24 // SYNOPTIC_STEP_H, 2)):
        step = 24 // n_steps
        onto = np.zeros((24, n_steps + 1))
        for k in range(n_steps):
            onto[step * k : step * (k + 1), k] = scale.left[month, row]
            onto[step * k : step * (k + 1), k + 1] = scale.right[month, row]
        lag = np.abs(np.subtract.outer(np.arange(n_steps + 1), np.arange(n_steps + 1)))
        total += share[column] * onto @ (scale.phi[TEMPERATURE] ** lag) @ onto.T
    return np.asarray(total)


def _swing(lat: F8, lon: F8, utc_offset_h: float, month: int) -> F8:
    """(n_sites, 24) shape of the daily cycle in local clock hours, range 1, mean 0."""
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (30.4 * (month + 0.5) - 81.0) / 365.0)
    half_day = np.arccos(np.clip(-np.tan(np.radians(lat)) * np.tan(declination), -1.0, 1.0))
    sunrise = (12.0 - np.degrees(half_day) / 15.0)[:, None]
    solar = (np.arange(24) + 0.5)[None, :] - utc_offset_h + (lon / 15.0)[:, None]
    since = (solar - sunrise) % 24.0
    rise = WARMEST_SOLAR_HOUR - sunrise
    phase = np.where(since < rise, since / rise, 1.0 + (since - rise) / (24.0 - rise))
    shape = -0.5 * np.cos(np.pi * phase)
    return np.asarray(shape - shape.mean(axis=1, keepdims=True))


def temperature_map(system: GridSystem, field: LatentField, utc_offset_h: float) -> TemperatureMap:
    """Means from the climate, deviations from weather_variability; sites without it stay at their normal."""
    sites, climate, table = system.weather_sites, system.climate, system.weather_variability
    n, first = len(sites), field.first_month
    known = np.logical_not(np.isnan(climate.t_mean_c).any(axis=1))
    mean_c = np.where(known[:, None], climate.t_mean_c, 10.0)
    sd, skew = np.zeros((n, 12)), np.zeros((n, 12))
    low, high = np.full((n, 12), -np.inf), np.full((n, 12), np.inf)
    at = table.site, table.month - 1
    sd[at], skew[at] = table.t_sd_c, table.cold_skew
    low[at] = np.where(np.isnan(table.record_min_c), -np.inf, table.record_min_c - 3.0)
    high[at] = np.where(np.isnan(table.record_max_c), np.inf, table.record_max_c + 2.0)
    within = day_correlation(field)
    spread = np.sqrt((within.mean() + 2.0 * skew**2 * (within**2).mean()) / (1.0 + 2.0 * skew**2))
    month, _ = day_of_year_month(first)
    mean_day = daily_from_monthly(mean_c, first)
    span = np.nan_to_num(climate.t_max_c - climate.t_min_c)
    swing = np.empty((n, HOURS))
    shapes = np.stack([_swing(sites.lat, sites.lon, utc_offset_h, m) for m in range(12)], axis=1)
    cycle = np.array(
        [CYCLE_SHARE_SUMMER + winter_share(m) * (CYCLE_SHARE_WINTER - CYCLE_SHARE_SUMMER) for m in range(12)]
    )
    for day in range(DAYS):
        m = month[day]
        swing[:, 24 * day : 24 * day + 24] = shapes[:, m] * (cycle[m] * span[:, m])[:, None]
    return TemperatureMap(
        mean_c=hourly_from_daily(mean_day),
        swing_k=swing,
        sd_c=np.ascontiguousarray((sd / spread)[:, month]),
        skew=np.ascontiguousarray(skew[:, month]),
        low_c=np.ascontiguousarray(low[:, month]),
        high_c=np.ascontiguousarray(high[:, month]),
    )


def farm_curve() -> F8:
    """(401,) share of rated power of a farm at 0, 0.1 .. 40 m/s.

    A generic turbine (cubic from 3 to 11 m/s) smoothed by a Gaussian of 0.10 v + 0.6 m/s, times losses. A mean of
    7.6 m/s with shape 2.1 gives 0.35. Cut-out by storm is in ``kernels.weather_maps.wind_cf``.
    """
    speed = np.arange(401) / 10.0
    fine = np.arange(0.0, 60.0, 0.02)
    power = np.clip((fine**3 - CUT_IN_MS**3) / (RATED_MS**3 - CUT_IN_MS**3), 0.0, 1.0)
    weight = np.exp(-0.5 * ((fine[None, :] - speed[:, None]) / (0.10 * speed[:, None] + 0.6)) ** 2)
    return np.asarray(FARM_LOSS_FACTOR * (weight * power).sum(axis=1) / weight.sum(axis=1))


def wind_map(
    system: GridSystem, field: LatentField, utc_offset_h: float, temperature_years: list[tuple[F8, F8]]
) -> WindMap:
    """Wind tables; ``temperature_years``: pilot years (z, temperature) that weigh the losses by cold and ice.

    The scale of each month is solved so that the month's mean capacity factor, losses included, is the site's annual
    one times its profile's month over the profile's year. The share lost is measured on the pilot years with and
    without losses on the same draws, twice, since it depends a little on the scale.
    """
    from scipy import special

    sites = system.renewable_sites
    wind = np.flatnonzero(sites.technology == "wind")
    solar = np.flatnonzero(sites.technology == "solar")
    n = len(wind)
    shape = np.nan_to_num(sites.weibull_shape[wind], nan=2.0)
    # -log(1 - Phi(z)) by the log of the survival function, exact in both tails
    speed = (-special.log_ndtr(-Z)[None, :]) ** (1.0 / shape[:, None]) / special.gamma(1.0 + 1.0 / shape)[:, None]
    clock = np.arange(24) + 0.5 - utc_offset_h
    diurnal = np.empty((n, 12, 24))
    for m in range(12):
        w = winter_share(m)
        amplitude = w * sites.diurnal_winter[wind] + (1.0 - w) * sites.diurnal_summer[wind]
        solar_hour = clock[None, :] + sites.lon[wind][:, None] / 15.0
        diurnal[:, m] = 1.0 + amplitude[:, None] * np.cos(2.0 * np.pi * (solar_hour - 2.0) / 24.0)
    target = np.repeat(sites.annual_cf[wind][:, None], 12, axis=1)
    for row, site in enumerate(wind):
        profile = sites.profile[site]
        if profile >= 0:
            course = system.profiles.value[profile].mean(axis=(1, 2))
            target[row] *= course / np.average(course, weights=MONTH_DAYS)
    curve = farm_curve()
    case = WindMap(
        speed=np.ascontiguousarray(speed),
        scale_ms=np.ones((n, 12)),
        diurnal=diurnal,
        curve=curve,
        t_site=nearest_site(sites.lat[wind], sites.lon[wind], system.weather_sites.lat, system.weather_sites.lon),
        k_row=nearest_site(sites.lat[wind], sites.lon[wind], sites.lat[solar], sites.lon[solar]),
        cloudy_z=float(special.ndtri(CLOUDY_QUANTILE)),
    )
    if n == 0:
        return case
    month, _ = day_of_year_month(field.first_month)
    kept = np.full((n, 12), 0.97)
    for _ in range(2):
        case = case._replace(scale_ms=_solve_scale(case, target / kept))
        kept = _kept_share(case, field, month, temperature_years)
    return case._replace(scale_ms=_solve_scale(case, target / kept))


def expected_wind_cf(case: WindMap, site: int, month: int, scale_ms: float) -> float:
    """Mean capacity factor without cold, ice and hysteresis: an integral over z and the hours of the day."""
    z, weight = _NODES
    speed = np.interp(z, Z, case.speed[site]) * scale_ms
    v = speed[:, None] * case.diurnal[site, month][None, :]
    return float(weight @ np.interp(v * 10.0, np.arange(len(case.curve)), case.curve).mean(axis=1))


def _nodes(n: int = 400) -> tuple[F8, F8]:
    z = (np.arange(n) + 0.5) / n * 12.0 - 6.0
    weight = np.exp(-0.5 * z * z)
    return z, weight / weight.sum()


_NODES = _nodes()


def _solve_scale(case: WindMap, target: F8) -> F8:
    scale = np.empty_like(target)
    for site in range(target.shape[0]):
        for month in range(12):

            def missing(s: float, site: int = site, month: int = month) -> float:
                return expected_wind_cf(case, site, month, s) - float(target[site, month])

            scale[site, month] = root(missing, 1.0, 25.0, within=1e-6)
    return scale


def _kept_share(case: WindMap, field: LatentField, month: I4, years: list[tuple[F8, F8]]) -> F8:
    rows_w, rows_k = field.rows(WIND), field.rows(CLEARNESS)
    kept, bare = np.zeros((len(rows_w), 12)), np.zeros((len(rows_w), 12))
    hours_month = np.repeat(month, 24)
    for z, t in years:
        for losses, total in ((True, kept), (False, bare)):
            cf = np.empty((len(rows_w), HOURS))
            wind_cf(case, z[rows_w], t, z[rows_k], month, losses, cf)
            for m in range(12):
                total[:, m] += cf[:, hours_month == m].sum(axis=1)
    return np.asarray(kept / bare)


def solar_map(system: GridSystem, field: LatentField, mean_c: F8, pilot: list[tuple[F8, F8]]) -> SolarMap:
    """Solar tables; ``mean_c`` (n_weather_sites, 8760) normal temperature of every hour.

    The gain is solved for the annual capacity factor at normal temperatures by quantiles of the clear-sky index, then
    corrected for clear hours being colder or warmer than others, on the pilot years (z, temperature).
    """
    from scipy import special

    sites = system.renewable_sites
    solar = np.flatnonzero(sites.technology == "solar")
    n, first = len(solar), field.first_month
    order = {int(site): row for row, site in enumerate(solar)}
    mean, sd = np.full((n, 12), 0.7), np.full((n, 12), 0.25)
    for site, m, value, spread in zip(
        system.clearness.site, system.clearness.month, system.clearness.mean, system.clearness.sd, strict=True
    ):
        if int(site) in order:
            mean[order[int(site)], m - 1], sd[order[int(site)], m - 1] = value, spread
    share = mean / K_MAX
    total = share * (1.0 - share) / (sd / K_MAX) ** 2 - 1.0
    quantile = np.clip(special.ndtr(Z), 1e-12, 1.0 - 1e-12)
    clearness = K_MAX * special.betaincinv(
        (share * total)[:, :, None], ((1.0 - share) * total)[:, :, None], quantile[None, None, :]
    )
    table = system.clear_sky
    monthly = np.zeros((3, n, 24, 12))
    for k in range(len(table)):
        if int(table.site[k]) in order:
            monthly[:, order[int(table.site[k])], table.hour[k], table.month[k] - 1] = (
                table.ghi_w_per_m2[k],
                table.extraterrestrial_w_per_m2[k],
                table.beam_ratio[k],
            )
    day_ghi, day_extra, day_ratio = (_between_months(values, first) for values in monthly)
    lit = (day_ghi > 0.5) & (day_extra > 0.5)
    snow = np.where(sites.lat[solar][:, None] > SNOW_NORTH_OF_DEGREE, SNOW_KEPT[None, :], 1.0)
    case = SolarMap(
        clearness=np.ascontiguousarray(clearness),
        ghi=np.where(lit, day_ghi, 0.0),
        extra=np.where(lit, day_extra, 1.0),
        beam_ratio=np.ascontiguousarray(day_ratio),
        gain=np.ones(n),
        snow=snow,
        t_site=np.maximum(
            nearest_site(sites.lat[solar], sites.lon[solar], system.weather_sites.lat, system.weather_sites.lon), 0
        ),
    )
    if n == 0:
        return case
    month, _ = day_of_year_month(first)
    gain = np.full(n, 0.85)
    levels = special.ndtri((np.arange(40) + 0.5) / 40.0)
    for _ in range(12):
        found = np.zeros(n)
        for level in levels:
            cf = np.empty((n, HOURS))
            solar_cf(case._replace(gain=gain), np.full((n, HOURS), level), mean_c, month, cf)
            found += cf.mean(axis=1) / len(levels)
        gain = gain * sites.annual_cf[solar] / found
        if np.abs(found / sites.annual_cf[solar] - 1.0).max() < 1e-6:
            break
    case = case._replace(gain=gain)
    own, normal = np.zeros(n), np.zeros(n)
    cf = np.empty((n, HOURS))
    rows = field.rows(CLEARNESS)
    for z, temperature_c in pilot:
        for t, total in ((temperature_c, own), (mean_c, normal)):
            solar_cf(case, z[rows], t, month, cf)
            total += cf.mean(axis=1)
    return case._replace(gain=gain * normal / own)


def _between_months(monthly: F8, first_month: int) -> F8:
    """(n, 8760) from (n, 24, 12): each clock hour joined linearly through mid-months."""
    edges = np.concatenate([[0], np.cumsum(MONTH_DAYS)])
    middle = (edges[:-1] + edges[1:]) / 2.0
    x = np.concatenate([middle[-1:] - DAYS, middle, middle[:1] + DAYS])
    day = np.arange(DAYS) + 0.5
    result = np.empty((monthly.shape[0], DAYS, 24))
    for s in range(monthly.shape[0]):
        for hour in range(24):
            values = monthly[s, hour]
            result[s, :, hour] = np.interp(day, x, np.concatenate([values[-1:], values, values[:1]]))
    return np.roll(result, -int(edges[first_month - 1]), axis=1).reshape(monthly.shape[0], HOURS)
