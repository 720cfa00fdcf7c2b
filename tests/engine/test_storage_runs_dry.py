"""A storage that runs dry within a step: its hours are counted as they are. For tests/engine/."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import RunResult, run
from gridsim.io.read_network import system_from_tables
from gridsim.model.scenario import AcMode, Horizon, Imports, Policy, Scenario


def dry_run(step_minutes: int) -> RunResult:
    """100 MW of coal and a full storage of 50 MW and 75 MWh serve 150 MW for four hours: 1.5 h are whole."""
    tables = {
        "buses": [{"name": "b", "zone": "z", "vn_kv": 500}],
        "generators": [
            {"name": "coal_1", "bus": "b", "fuel": "coal", "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 10}
        ],
        "storages": [
            {"name": "battery", "bus": "b", "p_charge_mw": 50, "p_discharge_mw": 50, "energy_mwh": 75,
             "efficiency_charge": 1, "efficiency_discharge": 1, "energy_start_share": 1}
        ],
        "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 1}],
        "loads": [{"name": "l", "bus": "b", "p_mw": 150, "load_class": "homes"}],
    }  # fmt: skip
    system = system_from_tables({"name": "one", "zones": ["z"], "timezone": "UTC+05:00"}, tables)
    horizon = Horizon(dt.datetime(2026, 1, 14), 4, step_minutes)
    return run(system, Scenario("dry", "one", horizon, policy=Policy(imports=Imports.NONE, ac=AcMode.OFF)))


@pytest.mark.parametrize("step_minutes", [60, 15, 5])
def test_a_storage_that_runs_dry_within_a_step_counts_its_real_hours(step_minutes):
    result = dry_run(step_minutes)
    # 75 MWh at 50 MW last 1.5 h; 50 MW are short for the other 2.5 h.
    assert result.metric("LOLH") == pytest.approx(2.5, abs=1e-6)
    assert result.metric("EUE") == pytest.approx(125, abs=1e-3)
    assert result.metric("peak_shed_mw") == pytest.approx(50, abs=1e-3)
    battery = result.tables["storages"]
    assert battery["p_mw"][battery["time_h"] < 1.5 - 1e-9] == pytest.approx(50, abs=1e-3)
    dry = battery["time_h"] >= 1.5 - 1e-9
    np.testing.assert_allclose(battery["state_of_charge_mwh"][dry], 0.0, atol=1e-6)
    np.testing.assert_allclose(battery["p_mw"][dry], 0.0, atol=1e-6)
