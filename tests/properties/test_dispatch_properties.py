"""What must hold for the dispatch of any state, however it is numbered, split or reached."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_case
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from tests.support.dispatch_cases import random_state, reliability_system

PLAIN = DispatchOptions(segments=False, perturb=False)
SYSTEMS = {name: reliability_system(name) for name in ("rts79", "rbts")}
ANY = settings(max_examples=40, deadline=None, derandomize=True)
systems = st.sampled_from(sorted(SYSTEMS))
seeds = st.integers(0, 2**32 - 1)


def draw(name, seed, options=PLAIN):
    system = SYSTEMS[name]
    solver = DispatchSolver(system.case, options)
    rng = np.random.default_rng(seed)
    return system, solver, random_state(system, solver, rng), rng


def same(a, b, scale_mw):
    assert a.cost == pytest.approx(b.cost, rel=1e-6, abs=1e-6)
    assert a.shed_mw.sum() == pytest.approx(b.shed_mw.sum(), abs=1e-6 * scale_mw)


@ANY
@given(systems, seeds)
def test_renumbering_everything_changes_nothing(name, seed):
    system, solver, state, rng = draw(name, seed)
    case = system.case
    bus = rng.permutation(case.n_buses)  # new number of each bus
    gen, branch = rng.permutation(case.gen_bus.size), rng.permutation(case.branch_from.size)
    old_bus = np.argsort(bus)
    new_branch = np.argsort(branch)
    other_case = make_case(
        case.n_buses,
        bus[case.gen_bus[gen]],
        bus[case.branch_from[branch]],
        bus[case.branch_to[branch]],
        case.branch_x_pu[branch],
        case.branch_in_service[branch],
        case.interface_start,
        new_branch[case.interface_branch],
        case.interface_sign,
    )
    other = DispatchSolver(other_case, PLAIN)
    rows = np.concatenate([branch, np.arange(branch.size, state.row_lo_mw.size)])
    shuffled = DispatchState(
        topology=other.topology(new_branch[state.topology.out_branch]),
        lo_mw=state.lo_mw[gen],
        hi_mw=state.hi_mw[gen],
        cost=state.cost[gen],
        spill_cost=state.spill_cost[gen],
        demand_mw=state.demand_mw[old_bus],
        penalty=state.penalty[old_bus],
        row_lo_mw=state.row_lo_mw[rows],
        row_hi_mw=state.row_hi_mw[rows],
    )
    same(solver.solve(state), other.solve(shuffled), system.demand_mw.sum())


@ANY
@given(systems, seeds)
def test_a_machine_may_be_two_halves(name, seed):
    system, solver, state, rng = draw(name, seed)
    case = system.case
    gen = int(rng.integers(case.gen_bus.size))
    halves = make_case(case.n_buses, np.append(case.gen_bus, case.gen_bus[gen]), *case[2:6], *case[6:9])
    twice = [np.append(x, x[gen]) for x in (state.lo_mw, state.hi_mw, state.cost, state.spill_cost)]
    for x in twice[:2]:
        x[[gen, -1]] /= 2.0
    other = DispatchSolver(halves, PLAIN)
    split = state._replace(lo_mw=twice[0], hi_mw=twice[1], cost=twice[2], spill_cost=twice[3])
    same(solver.solve(state), other.solve(split), system.demand_mw.sum())


@ANY
@given(systems, seeds, seeds)
def test_a_warm_start_gives_the_same_answer(name, seed, other_seed):
    system, solver, state, _ = draw(name, seed)
    before = random_state(system, solver, np.random.default_rng(other_seed))
    same(solver.solve(state), solver.solve(state, solver.solve(before).basis), system.demand_mw.sum())


@ANY
@given(systems, seeds)
def test_more_supply_never_costs_more(name, seed):
    _, solver, state, rng = draw(name, seed)
    gen = int(rng.integers(state.hi_mw.size))
    more = state._replace(hi_mw=state.hi_mw + np.where(np.arange(state.hi_mw.size) == gen, 50.0, 0.0))
    cost = solver.solve(state).cost
    assert solver.solve(more).cost <= cost + 1e-9 * abs(cost) + 1e-6


@ANY
@given(systems, seeds)
def test_sharing_and_perturbation_cost_at_most_a_ten_thousandth(name, seed):
    system, solver, state, _ = draw(name, seed)
    plain, shared = solver.solve(state), DispatchSolver(system.case).solve(state)
    assert plain.cost - 1e-6 <= shared.cost + 1e-9 * abs(plain.cost)
    dearest = float(state.cost.max())
    slack = 1e-4 * (dearest * system.demand_mw.sum() * 1.1 + abs(float(np.sum(state.penalty * plain.shed_mw))))
    assert shared.cost <= plain.cost + slack


@ANY
@given(systems, seeds)
def test_every_balance_and_limit_is_kept(name, seed):
    system, solver, state, _ = draw(name, seed, DispatchOptions())
    solution = solver.solve(state)
    case = system.case
    injection = np.bincount(case.gen_bus, solution.p_mw - solution.spill_mw, case.n_buses)
    injection += solution.shed_mw.sum(axis=1) - state.demand_mw.sum(axis=1)
    np.testing.assert_allclose(np.bincount(state.topology.island, injection), 0.0, atol=1e-6)
    np.testing.assert_allclose(state.topology.row_ptdf @ injection, solution.flow_mw, atol=1e-6)
    assert np.all(solution.flow_mw <= state.row_hi_mw + 1e-6)
    assert np.all(solution.flow_mw >= state.row_lo_mw - 1e-6)
    assert np.all((solution.p_mw >= state.lo_mw) & (solution.p_mw <= state.hi_mw))
    assert np.all((solution.shed_mw >= 0.0) & (solution.shed_mw <= state.demand_mw + 1e-12))
    assert np.all((solution.spill_mw >= 0.0) & (solution.spill_mw <= np.maximum(state.lo_mw, 0.0)))
    assert solver.fallbacks == 0
