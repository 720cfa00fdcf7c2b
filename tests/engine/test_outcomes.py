"""Outcomes of resolves in the log, by hand on the two-area system and without SimPy."""

from __future__ import annotations

from tests.support.engine_cases import Stages, outage


def changes(stages, component):
    """(time_h, to_state, component of the cause) of each change of ``component``."""
    log = stages.state.log.changes
    return [
        (c.time_h, c.to_state, log[c.cause_id].component if c.cause_id >= 0 else "")
        for c in log
        if c.component == component
    ]


def test_a_zone_that_sheds_no_more_is_logged_normal_once_with_the_end_of_the_event(two_areas):
    stages, trip = Stages(two_areas()), outage("lines", "n1_s1", 2)
    stages.resolve(0)
    stages.at(1).state.begin(trip)
    for hour in (1, 2):  # 60 MW come over the other circuit, 200 MW are the South's own: 40 of 300 MW are short
        assert stages.resolve(hour).dispatch.unserved_mw.sum().round(6) == 40
    stages.at(3).state.end(trip)
    for hour in (3, 4):
        assert stages.resolve(hour).dispatch.unserved_mw.sum().round(6) == 0
    assert changes(stages, "zone:south") == [
        (1.0, "shedding", "section:north_south"),
        (3.0, "normal", "lines:n1_s1"),
    ]
    assert changes(stages, "zone:north") == []


def test_an_interface_at_its_limit_is_scarce_only_where_it_keeps_load_from_supply(two_areas):
    def cheaper_north(tables):
        tables["generators"][1] |= {"must_run": "false", "p_min_mw": 0}
        for machine in tables["generators"]:
            machine["ramp_mw_per_min"] = None

    stages, trip = Stages(two_areas(cheaper_north)), outage("lines", "n1_s1", 1)
    # 150 of the South's 300 MW come at 10 USD/MWh, the rest from gas_1 at 25: one more MW would be worth 15.
    stages.resolve(0)
    # 60 + 200 MW for 300 MW: one more MW serves load.
    stages.at(1).state.begin(trip)
    stages.resolve(1)
    stages.at(2).state.end(trip)
    stages.resolve(2)
    assert changes(stages, "section:north_south") == [
        (0.0, "at its limit", ""),  # no event, only the market
        (1.0, "scarce", "lines:n1_s1"),
        (2.0, "at its limit", ""),
    ]
    assert changes(stages, "zone:south") == [(1.0, "shedding", "section:north_south"), (2.0, "normal", "lines:n1_s1")]


def test_an_interface_below_its_limit_is_normal_again_with_the_end_of_the_event(two_areas):
    stages, trip = Stages(two_areas()), outage("lines", "n1_s1", 1)
    stages.resolve(0)  # 100 of 150 MW
    stages.at(1).state.begin(trip)
    stages.resolve(1)
    stages.at(2).state.end(trip)
    stages.resolve(2)
    assert changes(stages, "section:north_south") == [(1.0, "scarce", "lines:n1_s1"), (2.0, "normal", "lines:n1_s1")]


def test_shedding_without_an_interface_at_its_limit_is_caused_by_the_event(two_areas):
    def wide(tables):
        for limit in tables["interface_limits"]:
            limit["normal_mw"] = 1000

    stages, trip = Stages(two_areas(wide)), outage("generators", "coal_1")
    stages.resolve(0)
    stages.at(1).state.begin(trip)
    assert stages.resolve(1).dispatch.unserved_mw.sum().round(6) == 200  # gas_1 alone for 400 MW
    shed = [change for zone in ("north", "south") for change in changes(stages, f"zone:{zone}")]
    assert shed and {cause for _, _, cause in shed} == {"generators:coal_1"}
    assert changes(stages, "section:north_south") == []
