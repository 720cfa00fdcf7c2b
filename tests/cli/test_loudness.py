"""``--quiet`` and ``--verbose`` of every command, and what is told of compiling kernels."""

from __future__ import annotations

import inspect
import json
import logging
from pathlib import Path

import pytest

from gridsim.cli import app
from gridsim.kernels import compiling as told
from tests.support.command import gridsim

SCRIPT = """\
import gridsim

scenario = {"network": "rbts", "horizon": {"start": "2026-01-14 17:00", "hours": 2}, "policy": {"ac": "off"}}


@gridsim.contingency
def talks(sim):
    yield sim.hours(1)
    sim.log("one line of it")
"""


def test_every_command_is_quiet_and_verbose() -> None:
    assert len(app.registered_commands) >= 14
    for command in app.registered_commands:
        assert command.callback is not None
        assert {"quiet", "verbose"} <= set(inspect.signature(command.callback).parameters), command.name


def test_a_script_s_lines_are_shown_if_wanted_and_warnings_unless_not(tmp_path: Path) -> None:
    (tmp_path / "talks.py").write_text(SCRIPT.replace("rbts", "kazakhstan"))
    errors = {
        option: gridsim("run", "talks.py", *option.split(), cwd=tmp_path).stderr for option in ("", "-q", "--verbose")
    }
    assert "no effect in this run" in errors[""] and "one line of it" not in errors[""]
    assert errors["-q"] == ""
    assert "+1.00 h talks: one line of it" in errors["--verbose"].splitlines()
    assert "no effect in this run" in errors["--verbose"]


def test_lines_of_a_study_s_scripts_come_in_order_with_any_workers(tmp_path: Path) -> None:
    (tmp_path / "talks.py").write_text(SCRIPT.replace('"one line of it"', 'f"draw {sim.random.uniform():.6f}"'))
    told = {}
    for workers in ("0", "1", "2"):
        words = ("run", "talks.py", "--replicates", "5", "--out", f"of_{workers}", "--workers", workers)
        lines = gridsim(*words, "--verbose", cwd=tmp_path).stderr.splitlines()
        told[workers] = [line for line in lines if line.startswith("+1.00 h talks: draw ")]
        assert "draw" not in gridsim(*words, "--force", cwd=tmp_path).stderr
    assert len(set(told["0"])) == 5 and told["1"] == told["0"] and told["2"] == told["0"]


def test_quiet_tells_results_and_errors(tmp_path: Path) -> None:
    done = gridsim("adequacy", "rbts", "--years", "16", "--quiet", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["years"] == 16 and done.stderr == ""
    wrong = gridsim("run", "nothing_of_this_name", "--quiet", cwd=tmp_path)
    assert wrong.returncode == 2 and "nothing_of_this_name" in wrong.stderr
    both = gridsim("run", "talks.py", "--quiet", "--verbose", cwd=tmp_path)
    assert both.returncode == 2 and "--quiet" in both.stderr and "--verbose" in both.stderr


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_compiling_is_told_once_then_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, kept = [0.0], Lines()
    monkeypatch.setattr(told.time, "monotonic", lambda: clock[0])
    logger = logging.getLogger("gridsim.kernels")
    monkeypatch.setattr(logger, "handlers", [kept])
    monkeypatch.setattr(logger, "propagate", False)
    before = logger.level
    logger.setLevel(logging.INFO)
    progress = told.Compiling()
    for clock[0] in (0.0, 4.0, 9.0, 11.0, 12.0, 25.0):
        progress.begins()
        progress.compiled()
    logger.setLevel(before)
    assert kept.lines == [
        "compiling kernels once, about a minute (kept for later runs)",
        "compiling kernels: 4 done in 11 s",
        "compiling kernels: 6 done in 25 s",
    ]


def test_an_empty_cache_is_seen_without_numba(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert told.cache_is_empty()
    (tmp_path / "kernels_1").mkdir()
    (tmp_path / "kernels_1" / "x.f-1.py311.nbi").touch()
    assert not told.cache_is_empty()
