"""The main job as a planner would judge it: a rupture, its balance, and the power flow behind it.

With a fraction below one only the shorter horizons are run.
"""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from gridsim import read_network
from gridsim.engine.run import RunResult, run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, Horizon
from tests.support.fraction import FRACTION


@cache
def run_event(name: str) -> RunResult:
    """A bundled event, played once for all tests of a process."""
    return run(*read_scenario(name))


@pytest.fixture(scope="module")
def rupture() -> RunResult:
    return run_event("bbs_pipeline_rupture")


def section(result: RunResult, name: str, column: str) -> np.ndarray:
    rows = result.tables["interfaces"]
    return rows[column][rows["name"] == name]


def test_plants_fall_hours_after_the_rupture_never_in_its_step(rupture):
    hours = [metric.value for metric in rupture.estimates if metric.name == "survival_time_h"]
    assert hours and 2 <= min(hours) <= 96


def test_the_section_rises_by_what_the_balance_says(rupture):
    balance = rupture.tables["balance"]
    south = balance["name"] == "south"
    assert np.abs(balance["residual_mw"]).max() < 0.1
    change = -(
        balance["gas_fired_change_mw"] + balance["backup_fuel_change_mw"] + balance["other_generation_change_mw"]
    )
    change += balance["demand_change_mw"] - balance["unserved_mw"]
    np.testing.assert_allclose(balance["net_inflow_change_mw"][south], change[south], atol=0.1)
    # While southern plants lack gas, more flows south than without the rupture, through the section above all.
    lost = south & (balance["gas_fired_change_mw"] < -500)
    assert lost.sum() >= 24
    assert (balance["net_inflow_change_mw"][lost] > 0).all()
    before = section(rupture, "north_south", "flow_mw")[:24].mean()
    flow_mw = section(rupture, "north_south", "flow_mw")[lost[south]]
    assert flow_mw.mean() > before + 150  # its limit leaves no more than 230 MW over that day
    zones = rupture.tables["zones"]
    import_mw = np.bincount(np.unique(zones["time_h"], return_inverse=True)[1], weights=zones["import_mw"])
    more_to_buy = import_mw < rupture.system.borders.contract_import_mw.sum() - 1.0
    assert flow_mw[more_to_buy[lost[south]]].mean() > 0.98 * 2100  # elsewhere the North has no more to send


@pytest.mark.parametrize("name", ["bbs_pipeline_rupture", "bbs_rupture_no_mazut"])
def test_load_is_shed_only_behind_a_full_section_or_with_all_imports_taken(name, rupture):
    """The South behind a full section or with nothing left to buy; North and West with nothing left to buy."""
    result = rupture if name == "bbs_pipeline_rupture" else run_event(name)
    zones, borders = result.tables["zones"], result.system.borders
    unserved = {zone: zones["unserved_mw"][zones["name"] == zone] > 1e-3 for zone in result.system.zones}
    import_mw = np.bincount(np.unique(zones["time_h"], return_inverse=True)[1], weights=zones["import_mw"])
    all_bought = import_mw > borders.contract_import_mw.sum() - 1.0
    full = section(result, "north_south", "loading") > 0.999
    kumkol_full = section(result, "zhezkazgan_kumkol", "loading") > 0.999  # Kyzylorda is behind it
    assert unserved["south"].any()
    assert (full | kumkol_full | all_bought)[unserved["south"]].all()
    assert all_bought[unserved["north"] | unserved["west"]].all()
    assert full.any() and (section(result, "north_south", "loading") <= 1 + 1e-6).all()


def test_without_electric_heaters_mazut_keeps_the_south_whole():
    system, scenario = read_scenario("bbs_pipeline_rupture", read_network("kazakhstan", variant="no_heaters"))
    zones = run(system, scenario).tables["zones"]
    assert zones["unserved_mw"][zones["name"] == "south"].max() <= 1e-3


def test_without_mazut_the_section_binds_longer_and_more_is_shed(rupture):
    worse = run_event("bbs_rupture_no_mazut")
    assert worse.metric("EUE") > 2 * rupture.metric("EUE")
    assert worse.metric("LOLH") > rupture.metric("LOLH")


def test_fast_and_pandapower_power_flow_give_the_same_tables():
    system, scenario = read_scenario("winter_peak_day")
    hours = 24 if FRACTION >= 1 else 2
    horizon = Horizon(scenario.horizon.start.replace(hour=0 if FRACTION >= 1 else 17), hours)
    scenario = dataclasses.replace(scenario, horizon=horizon)
    tables = {}
    for mode in (AcMode.FAST, AcMode.PANDAPOWER):
        policy = dataclasses.replace(scenario.policy, ac=mode)
        tables[mode] = run(system, dataclasses.replace(scenario, policy=policy)).tables
    fast, slow = tables[AcMode.FAST], tables[AcMode.PANDAPOWER]
    assert (fast["solves"]["ac_status"] == "ok").all() and (slow["solves"]["ac_status"] == "ok").all()
    np.testing.assert_allclose(fast["buses"]["vm_pu"], slow["buses"]["vm_pu"], atol=1e-6)
    np.testing.assert_allclose(fast["buses"]["va_degree"], slow["buses"]["va_degree"], atol=1e-4)
    for table in ("zones", "generators", "lines", "interfaces"):
        for column, values in fast[table].items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(
                    values, slow[table][column], rtol=1e-6, atol=1e-4, err_msg=f"{table}.{column}"
                )
            else:
                assert (values == slow[table][column]).all(), (table, column)
