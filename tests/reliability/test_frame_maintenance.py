"""Planned maintenance of frames, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError
from gridsim.reliability import AdequacySystem, Exact, SequentialMonteCarlo, assess, system_from_frames

WEEK_H = 168


def two_machines(repair: pd.DataFrame | None = None, load: Any = None, **columns: Any) -> AdequacySystem:
    """50 MW that is out a fifth of the time and 30 MW that never fails."""
    units = pd.DataFrame(
        {
            "name": ["a", "b"],
            "p_max_mw": [50.0, 30.0],
            "forced_outage_rate": [0.2, np.nan],
            "mttr_h": [2.0, np.nan],
            **columns,
        }
    )
    return system_from_frames(units, np.full(24, 40.0) if load is None else load, maintenance=repair)


@pytest.mark.parametrize(
    ("start", "end"), [(6, 10), ("2001-01-01 06:00", "2001-01-01 10:00"), (pd.Timestamp("2001-01-01 06:00"), 10)]
)
def test_a_repair_of_four_hours(start: Any, end: Any) -> None:
    """Out of repair: short by 10 MW while a fails. In repair of a: short by 10 MW for certain. Two states each."""
    system = two_machines(pd.DataFrame({"unit": ["a"], "start": [start], "end": [end]}))
    exact = assess(system, Exact())
    assert exact["LOLH"].value == pytest.approx(20 * 0.2 + 4)
    assert exact["EUE"].value == pytest.approx(20 * 0.2 * 10.0 + 4 * 10.0)
    sampled = assess(system, SequentialMonteCarlo(years=2048, seed=1))
    assert abs(sampled["EUE"].value - exact["EUE"].value) < 3.9 * (sampled["EUE"].stderr or 0.0)


def test_a_repair_of_the_sure_machine() -> None:
    """Without b: 40 MW lost while a fails, nothing else."""
    system = two_machines(pd.DataFrame({"unit": ["b"], "start": [0], "end": [24]}))
    assert assess(system, Exact())["EUE"].value == pytest.approx(24 * 0.2 * 40.0)


def test_weeks_are_placed_where_reserve_is_largest() -> None:
    """Weeks with peaks of 100, 60, 80, 70 MW: a goes into the second (then 110 of them are bound), b, smaller, into the
    last, which is now the least loaded.
    """
    load = np.repeat([100.0, 60.0, 80.0, 70.0], WEEK_H)
    system = two_machines(load=load, maintenance_weeks=[1.0, 1.0])
    week_of = [np.flatnonzero(np.asarray(profile) == 0.0) // WEEK_H for profile in system.unit_profile]
    assert [set(weeks.tolist()) for weeks in week_of] == [{1}, {3}]
    assert [len(weeks) for weeks in week_of] == [WEEK_H, WEEK_H]


def test_a_repair_of_broken_weeks() -> None:
    """Weeks two and three, and three and four, have the same peak; the first two have the lower mean."""
    load = np.repeat([100.0, 60.0, 80.0, 70.0], WEEK_H)
    system = two_machines(load=load, maintenance_weeks=[1.5, 0.0])
    hours = np.flatnonzero(np.asarray(system.unit_profile[0]) == 0.0)
    assert (hours[0], hours[-1] + 1) == (WEEK_H, 2.5 * WEEK_H)
    assert system.unit_profile[1] is None


@pytest.mark.parametrize(
    ("start", "end", "what"),
    [
        (10, 6, "hour 6 is not after hour 10"),
        (0, 30, "30 is no hour"),
        ("soon", 4, "soon is no hour"),
        (1.5, 4, "1.5 is no"),
    ],
)
def test_odd_repairs(start: Any, end: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        two_machines(pd.DataFrame({"unit": ["a"], "start": [start], "end": [end]}))


def test_more_weeks_than_there_are() -> None:
    with pytest.raises(InputError, match=r"maintenance_weeks: 2 is not <= 0.142857"):
        two_machines(maintenance_weeks=[2.0, 0.0])
