"""The water plan: the balance of years, dry years that last, and one plan in simulator and sampler."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest

from gridsim.engine.run import run
from gridsim.model.maintenance import planned_outage
from gridsim.model.scenario import Failures, Horizon, Scenario, WeatherSeries, WeatherYearChoice
from gridsim.reliability.grid import system_from_grid
from gridsim.weather.normal import NormalWeather
from gridsim.weather.sampled import sampled_year
from gridsim.weather.water import WaterPlan, day_of_year, net_load_mw, normal_water, water_plan
from gridsim.weather.year import SeriesWeather, YearArrays, YearWeather, weather_model
from tests.support.cases import BY_HAND

RIVER = {"name": "brook", "lat": 50, "lon": 70, "annual_km3": 0.031536, "cv": 0.2} | {
    f"share_{m}": days / 365 for m, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)
}  # 1 m3/s all year
EVENING = [0.8] * 17 + [0.9, 1.0, 1.0, 0.9] + [0.8] * 3


def with_lake(tables) -> None:
    """A hydro plant of 60 MW in the south behind a lake that lets 1 m3/s through: 0.0864 mcm, 432 MWh a day."""
    tables["rivers"] = [RIVER]
    tables["profiles"] = [
        {"profile": "evening", "month": m, "day_type": "any", "hour": h, "value": EVENING[h]}
        for m in range(1, 13) for h in range(24)
    ]  # fmt: skip
    for load in tables["loads"]:
        load["profile"] = "evening"
    tables["generators"] += [
        {"name": f"hydro_{k}", "plant": "hydro", "bus": "s1", "fuel": "hydro", "installed_mw": 30, "p_max_mw": 30,
         "p_min_mw": 0, "cost_per_mwh": 5} for k in (1, 2)
    ]  # fmt: skip
    tables["reservoirs"] = [
        {"name": "lake", "plant": "hydro", "volume_mcm": 1, "mcm_per_mwh": 0.0002, "fill_share": 0.5, "river": "brook",
         "hourly_least_share": 0.5}
    ]  # fmt: skip
    tables["reservoir_releases"] = [
        {"reservoir": "lake", "month": m, "least_m3_s": 0.5, "greatest_m3_s": 1.5} for m in range(1, 13)
    ]


def hydro_mw(inputs, system):
    return (inputs.gen_share * system.generators.p_max_mw)[system.generators.plant == "hydro"].sum()


def test_a_normal_day_by_hand(two_areas) -> None:
    """Steady: release = inflow, 432 MWh. A quarter of 1 m3/s passes always: 4.5 MW, 108 MWh.

    The south's load is 240 MW, 270 in two hours and 300 in two, more than 60 MW above: two hours are full, and
    432 - 120 MWh are left to 22 hours at one level, two of them 30 MW above the others.
    """
    system = two_areas(with_lake)
    course = normal_water(system)
    np.testing.assert_allclose(course.energy_mwh, 432.0, rtol=1e-9)
    np.testing.assert_allclose(course.lowest_mw, 4.5, rtol=1e-9)
    weather = NormalWeather(system)
    day = [hydro_mw(weather.at(dt.datetime(2026, 1, 14, hour)), system) for hour in range(24)]
    night = (432.0 - 2 * 60.0 - 2 * 30.0) / 22
    expected = [night] * 17 + [night + 30, 60.0, 60.0, night + 30] + [night] * 3
    np.testing.assert_allclose(day, expected, rtol=1e-9)
    assert sum(day) == pytest.approx(432.0, rel=1e-12)


def test_the_simulator_runs_the_plan_and_the_sampler_has_it(two_areas) -> None:
    system = two_areas(with_lake)
    found = run(system, Scenario("day", "two_areas", Horizon(dt.datetime(2026, 1, 14), 24), policy=BY_HAND))
    table = found.frame("generators")
    by_hour = table[table["plant"] == "hydro"].groupby("time_h")["p_mw"].sum().to_numpy()
    weather = NormalWeather(system)
    times = [dt.datetime(2026, 1, 14) + dt.timedelta(hours=h) for h in range(24)]
    np.testing.assert_allclose(by_hour, [hydro_mw(weather.at(t), system) for t in times], atol=1e-6)
    adequacy = system_from_grid(system)
    rows = [k for k, name in enumerate(adequacy.unit_name) if name.startswith("hydro")]
    first = 24 * day_of_year(1, 14)
    sampled = sum(adequacy.unit_profile[k][first : first + 24] for k in rows)
    np.testing.assert_allclose(sampled, by_hour, atol=1e-6)


def test_a_plant_without_releases_keeps_its_profile(two_areas) -> None:
    def no_rule(tables) -> None:
        with_lake(tables)
        tables["reservoir_releases"] = []

    system = two_areas(no_rule)
    assert len(water_plan(system)) == 0
    assert hydro_mw(NormalWeather(system).at(dt.datetime(2026, 1, 14, 3)), system) == 60.0
    assert hydro_mw(NormalWeather(two_areas()).at(dt.datetime(2026, 1, 14, 3)), two_areas()) == 0.0


def test_a_series_of_inflow_moves_the_course(two_areas) -> None:
    system = two_areas(with_lake)
    start, nan = dt.datetime(2026, 1, 14, 6), np.full((0, 72), np.nan)

    def course(inflow: float) -> SeriesWeather:
        load = np.full((2, 72), np.nan)
        series = WeatherSeries("own.csv", start, nan, nan, load, np.full((1, 72), inflow))
        return SeriesWeather(system, series, start)

    given, wet, dry = course(np.nan), course(3.0), course(0.0)
    day = dt.date(2026, 1, 16)
    np.testing.assert_allclose(60 * given.planned_water(day).sum(), 432.0)
    assert wet.planned_water(day).sum() > given.planned_water(day).sum() > dry.planned_water(day).sum() > 0
    assert hydro_mw(dry.at(start), system) == pytest.approx(60 * dry.planned_water(start.date())[0, 6])


def test_balance_of_generated_years(kazakhstan) -> None:
    model, plan = weather_model(kazakhstan), water_plan(kazakhstan)
    assert len(plan) == len(kazakhstan.reservoirs)
    for year in (0, 7):
        arrays = YearArrays(kazakhstan, model, 4, year, model.field.year(4, year), None)
        course = arrays.water
        change = np.diff(np.concatenate([course.start_mcm[:, None], course.volume_mcm], axis=1), axis=1)
        error = course.inflow_mcm - course.turbined_mcm - course.spilled_mcm - change
        assert (np.abs(error.sum(axis=1)) <= 1e-9 * course.inflow_mcm.sum(axis=1)).all()
        assert np.abs(error).max() <= 1e-9 * course.inflow_mcm.sum()
        np.testing.assert_allclose(course.energy_mwh * plan.mcm_per_mwh[:, None], course.turbined_mcm, rtol=1e-12)
        for row, reservoir in enumerate(plan.reservoir):
            river = arrays.inflow_m3_s[kazakhstan.reservoirs.river[reservoir]] * 0.0864
            given = river * kazakhstan.reservoirs.inflow_share[reservoir]
            for above in np.flatnonzero(plan.below == row):
                given = given + course.turbined_mcm[above] + course.spilled_mcm[above]
            np.testing.assert_allclose(course.inflow_mcm[row], given, rtol=1e-12)


def test_both_engines_have_the_same_plan_of_a_generated_year(kazakhstan) -> None:
    start = dt.datetime(kazakhstan.base_year, 7, 1)
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 2), start)
    found = sampled_year(kazakhstan, 5, 2, weekday=start.weekday())
    plan = water_plan(kazakhstan)
    for day in (0, 140, 200, 301):
        planned = weather.planned_water(start.date() + dt.timedelta(days=day))
        hours = slice(24 * day, 24 * day + 24)
        np.testing.assert_allclose(
            found.gen_share[found.gen_row[plan.gens], hours], planned[plan.row[plan.gens]], rtol=0, atol=1e-9
        )
    energy = weather.planned_water(dt.date(2026, 1, 14)).sum(axis=1) * plan.p_max_mw
    arrays = YearArrays(kazakhstan, weather_model(kazakhstan), 5, 2, weather_model(kazakhstan).field.year(5, 2), None)
    np.testing.assert_allclose(energy, arrays.water.energy_mwh[:, day_of_year(1, 14)], rtol=1e-9)


def test_a_dry_year_lasts_and_a_horizon_goes_on_from_the_year_before(kazakhstan) -> None:
    model, plan = weather_model(kazakhstan), water_plan(kazakhstan)
    mean = model.rivers.mean_m3_s[:, model.month]
    normal = plan.course(mean, model.month, plan.normal_year().start_mcm.copy())
    dry = plan.course(0.7 * mean, model.month, normal.start_mcm.copy())
    after = plan.course(mean, model.month, dry.volume_mcm[:, -1].copy())
    large = plan.volume_mcm > 1000
    assert (after.energy_mwh.sum(axis=1)[large] < normal.energy_mwh.sum(axis=1)[large] - 1).all()
    weather = YearWeather(kazakhstan, WeatherYearChoice(5, 2), dt.datetime(2025, 6, 30))
    weather.planned_water(dt.date(2025, 6, 30))
    first = YearArrays(kazakhstan, model, 5, 2, model.field.year(5, 2), None).water
    second = YearArrays(kazakhstan, model, 5, 3, model.field.year(5, 3), None, first.volume_mcm[:, -1].copy()).water
    for date, energy_mwh in (
        (dt.date(2025, 6, 30), first.energy_mwh[:, -1]),
        (dt.date(2025, 7, 1), second.energy_mwh[:, 0]),
    ):
        np.testing.assert_allclose(weather.planned_water(date).sum(axis=1) * plan.p_max_mw, energy_mwh, rtol=1e-9)


def test_levels_of_years_before_are_those_years_own(kazakhstan) -> None:
    rivers = weather_model(kazakhstan).rivers
    before = rivers.years_before(3, 9, 3).reshape(len(kazakhstan.rivers), 3, 365)
    for k, year in enumerate((6, 7, 8)):
        s = rivers.log_sd
        ratio = np.exp(-(s**2) / 4 + s * np.sqrt(0.5) * rivers.year_levels(3, year))
        expected = (rivers.mean_m3_s * ratio[:, None])[:, weather_model(kazakhstan).month]
        np.testing.assert_allclose(before[:, k], expected, rtol=1e-12)


def test_a_year_of_plans_is_cheap(kazakhstan) -> None:
    plan = WaterPlan(kazakhstan)
    model = weather_model(kazakhstan)
    mean = model.rivers.mean_m3_s[:, model.month]
    found = sampled_year(kazakhstan, 1, 0)
    net_mw = net_load_mw(kazakhstan, found.load_factor, found.load_row, found.gen_share, found.gen_row)
    days = np.arange(365, dtype=np.int32)

    def once() -> float:
        start = time.process_time()
        plan.share(plan.year(model.rivers, 1, 0, mean), net_mw, days)
        return time.process_time() - start

    assert min(once() for _ in range(5)) < 0.02


def test_the_water_of_a_machine_in_repair_goes_through_the_other(two_areas) -> None:
    """432 MWh a day: two machines of 30 MW give them, and one alone, at 18 MW on the mean."""

    def with_repair(tables) -> None:
        with_lake(tables)
        tables["generators"][-1]["maintenance_weeks"] = 6

    system = two_areas(with_repair)
    hydro = np.flatnonzero(system.generators.plant == "hydro")
    out = planned_outage(system)[hydro[1]]
    day = int(np.flatnonzero(out == 1.0)[10])
    date = dt.datetime(2026, 1, 1) + dt.timedelta(days=day)
    weather = NormalWeather(system, repairs=True)
    alone = np.array([weather.at(date + dt.timedelta(hours=hour)).gen_share[hydro[0]] * 30.0 for hour in range(24)])
    assert alone.sum() == pytest.approx(432.0) and alone.max() == 30.0
    both = [hydro_mw(NormalWeather(system).at(date + dt.timedelta(hours=hour)), system) for hour in range(24)]
    assert sum(both) == pytest.approx(432.0) and max(both) == 60.0
    sampled = system_from_grid(system, "none")
    units = [unit for unit, name in enumerate(sampled.unit_name) if name.startswith("hydro")]
    given = sum(
        np.broadcast_to(sampled.unit_mw[u] if (p := sampled.unit_profile[u]) is None else p, 8760) for u in units
    )
    of_day = np.asarray(given).reshape(365, 24).sum(axis=1) * (1.0 + system.loss_share)
    np.testing.assert_allclose(of_day, 432.0, rtol=1e-9)


def test_a_run_gives_the_plan_while_a_machine_is_in_repair(two_areas) -> None:
    def with_repair(tables) -> None:
        with_lake(tables)
        tables["generators"][-1]["maintenance_weeks"] = 6

    system = two_areas(with_repair)
    gens = system.generators
    first = int(np.flatnonzero(planned_outage(system)[gens.position("hydro_2")] == 1.0)[10])
    start = dt.datetime(2026, 1, 1) + dt.timedelta(days=first)
    case = Scenario("case", "two_areas", Horizon(start, 24), policy=BY_HAND, failures=Failures.ON)
    rows = pd.DataFrame(run(system, case).frame("generators"))
    mwh = (rows.p_mw * rows.duration_h).groupby(rows.name).sum()
    assert mwh["hydro_1"] == pytest.approx(432.0) and mwh.get("hydro_2", 0.0) == 0.0
