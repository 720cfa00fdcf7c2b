"""Known days: every scenario of events/history, run as documented, against the numbers published for the day.

What misses is listed with its reason in networks/kazakhstan/README.md; a check that starts to be met leaves both lists.
With a fraction below one a single day is played.
"""

from __future__ import annotations

import json

import pytest

from gridsim.io.bundled import event_files
from tests.support.command import gridsim
from tests.support.fraction import FRACTION
from tests.support.known_days import MISSED

NAMES = sorted(name for name, path in event_files().items() if path.parent.name == "history")
CHOSEN = NAMES if FRACTION >= 1 else ["known_2023_08_11"]


def test_no_day_is_forgotten() -> None:
    assert sorted(MISSED) == NAMES


@pytest.mark.parametrize("name", CHOSEN)
def test_known_day(name: str) -> None:
    done = gridsim("run", name, "--check", "--json")
    told = json.loads(done.stdout)
    missed = [check for check in told["checks"] if check["verdict"] == "missed"]
    assert tuple(f"{check['quantity']} {check['place']} {check['observed']:g}" for check in missed) == MISSED[name]
    assert done.returncode == (4 if missed else 0)
    assert all(check["simulated"] is not None for check in told["checks"] if check["stage"] == "hourly")
