"""What active events leave of a system."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.contingencies.effects import conditions
from gridsim.model.scenario import Event, Imports, Target


def event(kind: str, table: str, name: str, magnitude: float = 1.0) -> Event:
    return Event(name, kind, 0.0, (Target(table, name),), magnitude, None)


def test_nothing_active_leaves_everything(two_areas):
    state = conditions(two_areas(), [], Imports.CONTRACT)
    assert state.gen_share.tolist() == [1, 1] and not state.branch_out.any() and state.imports is Imports.CONTRACT


def test_busbar_takes_its_branches_and_machines(two_areas):
    system = two_areas()
    state = conditions(system, [event("busbar_outage", "buses", "s1")], Imports.NONE)
    assert state.out_branches(system).tolist() == [1, 2]
    assert state.gen_share.tolist() == [1, 0]


def test_shares_multiply_and_planned_elements_stay_out(two_areas):
    def planned(tables):
        tables["lines"][0]["in_service"] = "false"

    system = two_areas(planned, gas=True)
    active = [
        event("pipeline_derate", "gas_pipelines", "trunk", 0.5),
        event("pipeline_derate", "gas_pipelines", "trunk", 0.5),
    ]
    state = conditions(system, active, Imports.NONE)
    np.testing.assert_allclose(state.pipeline_share, [0.25, 1])
    assert state.out_branches(system).tolist() == [0]


@pytest.mark.parametrize(
    ("table", "name", "expected"),
    [
        ("loads", "n2_homes", [1.1, 1, 1]),
        ("load_classes", "homes", [1.1, 1.1, 1]),
        ("zones", "south", [1, 1.1, 1.1]),
        ("oblasts", "S", [1, 1.1, 1.1]),
        ("all", "all", [1.1, 1.1, 1.1]),
    ],
)
def test_demand_targets(two_areas, table, name, expected):
    state = conditions(two_areas(), [event("demand_surge", table, name, 0.1)], Imports.NONE)
    np.testing.assert_allclose(state.load_factor, expected)


def test_weather_adds_and_multiplies_and_the_strictest_import_policy_holds(two_areas):
    active = [
        event("cold_wave", "all", "all", -10),
        event("cold_wave", "all", "all", -2),
        event("wind_lull", "all", "all", 0.5),
        event("wind_lull", "all", "all", 0.5),
        event("import_stop", "all", "all", 0),
    ]
    state = conditions(two_areas(), active, Imports.LIMIT)
    assert (state.temperature_k, state.wind_factor, state.imports) == (-12, 0.25, Imports.NONE)
