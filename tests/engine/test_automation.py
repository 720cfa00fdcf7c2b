"""Overload relays by hand: three equal lines in a triangle, one trips, the others are watched."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.model.scenario import Automation
from tests.support.engine_cases import QUIET, Stages, outage

RELAYS = dataclasses.replace(QUIET, automation=Automation.RELAYS)


def relay(**values):
    rule = {"name": "trip_140", "quantity": "line_loading_percent", "setting": 140, "delay_s": 20,
            "action": "trip the element"}  # fmt: skip
    return rule | values


def guarded(*rules, rating_ka=0.15):
    """South buys 300 - 200 MW over n1_s1 and n2_s1; all lines are rated alike, without an interface limit."""

    def edit(tables):
        tables["automation"] = list(rules)
        tables["interface_limits"] = []
        for line in tables["lines"]:
            line["max_i_ka"] = rating_ka

    return edit


def after_trip(system, policy=RELAYS, name="n1_s1"):
    """Stages at 01:00, in which one circuit has just tripped."""
    stages = Stages(system, policy)
    stages.resolve(0)
    stages.at(1).state.begin(outage("lines", name))
    stages.state.advance()
    return stages


def test_flows_right_after_a_trip_are_those_of_the_machines_as_they_ran(two_areas):
    stages = after_trip(two_areas(guarded(relay())))
    flow_mw = stages.automation.flows_mw(stages.state.moment())
    # The South lacks 100 MW: all of it now comes over n2_s1, and from n1 to n2 with the 100 MW of homes at n2.
    lines = stages.state.system.branch_name.tolist()
    flows = dict(zip(lines, np.round(flow_mw, 6).tolist(), strict=True))
    assert flows == {"n1_n2": 200.0, "n1_s1": 0.0, "n2_s1": 100.0}


def test_a_lost_machine_is_made_up_by_headroom(two_areas):
    def spare(tables):
        guarded(relay())(tables)
        tables["generators"].append(
            {"name": "spare", "bus": "s1", "fuel": "oil", "installed_mw": 100, "p_max_mw": 100, "must_run": "true",
             "cost_per_mwh": 90}
        )  # fmt: skip

    stages = Stages(two_areas(spare), RELAYS)
    stages.resolve(0)
    # coal_1 runs at 200 of 500 MW, gas_1 at 200 of 200, spare at 0 of 100. Without gas_1 a headroom of 300 and 100 MW
    # shares 200 MW: 150 at n1 and 50 at s1, so the South's 300 MW get 50 there and 250 over the lines.
    stages.at(1).state.begin(outage("generators", "gas_1"))
    stages.state.advance()
    flow_mw = stages.automation.flows_mw(stages.state.moment())
    lines = stages.state.system.branch_name.tolist()
    assert flow_mw[lines.index("n1_s1")] + flow_mw[lines.index("n2_s1")] == pytest.approx(250.0)


@pytest.mark.parametrize(
    ("setting", "rating_ka", "delay_s", "tripped"),
    [
        (140, 0.2, 20, []),  # 0.2 kA are 173 MW: 200 MW are 115 %
        (110, 0.2, 20, []),  # the emergency rating is 120 % where none is given
        (140, 0.15, 20, ["n1_n2"]),  # 130 MW: 154 %
        (160, 0.15, 20, []),
        (140, 0.15, 1200, []),  # the operator acts after 15 minutes
    ],
)
def test_a_relay_trips_what_stays_over_its_setting_before_the_operator_acts(
    two_areas, setting, rating_ka, delay_s, tripped
):
    system = two_areas(guarded(relay(setting=setting, delay_s=delay_s), rating_ka=rating_ka))
    stages = after_trip(system)
    trips = stages.automation.act()
    assert [event.targets[0].name for event in trips] == tripped
    causes = [c for c in stages.state.log.changes if c.component.startswith("automation:")]
    assert len(causes) == len(tripped)
    for change in causes:
        assert stages.state.log.changes[change.cause_id].component == "lines:n1_s1"
        assert change.to_state == "trips n1_n2"


def test_the_emergency_rating_counts_where_it_is_above_the_setting(two_areas):
    def edit(tables):
        guarded(relay(setting=110), rating_ka=0.15)(tables)
        tables["lines"][0]["max_i_emergency_ka"] = 0.3  # n1_n2: 260 MW

    assert after_trip(two_areas(edit)).automation.act() == []


def test_trips_cascade_until_all_is_quiet(two_areas):
    def parallel(tables):
        guarded(relay(), rating_ka=0.15)(tables)
        tables["lines"].append(tables["lines"][1] | {"name": "n1_s1_weak", "max_i_ka": 0.05})  # 43 MW

    # Reactances n1_n2 : n1_s1 : n2_s1 are 1 : 2 : 2. Without n1_s1 its weak neighbour has 3/5 x 100 + 1/5 x 100 = 80 MW
    # and trips; then n1_n2, which had 120 of 130 MW, has 200 and trips too: the South and n2 are left to themselves.
    stages = after_trip(two_areas(parallel))
    assert [event.targets[0].name for event in stages.automation.act()] == ["n1_s1_weak", "n1_n2"]
    assert stages.automation.act() == []


def test_nothing_acts_without_the_policy_or_a_surprise(two_areas):
    system = two_areas(guarded(relay(), rating_ka=0.1))
    assert after_trip(system, QUIET).automation.act() == []
    stages = Stages(system, RELAYS)
    stages.resolve(0)
    assert stages.at(1).automation.act() == []


def test_a_run_resolves_what_a_relay_has_tripped_and_names_it(two_areas):
    system = two_areas(guarded(relay(), rating_ka=0.15))
    stages = after_trip(system)
    interval = stages.resolve(1)
    assert set(interval.dispatch.out_branch.tolist()) == {
        system.branch_name.tolist().index(name) for name in ("n1_n2", "n1_s1")
    }
    names = [change.component for change in stages.state.log.changes]
    assert names.index("lines:n1_s1") < names.index("automation:trip_140") < names.index("lines:n1_n2")
