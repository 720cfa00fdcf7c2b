"""Several stores: the longest time-to-go discharges first and charges last, at every level, whatever the row order."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from gridsim.reliability import AdequacySystem, SequentialMonteCarlo, ShortfallEvents, assess, system_from_frames
from gridsim.reliability.nodal import NodalYears
from gridsim.reliability.samplers import ZonalYears

HOURS, ENERGY = 0, 3
LEVELS = ("copper", "zonal", "nodal")


def system_of(
    level: str, units: pd.DataFrame, load: pd.DataFrame, ties: pd.DataFrame, stores: pd.DataFrame
) -> AdequacySystem:
    """The same radial system for a level; ``ties``: name, start, stop, limit_mw; units and stores have a ``place``."""
    if level == "nodal":
        branches = ties.rename(columns={"start": "from_bus", "stop": "to_bus"}).assign(x_pu=0.1)
        at = {"place": "bus"}
        return system_from_frames(units.rename(columns=at), load, branches=branches, storages=stores.rename(columns=at))
    limits = {"forward_mw": ties["limit_mw"], "backward_mw": ties["limit_mw"]}
    interfaces = ties.rename(columns={"start": "area_from", "stop": "area_to"}).drop(columns="limit_mw")
    at = {"place": "area"}
    return system_from_frames(
        units.rename(columns=at), load, interfaces.assign(**limits), storages=stores.rename(columns=at)
    )


def two_stores(level: str, order: tuple[int, ...]) -> AdequacySystem:
    """10 MW and 20 or 60 MWh at one place, both full; 10 MW are missing for four hours, then 20 MW for two."""
    stores = pd.DataFrame(
        {"name": ["small", "large"], "place": "a", "charge_mw": 10.0, "discharge_mw": 10.0, "energy_mwh": [20.0, 60.0]}
    )
    units = pd.DataFrame({"name": ["g"], "place": ["a"], "p_max_mw": [100.0]})
    load = pd.DataFrame({"a": [110.0] * 4 + [120.0] * 2, "b": 0.0})
    ties = pd.DataFrame({"name": ["l"], "start": ["a"], "stop": ["b"], "limit_mw": [50.0]})
    return system_of(level, units, load, ties, stores.iloc[list(order)])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_stores_by_hand(level: str, order: tuple[int, ...]) -> None:
    """The large store alone gives 10 MW for four hours, and has then as long to go as the small one: nothing unserved.

    The small one first would be empty after two hours and leave 10 of the 20 MW missing in each of the last two.
    """
    for skip in (True, False):
        result = assess(two_stores(level, order), SequentialMonteCarlo(years=1, level=level, skip=skip))
        assert result["EUE"].value == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_the_shortest_time_to_go_charges_first(level: str) -> None:
    """Both stores are empty, 10 MW are left over for two hours, then 10 MW are missing for two and 20 for one.

    Hour 0: both have no time to go; "one" (by name) takes the 10 MW. Hour 1: "two" is shorter and takes them. So each
    has 10 MWh. Hour 2: "one" (by name) gives 10; hour 3: "two". Hour 4: 20 MWh unserved. Had "one" taken both hours,
    hours 2 and 3 would be the same, but with 10 MWh each a load of 20 MW in hour 2 is served in full.
    """
    for load, unserved in (([90.0, 90.0, 110.0, 110.0, 120.0], 20.0), ([90.0, 90.0, 120.0], 0.0)):
        for names in (["one", "two"], ["two", "one"]):
            stores = pd.DataFrame(
                {
                    "name": names, "place": "a", "charge_mw": 10.0, "discharge_mw": 10.0, "energy_mwh": 20.0,
                    "energy_start_share": 0.0,
                }
            )  # fmt: skip
            units = pd.DataFrame({"name": ["g"], "place": ["a"], "p_max_mw": [100.0]})
            ties = pd.DataFrame({"name": ["l"], "start": ["a"], "stop": ["b"], "limit_mw": [50.0]})
            system = system_of(level, units, pd.DataFrame({"a": load, "b": 0.0}), ties, stores)
            result = assess(system, SequentialMonteCarlo(years=1, level=level))
            assert result["EUE"].value == pytest.approx(unserved, abs=1e-9)


def radial(level: str, seed: int, order: tuple[int, ...] = (0, 1, 2), *, fails: bool = True) -> AdequacySystem:
    """A random tree of four places with machines, three unlike stores and ties that bind, ten days."""
    rng = np.random.default_rng(seed)
    places = ["a", "b", "c", "d"]
    n_hours = 240
    wave = np.sin(np.arange(n_hours) / 24 * 2 * np.pi)
    load = pd.DataFrame({p: rng.uniform(15, 40) * (1 + 0.35 * wave) + rng.normal(0, 3, n_hours) for p in places}).clip(
        lower=0.0
    )
    units = pd.DataFrame(
        {
            "name": [f"g{k}" for k in range(6)],
            "place": rng.choice(places, 6),
            "p_max_mw": rng.uniform(15, 35, 6),
            "mttf_h": 100.0 if fails else np.nan,
            "mttr_h": 12.0,
        }
    )
    ties = pd.DataFrame(
        {
            "name": ["t1", "t2", "t3"],
            "start": [places[rng.integers(0, k)] for k in (1, 2, 3)],
            "stop": places[1:],
            "limit_mw": rng.uniform(8, 30, 3),
        }
    )
    stores = pd.DataFrame(
        {
            "name": ["s1", "s2", "s3"],
            "place": rng.choice(places, 3),
            "charge_mw": rng.uniform(5, 12, 3),
            "discharge_mw": rng.uniform(5, 15, 3),
            "energy_mwh": rng.uniform(15, 80, 3),
            "efficiency_charge": rng.uniform(0.8, 1, 3),
            "efficiency_discharge": rng.uniform(0.8, 1, 3),
            "carryover": [1.0, 0.999, 1.0],
            "energy_start_share": rng.uniform(0.2, 1, 3),
            "mttf_h": 200.0 if fails else np.nan,
            "mttr_h": 20.0,
        }
    )
    return system_of(level, units, load, ties, stores.iloc[list(order)])


@pytest.mark.parametrize("seed", range(1, 9))
def test_radial_nodal_years_are_zonal_years(seed: int) -> None:
    nodal, _, _ = NodalYears(radial("nodal", seed), 3, True).run(0, 12)
    zonal, _, _ = ZonalYears(radial("zonal", seed), 3, True, merged=False).run(0, 12)
    assert zonal[:, 0, ENERGY].max() > 50.0
    np.testing.assert_allclose(nodal[:, 0, ENERGY], zonal[:, 0, ENERGY], rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(nodal[:, 0, HOURS], zonal[:, 0, HOURS])


@pytest.mark.parametrize("level", LEVELS)
def test_row_order_of_stores_changes_no_bit(level: str) -> None:
    found = []
    for order in itertools.permutations(range(3)):
        system = radial(level, 2, order)
        result = assess(system, SequentialMonteCarlo(years=16, seed=4, level=level), ShortfallEvents())
        found.append((result.metrics, result.shortfall_events))
    assert found[0][0].query("name == 'EUE' and scope == 'system'")["value"].item() > 10.0
    for metrics, events in found[1:]:
        assert metrics.equals(found[0][0])
        assert events.equals(found[0][1])
