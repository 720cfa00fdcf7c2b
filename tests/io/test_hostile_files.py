"""Files that no program of the field would write: each is an InputError with a place and a mend, and takes no time."""

from __future__ import annotations

import csv
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.bundled import bundled_folder, event_file, network_folder, study_file
from gridsim.io.durations import parse_duration_h
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import read_study
from gridsim.io.texts import name_fault
from gridsim.io.yaml_lines import parse_yaml
from tests.support.cases import META, TWO_AREAS

LONG = "x" * 5000
SCENARIO = 'name: case\nnetwork: net\nhorizon: {start: "2026-01-12 00:00", hours: 6}\n'


@pytest.fixture
def rbts_folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_folder("networks") / "rbts", tmp_path / "net"))


def _does_not_end(*_: object) -> None:
    raise AssertionError("reading does not end")


def refused(call: Callable[[], object]) -> Problem:
    """The first problem; a reading that does not end fails after a minute of CPU time."""
    signal.signal(signal.SIGVTALRM, _does_not_end)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60.0)
    try:
        with pytest.raises(InputError) as caught:
            call()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
    first = caught.value.problems[0]
    assert first.mend
    assert len(str(first)) < 2000
    assert str(first).isprintable()
    return first


# YAML


@pytest.mark.parametrize(
    "value",
    ["0b_", "0x_", "!!int x", "!!int ''", "!!float y", "!!bool maybe", "!!timestamp z", "!!timestamp 2026-01-12",
     "9" * 5000, "9" * 100, "0x" + "f" * 6000, "!!python/object:os.system a", "!!binary aa", "!!set {a, b}",
     "!!omap [a: 1]"],
)  # fmt: skip
def test_a_value_that_yaml_cannot_build_is_named_with_its_line(value: str) -> None:
    problem = refused(lambda: parse_yaml(f"ok: 1\nx: {value}\n", "f.yaml"))
    assert (problem.file, problem.row) == ("f.yaml", 2)
    assert "not readable as YAML" in problem.value


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "[" * 5000, "{a: " * 900 + "1" + "}" * 900])
def test_deep_nesting_is_refused(text: str) -> None:
    problem = refused(lambda: parse_yaml(f"ok: 1\nx: {text}\n", "f.yaml"))
    assert (problem.row, problem.value) == (2, "not readable as YAML: nested more than 50 deep")


def test_forty_levels_are_read() -> None:
    assert parse_yaml("x: " + "[" * 40 + "1" + "]" * 40, "f.yaml").data["x"]


def bomb(levels: int, merged: bool) -> str:
    lines = ["a: &a {x: 1}" if merged else "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    for k in range(levels):
        name, many = chr(98 + k), ", ".join(["*" + chr(97 + k)] * 9)
        lines.append(f"{name}: &{name} {{<<: [{many}]}}" if merged else f"{name}: &{name} [{many}]")
    return "\n".join(lines)


@pytest.mark.parametrize("merged", [False, True])
def test_aliases_of_aliases_are_counted_as_often_as_they_are_used(merged: bool) -> None:
    problem = refused(lambda: parse_yaml(bomb(9, merged), "f.yaml"))
    assert problem.row > 1
    assert "more than 100000 values" in problem.value
    assert parse_yaml(bomb(2, merged), "f.yaml").data["c"]


@pytest.mark.parametrize("key", ["1", "2.5", "null", "true", "~", "!!int 7"])
def test_a_key_that_is_not_text_is_named_with_its_line(key: str) -> None:
    problem = refused(lambda: parse_yaml(f"ok: 1\npart:\n  {key}: a\n", "f.yaml"))
    assert (problem.row, problem.value) == (3, "a key that is not text")
    assert "in quotes" in problem.mend
    assert parse_yaml(f"ok: 1\npart:\n  '{key}': a\n", "f.yaml").data["part"] == {key: "a"}


@pytest.mark.parametrize(("text", "row"), [('ok: 1\nx: "a\\e[31m"', 2), ('ok: 1\n"a\\e": 1', 2), ("ok: 1\nx: \x07", 2)])
def test_control_characters_in_yaml_are_refused(text: str, row: int) -> None:
    assert refused(lambda: parse_yaml(text, "f.yaml")).row == row


# Tables


def test_a_header_cell_beyond_the_limit_of_csv_is_a_problem(rbts_folder: Path) -> None:
    (rbts_folder / "lines.csv").write_text("x" * 200_000 + ",name\n1,2\n")
    problem = refused(lambda: read_network(rbts_folder))
    assert (Path(problem.file).name, problem.row) == ("lines.csv", 1)
    assert "not readable as CSV" in problem.value


def test_a_column_given_twice_is_a_problem(rbts_folder: Path) -> None:
    table = rbts_folder / "loads.csv"
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([header + ",p_mw", *(row + ",1" for row in rows)]))
    problem = refused(lambda: read_network(rbts_folder))
    assert (problem.row, problem.column, problem.value) == (1, "p_mw", "column given twice")


def with_cell(folder: Path, table: str, column: str, value: str) -> None:
    path = folder / f"{table}.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("value", ["a\x1b[31mred", "a\x00b", "a\x07", "a\u202eb", "a\x9b31m"])
def test_control_characters_in_a_table_are_refused(rbts_folder: Path, value: str) -> None:
    with_cell(rbts_folder, "generators", "note", value)
    problem = refused(lambda: read_network(rbts_folder))
    assert (Path(problem.file).name, problem.row) == ("generators.csv", 2)
    assert "control character" in problem.value


@pytest.mark.parametrize("value", ["=1+1", "+cmd", "-cmd", "@sum", "two\nlines", "a\tb"])
@pytest.mark.parametrize(("table", "column"), [("generators", "name"), ("generators", "title"), ("loads", "name")])
def test_a_name_that_a_spreadsheet_would_run_is_refused(rbts_folder: Path, table: str, column: str, value: str) -> None:
    with_cell(rbts_folder, table, column, value)
    with pytest.raises(InputError) as caught:
        read_network(rbts_folder)
    problem = next(p for p in caught.value.problems if p.column == column)
    assert Path(problem.file).name == f"{table}.csv"
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", ["-", "a=b", "south [old]", "[/x]", "Алматы 220", "1st", "a, b", 'the "old" one'])
def test_other_names_are_taken(rbts_folder: Path, name: str) -> None:
    assert name_fault(name) is None
    with_cell(rbts_folder, "generators", "name", name)
    assert name in read_network(rbts_folder).generators.name


def test_zones_and_events_have_names_that_a_result_can_carry(rbts_folder: Path) -> None:
    meta = rbts_folder / "network.yaml"
    plain = meta.read_text()
    meta.write_text(plain.replace("zones: [system]", "zones: [system, '=cmd']"))
    assert refused(lambda: read_network(rbts_folder)).column == "zones"
    meta.write_text(plain)
    case = rbts_folder.parent / "case.yaml"
    case.write_text(SCENARIO.replace("name: case", "name: '@case'"))
    assert refused(lambda: read_scenario(case)).column == "name"
    event = "events: [{id: '=1', at: +1h, kind: generator_outage, target: G1}]\n"
    case.write_text(SCENARIO + event)
    assert refused(lambda: read_scenario(case)).column == "events.0.id"


def test_a_control_character_reaches_a_message_as_an_escape() -> None:
    problem = Problem("f\x1b[31m.csv", 2, "na\x07me", "'\x1b[2J' is unknown", "use one of \u202e")
    assert str(problem) == "f\\x1b[31m.csv:2: na\\x07me: '\\x1b[2J' is unknown; use one of \\u202e"
    assert "Алматы" in str(Problem("f.csv", 2, "", "'Алматы' is unknown", "mend"))


@pytest.mark.parametrize("row", [None, 1, "n1", ["n1"]])
def test_a_row_in_memory_that_is_no_row(row: object) -> None:
    problem = refused(lambda: system_from_tables(META, {**TWO_AREAS, "buses": [row]}))  # type: ignore[dict-item]
    assert (problem.file, problem.row, problem.value) == ("<buses>", 2, f"{row!r} is not a row")


@pytest.mark.parametrize("key", [1, None, 2.5, True])
def test_a_key_in_memory_that_is_not_text(key: object) -> None:
    rows = [{**TWO_AREAS["buses"][0], key: 1}, *TWO_AREAS["buses"][1:]]
    problem = refused(lambda: system_from_tables(META, {**TWO_AREAS, "buses": rows}))
    assert problem.row == 2 and problem.value == "a key that is not text" and "quotes" in problem.mend


@pytest.mark.parametrize("content", [b"", b"PAR1", b"junk" * 100, b"time,place,temperature_c\n"])
def test_a_weather_series_that_is_no_parquet(rbts_folder: Path, content: bytes) -> None:
    (rbts_folder.parent / "w.parquet").write_bytes(content)
    case = rbts_folder.parent / "case.yaml"
    case.write_text(SCENARIO + "weather: {series: w.parquet}\n")
    assert "not readable as Parquet" in refused(lambda: read_scenario(case)).value


# Paths


@pytest.mark.parametrize("find", [event_file, study_file, network_folder, read_network, read_scenario, read_study])
def test_a_name_too_long_for_the_file_system_is_no_such_file(find: Callable[[str], object]) -> None:
    assert "no such" in refused(lambda: find(LONG)).value


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        (f"extends: {LONG}\n", "extends"),
        (f"weather: {{file: {LONG}}}\n", "weather.file"),
        (f"weather: {{series: {LONG}}}\n", "weather.series"),
        (f"variant: {LONG}\n", "variant"),
    ],
)
def test_a_path_too_long_is_named_by_its_key(rbts_folder: Path, keys: str, column: str) -> None:
    case = rbts_folder.parent / "case.yaml"
    case.write_text(SCENARIO + keys)
    problem = refused(lambda: read_scenario(case))
    assert (problem.file, problem.row, problem.column) == (str(case), 4, column)


def test_a_network_or_a_scenario_of_a_study_that_is_too_long_a_path(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(SCENARIO.replace("network: net", f"network: {LONG}"))
    assert refused(lambda: read_scenario(case)).column == "network"
    study = tmp_path / "study.yaml"
    study.write_text(f"name: st\nscenarios: [{LONG}]\nreplicates: 2\n")
    assert refused(lambda: read_study(study)).column == "scenarios.0"


@pytest.mark.parametrize("name", ["n" * 201, "Ж" * 101])
def test_a_name_that_no_folder_can_have(rbts_folder: Path, name: str) -> None:
    case = rbts_folder.parent / "case.yaml"
    case.write_text(SCENARIO.replace("name: case", f"name: {name}"), encoding="utf-8")
    problem = refused(lambda: read_scenario(case))
    assert problem.column == "name" and "bytes long" in problem.value
    case.write_text(SCENARIO.replace("name: case", f"name: {name[:90]}"), encoding="utf-8")
    read_scenario(case)
    study = rbts_folder.parent / "study.yaml"
    keys = "replicates: 2\nsweep: {name: [" + name + "]}\n"
    study.write_text(f"name: st\nscenarios: [case.yaml]\n{keys}", encoding="utf-8")
    assert "bytes long" in refused(lambda: read_study(study)).value


# Times


@pytest.mark.parametrize(
    "value", ["9" * 400 + "h", "9" * 400, "+36h", 10**400, float("nan"), float("inf"), -1, True, "", "1e5000h"]
)
def test_a_duration_that_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_duration_h(value)


@pytest.mark.parametrize("value", ["9" * 400 + "h", "'" + "9" * 400 + "'", "1e300", ".inf", "-3"])
def test_a_duration_of_an_event_is_refused_with_its_place(rbts_folder: Path, value: str) -> None:
    case = rbts_folder.parent / "case.yaml"
    case.write_text(
        SCENARIO
        + f"events:\n  - id: trip\n    at: +1h\n    kind: generator_outage\n    target: G1\n    duration: {value}\n"
    )
    problem = refused(lambda: read_scenario(case))
    assert (problem.row, problem.column) == (9, "events.0.duration")
