"""Runs of the Kazakh network with pressures: step size, causes, order of failure."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest

from gridsim.engine import gas_side
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode, GasMode


@cache
def play(name, step_h=gas_side.STEP_H):
    """A bundled event with the gas step ``step_h`` in force, played once for all tests of a process."""
    assert step_h == gas_side.STEP_H
    system, scenario = read_scenario(name)
    return run(
        system,
        dataclasses.replace(
            scenario, policy=dataclasses.replace(scenario.policy, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
        ),
    )


EVENT_H = 6.0  # of both events, after the start


def survival(result):
    return {m.scope: m.value for m in result.estimates if m.name == "survival_time_h"}


def pressure_bar(result, plant, hours):
    """At the plant's node, ``hours`` after the event."""
    links, gas = result.system.gas_to_power, result.tables["gas"]
    node = result.system.gas_nodes.name[links.node[links.plant.tolist().index(plant)]]
    here = (gas["name"] == node) & (gas["time_h"] <= EVENT_H + hours)
    return gas["pressure_bar"][here][-1]


@pytest.mark.parametrize("name", ["bbs_pipeline_rupture", "kartaly_border_closed"])
def test_halving_the_step_changes_survival_by_less_than_3_percent(monkeypatch, name):
    """A plant whose pressure lies for a day within a hair of where it fades crosses it any time; then its pressure
    must agree."""
    runs = [play(name)]
    monkeypatch.setattr(gas_side, "STEP_H", gas_side.STEP_H / 2)
    runs.append(play(name, gas_side.STEP_H))
    coarse, fine = (survival(result) for result in runs)
    assert coarse and coarse.keys() == fine.keys()
    grazing = []
    for scope, hours in coarse.items():
        if fine[scope] == pytest.approx(hours, rel=0.03):
            continue
        kind, plant = scope.split(":")
        assert kind == "plant", scope
        first, second = (pressure_bar(result, plant, hours) for result in runs)
        assert first == pytest.approx(second, rel=0.03), scope
        grazing.append(plant)
    assert len(grazing) <= 1, grazing


def test_trunk_rupture_tells_its_story():
    result = play("bbs_pipeline_rupture")
    gas, links = result.tables["gas"], result.system.gas_to_power
    repaired_h = next(c.time_h for c in result.log if c.component == "repair:rupture" and c.to_state == "done")
    assert 6 + 120 * 1.1 < repaired_h < 6 + 168  # 120 h of work, a journey, and cold
    hours = survival(result)
    plants = {scope[6:]: value for scope, value in hours.items() if scope.startswith("plant:")}
    # Pressure falls and plants fail one after the other, each when its own pressure is near the lowest.
    assert 48 < min(plants.values()) < 96 and len(set(plants.values())) >= 3
    for plant, value in plants.items():
        node = result.system.gas_nodes.name[links.node[links.plant.tolist().index(plant)]]
        here = gas["name"] == node
        p_bar = gas["pressure_bar"][here][gas["time_h"][here] <= 6 + value]
        assert p_bar[-1] < 0.5 * p_bar[0], plant
        assert p_bar[-1] < 1.6 * result.system.gas.p_min_bar, plant
    # Turkistan, at the end of a narrow lateral, loses heat an hour before the first plant, every other city
    # after it (Almaty an hour later, the rest when all plants are short).
    cities = sorted(value for scope, value in hours.items() if scope.startswith("city:"))
    assert min(plants.values()) <= cities[1]
    total_mcm = {hour: gas["linepack_mcm"][gas["time_h"] == hour].sum() for hour in (5.0, 150.0, 287.0)}
    assert total_mcm[150.0] < total_mcm[287.0] < total_mcm[5.0]  # refilling takes longer than this
    states = {c.to_state for c in result.log if c.component == "plant:zhambyl_gres"}
    assert {"short of gas", "on backup fuel", "normal"} <= states
    assert result.metric("ch4_change_t") > 1000
    short_h = next(c.time_h for c in result.log if c.component == "plant:zhambyl_gres" and c.to_state == "short of gas")
    assert result.why("plant:zhambyl_gres", short_h)[-1].component == "gas_pipelines:bbs1_bozoy_aral"


def test_mazut_runs_out_where_little_is_in_stock():
    result = play("bbs_rupture_low_mazut")
    dry = {c.component for c in result.log if c.to_state == "no fuel left"}
    assert "plant:almaty_chp1" in dry
    fuel = result.tables["fuel"]
    for component in dry:
        yard = f"{component.removeprefix('plant:')}/backup"
        assert fuel["stock_days"][fuel["name"] == yard].min() == pytest.approx(0.0, abs=1e-6)


def test_loss_of_power_stops_gas_plants():
    result = play("maek_and_two_buses_out")
    stopped = {c.component for c in result.log if c.to_state == "no power"}
    assert {"facility:p2g_gpp_kazgpz", "facility:p2g_gpp_tengiz"} <= stopped
    back = [c.time_h for c in result.log if c.component == "facility:p2g_gpp_kazgpz" and c.to_state == "normal"]
    assert back == [pytest.approx(14 + 12 + 12)]  # twelve hours after its bus is back
