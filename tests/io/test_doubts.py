"""Profiles of machines are shares; what fails every hour or is mostly out is a warning of reading, validate and run."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.errors import InputError, StudyError
from gridsim.io.bundled import bundled_folder, network_names
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.model.checks import check_system
from gridsim.model.system import GridSystem
from tests.support.cases import META, TWO_AREAS


def shape(value: float, odd: float, name: str = "wind") -> list[dict[str, Any]]:
    rows = [{"profile": name, "month": m, "hour": h, "value": value} for m in range(1, 13) for h in range(24)]
    rows[30]["value"] = odd
    return rows


def tables(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(TWO_AREAS), **changes}


@pytest.mark.parametrize("odd", [1.0001, 1.06, 10])
def test_a_profile_of_a_machine_over_one_is_named_by_its_cell(odd: float) -> None:
    given = tables(profiles=shape(0.5, odd))
    given["generators"][0]["profile"] = "wind"
    machine = given["generators"][0]["name"]
    with pytest.raises(InputError) as caught:
        system_from_tables(META, given)
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == ("<profiles>", 32, "value")
    assert f"of 'wind', which machine '{machine}' follows" in problem.value
    assert "share of p_max_mw" in problem.mend


def test_an_hourly_profile_of_a_machine_over_one_is_named_by_its_cell() -> None:
    hourly = [{"profile": "wind", "hour": h, "value": 0.5} for h in range(8760)]
    hourly[77]["value"] = 18.0 / 10
    given = tables(profiles=shape(0.5, 0.6), hourly_profiles=hourly)
    given["generators"][0]["profile"] = "wind"
    with pytest.raises(InputError) as caught:
        system_from_tables(META, given)
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == ("<hourly_profiles>", 79, "value")


def test_a_profile_in_mw_is_out_of_range() -> None:
    given = tables(profiles=shape(50.0, 18.0))
    with pytest.raises(InputError, match=r"50\.0 is not <= 10"):
        system_from_tables(META, given)


def with_load_profile(odd: float) -> GridSystem:
    given = tables(profiles=shape(0.5, odd, "evening"))
    given["loads"][0]["profile"] = "evening"
    return system_from_tables(META, given)


def test_a_profile_of_loads_may_exceed_one() -> None:
    assert with_load_profile(1.06).profiles.value.max() == 1.06


def test_a_machine_that_follows_such_a_profile_in_memory_is_refused_by_both_engines() -> None:
    import dataclasses

    system = with_load_profile(1.06)
    profile = system.generators.profile.copy()
    profile[0] = 0
    odd = system.replace(generators=dataclasses.replace(system.generators, profile=profile))
    for door in (check_system, gridsim.system_from_grid):
        with pytest.raises(StudyError, match="'evening' has values over 1"):
            door(odd)


@pytest.mark.parametrize(
    ("mttf_h", "mttr_h", "column", "value"),
    [
        (0.5, 0.1, "mttf_h", "fails every 0.5 h"),
        (100, 101, "mttr_h", "is out 50% of the time"),
        (50, 1950, "mttr_h", "is out 98% of the time"),
    ],
)
def test_what_fails_too_often_or_is_out_too_long_is_a_warning(
    mttf_h: float, mttr_h: float, column: str, value: str
) -> None:
    given = tables()
    given["generators"][1] |= {"mttf_h": mttf_h, "mttr_h": mttr_h}
    (warning,) = [w for w in system_from_tables(META, given).warnings if w.column in ("mttf_h", "mttr_h")]
    assert (warning.file, warning.row, warning.column, warning.kind) == ("<generators>", 3, column, "warning")
    assert value in warning.value and warning.mend


def test_usual_outages_are_no_warning() -> None:
    given = tables()
    given["generators"][1] |= {"mttf_h": 100, "mttr_h": 100}
    assert not [w for w in system_from_tables(META, given).warnings if "mtt" in w.column]
    for name in network_names():
        assert not [w for w in read_network(name).warnings if "no effect" not in w.value]


def test_rows_are_counted() -> None:
    given = tables()
    for row in given["lines"]:
        row |= {"mttf_h": 1, "mttr_h": 10}
    (warning,) = [w for w in system_from_tables(META, given).warnings if w.column == "mttr_h"]
    assert warning.value.endswith(f"({len(given['lines'])} rows)")


def test_validate_and_run_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = Path(shutil.copytree(bundled_folder("networks") / "rbts", tmp_path / "net"))
    table = (net / "generators.csv").read_text().splitlines()
    header, first = table[0].split(","), table[1].split(",")
    first[header.index("mttr_h")] = "50000"
    rows = [f"{table[0]},commissioned", ",".join([*first, "1971"]), *(f"{row}," for row in table[2:])]
    (net / "generators.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "case.yaml").write_text(
        'network: net\nhorizon: {start: "2026-01-12 00:00", hours: 1}\npolicy: {ac: "off"}\n'
    )
    for command in (["validate", "net"], ["validate", "case.yaml"], ["run", "case.yaml", "--out", "a"]):
        result = CliRunner().invoke(app, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert "generators.csv:2: mttr_h: 'G1' is out 9" in result.output
    assert "no effect" in result.output  # counted apart
    assert "mttr_h," not in result.output


def test_a_limit_for_more_circuits_than_the_section_has_is_a_warning() -> None:
    given = tables()
    given["interface_limits"][0] |= {"lines_out": 3}
    (warning,) = [w for w in system_from_tables(META, given).warnings if w.column == "lines_out"]
    assert (warning.kind, warning.value) == ("warning", "3 of 2 members of 'north_south'")
