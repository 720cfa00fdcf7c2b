"""The types as a user's ``mypy --strict`` sees them: what is shown passes, what is wrong is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.imports import ROOT
from tests.support.snippets import shown_code

MISTAKES = """\
import gridsim

system, scenario = gridsim.read_scenario("winter_peak_day")
result = gridsim.run(system, "winter_peak_day")  # line 4: a name where a scenario is wanted
print(result.metrc)  # line 5
gridsim.red_network("rts79")  # line 6


@gridsim.contingency
def trip(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.hours("3")  # line 11
    sim.fial("l500_agadyr_yukgres_1")  # line 12


@gridsim.policy("shedding")  # line 15: that is the answer of a gas policy
def first(view: gridsim.View) -> list[str]:
    return ["household"]


@gridsim.policy("sheding")  # line 20
def second(view: gridsim.View) -> dict[str, int]:
    return {"household": 1}
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """Runs ``mypy --strict`` without any configuration on files of a folder; its complaints."""
    cache = tmp_path_factory.mktemp("cache")

    def check(folder: Path) -> list[str]:
        files = sorted(path.name for path in folder.glob("*.py"))
        options = ["--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary"]
        options += ["--disable-error-code=import-untyped"]  # pandapower, which users bring nets from, has no types
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *options, *files],
            cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not done.stderr, done.stderr
        return done.stdout.splitlines()

    return check


def test_what_users_are_shown_passes(strict, tmp_path):
    for name, code in shown_code().items():
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    assert strict(tmp_path) == []


def test_mistakes_are_found(strict, tmp_path):
    (tmp_path / "wrong.py").write_text(MISTAKES, encoding="utf-8")
    found = strict(tmp_path)
    lines = {int(line.split(":")[1]) for line in found if ": error:" in line}
    assert lines == {4, 5, 6, 11, 12, 15, 20}, "\n".join(found)
    assert 'maybe "metric" or "metrics"' in found[1]
