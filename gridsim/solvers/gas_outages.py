"""Gas that an outage leaves to plants, hour by hour: the table the reliability sampler draws from.

The network stands settled under given demand and burn, with storages at their seasonal mean; then a pipe bursts, a
source stops, a compressor station trips, or a facility that needs power fails (what its heating plants leave is not
given to others).
Shares are those of :class:`solvers.gas.HydraulicGas` under its dispatcher's schedule, first until nothing changes any
more, then, after the repair, until every plant has all its gas again. Weather and demand stay as they are.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import NotConverged
from gridsim.kernels.linepack import MAX_ITERATIONS
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.gas import LOOKAHEAD_H, STEP_H, GasSchedule, GasState, HydraulicGas, everything_works
from gridsim.solvers.gas_balance import HOURS_PER_DAY, GasConditions, GasStocks

MOST_OUTAGE_H = 240
MOST_REPAIR_H = 240
_SETTLED_H = 48
_FULL_SHARE = 0.999
SEASONAL_MEAN = {True: 0.55, False: 0.65}  # of working gas: falls from full to a low in winter, rises from it in summer


class GasWeather(NamedTuple):
    """One temperature class: demand (n_gas_demands,) and burn (n_links,) if gas were no limit, mcm/d."""

    demand_mcm_per_d: F8
    consumed_mcm_per_d: F8
    winter: bool


class OutageShares(NamedTuple):
    """Share of their burn that plants get: ``outage``, ``repair`` (n_hours, n_links); no hours: never short."""

    outage: F8
    repair: F8


class GasOutages:
    """Shares after outages of one system in one temperature class; the settled state is found once.

    ``requested_mcm_per_d`` (n_links,): consumption of plants once a pipe is out, as far as there is gas: plants whose
    gas still comes replace those without any.
    """

    def __init__(self, system: GridSystem, weather: GasWeather, requested_mcm_per_d: F8):
        storage = system.gas_storage
        mean = np.full(len(storage), SEASONAL_MEAN[weather.winter])
        self._gas = HydraulicGas(system.replace(gas_storage=dataclasses.replace(storage, fill_share=mean)))
        self._healthy = everything_works(system)
        self._start = self._gas.start(self._healthy, *weather)
        self._weather = weather._replace(consumed_mcm_per_d=np.maximum(requested_mcm_per_d, weather.consumed_mcm_per_d))

    def bites(self, row: int, table: str = "gas_pipelines") -> bool:
        """Whether plants would be short for want of capacity or sources once no linepack is left.

        ``row`` of ``table``: gas_pipelines, gas_supply, compressor_stations or power_to_gas.
        """
        system, weather = self._gas.system, self._weather
        stocks = GasStocks(np.zeros(len(system.gas_nodes)), self._start.storage_mcm)
        nothing = np.zeros(len(system.gas_nodes))
        got = [
            self._gas.balance.solve(
                conditions, stocks, weather.demand_mcm_per_d, weather.consumed_mcm_per_d, HOURS_PER_DAY, weather.winter,
                room_mcm=nothing,
            ).power_delivered_mcm_per_d.sum()
            for conditions in (self._healthy, self._without(row, table))
        ]  # fmt: skip
        return bool(got[1] < _FULL_SHARE * got[0])

    def shares(self, row: int, table: str = "gas_pipelines") -> OutageShares:
        """The table of one outage, by hours since it began and since its repair; of a pipe all strings burst."""
        n_links = len(self._weather.consumed_mcm_per_d)
        none = OutageShares(np.ones((0, n_links)), np.ones((0, n_links)))
        state = self._burst(row) if table == "gas_pipelines" else self._start
        outage, state = self._follow(state, self._without(row, table), MOST_OUTAGE_H, until_full=False)
        if (outage >= _FULL_SHARE).all():
            return none
        repair, _ = self._follow(state, self._healthy, MOST_REPAIR_H, until_full=True)
        return OutageShares(outage, repair)

    def _burst(self, pipe: int) -> GasState:
        """The settled state after all strings of a pipe have burst."""
        flow = self._gas.run(
            self._start, self._order(self._start, self._healthy), self._healthy, self._weather.demand_mcm_per_d,
            self._weather.consumed_mcm_per_d, self._weather.consumed_mcm_per_d, STEP_H, 1,
        ).step.flow_mcm_per_d[pipe]  # fmt: skip
        return self._gas.rupture(self._start, pipe, 1.0, float(flow))[0]

    def _without(self, row: int, table: str) -> GasConditions:
        conditions = everything_works(self._gas.system)
        if table == "gas_pipelines":
            conditions.pipeline_share[row] = 0.0
        elif table == "gas_supply":
            conditions.supply_share[row] = 0.0
        elif table == "power_to_gas":
            conditions.node_works[self._gas.system.power_to_gas.node[row]] = False
        else:
            conditions.station_works[row] = False
        return conditions

    def _order(self, state: GasState, conditions: GasConditions) -> GasSchedule:
        return self._gas.schedule(state, conditions, *self._weather)

    def _follow(
        self, state: GasState, conditions: GasConditions, most_h: int, *, until_full: bool
    ) -> tuple[F8, GasState]:
        """(n_hours, n_links) shares under renewed schedules, and the state at their end."""
        demand, burn, _ = self._weather
        rows: list[NDArray[np.float64]] = []
        every = int(LOOKAHEAD_H)
        while len(rows) < most_h:
            schedule = self._order(state, conditions)
            for _ in range(every):
                result = self._gas.run(
                    state, schedule, conditions, demand, burn, burn, STEP_H, int(1 / STEP_H), stop_when_short=False
                )
                if not result.solved:
                    raise NotConverged("gas network", float(len(rows)), MAX_ITERATIONS, "not known")
                # Sources are not emptied by an outage of days: the sampler meets storages at their mean, always.
                state = result.state._replace(storage_mcm=self._start.storage_mcm)
                got = result.power_delivered_mcm_per_d
                rows.append(np.divide(got, burn, out=np.ones(len(burn)), where=burn > 0))
            if until_full and (rows[-1] >= _FULL_SHARE).all():
                break
            if not until_full and len(rows) > 2 * _SETTLED_H:
                before = np.array(rows[-_SETTLED_H:])
                if (before.max(axis=0) - before.min(axis=0) < 1e-3).all():
                    break
        return np.clip(np.array(rows), 0.0, 1.0), state
