"""The first minutes in a run: what automation cuts is unserved with its cause, then the operator's; quiet runs stay."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.engine.tables.frequency_trace import thinned
from gridsim.model.scenario import Failures, FirstMinutesMode, Horizon, Scenario
from gridsim.solvers.dispatch import DispatchSolver
from tests.support.engine_cases import QUIET, START, Stages, outage

SECONDS = dataclasses.replace(QUIET, first_minutes=FirstMinutesMode.ON)


def stage(number: int) -> dict:
    return {"name": f"stage_{number}", "quantity": "frequency_hz", "setting": 49.0 - 0.2 * number, "delay_s": 0.2,
            "action": "shed load", "share": 0.1}  # fmt: skip


def with_stages(tables) -> None:
    tables["automation"] = [stage(number) for number in range(6)]


def lost(system, policy=SECONDS, *, table="generators", name="gas_1", failing=False):
    """Stages at 01:00, where something has just been lost and was answered; ``failing``: with random failures."""
    stages = Stages(system, policy)
    if failing:
        stages.state.scenario = dataclasses.replace(stages.state.scenario, failures=Failures.ON)
    stages.resolve(0)
    stages.at(1).state.begin(outage(table, name))
    return stages, stages.resolve(1)


def test_a_lost_machine_sheds_in_stages_and_the_shed_is_unserved(two_areas):
    """200 of 400 MW supplied are lost. Governors add 0.35 x 5 % of coal_1's 200 MW = 3.5 MW.

    A stage takes 10 % of 400 MW. With four of them 240 MW remain for 203.5 MW: 240 (1 + 0.03 f) = 203.5 at -5.1 Hz,
    which is below every other stage; with five 200 MW are left for 203.5 and the frequency recovers.
    """
    stages, interval = lost(two_areas(with_stages))
    operations = stages.state.log.operations
    assert operations[0].rule == "event"
    assert {operation.rule for operation in operations[1:]} == {f"stage_{number}" for number in range(5)}
    assert sum(operation.p_mw for operation in operations[1:]) == pytest.approx(200.0)
    assert interval.dispatch.unserved_mw.sum() == pytest.approx(200.0)
    assert stages.state.shed_mw.sum() == pytest.approx(200.0)
    assert interval.dispatch.load_mw.sum() == pytest.approx(400.0)
    changes = stages.state.log.changes
    cut = next(change for change in changes if change.component.startswith("automation:") and "cut" in change.to_state)
    cause = changes[cut.cause_id]
    assert cause.component == cut.component
    while cause.cause_id >= 0:
        cause = changes[cause.cause_id]
    assert cause.component == "generators:gas_1"


def test_the_operator_takes_the_cut_load_back_in_the_order_of_classes(two_areas):
    """After 15 minutes coal_1 has climbed and the section carries 150 MW: homes are served first, factories wait."""
    system = two_areas(with_stages)
    stages, _ = lost(system)
    assert any(delay_s == pytest.approx(900.0, abs=61) or delay_s == 900 for delay_s in waits(stages))
    later = stages.resolve(1.25)
    assert stages.state.shed_mw.sum() == 0.0
    unserved = dict(zip(system.loads.name.tolist(), later.dispatch.unserved_mw.tolist(), strict=True))
    assert unserved["s1_factory"] == pytest.approx(100.0)
    assert unserved["s1_homes"] == pytest.approx(50.0)
    assert unserved["n2_homes"] == pytest.approx(0.0, abs=1e-6)


def waits(stages) -> list[int]:
    return [at_s - 3600 for at_s, _, _ in stages.agenda.wakes if at_s > 3600]


def test_ties_open_and_close_again(two_areas):
    """The section overloads: its rule opens it, both lines are out, named, and closed an hour later."""

    def edit(tables):
        with_stages(tables)
        split = {"name": "split", "quantity": "interface_mw", "target": "north_south", "setting": 160, "delay_s": 0.3,
                 "action": "open interfaces", "place": "north_south"}  # fmt: skip
        tables["automation"].append(split)

    stages, interval = lost(two_areas(edit))
    system = stages.state.system
    out = [str(system.branch_name[branch]) for branch in interval.dispatch.out_branch]
    assert out == ["n1_s1", "n2_s1"]
    by_rule = {operation.rule: operation for operation in stages.state.log.operations}
    assert by_rule["split"].cause == "flow of north_south above 160 MW for 0.3 s"
    changes = stages.state.log.changes
    lines = [change for change in changes if change.component == "lines:n1_s1"]
    assert changes[lines[0].cause_id].component == "automation:split"
    # The South alone has no machine left: it is dead, all of its load is cut until it is carried again.
    assert by_rule["dead area"].place == "s1"
    south = system.loads.bus == system.buses.position("s1")
    assert interval.dispatch.unserved_mw[south].sum() == pytest.approx(300.0)
    assert stages.resolve(2.01).dispatch.out_branch.tolist() == []
    assert stages.state.shed_mw[south].sum() == pytest.approx(300.0)
    stages.resolve(4.01)
    assert stages.state.shed_mw.sum() == 0.0


def test_off_is_as_it_was(two_areas):
    stages, interval = lost(two_areas(with_stages), QUIET)
    assert stages.automation.first_minutes is None
    assert stages.state.log.operations == []
    assert stages.state.shed_mw.sum() == 0.0
    assert interval.dispatch.unserved_mw.sum() > 0


def test_an_hourly_run_without_a_surprise_is_the_same_to_the_bit(two_areas):
    """Same tables, same number of dispatch solves; the table of operations is empty."""
    system = two_areas(with_stages)
    found = []
    for policy in (QUIET, SECONDS):
        stages = Stages(system, policy)
        solver: DispatchSolver = stages.operator.redispatcher.solver
        found.append([(stages.resolve(hour).dispatch.solution.p_mw.tolist(), solver.solves) for hour in range(6)])
        assert stages.state.log.operations == []
    assert found[0] == found[1]


def test_a_run_records_every_operation(two_areas):
    """The table of a whole run: seconds, rule, place, power, cause; nothing where the stage is off."""
    system = two_areas(with_stages)
    event = outage("generators", "gas_1", at_h=1.0)
    results = {}
    for policy in (SECONDS, QUIET):
        scenario = Scenario("case", system.name, Horizon(START, 6), events=(event,), policy=policy)
        results[policy.first_minutes] = run(system, scenario)
    log = results[FirstMinutesMode.ON].tables["automation_log"]
    assert (log["time_h"] == 1.0).all()
    assert log["rule"].tolist()[0] == "event"
    assert (np.diff(log["at_s"]) >= 0).all()
    assert log["cause"].tolist()[1] == "frequency of n1 below 49.00 Hz for 0.2 s"
    assert len(results[FirstMinutesMode.OFF].tables["automation_log"]["time_h"]) == 0
    frequency = results[FirstMinutesMode.ON].tables["frequency"]
    assert frequency["name"].tolist() == ["north", "south"]
    assert frequency["shed_mw"].tolist() == pytest.approx([50.0, 150.0])
    assert (frequency["lowest_hz"] < 48.2).all()
    assert frequency["dead_areas"].tolist() == [0, 0]


def test_traces_of_a_run_are_the_swing_within_2_mhz(two_areas):
    """One row set for each area, from second 0 on; thinned, yet the lowest point of the table of frequencies is on it.

    The same operations, numbered and with the frequency at which each acted, stand in the chain of ``why``.
    """
    scenario = Scenario(
        "case", "two", Horizon(START, 6), events=(outage("generators", "gas_1", at_h=1.0),), policy=SECONDS
    )
    result = run(two_areas(with_stages), scenario)
    trace, log = result.tables["frequency_trace"], result.tables["automation_log"]
    assert set(trace["name"].tolist()) == set(log["place"].tolist()) - {"gas_1"}
    lowest = result.tables["frequency"]["lowest_hz"]
    for name, low in zip(("n1", "s1"), lowest.tolist(), strict=True):
        seconds, hz = (trace[column][trace["name"] == name] for column in ("at_s", "frequency_hz"))
        assert seconds[0] == 0.0 and (np.diff(seconds) >= 0).all() and len(seconds) < 300
        assert hz.min() == pytest.approx(low, abs=4e-3)
    course = result.why("south", 1.0).course
    assert [one.number for one in course] == list(range(1, len(log["at_s"]) + 1))
    first = next(one for one in course if one.rule == "stage_0")
    # 49 Hz was passed 0.2 s before it acts; 200 MW are missing then and all machines together store 2.3 GW s or less.
    assert 47.5 < first.frequency_hz < 49.0


def test_thinned_points_keep_a_curve_within_its_bound():
    """Lines between what is kept are within the bound of all 400 points; a straight line keeps its two ends."""
    x = np.linspace(0.0, 20.0, 400)
    y = 50.0 - np.sin(x) * np.exp(-x / 8.0)
    kept = thinned(x, y, 2e-3)
    assert kept[0] == 0 and kept[-1] == 399 and 20 < len(kept) < 200
    assert np.abs(np.interp(x, x[kept], y[kept]) - y).max() <= 2e-3
    assert thinned(x, 3.0 * x, 2e-3) == [0, 399]
    step = np.where(x < 10.0, 50.0, 0.0)
    assert np.abs(np.interp(x, x[(found := thinned(x, step, 2e-3))], step[found]) - step).max() <= 2e-3
