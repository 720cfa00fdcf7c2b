"""Weather and load of a run's steps: the climate's course, the scenario's departures from it, active events on top."""

from __future__ import annotations

import datetime as dt

from gridsim.contingencies.effects import Conditions
from gridsim.model.scenario import Scenario, WeatherFile
from gridsim.weather.cached import CachedWeather
from gridsim.weather.normal import HourInputs


class RunInputs:
    """Inputs of one run by time; values hold from one step of the horizon to the next."""

    def __init__(self, scenario: Scenario, weather: CachedWeather):
        self.weather = weather.weather
        self._known = weather
        self._given = scenario.weather if isinstance(scenario.weather, WeatherFile) else None
        self._start = scenario.horizon.start
        self.step_s = scenario.horizon.step_minutes * 60

    def local_time(self, seconds: float) -> dt.datetime:
        """Local time so many seconds after the start."""
        return self._start + dt.timedelta(seconds=seconds)

    def at(self, seconds: float, conditions: Conditions) -> HourInputs:
        """Weather and load of the step that holds ``seconds`` after the start, under ``conditions``."""
        tick_s = seconds // self.step_s * self.step_s
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
