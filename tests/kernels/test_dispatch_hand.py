"""The dispatch problem by hand: kernel and HiGHS must both give the stated answer."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_case
from gridsim.solvers.dispatch import DispatchMethod, DispatchOptions, DispatchSolver

TRIANGLE = ([0, 1, 0], [1, 2, 2])


@pytest.fixture(params=list(DispatchMethod))
def method(request):
    return request.param


def dispatch(
    method,
    demand,
    gen_bus,
    hi,
    cost,
    *,
    lo=0.0,
    lines=((), ()),
    limit=np.inf,
    out=(),
    penalty=2400.0,
    spill_cost=40.0,
    interfaces=((0,), (), ()),
    interface_limit=(),
    plain=True,
):
    """Solve one state of a network with equal reactances; ``demand`` (n_buses,) or (n_buses, n_classes)."""
    demand = np.asarray(demand, dtype=float)
    demand = demand[:, None] if demand.ndim == 1 else demand
    n_buses, n_gens, n_lines = demand.shape[0], len(gen_bus), len(lines[0])
    case = make_case(n_buses, gen_bus, *lines, np.ones(n_lines), np.ones(n_lines, dtype=bool), *interfaces)
    options = DispatchOptions(method=method, segments=not plain, perturb=not plain)
    solver = DispatchSolver(case, options)
    row_limit = np.concatenate([np.broadcast_to(np.asarray(limit, dtype=float), n_lines), interface_limit])
    solution = solver.solve(
        DispatchState(
            topology=solver.topology(out),
            lo_mw=np.broadcast_to(np.asarray(lo, dtype=float), n_gens).copy(),
            hi_mw=np.asarray(hi, dtype=float),
            cost=np.asarray(cost, dtype=float),
            spill_cost=np.full(n_gens, spill_cost),
            demand_mw=demand,
            penalty=np.broadcast_to(np.asarray(penalty, dtype=float), demand.shape).copy(),
            row_lo_mw=-row_limit,
            row_hi_mw=row_limit,
        )
    )
    assert solution.status == 0
    assert solver.fallbacks == 0
    return solution


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    ("demand", "out", "shed"), [((0, 0, 100), (), 40.0), ((0, 40, 100), (), 0.0), ((0, 0, 100), (1,), 0.0)]
)
def test_the_triangle_where_less_load_or_fewer_lines_is_not_easier(method, plain, demand, out, shed):
    limit = [np.inf, 20.0, np.inf]
    solution = dispatch(method, demand, [0], [300], [10], lines=TRIANGLE, limit=limit, out=out, plain=plain)
    assert solution.shed_mw.sum() == pytest.approx(shed, abs=1e-6)
    assert solution.cost == pytest.approx(10 * (sum(demand) - shed) + 2400 * shed)


def test_prices_at_both_ends_of_a_full_line(method):
    # 30 MW of the cheap machine pass the line, the dear one makes the other 50
    solution = dispatch(method, [0, 80], [0, 1], [100, 100], [10, 30], lines=([0], [1]), limit=30.0)
    np.testing.assert_allclose(solution.p_mw, [30.0, 50.0])
    np.testing.assert_allclose(solution.price, [10.0, 30.0])
    np.testing.assert_allclose(solution.row_price, [20.0])
    np.testing.assert_allclose(solution.flow_mw, [30.0])


def test_a_full_line_the_other_way_has_a_negative_price(method):
    solution = dispatch(method, [0, 80], [0, 1], [100, 100], [10, 30], lines=([1], [0]), limit=30.0)
    np.testing.assert_allclose(solution.row_price, [-20.0])
    np.testing.assert_allclose(solution.flow_mw, [-30.0])


def test_an_interface_binds_where_its_lines_do_not(method):
    # two equal lines of 30 MW each, both in a section of 40 MW
    solution = dispatch(
        method,
        [0, 80],
        [0, 1],
        [100, 100],
        [10, 30],
        lines=([0, 1], [1, 0]),
        limit=30.0,
        interfaces=([0, 2], [0, 1], [1.0, -1.0]),
        interface_limit=[40.0],
    )
    np.testing.assert_allclose(solution.p_mw, [40.0, 40.0])
    np.testing.assert_allclose(solution.flow_mw, [20.0, -20.0, 40.0])
    np.testing.assert_allclose(solution.row_price, [0.0, 0.0, 20.0], atol=1e-9)


def test_the_dearer_class_is_shed_last(method):
    solution = dispatch(method, [[30.0, 20.0], [10.0, 40.0]], [0], [60], [10], lines=([0], [1]), penalty=[2000, 2500])
    np.testing.assert_allclose(solution.shed_mw.sum(axis=0), [40.0, 0.0])
    solution = dispatch(method, [[30.0, 20.0], [10.0, 40.0]], [0], [50], [10], lines=([0], [1]), penalty=[2000, 2500])
    np.testing.assert_allclose(solution.shed_mw.sum(axis=0), [40.0, 10.0])


WIND, HEAT_LED, GAS = 0, 1, 2


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    ("demand", "p", "spill", "shed"),
    [
        (120.0, [50.0, 60.0, 10.0], 0.0, 0.0),  # all wind used
        (80.0, [20.0, 60.0, 0.0], 0.0, 0.0),  # wind curtailed, free though it is
        (40.0, [0.0, 60.0, 0.0], 20.0, 0.0),  # no wind left to curtail: heat-led output is spilled
        (170.0, [50.0, 60.0, 30.0], 0.0, 30.0),  # everything runs before anyone is shed
    ],
)
def test_wind_is_curtailed_before_heat_is_spilled_before_load_is_shed(method, plain, demand, p, spill, shed):
    solution = dispatch(
        method, [demand], [0, 0, 0], [50.0, 60.0, 30.0], [0.0, 5.0, 20.0], lo=[0.0, 60.0, 0.0], plain=plain
    )
    np.testing.assert_allclose(solution.p_mw, p, atol=1e-6)
    np.testing.assert_allclose(solution.spill_mw, [0.0, spill, 0.0], atol=1e-6)
    assert solution.shed_mw.sum() == pytest.approx(shed, abs=1e-6)


@pytest.mark.parametrize("plain", [True, False])
def test_heat_is_spilled_to_keep_a_line_within_its_limit_before_load_is_shed(method, plain):
    # bus 0 must make 60 and may send 20; bus 1 needs 50 and has 30 of its own
    solution = dispatch(
        method, [0, 50], [0, 1], [60, 30], [5, 20], lo=[60, 0], lines=([0], [1]), limit=20.0, plain=plain
    )
    np.testing.assert_allclose(solution.spill_mw, [40.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(solution.p_mw, [60.0, 30.0], atol=1e-6)
    assert solution.shed_mw.sum() == pytest.approx(0.0, abs=1e-6)


def test_a_store_charges_on_a_cheap_surplus(method):
    # charging earns 22: worth it against a machine at 10, not against one at 30
    solution = dispatch(method, [50], [0, 0, 0], [70, 100, 0], [10, 30, 22], lo=[0, 0, -40])
    np.testing.assert_allclose(solution.p_mw, [70.0, 0.0, -20.0])


@pytest.mark.parametrize("plain", [True, False])
class TestEmptyAndImpossible:
    def test_zero_demand(self, method, plain):
        solution = dispatch(method, [0, 0], [0, 1], [10, 10], [10, 20], lines=([0], [1]), plain=plain)
        assert solution.cost == 0.0
        np.testing.assert_array_equal(solution.p_mw, 0.0)

    def test_zero_supply(self, method, plain):
        solution = dispatch(method, [30, 20], [0, 1], [0, 0], [10, 20], lines=([0], [1]), plain=plain)
        np.testing.assert_allclose(solution.shed_mw[:, 0], [30, 20])

    def test_zero_everything(self, method, plain):
        solution = dispatch(method, [0, 0], [0], [0], [10], lines=([0], [1]), limit=0.0, plain=plain)
        assert solution.cost == 0.0

    def test_one_bus(self, method, plain):
        solution = dispatch(method, [30], [0], [20], [10], plain=plain)
        assert solution.shed_mw.sum() == pytest.approx(10.0)

    def test_no_supply_column_at_all(self, method, plain):
        solution = dispatch(method, [30, 0], [], [], [], lines=([0], [1]), plain=plain)
        assert solution.shed_mw.sum() == pytest.approx(30.0)

    def test_all_lines_out(self, method, plain):
        solution = dispatch(
            method, [10, 20, 30], [0, 1], [50, 5], [10, 20], lines=TRIANGLE, limit=5.0, out=[0, 1, 2], plain=plain
        )
        np.testing.assert_allclose(solution.shed_mw[:, 0], [0, 15, 30], atol=1e-6)
        np.testing.assert_array_equal(solution.flow_mw, 0.0)

    def test_zero_limits(self, method, plain):
        solution = dispatch(method, [10, 20, 30], [0, 1], [50, 5], [10, 20], lines=TRIANGLE, limit=0.0, plain=plain)
        np.testing.assert_allclose(solution.shed_mw[:, 0], [0, 15, 30], atol=1e-6)

    def test_equal_costs(self, method, plain):
        solution = dispatch(method, [10, 20, 30], [0, 1, 2], [30] * 3, [10] * 3, lines=TRIANGLE, limit=4, plain=plain)
        assert solution.cost == pytest.approx(600.0)

    def test_ramp_floor_above_demand(self, method, plain):
        solution = dispatch(method, [10], [0, 0], [100, 50], [10, 20], lo=[70, 30], plain=plain)
        assert solution.spill_mw.sum() == pytest.approx(90.0)
        np.testing.assert_allclose(solution.p_mw, [70, 30])

    def test_ramp_ceiling_below_demand(self, method, plain):
        solution = dispatch(method, [100], [0, 0], [20, 30], [10, 20], lo=[10, 10], plain=plain)
        assert solution.shed_mw.sum() == pytest.approx(50.0)

    def test_an_island_that_can_neither_give_nor_take(self, method, plain):
        solution = dispatch(method, [10, 0], [0], [20], [10], lines=([0], [1]), out=[0], plain=plain)
        np.testing.assert_allclose(solution.p_mw, [10.0])


@pytest.mark.parametrize("network", ["copper", "star"])
def test_a_shortage_is_shared_to_one_segment_of_each_load(method, network):
    """60 equal loads, one sixth short: one eighth of each is shed, and a third of them shed a second eighth."""
    n = 60
    lines = ([0] * (n - 1), list(range(1, n))) if network == "star" else ([], [])
    if network == "copper":
        demand = np.full((1, n), 10.0)
    else:
        demand = np.full((n, 1), 10.0)
    solution = dispatch(method, demand, [0], [500.0], [10.0], lines=lines, limit=1000.0, penalty=2400.0, plain=False)
    shed = solution.shed_mw.ravel()
    assert shed.sum() == pytest.approx(100.0)
    assert np.all(np.abs(shed - 100.0 / 60.0) <= 10.0 / 8.0 + 1e-9)
    np.testing.assert_allclose(np.sort(shed), [1.25] * 40 + [2.5] * 20, atol=1e-6)


def test_cost_and_prices_are_those_without_perturbation_and_sharing(method):
    plain = dispatch(method, [0, 80], [0, 1], [100, 40], [10, 30], lines=([0], [1]), limit=30.0)
    shared = dispatch(method, [0, 80], [0, 1], [100, 40], [10, 30], lines=([0], [1]), limit=30.0, plain=False)
    assert shared.cost == pytest.approx(plain.cost, rel=1e-12)
    np.testing.assert_allclose(shared.price, plain.price, rtol=1e-12)
    np.testing.assert_allclose(plain.price, [10.0, 2400.0])
