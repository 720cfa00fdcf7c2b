"""The dispatch front door: oracle agreement on random states, warm starts, fallbacks, caches."""

from __future__ import annotations

import numpy as np
import pytest

import gridsim.solvers.dispatch as module
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.dispatch_reference import solve_dispatch_reference
from gridsim.kernels.flows import make_case
from gridsim.model.pack import LEAST_SHEDDING, SPILL_FACTOR, operator_ladder
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.highs import solve_highs
from tests.support.dispatch_cases import (
    DATA,
    generation_cost,
    kazakhstan_system,
    kkt_residuals,
    matpower_system,
    open_state,
    random_state,
    reliability_system,
)

PLAIN = DispatchOptions(segments=False, perturb=False)


@pytest.fixture(scope="module")
def rts79():
    return reliability_system("rts79")


@pytest.mark.parametrize("name", ["rts79", "rbts", "case30", "case118"])
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "plain"])
def test_random_states_against_highs(name, shared):
    """With sharing on, the kernel's bound flips and HiGHS's expanded columns must pick the very same buses."""
    system = reliability_system(name) if name in ("rts79", "rbts") else matpower_system(name)
    solver = DispatchSolver(system.case, DispatchOptions(segments=shared, perturb=shared))
    rng = np.random.default_rng(11)
    for _ in range(15):
        state = random_state(system, solver, rng)
        kernel = solver.solve(state)
        highs = solve_highs(system.case, state, segments=shared, perturb=shared)
        assert highs.status == 0
        np.testing.assert_allclose(kernel.shed_mw.sum(axis=0), highs.shed_mw.sum(axis=0), atol=1e-5)
        assert kernel.spill_mw.sum() == pytest.approx(highs.spill_mw.sum(), abs=1e-5)
        assert generation_cost(state, kernel) == pytest.approx(generation_cost(state, highs), rel=1e-7, abs=1e-3)
        primal, dual = kkt_residuals(system.case, state, kernel)
        assert primal < 1e-6
        if shared:
            np.testing.assert_allclose(kernel.shed_mw, highs.shed_mw, atol=1e-5)
            np.testing.assert_allclose(kernel.p_mw, highs.p_mw, atol=1e-5)
        else:
            assert dual < 1e-9 * state.penalty.max()
    assert solver.fallbacks == 0


def test_100_states_of_the_operators_ladder_against_highs():
    """20 G for the first class and 4 G for heat and water leave little between spill, imports and shedding."""
    system = kazakhstan_system(operator_ladder(0.05))
    solver = DispatchSolver(system.case, PLAIN)
    rng = np.random.default_rng(18)
    shed_mw = spill_mw = 0.0
    for number in range(100):
        state = random_state(system, solver, rng)
        if number % 2:  # heat and water that must run behind sections as good as cut
            kept = np.where(rng.random(state.hi_mw.size) < 0.8, state.hi_mw, 0.0)
            state = state._replace(
                lo_mw=kept, row_lo_mw=0.2 * state.row_lo_mw, row_hi_mw=0.2 * state.row_hi_mw,
                demand_mw=0.5 * state.demand_mw,
            )  # fmt: skip
        kernel = solver.solve(state)
        highs = solve_highs(system.case, state, segments=False, perturb=False)
        assert highs.status == 0
        np.testing.assert_allclose(kernel.shed_mw.sum(axis=0), highs.shed_mw.sum(axis=0), atol=1e-5)
        assert kernel.spill_mw.sum() == pytest.approx(highs.spill_mw.sum(), abs=1e-5)
        assert generation_cost(state, kernel) == pytest.approx(generation_cost(state, highs), rel=1e-7, abs=1e-3)
        shed_mw, spill_mw = shed_mw + kernel.shed_mw.sum(), spill_mw + kernel.spill_mw.sum()
    assert solver.fallbacks == 0 and shed_mw > 0 and spill_mw > 0


@pytest.mark.parametrize("ladder", [LEAST_SHEDDING, operator_ladder(0.05)], ids=["least", "operator"])
def test_nobody_is_shed_where_no_limit_binds_and_supply_is_enough(ladder):
    system = kazakhstan_system(ladder)
    solver = DispatchSolver(system.case)
    dearest = system.spill_cost.min() / SPILL_FACTOR
    counted = system.penalty >= 0.999 * ladder.first * dearest  # the classes below stop buying by price
    assert 0 < counted.sum() < len(counted)
    rng = np.random.default_rng(200)
    for _ in range(200):
        state = open_state(system, solver, rng)
        assert solver.solve(state).shed_mw[:, counted].sum() <= 1e-6


@pytest.mark.parametrize("name", ["case118", "kazakhstan"])
def test_states_that_were_once_given_up(name):
    """See ``tests/data/dispatch_ties/README.md``."""
    with np.load(DATA / "dispatch_ties" / f"{name}.npz", allow_pickle=False) as data:
        saved = {key: data[key] for key in data.files}
    n_buses, n_gens = saved["demand_mw"].shape[1], saved["hi_mw"].shape[1]
    network = [key for key in saved if key.startswith(("gen_", "branch_", "interface_"))]
    case = make_case(n_buses, **{key: saved[key] for key in network})
    for k, shared in enumerate(saved["shared"]):
        solver = DispatchSolver(case, DispatchOptions(segments=bool(shared), perturb=bool(shared)))
        limit = saved["row_limit_mw"][k]
        state = DispatchState(
            topology=solver.topology([b for b in saved["out_branch"][k] if b >= 0]),
            lo_mw=np.zeros(n_gens),
            hi_mw=saved["hi_mw"][k],
            cost=np.full(n_gens, 10.0),
            spill_cost=np.full(n_gens, 20.0),
            demand_mw=saved["demand_mw"][k],
            penalty=np.full(saved["demand_mw"][k].shape, 2000.0),
            row_lo_mw=-limit,
            row_hi_mw=limit,
        )
        kernel = solver.solve(state)
        highs = solve_highs(case, state, segments=bool(shared), perturb=bool(shared))
        assert highs.status == 0
        assert solver.fallbacks == 0
        assert kernel.shed_mw.sum() == pytest.approx(highs.shed_mw.sum(), abs=1e-5)
        assert kernel.cost == pytest.approx(highs.cost, rel=1e-7)
        assert kkt_residuals(case, state, kernel)[0] <= 1e-6


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "plain"])
@pytest.mark.parametrize("name", ["rbts", "rts79"])
def test_the_kernel_does_what_its_readable_twin_does(name, shared):
    system = reliability_system(name)
    solver = DispatchSolver(system.case, DispatchOptions(segments=shared, perturb=shared))
    rng = np.random.default_rng(13)
    for _ in range(6):
        state = random_state(system, solver, rng)
        kernel = solver.solve(state)
        p_mw, spill_mw, shed_mw = solve_dispatch_reference(system.case, state, segments=shared, perturb=shared)
        cost = state.cost @ p_mw + state.spill_cost @ spill_mw + np.sum(state.penalty * shed_mw)
        assert kernel.cost == pytest.approx(cost, rel=1e-9)
        if shared:  # without ties even the machines and loads are the same
            np.testing.assert_allclose(kernel.p_mw, p_mw, atol=1e-6)
            np.testing.assert_allclose(kernel.shed_mw, shed_mw, atol=1e-6)


def test_the_residuals_see_a_wrong_answer(rts79):
    solver = DispatchSolver(rts79.case, PLAIN)
    state = random_state(rts79, solver, np.random.default_rng(2))
    solution = solver.solve(state)
    worse = solution._replace(p_mw=solution.p_mw + np.where(np.arange(solution.p_mw.size) == 3, 1e-3, 0.0))
    assert kkt_residuals(rts79.case, state, worse)[0] > 9e-4
    dearer = solution._replace(price=solution.price + 1.0)
    assert kkt_residuals(rts79.case, state, dearer)[1] > 0.5


def test_warm_starts_change_neither_what_is_counted_nor_the_cost(rts79):
    solver = DispatchSolver(rts79.case)
    rng = np.random.default_rng(4)
    basis = None
    shortages = 0
    for _ in range(100):
        state = random_state(rts79, solver, rng)
        cold = solver.solve(state)
        warm = solver.solve(state, basis)
        if cold.shed_mw.sum() > module.COUNTED_MW:
            shortages += 1
            for field in set(cold._fields) - {"pivots"}:  # the way may be shorter, the answer is the same
                assert np.asarray(getattr(cold, field)).tobytes() == np.asarray(getattr(warm, field)).tobytes(), field
        assert warm.cost == pytest.approx(cold.cost, rel=1e-9)
        basis = warm.basis
    assert 10 < shortages < 90


def test_a_moving_store_is_solved_from_the_merit_order(rts79):
    solver = DispatchSolver(rts79.case)
    rng = np.random.default_rng(8)
    state = random_state(rts79, solver, rng)
    calm = state._replace(hi_mw=rts79.capacity_mw.copy(), lo_mw=np.zeros_like(state.lo_mw))
    running = np.flatnonzero(solver.solve(calm).p_mw > 1.0)
    warm = solver.solve(calm, solver.solve(state).basis, stores=running[:1])
    assert warm.p_mw.tobytes() == solver.solve(calm).p_mw.tobytes()


def test_a_basis_of_other_islands_or_another_network_is_no_harm(rts79):
    solver = DispatchSolver(rts79.case)
    state = random_state(rts79, solver, np.random.default_rng(1))
    split = state._replace(topology=solver.topology([10, 4, 5]))
    whole = state._replace(topology=solver.topology())
    assert split.topology.island.max() > 0
    for first, second in ((whole, split), (split, whole)):
        warm = solver.solve(second, solver.solve(first).basis)
        assert warm.cost == pytest.approx(solver.solve(second).cost, rel=1e-9)
    nonsense = np.array([3, 3, -1, -2], dtype=np.int32)
    assert solver.solve(whole, nonsense).cost == pytest.approx(solver.solve(whole).cost, rel=1e-9)
    assert solver.fallbacks == 0


def test_a_state_the_kernel_gives_up_is_solved_by_highs_and_counted(rts79, monkeypatch):
    monkeypatch.setattr(module, "solve_dispatch", lambda **state: 1)
    solver = DispatchSolver(rts79.case)
    state = random_state(rts79, solver, np.random.default_rng(6))
    solution = solver.solve(state)
    assert (solver.solves, solver.fallbacks) == (1, 1)
    assert solution.status == 0
    assert solution.cost == pytest.approx(solve_highs(rts79.case, state).cost, rel=1e-9)


def test_a_state_without_an_answer_leaves_no_basis_behind(rts79, monkeypatch):
    """Rounding eats the balance of 1e30 MW, and a half-made basis stood a bus beyond its last segment."""
    kernel, seen = module.solve_dispatch, []

    def watched(**state):
        status = kernel(**state)
        seen.append((status, int(state["ws"].info[module.N_BASIS])))
        return status

    monkeypatch.setattr(module, "solve_dispatch", watched)
    monkeypatch.setattr(module, "solve_highs", lambda *state, **options: "by HiGHS")
    solver, rng = DispatchSolver(rts79.case), np.random.default_rng(6)
    for demand in (1.0, 1e30, 1e300, 1.0):
        state = random_state(rts79, solver, rng)
        demand_mw = state.demand_mw.copy()
        demand_mw[0] *= demand
        solver.solve(state._replace(demand_mw=demand_mw))
    assert seen[0][0] == 0 and seen[-1][0] == 0
    assert any(status != 0 for status, _ in seen)
    assert all((n_basis > 0) == (status == 0) for status, n_basis in seen)


def test_topologies_are_kept_by_their_outage_set(rts79, monkeypatch):
    solver = DispatchSolver(rts79.case)
    assert solver.topology([3, 1]) is solver.topology([1, 3, 3])
    monkeypatch.setattr(module, "N_TOPOLOGIES", 2)
    kept = solver.topology([5])
    solver.topology([6])
    solver.topology([7])
    assert solver.topology([5]) is not kept
    assert solver.topology([5]).row_ptdf.tobytes() == kept.row_ptdf.tobytes()


def test_the_merit_order_follows_prices_that_change_in_place(rts79):
    """Prices written into the same array are new prices; a read-only array is known again without a comparison."""
    solver = DispatchSolver(rts79.case)
    state = random_state(rts79, solver, np.random.default_rng(3))
    order = solver.merit_order(state)
    assert solver.merit_order(state) is order
    state.cost[0] += 1.0
    assert solver.merit_order(state) is not order
    kept = state._replace(cost=state.cost.copy())
    kept.cost.setflags(write=False)
    order = solver.merit_order(kept)
    assert solver.merit_order(kept._replace(spill_cost=kept.spill_cost.copy())) is order
    assert solver.merit_order(kept._replace(penalty=2.0 * kept.penalty)) is not order


def test_least_megawatts_ignore_the_classes():
    demand = np.array([[30.0, 20.0], [10.0, 40.0]])
    case = make_case(2, [0], [0], [1], [1.0], [True], [0], [], [])
    # 40 MW are short, and every MW costs what the dearest class costs
    for method in ("kernel", "highs"):
        solver = DispatchSolver(case, DispatchOptions(method=method, min_mw=True, segments=False, perturb=False))
        solution = solver.solve(
            DispatchState(
                topology=solver.topology(),
                lo_mw=np.zeros(1),
                hi_mw=np.array([60.0]),
                cost=np.array([10.0]),
                spill_cost=np.array([20.0]),
                demand_mw=demand,
                penalty=np.tile([2000.0, 2500.0], (2, 1)),
                row_lo_mw=np.array([-100.0]),
                row_hi_mw=np.array([35.0]),
            )
        )
        assert solution.shed_mw.sum() == pytest.approx(40.0)
        assert solution.price[1] == pytest.approx(2500.0)


def test_options_refuse_an_unknown_method():
    with pytest.raises(ValueError, match="simplex"):
        DispatchOptions(method="simplex")


@pytest.mark.parametrize("name", ["rts79", "kazakhstan"])
def test_a_warm_answer_that_is_counted_is_that_of_the_merit_order_to_the_last_bit(name):
    system = kazakhstan_system() if name == "kazakhstan" else reliability_system(name)
    solver, cold = DispatchSolver(system.case), DispatchSolver(system.case)
    rng = np.random.default_rng(3)
    n_short = n_soon = 0
    for _ in range(60):
        state = random_state(system, solver, rng)
        expected = cold.solve(state)
        near = solver.solve(state._replace(demand_mw=0.98 * state.demand_mw))
        found = solver.solve(state, near.basis)
        if expected.shed_mw.sum() <= 1e-4:
            continue
        n_short += 1
        n_soon += found.pivots < expected.pivots
        for field in ("p_mw", "spill_mw", "shed_mw", "flow_mw", "row_price", "price"):
            assert np.array_equal(getattr(found, field), getattr(expected, field)), field
        assert found.cost == expected.cost
    assert n_soon > 0.5 * n_short > 10  # most are proved to be the only answer, and are not solved again


def test_an_answer_among_equals_is_solved_from_the_merit_order():
    case = make_case(2, [0, 1], [0], [1], [1.0], [True], [0], [], [])
    solver = DispatchSolver(case, DispatchOptions(segments=False, perturb=False))

    def state(first_mw, second_mw):
        return DispatchState(
            topology=solver.topology(),
            lo_mw=np.zeros(2),
            hi_mw=np.array([20.0, 20.0]),
            cost=np.array([10.0, 10.0]),
            spill_cost=np.array([20.0, 20.0]),
            demand_mw=np.array([[first_mw], [second_mw]]),
            penalty=np.full((2, 1), 2000.0),
            row_lo_mw=np.array([-100.0]),
            row_hi_mw=np.array([100.0]),
        )

    cold = solver.solve(state(50.0, 50.0))
    shed_at = {tuple(cold.shed_mw.ravel())}
    for before in (state(60.0, 0.0), state(0.0, 60.0), state(41.0, 0.0), state(0.0, 41.0)):
        shed_at.add(tuple(solver.solve(state(50.0, 50.0), solver.solve(before).basis).shed_mw.ravel()))
    assert len(shed_at) == 1 and cold.shed_mw.sum() == pytest.approx(60.0)
