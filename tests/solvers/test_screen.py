"""N-1 screening: hand cases in DC, every AC answer against a power flow of its own, the verdict."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from gridsim.kernels.flows import make_topology
from gridsim.model.pack import pack
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_balance import Balance
from gridsim.solvers.screen_balanced import balanced
from gridsim.solvers.screen_dc import DcScreening
from gridsim.solvers.screen_outages import OutageKind, outages_of_kind, together_named, usual_outages
from gridsim.solvers.screen_result import ScreenResult
from gridsim.solvers.screen_states import States
from tests.support.ac_cases import as_stated, at, case, kazakhstan, model, triangle

KV = 220.0


def rating(mw: float) -> float:
    return mw / (np.sqrt(3.0) * KV)


def ring(normal_mw: float, emergency_mw: float, **changes: Any) -> GridSystem:
    """The triangle with equal lines of given ratings; a gives 60, b 40 MW to the load of 100 MW at C, c is spare."""
    line = {
        "length_km": 100.0, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.42, "max_i_ka": rating(normal_mw),
        "max_i_emergency_ka": rating(emergency_mw),
    }  # fmt: skip
    ends = {"AB": ("A", "B"), "BC": ("B", "C"), "AC": ("A", "C")}
    lines = [{"name": name, "from_bus": i, "to_bus": j, **line} for name, (i, j) in ends.items()]
    return triangle(**({"lines": lines} | changes))


def row(result: ScreenResult, name: str) -> int:
    return result.name.tolist().index(name)


POINT = [60.0, 40.0, 0.0]


def test_intact_and_line_losses_by_hand() -> None:
    """Equal reactances: A's 60 MW go 2/3 by AC, B's 40 go 2/3 by BC. AC = 40 + 40/3, BC = 80/3 + 20, AB = 20 - 40/3.

    Without AB each machine feeds C by its own line; without AC (BC) everything goes by BC (AC): 100 MW on 90.
    """
    result = screen(ring(60.0, 90.0), as_stated(ring(60.0, 90.0), POINT), ac=False)
    assert result.kind.tolist() == ["none", "line", "line", "line", "generator", "generator", "generator"]
    assert result.worst_loading_percent[0] == pytest.approx(100.0 * (40.0 + 40.0 / 3.0) / 60.0)
    assert result.worst_branch[0] == 2
    assert result.worst_loading_percent[row(result, "AB")] == pytest.approx(100.0 * 60.0 / 90.0)
    for lost, left in (("AC", 1), ("BC", 2)):
        assert result.worst_loading_percent[row(result, lost)] == pytest.approx(100.0 * 100.0 / 90.0)
        assert result.worst_branch[row(result, lost)] == left
    assert result.overloads.outage.tolist() == [row(result, "BC"), row(result, "AC")]
    assert result.overloads.branch.tolist() == [2, 1]
    assert result.overloads.flow_mw == pytest.approx([100.0, 100.0])
    assert result.secure.tolist() == [True, True, False, False, True, True, True]
    assert (result.intact_secure, result.n1_secure) == (True, False)
    assert set(result.name[result.order[:2]]) == {"AC", "BC"}


def test_machine_loss_is_taken_by_the_other_governors() -> None:
    """Without b the 40 MW come from a: 100 MW, 2/3 of them by AC."""
    system = ring(60.0, 66.0)
    result = screen(system, as_stated(system, POINT), ac=False)
    lost = row(result, "b")
    assert result.worst_loading_percent[lost] == pytest.approx(100.0 * (200.0 / 3.0) / 66.0)
    assert not result.secure[lost]
    # c gives nothing: its loss changes nothing but the rating that holds
    assert result.worst_loading_percent[row(result, "c")] == pytest.approx(100.0 * (40.0 + 40.0 / 3.0) / 66.0)


def test_everything_secure() -> None:
    system = ring(100.0, 120.0)
    for ac in (False, True):
        result = screen(system, as_stated(system, POINT), ac=ac)
        assert result.n1_secure
        assert result.intact_secure
        assert len(result.overloads.outage) == len(result.voltages.outage) == len(result.sections.outage) == 0


def test_islanded_and_dark_load() -> None:
    """D hangs on C by one line: its loss cuts D's 30 MW off. E has a machine of its own: cut off, not dark."""
    line = {"length_km": 50.0, "r_ohm_per_km": 0.05, "x_ohm_per_km": 0.42}
    ends = (("AB", "A", "B"), ("BC", "B", "C"), ("AC", "A", "C"))
    ring_lines = [{"name": name, "from_bus": i, "to_bus": j, **line} for name, i, j in ends]
    machine = {"fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 30.0}
    load = {"power_factor": 1.0, "load_class": "all"}
    system = triangle(
        buses=[{"name": bus, "zone": "z", "vn_kv": KV} for bus in "ABCDE"],
        lines=[
            *ring_lines,
            {"name": "CD", "from_bus": "C", "to_bus": "D", **line},
            {"name": "CE", "from_bus": "C", "to_bus": "E", **line},
        ],
        generators=[
            {"name": "a", "bus": "A", "droop_pu": 0.05, **machine},
            {"name": "e", "bus": "E", **machine},
        ],
        loads=[
            {"name": "c", "bus": "C", "p_mw": 70.0, **load},
            {"name": "d", "bus": "D", "p_mw": 30.0, **load},
            {"name": "e_load", "bus": "E", "p_mw": 10.0, **load},
        ],
    )
    point = as_stated(system, [100.0, 10.0])
    for ac in (False, True):
        result = screen(system, point, ac=ac)
        cd, ce = row(result, "CD"), row(result, "CE")
        assert (result.islanded_mw[cd], result.dark_mw[cd]) == (30.0, 30.0)
        assert (result.islanded_mw[ce], result.dark_mw[ce]) == (10.0, 0.0)
        assert result.secure.tolist() == [True, True, True, True, False, False, True, True]
        assert result.order[:2].tolist() == [cd, ce]
        assert (result.solved != "failed").all()


def test_loss_of_an_islands_only_source_darkens_it() -> None:
    system = ring(200.0, 250.0)
    point = at(system, [0.0, 70.0, 30.0], out=[0, 2], committed=[True, True, False])
    result = screen(system, point, ac=True)
    lost = row(result, "b")
    assert result.dark_mw[lost] == 100.0
    assert result.islanded_mw[lost] == 100.0
    assert not result.secure[lost]


def test_border_loss() -> None:
    border = {
        "name": "north", "bus": "A", "contract_import_mw": 50.0, "limit_import_mw": 200.0, "price_per_mwh": 75.0,
        "vm_pu": 1.03,
    }  # fmt: skip
    system = ring(60.0, 90.0, borders=[border])
    point = at(system, [0.0, 70.0, 0.0], p_border_mw=np.array([30.0]))
    result = screen(system, point, ac=False)
    lost = row(result, "north")
    # a (200 MW) takes 20 of the border's 30 MW, b (100 MW) takes 10: 20 MW at A, 80 at B: BC = 2/3 80 + 1/3 20
    assert result.kind[lost] == "border"
    assert result.worst_loading_percent[lost] == pytest.approx(100.0 * (160.0 / 3.0 + 20.0 / 3.0) / 90.0)
    result = screen(system, point, ac=True)
    lost = row(result, "north")
    assert result.solved[lost] == "single"
    assert result.vm_max_pu[0] == pytest.approx(1.03)
    assert result.vm_max_pu[lost] == pytest.approx(1.02)  # a holds its own setpoint where the border held its


def test_sections_by_scheme() -> None:
    """The section of AC and BC: 95 MW intact, 105 MW for minutes, 80 / 99 MW with one circuit out."""
    limits = [
        {"interface": "south", "direction": "forward", "lines_out": 0, "normal_mw": 101.0, "emergency_mw": 105.0},
        {"interface": "south", "direction": "forward", "lines_out": 1, "normal_mw": 80.0, "emergency_mw": 99.0},
    ]
    members = [{"interface": "south", "line": "AC", "sign": 1}, {"interface": "south", "line": "BC", "sign": 1}]
    system = ring(200.0, 250.0, interfaces=members, interface_limits=limits)
    result = screen(system, as_stated(system, POINT), ac=False)
    assert result.worst_section_percent[0] == pytest.approx(100.0 * 100.0 / 101.0)
    assert result.worst_section_percent[row(result, "AB")] == pytest.approx(100.0 * 100.0 / 105.0)
    assert result.worst_section_percent[row(result, "AC")] == pytest.approx(100.0 * 100.0 / 99.0)
    assert result.sections.outage.tolist() == [row(result, "BC"), row(result, "AC")]
    assert result.sections.flow_mw == pytest.approx([100.0, 100.0])
    assert result.sections.limit_mw == pytest.approx([99.0, 99.0])
    assert not result.n1_secure


def test_voltage_violations() -> None:
    """c out of service: the loss of a line leaves C on one long line, below 0.99."""
    buses = [{"name": bus, "zone": "z", "vn_kv": KV, "vm_min_pu": 0.99} for bus in "ABC"]
    system = ring(200.0, 250.0, buses=buses)
    point = at(system, POINT, committed=[True, True, False])
    result = screen(system, point, ac=True)
    assert result.secure[0]
    found = {(result.name[outage], bus) for outage, bus in zip(result.voltages.outage, result.voltages.bus)}
    assert found == {("AC", 2), ("BC", 2)}
    assert (result.voltages.vm_pu < 0.99).all()
    assert (result.voltages.limit_pu == 0.99).all()


def test_a_line_takes_its_reactor_along() -> None:
    """BC has a reactor of 30 Mvar at C: with the line gone the reactor is gone too, and C stands higher for it."""
    reactor = [{"name": "reactor", "bus": "C", "q_mvar": 30.0, "line": "BC"}]
    system = ring(200.0, 250.0, shunts=reactor)
    wide = _machines(system, q_max_mvar=np.full(3, 500.0))
    system = system.replace(generators=wide)
    point = at(system, POINT, committed=[True, True, False])
    result = screen(system, point, ac=True)
    for name, solved in (("BC", "single"), ("AC", "batch")):
        lost = row(result, name)
        alone = AcModel(system, base=point).solve(point._replace(branch_out=np.array([result.element[lost]])))
        assert result.solved[lost] == solved
        assert result.vm_min_pu[lost] == pytest.approx(alone.vm_pu.min(), abs=1e-6)
    assert result.vm_min_pu[row(result, "BC")] > result.vm_min_pu[row(result, "AC")] + 0.02


def test_an_outage_without_a_solution_is_insecure_and_says_why() -> None:
    """C asks for 500 MW: two lines carry it; one carries at most V^2 (1 - sin f) / (2 X cos f) = 433 MW."""
    system = ring(500.0, 600.0)
    point = at(system, [250.0, 250.0, 0.0], committed=[True, True, False], p_load_mw=np.array([500.0]))
    result = screen(system, point, ac=True)
    for lost in ("AC", "BC"):
        assert result.solved[row(result, lost)] == "failed"
        assert result.reason[row(result, lost)].startswith("largest mismatch")
        assert np.isnan(result.worst_loading_percent[row(result, lost)])
        assert result.worst_branch[row(result, lost)] == -1
        assert not result.secure[row(result, lost)]
    assert set(result.name[result.order[:2]]) == {"AC", "BC"}


@pytest.mark.parametrize("name", ["case30", "case39"])
def test_dc_is_the_dc_power_flow_of_each_topology(name: str) -> None:
    """Each line outage against a susceptance matrix solved from scratch, losses at the loads."""
    system, point = case(name)
    result = screen(system, point, ac=False)
    for position in np.flatnonzero(np.isin(result.kind, ("line", "transformer"))):
        branch = int(result.element[position]) + (len(system.lines) if result.kind[position] == "transformer" else 0)
        if result.islanded_mw[position] > 0 or np.unique(_islands(system, branch)).size > 1:
            continue
        flow = _dc_flow(system, point, branch)
        loading = 100.0 * np.abs(flow) / system.branch_emergency_mw
        assert result.worst_loading_percent[position] == pytest.approx(loading.max(), rel=1e-9)
        assert loading[result.worst_branch[position]] == pytest.approx(loading.max(), rel=1e-9)


def test_dc_flows_are_those_of_a_topology_of_their_own() -> None:
    """Every usual outage, bridges and machines among them, buses, and pairs of lines."""
    system, point = case("case30")
    packed = pack(system)
    outages = usual_outages(system, point)
    outages += outages_of_kind(system, point, OutageKind.BUS)
    lines = outages_of_kind(system, point, OutageKind.LINE)
    outages += [together_named(system, a.elements + b.elements) for a, b in itertools.pairwise(lines)]
    states = States(system, point, outages)
    balance = Balance(packed, states, 1)
    found = DcScreening(packed.case, states, balance)
    assert states.splits.sum() > 10
    for row in range(len(states)):
        topology = make_topology(packed.case, states.branch_out(row))
        state = balanced(states.system_of(row), states.point_of(row), topology.island, balance.loss_scale)
        expected = topology.row_ptdf[: system.n_branches] @ state.injection_mw
        np.testing.assert_allclose(found.flow_mw[row], expected, rtol=0, atol=1e-9)


def test_losses_stand_at_the_loads_in_dc() -> None:
    """a and b give 70 and 40 MW for 100: C takes 110, so AC carries 2/3 of 70 and 1/3 of 40, BC the rest."""
    system = ring(200.0, 250.0)
    result = screen(system, as_stated(system, [70.0, 40.0, 0.0]), ac=False)
    assert result.worst_loading_percent[0] == pytest.approx(100.0 * 60.0 / 200.0)
    # without b a feeds all 110 MW: b gives nothing, and nothing is left over for it to take
    assert result.worst_loading_percent[row(result, "b")] == pytest.approx(100.0 * 110.0 * 2.0 / 3.0 / 250.0)


@pytest.mark.parametrize("name", ["case30", "case118"])
def test_ac_answers_are_power_flows_of_their_own(name: str) -> None:
    """Every outage that the batch or a warm single solve answered, solved again from a flat start."""
    system, point = case(name)
    result = screen(system, point, model=model(name, "fast"))
    assert {"batch", "single"} <= set(result.solved.tolist())
    fresh = AcModel(system, base=point)
    for position in range(1, len(result.name)):
        kind, element = result.kind[position], int(result.element[position])
        state: OperatingPoint = point
        if kind == "generator":
            committed = point.gen_committed.copy()
            committed[element] = False
            state = point._replace(gen_committed=committed)
        elif kind != "border":
            branch = element + (len(system.lines) if kind == "transformer" else 0)
            island = _islands(system, branch)
            if result.dark_mw[position] > 0:
                continue
            state = point._replace(branch_out=np.array([branch], dtype=np.int32))
            assert (island.max() > 0) == (result.solved[position] != "batch" and island.max() > 0)
        fresh.reset()
        solution = fresh.solve(state)
        assert solution.converged == (result.solved[position] != "failed")
        if not solution.converged or solution.rung == "relaxed_q":
            continue
        tolerance = 1e-5 if result.solved[position] == "batch" else 1e-6
        assert result.vm_min_pu[position] == pytest.approx(np.nanmin(solution.vm_pu), abs=tolerance)
        assert result.vm_max_pu[position] == pytest.approx(np.nanmax(solution.vm_pu), abs=tolerance)
        lines, trafos = system.lines, system.transformers
        ratio = np.concatenate([
            np.where(np.isnan(lines.max_i_ka), 1.0, lines.max_i_ka / lines.max_i_emergency_ka),
            trafos.max_loading_percent / trafos.max_loading_emergency_percent,
        ])  # fmt: skip
        worst = float((solution.loading_percent * ratio).max())
        assert result.worst_loading_percent[position] == pytest.approx(worst, abs=0.05, rel=1e-3)


def test_kazakhstan_ac_and_dc() -> None:
    system, point = kazakhstan()
    ac = screen(system, point, model=model("kazakhstan", "fast"))
    dc = screen(system, point, ac=False)
    assert ac.name.tolist() == dc.name.tolist()
    assert ac.islanded_mw.tolist() == dc.islanded_mw.tolist()
    n_out = int(system.branch_in_service.sum()) + int(point.gen_committed.sum()) + int(system.borders.in_service.sum())
    assert len(ac.name) == 1 + n_out
    assert (ac.solved == "batch").sum() > 100
    assert ac.solved[0] == "single"
    assert np.isfinite(ac.worst_loading_percent[ac.solved != "failed"]).all()
    # the same outages lead the list in both, where both solve: heavy loadings agree to reactive power and losses
    both = (ac.solved != "failed") & (dc.worst_loading_percent > 60.0)
    assert np.abs(ac.worst_loading_percent[both] - dc.worst_loading_percent[both]).max() < 60.0


def _machines(system: GridSystem, **columns: np.ndarray) -> Any:
    return dataclasses.replace(system.generators, **columns)


def _islands(system: GridSystem, branch: int) -> np.ndarray:
    from gridsim.kernels.flows import islands

    status = system.branch_in_service.copy()
    status[branch] = False
    return islands(len(system.buses), system.branch_from, system.branch_to, status)


def _dc_flow(system: GridSystem, point: OperatingPoint, out: int) -> np.ndarray:
    n = len(system.buses)
    b = np.where(system.branch_in_service, 1.0 / system.branch_x_pu, 0.0)
    b[out] = 0.0
    i, j = system.branch_from, system.branch_to
    matrix = np.zeros((n, n))
    for rows, columns, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
        np.add.at(matrix, (rows, columns), sign * b)
    losses_mw = max(point.p_gen_mw.sum() - point.p_load_mw.sum(), 0.0)
    load_mw = point.p_load_mw * (1.0 + losses_mw / point.p_load_mw.sum())
    p = np.bincount(system.generators.bus, point.p_gen_mw, n) - np.bincount(system.loads.bus, load_mw, n)
    share = np.where(np.isnan(system.generators.droop_pu), 0.0, system.generators.p_max_mw)
    p -= np.bincount(system.generators.bus, share, n) / share.sum() * p.sum()
    angle = np.append(np.linalg.solve(matrix[:-1, :-1], p[:-1]), 0.0)
    return b * (angle[i] - angle[j])
