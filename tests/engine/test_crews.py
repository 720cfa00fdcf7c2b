"""Repair crews by hand: waiting, journey, cold; and a rupture that waits for its crew in a run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import numpy as np
import pytest

from gridsim.engine.clock import environment, to_hours
from gridsim.engine.crews import Crews, Depot, Place, distance_km
from gridsim.engine.event_log import EventLog
from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Policy, Repair, Scenario, Target

TRUNK, LATERAL = Target("gas_pipelines", "trunk"), Target("gas_pipelines", "lateral")


def with_depot(**row):
    def edit(tables):
        for node, lon in zip(tables["gas_nodes"], (60.0, 62.0, 64.0), strict=True):
            node |= {"lat": 45.0, "lon": lon}
        depot = {"name": "depot", "trade": "pipeline", "lat": 45.0, "lon": 63.0, "crews": 1, "assembly_h": 2,
                 "speed_km_per_h": 40}  # fmt: skip
        tables["repair_crews"] = [depot | row]
        tables["weather_sites"] = [{"name": "steppe", "lat": 45.0, "lon": 62.0}]

    return edit


def play(system, repairs, t_c=0.0, share=None):
    """Hours at which each (name, at_h, target, work_h) ends, and the log."""
    env, log, ends = environment(), EventLog(), {}
    crews = Crews(env, system, log, lambda now_s: np.array([t_c(now_s / 3600) if callable(t_c) else t_c]))
    if share is not None:
        crews.set_share(np.array([share]))

    def one(name, at_h, target, work_h):
        yield env.timeout(int(at_h * 3600))
        yield from crews.repair(name, target, work_h, -1)
        ends[name] = to_hours(env.now)

    for repair in repairs:
        env.process(one(*repair))
    env.run(until=1000 * 3600)
    return ends, log


def test_distance_is_that_of_the_great_circle():
    # One degree along the 45th parallel: 6371 km * pi / 180 * cos 45 = 78.63 km, less a little over the pole side.
    assert float(distance_km(Place(45.0, 60.0), 45.0, 61.0)) == pytest.approx(78.63, abs=0.01)
    assert float(distance_km(Place(0.0, 10.0), 1.0, 10.0)) == pytest.approx(6371 * math.pi / 180)


def test_repair_is_assembly_journey_and_work(two_areas):
    # The lateral's middle is at 63 E, where the depot stands: 2 h + 0 h + 10 h.
    ends, log = play(two_areas(with_depot(), gas=True), [("burst", 1, LATERAL, 10)])
    assert ends == {"burst": pytest.approx(13.0)}
    states = [(change.time_h, change.to_state) for change in log.changes]
    assert states == [(1.0, "crew of depot on its way"), (3.0, "repairing"), (13.0, "done")]
    # The trunk's middle at 61 E is 157.2 km away: 3.93 h at 40 km/h.
    km = float(distance_km(Place(45.0, 61.0), 45.0, 63.0))
    ends, _ = play(two_areas(with_depot(), gas=True), [("burst", 0, TRUNK, 10)])
    assert ends["burst"] == pytest.approx(2 + km / 40 + 10, abs=2e-3)


def test_one_crew_repairs_one_after_the_other(two_areas):
    repairs = [("first", 0, LATERAL, 10), ("second", 1, LATERAL, 5)]
    ends, log = play(two_areas(with_depot(), gas=True), repairs)
    assert ends == {"first": pytest.approx(12.0), "second": pytest.approx(12 + 2 + 5)}
    assert "waiting for a crew of depot" in [change.to_state for change in log.changes]
    ends, _ = play(two_areas(with_depot(crews=2), gas=True), repairs)
    assert ends == {"first": pytest.approx(12.0), "second": pytest.approx(8.0)}
    ends, _ = play(two_areas(with_depot(crews=2), gas=True), repairs, share=0.5)
    assert ends["second"] == pytest.approx(19.0)


def test_a_depot_counts_what_would_be_served_before_a_new_repair():
    env = environment()
    depot = Depot(env, 2)
    waiting = [depot.waiting]
    for _ in range(4):
        depot.request()
        waiting.append(depot.waiting)
    # Two crews: with the second at work a new repair would be the first to wait, and so on.
    assert waiting == [0, 0, 1, 2, 3]
    depot.set_crews(1)
    assert depot.waiting == 4


def test_a_free_crew_far_away_comes_before_a_busy_one_nearby_then_the_shortest_queue(two_areas):
    def two_depots(tables):
        with_depot()(tables)
        tables["repair_crews"].append(tables["repair_crews"][0] | {"name": "far", "lon": 61.0})

    # The lateral's middle is at the depot; from the far one it is 157.2 km, 3.93 h at 40 km/h.
    repairs = [
        ("first", 0, LATERAL, 10),
        ("second", 1, LATERAL, 5),
        ("third", 2, LATERAL, 1),
        ("fourth", 3, LATERAL, 1),
    ]
    ends, log = play(two_areas(two_depots, gas=True), repairs)
    km = float(distance_km(Place(45.0, 63.0), 45.0, 61.0))
    assert ends["first"] == pytest.approx(2 + 10)
    assert ends["second"] == pytest.approx(1 + 2 + km / 40 + 5, abs=2e-3)
    # Both are busy: the third waits nearby, the fourth where nobody waits yet.
    assert ends["third"] == pytest.approx(12 + 2 + 1)
    assert ends["fourth"] == pytest.approx(ends["second"] + 2 + km / 40 + 1, abs=2e-3)
    waits = [(c.component, c.to_state) for c in log.changes if c.to_state.startswith("waiting")]
    assert waits == [
        ("repair:third", "waiting for a crew of depot"),
        ("repair:fourth", "waiting for a crew of far"),
    ]


def test_cold_slows_work_and_stops_it(two_areas):
    # 20 K below -10 C: 1 + 0.025 x 20 = 1.5 times the hours.
    ends, _ = play(two_areas(with_depot(), gas=True), [("burst", 0, LATERAL, 10)], t_c=-30.0)
    assert ends["burst"] == pytest.approx(2 + 15)
    # Below -40 C from the 5th to the 9th hour: three hours done, then four lost.
    ends, log = play(two_areas(with_depot(), gas=True), [("burst", 0, LATERAL, 10)], lambda h: -45 if 5 <= h < 9 else 0)
    assert ends["burst"] == pytest.approx(2 + 10 + 4)
    assert [change.time_h for change in log.changes if change.to_state == "stopped by cold"] == [5.0]


def test_network_without_crews_repairs_in_the_drawn_time(two_areas):
    ends, log = play(two_areas(gas=True), [("burst", 1, LATERAL, 10)])
    assert ends == {"burst": pytest.approx(11.0)} and not log.changes


def test_run_names_the_crew_as_cause_of_the_end(two_areas):
    system = two_areas(with_depot(), gas=True)
    repair = Repair("constant", 10.0)
    burst = Event("burst", "pipeline_rupture", 2.0, (LATERAL,), 1.0, None, repair)
    later = dataclasses.replace(burst, id="later", at_h=3.0, targets=(TRUNK,))
    policy = Policy(ac=AcMode.OFF, gas=GasMode.HYDRAULIC)
    horizon = Horizon(dt.datetime(2026, 7, 14), 48.0)
    result = run(system, Scenario("case", "two_areas", horizon, events=(burst, later), policy=policy))
    ends = {c.component: c for c in result.log if c.component.startswith("gas_pipelines") and c.to_state == "normal"}
    assert ends["gas_pipelines:lateral"].time_h == pytest.approx(14.0)
    assert ends["gas_pipelines:trunk"].time_h > 14 + 2 + 10
    chain = [change.component for change in result.why("gas_pipelines:lateral", 20.0)]
    assert chain == ["gas_pipelines:lateral", *["repair:burst"] * 3, "gas_pipelines:lateral"]
