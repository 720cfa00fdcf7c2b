"""Unserved energy by month, the worst weeks, and means by weather year: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridsim.kernels import shortfall
from gridsim.results.calendar import times_of
from gridsim.results.shortfall_calendar import ShortfallCalendar, WeatherClusters

DAY_H = 24
Z_95 = 1.959964


def rows(*values: tuple[int, int, float]) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 3)


def test_months_and_their_errors_by_hand() -> None:
    """Three samples from 25 January, 14 days: January 2, 0, 4 MWh, February 1, 0, 0.

    Means 2 and 1/3; standard errors sqrt(sum of squares about the mean / (n - 1) / n) = sqrt(8 / 2 / 3) and
    sqrt((4/9 + 1/9 + 1/9) / 2 / 3) = 1/3.
    """
    calendar = ShortfallCalendar(times_of(pd.Timestamp("2001-01-25"), 14 * DAY_H))
    calendar.add(rows((0, 0, 2.0), (0, 8, 1.0), (2, 6, 4.0)), 3, 1)
    january, february = calendar.estimates()
    assert (january.name, january.scope, january.n) == ("EUE", "month:1", 3)
    assert (january.value, january.stderr) == (2.0, pytest.approx(np.sqrt(4.0 / 3.0)))
    assert (february.value, february.stderr) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    # 2 -+ 1.96 * 1.155 and 1/3 -+ 1.96 / 3; energy is never below zero.
    assert (january.ci_low, january.ci_high) == (0.0, pytest.approx(2 + Z_95 * np.sqrt(4 / 3), rel=1e-6))
    assert (february.ci_low, february.ci_high) == (0.0, pytest.approx(1 / 3 + Z_95 / 3, rel=1e-6))


def test_a_month_far_from_zero_has_an_interval_on_both_sides() -> None:
    """10, 12 and 14 MWh in July: mean 12, error sqrt(8 / 2 / 3) = 1.155, 12 -+ 2.263."""
    calendar = ShortfallCalendar(times_of(pd.Timestamp("2001-07-01"), 20 * DAY_H))
    calendar.add(rows((0, 1, 10.0), (1, 1, 12.0), (2, 1, 14.0)), 3, 1)
    (july,) = calendar.estimates()
    half_width = Z_95 * np.sqrt(4 / 3)
    assert (july.value, july.ci_low, july.ci_high) == pytest.approx((12, 12 - half_width, 12 + half_width), rel=1e-6)


def test_a_month_without_shortfall_or_of_one_sample_states_no_error() -> None:
    calendar = ShortfallCalendar(times_of(pd.Timestamp("2001-01-25"), 14 * DAY_H))
    calendar.add(rows((0, 0, 2.0)), 1, 1)
    assert [(e.value, e.stderr, e.ci_low, e.ci_high) for e in calendar.estimates()] == [
        (2.0, None, None, None),
        (0.0, None, None, None),
    ]
    calendar.add(rows((1, 0, 4.0)), 1, 1)
    january, february = calendar.estimates()
    # 2 and 4: mean 3, error sqrt(2 / 1 / 2) = 1.
    assert (january.value, january.stderr) == pytest.approx((3, 1))
    assert (february.value, february.stderr, february.ci_high, february.n) == (0.0, None, None, 2)


def test_the_worst_seven_days_of_each_sample_worst_first() -> None:
    """Sample 0: days 2 to 8 hold 1 + 5 = 6, days 8 to 14 hold 5; sample 1: the last window starts on day 13."""
    calendar = ShortfallCalendar(times_of(pd.Timestamp("2001-07-01"), 20 * DAY_H))
    calendar.add(rows((0, 2, 1.0), (0, 8, 5.0), (1, 19, 7.0)), 2, 2)
    weeks = [(week.sample, week.start_day, str(week.start.date()), week.energy_mwh) for week in calendar.worst_weeks()]
    assert weeks == [(1, 13, "2001-07-14", 7.0), (0, 2, "2001-07-03", 6.0)]


def test_samples_that_share_their_weather_show_one_week() -> None:
    calendar = ShortfallCalendar(times_of(pd.Timestamp("2001-07-01"), 20 * DAY_H), n_weather_years=2)
    calendar.add(rows((0, 2, 1.0), (1, 2, 2.0), (2, 2, 3.0)), 3, 1)
    assert [week.sample for week in calendar.worst_weeks()] == [2, 1]


def test_a_year_of_8760_hours_drops_the_leap_day_and_another_horizon_keeps_it() -> None:
    """From 1 July 2023 days 0 to 183 are the old year's (31 + 31 + 30 + 31 + 30 + 31), 184 to 214 January's.

    29 February would be day 215 + 28 = 243: of 8,760 hours it is 1 March, of 8,784 it is itself.
    """
    for n_hours, months in ((8760, (0.0, 1.0)), (8784, (1.0, 0.0))):
        calendar = ShortfallCalendar(times_of(pd.Timestamp("2023-07-01"), n_hours))
        calendar.add(rows((0, 243, 1.0), (0, 364, 2.0)), 1, 1)
        found = {estimate.scope: estimate.value for estimate in calendar.estimates()}
        assert (found["month:2"], found["month:3"]) == months
        # The last day but one of 366 is 29 June, the last of 365 is 30 June.
        assert found["month:6"] == 2.0 and len(found) == 12


def totals(*hours_and_energy: tuple[float, float]) -> np.ndarray:
    """(n_samples, 1, 5) totals of these hours and MWh."""
    total = np.zeros((len(hours_and_energy), 1, shortfall.N_TOTALS))
    total[:, 0, [shortfall.HOURS, shortfall.ENERGY]] = hours_and_energy
    return total


def test_means_by_weather_year_and_their_spread() -> None:
    """Six samples of three years in turn: LOLH 10 and 12, 20 and 24, 30 and 36: means 11, 22, 33 of the years.

    Mean 22, deviation sqrt((121 + 0 + 121) / 2) = 11, error 11 / sqrt(3) = 6.351, 22 -+ 12.447. EUE is ten times that.
    Blocks of four and two samples: the fifth goes on with the second year.
    """
    samples = [(hours, 10 * hours) for hours in (10.0, 20.0, 30.0, 12.0, 24.0, 36.0)]
    clusters = WeatherClusters(3)
    clusters.add(totals(*samples[:4]))
    clusters.add(totals(*samples[4:]))
    lolh, eue = clusters.estimates()
    assert (lolh.name, lolh.scope, lolh.unit, lolh.n) == ("LOLH", "system", "h", 3)
    assert (eue.name, eue.scope, eue.unit, eue.n) == ("EUE", "system", "MWh", 3)
    stderr = 11 / np.sqrt(3)
    for found, factor in ((lolh, 1), (eue, 10)):
        assert (found.value, found.stderr) == pytest.approx((22 * factor, stderr * factor))
        bounds = (22 - Z_95 * stderr) * factor, (22 + Z_95 * stderr) * factor
        assert (found.ci_low, found.ci_high) == pytest.approx(bounds, rel=1e-6)


def test_one_weather_year_or_no_shortfall_has_no_spread() -> None:
    """Of three years only the first was sampled; then two of them without shortfall."""
    one, none = WeatherClusters(3), WeatherClusters(3)
    one.add(totals((10.0, 100.0)))
    none.add(totals((0.0, 0.0), (0.0, 0.0)))
    for clusters, value, n in ((one, 10.0, 1), (none, 0.0, 2)):
        lolh, _ = clusters.estimates()
        assert (lolh.value, lolh.stderr, lolh.ci_low, lolh.ci_high, lolh.n) == (value, None, None, None, n)


def test_a_spread_of_weather_years_wider_than_its_mean_ends_at_zero() -> None:
    """0 and 10: mean 5, error sqrt(50) / sqrt(2) = 5, 5 - 9.8 is less than none."""
    clusters = WeatherClusters(2)
    clusters.add(totals((0.0, 0.0), (10.0, 1.0)))
    lolh, _ = clusters.estimates()
    assert (lolh.value, lolh.stderr) == pytest.approx((5, 5))
    assert (lolh.ci_low, lolh.ci_high) == (0.0, pytest.approx(5 + Z_95 * 5, rel=1e-6))
