"""Every kind of wrong input gives its place, its value and a mend, all at once; attributes are checked, not wording."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import read_study

NETWORK_YAML = "schema_version: 1\nname: small\nzones: [north]\n"
BUSES = [{"name": "a", "zone": "north", "vn_kv": 220}, {"name": "b", "zone": "north", "vn_kv": 220}]
LINES = [{"name": "ab", "from_bus": "a", "to_bus": "b", "length_km": 10, "r_ohm_per_km": 0.1, "x_ohm_per_km": 0.4,
          "max_i_ka": 0.5}]  # fmt: skip
GENERATORS = [{"name": "g", "bus": "a", "fuel": "coal", "installed_mw": 10, "p_max_mw": 10, "cost_per_mwh": 5}]
CLASSES = [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 4}]
LOADS = [{"name": "d", "bus": "b", "p_mw": 5, "load_class": "homes"}]
SCENARIO = """\
name: case
network: net
horizon:
  start: 2026-01-12 00:00
  hours: 24
events:
  - id: trip
    at: +2h
    kind: line_outage
    target: ab
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "net"
    path.mkdir()
    (path / "network.yaml").write_text(NETWORK_YAML)
    for name, rows in (
        ("buses", BUSES), ("lines", LINES), ("generators", GENERATORS), ("load_classes", CLASSES), ("loads", LOADS)
    ):  # fmt: skip
        write(path, name, rows)
    return path


def write(folder: Path, table: str, rows: list[dict[str, object]]) -> None:
    with (folder / f"{table}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list({key: None for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)


def problems_of(folder: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read_network(folder)
    return list(caught.value.problems)


def one(folder: Path) -> Problem:
    problems = problems_of(folder)
    assert len(problems) == 1, problems
    return problems[0]


def test_valid_folder_reads(folder):
    system = read_network(folder)
    assert system.lines.max_i_emergency_ka[0] == pytest.approx(0.6)  # 1.2 x normal where empty
    assert system.generators.plant[0] == "g"


def test_missing_table(folder):
    (folder / "loads.csv").unlink()
    problem = one(folder)
    assert problem.file.endswith("loads.csv") and problem.row == 0 and problem.value == "missing"


def test_unknown_column(folder):
    write(folder, "lines", [{**LINES[0], "max_i_kA": 1}])
    problem = one(folder)
    assert (problem.row, problem.column) == (1, "max_i_kA") and "max_i_ka" in problem.mend


def test_missing_column(folder):
    write(folder, "loads", [{"name": "d", "bus": "b", "load_class": "homes"}])
    assert one(folder).column == "p_mw"


def test_dangling_bus(folder):
    write(folder, "loads", [{**LOADS[0], "bus": "bb"}])
    problem = one(folder)
    assert (problem.row, problem.column) == (2, "bus") and "'b'" in problem.mend


def test_negative_rating(folder):
    write(folder, "lines", [{**LINES[0], "max_i_ka": -0.3}])
    problem = one(folder)
    assert (problem.row, problem.column) == (2, "max_i_ka") and "-0.3" in problem.value and "kA" in problem.mend
    assert str(problem).startswith(f"{folder}/lines.csv:2: max_i_ka: -0.3")


def test_negative_supply_cost(folder):
    write(folder, "generators", [{**GENERATORS[0], "cost_per_mwh": -1}])
    assert one(folder).column == "cost_per_mwh"


@pytest.mark.parametrize("text", ["nan", "inf", "abc"])
def test_not_a_finite_number(folder, text):
    write(folder, "generators", [{**GENERATORS[0], "p_max_mw": text}])
    problem = one(folder)
    assert (problem.row, problem.column) == (2, "p_max_mw") and text in problem.value


def test_island_without_source(folder):
    write(folder, "lines", [{**LINES[0], "in_service": "false"}])
    problem = one(folder)
    assert problem.file.endswith("buses.csv") and problem.row == 3 and "island" in problem.value


def test_island_without_load_or_source_is_allowed(folder):
    write(folder, "buses", [*BUSES, {"name": "planned", "zone": "north", "vn_kv": 500}])
    assert len(read_network(folder).buses) == 3


def test_duplicate_name(folder):
    write(folder, "buses", [*BUSES, BUSES[0]])
    problem = one(folder)
    assert (problem.row, problem.column) == (4, "name") and "row 2" in problem.value


def test_line_between_voltages(folder):
    write(folder, "buses", [BUSES[0], {**BUSES[1], "vn_kv": 110}])
    assert one(folder).column == "to_bus"


def test_profile_with_a_gap(folder):
    rows = [{"profile": "flat", "month": m, "hour": h, "value": 1} for m in range(1, 13) for h in range(24)][:-1]
    write(folder, "profiles", rows)
    assert "lacks 3 values" in one(folder).value  # one hour of the three day types


def test_unreadable_network_yaml(folder):
    (folder / "network.yaml").write_text("name: a\nzones: [north\n")
    assert one(folder).row >= 2


@pytest.mark.parametrize(
    "text", ["? [a, b]\n: 1\n", "name: !!python/object:os.system x\n", "a: &a [*a]\n", "<<: 5\n", "\xff\xfe"]
)
def test_yaml_that_is_not_plain_data(folder, text):
    (folder / "network.yaml").write_bytes(text.encode("latin-1"))
    assert problems_of(folder)[0].file.endswith("network.yaml")


def test_an_unclosed_quote(folder):
    (folder / "loads.csv").write_text('name,bus,p_mw,load_class\n"d' + "x" * 200_000)
    assert "CSV" in problems_of(folder)[0].value


def test_zones_given_twice_or_reserved(folder):
    (folder / "network.yaml").write_text("schema_version: 1\nname: a\nzones: [north, north, external]\n")
    assert {problem.column for problem in problems_of(folder)} == {"zones"}


def test_stray_table(folder):
    write(folder, "line", LINES)
    assert "lines" in one(folder).mend


def test_all_problems_of_all_tables_at_once(folder):
    write(folder, "lines", [{**LINES[0], "max_i_ka": -1}])
    write(folder, "generators", [{**GENERATORS[0], "cost_per_mwh": -1, "fuel": "cole"}])
    write(folder, "loads", [{**LOADS[0], "load_class": "home"}])
    assert [(Path(p.file).name, p.column) for p in problems_of(folder)] == [
        ("generators.csv", "cost_per_mwh"), ("generators.csv", "fuel"), ("lines.csv", "max_i_ka"),
        ("loads.csv", "load_class"),
    ]  # fmt: skip


# Scenarios


def scenario_problems(folder: Path, old: str = "", new: str = "") -> list[Problem]:
    assert old in SCENARIO
    path = folder.parent / "case.yaml"
    path.write_text(SCENARIO.replace(old, new) if old else SCENARIO)
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    return list(caught.value.problems)


def test_valid_scenario_reads(folder):
    path = folder.parent / "case.yaml"
    path.write_text(SCENARIO)
    system, scenario = read_scenario(path)
    event = scenario.events[0]
    assert (scenario.name, system.name, event.at_h, event.duration_h) == ("case", "small", 2.0, 24.0)


@pytest.mark.parametrize(
    ("old", "new", "column", "row"),
    [
        ("line_outage", "line_outag", "events.0.kind", 9),
        ("target: ab", "target: abc", "events.0.target", 10),
        ("+2h", "+24h", "events.0.at", 8),
        ("+2h", "2026-01-11 23:00", "events.0.at", 8),
        ("+2h", "soon", "events.0.at", 8),
        ("hours: 24", "hours: -1", "horizon.hours", 5),
        ("hours: 24", "hours: 24\n  minutes: 3", "horizon.minutes", 6),
        ("network: net", "network: nett", "network", 2),
        ("    at: +2h", "    at: +2h\n    duration: -3h", "events.0.duration", 9),
        ("    at: +2h", "    at: +2h\n    magnitude: 1.5", "events.0.magnitude", 9),
        ("    at: +2h", "    at: +2h\n    probability: 2", "events.0.probability", 9),
        ("    at: +2h", "    at: +2h\n    probability: true", "events.0.probability", 9),
        ("hours: 24", "hours: true", "horizon.hours", 5),
        ("2026-01-12 00:00", "2026-13-12", "horizon.start", 4),
        ("2026-01-12 00:00", "9999-12-31", "horizon.start", 4),
        ("target: ab", "target: []", "events.0.target", 10),
        ("    at: +2h", "    at: +2h\n    magnitude: 0.5", "events.0.magnitude", 9),
        ("network: net", "network: net\nfailures: maybe", "failures", 3),
    ],
)
def test_scenario_problem_has_line_and_key(folder, old, new, column, row):
    problems = scenario_problems(folder, old, new)
    assert [(p.column, p.row) for p in problems] == [(column, row)]


ONLY_IF = "events.1.depends_on.only_if"
FOLLOWS = "target: ab\n  - id: next\n    kind: generator_outage\n    target: g\n    "


@pytest.mark.parametrize(
    ("keys", "column", "row"),
    [
        ("magnitude: 1", "events.1.at", 11),  # neither a time nor an event it follows
        ("depends_on: {event: tripp}", "events.1.depends_on.event", 14),
        ("depends_on: {event: next}", "events.1.depends_on.event", 14),
        ("at: +3h\n    depends_on: {event: trip}", "events.1.at", 14),
        ("depends_on: {event: trip, delay: -2h}", "events.1.depends_on.delay", 14),
        ("depends_on: {event: trip, when: stops}", "events.1.depends_on.when", 14),
        ("depends_on: {event: trip, only_if: {quantity: section_loading, above: 1}}", f"{ONLY_IF}.of", 14),
        ("depends_on: {event: trip, only_if: {quantity: unserved_mw, of: nort, above: 1}}", f"{ONLY_IF}.of", 14),
        ("depends_on: {event: trip, only_if: {quantity: unserved_mw, of: north}}", ONLY_IF, 14),
        ("depends_on: {event: trip, only_if: {quantity: linepack_mcm, of: x, above: 1}}", f"{ONLY_IF}.of", 14),
        ("depends_on: {event: trip, only_if: {quantity: wind, above: 1}}", f"{ONLY_IF}.0.quantity", 14),
    ],
)  # fmt: skip
def test_an_event_that_follows_wrongly(folder, keys, column, row):
    problems = scenario_problems(folder, "target: ab", FOLLOWS + keys)
    assert [(p.column, p.row) for p in problems] == [(column, row)]


def test_a_loading_in_per_cent_is_told_with_its_share(two_areas):
    line = {"kind": "line_outage", "target": "n1_s1"}
    full = {"quantity": "section_loading", "of": "north_south", "above": 90}
    events = [
        {"id": "trip", "at": "+1h", **line},
        {"id": "next", **line, "depends_on": {"event": "trip", "only_if": [full]}},
    ]
    horizon = {"start": "2026-01-14", "hours": 4}
    with pytest.raises(InputError) as told:
        read_scenario({"network": "two_areas", "horizon": horizon, "events": events}, two_areas())
    assert [(p.column, p.mend) for p in told.value.problems] == [
        ("events.1.depends_on.only_if.above", "for 90 % give 0.9")
    ]


def test_events_that_wait_for_each_other(folder):
    problems = scenario_problems(
        folder,
        "    at: +2h\n    kind: line_outage\n    target: ab",
        "    depends_on: {event: next}\n    kind: line_outage\n    "
        + FOLLOWS.replace("target: ab\n", "target: ab\n", 1)
        + "depends_on: {event: trip}",
    )
    assert [p.column for p in problems] == ["events.0.depends_on.event", "events.1.depends_on.event"]


def test_an_element_out_of_service_cannot_go_out(folder):
    write(folder, "generators", [*GENERATORS, {**GENERATORS[0], "name": "old", "in_service": "false"}])
    problems = scenario_problems(folder, "kind: line_outage\n    target: ab", "kind: generator_outage\n    target: old")
    assert [(p.column, p.row) for p in problems] == [("events.0.target", 10)]


def test_a_response_cannot_exceed_demand(folder):
    wrong = "kind: demand_response\n    target: all\n    magnitude: 1.2"
    problems = scenario_problems(folder, "kind: line_outage\n    target: ab", wrong)
    assert [p.column for p in problems] == ["events.0.magnitude"]


def test_did_you_mean(folder):
    assert "line_outage" in scenario_problems(folder, "line_outage", "line_outag")[0].mend
    assert "'ab'" in scenario_problems(folder, "target: ab", "target: abc")[0].mend


def test_unreadable_yaml_has_its_line(folder):
    problems = scenario_problems(folder, "name: case", "name: [case")
    assert problems[0].row == 2 and "YAML" in problems[0].value


def test_repeated_key(folder):
    assert scenario_problems(folder, "name: case", "name: case\nname: other")[0].row == 2


def test_scenario_that_extends_itself(folder):
    assert scenario_problems(folder, "name: case", "name: case\nextends: case.yaml")[0].column == "extends"


def test_weather_file_with_a_gap(folder):
    (folder.parent / "w.csv").write_text("hour,wind_factor\n0,1\n2,1\n")
    problems = scenario_problems(folder, "name: case", "name: case\nweather: {file: w.csv}")
    assert [(Path(p.file).name, p.row, p.column) for p in problems] == [("w.csv", 3, "hour")]


def test_all_scenario_problems_at_once(folder):
    problems = scenario_problems(
        folder, "kind: line_outage\n    target: ab", "kind: line_outage\n    target: x\n    at2: 3"
    )
    assert {p.column for p in problems} == {"events.0.at2", "events.0.target"}


WRONG = """\
network: net
horizon: {start: 2026-01-14 00:00, hours: -1, stp: 5}
weather: {fil: x.csv, year: -1, file: none.csv}
events:
  - {id: a, at: +9999h, kind: line_outge, target: x, magnitud: 3}
  - {id: b, at: teatime, kind: line_outage, target: x, probability: 3}
  - {at: +1h, kind: line_outage, target: x}
  - {id: d, at: +1h, kind: line_outage, taget: ab}
  - {id: e, kind: line_outage, target: ab, depends_on: {event: c, delay: soon, whn: 3}}
  - nothing
  - {id: f, kind: line_outage, target: ab, depends_on: {event: b}}
"""
TOLD = {
    2: ["horizon.hours", "horizon.stp"],
    3: ["weather.fil", "weather.file", "weather.year"],
    5: ["events.0.at", "events.0.kind", "events.0.magnitud"],  # even a year has no such hour
    6: ["events.1.at", "events.1.probability", "events.1.target"],
    7: ["events.2.id", "events.2.target"],
    8: ["events.3.taget"],  # not that all lines go out: the target is there, misspelt
    9: ["events.4.depends_on.delay", "events.4.depends_on.event", "events.4.depends_on.whn"],
    10: ["events.5"],
}  # row 11 follows an event that is there, if with mistakes


def test_unknown_keys_do_not_hide_wrong_names(folder):
    (folder.parent / "wrong.yaml").write_text(WRONG)
    with pytest.raises(InputError) as caught:
        read_scenario(folder.parent / "wrong.yaml")
    told = {}
    for problem in caught.value.problems:
        told.setdefault(problem.row, []).append(problem.column)
    assert told == TOLD


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        ("network: net", "network: nett", ["name", "network"]),
        ("horizon:", "horison:", ["events.0.target", "horison", "horizon", "name"]),
    ],
)
def test_without_a_start_or_a_network_the_rest_is_checked(folder, old, new, columns):
    text = SCENARIO.replace("target: ab", "target: x").replace("name: case", f"name: {300 * 'n'}")
    assert old in text
    (folder.parent / "wrong.yaml").write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_scenario(folder.parent / "wrong.yaml")
    assert sorted(problem.column for problem in caught.value.problems) == columns


def test_a_study_with_a_wrong_key_tells_what_is_wrong_in_its_scenarios(folder):
    (folder.parent / "wrong.yaml").write_text(WRONG)
    (folder.parent / "study.yaml").write_text("scenarios: [wrong.yaml, none]\nreplicats: 3\nset: {polcy.ac: off}\n")
    with pytest.raises(InputError) as caught:
        read_study(folder.parent / "study.yaml")
    assert {problem.column for problem in caught.value.problems} >= {"replicats", "scenarios.1", "set.polcy.ac"}
    (folder.parent / "study.yaml").write_text("scenarios: [wrong.yaml]\nreplicats: 3\nsweep: {policy.ac: []}\n")
    with pytest.raises(InputError) as caught:
        read_study(folder.parent / "study.yaml")
    assert {problem.column for problem in caught.value.problems} == {"replicates", "replicats", "sweep.policy.ac"}
