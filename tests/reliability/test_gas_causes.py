"""The sampler's table of gas outages on three nodes: linepack first, then backup fuel, then the refill."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.reliability import system_from_grid, with_gas_outages
from gridsim.reliability.gas import CLASSES, gas_causes, with_backup
from gridsim.solvers.gas_outages import GasOutages, GasWeather


def failing(*, backup):
    def edit(tables):
        trunk, lateral = tables["gas_pipelines"]
        trunk |= {"inner_diameter_mm": 500, "mttf_h": 8000, "mttr_h": 100}
        lateral |= {"inner_diameter_mm": 400}
        if not backup:
            for key in [key for key in tables["gas_to_power"][0] if key.startswith("backup")]:
                del tables["gas_to_power"][0][key]

    return edit


def test_linepack_runs_out_and_fills_again(two_areas):
    system = two_areas(failing(backup=False), gas=True)
    (cause,) = gas_causes(system)
    assert cause.component.name == "trunk" and set(cause.derating) == {"gas_1"}
    outage, repair = cause.derating["gas_1"].outage, cause.derating["gas_1"].repair
    assert outage.shape[0] == repair.shape[0] == len(CLASSES)
    for falls, returns in zip(outage, repair, strict=True):
        assert falls[0] == pytest.approx(1.0)
        assert falls[-1] == pytest.approx(0.0, abs=1e-3)  # nothing but the trunk feeds it
        assert (np.diff(falls) < 0.05).all()
        assert returns[0] < 1.0 and returns[-1] == pytest.approx(1.0, abs=1e-3)


def test_plant_lasts_as_long_as_what_stands_behind_the_break(two_areas):
    system = two_areas(failing(backup=False), gas=True)

    def energy_h(consumed_mcm_per_d):
        """Full-output hours after the rupture."""
        weather = GasWeather(np.array([1.0, 0.5]), np.array([consumed_mcm_per_d]), True)
        return float(GasOutages(system, weather, weather.consumed_mcm_per_d).shares(0).outage.sum())

    slow, fast = energy_h(0.75), energy_h(1.5)
    assert 0 < fast < slow
    # Behind the break half the trunk (200 km x 0.196 m2) and the lateral (100 km x 0.126 m2): 51,800 m3, at most at 75
    # bar and Z = 0.83: 51,800 x 75e5 / (0.83 x 473.5 x 281.15 x 0.73) = 4.8 mcm, at 1.5 mcm/d 78 hours.
    assert fast < 78


def test_backup_fuel_counts_after_its_switch_until_its_stock_is_gone(two_areas):
    system = two_areas(failing(backup=True), gas=True)
    # Half of the plant for a day, two hours after it is short: hours 3 and 4 after the linepack, and so on for 24 h.
    outage, repair = with_backup(system, 0, np.concatenate([[1.0], np.zeros(40)])[None], np.ones((1, 0)))
    assert outage[0] == pytest.approx([1.0] + [0.0] * 2 + [0.5] * 24 + [0.0] * 14)
    assert repair.shape == (1, 0)


def test_cause_joins_the_system_and_leaves_it_alone_without_failures(two_areas):
    system = two_areas(failing(backup=True), gas=True)
    plain = system_from_grid(system)
    extended = with_gas_outages(plain, system)
    assert len(extended.common_causes) == len(plain.common_causes) + 1
    assert extended.temperature_class.shape == (plain.n_hours,)
    never = two_areas(gas=True)
    assert with_gas_outages(system_from_grid(never), never).common_causes == system_from_grid(never).common_causes
