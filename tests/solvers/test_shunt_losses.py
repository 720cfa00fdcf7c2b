"""Losses of shunts in dispatch, DC flows, screening and adequacy: load at nominal voltage that is cut last."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gridsim
from gridsim.kernels.flows import make_topology
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.reliability import system_from_grid
from gridsim.solvers.dispatch import DispatchOptions
from gridsim.solvers.pandapower import to_pandapower
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_balanced import balanced
from gridsim.solvers.screen_outages import Outage, named_outages, usual_outages
from gridsim.solvers.screen_second import SecondOutages, StartingState
from tests.support.ac_cases import as_stated, case, triangle
from tests.support.pair_reference import flows_after


def lossy(*p_mw: float, load_mw: float = 100.0) -> GridSystem:
    """The triangle with shunts at B; one that is out of service loses nothing."""
    shunts: list[dict[str, Any]] = [
        {"name": f"s{k}", "bus": "B", "q_mvar": 0.0, "p_mw": value} for k, value in enumerate(p_mw)
    ]
    shunts.append({"name": "off", "bus": "B", "q_mvar": 0.0, "p_mw": 50.0, "in_service": False})
    return triangle(shunts=shunts, loads=[{"name": "town", "bus": "C", "p_mw": load_mw, "load_class": "all"}])


@pytest.mark.parametrize("method", ["kernel", "highs"])
@pytest.mark.parametrize("p_mw", [(5.0, 7.0), (5.0, -17.0)], ids=["lost", "given"])
def test_dispatch_serves_load_and_losses(method: str, p_mw: tuple[float, ...]) -> None:
    """100 MW of load and 12 MW at B, or 12 MW less from machines."""
    result = gridsim.dispatch(lossy(*p_mw), options=DispatchOptions(method=method))
    assert result.generators.p_mw.sum() == pytest.approx(100.0 + sum(p_mw), abs=1e-6)
    assert result.solution.bus_loss_mw.tolist() == pytest.approx([0.0, sum(p_mw), 0.0])
    assert result.solution.shed_mw.sum() == pytest.approx(0.0, abs=1e-9)
    assert result.solution.cost == pytest.approx(30.0 * (100.0 + sum(p_mw)))


@pytest.mark.parametrize("method", ["kernel", "highs"])
def test_load_is_cut_before_losses(method: str) -> None:
    """30 MW for 40 MW of load and 12 of losses: 22 MW cut, none of them at the shunt; with nothing, all of both."""
    system = lossy(12.0, load_mw=40.0)
    for left_mw, shed_mw, loss_mw in ((30.0, 22.0, 12.0), (0.0, 40.0, 0.0)):
        available = {"a": left_mw, "b": 0.0, "c": 0.0}
        result = gridsim.dispatch(system, available_mw=available, options=DispatchOptions(method=method))
        assert result.solution.shed_mw.sum() == pytest.approx(shed_mw, abs=1e-6)
        assert result.solution.bus_loss_mw.sum() == pytest.approx(loss_mw, abs=1e-6)


def with_losses() -> GridSystem:
    """case39 with 3 MW lost at every tenth bus, and 20 MW given at one."""
    system, _ = case("case39")
    names = system.buses.name.tolist()
    rows = [{"name": f"s{k}", "bus": names[k], "q_mvar": 0.0, "p_mw": 3.0} for k in range(0, len(names), 10)]
    rows.append({"name": "given", "bus": names[5], "q_mvar": 0.0, "p_mw": -20.0})
    shunts = triangle(buses=[{"name": n, "zone": "z", "vn_kv": 220.0} for n in [*names, "A", "B", "C"]], shunts=rows)
    return system.replace(shunts=shunts.shunts)


def test_screen_and_second_outages_have_the_losses() -> None:
    """All outages of case39 and those of two shunts, by angles solved anew; intact also by ``rundcpp``."""
    import pandapower as pp

    system = with_losses()
    _, point = case("case39")
    assert system.shunt_loss_mw.sum() == pytest.approx(12.0 - 20.0)
    scale, packed = np.ones(len(system.loads)), pack(system)
    topology = make_topology(packed.case, ())
    start = balanced(system, point, topology.island, scale)
    assert start.injection_mw.sum() == pytest.approx(0.0, abs=1e-9)
    outages = [*usual_outages(system, point), *named_outages(system, ["s10", "given"])]
    state = StartingState(system, start.point, topology, start.injection_mw, start.load_mw, system.generators.p_max_mw)
    found = SecondOutages(packed.case, state).answers(outages)
    result = screen(system, start.point, ac=False, outages=outages)
    for row, outage in enumerate(outages):
        expected, _ = flows_after(system, start.point, scale, outage)
        np.testing.assert_allclose(found.flow_mw[row], expected, rtol=0, atol=1e-6)
        worst = 100.0 * np.max(np.abs(expected) / system.branch_emergency_mw)
        assert result.worst_loading_percent[row + 1] == pytest.approx(worst, abs=1e-6)
    net = to_pandapower(system, start.point)
    pp.rundcpp(net)
    flow = np.concatenate([net.res_line.p_from_mw.to_numpy(), net.res_trafo.p_hv_mw.to_numpy()])
    np.testing.assert_allclose(flows_after(system, start.point, scale, Outage("none", ()))[0], flow, atol=1e-6)


def test_screen_names_what_lacks_with_the_losses() -> None:
    """a gives 80 of 120 MW, b the rest; 30 MW of losses at B among them; c stands still: without a, 20 MW lack."""
    system = lossy(30.0, load_mw=90.0)
    point = as_stated(system, [80.0, 40.0, 0.0])._replace(gen_committed=np.array([True, True, False]))
    result = screen(system, point, ac=False, outages=named_outages(system, ["a"]), redispatch=True)
    assert result.short_mw[1] == pytest.approx(20.0)
    assert result.shed_mw[1] == pytest.approx(20.0, abs=1e-6)


def test_adequacy_has_the_losses_in_every_hour() -> None:
    """12 MW at B beside the town's load, of the class that is cut last."""
    lossless, system = system_from_grid(lossy(0.0)), system_from_grid(lossy(5.0, 7.0))
    np.testing.assert_allclose(system.load_mw - lossless.load_mw, np.tile([0.0, 12.0, 0.0], (system.n_hours, 1)))
