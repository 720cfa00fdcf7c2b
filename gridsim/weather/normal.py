"""Hourly inputs from the climate's normal course and stated departures from it.

Temperature is the monthly normal, linear between mid-months, plus a daily cosine (coldest at 06:00, warmest at 15:00 to
18:00) plus the anomaly. Wind, sun and hydro follow their profiles times a factor. Load follows its profile and departs
from it by ``heating_share_per_k`` for every kelvin of heating demand (below 15 C) more than normal; the profile already
holds the seasonal mean, so only departures act.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridsim.model.duty import duty_of
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.weather.water import day_of_year, net_load_mw, normal_water, water_plan, zone_load_mw

if TYPE_CHECKING:
    import pandas as pd

HEATING_BALANCE_C = 15.0
COLDEST_HOUR = 6.0
GAS_COLD_DAY_BELOW_NORMAL_K = 15.0
_SATURDAY, _SUNDAY = 5, 6


class HourInputs(NamedTuple):
    """One step. temperature_c (n_sites,); gen_share (n_gens,) available share of p_max; heat_min_share (n_gens,) forced
    share, of heat, water and duty; load_mw (n_loads,) at the bus; gas_demand_mcm_per_d (n_gas_demands,); rating_factor
    (n_branches,) on thermal ratings; winter: October to March."""

    temperature_c: F8
    gen_share: F8
    heat_min_share: F8
    load_mw: F8
    gas_demand_mcm_per_d: F8
    rating_factor: F8
    winter: bool


class NormalWeather:
    """The climate of one system as a function of local time and departures."""

    def __init__(self, system: GridSystem, *, repairs: bool = False):
        """``repairs``: machines are repaired and fail, so that others take their water."""
        self.system = system
        self._repairs = repairs
        site = system.buses.weather_site
        self._load_site = site[system.loads.bus]
        self._gas_site = _nearest_site(system)
        self._heat_led = HeatLed(system)
        self._is_wind = system.generators.driven_by("wind")
        self._is_solar = system.generators.driven_by("solar")
        self._water = water_plan(system)
        self._duty = duty_of(system)
        self._planned: dict[tuple[int, int, int], F8] = {}

    def at(
        self,
        time: dt.datetime,
        *,
        temperature_anomaly_k: float = 0.0,
        wind_factor: float = 1.0,
        solar_factor: float = 1.0,
        load_factor: F8 | float = 1.0,
    ) -> HourInputs:
        """Inputs of the step that starts at local ``time``; ``load_factor`` (n_loads,) multiplies demand."""
        system = self.system
        day_c = self.normal_day_c(time) + temperature_anomaly_k
        temperature_c = day_c + self.daily_swing_k(time)
        generators = system.generators
        gen_share = self.profile_values(generators.profile, time)
        gen_share = np.where(self._is_wind, np.minimum(gen_share * wind_factor, 1.0), gen_share)
        gen_share = np.where(self._is_solar, np.minimum(gen_share * solar_factor, 1.0), gen_share)
        heat_min = np.zeros(len(generators))
        if len(self._water):
            gens = self._water.gens
            heat_min[gens] = gen_share[gens] = self.planned_water(time)[self._water.row[gens], time.hour]
        self._heat_led.follow(day_c, gen_share, heat_min)
        load_mw = self.load_mw(time, temperature_anomaly_k, load_factor)
        gen_share, heat_min = self._duty.fulfilled(time.month, day_c, load_mw, gen_share, heat_min)
        return HourInputs(
            temperature_c=temperature_c,
            gen_share=gen_share,
            heat_min_share=heat_min,
            load_mw=load_mw,
            gas_demand_mcm_per_d=self.gas_demand(day_c),
            rating_factor=system.branch_rating_factor(temperature_c),
            winter=time.month in (10, 11, 12, 1, 2, 3),
        )

    def load_mw(self, time: dt.datetime, temperature_anomaly_k: float = 0.0, load_factor: F8 | float = 1.0) -> F8:
        """(n_loads,) load of the step that starts at local ``time``, MW at the bus."""
        loads, normal_day_c = self.system.loads, self.normal_day_c(time)
        day_c = normal_day_c + temperature_anomaly_k
        heating_k = _at_site(np.maximum(HEATING_BALANCE_C - day_c, 0.0), self._load_site)
        normal_k = _at_site(np.maximum(HEATING_BALANCE_C - normal_day_c, 0.0), self._load_site)
        departure = 1.0 + loads.heating_share_per_k * (heating_k - normal_k)
        load_mw = np.where(loads.in_service, loads.p_mw, 0.0) * self.profile_values(loads.profile, time)
        return np.asarray(load_mw * np.maximum(departure, 0.0) * load_factor, dtype=np.float64)

    def planned_water(self, date: dt.date) -> F8:
        """(n, 24) share of p_max that the water plan of a normal day gives its plants (``WaterPlan.reservoir``)."""
        key = day_of_year(date.month, date.day), date.month - 1, _day_type(date)
        if key not in self._planned:
            course = normal_water(self.system)
            days = np.array(key[:1])
            able = self._water.able(days) if self._repairs else None
            self._planned[key] = self._water.share(course, self.net_load_mw(date), days, able)
        return self._planned[key]

    def net_load_mw(self, date: dt.date) -> F8:
        """(n_zones + 1, 24) load less wind and sun of a normal day; the last zone is abroad."""
        system = self.system
        value = system.profiles.value[:, date.month - 1, _day_type(date)]
        value = np.concatenate([value, np.ones((1, value.shape[1]))])
        return net_load_mw(system, value, system.loads.profile, value, system.generators.profile)

    def profile_values(self, profile: I4, time: dt.datetime) -> F8:
        """Value of each element's profile at ``time``; 1 for elements without one."""
        values = np.append(self.system.profiles.value[:, time.month - 1, _day_type(time), time.hour], 1.0)
        hourly = self.system.hourly_profiles
        hour = int((time.replace(tzinfo=None) - dt.datetime(time.year, 1, 1)).total_seconds() // 3600)
        if time.year == self.system.hourly_year and hour < hourly.value.shape[1]:
            values[hourly.profile] = hourly.value[:, hour]
        return values[profile].copy()

    def normal_day_c(self, time: dt.datetime) -> F8:
        """(n_sites,) normal daily mean, linear between the middles of months."""
        mean = self.system.climate.t_mean_c
        if mean.shape[0] == 0:
            return np.zeros(0)
        days_in_month = 30.4
        position = (time.month - 1) + (time.day - 0.5 - days_in_month / 2) / days_in_month
        lower = int(np.floor(position))
        share = position - lower
        return mean[:, lower % 12] * (1.0 - share) + mean[:, (lower + 1) % 12] * share

    def day_temperature_c(self, day: dt.datetime) -> F8:
        """(n_sites, 24) air temperature of a normal day."""
        hours = [day + dt.timedelta(hours=hour) for hour in range(24)]
        return self.normal_day_c(day)[:, None] + np.stack([self.daily_swing_k(time) for time in hours], axis=1)

    def daily_swing_k(self, time: dt.datetime) -> F8:
        """(n_sites,) departure from the daily mean at ``time`` by the normal daily cycle."""
        climate = self.system.climate
        swing = (climate.t_max_c[:, time.month - 1] - climate.t_min_c[:, time.month - 1]) / 2.0
        hour = time.hour + time.minute / 60.0
        return -np.where(np.isnan(swing), 0.0, swing) * np.cos(2.0 * np.pi * (hour - COLDEST_HOUR) / 24.0)

    def gas_demand(self, day_c: F8) -> F8:
        """Gas demand by heating degrees: summer at 15 C, winter at the January normal, the cold day 15 K below that.

        day_c : (n_sites,) or (n_sites, n_days) C -> (n_gas_demands,) or (n_gas_demands, n_days) million m3 a day
        """
        demand = self.system.gas_demand
        january_c = _at_site(self.system.climate.t_mean_c[:, 0], self._gas_site)
        now_c = _at_site(day_c, self._gas_site)
        across = (slice(None),) + (None,) * (now_c.ndim - 1)
        summer, winter = demand.summer_mcm_per_d[across], demand.winter_mcm_per_d[across]
        span_k = np.maximum(HEATING_BALANCE_C - january_c, 1.0)[across]
        warm = np.clip((HEATING_BALANCE_C - now_c) / span_k, 0.0, 1.0)
        cold = np.maximum(january_c[across] - now_c, 0.0) / GAS_COLD_DAY_BELOW_NORMAL_K
        mcm_per_d = summer + warm * (winter - summer) + cold * (demand.cold_day_mcm_per_d[across] - winter)
        return np.where(demand.in_service[across], np.maximum(mcm_per_d, 0.0), 0.0)


class HeatLed:
    """Machines that follow a heat curve by the mean temperature of the day; the last day is kept."""

    def __init__(self, system: GridSystem):
        curves = np.where(system.generators.heat_led, system.generators.heat_curve, -1)
        site = system.buses.weather_site[system.generators.bus]
        self._curves = system.heat_curves
        self._led = [
            (curve, site[np.flatnonzero(curves == curve)]) for curve in np.unique(curves[curves >= 0]).tolist()
        ]
        self._gens = np.concatenate([np.flatnonzero(curves == curve) for curve, _ in self._led] or [np.zeros(0, int)])
        self._day: tuple[bytes, F8, F8] | None = None

    def follow(self, day_c: F8, share: F8, forced: F8) -> None:
        """Take from ``share`` what heat leaves no room for, and write what it forces; both (n_gens,).

        day_c : (n_sites,) C; a machine without a site stands where no heating is wanted
        """
        key = day_c.tobytes()
        if self._day is None or self._day[0] != key:
            padded_c = np.append(day_c, HEATING_BALANCE_C)
            found = [self._curves.shares(curve, padded_c[site]) for curve, site in self._led]
            low, high = (np.concatenate([pair[side] for pair in found] or [np.zeros(0)]) for side in (0, 1))
            self._day = key, low, high
        _, low, high = self._day
        share[self._gens] *= high
        forced[self._gens] = np.minimum(low, share[self._gens])


def with_water_and_duty(system: GridSystem, times: pd.DatetimeIndex, shape: F8, share: F8, row: I4) -> tuple[F8, I4]:
    """Rows of shares (n_rows, n_hours) that machines share (``row``) in normal weather, with plan and duty.

    ``times`` begin at midnight; ``shape`` (n_profiles + 1, n_hours): profiles of the loads, the last 1. Machines are
    taken to be repaired and to fail.
    """
    plan, duty = water_plan(system), duty_of(system)
    days = times[::24]
    if len(plan):
        net_mw = net_load_mw(system, shape, system.loads.profile, share, row)
        whole = np.pad(net_mw, ((0, 0), (0, 24 * len(days) - len(times))), mode="edge")
        of_year = np.array([day_of_year(day.month, day.day) for day in days])
        planned = plan.share(normal_water(system), whole, of_year, plan.able(of_year))[:, : len(times)]
        share, row = plan.rows_with_plan(share, row, planned)
    if duty.limits:
        weather = NormalWeather(system)
        day_c = np.array([weather.normal_day_c(day.to_pydatetime()) for day in days]).T
        zone_mw = zone_load_mw(system, shape, system.loads.profile)
        month = np.asarray(times.month, dtype=np.int32)
        day_c = np.repeat(day_c, 24, axis=1)[:, : len(times)]
        share, row = duty.rows_within_limits(month, day_c, zone_mw, share, row)
    return share, row


def _day_type(date: dt.date) -> int:
    return {_SATURDAY: 1, _SUNDAY: 2}.get(date.weekday(), 0)


def _at_site(values: F8, site: I4) -> F8:
    """Values at each element's site; the balance temperature's 0 heating degrees where there is none."""
    padded = np.concatenate([values, np.zeros((1, *values.shape[1:]))])
    found = padded[site]
    return np.where(np.isnan(found), 0.0, found)


def _nearest_site(system: GridSystem) -> I4:
    """Site nearest to each gas demand's node, -1 without coordinates (equirectangular distance)."""
    sites, nodes = system.weather_sites, system.gas_nodes
    if len(sites) == 0 or len(system.gas_demand) == 0:
        return np.full(len(system.gas_demand), -1, dtype=np.int32)
    lat, lon = nodes.lat[system.gas_demand.node], nodes.lon[system.gas_demand.node]
    east = (lon[:, None] - sites.lon[None, :]) * np.cos(np.radians(sites.lat[None, :]))
    distance = np.hypot(lat[:, None] - sites.lat[None, :], east)
    known = ~np.isnan(distance).any(axis=1)
    return np.where(known, np.argmin(np.nan_to_num(distance, nan=np.inf), axis=1), -1).astype(np.int32)
