"""``--json`` is one object whatever a script prints and whatever goes wrong; ``--version`` is one line."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest

import gridsim as package
from gridsim.cli.app import run_command
from tests.support.command import gridsim

SCRIPT = """\
import os
import gridsim

scenario = {"network": "rbts", "horizon": {"start": "2026-01-14 17:00", "hours": 2}, "policy": {"ac": "off"}}
print("read")
os.system("echo from a process")


@gridsim.contingency
def talks(sim):
    print("played")
    yield sim.hours(1)
    sim.WHAT
"""


@pytest.mark.parametrize("more", [(), ("--replicates", "2", "--workers", "0"), ("--replicates", "2", "--workers", "2")])
def test_what_a_script_prints_goes_to_stderr(tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "talks.py").write_text(SCRIPT.replace("WHAT", "log('here')"))
    done = gridsim("run", "talks.py", "--json", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "complete"
    assert {"read", "from a process", "played"} <= set(done.stderr.splitlines())
    (tmp_path / "study.yaml").write_text("scenarios: [talks.py]\nreplicates: 1\n")
    if more:
        done = gridsim("study", "study.yaml", "--json", "--workers", more[-1], cwd=tmp_path)
        assert json.loads(done.stdout)["status"] == "complete" and "played" in done.stderr.splitlines()


def test_without_json_a_script_prints_on_stdout(tmp_path: Path) -> None:
    (tmp_path / "talks.py").write_text(SCRIPT.replace("WHAT", "log('here')"))
    assert {"read", "played"} <= set(gridsim("run", "talks.py", cwd=tmp_path).stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "kind", "told"),
    [
        (("run", "winter_peak_dya"), 2, "InputError", "winter_peak_day"),
        (("run", "talks.py"), 1, "ScriptError", "nowhere"),
        (("run", "winter_peak_day", "--bad"), 2, "InputError", "--bad"),
        (("weather", "rbts", "--years", "few"), 2, "InputError", "--years"),
        (("screen", "rbts", "--hour", "teatime"), 2, "InputError", "2026-01-14 18:00"),
        (("study", "study.yaml", "--out", "taken", "--resume"), 2, "InputError", "taken"),
        (("vaildate", "rbts"), 2, "UsageError", "vaildate"),
    ],
)
def test_an_error_is_one_object_and_its_text_stays(
    tmp_path: Path, words: tuple[str, ...], code: int, kind: str, told: str
) -> None:
    (tmp_path / "talks.py").write_text(SCRIPT.replace("WHAT", "fail('nowhere')"))
    (tmp_path / "study.yaml").write_text("scenarios: [winter_peak_day]\nreplicates: 1\n")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    done = gridsim(*words, "--json", cwd=tmp_path)
    assert done.returncode == code
    answer = json.loads(done.stdout)
    assert (answer["command"], answer["status"], answer["error"]["kind"]) == (words[0], "failed", kind)
    assert told in answer["error"]["message"] and told in done.stderr
    plain = gridsim(*words, cwd=tmp_path)
    assert plain.returncode == code and told in plain.stderr
    assert not [line for line in plain.stdout.splitlines() if line.startswith("{")]


def test_problems_are_objects(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("network: rbts\nhorizon: {start: 2026-01-14 17:00, hours: -2}\nevent: []\n")
    (tmp_path / "study.yaml").write_text("scenarios: [bad.yaml]\nreplicates: 1\n")
    for words in (("run", "bad.yaml"), ("validate", "bad.yaml"), ("study", "study.yaml")):
        done = gridsim(*words, "--json", cwd=tmp_path)
        problems = json.loads(done.stdout)["error"]["problems"]
        assert done.returncode == 2 and [problem["column"] for problem in problems] == ["horizon.hours", "event"]
        assert {"file", "row", "column", "value", "mend"} <= set(problems[0]) and problems[0]["row"] == 2


def test_an_error_of_gridsim_itself_is_an_object_before_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks() -> None:
        raise ZeroDivisionError("by no one's wish")

    with pytest.raises(ZeroDivisionError):
        run_command(["run", "x", "--json"], breaks)
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "ZeroDivisionError"


def test_json_after_the_end_of_options_is_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    def refuses() -> None:
        raise package.StudyError("no")

    assert run_command(["run", "--", "--json"], refuses) == 2
    assert capsys.readouterr() == ("", "no\n")


def test_an_interrupt_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "x", "--json"], lambda: 130) == 130
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "interrupted"


def test_version_is_one_line() -> None:
    done = gridsim("--version")
    (line,) = done.stdout.splitlines()
    assert done.returncode == 0 and line.startswith(f"gridsim {package.__version__}, Python 3.")
    assert f"numba {version('numba')}" in line and re.search(r"pandapower \d", line)
