"""Help of neighbours in a run: the sampler's draws, and what the day's plan buys."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

import gridsim
from gridsim.engine.inputs import RunInputs
from gridsim.engine.neighbours import Neighbours
from gridsim.kernels.availability import draw_outages
from gridsim.model.neighbours import support_levels_mw
from gridsim.model.pack_outages import outage_model
from gridsim.model.scenario import AcMode, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.model.system import GridSystem
from gridsim.weather.cached import CachedWeather
from gridsim.weather.year import make_weather
from tests.weather.test_common_cold import one_border

START = dt.datetime(2026, 1, 14)


def likely(hours: float = 24 * 30, imports: Imports = Imports.LIKELY) -> Scenario:
    policy = Policy(imports=imports, ac=AcMode.OFF, gas=GasMode.BALANCE)
    return Scenario("case", "cold", Horizon(START, hours), policy=policy)


def neighbours(system: GridSystem, scenario: Scenario, replicate: int = 0) -> Neighbours:
    inputs = RunInputs(scenario, CachedWeather(make_weather(system, None, START)))
    return Neighbours(system, scenario, inputs, 5, replicate)


def test_levels_have_the_stated_median_and_range_within_the_limit() -> None:
    level_mw = support_levels_mw(one_border(), 0)
    assert level_mw.tolist() == pytest.approx([30.0, 30.0, 27.5, 22.5, 18.75, 16.25, 13.75, 11.25])


def test_a_run_has_the_help_that_the_sampler_draws() -> None:
    system = one_border()
    adequacy = gridsim.system_from_grid(system, "likely")
    components = adequacy.unit_component
    unit = adequacy.unit_name.index("abroad:support")
    n_hours = 24 * 30
    for sample in (0, 3):
        model = outage_model(components, (), n_hours)
        component, first, end = (np.empty(500, dtype=np.int32) for _ in range(3))
        lost = np.empty(500)
        n = draw_outages(
            model=model, seed=np.uint64(5), sample=np.uint64(sample), n_hours=n_hours,
            batch=np.empty((4, len(model.batch_block))), component_out=component, first_out=first, end_out=end,
            lost_out=lost,
        )  # fmt: skip
        help_mw = np.full(n_hours, 30.0)
        for row in np.flatnonzero(component[:n] == unit).tolist():
            help_mw[first[row] : end[row]] = 30.0 * (1.0 - lost[row])
        run = neighbours(system, likely(), sample)
        felt = [run.likely_mw(3600.0 * hour) for hour in range(n_hours)]
        assert np.concatenate(felt) == pytest.approx(100.0 + help_mw)  # type: ignore[arg-type]
        assert len(set(help_mw.tolist())) > 3


def test_other_policies_draw_nothing() -> None:
    assert neighbours(one_border(), likely(imports=Imports.CONTRACT)).likely_mw(0.0) is None


def test_the_plan_buys_what_the_reserve_lacks_within_the_contract() -> None:
    system = dataclasses.replace(one_border(), reserve_mw=(20.0,), reserve_stated=True)
    run = neighbours(system, likely())
    run.plan(0.0, [50.0, 20.0, 15.0, -30.0, -200.0])
    bought = [float(run.bought_mw(3600.0 * hour)[0]) for hour in range(6)]
    assert bought == [0.0, 0.0, 5.0, 50.0, 100.0, 0.0]


def test_a_network_without_a_stated_reserve_buys_by_price_alone() -> None:
    run = neighbours(one_border(), likely())
    run.plan(0.0, [-50.0])
    assert run.bought_mw(0.0).tolist() == [0.0]


def test_a_run_keeps_its_reserve_by_purchases() -> None:
    """45 MW of load beside 50 MW of own machines, 20 MW of reserve: 15 MW and the losses are bought, nobody is cut."""
    system = one_border()
    system = dataclasses.replace(
        system,
        loads=dataclasses.replace(system.loads, p_mw=np.array([30.0, 15.0])),
        reserve_mw=(20.0,),
        reserve_stated=True,
    )
    result = gridsim.run(system, likely(6, Imports.CONTRACT))
    zones = result.frame("zones")
    import_mw = zones.groupby("time_h").import_mw.sum().to_numpy()
    load_mw = zones.groupby("time_h")[["demand_mw", "losses_mw"]].sum().sum(axis=1).to_numpy()
    assert import_mw == pytest.approx(20.0 - (50.0 - load_mw))
    assert result.metric("EUE").value == 0.0
