"""The sampler's gas table against the simulator: energy that plants lose for want of gas in random ruptures.

Ruptures are drawn among the sections whose loss plants would feel, start at a random hour of a cold January week and
last an exponential time. Simulator and table differ by the daily course of dispatch and by what a short outage leaves.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.model.pack import SAMPLER_EFFECT, gas_generators
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Policy, Scenario, Target, WeatherFile
from gridsim.reliability.gas import CLASSES, class_weather, mean_normal_c
from gridsim.solvers.gas_outages import GasOutages
from gridsim.weather.normal import NormalWeather
from tests.support.fraction import FRACTION

COLD = CLASSES[2]
AFTER_H = 120


def simulated_mwh(system, section, start_h, duration_h):
    """MWh that gas-fired plants on the network could not make for want of gas."""
    start = dt.datetime(2026, 1, 12)
    normal_c = mean_normal_c(system, start + dt.timedelta(days=4))
    hours = int(start_h + duration_h + AFTER_H)
    weather = WeatherFile("cold", (COLD.typical_c - normal_c,), (1.0,), (1.0,))
    event = Event("rupture", "pipeline_rupture", start_h, (Target("gas_pipelines", section),), 1.0, duration_h)
    policy = Policy(ac=AcMode.OFF, gas=GasMode.HYDRAULIC, least_effect=SAMPLER_EFFECT)
    scenario = Scenario("case", "kazakhstan", Horizon(start, hours), events=(event,), weather=weather, policy=policy)
    gas = run(system, scenario).tables["gas"]
    short = gas["power_unrestricted_mw"] - gas["power_available_mw"]
    return float((short * gas["duration_h"])[gas["time_h"] >= start_h].sum())


def able_in_cold_mw(system):
    """(n_links,) MW that the machines of a plant could give but for gas."""
    day = dt.datetime(2026, COLD.month, 15, 12)
    inputs = NormalWeather(system).at(day, temperature_anomaly_k=COLD.typical_c - mean_normal_c(system, day))
    able_mw = system.generators.p_max_mw * inputs.gen_share * system.generators.in_service
    plants = system.gas_to_power.plant.tolist()
    return np.array([able_mw[gas_generators(system, plant)].sum() for plant in plants])


def from_table_mwh(able_mw, shares, duration_h):
    """The same from the table; after the repair the better of the two curves counts."""
    total = 0.0
    for hour in range(int(duration_h) + AFTER_H):
        share = shares.outage[min(hour, len(shares.outage) - 1)]
        since = hour - int(duration_h)
        if since >= 0:
            after = shares.repair[since] if since < len(shares.repair) else np.ones_like(share)
            share = np.maximum(share, after)
        total += float(able_mw @ (1.0 - share))
    return total


def test_energy_lost_in_random_ruptures_agrees_with_the_simulator(kazakhstan):
    outages = GasOutages(kazakhstan, *class_weather(kazakhstan, COLD, "contract"))
    pipes = kazakhstan.gas_pipelines
    felt = [s for s in np.flatnonzero(np.isfinite(pipes.mttf_h) & pipes.in_service).tolist() if outages.bites(s)]
    able_mw = able_in_cold_mw(kazakhstan) * kazakhstan.gas_to_power.on_network
    rng = np.random.default_rng(20)
    cases = max(round(20 * FRACTION), 2)
    found = []
    for _ in range(cases):
        section = felt[int(rng.integers(len(felt)))]
        start_h, duration_h = float(rng.integers(2, 24)), float(np.ceil(min(rng.exponential(96.0), 200.0)))
        shares = outages.shares(section)
        name = str(pipes.name[section])
        table = from_table_mwh(able_mw, shares, duration_h) if len(shares.outage) else 0.0
        found.append((name, duration_h, simulated_mwh(kazakhstan, name, start_h, duration_h), table))
    simulated, table = sum(row[2] for row in found), sum(row[3] for row in found)
    print(*found, sep="\n")
    assert simulated > 0
    for name, duration_h, lost_mwh, table_mwh in found:  # what the simulator feels the table feels, and nothing else
        assert (lost_mwh > 1.0) == (table_mwh > 1.0), (name, duration_h, lost_mwh, table_mwh)
    if FRACTION >= 1.0:  # the bar is on the total of twenty ruptures: two of them say nothing about it
        assert table == pytest.approx(simulated, rel=0.10), found
