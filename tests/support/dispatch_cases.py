"""Networks and random states that the dispatch tests share; the data lie in ``tests/data``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.kernels.arrays import DispatchCase, DispatchSolution, DispatchState
from gridsim.kernels.flows import make_case
from gridsim.model.pack import LEAST_SHEDDING, Ladder, pack
from gridsim.solvers.dispatch import DispatchSolver

DATA = Path(__file__).parents[1] / "data"

#: USD/MWh by unit size of the RTS-79: any plausible order with ties between identical machines.
RTS_COST = {12: 56.6, 20: 130.0, 50: 0.0, 76: 13.3, 100: 43.7, 155: 11.9, 197: 48.6, 350: 11.9, 400: 4.4}


@dataclass(frozen=True, eq=False)
class System:
    """A network with the numbers random states are drawn around."""

    name: str
    case: DispatchCase
    capacity_mw: np.ndarray
    cost: np.ndarray
    demand_mw: np.ndarray  # (n_buses, n_classes)
    penalty: np.ndarray  # (n_classes,)
    row_limit_mw: np.ndarray
    spill_cost: np.ndarray | None = None  # of each column; None: twice the dearest supply


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a csv table whose first line is a source comment."""
    with open(path, newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name] or 0.0) for row in rows])


def ladder(dearest: float, n_classes: int) -> np.ndarray:
    """The penalties of DESIGN section 5: 200 G, each rank 1.25 times the one before."""
    return 200.0 * dearest * 1.25 ** np.arange(n_classes)


def random_interfaces(n_branches: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two sections of three branches each, always the same ones."""
    rng = np.random.default_rng(5)
    members = np.concatenate([rng.choice(n_branches, 3, replace=False) for _ in range(2)])
    return np.array([0, 3, 6]), members, rng.choice([-1.0, 1.0], 6)


def reliability_system(name: str) -> System:
    """RTS-79 or RBTS from the tables of the reliability tests, with three load classes at each bus."""
    folder = DATA / name
    buses, branches, units = (read_rows(folder / f"{table}.csv") for table in ("buses", "branches", "units"))
    number = {row["bus"]: k for k, row in enumerate(buses)}
    capacity = column(units, "capacity_mw")
    if name == "rts79":
        cost = np.array([RTS_COST[int(c)] for c in capacity])
        rating = column(branches, "rating_continuous_mva")
    else:
        cost = np.where(np.array([row["bus"] for row in units]) == "1", 12.0 + capacity / 40.0, 0.5)
        rating = column(branches, "rating_mw")
    case = make_case(
        len(buses),
        [number[row["bus"]] for row in units],
        [number[row["from_bus"]] for row in branches],
        [number[row["to_bus"]] for row in branches],
        column(branches, "x_pu"),
        np.ones(len(branches), dtype=bool),
        *random_interfaces(len(branches)),
    )
    return _with_classes(name, case, capacity, cost, column(buses, "peak_load_mw"), rating)


def matpower_system(name: str) -> System:
    """A case of ``tests/data/dcopf`` with linear costs; its unlimited branches get 1.2 times an unconstrained flow."""
    folder = DATA / "dcopf" / name
    buses, branches, units = (read_rows(folder / f"{table}.csv") for table in ("buses", "branches", "generators"))
    capacity, demand = column(units, "p_max_mw"), np.maximum(column(buses, "demand_mw"), 0.0)
    cost = column(units, "c1") + column(units, "c2") * capacity
    x_pu = column(branches, "x_pu")
    case = make_case(
        len(buses),
        column(units, "bus"),
        column(branches, "from_bus"),
        column(branches, "to_bus"),
        np.maximum(np.abs(x_pu), 1e-4),
        np.ones(len(branches), dtype=bool),
        *random_interfaces(len(branches)),
    )
    injection = np.bincount(case.gen_bus, capacity * demand.sum() / capacity.sum(), len(buses)) - demand
    usual = np.abs(case.row_ptdf[: len(branches)] @ injection)
    rating = column(branches, "rating_mw")
    rating = np.where(rating > 0, rating, np.maximum(1.2 * usual, 0.01 * demand.sum()))
    return _with_classes(name, case, capacity, cost, demand, rating)


def kazakhstan_system(prices: Ladder = LEAST_SHEDDING, month: int = 1) -> System:
    """The bundled Kazakh network: winter-peak demand, contract imports, intact winter limits, a ladder of prices."""
    system = read_network(network_folder("kazakhstan"))
    packed = pack(system, prices)
    capacity = np.zeros(packed.n_columns)
    capacity[packed.gen_columns] = system.generators.p_max_mw
    capacity[packed.backup_columns] = 0.5 * system.generators.p_max_mw[packed.backup_gen]
    capacity[packed.border_columns] = system.borders.contract_import_mw
    row_lo, row_hi = packed.row_limits((), 1)
    limit = np.minimum(-row_lo, row_hi)
    return System(
        name="kazakhstan",
        case=packed.case,
        capacity_mw=capacity,
        cost=packed.cost,
        demand_mw=packed.demand_by_tier(system.loads.p_mw),
        penalty=packed.tiers.penalty,
        row_limit_mw=np.where(np.isfinite(limit), limit, 1e6),
        spill_cost=packed.spill_cost_in(month),
    )


def _with_classes(
    name: str, case: DispatchCase, capacity: np.ndarray, cost: np.ndarray, demand: np.ndarray, rating: np.ndarray
) -> System:
    share = np.random.default_rng(7).dirichlet([1.0, 1.0, 1.0], case.n_buses)
    share[::4, 1] = 0.0  # not every class is everywhere
    share /= share.sum(axis=1, keepdims=True)
    through = np.add.reduceat(rating[case.interface_branch], case.interface_start[:-1])
    return System(
        name=name,
        case=case,
        capacity_mw=capacity,
        cost=cost,
        demand_mw=demand[:, None] * share,
        penalty=ladder(float(cost.max()), 3),
        row_limit_mw=np.concatenate([rating, 0.6 * through]),
    )


def open_state(system: System, solver: DispatchSolver, rng: np.random.Generator) -> DispatchState:
    """Draw a state of the intact network without limits that supply can serve: must-run within demand."""
    case = system.case
    n_gens, n_rows = case.gen_bus.size, case.row_ptdf.shape[0]
    demand = system.demand_mw * rng.uniform(0.4, 1.1) * rng.uniform(0.8, 1.2, (case.n_buses, 1))
    hi = system.capacity_mw * (rng.random(n_gens) < rng.uniform(0.3, 1.0)) * rng.random(n_gens)
    short = max(demand.sum() * rng.uniform(1.0, 1.3) / hi.sum(), 1.0)
    hi = hi * short
    lo = np.where(rng.random(n_gens) < 0.3, hi * rng.random(n_gens), 0.0)
    lo *= min(demand.sum() / max(lo.sum(), 1e-9), 1.0)
    return random_state(system, solver, rng)._replace(
        topology=solver.topology(()),
        lo_mw=lo,
        hi_mw=hi,
        demand_mw=demand,
        row_lo_mw=np.full(n_rows, -1e6),
        row_hi_mw=np.full(n_rows, 1e6),
    )


def random_state(system: System, solver: DispatchSolver, rng: np.random.Generator) -> DispatchState:
    """Draw availability 0-100 %, demand 40-110 %, 0-3 branch outages, tight limits, must-run and charging columns."""
    case = system.case
    n_gens, n_rows = case.gen_bus.size, case.row_ptdf.shape[0]
    out = rng.choice(case.branch_from.size, rng.integers(0, 4), replace=False)
    hi = system.capacity_mw * (rng.random(n_gens) < rng.uniform(0.3, 1.0))
    if rng.random() < 0.3:
        hi = hi * rng.random(n_gens)
    lo = np.where(rng.random(n_gens) < 0.2 * rng.integers(0, 2), hi * rng.random(n_gens), 0.0)
    if rng.random() < 0.2:
        lo = np.where(rng.random(n_gens) < 0.1, -0.3 * system.capacity_mw, lo)
    demand = system.demand_mw * rng.uniform(0.4, 1.1) * rng.uniform(0.8, 1.2, (case.n_buses, 1))
    lo_factor, hi_factor = (rng.uniform(0.3, 1.1) * rng.uniform(0.8, 1.2, n_rows) for _ in range(2))
    row_lo, row_hi = -system.row_limit_mw * lo_factor, system.row_limit_mw * hi_factor
    row_hi[-1] = np.inf if rng.random() < 0.5 else row_hi[-1]
    row_lo[0] = 0.0 if rng.random() < 0.1 else row_lo[0]
    return DispatchState(
        topology=solver.topology(out),
        lo_mw=lo,
        hi_mw=hi,
        cost=system.cost,
        spill_cost=np.full(n_gens, 2.0 * system.cost.max()) if system.spill_cost is None else system.spill_cost,
        demand_mw=demand,
        penalty=np.tile(system.penalty, (case.n_buses, 1)),
        row_lo_mw=row_lo,
        row_hi_mw=row_hi,
    )


def generation_cost(state: DispatchState, solution: DispatchSolution) -> float:
    return float(state.cost @ solution.p_mw)


def kkt_residuals(case: DispatchCase, state: DispatchState, solution: DispatchSolution) -> tuple[float, float]:
    """Give the largest primal violation in MW and the largest dual one in money per MWh, from the solution alone.

    Flows are those of the solution's own injections; prices are checked against the slope of every column that is not
    at a bound, and against the sign that the bound asks for otherwise.
    """
    p, w, s = solution.p_mw, solution.spill_mw, solution.shed_mw
    island, ptdf = state.topology.island, state.topology.row_ptdf
    injection = np.bincount(case.gen_bus, p - w, case.n_buses) + s.sum(axis=1) - state.demand_mw.sum(axis=1)
    flow = ptdf @ injection
    boxes = [
        (p, state.lo_mw, state.hi_mw),
        (w, np.zeros_like(w), np.maximum(state.lo_mw, 0.0)),
        (s, np.zeros_like(s), state.demand_mw),
        (flow, state.row_lo_mw, state.row_hi_mw),
    ]
    primal = max(float(np.max(np.maximum(lo - x, x - hi), initial=0.0)) for x, lo, hi in boxes)
    primal = max(primal, float(np.abs(np.bincount(island, injection)).max()))
    primal = max(primal, float(np.max(np.abs(flow - solution.flow_mw), initial=0.0)))
    # price = balance price of the island - sum row_price * ptdf: one number per island must be left over
    balance = solution.price + ptdf.T @ solution.row_price
    dual = max(float(np.ptp(balance[island == k])) for k in range(island.max() + 1))
    price_gen = solution.price[case.gen_bus]
    slopes = [
        (p, state.lo_mw, state.hi_mw, state.cost - price_gen),
        (w, np.zeros_like(w), np.maximum(state.lo_mw, 0.0), state.spill_cost + price_gen),
        (s, np.zeros_like(s), state.demand_mw, state.penalty - solution.price[:, None]),
        (flow, state.row_lo_mw, state.row_hi_mw, solution.row_price),
    ]
    for k, (x, lo, hi, reduced) in enumerate(slopes):
        if k == 3:
            reduced = -reduced
        above, below = x > lo + 1e-6, x < hi - 1e-6
        dual = max(dual, float(np.max(reduced[above], initial=0.0)), float(np.max(-reduced[below], initial=0.0)))
    return primal, dual
