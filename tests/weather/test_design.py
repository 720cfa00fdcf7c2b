"""Design events: the stated severity is met, the field is the exact conditional one, impossible ones are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.errors import StudyError
from gridsim.model.scenario import DesignEvent
from gridsim.weather.design import annual_worst, courses, event_weights, functional, impose, river_level
from gridsim.weather.droughts import at_return_period
from gridsim.weather.year import climate_years, weather_model

JANUARY_15_H = 24 * (184 + 14)
YEARS = 60


@pytest.fixture(scope="module")
def model(kazakhstan):
    return weather_model(kazakhstan)


@pytest.fixture(scope="module")
def climate(kazakhstan):
    return climate_years(kazakhstan, (), YEARS)


@pytest.mark.parametrize("year", [0, 1, 2])
def test_a_ten_year_lull_reaches_its_ratio_within_a_hundredth(model, climate, year) -> None:
    event = DesignEvent("renewable_lull", 0, 7, 10.0, season="winter")
    z, imposed = impose(model, event, JANUARY_15_H, model.field.year(3, year), climate)
    ratio, _ = courses(model, event_weights(model, ()), z)
    worst, _, _ = annual_worst(model, event, climate)
    wanted = at_return_period(worst["cf_ratio"], 10)
    assert ratio[JANUARY_15_H : JANUARY_15_H + 168].mean() == pytest.approx(wanted, abs=0.01)
    assert imposed.joint_return_period_years == pytest.approx(10, rel=0.05) and not imposed.notes


def test_a_cold_wave_cools_all_and_leaves_the_rest_of_the_year(model, climate) -> None:
    z = model.field.year(3, 0)
    event = DesignEvent("cold_wave", 0, 5, None, (-22.0,))
    cold, imposed = impose(model, event, JANUARY_15_H, z, climate)
    window = slice(JANUARY_15_H, JANUARY_15_H + 120)
    before, after = model.temperature(z), model.temperature(cold)
    _, national = courses(model, event_weights(model, ()), cold)
    assert national[window].mean() == pytest.approx(-22, abs=0.01)
    changed = (after - before)[:, window].mean(axis=1)
    assert (changed < 0).all() or (changed > 0).all()
    assert np.abs(cold[:, : 24 * 60] - z[:, : 24 * 60]).max() < 0.05  # four months earlier
    assert imposed.target == {"cold_c": -22.0} and imposed.return_period_years["cold_c"] > 1


def test_conditioning_is_exact(model, climate) -> None:
    # What the event adds is covariance with Y times one number, and Y moves by exactly that number times Var(Y).
    z = model.field.year(4, 1)
    event = DesignEvent("cold_wave", 0, 5, 20.0)
    changed, _ = impose(model, event, JANUARY_15_H, z, climate)
    linear = functional(model, event_weights(model, ()), "cold_c", JANUARY_15_H, 120)
    covariance = model.field.covariance_with(linear)
    variance = float((linear * covariance).sum())
    step = float((linear * (changed - z)).sum()) / variance
    np.testing.assert_allclose(changed - z, step * covariance, atol=1e-10)
    sampled = np.array([(linear * model.field.year(8, year)).sum() for year in range(400)])
    assert sampled.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / 400))
    assert abs(sampled.mean()) < 4 * np.sqrt(variance / 400)


def test_cold_and_calm_meets_both(model, climate) -> None:
    event = DesignEvent("cold_and_calm", 0, 5, None, (-20.0, 0.5), season="winter")
    z, imposed = impose(model, event, JANUARY_15_H, model.field.year(3, 0), climate)
    ratio, national = courses(model, event_weights(model, ()), z)
    window = slice(JANUARY_15_H, JANUARY_15_H + 120)
    assert national[window].mean() == pytest.approx(-20, abs=0.01)
    assert ratio[window].mean() == pytest.approx(0.5, abs=0.001)
    # both at once is rarer than each alone
    assert imposed.joint_return_period_years >= max(imposed.return_period_years.values()) - 1e-9


def test_a_heat_wave_is_hot(model, climate) -> None:
    event = DesignEvent("heat_wave", 0, 5, 10.0)
    _, imposed = impose(model, event, 24 * 14, model.field.year(3, 0), climate)
    hottest = np.sort([year[: 24 * 60].mean() for year in climate.temperature_c])
    assert imposed.reached["heat_c"] > hottest[-1]
    assert imposed.joint_return_period_years == pytest.approx(10, rel=0.05)


def test_sites_choose_whose_wind_is_meant(model, kazakhstan) -> None:
    weights = event_weights(model, ("badamsha", "almaty"))
    names = kazakhstan.renewable_sites.name[model.wind_sites]
    assert names[weights.wind > 0].tolist() == ["badamsha"] and weights.solar.sum() == 0
    assert kazakhstan.weather_sites.name[weights.sites > 0].tolist() == ["almaty"]
    with pytest.raises(StudyError, match="did you mean 'badamsha'"):
        event_weights(model, ("badamshah",))


def test_a_return_period_beyond_fifty_is_marked_as_extrapolated(model, climate) -> None:
    event = DesignEvent("cold_wave", 0, 5, 80.0)
    _, imposed = impose(model, event, JANUARY_15_H, model.field.year(3, 0), climate)
    assert any("extrapolation" in note for note in imposed.notes)


@pytest.mark.parametrize(
    ("event", "start_h", "message"),
    [
        (DesignEvent("cold_wave", 0, 5, 10.0), 8760 - 48, "crosses the end"),
        (DesignEvent("renewable_lull", 0, 7, None, (-0.1,)), JANUARY_15_H, "cannot be reached"),
        (DesignEvent("cold_and_calm", 0, 5, None, (-20.0,)), JANUARY_15_H, "severity needs 2"),
    ],
)
def test_impossible_events_are_refused(model, climate, event, start_h, message) -> None:
    with pytest.raises(StudyError, match=message):
        impose(model, event, start_h, model.field.year(3, 0), climate)


def test_a_dry_year_has_its_volume_and_dries_the_neighbours(model, kazakhstan) -> None:
    z = model.field.year(3, 0)
    event = DesignEvent("dry_year", 0, 365, 20.0, river="syr_darya")
    level, imposed = river_level(model, event, 3, 0, z)
    row = kazakhstan.rivers.position("syr_darya")
    volume = model.inflow(3, 0, z, level)[row].mean() * 365 * 86400 / 1e9 / kazakhstan.rivers.annual_km3[row]
    assert volume == pytest.approx(imposed.target["volume_ratio"], abs=1e-6)
    assert imposed.joint_return_period_years == pytest.approx(20, rel=1e-3)
    drier, _ = river_level(model, dataclasses.replace(event, return_period_years=50.0), 3, 0, z)
    assert (drier <= level).all() and drier[0] < level[0]
