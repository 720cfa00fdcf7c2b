"""The latent field against its reference kernel, its closed-form covariance, and the promises of the generator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from gridsim.kernels import latent_field
from gridsim.kernels.latent_field_reference import (
    coarse_normals_reference,
    covariance_reference,
    field_reference,
    normals_reference,
)
from gridsim.model.weather import WeatherField
from gridsim.weather.field import HOURS, LatentField, make_case

TABLE = WeatherField(
    variable=["temperature", "wind", "clearness"],
    share_annual=[0.04, 0.0, 0.0],
    share_slow=[0.24, 0.15, 0.08],
    share_synoptic=[0.72, 0.65, 0.57],
    share_fast=[0.0, 0.20, 0.35],
    synoptic_tau_h=[50, 30, 24],
    fast_tau_h=[np.nan, 3, 4],
    slow_winter_km=[2600, 1000, 900],
    slow_winter_exponent=[1.3, 1, 1],
    slow_summer_km=[1000, 1000, 900],
    slow_summer_exponent=[1.3, 1, 1],
    synoptic_winter_km=[1350, 600, 450],
    synoptic_winter_exponent=[1.18, 1, 1],
    synoptic_summer_km=[900, 600, 450],
    synoptic_summer_exponent=[1.9, 1, 1],
    r_temperature_winter=[np.nan, 0.3, -0.4],
    r_temperature_summer=[np.nan, -0.1, 0.2],
    r_wind_winter=[np.nan, np.nan, -0.35],
    r_wind_summer=[np.nan, np.nan, -0.15],
)
POINTS, LAT, LON = ["a", "b", "c"], np.array([51.2, 43.2, 44.5]), np.array([71.4, 76.9, 50.3])
ROWS = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 0)]  # (variable, point)


def make_field(n_points: int = 3, rows: list[tuple[int, int]] = ROWS, first_month: int = 7) -> LatentField:
    variable, point = np.array(rows).T
    case = make_case(TABLE, POINTS[:n_points], LAT[:n_points], LON[:n_points], variable, point, first_month)
    return LatentField(case, first_month)


@pytest.fixture(scope="module")
def field() -> LatentField:
    return make_field()


def test_normal_of_word_is_the_quantile_to_1e_14() -> None:
    words = np.concatenate([np.random.default_rng(1).integers(0, 2**32, 300), [0, 1, 2**31, 2**32 - 1]])
    expected = stats.norm.ppf((words + 0.5) / 2**32)
    found = [latent_field.normal_of_word(np.uint64(word)) for word in words]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 6, 40, 41])
def test_a_stream_of_normals_is_its_twin_for_any_length(n: int) -> None:
    values = np.empty(n)
    latent_field.fill_normals(np.uint64(2**40 + 7), np.uint64(3), np.uint64(11), np.uint64(12), values)
    np.testing.assert_allclose(values, normals_reference(2**40 + 7, 3, (11, 12), n), rtol=1e-9, atol=1e-12)


def test_coarse_normals_have_unit_variance_and_equal_their_reference() -> None:
    quantile = np.empty(65536)
    latent_field.fill_quantile_16(quantile)
    assert quantile.var() == pytest.approx(1, abs=1e-12) and abs(quantile.mean()) < 1e-12
    values = np.empty(24)
    latent_field.fill_coarse_normals(np.uint64(5), np.uint64(2), np.uint64(1), np.uint64(9), quantile, values)
    np.testing.assert_allclose(values, coarse_normals_reference(5, 2, (1, 9), 24), atol=1e-5)


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_field_is_its_twin(field: LatentField, row: int) -> None:
    # hours over a change of month, the step between half-years (1 October is day 92) and the end of the year
    z = field.year(17, 4)[row]
    for hours in (range(30), range(24 * 90, 24 * 94, 5), range(8730, HOURS)):
        np.testing.assert_allclose(z[list(hours)], field_reference(17, 4, field.case, row, hours), atol=2e-5)


def test_closed_form_variance_is_one_at_every_hour(field: LatentField) -> None:
    days = (0, 30, 40, 61, 91, 92, 183, 200, 273)  # changes of month and of half-year among them
    for row in range(len(ROWS)):
        for hour in (24 * day + hour for day in days for hour in range(0, 26, 2)):
            assert covariance_reference(field.case, row, hour, row, hour) == pytest.approx(1, abs=1e-12)


def test_covariance_with_a_weighted_mean_is_the_double_sum_of_the_closed_form(field: LatentField) -> None:
    rng = np.random.default_rng(3)
    places = [(row, int(hour)) for row in range(len(ROWS)) for hour in rng.integers(24 * 86, 24 * 96, 3)]
    weights = np.zeros((len(ROWS), HOURS))
    for row, hour in places:
        weights[row, hour] = rng.normal()
    covariance = field.covariance_with(weights)
    for row in range(len(ROWS)):
        for hour in (24 * 60, 24 * 91 + 3, 24 * 92, 24 * 93 + 17, 24 * 110 + 1):
            expected = sum(
                weights[other, u] * covariance_reference(field.case, row, hour, other, u) for other, u in places
            )
            assert covariance[row, hour] == pytest.approx(expected, abs=1e-12)


def test_sampled_covariances_are_the_closed_form(field: LatentField) -> None:
    years = 1500
    hours = np.array([0, 3, 24 * 92 + 11, 24 * 92 + 14, 24 * 200, 24 * 200 + 24, 24 * 203])
    z = np.array([field.year(99, year)[:, hours] for year in range(years)]).reshape(years, -1)
    sampled = z.T @ z / years
    pairs = [(row, int(hour)) for row in range(len(ROWS)) for hour in hours]
    expected = np.array([[covariance_reference(field.case, *here, *there) for there in pairs] for here in pairs])
    error = np.sqrt((1.0 + expected**2) / years)  # standard error of a covariance of unit normals
    assert np.abs((sampled - expected) / error).max() < 4.5
    assert np.abs(z.mean(axis=0)).max() < 4.5 / np.sqrt(years)


def test_a_year_depends_on_its_two_numbers_only(field: LatentField) -> None:
    alone = field.year(5, 7)
    np.testing.assert_array_equal([field.year(5, year) for year in range(9)][7], alone)
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda year: field.year(5, year), range(9)))
    np.testing.assert_array_equal(threaded[7], alone)
    assert np.abs(field.year(6, 7) - alone).max() > 1 and np.abs(field.year(5, 8) - alone).max() > 1


def test_a_new_point_or_row_shifts_nobody() -> None:
    few = make_field(2, [(0, 0), (1, 1)]).year(1, 1)
    many = make_field(3, [(2, 2), (0, 0), (1, 1), (1, 0)]).year(1, 1)
    np.testing.assert_array_equal(few, many[[1, 2]])


def test_a_calendar_year_begins_in_january() -> None:
    field = make_field(first_month=1)
    assert field.case.slow.knot_month[0] == 0 and field.case.slow.knot_month[31] == 1
    assert field.case.annual_month.tolist() == [0, 6, 0]
    assert np.abs(field.year(1, 0)).max() < 7
