"""The one door for events: a scenario file and a script are refused the same, and row order of kinds means nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import gridsim
from gridsim.contingencies.events import EventProblem, default_kind, default_tables, make_event
from gridsim.engine.failures import failures
from gridsim.engine.run import run
from gridsim.errors import InputError, Problem, ScriptError
from gridsim.io.bundled import event_files, study_files
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import read_study
from gridsim.model.groups import GROUPS
from gridsim.model.outages import FAILING
from gridsim.model.scenario import (
    Bounds,
    Condition,
    Dependence,
    Event,
    GasMode,
    Primitive,
    Quantity,
    Repair,
    Target,
    kinds,
)
from tests.support.own_network import own_network

START = "2026-01-14 00:00"
SITE = {"name": "hill", "lat": 50, "lon": 70}
CLIMATE = [{"site": "hill", "month": m, "t_mean_c": -10, "t_min_c": -15, "t_max_c": -5} for m in range(1, 13)]


def odd(tables):
    """An idle line, a zone whose load is out of service, and a plant on gas without a backup."""
    tables["lines"].append({**tables["lines"][0], "name": "old", "in_service": "false"})
    tables["loads"][0]["in_service"] = "false"
    tables["gas_to_power"][0]["backup_fuel"] = "none"


def file_problems(system, folder: Path, *events: dict[str, Any], **keys: Any) -> list[Problem]:
    """What a scenario file with these events is refused; each event stands on its own line from 4 on."""
    lines = ["network: net", f"horizon: {{start: '{START}', hours: 12}}", "events:"]
    lines += [f"  - {yaml.safe_dump(event, default_flow_style=True, width=1000).strip()}" for event in events]
    lines += [f"{key}: {yaml.safe_dump(value, default_flow_style=True).strip()}" for key, value in keys.items()]
    path = folder / "case.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(path, system)
    return list(caught.value.problems)


def script_reason(system, folder: Path, act) -> str:
    path = folder / "calm.yaml"
    path.write_text(
        f"network: net\nhorizon: {{start: '{START}', hours: 4}}\npolicy: {{ac: off}}\n".replace("off", "'off'")
    )
    _, scenario = read_scenario(path, system)

    @gridsim.contingency
    def wrong(sim):
        yield sim.hours(1)
        act(sim)

    with pytest.raises(ScriptError) as caught:
        run(system, scenario, contingencies=[wrong])
    return caught.value.reason


# kind, targets, magnitude, the key that is wrong
REFUSED = [
    ("line_outag", ["n1_s1"], None, "kind"),
    ("line_outage", ["n1_s2"], None, "target"),
    ("line_outage", ["all"], None, "target"),
    ("line_outage", ["n1_s1"], 0.5, "magnitude"),
    ("line_outage", ["n1_s1"], 1.5, "magnitude"),
    ("line_outage", ["old"], None, "target"),
    ("maintenance", ["old"], None, "target"),
    ("generator_outage", ["gas_1"], 1.5, "magnitude"),
    ("generator_outage", ["gas_1"], 0, "magnitude"),
    ("generator_derate", ["gas_1"], -0.1, "magnitude"),
    ("section_derate", ["north_south"], 1.1, "magnitude"),
    ("demand_surge", ["all"], -2, "magnitude"),
    ("demand_surge", ["n2_homes"], 0.1, "target"),
    ("demand_surge", ["north"], 0.1, "target"),
    ("demand_response", ["all"], 3, "magnitude"),
    ("demand_response", ["all"], 0, "magnitude"),
    ("export_surge", ["all"], None, "target"),
    ("backup_fuel_shortage", ["gas"], None, "target"),
    ("backup_fuel_shortage", ["all"], 0.5, "target"),
    ("dispatcher_blind", ["all"], 0, "magnitude"),
    ("wind_lull", ["all"], None, "kind"),
    ("solar_lull", ["all"], None, "kind"),
    ("renewable_lull", ["all"], None, "kind"),
    ("cold_wave", ["all"], -30, "kind"),
    ("import_stop", ["all"], None, "kind"),
    ("gas_import_stop", ["all"], None, "target"),
    ("repair_crew_shortage", ["all"], None, "target"),
]


@pytest.mark.parametrize(("kind", "targets", "magnitude", "key"), REFUSED)
def test_a_file_and_a_script_are_refused_the_same(two_areas, tmp_path, kind, targets, magnitude, key):
    system = two_areas(odd, gas=True)
    event = {"id": "it", "at": "+2h", "kind": kind, "target": targets}
    if magnitude is not None:
        event["magnitude"] = magnitude
    problems = file_problems(system, tmp_path, event)
    assert [(Path(p.file).name, p.row, p.column) for p in problems] == [("case.yaml", 4, f"events.0.{key}")]
    reason = script_reason(system, tmp_path, lambda sim: sim.begin(kind, *targets, magnitude=magnitude))
    assert reason == f"{kind}: {key}: {problems[0].value}; {problems[0].mend}"


def windy(tables):
    machine = {"bus": "n1", "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 0}
    tables["generators"].append({"name": "wind_1", "fuel": "wind", **machine})
    tables["weather_sites"], tables["climate"] = [SITE], CLIMATE
    tables["buses"][2]["weather_site"] = "hill"


@pytest.mark.parametrize(
    ("kind", "magnitude"), [("wind_lull", -1), ("wind_lull", 11), ("cold_wave", -51), ("warm_spell", 51)]
)
def test_weather_stays_within_its_bounds(two_areas, tmp_path, kind, magnitude):
    system = two_areas(windy)
    event = {"id": "it", "at": "+2h", "kind": kind, "magnitude": magnitude}
    (problem,) = file_problems(system, tmp_path, event)
    assert problem.column == "events.0.magnitude"
    assert problem.value in script_reason(system, tmp_path, lambda sim: sim.begin(kind, "all", magnitude=magnitude))


@pytest.mark.parametrize("magnitude", [float("nan"), float("inf"), "much", [1]])
def test_a_magnitude_is_a_finite_number(two_areas, tmp_path, magnitude):
    system = two_areas()
    reason = script_reason(system, tmp_path, lambda sim: sim.begin("demand_surge", "all", magnitude=magnitude))
    assert reason.startswith("demand_surge: magnitude: ") and "not a finite number" in reason
    if isinstance(magnitude, float):
        event = {"id": "it", "at": "+2h", "kind": "demand_surge", "magnitude": magnitude}
        assert [p.column for p in file_problems(system, tmp_path, event)] == ["events.0.magnitude"]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda sim: sim.fail("old"),
            "line_outage: target: 'old' is out of service in two_areas; it cannot go out twice",
        ),
        (lambda sim: sim.fail("n1_s1", "old"), "'old' is out of service"),
        (lambda sim: sim.derate("gas_1", float("nan")), "generator_derate: magnitude: nan"),
        (lambda sim: sim.derate("north_south", 1.5), "section_derate: magnitude: 1.5 is not a share in (0, 1]"),
        (lambda sim: sim.derate("gas_1", -0.5), "generator_derate: magnitude: -0.5"),
        (lambda sim: sim.set_load("n2_homes", factor=2), "demand_surge: target: 'n2_homes' has no demand in service"),
        (lambda sim: sim.set_load("n2_homes", 20), "demand_surge: target: 'n2_homes' has no demand in service"),
    ],
)
def test_short_forms_of_a_script_go_through_the_same_door(two_areas, tmp_path, act, said):
    assert said in script_reason(two_areas(odd, gas=True), tmp_path, act)


def test_nothing_fails_if_one_of_the_names_cannot(two_areas, tmp_path):
    system, out = two_areas(odd, gas=True), []

    def act(sim):
        try:
            sim.fail("n1_s1", "old")
        finally:
            out.append(sim.is_out("n1_s1"))

    script_reason(system, tmp_path, act)
    assert out == [False]


def test_a_script_may_fail_what_another_event_keeps_out(two_areas, tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(
        f"network: net\nhorizon: {{start: '{START}', hours: 8}}\npolicy: {{ac: 'off'}}\n"
        "events: [{id: trip, at: +1h, kind: line_outage, target: n1_s1, duration: 2h}]\n"
    )
    seen = []

    @gridsim.contingency
    def again(sim):
        yield sim.hours(2)
        sim.fail("n1_s1")
        yield sim.hours(3)
        seen.append(sim.is_out("n1_s1"))  # the first outage ended at 3 h

    system, scenario = read_scenario(path, two_areas())
    run(system, scenario, contingencies=[again])
    assert seen == [True]


@pytest.mark.parametrize("name", sorted(event_files()))
def test_every_bundled_event_is_accepted(name):
    _, scenario = read_scenario(name, own_network(name))
    written = yaml.safe_load(event_files()[name].read_text()) if event_files()[name].suffix == ".yaml" else {}
    assert len(scenario.events) >= len(written.get("events", ()))


@pytest.mark.parametrize("name", sorted(study_files()))
def test_every_bundled_study_is_accepted(name):
    assert read_study(study_files()[name])


# Conditions


@pytest.mark.parametrize(
    ("condition", "column"),
    [
        ({"quantity": "temperature_c", "below": 0}, "only_if.quantity"),
        ({"quantity": "temperature_c", "of": "hill", "below": 0}, "only_if.of"),
        ({"quantity": "linepack_mcm", "below": 5}, "only_if.quantity"),
        ({"quantity": "linepack_mcm", "of": "hub", "below": 5}, "only_if.of"),
        ({"quantity": "pressure_bar", "of": "hub", "below": 5}, "only_if.of"),
        ({"quantity": "stock_days", "of": "yard", "below": 5}, "only_if.of"),
    ],
)
def test_a_condition_on_what_the_network_does_not_have(two_areas, tmp_path, condition, column):
    first = {"id": "trip", "at": "+1h", "kind": "line_outage", "target": "n1_s1"}
    depends = {"event": "trip", "only_if": condition}
    second = {"id": "next", "kind": "generator_outage", "target": "gas_1", "depends_on": depends}
    problems = file_problems(two_areas(), tmp_path, first, second)
    assert [(p.row, p.column) for p in problems] == [(5, f"events.1.depends_on.{column}")]


def test_a_gas_balance_has_no_pressures(two_areas, tmp_path):
    first = {"id": "trip", "at": "+1h", "kind": "pipeline_rupture", "target": "trunk"}
    depends = {"event": "trip", "only_if": {"quantity": "pressure_bar", "of": "hub", "below": 30}}
    second = {"id": "next", "kind": "plant_outage", "target": "gas", "depends_on": depends}
    problems = file_problems(two_areas(gas=True), tmp_path, first, second, policy={"gas": "balance"})
    assert [(p.row, p.column) for p in problems] == [(5, "events.1.depends_on.only_if.quantity")]
    assert "hydraulic" in problems[0].mend


def conditioned(system, *conditions: Condition, gas: GasMode = GasMode.HYDRAULIC) -> Any:
    return make_event(
        system, id="next", kind="plant_outage", targets=["gas"], at_h=0.0,
        depends_on=Dependence("trip", conditions=conditions), gas=gas,
    )  # fmt: skip


def test_conditions_on_what_there_is_are_accepted(two_areas):
    asked = (
        Condition(Quantity.TEMPERATURE_C, below=0),
        Condition(Quantity.TEMPERATURE_C, "hill", below=0),
        Condition(Quantity.UNSERVED_MW, above=1),
        Condition(Quantity.SECTION_LOADING, "north_south", above=1),
        Condition(Quantity.LINEPACK_MCM, below=1),
        Condition(Quantity.PRESSURE_BAR, "hub", below=40),
        Condition(Quantity.STOCK_DAYS, "gas", below=1),
    )
    made = conditioned(two_areas(windy, gas=True), *asked)
    assert isinstance(made, Event) and made.depends_on == Dependence("trip", conditions=asked)


def test_a_mean_temperature_needs_a_load_at_a_site(two_areas):
    def elsewhere(tables):
        windy(tables)
        del tables["buses"][2]["weather_site"]

    (problem,) = conditioned(two_areas(elsewhere, gas=True), Condition(Quantity.TEMPERATURE_C, below=0))
    assert problem.key == "depends_on.only_if.quantity"


# The door itself


def test_what_is_left_out_is_what_the_table_says(two_areas):
    made = make_event(two_areas(), id="a", kind="generator_derate", targets=["gas", "gas_1", "gas"], at_h=3.0)
    targets = (Target("plants", "gas"), Target("generators", "gas_1"))
    assert made == Event("a", "generator_derate", 3.0, targets, 0.3, 48.0)


@pytest.mark.parametrize(
    ("given", "duration_h"), [({}, 24.0), ({"duration_h": None}, None), ({"repair": Repair("constant", 5.0)}, None)]
)
def test_durations(two_areas, given, duration_h):
    made = make_event(two_areas(), id="a", kind="line_outage", targets=["n1_s1"], at_h=0.0, **given)
    assert isinstance(made, Event) and made.duration_h == duration_h


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"duration_h": 0.0}, "duration"),
        ({"duration_h": -1.0}, "duration"),
        ({"duration_h": float("inf")}, "duration"),
        ({"duration_h": 3.0, "repair": Repair("constant", 5.0)}, "duration"),
        ({"repair": Repair("constant", 0.0)}, "repair.mean_h"),
        ({"probability": 1.5}, "probability"),
        ({"probability": float("nan")}, "probability"),
        ({"at_h": -1.0}, "at"),
        ({"targets": []}, "target"),
        ({"targets": [Target("buses", "n1")]}, "target"),
        ({"targets": [Target("lines", "n1")]}, "target"),
        ({"targets": [Target("all", "all")]}, "target"),
    ],
)
def test_every_argument_is_checked(two_areas, given, key):
    made = make_event(two_areas(), **{"id": "a", "kind": "line_outage", "targets": ["n1_s1"], "at_h": 0.0, **given})
    assert not isinstance(made, Event) and [problem.key for problem in made] == [key]


def test_all_problems_at_once(two_areas):
    made = make_event(two_areas(), id="a", kind="generator_derate", targets=["gas_2"], at_h=0.0, magnitude=2.0)
    assert made == (
        EventProblem("target", "'gas_2' is not in generators or plants of two_areas", "did you mean 'gas_1'?"),
        EventProblem("magnitude", "2 is not a share in (0, 1]", "give a share in (0, 1], by default 0.3"),
    )


@pytest.mark.parametrize(
    ("cells", "inside", "outside", "text"),
    [
        ((">0", "1"), [1e-9, 1], [0, 1.01], "in (0, 1]"),
        (("0", "10"), [0, 10], [-1e-9, 11], "in [0, 10]"),
        (("-1", ""), [-1, 1e9], [-1.01], ">= -1"),
        ((">0", ""), [1e-9, 1e9], [0], "> 0"),
        (("", "5"), [-1e9, 5], [5.1], "<= 5"),
        (("", ""), [-1e9, 1e9], [float("nan")], ""),
    ],
)
def test_bounds(cells, inside, outside, text):
    bounds = Bounds.parse(*cells)
    assert all(value in bounds for value in inside) and not any(value in bounds for value in outside)
    assert str(bounds) == text


# The table of kinds


@contextmanager
def shuffled(seed: int) -> Iterator[None]:
    """The table of kinds with its rows in another order."""
    table, rows = kinds(), list(kinds().items())
    mixed = random.Random(seed).sample(rows, len(rows))
    assert mixed != rows
    table.clear()
    table.update(mixed)
    try:
        yield
    finally:
        table.clear()
        table.update(rows)


DEFAULTS = {
    (Primitive.OUTAGE,): {
        "lines": "line_outage", "transformers": "transformer_outage", "buses": "busbar_outage",
        "generators": "generator_outage", "plants": "plant_outage", "storages": "store_outage",
        "borders": "border_outage", "gas_pipelines": "pipeline_rupture", "compressor_stations": "compressor_outage",
        "gas_supply": "gas_supply_outage", "gas_storage": "gas_storage_outage",
        "power_to_gas": "gas_facility_outage", "fuel_stocks": "coal_delivery_stop", "cooling": "intake_outage",
    },
    (Primitive.DERATE, Primitive.LIMIT): {
        "generators": "generator_derate", "plants": "generator_derate", "borders": "border_derate",
        "gas_pipelines": "pipeline_derate", "gas_supply": "gas_supply_derate", "interfaces": "section_derate",
        "cooling": "low_water", "fuel_stocks": "coal_delivery_derate",
    },
    (Primitive.DEMAND,): dict.fromkeys(("loads", "load_classes", "zones", "oblasts"), "demand_surge"),
}  # fmt: skip


def assert_defaults() -> None:
    for primitives, expected in DEFAULTS.items():
        assert {table: default_kind(table, *primitives) for table in default_tables(*primitives)} == expected
    assert set(FAILING) <= set(DEFAULTS[(Primitive.OUTAGE,)])


def test_default_kinds():
    assert_defaults()


def frail(tables):
    for row in [*tables["lines"], *tables["generators"], *tables["gas_pipelines"]]:
        row |= {"mttf_h": 90, "mttr_h": 30}


def vented_mcm(system, folder: Path) -> float:
    path = folder / "case.yaml"
    path.write_text(
        f"network: net\nhorizon: {{start: '{START}', hours: 60}}\nfailures: 'on'\npolicy: {{ac: 'off'}}\n",
        encoding="utf-8",
    )
    rows = run(*read_scenario(path, system), seed=1).tables["gas"]
    return float(rows["vented_mcm"].sum())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_of_rows_means_nothing(two_areas, tmp_path, seed):
    system = two_areas(frail, gas=True)
    before = failures(system, 1, 0, 2000), vented_mcm(system, tmp_path)
    assert {event.kind for event in before[0]} == {"line_outage", "generator_outage", "pipeline_rupture"}
    with shuffled(seed):
        assert_defaults()
        assert (failures(system, 1, 0, 2000), vented_mcm(system, tmp_path)) == before


def test_a_random_failure_of_a_gas_pipeline_vents_its_gas(two_areas, tmp_path):
    system = two_areas(frail, gas=True)
    hit = {event.targets[0].name for event in failures(system, 1, 0, 60) if event.kind == "pipeline_rupture"}
    assert hit and vented_mcm(system, tmp_path) > 0.1


def test_rows_of_the_table_are_sound():
    for kind in kinds().values():
        assert kind.magnitude in kind.bounds, kind.kind
        assert set(kind.default_of) <= set(kind.tables) and not set(kind.default_of) & (set(GROUPS) - {"plants"})
        if kind.primitive in (Primitive.DEMAND, Primitive.WEATHER, Primitive.POLICY):
            assert kind.quantities, kind.kind
        if kind.vents_gas:
            assert kind.targets == ("gas_pipelines",), kind.kind
    assert [kind.kind for kind in kinds().values() if kind.vents_gas] == ["pipeline_rupture"]


def test_nothing_but_the_table_names_a_kind():
    """Kinds of events stand in kinds.csv; design events of generated weather have names of their own.

    The template of a new event is a user's text and names some.
    """
    package = Path(gridsim.__file__).parent
    own = {
        package / "weather" / "design.py",
        package / "model" / "design_events.py",
        package / "io" / "read_weather.py",
        package / "io/schemas/scenario.py",
        package / "cli" / "new.py",
        *(package / "reliability").glob("frame*.py"),  # names of frames: what is planned, what demand can do
    }
    words = re.compile("|".join(f"[\"'(]{kind}[\"')]" for kind in kinds()))
    named = {
        str(path.relative_to(package)): found
        for path in package.rglob("*.py")
        if path not in own and (found := words.findall(path.read_text(encoding="utf-8")))
    }
    assert named == {}


def test_an_event_without_a_target_says_what_is_missing(two_areas) -> None:
    made = make_event(two_areas(), id="none", kind="line_outage", targets=(), at_h=1.0)
    assert [str(problem) for problem in made] == ["target: an empty list; name at least one element"]
