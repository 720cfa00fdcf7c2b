"""Script files: what is read of them, and what is said of wrong ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_script import read_script

GOOD = """\
'''Does the script run?

It waits.'''
import gridsim

scenario = {"network": "rts79", "horizon": {"start": "2026-01-14 00:00", "hours": 2}}

@gridsim.contingency
def waits(sim):
    yield sim.hours(1)
"""


def problem(tmp_path: Path, text: str, *, scenario: bool = False) -> Problem:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_scenario(path) if scenario else read_script(path)
    (found,) = caught.value.problems
    assert found.file == str(path)
    return found


def test_a_script_brings_its_scenario(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(GOOD)
    system, scenario = read_scenario(path)
    assert (system.name, scenario.name, scenario.question, scenario.shows) == (
        "rts79", "mine", "Does the script run?", "It waits.",
    )  # fmt: skip
    assert [script.name for script in scenario.scripts] == ["waits"]


def test_what_runs_is_the_text_as_it_stands(tmp_path, monkeypatch):
    """Saved again within a second with the same number of bytes; and nothing is written beside it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "mine.py"
    for doc in ("does it run?", "did it run ?"):
        path.write_text(GOOD.replace("Does the script run?", doc))
        os.utime(path, (1e9, 1e9))
        assert read_script(path).scripts[0].function.__globals__["__doc__"].startswith(doc)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.py"]


def test_a_scenario_file_beside_the_script(tmp_path):
    (tmp_path / "base.yaml").write_text("network: rts79\nhorizon: {start: 2026-01-14 00:00, hours: 3}\n")
    (tmp_path / "mine.py").write_text(GOOD.replace(GOOD.splitlines()[5], "scenario = 'base.yaml'"))
    assert read_scenario(tmp_path / "mine.py")[1].horizon.hours == 3


@pytest.mark.parametrize(
    ("old", "new", "row", "column"),
    [
        ("@gridsim.contingency", "# no decorator", 9, "waits"),
        ("    yield sim.hours(1)", "    sim.hours(1)", 8, "waits"),
        ("import gridsim\n", "import gridsim\nraise ValueError('x')\n", 5, ""),
        ("def waits(sim):", "def waits(sim:", 9, ""),
        (GOOD[GOOD.index("@") :], "", 0, ""),
    ],
)
def test_wrong_scripts_have_their_line(tmp_path, old, new, row, column):
    assert old in GOOD
    found = problem(tmp_path, GOOD.replace(old, new))
    assert (found.row, found.column) == (row, column)


@pytest.mark.parametrize("line", ["", "scenario = 3"])
def test_a_script_by_itself_needs_a_scenario(tmp_path, line):
    found = problem(tmp_path, GOOD.replace(GOOD.splitlines()[5], line), scenario=True)
    assert found.column == "scenario"


def test_keys_of_the_scenario_are_checked(tmp_path):
    found = problem(tmp_path, GOOD.replace('"hours": 2', '"hours": -2'), scenario=True)
    assert found.column == "horizon.hours"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError):
        read_script(tmp_path / "none.py")
