"""Energy of Kazakhstan by plant, fuel and oblast: weeks of generated years, one after the other round the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gridsim.engine.run import MemorySink
from gridsim.engine.simulation import Simulation
from gridsim.model.pack import operator_ladder, pack
from gridsim.model.scenario import AcMode, Failures, GasMode, Horizon, Policy, Scenario, WeatherYearChoice
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchSolver

WEEK_H = 168
FIRST = dt.datetime(2025, 7, 1)
STRIDE = 5  # weeks between one run's and the next: coprime to 52, so every week comes in turn


class Energy(NamedTuple):
    """TWh a year. plant, fuel, oblast: series by name; section: energy in the forward direction; imported."""

    plant: pd.Series
    fuel: pd.Series
    oblast: pd.Series
    section: pd.Series
    imported: float
    demand: float


def energy_of_weeks(system: GridSystem, n_weeks: int, seed: int = 1, **policy: Any) -> Energy:
    """Simulated weeks with random failures and planned repairs: week k is of generated year k, scaled to a year."""
    rules = Policy(ac=AcMode.OFF, gas=GasMode.BALANCE, **policy)
    packed = pack(system, operator_ladder(rules.least_effect))
    parts: dict[str, list[pd.Series]] = {"plant": [], "fuel": [], "oblast": [], "section": []}
    imported, demand = 0.0, 0.0
    bus_oblast = dict(zip(system.generators.name.tolist(), system.buses.oblast[system.generators.bus].tolist()))
    for k in range(n_weeks):
        start = FIRST + dt.timedelta(weeks=k * STRIDE % 52)
        scenario = Scenario(
            "week", system.name, Horizon(start, WEEK_H), weather=WeatherYearChoice(seed, k), policy=rules,
            failures=Failures.ON,
        )  # fmt: skip
        simulation = Simulation(packed, scenario, DispatchSolver(packed.case), None, seed=seed, replicate=k)
        simulation.run()
        sink = MemorySink()
        simulation.recorder.finish(simulation.state.log, sink, None)
        rows = pd.DataFrame(dict(sink.tables["generators"]))
        rows["mwh"] = rows.p_mw * rows.duration_h
        own = rows[rows.fuel != "import"]
        parts["plant"].append(own.groupby("plant").mwh.sum())
        parts["fuel"].append(own.groupby("fuel").mwh.sum())
        parts["oblast"].append(own.groupby(own.name.map(bus_oblast)).mwh.sum())
        imported += float(rows.mwh[rows.fuel == "import"].clip(lower=0.0).sum())
        flows = pd.DataFrame(dict(sink.tables["interfaces"]))
        parts["section"].append((flows.flow_mw * flows.duration_h).groupby(flows.name).sum())
        zones = sink.tables["zones"]
        demand += float((zones["demand_mw"] + zones["losses_mw"]) @ zones["duration_h"])
    to_twh = 8760.0 / (n_weeks * WEEK_H) / 1e6
    sums = {name: pd.concat(series, axis=1).sum(axis=1) * to_twh for name, series in parts.items()}
    return Energy(**sums, imported=imported * to_twh, demand=demand * to_twh)


def print_energy(energy: Energy, plants: list[str]) -> None:
    """The figures that are compared, a line each."""
    with np.printoptions(precision=2):
        for name, values in (("fuel", energy.fuel), ("oblast", energy.oblast), ("section", energy.section)):
            print(name, {k: round(float(v), 2) for k, v in values.items()})
        print("plant", {k: round(float(energy.plant.get(k, 0.0)), 2) for k in plants})
        print(f"imported {energy.imported:.2f} of {energy.demand:.2f} TWh")
