"""Both gas networks behind the protocol, and the exchange above them: limits, plans, motion, order of calls.

The gas of conftest: field -- trunk 20 mcm/d -- hub -- lateral 10 mcm/d -- gate with homes 1, industry 0.5 and a plant
of 200 MW: 200 MW x 312.5 m3/MWh x 24 h = 1.5 mcm/d, so 1 mcm/d is 133.3 MW.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pytest

from gridsim.contingencies.effects import conditions
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.gas_side import BalanceGas, GasHour, GasSide, PressureGas, make_gas_network, make_gas_side
from gridsim.engine.interval import Moment
from gridsim.model.pack import pack
from gridsim.model.scenario import GasMode, Horizon, Imports, Scenario
from gridsim.solvers.gas import REORDER_H, everything_works
from gridsim.weather.year import make_weather

FULL_MW = np.array([200.0])
MW_PER_MCM_PER_D = 1e6 / 24 / 312.5
TRUNK, LATERAL = 0, 1
MODES = pytest.mark.parametrize("mode", list(GasMode))


class Gas(NamedTuple):
    """A settled gas side with an hour in which everything works."""

    side: GasSide
    hour: GasHour


def settled(system, mode, consumed_mw=FULL_MW) -> Gas:
    works = everything_works(system)
    side = make_gas_side(system, works, make_gas_network(system, mode))
    hour = GasHour(works, system.gas_demand.winter_mcm_per_d, True)
    side.settle(hour, consumed_mw)
    return Gas(side, hour)


def without(hour: GasHour, pipe: int, left: float = 0.0) -> GasHour:
    share = hour.conditions.pipeline_share.copy()
    share[pipe] = left
    return hour._replace(conditions=hour.conditions._replace(pipeline_share=share))


# Every gas side


@MODES
def test_a_quiet_hour_gives_the_plant_all_it_requests(two_areas, mode):
    side, hour = settled(two_areas(gas=True), mode)
    assert side.limits(0, 1.0, hour, FULL_MW, scarce=False) == pytest.approx([200], abs=1e-3)
    step, holds_h = side.plan(0, 1.0, hour, FULL_MW, FULL_MW)
    assert holds_h == pytest.approx(1.0)
    assert step.power_delivered_mcm_per_d == pytest.approx([1.5], abs=1e-5)
    assert side.advance(1.0).delivered_mcm_per_d == pytest.approx([1.0, 0.5], abs=1e-5)
    assert side.low_at_start() == []


@MODES
def test_linepack_drawn_behind_an_outage_is_what_customers_got(two_areas, mode):
    """One hour without the lateral: the gate lives on its stump, 3 mcm/d of the linepack there."""
    side, hour = settled(two_areas(gas=True), mode)
    if mode is GasMode.BALANCE:  # there the linepack goes with the pipe, so it stays and only the source is lost
        lost = hour._replace(conditions=hour.conditions._replace(supply_share=np.zeros(1)))
    else:
        lost = without(hour, LATERAL)
    before = side.linepack_mcm.sum()
    side.limits(0, 1.0, lost, FULL_MW, scarce=True)
    side.plan(0, 1.0, lost, FULL_MW, FULL_MW)
    step = side.advance(1.0)
    got = step.delivered_mcm_per_d.sum() + step.power_delivered_mcm_per_d.sum()
    entered = step.supply_mcm_per_d.sum() + step.storage_mcm_per_d.sum()
    assert got == pytest.approx(3.0, abs=1e-3)
    assert side.linepack_mcm.sum() - before == pytest.approx((entered - got) / 24, abs=2e-3)


@MODES
def test_what_was_planned_happens_once(two_areas, mode):
    side, hour = settled(two_areas(gas=True), mode)
    with pytest.raises(AssertionError, match="advance before plan"):
        side.advance(1.0)
    side.limits(0, 1.0, hour, FULL_MW, scarce=False)
    side.plan(0, 1.0, hour, FULL_MW, FULL_MW)
    side.advance(1.0)
    with pytest.raises(AssertionError, match="advance before plan"):
        side.advance(1.0)
    side.plan(0, 1.0, hour, FULL_MW, FULL_MW)
    side.rupture(TRUNK, 1.0)
    with pytest.raises(AssertionError, match="advance before plan"):
        side.advance(1.0)


@MODES
def test_cut_order_decides_who_is_short(two_areas, mode):
    """The lateral carries 2.5 of 3 mcm/d: the plant, which has mazut, gives up 0.5; or industry stops."""

    def tight(tables):
        tables["gas_pipelines"][1] |= {"capacity_mcm_per_d": 3.0, "usable_linepack_mcm": 0, "linepack_mcm": 0}
        tables["gas_pipelines"][0] |= {"usable_linepack_mcm": 0}

    mw = []
    for order in ((), ("industry", "power")):
        side, hour = settled(two_areas(tight, gas=True), mode)
        side.set_cut_order(order)
        narrow = without(hour, LATERAL, 2.5 / 3.0)
        side.settle(narrow, FULL_MW)
        mw.append(side.limits(0, 1.0, narrow, FULL_MW, scarce=True)[0])
    assert mw == pytest.approx([200 - 0.5 * MW_PER_MCM_PER_D, 200], abs=1e-3 if mode is GasMode.BALANCE else 0.1)


def test_balance_has_no_pressures_and_vents_nothing(two_areas):
    side, _ = settled(two_areas(gas=True), GasMode.BALANCE)
    assert isinstance(side, BalanceGas) and np.isnan(side.pressure_bar).all() and len(side.pressure_bar) == 3
    assert side.rupture(TRUNK, 1.0) == 0.0


# Pressures


@pytest.fixture
def pressures(two_areas) -> Gas:
    return settled(two_areas(gas=True), GasMode.HYDRAULIC)


def test_gas_vented_is_gone_from_the_pipes_at_once(pressures):
    side, hour = pressures
    side.limits(0, 1.0, hour, FULL_MW, scarce=False)
    side.plan(0, 1.0, hour, FULL_MW, FULL_MW)
    side.advance(1.0)
    before, bar = side.state.gas_mcm.sum(), side.state.p_bar
    vented = side.rupture(TRUNK, 1.0)
    assert vented > 0.1
    assert side.state.gas_mcm.sum() == pytest.approx(before - vented, rel=1e-9)
    fallen = side.state.p_bar < bar - 1.0
    assert fallen.sum() == 2  # at both ends of the broken segment; the rest of the pipes has not felt it yet
    np.testing.assert_allclose(side.state.p_bar[~fallen], bar[~fallen], rtol=1e-9)


def test_a_rupture_vents_the_pipe_as_it_stands_then(two_areas):
    """After two hours on its stump less stands in the lateral, and what flows until the valves close comes on top."""
    system = two_areas(gas=True)
    at_once = settled(system, GasMode.HYDRAULIC).side.rupture(LATERAL, 1.0)
    side, hour = settled(system, GasMode.HYDRAULIC)
    lost = without(hour, TRUNK)
    side.limits(0, 2.0, lost, FULL_MW, scarce=True)
    step, _ = side.plan(0, 2.0, lost, FULL_MW, FULL_MW)
    start_bar = side.pressure_bar[1:].mean()
    side.advance(2.0)
    bar = side.pressure_bar[1:].mean()
    inflow_mcm = step.flow_mcm_per_d[LATERAL] * system.gas.isolation_h / 24
    stood = side.rupture(LATERAL, 1.0) - inflow_mcm
    assert stood < at_once
    # Gas in a segment goes nearly with its pressure; compressibility and the profile along the pipe are the rest.
    assert stood / at_once == pytest.approx(bar / start_bar, rel=0.05)


def test_an_interval_that_ends_early_is_run_for_its_own_length(two_areas):
    states = []
    for planned_h in (1.0, 0.5):
        side, hour = settled(two_areas(gas=True), GasMode.HYDRAULIC)
        lost = without(hour, TRUNK)
        side.limits(0, planned_h, lost, FULL_MW, scarce=True)
        side.plan(0, planned_h, lost, FULL_MW, FULL_MW)
        side.advance(0.5)
        states.append(side.state)
    np.testing.assert_allclose(states[0].p_bar, states[1].p_bar, rtol=1e-9)


def test_schedule_is_renewed_at_changes_in_need_and_with_age(pressures, monkeypatch):
    side, hour = pressures
    made, order = [], side.network.schedule
    monkeypatch.setattr(side.network, "schedule", lambda *args, **kwargs: made.append(1) or order(*args, **kwargs))

    def schedules(now_h, of=hour, scarce=False):
        made.clear()
        side.limits(now_h * 3600.0, 1.0, of, FULL_MW, scarce=scarce)
        return len(made)

    assert [schedules(0), schedules(1), schedules(REORDER_H - 0.1), schedules(REORDER_H)] == [1, 0, 0, 1]
    copied = hour._replace(conditions=hour.conditions._replace(node_works=hour.conditions.node_works.copy()))
    assert schedules(REORDER_H, copied) == 0  # equal is the same
    assert schedules(REORDER_H + 1, without(hour, LATERAL, 0.9)) == 1
    assert schedules(REORDER_H + 1, without(hour, LATERAL, 0.9), scarce=True) == 1
    assert schedules(REORDER_H + 1, without(hour, LATERAL, 0.9), scarce=False) == 0


def test_protocol_names_what_both_offer():
    offered = {name for name in vars(GasSide) if not name.startswith("_")}
    calls = {"settle", "limits", "plan", "advance", "rupture", "set_cut_order", "low_at_start"}
    assert offered == calls | {"linepack_mcm", "pressure_bar"}
    for side in (BalanceGas, PressureGas):
        assert offered <= set(vars(side))


# Exchange


@pytest.fixture
def fuel(two_areas):
    """A fuel system with pressures, and a maker of moments at an hour under events."""

    def powered(tables):
        tables["power_to_gas"] = [{"name": "gate_power", "bus": "s1", "node": "gate", "p_mw": 5, "restart_h": 0}]
        tables["gas_demand"].append(
            {"name": "gate_boilers", "node": "gate", "gas_class": "heating", "winter_mcm_per_d": 1,
             "summer_mcm_per_d": 1}
        )  # fmt: skip

    system = two_areas(powered, gas=True)
    calm = conditions(system, [], Imports.NONE)
    system_fuel = FuelSystem(pack(system), calm, make_gas_network(system, GasMode.HYDRAULIC))
    start = dt.datetime(2026, 1, 14)
    weather = make_weather(system, Scenario("case", "two_areas", Horizon(start, 24)).weather, start)

    def moment(hour, dt_h=1.0):
        inputs = weather.at(start + dt.timedelta(hours=hour))
        able_mw = system.generators.p_max_mw.copy()
        return Moment(
            now_s=int(hour * 3600), dt_h=dt_h, month=1, conditions=calm, inputs=inputs,
            committed=np.ones(2, dtype=bool), able_mw=able_mw, shed_mw=np.zeros(0),
            likely_mw=None, bought_mw=np.zeros(0),
        )  # fmt: skip

    first = moment(0)
    system_fuel.settle(calm, first.inputs, first.able_mw)
    return system_fuel, moment


def test_calls_out_of_order_are_refused(fuel):
    system, moment = fuel
    p_main_mw, p_backup_mw = np.array([200.0, 200.0]), np.zeros(1)
    with pytest.raises(AssertionError, match="advance before balance"):
        system.advance(1.0, p_main_mw, p_backup_mw)
    limits = system.limits(moment(0))
    with pytest.raises(AssertionError, match="balance before limits"):
        system.balance(moment(1), limits, p_main_mw, p_backup_mw)
    system.balance(moment(0), limits, p_main_mw, p_backup_mw)
    system.advance(1.0, p_main_mw, p_backup_mw)
    with pytest.raises(AssertionError, match="advance before balance"):
        system.advance(1.0, p_main_mw, p_backup_mw)


def test_rupture_right_after_advance_is_recorded_once_and_ends_the_balance(fuel):
    system, moment = fuel
    p_main_mw, p_backup_mw = np.array([200.0, 200.0]), np.zeros(1)
    system.balance(moment(0), system.limits(moment(0)), p_main_mw, p_backup_mw)
    system.advance(1.0, p_main_mw, p_backup_mw)
    vented = system.rupture(TRUNK, 1.0)
    assert vented > 0.1
    assert system.take_vented().tolist() == [vented, 0.0, 0.0] and not system.take_vented().any()
    # In an instant already answered the answer holds no more.
    system.balance(moment(1), system.limits(moment(1)), p_main_mw, p_backup_mw)
    system.rupture(LATERAL, 1.0)
    with pytest.raises(AssertionError, match="advance before balance"):
        system.advance(1.0, p_main_mw, p_backup_mw)


def test_heating_plants_take_no_gas_while_their_node_is_without_power(fuel):
    system, moment = fuel
    p_main_mw, dead = np.array([200.0, 200.0]), np.array([0.0, 0.0, 1.0])
    delivered = []
    for hour, cut in ((0, dead), (1, 0 * dead), (2, 0 * dead)):
        step, _ = system.balance(moment(hour), system.limits(moment(hour)), p_main_mw, np.zeros(1))
        delivered.append(step.delivered_mcm_per_d[2])
        changed, _ = system.update_supply(hour * 3600.0, cut, False)
        assert changed == {0: [("gate_power", False)], 1: [("gate_power", True)], 2: []}[hour]
        system.advance(1.0, p_main_mw, np.zeros(1))
    assert delivered == pytest.approx([1.0, 0.0, 1.0], abs=1e-4)


def test_limits_without_fuel_limits_request_all_that_generators_could_make(fuel):
    system, moment = fuel
    limits = system.unlimited(moment(0).able_mw)
    assert limits.gas_share.tolist() == [1.0, 1.0] and limits.backup_mw.tolist() == [0.0]
    assert limits.link_requested_mw.tolist() == limits.link_deliverable_mw.tolist() == [200.0]
