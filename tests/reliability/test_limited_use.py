"""Demand response and energy-limited plants hour by hour, by hand: nothing fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, StudyError
from gridsim.reliability import AssessmentResult, SequentialMonteCarlo, assess, system_from_frames

UNITS = pd.DataFrame({"name": ["m"], "p_max_mw": 100.0})
#: Short by 10 MW in hours 2, 3, 6, 10 and by 30 MW in hour 11.
LOAD = np.full(24, 90.0)
LOAD[[2, 3, 6, 10]] = 110.0
LOAD[11] = 130.0


def assessed(level: str = "copper", load: Any = LOAD, **frames: Any) -> AssessmentResult:
    return assess(system_from_frames(UNITS, load, **frames), SequentialMonteCarlo(years=2, level=level))


def response(**limits: Any) -> pd.DataFrame:
    return pd.DataFrame({"name": ["dr"], "p_max_mw": [20.0], **{name: [value] for name, value in limits.items()}})


@pytest.mark.parametrize("level", ["copper", "zonal"])
@pytest.mark.parametrize(
    ("limits", "unserved_mwh"),
    [
        ({"hours": 24.0}, 10.0),  # all but 10 MW of the last hour
        ({"calls": 1.0}, 10.0 + 10.0 + 30.0),  # hours 2 and 3 are one call
        ({"calls": 2.0}, 10.0 + 30.0),
        ({"hours": 4.0}, 30.0),
        ({"energy_mwh": 25.0}, 5.0 + 10.0 + 30.0),  # 10, 10 and 5 MWh
        ({"calls": 2.0, "energy_mwh": 15.0}, 5.0 + 10.0 + 10.0 + 30.0),
        ({"calls": 1.0, "period_h": 6}, 10.0 + 30.0),  # hours 2 and 3 of the first period, 6 of the second
    ],
)
def test_demand_response(limits: dict[str, float], unserved_mwh: float, level: str) -> None:
    assert assessed(level, demand_response=response(**limits))["EUE"].value == pytest.approx(unserved_mwh)


def test_budgets_begin_again_with_every_sample() -> None:
    result = assessed(demand_response=response(calls=1.0))
    assert result["EUE"].value == pytest.approx(50.0)
    assert result["VaR_95"].value == pytest.approx(50.0)


def test_a_call_that_goes_on_counts_in_the_new_period_too() -> None:
    """Short in hours 4 to 7; one call in every six hours: its run through hour 6 is the call of both periods."""
    load = np.full(24, 90.0)
    load[[4, 5, 6, 7, 9]] = 110.0
    result = assessed(load=load, demand_response=response(calls=1.0, period_h=6))
    assert result["EUE"].value == pytest.approx(10.0)


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_a_plant_with_a_daily_budget(level: str) -> None:
    """30 MW and 15 MWh a day over two days: hours 2 and 3 take 10 and 5 MWh, the second day has as much again."""
    plant = pd.DataFrame({"name": ["hydro"], "p_max_mw": 30.0, "energy_mwh": 15.0, "period_h": 24})
    result = assessed(level, load=np.tile(LOAD, 2), energy_limited=plant)
    assert result["EUE"].value == pytest.approx(2 * (5.0 + 10.0 + 10.0 + 30.0))


def test_demand_response_comes_last() -> None:
    """A store with less time to go is emptied first: two hours of 10 MW, then demand response has the rest."""
    store = pd.DataFrame({"name": ["s"], "charge_mw": 0.0, "discharge_mw": 10.0, "energy_mwh": 20.0})
    result = assessed(storages=store, demand_response=response(calls=2.0))
    # hours 2 and 3 by the store; 6 and the run of 10 and 11 by calls
    assert result["EUE"].value == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"calls": 0.0}, "0 is not > 0"),
        ({"period_h": 1.5}, "1.5 is not whole"),
        ({"energy_mwh": np.nan}, "nothing limits it"),
        ({"p_max_mw": -1.0}, "-1 is not > 0"),
    ],
)
def test_odd_demand_response(change: dict[str, float], what: str) -> None:
    with pytest.raises(InputError, match=what):
        assessed(demand_response=response(energy_mwh=5.0).assign(**change))


def test_the_nodal_level_refuses_counts() -> None:
    branches = pd.DataFrame({"name": ["b"], "from_bus": ["x"], "to_bus": ["y"], "x_pu": 0.1, "limit_mw": 50.0})
    load = pd.DataFrame({"x": LOAD, "y": LOAD})
    system = system_from_frames(
        UNITS.assign(bus="x"), load, branches=branches, demand_response=response(calls=1.0).assign(bus="y")
    )
    with pytest.raises(StudyError, match="dr: calls, hours and periods"):
        assess(system, SequentialMonteCarlo(years=2, level="nodal"))
