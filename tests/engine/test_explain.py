"""Explaining a run: chains of causes for zones, elements, groups and buses, and the course of events."""

from __future__ import annotations

import datetime as dt

import pytest

from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.model.scenario import AcMode, Event, Horizon, Imports, Policy, Scenario, Target
from tests.support.cases import event, scenario


@pytest.fixture
def result(two_areas):
    """One circuit of the section is out from 3 h to 7 h: 40 MW of the South are short."""
    trip = Event("trip", "line_outage", 3, (Target("lines", "n1_s1"),), 1.0, 4)
    plant = Event("plant", "plant_outage", 9, (Target("plants", "gas"),), 1.0, 1)
    policy = Policy(Imports.NONE, AcMode.OFF)
    horizon = Horizon(dt.datetime(2026, 1, 14), 12)
    return run(two_areas(), Scenario("case", "two_areas", horizon, events=(trip, plant), policy=policy))


@pytest.mark.parametrize("name", ["zone:south", "south"])
@pytest.mark.parametrize("time", [4, "2026-01-14 04:00", dt.datetime(2026, 1, 14, 4)])
def test_a_zone_by_either_name_at_any_kind_of_time(result, name, time):
    chain = result.why(name, time)
    assert [change.component for change in chain] == ["zone:south", "section:north_south", "lines:n1_s1"]
    assert str(chain).startswith("zone:south shedding (+3 h) <- section:north_south scarce")


def test_a_bus_that_is_short_leads_to_its_zone(result):
    chain = result.why("s1", 4)
    assert chain[0].component == "bus:s1" and chain[0].to_state == "40.0 MW not served"
    assert chain[-1].component == "lines:n1_s1"
    assert result.why("n2", 4) == [] and result.why("s1", 2) == []


def test_a_machine_of_a_lost_plant_leads_to_the_plant(result):
    assert [c.component for c in result.why("gas_1", 9.5)] == ["generators:gas_1", "plants:gas"]


def test_what_does_not_exist_suggests(result):
    with pytest.raises(StudyError, match="south"):
        result.why("soth", 4)
    with pytest.raises(StudyError, match="no time"):
        result.why("south", "soon")


def test_timeline_tells_changes_in_order_with_causes(result):
    lines = str(result.timeline()).splitlines()
    assert lines[0] == "2026-01-14 03:00  lines:n1_s1: line_outage (trip)"
    assert "2026-01-14 03:00  section:north_south: scarce  <- lines:n1_s1" in lines
    assert len(lines) == len(result.log)
    assert {change.component for change in result.timeline("zone:south")} == {"zone:south"}


def test_what_hit_the_whole_system_is_named_beside_the_causes(two_areas):
    """Blind from 1 h to 9 h: it causes no change, and the trip at 2 h is answered later for it."""
    blind = event("dispatcher_blind", "all", "all", 1, 8, magnitude=60)
    trip = event("line_outage", "lines", "n1_s1", 2, 3)
    result = run(two_areas(), scenario(blind, trip))
    chain = result.why("zone:south", 3.0)
    assert [change.component for change in chain][-1] == "lines:n1_s1"
    assert [(change.component, change.time_h) for change in chain.beside] == [("all:all", 1.0)]
    assert str(chain).endswith(f"; with {chain.beside[0].to_state} begun +1 h") and "dispatcher_blind" in str(chain)
    assert result.why("all:all", 1.5).beside == ()  # nothing is beside itself


def test_what_is_over_is_not_named(two_areas):
    blind = event("dispatcher_blind", "all", "all", 1, 1, magnitude=60)
    result = run(two_areas(), scenario(blind, event("line_outage", "lines", "n1_s1", 4, 3)))
    assert result.why("zone:south", 5.0).beside == () and "with" not in str(result.why("zone:south", 5.0))
