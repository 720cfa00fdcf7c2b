"""A weather year per sample: what a sample sees, the same bytes for any workers, fixed sets, refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gridsim.errors import StudyError
from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.outages import CommonCause, Derating
from gridsim.reliability import (
    LoadForecast,
    SequentialMonteCarlo,
    ShortfallByHour,
    ShortfallByMonth,
    SnapshotMonteCarlo,
    WeatherYears,
    YearsTogether,
    assess,
    system_from_grid,
    two_state,
)
from gridsim.reliability import grid as grid_module
from gridsim.reliability.gas import CLASSES
from gridsim.reliability.load_forecast import with_load_factor
from gridsim.reliability.samplers import CopperYears, ZonalYears
from gridsim.weather.response import failure_rates
from gridsim.weather.sampled import window_means


def numbers(result):
    return [(e.name, e.scope, e.value, e.stderr) for e in result.estimates], result.worst_weeks


def test_a_sample_runs_in_the_weather_year_of_its_number(kazakhstan) -> None:
    weather = WeatherYears(kazakhstan, "none", seed=4)
    result = assess(weather, SequentialMonteCarlo(years=3, seed=9), ShortfallByMonth())
    alone = [
        CopperYears(system_from_grid(kazakhstan, "none", (4, year)), 9, True).run(year, 1).total[0, 0, 3]
        for year in range(3)
    ]
    assert min(alone) > 0.0 and len(set(alone)) == 3
    assert result["EUE"].value == pytest.approx(np.mean(alone), rel=1e-12)
    assert result["EUE"].stderr == pytest.approx(np.std(alone, ddof=1) / np.sqrt(3), rel=1e-9)
    months = [e.value for e in result.estimates if e.scope.startswith("month:")]
    assert sum(months) == pytest.approx(result["EUE"].value, rel=1e-12)


def test_workers_and_jobs_change_no_byte_and_year_i_not_with_their_number(kazakhstan) -> None:
    weather = WeatherYears(kazakhstan, "none", seed=1)
    one = assess(weather, SequentialMonteCarlo(years=12, seed=1), ShortfallByMonth())
    other = assess(weather, SequentialMonteCarlo(years=12, seed=1, workers=3, job_blocks=2), ShortfallByMonth())
    assert numbers(one) == numbers(other)
    fewer = assess(weather, SequentialMonteCarlo(years=8, seed=1), ShortfallByMonth())
    by_sample = {week.sample: week for week in one.worst_weeks}
    assert all(by_sample[week.sample] == week for week in fewer.worst_weeks if week.sample in by_sample)


def test_a_fixed_set_is_run_through_in_turn_and_tells_the_error_of_its_choice(kazakhstan) -> None:
    weather = WeatherYears(kazakhstan, "none", seed=1, n_years=2)
    assert [weather.year_of(s) for s in range(4)] == [0, 1, 0, 1]
    result = assess(weather, SequentialMonteCarlo(years=16, seed=1), ShortfallByMonth())
    by_year = [
        np.mean(
            [
                CopperYears(system_from_grid(kazakhstan, "none", (1, year)), 1, True).run(s, 1).total[0, 0, 3]
                for s in range(year, 16, 2)
            ]
        )
        for year in range(2)
    ]
    over = {e.name: e for e in result.over_weather_years}
    assert over["EUE"].n == 2
    assert over["EUE"].value == pytest.approx(np.mean(by_year), rel=1e-12)
    assert over["EUE"].stderr == pytest.approx(abs(by_year[0] - by_year[1]) / 2, rel=1e-9)
    assert len({weather.year_of(week.sample) for week in result.worst_weeks}) == len(result.worst_weeks) == 2


def test_policies_that_share_their_years_get_the_answers_of_each_alone(kazakhstan, monkeypatch) -> None:
    made: list[int] = []
    generated = grid_module.sampled_year

    def counted(system, seed, year, *given, **named):
        made.append(year)
        return generated(system, seed, year, *given, **named)

    monkeypatch.setattr(grid_module, "sampled_year", counted)
    plant = str(kazakhstan.generators.name[np.argmax(kazakhstan.generators.p_max_mw)])
    cold_only = Derating(np.array([[1.0], [1.0], [0.0]]), np.ones((3, 0)))
    pipe = CommonCause(two_state("gas_pipeline", "p", 900.0, 90.0), derating={plant: cold_only})
    method = SequentialMonteCarlo(years=3, seed=2, workers=2)
    policies = {
        "none": WeatherYears(kazakhstan, "none", 5),
        "likely": WeatherYears(kazakhstan, "likely", 5, gas_causes=(pipe,)),
    }
    together = YearsTogether(policies)
    shared = {policy: numbers(assess(together.under(policy), method, ShortfallByMonth())) for policy in policies}
    assert sorted(made) == [0, 1, 2]
    alone = {policy: numbers(assess(years, method, ShortfallByMonth())) for policy, years in policies.items()}
    assert shared == alone and shared["none"] != shared["likely"]


def test_policies_that_share_years_differ_in_nothing_else(kazakhstan) -> None:
    with pytest.raises(StudyError, match="no year in common"):
        YearsTogether({"none": WeatherYears(kazakhstan, "none", 5), "limit": WeatherYears(kazakhstan, "limit", 6)})


def test_machines_and_lines_of_a_sample_follow_its_temperature(kazakhstan) -> None:
    system = WeatherYears(kazakhstan, seed=3).in_year(0)
    rates = failure_rates(kazakhstan)
    in_service = np.flatnonzero(kazakhstan.generators.in_service)
    followed = [c.rate_factor is not None for c in system.unit_component[: len(in_service)]]
    assert followed == (rates.row[in_service] >= 0).tolist()
    assert system.detail.rating_factor.shape == (8760, len(kazakhstan.rating_rows[0]))
    winter, summer = system.detail.rating_factor[4400:4420].mean(), system.detail.rating_factor[300:320].mean()
    assert winter > 1.2 > summer


def test_zonal_years_are_the_same_bytes_with_and_without_certificates(kazakhstan) -> None:
    weather = WeatherYears(kazakhstan, "none", seed=1)
    on, off = (
        assess(weather, SequentialMonteCarlo(years=2, level="zonal", skip=skip), ShortfallByMonth())
        for skip in (True, False)
    )
    assert numbers(on) == numbers(off)
    assert on["EUE"].value > 0.0 and len({e.scope for e in on.estimates if e.scope.startswith("zone:")}) == 3
    with_flow, without = (
        ZonalYears(weather.in_year(1), 1, True, merged=False, base_flow=base_flow) for base_flow in (True, False)
    )
    assert with_flow.case.base_flow_mw.any() and not without.case.base_flow_mw.any()
    for found, other in zip(with_flow.run(1, 1), without.run(1, 1), strict=True):
        assert found.tobytes() == other.tobytes()


def test_deratings_of_pipelines_follow_the_temperature_of_the_weather_year(kazakhstan) -> None:
    """The pipeline is out nearly always and takes its plant only on days of the coldest class."""
    plant = str(kazakhstan.generators.name[np.argmax(kazakhstan.generators.p_max_mw)])
    cold_only = Derating(np.array([[1.0], [1.0], [0.0]]), np.ones((3, 0)))
    cause = CommonCause(two_state("gas_pipeline", "p", 1.0, 1e6), derating={plant: cold_only})
    weather = WeatherYears(kazakhstan, "none", seed=2, gas_causes=(cause,))
    classes = [weather.in_year(year).temperature_class for year in range(2)]
    for year, found in enumerate(classes):
        assert found.shape == (8760,)
        for day in range(3, 365, 40):
            mean_c = window_means(kazakhstan, 2, year, 24 * day, 24).temperature_c
            colder = [k for k, row in enumerate(CLASSES) if mean_c < row.below_c]
            assert (found[24 * day : 24 * day + 24] == colder[-1]).all()
    assert set(classes[0]) == {0, 1, 2} and (classes[0] != classes[1]).any()
    short = [
        CopperYears(system, 1, True).run(1, 1).short_day
        for system in (weather.in_year(1), WeatherYears(kazakhstan, "none", seed=2).in_year(1))
    ]
    lost_mwh = np.zeros((2, 365))
    for row, table in enumerate(short):
        lost_mwh[row, table[:, 1].astype(int)] = table[:, 2]
    more = lost_mwh[0] > lost_mwh[1]
    assert more.any() and (classes[1][::24][more] == 2).all()
    assert (lost_mwh[0] >= lost_mwh[1]).all()


def test_what_cannot_be_done_is_refused(kazakhstan) -> None:
    with pytest.raises(StudyError, match="weather_field"):
        WeatherYears(read_network(network_folder("rts79")))
    mean = kazakhstan.climate.t_mean_c.copy()
    mean[3] = np.nan
    with pytest.raises(StudyError, match="no climate at astana"):
        WeatherYears(kazakhstan.replace(climate=dataclasses.replace(kazakhstan.climate, t_mean_c=mean)))
    with pytest.raises(StudyError, match="whole years"):
        assess(WeatherYears(kazakhstan), SnapshotMonteCarlo(samples=64))
    with pytest.raises(StudyError, match="weather years"):
        WeatherYears(kazakhstan, n_years=0)


def test_an_uncertain_load_and_hours_go_with_the_weather_of_the_sample(kazakhstan) -> None:
    """Each sample in its weather year and with an error of its own; hour by hour the same samples."""
    forecast = LoadForecast((-0.05, 0.05), (0.5, 0.5))
    weather = WeatherYears(kazakhstan, "none", seed=4, load_forecast=forecast)
    result = assess(weather, SequentialMonteCarlo(years=3, seed=9), ShortfallByHour())
    alone = []
    for year, factor in enumerate(forecast.factors(9, 0, 3).tolist()):
        system = with_load_factor(system_from_grid(kazakhstan, "none", (4, year)), factor)
        alone.append(CopperYears(system, 9, True).run(year, 1).total[0, 0, 3])
    assert result["EUE"].value == pytest.approx(np.mean(alone), rel=1e-9)
    hours = result.frame("shortfall_by_hour")
    assert hours["lolp"].sum() == pytest.approx(result["LOLH"].value, rel=1e-12)
    assert hours["epns_mw"].sum() == pytest.approx(result["EUE"].value, rel=1e-9)
    assert not (result.metrics["name"] == "LOLE_peak_d").any()  # the hour of the peak is another in every weather
