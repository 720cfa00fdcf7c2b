"""Greenhouse gases by source, each by hand, and what a year of them sums to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridsim.engine.tables import TABLES
from gridsim.report.inventory_lines import compared_lines, inventory_csv, inventory_table
from gridsim.results.greenhouse import carbon_dioxide, flared_mcm, methane, tonnes_by_source
from gridsim.results.run_metrics import METRIC_TABLES
from gridsim.study.inventory import Target, inventory, sums_mt
from tests.results.test_run_metrics import by_interval, table
from tests.support.cases import build_two_areas

KINDS = {"i4": np.int32, "f8": float, "str": np.str_, "bool": np.bool_}


def chained(edit: Any = None) -> Any:
    """The two areas with gas, a mine, a field with a plant that needs power, a network of towns, a storage."""

    def chains(tables: Any) -> None:
        tables["minerals"] = [
            {"name": "pit", "mineral": "coal", "site": "smelter", "annual_output": 8760e3, "output_unit": "t/y"}
        ]
        tables["methane_sources"] = [
            {"name": "mine", "kind": "mine", "mineral": "pit", "value": 5, "low": 1, "high": 8},
            {"name": "far", "kind": "mine", "annual_t": 876e3, "value": 10},
            {"name": "wells", "kind": "field", "gas_node": "field", "flare_h": 6, "value": 8.76},
            {"name": "towns", "kind": "distribution", "value": 0.01, "high": 0.03},
            {"name": "store", "kind": "storage", "value": 0.001},
        ]
        tables["gas_supply"][0]["kind"] = "associated"
        tables["power_to_gas"] = [{"name": "plant", "bus": "n2", "node": "field", "p_mw": 1}]
        tables["emission_factors"] = [
            {"name": name, "subject": "", "value": value, "unit": "", "low": low, "high": high}
            for name, value, low, high in (
                ("leak_transmission_km", 2.0, 1, 4), ("leak_compressor", 100, None, None),
                ("flare_slip", 0.1, None, 0.2),
                ("ef_co2_natural_gas", 56, 54, 58), ("ef_co2_other_bituminous", 95, 90, 100),
                ("chp_power_to_heat", 0.5, 0.4, 0.8), ("chp_heat_efficiency", 0.9, 0.8, 0.95),
            )
        ]  # fmt: skip
        if edit is not None:
            edit(tables)

    return build_two_areas(chains, gas=True)


def hours(**changes: Any) -> dict[str, Any]:
    """Five hours in four rows: the pit lost 1,000 t, the plant lacks power from hour 1 to 3."""
    made = {name: table(name) for name in METRIC_TABLES}
    made["solves"] = table("solves", time_h=[0, 1, 1.5, 3], duration_h=[1, 0.5, 1.5, 2])
    made["gas"] = by_interval(
        "gas", ["field", "gate", "hub"], pressure_bar=[50.0, 50.0, 50.0], distributed_mcm_per_d=[0.0, 2.4, 0.0],
        withdrawn_mcm_per_d=[0.0, 0.0, 4.8],
    )  # fmt: skip
    made["minerals"] = table("minerals", time_h=[1], name=["pit"], lost_out_t=[600], lost_later_t=[400])
    made["events"] = table(
        "events", time_h=[1, 3], component=["facility:plant"] * 2, to_state=["no power", "normal"], cause_id=[-1, 0]
    )
    made["generators"] = by_interval(
        "generators", ["coal_1", "gas_1", "border"], fuel=np.array(["coal", "gas", "import"]), p_mw=[200.0, 150.0, 50.0]
    )
    made["zones"] = by_interval("zones", ["external", "north", "south"], temperature_c=[np.nan, -20.0, 0.0])
    return {**made, **changes}


def test_methane_of_every_source_by_hand():
    system, tables = chained(), hours()
    found = tonnes_by_source(methane(system, tables), "CH4")
    t_per_mcm = system.gas.ch4_kg_per_m3 * 1e3
    assert found["pipes"] == pytest.approx(2.0 * 500 * 5 / 8760)
    # 5 h x 1,000 t less 1,000 t, at 5 m3/t of 0.668 kg; and 500 t at 10 m3/t
    assert found["mines"] == pytest.approx((4000 * 5 + 500 * 10) * 0.668e-3)
    assert found["fields"] == pytest.approx(8760 * 5 / 8760)
    assert found["distribution"] == pytest.approx(0.01 * 2.4 * 5 / 24 * t_per_mcm)
    assert found["storage"] == pytest.approx(0.001 * 4.8 * 5 / 24 * t_per_mcm)
    # two hours without power flare 10 mcm/d; a tenth of it slips
    assert flared_mcm(system, tables) == pytest.approx(10 * 2 / 24)
    assert found["flares"] == pytest.approx(0.1 * 10 * 2 / 24 * t_per_mcm)
    flared = tonnes_by_source(methane(system, tables), "CO2")
    assert flared["flares"] == pytest.approx(0.9 * 10 * 2 / 24 * 33.9e3 * 56e-3)


def test_wells_are_shut_in_after_the_longest_flaring():
    long = table("events", time_h=[0], component=["facility:plant"], to_state=["no power"], cause_id=[-1])
    cut = chained(lambda tables: tables["methane_sources"][2].update(flare_h=4))
    assert flared_mcm(cut, hours(events=long)) == pytest.approx(10 * 4 / 24)


def test_carbon_dioxide_of_every_source_by_hand():
    def heat(tables: Any) -> None:
        tables["heat_curves"] = [
            {"curve": "cold", "temperature_c": -20, "p_min_share": 0.3},
            {"curve": "cold", "temperature_c": 20, "p_min_share": 0.1},
        ]
        tables["generators"][0].update(heat_led="true", heat_curve="cold")

    found = tonnes_by_source(carbon_dioxide(chained(heat), hours()), "CO2")
    assert found["power"] == pytest.approx(5 * (200 * 1.0 + 150 * 0.5))
    assert found["customers"] == pytest.approx(2.4 * 5 / 24 * 33.9e3 * 56e-3)
    # coal of 500 MW must make 150 MW at -20 C: 300 MW of heat at 0.9, 3.6 GJ/MWh, 95 kg/GJ
    assert found["heat"] == pytest.approx(5 * 300 / 0.9 * 3.6 * 95e-3)


def test_ranges_hold_the_value_and_are_those_of_the_factors():
    system, tables = chained(), hours()
    for part in (*carbon_dioxide(system, tables), *methane(system, tables)):
        assert part.low_t <= part.t + 1e-12 and part.t <= part.high_t + 1e-12, part
    (mine,) = [part for part in methane(system, tables) if part.name == "mine"]
    assert (mine.low_t / mine.t, mine.high_t / mine.t) == (pytest.approx(1 / 5), pytest.approx(8 / 5))


def test_a_network_without_the_tables_has_the_methane_of_its_pipes_alone():
    bare = build_two_areas(gas=True)
    assert {source: t for source, t in tonnes_by_source(methane(bare, hours()), "CH4").items() if t} == {}
    assert TABLES["gas"][-1].name == "vented_mcm"


def test_a_year_weighs_its_days_and_its_parts_close(two_areas):
    system = two_areas()
    year = inventory(system, 2025)
    # 400 MW all year: coal 200 MW at 1.0 t/MWh, gas 200 MW at 0.5
    found = tonnes_by_source(iter(year.parts), "CO2")
    assert found["power"] == pytest.approx(8760 * (200 * 1.0 + 200 * 0.5), rel=1e-9)
    assert sums_mt(year.parts)["co2_power"] == pytest.approx(sum(part.t for part in year.parts) / 1e6, rel=1e-9)
    assert year.targets == ()
    lines = inventory_table(year.parts).lines(100)
    assert any("electricity of coal" in line for line in lines)
    assert inventory_csv(year.parts).count("\n") == 1 + len(year.parts)


def test_sums_are_compared_and_never_fitted():
    lines = compared_lines(
        [Target("co2_power", "CO2", 90.0, 85, 100, "X"), Target("ch4_energy", "CH4", 2.0, 0.8, 1.8, "Y")]
    )
    assert lines == ["CO2: 90 Mt, inside 85-100 Mt (X)", "CH4: 2 Mt, outside 0.8-1.8 Mt (Y)"]
