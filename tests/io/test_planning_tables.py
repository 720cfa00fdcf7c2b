"""What is wrong with typical.csv, renewables_at_peak.csv and ``planning_day`` of network.yaml, and how to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.read_network import system_from_tables
from tests.support.cases import META, TWO_AREAS

OUT = {"month": 1, "zone": "north", "generator": "coal_1", "lost_mw": 100}
AT_PEAK = {"month": 1, "site": "ridge", "capacity_factor": 0.1, "share_of_normal": 0.3}
SITE = {"name": "ridge", "technology": "wind", "lat": 50, "lon": 70, "annual_cf": 0.3}


def problem_of(meta: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> Problem:
    with pytest.raises(InputError) as caught:
        system_from_tables({**META, **(meta or {})}, {**TWO_AREAS, **tables})
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("rows", "row", "column", "value", "mend"),
    [
        ([{**OUT, "generator": "coal_2"}], 2, "generator", "'coal_2' is not in generators", "coal_1"),
        ([{**OUT, "zone": "nort"}], 2, "zone", "'nort' is not in zones", "north"),
        ([{**OUT, "month": 13}], 2, "month", "13", ""),
        ([{**OUT, "lost_mw": 0}], 2, "lost_mw", "0", ""),
        ([{**OUT, "lost_mw": 501}], 2, "lost_mw", "501 MW out of 500 MW of 'coal_1'", "at most 500 MW"),
        ([OUT, OUT], 3, "generator", "1, north, coal_1 stands in row 2 too", "each once a month"),
        ([{**OUT, "zone": "south"}], 2, "generator", "'coal_1' is a machine of north", "zone and technology"),
        ([{**OUT, "technology": "steam"}], 2, "generator", "not of north, steam", "zone and technology"),
        (
            [{**OUT, "generator": "", "technology": "steam"}], 2, "technology",
            "no machine of technology 'steam' in north", "",
        ),
        ([{**OUT, "generator": "", "lost_mw": 600}], 2, "lost_mw", "600 MW out of 500 MW", "at most 500 MW"),
    ],
)  # fmt: skip
def test_rows_of_the_typical_fleet(rows, row, column, value, mend) -> None:
    problem = problem_of(typical=rows)
    assert (problem.row, problem.column) == (row, column)
    assert value in problem.value
    assert mend in problem.mend


@pytest.mark.parametrize(
    ("rows", "row", "column", "value"),
    [
        ([{**AT_PEAK, "site": "rige"}], 2, "site", "'rige' is not in renewable_sites"),
        ([AT_PEAK, AT_PEAK], 3, "site", "1, ridge stands in row 2 too"),
        ([{**AT_PEAK, "share_of_normal": -1}], 2, "share_of_normal", "-1"),
    ],
)
def test_rows_of_wind_and_sun_at_the_peak(rows, row, column, value) -> None:
    problem = problem_of(renewable_sites=[SITE], renewables_at_peak=rows)
    assert (problem.row, problem.column) == (row, column)
    assert value in problem.value


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        ({"load_forecast_error": 0.02}, "planning_day.expected_peak_mw"),
        ({"expected_peak_mw": -5}, "planning_day.expected_peak_mw"),
        ({"expected_peak_mw": 400, "load_forecast_error": 3}, "planning_day.load_forecast_error"),
        ({"expected_peak_mw": 400, "peak": 1}, "planning_day.peak"),
    ],
)
def test_keys_of_the_planning_day(keys, column) -> None:
    assert problem_of({"planning_day": keys}).column == column


def test_a_network_may_have_neither() -> None:
    system = system_from_tables(META, TWO_AREAS)
    assert not system.planning_day.is_stated
    assert len(system.typical) == len(system.renewables_at_peak) == 0
