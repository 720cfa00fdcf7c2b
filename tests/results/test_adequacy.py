"""Metrics from totals: definitions, errors, and independence of how samples arrive."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gridsim.kernels import shortfall
from gridsim.results.adequacy import (
    ShortfallAccumulator,
    proportion_interval,
    quantile,
    quantile_with_interval,
    tail_mean,
)
from gridsim.results.metrics import Estimate, to_frame
from gridsim.results.specs.shortfall_profile import HoursByCell

NO_EVENTS = np.empty((0, 6))


def accumulated(energy: np.ndarray, block_size: int = 256, hours: np.ndarray | None = None) -> ShortfallAccumulator:
    total = np.zeros((len(energy), 1, shortfall.N_TOTALS))
    total[:, 0, shortfall.ENERGY] = energy
    total[:, 0, shortfall.HOURS] = (energy > 0) if hours is None else hours
    total[:, 0, shortfall.EVENTS] = energy > 0
    short = np.flatnonzero(energy > 0)
    event = np.column_stack([short, 0 * short, 0 * short, total[short, 0, 0], energy[short], energy[short]])
    accumulator = ShortfallAccumulator(("system",), np.array([1000.0]), 100)
    accumulator.add(total, event.astype(np.float64), block_size)
    return accumulator


def named(accumulator: ShortfallAccumulator) -> dict[str, Estimate]:
    return {estimate.name: estimate for estimate in accumulator.estimates()}


def test_cvar_of_a_two_point_distribution() -> None:
    """UE = 1000 MWh in 2 % of years, else 0: VaR_95 = 0, CVaR_95 = 0.02 * 1000 / 0.05 = 400, CVaR_99 = 1000."""
    energy = np.zeros(1000)
    energy[:20] = 1000.0
    value, count = np.array([0.0, 1000.0]), np.array([980, 20])
    assert tail_mean(value, count, 0.95)[0] == pytest.approx(400.0, rel=1e-12)
    accumulator = accumulated(energy)
    points, counts = accumulator.energy.points(0, accumulator.n)
    assert points.tolist() == [0.0, 1000.0]
    assert counts.tolist() == [980, 20]
    assert quantile(points, counts, math.ceil(0.95 * 1000)) == 0.0
    assert tail_mean(points, counts, 0.99)[0] == pytest.approx(1000.0, rel=1e-12)
    # error of CVaR_95: sd of max(x - 0, 0) over (1 - a) sqrt(n)
    expected = math.sqrt(0.02 * 0.98) * 1000.0 / 0.05 / math.sqrt(999)
    assert tail_mean(points, counts, 0.95)[1] == pytest.approx(expected, rel=1e-12)


def test_a_quantile_is_the_least_value_with_its_rank_at_or_below_it() -> None:
    """3 zeros, 2 fives, 1 nine: ranks 1 to 3, 4 and 5, 6."""
    value, count = np.array([0.0, 5.0, 9.0]), np.array([3, 2, 1])
    assert [quantile(value, count, rank) for rank in range(1, 7)] == [0.0, 0.0, 0.0, 5.0, 5.0, 9.0]
    # A rank of none is the first, one beyond the last value the last.
    assert (quantile(value, count, 0), quantile(value, count, 7)) == (0.0, 9.0)


def test_a_rank_that_rounding_puts_above_a_whole_number_is_that_number() -> None:
    """100 * 0.07 = 7.000000000000001: of 1 to 100 the 7th value; a rank of 7.5 needs the 8th."""
    value, count = np.arange(1.0, 101.0), np.ones(100, dtype=np.int64)
    assert 100 * 0.07 > 7
    assert quantile(value, count, 100 * 0.07) == 7.0
    assert quantile(value, count, 7.5) == 8.0


def test_the_interval_of_a_quantile_is_that_of_its_rank() -> None:
    """1 to 400: the 380th of 95 %; half width 1.96 * sqrt(400 * 0.95 * 0.05) = 8.54: the 371st to the 389th."""
    value, count = np.arange(1.0, 401.0), np.ones(400, dtype=np.int64)
    assert quantile_with_interval(value, count, 0.95) == (380.0, 371.0, 389.0)
    # Of 20: half width 1.91 about 19, cut off at the last.
    assert quantile_with_interval(value[:20], count[:20], 0.95) == (19.0, 17.0, 20.0)


def test_var_of_samples_lies_within_its_interval_and_its_error_is_of_the_same_width() -> None:
    """20 years of 1 to 20 MWh, a spread of values beyond the histogram's bins: VaR_95 19 in 17 to 20."""
    found = named(accumulated(np.arange(1.0, 21.0)))["VaR_95"]
    assert (found.value, found.ci_low, found.ci_high) == (19.0, 17.0, 20.0)
    assert found.stderr == pytest.approx((20 - 17) / (2 * 1.959964), rel=1e-6)


def test_the_interval_of_a_proportion_by_hand() -> None:
    """5 of 10 by Wilson: centre 1/2, half width z sqrt(1/40 + z^2/400) / (1 + z^2/10) = 0.2634, z = 1.96."""
    assert proportion_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert proportion_interval(0, 10) == pytest.approx((0.0, 1 - 0.05**0.1))
    # 10 of 10: from 1 / (1 + z^2/10) to 1.
    assert proportion_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_tails_of_a_continuous_distribution_stay_within_the_bins() -> None:
    energy = stats.expon.ppf((np.arange(20_000) + 0.5) / 20_000) * 50.0
    accumulator = accumulated(energy)
    points, counts = accumulator.energy.points(0, accumulator.n)
    exact = np.sort(energy)[int(0.95 * 20_000) - 1]
    assert quantile(points, counts, math.ceil(0.95 * 20_000)) == pytest.approx(exact, rel=0.01)
    beyond = exact + np.maximum(energy - exact, 0).mean() / 0.05
    assert tail_mean(points, counts, 0.95)[0] == pytest.approx(beyond, rel=1e-4)


def test_means_and_errors_are_those_of_the_sample() -> None:
    rng = np.random.default_rng(1)
    energy = np.where(rng.random(1000) < 0.3, rng.exponential(40.0, 1000), 0.0)
    hours = np.where(energy > 0, rng.integers(1, 9, 1000), 0).astype(float)
    numbers = named(accumulated(energy, hours=hours))
    for name, values, factor in (
        ("EUE", energy, 1.0),
        ("LOLH", hours, 1.0),
        ("NEUE", energy, 1e6 / 1000.0),
        ("EPNS", energy, 1 / 100),
        ("LOLP", hours, 1 / 100),
    ):
        assert numbers[name].value == pytest.approx(values.mean() * factor, rel=1e-12)
        stderr = values.std(ddof=1) / math.sqrt(1000) * factor
        assert numbers[name].stderr == pytest.approx(stderr, rel=1e-10)
        assert numbers[name].ci_high == pytest.approx(values.mean() * factor + 1.959964 * stderr, rel=1e-6)
        assert numbers[name].n == 1000


def test_ratio_of_hours_to_events_by_the_delta_method() -> None:
    """Mean event duration against the bootstrap's standard error."""
    rng = np.random.default_rng(2)
    events = rng.poisson(1.5, 2000).astype(float)
    hours = events * 3 + rng.poisson(events)
    total = np.zeros((2000, 1, 5))
    total[:, 0, shortfall.HOURS], total[:, 0, shortfall.EVENTS] = hours, events
    accumulator = ShortfallAccumulator(("system",), np.array([1.0]), 100)
    accumulator.add(total, NO_EVENTS, 256)
    ratio = accumulator._ratio(0, "event_duration_h_mean", shortfall.HOURS, shortfall.EVENTS, "h")
    assert ratio.value == pytest.approx(hours.sum() / events.sum())
    picks = rng.integers(0, 2000, (2000, 2000))
    bootstrap = (hours[picks].sum(axis=1) / events[picks].sum(axis=1)).std()
    assert ratio.stderr == pytest.approx(bootstrap, rel=0.1)


def test_no_shortfall_is_never_zero_plus_minus_zero() -> None:
    numbers = named(accumulated(np.zeros(500)))
    for name in ("LOLH", "EUE", "NEUE", "LOLEv"):
        estimate = numbers[name]
        assert (estimate.value, estimate.stderr, estimate.ci_low, estimate.ci_high) == (0.0, None, None, None)
    seen = numbers["P_any_shortfall"]
    assert (seen.value, seen.stderr) == (0.0, None)
    assert seen.ci_high == pytest.approx(1 - 0.05 ** (1 / 500))
    assert not any(name.startswith(("VaR", "CVaR", "event")) for name in numbers)


def test_one_sample_has_no_error() -> None:
    numbers = named(accumulated(np.array([7.0])))
    assert numbers["EUE"].value == 7.0
    assert numbers["EUE"].stderr is None
    assert numbers["CVaR_95"].stderr is None


def test_proportion_interval_covers_as_it_says() -> None:
    """Exact coverage of the Wilson interval over n = 200, p = 0.05..0.5: mean within 94-96.5 %."""
    n = 200
    successes = np.arange(n + 1)
    intervals = np.array([proportion_interval(int(k), n) for k in successes])
    coverage = []
    for p in np.linspace(0.05, 0.5, 46):
        inside = (intervals[:, 0] <= p) & (p <= intervals[:, 1])
        coverage.append(stats.binom.pmf(successes, n, p)[inside].sum())
    assert 0.94 < np.mean(coverage) < 0.965


def test_jobs_of_any_number_of_blocks_give_the_same_bytes() -> None:
    rng = np.random.default_rng(3)
    total = np.where(rng.random((1000, 2, 5)) < 0.4, rng.exponential(3.0, (1000, 2, 5)), 0.0)
    event = np.column_stack(
        [np.repeat(np.arange(1000), 2), np.tile([0, 1], 1000), *(rng.integers(1, 90, 2000) for _ in range(4))]
    ).astype(np.float64)
    event[:, shortfall.EVENT_START] = 1.0
    event[:, shortfall.EVENT_DURATION] = rng.integers(1, 9, 2000)
    results = []
    for blocks in (1, 3, 16):
        accumulator = ShortfallAccumulator(("system", "zone:a"), np.array([10.0, 5.0]), 20)
        profile = HoursByCell(np.arange(20) % 4, pd.DataFrame(index=range(4)))
        for start in range(0, 1000, blocks * 64):
            stop = min(start + blocks * 64, 1000)
            rows = (event[:, 0] >= start) & (event[:, 0] < stop)
            accumulator.add(np.ascontiguousarray(total[start:stop]), event[rows], 64)
            profile.add(SimpleNamespace(total=total[start:stop], event=event[rows], short_day=None), 64)
        results.append((to_frame(accumulator.estimates()), profile.tables()["lolp"]["lolp"].to_numpy()))
    for frame, lolp in results[1:]:
        for column in ("value", "stderr", "ci_low", "ci_high"):
            assert frame[column].to_numpy().tobytes() == results[0][0][column].to_numpy().tobytes()
        assert lolp.tobytes() == results[0][1].tobytes()


def test_frame_has_the_columns_of_the_format() -> None:
    frame = to_frame([Estimate("EUE", "system", 1.0, None, None, None, "MWh", 1)])
    assert frame.columns.tolist() == ["name", "scope", "value", "stderr", "ci_low", "ci_high", "unit", "n"]
    assert frame["stderr"].isna().all()


def test_the_chance_of_any_shortfall_has_the_error_of_a_proportion_once_one_was_seen() -> None:
    energy = np.zeros(100)
    energy[:20] = 5.0
    seen, never = named(accumulated(energy))["P_any_shortfall"], named(accumulated(np.zeros(100)))["P_any_shortfall"]
    assert seen.value == 0.2 and seen.stderr == pytest.approx(math.sqrt(0.2 * 0.8 / 99))
    assert never.value == 0.0 and never.stderr is None
