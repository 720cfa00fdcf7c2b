"""What must hold in every interval of any run, recomputed from its tables and the system alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from gridsim.contingencies.effects import conditions
from gridsim.engine.run import RunResult
from gridsim.kernels.flows import islands
from gridsim.model.scenario import Failures, WeatherFile
from gridsim.weather.year import make_weather

BALANCE_MW = 0.1
TOLERANCE_MW = 1e-4


def check_every_interval(result: RunResult) -> int:
    """Balance per island, machines within what is available, shedding within demand; returns the intervals checked."""
    system, tables = result.system, result.tables
    generators, lines, shortfall = tables["generators"], tables["lines"], tables["shortfall"]
    gen_at = {name: position for position, name in enumerate(system.generators.name.tolist())}
    border_at = {name: position for position, name in enumerate(system.borders.name.tolist())}
    branch_at = {name: position for position, name in enumerate(system.branch_name.tolist())}
    load_at = {
        f"{system.buses.name[bus]}/{name}": position
        for position, (bus, name) in enumerate(zip(system.loads.bus, system.loads.name.tolist(), strict=True))
    }
    solves = tables["solves"]
    scenario = result.scenario
    weather = make_weather(system, scenario.weather, scenario.horizon.start, repairs=scenario.failures is Failures.ON)
    for row, time_h in enumerate(solves["time_h"]):
        load_mw = demand_mw(result, weather, float(time_h))
        unserved = np.zeros(len(system.loads))
        for name, mw, response in zip(*(shortfall[c][shortfall["time_h"] == time_h] for c in
                                        ("name", "unserved_mw", "price_response_mw")), strict=True):  # fmt: skip
            unserved[load_at[str(name)]] = mw + response
        assert (unserved <= load_mw + TOLERANCE_MW).all(), f"shed above demand at {time_h} h"
        assert (unserved >= 0).all()

        now = generators["time_h"] == time_h
        p_mw, available = generators["p_mw"][now], generators["available_mw"][now]
        assert (p_mw <= available + TOLERANCE_MW).all(), f"machine above its available power at {time_h} h"
        assert (p_mw >= -TOLERANCE_MW).all()
        supply = np.zeros(len(system.buses))
        for name, mw in zip(generators["name"][now].tolist(), p_mw, strict=True):
            bus = system.generators.bus[gen_at[name]] if name in gen_at else system.borders.bus[border_at[name]]
            supply[bus] += mw

        here = lines["time_h"] == time_h
        in_service = np.zeros(system.n_branches, dtype=bool)
        in_service[[branch_at[name] for name in lines["name"][here].tolist()]] = lines["in_service"][here]
        island = islands(len(system.buses), system.branch_from, system.branch_to, in_service)
        served = np.zeros(len(system.buses))
        np.add.at(served, system.loads.bus, (load_mw - unserved) * (1.0 + solves["loss_share"][row]))
        balance = np.bincount(island, weights=supply - served)
        assert np.abs(balance).max() <= BALANCE_MW, f"out of balance at {time_h} h: {balance} MW"
    return len(solves["time_h"])


def demand_mw(result: RunResult, weather: Any, time_h: float) -> np.ndarray:
    """(n_loads,) demand at ``time_h`` from the scenario alone."""
    scenario = result.scenario
    active = [
        event
        for event in scenario.events
        if event.at_h <= time_h and (event.duration_h is None or time_h < event.at_h + event.duration_h)
    ]
    state = conditions(result.system, active, scenario.policy.imports)
    step_h = scenario.horizon.step_minutes / 60
    tick_h = np.floor(time_h / step_h + 1e-9) * step_h
    anomaly, given = 0.0, scenario.weather
    if isinstance(given, WeatherFile):
        anomaly = given.temperature_anomaly_k[min(int(tick_h), len(given.temperature_anomaly_k) - 1)]
    inputs = weather.at(
        scenario.horizon.start + dt.timedelta(hours=float(tick_h)),
        temperature_anomaly_k=anomaly + state.temperature_k,
        wind_factor=state.wind_factor,
        solar_factor=state.solar_factor,
        load_factor=state.load_factor,
    )
    return inputs.load_mw
