"""Scripts and templates on the command line."""

from __future__ import annotations

import json

import pytest

from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
from tests.support.command import gridsim
from tests.support.own_network import own_network

SHORT = "network: kazakhstan\nhorizon: {start: 2026-01-14 17:00, hours: 2}\npolicy: {ac: off}\n"
SCRIPT = """\
import gridsim

@gridsim.contingency
def mine(sim):
    yield sim.hours(1)
    sim.{what}
"""


@pytest.mark.parametrize("what", ["event", "script"])
def test_a_template_runs_as_it_is(tmp_path, what):
    assert gridsim("new", what, "mine", cwd=tmp_path).returncode == 0
    (file,) = tmp_path.iterdir()
    done = gridsim("run", file.name, "--out", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "complete"
    again = gridsim("new", what, "mine", cwd=tmp_path)
    assert again.returncode == 2 and "exists" in again.stderr


def test_a_script_joins_a_scenario_and_is_named_in_the_run_folder(tmp_path):
    (tmp_path / "short.yaml").write_text(SHORT)
    (tmp_path / "mine.py").write_text(SCRIPT.format(what='log("here")'))
    done = gridsim("run", "short.yaml", "--script", "mine.py", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mine.py" in (tmp_path / "out" / "scenario.yaml").read_text()


def test_an_error_in_a_script_is_a_failed_run_and_leaves_nothing(tmp_path):
    (tmp_path / "short.yaml").write_text(SHORT)
    (tmp_path / "mine.py").write_text(SCRIPT.format(what='fail("nowhere")'))
    done = gridsim("run", "short.yaml", "--script", "mine.py", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1 and "mine.py:6: mine: no 'nowhere'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_script_without_the_decorator_is_bad_input(tmp_path):
    (tmp_path / "mine.py").write_text("def mine(sim):\n    yield sim.hours(1)\n")
    done = gridsim("run", "mine.py", cwd=tmp_path)
    assert done.returncode == 2 and "mine.py:1: mine: is not a contingency" in done.stderr


def test_every_event_says_what_it_asks_and_shows():
    files = event_files()
    assert len([path for path in files.values() if path.suffix == ".yaml"]) >= 15
    assert len([path for path in files.values() if path.suffix == ".py"]) == 5
    assert {path.parent.name for path in files.values()} == {
        "gas",
        "fuel",
        "water",
        "weather",
        "storms",
        "grid",
        "nuclear",
        "compound",
        "history",
        "scripted",
    }


@pytest.mark.parametrize("name", sorted(event_files()))
def test_every_event_reads(name):
    _, scenario = read_scenario(name, own_network(name))
    assert scenario.question.endswith("?") and (scenario.shows or scenario.checks)


def test_new_never_writes_over_a_file_or_through_a_link(tmp_path):
    (tmp_path / "link.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (tmp_path / "file").write_text("mine")
    for name, what in (("link", "exists"), ("x" * 300, "not writable"), ("file/event", "not writable")):
        done = gridsim("new", "event", name, cwd=tmp_path)
        assert done.returncode == 2 and what in done.stderr and "choose another name" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link.yaml"]
