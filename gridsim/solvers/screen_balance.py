"""Balance after an outage: the MW by which what runs cannot carry what is missing, and what a redispatch sheds."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import DispatchState
from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import Sources, bus_sum
from gridsim.solvers.screen_states import States

SHORT_TOLERANCE_MW = 0.1


def available_mw(system: GridSystem, point: OperatingPoint, month: int) -> F8:
    """Most that each machine can give (n_gens,): no more wind, sun or water than it gives, heat at the month's mean.

    A machine above what these allow keeps what it gives.
    """
    gens = system.generators
    most = np.where(gens.profile >= 0, 0.0, gens.p_max_mw)
    for gen in np.flatnonzero(gens.heat_led & (gens.heat_curve >= 0)):
        curve, site = int(gens.heat_curve[gen]), int(system.buses.weather_site[gens.bus[gen]])
        temperature_c = system.climate.t_mean_c[site, month - 1] if site >= 0 else np.nan
        if np.isnan(temperature_c):
            temperature_c = system.heat_curves.points[curve][0, 0]
        most[gen] = min(most[gen], system.heat_curves.shares(curve, temperature_c)[1] * gens.p_max_mw[gen])
    return np.maximum(most, point.p_gen_mw)


class Balance:
    """Headroom, shortage and shedding of the states of one screening."""

    def __init__(self, packed: Packed, states: States, month: int):
        self.packed, self.states, self.month = packed, states, month
        self.available_mw = available_mw(packed.system, states.point, month)
        self._solver: DispatchSolver | None = None
        #: losses that the intact point carries, as MW at each bus in proportion to load
        self.losses_mw = self._losses_mw()
        share = np.divide(self.losses_mw, states.load_mw, out=np.zeros_like(self.losses_mw), where=states.load_mw > 0)
        #: (n_loads,) demand with losses per MW at the bus
        self.loss_scale = 1.0 + share[packed.system.loads.bus]

    def missing_mw(self, row: int, have: Sources) -> F8:
        """(n_islands,) MW by which load and losses of each island exceed what its sources give after the loss."""
        system, island, state = self.states.intact, self.states.island[row], self.states.point_of(row)
        lost = self.states.lost[row]
        in_service = system.borders.in_service.copy()
        in_service[lost.borders] = False
        n = len(have.live)
        given = bus_sum(island[system.generators.bus], np.where(have.gen_on, state.p_gen_mw, 0.0), n)
        given += bus_sum(island[system.borders.bus], np.where(in_service, state.p_border_mw, 0.0), n)
        given += bus_sum(island[system.storages.bus], state.p_storage_mw, n)
        wanted = bus_sum(island[system.loads.bus], state.p_load_mw, n) + bus_sum(island, self.losses_mw, n)
        wanted += bus_sum(island, self.states.system_of(row).shunt_loss_mw, n)
        return wanted - given

    def short_mw(self, row: int, have: Sources, missing_mw: F8) -> float:
        """MW that lack in the live islands when all that runs gives its most; borders up to their import limit."""
        system, island = self.states.system_of(row), self.states.island[row]
        point, n = self.states.point_of(row), len(have.live)
        machines = np.where(have.gen_on, np.maximum(self.available_mw - point.p_gen_mw, 0.0), 0.0)
        borders = np.maximum(system.borders.limit_import_mw - point.p_border_mw, 0.0)
        headroom = bus_sum(island[system.generators.bus], machines, n)
        headroom += bus_sum(island[system.borders.bus], np.where(system.borders.in_service, borders, 0.0), n)
        short = np.where(have.live, missing_mw - headroom, 0.0)
        return float(short[short > SHORT_TOLERANCE_MW].sum())

    def shed_mw(self, row: int, have: Sources) -> float:
        """MW shed when the operator redispatches what runs within the limits that hold, with as little as can be.

        Machines go anywhere between rest and their most, borders up to their import limit, stores stay; load in
        islands without a source is shed whole. Flows are those of the DC power flow.
        """
        packed, system, states = self.packed, self.states.system_of(row), self.states
        out, point = states.branch_out(row), states.point_of(row)
        load_mw = states.point.p_load_mw
        scale = self.loss_scale
        high, low = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
        alive = ~states.dark[row]
        gens, borders, storages = system.generators, system.borders, system.storages
        high[packed.gen_columns] = np.where(have.gen_on & alive[gens.bus], self.available_mw, 0.0)
        on = borders.in_service & alive[borders.bus]
        high[packed.border_columns] = np.where(on, borders.limit_import_mw, 0.0)
        low[packed.border_columns] = np.where(on, np.minimum(point.p_border_mw, 0.0), 0.0)
        held = np.where(alive[storages.bus], point.p_storage_mw, 0.0)
        low[packed.charge_columns], high[packed.discharge_columns] = np.minimum(held, 0.0), np.maximum(held, 0.0)
        row_lo, row_hi = packed.row_limits(out, self.month, emergency=row > 0)
        if self._solver is None:
            self._solver = DispatchSolver(packed.case, DispatchOptions(min_mw=True))
        solution = self._solver.solve(
            DispatchState(
                topology=self._solver.topology(out),
                lo_mw=low,
                hi_mw=high,
                cost=packed.cost,
                spill_cost=packed.spill_cost,
                demand_mw=packed.demand_by_tier(load_mw * scale),
                penalty=packed.penalty,
                row_lo_mw=row_lo,
                row_hi_mw=row_hi,
            )
        )
        return float((packed.shed_by_load(load_mw * scale, solution.shed_mw) / scale).sum())

    def _losses_mw(self) -> F8:
        """Surplus of each intact island, which its branches' losses take, at its buses in proportion to load."""
        system, states = self.states.intact, self.states
        island: I4 = states.island[0]
        point, n = states.point_of(0), int(states.island[0].max(initial=-1)) + 1
        gens, borders = system.generators, system.borders
        on = (point.gen_committed | (gens.p_max_mw <= 0.0)) & gens.in_service
        surplus = bus_sum(island[gens.bus], np.where(on, point.p_gen_mw, 0.0), n)
        surplus += bus_sum(island[borders.bus], np.where(borders.in_service, point.p_border_mw, 0.0), n)
        surplus += bus_sum(island[system.storages.bus], point.p_storage_mw, n)
        surplus -= bus_sum(island, system.shunt_loss_mw, n)
        load = bus_sum(island, states.load_mw, n)
        share = np.divide(np.maximum(surplus - load, 0.0), load, out=np.zeros(n), where=load > 0)
        return states.load_mw * share[island]
