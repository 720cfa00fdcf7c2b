"""The operator by hand on the two-area system: list, ramps, start-ups, blindness; each without SimPy."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.operator import FOLLOW_UP_S
from gridsim.engine.run import run
from gridsim.model.scenario import Event, Horizon, Scenario, Target
from tests.support.engine_cases import QUIET, Stages, outage, p_mw, row


def with_reserve(**values):
    """South covers its own 200 MW with gas_1; a cold machine of 100 MW stands beside it."""

    def edit(tables):
        tables["generators"].append(row(**values))
        tables["generators"][0]["ramp_mw_per_min"] = None
        tables["loads"][1]["p_mw"] = 100

    return edit


def play(system, *events, hours=12.0, step=60, policy=QUIET):
    horizon = Horizon(dt.datetime(2026, 1, 14), hours, step)
    return run(system, Scenario("case", "two_areas", horizon, events=events, policy=policy))


@pytest.mark.parametrize("start_h", [0, 0.01])
def test_a_machine_that_starts_at_once_serves_the_shortage_at_once(two_areas, start_h):
    result = play(two_areas(with_reserve(start_h=start_h)), outage("generators", "gas_1", 6, at_h=5))
    # Without gas_1 the interface brings 150 of 200 MW; old_1 has no ramp, so it makes the other 50 as it starts.
    assert result.metric("EUE") == pytest.approx(50 * start_h, abs=0.05)
    assert result.metric("LOLH") == pytest.approx(start_h, abs=1e-9)


@pytest.mark.parametrize("step", [60, 15, 5])
@pytest.mark.parametrize("trip_h", [5, 5 + 57 / 60])
def test_a_started_machine_climbs_from_its_synchronisation(two_areas, step, trip_h):
    system = two_areas(with_reserve(start_h=1, ramp_mw_per_min=1))
    result = play(system, outage("generators", "gas_1", 6, at_h=trip_h), step=step)
    # 50 MW short for an hour, then 1 MW a minute in steps of five minutes: 50, 45, 40 ... 5 MW.
    climb_mwh = sum(range(5, 51, 5)) * 5 / 60
    assert result.metric("EUE") == pytest.approx(50 + climb_mwh, rel=0.02)
    rows = result.tables["generators"]
    old = rows["name"] == "old_1"
    first = np.flatnonzero(old & (rows["p_mw"] > 1e-6))[0]
    assert rows["p_mw"][first] <= 5 + 1e-6 and rows["time_h"][first] > trip_h + 1


def test_first_output_is_zero_at_synchronisation_whatever_the_time_since_the_last_resolve(two_areas):
    stages = Stages(two_areas(with_reserve(start_h=1, ramp_mw_per_min=1)))
    stages.resolve(0)
    stages.at(1).state.begin(outage("generators", "gas_1"))
    stages.resolve(1)
    assert (2 * 3600, "a started machine", False) in stages.agenda.wakes
    assert p_mw(stages, stages.resolve(2), "old_1") == pytest.approx(0)
    assert p_mw(stages, stages.resolve(2.5), "old_1") == pytest.approx(30)


def test_the_operator_acts_again_only_while_a_climb_would_serve_load(two_areas):
    def slow(tables):
        tables["generators"][0]["ramp_mw_per_min"] = 0.1  # coal in the North, behind the interface

    stages = Stages(two_areas(slow))
    stages.resolve(0)
    stages.at(1).state.begin(outage("lines", "n1_s1"))
    stages.resolve(1)  # 40 MW short in the South: no coal machine can help
    assert not [w for w in stages.agenda.wakes if w[1] == "the operator's follow-up"]
    stages.at(2).state.end(stages.state.disturbances.active[0])
    stages.resolve(2)
    stages.at(3).state.begin(outage("generators", "gas_1"))
    interval = stages.resolve(3)  # 150 MW short for want of gas_1: coal may climb 50 MW more, 1.5 MW in 15 minutes
    assert interval.dispatch.ramp_limited
    assert (3 * 3600 + FOLLOW_UP_S, "the operator's follow-up", False) in stages.agenda.wakes


def test_the_list_counts_machines_that_come_back_during_the_day(two_areas):
    def edit(tables):
        with_reserve(start_h=2)(tables)
        tables["generators"][1] |= {"must_run": "false", "p_min_mw": 0, "start_h": 0}

    repaired = outage("generators", "gas_1", 25, at_h=5)  # back at 06:00 of the second day
    result = play(two_areas(edit), repaired, hours=48)
    committed = result.tables["generators"]
    gas = committed["name"] == "gas_1"
    at_return = gas & (committed["time_h"] == 30.0)
    assert committed["committed"][at_return].tolist() == [True]
    assert result.metric("EUE") == pytest.approx(2 * 50, abs=1e-3)  # on the first day, until old_1 has started


def test_a_healthy_machine_is_started_before_load_is_shed_if_it_can_start_in_time(two_areas):
    def edit(tables):
        with_reserve(start_h=3)(tables)
        tables["profiles"] = [
            {"profile": "evening", "month": month, "day_type": "any", "hour": hour, "value": 1 if hour >= 12 else 0.7}
            for month in range(1, 13)
            for hour in range(24)
        ]
        for load in tables["loads"]:
            load["profile"] = "evening"

    # gas_1 trips at 05:00: the interface carries the South's 140 MW of the morning, 50 MW are missing from noon.
    result = play(two_areas(edit), outage("generators", "gas_1", 12, at_h=5), hours=24)
    rows = result.tables["generators"]
    old = (rows["name"] == "old_1") & (rows["time_h"] == 8.0)
    assert rows["committed"][old].tolist() == [True]
    assert result.metric("EUE") == pytest.approx(0, abs=1e-6)


def test_without_a_stated_reserve_the_largest_machine_is_covered(two_areas):
    def edit(tables):
        with_reserve()(tables)

    stated = Stages(two_areas(edit))
    silent = Stages(dataclasses.replace(two_areas(edit), reserve_stated=False))
    old = stated.state.system.generators.position("old_1")
    # Coal alone has 500 MW for 300 MW of load; without it (500 MW) every machine is wanted.
    assert np.isinf(stated.state.commitment.ready_s[old])
    assert silent.state.commitment.ready_s[old] == 0


def test_rounds_of_starts_at_once_double(two_areas):
    def edit(tables):  # thirty idle machines of 1 MW in the North help nobody in the South
        tables["generators"] += [row(name=f"idle_{n:02}", bus="n1", installed_mw=1, p_max_mw=1) for n in range(30)]

    stages = Stages(two_areas(edit))
    stages.resolve(0)
    stages.at(1).state.begin(outage("generators", "gas_1"))
    rounds = 0
    while rounds == 0 or stages.agenda.armed[-1] == "a machine started at once":
        stages.agenda.armed.append("")
        stages.resolve(1)
        rounds += 1
    assert rounds <= 3


def test_a_blind_operator_carries_his_plan_on(two_areas):
    blind = Event("blind", "dispatcher_blind", 0.0, (Target("all", "all"),), 60.0, None)
    stages = Stages(two_areas(with_reserve()), QUIET, step=15)
    stages.state.begin(blind)
    stages.resolve(0)
    stages.at(1).state.begin(outage("generators", "gas_1"))
    first = stages.resolve(1)
    assert stages.operator.blind and (2 * 3600, "the dispatcher who sees again", True) in stages.agenda.wakes
    for hour in (1.25, 1.5, 1.75):
        held = stages.resolve(hour)
        assert held.dispatch.p_gen_mw == pytest.approx(first.dispatch.p_gen_mw)
        assert held.dispatch.unserved_mw.sum() == pytest.approx(first.dispatch.unserved_mw.sum())
    assert np.isinf(stages.state.commitment.ready_s[stages.state.system.generators.position("old_1")])
    assert not stages.at(2).operator.blind
