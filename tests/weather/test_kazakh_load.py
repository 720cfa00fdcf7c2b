"""Load of Kazakhstan in generated years against published peaks, energy and days; MW with losses."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.weather.normal import NormalWeather
from tests.support.national_load import NationalLoad, fit_script, national_load

FOLDER = network_folder("kazakhstan")
YEARS = 12  # more of them: tests/verification/test_load.py
MONDAY, WEDNESDAY, SUNDAY = 0, 2, 6


@pytest.fixture(scope="module")
def found(kazakhstan) -> NationalLoad:
    return national_load(kazakhstan, YEARS)


def test_mean_of_yearly_peaks_energy_and_load_factor(found) -> None:
    peak, mean = found.load_mw.max(axis=1), found.load_mw.mean(axis=1)
    assert peak.mean() == pytest.approx(17_600, abs=300)  # the operator's forecast for 2025-26
    assert 121.0 < mean.mean() * 8.76e-3 < 126.0  # TWh: 123.7 generated in 2025, net import on top
    assert (mean / peak).mean() == pytest.approx(0.79, abs=0.015)


def test_january_over_july(found) -> None:
    january, july = (found.load_mw[:, found.month == month].mean() for month in (1, 7))
    assert january / july == pytest.approx(1.24, abs=0.05)


def test_normal_days(found) -> None:
    assert found.normal_day(10, MONDAY + 1).max() == pytest.approx(14_957, abs=300)  # Tuesday 28 October 2025
    january = found.normal_day(1, WEDNESDAY)
    assert january.argmax() == 18 and 17_000 <= january[18] <= 17_200
    assert 0.93 <= january.mean() / january.max() <= 0.94
    assert found.normal_day(1, SUNDAY).mean() / january.mean() == pytest.approx(0.975, abs=0.015)


def test_months_follow_the_market_operator(found) -> None:
    mean = found.load_mw.mean()
    with (FOLDER / "calibration" / "load_facts.csv").open(newline="") as file:
        published = {int(row["month"]): float(row["value"]) for row in csv.DictReader(file) if row["month"]}
    assert len(published) == 12
    for month, value in published.items():
        assert found.load_mw[:, found.month == month].mean() / mean == pytest.approx(value, abs=0.015)


def test_the_south_needs_more_than_4500_mw_at_its_peak(found, kazakhstan) -> None:
    south = found.zone_mw[:, kazakhstan.zones.index("south")]
    assert 4_500 < south.max(axis=1).mean() < 4_800


def slope_per_k(system) -> float:
    """% of national load for a kelvin less on a January workday, all hours."""
    import datetime as dt

    weather = NormalWeather(system)
    hours = [dt.datetime(2026, 1, 14, hour) for hour in range(24)]
    normal = sum(weather.at(hour).load_mw.sum() for hour in hours)
    colder = sum(weather.at(hour, temperature_anomaly_k=-1.0).load_mw.sum() for hour in hours)
    return float(100.0 * (colder / normal - 1.0))


def test_cold_slope_and_its_high_case(kazakhstan) -> None:
    assert slope_per_k(kazakhstan) == pytest.approx(0.31, abs=0.01)
    high = read_network("kazakhstan", variant="cold_slope_high")
    assert slope_per_k(high) == pytest.approx(0.75, abs=0.02)
    np.testing.assert_array_equal(high.loads.p_mw, kazakhstan.loads.p_mw)


def test_the_high_case_does_not_fit_the_published_load_factor(kazakhstan) -> None:
    high = national_load(read_network("kazakhstan", variant="cold_slope_high"), YEARS)
    peak, mean = high.load_mw.max(axis=1), high.load_mw.mean(axis=1)
    assert peak.mean() > 17_900 and (mean / peak).mean() < 0.775


def test_a_cold_wave_adds_what_an_operator_plans_for(kazakhstan) -> None:
    # 19 K below normal for days, once in 20 years: 5 to 8 % of the evening's load
    assert 5.0 < 19.0 * slope_per_k(kazakhstan) < 8.0


def test_every_fact_has_a_source_of_the_folder() -> None:
    with (FOLDER / "sources.csv").open(newline="") as file:
        keys = {row["key"] for row in csv.DictReader(file)}
    with (FOLDER / "calibration" / "load_facts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["use"] for row in rows} == {"fit", "held", "compare"}
    for row in rows:
        assert row["source"] and set(row["source"].split("; ")) <= keys, row
        assert row["confidence"] in ("published", "derived", "assumed")


def test_fitted_profiles_keep_their_convention(kazakhstan) -> None:
    fit = fit_script()
    parameters = fit.Parameters(0.5, 0.4, 0.006, 1e4, np.linspace(1.0, 0.8, 12))
    shape = np.stack([1.0 + 0.3 * np.sin(np.arange(24)), np.linspace(0.5, 1.5, 24)])
    value = fit.fitted_profile(shape, (1.0, 0.9, 0.8), parameters)
    assert value[0, 0, 18] == 1.0
    # months, days of the week and hours by hand
    np.testing.assert_allclose(value.mean(axis=2)[:, 0] / value[0, 0].mean(), parameters.month)
    np.testing.assert_allclose(value.mean(axis=2)[3] / value[3, 0].mean(), [1.0, 0.96, 0.92])
    deep = shape[0] / shape[0].mean() - 1.0
    np.testing.assert_allclose(value[0, 0] / value[0, 0].mean() - 1.0, 0.5 * deep)


def test_the_aggregates_of_the_fit_are_the_generator(kazakhstan, found) -> None:
    aggregates = fit_script().Aggregates(kazakhstan, years=3)
    sums = aggregates.quantities(aggregates.current())
    load = found.load_mw[:3]
    assert sums["expected_peak", 0] == pytest.approx(load.max(axis=1).mean(), rel=1e-6)
    assert sums["energy", 0] == pytest.approx(load.sum(axis=1).mean() / 1e6, rel=1e-6)
    assert sums["load_factor", 0] == pytest.approx((load.mean(axis=1) / load.max(axis=1)).mean(), rel=1e-6)
    assert sums["january_greatest", 0] == pytest.approx(found.normal_day(1, WEDNESDAY).max(), rel=1e-6)
