"""AC power flow: closed forms, contract with pandapower, reactive limits, shared imbalance, islands, no solution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gridsim.io.read_network import system_from_tables
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_ladder import Q_TOLERANCE_PU, VM_TOLERANCE_PU
from gridsim.solvers.ac_rounds import SHARING_TOLERANCE_PU
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import BASE_MVA, sources, voltage_setpoints
from tests.support.ac_cases import (
    CONTRACT_CASES,
    REFERENCE,
    as_stated,
    at,
    case,
    kazakhstan,
    model,
    random_states,
    triangle,
)

MVA = Q_TOLERANCE_PU * BASE_MVA


def assert_consistent(system: GridSystem, point: OperatingPoint, solution: AcSolution) -> None:
    """Power balances at every live bus, limits and setpoints complement each other, shares follow weights."""
    n = len(system.buses)
    have = sources(system, point, solution.island)
    live = have.live[solution.island]
    assert np.isnan(solution.vm_pu[~live]).all()
    assert np.isfinite(solution.vm_pu[live]).all()

    def total(bus: np.ndarray, value: np.ndarray) -> np.ndarray:
        return np.bincount(bus, value, n)

    gens, loads, shunts = system.generators, system.loads, system.shunts
    p = total(gens.bus, solution.p_gen_mw) + total(system.borders.bus, solution.p_border_mw)
    p += total(system.storages.bus, point.p_storage_mw) - total(loads.bus, point.p_load_mw)
    p -= total(system.branch_from, solution.p_from_mw) + total(system.branch_to, solution.p_to_mw)
    share_mw = SHARING_TOLERANCE_PU * BASE_MVA
    assert np.abs(p[live]).max() <= share_mw + 1e-6
    tan = np.sqrt(1.0 / loads.power_factor**2 - 1.0)
    status = system.branch_in_service.copy()
    status[point.branch_out] = False
    on = shunts.in_service & np.where(shunts.line >= 0, status[shunts.line], True)
    q = total(gens.bus, solution.q_gen_mvar) + total(system.borders.bus, solution.q_border_mvar)
    q -= total(loads.bus, point.p_load_mw * tan)
    q -= total(shunts.bus, np.where(on, shunts.q_mvar, 0.0)) * np.nan_to_num(solution.vm_pu) ** 2
    q -= total(system.branch_from, solution.q_from_mvar) + total(system.branch_to, solution.q_to_mvar)
    assert np.abs(q[live]).max() < 1e-5

    regulated = have.regulates & live
    q_bus = total(gens.bus[have.gen_regulates], solution.q_gen_mvar[have.gen_regulates])
    error = solution.vm_pu - voltage_setpoints(system)
    unlimited = np.isinf(have.q_max_mvar)
    held = np.abs(error) <= VM_TOLERANCE_PU
    at_max = q_bus >= have.q_max_mvar - MVA
    at_min = q_bus <= have.q_min_mvar + MVA
    assert (held | at_max | at_min | unlimited)[regulated].all()
    assert (error[regulated & ~held & at_max & ~at_min] < 0).all()
    assert (error[regulated & ~held & at_min & ~at_max] > 0).all()
    inside = (q_bus >= have.q_min_mvar - MVA) & (q_bus <= have.q_max_mvar + MVA)
    assert (inside | unlimited)[regulated].all()

    extra = solution.p_gen_mw - np.where(have.gen_on & live[gens.bus], point.p_gen_mw, 0.0)
    for number in np.flatnonzero(have.live):
        members = solution.island[gens.bus] == number
        weight = have.gen_weight[members]
        assert extra[members] == pytest.approx(weight * extra[members].sum(), abs=1e-5)
    assert solution.losses_mw == pytest.approx((solution.p_from_mw + solution.p_to_mw).sum())


def assert_same(first: AcSolution, second: AcSolution) -> None:
    """The contract: 1e-6 pu, 1e-4 degrees, and what follows from voltages as closely."""
    assert first.converged == second.converged
    assert np.array_equal(first.island, second.island)
    np.testing.assert_allclose(first.vm_pu, second.vm_pu, rtol=0, atol=1e-6)
    np.testing.assert_allclose(first.va_degree, second.va_degree, rtol=0, atol=1e-4)
    for name in ("p_from_mw", "q_from_mvar", "p_to_mw", "q_to_mvar", "loading_percent", "p_gen_mw", "q_gen_mvar"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=0, atol=1e-3)


# --- closed forms


def two_buses(**machine: float) -> GridSystem:
    """A machine at 110 kV behind 20 ohm of reactance from a load of 50 MW at power factor 0.9."""
    return system_from_tables(
        {"name": "two", "zones": ["z"]},
        {
            "buses": [{"name": "source", "zone": "z", "vn_kv": 110.0}, {"name": "sink", "zone": "z", "vn_kv": 110.0}],
            "lines": [
                {
                    "name": "line", "from_bus": "source", "to_bus": "sink", "length_km": 1.0, "r_ohm_per_km": 0.0,
                    "x_ohm_per_km": 20.0, "max_i_ka": 0.4,
                }
            ],
            "generators": [
                {
                    "name": "machine", "bus": "source", "fuel": "gas", "installed_mw": 100.0, "p_max_mw": 100.0,
                    "cost_per_mwh": 1.0, **machine,
                }
            ],
            "loads": [{"name": "town", "bus": "sink", "p_mw": 50.0, "power_factor": 0.9, "load_class": "all"}],
            "load_classes": [{"name": "all", "shed_order": 0, "voll_usd_per_kwh": 5.0}],
        },
    )  # fmt: skip


def test_two_buses_in_closed_form() -> None:
    """Lossless line, V1 = 1: u = |V2|^2 solves u^2 + (2 X Q - 1) u + X^2 (P^2 + Q^2) = 0, and sin d = P X / |V2|."""
    system = two_buses()
    solution = AcModel(system, base=as_stated(system, [50.0])).solve(as_stated(system, [0.0]))
    x = 20.0 / (110.0**2 / 100.0)
    p, q = 0.5, 0.5 * math.tan(math.acos(0.9))
    u = (1 - 2 * x * q + math.sqrt((1 - 2 * x * q) ** 2 - 4 * x**2 * (p**2 + q**2))) / 2
    vm = math.sqrt(u)
    assert solution.converged
    assert solution.vm_pu == pytest.approx([1.0, vm], abs=1e-9)
    assert solution.va_degree == pytest.approx([0.0, -math.degrees(math.asin(p * x / vm))], abs=1e-7)
    assert solution.p_gen_mw == pytest.approx([50.0])
    assert solution.losses_mw == pytest.approx(0.0, abs=1e-6)
    i_ka = math.hypot(p, q) / vm * 100.0 / (math.sqrt(3) * 110.0)
    assert solution.loading_percent == pytest.approx([100.0 * i_ka / 0.4])
    assert solution.imbalance_mw == pytest.approx(50.0)


@pytest.mark.parametrize("name", REFERENCE["pypower_mw"])
def test_losses_of_pypower(name: str) -> None:
    solution = model(name, "fast", q_limits=False).solve(case(name)[1])
    assert solution.losses_mw == pytest.approx(REFERENCE["pypower_mw"][name], rel=1e-7)


@pytest.mark.parametrize("name", REFERENCE["pandapower_mw"])
def test_losses_of_pandapower(name: str) -> None:
    solution = model(name, "fast", q_limits=False).solve(case(name)[1])
    assert solution.losses_mw == pytest.approx(REFERENCE["pandapower_mw"][name], rel=1e-7)


@pytest.mark.parametrize("name", REFERENCE["pypower_vm_pu"])
def test_voltages_of_pypower(name: str) -> None:
    solution = model(name, "fast", q_limits=False).solve(case(name)[1])
    assert solution.vm_pu == pytest.approx(REFERENCE["pypower_vm_pu"][name], abs=1e-6)
    assert solution.va_degree == pytest.approx(REFERENCE["pypower_va_degree"][name], abs=1e-5)


# --- the two methods agree


@pytest.mark.parametrize("q_limits", [True, False])
@pytest.mark.parametrize("name", CONTRACT_CASES)
def test_fast_is_pandapower(name: str, q_limits: bool) -> None:
    system, point = case(name)
    fast = model(name, "fast", q_limits).solve(point)
    assert fast.converged
    assert_same(fast, model(name, "pandapower", q_limits).solve(point))
    if q_limits:
        assert_consistent(system, point, fast)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["case30", "case118"])
def test_fast_is_pandapower_after_outages(name: str, seed: int) -> None:
    """One to three branches and a tenth of the machines out, load 70-105 %: islands, dead ends, limits on the way."""
    system, point = case(name)
    random = np.random.default_rng(seed)
    out = np.sort(random.choice(system.n_branches, random.integers(1, 4), replace=False)).astype(np.int32)
    committed = system.generators.in_service & (random.random(len(system.generators)) > 0.1)
    state = point._replace(
        branch_out=out,
        gen_committed=committed,
        p_load_mw=point.p_load_mw * random.uniform(0.7, 1.05, len(system.loads)),
    )
    fast = model(name, "fast").solve(state)
    assert_same(fast, model(name, "pandapower").solve(state))
    if fast.converged and fast.rung != "relaxed_q":
        assert_consistent(system, state, fast)


def test_flows_are_those_of_pandapower() -> None:
    """Our flows and loadings against pandapower's own result tables, at the same voltages."""
    system, point = case("case57")
    reference = model("case57", "pandapower", q_limits=False)
    solution = reference.solve(point)
    net = reference._newton.net  # type: ignore[attr-defined]
    n_lines = len(system.lines)
    for ours, line, trafo in (
        (solution.p_from_mw, "p_from_mw", "p_hv_mw"),
        (solution.q_from_mvar, "q_from_mvar", "q_hv_mvar"),
        (solution.p_to_mw, "p_to_mw", "p_lv_mw"),
        (solution.q_to_mvar, "q_to_mvar", "q_lv_mvar"),
    ):
        np.testing.assert_allclose(ours[:n_lines], net.res_line[line], atol=1e-6)
        np.testing.assert_allclose(ours[n_lines:], net.res_trafo[trafo], atol=1e-6)
    limited = ~np.isnan(system.lines.max_i_ka)
    np.testing.assert_allclose(solution.loading_percent[:n_lines][limited], net.res_line.loading_percent[limited])
    np.testing.assert_allclose(
        solution.loading_percent[n_lines:] * system.transformers.max_loading_percent / 100.0,
        net.res_trafo.loading_percent,
    )


# --- reactive limits


def test_limits_and_setpoints_complement_each_other() -> None:
    """Random states of case118; in some, machines leave and re-enter their limits several times on the way."""
    system, point = case("case118")
    ac = model("case118", "fast")
    solved = 0
    for state, forget in random_states(system, point, 80):
        if forget:
            ac.reset()
        solution = ac.solve(state)
        if solution.converged and solution.rung != "relaxed_q":
            assert_consistent(system, state, solution)
            solved += 1
    assert solved > 70


def test_machine_at_its_reactive_limit_gives_the_limit_and_loses_its_voltage() -> None:
    system = triangle()
    free = AcModel(system, base=as_stated(system, [60, 40, 0])).solve(as_stated(system, [60.0, 40.0, 0.0]))
    assert free.vm_pu[2] == pytest.approx(1.02)
    needed = free.q_gen_mvar[2]
    assert needed > 5.0
    tight = system.replace(generators=_with(system.generators, q_max_mvar=[120.0, 60.0, needed - 3.0]))
    point = as_stated(tight, [60.0, 40.0, 0.0])
    solution = AcModel(tight, base=point).solve(point)
    assert solution.q_gen_mvar[2] == pytest.approx(needed - 3.0)
    assert solution.vm_pu[2] < 1.02
    assert_consistent(tight, point, solution)
    # just wide enough: the limit does not bind
    wide = system.replace(generators=_with(system.generators, q_max_mvar=[120.0, 60.0, needed + 1e-3]))
    assert AcModel(wide, base=point).solve(point).vm_pu[2] == pytest.approx(1.02)


def test_uncommitted_machine_holds_no_voltage() -> None:
    system = triangle()
    point = at(system, [60.0, 40.0, 0.0], committed=[True, True, False])
    solution = AcModel(system, base=point).solve(point)
    assert solution.vm_pu[:2] == pytest.approx([1.02, 1.02])
    assert solution.vm_pu[2] < 1.02
    assert solution.q_gen_mvar[2] == 0.0


def test_condenser_is_on_without_commitment() -> None:
    base = triangle()
    condenser = base.replace(generators=_with(base.generators, p_max_mw=[200.0, 100.0, 0.0]))
    point = at(condenser, [60.0, 40.0, 0.0], committed=[True, True, False])
    assert AcModel(condenser, base=point).solve(point).vm_pu[2] == pytest.approx(1.02)


def test_every_source_at_its_limit_relaxes_the_limits_and_says_so() -> None:
    system = triangle()
    poor = system.replace(generators=_with(system.generators, q_max_mvar=[1.0, 1.0, 1.0], q_min_mvar=[0.0, 0.0, 0.0]))
    point = as_stated(poor, [60.0, 40.0, 0.0])
    solution = AcModel(poor, base=point).solve(point)
    assert (solution.converged, solution.rung) == (True, "relaxed_q")
    assert "reactive limits exceeded at" in solution.reason
    assert_same(solution, AcModel(poor, "pandapower", point).solve(point))


def test_machines_at_a_bus_share_reactive_power_by_their_ranges() -> None:
    base = triangle()
    rows = {"fuel": "gas", "installed_mw": 100.0, "p_max_mw": 100.0, "cost_per_mwh": 30.0, "bus": "C", "droop_pu": 0.05}
    system = triangle(
        generators=[
            {"name": "one", **rows, "q_min_mvar": -10.0, "q_max_mvar": 50.0},
            {"name": "two", **rows, "q_min_mvar": -20.0, "q_max_mvar": 100.0},
            {"name": "three", **rows, "q_min_mvar": 4.0, "q_max_mvar": 4.0},
        ]
    )
    assert len(base.buses) == 3
    point = as_stated(system, [50.0, 50.0, 0.0])
    solution = AcModel(system, base=point).solve(point)
    one, two, three = solution.q_gen_mvar
    assert three == 4.0
    assert (one + 10.0) / 60.0 == pytest.approx((two + 20.0) / 120.0)
    assert_consistent(system, point, solution)


# --- who takes an imbalance


def test_governors_share_the_losses_by_rating() -> None:
    system = triangle()
    point = as_stated(system, [40.0, 30.0, 30.0])
    solution = AcModel(system, base=point).solve(point)
    extra = solution.p_gen_mw - point.p_gen_mw
    assert extra.sum() == pytest.approx(solution.losses_mw)
    assert extra == pytest.approx([2 / 3 * extra.sum(), 1 / 3 * extra.sum(), 0.0], abs=1e-6)


def test_a_governor_at_its_reactive_limit_shares_all_the_same() -> None:
    system = triangle()
    tight = system.replace(
        generators=_with(system.generators, q_max_mvar=[120.0, -20.0, 120.0], q_min_mvar=[-60.0, -21, -60])
    )
    point = as_stated(tight, [10.0, 10.0, 10.0])
    for method in ("fast", "pandapower"):
        solution = AcModel(tight, method, point).solve(point)
        extra = solution.p_gen_mw - point.p_gen_mw
        assert solution.q_gen_mvar[1] == pytest.approx(-20.0)
        assert extra[1] == pytest.approx(extra[0] / 2)
        assert_consistent(tight, point, solution)


def test_without_governors_all_machines_share_and_without_machines_the_border() -> None:
    border = [
        {
            "name": "north", "bus": "A", "contract_import_mw": 50.0, "limit_import_mw": 200.0, "price_per_mwh": 75.0,
            "vm_pu": 1.03,
        }
    ]  # fmt: skip
    system = triangle(borders=border)
    point = at(system, [0.0, 0.0, 80.0], committed=[False, False, True], p_border_mw=np.array([15.0]))
    solution = AcModel(system, base=point).solve(point)
    assert solution.p_border_mw == pytest.approx([15.0])
    assert solution.p_gen_mw[2] == pytest.approx(85.0 + solution.losses_mw)
    assert solution.vm_pu[0] == pytest.approx(1.03)
    assert_consistent(system, point, solution)

    point = at(system, [0.0, 0.0, 0.0], committed=[False] * 3, p_border_mw=np.array([15.0]))
    solution = AcModel(system, base=point).solve(point)
    assert solution.converged
    assert solution.p_border_mw == pytest.approx([100.0 + solution.losses_mw])
    assert_same(solution, AcModel(system, "pandapower", point).solve(point))


# --- islands


def test_every_island_with_a_source_is_solved_and_the_rest_is_dead() -> None:
    """A alone with its machine and no load; B and C together: two live islands. Without b and c, B and C are dark."""
    system = triangle()
    out = [0, 2]
    point = at(system, [0.0, 70.0, 30.0], out=out)
    solution = AcModel(system, base=point).solve(point)
    assert solution.converged
    assert solution.island.tolist() == [0, 1, 1]
    assert solution.vm_pu == pytest.approx([1.02, 1.02, 1.02])
    assert solution.p_from_mw[out] == pytest.approx([0.0, 0.0])
    assert_consistent(system, point, solution)
    assert_same(solution, AcModel(system, "pandapower", point).solve(point))

    dark = at(system, [0.0] * 3, out=out, committed=[True, False, False], p_load_mw=np.array([0.0]))
    solution = AcModel(system, base=point).solve(dark)
    assert solution.converged
    assert solution.live.tolist() == [True, False]
    assert np.isnan(solution.vm_pu).tolist() == [False, True, True]
    assert solution.p_from_mw == pytest.approx([0.0, 0.0, 0.0])
    assert solution.losses_mw == pytest.approx(0.0, abs=1e-9)
    assert solution.reason == ""
    claimed = AcModel(system, base=point).solve(dark._replace(p_load_mw=np.array([100.0])))
    assert "100 MW of load in islands without a source" in claimed.reason


def test_nothing_alive() -> None:
    system = triangle()
    solution = AcModel(system, base=as_stated(system, [50, 50, 0])).solve(
        at(system, [0.0] * 3, committed=[False] * 3, p_load_mw=np.array([0.0]))
    )
    assert (solution.converged, solution.rung) == (False, "none")
    assert np.isnan(solution.vm_pu).all()
    assert math.isnan(solution.losses_mw)


# --- switching


def test_a_reactor_goes_with_its_line() -> None:
    reactor = [
        {"name": "on the line", "bus": "B", "q_mvar": 30.0, "line": "BC"},
        {"name": "on the bus", "bus": "B", "q_mvar": 10.0},
    ]
    system = triangle(shunts=reactor)
    both = as_stated(system, [60.0, 40.0, 0.0])
    ac = AcModel(system, base=both)
    assert_consistent(system, both, ac.solve(both))
    one = at(system, [60.0, 40.0, 0.0], out=[1])
    assert_consistent(system, one, ac.solve(one))
    assert_same(ac.solve(one), AcModel(system, "pandapower", both).solve(one))


def test_transformer_ratio_moves_the_voltage() -> None:
    """No load behind an ideal-ish transformer: the open side stands at the ratio of rated voltages and tap."""
    transformer = {
        "name": "t", "hv_bus": "A", "lv_bus": "D", "sn_mva": 100.0, "vn_hv_kv": 230.0, "vn_lv_kv": 121.0,
        "vk_percent": 10.0, "vkr_percent": 0.4, "tap_side": "hv", "tap_min": -4, "tap_max": 4, "tap_pos": 2,
        "tap_step_percent": 2.5, "parallel": 2,
    }  # fmt: skip
    buses = [{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "ABC"] + [{"name": "D", "zone": "z", "vn_kv": 110.0}]
    system = triangle(buses=buses, transformers=[transformer])
    point = as_stated(system, [60.0, 40.0, 0.0])
    solution = AcModel(system, base=point).solve(point)
    assert solution.vm_pu[3] == pytest.approx(1.02 * 220.0 / (230.0 * 1.05) * 121.0 / 110.0)
    assert_same(solution, AcModel(system, "pandapower", point).solve(point))


# --- starts, and states without a solution


@pytest.mark.parametrize("name", ["case30", "case118"])
def test_the_start_does_not_matter(name: str) -> None:
    _, point = case(name)
    ac = model(name, "fast")
    ac.reset()
    flat = ac.solve(point)
    assert flat.rung == "flat"
    ac.solve(point._replace(p_load_mw=point.p_load_mw * 0.8))
    warm = ac.solve(point)
    assert warm.rung == "warm"
    np.testing.assert_allclose(warm.vm_pu, flat.vm_pu, rtol=0, atol=1e-8)
    np.testing.assert_allclose(warm.va_degree, flat.va_degree, rtol=0, atol=1e-6)
    ac.reset()
    again = ac.solve(point)
    assert again.vm_pu.tobytes() == flat.vm_pu.tobytes()


@pytest.mark.parametrize("method", ["fast", "pandapower"])
def test_impossible_loading_is_an_outcome(method: str) -> None:
    """Five times case30's load is beyond the nose: no voltages, no losses, a reason; the next state is unharmed."""
    _, point = case("case30")
    ac = model("case30", method)
    good = ac.solve(point)
    solution = ac.solve(point._replace(p_load_mw=point.p_load_mw * 5.0))
    assert (solution.converged, solution.rung) == (False, "dc_only")
    assert np.isnan(solution.vm_pu).all()
    assert np.isfinite(solution.va_degree).all()
    assert math.isnan(solution.losses_mw)
    assert math.isnan(solution.imbalance_mw)
    assert np.isnan(solution.q_from_mvar).all()
    assert np.isnan(solution.p_gen_mw).all()
    assert np.isnan(solution.q_gen_mvar[point.gen_committed]).all()
    assert np.isfinite(solution.p_from_mw).all()
    assert solution.reason.startswith("largest mismatch: ")
    after = ac.solve(point)
    assert after.rung == "flat"
    assert_same(after, good)


def test_both_methods_give_the_same_reason() -> None:
    _, point = case("case30")
    heavy = point._replace(p_load_mw=point.p_load_mw * 5.0)
    assert model("case30", "fast").solve(heavy).reason == model("case30", "pandapower").solve(heavy).reason


def test_dc_only_flows_balance() -> None:
    system, point = case("case30")
    solution = model("case30", "fast").solve(point._replace(p_load_mw=point.p_load_mw * 5.0))
    np.testing.assert_array_equal(solution.p_from_mw, -solution.p_to_mw)
    net = np.bincount(system.branch_from, solution.p_from_mw, len(system.buses))
    net += np.bincount(system.branch_to, solution.p_to_mw, len(system.buses))
    load = np.bincount(system.loads.bus, 5.0 * point.p_load_mw, len(system.buses))
    without = np.bincount(system.generators.bus, minlength=len(system.buses)) == 0
    assert net[without] == pytest.approx(-load[without], abs=1e-6)


def test_a_failed_island_does_not_hide_another() -> None:
    """B-C is asked for ten times what its line carries, A is well: A's voltage is given, the whole is not converged."""
    system = triangle()
    point = at(system, [0.0, 100.0, 0.0], out=[0, 2], committed=[True, True, False], p_load_mw=np.array([2000.0]))
    solution = AcModel(system, base=as_stated(system, [50, 50, 0])).solve(point)
    assert (solution.converged, solution.rung) == (False, "dc_only")
    assert solution.vm_pu[0] == pytest.approx(1.02)
    assert np.isnan(solution.vm_pu[1:]).all()


# --- Kazakhstan


def test_kazakhstan_winter_peak() -> None:
    system, point = kazakhstan()
    solution = model("kazakhstan", "fast").solve(point)
    assert solution.converged
    assert solution.rung in ("flat", "warm")
    assert 0.90 <= solution.vm_pu.min() <= solution.vm_pu.max() <= 1.10
    assert solution.loading_percent.max() <= 100.0
    served = point.p_load_mw.sum()
    assert served == pytest.approx(system.loads.p_mw[system.loads.in_service].sum())
    assert 0.02 <= solution.losses_mw / (served + solution.losses_mw) <= 0.06
    assert_consistent(system, point, solution)


def test_kazakhstan_north_south_flow_is_within_its_limit() -> None:
    system, point = kazakhstan()
    solution = model("kazakhstan", "fast").solve(point)
    section = system.interfaces.position("north_south")
    mine = system.interface_members.interface == section
    branch, sign = system.interface_members.branch[mine], system.interface_members.sign[mine]
    # the limit bounds a dispatch without losses on the lines: the mean of their ends
    flow = float((sign * 0.5 * (solution.p_from_mw - solution.p_to_mw)[branch]).sum())
    low, high = pack(system).interface_limits((), 1)
    assert low[section] <= flow <= high[section]
    assert flow > 0.3 * high[section]


def test_kazakhstan_fast_is_pandapower() -> None:
    system, point = kazakhstan()
    fast, reference = model("kazakhstan", "fast"), model("kazakhstan", "pandapower")
    assert_same(fast.solve(point), reference.solve(point))
    random = np.random.default_rng(1)
    out = np.sort(random.choice(system.n_branches, 3, replace=False)).astype(np.int32)
    state = point._replace(branch_out=out, p_load_mw=0.8 * point.p_load_mw)
    assert_same(fast.solve(state), reference.solve(state))


def _with(table, **columns):  # type: ignore[no-untyped-def]
    import dataclasses

    return dataclasses.replace(table, **{name: np.asarray(values, dtype=float) for name, values in columns.items()})
