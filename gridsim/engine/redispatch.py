"""Redispatch within ramps of the machines that are committed: bounds of supply columns, then one dispatch problem."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions, stricter
from gridsim.engine.interval import Decisions, FuelLimits, Moment, Ramp, Redispatch
from gridsim.kernels.arrays import DispatchSolution, DispatchState, Topology
from gridsim.kernels.by_reference import hold
from gridsim.kernels.load_shedding import shares_shed
from gridsim.kernels.supply_bounds import Fleet, bound_supply, read_supply
from gridsim.model.pack import Packed, importable_mw
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.dispatch import DispatchSolver

_SECOND_H = 1.0 / 3600.0
_MOST_ROUNDS, _SAME_MW = 4, 0.1
ABROAD_SHARE = 0.5  # of the penalty of the first class: above all supply and spill, below any load inside


class _Grid(NamedTuple):
    """Grid while conditions and month stay: branches out, row limits at rated temperature, and borders.

    ``importable_mw`` (n_borders,) under the import policy; ``helped_mw`` (n_borders,): see
    :func:`_replaced_mw`; ``abroad``: whether a neighbour lacks power.
    """

    out_branch: I4
    topology: Topology
    row_lo_mw: F8
    row_hi_mw: F8
    importable_mw: F8
    helped_mw: F8
    abroad: bool


class Bounds(NamedTuple):
    """(n_columns,) MW per supply column; ``held_back`` (n_gens,): the machine could give more but for its ramp."""

    lo_mw: F8
    hi_mw: F8
    held_back: NDArray[np.bool_]
    any_held_back: bool


class Redispatcher:
    """Turns a moment of a run into a dispatch problem, and its solution back into the system's order."""

    def __init__(self, packed: Packed, solver: DispatchSolver):
        self.packed = packed
        self.system = packed.system
        self.solver = solver
        generators = self.system.generators
        self._variable = generators.variable
        fleet = Fleet(
            generators.p_min_mw, generators.p_max_mw, generators.ramp_mw_per_min, np.array(generators.variable)
        )
        self._fleet = hold(fleet)
        n_gens = len(generators)
        self._nothing, self._no_limit = np.zeros(n_gens), np.full(n_gens, np.inf)
        self._scratch = np.empty((2, n_gens))
        self._first_cut = int(np.argmin(packed.tiers.price_responsive))  # the first tier that counts as unserved
        self._of_interfaces = np.ones(len(self.system.interfaces))
        self._last_grid: tuple[Conditions, int, _Grid] | None = None

    def grid(self, conditions: Conditions, month: int) -> _Grid:
        """The grid under ``conditions``, which stay the same object while no event begins or ends."""
        last = self._last_grid
        if last is None or last[0] is not conditions or last[1] != month:
            out = conditions.out_branches(self.system)
            limits = self.packed.row_limits(out, month, conditions.interface_factor)
            grid = _Grid(
                out,
                self.solver.topology(out),
                *limits,
                importable_mw=importable_mw(self.system, conditions.imports) * conditions.border_share,
                helped_mw=_replaced_mw(self.system, conditions),
                abroad=bool(conditions.abroad_mw.any()),
            )
            self._last_grid = last = conditions, month, grid
        return last[2]

    def border_mw(self, moment: Moment, conditions: Conditions) -> F8:
        """(n_borders,) MW that may be bought at this moment."""
        if conditions.imports is Imports.LIKELY and moment.likely_mw is not None:
            offered_mw = np.where(self.system.borders.in_service, moment.likely_mw, 0.0)
            return np.asarray(offered_mw * conditions.border_share)
        return self.grid(conditions, moment.month).importable_mw

    def bounds(
        self,
        moment: Moment,
        fuel: FuelLimits,
        storage_mwh: F8,
        border_mw: F8,
        helped_mw: F8,
        *,
        ramp: Ramp | None = None,
        decisions: Decisions | None = None,
    ) -> Bounds:
        """Bounds of every supply column. ``storage_mwh`` (n_storages,) held now.

        ``border_mw`` (n_borders,): may be bought; ``helped_mw``: flows through to another neighbour.
        """
        packed, inputs, n_gens = self.packed, moment.inputs, len(moment.committed)
        lo, hi, held_back = np.zeros(packed.n_columns), np.zeros(packed.n_columns), np.empty(n_gens, dtype=bool)
        any_held_back = bound_supply(
            fleet=self._fleet,
            backup_gen=packed.backup_gen,
            committed=moment.committed,
            gen_share=inputs.gen_share,
            left_share=moment.conditions.gen_share,
            heat_min_share=inputs.heat_min_share,
            fuel_share=fuel.gas_share,
            backup_mw=fuel.backup_mw,
            ramps=ramp is not None,
            from_mw=self._nothing if ramp is None else ramp.from_mw,
            ramp_h=self._nothing if ramp is None else ramp.hours,
            least_mw=self._nothing if decisions is None else decisions.p_min_mw,
            most_mw=self._no_limit if decisions is None else decisions.p_max_mw,
            border_mw=border_mw,
            helped_mw=helped_mw,
            bought_mw=moment.bought_mw,
            backup_of_gen_out=self._scratch[0],
            room_out=self._scratch[1],
            lo_mw_out=lo,
            hi_mw_out=hi,
            held_back_out=held_back,
        )
        if len(storage_mwh):
            self._bound_storages(moment, storage_mwh, lo, hi)
        return Bounds(lo, hi, held_back, any_held_back)

    def _bound_storages(self, moment: Moment, storage_mwh: F8, lo_out: F8, hi_out: F8) -> None:
        """Bounds of charging and discharging columns; ``storage_mwh`` (n_storages,) held now."""
        packed, storages = self.packed, self.system.storages
        works = np.where(storages.in_service, moment.conditions.storage_share, 0.0)
        room_mwh = (storages.energy_mwh - storage_mwh) / storages.efficiency_charge
        lo_out[packed.charge_columns] = -works * np.minimum(storages.p_charge_mw, room_mwh / moment.dt_h)
        able_mw = np.where(self.can_discharge(storage_mwh), storages.p_discharge_mw, 0.0)
        hi_out[packed.discharge_columns] = works * able_mw

    def can_discharge(self, storage_mwh: F8) -> NDArray[np.bool_]:
        """(n_storages,) True where a second at full output is held: less is empty, as time is whole seconds."""
        storages = self.system.storages
        return np.asarray(storage_mwh * storages.efficiency_discharge > storages.p_discharge_mw * _SECOND_H)

    def holds_s(self, dispatch: Redispatch, storage_mwh: F8) -> float:
        """Whole seconds until the first discharging storage is empty; inf if none discharges."""
        storages = self.system.storages
        if not len(storages):
            return np.inf
        net_mw = dispatch.solution.p_mw - dispatch.solution.spill_mw
        out_mw = net_mw[self.packed.discharge_columns] / storages.efficiency_discharge
        hours = np.divide(storage_mwh, out_mw, out=np.full(len(out_mw), np.inf), where=out_mw > 1e-9)
        return float(np.floor(hours.min(initial=np.inf) * 3600.0 + 1e-6))

    def solve(
        self,
        moment: Moment,
        fuel: FuelLimits,
        *,
        storage_mwh: F8,
        loss_share: float,
        ramp: Ramp | None = None,
        decisions: Decisions | None = None,
    ) -> Redispatch:
        """Dispatch of ``moment``. ``ramp`` None: there is nothing to ramp from; ``decisions``: those of policies.

        What others send to a neighbour in need falls with what reaches it: solved again with that much alone.
        """

        def solved(now: Moment) -> tuple[Redispatch, F8]:
            return self._solved(
                now, fuel, storage_mwh=storage_mwh, loss_share=loss_share, ramp=ramp, decisions=decisions
            )

        found, reached_mw = solved(moment)
        for _ in range(_MOST_ROUNDS):
            conditions = moment.conditions
            if reached_mw is conditions.abroad_mw or (reached_mw > conditions.abroad_mw - _SAME_MW).all():
                break
            moment = moment._replace(conditions=conditions._replace(abroad_mw=reached_mw))
            found, reached_mw = solved(moment)
        return found

    def _solved(
        self,
        moment: Moment,
        fuel: FuelLimits,
        *,
        storage_mwh: F8,
        loss_share: float,
        ramp: Ramp | None,
        decisions: Decisions | None,
    ) -> tuple[Redispatch, F8]:
        """One dispatch, and the MW (n_borders,) that reach neighbours in need."""
        system, inputs, conditions = self.system, moment.inputs, moment.conditions
        packed = self.packed if decisions is None else decisions.packed
        if decisions is not None and decisions.imports is not None:
            conditions = conditions._replace(imports=stricter(conditions.imports, decisions.imports))
        grid = self.grid(conditions, moment.month)
        border_mw = self.border_mw(moment, conditions)
        bounds = self.bounds(moment, fuel, storage_mwh, border_mw, grid.helped_mw, ramp=ramp, decisions=decisions)
        # interfaces keep their limits: stability, not heat
        rating_factor = np.concatenate([inputs.rating_factor, self._of_interfaces])
        cut_mw, connected_mw = moment.shed_mw, inputs.load_mw
        if cut_mw.any():
            cut_mw = np.minimum(cut_mw, inputs.load_mw)
            connected_mw = inputs.load_mw - cut_mw
        wanted_mw = packed.demand_by_tier(connected_mw, 1.0 + loss_share)
        cut_first = wanted_mw[:, self._first_cut]  # a view
        if grid.abroad:
            cut_first += sum_at(system.borders.bus, conditions.abroad_mw, len(cut_first))
        state = DispatchState(
            topology=grid.topology,
            lo_mw=bounds.lo_mw,
            hi_mw=bounds.hi_mw,
            cost=packed.cost_by_time_to_go(storage_mwh) if len(storage_mwh) else packed.cost,
            spill_cost=packed.spill_cost_in(moment.month),
            demand_mw=wanted_mw,
            penalty=_penalty(packed, conditions, self._first_cut) if grid.abroad else packed.penalty,
            row_lo_mw=grid.row_lo_mw * rating_factor,
            row_hi_mw=grid.row_hi_mw * rating_factor,
        )
        solution = self.solver.solve(state)
        response_mw, unserved_mw = _shed(packed, solution, connected_mw, wanted_mw, loss_share)
        abroad_mw = conditions.abroad_mw
        if grid.abroad:
            cut_share = solution.shed_mw[:, self._first_cut] / np.maximum(cut_first, 1e-9)
            abroad_mw = abroad_mw * (1.0 - cut_share[system.borders.bus])
        found = self._in_system_order(
            moment, state, solution, bounds, grid, response_mw=response_mw, unserved_mw=unserved_mw + cut_mw,
            loss_share=loss_share, abroad_mw=abroad_mw,
        )  # fmt: skip
        return found, abroad_mw

    def _in_system_order(
        self,
        moment: Moment,
        state: DispatchState,
        solution: DispatchSolution,
        bounds: Bounds,
        grid: _Grid,
        *,
        response_mw: F8,
        unserved_mw: F8,
        loss_share: float,
        abroad_mw: F8,
    ) -> Redispatch:
        packed, n_gens, hi = self.packed, len(moment.committed), bounds.hi_mw
        main_mw, backup_mw, available_mw, curtailed_mw = np.empty((4, n_gens))
        border_mw, storage_mw = np.empty(len(abroad_mw)), np.empty(len(self.system.storages))
        read_supply(
            backup_gen=packed.backup_gen,
            variable=self._variable,
            p_mw=solution.p_mw,
            spill_mw=solution.spill_mw,
            hi_mw=hi,
            abroad_mw=np.array(abroad_mw),
            main_mw_out=main_mw,
            backup_mw_out=backup_mw,
            border_mw_out=border_mw,
            storage_mw_out=storage_mw,
            available_mw_out=available_mw,
            curtailed_mw_out=curtailed_mw,
        )
        ramp_limited = False
        if bounds.any_held_back:
            # Where one more MW is worth more than the dearest supply it serves load; elsewhere it displaces supply.
            scarce = solution.price[self.system.generators.bus] > packed.dearest_supply
            ramp_limited = bool((bounds.held_back & scarce).any())
        return Redispatch(
            state=state,
            solution=solution,
            p_main_mw=main_mw,
            p_backup_mw=backup_mw,
            p_border_mw=border_mw,
            p_storage_mw=storage_mw,
            available_mw=available_mw,
            border_available_mw=hi[packed.border_columns],
            curtailed_mw=curtailed_mw,
            spilled_mw=solution.spill_mw[packed.gen_columns],
            load_mw=moment.inputs.load_mw,
            unserved_mw=unserved_mw,
            short_mw=float(unserved_mw.sum()),
            response_mw=response_mw,
            loss_share=loss_share,
            committed=moment.committed,
            ramp_limited=ramp_limited,
            out_branch=grid.out_branch,
        )


def _replaced_mw(system: GridSystem, conditions: Conditions) -> F8:
    """(n_borders,) MW that neighbours send to another one that lacks power, shared by their limits."""
    limit_mw = system.borders.limit_import_mw * conditions.border_share
    found_mw = np.zeros(len(limit_mw))
    for border in conditions.abroad_mw.nonzero()[0].tolist():
        others_mw = limit_mw.copy()
        others_mw[border] = 0.0
        if others_mw.any():
            found_mw += conditions.abroad_mw[border] * others_mw / others_mw.sum()
    return found_mw


def _penalty(packed: Packed, conditions: Conditions, first_cut: int) -> F8:
    """(n_buses, n_tiers) USD/MWh: what a neighbour lacks is given up before anyone inside is cut."""
    penalty = packed.penalty.copy()
    penalty[packed.system.borders.bus[conditions.abroad_mw > 0], first_cut] *= ABROAD_SHARE
    return penalty


def _shed(packed: Packed, solution: DispatchSolution, load_mw: F8, wanted_mw: F8, loss_share: float) -> tuple[F8, F8]:
    """(n_loads,) MW at the bus that did not buy at the price, and that were not served.

    ``wanted_mw`` (n_buses, n_tiers): demand of the dispatch, with losses and with what neighbours lack.
    """
    if not solution.shed_mw.any():
        return np.zeros(len(load_mw)), np.zeros(len(load_mw))
    response, unserved = np.empty(len(load_mw)), np.empty(len(load_mw))
    shares_shed(
        load_bus=packed.system.loads.bus,
        tier=packed.load_tier,
        protected_tier=packed.load_protected_tier,
        sheddable_share=packed.load_sheddable_share,
        responsive=packed.tiers.price_responsive,
        shed_mw=solution.shed_mw,
        wanted_mw=wanted_mw,
        loss_factor=1.0 + loss_share,
        response_out=response,
        unserved_out=unserved,
    )
    return load_mw * response, load_mw * unserved
