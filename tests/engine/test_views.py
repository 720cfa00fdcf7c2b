"""Snapshots of a run as scripts read them, by hand on the two-area system and without SimPy."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.errors import StudyError
from tests.support.engine_cases import Stages


def test_gas_share_is_what_a_plant_gets_of_what_it_requests_and_one_without_gas(two_areas):
    stages = Stages(two_areas(gas=True))
    interval = stages.resolve(0)
    present = stages.state.present
    assert present.plant("coal").gas_share == 1.0 and present.plant("gas").gas_share == pytest.approx(1.0)
    for requested_mw, deliverable_mw, share in ((200.0, 150.0, 0.75), (200.0, 0.0, 0.0), (0.0, 0.0, 1.0)):
        fuel = interval.fuel._replace(
            link_requested_mw=np.array([requested_mw]), link_deliverable_mw=np.array([deliverable_mw])
        )
        present.interval = interval._replace(fuel=fuel)
        assert present.plant("gas").gas_share == share
        assert present.plant("coal").gas_share == 1.0


def test_a_plant_is_the_sum_of_its_machines(two_areas):
    def second_boiler(tables):
        tables["generators"][0] |= {"installed_mw": 300, "p_max_mw": 300}
        tables["generators"].append(tables["generators"][0] | {"name": "coal_2", "installed_mw": 120, "p_max_mw": 120})

    present = Stages(two_areas(second_boiler))
    present.resolve(0)
    coal = present.state.present.plant("coal")
    # 400 MW of load less the 200 of gas_1, from two boilers of 300 + 120 MW.
    assert coal == pytest.approx((200, 420, 1, 0))


def test_an_interface_is_loaded_by_its_limit_in_the_direction_of_the_flow(two_areas):
    def limit_south_north(tables):
        tables["interface_limits"].append({"interface": "north_south", "direction": "reverse", "normal_mw": 80})

    stages = Stages(two_areas(limit_south_north))
    interval = stages.resolve(0)
    present, row = stages.state.present, stages.state.system.n_branches
    assert present.section("north_south") == pytest.approx((100, 150, 100 / 150))
    flow_mw = interval.dispatch.solution.flow_mw.copy()
    flow_mw[row] = -20.0
    solution = interval.dispatch.solution._replace(flow_mw=flow_mw)
    present.interval = interval._replace(dispatch=interval.dispatch._replace(solution=solution))
    assert present.section("north_south") == pytest.approx((-20, 80, 0.25))


def test_a_plant_that_does_not_exist_suggests(two_areas):
    stages = Stages(two_areas())
    stages.resolve(0)
    with pytest.raises(StudyError, match="coal"):
        stages.state.present.plant("cole")
