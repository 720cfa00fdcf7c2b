"""A year of failures, hour by hour in a run and in the sampler."""

from __future__ import annotations

import datetime as dt

import pytest

from gridsim.engine.simulation import Simulation
from gridsim.model.pack import pack
from gridsim.model.scenario import AcMode, Failures, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.reliability import SequentialMonteCarlo, Shortfall, assess, system_from_grid
from gridsim.solvers.dispatch import DispatchSolver
from tests.support.cases import Tables, build_two_areas

HOURS = 8760


def frail(tables: Tables) -> None:
    """Everything fails every few days."""
    for row in [*tables["generators"], *tables["lines"]]:
        row |= {"mttf_h": 90, "mttr_h": 30}


def check_year(seed: int) -> None:
    """A run of a year sheds what the sampler's year of the same seed sheds, to 1e-6."""

    def quick(tables: Tables) -> None:
        """Machines that fail often, stand by cold, start at once and move at once."""
        frail(tables)
        old = {"name": "old_1", "bus": "s1", "fuel": "oil", "installed_mw": 80, "p_max_mw": 80, "cost_per_mwh": 90}
        tables["generators"].append(old | {"mttf_h": 60, "mttr_h": 20})
        for machine in tables["generators"]:
            machine |= {"ramp_mw_per_min": None, "p_min_mw": 0, "must_run": "false"}

    system = build_two_areas(quick)
    method = SequentialMonteCarlo(years=1, seed=seed, level="nodal")
    expected = assess(system_from_grid(system, Imports.NONE), method, Shortfall())
    packed, policy = pack(system), Policy(Imports.NONE, AcMode.OFF, gas=GasMode.BALANCE)
    horizon = Horizon(dt.datetime(2025, 7, 1), HOURS)
    scenario = Scenario("year", "two_areas", horizon, policy=policy, failures=Failures.ON)
    simulation = Simulation(packed, scenario, DispatchSolver(packed.case), None, seed=seed, keep={"zones"})
    simulation.run()
    zones = simulation.recorder.columns("zones")
    unserved_mwh = float((zones["unserved_mw"] * zones["duration_h"]).sum())
    assert unserved_mwh > 10_000 and unserved_mwh == pytest.approx(expected["EUE"].value, rel=1e-6)
