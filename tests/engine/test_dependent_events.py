"""Events that follow other events: when they begin, on which conditions, and what their cause is.

Two-area system of conftest: one circuit of the section out leaves the South 40 MW short.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from gridsim.engine.run import run
from gridsim.errors import InputError
from gridsim.model.scenario import (
    AcMode,
    Condition,
    Dependence,
    Event,
    Horizon,
    Imports,
    Policy,
    Quantity,
    Scenario,
    Target,
)

TRIP = Event("trip", "line_outage", 3, (Target("lines", "n1_s1"),), 1.0, 4)


def begun(two_areas, follower: Event, *others: Event) -> list[float]:
    """When the follower began."""
    policy = Policy(Imports.NONE, AcMode.OFF)
    events = (*others, follower)
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 12), events=events, policy=policy)
    log = run(two_areas(), scenario).log
    return [change.time_h for change in log if f"({follower.id})" in change.to_state]


def follower(**depends: object) -> Event:
    outage = Event("next", "generator_outage", 0, (Target("generators", "gas_1"),), 1.0, 2)
    return dataclasses.replace(outage, depends_on=Dependence("trip", **depends))


@pytest.mark.parametrize(
    ("depends", "expected"),
    [
        ({}, [3]),
        ({"delay_h": 2.5}, [5.5]),
        ({"on_end": True, "delay_h": 1}, [8]),  # the circuit is back at 7 h
        ({"conditions": (Condition(Quantity.UNSERVED_MW, "south", above=39),), "delay_h": 1}, [4]),
        ({"conditions": (Condition(Quantity.UNSERVED_MW, "south", above=41),), "delay_h": 1}, []),
        ({"conditions": (Condition(Quantity.UNSERVED_MW, below=1),), "delay_h": 1}, []),
        ({"conditions": (Condition(Quantity.SECTION_LOADING, "north_south", above=0.99),), "delay_h": 1}, [4]),
    ],
)
def test_follower_begins(two_areas, depends, expected):
    assert begun(two_areas, follower(**depends), TRIP) == pytest.approx(expected)


def test_a_condition_on_what_the_system_does_not_have_is_refused(two_areas):
    never = follower(conditions=(Condition(Quantity.TEMPERATURE_C, below=99),), delay_h=1)
    with pytest.raises(InputError, match="two_areas has no weather_sites"):
        begun(two_areas, never, TRIP)


def test_what_follows_an_event_that_never_happens_does_not_happen(two_areas):
    assert begun(two_areas, follower(), dataclasses.replace(TRIP, probability=0.0)) == []


def test_a_condition_at_the_start_of_the_horizon_is_looked_at_once_there_is_an_answer(two_areas):
    at_once = dataclasses.replace(TRIP, at_h=0)
    short = Condition(Quantity.UNSERVED_MW, "south", above=39)
    assert begun(two_areas, follower(conditions=(short,)), at_once) == [0]


def test_the_cause_of_a_follower_is_what_it_follows(two_areas):
    policy = Policy(Imports.NONE, AcMode.OFF)
    scenario = Scenario(
        "case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 12), events=(TRIP, follower(delay_h=1)), policy=policy
    )
    chain = [change.component for change in run(two_areas(), scenario).why("generators:gas_1", 5)]
    assert chain == ["generators:gas_1", "lines:n1_s1"]
