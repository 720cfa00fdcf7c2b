"""Heat of a city by hand: what reaches it, how it cools, when its pipes freeze, what the tables and metrics say.

The town asks 275 MW at -30 C (100,000 people, 55 W each and kelvin below 20 C; less than 500 MW / 0.52 of its CHP).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.solvers.heat import MW_PER_GCAL_H, W_PER_PERSON_K, HeatNetworks
from tests.support.cases import BY_HAND, build_two_areas, event, scenario
from tests.support.heat_cases import town

ASKED_MW = 275.0


def derated(at_h=2.0, hours=10.0, lost=0.4):
    """Six tenths of the coal plant are left, and of its heat: 165 MW."""
    return event("generator_derate", "generators", "coal_1", at_h, hours, lost)


def heat_at(result, time_h, group="district"):
    rows = result.tables["heat"]
    here = (rows["time_h"] == time_h) & (rows["group"] == group)
    assert here.sum() == 1
    return {name: values[here][0] for name, values in rows.items()}


def test_chp_that_loses_machines_loses_their_heat():
    result = run(town(), scenario(derated(), hours=24))
    unserved = ASKED_MW - 165.0
    row = heat_at(result, 2.0)
    assert row["asked_mw"] == pytest.approx(ASKED_MW)
    assert row["unserved_mw"] == pytest.approx(unserved)
    assert result.metric("unserved_heat_gwh").value == pytest.approx(unserved * 10.0 / 1000.0, rel=1e-9)
    assert result.metric("unserved_heat_gwh", "cause:generators:coal_1").value == pytest.approx(unserved / 100.0)


@pytest.mark.parametrize(
    ("row", "machines_mw", "peak_mw"),
    [
        ({}, 500.0, 275.0),  # people: 500 MW / 0.52 = 962 MW is more
        ({"gas_node": "gate"}, 52.0, 100.0),  # the turbines' heat: boiler houses on gas are counted by their gas
        ({}, 52.0, 275.0),  # no gas: boilers beside the turbines give the rest
        ({"gas_node": "gate", "boilers_gcal_h": 50.0 / 1.163}, 52.0, 150.0),
        ({"peak_gcal_h": 400.0 / 1.163}, 52.0, 400.0),
        ({"plants": "", "gas_node": "gate"}, 500.0, 0.0),  # no CHP: boiler houses alone
    ],
)
def test_peak_heat_by_rule(row, machines_mw, peak_mw):
    def edit(tables):
        tables["generators"][0] |= {"p_max_mw": machines_mw, "installed_mw": machines_mw, "p_min_mw": 0}

    networks = HeatNetworks(town(edit, gas=True, **row))
    assert networks.peak_mw[0] == pytest.approx(peak_mw)
    assert networks.chp_mw[0] + networks.boilers_mw[0] == pytest.approx(peak_mw)  # no reserve that nobody has stated


def test_rule_gives_the_peaks_that_are_published(kazakhstan):
    """Astana 3,050 Gcal/h; Kyzylorda's new CHP was built for 277. A quarter either way."""
    networks, table = HeatNetworks(kazakhstan), kazakhstan.heat
    by_people = W_PER_PERSON_K * (20.0 - table.design_c) * networks.people[:, 0] / 1e6 / MW_PER_GCAL_H
    found = dict(zip(table.name.tolist(), by_people.tolist(), strict=True))
    assert found["astana"] == pytest.approx(3_050.0, rel=0.25)
    assert found["kyzylorda"] == pytest.approx(277.0, rel=0.25)
    peak = dict(zip(table.name.tolist(), (networks.peak_mw / MW_PER_GCAL_H).tolist(), strict=True))
    assert peak["ekibastuz"] > 250 and peak["semey"] > 250  # small turbines beside large boilers


def test_water_and_buildings_follow_what_is_fed():
    result = run(town(), scenario(derated(), hours=24))
    share = 0.6
    row = heat_at(result, 8.0)
    assert row["network_share"] == pytest.approx(share + (1 - share) * math.exp(-6.0 / 3.0), rel=1e-9)
    for column, tau in (("indoor_low_c", 40.0), ("indoor_c", 80.0), ("indoor_high_c", 120.0)):
        steps = np.linspace(0.0, 6.0, 200_001)  # the equation of heat by small steps
        rest = -30.0 + 50.0 * (share + (1 - share) * np.exp(-steps / 3.0))
        inside, dt = 20.0, steps[1]
        weight = np.exp(-(6.0 - steps) / tau)
        exact = inside * math.exp(-6.0 / tau) + np.trapezoid(weight * rest / tau, dx=dt)
        assert row[column] == pytest.approx(exact, abs=1e-6)


def test_hours_to_cold_without_any_heat():
    """80 h ln((20 + 30) / (8 + 30)) = 21.95 h; with 40 h 10.98 h, with 120 h 32.93 h."""
    result = run(town(), scenario(event("plant_outage", "plants", "coal", 2.0, 8.0), hours=12))
    assert result.metric("hours_to_8c", "town").value == pytest.approx(80.0 * math.log(50 / 38), rel=1e-9)
    assert result.metric("hours_to_8c_low", "town").value == pytest.approx(40.0 * math.log(50 / 38), rel=1e-9)
    assert result.metric("hours_to_8c_high", "town").value == pytest.approx(120.0 * math.log(50 / 38), rel=1e-9)


def test_people_are_affected_once_the_supply_is_below_seven_tenths():
    """All heat lost: the water is at 0.7 after 3 h ln(1 / 0.7) = 1.07 h, so at the second full hour."""
    result = run(town(), scenario(event("plant_outage", "plants", "coal", 2.0, 8.0), hours=12))
    assert heat_at(result, 3.0)["affected"] == 0.0
    assert heat_at(result, 4.0)["affected"] == 100_000
    assert result.metric("people_affected").value == 100_000


def test_pipes_freeze_and_are_thawed_after_the_heat_is_back():
    """No heat from 2 h: below 0.3 after 3.6 h, frozen 12 h later; heat is back at 30 h.

    The water is below 0.3 for another hour (1 - exp(-1/3) = 0.28 at 31 h); then come 72 h of work.
    """
    result = run(town(), scenario(event("plant_outage", "plants", "coal", 2.0, 28.0), hours=120))
    rows = result.tables["heat"]
    frozen = rows["time_h"][rows["frozen"]]
    assert (frozen.min(), frozen.max() + 1.0) == (17.0, 103.0)
    assert heat_at(result, 60.0)["unserved_mw"] == pytest.approx(0.3 * ASKED_MW)
    assert result.metric("network_frozen_h", "town").value == 86.0
    states = [(c.time_h, c.to_state) for c in result.log if c.component == "heat:town"]
    assert states[0] == (2.0, "short of heat")
    assert "pipes frozen" in [state for _, state in states]
    assert states[-1][1] == "normal"


def test_dead_bus_stops_the_pumps():
    result = run(town(), scenario(event("busbar_outage", "buses", "n2", 2.0, 4.0), hours=8))
    assert heat_at(result, 2.0)["unserved_mw"] == pytest.approx(ASKED_MW)


def test_homes_with_gas_boilers_cool_at_once_and_gas_is_counted_once():
    def edit(tables):
        tables["gas_demand"].append(
            {"name": "gate_plants", "node": "gate", "gas_class": "heating", "winter_mcm_per_d": 0.2,
             "summer_mcm_per_d": 0.2}
        )  # fmt: skip

    system = town(edit, gas=True, gas_node="gate", district_share=0.4, gas_share=0.5)
    result = run(system, scenario(event("pipeline_rupture", "gas_pipelines", "lateral", 1.0, 6.0), hours=12))
    per_mcm_d = 33.9e6 / 86_400 * 0.9
    homes, plants = heat_at(result, 3.0, "homes"), heat_at(result, 3.0)
    assert homes["asked_mw"] == pytest.approx(1.0 * per_mcm_d)
    assert plants["asked_mw"] == pytest.approx(0.4 * ASKED_MW + 0.2 * per_mcm_d)
    gas = result.tables["gas_shortfall"]
    kept = np.isin(gas["gas_class"], ("households", "heating"))
    mcm = float((gas["unserved_mcm_per_d"] * gas["duration_h"])[kept].sum()) / 24.0
    assert mcm > 0.1
    assert result.metric("unserved_heat_gwh").value == pytest.approx(mcm * 33.9 / 3.6 * 0.9, rel=1e-9)
    service = result.tables["gas_service"]
    assert service["unserved_mcm"].sum() == pytest.approx(
        float((gas["unserved_mcm_per_d"] * gas["duration_h"]).sum()) / 24.0, rel=1e-9
    )
    assert set(service["cause"].tolist()) == {"gas_pipelines:lateral"}
    assert result.metric("unserved_gas_gwh").value == pytest.approx(
        result.metric("unserved_gas_mcm").value * 33.9 / 3.6, rel=1e-12
    )


def test_boiler_houses_stand_in_for_a_chp():
    system = town(boilers_gcal_h=160.0 / 1.163, peak_gcal_h=160.0 / 1.163)
    result = run(system, scenario(event("plant_outage", "plants", "coal", 2.0, 4.0), hours=8))
    assert result.metric("unserved_heat_gwh").value == 0.0


def test_network_without_cities_has_no_heat():
    result = run(build_two_areas(), scenario(derated(), hours=6))
    assert len(result.tables["heat"]["time_h"]) == 0
    assert not [e for e in result.estimates if e.name == "unserved_heat_gwh"]


def test_cities_change_nothing_of_the_electricity():
    """Without heaters, results on power are the same with and without the table."""
    plain = run(town(lambda tables: tables.pop("heat")), scenario(derated(), hours=24))
    heated = run(town(), scenario(derated(), hours=24))
    for name in ("zones", "generators", "shortfall"):
        for column, values in plain.tables[name].items():
            assert np.array_equal(values, heated.tables[name][column], equal_nan=values.dtype.kind == "f"), column


def test_summary_opens_with_what_people_lose():
    result = run(town(), scenario(derated(), hours=24, policy=BY_HAND))
    lines = [line for line in result.summary().splitlines() if line.startswith(("not supplied", "unserved energy"))]
    assert lines[0].startswith("not supplied")


# Electric heaters


def with_heaters(**row):
    return town(heater_kw_per_person=0.2, **row)


def test_heaters_come_on_within_hours_as_load_at_the_bus():
    """0.2 kW for each of 100,000 are 20 MW; with half of the heat in the water gone all are wanted."""
    result = run(with_heaters(), scenario(derated(lost=0.9, hours=60), hours=48))
    rows = result.tables["heat"]
    heaters = {time: mw for time, mw in zip(rows["time_h"].tolist(), rows["heaters_mw"].tolist(), strict=True) if mw}
    wanted, on = 0.0, 0.0
    for hour in range(2, 10):  # the water decides, as it stood at the start of the hour; they follow with 1 h
        water = 0.1 + 0.9 * math.exp(-(hour - 2) / 3.0)
        assert heaters.get(float(hour), 0.0) == pytest.approx(20.0 * on, abs=1e-4)
        wanted = min((1.0 - water) / 0.5, 1.0)
        on = wanted + (on - wanted) * math.exp(-1.0)
    assert heaters[40.0] == pytest.approx(20.0, abs=1e-4)
    zones = result.tables["zones"]
    north = zones["name"] == "north"
    assert zones["demand_mw"][north & (zones["time_h"] == 40.0)] == pytest.approx([120.0], abs=1e-3)
    assert result.metric("heater_mw_max", "town").value == pytest.approx(20.0, abs=1e-3)


def test_feeders_limit_heaters():
    """Homes of 100 MW at the bus, feeders for a tenth more."""
    result = run(with_heaters(feeder_share=0.1), scenario(derated(lost=0.9, hours=60), hours=48))
    zones = result.tables["zones"]
    at = (zones["name"] == "north") & (zones["time_h"] == 40.0)
    assert zones["demand_mw"][at] == pytest.approx([110.0], abs=1e-6)


def test_heaters_can_tip_a_section():
    """The section to the South is full at 150 MW; 80 MW of heaters in the South are shed beyond it."""

    def south(tables):
        tables["heat"][0].update(bus="s1", heater_kw_per_person=0.8, feeder_share=1)

    quiet = run(town(south), scenario(hours=48))
    cold = run(town(south), scenario(derated(lost=0.55, hours=60), hours=48))
    assert quiet.metric("EUE").value == 0.0
    # Coal has 225 MW left: 100 for the North, 125 of the 180 MW that the South wants beyond its gas.
    zones = cold.tables["zones"]
    at = (zones["name"] == "south") & (zones["time_h"] == 40.0)
    assert zones["demand_mw"][at] == pytest.approx([380.0], abs=1e-2)
    assert zones["unserved_mw"][at] == pytest.approx([55.0], abs=1e-2)


def test_heaters_go_off_when_the_heat_is_back():
    result = run(with_heaters(frozen_share=0), scenario(derated(lost=0.9, hours=20), hours=60))
    rows = result.tables["heat"]
    assert rows["heaters_mw"][rows["time_h"] == 20.0].max() > 19.0
    assert rows["heaters_mw"][rows["time_h"] > 50.0].sum() < 0.1
