"""Random failures in a run are the outages of the sampler's sample of the same seed and number."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from gridsim.engine.failures import failures
from gridsim.engine.run import run
from gridsim.kernels.availability import draw_outages
from gridsim.model.pack_outages import drawn_outages, outage_model
from gridsim.model.scenario import AcMode, Horizon, Imports, Policy, Scenario, WeatherYearChoice
from gridsim.reliability import system_from_grid, with_gas_outages
from gridsim.weather.response import failure_rates
from gridsim.weather.year import make_weather
from tests.support.failure_years import HOURS, check_year, frail

GAS_TABLES = ("gas_pipelines", "gas_supply", "compressor_stations", "power_to_gas")


def sampled(system, seed: int, sample: int, weather=None) -> set[tuple[str, int, int]]:
    """(component, first hour, hour after the last) of one sample year of the sampler."""
    adequacy = system_from_grid(system, weather=weather)
    components = (*adequacy.unit_component, *adequacy.branch_component)
    model = outage_model(components, (), HOURS)
    component, first, end = (np.empty(5000, dtype=np.int32) for _ in range(3))
    batch = np.empty((4, len(model.batch_block)))
    n = draw_outages(
        model, np.uint64(seed), np.uint64(sample), HOURS, batch, component, first, end, np.empty(5000)
    )  # fmt: skip
    return {(components[c].name, int(a), int(b)) for c, a, b in zip(component[:n], first[:n], end[:n], strict=True)}


@pytest.mark.parametrize(("seed", "replicate"), [(0, 0), (5, 3)])
def test_intervals_are_those_of_the_sampler(two_areas, seed, replicate):
    system = two_areas(frail)
    drawn = {
        (event.targets[0].name, int(event.at_h), int(event.at_h + (event.duration_h or 0)))
        for event in failures(system, seed, replicate, HOURS)
    }
    assert len(drawn) > 200 and drawn == sampled(system, seed, replicate)


def test_in_a_generated_year_machines_fail_by_its_temperature_as_in_the_sampler(kazakhstan):
    start, weather = dt.datetime(2025, 7, 1), WeatherYearChoice(seed=4, year=7)
    felt_c = make_weather(kazakhstan, weather, start).temperature_c(start, HOURS)

    def drawn(*temperature_c) -> set[tuple[str, int, int]]:
        return {
            (event.targets[0].name, int(event.at_h), int(event.at_h + (event.duration_h or 0)))
            for event in failures(kazakhstan, 2, 9, HOURS, *temperature_c)
            if event.targets[0].table not in GAS_TABLES  # the sampler has them as common causes
        }

    assert drawn(felt_c) == sampled(kazakhstan, 2, 9, (4, 7))
    assert drawn() == sampled(kazakhstan, 2, 9)
    machines = set(kazakhstan.generators.name[failure_rates(kazakhstan).row >= 0])
    changed = {name for name, *_ in drawn(felt_c) ^ drawn()}
    assert len(changed) > 20 and changed <= machines


def test_a_horizon_sees_the_first_hours_of_the_sample(two_areas):
    system = two_areas(frail)
    whole = {(e.id, e.at_h) for e in failures(system, 1, 0, HOURS) if e.at_h < 200}
    assert {(e.id, e.at_h) for e in failures(system, 1, 0, 200)} == whole


def test_a_year_of_failures_sheds_what_the_samplers_year_sheds():
    """Its first quarter; whole years of more seeds: tests/verification/test_failure_years.py."""
    check_year(1, months=3)


def test_failures_happen_and_end_in_a_run(two_areas):
    system = two_areas(frail)
    policy = Policy(Imports.NONE, AcMode.OFF)
    scenario = Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), 300), policy=policy, failures=True)
    result = run(system, scenario, seed=1)
    expected = sorted((e.at_h, e.targets[0].name) for e in failures(system, 1, 0, 300))
    begun = sorted((c.time_h, c.component.split(":")[1]) for c in result.log if "failure:" in c.to_state)
    assert begun == expected and len(begun) > 10
    rows = result.tables["generators"]
    gas = rows["name"] == "gas_1"
    for event in failures(system, 1, 0, 300):
        if event.targets[0].name == "gas_1" and event.duration_h:
            during = gas & (rows["time_h"] >= event.at_h) & (rows["time_h"] < event.at_h + event.duration_h)
            assert not rows["available_mw"][during].any()
    assert result.metric("EUE") is not None and result.tables["balance"] is not None
    calm = run(system, dataclasses.replace(scenario, failures=False), seed=1)
    assert calm.metric("EUE") == pytest.approx(0, abs=1e-6)


def test_gas_sources_stations_and_facilities_fail_at_their_rates(kazakhstan):
    """Full trips of gas plants 1.5 a year for 60 h, a third with the power of five of them; of stations 0.75 for 9 h.

    Of the stations Karaozek has a quarter of a trip with its auxiliaries; border cuts: two in 12 winters.
    """
    years, border = 40, "import_uzbek_turkmen"
    found = {"gas_supply": 0, "compressor_stations": 0, "power_to_gas": 0, border: 0}
    out_h = dict.fromkeys(found, 0.0)
    for replicate in range(years):
        for event in failures(kazakhstan, 3, replicate, HOURS):
            target = event.targets[0]
            key = border if target.name == border else target.table
            if key in found and not target.name.startswith("import_russia") and target.name != "import_turkmen_west":
                found[key] += 1
                out_h[key] += event.duration_h
    stations = len(kazakhstan.compressor_stations)
    for key, expected in (
        ("gas_supply", (1.5 + 5 * 1.0) * years),
        ("power_to_gas", (5 * 0.5 + 4 * 0.75 + 0.25) * years),
        ("compressor_stations", (0.75 * stations - 0.25) * years),
        (border, years * 2 / 12),
    ):
        assert abs(found[key] - expected) < 4.0 * np.sqrt(expected), (key, found[key], expected)
    assert out_h["gas_supply"] / found["gas_supply"] == pytest.approx(60, rel=0.2)
    assert out_h["compressor_stations"] / found["compressor_stations"] == pytest.approx(9, rel=0.2)


def wintry(tables):
    """The source fails every 200 h from October to March, the trunk every 400 h of the year; neither has a stand-in."""
    tables["gas_supply"][0] |= {"mttf_h": 200, "mttr_h": 20, "fails_from_month": 10, "fails_to_month": 3}
    tables["gas_pipelines"][0] |= {"mttf_h": 400, "mttr_h": 20, "inner_diameter_mm": 500}
    tables["gas_pipelines"][1]["inner_diameter_mm"] = 400
    for key in [key for key in tables["gas_to_power"][0] if key.startswith("backup")]:
        del tables["gas_to_power"][0][key]


def begun(system, start: dt.datetime, hours: float, table: str) -> list[dt.datetime]:
    return [
        start + dt.timedelta(hours=event.at_h)
        for replicate in range(20)
        for event in failures(system, 1, replicate, hours, start=start)
        if event.targets[0].table == table
    ]


def test_what_has_a_season_fails_in_its_months_alone(two_areas):
    system, start = two_areas(wintry, gas=True), dt.datetime(2025, 7, 1)
    cuts = begun(system, start, HOURS, "gas_supply")
    assert {moment.month for moment in cuts} == {10, 11, 12, 1, 2, 3}
    expected = 20 * 182 * 24 / 220  # the hours of the season alone count
    assert abs(len(cuts) - expected) < 4.0 * np.sqrt(expected)
    assert {moment.month for moment in begun(system, start, HOURS, "gas_pipelines")} == set(range(1, 13))
    assert begun(system, start, 24 * 62, "gas_supply") == []  # none under way at the start of July either
    assert len(begun(system, dt.datetime(2026, 1, 1), 24 * 31, "gas_supply")) > 20


def test_the_sampler_and_a_run_cut_a_border_in_the_same_hours(two_areas):
    system = two_areas(wintry, gas=True)
    adequacy = with_gas_outages(system_from_grid(system), system)
    (cause,) = [cause for cause in adequacy.common_causes if cause.component.kind == "gas_supply"]
    for sample in range(3):
        drawn = drawn_outages([cause.component], 5, sample, adequacy.n_hours)
        events = failures(system, 5, sample, adequacy.n_hours, start=adequacy.start.to_pydatetime())
        of_source = [e for e in events if e.targets[0].table == "gas_supply"]
        assert [(e.at_h, e.at_h + e.duration_h) for e in of_source] == sorted(
            zip(drawn.first_h.tolist(), drawn.end_h.tolist(), strict=True)
        )
        assert len(of_source) > 5
