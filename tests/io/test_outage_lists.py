"""Lists of recorded outages: clipped, moved to the network's time, the lowest MW available, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.errors import InputError
from gridsim.io.read_study import read_study

HEADER = "element,begin,end,mw_available\n"
KEYS: dict[str, Any] = {
    "name": "day",
    "network": "rbts",
    "horizon": {"start": "2026-01-12 00:00", "hours": 24},
    "policy": {"ac": "off"},
}


def events(tmp_path: Path, rows: str, header: str = HEADER, **keys: Any) -> list[tuple[Any, ...]]:
    (tmp_path / "list.csv").write_text(header + rows)
    file = tmp_path / "list.csv"
    _, scenario = gridsim.read_scenario({**KEYS, "outages": str(file), **keys})
    return [
        (event.targets[0].name, event.kind, event.at_h, event.duration_h, round(event.magnitude, 9))
        for event in scenario.events
    ]


def test_lowest_mw_available_holds_where_records_overlap(tmp_path: Path) -> None:
    """G2 has 40 MW: 30 from 00 to 10, of that 10 from 04 to 08, and a record of 35 within it that changes nothing."""
    rows = (
        "G2,2026-01-12 00:00,2026-01-12 10:00,30\n"
        "G2,2026-01-12 04:00,2026-01-12 08:00,10\n"
        "G2,2026-01-12 05:00,2026-01-12 07:00,35\n"
    )
    assert events(tmp_path, rows) == [
        ("G2", "generator_derate", 0.0, 4.0, 0.25),
        ("G2", "generator_derate", 4.0, 4.0, 0.75),
        ("G2", "generator_derate", 8.0, 2.0, 0.25),
    ]


def test_records_of_a_line_are_joined_and_cut_to_the_horizon(tmp_path: Path) -> None:
    """Begun before, still out at the end, outside altogether, touching, within an offset of three hours."""
    rows = (
        "l1_1_3,2025-12-30 00:00,2026-01-12 06:00,\n"
        "l1_1_3,2026-01-12 06:00,2026-01-12 08:00,\n"
        "l2_2_4,2026-01-12T05:00+03:00,,\n"
        "l3_2_1,2025-01-01 00:00,2025-01-02 00:00,\n"
        "l3_2_1,2026-03-01 00:00,2026-03-02 00:00,\n"
        "G1,,2026-01-12 03:00,0\n"
        "G3,2026-01-12 01:00,2026-01-12 03:00,10\n"
    )
    assert events(tmp_path, rows) == [
        ("l1_1_3", "line_outage", 0.0, 8.0, 1.0),
        ("l2_2_4", "line_outage", 2.0, None, 1.0),
        ("G1", "generator_outage", 0.0, 3.0, 1.0),
    ]


def test_a_time_with_an_offset_is_that_of_the_network(tmp_path: Path) -> None:
    """20:00 UTC is 01:00 the next day in Kazakhstan, UTC+05:00."""
    rows = "zhambyl_gres_1,2026-01-11T20:00Z,2026-01-12T03:00:00+05:00,\n"
    assert events(tmp_path, rows, network="kazakhstan") == [("zhambyl_gres_1", "generator_outage", 1.0, 2.0, 1.0)]


def test_a_run_holds_machines_to_what_was_available(tmp_path: Path) -> None:
    rows = "hydro,2026-01-12 02:00,2026-01-12 06:00,0\nthermal,2026-01-12 04:00,2026-01-12 05:00,0\n"
    (tmp_path / "list.csv").write_text(HEADER + rows)
    system, scenario = gridsim.read_scenario({**KEYS, "outages": str(tmp_path / "list.csv")})
    result = gridsim.run(system, scenario)
    machines = result.frame("shortfall")
    assert set(machines["time_h"]) == {4.0}
    # nothing runs from 04:00 to 05:00: the whole load of that hour is unserved, and no other
    demand_mwh = result.metric("demand_mwh").value
    _, whole = gridsim.read_scenario({**KEYS, "horizon": {"start": "2026-01-12 04:00", "hours": 1}})
    assert result.metric("LOLH") == pytest.approx(1.0)
    assert result.metric("EUE") == pytest.approx(gridsim.run(system, whole).metric("demand_mwh").value)
    assert demand_mwh > result.metric("EUE").value
    assert [event.id for event in scenario.events] == ["hydro_out_1", "thermal_out_1"]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    rows = (
        "G99,2026-01-12 00:00,2026-01-12 10:00,\n"
        "G1,tomorrow,2026-01-12 10:00,\n"
        "G1,2026-01-12 10:00,2026-01-12 10:00,\n"
        "l1_1_3,2026-01-12 01:00,2026-01-12 02:00,50\n"
        "G1,2026-01-12 01:00,2026-01-12 02:00,-5\n"
        "G2,2026-01-12 01:00,2026-01-12 25:00,\n"
    )
    with pytest.raises(InputError) as caught:
        events(tmp_path, rows)
    told = [(problem.row, problem.column) for problem in caught.value.problems]
    assert sorted(told) == [
        (2, "element"), (3, "begin"), (4, "end"), (5, "mw_available"), (6, "mw_available"), (7, "end"),
    ]  # fmt: skip
    assert all(problem.mend and problem.file.endswith("list.csv") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("header", "rows", "column"),
    [
        (HEADER, "", ""),
        ("element,begin,end,mw_available,table\n", "G1,,,,lines\n", "element"),
        ("element,begin,end,mw\n", "G1,,,\n", "mw"),
        ("begin,end\n", ",\n", "element"),
    ],
)
def test_files_that_are_no_list(tmp_path: Path, header: str, rows: str, column: str) -> None:
    with pytest.raises(InputError) as caught:
        events(tmp_path, rows, header)
    assert {problem.column for problem in caught.value.problems} == {column}


def test_the_command_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "day.yaml").write_text(
        "name: day\nnetwork: rbts\nhorizon: {start: 2026-01-12 00:00, hours: 24}\noutages: absent.csv\n"
    )
    with pytest.raises(InputError, match=r"outages: 'absent\.csv' does not exist; give a CSV beside the scenario file"):
        CliRunner().invoke(app, ["run", str(tmp_path / "day.yaml")], catch_exceptions=False)


def test_a_study_has_a_case_per_list(tmp_path: Path) -> None:
    for name, mw in (("mild", 30), ("hard", 10)):
        (tmp_path / f"{name}.csv").write_text(f"{HEADER}G2,2026-01-12 00:00,2026-01-12 10:00,{mw}\n")
    (tmp_path / "day.yaml").write_text(
        "name: day\nnetwork: rbts\nhorizon: {start: 2026-01-12 00:00, hours: 24}\noutages: mild.csv\n"
    )
    (tmp_path / "study.yaml").write_text(
        "name: lists\nscenarios: [day.yaml]\nreplicates: 1\nsweep: {outages: [mild.csv, hard.csv]}\n"
    )
    study = read_study(tmp_path / "study.yaml")
    assert [case.scenario.events[0].magnitude for case in study.cases] == pytest.approx([0.25, 0.75])
    assert [Path(file).name for case in study.cases for file in case.files] == ["mild.csv", "hard.csv"]
    assert [case.keys["outages"] for case in study.cases] == ["mild.csv", "hard.csv"]
