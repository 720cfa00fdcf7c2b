"""Machines that the scenarios of bundled studies name are in service at the start, so that their trips are trips."""

from __future__ import annotations

import pytest

from gridsim.io.bundled import study_files
from gridsim.io.read_study import read_study
from gridsim.model.typical import named_machines, typical_fleet

STUDIES = sorted(study_files())


@pytest.mark.parametrize("name", STUDIES)
def test_no_scenario_of_a_study_trips_what_is_already_out(name: str) -> None:
    """By themselves and by their plant, whatever it extends and whether the event happens in each replicate."""
    for case in read_study(study_files()[name]).cases:
        fleet = typical_fleet(case.system, case.scenario)
        if fleet is None:
            continue
        named = named_machines(case.system, case.scenario)
        for scenario in (case.scenario, case.scenario.of_replicate(3), case.scenario.without_events()):
            again = typical_fleet(case.system, scenario)
            assert again is not None
            lost = dict(zip(case.system.generators.name.tolist(), again.lost_mw.tolist(), strict=True))
            assert not {machine for machine in named if lost[machine] > 0.0}


def test_a_trip_drawn_by_chance_protects_its_machine_too() -> None:
    cases = {case.scenario.name: case for case in read_study(study_files()["winter_stress"]).cases}
    case = cases["coal_trips"]
    trips = {"ekibastuz_gres1_2", "ekibastuz_gres1_3", "ekibastuz_gres2_1", "zhambyl_gres_1"}
    assert trips <= named_machines(case.system, case.scenario)
    fleet = typical_fleet(case.system, case.scenario)
    assert fleet is not None
    # the largest machine of the North is the first of the January fleet; another of its plant is out in its place
    assert ("ekibastuz_gres1_2", ("ekibastuz_gres1_4",)) in fleet.instead
