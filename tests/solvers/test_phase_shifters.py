"""Phase shifters in DC flows: by hand in a triangle, and against pandapower's ``rundcpp`` and flows without PTDF."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.io.grid_import.imported import import_net
from gridsim.io.grid_import.sources import built_in
from gridsim.kernels.arrays import DispatchCase, DispatchState
from gridsim.kernels.flows import make_case, make_topology, turned_mw
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.pandapower import to_pandapower
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_balance import Balance
from gridsim.solvers.screen_balanced import balanced
from gridsim.solvers.screen_dc import DcScreening
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, usual_outages
from gridsim.solvers.screen_second import SecondOutages, StartingState
from gridsim.solvers.screen_states import States
from tests.support.ac_cases import case
from tests.support.import_cases import point_of
from tests.support.pair_reference import flows_after

SHIFT_RAD = 0.03


def ring(shift_rad: float) -> DispatchCase:
    """Buses 0, 1, 2 with x of 1e-3 on 1 MVA between any two; 2 - 0 shifts, and interface 0 is 0 - 1 less 2 - 0."""
    turn = [0.0, 0.0, shift_rad / 1e-3]
    return make_case(3, [0, 1], [0, 1, 2], [1, 2, 0], [1e-3] * 3, [True] * 3, [0, 2], [0, 2], [1.0, -1.0], turn)


def state_of(case: DispatchCase, solver: DispatchSolver, rating_mw: float, demand_mw: float) -> DispatchState:
    """Cheap power at bus 0, dear power at bus 1, the load at bus 2."""
    limit = np.array([1e3, 1e3, rating_mw, 1e4])
    return DispatchState(
        topology=solver.topology(),
        lo_mw=np.zeros(2),
        hi_mw=np.array([1000.0, 1000.0]),
        cost=np.array([10.0, 20.0]),
        spill_cost=np.array([40.0, 40.0]),
        demand_mw=np.array([[0.0], [0.0], [demand_mw]]),
        penalty=np.full((3, 1), 4000.0),
        row_lo_mw=-limit,
        row_hi_mw=limit,
    )


def test_an_angle_drives_its_share_around_the_ring() -> None:
    """0.03 rad over three times 1e-3: 10 MW against the shifter, all the way round; nothing once the ring is open."""
    network = ring(SHIFT_RAD)
    np.testing.assert_allclose(turned_mw(network, make_topology(network, [])), [-10.0, -10.0, -10.0, 0.0], atol=1e-12)
    for out in (0, 1, 2):
        np.testing.assert_allclose(turned_mw(network, make_topology(network, [out])), 0.0, atol=1e-12)


@pytest.mark.parametrize("method", ["kernel", "highs"])
@pytest.mark.parametrize(("shift_rad", "cheap_mw"), [(0.0, 30.0), (SHIFT_RAD, 0.0), (-SHIFT_RAD, 60.0)])
def test_dispatch_sees_what_the_angle_drives(method: str, shift_rad: float, cheap_mw: float) -> None:
    """0 - 2, rated 60 MW, carries 2/3 of the cheap and 1/3 of the dear MW: 10 MW of loop flow are worth 30 of them."""
    network = ring(shift_rad)
    solver = DispatchSolver(network, DispatchOptions(method=method))
    solution = solver.solve(state_of(network, solver, 60.0, 150.0))
    np.testing.assert_allclose(solution.p_mw, [cheap_mw, 150.0 - cheap_mw], atol=1e-6)
    # what bus 0 gives leaves over 0 - 1 and against 2 - 0
    np.testing.assert_allclose(solution.flow_mw, [cheap_mw - 60.0, 90.0, -60.0, cheap_mw], atol=1e-6)
    assert solution.shed_mw.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("method", ["kernel", "highs"])
def test_a_limit_that_the_angle_alone_passes_is_no_reason_to_shed(method: str) -> None:
    """10 MW round a ring rated 4 MW, 6 MW of load: the 4 MW against it leave 6 on the shifter, and all is served."""
    network = ring(-SHIFT_RAD)
    solver = DispatchSolver(network, DispatchOptions(method=method))
    solution = solver.solve(state_of(network, solver, 4.0, 6.0))
    assert solution.shed_mw.sum() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(solution.flow_mw[:3], [12.0, 12.0, 6.0], atol=1e-6)


def with_shifts(name: str) -> tuple[GridSystem, OperatingPoint]:
    """A case whose transformers all turn, most of them in loops."""
    system, point = case(name)
    degrees = np.random.default_rng(5).uniform(-8.0, 8.0, len(system.transformers))
    return system.replace(transformers=dataclasses.replace(system.transformers, shift_degree=degrees)), point


def rundcpp(system: GridSystem, point: OperatingPoint) -> tuple[np.ndarray, np.ndarray]:
    """pandapower's injections (n_buses,) and branch flows (n_branches,), MW."""
    import pandapower as pp

    net = to_pandapower(system, point)
    pp.rundcpp(net)
    flow = np.concatenate([net.res_line.p_from_mw.to_numpy(), net.res_trafo.p_hv_mw.to_numpy()])
    return -np.nan_to_num(net.res_bus.p_mw.to_numpy()), np.nan_to_num(flow)


@pytest.mark.parametrize("grid", ["GBreducednetwork", "case89pegase"])
def test_imports_have_the_flows_of_their_own_rundcpp(grid: str) -> None:
    """Shifters in loops, shunts that lose or give power: flows of the net as it came, by their size."""
    import pandapower as pp

    net = built_in(grid)
    imported = import_net(net)
    system, point = imported.system, point_of(imported)
    assert np.abs(system.transformers.shift_degree).max() > 0.5 or np.abs(system.shunt_loss_mw).max() > 0.1
    pp.rundcpp(net)
    source = np.concatenate([net.res_line.p_from_mw, net.res_trafo.p_hv_mw, net.res_impedance.p_from_mw])
    network = pack(system).case
    topology = make_topology(network, ())
    injection, _ = rundcpp(system, point)
    found = topology.row_ptdf[: system.n_branches] @ injection + turned_mw(network, topology)
    np.testing.assert_allclose(np.sort(np.abs(found)), np.sort(np.abs(source)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["case39", "case118"])
def test_flows_are_those_of_rundcpp(name: str) -> None:
    """Intact, and without a shifter and a line."""
    system, point = with_shifts(name)
    network = pack(system).case
    for out in ((), (len(system.lines) + 1,), (3, len(system.lines))):
        injection, expected = rundcpp(system, point._replace(branch_out=np.array(out, dtype=np.int32)))
        topology = make_topology(network, out)
        turned = turned_mw(network, topology)[: system.n_branches]
        assert np.abs(turned).max() > 20.0
        found = topology.row_ptdf[: system.n_branches] @ injection + turned
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_screen_and_second_outages_have_the_flows_of_angles_solved_anew() -> None:
    """All outages of case39: bridges that leave a part dark, machines, shifters among them."""
    system, point = with_shifts("case39")
    scale, outages = np.ones(len(system.loads)), usual_outages(system, point)
    packed = pack(system)
    topology = make_topology(packed.case, ())
    start = balanced(system, point, topology.island, scale)
    state = StartingState(system, start.point, topology, start.injection_mw, start.load_mw, system.generators.p_max_mw)
    found = SecondOutages(packed.case, state).answers(outages)
    result = screen(system, start.point, ac=False, outages=outages)
    emergency_mw = system.branch_emergency_mw
    for row, outage in enumerate(outages):
        expected, _ = flows_after(system, start.point, scale, outage)
        np.testing.assert_allclose(found.flow_mw[row], expected, rtol=0, atol=1e-6)
        worst = 100.0 * np.max(np.abs(expected) / emergency_mw)
        assert result.worst_loading_percent[row + 1] == pytest.approx(worst, abs=1e-6)


@pytest.mark.parametrize("out_ends", [(), ((5, 10), (12, 13)), ((5, 10), (9, 31), (12, 13))])
def test_every_way_to_the_flows_after_an_outage_has_the_angles(out_ends: tuple[tuple[int, int], ...]) -> None:
    """LODF, bridges, machines and two branches at once, by angles solved anew; rows of the state after it too.

    Without two lines a ring of four buses with two shifters hangs on one machine; without its transformer it is dark.
    """
    system, point = with_shifts("case39")
    ends = [{int(a), int(b)} for a, b in zip(system.branch_from, system.branch_to)]
    point = point._replace(branch_out=np.array(sorted(ends.index(set(one)) for one in out_ends), dtype=np.int32))
    line, transformer = OutageKind.LINE, OutageKind.TRANSFORMER
    pairs = [Outage("two", ((line, 3), (transformer, 1))), Outage("both turn", ((transformer, 0), (transformer, 2)))]
    outages = [*usual_outages(system, point), *pairs]
    packed, states = pack(system), States(system, point, outages)
    balance = Balance(packed, states, 1)
    found = DcScreening(packed.case, states, balance)
    topology = make_topology(packed.case, point.branch_out)
    start = balanced(system, point, topology.island, balance.loss_scale)
    state = StartingState(system, start.point, topology, start.injection_mw, start.load_mw, system.generators.p_max_mw)
    network = SecondOutages(packed.case, state)
    assert states.splits.sum() > 5
    assert states.dark.any() == bool(out_ends)
    assert states.dark[0].any() == (len(out_ends) == 3)
    seconds = network.answers(outages)
    for row, outage in enumerate(outages, 1):
        expected, _ = flows_after(system, point, balance.loss_scale, outage)
        np.testing.assert_allclose(found.flow_mw[row], expected, rtol=0, atol=1e-6)
        expected, _ = flows_after(system, start.point, balance.loss_scale, outage)
        np.testing.assert_allclose(seconds.flow_mw[row - 1], expected, rtol=0, atol=1e-6)
        lost = lost_by(system, outage)
        if lost.branches.size:
            after = network.after(outage, lost)
            flow = after.flows_mw(start.injection_mw)[: system.n_branches] + network.after_turned_mw(after)
            np.testing.assert_allclose(flow, expected, rtol=0, atol=1e-6)
