"""`gridsim validate` of scripts: read, never executed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError

SCRIPT = """\
import gridsim
from pathlib import Path

Path("executed").touch()
scenario = SCENARIO


@DECORATOR
def mine(sim):
    yield sim.hours(1)
"""
PLAIN = '{"network": "rbts", "horizon": {"start": "2026-01-14 17:00", "hours": 2}}'


@pytest.mark.parametrize(
    ("scenario", "decorator", "told"),
    [
        (PLAIN, "gridsim.contingency", ""),
        (PLAIN, "gridsim.policy", ""),
        ("'winter_peak_day'", "gridsim.contingency", ""),
        (PLAIN.replace("hours", "huors"), "gridsim.contingency", "did you mean 'hours'?"),
        ("'winter_peak_dya'", "gridsim.contingency", "did you mean 'winter_peak_day'?"),
        ("dict(network='rbts')", "gridsim.contingency", "script.py:5: scenario: is computed"),
        (PLAIN, "print", "script.py:9: mine: is not a contingency"),
        ("(", "gridsim.contingency", "not Python"),
    ],
)
def test_a_script_is_checked_and_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str, decorator: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("script.py").write_text(SCRIPT.replace("SCENARIO", scenario).replace("DECORATOR", decorator))
    Path("study.yaml").write_text("scenarios: [script.py]\nreplicates: 2\n")
    for file, kind in (("script.py", "script"), ("study.yaml", "study")):
        done = CliRunner().invoke(app, ["validate", file])
        if told:
            assert done.exit_code and told in str(done.exception)
        else:
            assert done.exit_code == 0 and done.stdout.endswith(f"{file}: {kind}, no problems\n")
    assert not Path("executed").exists()


NAMES = """\
import gridsim

scenario = {"network": "rbts", "horizon": {"start": "2026-01-14 17:00", "hours": 2}}


@gridsim.contingency
def mine(play):
    name = "l1_1_3"
    play.fail("l1_1_3", "l1_1_33")
    play.derate("l2_2_44", 0.5)
    play.restore(name)
    yield play.until(lambda s: play.is_out("lines:l9"))
    other.fail("not ours")
    play.log("l1_1_33")


def helper(play):
    play.fail("of no contingency")
"""


def test_names_written_out_are_those_of_the_network(tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text(NAMES)
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "names.py")])
    assert isinstance(done.exception, InputError)
    assert [(p.row, p.column, p.value) for p in done.exception.problems] == [
        (9, "mine: fail", "no 'l1_1_33' among what can fail"),
        (10, "mine: derate", "no 'l2_2_44' among what can fail"),
        (12, "mine: is_out", "no 'lines:l9' among what can fail"),
    ]
    assert done.exception.problems[0].mend == "did you mean 'l1_1_3'?"


@pytest.mark.parametrize(("network", "told"), [("rbts", ""), ("rts79", "no 'l1_1_3' among what can fail")])
def test_a_script_without_a_scenario_is_checked_against_a_network(tmp_path: Path, network: str, told: str) -> None:
    text = "import gridsim\n\n\n@gridsim.policy\ndef mine(sim):\n    sim.fail('l1_1_3')\n    yield sim.hours(1)\n"
    (tmp_path / "joins.py").write_text(text)
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "joins.py"), "--network", network])
    assert told in str(done.exception) if told else "joins.py: script, no problems" in done.stdout


def test_a_network_makes_no_script_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("def mine(sim):\n    yield sim.hours(1)\n")
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "bare.py"), "--network", "rbts"])
    assert "mine: is not a contingency" in str(done.exception)
    done = CliRunner().invoke(app, ["validate", "winter_peak_day", "--network", "rbts"])
    assert str(done.exception).startswith("--network: only a script")
