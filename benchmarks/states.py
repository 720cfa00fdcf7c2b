"""States that the dispatch benchmarks, the gate and the comparisons with peers share."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

import gridsim.kernels
from gridsim.kernels.arrays import DispatchState, Topology
from gridsim.kernels.certificate import PROVED, zero_shed_certificate
from gridsim.kernels.dispatch import N_BASIS, solve_dispatch
from gridsim.kernels.topologies import flow_bounds
from gridsim.solvers.dispatch import DispatchSolver

sys.path.insert(0, str(Path(__file__).parents[1]))  # asv finds no package but its own
from tests.support.dispatch_cases import (
    DATA,
    System,
    kazakhstan_system,
    matpower_system,
    random_state,
    read_rows,
    reliability_system,
)


def load(name: str) -> System:
    if name == "kazakhstan":
        return kazakhstan_system()
    return reliability_system(name) if name in ("rts79", "rbts") else matpower_system(name)


def matpower_tables(name: str) -> tuple[list[dict[str, str]], ...]:
    """Rows of buses, branches and generators of a case of ``tests/data/dcopf``."""
    return tuple(read_rows(DATA / "dcopf" / name / f"{table}.csv") for table in ("buses", "branches", "generators"))


def hourly_states(system: System, topology: Topology, n_hours: int, n_seed: int = 0) -> list[DispatchState]:
    """Winter hours one after another: load follows the day, machines fail and return, a third are held at 30 %."""
    rng = np.random.default_rng(n_seed)
    n_gens, n_buses = system.capacity_mw.size, system.case.n_buses
    up = rng.random(n_gens) < 0.93
    states = []
    for hour in range(n_hours):
        up ^= rng.random(n_gens) < np.where(up, 0.07, 0.93) / 50.0
        hi = system.capacity_mw * up
        lo = np.where(np.arange(n_gens) % 3 == 0, 0.3 * hi, 0.0)
        load_pu = 0.85 + 0.15 * np.sin(hour / 24.0 * 2.0 * np.pi)
        states.append(
            DispatchState(
                topology=topology,
                lo_mw=lo,
                hi_mw=hi,
                cost=system.cost,
                spill_cost=np.full(n_gens, 2.0 * system.cost.max()),
                demand_mw=system.demand_mw * load_pu * rng.uniform(0.97, 1.03, (n_buses, 1)),
                penalty=np.tile(system.penalty, (n_buses, 1)),
                row_lo_mw=-system.row_limit_mw,
                row_hi_mw=system.row_limit_mw,
            )
        )
    return states


def independent_states(system: System, solver: DispatchSolver, n_states: int) -> list[DispatchState]:
    """Random states of the oracle tests, all on the intact network."""
    rng = np.random.default_rng(1)
    intact = solver.topology()
    return [random_state(system, solver, rng)._replace(topology=intact) for _ in range(n_states)]


def _kernel_stamp() -> int:
    """A number made of the source of the kernels."""
    digest = hashlib.sha256()
    for path in sorted(Path(gridsim.kernels.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int(digest.hexdigest()[:12], 16)


def _loops(stamp: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Compiled loops over the kernels. Numba's cache knows what a function closes over but not what it calls: with
    ``stamp`` closed over, a change of any kernel compiles them anew.
    """

    @numba.njit(cache=True, nogil=True, error_model="numpy")
    def solve_all(topology, gen_bus, lo, hi, cost, spill_cost, demand, penalty, row_lo, row_hi, order, ws, warm):
        given_up = min(stamp, 0)
        for k in range(lo.shape[0]):
            n_warm = ws.info[N_BASIS] if warm and k > 0 else 0
            status = solve_dispatch(
                topology,
                gen_bus,
                lo[k],
                hi[k],
                cost,
                spill_cost,
                demand[k],
                penalty,
                row_lo[k],
                row_hi[k],
                order,
                ws,
                ws.basis,
                n_warm,
            )
            given_up += status != 0
        return given_up

    @numba.njit(cache=True, nogil=True, error_model="numpy")
    def certify_many(n, island, ptdf, ptdf32, largest, supply, demand, row_lo, row_hi, last, p, island_mw, injection):
        proved = min(stamp, 0)
        for _ in range(n):
            answer = zero_shed_certificate(
                island, ptdf, ptdf32, largest, supply, demand, row_lo, row_hi, last, p, island_mw, injection
            )
            proved += answer == PROVED
        return proved

    return solve_all, certify_many


#: Solve states one after another, how many were given up; ask for one certificate n times, how often it was given.
solve_all, certify_many = _loops(_kernel_stamp())


def kernel_call(solver: DispatchSolver, states: list[DispatchState], warm: bool) -> Callable[[], int]:
    """Give a function that solves all states inside one compiled loop."""
    stack = {
        name: np.stack([getattr(state, name) for state in states])
        for name in ("lo_mw", "hi_mw", "demand_mw", "row_lo_mw", "row_hi_mw")
    }
    exists = states[0]._replace(demand_mw=stack["demand_mw"].max(axis=0))
    order = solver.merit_order(exists)
    ws = solver._workspace(stack["demand_mw"].shape[2])
    arguments: tuple[Any, ...] = (
        states[0].topology,
        solver.case.gen_bus,
        stack["lo_mw"],
        stack["hi_mw"],
        states[0].cost,
        states[0].spill_cost,
        stack["demand_mw"],
        states[0].penalty,
        stack["row_lo_mw"],
        stack["row_hi_mw"],
        order,
        ws,
        warm,
    )
    return lambda: solve_all(*arguments)


def certificate_arguments(
    system: System, solver: DispatchSolver, state: DispatchState, all_rows: bool
) -> tuple[Any, ...]:
    """Arguments of ``zero_shed_certificate``: may the dispatch of ``state`` serve 98 % of its demand?

    Without ``all_rows`` only those that can reach their limit in some hour of ``hourly_states``, as in the sampler.
    """
    solution = solver.solve(state)
    case = system.case
    demand_mw = 0.98 * state.demand_mw.sum(axis=1)

    def at_buses(mw: np.ndarray) -> np.ndarray:
        return np.bincount(case.gen_bus, weights=mw, minlength=case.n_buses)

    _, most_flow_mw = flow_bounds(case, at_buses(system.capacity_mw), 1.03 * system.demand_mw.sum(axis=1))
    kept = np.ones(case.row_ptdf.shape[0], dtype=bool)
    kept[: most_flow_mw.size] = all_rows | (most_flow_mw >= state.row_hi_mw[: most_flow_mw.size])
    row_ptdf = np.ascontiguousarray(case.row_ptdf[kept])
    return (
        case.island,
        row_ptdf,
        np.ascontiguousarray(row_ptdf.T.astype(np.float32)),
        float(np.abs(row_ptdf).max()),
        at_buses(state.hi_mw),
        demand_mw,
        state.row_lo_mw[kept],
        state.row_hi_mw[kept],
        at_buses(solution.p_mw - solution.spill_mw),
        np.zeros(case.n_buses),
        np.zeros(3 * case.n_buses),
        np.zeros(case.n_buses),
    )
