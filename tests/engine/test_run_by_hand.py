"""Runs whose numbers are worked out here by hand, on the two-area system of conftest.

North: coal 500 MW at n1, homes 100 MW at n2. South: gas 200 MW (must run at 200), homes 200 and a factory of 100 MW
at s1. The
section north_south carries 150 MW, 60 MW with one circuit out. No losses, flat load.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, Event, Horizon, Imports, Policy, Repair, Scenario, Target
from tests.support.cases import BY_HAND as OFF
from tests.support.cases import event, scenario
from tests.support.read import value_at as at


def test_quiet_day_follows_the_merit_order(two_areas):
    result = run(two_areas(), scenario())
    # Demand 400: gas 200 by order, coal the rest; the section carries what the South lacks, 300 - 200.
    assert at(result, "generators", "coal_1", "p_mw", 5) == pytest.approx(200, abs=1e-6)
    assert at(result, "interfaces", "north_south", "flow_mw", 5) == pytest.approx(100, abs=1e-6)
    assert result.metric("EUE") == pytest.approx(0, abs=1e-9)
    # 12 h x (200 MW coal x 1 t/MWh + 200 MW gas x 0.5 t/MWh)
    assert result.metric("co2_t") == pytest.approx(12 * 300, abs=1e-3)


def test_circuit_trip_cuts_the_limit_and_sheds_the_cheapest_class_south_of_it(two_areas):
    trip = event("line_outage", "lines", "n1_s1", 3, 4)
    result = run(two_areas(), scenario(trip))
    # 60 MW through the section: the South has 260 for 300, so 40 MW of the factory (shed first) for 4 h.
    assert at(result, "zones", "south", "unserved_mw", 4) == pytest.approx(40, abs=1e-4)
    assert result.metric("EUE") == pytest.approx(160, abs=1e-3)
    assert result.metric("EUE", "class:factory") == pytest.approx(160, abs=1e-3)
    assert result.metric("EUE", "zone:north") == pytest.approx(0, abs=1e-6)
    assert result.metric("LOLH") == pytest.approx(4)
    assert result.metric("time_to_first_shed_h") == pytest.approx(0)
    assert result.metric("time_to_restore_h_100") == pytest.approx(4)
    chain = [change.component for change in result.why("zone:south", 3)]
    assert chain == ["zone:south", "section:north_south", "lines:n1_s1"]


def test_ramps_bound_what_the_operator_can_do_in_his_first_minutes(two_areas):
    def slow(tables):
        tables["generators"][0]["ramp_mw_per_min"] = 2
        tables["interface_limits"][0]["normal_mw"] = 400

    trip = event("generator_outage", "generators", "gas_1", 3.5, 3)
    result = run(two_areas(slow), scenario(trip, policy=Policy(Imports.NONE, AcMode.OFF, operator_delay_minutes=15)))
    # 200 MW lost at 03:30; coal climbs 2 MW/min x 15 min = 30 MW a quarter hour: 170, 140, 110 MW short, then an hour
    # of 120 MW ends it at 05:00. The factory goes first, then homes everywhere.
    for time_h, short_mw in ((3.5, 170), (3.75, 140), (4.0, 110), (5.0, 0)):
        total = sum(at(result, "zones", zone, "unserved_mw", time_h) for zone in ("north", "south"))
        assert total == pytest.approx(short_mw, abs=1e-3)


def test_an_event_on_the_step_gets_no_more_ramp_than_the_operators_delay(two_areas):
    def slow(tables):
        tables["generators"][0]["ramp_mw_per_min"] = 2
        tables["interface_limits"][0]["normal_mw"] = 400

    result = run(two_areas(slow), scenario(event("generator_outage", "generators", "gas_1", 3, 3)))
    for time_h, short_mw in ((3.0, 170), (3.25, 140), (3.5, 110), (4.25, 20), (4.5, 0)):
        total = sum(at(result, "zones", zone, "unserved_mw", time_h) for zone in ("north", "south"))
        assert total == pytest.approx(short_mw, abs=1e-3)
    # The same run with a larger delay acts later, in larger steps: never less is shed.
    late = run(
        two_areas(slow),
        scenario(
            event("generator_outage", "generators", "gas_1", 3, 3),
            policy=Policy(Imports.NONE, AcMode.OFF, operator_delay_minutes=5.0),
        ),
    )
    assert late.metric("EUE") > result.metric("EUE")


def test_an_element_hit_twice_is_out_until_the_last_event_ends(two_areas):
    first = Event("first", "line_outage", 2, (Target("lines", "n1_s1"),), 1.0, 4)
    second = Event("second", "line_outage", 4, (Target("lines", "n1_s1"),), 1.0, 4)
    result = run(two_areas(), scenario(first, second))
    log = [(change.time_h, change.to_state) for change in result.log if change.component == "lines:n1_s1"]
    assert log == [(2, "line_outage (first)"), (4, "line_outage (second)"), (8, "normal")]
    assert result.metric("LOLH") == pytest.approx(6)
    assert result.metric("EUE", "cause:lines:n1_s1") == pytest.approx(result.metric("EUE"))


def test_reserves_started_for_a_gas_shortage_stay_on_over_midnight(two_areas):
    def reserve(tables):
        tables["generators"].append(
            {"name": "old_1", "bus": "s1", "fuel": "oil", "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 90,
             "start_h": 3}
        )  # fmt: skip
        tables["loads"][1]["p_mw"] = 100
        tables["gas_to_power"][0]["backup_fuel"] = "none"

    rupture = event("pipeline_rupture", "gas_pipelines", "lateral", 1, None)
    result = run(two_areas(reserve, gas=True), scenario(rupture, hours=60))
    assert result.metric("LOLH") == pytest.approx(3)  # 01:00 to 04:00 of the first day only


def test_days_begin_at_midnight_whatever_the_start(two_areas):
    from gridsim.engine.commitment import Commitment

    days = []
    original = Commitment.priority_list

    def counting(self, *arguments):
        days.append(1)
        return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Commitment, "priority_list", counting)
        run(two_areas(), Scenario("late", "two_areas", Horizon(dt.datetime(2026, 1, 14, 0, 30), 72), policy=OFF))
    assert len(days) == 3  # the first day and two midnights: the third is in the last half hour, without a step


def test_overlapping_derates_multiply(two_areas):
    result = run(
        two_areas(),
        scenario(
            event("generator_derate", "plants", "gas", 2, 6, 0.5),
            event("generator_derate", "generators", "gas_1", 4, 2, 0.5),
        ),
    )
    assert at(result, "generators", "gas_1", "available_mw", 3) == pytest.approx(100)
    assert at(result, "generators", "gas_1", "available_mw", 5) == pytest.approx(50)
    assert at(result, "generators", "gas_1", "available_mw", 7) == pytest.approx(100)
    assert at(result, "generators", "gas_1", "available_mw", 9) == pytest.approx(200)


def test_rupture_cuts_a_plant_only_when_its_linepack_is_used_up(two_areas):
    rupture = event("pipeline_rupture", "gas_pipelines", "trunk", 1, 18)
    result = run(two_areas(gas=True), scenario(rupture, hours=24))
    # Behind the trunk the lateral's 1 mcm is left. Gas burnt: 200 MW x 312.5 m3/MWh = 1.5 mcm/d, homes 1, industry 0.5:
    # 3 mcm/d, so the linepack lasts 1 mcm / 3 mcm/d = 8 h: the plant is whole until 09:00 and dark from then on.
    assert at(result, "generators", "gas_1", "available_mw", 8.5) == pytest.approx(200)
    assert at(result, "gas", "gate", "power_available_mw", 9.5) == pytest.approx(0, abs=1e-3)
    assert result.metric("survival_time_h", "plant:gas") == pytest.approx(8)
    # Two hours later it runs on mazut at half its capacity: the South has 150 + 100 of 300.
    assert at(result, "zones", "south", "unserved_mw", 10.5) == pytest.approx(150, abs=1e-3)
    assert at(result, "zones", "south", "backup_fuel_mw", 12.5) == pytest.approx(100, abs=1e-3)
    assert at(result, "zones", "south", "unserved_mw", 12.5) == pytest.approx(50, abs=1e-3)
    # Ten hours on mazut from 11:00, of a stock of 24 h at 100 MW; at 19:00 the pipe is back and refills.
    assert at(result, "generators", "gas_1", "p_mw", 20.5) == pytest.approx(200, abs=1e-3)
    assert result.metric("fuel_days_min", "plant:gas/backup") == pytest.approx((24 - 8) / 24, abs=1e-6)


def test_mazut_runs_out(two_areas):
    def little(tables):
        tables["gas_to_power"][0]["backup_stock_days"] = 0.25  # six hours at 100 MW

    rupture = event("pipeline_rupture", "gas_pipelines", "lateral", 1, None)
    result = run(two_areas(little, gas=True), scenario(rupture, hours=24))
    # The lateral takes its own half of linepack with it: nothing is left at the gate, mazut from 03:00 to 09:00.
    assert at(result, "zones", "south", "backup_fuel_mw", 8.5) == pytest.approx(100, abs=1e-3)
    assert at(result, "zones", "south", "backup_fuel_mw", 9.5) == pytest.approx(0, abs=1e-3)
    assert result.metric("fuel_days_min", "plant:gas/backup") == pytest.approx(0, abs=1e-9)
    states = [change.to_state for change in result.log if change.component == "plant:gas"]
    assert states == ["short of gas", "on backup fuel", "no fuel left"]


def test_backup_shortage_empties_the_tank(two_areas):
    result = run(
        two_areas(gas=True),
        scenario(
            event("backup_fuel_shortage", "gas_to_power", "gas", 0, None, 1.0),
            event("pipeline_rupture", "gas_pipelines", "lateral", 1, None),
        ),
    )
    assert at(result, "zones", "south", "backup_fuel_mw", 8.5) == 0
    assert at(result, "zones", "south", "unserved_mw", 8.5) == pytest.approx(150, abs=1e-3)


def test_balance_table_explains_the_inflow(two_areas):
    rupture = event("pipeline_rupture", "gas_pipelines", "lateral", 1, None)
    balance = run(two_areas(gas=True), scenario(rupture)).tables["balance"]
    south = balance["name"] == "south"
    after = south & (balance["time_h"] >= 4)
    np.testing.assert_allclose(balance["gas_fired_change_mw"][after], -200, atol=1e-3)
    np.testing.assert_allclose(balance["backup_fuel_change_mw"][after], 100, atol=1e-3)
    np.testing.assert_allclose(balance["net_inflow_change_mw"][after], 50, atol=1e-3)
    np.testing.assert_allclose(balance["unserved_mw"][after], 50, atol=1e-3)
    np.testing.assert_allclose(balance["residual_mw"], 0, atol=1e-6)


def test_probability_and_repair_are_functions_of_the_seed_and_the_event(two_areas):
    maybe = Event("maybe", "line_outage", 2, (Target("lines", "n1_s1"),), 1.0, None, Repair("exponential", 3.0), 0.5)
    system = two_areas()
    happened = []
    for replicate in range(40):
        result = run(system, scenario(maybe), seed=7, replicate=replicate)
        log = [change.time_h for change in result.log if change.component == "lines:n1_s1"]
        happened.append(bool(log))
        again = run(system, scenario(maybe), seed=7, replicate=replicate)
        assert log == [change.time_h for change in again.log if change.component == "lines:n1_s1"]
    assert 10 <= sum(happened) <= 30  # binomial(40, 1/2): outside with probability 0.1 %


def test_store_is_charged_before_and_discharged_instead_of_shedding(two_areas):
    def store(tables):
        tables["storages"] = [
            {"name": "battery", "bus": "s1", "p_charge_mw": 50, "p_discharge_mw": 50, "energy_mwh": 100,
             "efficiency_charge": 0.8, "energy_start_share": 0.5},
        ]  # fmt: skip

    trip = event("line_outage", "lines", "n1_s1", 6, 4)
    result = run(two_areas(store), scenario(trip))
    # 50 MW of charging stores 40 MWh an hour: full (50 + 40 + 10 MWh) after 1.25 h, bounded by room in each step.
    assert at(result, "interfaces", "north_south", "flow_mw", 0.5) == pytest.approx(150, abs=1e-4)
    assert at(result, "interfaces", "north_south", "flow_mw", 1.5) == pytest.approx(100 + 10 / 0.8, abs=1e-4)
    # 40 MW short from 06:00: 100 MWh last 2.5 h, not 3 at an average; the circuit is back at 10:00.
    assert at(result, "zones", "south", "unserved_mw", 8.4) == pytest.approx(0, abs=1e-4)
    assert at(result, "zones", "south", "unserved_mw", 8.6) == pytest.approx(40, abs=1e-3)
    assert result.metric("LOLH") == pytest.approx(1.5, abs=2 / 3600)
    assert at(result, "zones", "south", "unserved_mw", 9.5) == pytest.approx(40, abs=1e-3)


def test_uncommitted_machine_is_started_in_a_shortage_and_runs_after_its_start_time(two_areas):
    def reserve(tables):
        tables["generators"].append(
            {"name": "old_1", "bus": "s1", "fuel": "oil", "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 90,
             "start_h": 3}
        )  # fmt: skip

        tables["loads"][1]["p_mw"] = 100

    # The South's own 200 MW cover its 200 MW, so the day's list leaves the old machine cold. Without gas_1 the section
    # brings 150 MW and 50 are short, until the old machine, ordered at 05:00, runs at 08:00.
    result = run(two_areas(reserve), scenario(event("generator_outage", "generators", "gas_1", 5, 6)))
    assert at(result, "generators", "old_1", "available_mw", 7.5) == 0
    assert at(result, "zones", "south", "unserved_mw", 7.5) == pytest.approx(50, abs=1e-3)
    assert at(result, "zones", "south", "unserved_mw", 8.5) == pytest.approx(0, abs=1e-3)
    assert at(result, "generators", "old_1", "p_mw", 8.5) == pytest.approx(50, abs=1e-3)
