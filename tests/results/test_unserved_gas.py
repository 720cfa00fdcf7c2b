"""Gas that customers of a run lack: by hand from tables, and against what they asked in a run."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, GasMode, Imports, Policy
from gridsim.results.trajectory.gas import SUBJECT
from gridsim.results.trajectory_record import Trajectory
from tests.results.test_run_metrics import START, table
from tests.support.cases import event, scenario

LOST = event("gas_supply_outage", "gas_supply", "production", 2, 400)


def measured(system, shortfall, events):
    played = Trajectory(system, START, {"gas_shortfall": shortfall, "events": events})
    return {
        estimate.scope: estimate.value for estimate in SUBJECT.measures(played) if estimate.name == "unserved_gas_mcm"
    }


def short_of_gas(time_h, node, gas_class, mcm_per_d):
    return table(
        "gas_shortfall", name=node, time_h=time_h, duration_h=[12.0] * len(time_h), node=node, gas_class=gas_class,
        unserved_mcm_per_d=mcm_per_d,
    )  # fmt: skip


def changes(*rows):
    time_h, component, to_state, cause = zip(*rows, strict=True)
    return table("events", time_h=time_h, component=component, to_state=to_state, cause_id=cause)


def test_metrics_by_hand(two_areas):
    short = short_of_gas(
        [0.0, 12.0, 12.0, 24.0, 24.0],
        ["hub", "gate", "hub", "gate", "hub"],
        ["industry", "households", "export", "heating", "industry"],
        [2.0, 4.0, 6.0, 8.0, 10.0],
    )
    events = changes(
        (6.0, "gas_supply:production", "out", -1),
        (12.0, "lines:n2_s1", "out", -1),
        (12.0, "facility:pumps", "no power", 1),
        (12.0, "city:gate", "households or heating cut", 2),
        (20.0, "gas_supply:production", "normal", -1),
    )
    found = measured(two_areas(gas=True), short, events)
    assert found == {
        "system": 12.0,
        "class:export": 3.0,
        "class:heating": 4.0,
        "class:households": 2.0,
        "class:industry": 6.0,
        "city:gate": 6.0,
        "city:hub": 6.0,
        "cause:supply": 1.0,  # before anything broke
        "cause:lines:n2_s1": 11.0,  # the gate by its log; the hub after the facility stopped for the line
    }


def test_city_back_to_normal_no_longer_names_its_cause(two_areas):
    short = short_of_gas([24.0], ["gate"], ["industry"], [2.0])
    events = changes(
        (1.0, "gas_supply:production", "out", -1),
        (1.0, "city:gate", "households or heating cut", 0),
        (2.0, "city:gate", "normal", 0),
        (3.0, "gas_pipelines:trunk", "out", -1),
    )
    assert measured(two_areas(gas=True), short, events)["cause:gas_pipelines:trunk"] == 1.0


def test_network_without_gas_has_no_such_metric(two_areas):
    assert measured(two_areas(), table("gas_shortfall"), table("events")) == {}


@pytest.mark.parametrize("mode", [GasMode.BALANCE, GasMode.HYDRAULIC])
def test_served_and_unserved_are_what_was_asked(two_areas, mode):
    """The one source is lost: customers live on linepack, then on nothing."""
    policy = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=mode)
    result = run(two_areas(gas=True), scenario(LOST, hours=192, policy=policy))
    metric = {e.scope: e.value for e in result.estimates if e.name == "unserved_gas_mcm"}
    gas, short = result.tables["gas"], result.tables["gas_shortfall"]
    asked = {"households": 8.0, "industry": 4.0}  # in eight days
    cut = {
        name: float((gas[f"cut_{name}_mcm_per_d"] * gas["duration_h"]).sum()) / 24.0 for name in asked
    }  # fmt: skip
    for name, mcm in asked.items():
        assert 0.0 < metric[f"class:{name}"] < mcm
        assert metric[f"class:{name}"] == pytest.approx(cut[name], abs=1e-6)
    total = float((gas["asked_mcm_per_d"] * gas["duration_h"]).sum()) / 24.0
    served = float((gas["delivered_mcm_per_d"] * gas["duration_h"]).sum()) / 24.0
    assert served + metric["system"] == pytest.approx(total, abs=1e-6)
    assert metric["city:gate"] == pytest.approx(metric["system"], abs=1e-9)
    assert metric["cause:gas_supply:production"] == pytest.approx(metric["system"], abs=1e-9)
    assert np.isin(short["gas_class"], list(asked)).all()
