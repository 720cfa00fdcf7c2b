"""The operator's redispatch: bounds from what is committed, available and within ramps, then one dispatch problem."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions, stricter
from gridsim.engine.interval import Decisions, FuelLimits, Redispatch
from gridsim.kernels.arrays import DispatchState, Topology
from gridsim.model.pack import Packed, importable_mw
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.weather.normal import HourInputs


class _Grid(NamedTuple):
    """What holds while conditions and month stay: borders (n_borders,) MW, branches out, limits of rows but for the
    factor of the air temperature."""

    border_mw: F8
    out_branch: I4
    topology: Topology
    row_lo_mw: F8
    row_hi_mw: F8


class Operator:
    """Turns the state of a run into a dispatch problem and its answer back into the system's order."""

    def __init__(self, packed: Packed, solver: DispatchSolver):
        self.packed = packed
        self.system = packed.system
        self.solver = solver
        self.storage_mwh = self.system.storages.energy_mwh * self.system.storages.energy_start_share
        generators = self.system.generators
        self._variable = np.isin(generators.fuel, ("wind", "solar"))
        self._ramps = ~np.isnan(generators.ramp_mw_per_min)
        self._last_grid: tuple[Conditions, int, _Grid] | None = None

    def _grid(self, conditions: Conditions, month: int) -> _Grid:
        """The grid as ``conditions`` leave it; they stay the same object while no event begins or ends."""
        last = self._last_grid
        if last is None or last[0] is not conditions or last[1] != month:
            out = conditions.out_branches(self.system)
            border_mw = importable_mw(self.system, conditions.imports) * conditions.border_share
            limits = self.packed.row_limits(out, month, conditions.interface_factor)
            self._last_grid = last = conditions, month, _Grid(border_mw, out, self.solver.topology(out), *limits)
        return last[2]

    def bounds(
        self,
        conditions: Conditions,
        inputs: HourInputs,
        fuel: FuelLimits,
        committed: NDArray[np.bool_],
        p_last_mw: F8 | None,
        ramp_h: float,
        dt_h: float,
        border_mw: F8,
        decisions: Decisions | None = None,
    ) -> tuple[F8, F8, bool]:
        """(lo_mw, hi_mw), each (n_columns,): availability, fuel, commitment and ramps from ``p_last_mw`` (n_gens,);

        True if some machine could give more but for its ramp.
        """
        ramp_limited = False
        packed, generators = self.packed, self.system.generators
        lo, hi = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
        share = np.where(committed, inputs.gen_share * conditions.gen_share, 0.0)
        main = generators.p_max_mw * share * fuel.gas_share
        backup = np.where(committed[packed.backup_gen], fuel.backup_mw, 0.0)
        backup_by_gen = sum_at(packed.backup_gen, backup, len(generators))
        total = main + backup_by_gen
        floor = np.maximum(generators.p_min_mw, inputs.heat_min_share * generators.p_max_mw * conditions.gen_share)
        floor = np.where(committed & ~self._variable, np.minimum(floor, total), 0.0)
        if p_last_mw is not None:
            ramp_mw = np.where(self._ramps, generators.ramp_mw_per_min * ramp_h * 60.0, np.inf)
            ramp_limited = bool((total > p_last_mw + ramp_mw + 1e-6).any())
            total = np.minimum(total, p_last_mw + ramp_mw)
            floor = np.maximum(floor, p_last_mw - ramp_mw)
        if decisions is not None:
            total = np.minimum(total, np.maximum(decisions.p_max_mw, 0.0))
            floor = np.where(committed, np.maximum(floor, decisions.p_min_mw), floor)
        main = np.minimum(main, total)
        room = np.divide(total - main, backup_by_gen, out=np.zeros_like(total), where=backup_by_gen > 0)
        hi[packed.gen_columns] = main
        lo[packed.gen_columns] = np.minimum(floor, main)
        hi[packed.backup_columns] = backup * np.minimum(room, 1.0)[packed.backup_gen]
        hi[packed.border_columns] = border_mw
        storages = self.system.storages
        works = np.where(storages.in_service, conditions.store_share, 0.0)
        room_mwh = (storages.energy_mwh - self.storage_mwh) / storages.efficiency_charge
        lo[packed.charge_columns] = -works * np.minimum(storages.p_charge_mw, room_mwh / dt_h)
        held_mwh = self.storage_mwh * storages.efficiency_discharge
        hi[packed.discharge_columns] = works * np.minimum(storages.p_discharge_mw, held_mwh / dt_h)
        return lo, hi, ramp_limited

    def redispatch(
        self,
        conditions: Conditions,
        inputs: HourInputs,
        fuel: FuelLimits,
        committed: NDArray[np.bool_],
        p_last_mw: F8 | None,
        ramp_h: float,
        dt_h: float,
        month: int,
        loss_share: float,
        decisions: Decisions | None = None,
    ) -> Redispatch:
        """Solve the dispatch problem of this moment; ``decisions`` are those of a user's policies."""
        system = self.system
        packed = self.packed if decisions is None else decisions.packed
        if decisions is not None and decisions.imports is not None:
            conditions = conditions._replace(imports=stricter(conditions.imports, decisions.imports))
        grid = self._grid(conditions, month)
        lo, hi, ramp_limited = self.bounds(
            conditions, inputs, fuel, committed, p_last_mw, ramp_h, dt_h, grid.border_mw, decisions
        )
        rating_factor = np.ones(len(grid.row_hi_mw))  # sections keep their limits: stability, not heat
        rating_factor[: system.n_branches] = system.branch_rating_factor(inputs.temperature_c)
        scale = 1.0 + loss_share
        demand_mw = packed.demand_by_tier(inputs.load_mw)
        state = DispatchState(
            topology=grid.topology,
            lo_mw=lo,
            hi_mw=hi,
            cost=packed.cost,
            spill_cost=packed.spill_cost,
            demand_mw=demand_mw * scale,
            penalty=packed.penalty,
            row_lo_mw=grid.row_lo_mw * rating_factor,
            row_hi_mw=grid.row_hi_mw * rating_factor,
        )
        solution = self.solver.solve(state)
        net = solution.p_mw - solution.spill_mw
        response = unserved = np.zeros(len(inputs.load_mw))
        if solution.shed_mw.any():
            responsive = packed.tiers.price_responsive
            shed = solution.shed_mw / scale
            response = packed.shed_by_load(inputs.load_mw, np.where(responsive, shed, 0.0), demand_mw)
            unserved = packed.shed_by_load(inputs.load_mw, np.where(responsive, 0.0, shed), demand_mw)
        n_gens = len(system.generators)
        gen_hi = hi[packed.gen_columns] + sum_at(packed.backup_gen, hi[packed.backup_columns], n_gens)
        p_main = net[packed.gen_columns]
        return Redispatch(
            state=state,
            solution=solution,
            p_main_mw=p_main,
            p_backup_mw=sum_at(packed.backup_gen, net[packed.backup_columns], n_gens),
            p_border_mw=net[packed.border_columns],
            p_storage_mw=net[packed.charge_columns] + net[packed.discharge_columns],
            available_mw=gen_hi,
            border_available_mw=hi[packed.border_columns],
            curtailed_mw=np.where(self._variable, hi[packed.gen_columns] - p_main, 0.0),
            spilled_mw=solution.spill_mw[packed.gen_columns],
            load_mw=inputs.load_mw,
            unserved_mw=unserved,
            response_mw=response,
            loss_share=loss_share,
            committed=committed,
            ramp_limited=ramp_limited,
            out_branch=grid.out_branch,
        )

    def advance(self, answer: Redispatch, dt_h: float) -> None:
        """Move the stores by ``dt_h`` hours of ``answer``; exact including efficiency."""
        storages = self.system.storages
        net = answer.solution.p_mw - answer.solution.spill_mw
        charge = -net[self.packed.charge_columns]
        discharge = net[self.packed.discharge_columns]
        change = charge * storages.efficiency_charge - discharge / storages.efficiency_discharge
        self.storage_mwh = np.clip(self.storage_mwh + change * dt_h, 0.0, storages.energy_mwh)
