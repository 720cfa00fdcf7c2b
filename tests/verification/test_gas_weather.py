"""Milder weather never makes a city worse, whatever fails: a narrow trunk, homes that heat, random weather."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridsim.engine import gas_side
from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Imports, Policy, Scenario, Target, WeatherFile
from gridsim.solvers import gas as gas_module
from tests.support.fraction import FRACTION

CASES = max(round(150 * FRACTION), 3)
COLDEST_K = -15.0
FAILURES = [("pipeline_rupture", "gas_pipelines", "trunk"), ("gas_supply_outage", "gas_supply", "production")]
CUTS = [f"cut_{name}_mcm_per_d" for name in ("households", "heating")]


def cold_and_thin(tables):
    """Demand follows the cold; the stump behind a rupture lasts hours."""
    tables["gas_pipelines"][0]["inner_diameter_mm"] = 500
    tables["gas_pipelines"][1]["inner_diameter_mm"] = 400
    tables["gas_nodes"][2] |= {"lat": 45, "lon": 65}
    homes, industry = tables["gas_demand"]
    homes |= {"summer_mcm_per_d": 0.2, "cold_day_mcm_per_d": 2.0}
    heating = {**homes, "name": "gate_heating", "gas_class": "heating", "winter_mcm_per_d": 0.5}
    tables["gas_demand"] = [homes, industry, heating]
    tables["weather_sites"] = [{"name": "site", "lat": 45, "lon": 65}]
    tables["climate"] = [
        {"site": "site", "month": month, "t_mean_c": -10, "t_min_c": -15, "t_max_c": -5} for month in range(1, 13)
    ]


def city(system, kind, table, name, duration_h, anomaly_k):
    """(mcm of homes and heating cut, hour of the first cut); as cold as can be until something fails at hour 2."""
    event = Event("failure", kind, 2.0, (Target(table, name),), 1.0, duration_h)
    weather = WeatherFile("", (COLDEST_K, COLDEST_K, float(anomaly_k)), 3 * (1.0,), 3 * (1.0,))
    policy = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
    horizon = Horizon(dt.datetime(2026, 1, 14), 48.0)
    scenario = Scenario("case", "two_areas", horizon, events=(event,), weather=weather, policy=policy)
    result = run(system, scenario)
    gas = result.tables["gas"]
    cut = sum(gas[column] for column in CUTS)
    first_h = gas["time_h"][cut > 1e-3 * gas["asked_mcm_per_d"] + 1e-9].min(initial=np.inf)
    return float((cut * gas["duration_h"]).sum()) / 24, float(first_h)


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    anomaly_k=st.integers(-15, 15), milder_k=st.integers(1, 10),
    failure=st.sampled_from(FAILURES),
    duration_h=st.integers(6, 40),
)  # fmt: skip
def test_milder_weather_never_makes_a_city_worse(two_areas, anomaly_k, milder_k, failure, duration_h):
    system = two_areas(cold_and_thin, gas=True)
    with pytest.MonkeyPatch.context() as patch:
        # A dispatcher who looks every two hours cuts industry up to two hours sooner where more is asked; one who
        # looks at every step shows what gas and weather do.
        for module in (gas_module, gas_side):
            patch.setattr(module, "LOOKAHEAD_H", 0.25)
        patch.setattr(gas_module.HydraulicGas.schedule, "__defaults__", (0.25,))
        cold = city(system, *failure, duration_h, anomaly_k)
        mild = city(system, *failure, duration_h, anomaly_k + milder_k)
    assert mild[0] <= cold[0] + 1e-6
    assert mild[1] >= cold[1] - 0.25
