"""Redispatch within minutes: what the operator does between two outages, with the ramps and the operator's ladder.

The dispatch problem of the simulator at one moment: synchronised machines within their ramp of what they gave before,
above their minimum and heat, no start-ups; stores keep what they give; borders up to their contract, and up to their
import limit where load would be shed otherwise. Losses stand at the loads, in proportion to them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import DispatchSolution, DispatchState, Topology
from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import bus_sum, sources
from gridsim.solvers.screen_after import AfterOutage
from gridsim.solvers.screen_balance import available_mw
from gridsim.solvers.screen_outages import Lost

#: Less shed than this is a rounding error of the limits.
SHED_TOLERANCE_MW = 0.1
#: Rows of a state loaded beyond this share of their limit are in the problem from the outset.
_FULL = 0.8
_ROW_TOLERANCE_MW = 1e-6
_ROUND = 32


class Redispatched(NamedTuple):
    """State after a redispatch: ``injection_mw`` (n_buses,) with the losses at the loads, ``load_mw`` without."""

    point: OperatingPoint
    topology: Topology
    injection_mw: F8
    load_mw: F8


class Bounds(NamedTuple):
    """Bounds of the supply columns, of the borders by contract and by limit, and the load to serve.

    load_mw : (n_loads,);  demand_mw : the same with losses;  wanted_mw : (n_buses, n_tiers), of demand_mw
    """

    point: OperatingPoint
    topology: Topology
    low_mw: F8
    high_mw: F8
    contract_mw: F8
    limit_mw: F8
    load_mw: F8
    demand_mw: F8
    wanted_mw: F8


class Rows(NamedTuple):
    """More rows that a redispatch must keep: flows after an outage between ``low`` and ``high``.

    Machines (positions), borders and stores in ``lost`` columns count for nothing in them.
    """

    after: AfterOutage
    low_mw: F8
    high_mw: F8
    lost_columns: I4


class _Chosen(NamedTuple):
    """Some of the rows, ``ptdf`` (n, n_buses)."""

    ptdf: F8
    low_mw: F8
    high_mw: F8
    lost_columns: I4


class _Larger(NamedTuple):
    """PTDF of a topology with more rows and buses, (n_rows, n_buses) and transposed, used again for the next rows."""

    topology: Topology
    row_ptdf: F8
    bus_ptdf: F8


def heat_floor_mw(system: GridSystem, month: int) -> F8:
    """(n_gens,) least output that heat asks for at the month's mean temperature, 0 for all others."""
    gens, floor = system.generators, np.zeros(len(system.generators))
    for gen in np.flatnonzero(gens.heat_led & (gens.heat_curve >= 0)):
        curve, site = int(gens.heat_curve[gen]), int(system.buses.weather_site[gens.bus[gen]])
        temperature_c = system.climate.t_mean_c[site, month - 1] if site >= 0 else np.nan
        if np.isnan(temperature_c):
            temperature_c = system.heat_curves.points[curve][0, 0]
        floor[gen] = system.heat_curves.shares(curve, temperature_c)[0] * gens.p_max_mw[gen]
    return floor


def _padded(rows: Rows, some: NDArray[np.int64]) -> _Chosen:
    """Some of the rows, and free ones up to a round number, so that few sizes of the problem are met."""
    n = -(-max(len(some), 1) // _ROUND) * _ROUND
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    ptdf = np.zeros((n, len(rows.after.topology.island)))
    ptdf[: len(some)], low[: len(some)], high[: len(some)] = (
        rows.after.rows(some),
        rows.low_mw[some],
        rows.high_mw[some],
    )
    return _Chosen(ptdf, low, high, rows.lost_columns)


class QuickRedispatch:
    """Redispatch of the states of one screening. ``loss_scale`` (n_loads,): demand with losses per MW at the bus."""

    def __init__(
        self,
        packed: Packed,
        start: OperatingPoint,
        loss_scale: F8,
        *,
        month: int,
        minutes: float,
        options: DispatchOptions | None = None,
    ):
        self.packed, self.month, self.loss_scale = packed, month, loss_scale
        system = packed.system
        gens = system.generators
        self.available_mw = available_mw(system, start, month)
        floor = np.maximum(gens.p_min_mw, heat_floor_mw(system, month))
        self._floor_mw = np.where(gens.profile >= 0, 0.0, floor)
        self.ramp_mw = np.where(np.isnan(gens.ramp_mw_per_min), np.inf, gens.ramp_mw_per_min * minutes)
        self.spill_cost = packed.spill_cost_in(month)
        self._options = options or DispatchOptions()
        self._solver = DispatchSolver(packed.case, self._options)
        self._solvers: dict[bytes, DispatchSolver] = {}
        self._larger: dict[tuple[int, int], _Larger] = {}
        self.solves = 0

    def topology(self, out: I4) -> Topology:
        """Topology without the branches ``out``."""
        return self._solver.topology(out)

    def bounds(self, system: GridSystem, point: OperatingPoint) -> Bounds:
        """Room that a state after its losses leaves the operator: ``system`` and ``point`` without what is lost.

        Load in parts without a source is gone with them.
        """
        packed = self.packed
        topology = self._solver.topology(point.branch_out)
        have = sources(system, point, topology.island)
        alive = have.live[topology.island]
        load_mw = np.where(alive[system.loads.bus], point.p_load_mw, 0.0)
        low, high = np.zeros(packed.n_columns), np.zeros(packed.n_columns)
        gens, borders, storages = system.generators, system.borders, system.storages
        on = have.gen_on & alive[gens.bus]
        most = np.minimum(self.available_mw, point.p_gen_mw + self.ramp_mw)
        least = np.maximum(np.minimum(self._floor_mw, point.p_gen_mw), point.p_gen_mw - self.ramp_mw)
        high[packed.gen_columns] = np.where(on, most, 0.0)
        low[packed.gen_columns] = np.where(on, np.minimum(least, most), 0.0)
        open_border = borders.in_service & alive[borders.bus]
        low[packed.border_columns] = np.where(open_border, np.minimum(point.p_border_mw, 0.0), 0.0)
        held = np.where(alive[storages.bus], point.p_storage_mw, 0.0)
        low[packed.charge_columns], high[packed.discharge_columns] = np.minimum(held, 0.0), np.maximum(held, 0.0)
        demand_mw = load_mw * self.loss_scale
        contract_mw = np.maximum(borders.contract_import_mw, point.p_border_mw)
        return Bounds(
            point=point,
            topology=topology,
            low_mw=low,
            high_mw=high,
            contract_mw=np.where(open_border, np.maximum(contract_mw, 0.0), 0.0),
            limit_mw=np.where(open_border, np.maximum(borders.limit_import_mw, 0.0), 0.0),
            load_mw=load_mw,
            demand_mw=demand_mw,
            wanted_mw=packed.demand_by_tier(demand_mw),
        )

    def bounds_without(self, bounds: Bounds, lost: Lost) -> Bounds:
        """Room without some machines and borders, where every part keeps its sources."""
        packed = self.packed
        low, high = bounds.low_mw.copy(), bounds.high_mw.copy()
        contract, limit = bounds.contract_mw.copy(), bounds.limit_mw.copy()
        low[packed.gen_columns][lost.generators] = high[packed.gen_columns][lost.generators] = 0.0
        low[packed.border_columns][lost.borders] = high[packed.border_columns][lost.borders] = 0.0
        contract[lost.borders] = limit[lost.borders] = 0.0
        return bounds._replace(low_mw=low, high_mw=high, contract_mw=contract, limit_mw=limit)

    def solve(self, bounds: Bounds, low_mw: F8, high_mw: F8) -> Redispatched:
        """The redispatch within row limits; borders beyond their contract only where load would be shed otherwise."""
        packed, system, point = self.packed, self.packed.system, bounds.point
        solution = self._dispatch(bounds, bounds.contract_mw, low_mw, high_mw)
        if len(system.borders) and solution.shed_mw.sum() > SHED_TOLERANCE_MW:
            solution = self._dispatch(bounds, bounds.limit_mw, low_mw, high_mw)
        net = solution.p_mw - solution.spill_mw
        served = self._served_mw(bounds, solution)
        after = point._replace(
            p_gen_mw=net[packed.gen_columns],
            p_border_mw=net[packed.border_columns],
            p_storage_mw=net[packed.charge_columns] + net[packed.discharge_columns],
            p_load_mw=served,
        )
        n = len(system.buses)
        injection = bus_sum(packed.case.gen_bus, net, n) - bus_sum(system.loads.bus, served * self.loss_scale, n)
        injection -= solution.bus_loss_mw
        load_mw = bus_sum(system.loads.bus, served, n)
        return Redispatched(after, bounds.topology, injection, load_mw)

    def served_mw(self, bounds: Bounds, low_mw: F8, high_mw: F8) -> float:
        """MW of load that a redispatch serves, borders up to their import limit from the outset.

        That changes nothing of what is shed, as help beyond the contract is asked for before load is cut.
        """
        solution = self._dispatch(bounds, bounds.limit_mw, low_mw, high_mw)
        if not solution.shed_mw.any():
            return float(bounds.load_mw.sum())
        return float(self._served_mw(bounds, solution).sum())

    def served_within(self, bounds: Bounds, low_mw: F8, high_mw: F8, rows: Rows, flows_mw: F8) -> float:
        """The same within all ``rows``, which join while the answer passes them; ``flows_mw``: those known to be full.

        What the answer leaves within its limits could not change it, so it is the answer to all rows.
        """
        full = np.where(flows_mw >= 0.0, rows.high_mw, -rows.low_mw) * _FULL
        chosen = np.abs(flows_mw) > full
        while True:
            some = np.flatnonzero(chosen)
            part = _padded(rows, some)
            solution = self._dispatch(bounds, bounds.limit_mw, low_mw, high_mw, part)
            served = self._served_mw(bounds, solution) if solution.shed_mw.any() else bounds.load_mw
            net = solution.p_mw - solution.spill_mw
            net[rows.lost_columns] = 0.0
            n = len(self.packed.system.buses)
            injection = bus_sum(self.packed.case.gen_bus, net, n)
            injection -= bus_sum(self.packed.system.loads.bus, served * self.loss_scale, n) + solution.bus_loss_mw[:n]
            flow = rows.after.flows_mw(injection)
            passed = (flow > rows.high_mw + _ROW_TOLERANCE_MW) | (flow < rows.low_mw - _ROW_TOLERANCE_MW)
            if not (passed & ~chosen).any():
                return float(served.sum())
            chosen |= passed

    def _served_mw(self, bounds: Bounds, solution: DispatchSolution) -> F8:
        shed = solution.shed_mw[: len(self.packed.system.buses)]
        return bounds.load_mw - self.packed.shed_by_load(bounds.demand_mw, shed, bounds.wanted_mw) / self.loss_scale

    def _dispatch(
        self, bounds: Bounds, border_mw: F8, low_mw: F8, high_mw: F8, rows: _Chosen | None = None
    ) -> DispatchSolution:
        packed = self.packed
        self.solves += 1
        solver, topology, wanted, penalty = self._solver, bounds.topology, bounds.wanted_mw, packed.penalty
        high = bounds.high_mw.copy()
        high[packed.border_columns] = border_mw
        if rows is not None:
            solver = self._solver_without(rows)
            topology = self._with_rows(topology, rows)
            more = len(rows.lost_columns)
            if more:
                wanted = np.vstack([wanted, np.zeros((more, wanted.shape[1]))])
                penalty = np.vstack([penalty, np.tile(packed.tiers.penalty, (more, 1))])
            low_mw, high_mw = np.concatenate([low_mw, rows.low_mw]), np.concatenate([high_mw, rows.high_mw])
        return solver.solve(
            DispatchState(
                topology=topology,
                lo_mw=bounds.low_mw,
                hi_mw=high,
                cost=packed.cost,
                spill_cost=self.spill_cost,
                demand_mw=wanted,
                penalty=penalty,
                row_lo_mw=low_mw,
                row_hi_mw=high_mw,
            )
        )

    def _with_rows(self, topology: Topology, rows: _Chosen) -> Topology:
        """Topology with the rows added, and a bus of its own for each lost column, which they do not see."""
        bus = self.packed.case.gen_bus[rows.lost_columns]
        n_rows, n_buses = topology.row_ptdf.shape
        shape = n_rows + len(rows.ptdf), n_buses + len(bus)
        known = self._larger.get(shape)
        if known is None or known.topology is not topology:
            known = known or _Larger(topology, np.zeros(shape), np.zeros(shape[::-1]))
            known = known._replace(topology=topology)
            known.row_ptdf[:n_rows, :n_buses], known.bus_ptdf[:n_buses, :n_rows] = topology.row_ptdf, topology.bus_ptdf
            self._larger[shape] = known
        known.row_ptdf[:n_rows, n_buses:], known.bus_ptdf[n_buses:, :n_rows] = (
            topology.row_ptdf[:, bus],
            topology.bus_ptdf[bus],
        )
        known.row_ptdf[n_rows:, :n_buses], known.bus_ptdf[:n_buses, n_rows:] = rows.ptdf, rows.ptdf.T
        island = np.concatenate([topology.island, topology.island[bus]]).astype(np.int32)
        return Topology(topology.out_branch, island, known.row_ptdf, known.bus_ptdf)

    def _solver_without(self, rows: _Chosen) -> DispatchSolver:
        key = rows.lost_columns.tobytes() + bytes([0]) + len(rows.ptdf).to_bytes(4, "little")
        if key not in self._solvers:
            case, n = self.packed.case, self.packed.case.n_buses
            gen_bus = case.gen_bus.copy()
            gen_bus[rows.lost_columns] = n + np.arange(len(rows.lost_columns))
            n_rows = len(case.row_ptdf) + len(rows.ptdf)
            empty = np.zeros((n_rows, n + len(rows.lost_columns)))
            larger = case._replace(gen_bus=gen_bus, n_buses=n + len(rows.lost_columns), row_ptdf=empty)
            self._solvers[key] = DispatchSolver(larger, self._options)
        return self._solvers[key]
