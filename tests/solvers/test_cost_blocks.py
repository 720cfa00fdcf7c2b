"""Blocks of costs: a hand case, a programme without columns per block, pandapower's DC OPF, what stays as it was."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import gridsim
from gridsim.kernels.arrays import F8, DispatchCase, DispatchSolution, DispatchState
from gridsim.kernels.flows import make_case
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchMethod, DispatchOptions, DispatchSolver
from tests.support.ac_cases import own_net
from tests.support.cases import META, TWO_AREAS

PLAIN = DispatchOptions(segments=False, perturb=False)
TRIANGLE = ([0, 1, 0], [1, 2, 2], [1.0, 1.0, 1.0], [True] * 3, [0], [], [])


def state_of(case: DispatchCase, hi: Any, cost: Any, demand: Any, limit: Any, lo: Any = 0.0) -> DispatchState:
    n_gens = len(case.gen_bus)
    bound = np.broadcast_to(np.asarray(limit, dtype=float), len(case.row_ptdf)).copy()
    return DispatchState(
        topology=DispatchSolver(case).topology(),
        lo_mw=np.broadcast_to(np.asarray(lo, dtype=float), n_gens).copy(),
        hi_mw=np.asarray(hi, dtype=float),
        cost=np.asarray(cost, dtype=float),
        spill_cost=np.full(n_gens, 200.0),
        demand_mw=np.asarray(demand, dtype=float).reshape(-1, 1),
        penalty=np.full((case.n_buses, 1), 1e4),
        row_lo_mw=-bound,
        row_hi_mw=bound,
    )


def triangle() -> DispatchCase:
    """Three equal lines; machine 0 at bus 0 costs 10, above 50 MW 30, above 80 MW 60; machine 1 at bus 1 costs 40."""
    return make_case(
        3, [0, 1], *TRIANGLE, block_gen=[0, 0, 0], block_mw=[50.0, 30.0, 20.0], block_rise=[-10.0, 10.0, 40.0]
    )


@pytest.mark.parametrize("method", DispatchMethod)
def test_three_buses_by_hand(method: DispatchMethod) -> None:
    case = triangle()
    solver = DispatchSolver(case, DispatchOptions(method=method, segments=False, perturb=False))

    def solved(demand_mw: float, hi: Any = (100.0, 100.0), **more: Any) -> DispatchSolution:
        limit = more.pop("limit", 1e3)
        return solver.solve(state_of(case, hi, [20.0, 40.0], [0.0, 0.0, demand_mw], limit, **more))

    small = solved(40.0)  # within the first block
    assert small.p_mw == pytest.approx([40.0, 0.0]) and small.cost == pytest.approx(400.0)
    assert small.price == pytest.approx([10.0] * 3)
    middle = solved(70.0)
    assert middle.p_mw == pytest.approx([70.0, 0.0]) and middle.cost == pytest.approx(500.0 + 600.0)
    assert middle.price == pytest.approx([30.0] * 3)
    whole = solved(110.0)  # machine 1 is cheaper than the third block
    assert whole.p_mw == pytest.approx([80.0, 30.0]) and whole.cost == pytest.approx(500.0 + 900.0 + 1200.0)
    last = solved(190.0)
    assert last.p_mw == pytest.approx([90.0, 100.0]) and last.price == pytest.approx([60.0] * 3)
    assert last.cost == pytest.approx(500.0 + 900.0 + 600.0 + 4000.0)
    short = solved(230.0)
    assert short.p_mw == pytest.approx([100.0, 100.0]) and short.shed_mw.sum() == pytest.approx(30.0)
    # half available: the first block alone, nothing of the others
    half = solved(110.0, hi=[50.0, 100.0])
    assert half.p_mw == pytest.approx([50.0, 60.0])
    # must give 90: its dear block stands at 10 MW though machine 1 is cheaper
    forced = solved(110.0, lo=[90.0, 0.0])
    assert forced.p_mw == pytest.approx([90.0, 20.0])
    assert forced.cost == pytest.approx(500.0 + 900.0 + 600.0 + 800.0)
    # must give 60 where 40 are asked for: 20 are spilled
    spilled = solved(40.0, lo=[60.0, 0.0])
    assert spilled.p_mw[0] == pytest.approx(60.0) and spilled.spill_mw[0] == pytest.approx(20.0)
    assert spilled.cost == pytest.approx(500.0 + 300.0 + 20.0 * 200.0)
    # line 0-2 at 40 MW carries 2/3 of machine 0 and 1/3 of machine 1
    narrow = solved(90.0, limit=[1e3, 1e3, 40.0])
    assert narrow.p_mw == pytest.approx([30.0, 60.0]) and narrow.flow_mw[2] == pytest.approx(40.0)
    assert narrow.price == pytest.approx([10.0, 40.0, 70.0])
    assert solver.fallbacks == 0


def test_losses_of_shunts_and_blocks_together() -> None:
    case = triangle()._replace(bus_loss_mw=np.array([0.0, 0.0, 10.0]))
    solution = DispatchSolver(case, PLAIN).solve(state_of(case, [100.0, 100.0], [20.0, 40.0], [0.0, 0.0, 60.0], 1e3))
    assert solution.p_mw == pytest.approx([70.0, 0.0]) and solution.cost == pytest.approx(500.0 + 600.0)
    assert solution.bus_loss_mw == pytest.approx([0.0, 0.0, 10.0])


def epigraph(case: DispatchCase, state: DispatchState) -> float:
    """Least cost by a programme with one cost variable a machine, above each of its tangents: no column per block."""
    n_gens, n_buses = len(case.gen_bus), case.n_buses
    # columns: p, spill, shed, cost of each machine
    n = 3 * n_gens + n_buses
    at = {"p": 0, "spill": n_gens, "shed": 2 * n_gens, "cost": 2 * n_gens + n_buses}
    upper: list[F8] = []
    right: list[float] = []
    for gen in range(n_gens):
        of_gen = np.flatnonzero(case.block_gen == gen)
        widths = case.block_mw[of_gen] if len(of_gen) else np.array([np.inf])
        slopes = state.cost[gen] + (case.block_rise[of_gen] if len(of_gen) else np.zeros(1))
        begin = value = 0.0
        for width, slope in zip(widths, slopes, strict=True):
            row = np.zeros(n)
            row[gen], row[at["cost"] + gen] = slope, -1.0
            upper.append(row)
            right.append(slope * begin - value)
            begin, value = begin + width, value + slope * width
    demand = state.demand_mw[:, 0]
    to_bus = np.zeros((n_buses, n))
    to_bus[case.gen_bus, np.arange(n_gens)] = 1.0
    to_bus[case.gen_bus, n_gens + np.arange(n_gens)] = -1.0
    to_bus[np.arange(n_buses), at["shed"] + np.arange(n_buses)] = 1.0
    flow = state.topology.row_ptdf @ to_bus
    fixed = state.topology.row_ptdf @ demand
    balance = np.array([to_bus[state.topology.island == k].sum(axis=0) for k in range(state.topology.island.max() + 1)])
    asked = np.bincount(state.topology.island, demand)
    price = np.concatenate([np.zeros(n_gens), state.spill_cost, state.penalty[:, 0], np.ones(n_gens)])
    bounds = [
        *zip(state.lo_mw, state.hi_mw), *((0.0, max(lo, 0.0)) for lo in state.lo_mw),
        *((0.0, mw) for mw in demand), *((None, None) for _ in range(n_gens)),
    ]  # fmt: skip
    result = linprog(
        price,
        A_ub=np.vstack([*upper, flow, -flow]),
        b_ub=np.concatenate([right, state.row_hi_mw + fixed, -state.row_lo_mw - fixed]),
        A_eq=balance,
        b_eq=asked,
        bounds=bounds,
        method="highs-ds",
    )
    assert result.status == 0
    return float(result.fun)


def random_case(rng: np.random.Generator) -> tuple[DispatchCase, DispatchState]:
    n_buses, n_gens = 8, 6
    tree = [int(rng.integers(0, bus)) for bus in range(1, n_buses)]
    more = [sorted(rng.choice(n_buses, 2, replace=False).tolist()) for _ in range(5)]
    begin, end = [*tree, *(a for a, _ in more)], [*range(1, n_buses), *(b for _, b in more)]
    counts = rng.integers(0, 6, n_gens)
    gen = np.repeat(np.arange(n_gens), counts)
    width = rng.uniform(5.0, 40.0, len(gen)).round(int(rng.integers(0, 3)))
    rise = np.concatenate([np.sort(rng.uniform(-20, 60, count).round()) for count in counts])
    case = make_case(
        n_buses, rng.integers(0, n_buses, n_gens), begin, end, rng.uniform(0.1, 1.0, len(begin)),
        [True] * len(begin), [0], [], [], block_gen=gen, block_mw=width, block_rise=rise,
    )  # fmt: skip
    p_max = np.bincount(gen, width, n_gens)
    p_max[counts == 0] = 50.0
    hi = p_max * rng.choice([0.0, 0.4, 1.0], n_gens, p=[0.1, 0.3, 0.6])
    lo = hi * rng.choice([0.0, 0.5], n_gens)
    demand = rng.uniform(0.0, 1.6 * p_max.sum() / n_buses, n_buses)
    return case, state_of(case, hi, rng.uniform(20, 80, n_gens), demand, rng.uniform(15, 80, len(begin)), lo=lo)


def test_random_states_against_a_programme_without_columns_per_block() -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        case, state = random_case(rng)
        solver = DispatchSolver(case, PLAIN)
        solution = solver.solve(state)
        assert solution.status == 0 and solver.fallbacks == 0
        assert solution.cost == pytest.approx(epigraph(case, state), rel=1e-9, abs=1e-6)
        assert (solution.p_mw >= state.lo_mw).all() and (solution.p_mw <= state.hi_mw).all()
        balance = solution.p_mw.sum() - solution.spill_mw.sum() + solution.shed_mw.sum() - state.demand_mw.sum()
        assert balance == pytest.approx(0.0, abs=1e-6)


def test_a_warm_start_gives_the_same() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        case, state = random_case(rng)
        solver = DispatchSolver(case)
        cold = solver.solve(state)
        before = solver.solve(state._replace(demand_mw=0.9 * state.demand_mw))
        warm = solver.solve(state, before.basis)
        np.testing.assert_allclose(warm.p_mw, cold.p_mw, atol=1e-6)
        assert warm.cost == pytest.approx(cold.cost, rel=1e-9)


def with_pieces(case: str, n_pieces: int) -> Any:
    """A case of pandapower with its quadratic costs as pieces from 0 MW, or as they are."""
    import pandapower as pp

    net = own_net(case)
    for table in ("ext_grid", "gen", "sgen"):
        net[table]["min_p_mw"] = 0.0
    if n_pieces:
        poly = net.poly_cost.copy()
        net.poly_cost = net.poly_cost.iloc[:0]
        for _, row in poly.iterrows():
            high = float(net[row["et"]].at[row["element"], "max_p_mw"])
            ends = np.linspace(0.0, high, n_pieces + 1)
            slope = row["cp1_eur_per_mw"] + row["cp2_eur_per_mw2"] * (ends[:-1] + ends[1:])
            points = [[float(a), float(b), float(c)] for a, b, c in zip(ends, ends[1:], slope)]
            pp.create_pwl_cost(net, int(row["element"]), row["et"], points)
    return net


def dispatched(system: GridSystem) -> tuple[DispatchSolution, F8]:
    """The base state without losses, and MW of the machines."""
    packed = pack(system)
    solver = DispatchSolver(packed.case, PLAIN)
    hi = np.zeros(packed.n_columns)
    hi[packed.gen_columns] = system.generators.p_max_mw
    row_lo, row_hi = packed.row_limits((), 1)
    state = DispatchState(
        topology=solver.topology(), lo_mw=np.zeros(packed.n_columns), hi_mw=hi, cost=packed.cost,
        spill_cost=packed.spill_cost, demand_mw=packed.demand_by_tier(system.loads.p_mw), penalty=packed.penalty,
        row_lo_mw=row_lo, row_hi_mw=row_hi,
    )  # fmt: skip
    solution = solver.solve(state)
    assert solver.fallbacks == 0 and solution.shed_mw.sum() == pytest.approx(0.0, abs=1e-9)
    net = solution.p_mw[packed.gen_columns]
    assert solution.cost == pytest.approx(net @ system.generators.cost_per_mwh + packed.block_cost(solution.p_mw))
    return solution, net


@pytest.mark.parametrize("case", ["case9", "case30"])
def test_piecewise_costs_cost_what_they_do_in_pandapower(case: str) -> None:
    import pandapower as pp

    net = with_pieces(case, 4)
    solution, _ = dispatched(gridsim.from_pandapower(net))
    net.bus["max_vm_pu"], net.bus["min_vm_pu"] = 1.2, 0.8
    pp.rundcopp(net)
    assert solution.cost == pytest.approx(net.res_cost, rel=2e-5)


@pytest.mark.parametrize("case", ["case9", "case30"])
def test_quadratic_costs_are_within_the_error_that_the_account_states(case: str) -> None:
    import pandapower as pp

    from gridsim.io.grid_import.imported import import_net

    net = with_pieces(case, 0)
    net.poly_cost["cp0_eur"] = 0.0
    imported = import_net(net)
    solution, p_mw = dispatched(imported.system)
    (entry,) = [entry for entry in imported.report.entries if entry.table == "poly_cost"]
    per_mwh = float(entry.error.split("up to ")[1].split()[0])
    pp.rundcopp(net)
    # the cost of a block is that of the curve at both of its ends, at most a quarter of the error of a price above
    width = imported.system.generators.p_max_mw.max() / 20
    assert net.res_cost * (1 - 1e-5) <= solution.cost <= net.res_cost * (1 + 1e-5) + len(p_mw) * per_mwh * width / 4
    assert solution.cost == pytest.approx(net.res_cost, rel=2e-3)


def blocky(**cells: Any) -> GridSystem:
    tables = copy.deepcopy(TWO_AREAS)
    tables["generators"][0] |= cells
    tables["cost_blocks"] = [
        {"generator": "coal_1", "p_mw": 300, "cost_per_mwh": 10},
        {"generator": "coal_1", "p_mw": 200, "cost_per_mwh": 30},
    ]
    return gridsim.system_from_tables(META, tables)


def test_dispatch_prices_a_machine_by_its_blocks() -> None:
    plain = gridsim.system_from_tables(META, copy.deepcopy(TWO_AREAS))
    before, after = gridsim.dispatch(plain), gridsim.dispatch(blocky())
    coal, gas = (frame.set_index("name").p_mw for frame in (before.generators, after.generators))
    assert coal["coal_1"] == pytest.approx(250.0) and gas["coal_1"] == pytest.approx(250.0)
    more = gridsim.dispatch(blocky(), demand_mw={"n2_homes": 300.0})
    assert more.generators.set_index("name").p_mw["coal_1"] == pytest.approx(400.0)
    served = more.generators.set_index("name").p_mw
    assert more.cost == pytest.approx(3000.0 + 30.0 * (served["coal_1"] - 300.0) + 25.0 * served["gas_1"])


def test_a_system_without_blocks_keeps_its_hash_and_one_with_them_has_another() -> None:
    plain = gridsim.system_from_tables(META, copy.deepcopy(TWO_AREAS))
    assert plain.content_hash != blocky().content_hash
    assert pack(plain).case.block_gen.size == 0
