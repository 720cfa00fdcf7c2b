"""Known days: every scenario of events/history, run as documented, against the numbers published for the day.

What misses is listed with its reason in networks/kazakhstan/README.md; a check that starts to be met leaves both lists.
With a fraction below one a single day is played.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from gridsim.engine.run import run
from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
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


def test_russia_carries_what_gres_1_lost() -> None:
    """28 June 2024: after a minute 70 to 95 % of the loss comes over the northern ties, and nobody is shed."""
    result = run(*read_scenario("known_2024_06_28"))
    log, swings = result.tables["automation_log"], result.tables["section_swings"]
    lost_mw = float(log["p_mw"][log["rule"] == "event"].sum())
    (change_mw,) = swings["change_mw"][swings["name"] == "russia_north"]
    assert 0.70 * lost_mw < change_mw < 0.95 * lost_mw
    assert set(log["rule"].tolist()) == {"event"}
    assert result.tables["frequency"]["lowest_hz"].min() >= 49.75


def test_the_north_swings_by_what_went_south() -> None:
    """25 January 2022: the transit opens within 3 s, and its flow goes to Russia within 250 MW."""
    swings = run(*read_scenario("known_2022_01_25")).tables["section_swings"]
    row = {name: number for number, name in enumerate(swings["name"].tolist())}
    assert swings["opened_s"][row["north_south"]] < 3.0
    change_mw = swings["change_mw"][row["russia_north"]]
    assert -change_mw == pytest.approx(swings["before_mw"][row["north_south"]], abs=250.0)


def test_mangystau_cuts_its_deficit() -> None:
    """3 July 2023: what the lost machine gave less what went out over the section, within 30 %."""
    result = run(*read_scenario("known_2023_07_03"))
    log, swings = result.tables["automation_log"], result.tables["section_swings"]
    lost_mw = float(log["p_mw"][log["rule"] == "event"].sum())
    (before_mw,) = swings["before_mw"][swings["name"] == "atyrau_mangystau"]
    frequency = result.tables["frequency"]
    (cut_mw,) = frequency["cut_mw"][frequency["name"] == "west"]
    assert cut_mw == pytest.approx(lost_mw + before_mw, rel=0.3)


def test_numbered_operations_of_the_page_are_those_of_today() -> None:
    script = Path(__file__).parents[2] / "docs" / "make_first_minutes.py"
    spec = importlib.util.spec_from_file_location("make_first_minutes", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(module.replay()), (
        "run python docs/make_first_minutes.py"
    )
