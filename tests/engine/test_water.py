"""Cooling water, its pumps and the drinking water that steam makes, by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.errors import InputError
from gridsim.model.cooling import cooled_share
from gridsim.model.scenario import Horizon, Scenario
from tests.support.cases import BY_HAND, build_two_areas, event

COOLING = {"name": "sea", "plants": "gas", "kind": "sea", "full_flow_share": 0.9, "least_flow_share": 0.1}
TOWN = {"name": "port", "m3_per_d": 2400, "bus": "s1", "plant": "gas", "steam_mw": 100, "steam_share": 0.5,
        "tank_h": 4, "people": 1000}  # fmt: skip


def watered(cooling: Any = None, town: Any = None, edit: Any = None) -> Any:
    def water(tables: Any) -> None:
        tables["cooling"] = [{**COOLING, **(cooling or {})}]
        tables["water_supply"] = [{**TOWN, **(town or {})}]
        tables["generators"][1]["p_min_mw"] = 0
        if edit is not None:
            edit(tables)

    return build_two_areas(water)


def played(system: Any, *events: Any, hours: float = 24) -> Any:
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=BY_HAND)
    return run(system, scenario)


def gas_mw(result: Any) -> Any:
    rows = result.frame("generators")
    return rows[rows["name"] == "gas_1"].set_index("time_h")["p_mw"]


def test_output_that_a_flow_cools():
    system = watered()
    for flow, share in ((1.0, 1.0), (0.9, 1.0), (0.5, 0.5), (0.1, 0.0), (0.0, 0.0)):
        assert cooled_share(system, np.array([flow])).tolist() == pytest.approx([1.0, share])


def test_half_of_the_water_leaves_half_of_the_power_and_an_intake_none():
    low = played(watered(), event("low_water", "cooling", "sea", 2, 4, 0.5))
    assert gas_mw(low)[1.0] == pytest.approx(150) and gas_mw(low)[3.0] == pytest.approx(100)
    stopped = played(watered(), event("intake_outage", "cooling", "sea", 2, 4))
    assert gas_mw(stopped)[3.0] == 0 and gas_mw(stopped).iloc[-1] == pytest.approx(150)


def test_water_of_the_town_is_made_drawn_or_missing():
    result = played(watered(), event("intake_outage", "cooling", "sea", 2, 12))
    rows = result.frame("water").set_index("time_h")
    # 100 m3/h, half of it by steam: 50 m3/h are missing from hour 2, which 400 m3 of tanks cover for 8 of 12 h
    assert rows.loc[1.0, "made_m3_per_h"] == 100 and rows.loc[3.0, "made_m3_per_h"] == 50
    assert rows.loc[9.0, "tank_m3"] == 0 and rows.loc[9.0, "unserved_m3_per_h"] == 0
    of = {e.name: e.value for e in result.estimates if e.scope == "city:port"}
    assert of == {
        "unserved_water_m3": pytest.approx(200), "water_short_h": 4, "water_tank_h_min": 0,
        "water_people_affected": pytest.approx(500),
    }  # fmt: skip
    assert rows["tank_m3"].iloc[-1] == pytest.approx(100)  # a tenth of the use for ten hours


def test_water_balance_closes():
    result = played(watered(), event("intake_outage", "cooling", "sea", 2, 12))
    rows = result.frame("water")
    hours, tank = rows["duration_h"], rows["tank_m3"]
    into = tank.to_numpy() - np.concatenate([[400.0], tank.to_numpy()[:-1]])
    balance = (rows["made_m3_per_h"] + rows["unserved_m3_per_h"] - rows["used_m3_per_h"]) * hours - into
    assert abs(balance).max() < 1e-9 * float((rows["used_m3_per_h"] * hours).sum())


def test_power_stops_water_and_water_stops_power():
    # The factory's bus feeds the pumps of the coal plant at n1: a lost bus stops the plant an hour later, and it is
    # back two hours after the bus.
    pumps = {"plants": "coal", "bus": "s1", "holds_h": 1, "restart_h": 2}
    result = played(watered(pumps), event("busbar_outage", "buses", "s1", 2, 4), hours=12)
    rows = result.frame("generators")
    coal = rows[rows["name"] == "coal_1"].set_index("time_h")["available_mw"]
    states = [(c.time_h, c.to_state.partition(" ")[0]) for c in result.log if c.component == "cooling:sea"]
    assert states == [(3.0, "intake_outage"), (8.0, "normal")]
    assert coal[2.0] > 0 and coal[3.0] == 0 and coal[7.0] == 0
    chain = result.why("cooling:sea", 3.5)
    assert chain[-1].component == "buses:s1"


def test_a_short_loss_of_the_bus_is_outlived():
    pumps = {"plants": "coal", "bus": "s1", "holds_h": 2, "restart_h": 2}
    result = played(watered(pumps), event("busbar_outage", "buses", "s1", 2, 1), hours=6)
    assert [c for c in result.log if c.component == "cooling:sea"] == []


def test_more_tank_and_a_shorter_stop_are_never_worse():
    def missing(tank_h: float, hours: float) -> float:
        result = played(watered(town={"tank_h": tank_h}), event("intake_outage", "cooling", "sea", 2, hours))
        return float(result.metric("unserved_water_m3", "city:port"))

    assert missing(8, 12) <= missing(4, 12) and missing(4, 8) <= missing(4, 12)


def test_a_network_without_water_gives_the_same_numbers():
    plain = build_two_areas(lambda tables: tables["generators"][1].update(p_min_mw=0))
    of = [
        [e for e in played(system, hours=4).estimates if not e.scope.startswith("city:")]
        for system in (plain, watered())
    ]
    assert of[0] == of[1]


BAD = [
    ({"plants": "gas; coil"}, None, "no plant coil"),
    ({"kind": "river"}, None, "a river without a gauge"),
    ({"least_flow_share": 0.95}, None, "is not below full_flow_share"),
    (None, {"plant": "steam"}, "no plant 'steam'"),
    (None, {"steam_mw": None}, "states no output"),
]


@pytest.mark.parametrize(("cooling", "town", "told"), BAD)
def test_bad_rows_are_told_with_their_mend(cooling, town, told):
    with pytest.raises(InputError) as error:
        watered(cooling, town)
    assert told in str(error.value) and all(problem.mend for problem in error.value.problems)
