"""The sampler's system in a generated weather year against the simulator's hours, and an assessment of one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.model.maintenance import day_of_year, planned_outage
from gridsim.model.scenario import WeatherYearChoice
from gridsim.reliability import SequentialMonteCarlo, Shortfall, assess
from gridsim.reliability.grid import system_from_grid
from gridsim.weather.year import YearWeather


@pytest.fixture(scope="module")
def adequacy(kazakhstan):
    return system_from_grid(kazakhstan, weather=(5, 2))


def test_demand_and_capacity_are_the_simulators(kazakhstan, adequacy) -> None:
    start = dt.datetime(kazakhstan.base_year, 7, 1)
    assert adequacy.start.to_pydatetime() == start and adequacy.n_hours == 8760
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 2), start, repairs=True)
    gens = kazakhstan.generators
    in_service = np.flatnonzero(gens.in_service)
    delivered = 1.0 / (1.0 + kazakhstan.loss_share)
    demand = adequacy.detail.demand.at_buses(len(kazakhstan.buses)).sum(axis=1)
    for hour in (5, 24 * 200 + 18, 8700):
        time = start + dt.timedelta(hours=hour)
        inputs = weather.at(time)
        there = 1.0 - planned_outage(kazakhstan)[:, day_of_year(time.month, time.day)]  # a run takes repairs as events
        assert demand[hour] == pytest.approx(inputs.load_mw.sum(), rel=1e-9)
        for unit, g in list(enumerate(in_service))[::17]:
            profile = adequacy.unit_profile[unit]
            found = adequacy.unit_mw[unit] if profile is None else profile[hour]
            assert found == pytest.approx(
                gens.p_max_mw[g] * inputs.gen_share[g] * there[g] * delivered, rel=1e-9, abs=1e-9
            )


def test_weather_years_differ_and_normal_weather_is_untouched(kazakhstan, adequacy) -> None:
    other = system_from_grid(kazakhstan, weather=(5, 3))
    normal = system_from_grid(kazakhstan)
    assert not np.allclose(adequacy.load_mw, other.load_mw)
    assert adequacy.load_mw.sum() == pytest.approx(normal.load_mw.sum(), rel=0.03)


def test_a_weather_year_is_assessed_the_same_twice(adequacy) -> None:
    def metrics():
        method = SequentialMonteCarlo(years=256, seed=1, level="copper")
        return [(m.name, m.scope, m.value) for m in assess(adequacy, method, Shortfall()).estimates]

    found = metrics()
    assert found == metrics()
    eue = next(value for name, scope, value in found if name == "EUE" and scope == "system")
    assert eue >= 0 and np.isfinite(eue)
