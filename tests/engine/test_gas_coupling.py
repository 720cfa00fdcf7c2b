"""Gas and power together, with pressures: what must hold in any run, and the 2023 chain in a small system."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Imports, Policy, Scenario, Target

PRESSURES = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.HYDRAULIC)


def scenario(*events, hours=36.0, policy=PRESSURES):
    return Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=policy)


def event(kind, table, name, at_h, duration_h, magnitude=1.0):
    return Event(f"{kind}_{name}", kind, at_h, (Target(table, name),), magnitude, duration_h)


def series(result, name, column):
    gas = result.tables["gas"]
    here = gas["name"] == name
    return gas["time_h"][here], gas[column][here]


RUPTURE = event("pipeline_rupture", "gas_pipelines", "trunk", 2, 40)


def thin(tables):
    """Less linepack: the stump behind the rupture lasts hours, not days."""
    tables["gas_pipelines"][0]["inner_diameter_mm"] = 500
    tables["gas_pipelines"][1]["inner_diameter_mm"] = 400


def test_quiet_day_serves_everybody(two_areas):
    result = run(two_areas(gas=True), scenario())
    _, cut = series(result, "gate", "cut_households_mcm_per_d")
    assert cut.max() == pytest.approx(0, abs=1e-9)
    _, mw = series(result, "gate", "power_available_mw")
    assert mw == pytest.approx(200, abs=1e-3)
    assert result.metric("EUE") == pytest.approx(0, abs=1e-6)


def test_rupture_lowers_pressure_then_cuts_then_refills(two_areas):
    result = run(two_areas(thin, gas=True), scenario(RUPTURE, hours=120))
    time_h, p_bar = series(result, "hub", "pressure_bar")
    before, lowest = p_bar[time_h < 1].min(), p_bar[(time_h > 2) & (time_h < 42)].min()
    assert lowest < 0.85 * before
    assert p_bar[-1] > 0.95 * before  # refilled three days later
    assert (p_bar > 0).all()
    survival_h = result.metric("survival_time_h", "plant:gas")
    assert survival_h is not None and 0 < survival_h < 40
    # The order of classes: industry not later than the plant, households not before it.
    _, industry = series(result, "gate", "cut_industry_mcm_per_d")
    short = time_h >= 2 + survival_h
    assert industry[short & (time_h < 42)].max() > 0.4
    city_h = result.metric("survival_time_h", "city:gate")
    assert city_h is None or city_h >= survival_h
    states = [change.to_state for change in result.log if change.component == "plant:gas"]
    assert states[:2] == ["short of gas", "on backup fuel"]


def test_methane_of_a_rupture_is_what_stands_between_the_valves(two_areas):
    system = two_areas(gas=True)
    result = run(system, scenario(RUPTURE))
    time_h, vented = series(result, "field", "vented_mcm")
    assert time_h[vented > 0] == pytest.approx([2.0])
    _, p_bar = series(result, "field", "pressure_bar")
    # 30 km of 1 m pipe at the pressure of the middle, and one hour of flow (at most 3 mcm/d).
    volume_m3 = np.pi / 4 * 30_000
    mean_bar = p_bar[time_h < 1].min()
    least = volume_m3 * 0.7 * mean_bar * 1e5 / (473.5 * 281.15) / 0.73 / 1e6
    most = volume_m3 * 1.3 * mean_bar * 1e5 / (473.5 * 281.15) / 0.73 / 1e6 + 4 / 24
    assert least < vented.sum() < most
    assert result.metric("ch4_t") == pytest.approx(vented.sum() * 1e6 * system.gas.ch4_kg_per_m3 / 1000)
    assert result.metric("ch4_change_t") == pytest.approx(result.metric("ch4_t"))
    assert result.metric("co2e_gwp20_t") - result.metric("co2_t") == pytest.approx(82.5 * result.metric("ch4_t"))


def test_longer_repair_never_serves_a_city_better(two_areas):
    lost = []
    for repair_h in (12.0, 24.0, 40.0):
        rupture = dataclasses.replace(RUPTURE, duration_h=repair_h)
        result = run(two_areas(thin, gas=True), scenario(rupture, hours=60))
        gas = result.tables["gas"]
        gate = gas["name"] == "gate"
        cut = gas["cut_households_mcm_per_d"] + gas["cut_heating_mcm_per_d"] + gas["cut_industry_mcm_per_d"]
        lost.append(float((cut * gas["duration_h"])[gate].sum()))
    assert lost[0] <= lost[1] + 1e-6 and lost[1] <= lost[2] + 1e-6
    assert lost[2] > lost[0]


def test_more_linepack_lasts_longer(two_areas):
    def wider(tables):
        thin(tables)
        tables["gas_pipelines"][1]["inner_diameter_mm"] = 700

    results = [run(two_areas(edit, gas=True), scenario(RUPTURE, hours=60)) for edit in (thin, wider)]
    survived = [result.metric("survival_time_h", "plant:gas") for result in results]
    assert survived[1] >= survived[0]
    burnt = [result.metric("energy_mwh", "fuel:gas") for result in results]
    assert burnt[1] > burnt[0] + 1.0


def test_gas_source_stops_with_its_bus_and_restarts_later(two_areas):
    def powered(tables):
        tables["power_to_gas"] = [{"name": "field_power", "bus": "n2", "node": "field", "p_mw": 5, "restart_h": 3}]

    result = run(two_areas(powered, gas=True), scenario(event("busbar_outage", "buses", "n2", 4, 2)))
    states = [(c.time_h, c.to_state) for c in result.log if c.component == "facility:field_power"]
    assert states == [(4.0, "no power"), (9.0, "normal")]
    root = result.why("facility:field_power", 4.0)[-1]
    assert root.component == "buses:n2"
    time_h, p_bar = series(result, "hub", "pressure_bar")
    quiet_h, quiet_bar = series(run(two_areas(powered, gas=True), scenario()), "hub", "pressure_bar")
    # Five hours without the source: 3 mcm/d taken from pipes of about 13 mcm, against a day on which it gave.
    assert p_bar[time_h == 8] < quiet_bar[quiet_h == 8] - 0.5
    assert np.isfinite(result.tables["generators"]["p_mw"]).all()


def test_gas_facility_that_fails_by_itself_stops_its_node_until_its_repair(two_areas):
    """Its bus is served all the time: no restart follows, and the root is the facility."""

    def powered(tables):
        tables["power_to_gas"] = [{"name": "field_power", "bus": "n2", "node": "field", "p_mw": 5, "restart_h": 3}]

    result = run(
        two_areas(powered, gas=True), scenario(event("gas_facility_outage", "power_to_gas", "field_power", 4, 5))
    )
    states = [(c.time_h, c.to_state) for c in result.log if c.component == "power_to_gas:field_power"]
    assert [time_h for time_h, _ in states] == [4.0, 9.0] and states[1][1] == "normal"
    bus_lost = run(two_areas(powered, gas=True), scenario(event("busbar_outage", "buses", "n2", 4, 2)))
    time_h, p_bar = series(result, "hub", "pressure_bar")
    lost_h, lost_bar = series(bus_lost, "hub", "pressure_bar")
    # five hours without the source either way: two of the lost bus and three of its restart
    assert p_bar[time_h == 8] == pytest.approx(lost_bar[lost_h == 8], abs=0.5)
    quiet_h, quiet_bar = series(run(two_areas(powered, gas=True), scenario()), "hub", "pressure_bar")
    assert p_bar[time_h == 8] < quiet_bar[quiet_h == 8] - 0.5
    assert p_bar[-1] == pytest.approx(lost_bar[-1], abs=0.5)


def test_gas_is_conserved_over_two_weeks(two_areas):
    """What enters less what leaves is what the pipes hold more, to 1e-6 of what passed."""
    from gridsim.solvers.gas import HydraulicGas, everything_works

    system = two_areas(gas=True)
    gas, conditions = HydraulicGas(system), everything_works(system)
    demand, burn = system.gas_demand.winter_mcm_per_d, np.array([1.5])
    state = first = gas.start(conditions, demand, burn, True)
    entered = left = 0.0
    for day in range(14):
        conditions.pipeline_share[0] = 0.0 if 3 <= day < 5 else 1.0
        orders = gas.schedule(state, conditions, demand, burn, True)
        result = gas.run(state, orders, conditions, demand, burn, burn, 0.25, 96, stop_when_short=False)
        assert result.solved and result.taken == 96
        entered += result.step.supply_mcm_per_d.sum() + result.step.storage_mcm_per_d.sum()
        left += result.step.delivered_mcm_per_d.sum() + result.step.power_delivered_mcm_per_d.sum()
        state = result.state
    assert state.gas_mcm.sum() - first.gas_mcm.sum() == pytest.approx(entered - left, abs=1e-6 * entered)


def test_balance_and_pressures_agree_on_a_quiet_day(two_areas):

    system = two_areas(gas=True)
    hydraulic = run(system, scenario())
    balance = run(system, scenario(policy=dataclasses.replace(PRESSURES, gas=GasMode.BALANCE)))
    for column in ("delivered_mcm_per_d", "asked_mcm_per_d"):
        ours, theirs = (result.tables["gas"][column].sum() for result in (hydraulic, balance))
        assert ours == pytest.approx(theirs, rel=1e-3)


def test_customer_without_a_source_is_an_error_naming_its_row(two_areas):
    from gridsim.errors import InputError

    def cut_off(tables):
        tables["gas_pipelines"][1]["in_service"] = "false"

    with pytest.raises(InputError) as error:
        two_areas(cut_off, gas=True)
    places = {(problem.file, problem.row, problem.column) for problem in error.value.problems}
    assert places == {("<gas_demand>", 2, "node"), ("<gas_demand>", 3, "node"), ("<gas_to_power>", 2, "node")}


def test_low_pressure_at_the_start_is_recorded(two_areas):
    def demanding(tables):
        tables["gas_nodes"][2]["p_min_bar"] = 54.9

    result = run(two_areas(demanding, gas=True), scenario(hours=6))
    assert any(c.component == "gas_nodes:gate" and "below lowest pressure" in c.to_state for c in result.log)


def test_pipelines_that_cannot_settle_are_an_error_that_names_the_tables(two_areas):
    system = two_areas(gas=True)
    n = len(system.gas_pipelines)
    thin = dataclasses.replace(
        system.gas_pipelines, inner_diameter_mm=np.full(n, 10.0), length_km=np.ones(n), pn_bar=np.full(n, 0.1)
    )
    with pytest.raises(StudyError, match=r"no settled state; look for a length, diameter, .* gas_pipelines\.csv"):
        run(system.replace(gas_pipelines=thin), scenario(hours=1.0))
