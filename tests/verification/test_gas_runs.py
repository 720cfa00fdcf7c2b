"""Runs of the Kazakh network with pressures: step size, causes, order of failure."""

from __future__ import annotations

import dataclasses

import pytest

from gridsim.engine import coupling
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, GasMode


def play(name):
    system, scenario = read_scenario(name)
    return run(
        system,
        dataclasses.replace(
            scenario, policy=dataclasses.replace(scenario.policy, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
        ),
    )


def survival(result):
    return {m.scope: m.value for m in result.metrics if m.name == "survival_time_h"}


@pytest.mark.parametrize("name", ["bbs_pipeline_rupture", "kartaly_border_closed"])
def test_halving_the_step_changes_survival_by_less_than_3_percent(monkeypatch, name):
    coarse = survival(play(name))
    monkeypatch.setattr(coupling, "STEP_H", coupling.STEP_H / 2)
    fine = survival(play(name))
    assert coarse and coarse.keys() == fine.keys()
    for scope, hours in coarse.items():
        assert fine[scope] == pytest.approx(hours, rel=0.03), scope


def test_trunk_rupture_tells_its_story():
    result = play("bbs_pipeline_rupture")
    gas = result.tables["gas"]
    here = gas["name"] == "cg_zhambyl_gres"
    time_h, p_bar = gas["time_h"][here], gas["pressure_bar"][here]
    assert p_bar[time_h >= 60][0] < 0.7 * p_bar[time_h <= 5][0]
    # After the repair southern plants burn all they can get, so the pipes refill slowly: in the whole network first.
    total_mcm = {hour: gas["linepack_mcm"][gas["time_h"] == hour].sum() for hour in (5.0, 80.0, 215.0)}
    assert total_mcm[80.0] < total_mcm[215.0] < total_mcm[5.0]
    hours = survival(result)
    plants = [value for scope, value in hours.items() if scope.startswith("plant:")]
    cities = [value for scope, value in hours.items() if scope.startswith("city:")]
    assert min(plants) <= min(cities)
    assert 24 < min(plants) < 96
    states = {c.to_state for c in result.log if c.component == "plant:zhambyl_gres"}
    assert {"short of gas", "on backup fuel", "normal"} <= states
    assert result.metric("ch4_change_t") > 1000
    assert result.why("plant:zhambyl_gres", 70.0)[-1].component == "gas_pipelines:bbs1_bozoy_aral"


def test_loss_of_power_stops_gas_plants():
    result = play("mangystau_cascade")
    stopped = {c.component for c in result.log if c.to_state == "no power"}
    assert {"facility:p2g_gpp_kazgpz", "facility:p2g_gpp_tengiz"} <= stopped
    back = [c.time_h for c in result.log if c.component == "facility:p2g_gpp_kazgpz" and c.to_state == "normal"]
    assert back == [pytest.approx(14 + 12 + 12)]  # twelve hours after its bus is back
