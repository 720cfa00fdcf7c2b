"""House supply of a plant by hand: when a dead bus takes its machines and its heat, and in which order they return."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.auxiliaries import Auxiliaries
from gridsim.engine.run import run
from tests.support.cases import event, scenario
from tests.support.heat_cases import town


def two_machines(tables):
    first = tables["generators"][0]
    first.update(p_max_mw=250, installed_mw=250)
    tables["generators"].append(first | {"name": "coal_2"})
    tables["auxiliaries"] = [{"plant": "coal", "bus": "n2", "holds_h": 1, "step_h": 2}]


def course(hours_dead):
    """(hour, state) of the plant whose bus is dead from 2 h for so long."""
    system = town(two_machines)
    result = run(system, scenario(event("busbar_outage", "buses", "n2", 2.0, hours_dead), hours=96))
    return result, [(c.time_h, c.to_state) for c in result.log if c.component == "house_supply:coal"]


def test_house_supply_holds_through_a_short_outage():
    result, states = course(0.5)
    assert states == []
    assert result.metric("unserved_heat_gwh").value == pytest.approx(275.0 * 0.5 / 1000.0)  # the pumps


def test_dead_bus_takes_the_plant_and_its_heat_and_machines_return_in_order():
    """Lost at 3 h, bus back at 5 h, hot after 2 h: the first machine at 5 + 3 h, the second 2 h later."""
    result, states = course(3.0)
    assert states == [(3.0, "house supply lost"), (5.0, "restarts hot"), (10.0, "normal")]
    rows = result.tables["generators"]
    p = {name: rows["p_mw"][rows["name"] == name] for name in ("coal_1", "coal_2")}
    hour = rows["time_h"][rows["name"] == "coal_1"]
    assert not p["coal_1"][(hour >= 3) & (hour < 8)].any() and p["coal_1"][hour >= 9].all()
    assert not p["coal_2"][(hour >= 3) & (hour < 10)].any()
    heat = result.tables["heat"]
    lacks = heat["time_h"][heat["unserved_mw"] > 1e-6]
    assert (lacks.min(), lacks.max() + 1.0) == (2.0, 10.0)  # half of it from 8 h on
    assert result.why("heat:town", 6.0)[-1].component == "buses:n2"


@pytest.mark.parametrize(
    ("hours_dead", "state", "restart_h"), [(8.5, "hot", 3.0), (10.0, "warm", 6.0), (60, "cold", 12)]
)
def test_restart_by_the_state_of_the_plant(hours_dead, state, restart_h):
    _, states = course(hours_dead)
    back_h = 2.0 + hours_dead
    assert states[1:] == [(back_h, f"restarts {state}"), (back_h + restart_h + 2.0, "normal")]


def test_bus_that_dies_again_stops_the_restart():
    auxiliaries = Auxiliaries(town(two_machines))
    dead, alive = np.array([0.0, 1.0, 0.0]), np.zeros(3)
    for hour, cut, expected in (
        (0.0, dead, []),
        (1.0, dead, [("coal", "house supply lost")]),
        (2.0, alive, [("coal", "restarts hot")]),
        (3.0, dead, []),
        (4.0, dead, [("coal", "house supply lost")]),
        (5.0, alive, [("coal", "restarts hot")]),
        (8.0, alive, []),
        (10.0, alive, [("coal", "normal")]),
    ):
        assert auxiliaries.update_supply(hour * 3600.0, cut)[0] == expected, hour


def test_load_shed_in_part_leaves_the_plant_alone():
    auxiliaries = Auxiliaries(town(two_machines))
    assert auxiliaries.update_supply(0.0, np.array([0.0, 0.9, 0.0])) == ([], np.inf)
