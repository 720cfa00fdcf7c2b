"""Planned repairs in the sampler: the same hours are lost at every level, failures go on, and less is never more."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.model.maintenance import day_of_year, maintenance_weeks, planned_outage
from gridsim.model.system import GridSystem
from gridsim.reliability.assess import assess
from gridsim.reliability.grid import system_from_grid
from gridsim.reliability.methods import SequentialMonteCarlo, SnapshotMonteCarlo
from gridsim.weather.water import water_plan
from tests.support.cases import META, TWO_AREAS

WEEK_H = 168
LEVELS = ("copper", "zonal", "nodal")


def one_machine(weeks: float, **more: Any) -> GridSystem:
    """100 MW of load and one machine of 100 MW behind a line."""
    tables = {
        "buses": [{"name": name, "zone": "north", "vn_kv": 220} for name in ("a", "b")],
        "lines": [{"name": "ab", "from_bus": "a", "to_bus": "b", "length_km": 1, "r_ohm_per_km": 0.1,
                   "x_ohm_per_km": 0.3}],
        "generators": [{"name": "g", "bus": "a", "fuel": "coal", "installed_mw": 100, "p_max_mw": 100,
                        "cost_per_mwh": 1, "maintenance_weeks": weeks, **more}],
        "loads": [{"name": "l", "bus": "b", "p_mw": 100, "load_class": "homes"}],
        "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 1}],
    }  # fmt: skip
    return system_from_tables({"name": "one", "zones": ["north"]}, tables)


@pytest.mark.parametrize("level", LEVELS)
def test_the_hours_of_the_repair_are_lost_at_every_level(level: str) -> None:
    result = assess(system_from_grid(one_machine(2.5)), SequentialMonteCarlo(2, level=level))
    assert result.metric("LOLH").value == 18 * 24  # 17 days and half of the 18th
    assert result.metric("EUE").value == pytest.approx(2.5 * WEEK_H * 100.0, rel=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_failures_go_on_beside_the_repair(level: str) -> None:
    """Out for repair 26 of 52 weeks and a day, and down one hour in ten of the others and of these alike."""
    system = system_from_grid(one_machine(26, mttf_h=90, mttr_h=10))
    years = 40 if level == "nodal" else 400
    result = assess(system, SequentialMonteCarlo(years, level=level))
    lost_h = result.metric("LOLH")
    expected_h = 26 * WEEK_H + 0.1 * (8760 - 26 * WEEK_H)
    assert abs(lost_h.value - expected_h) <= 4.0 * lost_h.stderr


def test_snapshots_know_the_repair() -> None:
    result = assess(system_from_grid(one_machine(26)), SnapshotMonteCarlo(40_000))
    lost_h = result.metric("LOLH")
    assert abs(lost_h.value - 26 * WEEK_H) <= 4.0 * lost_h.stderr


def test_a_machine_gives_its_profile_times_what_repairs_leave(kazakhstan: GridSystem) -> None:
    none = dataclasses.replace(kazakhstan.generators, maintenance_class=np.full(len(kazakhstan.generators), -1))
    with_plan = system_from_grid(kazakhstan)
    without = system_from_grid(dataclasses.replace(kazakhstan, generators=none))
    times = np.arange(np.datetime64("2025-07-01T00"), np.datetime64("2026-07-01T00"))
    month = times.astype("datetime64[M]").astype(int) % 12 + 1
    day = (times.astype("datetime64[D]") - times.astype("datetime64[M]")).astype(int) + 1
    left = 1.0 - planned_outage(kazakhstan)[:, day_of_year(month, day)]
    assert with_plan.unit_name == without.unit_name
    n_repaired, water_mwh, behind_reservoir = 0, np.zeros(2), water_plan(kazakhstan).row >= 0
    for unit, name in enumerate(with_plan.unit_name):
        before = without.unit_profile[unit]
        hours = np.full(8760, without.unit_mw[unit]) if before is None else before
        after = with_plan.unit_profile[unit]
        if not kazakhstan.generators.has(name) or left[kazakhstan.generators.position(name)].min() == 1.0:
            assert (after is None) == (before is None) and with_plan.unit_mw[unit] == without.unit_mw[unit]
            continue
        n_repaired += 1
        assert after is not None
        there = left[kazakhstan.generators.position(name)]
        if behind_reservoir[kazakhstan.generators.position(name)]:
            assert not after[there == 0.0].any()
            water_mwh += [hours.sum(), after.sum()]
        else:
            assert after == pytest.approx(hours * there, abs=1e-12)
        assert with_plan.unit_mw[unit] == after.max()
    before_mwh, after_mwh = water_mwh
    assert 0.98 * before_mwh < after_mwh < before_mwh * (1 + 1e-9)  # what one cannot take in repair, the others do
    assert n_repaired == (maintenance_weeks(kazakhstan) > 0.0).sum() > 200


def test_in_a_generated_year_repairs_keep_their_days(kazakhstan: GridSystem) -> None:
    normal, generated = system_from_grid(kazakhstan), system_from_grid(kazakhstan, weather=(4, 7))
    gens = kazakhstan.generators
    coal = np.flatnonzero((gens.fuel == "coal") & (maintenance_weeks(kazakhstan) > 0.0))
    assert len(coal) > 100
    for name in gens.name[coal].tolist():
        unit = normal.unit_name.index(name)
        days = [system.unit_profile[unit] == 0.0 for system in (normal, generated)]
        assert days[0].sum() >= 24 * 7 * 6 and (days[0] == days[1]).all()


@pytest.mark.parametrize("level", ["copper", "zonal"])
def test_repairs_never_lower_the_unserved_energy_of_a_year(kazakhstan: GridSystem, level: str) -> None:
    def unserved(weeks: float) -> float:
        gens = kazakhstan.generators
        own = dataclasses.replace(
            gens, maintenance_class=np.full(len(gens), -1), maintenance_weeks=np.where(gens.fuel == "coal", weeks, 0.0)
        )
        system = system_from_grid(dataclasses.replace(kazakhstan, generators=own))
        return float(assess(system, SequentialMonteCarlo(30, seed=3, level=level)).metric("EUE").value)

    none, some, most = (unserved(weeks) for weeks in (0.0, 10.0, 26.0))
    assert none <= some <= most and most > none


@pytest.mark.parametrize("network", ["rts79", "rbts"])
def test_networks_without_the_columns_are_what_they_were(network: str) -> None:
    """Machines without a profile have no hours of their own, as before there were repairs."""
    system = read_network(network_folder(network))
    sampled = system_from_grid(system)
    gens = system.generators
    assert sampled.unit_profile == (None,) * len(sampled.unit_name)
    assert sampled.unit_mw.tolist() == (gens.p_max_mw[gens.in_service] / (1.0 + system.loss_share)).tolist()


def test_two_areas_with_an_hourly_year_repair_in_its_lowest_weeks() -> None:
    """Of 8,736 hours from 1 January, weeks 30 and 31 have no load."""
    tables = copy.deepcopy(TWO_AREAS)
    tables["generators"][0]["maintenance_weeks"] = 2
    tables["profiles"] = [
        {"profile": "year", "month": month, "day_type": "any", "hour": hour, "value": 1}
        for month in range(1, 13)
        for hour in range(24)
    ]
    tables["hourly_profiles"] = [
        {"profile": "year", "hour": hour, "value": 0 if 30 <= hour // WEEK_H < 32 else 1} for hour in range(8736)
    ]
    for load in tables["loads"]:
        load["profile"] = "year"
    system = system_from_grid(system_from_tables(META, tables))
    hours = system.unit_profile[0]
    assert hours is not None and len(hours) == 8736
    assert np.flatnonzero(hours == 0.0).tolist() == list(range(30 * WEEK_H, 32 * WEEK_H))
