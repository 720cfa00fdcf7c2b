"""Metrics of one run from tables written down here, each number worked out by hand.

Two zones, four intervals from 22:00: [0, 1) calm, [1, 1.5) 20 MW short, [1.5, 3) 40 MW short, [3, 5) calm again. The
event is at 0.5 h. North demands 100 MW and South 300 MW throughout; all that is short is in the South.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from gridsim.engine.tables import TABLES
from gridsim.results.metric_table import metric_table
from gridsim.results.metrics import Estimate
from gridsim.results.run_metrics import BASELINE_TABLES, METRIC_TABLES, SUBJECTS, run_metrics, run_remarks
from gridsim.results.run_records import Columns
from gridsim.results.trajectory.interfaces import quantile
from gridsim.results.trajectory_record import Trajectory

START = dt.datetime(2026, 1, 14, 22)
TIME_H, DURATION_H = np.array([0.0, 1.0, 1.5, 3.0]), np.array([1.0, 0.5, 1.5, 2.0])
SHORT_MW = np.array([0.0, 20.0, 40.0, 0.0])
_KINDS = {"i4": np.int32, "f8": float, "str": np.str_, "bool": np.bool_}


def table(table_name: str, /, **columns: Any) -> Columns:
    """Rows of table ``table_name``; columns left out are zero, empty or False."""
    n = len(next(iter(columns.values()), ()))
    return {
        spec.name: np.array(columns.get(spec.name, np.zeros(n)), dtype=_KINDS[spec.kind]) for spec in TABLES[table_name]
    }


def by_interval(table_name: str, names: list[str], /, **columns: Any) -> Columns:
    """Rows of a per-interval table, columns (4, n_names)."""
    n = len(names)
    return table(
        table_name,
        name=names * len(TIME_H),
        time_h=np.repeat(TIME_H, n),
        duration_h=np.repeat(DURATION_H, n),
        **{column: np.broadcast_to(values, (len(TIME_H), n)).ravel() for column, values in columns.items()},
    )


def tables(**changes: Columns) -> dict[str, Columns]:
    made = {name: table(name) for name in METRIC_TABLES}
    south = np.column_stack([np.zeros(4), SHORT_MW, np.zeros(4)])
    made["zones"] = by_interval(
        "zones",
        ["north", "south", "external"],
        demand_mw=[100.0, 300.0, 0.0],
        unserved_mw=south,
        price_response_mw=[0.0, 1.0, 0.0],
        reserve_margin_mw=np.array([50.0, 10.0, 0.0]) - south,
        curtailed_mw=[2.0, 0.0, 0.0],
        spilled_mw=[0.0, 3.0, 0.0],
        co2_t_per_h=[100.0, 50.0, 0.0],
    )
    made["shortfall"] = table(
        "shortfall",
        time_h=[1.0, 1.5, 1.5],
        duration_h=[0.5, 1.5, 1.5],
        name=["s1/s1_factory", "s1/s1_factory", "s1/s1_homes"],
        zone=["south"] * 3,
        oblast=["S", "S", ""],
        load_class=["factory", "factory", "homes"],
        unserved_mw=[20.0, 30.0, 10.0],
    )
    made["events"] = table(
        "events",
        time_h=[0.5, 1.0, 1.0],
        event_id=[0, 1, 2],
        component=["gas_pipelines:trunk", "plant:gas", "zone:south"],
        to_state=["rupture", "short of gas", "shedding"],
        cause_id=[-1, 0, 1],
    )
    made["generators"] = by_interval(
        "generators", ["coal_1", "gas_1", "border"], fuel=np.array(["coal", "gas", "import"]), p_mw=[200.0, 150.0, 50.0]
    )
    made["solves"] = table("solves", time_h=TIME_H, duration_h=DURATION_H)
    return {**made, **changes}


def trajectory(system: Any, baseline: Any = None, first_event_h: float | None = 0.5, **changes: Columns) -> Trajectory:
    return Trajectory(system, START, tables(**changes), first_event_h, baseline)


def values(run: Trajectory) -> dict[tuple[str, str], float | None]:
    return {(estimate.name, estimate.scope): estimate.value for estimate in run_metrics(run)}


def expect(found: dict[tuple[str, str], float | None], **system: float) -> None:
    assert {name: found[name, "system"] for name in system} == pytest.approx(system)


def test_unserved_energy_and_its_hours(two_areas):
    found = values(trajectory(two_areas()))
    # 20 MW x 0.5 h + 40 MW x 1.5 h = 70 MWh of 400 MW x 5 h = 2,000 MWh.
    expect(found, EUE=70, LOLH=2, LOLEv=1, peak_shed_mw=40, NEUE=35_000, EPNS=14, demand_mwh=2000)
    expect(found, price_response_mwh=5)
    assert found["EUE", "zone:south"] == 70 and found["EUE", "zone:north"] == 0
    assert ("EUE", "zone:external") not in found


def test_days_are_local_calendar_days(two_areas):
    # 23:00-01:00: two days. Half an hour less and it is one; an interval that ends at midnight leaves the next day.
    assert values(trajectory(two_areas()))["LOLD", "system"] == 2
    earlier = dataclasses.replace(trajectory(two_areas()), start=START - dt.timedelta(hours=1))
    assert values(earlier)["LOLD", "system"] == 1


def test_energy_by_class_oblast_and_cause_and_no_scope_without_a_name(two_areas):
    found = values(trajectory(two_areas()))
    assert (found["EUE", "class:factory"], found["EUE", "class:homes"]) == (20 * 0.5 + 30 * 1.5, 10 * 1.5)
    assert found["EUE", "oblast:S"] == 55 and found["EUE", "cause:gas_pipelines:trunk"] == 70
    assert not [scope for _, scope in found if scope.endswith(":")]


def test_people_and_what_their_loss_is_worth(two_areas):
    """The furnaces' 50 MW are nobody's evening; 10 MW of homes for an hour and a half are."""

    def homes(rows):
        rows["load_classes"][1]["people"] = "true"

    shortfall = table(
        "shortfall",
        name=["s1/f", "s1/h", "n2/h"],
        time_h=[1.0, 1.5, 1.5],
        duration_h=[0.5, 1.5, 1.5],
        load_class=["factory", "homes", "homes"],
        unserved_mw=[40.0, 6.0, 4.0],
        unserved_usd_per_h=[40_000.0, 30_000.0, 20_000.0],
    )
    found = values(trajectory(two_areas(homes), shortfall=shortfall))
    assert found["EUE", "people"] == pytest.approx(15.0)
    assert found["LOLH", "people"] == pytest.approx(1.5)
    assert found["unserved_cost_usd", "system"] == pytest.approx(20_000 + 75_000)
    assert "people" not in {scope for _, scope in values(trajectory(two_areas(), shortfall=shortfall))}


def test_time_to_shed_and_to_restore_count_from_the_event(two_areas):
    found = values(trajectory(two_areas()))
    # The event is at 0.5 h, the first shed at 1 h; 40 MW until 3 h, so all shares of it are back at 3 h.
    expect(found, time_to_first_shed_h=0.5, time_to_restore_h_50=2.5, time_to_restore_h_100=2.5)
    late = trajectory(two_areas(), first_event_h=4.0)
    assert ("time_to_first_shed_h", "system") not in values(late)


def test_load_that_is_not_back_at_the_end_is_not_restored(two_areas):
    # 40, 40, 10, 10 MW: three quarters are back at 1.5 h, the rest never.
    short = np.array([40.0, 40.0, 10.0, 10.0])
    zones = by_interval("zones", ["south"], demand_mw=[300.0], unserved_mw=short[:, None])
    found = values(trajectory(two_areas(), first_event_h=0.0, zones=zones))
    assert found["time_to_restore_h_50", "system"] == 1.5
    assert ("time_to_restore_h_90", "system") not in found and ("time_to_restore_h_100", "system") not in found


def test_supply_imports_and_concentration(two_areas):
    found = values(trajectory(two_areas()))
    # 5 h of 200 coal, 150 gas, 50 imported: 12.5 % imported; own shares 4/7 and 3/7.
    assert found["energy_mwh", "fuel:coal"] == 1000 and found["energy_mwh", "fuel:import"] == 250
    expect(found, import_share=12.5, hhi_fuel=(400 / 7) ** 2 + (300 / 7) ** 2, curtailed_mwh=10)
    expect(found, spilled_heat_led_mwh=15, reserve_margin_mw_min=20)  # 50 + 10 - 40
    assert found["reserve_margin_mw_min", "zone:south"] == -30


def test_loading_of_interfaces_is_weighted_by_time(two_areas):
    loading = np.array([0.2, 1.0, 0.5, 0.4])[:, None]
    found = values(trajectory(two_areas(), interfaces=by_interval("interfaces", ["north_south"], loading=loading)))
    assert found["section_loading_max", "section:north_south"] == 100
    # 0.2 for 1 h, 0.4 for 2 h, 0.5 for 1.5 h, 1.0 for 0.5 h of 5 h: 90 % of the time at or below 0.5.
    assert found["section_loading_p95", "section:north_south"] == 100
    assert quantile(loading.ravel(), DURATION_H, 0.9) == 0.5
    unlimited = by_interval("interfaces", ["north_south"], loading=np.full((4, 1), np.nan))
    assert not [name for name, _ in values(trajectory(two_areas(), interfaces=unlimited)) if name.startswith("section")]


def test_stocks_and_survival(two_areas):
    stock = by_interval("fuel", ["gas/backup"], stock_days=np.array([3.0, 2.5, 1.5, 2.0])[:, None])
    found = values(trajectory(two_areas(), fuel=stock))
    assert found["fuel_days_min", "plant:gas/backup"] == 1.5
    assert found["survival_time_h", "plant:gas"] == 0.5  # root at 0.5 h, short at 1 h


def test_output_lost_is_summed_by_product_and_zero_where_a_site_lost_none(two_areas):
    def with_products(tables):
        tables["minerals"] = [
            {"name": name, "mineral": mineral, "site": "smelter", "annual_output": 1, "output_unit": "t/y"}
            for name, mineral in (("one", "copper"), ("two", "copper"), ("three", "zinc"))
        ] + [{"name": "far", "mineral": "gold", "annual_output": 1, "output_unit": "t/y"}]

    lost = table(
        "minerals", time_h=[1, 1], name=["one", "two"], mineral=["copper", "copper"], lost_out_t=[2, 3],
        lost_later_t=[4, 0], stops=[1, 0], value_usd=[10, 5], damage_usd=[7, 0], world_ppm=[1, np.nan],
        whole_again_h=[9, np.nan],
    )  # fmt: skip
    found = values(trajectory(two_areas(with_products), minerals=lost))
    assert found["mineral_loss_t", "mineral:copper"] == 9 and found["mineral_loss_t", "mineral:zinc"] == 0
    assert ("mineral_loss_t", "mineral:gold") not in found  # no load of it in the model
    assert found["mineral_world_ppm", "mineral:copper"] == 1
    expect(found, mineral_value_usd=15, mineral_damage_usd=7, sites_damaged_n=1, site_whole_again_h_max=9)


def gas_tables(vented_mcm: float) -> dict[str, Columns]:
    """A gate at 40 bar that vents in the third interval, and a station that burns 0.24 mcm/d."""
    vented = np.array([0.0, 0.0, vented_mcm, 0.0])[:, None]
    return {
        "gas": by_interval("gas", ["gate"], pressure_bar=[40.0], vented_mcm=vented),
        "compressors": by_interval("compressors", ["station"], shaft_mw=[10.0], fuel_mcm_per_d=[0.24]),
    }


def with_factors(*names: str):
    factors = {"ef_co2_natural_gas": 56.1, "leak_transmission_km": 2.5, "leak_compressor": 150.0}

    def edit(tables):
        tables["emission_factors"] = [
            {"name": name, "subject": "gas", "value": factors[name], "unit": "as the name says"} for name in names
        ]

    return edit


def test_emissions_of_machines_compressors_and_pipes(two_areas):
    system = two_areas(with_factors("ef_co2_natural_gas", "leak_transmission_km", "leak_compressor"), gas=True)
    found = values(trajectory(system, **gas_tables(vented_mcm=0.1)))
    # 0.24 mcm/d for 5 h = 50,000 m3 at the network's heating value and 56.1 kg/GJ.
    turbines_t = 50_000 * system.gas.lhv_mj_per_m3 / 1e3 * 56.1 / 1e3
    # 100,000 m3 vented; 500 km of pipe leak 2.5 t a year and km, for 5 of 8,760 h.
    methane_t = 1e5 * system.gas.ch4_kg_per_m3 / 1e3 + 2.5 * 500 * 5 / 8760
    assert found["co2_t", "fuel:compressor_gas"] == pytest.approx(turbines_t)
    expect(found, co2_t=750 + turbines_t, ch4_t=methane_t, co2e_gwp100_t=750 + turbines_t + 29.8 * methane_t)
    expect(found, co2e_gwp20_t=750 + turbines_t + 82.5 * methane_t)
    # Served: 2,000 MWh less 70 not served and 5 not bought.
    expect(found, co2_t_per_mwh_served=(750 + turbines_t) / 1925)


def test_changes_are_against_the_horizon_without_events(two_areas):
    system = two_areas(with_factors("ef_co2_natural_gas"), gas=True)
    calm = tables(**gas_tables(vented_mcm=0.0))
    calm["zones"] = {**calm["zones"], "co2_t_per_h": calm["zones"]["co2_t_per_h"] * 1.1}
    found = values(trajectory(system, baseline=calm, **gas_tables(vented_mcm=0.1)))
    methane_t = 1e5 * system.gas.ch4_kg_per_m3 / 1e3
    expect(found, co2_change_t=-75, ch4_change_t=methane_t, co2e_gwp100_change_t=-75 + 29.8 * methane_t)


CO2 = {"co2_t", "co2_t_per_mwh_served", "co2_change_t"}
CO2E = {f"co2e_gwp{years}{change}_t" for years in (100, 20) for change in ("", "_change")}


def names(run: Trajectory) -> set[str]:
    return {estimate.name for estimate in run_metrics(run)}


def test_co2_of_machines_without_a_factor_is_absent_with_a_remark(two_areas):
    def no_factor(tables):
        del tables["generators"][0]["co2_t_per_mwh"]

    unknown = tables()
    unknown["zones"]["co2_t_per_h"][unknown["zones"]["name"] == "north"] = np.nan
    run = Trajectory(two_areas(no_factor), START, unknown, 0.5, unknown)
    assert not names(run) & (CO2 | CO2E)
    assert run_remarks(run) == ["CO2 is not stated: no CO2 factor for coal_1"]


def test_gas_without_its_factors_is_not_counted_as_zero(two_areas):
    system = two_areas(gas=True)
    run = trajectory(system, baseline=tables(**gas_tables(0.0)), **gas_tables(vented_mcm=0.1))
    found = values(run)
    assert ("co2_t", "fuel:compressor_gas") not in found and found["co2_t", "system"] == 750
    assert found["ch4_t", "system"] == pytest.approx(1e5 * system.gas.ch4_kg_per_m3 / 1e3)
    assert run_remarks(run) == [
        "CO2 of compressor stations is not counted: emission_factors has no ef_co2_natural_gas",
        "methane counts no leaks: emission_factors has no leak_transmission_km and no leak_compressor",
    ]


def test_methane_with_leaks_remarks_only_the_factors_it_lacks(two_areas):
    factors = ["ef_co2_natural_gas", "leak_transmission_km", "leak_compressor"]
    complete = trajectory(two_areas(with_factors(*factors), gas=True), **gas_tables(vented_mcm=0.1))
    assert run_remarks(complete) == []
    no_station = trajectory(two_areas(with_factors(*factors[:2]), gas=True), **gas_tables(vented_mcm=0.1))
    assert run_remarks(no_station) == ["methane counts no leaks: emission_factors has no leak_compressor"]


def test_methane_is_absent_where_no_rupture_is_modelled(two_areas):
    # policy.gas: balance has no pressures, so it does not know what a rupture vents, nor what compressors burn.
    balance = gas_tables(vented_mcm=0.0)
    balance["gas"]["pressure_bar"][:] = np.nan
    balance["compressors"]["fuel_mcm_per_d"][:] = np.nan
    run = trajectory(two_areas(with_factors("ef_co2_natural_gas"), gas=True), baseline=tables(**balance), **balance)
    assert not names(run) & ({"ch4_t", "ch4_change_t"} | CO2E) and names(run) >= CO2
    assert [remark.split(":")[0] for remark in run_remarks(run)] == [
        "CO2 of compressor stations is not counted",
        "methane is not stated",
    ]
    # Without a gas network there is nothing to remark.
    electric = trajectory(two_areas())
    assert not names(electric) & ({"ch4_t"} | CO2E) and run_remarks(electric) == []


def test_what_every_subject_reads_is_a_table_of_a_run():
    for subject in SUBJECTS:
        assert subject.tables <= set(TABLES) and subject.baseline_tables <= METRIC_TABLES
    assert "zones" in BASELINE_TABLES


def test_estimates_of_a_run_have_no_error_and_come_in_the_order_of_the_table(two_areas):
    found = run_metrics(trajectory(two_areas()))
    order = list(metric_table())
    assert [order.index(e.name) for e in found] == sorted(order.index(e.name) for e in found)
    assert all(e == Estimate(e.name, e.scope, e.value, None, None, None, e.unit, 1) for e in found)
