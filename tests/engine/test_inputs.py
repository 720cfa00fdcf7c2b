"""Inputs of a run's steps: made once for a step and the conditions in it."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gridsim.contingencies.effects import conditions
from gridsim.engine.inputs import RunInputs
from gridsim.model.scenario import Horizon, Imports, Scenario
from gridsim.weather.cached import CachedWeather
from gridsim.weather.normal import NormalWeather


def test_a_step_is_asked_for_again_when_conditions_change(two_areas):
    """The same conditions give the same object within a step; a colder day or more load is another answer."""
    system = two_areas()
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 48.0))
    weather = CachedWeather(NormalWeather(system))
    inputs = RunInputs(scenario, weather)
    calm = conditions(system, (), Imports.NONE)
    usual = inputs.at(3600, calm)
    assert inputs.at(3600 + 1800, calm) is usual
    assert inputs.at(7200, calm) is not usual
    more = inputs.at(3600, calm._replace(load_factor=2.0 * calm.load_factor))
    np.testing.assert_allclose(more.load_mw, 2.0 * usual.load_mw)
    assert inputs.at(3600, calm).load_mw.tolist() == usual.load_mw.tolist()
    # another run of the same weather reads the same arrays
    assert RunInputs(scenario, weather).at(3600, calm).gen_share is usual.gen_share


def test_ratings_follow_the_air_of_the_hour(kazakhstan):
    """The factor of an hour is that of its temperature: lines carry more in the frost than in July."""
    weather = NormalWeather(kazakhstan)
    winter, summer = weather.at(dt.datetime(2026, 1, 14, 6)), weather.at(dt.datetime(2026, 7, 14, 15))
    for hour in (winter, summer):
        expected = kazakhstan.branch_rating_factor(hour.temperature_c)
        assert hour.rating_factor.tolist() == expected.tolist()
    assert (winter.rating_factor >= summer.rating_factor).all()
    assert winter.rating_factor.max() > summer.rating_factor.max()
