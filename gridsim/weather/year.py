"""The weather a simulation runs in: the climate's normal course, a generated year, or a user's own series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from gridsim.errors import StudyError
from gridsim.kernels.weather_maps import heating_k
from gridsim.model.duty import duty_of
from gridsim.model.scenario import PlanningDay, Weather, WeatherSeries, WeatherYearChoice
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.weather.design import CATALOGUE_YEARS, Catalogue, Imposed, catalogue, event_weights, impose, river_level
from gridsim.weather.field import DAYS
from gridsim.weather.generator import LOAD_TAU_H, WeatherModel, hour_of
from gridsim.weather.maps import resource_sites
from gridsim.weather.normal import HeatLed, HourInputs, NormalWeather
from gridsim.weather.planning import PlanningWeather
from gridsim.weather.water import WaterCourse, day_of_year, normal_water, water_plan

COOLING_BALANCE_C = 23.0
GAS_HEATING_CLASSES = ("households", "heating")
GAS_PEAK_OVER_LOW = 1.35
_AMPLITUDE = (GAS_PEAK_OVER_LOW - 1.0) / (GAS_PEAK_OVER_LOW + 1.0)


def gas_hour_factor(hour: int) -> float:
    """Course of heating gas over the day: peaks at 8 and 20 h, 1.35 times the lows at 2 and 14 h, mean 1."""
    return float(1.0 + _AMPLITUDE * np.cos(4.0 * np.pi * (hour - 8) / 24.0))


class Composer:
    """HourInputs from temperatures and shares of one hour: the common part of year and series."""

    def __init__(self, system: GridSystem, *, repairs: bool = False):
        self.system = system
        self.repairs = repairs
        self.normal = NormalWeather(system, repairs=repairs)
        generators, loads = system.generators, system.loads
        bus = generators.bus
        self.gen_site = system.buses.weather_site[bus]
        self.gen_resource = resource_sites(system)
        self._wind, self._solar = generators.driven_by("wind"), generators.driven_by("solar")
        self.load_site = system.buses.weather_site[loads.bus]
        self.load_zone = system.buses.zone[loads.bus]
        cooling = np.zeros(len(system.zones) + 1)
        cooling[system.load_response.zone] = system.load_response.cooling_share_per_k
        self._heating_share = np.nan_to_num(loads.heating_share_per_k)
        self.cooling_share = np.where(self._heating_share > 0, cooling[self.load_zone], 0.0)
        self._hourly_gas = np.isin(system.gas_demand.gas_class, GAS_HEATING_CLASSES)
        self.water = water_plan(system)
        self._heat_led = HeatLed(system)
        self._duty = duty_of(system)
        self._renewable_mw = np.where(generators.variable & generators.in_service, generators.p_max_mw, 0.0)

    def planned_water(self, date: dt.date, course: WaterCourse, at: Callable[[dt.datetime], HourInputs]) -> F8:
        """(n, 24) share of the water plan (``WaterPlan.reservoir``) on a day of ``course``, in the weather ``at``."""
        if len(self.water) == 0:
            return np.zeros((0, 24))
        midnight = dt.datetime(date.year, date.month, date.day)
        hours = [at(midnight + dt.timedelta(hours=hour)) for hour in range(24)]
        buses, n_zones = self.system.buses, len(self.system.zones)
        gen_zone = buses.zone[self.system.generators.bus]
        net_mw = [
            sum_at(self.load_zone + 1, hour.load_mw, n_zones + 1)
            - sum_at(gen_zone + 1, self._renewable_mw * hour.gen_share, n_zones + 1)
            for hour in hours
        ]
        abroad_last = np.roll(np.stack(net_mw, axis=1), -1, axis=0)
        days = np.array([day_of_year(date.month, date.day)])
        return self.water.share(course, abroad_last, days, self.water.able(days) if self.repairs else None)

    def inputs(
        self,
        time: dt.datetime,
        temperature_c: F8,
        day_c: F8,
        effective_c: F8,
        normal_c: F8,
        gas_c: F8,
        resource: F8,
        water: F8,
        zone_factor: F8,
        wind_factor: float,
        solar_factor: float,
        load_factor: F8 | float,
        planned: F8 | None = None,
    ) -> HourInputs:
        """resource (n_renewable_sites,) NaN: the profile's; water (n_gens,) factor; zone_factor (n_zones,).

        ``planned``: share of the water plan by plant (``WaterPlan.reservoir``); None: the hour serves to make the plan.
        """
        system = self.system
        generators = system.generators
        share = self.normal.profile_values(generators.profile, time)
        padded = np.append(resource, np.nan)[self.gen_resource]
        share = np.where(np.isnan(padded), share, padded)
        share = np.where(self._wind, np.minimum(share * wind_factor, 1.0), share)
        share = np.where(self._solar, np.minimum(share * solar_factor, 1.0), share)
        share = np.minimum(share * water, np.maximum(share, 1.0))
        heat_min = np.zeros(len(generators))
        if planned is not None:
            gens = self.water.gens
            heat_min[gens] = share[gens] = planned[self.water.row[gens]]
        self._heat_led.follow(day_c, share, heat_min)
        loads = system.loads
        heating = np.array([heating_k(t) - heating_k(n) for t, n in zip(effective_c, normal_c, strict=True)] + [0.0])
        cooling = np.maximum(effective_c - COOLING_BALANCE_C, 0.0) - np.maximum(normal_c - COOLING_BALANCE_C, 0.0)
        departure = (
            1.0
            + self._heating_share * np.nan_to_num(heating)[self.load_site]
            + self.cooling_share * np.append(np.nan_to_num(cooling), 0.0)[self.load_site]
        )
        load_mw = np.where(loads.in_service, loads.p_mw, 0.0) * self.normal.profile_values(loads.profile, time)
        load_mw = load_mw * np.maximum(departure, 0.0) * np.append(zone_factor, 1.0)[self.load_zone] * load_factor
        if planned is not None:
            share, heat_min = self._duty.fulfilled(time.month, day_c, load_mw, share, heat_min)
        gas = self.normal.gas_demand(gas_c)
        gas = np.where(self._hourly_gas, gas * gas_hour_factor(time.hour), gas)
        return HourInputs(
            temperature_c=temperature_c,
            gen_share=share,
            heat_min_share=heat_min,
            load_mw=load_mw,
            gas_demand_mcm_per_d=gas,
            rating_factor=system.branch_rating_factor(temperature_c),
            winter=time.month in (10, 11, 12, 1, 2, 3),
        )


class YearWeather:
    """A generated weather year with design events, seen by the simulator hour by hour.

    A horizon that crosses 1 July goes on in the next year of the same seed. Reservoir plants follow their river's
    volume of the year, other hydro the day's inflow, both as a factor on their profile; those with a release rule
    follow their water plan.
    """

    def __init__(self, system: GridSystem, choice: WeatherYearChoice, start: dt.datetime, *, repairs: bool = False):
        self.system = system
        self.choice = choice
        self._compose = Composer(system, repairs=repairs)
        self._model = weather_model(system)
        self._first_number, self._start_h = hour_of(start, self._model.first_month)
        self.imposed: list[Imposed] = []
        self._years: dict[int, YearArrays] = {}
        self._planned: dict[dt.date, F8] = {}
        self._arrays(0)

    def at(
        self,
        time: dt.datetime,
        *,
        temperature_anomaly_k: float = 0.0,
        wind_factor: float = 1.0,
        solar_factor: float = 1.0,
        load_factor: F8 | float = 1.0,
    ) -> HourInputs:
        """Inputs of the step that starts at local ``time``; departures come on top of the year's weather."""
        departures = temperature_anomaly_k, wind_factor, solar_factor, load_factor
        return self._inputs(time, departures, self.planned_water(time.date())[:, time.hour])

    def planned_water(self, date: dt.date) -> F8:
        """(n, 24) share of the water plan (``WaterPlan.reservoir``) on a day, of its weather without departures."""
        if date not in self._planned:
            number, _ = hour_of(dt.datetime(date.year, date.month, date.day), self._model.first_month)
            course = self._arrays(number - self._first_number).water
            as_generated = (0.0, 1.0, 1.0, 1.0)
            self._planned[date] = self._compose.planned_water(
                date, course, lambda time: self._inputs(time, as_generated, None)
            )
        return self._planned[date]

    def _inputs(
        self, time: dt.datetime, departures: tuple[float, float, float, F8 | float], planned: F8 | None
    ) -> HourInputs:
        temperature_anomaly_k, wind_factor, solar_factor, load_factor = departures
        number, hour = hour_of(time, self._model.first_month)
        year = self._arrays(number - self._first_number)
        day = hour // 24
        return self._compose.inputs(
            time=time,
            temperature_c=year.temperature_c[:, hour] + temperature_anomaly_k,
            day_c=year.day_c[:, day] + temperature_anomaly_k,
            effective_c=year.effective_c[:, hour] + temperature_anomaly_k,
            normal_c=self._model.normal_c[:, hour],
            gas_c=year.gas_c[:, day] + temperature_anomaly_k,
            resource=year.resource[:, hour],
            water=year.water_rows[year.water_row, day],
            zone_factor=1.0 + year.noise[:, hour],
            wind_factor=wind_factor,
            solar_factor=solar_factor,
            load_factor=load_factor,
            planned=planned,
        )

    def temperature_c(self, start: dt.datetime, n_hours: int) -> F8:
        """(n_sites, n_hours) air temperature from local time ``start``, without departures."""
        found = np.empty((len(self.system.weather_sites), n_hours))
        for h in range(n_hours):
            number, hour = hour_of(start + dt.timedelta(hours=h), self._model.first_month)
            found[:, h] = self._arrays(number - self._first_number).temperature_c[:, hour]
        return found

    def days_until(self, start: dt.datetime, n_days: int) -> tuple[int, F8]:
        """Number of the day of ``start`` in its weather year, and (n_sites, number + n_days) daily means until its end.

        Days before ``start`` are there because a cold has a history.
        """
        number, hour = hour_of(start, self._model.first_month)
        first, offset = hour // 24, number - self._first_number
        parts = [self._arrays(offset).day_c]
        while sum(part.shape[1] for part in parts) < first + n_days:
            parts.append(self._arrays(offset + len(parts)).day_c)
        return first, np.concatenate(parts, axis=1)[:, : first + n_days]

    def _arrays(self, offset: int) -> YearArrays:
        if offset not in self._years:
            self._years[offset] = self._make(offset)
        return self._years[offset]

    def _make(self, offset: int) -> YearArrays:
        model, seed, year = self._model, self.choice.seed, self.choice.year + offset
        z = model.field.year(seed, year)
        level = None
        if offset == 0:
            for event in self.choice.events:
                if event.kind == "dry_year":
                    level, imposed = river_level(model, event, seed, year, z)
                else:
                    first_h = self._start_h + int(round(event.at_h))
                    z, imposed = impose(model, event, first_h, z, climate_years(self.system, event.sites))
                    imposed = imposed._replace(start_h=int(round(event.at_h)))
                self.imposed.append(imposed)
        start_mcm = self._arrays(offset - 1).water.volume_mcm[:, -1].copy() if offset > 0 else None
        return YearArrays(self.system, model, seed, year, z, level, start_mcm)


class YearArrays:
    """Hourly and daily arrays of one year.

    temperature_c, effective_c (n_sites, 8760); day_c, gas_c (n_sites, 365); noise (n_zones, 8760); resource
    (n_renewable_sites, 8760); inflow_m3_s (n_rivers, 365); water_rows (2 n_rivers + 1, 365) factors on hydro: each
    river's day, each river's year, none; water_row (n_gens,) the one that holds for each machine; water: course of the
    reservoirs with a release rule, from ``start_mcm`` or from what the years before leave.
    """

    def __init__(
        self,
        system: GridSystem,
        model: WeatherModel,
        seed: int,
        year: int,
        z: F8,
        level: F8 | None,
        start_mcm: F8 | None = None,
    ):
        self.temperature_c = model.temperature(z)
        self.day_c = self.temperature_c.reshape(len(self.temperature_c), DAYS, 24).mean(axis=2)
        self.effective_c = model.effective_c(self.temperature_c)
        self.gas_c = model.gas_day_c(self.temperature_c)
        self.noise = model.load_noise(seed, year)
        self.resource = np.full((len(system.renewable_sites), self.temperature_c.shape[1]), np.nan)
        self.resource[model.wind_sites] = model.wind_cf(z, self.temperature_c)
        self.resource[model.solar_sites] = model.solar_cf(z, self.temperature_c)
        self.inflow_m3_s = model.inflow(seed, year, z, level)
        plan = water_plan(system)
        self.water = plan.year(model.rivers, seed, year, self.inflow_m3_s, start_mcm)
        normal = model.rivers.mean_m3_s[:, model.month]
        daily = self.inflow_m3_s / np.maximum(normal, 1e-9)
        annual = self.inflow_m3_s.mean(axis=1, keepdims=True) / np.maximum(normal.mean(axis=1, keepdims=True), 1e-9)
        self.water_rows = np.concatenate([daily, np.repeat(annual, DAYS, axis=1), np.ones((1, DAYS))])
        river = {int(profile): row for row, profile in enumerate(system.rivers.profile) if profile >= 0}
        reservoir_plants = set(system.reservoirs.plant.tolist())
        none, n_rivers = len(self.water_rows) - 1, len(system.rivers)
        self.water_row = np.array(
            [
                river[int(profile)] + (n_rivers if plant in reservoir_plants else 0) if int(profile) in river else none
                for plant, profile in zip(system.generators.plant.tolist(), system.generators.profile, strict=True)
            ],
            dtype=np.int32,
        )
        self.water_row[plan.gens] = none


class SeriesWeather:
    """A user's own hourly series; all else follows the climate's normal course."""

    def __init__(self, system: GridSystem, series: WeatherSeries, start: dt.datetime, *, repairs: bool = False):
        self.system = system
        self.series = series
        self._compose = Composer(system, repairs=repairs)
        self._normal = NormalWeather(system)
        keep = np.exp(-1.0 / LOAD_TAU_H)
        given = series.temperature_c
        self._effective = given.copy()
        for h in range(1, given.shape[1]):
            self._effective[:, h] = keep * self._effective[:, h - 1] + (1.0 - keep) * given[:, h]
        n_days = -(-given.shape[1] // 24)
        blocks = [given[:, 24 * day : 24 * day + 24].mean(axis=1) for day in range(n_days)]
        self._day = np.stack(blocks, axis=1) if blocks else given
        river = {int(profile): row for row, profile in enumerate(system.rivers.profile) if profile >= 0}
        self._gen_river = np.array([river.get(int(p), -1) for p in system.generators.profile], dtype=np.int32)
        self._gen_river[self._compose.water.gens] = -1
        shares = np.array([getattr(system.rivers, f"share_{m}") for m in range(1, 13)]).reshape(12, -1)
        days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        self._normal_inflow = shares.T * system.rivers.annual_km3[:, None] * 1e9 / (days * 86400.0)
        self._first_day = series.start.date()
        self._water = self._water_course(series)

    def _water_course(self, series: WeatherSeries) -> WaterCourse:
        """The course of the reservoirs from their normal filling on the day that the series begins."""
        water, normal = self._compose.water, normal_water(self.system)
        if len(water) == 0:
            return normal
        n_hours = series.temperature_c.shape[1]
        n_days = (series.start.hour + n_hours - 1) // 24 + 1
        day_of_hour = (series.start.hour + np.arange(n_hours)) // 24
        month = [(self._first_day + dt.timedelta(days=day)).month - 1 for day in range(n_days)]
        inflow = self._normal_inflow[:, month]
        for day in range(n_days):
            given = series.inflow_m3_s[:, day_of_hour == day]
            known = ~np.isnan(given)
            total = np.where(known, given, 0.0).sum(axis=1)
            inflow[:, day] = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), inflow[:, day])
        before = (day_of_year(self._first_day.month, self._first_day.day) - 1) % DAYS
        return water.course(inflow, np.array(month, dtype=np.int32), normal.volume_mcm[:, before].copy())

    def planned_water(self, date: dt.date) -> F8:
        """(n, 24) share of the water plan on a day: the energy of the given inflow in the peaks of a normal day."""
        water = self._compose.water
        if len(water) == 0:
            return np.zeros((0, 24))
        day = min(max((date - self._first_day).days, 0), self._water.energy_mwh.shape[1] - 1)
        of_year = np.array([day_of_year(date.month, date.day)])
        able = water.able(of_year) if self._compose.repairs else None
        return water.share(self._water, self._normal.net_load_mw(date), np.array([day]), able)

    def at(
        self,
        time: dt.datetime,
        *,
        temperature_anomaly_k: float = 0.0,
        wind_factor: float = 1.0,
        solar_factor: float = 1.0,
        load_factor: F8 | float = 1.0,
    ) -> HourInputs:
        """Inputs of the step that starts at local ``time``."""
        series = self.series
        hour = int((time - series.start).total_seconds() // 3600)
        n_hours = series.temperature_c.shape[1]
        if n_hours >= 24 and n_hours <= hour < n_hours + 24:
            hour -= 24  # who looks ahead past the end expects the day before
        if not 0 <= hour < n_hours:
            raise StudyError(f"{series.file} has no value at {time}; give every hour of the horizon")
        normal_day_c = self._normal.normal_day_c(time)
        normal_c = normal_day_c + self._normal.daily_swing_k(time)

        def given(values: F8, normal: F8) -> F8:
            return np.where(np.isnan(values), normal, values) + temperature_anomaly_k

        effective_c = given(self._effective[:, hour], normal_day_c)
        day_c = given(self._day[:, hour // 24], normal_day_c)
        ratio = np.ones(len(self.system.rivers) + 1)
        if len(ratio) > 1:
            inflow = series.inflow_m3_s[:, hour]
            normal = np.maximum(self._normal_inflow[:, time.month - 1], 1e-9)
            ratio[:-1] = np.where(np.isnan(inflow), 1.0, inflow / normal)
        arguments = (
            time,
            given(series.temperature_c[:, hour], normal_c),
            day_c,
            effective_c,
            normal_day_c,
            day_c,
            series.capacity_factor[:, hour],
            ratio[self._gen_river],
        )
        inputs = self._compose.inputs(
            *arguments, np.ones(len(self.system.zones)), wind_factor, solar_factor, 1.0,
            self.planned_water(time.date())[:, time.hour],
        )  # fmt: skip
        load_mw = series.load_mw[:, hour]
        if not np.isnan(load_mw).all():
            zone = self._compose.load_zone
            total = sum_at(zone + 1, inputs.load_mw, len(self.system.zones) + 1)[1:]
            factor = np.where(np.isnan(load_mw), 1.0, load_mw / np.maximum(total, 1e-9))
            inputs = inputs._replace(load_mw=inputs.load_mw * np.append(factor, 1.0)[zone])
        return inputs._replace(load_mw=inputs.load_mw * load_factor)


@lru_cache(maxsize=4)
def weather_model(system: GridSystem) -> WeatherModel:
    """The generator of a system with years from July to June, made once."""
    return WeatherModel(system)


@lru_cache(maxsize=4)
def climate_years(system: GridSystem, sites: tuple[str, ...], years: int = CATALOGUE_YEARS) -> Catalogue:
    """The years that return periods of events at these sites are read from, made once."""
    model = weather_model(system)
    return catalogue(model, event_weights(model, sites), years)


@lru_cache(maxsize=4)
def _year_weather(system: GridSystem, choice: WeatherYearChoice, start: dt.datetime, repairs: bool) -> YearWeather:
    return YearWeather(system, choice, start, repairs=repairs)


def make_weather(
    system: GridSystem, weather: Weather | None, start: dt.datetime, *, repairs: bool = False
) -> NormalWeather | YearWeather | SeriesWeather | PlanningWeather:
    """The weather that a scenario asks for, from local time ``start``; a file of departures uses the normal course.

    ``repairs``: machines are repaired and fail, so that others of a reservoir's plant take their water.
    """
    if isinstance(weather, WeatherYearChoice):
        return _year_weather(system, weather, start, repairs)
    if isinstance(weather, WeatherSeries):
        return SeriesWeather(system, weather, start, repairs=repairs)
    if isinstance(weather, PlanningDay):
        return PlanningWeather(system, weather, repairs=repairs)
    return NormalWeather(system, repairs=repairs)
