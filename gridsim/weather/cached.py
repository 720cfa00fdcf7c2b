"""Cache of hourly inputs: replicates of one weather need the same hours again and again."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict

import numpy as np

from gridsim.model.table import F8
from gridsim.weather.normal import HourInputs, NormalWeather
from gridsim.weather.planning import PlanningWeather
from gridsim.weather.year import SeriesWeather, YearWeather

_HOURS_KEPT = 1024  # about 10 kB each for a national system


class CachedWeather:
    """Weather with the inputs of its last hours kept; their arrays are read-only."""

    def __init__(self, weather: NormalWeather | YearWeather | SeriesWeather | PlanningWeather):
        self.weather = weather
        self._known: OrderedDict[tuple[dt.datetime, float, float, float, bytes], HourInputs] = OrderedDict()

    def at(
        self, time: dt.datetime, *, temperature_anomaly_k: float, wind_factor: float, solar_factor: float,
        load_factor: F8 | float,
    ) -> HourInputs:  # fmt: skip
        """As the weather's own ``at``."""
        key = (time, temperature_anomaly_k, wind_factor, solar_factor, np.asarray(load_factor).tobytes())
        inputs = self._known.get(key)
        if inputs is None:
            inputs = self.weather.at(
                time, temperature_anomaly_k=temperature_anomaly_k, wind_factor=wind_factor, solar_factor=solar_factor,
                load_factor=load_factor,
            )  # fmt: skip
            for values in inputs[:-1]:
                values.setflags(write=False)
            self._known[key] = inputs
            if len(self._known) > _HOURS_KEPT:
                self._known.popitem(last=False)
        return inputs
