"""The self-check: it passes on right answers, and says so when one is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.report import self_check
from gridsim.report.self_check import Check, Figure
from tests.support.snapshots import assert_is_snapshot


@pytest.fixture
def few_years(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "YEARS", {"rts79": 4000, "rbts": 4000})


def copper() -> dict[str, Check]:
    return {found.name: found for found in self_check._copper() if isinstance(found, Check)}


def test_exact_reliability_values_are_met(few_years: None) -> None:
    checks = copper()
    assert set(checks) == {
        "rts79 LOLH, h/a", "rts79 EUE, MWh/a", "rts79 LOLH by snapshots, h/a", "rbts LOLH, h/a", "rbts EUE, MWh/a"
    }  # fmt: skip
    assert all(check.passed for check in checks.values())


def test_a_sampler_with_overlapping_streams_would_be_caught(few_years: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that overlap were once seen to give 12.9 h instead of 9.39: the same distance, from the other side."""
    monkeypatch.setitem(self_check.EXACT, "rts79", (12.9, 1176.3))
    checks = copper()
    assert not checks["rts79 LOLH, h/a"].passed
    assert checks["rts79 EUE, MWh/a"].passed


def test_dispatch_agrees_with_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state; what each takes is measured once, not as often as a figure wants."""
    measured = self_check.measured
    monkeypatch.setattr(self_check, "measured", lambda name, unit, measure, *_: measured(name, unit, measure, 1))
    found = list(self_check._dispatch())
    assert [item for item in found if isinstance(item, Check) and not item.passed] == []
    assert sum(isinstance(item, Figure) for item in found) == 4


def test_no_number_is_a_failure() -> None:
    assert not Check("x", float("nan"), 1.0, float("nan"), 4.0, "standard errors").passed
    assert Check("x", 1.0, 1.0, -4.0, 4.0, "standard errors").passed
    assert not Check("x", 1.0, 1.0, -4.1, 4.0, "standard errors").passed


@pytest.mark.parametrize(("passed", "code", "status"), [(True, 0, "ok"), (False, 1, "failed")])
def test_exit_code_and_json_say_whether_all_passed(
    monkeypatch: pytest.MonkeyPatch, passed: bool, code: int, status: str
) -> None:
    check = {"name": "a", "found": 1.0, "expected": 1.0, "deviation": 0.0, "limit": 1.0, "unit": "MW", "passed": passed}
    found: dict[str, Any] = {
        "machine": {"cpu": "c", "cores": 2, "system": "Linux", "python": "3.11.7", "load_average": 0.1},
        "versions": {"gridsim": "0"},
        "checks": [check],
        "figures": [{"name": "f", "value": 2.0, "unit": "s"}],
        "passed": passed,
        "wall_s": 1.0,
    }
    monkeypatch.setattr(self_check, "self_check", lambda progress: found)
    done = CliRunner().invoke(app, ["bench", "--json"])
    assert done.exit_code == code
    assert json.loads(done.stdout)["status"] == status
    text = CliRunner().invoke(app, ["bench"])
    assert text.exit_code == code
    assert ("FAIL a: 1, expected 1" in text.stdout) is not passed
    assert f"1 checks, {int(not passed)} failed" in text.stdout


def test_its_screen_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = "kazakhstan dispatch against HiGHS, cost of the worst of 40 states"
    checks = [
        Check("rts79 LOLH, h/a", 9.3712, 9.394175489, -0.57, 4.0, "standard errors"),
        Check(costs, 118604.0123, 118604.0122, 6.4e-10, 1e-7, "relative"),
        Check("rbts EUE, MWh/a", 19.21, 9.861350704, 31.0, 4.0, "standard errors"),
    ]
    found = {
        "machine": {"cpu": "AMD EPYC", "cores": 2, "system": "Linux", "python": "3.11.7", "load_average": 0.3},
        "versions": {"gridsim": "0.2.0", "pandapower": "3.5.6", "lightsim2grid": "1.2.0", "simpy": "4.1.2",
                     "numba": "0.68.1", "numpy": "2.4.6"},
        "checks": [{**vars(check), "passed": check.passed} for check in checks],
        "figures": [{"name": "RTS-79 sequential years, copper plate, one thread", "value": 68512.0, "unit": "years/s"},
                    {"name": "kazakhstan AC power flow, hour after hour", "value": 3.4512, "unit": "ms"}],
        "passed": False,
        "wall_s": 61.2,
    }  # fmt: skip
    monkeypatch.setattr(self_check, "self_check", lambda progress: found)
    monkeypatch.setenv("COLUMNS", "80")
    assert_is_snapshot("bench", CliRunner().invoke(app, ["bench"]).stdout)


def test_a_schema_is_the_same_json_at_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    screens = []
    for columns in ("40", "80"):
        monkeypatch.setenv("COLUMNS", columns)
        screens.append(CliRunner().invoke(app, ["schema", "study"]).stdout)
    assert screens[0] == screens[1] and json.loads(screens[0])["title"] == "StudyKeys"
    assert_is_snapshot("schema_study", screens[1])
