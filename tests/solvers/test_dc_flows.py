"""DC flows against pandapower's ``rundcpp``: taps on either side, parallel transformers, outages, whole networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_topology
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.pandapower import to_pandapower
from gridsim.solvers.screen import screen
from tests.support.ac_cases import as_stated, at, case, kazakhstan, triangle

TOLERANCE_MW = 1e-6
TRANSFORMER = {
    "sn_mva": 125.0, "vn_hv_kv": 230.0, "vn_lv_kv": 115.0, "vk_percent": 11.0, "vkr_percent": 0.4, "pfe_kw": 65.0,
    "i0_percent": 0.5, "tap_min": -9, "tap_max": 9, "tap_step_percent": 1.78,
}  # fmt: skip
TAPS = {
    "neutral": {},
    "hv": {"tap_side": "hv", "tap_pos": 6},
    "lv": {"tap_side": "lv", "tap_pos": -7},
    "hv, neutral is not 0": {"tap_side": "hv", "tap_pos": 2, "tap_neutral": 5},
    "lv, two parallel": {"tap_side": "lv", "tap_pos": 9, "parallel": 2},
    "a position without a side": {"tap_pos": 6},
}


def two_voltages(tap: dict[str, Any]) -> GridSystem:
    """220 kV ring A, B, C; 110 kV bus D joined to A by a plain transformer and to B by one with the given tap."""
    buses = [{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "ABC"] + [{"name": "D", "zone": "z", "vn_kv": 110.0}]
    transformers = [
        {"name": "AD", "hv_bus": "A", "lv_bus": "D", **TRANSFORMER, "sn_mva": 63.0,
         "max_loading_percent": 200.0},
        {"name": "BD", "hv_bus": "B", "lv_bus": "D", **TRANSFORMER, **tap},
    ]  # fmt: skip
    loads = [
        {"name": "town", "bus": "C", "p_mw": 60.0, "load_class": "all"},
        {"name": "village", "bus": "D", "p_mw": 80.0, "load_class": "all"},
    ]
    return triangle(buses=buses, transformers=transformers, loads=loads)


def flows_of_rundcpp(system: GridSystem, point: OperatingPoint) -> tuple[np.ndarray, np.ndarray]:
    """pandapower's injections (n_buses,) and branch flows (n_branches,), MW; 0 where nothing is energised."""
    import pandapower as pp

    net = to_pandapower(system, point)
    pp.rundcpp(net)
    flow = np.concatenate([net.res_line.p_from_mw.to_numpy(), net.res_trafo.p_hv_mw.to_numpy()])
    return -np.nan_to_num(net.res_bus.p_mw.to_numpy()), np.nan_to_num(flow)


def flows(system: GridSystem, injection_mw: np.ndarray, out: Any = ()) -> np.ndarray:
    topology = make_topology(pack(system).case, out)
    return topology.row_ptdf[: system.n_branches] @ injection_mw


@pytest.mark.parametrize("tap", TAPS.values(), ids=TAPS)
@pytest.mark.parametrize("out", [(), (0,), (2,), (3,), (4,), (0, 3)])
def test_flows_with_a_tap_are_those_of_rundcpp(tap: dict[str, Any], out: tuple[int, ...]) -> None:
    system = two_voltages(tap)
    injection, expected = flows_of_rundcpp(system, at(system, [70.0, 40.0, 30.0], out=out))
    assert np.abs(expected).max() > 30.0
    np.testing.assert_allclose(flows(system, injection, out), expected, rtol=0, atol=TOLERANCE_MW)


def test_two_paths_by_hand() -> None:
    """Two equal transformers feed 84 MW; a tap 10 % up on one makes it 1.1 of the other's reactance: 40 and 44 MW."""
    buses = [{"name": "A", "zone": "z", "vn_kv": 220.0}, {"name": "D", "zone": "z", "vn_kv": 110.0}]
    plain = {
        "hv_bus": "A", "lv_bus": "D", "sn_mva": 100.0, "vn_hv_kv": 220.0, "vn_lv_kv": 110.0, "vk_percent": 10.0,
        "vkr_percent": 0.0, "tap_min": 0, "tap_max": 4, "tap_step_percent": 2.5,
    }  # fmt: skip
    machine = {"name": "a", "bus": "A", "fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 30.0}
    load = {"name": "town", "bus": "D", "p_mw": 84.0, "load_class": "all"}
    for side in ("hv", "lv"):
        transformers = [{"name": "one", **plain}, {"name": "two", **plain, "tap_side": side, "tap_pos": 4}]
        system = triangle(buses=buses, lines=[], transformers=transformers, generators=[machine], loads=[load])
        np.testing.assert_allclose(system.branch_x_pu, [0.001, 0.0011], rtol=1e-12)
        np.testing.assert_allclose(flows(system, np.array([84.0, -84.0])), [44.0, 40.0], rtol=1e-12)


@pytest.mark.parametrize("name", ["case14", "case39", "case57", "case118"])
def test_flows_of_imported_cases(name: str) -> None:
    system, point = case(name)
    injection, expected = flows_of_rundcpp(system, point)
    np.testing.assert_allclose(flows(system, injection), expected, rtol=0, atol=TOLERANCE_MW)


def test_flows_of_kazakhstan_intact_and_with_outages() -> None:
    """Every branch; the intact network at the winter peak, then ten sets of two outages."""
    system, point = kazakhstan()
    injection, expected = flows_of_rundcpp(system, point)
    np.testing.assert_allclose(flows(system, injection), expected, rtol=0, atol=TOLERANCE_MW)
    random = np.random.default_rng(7)
    for _ in range(10):
        out = np.sort(random.choice(system.n_branches, 2, replace=False)).astype(np.int32)
        injection, expected = flows_of_rundcpp(system, point._replace(branch_out=out))
        np.testing.assert_allclose(flows(system, injection, out), expected, rtol=0, atol=TOLERANCE_MW)


@pytest.mark.parametrize("tap", TAPS.values(), ids=TAPS)
def test_dispatch_flows_are_those_of_rundcpp(tap: dict[str, Any]) -> None:
    """The dispatch's own flows, binding on the tapped transformer, are the power flow of its output."""
    loose = two_voltages(tap)
    free = np.abs(flows_of_rundcpp(loose, as_stated(loose, [40.0, 100.0, 0.0]))[1])
    # held to 90 % of what it would carry if cheap b gave all it has
    bound = two_voltages({**tap, "max_loading_percent": 90.0 * free[4] / (125.0 * tap.get("parallel", 1))})
    packed = pack(bound)
    n_columns = packed.n_columns
    demand = packed.demand_by_tier(bound.loads.p_mw)
    row_lo, row_hi = packed.row_limits((), 1)
    solver = DispatchSolver(packed.case)
    solution = solver.solve(
        DispatchState(
            topology=solver.topology(),
            lo_mw=np.zeros(n_columns),
            hi_mw=bound.generators.p_max_mw.copy(),
            cost=np.array([20.0, 10.0, 30.0]),
            spill_cost=packed.spill_cost,
            demand_mw=demand,
            penalty=packed.penalty,
            row_lo_mw=row_lo,
            row_hi_mw=row_hi,
        )
    )
    injection, expected = flows_of_rundcpp(bound, as_stated(bound, solution.p_mw))
    np.testing.assert_allclose(flows(bound, injection), expected, rtol=0, atol=TOLERANCE_MW)
    assert solution.shed_mw.sum() == 0.0
    assert abs(expected[4]) == pytest.approx(0.9 * free[4], abs=TOLERANCE_MW)


@pytest.mark.parametrize("tap", TAPS.values(), ids=TAPS)
def test_screen_in_dc_is_rundcpp_outage_by_outage(tap: dict[str, Any]) -> None:
    """Branch losses of a balanced point: no share of any imbalance falls on a machine."""
    system = two_voltages(tap)
    point = at(system, [70.0, 40.0, 30.0])
    result = screen(system, point, ac=False)
    checked = 0
    for position in np.flatnonzero(np.isin(result.kind, ("none", "line", "transformer"))):
        branch = int(result.element[position]) + (len(system.lines) if result.kind[position] == "transformer" else 0)
        out = () if branch < 0 else (branch,)
        _, expected = flows_of_rundcpp(system, at(system, [70.0, 40.0, 30.0], out=out))
        loading = 100.0 * np.abs(expected) / (system.branch_emergency_mw if out else system.branch_normal_mw)
        assert result.worst_loading_percent[position] == pytest.approx(loading.max(), abs=1e-6)
        checked += 1
    assert checked == 6
