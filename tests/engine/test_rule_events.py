"""Events in their seconds: a fault is cleared after its time, trips follow each other, rules fail and act wrongly."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.contingencies.events import EventProblem, make_event
from gridsim.engine.rule_events import failing_rules, seconds_of, without
from gridsim.model.scenario import Event, Target
from gridsim.solvers.automation_rules import OPENS, SHED, Rule
from tests.engine.test_first_minutes import SECONDS, with_stages
from tests.support.engine_cases import Stages


def answered(system, *events: Event):
    """Stages at 01:00, where the events have just begun and were answered."""
    stages = Stages(system, SECONDS)
    stages.resolve(0)
    for event in events:
        stages.at(1).state.begin(event)
    return stages, stages.resolve(1)


def test_a_short_circuit_takes_its_elements_when_it_is_cleared(two_areas) -> None:
    """A circuit and a machine cleared after 0.2 s are lost then, and both stay out."""
    targets = (Target("lines", "n1_s1"), Target("generators", "gas_1"))
    fault = Event("fault", "short_circuit", 1.0, targets, 1.0, 24.0, delay_s=0.2)
    stages, interval = answered(two_areas(with_stages), fault)
    events = [operation for operation in stages.state.log.operations if operation.rule == "event"]
    assert [(operation.place, operation.at_s) for operation in events] == [
        ("n1_s1", pytest.approx(0.2)), ("gas_1", pytest.approx(0.2)),
    ]  # fmt: skip
    assert interval.dispatch.p_gen_mw[stages.state.system.generators.position("gas_1")] == 0.0


def test_a_busbar_cleared_late_takes_all_that_stands_at_it_then(two_areas) -> None:
    fault = Event("fault", "short_circuit", 1.0, (Target("buses", "s1"),), 1.0, 24.0, delay_s=0.4)
    stages, _ = answered(two_areas(with_stages), fault)
    events = [operation for operation in stages.state.log.operations if operation.rule == "event"]
    assert {operation.place for operation in events} == {"n1_s1 n2_s1", "gas_1"}
    assert [operation.at_s for operation in events] == pytest.approx([0.4] * len(events))


def test_trips_of_a_neighbour_follow_each_other(kazakhstan) -> None:
    """Three of 600 MW, 5 s apart, beside one of 1,000 MW at once."""
    border = (Target("borders", "uzbekistan"),)
    series = Event("series", "neighbour_trip_series", 1.0, border, 600.0, 4.0, delay_s=5.0, steps=3)
    first = Event("first", "neighbour_loss", 1.0, border, 1000.0, 4.0)
    found = seconds_of(kazakhstan, [first, series])
    assert found.abroad == {"uzbekistan": [(0.0, 1000.0), (5.0, 600.0), (10.0, 600.0), (15.0, 600.0)]}


def test_a_rule_fails_with_its_chance_alike_for_the_same_draws(two_areas) -> None:
    """Of 400 seconds the rule fails in 120 on average, with a standard deviation of 9; the same ones each time."""
    failure = Event("failure", "automation_failure", 1.0, (Target("automation", "stage_0"),), 0.3, 24.0)
    stages, _ = answered(two_areas(with_stages), failure)
    conditions = stages.state.disturbances.conditions()

    def failed() -> list[bool]:
        found = []
        for second in range(400):
            stages.agenda.now_s = 3600 + second
            found.append("stage_0" in failing_rules(stages.state, conditions))
        return found

    once = failed()
    assert 85 < sum(once) < 155
    assert failed() == once


def test_a_rule_that_waits_for_one_that_fails_never_acts() -> None:
    dose = Rule("dose", "interface_mw", 100.0, 0.5, SHED, ("ab",), ("a",), amount_mw=10.0)
    split = Rule("split", "interface_mw", 100.0, 0.5, OPENS, ("ab",), ("ab",), after="dose")
    other = Rule("other", "frequency_hz", 49.0, 0.5, SHED, share=0.1)
    assert without((dose, split, other), frozenset({"dose"})) == (other,)


def test_a_wrong_operation_acts_once_at_its_second(two_areas) -> None:
    """Stage 3 cuts a tenth of 400 MW two seconds after its moment, though no frequency fell."""
    wrong = Event("wrong", "wrong_operation", 1.0, (Target("automation", "stage_3"),), 1.0, 1.0, delay_s=2.0)
    stages, interval = answered(two_areas(with_stages), wrong)
    operations = stages.state.log.operations
    assert {operation.rule for operation in operations} == {"stage_3"}
    assert {operation.cause for operation in operations} == {"a wrong operation"}
    assert np.array([operation.at_s for operation in operations]) == pytest.approx(2.0)
    assert sum(operation.p_mw for operation in operations) == pytest.approx(40.0)
    assert interval.dispatch.unserved_mw.sum() == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("kind", "target", "keys", "key", "words"),
    [
        ("automation_failure", "aopo_unload", {}, "target", "never acts"),
        ("wrong_operation", "aosn_shed", {}, "target", "is a rule of voltages"),
        ("automation_failure", "achr9_9", {}, "target", "not in automation"),
        ("automation_failure", "achr_s", {"magnitude": 1.5}, "magnitude", "1.5"),
        ("wrong_operation", "aopo_trip", {}, "target", "line_outage"),
        ("wrong_operation", "achr_s", {"delay_s": 400.0}, "delay_s", "[0, 300]"),
        ("busbar_outage", "zhambyl_500", {"delay_s": 1.0}, "delay_s", "acts at its moment"),
        ("neighbour_loss", "uzbekistan", {"steps": 3}, "steps", "acts once"),
        ("neighbour_trip_series", "uzbekistan", {"steps": 21}, "steps", "[1, 20]"),
        ("neighbour_trip_series", "uzbekistan", {"steps": 20, "delay_s": 20.0}, "delay_s", "after 300 s"),
    ],
)
def test_what_cannot_be_is_told(kazakhstan, kind, target, keys, key, words) -> None:
    made = make_event(kazakhstan, id="e", kind=kind, targets=[target], at_h=1.0, **keys)
    assert isinstance(made, tuple) and all(isinstance(fault, EventProblem) for fault in made)
    (fault,) = made
    assert fault.key == key
    assert words in fault.value
    assert fault.mend


def remarks(system, *events: Event) -> list[str]:
    return list(answered(system, *events)[0].state.log.remarks)


def test_a_rule_that_undoes_itself_is_named_in_the_run(two_areas) -> None:
    """Shed below 49.9 Hz and give back above 45 Hz, again and again: the run says which rule acted most."""

    def edit(tables) -> None:
        takes = {"quantity": "frequency_hz", "delay_s": 0.1, "share": 0.001, "repeats": True}
        tables["automation"] = [
            {"name": "takes", "setting": 49.99, "action": "shed load", "target": "north", **takes},
            {"name": "gives", "setting": 45.5, "action": "return load", "target": "south", "place": "north", **takes},
        ]

    lost = Event("lost", "generator_outage", 1.0, (Target("generators", "gas_1"),), 0.02, 24.0)
    found = [text for text in remarks(two_areas(edit), lost) if "stopped after 200 operations" in text]
    assert len(found) == 1
    assert "rule takes" in found[0] or "rule gives" in found[0]


def test_what_is_assumed_is_counted_and_a_way_beside_is_shown(two_areas) -> None:
    """Machines without inertia are counted; a section of one of two circuits leaves the other as a way."""

    def edit(tables) -> None:
        tables["interfaces"] = [row for row in tables["interfaces"] if row["line"] != "n2_s1"]
        tables["automation"] = [
            {"name": "split", "quantity": "interface_mw", "target": "north_south", "setting": 20, "delay_s": 0.1,
             "action": "open interfaces", "place": "north_south"}
        ]  # fmt: skip
        for row in tables["generators"]:
            row.pop("inertia_h_s", None)

    found = remarks(
        two_areas(edit), Event("lost", "generator_outage", 1.0, (Target("generators", "gas_1"),), 1.0, 24.0)
    )
    assert any("assumed by technology or size for" in text and "without inertia_h_s" in text for text in found)
    (way,) = (text for text in found if "a way stays" in text)
    assert way.startswith("rule split opened north_south, and a way stays: n1 - ")
    assert way.endswith("s1")
