"""Unserved energy by month and the worst weeks: by hand, against the table of events, and over job sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.reliability import (
    SequentialMonteCarlo,
    ShortfallByMonth,
    ShortfallEvents,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
)
from gridsim.results.shortfall_calendar import ShortfallCalendar

DAY_H = 24


def rows(*values: tuple[int, int, float]) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 3)


def test_months_and_their_errors_by_hand() -> None:
    """Three samples from 25 January, 14 days: January 2, 0, 4 MWh, February 1, 0, 0.

    Means 2 and 1/3; standard errors sqrt(sum of squares about the mean / (n - 1) / n) = sqrt(8 / 2 / 3) and
    sqrt((4/9 + 1/9 + 1/9) / 2 / 3) = 1/3.
    """
    calendar = ShortfallCalendar(pd.Timestamp("2001-01-25"), 14 * DAY_H)
    calendar.add(rows((0, 0, 2.0), (0, 8, 1.0), (2, 6, 4.0)), 3, 1)
    january, february = calendar.estimates()
    assert (january.name, january.scope, january.n) == ("EUE", "month:1", 3)
    assert (january.value, january.stderr) == (2.0, pytest.approx(np.sqrt(4.0 / 3.0)))
    assert (february.value, february.stderr) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_the_worst_seven_days_of_each_sample_worst_first() -> None:
    """Sample 0: days 2 to 8 hold 1 + 5 = 6, days 8 to 14 hold 5; sample 1: the last window starts on day 13."""
    calendar = ShortfallCalendar(pd.Timestamp("2001-07-01"), 20 * DAY_H)
    calendar.add(rows((0, 2, 1.0), (0, 8, 5.0), (1, 19, 7.0)), 2, 2)
    weeks = [(week.sample, week.start_day, str(week.start.date()), week.energy_mwh) for week in calendar.worst_weeks()]
    assert weeks == [(1, 13, "2001-07-14", 7.0), (0, 2, "2001-07-03", 6.0)]


def test_samples_that_share_their_weather_show_one_week() -> None:
    calendar = ShortfallCalendar(pd.Timestamp("2001-07-01"), 20 * DAY_H, n_weather_years=2)
    calendar.add(rows((0, 2, 1.0), (1, 2, 2.0), (2, 2, 3.0)), 3, 1)
    assert [week.sample for week in calendar.worst_weeks()] == [2, 1]


def test_a_year_from_july_drops_the_leap_day() -> None:
    calendar = ShortfallCalendar(pd.Timestamp("2023-07-01"), 8760)
    calendar.add(rows((0, 244, 1.0), (0, 364, 2.0)), 1, 1)
    found = {estimate.scope: estimate.value for estimate in calendar.estimates()}
    # day 243 is 1 March: 31 + 31 + 30 + 31 + 30 + 31 days to January, 31 and 28 after them
    assert (found["month:3"], found["month:6"], found["month:2"]) == (1.0, 2.0, 0.0)


def ten_machines() -> object:
    units = pd.DataFrame({"name": [f"g{k}" for k in range(10)], "p_max_mw": 10.0, "mttf_h": 300.0, "mttr_h": 60.0})
    return system_from_frames(units, np.tile(np.linspace(60, 85, DAY_H), 90), start="2001-01-01")


def test_months_add_up_to_the_whole_and_do_not_depend_on_jobs() -> None:
    system = ten_machines()
    found = []
    for workers, blocks in ((1, 1), (3, 2)):
        method = SequentialMonteCarlo(years=1500, seed=3, workers=workers, job_blocks=blocks)
        result = assess(system, method, ShortfallByMonth(), ShortfallEvents())
        months = [e for e in result.estimates if e.scope.startswith("month:")]
        assert [e.scope for e in months] == ["month:1", "month:2", "month:3"]
        assert sum(e.value for e in months) == pytest.approx(result["EUE"].value, rel=1e-12)
        found.append((months, result.worst_weeks))
    assert found[0] == found[1]
    # between the events wholly inside the worst week and those that touch it
    worst = found[0][1][0]
    events = result.shortfall_events.query(f"sample == {worst.sample}")
    first, last = 24 * worst.start_day, 24 * worst.start_day + 168
    end = events.start_h + events.duration_h
    inside = events.energy_mwh[(events.start_h >= first) & (end <= last)].sum()
    touching = events.energy_mwh[(events.start_h < last) & (end > first)].sum()
    assert inside - 1e-9 <= worst.energy_mwh <= touching + 1e-9


def test_snapshots_have_no_months() -> None:
    with pytest.raises(StudyError):
        assess(ten_machines(), SnapshotMonteCarlo(samples=64), ShortfallByMonth())
