"""A year of failures, hour by hour in a run and in the sampler."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange

import pytest

from gridsim.engine.simulation import Simulation
from gridsim.model.pack import pack
from gridsim.model.scenario import AcMode, Failures, GasMode, Horizon, Imports, Policy, Scenario
from gridsim.model.system import GridSystem
from gridsim.reliability import SequentialMonteCarlo, ShortfallByMonth, assess, system_from_grid
from gridsim.solvers.dispatch import DispatchSolver
from tests.support.cases import Tables, build_two_areas

HOURS = 8760


def frail(tables: Tables) -> None:
    """Everything fails every few days."""
    for row in [*tables["generators"], *tables["lines"]]:
        row |= {"mttf_h": 90, "mttr_h": 30}


OLD = {"name": "old_1", "bus": "s1", "fuel": "oil", "installed_mw": 80, "p_max_mw": 80, "cost_per_mwh": 90}


def check_year(seed: int, months: int = 12) -> None:
    """The two areas where everything fails, with machines that stand by cold, start at once and move at once."""

    def quick(tables: Tables) -> None:
        frail(tables)
        tables["generators"].append(OLD | {"mttf_h": 60, "mttr_h": 20})
        for machine in tables["generators"]:
            machine |= {"ramp_mw_per_min": None, "p_min_mw": 0, "must_run": "false"}

    check_months(build_two_areas(quick), seed, months)


def with_repairs(*weeks: int) -> GridSystem:
    """Three such machines that fail often and are repaired for so many weeks a year."""

    def quick(tables: Tables) -> None:
        tables["generators"].append(dict(OLD))
        for machine, own in zip(tables["generators"], weeks, strict=True):
            machine |= {"ramp_mw_per_min": None, "p_min_mw": 0, "must_run": "false", "mttf_h": 90, "mttr_h": 30,
                        "maintenance_weeks": own}  # fmt: skip

    return build_two_areas(quick)


def check_months(system: GridSystem, seed: int, months: int = 12) -> None:
    """A run of a year, or of its months from July on, sheds what the sampler's year of the seed does, to 1e-6."""
    method = SequentialMonteCarlo(years=1, seed=seed, level="nodal")
    sampled = assess(system_from_grid(system, Imports.NONE), method, ShortfallByMonth())
    run_months = [(6 + month) % 12 + 1 for month in range(months)]
    expected_mwh = sum(sampled["EUE", f"month:{month}"].value for month in run_months)
    hours = 24 * sum(monthrange(2025, month)[1] for month in run_months)
    packed, policy = pack(system), Policy(Imports.NONE, AcMode.OFF, gas=GasMode.BALANCE)
    horizon = Horizon(dt.datetime(2025, 7, 1), hours)
    scenario = Scenario("year", "two_areas", horizon, policy=policy, failures=Failures.ON)
    simulation = Simulation(packed, scenario, DispatchSolver(packed.case), None, seed=seed, keep={"zones"})
    simulation.run()
    zones = simulation.recorder.columns("zones")
    unserved_mwh = float((zones["unserved_mw"] * zones["duration_h"]).sum())
    assert unserved_mwh > 10_000 * hours / HOURS and unserved_mwh == pytest.approx(expected_mwh, rel=1e-6)
