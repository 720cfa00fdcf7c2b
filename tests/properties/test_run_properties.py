"""Whatever fails, in whatever order: energy balances, nothing runs above its power, nobody is shed above demand."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, Event, Horizon, Imports, Policy, Scenario, Target
from tests.support.run_checks import check_every_interval

TARGETS = {
    "line_outage": ("lines", ["n1_n2", "n1_s1", "n2_s1"]),
    "busbar_outage": ("buses", ["n1", "n2", "s1"]),
    "plant_outage": ("plants", ["coal", "gas"]),
    "generator_derate": ("generators", ["coal_1", "gas_1"]),
    "pipeline_rupture": ("gas_pipelines", ["trunk", "lateral"]),
    "pipeline_derate": ("gas_pipelines", ["trunk", "lateral"]),
    "gas_supply_outage": ("gas_supply", ["production"]),
    "section_derate": ("interfaces", ["north_south"]),
    "demand_surge": ("zones", ["north", "south"]),
    "backup_fuel_shortage": ("gas_to_power", ["gas"]),
}


@st.composite
def events(draw: st.DrawFn) -> tuple[Event, ...]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(TARGETS)))
        table, names = TARGETS[kind]
        at_h = draw(st.integers(0, 23 * 4)) / 4
        duration_h = draw(st.none() | st.integers(1, 40).map(lambda quarter: quarter / 4))
        magnitude = 1.0 if table in ("lines", "buses") else draw(st.sampled_from([0.25, 0.5, 1.0]))
        target = Target(table, draw(st.sampled_from(names)))
        found.append(Event(f"e{number}", kind, at_h, (target,), magnitude, duration_h))
    return tuple(found)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happening=events())
def test_any_sequence_of_events_balances(two_areas, happening):
    scenario = Scenario(
        "random", "two_areas", Horizon(dt.datetime(2026, 1, 14), 24), events=happening,
        policy=Policy(Imports.NONE, AcMode.OFF),
    )  # fmt: skip
    result = run(two_areas(gas=True, loss_share=0.04), scenario)
    assert check_every_interval(result) >= 24
    assert abs(result.tables["balance"]["residual_mw"]).max() < 1e-3
    # The run ends where it should, and nothing it recorded overlaps.
    assert result.tables["solves"]["duration_h"].sum() == pytest.approx(24)
