"""Minutes to hours after automation acted: the two areas by hand, from the trip to the tie that closes again."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine import rule_events
from gridsim.engine.run import run
from gridsim.errors import StudyError
from gridsim.model.scenario import Horizon, Scenario
from tests.engine.test_first_minutes import SECONDS, lost
from tests.support.engine_cases import QUIET, START, Stages, outage, p_mw, row

RAMP = 0.1  # MW/min of old_1


def stage(number: int) -> dict:
    return {"name": f"stage_{number}", "quantity": "frequency_hz", "setting": 49.0 - 0.2 * number, "delay_s": 0.1,
            "action": "shed load", "place": "s1", "target": "s1", "share": 1 / 9}  # fmt: skip


def with_dose_and_split(tables) -> None:
    over = {"quantity": "interface_mw", "target": "north_south", "setting": 60}
    dose = {"name": "dose", "delay_s": 0.1, "action": "shed load", "place": "s1", "amount_mw": 30}
    split = {"name": "split", "delay_s": 0.1, "action": "open interfaces", "place": "north_south", "after": "dose"}
    tables["generators"].append(row(p_min_mw=100, must_run="true", droop_pu=0.05, inertia_h_s=4, ramp_mw_per_min=RAMP))
    tables["automation"] = [over | dose, over | split, *(stage(number) for number in range(6))]


def test_two_areas_from_the_trip_to_resynchronisation(two_areas):
    """Before: gas_1 200 + old_1 100 = 300 MW of the South, coal_1 100 = 100 MW of the North, nothing on the section.

    gas_1 trips. The North's inertia sends more than 60 MW: after 0.1 s the dose takes 30 MW, after a further 0.1 s the
    section opens. South alone: 270 MW on old_1's 100. A stage takes a ninth of 270 = 30 MW; after five 120 are left,
    120 (1 + 0.03 f) = 100 at -5.6 Hz, so the sixth (48.0 Hz) acts as well: 300 - 30 - 180 = 90 MW.
    Governor of old_1: 100 / (0.05 x 50) x 0.35 = 14 MW/Hz beyond 0.02 Hz, nothing left upwards:
    90 (1 + 0.03 f) = 100 - 14 (f - 0.02), f = 10.28 / 16.7 = 0.6156 Hz. North: 100 MW on 100 MW, 50 Hz.
    """
    stages, interval = lost(two_areas(with_dose_and_split))
    log = stages.state.log
    operations = {operation.rule: operation for operation in log.operations}
    assert list(operations) == ["event", "dose", "split", *(f"stage_{number}" for number in range(6))]
    assert operations["split"].at_s - operations["dose"].at_s == pytest.approx(0.1, abs=1e-6)
    assert operations["dose"].p_mw == pytest.approx(30.0)
    assert operations["stage_5"].p_mw == pytest.approx(30.0)
    assert stages.automation.first_minutes is not None
    result = stages.automation.first_minutes.last
    assert result is not None
    assert result.areas == ("n1", "s1")
    assert result.shed_mw == pytest.approx([0.0, 210.0])
    assert result.final_hz == pytest.approx([50.0, 50.0 + 10.28 / 16.7], abs=0.03)
    assert interval.dispatch.unserved_mw.sum() == pytest.approx(210.0)

    # The operator, 15 minutes later: old_1 stood at 90 MW and climbs 0.1 MW/min, 91.5 MW for 300; homes first.
    system = stages.state.system
    unserved = dict(zip(system.loads.name.tolist(), stages.resolve(1.25).dispatch.unserved_mw.tolist(), strict=True))
    assert unserved == pytest.approx({"n2_homes": 0.0, "s1_homes": 108.5, "s1_factory": 100.0}, abs=1e-6)

    sim = stages.state.present
    assert sim.zone("south").frequency_hz == sim.bus("s1").frequency_hz == sim.frequency_hz("s1")
    assert sim.whole().frequency_hz == sim.frequency_hz() == pytest.approx(result.final_hz[1])
    assert sim.zone("north").frequency_hz == pytest.approx(50.0, abs=0.03)

    # old_1 takes 0.1 MW/min off 16.7 MW/Hz: 0.006 Hz a minute from minute 15 on. At minutes 60, 75 and 90 the South
    # is 0.35, 0.26 and 0.17 Hz above the North; at 105, with 0.08 Hz, the section closes.
    frequencies = stages.state.frequencies
    assert frequencies is not None
    start_hz = result.final_hz[1] - 50.0
    per_min = RAMP / (14.0 + 0.03 * 90.0)
    for minute in (0, 15, 60, 105):
        expected = 50.0 + start_hz - per_min * max(minute - 15, 0)
        assert frequencies.hz(3600 + 60 * minute)[1] == pytest.approx(expected, abs=1e-6)
    for hour in (2.0, 2.25, 2.5):
        assert len(stages.resolve(hour).dispatch.out_branch) == 2
        assert "frequencies differ by" in log.state("automation:resynchronisation of n1_s1")
    joined = stages.resolve(2.75)
    assert joined.dispatch.out_branch.tolist() == []

    # Section 150 MW and old_1's 100 MW: 50 MW of the factory wait for gas_1.
    later = stages.resolve(4.0)
    unserved = dict(zip(system.loads.name.tolist(), later.dispatch.unserved_mw.tolist(), strict=True))
    assert unserved == pytest.approx({"n2_homes": 0.0, "s1_homes": 0.0, "s1_factory": 50.0}, abs=1.0)
    assert p_mw(stages, later, "coal_1") == pytest.approx(250.0, abs=1.0)


def test_a_dead_area_is_carried_by_its_neighbour_in_two_steps(two_areas):
    """Nothing is left in the South: carried 0.25 + 1 h after, 300 / 1.5 = 200 MW at first, all half an hour later."""

    def edit(tables):
        split = {"name": "split", "quantity": "interface_mw", "target": "north_south", "setting": 160, "delay_s": 0.3,
                 "action": "open interfaces", "place": "north_south"}  # fmt: skip
        tables["automation"] = [split]

    stages, _ = lost(two_areas(edit))
    assert stages.state.shed_mw.sum() == pytest.approx(300.0)
    assert stages.state.log.state("automation:restoration of s1") == "carried from a neighbour after 1.25 h"
    assert stages.state.frequencies is not None
    assert np.isnan(stages.state.frequencies.hz(3600)[1])
    held = []
    for hour in (1.25, 2.0, 2.25, 2.75):
        stages.resolve(hour)
        held.append(float(stages.state.shed_mw.sum()))
    assert held == pytest.approx([300.0, 300.0, 100.0, 0.0])


def test_the_curve_of_a_zone_ends_where_all_is_served(two_areas):
    """The South: 90 of 300 MW at once, 91.5 after the operator, 250 with the section, all when gas_1 is back at 6 h."""
    system = two_areas(with_dose_and_split)
    event = outage("generators", "gas_1", 5.0, at_h=1.0)
    result = run(system, Scenario("case", system.name, Horizon(START, 9), events=(event,), policy=SECONDS))
    curve = result.tables["restoration"]
    assert set(curve["name"].tolist()) == {"south"}
    served = dict(zip(curve["after_h"].tolist(), curve["served_mw"].tolist(), strict=True))
    assert served[0.0] == pytest.approx(90.0)
    assert served[0.25] == pytest.approx(91.5)
    assert served[3.0] == pytest.approx(250.0, abs=1.0)
    assert curve["served_percent"][-1] == pytest.approx(100.0)
    assert curve["after_h"][-1] <= 6.0
    assert (curve["served_mw"] <= curve["demand_mw"] + 1e-6).all()


def test_frequency_is_nominal_until_something_happens_and_no_number_without_the_stage(two_areas):
    system = two_areas(with_dose_and_split)
    for policy, expected in ((SECONDS, 50.0), (QUIET, float("nan"))):
        stages = Stages(system, policy)
        stages.resolve(0)
        assert stages.state.present.whole().frequency_hz == pytest.approx(expected, nan_ok=True)
    with pytest.raises(StudyError, match="not modelled without"):
        stages.state.present.frequency_hz()


def test_a_dose_that_fails_takes_nothing_and_the_split_follows(two_areas, monkeypatch):
    """Every rule but the stages fails: dose and split are asked, take nothing, and say so; stages are relays apart."""
    monkeypatch.setattr(rule_events, "HIDDEN_FAILURE", 1.0)
    stages, _ = lost(two_areas(with_dose_and_split), failing=True)
    asked = [op for op in stages.state.log.operations if op.rule in ("dose", "split")]
    assert [(op.rule, op.p_mw) for op in asked] == [("dose", 0.0), ("split", 0.0)]
    assert all(op.cause.endswith("fails to act") for op in asked)
    assert stages.state.log.state("automation:split").startswith("fails to act")
    assert stages.state.disturbances.conditions().out_branches(stages.state.system).tolist() == []
    assert any(op.rule == "stage_0" and op.p_mw > 0 for op in stages.state.log.operations)


def test_hidden_failures_come_at_their_rate_and_with_failures_alone(two_areas):
    """2 % of 2,000 demands of two rules: 80, and a deviation of at most 4 of 8.9."""
    stages, _ = lost(two_areas(with_dose_and_split), failing=True)
    stage = stages.automation.first_minutes
    assert stage is not None
    found = []
    for replicate in range(2000):
        stages.state.replicate = replicate
        found.append(len(stage.hidden_failures()))
    assert sum(found) == pytest.approx(80, abs=36)
    quiet, _ = lost(two_areas(with_dose_and_split))
    assert quiet.automation.first_minutes is not None
    assert not any(quiet.automation.first_minutes.hidden_failures() for _ in range(300))
