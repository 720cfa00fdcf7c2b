"""Weather years: maps by hand, two implementations of load against each other, determinism."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gridsim.errors import StudyError
from gridsim.kernels.weather_maps import TemperatureMap, WindMap, heating_k, smoothed, temperature, wind_cf
from gridsim.model.scenario import WeatherYearChoice
from gridsim.weather.field import DAYS, HOURS, MONTH_DAYS, day_of_year_month
from gridsim.weather.generator import WeatherModel, hour_of, utc_offset_h
from gridsim.weather.maps import Z, daily_from_monthly, expected_wind_cf, farm_curve
from gridsim.weather.year import YearWeather, gas_hour_factor, make_weather, weather_model


@pytest.fixture(scope="module")
def model(kazakhstan) -> WeatherModel:
    return weather_model(kazakhstan)


def test_a_year_is_the_same_bytes_alone_in_a_row_and_in_threads(model) -> None:
    alone = model.year(7, 3)
    in_a_row = [model.year(7, year) for year in range(5)][3]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda year: model.year(7, year), range(5)))[3]
    for name in alone._fields:
        assert getattr(alone, name).tobytes() == getattr(in_a_row, name).tobytes() == getattr(threaded, name).tobytes()
    assert not np.array_equal(alone.wind_cf, model.year(7, 4).wind_cf)


def test_a_second_model_gives_the_same_year(kazakhstan, model) -> None:
    np.testing.assert_array_equal(WeatherModel(kazakhstan).year(1, 1).wind_cf, model.year(1, 1).wind_cf)


def test_shapes_and_ranges_of_a_year(kazakhstan, model) -> None:
    year = model.year(1, 0)
    assert year.temperature_c.shape == (17, HOURS) and year.temperature_c.dtype == np.float32
    assert year.wind_cf.shape == (16, HOURS) and year.solar_cf.shape == (8, HOURS)
    assert year.load_pu.shape == (3, HOURS) and year.inflow_m3_s.shape == (5, DAYS)
    assert year.gas_demand_mcm_d.shape == (len(kazakhstan.gas_demand), DAYS)
    for cf in (year.wind_cf, year.solar_cf):
        assert cf.min() >= 0 and cf.max() <= 1
    assert (year.solar_cf[:, 0::24] == 0).all(), "sun at midnight"
    assert (year.inflow_m3_s > 0).all() and (year.load_pu > 0).all()


def test_a_calendar_year_of_the_generator_begins_in_january(kazakhstan, model) -> None:
    calendar = WeatherModel(kazakhstan, first_month=1)
    january = calendar.year(1, 0).temperature_c[:, : 31 * 24].mean()
    july = model.year(1, 0).temperature_c[:, : 31 * 24].mean()
    assert january < 0 < 15 < july


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-40, 40), min_size=12, max_size=12), st.integers(1, 12))
def test_daily_course_keeps_monthly_means(monthly: list[int], first_month: int) -> None:
    course = daily_from_monthly(np.array([monthly], dtype=float), first_month)[0]
    month, _ = day_of_year_month(first_month)
    means = [course[month == m].mean() for m in range(12)]
    np.testing.assert_allclose(means, monthly, atol=1e-3)


def test_temperature_by_hand() -> None:
    # one site, mean 5 C, deviation 4 K, k = 0.1: at z = -2, 4 * (-2 - 0.1 * 3) / sqrt(1.02) below the mean
    shape = (1, 48)
    days = (1, 2)
    case = TemperatureMap(
        mean_c=np.full(shape, 5.0),
        swing_k=np.zeros(shape),
        sd_c=np.full(days, 4.0),
        skew=np.full(days, 0.1),
        low_c=np.full(days, -9.0),
        high_c=np.full(days, 9.0),
    )
    out = np.empty(shape)
    temperature(case, np.full(shape, -2.0), np.ones((1, 3)), 0.0, out)
    np.testing.assert_allclose(out, 5 - 4 * 2.3 / np.sqrt(1.02))
    temperature(case, np.full(shape, -6.0), np.ones((1, 3)), 1.0, out)
    np.testing.assert_allclose(out, -8.0)  # the record's cap moves with the shift


def _one_wind_site(t_site: int = 0) -> WindMap:
    quantile = stats.weibull_min.ppf(np.clip(stats.norm.cdf(Z), 0, 1 - 1e-12), 2.0, scale=1.0)
    return WindMap(
        speed=quantile[None, :],
        scale_ms=np.full((1, 12), 9.0),
        diurnal=np.ones((1, 12, 24)),
        curve=farm_curve(),
        t_site=np.array([t_site], dtype=np.int32),
        k_row=np.array([0], dtype=np.int32),
        cloudy_z=-0.2533,
    )


def _wind(z: float, t: float, k: float = 1.0, hours: int = 24) -> float:
    out = np.empty((1, hours))
    shape = (1, hours)
    month = np.zeros(1, dtype=np.int32)
    wind_cf(_one_wind_site(), np.full(shape, z), np.full(shape, t), np.full(shape, k), month, True, out)
    return float(out[0, -1])


def test_wind_stops_in_the_cold_and_loses_to_ice() -> None:
    free = _wind(0.0, 10.0)
    v = 9.0 * stats.weibull_min.ppf(0.5, 2.0)
    assert free == pytest.approx(np.interp(v, np.arange(401) / 10, farm_curve()), abs=1e-3)
    assert _wind(0.0, -35.0) == 0 and _wind(0.0, -30.0) == pytest.approx(free / 2)
    assert _wind(0.0, -3.0, k=-1.0) == pytest.approx(0.85 * free) and _wind(0.0, -3.0, k=1.0) == free


def test_storm_cut_out_holds_until_the_wind_is_below_20() -> None:
    # 9 m/s scale: z = 3 gives 23 m/s, z = 3.5 gives 26 m/s, z = 2 gives 17 m/s
    z = np.repeat([3.0, 3.5, 3.0, 2.0, 3.0], [5, 5, 5, 5, 4])[None, :]
    out = np.empty((1, 24))
    wind_cf(_one_wind_site(), z, np.full((1, 24), 10.0), np.ones((1, 24)), np.zeros(1, dtype=np.int32), True, out)
    running = out[0] > 0
    assert running.tolist() == [True] * 5 + [False] * 10 + [True] * 9


def test_scale_meets_the_annual_capacity_factor(kazakhstan, model) -> None:
    # expectation without losses lies above the target by the share that cold, ice and storms take: a few percent
    for row, site in enumerate(model.wind_sites):
        expected = sum(
            MONTH_DAYS[m] / DAYS * expected_wind_cf(model.wind_map, row, m, model.wind_map.scale_ms[row, m])
            for m in range(12)
        )
        assert 1.0 < expected / kazakhstan.renewable_sites.annual_cf[site] < 1.15


def test_load_of_the_simulator_is_that_of_the_sampler(kazakhstan, model) -> None:
    # 2018 began on a Monday like a sample year; weather and noise are those of the year July 2017 to June 2018
    start = dt.datetime(2018, 1, 3)
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 2), start)
    t = model.temperature(model.field.year(5, 2))
    load = model.load_mw(t, model.load_noise(5, 2))
    zone = kazakhstan.buses.zone[kazakhstan.loads.bus]
    for hours in (0, 9, 19, 24 * 3 + 18, 24 * 4 + 7, 24 * 120 + 13):
        time = start + dt.timedelta(hours=hours)
        number, hour = hour_of(time, 7)
        assert number == 2017
        found = weather.at(time).load_mw
        for z in range(3):
            assert found[zone == z].sum() == pytest.approx(load[z, hour], rel=1e-9)


def test_simulator_sees_the_years_wind_and_sun(kazakhstan, model) -> None:
    start = dt.datetime(2026, 7, 20, 12)
    inputs = YearWeather(kazakhstan, WeatherYearChoice(5, 0), start).at(start)
    _, hour = hour_of(start, 7)
    year = model.year(5, 0)
    generators = kazakhstan.generators
    for fuel, cf in (("wind", year.wind_cf), ("solar", year.solar_cf)):
        shares = inputs.gen_share[generators.fuel == fuel]
        assert set(shares.astype(np.float32)) <= set(cf[:, hour])
    halved = YearWeather(kazakhstan, WeatherYearChoice(5, 0), start).at(
        start, wind_factor=0.5, temperature_anomaly_k=-5
    )
    wind = generators.fuel == "wind"
    np.testing.assert_allclose(halved.gen_share[wind], inputs.gen_share[wind] / 2)
    np.testing.assert_allclose(halved.temperature_c, inputs.temperature_c - 5)


def test_a_horizon_over_july_goes_on_in_the_next_year(kazakhstan, model) -> None:
    start = dt.datetime(2026, 6, 30, 20)
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 0), start)
    late, after = weather.at(start), weather.at(start + dt.timedelta(hours=6))
    np.testing.assert_allclose(late.temperature_c, model.temperature(model.field.year(5, 0))[:, 364 * 24 + 20])
    np.testing.assert_allclose(after.temperature_c, model.temperature(model.field.year(5, 1))[:, 2])


def test_hours_of_a_weather_year() -> None:
    assert hour_of(dt.datetime(2026, 7, 1, 3), 7) == (2026, 3)
    assert hour_of(dt.datetime(2026, 6, 30, 23), 7) == (2025, HOURS - 1)
    assert hour_of(dt.datetime(2028, 2, 29, 5), 7) == hour_of(dt.datetime(2028, 2, 28, 5), 7)
    assert utc_offset_h("UTC+05:00") == 5 and utc_offset_h("UTC") == 0 and utc_offset_h("UTC-03:30") == -3.5


def test_load_answers_to_an_average_of_36_hours_and_saturates() -> None:
    step = np.concatenate([np.zeros(10), np.full(200, -10.0)])[None, :]
    out = np.empty_like(step)
    smoothed(step, 36.0, out)
    assert out[0, 10 + 35] == pytest.approx(-10 * (1 - np.exp(-1)))
    assert [heating_k(t) for t in (20.0, 5.0, -20.0, -30.0)] == [0, 10, 35, 43]


def test_gas_over_the_day() -> None:
    factors = [gas_hour_factor(hour) for hour in range(24)]
    assert np.mean(factors) == pytest.approx(1) and max(factors) / min(factors) == pytest.approx(1.35)
    assert factors[8] == factors[20] == max(factors)


def test_rivers_have_the_stated_spread_and_correlate(kazakhstan, model) -> None:
    rivers = kazakhstan.rivers
    for row in range(len(rivers)):
        assert model.rivers.annual_cv(row, model.rivers.log_sd[row]) == pytest.approx(rivers.cv[row], rel=1e-6)
    rng = np.random.default_rng(0)
    volumes = np.array(
        [model.rivers.year(11, year, rng.standard_normal((len(rivers), 12))).mean(axis=1) for year in range(1000)]
    )
    found = volumes.std(axis=0) / volumes.mean(axis=0)
    # 1,000 years: 2.2 % standard error; the colder half of the Syr Darya's year follows cold instead of its AR(1)
    np.testing.assert_allclose(found[[0, 1, 3, 4]], rivers.cv[[0, 1, 3, 4]], rtol=0.1)
    logs = np.log(volumes)
    assert np.corrcoef(logs[:, 0], logs[:, 1])[0, 1] == pytest.approx(0.5, abs=0.1)
    assert np.corrcoef(logs[1:, 0], logs[:-1, 0])[0, 1] == pytest.approx(0.3 * 0.6, abs=0.15)


def test_a_network_without_tables_says_so(two_areas) -> None:
    with pytest.raises(StudyError, match=r"weather_field\.csv"):
        make_weather(two_areas(), WeatherYearChoice(1), dt.datetime(2026, 1, 1))
