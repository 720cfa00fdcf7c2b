"""Droughts against brute force, return periods and storage need by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridsim.kernels.weather_maps import longest_below
from gridsim.weather.droughts import (
    at_return_period,
    find_droughts,
    moving_mean,
    return_period,
    sdf_table,
    storage_need_h,
)


def brute_longest(values: np.ndarray, threshold: float) -> int:
    n = len(values)
    return max(
        (j - i for i in range(n) for j in range(i + 1, n + 1) if (values[i:j] - threshold).sum() < -1e-9), default=0
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=30))
def test_longest_window_is_that_of_all_pairs(values: list[int]) -> None:
    # quarters are exact in binary, so that sums compare exactly
    series = np.array(values) / 4.0
    total = np.concatenate([[0.0], np.cumsum(series - 0.75)])
    i, j = longest_below(total, 0, len(series))
    assert j - i == brute_longest(series, 0.75)
    if j > i:
        assert series[i:j].mean() < 0.75


def test_droughts_are_found_longest_first_and_apart() -> None:
    ratio = np.ones(24 * 30)
    ratio[100:200] = 0.2
    ratio[400:440] = 0.1
    found = find_droughts(ratio, 0.5)
    assert [drought.start_h for drought in found] == sorted(d.start_h for d in found)
    assert found[0].duration_h > found[1].duration_h and all(d.mean < 0.5 for d in found)
    # 100 hours at 0.2 and x around them at 1: (20 + x) / (100 + x) < 0.5 up to x = 59
    assert found[0].duration_h == 159 and found[0].mean == pytest.approx(79 / 159)
    assert found[0].deficit_h == pytest.approx(80)
    ends = sorted((d.start_h, d.start_h + d.duration_h) for d in found)
    assert ends[0][1] <= ends[1][0]


def test_return_periods_by_hand() -> None:
    worst = np.arange(1.0, 10.0)  # nine years: the worst has return period 10, the middle one 2
    assert at_return_period(worst, 10) == pytest.approx(1.0)
    assert at_return_period(worst, 2) == pytest.approx(5.0)
    assert at_return_period(worst, 50) == 1.0 and return_period(worst, -3.0) == pytest.approx(10)
    for period in (1.3, 2, 4, 9):
        assert return_period(worst, at_return_period(worst, period)) == pytest.approx(period)


def test_sdf_deepens_with_return_period_and_eases_with_duration() -> None:
    years = np.random.default_rng(1).gamma(2.0, 0.5, (60, 8760))
    rows = sdf_table(years)
    for row in rows:
        values = [row[f"rp_{p}"] for p in (2, 5, 10, 20, 50)]
        assert values == sorted(values, reverse=True)
    assert [row["rp_10"] for row in rows] == sorted(row["rp_10"] for row in rows)


def test_storage_need_by_hand() -> None:
    # mean 1: five hours at 0 need five hours of mean output in store
    assert storage_need_h(np.array([2.0] * 5 + [0.0] * 5)) == pytest.approx(5)
    assert moving_mean(np.array([1.0, 2.0, 6.0]), 2).tolist() == [1.5, 4.0]
