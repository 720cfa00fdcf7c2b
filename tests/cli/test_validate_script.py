"""`gridsim validate` of scripts: read, never executed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app

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
