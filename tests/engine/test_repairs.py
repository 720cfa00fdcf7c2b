"""Planned repairs in a run: the days of the plan, known the day before, and the same shortfall as in the sampler."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from gridsim.engine.repairs import PLANNED_REPAIR, planned_repairs
from gridsim.engine.run import run
from gridsim.model.maintenance import planned_outage
from gridsim.model.scenario import AcMode, GasMode, Horizon, Imports, Policy, Scenario, kinds
from gridsim.model.system import GridSystem
from tests.support.failure_years import check_months, with_repairs

JULY = dt.datetime(2025, 7, 1)
BY_HAND = Policy(Imports.NONE, AcMode.OFF, gas=GasMode.BALANCE)


def coal_is_repaired(tables: dict[str, list[dict[str, Any]]], weeks: float = 2) -> None:
    """Flat load: the first repair of all goes into the first weeks of January."""
    tables["generators"][0]["maintenance_weeks"] = weeks


def test_the_repairs_of_a_horizon_begin_and_end_as_planned(two_areas: Any) -> None:
    system = two_areas(coal_is_repaired)
    assert np.flatnonzero(planned_outage(system)[0]).tolist() == list(range(14))
    (within,) = planned_repairs(system, dt.datetime(2025, 12, 31), 24 * 30)
    assert (within.at_h, within.duration_h, within.targets[0].name) == (24.0, 24.0 * 14, "coal_1")
    assert within.id.startswith(PLANNED_REPAIR) and kinds()[within.kind].foreseen
    (under_way,) = planned_repairs(system, dt.datetime(2026, 1, 10, 6), 24 * 30)
    assert (under_way.at_h, under_way.duration_h) == (0.0, 24.0 * 5 - 6.0)
    (lasting,) = planned_repairs(system, dt.datetime(2026, 1, 2), 48)
    assert (lasting.at_h, lasting.duration_h) == (0.0, None)
    assert planned_repairs(system, dt.datetime(2026, 1, 15), 1000) == []
    assert planned_repairs(system, dt.datetime(2025, 12, 30), 48) == []
    twice = planned_repairs(system, dt.datetime(2025, 1, 8), 8760)
    assert [(event.at_h, event.duration_h) for event in twice] == [(0.0, 24.0 * 7), (24.0 * 358, None)]


def test_of_the_last_day_of_broken_weeks_a_share_is_left(two_areas: Any) -> None:
    system = two_areas(lambda tables: coal_is_repaired(tables, 1.5))
    (event,) = planned_repairs(system, dt.datetime(2025, 12, 31), 24 * 30)
    assert (event.at_h, event.duration_h) == (24.0, 24.0 * 10.5)


def test_the_days_of_the_year_are_those_of_the_plan(kazakhstan: GridSystem) -> None:
    planned = planned_outage(kazakhstan)
    out_h = np.zeros(len(kazakhstan.generators))
    for event in planned_repairs(kazakhstan, JULY, 8760):
        gen = kazakhstan.generators.position(event.targets[0].name)
        out_h[gen] += min(8760.0, event.at_h + (event.duration_h or 8760.0)) - event.at_h
    assert out_h == pytest.approx(24.0 * planned.sum(axis=1), abs=1e-6)


def test_the_log_tells_the_planned_repair_and_nothing_happens_without_failures(two_areas: Any) -> None:
    system = two_areas(coal_is_repaired)
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 13), 72), policy=BY_HAND, failures=True)
    result = run(system, scenario)
    changes = [change for change in result.log if change.component == "generators:coal_1"]
    begun = [change for change in changes if PLANNED_REPAIR in change.to_state]
    ended = [change for change in changes if change.to_state == "normal"]
    assert [change.time_h for change in begun] == [0.0] and [change.time_h for change in ended] == [48.0]
    assert PLANNED_REPAIR in str(result.why("coal_1", 24.0))
    rows = result.tables["generators"]
    coal = rows["name"] == "coal_1"
    assert not rows["available_mw"][coal & (rows["time_h"] < 48.0)].any()
    assert rows["available_mw"][coal][-1] == 500.0
    calm = run(system, Scenario("case", "two_areas", scenario.horizon, policy=BY_HAND))
    assert not any(PLANNED_REPAIR in change.to_state for change in calm.log)


def test_the_operator_starts_another_machine_before_the_repair_begins(two_areas: Any) -> None:
    """The old machine needs 10 h to start: it is synchronised when coal leaves at midnight, so nobody is shed."""

    def slow(tables: dict[str, list[dict[str, Any]]]) -> None:
        old = {"name": "old_1", "bus": "n1", "fuel": "oil", "installed_mw": 500, "p_max_mw": 500, "cost_per_mwh": 90,
               "start_h": 10, "p_min_mw": 1}  # fmt: skip
        tables["generators"].append(old)
        coal_is_repaired(tables)

    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2025, 12, 30), 72), policy=BY_HAND, failures=True)
    result = run(two_areas(slow), scenario)
    rows = result.tables["generators"]
    running = (rows["name"] == "old_1") & (rows["p_mw"] > 1.0)
    assert rows["time_h"][running].min() == pytest.approx(48.0, abs=1.0)
    assert result.metric("EUE").value == pytest.approx(0.0, abs=1e-6)


def test_repairs_and_failures_shed_what_the_samplers_year_sheds() -> None:
    """July to October, in which one machine's repair ends and another's begins.

    A whole year: tests/verification/test_failure_years.py.
    """
    system = with_repairs(20, 12, 20)
    july, november = 181, 304
    out = planned_outage(system)[:, july:november]
    assert ((out.max(axis=1) > 0) & (out.min(axis=1) == 0)).sum() == 2
    check_months(system, seed=2, months=4)
