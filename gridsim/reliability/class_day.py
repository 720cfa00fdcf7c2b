"""A day of a temperature class, dispatched hour by hour: what machines burn in it if nothing fails."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import DispatchState
from gridsim.model.pack import importable_mw, pack
from gridsim.model.priority_list import PriorityList
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.weather.normal import NormalWeather

DAY_H = 24
_SATURDAY = 5


class TemperatureClass(NamedTuple):
    """Days colder than ``below_c`` (and not than the next), stood for by ``typical_c`` in ``month``."""

    below_c: float
    typical_c: float
    month: int


CLASSES = (TemperatureClass(np.inf, 15.0, 7), TemperatureClass(5.0, -2.0, 3), TemperatureClass(-7.5, -12.0, 1))


class ClassDay:
    """A working day in the month of a class at its temperature; with ``week`` the mean day of a week, of whose
    machines those run that the day-ahead priority list takes.

    ``gas_demand_mcm_per_d`` (n_gas_demands,) and ``able_mw`` (n_gens,): means of the day, of what machines could give
    with all their fuel; ``winter``: season of the storages.
    """

    def __init__(self, system: GridSystem, group: TemperatureClass, imports: Imports | str, *, week: bool = False):
        self._system, self._packed = system, pack(system)
        self._solver = DispatchSolver(self._packed.case)
        weather = NormalWeather(system)
        middle = [dt.datetime(system.base_year or 2001, group.month, number) for number in range(14, 21)]
        workday = next(day for day in middle if day.weekday() < _SATURDAY)
        weekend = [day for day in middle if day.weekday() >= _SATURDAY] if week else []
        anomaly_k = group.typical_c - mean_normal_c(system, workday)
        hours = [day + dt.timedelta(hours=hour) for day in (workday, *weekend) for hour in range(DAY_H)]
        self._weight = np.repeat([7.0 - len(weekend), *np.ones(len(weekend))], DAY_H) / (7.0 * DAY_H)
        self._inputs = [weather.at(hour, temperature_anomaly_k=anomaly_k) for hour in hours]
        out = np.flatnonzero(~system.branch_in_service).astype(np.int32)
        self._row_limits = self._packed.row_limits(out, group.month, np.ones(len(system.interfaces)))
        self._topology = self._solver.topology(out)
        self._import_mw = importable_mw(system, imports)
        generators = system.generators
        self._able_mw = [np.where(generators.in_service, generators.p_max_mw * i.gen_share, 0.0) for i in self._inputs]
        self._list = PriorityList(system) if week else None
        self.able_mw: F8 = self._weight @ np.array(self._able_mw)
        self.gas_demand_mcm_per_d: F8 = self._weight @ np.array([i.gas_demand_mcm_per_d for i in self._inputs])
        self.winter = self._inputs[-1].winter

    def mean_mw(self, left: F8 | float = 1.0) -> F8:
        """(n_gens,) mean output of the day with ``left`` (n_gens,) of every machine."""
        system, packed, generators = self._system, self._packed, self._system.generators
        always = generators.must_run | generators.heat_led
        row_lo, row_hi = self._row_limits
        able = np.array(self._able_mw) * left
        for first in range(0, len(able), DAY_H) if self._list is not None else ():
            able[first : first + DAY_H] *= self._taken(slice(first, first + DAY_H), able)
        total = np.zeros(len(generators))
        for inputs, able_mw, weight in zip(self._inputs, able, self._weight.tolist(), strict=True):
            hi, lo = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
            hi[packed.gen_columns] = able_mw
            floor = np.maximum(np.where(always, generators.p_min_mw, 0.0), inputs.heat_min_share * generators.p_max_mw)
            lo[packed.gen_columns] = np.minimum(floor, able_mw)
            hi[packed.border_columns] = self._import_mw
            solution = self._solver.solve(
                DispatchState(
                    topology=self._topology, lo_mw=lo, hi_mw=hi, cost=packed.cost, spill_cost=packed.spill_cost,
                    demand_mw=packed.demand_by_tier(inputs.load_mw) * (1.0 + system.loss_share),
                    penalty=packed.penalty, row_lo_mw=row_lo, row_hi_mw=row_hi,
                )
            )  # fmt: skip
            total += weight * (solution.p_mw - solution.spill_mw)[packed.gen_columns]
        return total

    def _taken(self, hours: slice, able_mw: F8) -> B1:
        """(n_gens,) machines that the priority list takes over the hours of a day."""
        assert self._list is not None
        system, zone = self._system, self._system.buses.zone
        net_mw = np.zeros((DAY_H, len(system.zones)))
        owes = np.any([inputs.heat_min_share > 0 for inputs in self._inputs[hours]], axis=0)
        wind_and_sun = np.flatnonzero(system.generators.variable)
        for hour, inputs in enumerate(self._inputs[hours]):
            for number in range(len(system.zones)):
                here = zone[system.loads.bus] == number
                net_mw[hour, number] = inputs.load_mw[here].sum() * (1.0 + system.loss_share)
                free = wind_and_sun[zone[system.generators.bus[wind_and_sun]] == number]
                net_mw[hour, number] -= able_mw[hours][hour, free].sum()
        return self._list.listed(able_mw[hours], net_mw, owes)


def mean_normal_c(system: GridSystem, time: dt.datetime) -> float:
    """Load-weighted normal daily mean of all weather sites, C."""
    return float(NormalWeather(system).normal_day_c(time) @ site_weight(system))


def site_weight(system: GridSystem) -> F8:
    """(n_weather_sites,) share of load at the temperature of each site."""
    site = system.buses.weather_site[system.loads.bus]
    load = np.where(site >= 0, system.loads.p_mw, 0.0)
    weight = np.bincount(np.maximum(site, 0), weights=load, minlength=len(system.weather_sites))
    return np.asarray(weight[: len(system.weather_sites)] / max(load.sum(), 1e-12))
