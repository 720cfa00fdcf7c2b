"""Duty of plants: what holds when, on which machines, and that both engines keep to it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gridsim.engine.run import run
from gridsim.model.duty import Duty
from gridsim.model.scenario import Horizon, Scenario
from gridsim.reliability.grid import system_from_grid
from gridsim.weather.normal import NormalWeather
from tests.support.cases import BY_HAND


def three_machines(*duty):
    """The south's gas plant as 100 + 60 + 40 MW at 25, 20 and 30 USD/MWh, free to stand still; ``duty`` of it."""

    def edit(tables) -> None:
        gas = tables["generators"].pop(1)
        tables["generators"] += [
            {**gas, "name": f"gas_{k}", "installed_mw": p, "p_max_mw": p, "p_min_mw": 0, "must_run": "false",
             "cost_per_mwh": cost} for k, (p, cost) in enumerate(((100, 25), (60, 20), (40, 30)), 1)
        ]  # fmt: skip
        tables["interface_limits"][0]["normal_mw"] = 300
        tables["duty"] = [{"name": f"d{k}", "plant": "gas", **row} for k, row in enumerate(duty)]

    return edit


def least_mw(system, month=1, zone_mw=(100.0, 300.0)):
    found = Duty(system).shares(np.array([month]), np.zeros((0, 1)), np.array(zone_mw)[:, None])
    return (found.least[:, 0] * system.generators.p_max_mw)[1:]


@pytest.mark.parametrize(
    ("owed", "by_machine"),
    [(50, (0, 50, 0)), (60, (0, 60, 0)), (80, (50, 30, 0)), (170, (85, 51, 34)), (500, (100, 60, 40))],
)
def test_as_few_machines_as_can_carry_it_the_cheapest_first(two_areas, owed, by_machine) -> None:
    system = two_areas(three_machines({"must_run_when": "desalination", "least_mw": owed}))
    np.testing.assert_allclose(least_mw(system), by_machine)


def test_months_over_new_year_and_the_strictest_of_several_rows(two_areas) -> None:
    winter = {"must_run_when": "gas_allotment", "from_month": 11, "to_month": 3, "least_share": 0.25}
    spring = {"must_run_when": "gas_allotment", "from_month": 3, "to_month": 5, "least_mw": 60}
    system = two_areas(three_machines(winter, spring))
    owed = [least_mw(system, month).sum() for month in range(1, 13)]
    np.testing.assert_allclose(owed, [50, 50, 60, 60, 60, 0, 0, 0, 0, 0, 50, 50])


def test_load_above_a_share_of_the_base_state(two_areas) -> None:
    row = {"must_run_when": "load_above", "zone": "south", "load_share": 0.96, "least_share": 1}
    system = two_areas(three_machines(row))
    assert least_mw(system, zone_mw=(500.0, 288.0)).sum() == 0.0  # 0.96 x 300, not above it
    assert least_mw(system, zone_mw=(0.0, 288.1)).sum() == 200.0


def test_heat_is_owed_on_cold_days_at_the_plant(kazakhstan) -> None:
    duty = Duty(kazakhstan)
    heat = np.flatnonzero(kazakhstan.duty.must_run_when == "heat")
    assert len(heat)
    days = np.array([[7.0, 9.0, np.nan]]).repeat(len(kazakhstan.weather_sites), axis=0)
    load = np.zeros((len(kazakhstan.zones), 3))
    holds = duty.holds(np.full(3, 1), days, load)
    assert holds[heat].tolist() == [[True, False, False]] * len(heat)


def test_the_simulator_keeps_to_it(two_areas) -> None:
    """Coal at 10 could serve all 400 MW; the gas plant owes 80 MW, on the machines of 20 and 25 USD/MWh."""

    def p_mw(*duty, hours=2):
        horizon = Horizon(dt.datetime(2026, 1, 14), hours)
        table = run(two_areas(three_machines(*duty)), Scenario("case", "two_areas", horizon, policy=BY_HAND))
        frame = table.frame("generators")
        return frame[frame["time_h"] == 1.0].set_index("name")["p_mw"]

    assert p_mw()[["gas_1", "gas_2", "gas_3"]].sum() == pytest.approx(0.0)
    owed = p_mw({"must_run_when": "desalination", "least_mw": 80})
    assert owed[["gas_1", "gas_2", "gas_3"]].tolist() == pytest.approx([50.0, 30.0, 0.0])
    assert owed["coal_1"] == pytest.approx(320.0)


def test_a_greatest_output_binds_both_engines(two_areas) -> None:
    row = {"must_run_when": "gas_allotment", "from_month": 1, "to_month": 1, "greatest_mw": 50}
    system = two_areas(three_machines(row))
    weather = NormalWeather(system)
    p_max = system.generators.p_max_mw[1:]
    for month, expected in ((1, 50.0), (2, 200.0)):
        assert (weather.at(dt.datetime(2026, month, 14)).gen_share[1:] * p_max).sum() == pytest.approx(expected)
    np.testing.assert_allclose(weather.at(dt.datetime(2026, 1, 14)).gen_share[1:] * p_max, [0.0, 50.0, 0.0])
    adequacy = system_from_grid(system)
    profiles = [adequacy.unit_profile[k] for k in range(1, 4)]
    month = np.asarray(pd.date_range(adequacy.start, periods=8760, freq="h").month)
    total = sum(profiles)
    np.testing.assert_allclose(total[month == 1], 50.0)
    np.testing.assert_allclose(total[month != 1], 200.0)
    assert system_from_grid(two_areas(three_machines())).unit_profile[1] is None
