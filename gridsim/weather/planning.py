"""The planning day: a normal day with the load at its expected peak and little wind and sun.

Load is that of the normal day times the expected yearly peak over the highest normal load with losses, so each month
has its own ratio to the yearly peak. Wind and sun follow the normal course of the month times ``share_of_normal`` of
their site: the level that is exceeded in 90 % of the month's evening peaks. The first replicate has the expected load;
the others take the quantiles of a golden-ratio sequence of the normal forecast error, evenly spread and without draws.
"""

from __future__ import annotations

import datetime as dt
from statistics import NormalDist

import numpy as np

from gridsim.model.scenario import PlanningDay
from gridsim.model.system import MONTHS, GridSystem
from gridsim.model.table import F8
from gridsim.weather.maps import resource_sites
from gridsim.weather.normal import HourInputs, NormalWeather

_GOLDEN = 0.6180339887498949


class PlanningWeather:
    """Weather and load of the planning day, seen by the simulator hour by hour."""

    def __init__(self, system: GridSystem, choice: PlanningDay, *, repairs: bool = False):
        self.system = system
        self.choice = choice
        self._normal = NormalWeather(system, repairs=repairs)
        settings = system.planning_day
        error = forecast_error(choice.number, settings.load_forecast_error)
        self.load_factor = settings.expected_peak_mw / normal_peak_mw(system) * (1.0 + error)
        table = system.renewables_at_peak
        share = np.ones((MONTHS, len(system.renewable_sites) + 1))
        share[table.month - 1, table.site] = table.share_of_normal
        self._share = share[:, resource_sites(system)]

    def at(
        self,
        time: dt.datetime,
        *,
        temperature_anomaly_k: float = 0.0,
        wind_factor: float = 1.0,
        solar_factor: float = 1.0,
        load_factor: F8 | float = 1.0,
    ) -> HourInputs:
        """Inputs of the step that starts at local ``time``; departures come on top of the planning day."""
        inputs = self._normal.at(
            time,
            temperature_anomaly_k=temperature_anomaly_k,
            wind_factor=wind_factor,
            solar_factor=solar_factor,
            load_factor=np.asarray(load_factor) * self.load_factor,
        )
        return inputs._replace(gen_share=np.minimum(inputs.gen_share * self._share[time.month - 1], 1.0))


def forecast_error(number: int, sd: float) -> float:
    """Departure of the load of replicate ``number`` from its forecast, as a share; the first has none."""
    quantile = (0.5 + number * _GOLDEN) % 1.0
    return sd * NormalDist().inv_cdf(min(max(quantile, 1e-9), 1.0 - 1e-9))


def normal_peak_mw(system: GridSystem) -> float:
    """Highest load of the normal year inside the zones, network losses included."""
    return float(normal_load_mw(system).max())


def normal_load_mw(system: GridSystem) -> F8:
    """(12, 3, 24) load of the normal year inside the zones by month, day type and hour, network losses included."""
    loads, shape = system.loads, system.profiles.value
    inside = loads.in_service & (system.buses.zone[loads.bus] >= 0)
    level = np.concatenate([shape, np.ones((1, *shape.shape[1:]))])
    by_profile = np.bincount(
        loads.profile % len(level), weights=np.where(inside, loads.p_mw, 0.0), minlength=len(level)
    )
    return np.asarray(np.tensordot(by_profile, level, axes=1) * (1.0 + system.loss_share))


def peak_hours(system: GridSystem) -> tuple[int, ...]:
    """(12,) hour of the evening peak of a workday by month."""
    evening = 15
    return tuple((evening + normal_load_mw(system)[:, 0, evening:].argmax(axis=1)).tolist())
