"""The sampler's table of gas outages on three nodes: linepack first, then backup fuel, then the refill."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gridsim.reliability import system_from_grid, with_gas_outages
from gridsim.reliability.gas import CLASSES, class_weather, gas_causes, with_backup
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


def test_facility_is_a_cause_where_nothing_else_feeds_the_plant(two_areas):
    def edit(tables):
        failing(backup=False)(tables)
        for key in ("mttf_h", "mttr_h"):
            del tables["gas_pipelines"][0][key]
        tables["power_to_gas"] = [
            {"name": "field_power", "bus": "n2", "node": "field", "p_mw": 5, "mttf_h": 6000, "mttr_h": 50,
             "fails_from_month": 12, "fails_to_month": 2}
        ]  # fmt: skip

    system = two_areas(edit, gas=True)
    (cause,) = gas_causes(system)
    assert (cause.component.kind, cause.component.name) == ("gas_facility", "field_power")
    assert cause.derating["gas_1"].outage[:, -1] == pytest.approx(0.0, abs=1e-3)
    joined_of = with_gas_outages(system_from_grid(system), system)
    (joined,) = joined_of.common_causes
    factor = joined.component.rate_factor
    month = (joined_of.start + pd.to_timedelta(np.arange(joined_of.n_hours), "h")).month
    assert factor.sum() == 24 * (31 + 31 + 28) and (factor[np.isin(month, (12, 1, 2))] == 1.0).all()


def test_source_is_a_cause_and_a_station_that_limits_the_plant_bites(two_areas):
    """Without the station the lateral carries 2.3 of 3 mcm/d in the balance; its pressures let all of it through."""

    def edit(tables):
        failing(backup=False)(tables)
        for key in ("mttf_h", "mttr_h"):
            del tables["gas_pipelines"][0][key]
        tables["gas_pipelines"][1] |= {"capacity_mcm_per_d": 3.2, "usable_linepack_mcm": 0, "system": "line"}
        tables["gas_supply"][0] |= {"mttf_h": 6000, "mttr_h": 50}
        tables["compressor_stations"] = [
            {"name": "pumps", "node": "hub", "system": "line", "installed_mw": 10, "pressure_ratio": 1.4,
             "mttf_h": 9000, "mttr_h": 10}
        ]  # fmt: skip

    system = two_areas(edit, gas=True)
    (source,) = gas_causes(system)
    assert (source.component.kind, source.component.name) == ("gas_supply", "production")
    assert [state.mean_h for state in source.component.states] == [6000, 50]
    gone = source.derating["gas_1"].outage
    assert gone[:, 0] == pytest.approx(1.0) and gone[:, -1] == pytest.approx(0.0, abs=1e-3)
    burn = np.array([1.5])
    outages = GasOutages(system, GasWeather(np.array([1.0, 0.5]), burn, True), burn)
    assert outages.bites(0, "compressor_stations") and outages.bites(0, "gas_supply")
    assert (outages.shares(0, "compressor_stations").outage > 0.999).all()


def test_source_of_kostanay_is_felt_and_those_that_others_replace_are_not(kazakhstan):
    """Kartaly is the only way into its oblast: power there is gone with it; storages and pipes stand in for Tengiz."""
    weather = class_weather(kazakhstan, CLASSES[2], "contract")
    outages = GasOutages(kazakhstan, *weather)
    names = kazakhstan.gas_supply.name.tolist()
    assert outages.bites(names.index("import_russia_kostanay"), "gas_supply")
    assert not outages.bites(names.index("sarybulak"), "gas_supply")
    shares = outages.shares(names.index("import_russia_kostanay"), "gas_supply").outage
    kostanay = kazakhstan.gas_to_power.plant.tolist().index("kostanay_chp")
    assert shares[0, kostanay] == pytest.approx(1.0, abs=0.02) and shares[-1, kostanay] < 0.01
