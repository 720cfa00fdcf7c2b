"""An electric compressor station is a load of its bus."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, GasMode, Horizon, Imports, Policy, Scenario


def test_electric_station_adds_its_power_to_the_load_of_its_bus(two_areas):
    def with_driver(driver, bus=""):
        def edit(tables):
            tables["gas_pipelines"][0] |= {"system": "south", "inner_diameter_mm": 500}
            tables["compressor_stations"] = [
                {"name": "head", "node": "field", "system": "south", "installed_mw": 50, "pressure_ratio": 1.4,
                 "driver": driver, "bus": bus}
            ]  # fmt: skip

        policy = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
        horizon = Horizon(dt.datetime(2026, 1, 14), 12.0)
        return run(two_areas(edit, gas=True), Scenario("case", "two_areas", horizon, policy=policy)).tables

    def demand_mw(tables, zone):
        rows = tables["zones"]
        return rows["demand_mw"][rows["name"] == zone]

    turbine, electric = with_driver("gas_turbine"), with_driver("electric", "n2")
    power = electric["compressors"]
    assert power["shaft_mw"].min() > 1.0 and (power["fuel_mcm_per_d"] == 0).all()
    assert (turbine["compressors"]["fuel_mcm_per_d"] > 0).all()
    # What it took in one interval is load of the next, at n2 in the North; the South has what it had.
    added = demand_mw(electric, "north") - demand_mw(turbine, "north")
    assert added[1:] == pytest.approx(power["shaft_mw"][:-1], abs=1e-6)
    np.testing.assert_allclose(demand_mw(electric, "south"), demand_mw(turbine, "south"))
