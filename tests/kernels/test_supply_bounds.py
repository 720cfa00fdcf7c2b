"""Bounds of machines: by hand, one machine a rule, and against numpy's formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.kernels.supply_bounds import Fleet, bound_machines


def bounds(n: int, fleet: Fleet, **given: Any) -> dict[str, np.ndarray]:
    """Bounds of ``n`` machines that run, share and fuel whole, but for what is ``given``."""
    ones, zeros = np.ones(n), np.zeros(n)
    usual = {
        "committed": np.ones(n, dtype=bool), "gen_share": ones, "left_share": ones, "heat_min_share": zeros,
        "fuel_share": ones, "backup_mw": zeros, "ramps": False, "from_mw": zeros, "ramp_h": zeros, "least_mw": zeros,
        "most_mw": np.full(n, np.inf),
    }  # fmt: skip
    found = {name: np.zeros(n) for name in ("lo_mw_out", "hi_mw_out", "room_out")}
    found["held_back_out"] = np.zeros(n, dtype=bool)
    bound_machines(fleet=fleet, **{**usual, **given}, **found)
    return found


def fleet(*machines: tuple[float, float, float, bool]) -> Fleet:
    """Machines of (p_min_mw, p_max_mw, ramp_mw_per_min, variable)."""
    least, most, ramp, variable = zip(*machines, strict=True)
    return Fleet(np.array(least), np.array(most), np.array(ramp), np.array(variable))


def test_one_machine_a_rule():
    machines = fleet(
        (40.0, 100.0, np.nan, False),  # whole
        (40.0, 100.0, np.nan, False),  # owes 60 % as heat
        (0.0, 100.0, np.nan, True),  # wind at 0.3 owes nothing
        (40.0, 100.0, np.nan, False),  # fuel for 20 MW: no minimum above it
        (40.0, 100.0, np.nan, False),  # stands
    )
    found = bounds(
        5,
        machines,
        committed=np.array([True, True, True, True, False]),
        gen_share=np.array([1.0, 1.0, 0.3, 1.0, 1.0]),
        heat_min_share=np.array([0.0, 0.6, 0.0, 0.0, 0.6]),
        fuel_share=np.array([1.0, 1.0, 1.0, 0.2, 1.0]),
    )
    assert found["lo_mw_out"].tolist() == [40.0, 60.0, 0.0, 20.0, 0.0]
    assert found["hi_mw_out"].tolist() == [100.0, 100.0, 30.0, 20.0, 0.0]
    assert not found["held_back_out"].any()


def test_ramps_hold_machines_back_and_leave_backup_fuel_room():
    """1 MW a minute for a quarter of an hour from 50 MW: 35 to 65 MW; 30 on gas leave 35 of 50 on backup fuel."""
    machines = fleet((0.0, 100.0, 1.0, False), (0.0, 100.0, np.nan, False), (0.0, 100.0, 1.0, False))
    found = bounds(
        3,
        machines,
        fuel_share=np.array([1.0, 1.0, 0.3]),
        backup_mw=np.array([0.0, 0.0, 50.0]),
        ramps=True,
        from_mw=np.full(3, 50.0),
        ramp_h=np.full(3, 0.25),
    )
    assert found["lo_mw_out"].tolist() == [35.0, 0.0, 30.0]
    assert found["hi_mw_out"].tolist() == [65.0, 100.0, 30.0]
    assert found["held_back_out"].tolist() == [True, False, True]
    assert found["room_out"] == pytest.approx([0.0, 0.0, 0.7])


def test_policies_bound_what_runs():
    machines = fleet(*[(0.0, 100.0, np.nan, False)] * 3)
    found = bounds(
        3,
        machines,
        committed=np.array([True, True, False]),
        least_mw=np.array([70.0, 0.0, 70.0]),
        most_mw=np.array([np.inf, -5.0, np.inf]),
    )
    assert found["lo_mw_out"].tolist() == [70.0, 0.0, 0.0]
    assert found["hi_mw_out"].tolist() == [100.0, 0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_equals_numpy(seed):
    rng, n = np.random.default_rng(seed), 50
    ramp = np.where(rng.random(n) < 0.5, np.nan, rng.uniform(0.1, 3.0, n))
    machines = Fleet(rng.uniform(0, 60, n), rng.uniform(60, 200, n), ramp, rng.random(n) < 0.3)
    runs, share, left = rng.random(n) < 0.8, rng.random(n), rng.random(n)
    heat, fuel, backup = rng.random(n) * share, rng.random(n), np.where(rng.random(n) < 0.3, 40.0, 0.0)
    before, hours = rng.uniform(0, 150, n), rng.uniform(0, 1, n)
    found = bounds(
        n, machines, committed=runs, gen_share=share, left_share=left, heat_min_share=heat, fuel_share=fuel,
        backup_mw=backup, ramps=True, from_mw=before, ramp_h=hours,
    )  # fmt: skip
    main = machines.p_max_mw * np.where(runs, share * left, 0.0) * fuel
    total = main + backup
    floor = np.maximum(machines.p_min_mw, heat * machines.p_max_mw * left)
    floor = np.where(runs & ~machines.variable, np.minimum(floor, total), 0.0)
    ramp_mw = np.where(np.isnan(ramp), np.inf, ramp * hours * 60.0)
    held_back = total > before + ramp_mw + 1e-6
    total, floor = np.minimum(total, before + ramp_mw), np.maximum(floor, before - ramp_mw)
    np.testing.assert_array_equal(found["hi_mw_out"], np.minimum(main, total))
    np.testing.assert_array_equal(found["lo_mw_out"], np.minimum(floor, np.minimum(main, total)))
    np.testing.assert_array_equal(found["held_back_out"], held_back)
