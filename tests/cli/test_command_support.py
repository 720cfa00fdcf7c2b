"""Commands of the tests: forked whatever imports put into the environment, fresh where Python must start anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import command

SCRIPT = """\
import os
import gridsim

scenario = {"network": "rbts", "horizon": {"start": "2026-01-14 17:00", "hours": 1}, "policy": {"ac": "off"}}
print("found", os.environ.get("OF_THE_TEST"), os.environ.get("OF_ANOTHER"), os.environ.get("COLUMNS"))


@gridsim.contingency
def nothing(sim):
    yield sim.hours(0.5)
"""


def test_a_command_has_the_environment_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    fresh = command.fresh_gridsim

    def fresh_gridsim(*arguments: str, cwd: Path | None = None) -> object:
        started.append(arguments)
        return fresh(*arguments, cwd=cwd)

    monkeypatch.setattr(command, "fresh_gridsim", fresh_gridsim)
    (tmp_path / "tells.py").write_text(SCRIPT)
    words = ("run", "tells.py")
    width = os.environ.get("COLUMNS")  # that of the tests, if they have one
    found = []
    for name, value in (("OF_THE_TEST", "one"), ("OF_ANOTHER", "two"), ("COLUMNS", "57")):
        monkeypatch.setenv(name, value)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as the pool of a study does
        done = command.gridsim(*words, cwd=tmp_path)
        found.append({line for line in done.stdout.splitlines() if line.startswith("found")})
        if name == "OF_ANOTHER":
            assert not started
            monkeypatch.delenv("OF_THE_TEST")
    assert found == [{f"found one None {width}"}, {f"found one two {width}"}, {"found None two 57"}]
    assert started == [words]
