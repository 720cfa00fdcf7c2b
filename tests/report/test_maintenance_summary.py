"""Planned repairs as `gridsim show` prints them, and the MW expected to be available."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from gridsim.model.system import GridSystem
from gridsim.report.maintenance_summary import evening, expected_available_mw, maintenance_summary
from gridsim.report.system_summary import system_lines, system_summary


def test_available_mw_by_hand(two_areas: Any) -> None:
    """Coal of 500 MW is up 9 hours in 10 and in repair for the first 1.5 weeks; gas of 200 MW never fails."""

    def edit(tables: dict[str, list[dict[str, Any]]]) -> None:
        tables["generators"][0] |= {"mttf_h": 90, "mttr_h": 10, "maintenance_weeks": 1.5}

    system = two_areas(edit)
    available = [expected_available_mw(system, dt.datetime(2026, 1, day, 18)).tolist() for day in (10, 11, 12)]
    assert available == [[0.0, 200.0], pytest.approx([225.0, 200.0]), pytest.approx([450.0, 200.0])]
    summary = maintenance_summary(system)
    assert summary["planned_mw"] == [round(500 * 10.5 / 31, 1), *[0.0] * 11]
    assert summary["planned_mw_by_zone"] == {"north": summary["planned_mw"], "south": [0.0] * 12}
    assert summary["overrun_mw"] == [0.0] * 12
    assert summary["expected_available_mw"] == pytest.approx([650.0] * 12)
    assert "repair MW" in "\n".join(system_lines(system_summary(system)))


def test_evenings_are_working_days(two_areas: Any) -> None:
    evenings = [evening(two_areas(), month) for month in range(1, 13)]
    assert all(time.weekday() < 5 and time.hour == 18 and 15 <= time.day <= 17 for time in evenings)


def test_a_network_without_repairs_has_no_table(two_areas: Any) -> None:
    summary = system_summary(two_areas())
    assert summary["planned_repairs"] == {} and "repair MW" not in "\n".join(system_lines(summary))


def test_kazakhstan_has_in_january_and_october_what_its_operator_says(kazakhstan: GridSystem) -> None:
    """Own available MW: 16.7 GW in the outlook for the winter, 14.6 GW on the evening of 28 October 2025.

    The outlook counts on little wind and sun, here they are at their mean: half a gigawatt more.
    """
    january, october = dt.datetime(2026, 1, 14, 18), dt.datetime(2025, 10, 28, 19)
    assert expected_available_mw(kazakhstan, january).sum() == pytest.approx(16_700 + 500, abs=400)
    assert expected_available_mw(kazakhstan, october).sum() == pytest.approx(14_600, abs=400)
