"""Options of `gridsim run` that only one replicate, or only many, can take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError
from tests.support.study_cases import write_network, write_scenario


@pytest.fixture
def day(tmp_path: Path) -> Path:
    write_network(tmp_path / "net")
    return write_scenario(tmp_path, horizon={"start": "2026-01-14 00:00", "hours": 3})


@pytest.mark.parametrize(("more", "expected"), [((), 0), (("--replicate", "3"), 3)])
def test_the_manifest_names_the_replicate(day: Path, more: tuple[str, ...], expected: int) -> None:
    done = CliRunner().invoke(app, ["run", str(day), "--out", str(day.parent / "out"), *more])
    assert done.exit_code == 0, done.output
    manifest = json.loads((day.parent / "out" / "manifest.json").read_text())
    assert manifest["replicate"] == expected and manifest["seed"] == 0


def test_csv_of_many_replicates_is_refused_before_anything_runs(day: Path) -> None:
    command = ["run", str(day), "--out", str(day.parent / "out"), "--replicates", "2", "--csv"]
    error = CliRunner().invoke(app, command).exception
    assert isinstance(error, InputError) and "--csv writes the tables of one run" in str(error)
    assert not (day.parent / "out").exists()
    one = CliRunner().invoke(app, [*command, "--replicate", "1"])
    assert one.exit_code == 0 and (day.parent / "out" / "zones.csv").is_file()
