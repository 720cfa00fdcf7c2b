"""Own power that Kazakhstan's operator has in January and October: published balances against the typical fleet.

Available is what machines can give after outages, repair, fuel, water and weather (`available_mw` of the zones). The
operator counted on 16.7 GW of its own for the peak of winter 2025-26 (ALAU-2025) and had 14.6 GW on the evening of 28
October 2025. A whole fleet in normal weather has 18.35 and 16.4 GW: it must fail both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gridsim

EVENING_H = 18.0
NEAR_MW = 400.0
OCTOBER: dict[str, Any] = {
    "network": "kazakhstan",
    "horizon": {"start": "2025-10-28 00:00", "hours": 20},
    "failures": "typical",
    "policy": {"ac": "off"},
}


def available_mw(system: gridsim.GridSystem, scenario: gridsim.Scenario) -> float:
    """Own available MW at 18:00."""
    zones = gridsim.run(system, scenario).frame("zones")
    own = zones[np.isclose(zones.time_h, EVENING_H) & zones.name.isin(system.zones)]
    return float(own.available_mw.sum())


@pytest.mark.parametrize(
    ("case", "published_mw"), [("winter_peak_day", 16_700.0), (OCTOBER, 14_600.0)], ids=["January", "October"]
)
def test_own_available_power_is_near_the_published_balance(case: Any, published_mw: float) -> None:
    system, scenario = gridsim.read_scenario(case)
    typical = available_mw(system, scenario)
    whole = available_mw(system, scenario.with_(system, failures="off"))
    print(f"{scenario.horizon.start:%d %B}: {typical:,.0f} MW, published {published_mw:,.0f}; whole fleet {whole:,.0f}")
    assert abs(typical - published_mw) <= NEAR_MW
    assert abs(whole - published_mw) > NEAR_MW


def test_the_planning_day_of_january_is_met_with_the_imports_that_the_wires_carry() -> None:
    system, scenario = gridsim.read_scenario("winter_peak_day")
    result = gridsim.run(system, scenario.with_(system, **{"policy.imports": "limit"}))
    zones = result.frame("zones")
    evening = zones[np.isclose(zones.time_h, EVENING_H)]
    print(f"import {evening.import_mw.sum():,.0f} MW, published forecast 900")
    assert evening.import_mw.sum() == pytest.approx(900.0, abs=NEAR_MW)
    assert result.metric("EUE").value == 0.0
