"""Weather and load of a run's steps: the climate's course, the scenario's departures from it, active events on top."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.model.scenario import Scenario, WeatherFile
from gridsim.model.table import F8
from gridsim.weather.cached import CachedWeather
from gridsim.weather.normal import HourInputs

_STEPS_KEPT = 64  # a day ahead is asked for again after every change


class RunInputs:
    """Inputs of one run by time; values hold from one step of the horizon to the next."""

    def __init__(self, scenario: Scenario, weather: CachedWeather):
        self.weather = weather.weather
        self._known = weather
        self._given = scenario.weather if isinstance(scenario.weather, WeatherFile) else None
        self._start = scenario.horizon.start
        self._hours = scenario.horizon.hours
        self.step_s = scenario.horizon.step_minutes * 60
        self._steps: dict[float, tuple[Conditions, HourInputs]] = {}  # of the last steps asked for, by their start

    def local_time(self, seconds: float) -> dt.datetime:
        """Local time so many seconds after the start."""
        return self._start + dt.timedelta(seconds=seconds)

    def at(self, seconds: float, conditions: Conditions) -> HourInputs:
        """Weather and load of the step that holds ``seconds`` after the start, under ``conditions``."""
        tick_s = seconds // self.step_s * self.step_s
        known = self._steps.get(tick_s)
        if known is None or known[0] is not conditions:
            if len(self._steps) >= _STEPS_KEPT:
                self._steps.clear()
            self._steps[tick_s] = known = conditions, self._at(tick_s, conditions)
        return known[1]

    def _at(self, tick_s: float, conditions: Conditions) -> HourInputs:
        anomaly_k, wind, solar = 0.0, 1.0, 1.0
        given = self._given
        if given is not None:
            hour = min(int(tick_s // 3600), len(given.temperature_anomaly_k) - 1)
            anomaly_k = given.temperature_anomaly_k[hour]
            wind, solar = given.wind_factor[hour], given.solar_factor[hour]
        inputs = self._known.at(
            self.local_time(tick_s),
            temperature_anomaly_k=anomaly_k + conditions.temperature_k,
            wind_factor=wind * conditions.wind_factor,
            solar_factor=solar * conditions.solar_factor,
            load_factor=conditions.load_factor,
        )
        return inputs._replace(gas_demand_mcm_per_d=inputs.gas_demand_mcm_per_d * conditions.gas_demand_factor)

    def day_means_c(self, n_days: int) -> F8:
        """(n_sites, n_days) mean temperature of the days from the one that holds the start, without active events.

        A day's hours outside the horizon count as its nearest hour inside.
        """
        begins, end_h = self._start.hour, max(int(math.ceil(self._hours)) - 1, 0)
        hours = [[min(max(24 * day + h - begins, 0), end_h) for h in range(24)] for day in range(n_days)]
        felt_c = {hour: self._felt_c(hour) for hour in {hour for day in hours for hour in day}}
        return np.stack([np.mean([felt_c[hour] for hour in day], axis=0) for day in hours], axis=1)

    def _felt_c(self, hour: int) -> F8:
        """(n_sites,) air temperature of an hour of the horizon."""
        anomaly_k = 0.0
        if self._given is not None:
            anomaly_k = self._given.temperature_anomaly_k[min(hour, len(self._given.temperature_anomaly_k) - 1)]
        time = self.local_time(3600 * hour)
        return self._known.at(
            time, temperature_anomaly_k=anomaly_k, wind_factor=1.0, solar_factor=1.0, load_factor=1.0
        ).temperature_c
