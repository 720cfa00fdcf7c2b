"""Names that look like markup, and letters that the terminal does not have, come out as they are or as escapes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.io.bundled import bundled_folder

SCENARIO = 'name: "{name}"\nnetwork: net\nhorizon: {{start: "2026-01-12 00:00", hours: 2}}\npolicy: {{ac: "off"}}\n'
# With these, Python has an ASCII terminal, as under a C locale of old.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def network(folder: Path, zone: str) -> Path:
    """RBTS with another name of its zone."""
    net = Path(shutil.copytree(bundled_folder("networks") / "rbts", folder / "net"))
    meta = net / "network.yaml"
    meta.write_text(meta.read_text(encoding="utf-8").replace("zones: [system]", f"zones: ['{zone}']"), encoding="utf-8")
    buses = net / "buses.csv"
    buses.write_text(buses.read_text(encoding="utf-8").replace(",system,", f",{zone},"), encoding="utf-8")
    return net


@pytest.mark.parametrize("name", ["[/x]", "south [old]", "[/]", "[red]hot"])
def test_names_that_look_like_markup_are_printed_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    network(tmp_path, name)
    (tmp_path / "case.yaml").write_text(SCENARIO.format(name=name))
    runner = CliRunner()
    for command in (
        ["run", "case.yaml", "--out", "a"],
        ["run", "case.yaml", "--out", "b", "--replicates", "2", "--workers", "0"],
        ["adequacy", "net", "--years", "2", "--level", "zonal"],
        ["show", "net"],
        ["validate", "case.yaml"],
    ):
        result = runner.invoke(app, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        if command[0] == "run" and "--replicates" not in command:
            assert name in result.output


def test_a_terminal_without_a_letter_shows_its_number(tmp_path: Path) -> None:
    network(tmp_path, "Юг")
    (tmp_path / "case.yaml").write_text(SCENARIO.format(name="случай"), encoding="utf-8")
    environment = {**os.environ, **ASCII}
    for command in (["run", "case.yaml", "--out", "a"], ["show", "net"], ["validate", "нет"]):
        done = subprocess.run(
            [sys.executable, "-m", "gridsim", *command], cwd=tmp_path, env=environment, capture_output=True, timeout=120
        )
        assert done.returncode == (2 if command[0] == "validate" else 0), done.stderr
        assert b"Traceback" not in done.stderr
        assert done.stdout.isascii()
    assert b"no such" in done.stderr


@pytest.mark.parametrize("replicate", ["1099511627776", "2147483648"])
def test_a_replicate_that_no_table_can_count_is_refused(replicate: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gridsim", "run", "winter_peak_day", "--replicate", replicate],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert (
        done.stderr.splitlines()[-1]
        == f"--replicate: {replicate} is out of range; give a whole number, from 0 to 2^31 - 1"
    )
