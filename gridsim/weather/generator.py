"""WeatherModel: coherent weather years of a system, each a function of (seed, year index)."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.latent_field import fill_normals
from gridsim.kernels.rng import stream_id
from gridsim.kernels.weather_maps import load_departures, smoothed, solar_cf, temperature, wind_cf, zone_loads
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.weather.field import CLEARNESS, DAYS, HOURS, TEMPERATURE, WIND, day_of_year_month, system_field
from gridsim.weather.maps import nearest_site, solar_map, temperature_map, wind_map
from gridsim.weather.normal import NormalWeather
from gridsim.weather.rivers import RiverModel

F4 = NDArray[np.float32]

LOAD_TAU_H = 36.0
NOISE_TAU_H = 30.0
NOISE_BETWEEN_ZONES = 0.5
GAS_DAY_WEIGHTS = (0.53, 0.27, 0.13, 0.07)
PILOT_SEED, PILOT_YEARS = 2**63 + 1, 12
FIRST_DAY_OF_JANUARY = 0  # a sample year's 1 January is a Monday


class WeatherYear(NamedTuple):
    """One year of weather. Sites, wind and solar sites, zones, rivers and gas demands in the system's order.

    temperature_c (n_sites, 8760), wind_cf (n_wind, 8760), solar_cf (n_solar, 8760), load_pu (n_zones, 8760) of the
    zone's mean in a normal year, inflow_m3_s (n_rivers, 365), gas_demand_mcm_d (n_gas_demands, 365): f4
    """

    temperature_c: F4
    wind_cf: F4
    solar_cf: F4
    load_pu: F4
    inflow_m3_s: F4
    gas_demand_mcm_d: F4


class WeatherModel:
    """The generator of one system. ``first_month`` 7: years from July to June; ``shift_k``: a warmer or colder climate.

    Public: ``field`` (latent field), ``month`` (365,) month 0..11 of each day, ``wind_sites`` and ``solar_sites``
    positions among renewable sites, ``normal_c`` (n_sites, 8760) normal daily course of the daily mean,
    ``temperature_map`` from the field to temperature.
    """

    def __init__(self, system: GridSystem, *, first_month: int = 7, shift_k: float = 0.0):
        self.system = system
        self.shift_k = shift_k
        self.field = system_field(system, first_month)
        self.first_month = first_month
        self.month, self.day_of_month = day_of_year_month(first_month)
        self.wind_sites = np.flatnonzero(system.renewable_sites.technology == "wind")
        self.solar_sites = np.flatnonzero(system.renewable_sites.technology == "solar")
        offset_h = utc_offset_h(system.timezone)
        self._rows = tuple(self.field.rows(v) for v in (TEMPERATURE, WIND, CLEARNESS))
        sites, renewable = system.weather_sites, system.renewable_sites
        self._t_solar = nearest_site(
            sites.lat, sites.lon, renewable.lat[self.solar_sites], renewable.lon[self.solar_sites]
        )
        self.temperature_map = temperature_map(system, self.field, offset_h)
        self.normal_c = self.temperature_map.mean_c + shift_k
        zs = [self.field.year(PILOT_SEED, year) for year in range(PILOT_YEARS)]
        pilot = [(z, self.temperature(z)) for z in zs]
        self.wind_map = wind_map(system, self.field, offset_h, pilot)
        self._solar = solar_map(system, self.field, self.temperature_map.mean_c + self.temperature_map.swing_k, pilot)
        self.rivers = RiverModel(system.rivers, self.month)
        self._river_site = nearest_site(system.rivers.lat, system.rivers.lon, sites.lat, sites.lon)
        self._month_sd = _month_sd(self.field.case.share[TEMPERATURE], system)
        self._normal = NormalWeather(system)
        self._load_tables()

    # Maps

    def temperature(self, z: F8) -> F8:
        """(n_sites, 8760) C from the field."""
        t_rows, k_rows = self._rows[0], self._rows[2]
        clear = np.ones((len(t_rows), DAYS + 1))
        if len(k_rows):
            noon = z[k_rows][:, 12::24]
            cloud = _normal_cdf(noon)
            factor = (0.6 + 0.4 * cloud) / 0.8
            clear = np.concatenate([factor[:, :1], factor], axis=1)[self._t_solar]
        result = np.empty((len(t_rows), HOURS))
        temperature(self.temperature_map, z[t_rows], np.ascontiguousarray(clear), self.shift_k, result)
        return result

    def wind_cf(self, z: F8, temperature_c: F8) -> F8:
        """(n_wind, 8760) share of rated power."""
        result = np.empty((len(self.wind_sites), HOURS))
        wind_cf(self.wind_map, z[self._rows[1]], temperature_c, z[self._rows[2]], self.month, True, result)
        return result

    def solar_cf(self, z: F8, temperature_c: F8) -> F8:
        """(n_solar, 8760) share of rated power."""
        result = np.empty((len(self.solar_sites), HOURS))
        solar_cf(self._solar, z[self._rows[2]], temperature_c, self.month, result)
        return result

    def effective_c(self, temperature_c: F8) -> F8:
        """(n_sites, 8760) exponential average over 36 h, to which load responds."""
        result = np.empty_like(temperature_c)
        smoothed(temperature_c, LOAD_TAU_H, result)
        return result

    def load_noise(self, seed: int, year: int) -> F8:
        """(n_zones, 8760) share of load that weather does not explain."""
        zones = self.system.zones
        sd = np.zeros(len(zones))
        sd[self.system.load_response.zone] = self.system.load_response.noise_sd
        keep = np.exp(-1.0 / NOISE_TAU_H)
        series = np.empty((len(zones) + 1, HOURS))
        for row, name in enumerate([*zones, ""]):
            stream = stream_id("weather", f"load {name}", "noise")
            fill_normals(
                np.uint64(seed), np.uint64(year), np.uint64(stream & 0xFFFFFFFF), np.uint64(stream >> 32), series[row]
            )
        from scipy.signal import lfilter

        gain = np.sqrt(1.0 - keep * keep)
        series[:, 1:] *= gain
        series = lfilter([1.0], [1.0, -keep], series, axis=1)
        mixed = np.sqrt(1.0 - NOISE_BETWEEN_ZONES) * series[:-1] + np.sqrt(NOISE_BETWEEN_ZONES) * series[-1:]
        return np.asarray(sd[:, None] * mixed)

    def load_mw(self, temperature_c: F8, noise: F8) -> F8:
        """(n_zones, 8760) MW on a calendar with 1 January on a Monday."""
        shape = (len(temperature_c), HOURS)
        heating, cooling = np.empty(shape), np.empty(shape)
        load_departures(self.effective_c(temperature_c), self.normal_c, heating, cooling)
        result = np.empty((len(self.system.zones), HOURS))
        zone_loads(*self.load_response, self.load_shape, heating, cooling, noise, result)
        return result

    def gas_day_c(self, temperature_c: F8) -> F8:
        """(n_sites, 365) C: mean of the last four days by the weights of German standard gas profiles."""
        day = temperature_c.reshape(len(temperature_c), DAYS, 24).mean(axis=2)
        padded = np.concatenate([day[:, :1]] * 3 + [day], axis=1)
        return np.asarray(
            sum(weight * padded[:, 3 - back : 3 - back + DAYS] for back, weight in enumerate(GAS_DAY_WEIGHTS))
        )

    def gas_demand(self, temperature_c: F8) -> F8:
        """(n_gas_demands, 365) million m3 a day: the network's own three points, at the four-day temperature."""
        return self._normal.gas_demand(self.gas_day_c(temperature_c))

    def inflow(self, seed: int, year: int, z: F8, level: F8 | None = None) -> F8:
        """(n_rivers, 365) m3/s."""
        n = len(self.system.rivers)
        cold = np.zeros((n, 12))
        if n and len(self._rows[0]):
            daily = z[self._rows[0]].reshape(len(self._rows[0]), DAYS, 24).mean(axis=2)
            for m in range(12):
                cold[:, m] = -daily[:, self.month == m].mean(axis=1)[self._river_site] / self._month_sd
        return self.rivers.year(seed, year, cold, level)

    def year(self, seed: int, year: int, z: F8 | None = None, level: F8 | None = None) -> WeatherYear:
        """All variables of one year; ``z`` replaces the field (a design event), ``level`` the rivers' U."""
        if z is None:
            z = self.field.year(seed, year)
        t = self.temperature(z)
        load = self.load_mw(t, self.load_noise(seed, year)) / self.normal_mean_mw[:, None]
        return WeatherYear(
            t.astype(np.float32),
            self.wind_cf(z, t).astype(np.float32),
            self.solar_cf(z, t).astype(np.float32),
            load.astype(np.float32),
            self.inflow(seed, year, z, level).astype(np.float32),
            self.gas_demand(t).astype(np.float32),
        )

    def _load_tables(self) -> None:
        """Zone x profile x site sums of load, of its heating slope and of its cooling slope."""
        system = self.system
        loads, n_zones, n_sites = system.loads, len(system.zones), len(system.weather_sites)
        n_profiles = len(system.profiles.name) + 1
        zone = system.buses.zone[loads.bus]
        site = system.buses.weather_site[loads.bus]
        profile = np.where(loads.profile < 0, n_profiles - 1, loads.profile)
        cooling = np.zeros(n_zones)
        cooling[system.load_response.zone] = system.load_response.cooling_share_per_k
        level, heat, cool = (np.zeros((n_zones, n_profiles, max(n_sites, 1))) for _ in range(3))
        for k in np.flatnonzero(loads.in_service & (zone >= 0)):
            at = (zone[k], profile[k], max(site[k], 0))
            level[at] += loads.p_mw[k]
            if site[k] >= 0:
                heat[at] += loads.p_mw[k] * np.nan_to_num(loads.heating_share_per_k[k])
                # air conditioning goes with the loads that answer to cold
                if np.nan_to_num(loads.heating_share_per_k[k]) > 0:
                    cool[at] += loads.p_mw[k] * cooling[zone[k]]
        self.load_response = (level, heat, cool)
        start = int(np.flatnonzero((self.month == 0) & (self.day_of_month == 0))[0])
        weekday = (np.arange(DAYS) - start + FIRST_DAY_OF_JANUARY) % 7
        day_type = np.where(weekday == 6, 2, np.where(weekday == 5, 1, 0))
        value = np.concatenate([system.profiles.value, np.ones((1, 12, 3, 24))])
        self.load_shape = np.ascontiguousarray(value[:, self.month, day_type].reshape(n_profiles, HOURS))
        normal = np.einsum("zp,ph->zh", level.sum(axis=2), self.load_shape)
        self.normal_load_mw = normal
        self.normal_mean_mw = np.maximum(normal.mean(axis=1), 1e-9)

    def capacity_mw(self) -> tuple[F8, F8]:
        """MW of machines at each wind and each solar site."""
        system = self.system
        generators, sites = system.generators, system.renewable_sites
        result = []
        for technology, chosen in (("wind", self.wind_sites), ("solar", self.solar_sites)):
            machines = np.flatnonzero(generators.driven_by(technology) & generators.in_service)
            bus = generators.bus[machines]
            at = nearest_site(system.buses.lat[bus], system.buses.lon[bus], sites.lat[chosen], sites.lon[chosen])
            known = at >= 0
            result.append(
                np.bincount(at[known], weights=generators.p_max_mw[machines][known], minlength=len(chosen)).astype(
                    float
                )
            )
        return result[0], result[1]

    def site_load_mw(self) -> F8:
        """(n_weather_sites,) MW of load at the buses of the site: weights of national temperature."""
        loads, site = self.system.loads, self.system.buses.weather_site[self.system.loads.bus]
        known = (site >= 0) & (self.system.buses.zone[loads.bus] >= 0)
        return np.bincount(site[known], weights=loads.p_mw[known], minlength=len(self.system.weather_sites)).astype(
            float
        )


def utc_offset_h(timezone: str) -> float:
    """Hours of a fixed offset such as UTC+05:00."""
    match = re.fullmatch(r"UTC(?:([+-])(\d{1,2})(?::?(\d{2}))?)?", timezone.strip())
    if match is None or match[1] is None:
        return 0.0
    hours = int(match[2]) + int(match[3] or 0) / 60.0
    return hours if match[1] == "+" else -hours


def hour_of(time: dt.datetime, first_month: int) -> tuple[int, int]:
    """(number of the weather year, hour in it) of a local time; 29 February is 28 February again."""
    day = min(time.day, 28) if time.month == 2 else time.day
    number = time.year if time.month >= first_month else time.year - 1
    month, day_of_month = day_of_year_month(first_month)
    place = int(np.flatnonzero((month == time.month - 1) & (day_of_month == day - 1))[0])
    return number, 24 * place + time.hour


def _normal_cdf(z: F8) -> F8:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _month_sd(share: F8, system: GridSystem) -> float:
    """Standard deviation of the 30-day mean of temperature's z: integral of the exponential correlations."""

    def mean(tau_h: float, span_h: float = 720.0) -> float:
        x = span_h / tau_h
        return 2.0 / x * (1.0 - (1.0 - np.exp(-x)) / x)

    tau_h = float(system.weather_field.synoptic_tau_h[system.weather_field.position("temperature")])
    return float(np.sqrt(share[0] + share[1] * mean(360.0) + share[2] * mean(tau_h)))
