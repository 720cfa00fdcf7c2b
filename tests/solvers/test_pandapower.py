"""The pandapower net of a moment: what stands where, and that pandapower itself can run it."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import base_point, peak_hour
from gridsim.solvers.pandapower import solved_pandapower, to_pandapower
from gridsim.solvers.participation import sources
from tests.support.ac_cases import as_stated, at, case, kazakhstan, model, triangle

BORDER = {
    "name": "north", "bus": "A", "contract_import_mw": 50.0, "limit_import_mw": 200.0, "price_per_mwh": 75.0,
    "vm_pu": 1.03,
}  # fmt: skip
STORE = {"name": "battery", "bus": "B", "p_charge_mw": 20.0, "p_discharge_mw": 20.0, "energy_mwh": 80.0}


def test_elements_signs_and_order() -> None:
    system = triangle(
        borders=[BORDER],
        storages=[STORE],
        shunts=[
            {"name": "reactor", "bus": "B", "q_mvar": 30.0, "line": "BC"},
            {"name": "bank", "bus": "C", "q_mvar": -5.0},
        ],
    )
    point = at(
        system, [30.0, 20.0, 10.0], committed=[True, True, False], out=[1], p_border_mw=np.array([25.0]),
        p_storage_mw=np.array([5.0]), p_load_mw=np.array([80.0]),
    )  # fmt: skip
    net = to_pandapower(system, point)
    assert net.bus.name.tolist() == ["A", "B", "C"]
    assert net.line.in_service.tolist() == [True, False, True]
    assert net.shunt.in_service.tolist() == [False, True]
    assert net.shunt.q_mvar.tolist() == [30.0, -5.0]
    assert net.load.p_mw.tolist() == [80.0]
    assert net.load.q_mvar.tolist() == pytest.approx([80.0 * np.tan(np.arccos(0.95))])
    assert net.storage.p_mw.tolist() == [-5.0]
    assert net.gen.name.tolist() == ["a", "b", "c", "north"]
    assert net.gen.in_service.tolist() == [True, True, False, True]
    assert net.gen.p_mw.tolist() == [30.0, 20.0, 10.0, 25.0]
    assert net.gen.vm_pu.tolist() == [1.03, 1.02, 1.02, 1.03]  # the border's voltage beats the machine's at its bus
    assert net.gen.slack.tolist() == [True, False, False, False]
    assert net.gen.slack_weight.tolist() == pytest.approx([2 / 3, 1 / 3, 0.0, 0.0])
    assert not net.sgen.in_service.any()


def test_machine_of_fixed_reactive_power_stands_as_static_generator() -> None:
    system = triangle()
    rows = [
        {"name": "a", "bus": "A", "fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 1.0},
        {"name": "solar", "bus": "B", "fuel": "solar", "installed_mw": 50.0, "p_max_mw": 50.0, "cost_per_mwh": 0.0,
         "q_min_mvar": 4.0, "q_max_mvar": 4.0},
    ]  # fmt: skip
    system = triangle(generators=rows)
    net = to_pandapower(system, as_stated(system, [60.0, 40.0]))
    assert net.gen.in_service.tolist() == [True, False]
    assert net.sgen.in_service.tolist() == [False, True]
    assert (net.sgen.p_mw[1], net.sgen.q_mvar[1]) == (40.0, 4.0)


def test_dead_islands_are_out_of_service_and_each_live_one_has_a_slack() -> None:
    import pandapower as pp

    system = triangle()
    both = at(system, [20.0, 60.0, 40.0], out=[0, 2])
    net = to_pandapower(system, both)
    assert net.gen.slack.tolist() == [True, True, False]
    pp.runpp(net)
    assert net.res_bus.vm_pu.tolist() == pytest.approx([1.02, 1.02, 1.02])
    dark = at(system, [20.0, 60.0, 40.0], out=[0, 2], committed=[True, False, False])
    assert to_pandapower(system, dark).bus.in_service.tolist() == [True, False, False]


@pytest.mark.parametrize("name", ["case14", "case39", "case118", "kazakhstan"])
def test_runpp_converges_from_a_flat_start(name: str) -> None:
    import pandapower as pp

    system, _ = kazakhstan() if name == "kazakhstan" else case(name)
    net = to_pandapower(system)
    pp.runpp(net, init="flat")
    assert net.converged
    pp.runpp(net, numba=False, init="flat", distributed_slack=True, lightsim2grid=False)
    assert net.converged


@pytest.mark.parametrize("name", ["case14", "case118", "kazakhstan"])
def test_solved_net_is_the_solution_and_running_it_again_changes_nothing(name: str) -> None:
    """With reactive limits met: case14's and case118's machines reach theirs."""
    import pandapower as pp

    system, point = kazakhstan() if name == "kazakhstan" else case(name)
    solution = model(name, "fast").solve(point)
    net = solved_pandapower(system, point, solution)
    for _ in range(2):
        np.testing.assert_allclose(net.res_bus.vm_pu, solution.vm_pu, rtol=0, atol=1e-6)
        turned = solution.va_degree - net.res_bus.va_degree
        np.testing.assert_allclose(turned, turned[0], rtol=0, atol=1e-4)
        losses_mw = net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum()
        assert losses_mw == pytest.approx(solution.losses_mw, abs=1e-3)
        on = net.gen.in_service.to_numpy()
        scheduled = net.gen.p_mw.to_numpy()[on]
        np.testing.assert_allclose(net.res_gen.p_mw.to_numpy()[on], scheduled, rtol=0, atol=1e-3)
        pp.runpp(net)


def test_solved_net_without_a_solution_has_no_results() -> None:
    system, point = case("case30")
    heavy = point._replace(p_load_mw=5.0 * point.p_load_mw)
    net = solved_pandapower(system, heavy, model("case30", "fast").solve(heavy))
    assert len(net.res_bus) == 0 or net.res_bus.vm_pu.isna().all()


def test_base_state_is_balanced_and_keeps_bounds() -> None:
    system, point = kazakhstan()
    gens = system.generators
    assert (point.p_gen_mw <= gens.p_max_mw + 1e-6).all()
    assert (point.p_gen_mw[~point.gen_committed] == 0.0).all()
    assert (point.p_border_mw >= 0.0).all()
    assert (point.p_border_mw <= system.borders.contract_import_mw + 1e-6).all()
    supply = point.p_gen_mw.sum() + point.p_border_mw.sum()
    assert supply == pytest.approx(point.p_load_mw.sum() * (1.0 + system.loss_share), abs=0.1)
    assert peak_hour(system).month in (0, 1, 10, 11)


def test_base_state_uses_the_cheap_machine_and_respects_a_line() -> None:
    """a (20 a MWh) is cheaper than c (30), but A-C carries 60 MW only: c comes in at its least 45 MW."""
    line = {"length_km": 100.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "max_i_ka": 60.0 / (np.sqrt(3) * 220.0)}
    machine = {"fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0}
    system = triangle(
        buses=[{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "AC"],
        lines=[{"name": "AC", "from_bus": "A", "to_bus": "C", **line}],
        generators=[
            {"name": "a", "bus": "A", "cost_per_mwh": 20.0, "droop_pu": 0.05, **machine},
            {"name": "c", "bus": "C", "cost_per_mwh": 30.0, "p_min_mw": 45.0, **machine},
            {"name": "spare", "bus": "C", "cost_per_mwh": 40.0, "p_min_mw": 45.0, **machine},
            {"name": "condenser", "bus": "C", "cost_per_mwh": 0.0, **machine, "p_max_mw": 0.0},
        ],
    )
    point = base_point(system)
    assert point.p_gen_mw == pytest.approx([55.0, 45.0, 0.0, 0.0])
    assert point.gen_committed.tolist() == [True, True, False, True]
    assert AcModel(system, base=point).solve(point).converged


def test_reference_is_the_largest_participant() -> None:
    system = triangle()
    have = sources(system, as_stated(system, [1, 1, 1]), np.zeros(3, dtype=np.int32))
    assert have.reference.tolist() == [0]
    have = sources(system, at(system, [1, 1, 1], committed=[False, True, True]), np.zeros(3, dtype=np.int32))
    assert have.reference.tolist() == [1]
