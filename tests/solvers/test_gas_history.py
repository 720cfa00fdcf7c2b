"""Gas events that happened, played on the Kazakh network: who kept gas then keeps it here (data/gas/README.md)."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from gridsim.reliability.gas import TemperatureClass, class_weather, mean_normal_c
from gridsim.solvers.gas import HydraulicGas, everything_works

DATA = Path(__file__).parents[1] / "data" / "gas" / "events_history.csv"
LOOK_H = 2


def cases():
    with DATA.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def play(gas, state, conditions, weather, hours):
    steps = []
    for _ in range(0, hours, LOOK_H):
        schedule = gas.schedule(state, conditions, *weather)
        demand, burn, _ = weather
        result = gas.run(state, schedule, conditions, demand, burn, burn, 0.25, 4 * LOOK_H, stop_when_short=False)
        assert result.solved
        state = result.state
        steps.append(result.step)
    return steps


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_event_ends_as_it_did(kazakhstan, case):
    day = dt.datetime(2026, int(case["month"]), 15)
    normal = TemperatureClass(np.inf, mean_normal_c(kazakhstan, day), day.month)
    weather = class_weather(kazakhstan, normal, "contract").gas
    gas, works = HydraulicGas(kazakhstan), everything_works(kazakhstan)
    start, left = gas.start(works, *weather), everything_works(kazakhstan)
    for column, share, table in (
        ("pipelines", left.pipeline_share, kazakhstan.gas_pipelines),
        ("supplies", left.supply_share, kazakhstan.gas_supply),
    ):
        for name, value in (pair.split("=") for pair in filter(None, case[column].split(";"))):
            share[table.position(name)] = float(value)
    steps, calm = play(gas, start, left, weather, int(case["hours"])), play(gas, start, works, weather, 2 * LOOK_H)
    demand, nodes = kazakhstan.gas_demand, kazakhstan.gas_nodes
    lost = np.max([calm[-1].delivered_mcm_per_d - step.delivered_mcm_per_d for step in steps], axis=0)
    kept = np.isin(demand.node, [nodes.position(name) for name in case["homes_kept"].split(";")])
    homes = kept & np.isin(demand.gas_class, ("households", "heating"))
    assert homes.any()
    assert (lost[homes] <= 0.01 * weather.demand_mcm_per_d[homes]).all()
    for name in filter(None, case["rises"].split(";")):
        section = kazakhstan.gas_pipelines.position(name)
        able = kazakhstan.gas_pipelines.capacity_mcm_per_d[section]  # a line that stood near it can only rise to it
        most = max(step.flow_mcm_per_d[section] for step in steps)
        assert most > min(1.05 * calm[-1].flow_mcm_per_d[section], 0.999 * able)
        assert most > 1.02 * calm[-1].flow_mcm_per_d[section]
    if case["supplies"]:  # what is missing is taken from exports before anybody at home
        export = demand.gas_class == "export"
        assert lost[export].sum() > 0.9 * lost[~export & (demand.gas_class != "transit")].sum()
