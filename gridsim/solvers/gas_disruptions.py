"""One piece of the gas network out while demand stays: who goes short at home, how soon, and how much is missing."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import NotConverged
from gridsim.kernels.linepack import MAX_ITERATIONS
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.gas import LOOKAHEAD_H, SHORT_SHARE, STEP_H, GasState, HydraulicGas, everything_works
from gridsim.solvers.gas_balance import HOURS_PER_DAY, GasConditions
from gridsim.solvers.gas_outages import SEASONAL_MEAN, GasWeather

MOST_H = 240
_SETTLED_H = 48
_LEAST_MCM_PER_D = 0.005  # less is the pulse of the dispatcher's orders
_ABROAD = ("export", "transit")
_HOMES = ("households", "heating")


class Course(NamedTuple):
    """Consequences of a loss. Hours are NaN where nobody of the kind goes short within ``MOST_H`` hours.

    ``unserved_mcm_per_d``: at home, mean of the last day followed; ``homes_mcm_per_d`` and ``plants_mcm_per_d`` of it;
    ``abroad_mcm_per_d``: export and transit cut on that day, which others at home may have instead.
    """

    unserved_mcm_per_d: float
    homes_mcm_per_d: float
    plants_mcm_per_d: float
    abroad_mcm_per_d: float
    first_short_h: float
    homes_short_h: float
    plants_short_h: float


class GasDisruptions:
    """Losses on one day of demand that goes on; storages stand at their seasonal mean and are not emptied.

    Customers at home are all but export and transit; what they lack with nothing lost is not counted.
    """

    def __init__(self, system: GridSystem, weather: GasWeather):
        storage = system.gas_storage
        mean = np.full(len(storage), SEASONAL_MEAN[weather.winter])
        self._gas = HydraulicGas(system.replace(gas_storage=dataclasses.replace(storage, fill_share=mean)))
        self._weather = weather
        self._healthy = everything_works(system)
        self._start = self._gas.start(self._healthy, *weather)
        at_home = ~np.isin(system.gas_demand.gas_class, _ABROAD)
        links = system.gas_to_power.on_network
        self._asked = np.concatenate([weather.demand_mcm_per_d, weather.consumed_mcm_per_d])
        self._counted = np.concatenate([at_home, links])
        self._homes = np.concatenate([np.isin(system.gas_demand.gas_class, _HOMES), np.zeros(len(links), dtype=bool)])
        self._plants = np.concatenate([np.zeros(len(at_home), dtype=bool), links])
        self._abroad = np.concatenate([~at_home, np.zeros(len(links), dtype=bool)])
        self._intact = self._follow(self._start, self._healthy, _SETTLED_H).min(axis=0)

    @property
    def demand_mcm_per_d(self) -> float:
        """Demand of customers and plants at home."""
        return float(self._asked[self._counted].sum())

    @property
    def intact_unserved_mcm_per_d(self) -> float:
        """Gas that customers at home lack with nothing lost."""
        return float(np.maximum(self._asked - self._intact, 0.0)[self._counted].sum())

    def without(self, table: str, row: int) -> Course:
        """The loss of ``row`` of gas_pipelines (all strings, with the gas they vent), gas_supply or gas_storage."""
        lost = everything_works(self._gas.system)
        shares = {
            "gas_pipelines": lost.pipeline_share,
            "gas_supply": lost.supply_share,
            "gas_storage": lost.storage_share,
        }
        shares[table][row] = 0.0
        start = self._burst(row) if table == "gas_pipelines" else self._start
        got = self._follow(start, lost, MOST_H)
        lacking = np.maximum(self._intact - got, 0.0)
        last_day = lacking[-int(HOURS_PER_DAY) :].mean(axis=0)
        unserved = float(last_day[self._counted].sum())
        abroad = float(last_day[self._abroad].sum())
        if unserved < _LEAST_MCM_PER_D:
            return Course(0.0, 0.0, 0.0, abroad, np.nan, np.nan, np.nan)
        short = (got < SHORT_SHARE * self._intact) & (self._asked > _LEAST_MCM_PER_D)
        return Course(
            unserved,
            float(last_day[self._homes].sum()),
            float(last_day[self._plants].sum()),
            abroad,
            *(_first_hour(short[:, who]) for who in (self._counted, self._homes, self._plants)),
        )

    def _burst(self, pipe: int) -> GasState:
        """The settled state after all strings of a pipe have burst."""
        demand, burn, _ = self._weather
        schedule = self._gas.schedule(self._start, self._healthy, *self._weather)
        flow = self._gas.run(self._start, schedule, self._healthy, demand, burn, burn, STEP_H, 1).step.flow_mcm_per_d
        return self._gas.rupture(self._start, pipe, 1.0, float(flow[pipe]))[0]

    def _follow(self, state: GasState, conditions: GasConditions, most_h: int) -> F8:
        """(n_hours, n_customers) deliveries under renewed schedules, until two days alike or ``most_h``."""
        demand, burn, _ = self._weather
        rows: list[NDArray[np.float64]] = []
        while len(rows) < most_h:
            schedule = self._gas.schedule(state, conditions, *self._weather)
            for _ in range(int(LOOKAHEAD_H)):
                result = self._gas.run(
                    state, schedule, conditions, demand, burn, burn, STEP_H, int(1 / STEP_H), stop_when_short=False
                )
                if not result.solved:
                    raise NotConverged("gas network", float(len(rows)), MAX_ITERATIONS, "not known")
                state = result.state._replace(storage_mcm=self._start.storage_mcm)
                rows.append(np.concatenate([result.step.delivered_mcm_per_d, result.power_delivered_mcm_per_d]))
            if len(rows) > 2 * _SETTLED_H:
                last = np.array(rows[-_SETTLED_H:])
                if float(np.ptp(last, axis=0).sum()) < 0.01 * self.demand_mcm_per_d and most_h == MOST_H:
                    break
        return np.array(rows)


def _first_hour(short: NDArray[np.bool_]) -> float:
    """Hours until the first of the customers is short, NaN if none ever is."""
    hours = np.flatnonzero(short.any(axis=1))
    return float(hours[0]) if len(hours) else float("nan")
