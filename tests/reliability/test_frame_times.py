"""Time stamps mean what they say: alignment, odd stamps, leap years, steps shorter than an hour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, Problem, StudyError
from gridsim.reliability import (
    AdequacySystem,
    Exact,
    LossOfLoadProfile,
    SequentialMonteCarlo,
    ShortfallByMonth,
    ShortfallEvents,
    assess,
    system_from_frames,
)

UNITS = pd.DataFrame({"name": ["sun"], "p_max_mw": 50.0})


def hours(start: str, n: int, step: str = "h", zone: str | None = None) -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq=step, tz=zone)


def load(start: str = "2021-03-01", n: int = 24, **more: Any) -> pd.Series:
    return pd.Series(np.full(n, 10.0), index=hours(start, n, **more))


def one(load_mw: Any, **frames: Any) -> Problem:
    with pytest.raises(InputError) as caught:
        system_from_frames(UNITS, load_mw, **frames)
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.problems[0]


def sun_at(times: pd.DatetimeIndex) -> pd.DataFrame:
    """Sun in the hour that begins at noon, and nothing else."""
    return pd.DataFrame({"sun": np.where(times.hour == 12, 50.0, 0.0)}, index=times)


def test_a_profile_is_aligned_by_stamp() -> None:
    """A profile of three days beside a load of the middle one: only noon of that day is served."""
    system = system_from_frames(UNITS, load(), profiles_mw=sun_at(hours("2021-02-28", 72)))
    assert system.start == pd.Timestamp("2021-03-01")
    result = assess(system, Exact(), LossOfLoadProfile())
    assert result["LOLH"].value == 23.0
    assert result.frame("lolp").query("lolp == 0")["hour"].tolist() == [12]


@pytest.mark.parametrize(
    ("index", "what"),
    [
        (hours("2021-02-28 21:00", 24), "lacks 2021-03-01 21:00:00 and 2 more of the load's stamps"),
        (hours("2021-03-01", 48, "30min"), "stamps are 30 min apart, the load's 1 h"),
        (hours("2021-03-01", 24, "h", "Asia/Almaty"), "stamps are of zone Asia/Almaty, the load's of none"),
        (hours("2021-03-01", 25).delete(3), "2021-03-01 04:00:00 follows 2021-03-01 02:00:00 in steps of 1 h"),
        (hours("2021-03-01", 23).insert(5, pd.Timestamp("2021-03-01 04:00")), "2021-03-01 04:00:00 appears twice"),
        (hours("2021-03-01", 24)[::-1], "2021-03-01 22:00:00 is earlier than the row before"),
    ],
)
def test_odd_stamps_of_a_profile(index: pd.DatetimeIndex, what: str) -> None:
    profile = pd.DataFrame({"sun": np.ones(len(index))}, index=index)
    assert one(load(), profiles_mw=profile).value == what


def test_stamps_beside_a_load_without() -> None:
    found = one(np.full(24, 10.0), profiles_mw=sun_at(hours("2021-03-01", 24)))
    assert found.value == "has time stamps, the load has none"


@pytest.mark.parametrize(
    ("index", "what"),
    [
        (hours("2021-03-01", 12, "2h"), "stamps are 2 h apart"),
        (hours("2021-03-01", 25).delete(3), "2021-03-01 04:00:00 follows 2021-03-01 02:00:00 in steps of 1 h"),
        (hours("2021-03-01 05:00", 24), "2021-03-01 05:00:00 is not a midnight"),
        (hours("2021-03-01", 24).insert(2, pd.NaT), "no time"),
    ],
)
def test_odd_stamps_of_the_load(index: pd.DatetimeIndex, what: str) -> None:
    assert one(pd.Series(np.full(len(index), 10.0), index=index)).value == what


def test_a_start_that_the_stamps_contradict() -> None:
    assert one(load(), start="2021-03-02").column == ""
    assert system_from_frames(UNITS, load(), start="2021-03-01").n_hours == 24


def test_a_leap_year_has_its_29_february() -> None:
    """8,784 hours short throughout: 29 days of February; without stamps 8,760 hours have 28 days of it."""
    short = pd.Series(np.full(8784, 60.0), index=hours("2024-01-01", 8784))
    leap = assess(system_from_frames(UNITS, short), Exact(), ShortfallByMonth())
    assert leap["EUE", "month:2"].value == pytest.approx(29 * 24 * 10.0)
    plain = assess(system_from_frames(UNITS, np.full(8760, 60.0), start="2024-01-01"), Exact(), ShortfallByMonth())
    assert plain["EUE", "month:2"].value == pytest.approx(28 * 24 * 10.0)
    assert plain["EUE", "month:12"].value == pytest.approx(31 * 24 * 10.0)
    # 8,760 stamped hours of a leap year end on 30 December
    stamped = system_from_frames(UNITS, short.iloc[:8760])
    sampled = assess(stamped, SequentialMonteCarlo(years=2), ShortfallByMonth())
    assert sampled["EUE", "month:2"].value == pytest.approx(29 * 24 * 10.0)
    assert sampled["EUE", "month:12"].value == pytest.approx(30 * 24 * 10.0)


def half_hours(**more: Any) -> AdequacySystem:
    """A day in half hours, short by 10 MW from 18:00 to 19:30: 1.5 h and 15 MWh, whatever fails."""
    mw = pd.Series(np.full(48, 40.0), index=hours("2021-03-01", 48, "30min"))
    mw.iloc[36:39] = 60.0
    return system_from_frames(UNITS, mw, **more)


def test_half_hours_are_half_hours() -> None:
    for method in (Exact(), SequentialMonteCarlo(years=4), SequentialMonteCarlo(years=4, level="zonal")):
        result = assess(half_hours(), method, *(() if isinstance(method, Exact) else (ShortfallEvents(),)))
        assert result["LOLH"].value == pytest.approx(1.5)
        assert result["EUE"].value == pytest.approx(15.0)
        assert result["LOLP"].value == pytest.approx(3 / 48)
        assert result["EPNS"].value == pytest.approx(15.0 / 24.0)
        assert result["NEUE"].value == pytest.approx(1e6 * 15.0 / (24 * 40.0 + 1.5 * 20.0))
        if not isinstance(method, Exact):
            assert result["event_duration_h_mean"].value == 1.5
            events = result.frame("shortfall_events").query("scope == 'system'")
            assert events[["start_h", "duration_h", "energy_mwh"]].values.tolist() == [[18.0, 1.5, 15.0]] * 4
            assert not (result.metrics["name"] == "LOLD").any()
    with pytest.raises(StudyError, match="by month is for hours"):
        assess(half_hours(), SequentialMonteCarlo(years=4), ShortfallByMonth())


def test_half_hours_of_a_store() -> None:
    """A store of 5 MW and 6.5 MWh gives 2.5 MWh in each of the first two half hours and 1.5 MWh in the last."""
    store = pd.DataFrame({"name": ["s"], "charge_mw": 0.0, "discharge_mw": 5.0, "energy_mwh": 6.5})
    result = assess(half_hours(storages=store), SequentialMonteCarlo(years=2))
    assert result["EUE"].value == pytest.approx(15.0 - 6.5)
    assert (
        result["EUE"].value
        == assess(half_hours(storages=store), SequentialMonteCarlo(years=2, level="zonal"))["EUE"].value
    )


def test_half_hours_of_a_machine_that_fails() -> None:
    """An hour's load in two halves: the same LOLH, EUE, and events as seen at half hours, P(up, then down) each."""
    units = pd.DataFrame({"name": ["m"], "p_max_mw": 50.0, "mttf_h": 3.0, "mttr_h": 1.0})
    halves = system_from_frames(units, pd.Series(np.full(48, 40.0), index=hours("2021-03-01", 48, "30min")))
    exact = assess(halves, Exact())
    assert exact["LOLH"].value == pytest.approx(6.0)
    assert exact["EUE"].value == pytest.approx(240.0)
    moved = 1.0 - np.exp(-(1 / 3 + 1.0) * 0.5)
    assert exact["LOLEv"].value == pytest.approx(0.25 + 47 * 0.75 * 0.25 * moved)
    sampled = assess(halves, SequentialMonteCarlo(years=2048, seed=4))
    for name in ("LOLH", "EUE", "LOLEv"):
        assert abs(sampled[name].value - exact[name].value) < 3.9 * (sampled[name].stderr or 0.0)
