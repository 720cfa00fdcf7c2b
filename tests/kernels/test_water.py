"""Water kernels: a day and a year worked out by hand, a plain twin of each, exact energy and balance, monotonicity."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.water import fill_peaks, reservoir_course

TINY = [(fill_peaks, reservoir_course), (fill_peaks.py_func, reservoir_course.py_func)]  # type: ignore[attr-defined]


def plan(net_mw, energy_mwh, lowest_mw, highest_mw, kernel=fill_peaks):
    net = np.atleast_2d(np.asarray(net_mw, dtype=np.float64))
    p_mw = np.empty_like(net)
    kernel(net, *(np.full(len(net), value, dtype=np.float64) for value in (energy_mwh, lowest_mw, highest_mw)), p_mw)
    return p_mw


def level_by_halving(net_mw, energy_mwh, lowest_mw, highest_mw):
    """The twin: the level found by halving an interval."""
    low, high = net_mw.min() - highest_mw - 1.0, net_mw.max() + 1.0
    for _ in range(200):
        level = (low + high) / 2.0
        if np.clip(net_mw - level, lowest_mw, highest_mw).sum() > energy_mwh:
            low = level
        else:
            high = level
    return np.clip(net_mw - level, lowest_mw, highest_mw)


@pytest.mark.parametrize("kernel", [pair[0] for pair in TINY])
def test_a_day_by_hand(kernel) -> None:
    """20 hours at 100 MW, an evening of 140, 200, 180, 120. 10 MW pass always, 390 MWh are there.

    21 hours keep to 10 MW, the hour of 120 among them, which leaves 180 MWh to the three highest: 140 + 200 + 180 less
    three levels, so the level is 113.33.
    """
    net = np.full(24, 100.0)
    net[18:22] = 140.0, 200.0, 180.0, 120.0
    found = plan(net, 390.0, 10.0, 100.0, kernel)[0]
    expected = np.full(24, 10.0)
    expected[18:21] = 140.0 - 340.0 / 3.0, 200.0 - 340.0 / 3.0, 180.0 - 340.0 / 3.0
    assert expected.sum() == pytest.approx(390.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    # 60 MW at most: two hours are full, and 390 - 120 - 200 MWh are left to 140 and 120 less two levels: 95
    found = plan(net, 390.0, 10.0, 60.0, kernel)[0]
    assert found[19] == found[20] == 60.0 and found.sum() == pytest.approx(390.0, abs=1e-9)
    assert found[18] == pytest.approx(45.0) and found[21] == pytest.approx(25.0)


def test_the_ends_of_a_day() -> None:
    net = np.arange(24.0)
    assert (plan(net, 0.0, 0.0, 50.0) == 0.0).all()
    np.testing.assert_allclose(plan(net, 24 * 50.0, 5.0, 50.0), 50.0)
    np.testing.assert_allclose(plan(net, 24 * 7.0, 7.0, 7.0), 7.0)
    np.testing.assert_allclose(plan(np.full(24, 9.0), 60.0, 0.0, 50.0), 2.5)  # no peak: level


def test_energy_is_exact_and_the_twin_agrees() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        net = rng.normal(3000.0, 400.0, 24).round(rng.integers(-2, 3))  # ties too
        low, high = np.sort(rng.uniform(0.0, 300.0, 2))
        energy = rng.uniform(24 * low, 24 * high)
        found = plan(net, energy, low, high)[0]
        assert found.sum() == pytest.approx(energy, rel=1e-12, abs=1e-9)
        np.testing.assert_allclose(found, level_by_halving(net, energy, low, high), rtol=0, atol=1e-6)
        more = plan(net, min(energy * 1.1, 24 * high), low, high)[0]
        assert (more >= found - 1e-9).all()


def course(start, inflow, below, least, greatest, volume, swallow, kernel=reservoir_course):
    inflow = np.array(inflow, dtype=np.float64)
    out = np.empty((3, *inflow.shape))
    machines = np.stack([np.asarray(volume, dtype=np.float64), np.asarray(swallow, dtype=np.float64)], axis=1)
    bounds = (np.broadcast_to(np.asarray(b, dtype=np.float64), inflow.shape).copy() for b in (least, greatest))
    start = np.asarray(start, dtype=np.float64)
    kernel(start, inflow, np.asarray(below, dtype=np.int32), *bounds, machines, out)
    return inflow, *out


@pytest.mark.parametrize("kernel", [pair[1] for pair in TINY])
def test_two_reservoirs_by_hand(kernel) -> None:
    """Volume 100, 2 to 12 a day: 50 held and 10 come, 2 + 0.1 x 60 = 8 go, 52 stay; then 2 + 0.1 x 52 = 7.2 of 52.

    Below: nothing held, the 8 come, 0 to 5 a day of volume 10: slope 0.5, 4 go, 4 stay; then 11.2, 5 go, 6.2 stay;
    its machines swallow 3, so 1 and 2 are spilled.
    """
    inflow, turbined, spilled, volume = course(
        [50, 0], [[10, 0], [0, 0]], [1, -1], [[2], [0]], [[12], [5]], [100, 10], [20, 3], kernel
    )
    np.testing.assert_allclose(inflow, [[10, 0], [8, 7.2]])
    np.testing.assert_allclose(turbined, [[8, 7.2], [3, 3]])
    np.testing.assert_allclose(spilled, [[0, 0], [1, 2]])
    np.testing.assert_allclose(volume, [[52, 44.8], [4, 6.2]])


def test_an_empty_and_a_full_reservoir() -> None:
    _, turbined, spilled, volume = course([1], [[0.5, 0, 300]], [-1], [2], [12], [100], [20])
    np.testing.assert_allclose(turbined, [[1.5, 0, 20]])  # what there is; nothing; what the machines swallow
    np.testing.assert_allclose(spilled, [[0, 0, 180]])
    np.testing.assert_allclose(volume, [[0, 0, 100]])


def test_balance_and_monotonicity() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        n, days = 4, 60
        volume = rng.uniform(5, 300, n)
        least = rng.uniform(0, 5, (n, days))
        greatest = least + rng.uniform(0, 20, (n, days))
        below = np.array([rng.integers(r + 1, n) if r < n - 1 and rng.random() < 0.6 else -1 for r in range(n)])
        start, given, swallow = rng.uniform(0, 1, n) * volume, rng.gamma(1.0, 8.0, (n, days)), rng.uniform(2, 20, n)
        inflow, turbined, spilled, held = course(start, given, below, least, greatest, volume, swallow)
        change = np.diff(np.concatenate([start[:, None], held], axis=1), axis=1)
        assert np.abs(inflow - turbined - spilled - change).max() <= 1e-9 * inflow.sum()
        assert min(turbined.min(), spilled.min(), held.min()) >= 0 and (held <= volume[:, None] + 1e-9).all()
        more = course(start, given * rng.uniform(1, 1.5, given.shape), below, least, greatest, volume, swallow)
        for was, now in zip((inflow, turbined, held), (more[0], more[1], more[3]), strict=True):
            assert (now >= was - 1e-9).all()
