"""The climate of the Kazakh generator over 200 years (a fraction in CI) against its targets, and its design events."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from gridsim.model.scenario import DesignEvent
from gridsim.reliability import SequentialMonteCarlo, ShortfallByMonth, WeatherYears, assess
from gridsim.report.weather_summary import weather_summary
from gridsim.weather.design import courses, event_weights, impose
from gridsim.weather.year import climate_years, weather_model
from tests.support.fraction import FRACTION

YEARS = max(round(200 * FRACTION), 20)


@pytest.fixture(scope="module")
def summary(kazakhstan):
    return weather_summary(kazakhstan, YEARS, seed=1)


def test_every_check_of_the_climate_passes(summary) -> None:
    assert len(summary["checks"]) >= 35
    failed = [check for check in summary["checks"] if not check["passed"]]
    assert not failed, failed
    for check in summary["checks"]:
        assert check["passed"] == (abs(check["value"] - check["target"]) <= check["tolerance"])
    assert summary["passed"]


def test_checks_catch_a_wrong_climate(kazakhstan) -> None:
    # six kelvins warmer: the five-day minima of the building norm and of Almaty's record are missed
    from gridsim.weather.checks import draw_sample, run_checks
    from gridsim.weather.generator import WeatherModel

    model = WeatherModel(kazakhstan, shift_k=6.0)
    checks = run_checks(model, draw_sample(model, 60, 1), 1)
    failed = {check.name for check in checks if not check.passed}
    assert "five_day_minimum_c astana 12.5" in failed and "five_day_minimum_c almaty 12.5" in failed


def test_wind_droughts_agree_with_the_reference_curve(summary) -> None:
    # reference: worst D-day mean over the mean of 20 equal sites, one prototype of the same method; the sites here are
    # weighted by capacity, so agreement to 0.07 is consistency, not validation
    reference = {1: (0.10, 0.07, 0.06), 3: (0.21, 0.15, 0.12), 7: (0.33, 0.26, 0.22), 14: (0.44, 0.37, 0.31)}
    for row in summary["severity_duration_frequency"]["wind"]:
        for period, wanted in zip((2, 5, 10), reference[int(row["days"])], strict=True):
            assert row[f"rp_{period}"] == pytest.approx(wanted, abs=0.07)


@pytest.mark.parametrize("year", range(max(round(20 * FRACTION), 2)))
def test_imposed_lulls_reach_their_ratio(kazakhstan, year) -> None:
    model = weather_model(kazakhstan)
    climate = climate_years(kazakhstan, (), YEARS)
    event = DesignEvent("renewable_lull", 0, 7, 10.0)
    start_h = 24 * 198
    z, imposed = impose(model, event, start_h, model.field.year(77, year), climate)
    ratio, _ = courses(model, event_weights(model, ()), z)
    assert ratio[start_h : start_h + 168].mean() == pytest.approx(imposed.target["cf_ratio"], abs=0.01)
    assert imposed.joint_return_period_years == pytest.approx(10, rel=0.05)


def test_a_thousand_years_stream_in_flat_memory(kazakhstan) -> None:
    import tracemalloc

    model = weather_model(kazakhstan)
    model.year(1, 0)
    tracemalloc.start()
    total = 0.0
    peaks = []
    for year in range(max(round(100 * FRACTION), 10)):
        total += float(model.year(1, year).wind_cf.mean())
        peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert np.isfinite(total) and max(peaks[5:]) < peaks[4] + 2e6


def test_memory_does_not_grow_with_the_weather_years_of_the_sampler(kazakhstan) -> None:
    """Traced peak of 8 and of 24 years, everything made once beforehand; a year alone takes tens of megabytes.

    In a fraction 4 and 12 years.
    """
    weather = WeatherYears(kazakhstan, "none")
    assess(weather, SequentialMonteCarlo(years=2))
    peaks = []
    for years in (8, 24) if FRACTION == 1 else (4, 12):
        tracemalloc.start()
        assess(weather, SequentialMonteCarlo(years=years), ShortfallByMonth())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] > 10e6
    assert peaks[1] < 1.05 * peaks[0]
