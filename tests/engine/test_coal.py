"""Coal by rail by hand: when a stop on the line is felt at each yard, who is served first, frozen and poor coal.

The two-area system, its coal plant one machine of 200 MW that runs full, its yard two days. At 10.5 GJ/MWh and
16.8 GJ/t a day of full output is 200 x 24 x 10.5 / 16.8 = 3,000 t.
"""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.contingencies.effects import conditions
from gridsim.engine.deliveries import Deliveries, full_burn_t_per_d
from gridsim.engine.run import run
from gridsim.model.pack import yard_generators
from gridsim.model.scenario import Imports
from tests.support.cases import build_two_areas, event, scenario
from tests.support.heat_cases import with_town

DAY_T = 3_000.0
ROUTE = {"mine": "pit", "corridor": "line", "hours_to_yard": 10, "gj_per_t": 16.8}


def railway(tables):
    tables["generators"][0] |= {"p_max_mw": 200, "installed_mw": 200, "p_min_mw": 0, "heat_rate_gj_per_mwh": 10.5}
    tables["fuel_stocks"] = [{"name": "yard", "plant": "coal", "fuel": "coal", "capacity_days": 3, "stock_days": 2}]
    tables["coal_routes"] = [{"name": "way", "yard": "yard", **ROUTE}]


def played(*events, hours=100.0, edit=railway):
    return run(build_two_areas(edit), scenario(*events, hours=hours))


def at(result, table, name, column, time_h):
    rows = result.tables[table]
    here = (rows["name"] == name) & (rows["time_h"] <= time_h) & (rows["time_h"] + rows["duration_h"] > time_h)
    return float(rows[column][here].sum())


def blockade(at_h=2.0, hours=80.0, magnitude=1.0):
    return event("rail_corridor_outage", "rail_corridors", "line", at_h, hours, magnitude)


def test_trains_past_the_fault_arrive_and_those_after_it_come_as_late():
    """Deliveries stop at 12 h, the yard is empty at 60 h; the line is open at 82 h, the first train there at 92 h."""
    result = played(blockade())
    assert at(result, "coal", "yard", "delivered_t_per_d", 11.5) == pytest.approx(DAY_T)
    assert at(result, "coal", "yard", "delivered_t_per_d", 12.5) == 0.0
    assert at(result, "coal", "yard", "stock_days", 36.0) == pytest.approx(1.0, abs=1e-9)
    assert at(result, "generators", "coal_1", "p_mw", 59.5) == pytest.approx(200.0)
    assert at(result, "generators", "coal_1", "p_mw", 61.5) == pytest.approx(0.0)
    assert at(result, "generators", "coal_1", "p_mw", 91.5) == pytest.approx(0.0)
    assert at(result, "generators", "coal_1", "p_mw", 93.5) == pytest.approx(200.0)
    assert result.metric("survival_time_h", "plant:coal").value == pytest.approx(58.0)
    assert result.metric("coal_undelivered_kt").value == pytest.approx(DAY_T * 80.0 / 24.0 / 1000.0, rel=1e-9)
    assert result.why("plant:coal", 70)[-1].component == "rail_corridors:line"


def test_balance_of_coal_closes():
    """Stock of the start and deliveries less burn and what was turned away is the stock, at every row."""
    rows = played(blockade(magnitude=0.3), event("generator_derate", "generators", "coal_1", 5, 60, 0.9)).tables["coal"]
    days = rows["duration_h"] / 24.0
    flow_t = (rows["delivered_t_per_d"] - rows["burnt_t_per_d"] - rows["turned_away_t_per_d"]) * days
    stock_t = rows["stock_days"] * DAY_T
    assert stock_t[1:] == pytest.approx((stock_t[0] + np.cumsum(flow_t))[:-1], rel=1e-9)
    assert rows["turned_away_t_per_d"].max() > 0


def test_stop_at_the_yard_is_felt_at_once():
    result = played(event("coal_delivery_stop", "fuel_stocks", "yard", 2.0, None))
    assert at(result, "coal", "yard", "delivered_t_per_d", 2.5) == 0.0
    assert result.metric("survival_time_h", "plant:coal").value == pytest.approx(48.0)


def test_a_line_that_carries_half_serves_the_first_priority_first():
    def edit(tables):
        railway(tables)
        other = tables["generators"][0] | {"name": "chp_1", "plant": "chp", "p_max_mw": 100, "installed_mw": 100}
        tables["generators"].append(other)
        tables["fuel_stocks"].append(tables["fuel_stocks"][0] | {"name": "near", "plant": "chp"})
        tables["coal_routes"][0]["priority"] = 2
        tables["coal_routes"].append({"name": "short_way", "yard": "near", **ROUTE, "hours_to_yard": 0})

    rows = played(blockade(magnitude=0.5), edit=edit, hours=24)
    # The line carries 2,250 of 4,500 t a day: 1,500 t go to the CHP, 750 t of 3,000 to the other.
    assert at(rows, "coal", "near", "delivered_t_per_d", 20.0) == pytest.approx(1_500.0)
    assert at(rows, "coal", "yard", "delivered_t_per_d", 11.5) == pytest.approx(3_000.0)
    assert at(rows, "coal", "yard", "delivered_t_per_d", 20.0) == pytest.approx(750.0)


@pytest.mark.parametrize(("outdoor_c", "share"), [(-10.0, 1.0), (-25.0, 0.7), (-35.0, 0.4), (-45.0, 0.4)])
def test_frozen_coal_by_temperature(outdoor_c, share):
    """Six tenths are stuck at -35 C, half of that at -25 C, none above -15 C."""
    stuck = event("frozen_coal", "fuel_stocks", "yard", 2.0, None, 0.6)
    result = played(stuck, edit=with_town(railway, outdoor_c, design_c=-45), hours=12)
    assert at(result, "coal", "yard", "delivered_t_per_d", 5.0) == pytest.approx(share * DAY_T)


def test_poor_coal_burns_faster_and_beyond_a_tenth_takes_output():
    """A fifth less: 1.25 t for one, and mills give 0.9 of the output."""
    result = played(event("coal_quality", "fuel_stocks", "yard", 2.0, None, 0.2), hours=24)
    assert at(result, "generators", "coal_1", "p_mw", 5.5) == pytest.approx(180.0)
    assert at(result, "coal", "yard", "burnt_t_per_d", 5.5) == pytest.approx(0.9 * DAY_T / 0.8)


def test_two_corridors_in_a_row_are_the_narrower_of_the_two():
    def edit(tables):
        railway(tables)
        tables["coal_routes"].append(
            {"name": "last_leg", "yard": "yard", **ROUTE, "corridor": "branch", "hours_to_yard": 1}
        )

    both = (blockade(magnitude=0.3), event("rail_corridor_outage", "rail_corridors", "branch", 2.0, None, 0.6))
    result = played(*both, edit=edit, hours=24)
    assert at(result, "coal", "yard", "delivered_t_per_d", 5.0) == pytest.approx(0.4 * DAY_T)
    assert at(result, "coal", "yard", "delivered_t_per_d", 20.0) == pytest.approx(0.4 * DAY_T)


def test_nothing_in_the_way_changes_no_conditions():
    system = build_two_areas(railway)
    deliveries = Deliveries(system, full_burn_t_per_d(system, yard_generators(system)))
    quiet = conditions(system, [], Imports.NONE)
    assert deliveries.reach(quiet, 0, np.zeros(0), lambda delay_s: None) is quiet
