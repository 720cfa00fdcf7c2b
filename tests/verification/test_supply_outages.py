"""The sampler's table of coal and cooling water against the simulator: energy that plants lose in random stops.

Stops of railways and losses of water are drawn among those of the country, begin at a random hour of a cold January
week and last an exponential time. Simulator and table differ by the daily course of dispatch and by commitment.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.cooling import cooled_machines
from gridsim.model.pack import SAMPLER_EFFECT, yard_generators
from gridsim.model.scenario import AcMode, Event, Horizon, Policy, Scenario, Target, WeatherFile
from gridsim.reliability.class_day import CLASSES, ClassDay, mean_normal_c
from gridsim.reliability.supply_causes import coal_stop, cooling_causes
from tests.support.fraction import FRACTION

COLD = CLASSES[2]
START = dt.datetime(2026, 1, 12)
AFTER_H = 48
SECOND_DAYS = 1.0 / 86_400.0
FELT_MWH = 5_000.0  # a plant that stands still for some hours
MEAN_STOP_H = 320.0  # long enough for most yards to be felt


def simulated(system, event, hours):
    """Tables of a cold spell with the event."""
    normal_c = mean_normal_c(system, START + dt.timedelta(days=4))
    weather = WeatherFile("cold", (COLD.typical_c - normal_c,), (1.0,), (1.0,))
    policy = Policy(ac=AcMode.OFF, least_effect=SAMPLER_EFFECT)
    scenario = Scenario("case", "kazakhstan", Horizon(START, hours), events=(event,), weather=weather, policy=policy)
    return run(system, scenario).tables


def without_coal_mwh(tables, system, day, yards):
    """MWh that machines are able to but for coal, in the hours in which their yard is empty and no train comes."""
    rows, total = tables["coal"], 0.0
    for yard in yards:
        here = rows["name"] == system.fuel_stocks.name[yard]
        stock, delivered = rows["stock_days"][here], rows["delivered_t_per_d"][here]
        empty = (stock < SECOND_DAYS) & (delivered < 1e-6)
        total += day.able_mw[yard_generators(system)[yard]].sum() * rows["duration_h"][here][empty].sum()
    return float(total)


def without_water_mwh(tables, system, day, machines, event):
    """MWh that machines are able to but for water, in the hours of the loss in which they stand still."""
    rows, total = tables["generators"], 0.0
    for gen in machines:
        here = rows["name"] == system.generators.name[gen]
        lost = (rows["time_h"][here] >= event.at_h) & (rows["time_h"][here] < event.at_h + event.duration_h)
        still = lost & (rows["p_mw"][here] < 1e-6)
        total += day.able_mw[gen] * rows["duration_h"][here][still].sum()
    return float(total)


def test_energy_lost_in_random_stops_agrees_with_the_simulator(kazakhstan):
    system = kazakhstan
    day = ClassDay(system, COLD, "contract", week=True)
    feeds = yard_generators(system)
    corridors = sorted(set(system.coal_routes.corridor.tolist()))
    waters = system.cooling.name.tolist()
    rng = np.random.default_rng(22)
    cases = max(round(20 * FRACTION), 2)
    found = []
    for case in range(cases):
        start_h = float(rng.integers(2, 24))
        duration_h = float(np.ceil(min(rng.exponential(MEAN_STOP_H), 700.0)))
        hours = int(start_h + duration_h + AFTER_H)
        if case % 5 == 4:
            name = waters[int(rng.integers(len(waters)))]
            event = Event("stop", "intake_outage", start_h, (Target("cooling", name),), 1.0, duration_h)
            machines = np.flatnonzero(cooled_machines(system)[waters.index(name)])
            frail = dataclasses.replace(
                system.cooling, mttf_h=np.full(len(waters), 1e4), mttr_h=np.full(len(waters), 1.0)
            )
            (cause,) = (c for c in cooling_causes(system.replace(cooling=frail)) if c.component.name == name)
            shares = {system.generators.position(machine): lost for machine, lost in cause.lost_share.items()}
            simulated_mwh = without_water_mwh(simulated(system, event, hours), system, day, machines, event)
            table = sum(day.able_mw[gen] * lost for gen, lost in shares.items()) * duration_h
        else:
            name = corridors[int(rng.integers(len(corridors)))]
            event = Event("stop", "rail_corridor_outage", start_h, (Target("rail_corridors", name),), 1.0, duration_h)
            routes = system.coal_routes
            yards = set(routes.yard[routes.corridor == name].tolist())
            machines = np.concatenate([feeds[yard] for yard in sorted(yards)])
            simulated_mwh = without_coal_mwh(simulated(system, event, hours), system, day, yards)
            stop, n = coal_stop(system, day, name), int(duration_h) + AFTER_H
            outage = stop.outage[:, np.minimum(np.arange(n), stop.outage.shape[1] - 1)]
            since = np.arange(n) - int(duration_h)
            after = np.ones_like(outage)
            here = (since >= 0) & (since < stop.repair.shape[1])
            after[:, here] = stop.repair[:, since[here]]
            left = np.where(since >= 0, np.maximum(outage, after), outage)
            table = float((day.able_mw[machines] @ (1.0 - left[machines])).sum())
        found.append((name, duration_h, simulated_mwh, float(table)))
    print(*found, sep="\n")
    for name, hours, simulated_mwh, table_mwh in found:  # what the simulator feels the table feels, and nothing else
        assert (simulated_mwh > FELT_MWH) == (table_mwh > FELT_MWH), (name, hours, simulated_mwh, table_mwh)
        if name in waters:
            assert table_mwh == pytest.approx(simulated_mwh), (name, hours)
    coal = [row for row in found if row[0] not in waters]
    whole, table = sum(row[2] for row in coal), sum(row[3] for row in coal)
    if FRACTION >= 1.0:  # the bar is on the total of the stops of coal: two of them say nothing about it
        assert table == pytest.approx(whole, rel=0.10), found
