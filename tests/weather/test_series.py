"""Weather in scenario files: a user's series, generated years, and what is refused with a place and a remedy."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import InputError, StudyError
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_weather import planned_to, read_series
from gridsim.model.scenario import DesignEvent, Horizon, WeatherSeries, WeatherYearChoice
from gridsim.weather.year import make_weather

START = dt.datetime(2026, 1, 14)
HEADER = "time,place,temperature_c,wind_cf,solar_cf,load_mw,inflow_m3_s\n"


def scenario(tmp_path: Path, weather: str, start: str = "2026-01-14 00:00", hours: int = 6) -> Path:
    path = tmp_path / "case.yaml"
    text = (
        f'schema_version: 1\nnetwork: kazakhstan\nhorizon: {{start: "{start}", hours: {hours}}}\nweather: {weather}\n'
    )
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, kazakhstan, weather: str) -> str:
    with pytest.raises(InputError) as caught:
        read_scenario(scenario(tmp_path, weather), kazakhstan)
    return str(caught.value)


def series_file(tmp_path: Path, rows: list[str]) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def hours(n: int = 6) -> list[str]:
    return [f"2026-01-14 {h:02d}:00" for h in range(n)]


def test_a_series_drives_temperature_wind_and_load(tmp_path, kazakhstan) -> None:
    rows = [f"{t},almaty,{-10 - k},,,," for k, t in enumerate(hours(24))]
    rows += [f"{t},badamsha,,0.25,,," for t in hours(24)]
    rows += [f"{t},south,,,,3000," for t in hours(24)]
    rows += [f"{t},syr_darya,,,,,100" for t in hours(24)]
    rows += [f"{t},small_rivers,,,,,2" for t in hours(24)]
    series_file(tmp_path, rows)
    system, case = read_scenario(scenario(tmp_path, "{series: own.csv}"), kazakhstan)
    assert isinstance(case.weather, WeatherSeries) and case.weather.start == START
    inputs = make_weather(system, case.weather, START).at(START + dt.timedelta(hours=2))
    assert inputs.temperature_c[system.weather_sites.position("almaty")] == -12
    normal = make_weather(system, None, START).at(START + dt.timedelta(hours=2))
    astana = system.weather_sites.position("astana")
    assert inputs.temperature_c[astana] == pytest.approx(normal.temperature_c[astana])
    zone = system.buses.zone[system.loads.bus]
    assert inputs.load_mw[zone == system.zones.index("south")].sum() == pytest.approx(3000)
    assert 0.25 in inputs.gen_share[system.generators.fuel == "wind"]
    shardara = system.generators.plant == "shardara_hpp"
    # a reservoir gives on what it holds, and less of it; a plant on its river has what comes
    assert (inputs.gen_share[shardara] < 0.99 * normal.gen_share[shardara]).all()
    assert (inputs.gen_share[shardara] > 0.5 * normal.gen_share[shardara]).all()
    cascade = system.generators.plant == "almaty_cascade"
    assert (inputs.gen_share[cascade] < 0.2 * normal.gen_share[cascade]).all()


def test_short_gaps_are_joined_and_long_ones_refused(tmp_path, kazakhstan) -> None:
    rows = [f"{t},almaty,{-k},,,," for k, t in enumerate(hours(10)) if k not in (4, 5, 6)]
    series = read_series(series_file(tmp_path, rows), kazakhstan)
    np.testing.assert_allclose(series.temperature_c[kazakhstan.weather_sites.position("almaty")], -np.arange(10.0))
    assert series.notes == ("temperature_c of almaty: gaps of up to 3 h joined linearly",)
    rows = [f"{t},almaty,{-k},,,," for k, t in enumerate(hours(10)) if k not in (3, 4, 5, 6)]
    with pytest.raises(InputError, match="almaty lacks 4 hours from 2026-01-14 03:00"):
        read_series(series_file(tmp_path, rows), kazakhstan)


def test_a_series_covers_the_horizon(tmp_path, kazakhstan) -> None:
    series_file(tmp_path, [f"{t},almaty,-5,,,," for t in hours(6)])
    with pytest.raises(InputError, match="lacks 18 hours"):
        read_scenario(scenario(tmp_path, "{series: own.csv}", hours=24), kazakhstan)


def test_a_series_of_exactly_the_horizon_names_the_row_and_what_is_needed(tmp_path, kazakhstan) -> None:
    """The operator plans 24 hours at the start: 6 are too few for a horizon of 6, and 24 are enough."""
    file = series_file(tmp_path, [f"{t},almaty,-5,,,," for t in hours(6)])
    with pytest.raises(InputError) as caught:
        read_scenario(scenario(tmp_path, "{series: own.csv}"), kazakhstan)
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == (str(file), 7, "time")
    assert "almaty lacks 18 hours after 2026-01-14 05:00" in problem.value
    assert "from 2026-01-14 00:00:00 to 2026-01-14 23:00:00" in problem.mend
    series_file(tmp_path, [f"{t},almaty,-5,,,," for t in hours(24)])
    assert isinstance(read_scenario(scenario(tmp_path, "{series: own.csv}"), kazakhstan)[1].weather, WeatherSeries)


@pytest.mark.parametrize(
    ("start", "hours", "last"),
    [
        ("2026-01-14 00:00", 6, "2026-01-14 23:00"),
        ("2026-01-14 00:00", 24, "2026-01-14 23:00"),
        ("2026-01-14 00:00", 25, "2026-01-15 23:00"),
        ("2026-01-14 18:00", 6, "2026-01-15 17:00"),
        ("2026-01-14 18:00", 7, "2026-01-15 23:00"),
    ],
)
def test_weather_is_needed_as_far_as_the_operator_plans(start: str, hours: int, last: str) -> None:
    horizon = Horizon(dt.datetime.fromisoformat(start), hours)
    assert planned_to(horizon) == dt.datetime.fromisoformat(last)


@pytest.mark.parametrize("year", ["0206", "0001", "9999", "2062"])
def test_a_wrong_year_in_one_cell_is_named_before_anything_is_allocated(tmp_path, kazakhstan, year) -> None:
    times = hours(24)
    times[9] = year + times[9][4:]
    series_file(tmp_path, [f"{t},almaty,-5,,,," for t in times])
    tracemalloc.start()
    with pytest.raises(InputError) as caught:
        read_scenario(scenario(tmp_path, "{series: own.csv}"), kazakhstan)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (problem,) = caught.value.problems
    assert (problem.row, problem.column) == (11, "time")
    assert "almaty lacks" in problem.value
    assert peak < 5e6


def test_who_looks_past_the_end_of_a_series_takes_the_day_before(tmp_path, kazakhstan) -> None:
    series_file(tmp_path, [f"{t},almaty,{-k},,,," for k, t in enumerate(hours(24))])
    system, case = read_scenario(scenario(tmp_path, "{series: own.csv}"), kazakhstan)
    weather = make_weather(system, case.weather, START)
    almaty = system.weather_sites.position("almaty")
    assert weather.at(START + dt.timedelta(hours=26)).temperature_c[almaty] == -2
    with pytest.raises(StudyError, match="has no value at 2026-01-16"):
        weather.at(START + dt.timedelta(hours=48))


def test_parquet_reads_like_csv(tmp_path, kazakhstan) -> None:
    rows = [f"{t},almaty,{-k},,,," for k, t in enumerate(hours())]
    from_csv = read_series(series_file(tmp_path, rows), kazakhstan)
    frame = pd.DataFrame({"time": hours(), "place": "almaty", "temperature_c": -np.arange(6.0)})
    frame.to_parquet(tmp_path / "own.parquet")
    from_parquet = read_series(tmp_path / "own.parquet", kazakhstan)
    np.testing.assert_array_equal(from_csv.temperature_c, from_parquet.temperature_c)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("2026-01-14 00:00,badamsha,,1.2,,,", "wind_cf", "1.2 is not <= 1"),
        ("2026-01-14 00:00,badamsha,,-0.1,,,", "wind_cf", "-0.1 is not >= 0"),
        ("2026-01-14T00:00+06:00,almaty,1,,,,", "time", "is not in UTC+05:00"),
        ("2026-01-14 00:30,almaty,1,,,,", "time", "is not a full hour"),
        ("2026-01-14 00:00,almatty,1,,,,", "place", "did you mean 'almaty'"),
        ("2026-01-14 00:00,almaty,,0.3,,,", "wind_cf", "which is no wind site"),
        ("yesterday,almaty,1,,,,", "time", "'yesterday' is not a time"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path, kazakhstan, row, column, message) -> None:
    with pytest.raises(InputError) as caught:
        read_series(series_file(tmp_path, [row]), kazakhstan)
    (problem,) = caught.value.problems
    assert problem.row == 2 and problem.column == column and message in str(problem)


def test_the_networks_own_offset_and_doubled_hours(tmp_path, kazakhstan) -> None:
    same = ["2026-01-14T00:00+05:00,almaty,1,,,,"]
    assert read_series(series_file(tmp_path, same), kazakhstan).start == START
    with pytest.raises(InputError, match="twice for almaty"):
        read_series(series_file(tmp_path, same * 2), kazakhstan)


def test_a_generated_year_with_an_event(tmp_path, kazakhstan) -> None:
    text = "{year_seed: 3, year: 2, design_event: {kind: cold_wave, at: +2h, days: 3, return_period_years: 10}}"
    _, case = read_scenario(scenario(tmp_path, text), kazakhstan)
    assert case.weather == WeatherYearChoice(3, 2, (DesignEvent("cold_wave", 2.0, 3, 10.0),))


LULL = "{kind: renewable_lull, at: +1h, days: 3, return_period_years: 5}"
COLD = "{kind: cold_wave, at: +3h, days: 3, return_period_years: 5}"


@pytest.mark.parametrize(
    ("weather", "message"),
    [
        (f"{{year_seed: 1, design_event: [{LULL}, {COLD}]}}", "cold_wave overlaps renewable_lull"),
        ("{year_seed: 1, design_event: {kind: cold_wave, return_period_years: 0.5}}", "0.5 is not > 1"),
        ("{year_seed: 1, design_event: {kind: cold_wave}}", "give exactly one of the two"),
        ("{year_seed: 1, design_event: {kind: cold_wave, return_period_years: 5, sites: [almatty]}}", "almatty"),
        ("{year_seed: 1, design_event: {kind: cold_and_calm, severity: -20}}", "cold_and_calm takes 2"),
        ("{year_seed: 1, design_event: {kind: dry_year, return_period_years: 5, river: ilj}}", "did you mean 'ili'"),
        ("{year_seed: 1, design_event: {kind: cold_wave, at: +9h, return_period_years: 5}}", "outside the horizon"),
        ("{year_seed: 1, file: cold.csv}", "give one of file, series, year_seed"),
        ("{year: 3}", "give one of file, series, year_seed"),
        ("{series: none.csv}", "does not exist"),
    ],
)
def test_a_wrong_request_is_refused(tmp_path, kazakhstan, weather, message) -> None:
    assert message in refused(tmp_path, kazakhstan, weather)


def test_a_site_without_climate_is_refused(tmp_path, kazakhstan) -> None:
    mean = kazakhstan.climate.t_mean_c.copy()
    mean[3] = np.nan
    import dataclasses

    bare = kazakhstan.replace(climate=dataclasses.replace(kazakhstan.climate, t_mean_c=mean))
    assert "no climate at astana" in refused(tmp_path, bare, "{year_seed: 1}")


def test_a_network_without_generator_is_refused(tmp_path, two_areas) -> None:
    assert "has no weather generator" in refused(tmp_path, two_areas(), "{year_seed: 1}")


def test_a_leap_day_is_a_day_like_any_other(tmp_path, kazakhstan) -> None:
    """Three days from 28 February 2028: hour 30 is 06:00 on the 29th, hour 50 is 02:00 on 1 March."""
    times = pd.date_range("2028-02-28", periods=72, freq="h").strftime("%Y-%m-%d %H:%M")
    series_file(tmp_path, [f"{time},almaty,{-0.1 * k:.1f},,,," for k, time in enumerate(times)])
    system, case = read_scenario(scenario(tmp_path, "{series: own.csv}", "2028-02-28 00:00", 72), kazakhstan)
    start = dt.datetime(2028, 2, 28)
    weather = make_weather(system, case.weather, start)
    almaty = system.weather_sites.position("almaty")
    for hour, expected in ((30, -3.0), (50, -5.0)):
        inputs = weather.at(start + dt.timedelta(hours=hour))
        assert inputs.temperature_c[almaty] == pytest.approx(expected)
