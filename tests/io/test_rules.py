"""Every rule of a network folder: a row that breaks it is named by place, value and mend; what is empty breaks none."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest

from gridsim.errors import InputError
from gridsim.io.read_network import system_from_tables
from gridsim.io.rules import RULES
from tests.support.cases import GAS, META, TWO_AREAS

BANK = {"name": "t", "hv_bus": "n1", "lv_bus": "n2", "sn_mva": 100, "vn_hv_kv": 500, "vn_lv_kv": 500,
        "vk_percent": 12, "vkr_percent": 0.3}  # fmt: skip
STORE = {"name": "s", "bus": "n1", "p_charge_mw": 5, "p_discharge_mw": 5, "energy_mwh": 20}
BORDER = {"name": "b", "bus": "n1", "contract_import_mw": 5, "limit_import_mw": 10, "price_per_mwh": 40}
SUPPORT = {"border": "b", "extra_min_mw": 10, "extra_median_mw": 20, "extra_max_mw": 40}
STATION = {"name": "k", "node": "hub", "installed_mw": 5, "pressure_ratio": 1.4}
REACTOR = {"name": "r", "bus": "n1", "q_mvar": 60, "switchable": "true", "controlled": "true"}
YARD = {"name": "y", "plant": "coal", "fuel": "coal", "capacity_days": 10, "stock_days": 5}
BLOCKS = [{"generator": "coal_1", "p_mw": mw, "cost_per_mwh": cost} for mw, cost in ((300, 10), (150, 20), (50, 20))]
REPAIRS = {"name": "steam", "weeks": 6}
CURVE_POINT = {"curve": "c", "temperature_c": 0, "p_min_share": 0.5, "p_max_share": 1}
RIVER = {"name": "brook", "lat": 50, "lon": 70, "annual_km3": 2, "cv": 0.2} | {
    f"share_{m}": 1 / 12 for m in range(1, 13)
}
LAKE = {"name": "lake", "plant": "coal", "volume_mcm": 100, "mcm_per_mwh": 0.01, "river": "brook"}
POND = {**LAKE, "name": "pond", "flows_into": "lake"}
RELEASES = [{"reservoir": "lake", "month": month, "least_m3_s": 20, "greatest_m3_s": 100} for month in range(1, 13)]
TOWN = {"name": "town", "bus": "n2", "people": 1000, "district_share": 0.5, "plants": "coal", "design_c": -30}
GAS_TOWN = {**TOWN, "plants": "", "gas_node": "gate", "gas_share": 0.2}
OTHER_TOWN = {**TOWN, "name": "other", "gas_node": "gate", "boilers_gcal_h": 5}
ROUTE = {"name": "r", "yard": "y", "mine": "pit", "corridor": "line", "hours_to_yard": 5, "gj_per_t": 17}
MAZUT_YARD = {**YARD, "name": "tank", "fuel": "mazut"}
LEG = {**ROUTE, "name": "leg", "corridor": "branch"}
HOUSE_SUPPLY = {"plant": "coal", "bus": "n1"}
DUTY = {"name": "d", "plant": "coal", "must_run_when": "load_above", "zone": "north", "load_share": 0.9, "least_mw": 9}
TRACK = {"name": "ice", "lat_1": 50, "lon_1": 70, "lat_2": 51, "lon_2": 71, "width_km": 50, "kind": "ice_storm"}
SEA = {"name": "intake", "plants": "coal", "kind": "lake", "least_flow_share": 0.2, "full_flow_share": 0.8}
TAPS = {"name": "taps", "m3_per_d": 500, "bus": "n2", "plant": "coal", "steam_mw": 20}
HEAT_COST = {"name": "heat", "unit": "USD/MWh", "usd": 50, "low_usd": 20, "high_usd": 90}
METAL = {"name": "metal_1", "mineral": "metal", "site": "smelter", "annual_output": 8760, "output_unit": "t/y",
         "electricity_mwh_per_t": 100, "usd_low_per_t": 5, "usd_per_t": 10, "usd_high_per_t": 20}  # fmt: skip
HIGHER = {"name": "x", "zone": "north", "vn_kv": 220}

STAGE = {"name": "stage", "quantity": "frequency_hz", "setting": 49, "action": "shed load", "share": 0.1}
BACK = STAGE | {"name": "back", "setting": 49.4, "delay_s": 20, "action": "return load"}
NEXT = STAGE | {"name": "next", "setting": 48.8, "after": "stage"}
LOW = {"name": "low", "quantity": "vm_pu", "setting": 0.8, "delay_s": 10, "action": "shed load", "share": 0.1}
HIGH = {"name": "high", "quantity": "vm_pu", "setting": 1.1, "delay_s": 20, "action": "open unloaded line"}
SPLIT = {"name": "split", "quantity": "interface_mw", "target": "north_south", "setting": 100, "place": "north_south",
         "action": "open interfaces"}  # fmt: skip
# table, its rows if the cases of conftest have none, cells changed in the first one, column, value, mend
BROKEN: list[tuple[str, list[dict[str, Any]] | None, dict[str, Any], str, str, str]] = [
    ("storm_tracks", [TRACK], {"lat_1": 10, "lat_2": 11}, "lat_1", "'ice' from 10.0, 70.0", "own country"),
    ("storm_tracks", [TRACK], {"kind": "icestorm"}, "kind", "'icestorm' is no kind of storm", "list kinds"),
    ("cooling", [SEA], {"plants": "coal; cole"}, "plants", "no plant cole", "separated by ';'"),
    ("cooling", [SEA], {"kind": "river"}, "river", "'intake' is a river without a gauge", "rivers.csv"),
    ("cooling", [SEA], {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    ("cooling", [SEA], {"least_flow_share": 0.8}, "least_flow_share", "0.8 is not below full_flow_share 0.8", "swap"),
    ("water_supply", [TAPS], {"plant": "cole"}, "plant", "no plant 'cole'", "leave it empty"),
    ("water_supply", [TAPS], {"steam_mw": None}, "steam_mw", "'taps' desalinates with 'coal'", "the output that makes"),
    ("unit_costs", [HEAT_COST], {"name": "warmth"}, "name", "'warmth' is no cost", "gas_CLASS"),
    ("unit_costs", [HEAT_COST], {"unit": "USD/m3"}, "unit", "USD/m3 of 'heat'; it is counted in USD/MWh", "that unit"),
    ("unit_costs", [HEAT_COST], {"usd": 10}, "low_usd", "10.0 is not between 20.0 and 90.0", "order the three"),
    ("minerals", [METAL], {"annual_output": 87600}, "annual_output", "take 1000.0 MW by their tonnes", "give tonnes"),
    ("minerals", [METAL], {"load": "s1_factory"}, "load", "'s1_factory' beside site 'smelter'", "give the site, or"),
    ("minerals", [METAL], {"needs": "metal_1", "needs_stock_h": 5}, "needs", "needs itself in the end", "leave one"),
    ("minerals", [METAL], {"usd_per_t": 2}, "usd_low_per_t", "2.0 is not between 5.0 and 20.0", "order the three"),
    (
        "minerals",
        [METAL, {**METAL, "name": "ore", "site": "", "load": "s1_factory"}],
        {"needs": "ore"},
        "needs_stock_h",
        "no stock of what 'ore' makes",
        "give hours",
    ),
    ("buses", None, {"vm_min_pu": 1.1, "vm_max_pu": 1.1}, "vm_min_pu", "1.1 is not below vm_max_pu 1.1", "swap"),
    (
        "buses",
        None,
        {"vm_act_min_pu": 1.06, "vm_act_max_pu": 1.05},
        "vm_act_min_pu",
        "1.06 is not below vm_act_max_pu 1.05",
        "swap",
    ),
    ("lines", None, {"to_bus": "n1"}, "to_bus", "'n1' is from_bus too", "two buses"),
    ("lines", None, {"to_bus": "x"}, "to_bus", "220.0 kV against 500.0 kV at from_bus", "transformer"),
    ("lines", None, {"max_i_emergency_ka": 1.9}, "max_i_emergency_ka", "1.9 is below max_i_ka 2.0", "at least"),
    ("lines", None, {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    ("lines", None, {"max_i_ka": 200}, "max_i_ka", "200.0 kA would carry 173205 MVA", "unlimited"),
    ("lines", None, {"max_i_emergency_ka": 300}, "max_i_emergency_ka", "300.0 kA would carry 259808 MVA", "unlimited"),
    ("lines", None, {"r_ohm_per_km": 500}, "r_ohm_per_km", "500.0 on 50.0 km are 25000 ohm", "length"),
    ("lines", None, {"x_ohm_per_km": 500}, "x_ohm_per_km", "500.0 on 50.0 km are 25000 ohm", "length"),
    ("lines", None, {"x_ohm_per_km": -0.3}, "x_ohm_per_km", "-0.3 is not > 0", "equivalent"),
    ("lines", None, {"r_ohm_per_km": -0.3}, "r_ohm_per_km", "-0.3 is not >= 0", "equivalent"),
    ("lines", None, {"x_ohm_per_km": 0, "equivalent": "true"}, "x_ohm_per_km", "0.0 is not > 0", "reactance"),
    ("transformers", [BANK], {"vk_percent": -12}, "vk_percent", "-12.0 is not > 0", "equivalent"),
    ("transformers", [BANK], {"vkr_percent": -0.3}, "vkr_percent", "-0.3 is not >= 0", "equivalent"),
    ("transformers", [BANK], {"max_loading_percent": 1e6}, "max_loading_percent", "are 1000000 MVA", "share"),
    (
        "transformers",
        [BANK],
        {"max_loading_emergency_percent": 1e6},
        "max_loading_emergency_percent",
        "are 1000000 MVA",
        "share",
    ),
    ("transformers", [BANK], {"lv_bus": "n1"}, "lv_bus", "'n1' is hv_bus too", "two buses"),
    ("transformers", [BANK], {"vn_lv_kv": 501}, "vn_lv_kv", "501.0 is above vn_hv_kv 500.0", "swap"),
    ("transformers", [BANK], {"vkr_percent": 12}, "vkr_percent", "12.0 is not below vk_percent 12.0", "resistive"),
    ("transformers", [BANK], {"tap_pos": 1}, "tap_pos", "1 is outside 0..0", "in the range"),
    ("transformers", [BANK], {"tap_pos": -1}, "tap_pos", "-1 is outside 0..0", "in the range"),
    ("transformers", [BANK], {"mttr_h": 100}, "mttr_h", "go together", "both or none"),
    ("transformers", [BANK], {"tap_controlled": "true"}, "tap_controlled", "its tap_side is ''", "on the side hv"),
    ("shunts", [REACTOR], {"switchable": "false"}, "controlled", "not switchable", "set switchable true"),
    ("generators", None, {"p_min_mw": 501}, "p_min_mw", "501.0 is above p_max_mw 500.0", "lower"),
    ("generators", None, {"q_min_mvar": 6, "q_max_mvar": 5}, "q_min_mvar", "6.0 is above q_max_mvar 5.0", "swap"),
    ("generators", None, {"heat_led": "true"}, "heat_curve", "empty for a heat-led machine", "heat_curves.csv"),
    ("generators", None, {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    (
        "generators",
        None,
        {"heat_led": "true", "heat_curve": "c", "maintenance_weeks": 27},
        "maintenance_weeks",
        "27 weeks of a heat-led machine do not fit",
        "at most 26",
    ),
    ("cost_blocks", BLOCKS, {"cost_per_mwh": 21}, "cost_per_mwh", "21 of 'coal_1' is above 20 of its next", "rising"),
    ("cost_blocks", BLOCKS, {"p_mw": 200}, "p_mw", "are 400 MW together, its p_max_mw is 500", "to p_max_mw"),
    (
        "maintenance_classes",
        [REPAIRS],
        {"overrun_min_weeks": 5, "overrun_max_weeks": 4},
        "overrun_max_weeks",
        "4.0 is below overrun_min_weeks 5.0",
        "swap",
    ),
    ("storages", [STORE], {"mttr_h": 100}, "mttr_h", "go together", "both or none"),
    ("load_classes", None, {"price_responsive": "true"}, "price_per_mwh", "price-responsive", "USD/MWh"),
    ("interfaces", None, {"line": ""}, "line", "either a line or a transformer", "exactly one"),
    ("interface_limits", None, {"emergency_mw": 149}, "emergency_mw", "149.0 is below normal_mw 150.0", "at least"),
    ("borders", [BORDER], {"contract_import_mw": 11}, "contract_import_mw", "above limit_import_mw 10.0", "lower"),
    ("gas_pipelines", None, {"to_node": "field"}, "to_node", "'field' is from_node too", "two nodes"),
    ("border_support", None, {"extra_min_mw": 21}, "extra_min_mw", "above extra_median_mw 20.0", "lower"),
    ("border_support", None, {"extra_max_mw": 19}, "extra_max_mw", "below extra_median_mw 20.0", "raise"),
    ("gas_pipelines", None, {"usable_linepack_mcm": 9}, "usable_linepack_mcm", "above linepack_mcm 8.0", "lower"),
    ("gas_pipelines", None, {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    ("gas_supply", None, {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    ("compressor_stations", [STATION], {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    (
        "power_to_gas",
        [{"name": "p2g", "bus": "n1", "node": "hub", "p_mw": 5}],
        {"mttf_h": 100},
        "mttr_h",
        "go together",
        "both or none",
    ),
    ("compressor_stations", [STATION], {"driver": "electric", "bus": "n1"}, "bus", "'n1' has no load", "loads.csv"),
    ("fuel_stocks", [YARD], {"stock_days": 11}, "stock_days", "11.0 is above capacity_days 10.0", "lower"),
    ("fuel_stocks", [MAZUT_YARD, YARD], {"fuel": "coal"}, "name", "'tank' has no row in coal_routes.csv", "corridors"),
    ("coal_routes", [{**ROUTE, "name": "w"}, ROUTE], {"yard": "tank"}, "yard", "'tank' holds no coal", "fuel coal"),
    ("coal_routes", [ROUTE], {"mine": ""}, "mine", "no mine for 'y'", "name the mine"),
    ("coal_routes", [ROUTE], {"corridor": ""}, "corridor", "no corridor on the way to 'y'", "railway"),
    ("coal_routes", [ROUTE], {"mttf_h": 100}, "mttr_h", "go together", "both or none"),
    (
        "coal_routes",
        [ROUTE, {**ROUTE, "name": "w"}],
        {"mttf_h": 100, "mttr_h": 9},
        "mttf_h",
        "fails otherwise in another of its rows",
        "the same mttf_h and mttr_h",
    ),
    ("coal_routes", [ROUTE, LEG], {"gj_per_t": 18}, "gj_per_t", "18.0 GJ/t, and the last row of 'y'", "one heating"),
    ("heat", [TOWN], {"plants": "cole"}, "plants", "'cole' is no plant", "with ; between"),
    (
        "heat",
        [{**TOWN, "plants": "gas"}, OTHER_TOWN],
        {"plants": "coal"},
        "plants",
        "'coal' heats a city of a row below",
        "one city",
    ),
    ("heat", [TOWN], {"plants": ""}, "plants", "nothing heats the network of 'town'", "boilers_gcal_h"),
    ("heat", [TOWN], {"gas_share": 0.1}, "gas_node", "empty with gas_share 0.1", "gas node of these homes"),
    (
        "heat",
        [{**GAS_TOWN, "gas_node": "hub"}, OTHER_TOWN],
        {"gas_node": "gate"},
        "gas_node",
        "'gate' is the node of a city below",
        "one city",
    ),
    ("heat", [TOWN], {"bus": "n1"}, "bus", "'n1' has no weather_site", "buses.csv"),
    ("heat", [GAS_TOWN], {"gas_share": 0.6}, "gas_share", "0.6 with district_share 0.5 is above 1", "lower"),
    ("heat", [TOWN], {"tau_low_h": 90}, "tau_low_h", "90.0 is above tau_h 80.0", "lower"),
    ("heat", [TOWN], {"tau_high_h": 70}, "tau_high_h", "70.0 is below tau_h 80.0", "raise"),
    ("heat", [TOWN], {"network_h": 4, "tau_low_h": 4}, "network_h", "4.0 is not below tau_low_h 4.0", "buildings"),
    ("auxiliaries", [HOUSE_SUPPLY], {"hot_h": 50}, "warm_h", "48.0 is below hot_h 50.0", "raise"),
    ("auxiliaries", [HOUSE_SUPPLY], {"restart_hot_h": 7}, "restart_warm_h", "6.0 is below restart_hot_h 7.0", "colder"),
    ("auxiliaries", [HOUSE_SUPPLY], {"restart_warm_h": 13}, "restart_cold_h", "12.0 is below", "colder"),
    ("reservoirs", [LAKE], {"river": ""}, "river", "no river flows into 'lake'", "rivers.csv"),
    ("reservoirs", [LAKE], {"inflow_share": 0}, "river", "no river flows into 'lake'", "rivers.csv"),
    ("reservoirs", [LAKE], {"volume_mcm": 1.7}, "volume_mcm", "1.7 is below a day of its least release, 1.728", "m3"),
    ("reservoirs", [LAKE, POND], {"flows_into": "lake"}, "flows_into", "'lake' comes back to it", "downstream"),
    ("reservoir_releases", RELEASES, {"month": 2}, "month", "'lake' has months 2, 2, 3, 4", "each month from 1 to 12"),
    ("reservoir_releases", RELEASES, {"least_m3_s": 101}, "greatest_m3_s", "100.0 is below least_m3_s 101.0", "swap"),
    ("automation", [STAGE], {"target": "nowhere"}, "target", "'nowhere' is nothing that frequency_hz", "with ;"),
    ("automation", [STAGE], {"place": "nowhere"}, "place", "'nowhere' is nothing to shed load", "name areas"),
    ("automation", [STAGE], {"target": "suoth"}, "target", "did you mean 'south'", "with ;"),
    ("automation", [SPLIT], {"place": "north_suoth"}, "place", "did you mean 'north_south'", "sections to open"),
    (
        "automation",
        [SPLIT | {"action": "shed load", "place": "south", "amount_mw": 9}],
        {"quantity": "lines_out", "setting": 0.5},
        "setting",
        "0.5 is no number of circuits",
        "1 or more",
    ),
    (
        "automation",
        [STAGE],
        {"quantity": "lines_out", "target": "north_south", "place": "south", "setting": 1},
        "share",
        "a share for lines_out",
        "amount_mw",
    ),
    ("automation", [SPLIT], {"place": ""}, "place", "must say where to open interfaces", "sections"),
    ("automation", [SPLIT], {"target": ""}, "target", "'' is nothing that interface_mw", "name sections"),
    ("automation", [STAGE], {"share": None}, "share", "neither share nor amount_mw", "one of the two"),
    ("automation", [STAGE], {"amount_mw": 5}, "amount_mw", "5.0 beside share 0.1", "one of the two"),
    ("automation", [STAGE], {"after": "later"}, "after", "'later' is no rule of a row above", "order the rows"),
    ("automation", [BACK, STAGE], {"setting": 48.9}, "setting", "48.9 Hz would undo the stage stage", "above every"),
    ("automation", [LOW], {"target": "suoth"}, "target", "did you mean 'south'", "for vm_pu zones or buses"),
    ("automation", [LOW], {"place": "coal_1"}, "place", "'coal_1' is nothing to shed load", "name areas"),
    ("automation", [LOW], {"share": None}, "share", "neither share nor amount_mw", "one of the two"),
    ("automation", [LOW], {"setting": 1.1}, "setting", "1.1 pu is no voltage to shed load at", "below 1"),
    ("automation", [HIGH], {"setting": 0.9}, "setting", "0.9 pu is no voltage to open unloaded line at", "above 1"),
    ("automation", [HIGH], {"place": "south"}, "place", "'south' is nothing to open unloaded line", "name areas"),
    ("automation", [BACK], {"repeats": "true", "delay_s": 0.05}, "delay_s", "for a rule that repeats", "0.1 s"),
    ("duty", [DUTY], {"zone": "external"}, "zone", "'external' for must_run_when load_above", "network.yaml"),
    ("duty", [DUTY], {"load_share": None}, "load_share", "empty for must_run_when load_above", "0.96"),
    ("duty", [DUTY], {"must_run_when": "heat"}, "zone", "with must_run_when heat", "leave both empty"),
    ("duty", [DUTY], {"least_mw": None}, "least_mw", "neither a least nor a greatest", "give"),
    ("duty", [DUTY], {"greatest_mw": 8}, "least_mw", "above the greatest", "lower"),
    ("duty", [DUTY], {"least_share": 0.5}, "least_share", "beside least_mw", "one of the two"),
    ("duty", [DUTY], {"greatest_mw": 10, "greatest_share": 0.5}, "greatest_share", "beside greatest_mw", "one"),
]


def tables_with(table: str, rows: list[dict[str, Any]] | None, cells: dict[str, Any]) -> dict[str, Any]:
    tables = copy.deepcopy({**TWO_AREAS, **GAS})
    tables["buses"].append(HIGHER)
    tables["weather_sites"] = [{"name": "here", "lat": 50, "lon": 70}]
    tables["buses"][1]["weather_site"] = "here"
    tables["borders"], tables["border_support"] = [copy.deepcopy(BORDER)], [copy.deepcopy(SUPPORT)]
    tables.setdefault("heat_curves", [CURVE_POINT])
    tables |= copy.deepcopy({"rivers": [RIVER], "reservoirs": [LAKE], "reservoir_releases": RELEASES})
    if table == "storm_tracks":
        for bus in tables["buses"]:
            bus |= {"lat": 50, "lon": 70}
    if table in ("fuel_stocks", "coal_routes"):
        tables |= copy.deepcopy({"fuel_stocks": [YARD, MAZUT_YARD], "coal_routes": [ROUTE]})
    if rows is not None:
        tables[table] = copy.deepcopy(rows)
    tables[table][0].update(cells)
    return tables


@pytest.mark.parametrize(("table", "rows", "cells", "column", "value", "mend"), BROKEN)
def test_a_broken_rule_has_place_value_and_mend(
    table: str, rows: Any, cells: dict[str, Any], column: str, value: str, mend: str
) -> None:
    with pytest.raises(InputError) as caught:
        system_from_tables(META, tables_with(table, rows, cells))
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == (f"<{table}>", 2, column)
    assert value in problem.value and mend in problem.mend


def test_a_stage_passed_before_the_one_it_waits_for_is_told() -> None:
    """48.8 Hz is passed before 48.5; the other way round the two stages are in order."""
    with pytest.raises(InputError) as caught:
        system_from_tables(META, tables_with("automation", [STAGE, NEXT], {"setting": 48.5}))
    (problem,) = caught.value.problems
    assert (problem.row, problem.column) == (3, "setting")
    assert "48.8 Hz is passed before stage" in problem.value and "order the stages" in problem.mend
    system_from_tables(META, tables_with("automation", [STAGE, NEXT], {"setting": 49}))


@pytest.mark.parametrize(("table", "rows"), {table: rows for table, rows, *_ in BROKEN}.items())
def test_the_rows_break_nothing_as_they_are(table: str, rows: Any) -> None:
    assert len(getattr(system_from_tables(META, tables_with(table, rows, {})), table)) >= 1


def test_a_second_reservoir_of_a_plant_and_a_zone_that_is_not_there_are_named() -> None:
    tables = tables_with("reservoirs", [LAKE, POND], {})
    tables["reservoir_releases"] += [{**row, "reservoir": "pond"} for row in RELEASES]
    tables["duty"] = [{**DUTY, "zone": "nroth"}]
    with pytest.raises(InputError) as caught:
        system_from_tables(META, tables)
    zone, plant = caught.value.problems
    assert (plant.file, plant.row, plant.column) == ("<reservoirs>", 3, "plant")
    assert "'coal' has a reservoir with releases already" in plant.value
    assert (zone.file, zone.column, zone.value) == (
        "<duty>",
        "zone",
        "'nroth' is not in zones",
    ) and "north" in zone.mend


def test_every_rule_has_a_case() -> None:
    assert set(Counter((rule.table, rule.column) for rule in RULES)) == {(case[0], case[3]) for case in BROKEN} | {
        ("reservoirs", "plant")
    }


def test_all_broken_rules_of_all_tables_are_said_at_once() -> None:
    tables = tables_with("storages", [STORE], {"mttf_h": 5})
    tables["lines"][1]["to_bus"] = "n1"
    tables["generators"][1].update(p_min_mw=900, mttr_h=3)
    with pytest.raises(InputError) as caught:
        system_from_tables(META, tables)
    assert [(p.file, p.row, p.column) for p in caught.value.problems] == [
        ("<generators>", 3, "mttr_h"), ("<generators>", 3, "p_min_mw"), ("<lines>", 3, "to_bus"),
        ("<storages>", 2, "mttr_h"),
    ]  # fmt: skip
