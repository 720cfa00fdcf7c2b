"""Stores at nodal level: by hand, against HiGHS hour by hour, against the zonal level, and bytes."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridsim.errors import StudyError
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_topology
from gridsim.kernels.nodal_case import row_limits
from gridsim.reliability import (
    AdequacySystem,
    SequentialMonteCarlo,
    ShortfallEvents,
    SnapshotMonteCarlo,
    assess,
    system_from_frames,
)
from gridsim.reliability.nodal import NodalYears
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.samplers import ZonalYears
from gridsim.solvers.highs import solve_highs
from tests.support.reliability_cases import demand_of, pras

HOURS, ENERGY = 0, 3


def behind_a_line() -> AdequacySystem:
    """50 MW at bus 1, load and a store (15 MW, 20 MWh, efficiencies 0.8 and 0.5, empty) at bus 2, line of 40 MW."""
    units = pd.DataFrame({"name": ["g"], "bus": "1", "p_max_mw": [50.0]})
    branches = pd.DataFrame({"name": ["l"], "from_bus": ["1"], "to_bus": ["2"], "x_pu": [0.1], "limit_mw": [40.0]})
    stores = pd.DataFrame(
        {
            "name": ["s"],
            "bus": ["2"],
            "charge_mw": 15.0,
            "discharge_mw": 15.0,
            "energy_mwh": 20.0,
            "efficiency_charge": 0.8,
            "efficiency_discharge": 0.5,
            "energy_start_share": 0.0,
        }
    )
    load = pd.DataFrame({"1": np.zeros(6), "2": [20.0, 20.0, 60.0, 50.0, 30.0, 60.0]})
    return system_from_frames(units, load, branches=branches, storages=stores)


def test_a_store_behind_a_line_by_hand() -> None:
    """Hour 0 takes 15 MW (12 MWh held), hour 1 only 10 (20, full), hour 2 gives 20 * 0.5 = 10 of the 20 MW missing.

    Hour 3 misses 10 MW with nothing held; hour 4 takes the 10 MW that the line still carries (8 MWh), which give 4 of
    the 20 MW missing in hour 5: 10 + 10 + 16 MWh in three hours and two events.
    """
    for skip in (True, False):
        result = assess(behind_a_line(), SequentialMonteCarlo(years=2, level="nodal", skip=skip), ShortfallEvents())
        assert result["EUE"].value == pytest.approx(36.0, abs=1e-9)
        assert result["LOLH"].value == 3.0
        assert result["LOLEv"].value == 2.0
        events = result.shortfall_events
        system = events[(events["scope"] == "system") & (events["sample"] == 0)]
        assert system["energy_mwh"].tolist() == pytest.approx([20.0, 16.0], abs=1e-9)
        assert system["start_h"].tolist() == [2, 5]


def test_states_solved_outside_move_stores_too() -> None:
    """The same case with every hour given up by the kernel: HiGHS answers for shedding and for stores."""
    script = (
        "from gridsim.kernels import nodal_hour; nodal_hour.solve_dispatch = lambda **state: 1\n"
        "from test_nodal_stores import behind_a_line; from gridsim.reliability.nodal import NodalYears\n"
        "sampler = NodalYears(behind_a_line(), 1, True); total, _, _ = sampler.run(0, 1)\n"
        "print(total[0, 0, 0], total[0, 0, 3], sampler.diagnostics()['highs_fallbacks'])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "NUMBA_DISABLE_JIT": "1",
            "PYTHONPATH": os.pathsep.join([str(root), str(Path(__file__).parent)]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    hours, energy, fallbacks = map(float, done.stdout.split())
    assert (hours, energy) == (3.0, pytest.approx(36.0, abs=1e-6))
    # six hours without discharging; of the three short ones, two have something to discharge
    assert fallbacks == 8


def test_no_store_is_emptied_to_save_money() -> None:
    """Line 1-3 carries 11/21 of what bus 1 and 10/21 of what bus 2 sends to bus 3, at most 50 MW.

    Hour 0 (100 MW) is served by 50 MW free and 50 MW dear; 4.5 MW from the store would be cheaper. Hour 1 (120 MW)
    then misses 19.1 MW, which the store has only if hour 0 left it alone.
    """
    units = pd.DataFrame({"name": ["free", "dear"], "bus": ["1", "2"], "p_max_mw": [100.0, 60.0]})
    branches = pd.DataFrame(
        {
            "name": ["l12", "l13", "l23"],
            "from_bus": ["1", "1", "2"],
            "to_bus": ["2", "3", "3"],
            "x_pu": [0.01, 0.1, 0.1],
            "limit_mw": [500.0, 50.0, 500.0],
        }
    )
    load = pd.DataFrame({"1": np.zeros(2), "2": np.zeros(2), "3": [100.0, 120.0]})
    stores = pd.DataFrame({"name": ["s"], "bus": ["3"], "charge_mw": 20.0, "discharge_mw": 20.0, "energy_mwh": 20.0})
    bare = system_from_frames(units, load, branches=branches)
    system = system_from_frames(units, load, branches=branches, storages=stores)
    missing = 120.0 - 60.0 - (50.0 - 60.0 * 10 / 21) * 21 / 11
    for skip in (True, False):
        for kept, expected in ((bare, missing), (system, 0.0)):
            priced = dataclasses.replace(
                kept, detail=dataclasses.replace(plain_detail(kept), unit_cost=np.array([0.0, 1.0]))
            )
            total, _, _ = NodalYears(priced, 1, skip).run(0, 1)
            assert total[0, 0, ENERGY] == pytest.approx(expected, abs=1e-6)


def triangle_with_stores(seed: int, n_hours: int, *, fails: bool) -> AdequacySystem:
    """Random demand at two buses, machines at two, a store at each of two, three lines that bind."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(n_hours) / 24 * 2 * np.pi)
    mttf = 150.0 if fails else np.nan
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "bus": ["1", "1", "2"],
            "p_max_mw": [60.0, 30.0, 25.0],
            "mttf_h": mttf,
            "mttr_h": 12.0 if fails else np.nan,
        }
    )
    branches = pd.DataFrame(
        {
            "name": ["l12", "l13", "l23"],
            "from_bus": ["1", "1", "2"],
            "to_bus": ["2", "3", "3"],
            "x_pu": [0.1, 0.2, 0.1],
            "limit_mw": [60.0, 45.0, 20.0],
            "mttf_h": 400.0 if fails else np.nan,
            "mttr_h": 10.0 if fails else np.nan,
        }
    )
    stores = pd.DataFrame(
        {
            "name": ["s", "t"],
            "bus": ["2", "3"],
            "charge_mw": [8.0, 6.0],
            "discharge_mw": [12.0, 9.0],
            "energy_mwh": [40.0, 25.0],
            "efficiency_charge": [0.9, 0.8],
            "efficiency_discharge": [0.95, 0.85],
            "carryover": [1.0, 1.0 if fails else 0.99],
            "energy_start_share": [0.5, 1.0],
            "mttf_h": 200.0 if fails else np.nan,
            "mttr_h": 20.0 if fails else np.nan,
        }
    )
    base = 0.8 if fails else 1.1
    load = pd.DataFrame(
        {
            "1": np.zeros(n_hours),
            "2": base * (42.0 + 12.0 * wave + rng.normal(0.0, 6.0, n_hours)),
            "3": base * (45.0 + 14.0 * wave + rng.normal(0.0, 6.0, n_hours)),
        }
    ).clip(lower=0.0)
    return system_from_frames(units, load, branches=branches, storages=stores)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_highs_hour_by_hour(seed: int) -> None:
    """The rule in plain Python, each dispatch a linear programme: charge; discharge too if that sheds load.

    The longest time-to-go discharges at 1.25 G and charges at 1.05 G, the other at 1.5 and 1.1; supply costs G.
    """
    system = triangle_with_stores(seed, 96, fails=False)
    sampler = NodalYears(system, 1, True)
    case = sampler.case
    topology = make_topology(case.dispatch, [])
    row_lo, row_hi = np.empty(case.dispatch.row_ptdf.shape[0]), np.empty(case.dispatch.row_ptdf.shape[0])
    row_limits(case, topology.out_branch, False, row_lo, row_hi)
    stores = system.stores
    energy = np.array([store.energy_start_mwh for store in stores])
    shed = np.zeros((96, 3))
    n_units, n_stores = len(system.unit_name), len(stores)
    for hour in range(96):
        energy *= [store.carryover for store in stores]
        hours_to_go = [e * store.efficiency_discharge / store.discharge_mw for e, store in zip(energy, stores)]
        longest = int(np.argmax(hours_to_go))
        cost = case.cost.copy()
        cost[n_units : n_units + 2] = cost[n_units + 2 :] = np.nan
        cost[n_units + longest], cost[n_units + 1 - longest] = 1.05, 1.1
        cost[n_units + 2 + longest], cost[n_units + 3 - longest] = 1.25, 1.5
        lo, hi = np.zeros(n_units + 2 * n_stores), np.zeros(n_units + 2 * n_stores)
        hi[:n_units] = system.unit_mw
        for k, store in enumerate(stores):
            lo[n_units + k] = -min(store.charge_mw, (store.energy_mwh - energy[k]) / store.efficiency_charge)
        for discharging in (False, True):
            if discharging:
                for k, store in enumerate(stores):
                    hi[n_units + n_stores + k] = min(store.discharge_mw, energy[k] * store.efficiency_discharge)
            solution = solve_highs(
                case.dispatch,
                DispatchState(
                    topology, lo, hi, cost, case.spill_cost, demand_of(case, hour), case.penalty, row_lo, row_hi
                ),
            )
            assert solution.status == 0
            shed[hour] = solution.shed_mw.sum(axis=1)
            if shed[hour].sum() <= 1e-4:
                break
        for k, store in enumerate(stores):
            taken, given = -solution.p_mw[n_units + k], solution.p_mw[n_units + n_stores + k]
            energy[k] += taken * store.efficiency_charge - given / store.efficiency_discharge
    total, _, _ = sampler.run(0, 1)
    assert total[0, 0, ENERGY] > 20.0
    assert total[0, 0, HOURS] == (shed.sum(axis=1) > 1e-4).sum()
    assert total[0, 0, ENERGY] == pytest.approx(shed.sum(), rel=1e-6)
    for bus in ("2", "3"):
        scope = sampler.scopes.index(f"bus:{bus}")
        assert total[0, scope, ENERGY] == pytest.approx(shed[:, int(bus) - 1].sum(), rel=1e-6)


def test_skipping_changes_no_bit_with_stores() -> None:
    system = triangle_with_stores(5, 24 * 60, fails=True)
    on = assess(system, SequentialMonteCarlo(years=24, level="nodal"), ShortfallEvents())
    off = assess(system, SequentialMonteCarlo(years=24, level="nodal", skip=False), ShortfallEvents())
    assert on.metrics.equals(off.metrics)
    assert on.shortfall_events.equals(off.shortfall_events)
    assert on["LOLH"].value > 5.0
    assert on.diagnostics["hours_by_candidate"] > 1000
    assert on.diagnostics["counted"] > 1000
    assert off.diagnostics["hours_by_candidate"] == 0


def test_same_bytes_for_any_workers_with_stores() -> None:
    system = triangle_with_stores(5, 24 * 20, fails=True)
    reference = assess(system, SequentialMonteCarlo(years=64, level="nodal"), ShortfallEvents())
    for workers, job_blocks in ((2, 1), (4, 3)):
        again = assess(
            system,
            SequentialMonteCarlo(years=64, level="nodal", workers=workers, job_blocks=job_blocks),
            ShortfallEvents(),
        )
        assert again.metrics.equals(reference.metrics)
        assert again.shortfall_events.equals(reference.shortfall_events)


def two_areas(level: str) -> AdequacySystem:
    """Machines and a store that fail, in two areas joined by one line: the same system for both levels."""
    hours = np.arange(24 * 30)
    units = pd.DataFrame(
        {
            "name": ["a", "b", "c", "d"],
            "place": ["x", "x", "y", "y"],
            "p_max_mw": [40.0, 30.0, 30.0, 20.0],
            "mttf_h": 120.0,
            "mttr_h": 10.0,
        }
    )
    stores = pd.DataFrame(
        {
            "name": ["s"],
            "place": ["y"],
            "charge_mw": 9.0,
            "discharge_mw": 14.0,
            "energy_mwh": 50.0,
            "efficiency_charge": 0.85,
            "efficiency_discharge": 0.9,
            "energy_start_share": 0.4,
            "mttf_h": 150.0,
            "mttr_h": 25.0,
        }
    )
    load = pd.DataFrame(
        {"x": 40.0 + 10.0 * np.sin(hours / 24 * 2 * np.pi), "y": 42.0 + 15.0 * np.sin(hours / 24 * 2 * np.pi + 0.5)}
    )
    column = {"zonal": "area", "nodal": "bus"}[level]
    units, stores = units.rename(columns={"place": column}), stores.rename(columns={"place": column})
    if level == "zonal":
        tie = pd.DataFrame(
            {"name": ["l"], "area_from": ["x"], "area_to": ["y"], "forward_mw": 15.0, "backward_mw": 15.0}
        )
        return system_from_frames(units, load, tie, storages=stores)
    line = pd.DataFrame({"name": ["l"], "from_bus": ["x"], "to_bus": ["y"], "x_pu": 0.1, "limit_mw": 15.0})
    return system_from_frames(units, load, branches=line, storages=stores)


def test_two_areas_are_those_of_the_zonal_level_year_by_year() -> None:
    nodal, _, _ = NodalYears(two_areas("nodal"), 3, True).run(0, 40)
    zonal, _, _ = ZonalYears(two_areas("zonal"), 3, True, merged=False).run(0, 40)
    assert nodal[:, 0, ENERGY].max() > 100.0
    np.testing.assert_array_equal(nodal[:, 0, :3], zonal[:, 0, :3])
    np.testing.assert_allclose(nodal[:, 0, ENERGY], zonal[:, 0, ENERGY], rtol=1e-7, atol=1e-4)


def test_pras_store_that_fails() -> None:
    """PRAS test2 with an idle bus on a line: the zonal level's years, and the published LOLE and EUE."""
    zonal_system, expected = pras("test2")
    units = pd.DataFrame(
        {
            "name": zonal_system.unit_name,
            "bus": "area0",
            "p_max_mw": zonal_system.unit_mw,
            "mttf_h": [component.states[0].mean_h for component in zonal_system.unit_component],
            "mttr_h": [component.states[1].mean_h for component in zonal_system.unit_component],
        }
    )
    store, outage = zonal_system.stores[0], zonal_system.store_component[0]
    stores = pd.DataFrame(
        {
            "name": [store.name],
            "bus": "area0",
            "charge_mw": store.charge_mw,
            "discharge_mw": store.discharge_mw,
            "energy_mwh": store.energy_mwh,
            "energy_start_share": store.energy_start_mwh / store.energy_mwh,
            "mttf_h": outage.states[0].mean_h,
            "mttr_h": outage.states[1].mean_h,
        }
    )
    line = pd.DataFrame({"name": ["l"], "from_bus": ["area0"], "to_bus": ["idle"], "x_pu": 0.1, "limit_mw": 10.0})
    load = pd.DataFrame({"area0": zonal_system.load_mw[:, 0], "idle": np.zeros(2)})
    system = system_from_frames(units, load, branches=line, storages=stores)
    nodal, _, _ = NodalYears(system, 1, True).run(0, 2000)
    zonal, _, _ = ZonalYears(zonal_system, 1, True, merged=False).run(0, 2000)
    np.testing.assert_allclose(nodal[:, 0], zonal[:, 0], rtol=1e-9, atol=1e-9)
    result = assess(system, SequentialMonteCarlo(years=100_000, seed=1, level="nodal"))
    for name, value in (("LOLH", sum(expected["LOLP"])), ("EUE", sum(expected["EUE"]))):
        assert abs(result[name].value - value) < 4.5 * result[name].stderr
        assert result[name].stderr < 0.02 * value


def test_snapshots_refuse_stores() -> None:
    with pytest.raises(StudyError):
        assess(behind_a_line(), SnapshotMonteCarlo(samples=10, level="nodal"))
