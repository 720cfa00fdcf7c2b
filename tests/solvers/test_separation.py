"""Areas, couplings, first minutes of whole networks: by hand, Kazakhstan, a network without interfaces."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.errors import StudyError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.solvers.area_machines import area_machines, running_mva
from gridsim.solvers.automation_rules import OPENS, RETURN, SHED, TRIP, Loss, Rule, rules_of
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult, Settings
from gridsim.solvers.lost_circuits import Dose, Sections, doses
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.separation import area_map, pull_out_mw, reduce_network, settled_angles, static_limits_mw
from tests.support.cases import build_two_areas
from tests.support.swing_networks import three_areas

STABILITY = ("north_south", "pavlodar_east", "zhitikara_ulke", "uralsk_atyrau", "atyrau_mangystau")
BALANCED = np.array([300.0, 50.0, 250.0, 300.0])  # no area sends anything


@pytest.fixture(scope="module")
def country() -> tuple[GridSystem, FirstMinutes]:
    system = read_network(network_folder("kazakhstan"))
    return system, FirstMinutes(system, base_point(system), system.loss_share)


def test_areas_of_kazakhstan(country) -> None:
    """What the interfaces cut: north, Aktobe, south, east, six in the west; three neighbours at the end."""
    system, minutes = country
    areas = minutes.areas
    assert len(areas.names) == 13
    assert areas.names[-3:] == ("russia", "kyrgyzstan", "uzbekistan")
    assert {name for name, _ in areas.joined} == {"aktau_zhanaozen"}  # ratings alone, no limit of stability
    at = {name: areas.bus[system.buses.position(name)] for name in ("zhambyl_500", "almaty_500", "gres2_500")}
    assert at["zhambyl_500"] == at["almaty_500"] != at["gres2_500"]


def test_static_limits_of_kazakhstan(country) -> None:
    """Normal limit over 0.80 within 2 %, intact and with one and two circuits of the transit out."""
    system, minutes = country
    rows = [system.interfaces.position(name) for name in STABILITY]
    members = system.interface_members
    transit = members.branch[members.interface == system.interfaces.position("north_south")]
    for out in (0, 1, 2):
        gone = transit[:out].astype(np.int32)
        works = system.branch_in_service.copy()
        works[gone] = False
        limit = static_limits_mw(system, works, minutes.margin)
        assert limit[rows[0]] == pytest.approx((2100.0, 1300.0, 630.0)[out] / 0.80)
        r = reduce_network(system, minutes.areas, minutes.machines, gone, minutes.margin)
        reached = [pull_out_mw(r.coupling_mw, r.stretch, r.flow_pair[row], r.apart[row]) for row in rows]
        assert reached == pytest.approx(limit[rows].tolist(), rel=0.02)


@pytest.mark.parametrize(
    ("gives", "takes"),
    [("russia", "uzbekistan"), ("russia", "zhambyl_220"), ("russia", "kyrgyzstan"), ("gres1_500", "zhambyl_220")],
)
def test_the_full_transit_pulls_out_at_its_static_limit(country, gives: str, takes: str) -> None:
    """From 2,100 MW on loaded further, whoever gives and takes, until no stable angles are left: 2,625 MW within 2 %.

    Single couplings reach 90 degrees before and after that, for the dispatch does not load them alike.
    """
    system, minutes = country
    assert not minutes.over_limit
    row, r, names = system.interfaces.position("north_south"), minutes.reduction, minutes.areas.names
    assert minutes.dispatch_flows_mw()[row] == pytest.approx(2100.0, abs=1.0)
    sent = np.isin(names, gives).astype(float) - np.isin(names, takes)
    power = r.coupling_mw * r.stretch * np.sin((minutes.angles[r.first] - minutes.angles[r.second]) / r.stretch)
    supplied = np.bincount(r.first, power, len(names)) - np.bincount(r.second, power, len(names))
    angles, largest_mw = minutes.angles, 0.0
    for more_mw in range(0, 1500, 20):
        angles, found = settled_angles(r, supplied + more_mw * sent, angles)
        if not found:
            break
        largest_mw = float(minutes.model_flows_mw(angles)[row])
    assert largest_mw == pytest.approx(2625.0, rel=0.02)


def test_ties_across_no_limit_of_stability_keep_their_slope(country) -> None:
    """The North and Russia: what crosses sections of the east on the way is a share of them, not their limit."""
    _, minutes = country
    r, names = minutes.reduction, minutes.areas.names
    by_pair = {(names[i], names[j]): k for k, (i, j) in enumerate(zip(r.first, r.second, strict=True))}
    assert r.stretch[by_pair["gres1_500", "russia"]] == 1.0


def test_a_circuit_lost_at_the_full_limit_is_held_by_the_dose_alone(country) -> None:
    """2,100 MW, 1,625 of which can be held without a circuit: 800 MW are cut and it holds, without them it opens.

    A machine of 500 MW lost in the North and one of the South open nothing.
    """
    system, minutes = country
    rules = rules_of(system)
    lost = Loss(branches=("l500_agadyr_yukgres_1",))
    held = minutes.run(rules, (lost,))
    _, dose = held.operations
    assert (dose.rule, dose.place, dose.mw) == ("aopm_circuit_lost", "zhambyl_220", pytest.approx(800.0, abs=1.0))
    assert system.branch_name[held.opened].tolist() == ["l500_agadyr_yukgres_1"]
    split = minutes.run(tuple(rule for rule in rules if rule.quantity != "lines_out"), (lost,))
    assert "out of step" in {operation.rule for operation in split.operations} and len(split.opened) > 3
    for machine in ("ekibastuz_gres1_2", "zhambyl_gres_1"):
        assert len(minutes.run(rules, (Loss(machines=(machine,)),)).opened) == 0


def test_flows_before_the_event_are_those_of_the_dispatch(country) -> None:
    """Within 1 MW, and nothing moves while nothing happens."""
    system, minutes = country
    result = minutes.run((), ())
    assert result.flow_mw[0] == pytest.approx(minutes.dispatch_flows_mw(), abs=1.0)
    assert result.flow_mw[-1] == pytest.approx(result.flow_mw[0], abs=1.0)
    assert np.abs(result.trace_hz - 50.0).max() < 1e-4
    assert result.ended == "quiet"
    assert not result.operations
    assert result.flow_mw[0, system.interfaces.position("north_south")] > 1000.0


def test_winter_peak_stands_within_its_static_limits(country) -> None:
    """The transit is full, 2,100 MW of a pull-out at 2,625: the sections' flows follow from what areas inject."""
    system, minutes = country
    assert not minutes.over_limit
    flow_mw = minutes.dispatch_flows_mw()
    assert flow_mw[system.interfaces.position("north_south")] == pytest.approx(2100.0, abs=1.0)
    # A full cut carries what the machines of one side give less the loads there, at any angles.
    cut = [system.interfaces.position(name) for name in ("north_south", "zhezkazgan_kumkol")]
    of_cut = minutes.reduction.flow_pair[cut].sum(axis=0)
    south = np.isin(minutes.areas.names, ("zhambyl_220", "kyrgyzstan", "uzbekistan"))
    across = south[minutes.reduction.second].astype(float) - south[minutes.reduction.first]
    assert of_cut == pytest.approx(across, abs=0.01)
    assert minutes.model_flows_mw(minutes.angles * 1.1)[cut].sum() > flow_mw[cut].sum()


def test_weak_lines_out_count_as_the_strong_ones_they_carry_as_much_as(country) -> None:
    """Two 220 kV lines of pavlodar_east carry less than one of its 500 kV lines: the limit of one line out holds."""
    system, minutes = country
    row = system.interfaces.position("pavlodar_east")
    for names, limit_mw in (
        (("l220_aksu_kurchatov_1", "l220_aksu_kurchatov_2"), 800.0),
        (("l500_ekibastuz_semey", "l500_aksu_rubtsovsk"), 300.0),
    ):
        works = system.branch_in_service & ~np.isin(system.branch_name, names)
        assert static_limits_mw(system, works, minutes.margin)[row] == pytest.approx(limit_mw / 0.80)


def test_room_of_a_state_beyond_its_limit_stays_when_the_network_changes(country) -> None:
    """With the limits at 0.6 of theirs the peak has no stable angles; a line that carries nothing opens no section."""
    system, _ = country
    low = FirstMinutes(system, base_point(system), system.loss_share, limit_factor=np.full(len(system.interfaces), 0.6))
    assert low.over_limit
    result = low.run((), (Loss(branches=("l220_pavlodar_kez_1",)),))
    assert len(result.opened) == 1
    assert result.ended == "quiet"


def stages() -> tuple[Rule, ...]:
    shed = [
        Rule(f"stage_{number}", "frequency_hz", 48.8 - 0.2 * number, 0.25, SHED, share=0.04) for number in range(12)
    ]
    first = Rule("special", "frequency_hz", 49.2, 0.4, SHED, share=0.03)
    back = Rule("back", "frequency_hz", 49.4, 20.0, RETURN, share=0.06)
    return (first, *shed, back)


def split(delay_s: float = 0.5) -> tuple[Rule, ...]:
    dose = Rule("dose", "interface_mw", 2415.0, 1.0, SHED, ("north_south",), ("south",), amount_mw=100.0)
    both = ("north_south", "zhezkazgan_kumkol")
    return dose, Rule("split", "interface_mw", 2415.0, delay_s, OPENS, ("north_south",), both, after="dose")


def test_a_loss_in_the_south_opens_the_transit(country) -> None:
    """1,500 MW lost in Uzbekistan at full import: the transit opens within 3 s; the South sheds in stages and lives.

    The North sheds nothing, stays below 50.3 Hz, and what it sent south goes to Russia.
    """
    system, minutes = country
    result = minutes.run((*split(), *stages()), (Loss(border="uzbekistan", mw=1500.0),))
    transit = system.interfaces.position("north_south")
    area = {name: number for number, name in enumerate(result.areas)}
    north, south = (int(minutes.areas.bus[system.buses.position(bus)]) for bus in ("gres2_500", "zhambyl_500"))
    closed = result.trace_s[np.abs(result.flow_mw[:, transit]) > 1.0]
    assert closed.max() < 3.0
    assert result.shed_mw[north] == 0.0
    assert 50.0 < result.highest_hz[north] < 50.3
    assert 450.0 < result.shed_mw[south] < 1900.0
    assert result.lowest_hz[south] < 48.8
    assert result.alive.all()
    russia = system.interfaces.position("russia_north")
    swing = result.flow_mw[0, russia] - result.flow_mw[-1, russia]
    assert swing == pytest.approx(result.flow_mw[0, transit], abs=250.0)
    assert result.operations[0].rule == "event"
    assert all(operation.cause for operation in result.operations)
    assert result.final_hz[area["russia"]] == pytest.approx(result.final_hz[north], abs=0.01)


def test_machines_trip_areas_die_and_nothing_dead_keeps_load() -> None:
    """Trips of everything below 47.5 Hz leave the weak area dead: all its load is lost, and the others live on."""
    system, point = three_areas()
    point = point._replace(p_gen_mw=BALANCED)
    rules = (Rule("all", "frequency_hz", 47.5, 0.05, TRIP, share=1.0),)
    losses = (Loss(branches=("ab", "cb")), Loss(at_s=0.2, machines=("b2",)))
    result = FirstMinutes(system, point).run(rules, losses)
    dead = result.areas.index("b")
    assert result.alive.tolist() == [area != dead for area in range(3)]
    assert result.shed_mw[dead] == result.load_mw[dead]
    assert result.final_hz[dead] == 0.0
    assert [operation.rule for operation in result.operations if operation.place == "b"] == ["dead area"]
    assert {"all"} < {operation.rule for operation in result.operations}


@pytest.mark.parametrize(("tied", "dead"), [(True, {"a", "b"}), (False, {"b"})])
def test_areas_that_swing_as_one_go_dark_together(tied: bool, dead: set[str]) -> None:
    """Tied and within 20 mHz of an area that passes 45 Hz: at the same moment; what is not tied lives on."""
    system, point = three_areas()
    point = point._replace(p_gen_mw=BALANCED)
    losses = (Loss(branches=("cb",) if tied else ("ab", "cb")), Loss(machines=("b1",)))
    trips = (("a", 0.6), ("b", 0.01))
    rules = [Rule(f"trip_{name}", "frequency_hz", 49.9, 0.0, TRIP, (name,), share=share) for name, share in trips]
    result = FirstMinutes(system, point).run(tuple(rules), losses)
    died = [operation for operation in result.operations if operation.rule == "dead area"]
    assert {operation.place for operation in died} == dead
    assert len(died) == len(dead)
    assert {name for name, alive in zip(result.areas, result.alive.tolist(), strict=True) if not alive} == dead
    assert len({operation.at_s for operation in died}) == 1


def test_a_case_by_hand() -> None:
    """Area b sends 60 to a and 40 to c, and loses 6 of 400 MW: settled where governors and loads say, flows by shares.

    Governors: 500 MW / (0.05 x 50) x 0.35 = 70 MW/Hz in each area, of b 394/400 left; loads 300 MW x 1.5 / 50 = 9 MW/Hz
    each. Dead band 0.02 Hz: 6 = K (f - 0.02) + 27 f with K = 208.95, so f = 0.0431 Hz; a governor gives 1.6 MW, its
    headroom is 0.35 x 5 % of 240 MW = 4.2 MW.
    """
    system, point = three_areas()
    point = point._replace(p_gen_mw=np.array([240.0, 6.0, 394.0, 260.0]))
    minutes = FirstMinutes(system, point, settings=Settings(horizon_s=300.0))
    result = minutes.run((), (Loss(machines=("b1",)),))
    governors = 70.0 * 2 + 70.0 * 394.0 / 400.0
    fallen = (6.0 + governors * 0.02) / (governors + 27.0)
    assert fallen == pytest.approx(0.0431, abs=1e-4)
    assert result.final_hz == pytest.approx(np.full(3, 50.0 - fallen), abs=2e-3)
    a_gives = 70.0 * (fallen - 0.02) + 9.0 * fallen
    section = system.interfaces.position("ab")
    assert result.flow_mw[0, section] == pytest.approx(-60.0, abs=1e-6)
    assert result.flow_mw[-1, section] == pytest.approx(-60.0 + a_gives, abs=0.5)


def test_reduction_carries_the_dc_flows() -> None:
    """Power put in at any bus reaches the areas' machines in whole, and the settled angles carry it."""
    system, point = three_areas()
    areas = area_map(system, point.branch_out, running_mva(system, point))
    machines = area_machines(system, point, areas.bus, areas.of_border)
    r = reduce_network(system, areas, machines, point.branch_out, np.full(2, np.nan))
    assert r.at_area.sum(axis=0) == pytest.approx(np.ones(len(system.buses)))
    assert r.linked.all()
    supplied = np.array([-60.0, 100.0, -40.0])
    angles, found = settled_angles(r, supplied)
    assert found
    power = r.coupling_mw * np.sin(angles[r.first] - angles[r.second])
    carried = np.bincount(r.first, power, 3) - np.bincount(r.second, power, 3)
    assert carried == pytest.approx(supplied, abs=1e-6)


def test_a_network_without_interfaces_is_one_area() -> None:
    """RTS-79: one area, its settled frequency that of its governors and loads."""
    system = read_network(network_folder("rts79"))
    point = base_point(system)
    minutes = FirstMinutes(system, point, system.loss_share)
    assert len(minutes.areas.names) == 1
    largest = int(np.argmax(point.p_gen_mw))
    result = minutes.run((), (Loss(machines=(str(system.generators.name[largest]),)),))
    assert 48.0 < result.final_hz[0] < system.f_hz
    assert result.lowest_hz[0] <= result.final_hz[0]


def test_what_is_missing_is_assumed_by_technology_and_counted() -> None:
    """Steam machines without inertia take 3.5 s, without droop 5 %; four of each are counted."""
    system, point = three_areas()
    nothing = np.full(4, np.nan)
    bare = system.replace(generators=dataclasses.replace(system.generators, inertia_h_s=nothing, droop_pu=nothing))
    machines = FirstMinutes(bare, point).machines
    assert machines.assumed == {"machines without inertia_h_s": 4, "machines without droop_pu": 4}
    assert machines.group_inertia == pytest.approx(2 * 3.5 * np.array([600.0, 600.0, 600.0]) / 50.0)
    assert FirstMinutes(system, point).machines.assumed == {}


def test_an_interface_that_does_not_separate_is_named() -> None:
    """A section of one of two parallel ways leaves a path: it is named with the member whose ends stay together."""
    system, point = three_areas(beside=True)
    areas = area_map(system, point.branch_out, running_mva(system, point))
    assert areas.joined == (("ab", "ab"),)
    assert len(areas.names) == 2


def test_islands_are_apart() -> None:
    """With both ties open before the event, a loss in one area moves no other."""
    system, point = three_areas()
    out = np.flatnonzero(np.isin(system.branch_name, ("ab", "cb"))).astype(np.int32)
    alone = point._replace(branch_out=out, p_gen_mw=BALANCED)
    result = FirstMinutes(system, alone).run((), (Loss(machines=("b1",)),))
    assert islands(3, system.branch_from, system.branch_to, ~np.isin(np.arange(2), out)).max() == 2
    moved = np.abs(result.final_hz - 50.0)
    assert moved[result.areas.index("b")] > 0.1
    assert moved.sum() == pytest.approx(moved[result.areas.index("b")])


def test_a_rule_that_waits_for_none_before_it_is_refused() -> None:
    system, point = three_areas()
    rule = Rule("late", "frequency_hz", 49.0, 0.0, SHED, share=0.1, after="erly")
    early = Rule("early", "frequency_hz", 49.0, 0.0, SHED, share=0.1)
    with pytest.raises(StudyError, match=r"late waits for 'erly'.*early"):
        FirstMinutes(system, point).run((early, rule), ())


def test_a_rule_that_undoes_itself_is_stopped_and_named() -> None:
    """Shed below 49.98, give back above 45.5, again and again: at most 200 operations, then the culprit."""
    system, point = three_areas()
    shed = Rule("takes", "frequency_hz", 49.98, 0.05, SHED, ("b",), share=0.01, repeats=True)
    back = Rule("gives", "frequency_hz", 45.5, 0.05, RETURN, ("b",), share=0.01, repeats=True)
    result: FirstMinutesResult = FirstMinutes(system, point).run((shed, back), (Loss(machines=("b1",)),))
    assert result.ended == "operations"
    assert result.culprit in ("takes", "gives")
    assert len(result.operations) == 200


def test_points_do_not_change() -> None:
    """A run leaves what it was made with as it was: two runs give the same."""
    system, point = three_areas()
    minutes = FirstMinutes(system, point)
    one, two = (minutes.run(stages(), (Loss(machines=("b1",)),)) for _ in range(2))
    assert one.trace_hz.tolist() == two.trace_hz.tolist()
    assert isinstance(point, OperatingPoint)


def test_a_lost_circuit_is_answered_with_what_the_flow_before_is_too_much() -> None:
    """120 MW over two circuits of which one may carry 60 MW: 60 MW of the 150 allowed; at most 40 where that is all.

    Nothing at 50 MW, against the direction of the flow, when both are lost, or while the circuit was out before.
    """
    system = build_two_areas()
    row = system.interfaces.position("north_south")
    lost = [(0.5, ("n1_s1",))]
    nothing_out, one = np.zeros(0, dtype=np.int32), np.ones(len(system.interfaces))

    def found(flow_mw: float, setting: float = 1.0, losses=lost, out=nothing_out) -> list[Dose]:
        flows = np.zeros(len(system.interfaces))
        flows[row] = flow_mw
        return list(doses(system, Sections(flows, one, out), "north_south", setting, losses))

    assert found(120.0) == [Dose(0.5, "north_south", 1, pytest.approx(60.0))]
    assert found(50.0) == found(-120.0) == found(120.0, setting=-1.0) == found(120.0, setting=2.0) == []
    assert found(120.0, losses=[(0.5, ("n1_s1", "n2_s1"))]) == []
    assert found(120.0, out=np.flatnonzero(system.branch_name == "n1_s1").astype(np.int32)) == []


@pytest.mark.parametrize(("most_mw", "taken_mw"), [(150.0, None), (10.0, 10.0)])
def test_the_dose_is_taken_where_the_rule_says_after_its_delay(most_mw, taken_mw) -> None:
    system = build_two_areas()
    point = base_point(system)
    minutes = FirstMinutes(system, point)
    flow_mw = minutes.dispatch_flows_mw()[system.interfaces.position("north_south")]
    assert flow_mw > 70.0
    rule = Rule("dose", "lines_out", 1.0, 0.3, SHED, targets=("north_south",), places=("south",), amount_mw=most_mw)
    result = minutes.run((rule,), (Loss(branches=("n1_s1",)),))
    _, acted = result.operations[:2]
    assert (acted.at_s, acted.rule, acted.place) == (pytest.approx(0.3), "dose", "s1")
    assert acted.mw == pytest.approx(flow_mw - 60.0 if taken_mw is None else taken_mw)
    assert acted.cause == "a circuit of north_south out"
