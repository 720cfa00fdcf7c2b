"""The sampler's arrays are the simulator's hours."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gridsim.model.scenario import WeatherYearChoice
from gridsim.weather.sampled import sampled_year
from gridsim.weather.year import YearWeather


def test_whole_arrays_are_the_hours_of_the_simulator(kazakhstan) -> None:
    start = dt.datetime(2025, 7, 1)
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 2), start)
    year = sampled_year(kazakhstan, 5, 2, start.weekday())
    loads, generators = kazakhstan.loads, kazakhstan.generators
    p_mw = np.where(loads.in_service, loads.p_mw, 0.0)
    for hour in (0, 13, 24 * 30 + 19, 24 * 199 + 7, 24 * 230 + 18, 8759):
        inputs = weather.at(start + dt.timedelta(hours=hour))
        np.testing.assert_allclose(p_mw * year.load_factor[year.load_row, hour], inputs.load_mw, rtol=1e-9)
        np.testing.assert_allclose(year.gen_share[year.gen_row, hour], inputs.gen_share, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(year.temperature_c[:, hour], inputs.temperature_c)
    assert len(year.load_factor) < len(loads) and len(year.gen_share) < len(generators)
