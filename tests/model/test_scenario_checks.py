"""Scenarios, components and causes made by hand: what a file cannot say, no run takes, and every problem is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

import gridsim
from gridsim.errors import InputError
from gridsim.io.schemas import scenario as schema
from gridsim.io.schemas.bounds import BOUNDS
from gridsim.model import design_events, outages, scenario_checks
from gridsim.model.ranges_of_values import Number, Text
from gridsim.model.scenario import (
    AcMode,
    Condition,
    Dependence,
    DesignEvent,
    Event,
    Horizon,
    Policy,
    Quantity,
    Repair,
    Scenario,
    Target,
    WeatherFile,
    WeatherYearChoice,
)
from gridsim.model.study import Case, Study
from gridsim.model.system import GridSystem
from gridsim.reliability import CommonCause, SequentialMonteCarlo, system_from_grid

START = dt.datetime(2026, 1, 12)
TRIP = Event("trip", "line_outage", 1.0, (Target("lines", "l1_1_3"),), 1.0, 2.0)
CUT = Event("cut", "generator_derate", 1.0, (Target("generators", "G1"),), 0.3, 2.0)
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def rbts() -> GridSystem:
    return gridsim.read_network("rbts")


def case(*events: Any, **changes: Any) -> Scenario:
    changes = {"policy": Policy(ac=AcMode.OFF), **changes}
    return Scenario("case", "rbts", Horizon(START, 6), events=events, **changes)


def problems(system: GridSystem, scenario: Scenario) -> dict[str, str]:
    """Column and value of every problem with which a run is refused."""
    with pytest.raises(InputError) as caught:
        gridsim.run(system, scenario)
    assert all(problem.file == "scenario" and problem.mend for problem in caught.value.problems)
    return {problem.column: problem.value for problem in caught.value.problems}


def file_problems(event: Mapping[str, Any]) -> dict[str, str]:
    """The same of a scenario that is given by the keys of a file."""
    keys = {
        "name": "case",
        "network": "rbts",
        "horizon": {"start": str(START), "hours": 6},
        "events": [{"id": "trip", "at": "+1h", "kind": "line_outage", "target": "l1_1_3", **event}],
    }
    with pytest.raises(InputError) as caught:
        gridsim.read_scenario(keys)
    return {problem.column: problem.value for problem in caught.value.problems}


@pytest.mark.parametrize(
    "changes",
    [
        {"probability": value} for value in (NAN, INF, -0.1, 2, "x")
    ]
    + [{"magnitude": value} for value in (NAN, INF, 2e5, "x", 0.5)]
    + [{"kind": "line_outrage"}],
)  # fmt: skip
def test_a_value_made_by_hand_is_refused_as_in_a_file(rbts: GridSystem, changes: dict[str, Any]) -> None:
    assert problems(rbts, case(dataclasses.replace(TRIP, **changes))) == file_problems(changes)


@pytest.mark.parametrize("value", [NAN, INF, -1.0, True, "1", [1]])
def test_a_time_is_a_number_of_hours_in_the_horizon(rbts: GridSystem, value: Any) -> None:
    assert set(problems(rbts, case(dataclasses.replace(TRIP, at_h=value)))) == {"events.0.at"}
    assert set(problems(rbts, case(dataclasses.replace(TRIP, duration_h=value)))) == {"events.0.duration"}
    late = dataclasses.replace(TRIP, at_h=6.0)
    assert problems(rbts, case(late)) == {"events.0.at": "6.0 h is outside the horizon"}


@pytest.mark.parametrize("value", [True, np.True_, None, "0.5", [0.5], 1j])
@pytest.mark.parametrize("key", ["probability", "magnitude"])
def test_no_other_value_is_a_number(rbts: GridSystem, key: str, value: Any) -> None:
    assert set(problems(rbts, case(dataclasses.replace(TRIP, **{key: value})))) == {f"events.0.{key}"}


@pytest.mark.parametrize(
    ("targets", "key"),
    [
        ((Target("lines", "l1_1_4"),), "events.0.target"),
        ((Target("buses", "l1_1_3"),), "events.0.target"),
        ((), "events.0.target"),
        (("l1_1_3",), "events.0.target"),
        ("l1_1_3", "events.0.target"),
        (None, "events.0.target"),
        ((Target("lines", 3),), "events.0.target"),  # type: ignore[arg-type]
    ],
)
def test_a_target_exists(rbts: GridSystem, targets: Any, key: str) -> None:
    assert set(problems(rbts, case(dataclasses.replace(TRIP, targets=targets)))) == {key}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"operator_delay_minutes": NAN}, "operator_delay_minutes"),
        ({"operator_delay_minutes": 0}, "operator_delay_minutes"),
        ({"imports": "nonne"}, "imports"),
        ({"ac": None}, "ac"),
        ({"gas": 3}, "gas"),
        ({"automation": "on"}, "automation"),
        ({"least_effect": 0.0049}, "least_effect"),
        ({"least_effect": 0.21}, "least_effect"),
        ({"least_effect": NAN}, "least_effect"),
        ({"least_effect": "5 %"}, "least_effect"),
    ],
)
def test_a_policy_is_held_to_its_range(rbts: GridSystem, changes: dict[str, Any], key: str) -> None:
    policy = dataclasses.replace(Policy(ac=AcMode.OFF), **changes)
    assert set(problems(rbts, case(TRIP, policy=policy))) == {f"policy.{key}"}
    with pytest.raises(InputError, match=f"policy.{key}"):
        gridsim.read_scenario({"name": "c", "network": "rbts", "horizon": {"start": str(START), "hours": 6},
                               "policy": changes})  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"repair": Repair("weibull", 3.0), "duration_h": None}, "repair.distribution"),
        ({"repair": Repair("constant", NAN), "duration_h": None}, "repair.mean_h"),
        ({"repair": Repair("lognormal", 3.0, 9.0), "duration_h": None}, "repair.sigma"),
        ({"repair": "soon", "duration_h": None}, "repair"),
        ({"repair": Repair("constant", 3.0)}, "duration"),
        ({"depends_on": "cut"}, "depends_on"),
        ({"depends_on": Dependence("nothing")}, "depends_on.event"),
        ({"depends_on": Dependence("trip")}, "depends_on.event"),
        ({"depends_on": Dependence("cut", delay_h=-1.0)}, "depends_on.delay"),
        ({"depends_on": Dependence("cut", on_end="yes")}, "depends_on.when"),  # type: ignore[arg-type]
        ({"depends_on": Dependence("cut", conditions=(Condition(Quantity.UNSERVED_MW),))}, "depends_on.only_if"),
        ({"depends_on": Dependence("cut", conditions=(Condition("hope", below=1.0),))},  # type: ignore[arg-type]
         "depends_on.only_if.quantity"),
        ({"depends_on": Dependence("cut", conditions=(Condition(Quantity.UNSERVED_MW, above=NAN),))},
         "depends_on.only_if.above"),
        ({"id": 3}, "id"),
        ({"id": "cut"}, "id"),
    ],
)  # fmt: skip
def test_repairs_and_conditions_are_held_to_their_ranges(rbts: GridSystem, changes: dict[str, Any], key: str) -> None:
    assert set(problems(rbts, case(CUT, dataclasses.replace(TRIP, **changes)))) == {f"events.1.{key}"}


@pytest.mark.parametrize(
    ("weather", "key"),
    [
        (WeatherYearChoice(-1), "year_seed"),
        (WeatherYearChoice(1.5), "year_seed"),  # type: ignore[arg-type]
        (WeatherYearChoice(1, year=2**31), "year"),
        (WeatherYearChoice(1, events=(DesignEvent("cold_wave", NAN, 5, 10.0),)), "design_event.0.at"),
        (WeatherYearChoice(1, events=(DesignEvent("cold_wave", 0.0, 500, 10.0),)), "design_event.0.days"),
        (WeatherYearChoice(1, events=(DesignEvent("cold_wave", 0.0, 5),)), "design_event.0.return_period_years"),
        (WeatherYearChoice(1, events=(DesignEvent("cold_wave", 0.0, 5, severity=(NAN,)),)), "design_event.0.severity"),
        (WeatherYearChoice(1, events=(DesignEvent("cold_wave", 0.0, 5, severity=()),)), "design_event.0.severity"),
        (WeatherYearChoice(1, events=(DesignEvent("hail", 0.0, 5, 10.0),)), "design_event.0.kind"),
        (WeatherFile("w", (0.0, NAN), (1.0,), (1.0,)), "temperature_anomaly_k"),
        (WeatherFile("w", (0.0,), (-1.0,), (1.0,)), "wind_factor"),
        (WeatherFile("w", (0.0,), (1.0,), ()), "solar_factor"),
    ],
)
def test_weather_is_held_to_its_range(rbts: GridSystem, weather: Any, key: str) -> None:
    assert set(problems(rbts, case(TRIP, weather=weather))) == {f"weather.{key}"}


def test_a_truth_value_is_no_delay(rbts: GridSystem) -> None:
    wrong = case(TRIP, policy=Policy(ac=AcMode.OFF, operator_delay_minutes=True))
    assert problems(rbts, wrong) == {"policy.operator_delay_minutes": "True is not a number"}


def test_every_problem_is_told_at_once_and_by_studies_too(rbts: GridSystem, tmp_path: Any) -> None:
    first = dataclasses.replace(TRIP, probability=NAN, magnitude=True)
    second = dataclasses.replace(CUT, targets=(Target("generators", "nobody"),), magnitude=2.0)
    wrong = case(first, second, policy=Policy(operator_delay_minutes=-1.0))
    keys = {"events.0.probability", "events.0.magnitude", "events.1.target", "events.1.magnitude",
            "policy.operator_delay_minutes"}  # fmt: skip
    assert set(problems(rbts, wrong)) == keys
    with pytest.raises(InputError) as caught:
        gridsim.run_study(Study("s", (Case("one", rbts, wrong, {}),)), tmp_path / "out")
    assert {problem.column for problem in caught.value.problems} == keys
    assert not (tmp_path / "out").exists()


def test_what_is_sound_runs(rbts: GridSystem) -> None:
    follower = dataclasses.replace(CUT, at_h=NAN, depends_on=Dependence("trip"))  # a time that is not looked at
    scenario = case(dataclasses.replace(TRIP, at_h=np.float32(1.0), probability=np.int64(1)), follower)
    assert gridsim.run(rbts, scenario).metric("EUE").value >= 0.0


@pytest.mark.parametrize(
    ("rules", "model"),
    [
        (scenario_checks.POLICY, schema.PolicyKeys),
        (scenario_checks.EVENT, schema.EventKeys),
        (scenario_checks.REPAIR, schema.RepairKeys),
        (scenario_checks.CONDITION, schema.ConditionKeys),
        (scenario_checks.YEAR, schema.WeatherKeys),
        (scenario_checks.FILE_OF_WEATHER, schema.WeatherRow),
        (design_events.DESIGN, schema.DesignEventKeys),
    ],
)
def test_ranges_are_those_of_files(rules: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Both are held to one range: bounds and choices of every key."""
    compared = 0
    for key, rule in rules.values():
        metadata = model.model_fields[key].metadata
        of_file = {
            side: getattr(part, side) for part in metadata for side in ("gt", "ge", "lt", "le") if hasattr(part, side)
        }
        if isinstance(rule, Number) and key != "duration":
            low = {"gt" if rule.low_open else "ge": rule.low}
            high = {"lt" if rule.high_open else "le": rule.high}
            assert of_file == {**low, **high}, key
            compared += 1
        if isinstance(rule, Text) and rule.choices:
            assert set(rule.choices) == set(model.model_fields[key].annotation.__args__), key  # type: ignore[union-attr]
            compared += 1
    assert compared
    assert design_events.SEVERITIES["cold_wave"][0].low == BOUNDS["C"][0]
    assert design_events.SEVERITIES["cold_wave"][0].high == BOUNDS["C"][1]


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (CommonCause(outages.two_state("yard", "coal", 100.0, 10.0), {"g_9": 1.0}), "'g_9' is not a machine"),
        (CommonCause(outages.two_state("yard", "coal", 100.0, 10.0), {"G1": NAN}), "nan is not finite"),
        (CommonCause(outages.two_state("yard", "coal", 100.0, 10.0), {"G1": 1.5}), "1.5 is not <= 1"),
        (CommonCause(outages.two_state("yard", "coal", 100.0, 10.0), {"G1": True}), "True is not a number"),
        (CommonCause(outages.two_state("yard", "coal", -1.0, 10.0), {"G1": 1.0}), "-1.0 is not > 0"),
        (CommonCause(outages.two_state("yard", "coal", 100.0, NAN), {"G1": 1.0}), "nan is not finite"),
        (CommonCause(outages.two_state("yard", "coal", 100.0, 1.0), {}, {"G1": 0.5}),  # type: ignore[dict-item]
         "0.5 is not a Derating"),
        ("coal", "'coal' is not a CommonCause"),
    ],
)  # fmt: skip
def test_a_common_cause_stands_before_something(rbts: GridSystem, cause: Any, text: str) -> None:
    grid = dataclasses.replace(system_from_grid(rbts), common_causes=(cause,))
    with pytest.raises(InputError, match=text):
        gridsim.assess(grid, SequentialMonteCarlo(years=1))


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (outages.State(2.0, 5.0), "2.0 is not <= 1"),
        (outages.State(1.0, 0.0), "0.0 is not > 0"),
        (outages.State(1.0, 5.0, "weibull"), "'weibull' is not one of"),  # type: ignore[arg-type]
        (outages.State(1.0, 5.0, to=(0.5, 0.1)), "adds up to 0.6"),
        (outages.State(1.0, 5.0, to=(1.0,)), "is not 2 probabilities"),
    ],
)
def test_a_component_can_be_drawn(rbts: GridSystem, state: outages.State, text: str) -> None:
    grid = system_from_grid(rbts)
    wrong = outages.Component("generator", grid.unit_name[0], (outages.State(0.0, 100.0), state))
    grid = dataclasses.replace(grid, unit_component=(wrong, *grid.unit_component[1:]))
    with pytest.raises(InputError, match=text):
        gridsim.assess(grid, SequentialMonteCarlo(years=1))
