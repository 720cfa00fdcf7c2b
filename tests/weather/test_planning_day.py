"""The planning day: load at its expected peak, wind and sun of nine evenings in ten, the forecast error."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.errors import InputError
from gridsim.io.bundled import network_folder
from gridsim.model.planning import PlanningDaySettings
from gridsim.model.scenario import PlanningDay
from gridsim.weather.normal import NormalWeather
from gridsim.weather.peak_output import evenings, peak_output, site_capacity_mw
from gridsim.weather.planning import PlanningWeather, forecast_error, peak_hours
from gridsim.weather.year import make_weather

JANUARY = dt.datetime(2026, 1, 14)


def load_mw(system: gridsim.GridSystem, weather: PlanningWeather | NormalWeather, day: dt.datetime) -> np.ndarray:
    """(24,) load of a day with network losses, MW."""
    hours = [day + dt.timedelta(hours=hour) for hour in range(24)]
    return np.array([weather.at(time).load_mw.sum() * (1 + system.loss_share) for time in hours])


def test_the_highest_load_of_the_year_is_the_expected_peak(kazakhstan) -> None:
    """17,600 MW with losses, on the middle workday of some winter month."""
    weather = PlanningWeather(kazakhstan, PlanningDay())
    days = [dt.datetime(2026, month, 14 if month != 2 else 11) for month in range(1, 13)]
    workdays = [day - dt.timedelta(days=max(day.weekday() - 4, 0)) for day in days]
    peak = np.array([load_mw(kazakhstan, weather, day).max() for day in workdays])
    inside = kazakhstan.buses.zone[kazakhstan.loads.bus] >= 0
    abroad_mw = kazakhstan.loads.p_mw[~inside].sum() * (1 + kazakhstan.loss_share)
    assert peak.max() == pytest.approx(17_600 + abroad_mw, abs=100)
    assert int(peak.argmax()) in (0, 1, 11)


def test_each_month_keeps_its_ratio_to_the_yearly_peak(kazakhstan) -> None:
    planning, normal = PlanningWeather(kazakhstan, PlanningDay()), NormalWeather(kazakhstan)
    for day in (JANUARY, dt.datetime(2026, 7, 15), dt.datetime(2025, 10, 28), dt.datetime(2026, 1, 17)):
        ratio = load_mw(kazakhstan, planning, day) / load_mw(kazakhstan, normal, day)
        assert ratio == pytest.approx(np.full(24, ratio[0]), rel=1e-12)
        assert ratio[0] == pytest.approx(planning.load_factor, rel=1e-12)


def test_wind_and_sun_of_the_evening_peak_are_exceeded_in_nine_evenings_of_ten(kazakhstan) -> None:
    """Against 40 other years: the share of evenings above, by month, 0.9 within sampling (40 x 30 evenings a month).

    Evenings of one year follow each other, so the standard error is not that of 1,200 draws: 0.03 is three of it.
    """
    found = evenings(kazakhstan, 7, 40)
    capacity_mw = site_capacity_mw(kazakhstan)
    weather, generators = PlanningWeather(kazakhstan, PlanningDay()), kazakhstan.generators
    drives = (generators.driven_by("wind") | generators.driven_by("solar")) & generators.in_service
    shares = []
    for month in range(12):
        day = dt.datetime(2026, month + 1, 14)
        day -= dt.timedelta(days=max(day.weekday() - 4, 0))
        share = weather.at(day + dt.timedelta(hours=peak_hours(kazakhstan)[month])).gen_share
        level_mw = float((share * generators.p_max_mw)[drives].sum())
        total_mw = capacity_mw @ found.at_peak[:, found.month == month]
        shares.append(float((total_mw > level_mw).mean()))
    assert shares == pytest.approx([0.9] * 12, abs=0.05)
    assert np.mean(shares) == pytest.approx(0.9, abs=0.015)


def test_the_table_is_what_the_script_writes(kazakhstan) -> None:
    with (Path(network_folder("kazakhstan")) / "renewables_at_peak.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    made = peak_output(kazakhstan, 1, 200)
    assert [(int(row["month"]), row["site"]) for row in rows] == [row[:2] for row in made]
    for column in ("capacity_factor", "share_of_normal"):
        written = [float(row[column]) for row in rows]
        assert written == pytest.approx([getattr(row, column) for row in made], abs=1e-4)


def test_a_site_without_a_row_follows_its_normal_course(kazakhstan) -> None:
    table = kazakhstan.renewables_at_peak
    bare = kazakhstan.replace(renewables_at_peak=type(table).empty())
    noon = JANUARY + dt.timedelta(hours=12)
    normal = NormalWeather(kazakhstan).at(noon).gen_share
    assert PlanningWeather(bare, PlanningDay()).at(noon).gen_share == pytest.approx(normal, abs=0)
    planned = PlanningWeather(kazakhstan, PlanningDay()).at(noon).gen_share
    drives = kazakhstan.generators.driven_by("wind") | kazakhstan.generators.driven_by("solar")
    assert (planned[~drives] == normal[~drives]).all()
    assert planned[drives].sum() < normal[drives].sum()


def test_the_first_replicate_has_the_expected_load_and_the_others_spread_evenly() -> None:
    assert forecast_error(0, 0.02) == pytest.approx(0.0, abs=1e-12)
    errors = [forecast_error(number, 0.02) for number in range(1000)]
    assert np.mean(errors) == pytest.approx(0.0, abs=2e-4)
    assert np.std(errors) == pytest.approx(0.02, rel=0.01)
    assert len(set(errors)) == 1000


def test_replicates_differ_in_load_and_each_is_compared_with_its_own_day(kazakhstan) -> None:
    _, scenario = gridsim.read_scenario("winter_peak_day")
    assert scenario.weather == PlanningDay()
    assert scenario.draws_weather
    assert scenario.of_replicate(3).weather == PlanningDay(3)
    weathers = [make_weather(kazakhstan, scenario.of_replicate(k).weather, JANUARY) for k in (0, 3)]
    first, third = (load_mw(kazakhstan, weather, JANUARY)[18] for weather in weathers)
    assert third / first - 1.0 == pytest.approx(forecast_error(3, 0.02), rel=1e-9)


def test_departures_of_events_come_on_top(kazakhstan) -> None:
    weather = make_weather(kazakhstan, PlanningDay(), JANUARY)
    time = JANUARY + dt.timedelta(hours=18)
    plain, cold = weather.at(time), weather.at(time, temperature_anomaly_k=-10.0, wind_factor=0.5)
    assert cold.load_mw.sum() > plain.load_mw.sum()
    wind = kazakhstan.generators.driven_by("wind")
    assert cold.gen_share[wind] == pytest.approx(0.5 * plain.gen_share[wind])
    doubled = weather.at(time, load_factor=2.0)
    assert doubled.load_mw == pytest.approx(2.0 * plain.load_mw)


# In files


CASE = {"network": "kazakhstan", "horizon": {"start": "2026-01-14", "hours": 2}}


@pytest.mark.parametrize("weather", ["planning_day", {"planning_day": True}])
def test_a_file_asks_for_it_by_a_word(kazakhstan, weather: object) -> None:
    _, scenario = gridsim.read_scenario({**CASE, "weather": weather}, kazakhstan)
    assert scenario.weather == PlanningDay()
    again = scenario.with_(kazakhstan, **{"policy.imports": "limit"})
    assert again.weather == PlanningDay()
    assert scenario.with_(kazakhstan, weather={"year_seed": 1}).weather != PlanningDay()


def problem_of(system: gridsim.GridSystem | None, **keys: object) -> gridsim.Problem:
    with pytest.raises(InputError) as caught:
        gridsim.read_scenario({**CASE, **keys}, system)
    (problem,) = caught.value.problems
    return problem


def test_a_network_without_one_says_what_it_lacks(kazakhstan) -> None:
    bare = kazakhstan.replace(planning_day=PlanningDaySettings())
    problem = problem_of(bare, weather="planning_day")
    assert problem.value == "kazakhstan has no planning day"
    assert "planning_day.expected_peak_mw" in problem.mend


def test_two_kinds_of_weather_are_refused(kazakhstan) -> None:
    problem = problem_of(kazakhstan, weather={"planning_day": True, "year_seed": 1})
    assert (problem.column, problem.value) == ("weather", "year_seed and planning_day together given")


def test_another_word_is_refused_with_the_nearest(kazakhstan) -> None:
    problem = problem_of(kazakhstan, weather="planing_day")
    assert problem.column == "weather"
    assert "planning_day" in problem.mend


def test_typical_needs_its_table(kazakhstan) -> None:
    bare = kazakhstan.replace(typical=type(kazakhstan.typical).empty())
    problem = problem_of(bare, failures="typical")
    assert (problem.column, problem.value) == ("failures", "'typical', but kazakhstan has no typical.csv")
    assert "off or on" in problem.mend
