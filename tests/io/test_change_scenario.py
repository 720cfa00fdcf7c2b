"""Scenarios from a dict, and with keys changed in Python: the rules of a file, and nothing else moves."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

import gridsim
from gridsim.io.bundled import event_files
from gridsim.io.yaml_lines import read_yaml
from gridsim.model.scenario import AcMode, Imports, WeatherYearChoice
from tests.support.own_network import own_network
from tests.support.study_cases import write_network, write_scenario

KEYS = {
    "network": "kazakhstan",
    "horizon": {"start": "2026-01-14 00:00", "hours": 24},
    "events": [
        {"id": "trip", "at": "+18h", "kind": "line_outage", "target": "l500_agadyr_yukgres_1", "duration": "4h"}
    ],
    "policy": {"imports": "none"},
}


@pytest.fixture
def day(kazakhstan):
    return gridsim.read_scenario(KEYS, kazakhstan)[1]


def test_a_dict_is_read_as_a_file_is(kazakhstan, tmp_path):
    write_network(tmp_path / "net")
    file = write_scenario(tmp_path, network=str(tmp_path / "net"))
    keys = {**read_yaml(file)[1].data, "name": "day"}
    of_file = gridsim.read_scenario(file)[1]
    of_dict = gridsim.read_scenario(keys)[1]
    assert dataclasses.replace(of_dict, source_file="", network="") == dataclasses.replace(
        of_file, source_file="", network=""
    )
    system, scenario = gridsim.read_scenario(KEYS, kazakhstan)
    assert system is kazakhstan and scenario.name == "scenario" and scenario.events[0].at_h == 18
    without = {key: value for key, value in KEYS.items() if key != "network"}
    assert gridsim.read_scenario(without, kazakhstan)[1] == scenario  # a dict is for the system it is read with


def test_values_of_python_count_as_those_of_yaml(kazakhstan):
    horizon = {"start": dt.datetime(2026, 1, 14), "hours": np.float64(24)}
    policy = {"imports": Imports.NONE}
    found = gridsim.read_scenario({**KEYS, "horizon": horizon, "policy": policy}, kazakhstan)[1]
    assert found == gridsim.read_scenario(KEYS, kazakhstan)[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"polcy": {}}, "scenario: polcy: unknown; did you mean 'policy'?"),
        ({"horizon": {"start": "2026-01-14 00:00", "hours": "two"}}, "scenario: horizon.hours: 'two' is not a number"),
        ({"events": [{**KEYS["events"][0], "target": "nowhere"}]}, "scenario: events.0.target: 'nowhere' is not in"),
        ({"network": "kazakstan"}, "scenario: network: 'kazakstan' no such network; did you mean 'kazakhstan'?"),
        ({"extends": "winter_peak"}, "scenario: extends: 'winter_peak' no such event file"),
    ],
)
def test_problems_of_a_dict_name_its_keys(kazakhstan, change, words):
    with pytest.raises(gridsim.InputError) as raised:
        gridsim.read_scenario({**KEYS, **change}, None if "network" in change else kazakhstan)
    assert str(raised.value).startswith(words)


def test_changes_change_what_they_name(day, kazakhstan):
    found = day.with_(
        kazakhstan,
        **{"policy.imports": "limit", "policy.ac": AcMode.OFF, "horizon.hours": 48, "events.0.at": "+20h"},
        replicates=3,
    )
    policy = dataclasses.replace(day.policy, imports=Imports.LIMIT, ac=AcMode.OFF)
    assert found == dataclasses.replace(
        day,
        policy=policy,
        horizon=dataclasses.replace(day.horizon, hours=48.0),
        events=(dataclasses.replace(day.events[0], at_h=20.0),),
        replicates=3,
    )
    assert found.with_(kazakhstan, **{"events.trip.at": "+18h"}).events == day.events
    second = dataclasses.replace(day.events[0], id="second", at_h=19.0)
    assert day.with_(kazakhstan, events=[*day.events, second]).events == (*day.events, second)
    assert day.with_(kazakhstan, **{"weather.year_seed": 7}).weather == WeatherYearChoice(7)
    assert day.with_(**{"policy.imports": "none"}) == day  # reads the network by its name


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"policy.imports": "nona"},
            "scenario: policy.imports: 'nona' is not one of none, contract, limit, likely; did you",
        ),
        ({"policy.import": "none"}, "scenario: policy.import: unknown; did you mean 'imports'?"),
        ({"events.tripp.at": "+1h"}, "scenario: events.tripp.at: no 'tripp' in events of scenario; did you mean"),
        ({"events.1.at": "+1h"}, "scenario: events.1.at: no '1' in events of scenario"),
        ({"events.0.magnitude": 0.5}, "scenario: events.0.magnitude: 0.5 of a circuit, busbar or station"),
        ({"horizon.hours": 12}, "scenario: events.0.at: '+18h' is outside the horizon"),
        ({"variant": "nuclear"}, "scenario: variant: 'nuclear' is not a variant; did you mean 'nuclear_2035'?"),
        ({"replicates": 0, "policy.ac": 1}, "scenario: policy.ac: '1' is not one of fast, pandapower, off"),
    ],
)
def test_changes_are_refused_as_in_a_file(day, changes, words):
    with pytest.raises(gridsim.InputError) as raised:
        day.with_(**changes)
    assert str(raised.value).startswith(words)
    assert len(raised.value.problems) == len(changes)


def test_every_bundled_event_survives_a_change():
    """Also where each of its events is made anew from its keys."""
    for name in event_files():
        system, scenario = gridsim.read_scenario(name, own_network(name))
        assert scenario.with_(system) == scenario, name
        changes = {f"events.{position}.probability": 0.25 for position in range(len(scenario.events))}
        events = tuple(dataclasses.replace(event, probability=0.25) for event in scenario.events)
        assert scenario.with_(system, **changes) == dataclasses.replace(scenario, events=events), name
