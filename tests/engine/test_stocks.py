"""Yards and tanks by hand, and what an event on the deliveries of a yard does.

The two-area system of conftest, its coal plant cut to one machine of 200 MW that runs full for 400 MW of load (gas
gives the other 200). A day of the yard is 24 h x 200 MW = 4,800 MWh.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.contingencies.effects import conditions
from gridsim.engine.run import run
from gridsim.engine.stocks import Stocks
from gridsim.io.read_scenario import read_scenario
from gridsim.model.pack import pack, yard_generators
from gridsim.model.scenario import AcMode, Event, Horizon, Imports, Policy, Scenario, Target, kinds

KIND = "coal_delivery_stop"
ALL_COMES = np.ones(1)


def with_yard(**row):
    def edit(tables):
        tables["generators"][0] |= {"p_max_mw": 200, "installed_mw": 200, "p_min_mw": 0}
        yard = {"name": "rail_yard", "plant": "coal", "fuel": "coal", "capacity_days": 2, "stock_days": 2}
        tables["fuel_stocks"] = [yard | row]

    return edit


@pytest.fixture
def delivery_kind(monkeypatch):
    """A kind of event that nothing but a row of the table of kinds knows of."""
    row = dataclasses.replace(
        kinds()["generator_outage"], kind=KIND, targets=("fuel_stocks", "all"), magnitude=1.0, duration_h=168.0
    )
    monkeypatch.setitem(kinds(), KIND, row)


def stop(table="fuel_stocks", name="rail_yard", *, at_h=2.0, duration_h=None, magnitude=1.0):
    return Event("strike", KIND, at_h, (Target(table, name),), magnitude, duration_h)


def play(system, *events, hours=72.0):
    policy = Policy(imports=Imports.NONE, ac=AcMode.OFF)
    return run(
        system, Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=policy)
    )


def at(result, table, name, column, time_h):
    rows = result.tables[table]
    here = (rows["name"] == name) & (rows["time_h"] <= time_h) & (rows["time_h"] + rows["duration_h"] > time_h)
    return float(rows[column][here].sum())


# An event on deliveries


@pytest.mark.parametrize(("table", "name"), [("fuel_stocks", "rail_yard"), ("all", "all")])
def test_a_yard_of_two_days_runs_dry_after_48_hours_without_deliveries(two_areas, delivery_kind, table, name):
    result = play(two_areas(with_yard()), stop(table, name))
    assert at(result, "fuel", "coal/coal", "stock_days", 1.5) == pytest.approx(2.0, abs=1e-9)
    assert at(result, "fuel", "coal/coal", "stock_days", 26.0) == pytest.approx(1.0, abs=1e-9)
    assert at(result, "generators", "coal_1", "p_mw", 49.5) == pytest.approx(200, abs=1e-6)
    assert at(result, "generators", "coal_1", "p_mw", 50.5) == pytest.approx(0, abs=1e-6)
    # Quiet for 50 h; then 200 of 400 MW are missing for the other 22 h.
    assert result.metric("EUE") == pytest.approx(22 * 200, abs=1e-2)
    assert ("fuel_stocks:rail_yard", 2.0) in [(c.component, c.time_h) for c in result.log]
    assert result.why("zone:south", 60)[-1].component in ("fuel_stocks:rail_yard", "all:all")


def test_half_of_the_deliveries_make_the_yard_last_twice_as_long(two_areas, delivery_kind):
    result = play(two_areas(with_yard()), stop(magnitude=0.5), hours=120)
    # Half a day of stock goes per day of full output: dry at 2 + 96 h, then half of 200 MW comes by rail.
    assert at(result, "fuel", "coal/coal", "stock_days", 50.0) == pytest.approx(1.0, abs=1e-9)
    assert at(result, "generators", "coal_1", "p_mw", 97.5) == pytest.approx(200, abs=1e-6)
    assert at(result, "generators", "coal_1", "p_mw", 98.5) == pytest.approx(100, abs=1e-6)


def test_deliveries_come_again_when_the_event_ends(two_areas, delivery_kind):
    result = play(two_areas(with_yard()), stop(duration_h=60.0))
    assert at(result, "generators", "coal_1", "p_mw", 61.5) == pytest.approx(0, abs=1e-6)
    assert at(result, "generators", "coal_1", "p_mw", 62.5) == pytest.approx(200, abs=1e-6)
    assert [c.to_state for c in result.log if c.component == "fuel_stocks:rail_yard"][-1] == "normal"


def test_a_scenario_file_names_a_yard_or_all_of_them(delivery_kind, tmp_path):
    path = tmp_path / "strike.yaml"
    path.write_text(
        "schema_version: 1\nname: strike\ndescription: coal trains stop\nnetwork: kazakhstan\n"
        "horizon: {start: 2026-01-12 00:00, hours: 2}\n"
        "events:\n"
        f"  - {{id: one, at: +0h, kind: {KIND}, target: coal_aksu_gres}}\n"
        f"  - {{id: every, at: +1h, kind: {KIND}, target: all, magnitude: 0.5}}\n",
        encoding="utf-8",
    )
    system, scenario = read_scenario(path)
    aksu = system.fuel_stocks.name == "coal_aksu_gres"
    one, every = scenario.events
    assert conditions(system, [one], Imports.NONE).delivery_share.tolist() == np.where(aksu, 0, 1).tolist()
    assert conditions(system, [one, every], Imports.NONE).delivery_share.tolist() == np.where(aksu, 0, 0.5).tolist()
    assert conditions(system, [], Imports.NONE).delivery_share.tolist() == [1.0] * len(system.fuel_stocks)


# Yards


def test_yard_allows_what_stock_and_deliveries_give(two_areas):
    stocks = Stocks(pack(two_areas(with_yard(stock_days=0.05, delivery_share=0.25))))
    full, half = np.array([200.0, 200.0]), np.array([100.0, 200.0])
    # 0.05 d are 1.2 h of full output; a quarter comes meanwhile: 1.6 h at full output, 4.8 h at half.
    assert stocks.yard_share(ALL_COMES).tolist() == [1.0, 1.0]
    assert stocks.holds_h(ALL_COMES, full, np.zeros(0)) == pytest.approx(1.6, abs=1 / 3600)
    assert stocks.holds_h(ALL_COMES, half, np.zeros(0)) == pytest.approx(4.8, abs=1 / 3600)
    assert stocks.holds_h(0 * ALL_COMES, full, np.zeros(0)) == pytest.approx(1.2, abs=1 / 3600)
    stocks.advance(1.2, 0 * ALL_COMES, full, np.zeros(0))
    assert stocks.yard_share(ALL_COMES).tolist() == [0.25, 1.0]
    assert stocks.yard_share(0 * ALL_COMES).tolist() == [0.0, 1.0]
    assert stocks.holds_h(ALL_COMES, full, np.zeros(0)) == np.inf


def test_yard_empties_and_fills_within_its_bounds(two_areas):
    stocks = Stocks(pack(two_areas(with_yard(stock_days=1, delivery_share=0.5))))
    full, nothing = np.array([200.0, 200.0]), np.zeros(2)
    stocks.advance(12.0, ALL_COMES, full, np.zeros(0))
    assert stocks.yard_days == pytest.approx([1 - 0.25])
    stocks.advance(12.0, 0 * ALL_COMES, full, np.zeros(0))
    assert stocks.yard_days == pytest.approx([0.25])
    stocks.advance(24.0, 0 * ALL_COMES, full, np.zeros(0))
    assert stocks.yard_days.tolist() == [0.0]
    stocks.advance(240.0, ALL_COMES, nothing, np.zeros(0))
    assert stocks.yard_days.tolist() == [2.0]


def test_two_yards_of_a_plant_feed_it_together_and_mazut_feeds_no_coal_boiler(two_areas):
    def edit(tables):
        with_yard(stock_days=0.02, delivery_share=0)(tables)
        rows = tables["fuel_stocks"]
        rows += [rows[0] | {"name": "second_yard", "stock_days": 0.01}, rows[0] | {"name": "mazut", "fuel": "mazut"}]

    system = two_areas(edit)
    assert [gens.tolist() for gens in yard_generators(system)] == [[0], [0], []]
    stocks = Stocks(pack(system))
    assert stocks.yard_share(np.ones(3)).tolist() == [1.0, 1.0]
    stocks.advance(0.5, np.ones(3), np.array([200.0, 200.0]), np.zeros(0))  # the smaller yard is empty, one is left
    assert stocks.yard_days[:2] == pytest.approx([0.0, 0.0], abs=1e-2) and stocks.yard_days[1] == 0.0
    assert stocks.yard_share(np.ones(3)).tolist() == [0.0, 1.0]


# Tanks of backup fuel: 200 MW on gas, half of it on mazut for a day: 2,400 MWh, lit after 2 h


@pytest.fixture
def tanks(two_areas):
    return Stocks(pack(two_areas(gas=True)))


def backup_mw(stocks, now_h, main_share):
    return stocks.backup_limit_mw(now_h * 3600.0, np.array([500.0, 200.0]), np.array([1.0, main_share])).tolist()


def test_backup_fuel_comes_after_its_switching_time_and_goes_with_the_shortage(tanks):
    for now_h, short, expected in ((5, True, 0), (6.9, True, 0), (7, True, 100), (8, False, 0), (9, True, 0)):
        tanks.switch_over(now_h * 3600.0, np.array([short]))
        assert backup_mw(tanks, now_h, 0.0 if short else 1.0) == [expected], now_h


def test_backup_fuel_fills_what_gas_leaves_up_to_its_capacity(tanks):
    tanks.switch_over(0.0, np.array([True]))
    assert backup_mw(tanks, 3, 0.8) == pytest.approx([40])
    assert backup_mw(tanks, 3, 0.1) == pytest.approx([100])


def test_backup_stock_is_consumed_taken_and_given_back(tanks):
    assert tanks.backup_mwh.tolist() == [2400.0] and tanks.backup_days.tolist() == [1.0]
    tanks.switch_over(0.0, np.array([True]))
    tanks.advance(12.0, np.zeros(0), np.zeros(2), np.array([100.0]))
    assert tanks.backup_days.tolist() == [0.5]
    taken = tanks.take_backup(np.array([True]), 0.9)
    assert taken.tolist() == [1080.0] and tanks.backup_mwh == pytest.approx([120.0])
    # 120 MWh last 72 minutes at 100 MW; then there is nothing.
    assert backup_mw(tanks, 3, 0.0) == pytest.approx([100])
    assert tanks.holds_h(np.zeros(0), np.zeros(2), np.array([100.0])) == pytest.approx(1.2, abs=1 / 3600)
    tanks.advance(1.2, np.zeros(0), np.zeros(2), np.array([100.0]))
    assert backup_mw(tanks, 3, 0.0) == [0.0]
    tanks.return_backup(taken)
    assert tanks.backup_mwh == pytest.approx([1080.0])


def test_the_next_switch_to_backup_fuel_is_after_its_switching_time(tanks):
    assert tanks.switches_h(0.0) == np.inf  # gas suffices
    tanks.switch_over(3600.0, np.array([True]))
    assert tanks.switches_h(3600.0) == pytest.approx(2.0)
    tanks.switch_over(2 * 3600.0, np.array([True]))  # still short: the time runs on
    assert tanks.switches_h(2.5 * 3600.0) == pytest.approx(0.5)
    assert tanks.switches_h(3 * 3600.0) == np.inf  # it has switched over
    tanks.switch_over(2 * 3600.0, np.array([False]))
    assert tanks.switches_h(2 * 3600.0) == np.inf


def test_a_plant_without_backup_fuel_never_switches_over(two_areas):
    def no_backup(tables):
        tables["gas_to_power"][0]["backup_capacity_share"] = 0

    stocks = Stocks(pack(two_areas(no_backup, gas=True)))
    stocks.switch_over(0.0, np.array([True]))
    assert stocks.switches_h(3600.0) == np.inf and backup_mw(stocks, 3, 0.0) == []
    assert stocks.backup_mwh.tolist() == [0.0] and np.isnan(stocks.backup_days).all()


def test_what_yards_feed_is_made_again_when_stock_deliveries_or_coal_change(two_areas):
    """Half of the burn comes by rail: all of it while there is stock, a half without, a quarter of half deliveries."""
    stocks = Stocks(pack(two_areas(with_yard(delivery_share=0.5))))
    comes, burn = np.ones(1), np.where(stocks.yard_share(ALL_COMES) > 0, 200.0, 0.0)
    assert stocks.yards_feed(comes) is stocks.yards_feed(comes)
    assert stocks.yards_feed(comes).tolist() == [1.0]
    stocks.advance(96.0, comes, burn, np.zeros(0))  # two days in stock, half of the burn comes: empty in four
    assert stocks.yards_feed(comes).tolist() == [0.5]
    assert stocks.yards_feed(np.full(1, 0.5)).tolist() == [0.25]
    assert stocks.yards_feed(comes, np.full(1, 0.8)).tolist() == [pytest.approx(0.4)]
    assert stocks.yard_share(comes)[0] == 0.5
