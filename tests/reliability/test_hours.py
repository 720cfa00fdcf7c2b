"""Results hour by hour: by hand where nothing fails, and as the totals of the samples where machines do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.reliability import (
    AdequacySystem,
    AssessmentResult,
    Exact,
    Flows,
    LoadForecast,
    SequentialMonteCarlo,
    ShortfallByHour,
    StateOfCharge,
    Surplus,
    assess,
    system_from_frames,
)

ALL = (ShortfallByHour(), Surplus(per_sample=True), Flows(per_sample=True), StateOfCharge(per_sample=True))
YEARS = 96


def certain() -> AdequacySystem:
    """West has 100 MW for 60, East 40 for 40 and, in hours 6 and 7, for 90; a tie of 30 and a store of 10 MW, 15 MWh.

    Hour 6: 30 MW come over the tie, 10 from the store, 10 are missing. Hour 7: the store has 5 left, 15 are missing.
    Hour 8: the store takes 10 MW of the surplus over the tie, hour 9 the 5 that still go in.
    """
    east = np.full(24, 40.0)
    east[[6, 7]] = 90.0
    return system_from_frames(
        pd.DataFrame({"name": ["w", "e"], "area": ["west", "east"], "p_max_mw": [100.0, 40.0]}),
        pd.DataFrame({"west": np.full(24, 60.0), "east": east}),
        pd.DataFrame(
            {"name": ["tie"], "area_from": ["west"], "area_to": ["east"], "forward_mw": [30.0], "backward_mw": [20.0]}
        ),
        storages=pd.DataFrame(
            {"name": ["s"], "area": ["east"], "charge_mw": 10.0, "discharge_mw": 10.0, "energy_mwh": 15.0}
        ),
    )


def test_hours_of_a_certain_day() -> None:
    result = assess(certain(), SequentialMonteCarlo(years=2, level="zonal"), *ALL)
    hours = result.frame("shortfall_by_hour").set_index(["scope", "hour"])
    assert hours.loc["system", "epns_mw"][6:8].tolist() == [10.0, 15.0]
    assert hours.loc["zone:east", "lolp"].sum() == 2.0 and hours.loc["zone:west", "lolp"].sum() == 0.0
    assert hours["epns_mw_stderr"].max() == 0.0
    assert result.frame("worst_hours")["hour"].tolist() == [7, 6]
    surplus = result.frame("surplus").set_index(["scope", "hour"])["surplus_mw"]
    assert surplus["zone:west"].tolist() == [40.0] * 6 + [10.0, 10.0, 30.0, 35.0] + [40.0] * 14
    assert surplus["system"].tolist() == surplus["zone:west"].tolist()
    by_sample = result.frame("surplus_by_sample")
    assert by_sample[by_sample["scope"] == "zone:west"]["surplus_mw_min"].tolist() == [10.0, 10.0]
    flows = result.frame("flows").iloc[0]
    assert flows["interface"] == "tie" and flows["flow_mw_max"] == 30.0
    assert flows["flow_mw"] == pytest.approx((30.0 + 30.0 + 10.0 + 5.0) / 24.0)
    assert flows["utilisation"] == pytest.approx(75.0 / 30.0 / 24.0)
    held = result.frame("state_of_charge")
    assert held["held_mwh"].tolist()[5:11] == [15.0, 5.0, 0.0, 10.0, 15.0, 15.0]
    assert held["share"].tolist()[6] == pytest.approx(1 / 3)
    assert result.frame("state_of_charge_by_sample")["held_mwh_min"].tolist() == [0.0, 0.0]


def failing(**more: Any) -> AdequacySystem:
    units = pd.DataFrame(
        {"name": [f"u{k}" for k in range(6)], "area": ["a", "b"] * 3, "p_max_mw": 20.0, "mttf_h": 60.0, "mttr_h": 10.0}
    )
    rng = np.random.default_rng(2)
    load = pd.DataFrame({"a": 45.0 + 10.0 * rng.random(72), "b": 35.0 + 10.0 * rng.random(72)})
    tie = pd.DataFrame({"name": ["t"], "area_from": ["a"], "area_to": ["b"], "forward_mw": 15.0, "backward_mw": 9.0})
    store = pd.DataFrame({"name": ["s"], "area": ["a"], "charge_mw": 5.0, "discharge_mw": 5.0, "energy_mwh": 12.0})
    return system_from_frames(units, load, tie, storages=store, **more)


def assessed(level: str = "zonal", workers: int = 1, **more: Any) -> AssessmentResult:
    method = SequentialMonteCarlo(years=YEARS, level=level, seed=4, workers=workers)
    return assess(failing(**more), method, ShortfallByHour(), Surplus())


@pytest.mark.parametrize("more", [{}, {"load_forecast": LoadForecast((-0.1, 0.1), (0.5, 0.5))}])
@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_hours_add_up_to_the_year(level: str, more: dict[str, Any]) -> None:
    """The same samples hour by hour: their sums are LOLH and EUE to rounding, of every scope."""
    result = assessed(level, **more)
    sums = result.frame("shortfall_by_hour").groupby("scope")[["lolp", "epns_mw"]].sum()
    for scope in sums.index:
        assert sums.loc[scope, "lolp"] == pytest.approx(result["LOLH", scope].value, rel=1e-12)
        assert sums.loc[scope, "epns_mw"] == pytest.approx(result["EUE", scope].value, rel=1e-9)
    assert len(sums) == (1 if level == "copper" else 3)


def test_any_number_of_workers_gives_the_same_bytes() -> None:
    one, two = assessed(), assessed(workers=2)
    for table in ("shortfall_by_hour", "worst_hours", "surplus"):
        assert one.frame(table).equals(two.frame(table))


def test_exact_hours() -> None:
    units = pd.DataFrame({"name": ["m"], "p_max_mw": 50.0, "forced_outage_rate": 0.1, "mttr_h": 4.0})
    load = np.full(24, 30.0)
    load[18] = 60.0
    result = assess(system_from_frames(units, load), Exact(), ShortfallByHour(worst=2))
    hours = result.frame("shortfall_by_hour")
    assert hours["lolp"].tolist()[17:19] == pytest.approx([0.1, 1.0])
    assert hours["epns_mw"].tolist()[17:19] == pytest.approx([3.0, 0.9 * 10.0 + 0.1 * 60.0])
    assert result.frame("worst_hours")["hour"].tolist()[0] == 18
    with pytest.raises(StudyError, match="Surplus is of samples"):
        assess(system_from_frames(units, load), Exact(), Surplus())


def test_days_by_their_peak() -> None:
    """Short by day 1 at its peak, by day 2 in another hour than its peak, by day 3 in two hours: 2 of 3 by the peak."""
    load = np.full(72, 30.0)
    load[[12, 62, 63]] = [60.0, 60.0, 60.0]
    load[36] = 49.0
    profile = np.full(72, 50.0)
    profile[40] = 20.0  # of the second day, whose peak hour is 36
    units = pd.DataFrame({"name": ["m"], "p_max_mw": 50.0})
    system = system_from_frames(units, load, profiles_mw=pd.DataFrame({"m": profile}))
    for method in (SequentialMonteCarlo(years=2), Exact()):
        assert assess(system, method)["LOLE_peak_d"].value == 2.0
    assert assess(system, SequentialMonteCarlo(years=2))["LOLD"].value == 3.0


def test_sampled_days_by_their_peak_agree_with_exact_ones() -> None:
    units = pd.DataFrame({"name": ["a", "b"], "p_max_mw": 50.0, "mttf_h": 40.0, "mttr_h": 10.0})
    load = np.tile(np.concatenate([np.full(12, 40.0), np.full(12, 70.0)]), 4)
    system = system_from_frames(units, load)
    sampled, exact = assess(system, SequentialMonteCarlo(years=2048, seed=3)), assess(system, Exact())
    found = sampled["LOLE_peak_d"]
    assert abs(found.value - exact["LOLE_peak_d"].value) < 3.9 * (found.stderr or 0.0)


def test_the_nodal_level_is_not_traced() -> None:
    branches = pd.DataFrame({"name": ["l"], "from_bus": ["x"], "to_bus": ["y"], "x_pu": 0.1, "limit_mw": 20.0})
    units = pd.DataFrame({"name": ["m"], "bus": ["x"], "p_max_mw": 50.0})
    system = system_from_frames(units, pd.DataFrame({"x": np.ones(24), "y": np.ones(24)}), branches=branches)
    with pytest.raises(StudyError, match="traced at level copper and zonal"):
        assess(system, SequentialMonteCarlo(years=2, level="nodal"), Surplus())
