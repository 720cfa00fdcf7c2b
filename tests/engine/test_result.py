"""What a result offers beyond its tables: the pandapower net of a moment, causes, metrics."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, Horizon, Imports, Policy, Scenario
from tests.support.cases import event, scenario


@pytest.fixture(scope="module")
def two_hours():
    system, scenario = read_scenario("winter_peak_day")
    horizon = Horizon(dt.datetime(2026, 1, 14, 18), 2)
    return run(system, dataclasses.replace(scenario, horizon=horizon))


def test_net_of_a_moment_has_the_run_in_it(two_hours):
    net = two_hours.to_pandapower(1.5)
    buses = two_hours.tables["buses"]
    now = buses["time_h"] == 1.0
    vm = dict(zip(buses["name"][now].tolist(), buses["vm_pu"][now], strict=True))
    for name, value in zip(net.bus["name"], net.res_bus["vm_pu"], strict=True):
        assert (np.isnan(value) and np.isnan(vm[name])) or value == pytest.approx(vm[name], abs=1e-6)
    zones = two_hours.tables["zones"]
    served = zones["demand_mw"][zones["time_h"] == 1.0].sum() - zones["unserved_mw"][zones["time_h"] == 1.0].sum()
    served -= zones["price_response_mw"][zones["time_h"] == 1.0].sum()
    assert net.res_load["p_mw"].sum() == pytest.approx(served, rel=1e-9)


def test_time_outside_the_horizon(two_hours):
    with pytest.raises(StudyError):
        two_hours.to_pandapower(3)


def test_a_power_flow_that_does_not_converge_is_an_outcome_with_its_reason(two_areas):
    """Twenty times the natural load on a long line: dispatch (DC, no rating) serves it, the power flow cannot."""
    from gridsim.model.scenario import Imports, Policy, Scenario

    def impossible(tables):
        for line in tables["lines"]:
            line |= {"length_km": 900, "max_i_ka": 100}
        tables["loads"][1]["p_mw"] = 6000
        tables["generators"][0] |= {"installed_mw": 9000, "p_max_mw": 9000}
        tables["interface_limits"] = []

    scenario = Scenario(
        "stiff", "two_areas", Horizon(dt.datetime(2026, 1, 14), 2), policy=Policy(Imports.NONE, AcMode.FAST)
    )
    result = run(two_areas(impossible), scenario)
    solves = result.tables["solves"]
    assert (solves["ac_status"] == "not_converged").all() and all(solves["ac_reason"])
    assert np.isnan(solves["ac_losses_mw"]).all() and np.isnan(solves["max_loading_percent"]).all()
    assert np.isnan(result.tables["lines"]["loading_percent"]).all()
    assert result.metric("EUE") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("ac", [AcMode.FAST, AcMode.PANDAPOWER])
def test_a_network_in_which_no_machine_holds_a_voltage_is_an_outcome(two_areas, ac):
    system = two_areas()
    fixed = np.zeros(len(system.generators))
    rigid = dataclasses.replace(system.generators, q_min_mvar=fixed, q_max_mvar=fixed)
    scenario = Scenario("rigid", "two_areas", Horizon(dt.datetime(2026, 1, 14), 1), policy=Policy(Imports.NONE, ac))
    result = run(system.replace(generators=rigid), scenario)
    assert set(result.tables["solves"]["ac_status"].tolist()) == {"not_converged"}


def test_unserved_load_is_worth_that_of_its_class_and_beyond_it_of_the_protected_one(two_areas):
    """Half of the factory may be shed at 1 USD/kWh, the other half is held with the homes at 5."""

    def half(tables):
        tables["load_classes"][0].update(sheddable_share=0.5, protected_class="homes")
        tables["load_classes"][1]["people"] = "true"

    result = run(two_areas(half), scenario(event("generator_outage", "generators", "gas_1", 2, 3)))
    rows = pd.DataFrame(result.tables["shortfall"])
    by_name = dict(iter(rows.groupby("name")))
    factory, homes = by_name["s1/s1_factory"], by_name["s1/s1_homes"]
    assert (factory["unserved_mw"] > 50.0).all() and len(homes)
    np.testing.assert_allclose(
        factory["unserved_usd_per_h"], 50.0 * 1_000.0 + (factory["unserved_mw"] - 50.0) * 5_000.0
    )
    np.testing.assert_allclose(homes["unserved_usd_per_h"], homes["unserved_mw"] * 5_000.0)
    metrics = pd.DataFrame(result.metrics).set_index(["name", "scope"])["value"]
    worth = float(rows["unserved_usd_per_h"] @ rows["duration_h"])
    assert metrics["unserved_cost_usd", "system"] == pytest.approx(worth) and worth > 0
    assert metrics["EUE", "people"] == pytest.approx(float(homes["unserved_mw"] @ homes["duration_h"]))
