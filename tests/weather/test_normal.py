"""The climate's normal course: temperatures, profiles, load and gas by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.weather.normal import NormalWeather

JANUARY_MEAN_C, JULY_MEAN_C = -10.0, 24.0


@pytest.fixture
def system(two_areas):
    def climate(tables):
        tables["weather_sites"] = [{"name": "site", "lat": 50, "lon": 70}]
        tables["climate"] = [
            {"site": "site", "month": m, "t_mean_c": JANUARY_MEAN_C if m in (12, 1, 2) else JULY_MEAN_C,
             "t_min_c": -15, "t_max_c": -5}
            for m in range(1, 13)
        ]  # fmt: skip
        tables["profiles"] = [
            {"profile": "day", "month": m, "day_type": d, "hour": h, "value": (0.5 if d == "sunday" else 1) * (h >= 12)}
            for m in range(1, 13)
            for d in ("workday", "saturday", "sunday")
            for h in range(24)
        ]
        tables["heat_curves"] = [
            {"curve": "heat", "temperature_c": -20, "p_min_share": 0.8},
            {"curve": "heat", "temperature_c": 0, "p_min_share": 0.4},
        ]
        for bus in tables["buses"]:
            bus["weather_site"] = "site"
        tables["loads"][1] |= {"profile": "day", "heating_share_per_k": 0.01}
        tables["generators"][0] |= {"heat_led": "true", "heat_curve": "heat"}
        tables["generators"].append(
            {"name": "farm", "bus": "n2", "fuel": "wind", "installed_mw": 50, "p_max_mw": 50, "profile": "day",
             "cost_per_mwh": 0}
        )  # fmt: skip
        for node in tables["gas_nodes"]:
            node |= {"lat": 50, "lon": 70}
        tables["gas_demand"][0] |= {"winter_mcm_per_d": 2, "summer_mcm_per_d": 1, "cold_day_mcm_per_d": 3}

    return two_areas(climate, gas=True)


NOON = dt.datetime(2026, 1, 14, 12)  # a Wednesday


def test_temperature_is_the_normal_plus_a_daily_cosine_plus_the_anomaly(system):
    weather = NormalWeather(system)
    assert weather.at(NOON.replace(hour=6)).temperature_c[0] == pytest.approx(-15, abs=0.01)
    assert weather.at(NOON.replace(hour=18)).temperature_c[0] == pytest.approx(-5, abs=0.01)
    assert weather.at(NOON, temperature_anomaly_k=-12).temperature_c[0] == pytest.approx(-22, abs=0.01)


def test_profiles_follow_hour_and_day_type(system):
    weather = NormalWeather(system)
    assert weather.at(NOON).load_mw[1] == pytest.approx(200)
    assert weather.at(NOON.replace(hour=11)).load_mw[1] == 0
    assert weather.at(NOON + dt.timedelta(days=4)).load_mw[1] == pytest.approx(100)  # Sunday
    assert weather.at(NOON).gen_share[2] == 1 and weather.at(NOON, wind_factor=0.22).gen_share[2] == 0.22


def test_load_departs_only_with_the_departure_of_temperature(system):
    # 1 % per kelvin of heating demand: 10 K colder, 10 % more; 40 K warmer than -10 C leaves 25 K of it.
    weather = NormalWeather(system)
    assert weather.at(NOON, temperature_anomaly_k=-10).load_mw[1] == pytest.approx(220)
    assert weather.at(NOON, temperature_anomaly_k=40).load_mw[1] == pytest.approx(200 * 0.75)


def test_heat_curve_is_interpolated_at_the_day_mean(system):
    weather = NormalWeather(system)
    assert weather.at(NOON).heat_min_share[0] == pytest.approx(0.6)
    assert weather.at(NOON, temperature_anomaly_k=-30).heat_min_share[0] == pytest.approx(0.8)


@pytest.mark.parametrize(("anomaly_k", "mcm_per_d"), [(0, 2), (-15, 3), (-7.5, 2.5), (12.5, 1.5), (60, 1)])
def test_gas_demand_by_heating_degrees(system, anomaly_k, mcm_per_d):
    inputs = NormalWeather(system).at(NOON, temperature_anomaly_k=anomaly_k)
    assert inputs.gas_demand_mcm_per_d[0] == pytest.approx(mcm_per_d)


def test_demand_factor_multiplies(system):
    factor = np.array([1.0, 1.5, 0.0])
    np.testing.assert_allclose(NormalWeather(system).at(NOON, load_factor=factor).load_mw, [100, 300, 0])
