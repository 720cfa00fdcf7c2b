"""Every kind of event does what its row says: one run each, against a number worked out beside it.

The two-area system of conftest: North has coal 500 MW (n1) and homes 100 MW (n2), the South gas 200 MW (must run at
200), homes 200 and a factory of 100 MW (s1). The section north_south carries 150 MW, 60 with one circuit out. No
losses, flat load. Quiet: coal 200, gas 200, 100 MW through the section. Events begin at 2 h unless stated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from gridsim.contingencies.effects import conditions
from gridsim.engine.run import RunResult, run
from gridsim.model.groups import GROUPS, element_names, in_service
from gridsim.model.scenario import (
    AcMode,
    Event,
    FirstMinutesMode,
    GasMode,
    Horizon,
    Imports,
    Kind,
    Policy,
    Primitive,
    Repair,
    Scenario,
    Target,
)
from gridsim.model.scenario import kinds as all_kinds
from gridsim.model.storms import corridor_rates

Edit = Callable[[dict[str, list[dict[str, Any]]]], None]


class Case(NamedTuple):
    """``quiet`` is what is measured an hour before the event, ``then`` what is while it lasts, at ``at_h``."""

    target: tuple[str, str]
    measure: tuple[str, str, str]
    quiet: float
    then: float
    edit: Edit = lambda tables: None
    magnitude: float | None = None
    also: tuple[Event, ...] = ()
    at_h: float = 3.5
    gas: bool = False
    imports: Imports = Imports.CONTRACT
    seconds: bool = False


SOUTH_SHORT = ("zones", "south", "unserved_mw")


def add(table: str, *rows: dict[str, Any]) -> Edit:
    def edit(tables: dict[str, list[dict[str, Any]]]) -> None:
        tables.setdefault(table, []).extend(rows)

    return edit


def both(*edits: Edit) -> Edit:
    def edit(tables: dict[str, list[dict[str, Any]]]) -> None:
        for one in edits:
            one(tables)

    return edit


def change(table: str, row: int, **values: Any) -> Edit:
    def edit(tables: dict[str, list[dict[str, Any]]]) -> None:
        tables[table][row].update(values)

    return edit


LINE = {"length_km": 100, "r_ohm_per_km": 0.03, "x_ohm_per_km": 0.3, "max_i_ka": 2.0}
TRANSFORMER = {"sn_mva": 500, "vn_hv_kv": 500, "vk_percent": 10, "vkr_percent": 0.3}
STORMY = both(
    change("buses", 0, lat=50, lon=70), change("buses", 1, lat=50, lon=71), change("buses", 2, lat=48, lon=70),
    change("lines", 1, mttf_h=10, mttr_h=1), change("lines", 2, mttf_h=10, mttr_h=1),
    add("storm_tracks", {"name": "band", "lat_1": 49.5, "lon_1": 70, "lat_2": 49.2, "lon_2": 70, "width_km": 20,
                         "hours": 1, "repair_h": 1e4}),
)  # fmt: skip
WATER = add("cooling", {"name": "sea", "plants": "gas", "kind": "sea", "full_flow_share": 0.9, "least_flow_share": 0.1})
BEHIND_TRANSFORMER = both(
    add("buses", {"name": "s2", "zone": "south", "oblast": "S", "vn_kv": 110}),
    add("transformers", {"name": "t", "hv_bus": "s1", "lv_bus": "s2", "vn_lv_kv": 110, **TRANSFORMER}),
    add("loads", {"name": "s2_homes", "bus": "s2", "p_mw": 30, "load_class": "homes"}),
)


# 150 MW of coal and 200 of gas serve 350 of 400; the neighbour the other 50.
NEIGHBOUR = both(
    change("generators", 0, p_max_mw=150, installed_mw=150),
    add("buses", {"name": "x1", "zone": "external", "vn_kv": 500}),
    add("lines", {"name": "x1_n1", "from_bus": "x1", "to_bus": "n1", **LINE}),
    add(
        "borders",
        {"name": "abroad", "bus": "x1", "contract_import_mw": 60, "limit_import_mw": 60, "price_per_mwh": 50},
    ),
)
STORE = both(
    change("interface_limits", 0, normal_mw=60),  # the South lacks 40 MW, which the store gives
    add("storages", {"name": "battery", "bus": "s1", "p_charge_mw": 50, "p_discharge_mw": 50, "energy_mwh": 1000}),
)
NO_BACKUP = change("gas_to_power", 0, backup_fuel="none")
# A tight gas network without linepack: the lateral carries exactly 3.0 mcm/d, 1 for homes, 0.5 for industry and 1.5 for
# 200 MW: 200 MW x 312.5 m3/MWh x 24 h = 1.5 mcm/d, so 1 mcm/d is 133.3 MW. Industry is cut first, homes last.
TIGHT = both(
    NO_BACKUP,
    change("gas_pipelines", 0, usable_linepack_mcm=0),
    change("gas_pipelines", 1, usable_linepack_mcm=0, capacity_mcm_per_d=3.0),
    change("gas_supply", 0, winter_mcm_per_d=3.0, summer_mcm_per_d=3.0, max_mcm_per_d=3.0),
)
MW_PER_MCM_PER_D = 1e6 / 24 / 312.5
GAS_MW = ("generators", "gas_1", "p_mw")
SHORT_WITHOUT_GAS = 300 - 150  # the South's demand less the section

STAGE = add(
    "automation",
    {"name": "stage", "quantity": "frequency_hz", "setting": 49, "delay_s": 0.2, "action": "shed load", "share": 0.5},
    {"name": "late", "quantity": "frequency_hz", "setting": 45.2, "delay_s": 0.2, "action": "shed load", "share": 0.1},
)

COLD_SITE = both(
    add("weather_sites", {"name": "hill", "lat": 50, "lon": 70}),
    add(
        "climate", *({"site": "hill", "month": m, "t_mean_c": -10, "t_min_c": -15, "t_max_c": -5} for m in range(1, 13))
    ),
    change("buses", 2, weather_site="hill"),
    change("loads", 1, heating_share_per_k=0.01),
)


def renewable(fuel: str) -> Edit:
    machine = {"bus": "n1", "fuel": fuel, "installed_mw": 100, "p_max_mw": 100, "cost_per_mwh": 0}
    return add("generators", {"name": f"{fuel}_1", **machine})


WIND, SUN = renewable("wind"), renewable("solar")


TWIN_CIRCUIT = both(
    change("lines", 2, name="n1_s1_b", from_bus="n1"),
    change("interfaces", 1, line="n1_s1_b"),
)


def outage(kind: str, table: str, name: str, at_h: float = 2, **rest: Any) -> Event:
    return Event(f"{kind}_{name}", kind, at_h, (Target(table, name),), 1.0, None, **rest)


RUPTURE = outage("pipeline_rupture", "gas_pipelines", "lateral")
# An empty yard: the 500 MW of coal are what comes by rail; quiet, 200 of them are used.
YARD = both(
    change("generators", 0, p_min_mw=0, heat_rate_gj_per_mwh=10.5),
    add("fuel_stocks", {"name": "yard", "plant": "coal", "fuel": "coal", "capacity_days": 0.001, "stock_days": 0}),
    add("coal_routes", {"name": "way", "yard": "yard", "mine": "pit", "corridor": "line", "hours_to_yard": 0,
                        "gj_per_t": 17}),
)  # fmt: skip
FROST = ("t_mean_c", "t_min_c", "t_max_c")
COLD_YARD = both(
    YARD,
    add("weather_sites", {"name": "pits", "lat": 50, "lon": 70}),
    add(
        "climate",
        *({"site": "pits", "month": m, "t_mean_c": -40, "t_min_c": -40, "t_max_c": -40} for m in range(1, 13)),
    ),
    change("buses", 0, weather_site="pits"),
)
COAL_MW = ("generators", "coal_1", "p_mw")


CASES: dict[str, Case] = {
    # One circuit left: 60 MW, so 300 - 200 - 60 are short.
    "line_outage": Case(("lines", "n1_s1"), SOUTH_SHORT, 0, 40),
    # Both circuits share the towers: the South is alone with 200 for 300.
    "double_circuit_outage": Case(("double_circuits", "n1_s1"), SOUTH_SHORT, 0, 100, TWIN_CIRCUIT),
    # n1 and n2 are one substation (a transformer joins them), so both lines to s1 run in one corridor.
    "corridor_outage": Case(
        ("corridors", "n2_s1"), SOUTH_SHORT, 0, 100,
        add("transformers", {"name": "t", "hv_bus": "n1", "lv_bus": "n2", "vn_lv_kv": 500, **TRANSFORMER}),
    ),
    "interconnector_outage": Case(
        ("interconnectors", "x1_n1"), SOUTH_SHORT, 0, 50, NEIGHBOUR
    ),
    "transformer_outage": Case(("transformers", "t"), SOUTH_SHORT, 0, 30, BEHIND_TRANSFORMER),
    "short_circuit": Case(("lines", "n1_s1"), SOUTH_SHORT, 0, 40),
    "busbar_outage": Case(("buses", "s1"), SOUTH_SHORT, 0, 300),
    "substation_outage": Case(("substations", "s2"), SOUTH_SHORT, 0, 330, BEHIND_TRANSFORMER),
    "generator_outage": Case(("generators", "gas_1"), SOUTH_SHORT, 0, 150),
    # 200 MW of gas for 400: the factory's 100 first, then homes of both zones; the South's are nearest to supply.
    "plant_outage": Case(("plants", "gas"), SOUTH_SHORT, 0, 150),
    # Of the two circuits to the South the track lies over one, and breaks it for sure within an hour.
    "ice_storm": Case(("storm_tracks", "band"), SOUTH_SHORT, 0, 40, STORMY, 1000.0),
    "wind_storm": Case(("storm_tracks", "band"), SOUTH_SHORT, 0, 40, STORMY, 1000.0),
    "steppe_fire": Case(("storm_tracks", "band"), SOUTH_SHORT, 0, 40, STORMY, 1000.0),
    "intake_outage": Case(("cooling", "sea"), SOUTH_SHORT, 0, 150, WATER),
    "low_water": Case(("cooling", "sea"), SOUTH_SHORT, 0, 50, WATER),  # half of the gas machine's 200 MW
    "store_outage": Case(("storages", "battery"), SOUTH_SHORT, 0, 40, STORE),
    "border_outage": Case(("borders", "abroad"), SOUTH_SHORT, 0, 50, NEIGHBOUR),
    # The gate has no gas and its linepack went with the section; mazut (half of 200 MW) takes two hours to light.
    "pipeline_rupture": Case(("gas_pipelines", "lateral"), SOUTH_SHORT, 0, SHORT_WITHOUT_GAS, gas=True),
    # 3 / sqrt(2) = 2.121 mcm/d: homes 1, no industry, 1.121 for the plant.
    "compressor_outage": Case(
        ("compressor_stations", "cs_hub"), GAS_MW, 200, (3 / 2**0.5 - 1) * MW_PER_MCM_PER_D,
        both(TIGHT, add("compressor_stations",
                        {"name": "cs_hub", "node": "hub", "pressure_ratio": 1.4, "installed_mw": 20})),
        gas=True,
    ),
    "gas_supply_outage": Case(("gas_supply", "production"), SOUTH_SHORT, 0, SHORT_WITHOUT_GAS, TIGHT, gas=True),
    "gas_facility_outage": Case(
        ("power_to_gas", "field_power"), SOUTH_SHORT, 0, SHORT_WITHOUT_GAS,
        both(TIGHT, add("power_to_gas", {"name": "field_power", "bus": "n2", "node": "field", "p_mw": 5})), gas=True,
    ),
    "processing_plant_outage": Case(
        ("gas_plants", "field"), SOUTH_SHORT, 0, SHORT_WITHOUT_GAS,
        both(TIGHT, change("gas_nodes", 0, kind="processing_plant")), gas=True,
    ),
    "gas_import_stop": Case(
        ("all", "all"), SOUTH_SHORT, 0, SHORT_WITHOUT_GAS, both(TIGHT, change("gas_supply", 0, kind="import")), gas=True
    ),
    # 2 mcm/d produced and 1 from the cavern; without it homes 1, industry 0, plant 1.
    "gas_storage_outage": Case(
        ("gas_storage", "cavern"), GAS_MW, 200, MW_PER_MCM_PER_D,
        both(
            TIGHT,
            change("gas_supply", 0, winter_mcm_per_d=2.0, max_mcm_per_d=2.0),
            add("gas_storage", {"name": "cavern", "node": "hub", "working_volume_mcm": 100,
                                "max_withdrawal_mcm_per_d": 1, "max_injection_mcm_per_d": 1}),
        ),
        gas=True,
    ),
    # Coal climbs 2 MW/min: known the day before it has the whole hour (120 MW) for the 200 lost, in a surprise 30
    # (before the first follow-up).
    "maintenance": Case(
        ("generators", "gas_1"), SOUTH_SHORT, 0, 80,
        both(change("generators", 0, ramp_mw_per_min=2), change("interface_limits", 0, normal_mw=400)), at_h=2.05,
    ),
    "generator_derate": Case(("generators", "gas_1"), SOUTH_SHORT, 0, 300 - 140 - 150, magnitude=0.3),
    # 60 MW contracted, 30 left, 50 needed.
    "border_derate": Case(("borders", "abroad"), SOUTH_SHORT, 0, 20, NEIGHBOUR, magnitude=0.5),
    "pipeline_derate": Case(
        ("gas_pipelines", "lateral"), GAS_MW, 200, 0.5 * MW_PER_MCM_PER_D, TIGHT, magnitude=0.5, gas=True
    ),
    "gas_supply_derate": Case(
        ("gas_supply", "production"), GAS_MW, 200, 0.5 * MW_PER_MCM_PER_D, TIGHT, magnitude=0.5, gas=True
    ),
    "section_derate": Case(("interfaces", "north_south"), SOUTH_SHORT, 0, 300 - 200 - 75, magnitude=0.5),
    "demand_surge": Case(("loads", "s1_homes"), SOUTH_SHORT, 0, 400 - 350, magnitude=0.5),
    # The South takes 270 instead of 300; nothing is unserved, coal gives 30 less.
    "demand_response": Case(("zones", "south"), ("generators", "coal_1", "p_mw"), 200, 170, magnitude=0.1),
    "export_surge": Case(
        ("all", "all"), ("gas", "hub", "delivered_mcm_per_d"), 1.0, 1.5,
        add("gas_demand", {"name": "sold", "node": "hub", "gas_class": "export", "winter_mcm_per_d": 1,
                           "summer_mcm_per_d": 1}),
        magnitude=0.5, gas=True,
    ),
    # Four hours after the rupture mazut would give 100 of the 150 MW short; the tanks are empty.
    "backup_fuel_shortage": Case(
        ("gas_to_power", "gas"), SOUTH_SHORT, 0, 150, also=(RUPTURE,), at_h=6.5, gas=True
    ),
    "wind_lull": Case(("all", "all"), ("generators", "wind_1", "p_mw"), 100, 22, WIND, magnitude=0.22),
    "solar_lull": Case(("all", "all"), ("generators", "solar_1", "p_mw"), 100, 50, SUN, magnitude=0.5),
    # Coal covers what 2 x 70 MW leave.
    "renewable_lull": Case(
        ("all", "all"), ("generators", "coal_1", "p_mw"), 100, 140, both(WIND, SUN), magnitude=0.3
    ),
    # 12 K x 1 % of 200 MW of homes.
    "cold_wave": Case(("all", "all"), ("zones", "south", "demand_mw"), 300, 300 + 0.12 * 200, COLD_SITE, magnitude=-12),
    # It stays below 15 C: 8 K x 1 % of 200 MW of homes less.
    "warm_spell": Case(("all", "all"), ("zones", "south", "demand_mw"), 300, 300 - 0.08 * 200, COLD_SITE, magnitude=8),
    # Another neighbour lacks 40 MW: they pass through the North, from the one to the other.
    "neighbour_loss": Case(
        ("borders", "lacking"), ("generators", "lacking", "p_mw"), 0, -40,
        both(
            NEIGHBOUR,
            add("buses", {"name": "y1", "zone": "external", "vn_kv": 500}),
            add("lines", {"name": "y1_n1", "from_bus": "y1", "to_bus": "n1", **LINE}),
            add("borders", {"name": "lacking", "bus": "y1", "contract_import_mw": 0, "limit_import_mw": 0,
                            "price_per_mwh": 50}),
        ),
        magnitude=40,
    ),
    "neighbour_trip_series": Case(
        ("borders", "lacking"), ("generators", "lacking", "p_mw"), 0, -40,
        both(
            NEIGHBOUR,
            add("buses", {"name": "y1", "zone": "external", "vn_kv": 500}),
            add("lines", {"name": "y1_n1", "from_bus": "y1", "to_bus": "n1", **LINE}),
            add("borders", {"name": "lacking", "bus": "y1", "contract_import_mw": 0, "limit_import_mw": 0,
                            "price_per_mwh": 50}),
        ),
        magnitude=40,
    ),
    # Coal gives 203.5 MW for 400 once gas is lost at 3 h. The rule would cut half of it; without it all goes dark.
    "automation_failure": Case(
        ("automation", "stage"), ("zones", "", "unserved_mw"), 0, 400, STAGE,
        also=(outage("generator_outage", "generators", "gas_1", 3),), at_h=3.1, seconds=True,
    ),
    # A tenth of 400 MW, until the operator gives it back after a quarter of an hour.
    "wrong_operation": Case(
        ("automation", "late"), ("zones", "", "unserved_mw"), 0, 40, STAGE, at_h=2.1, seconds=True,
    ),
    "import_stop": Case(("all", "all"), SOUTH_SHORT, 0, 50, NEIGHBOUR),
    # Gas is lost at 02:30. For an hour nobody tells coal to give more than the 200 MW planned; 200 of 400 are short.
    "dispatcher_blind": Case(
        ("all", "all"), ("zones", "", "unserved_mw"), 0, 200,
        magnitude=60, also=(outage("generator_outage", "generators", "gas_1", 2.5),), at_h=3.2,
    ),
    "coal_delivery_stop": Case(("fuel_stocks", "yard"), COAL_MW, 200, 0, YARD),
    "coal_delivery_derate": Case(("fuel_stocks", "yard"), COAL_MW, 200, 100, YARD, magnitude=0.8),
    "rail_corridor_outage": Case(("rail_corridors", "line"), COAL_MW, 200, 100, YARD, magnitude=0.8),
    "frozen_coal": Case(("all", "all"), COAL_MW, 200, 100, COLD_YARD, magnitude=0.8),
    "coal_quality": Case(("all", "all"), COAL_MW, 200, 150, YARD, magnitude=0.7),
    # One crew, 4 h of work; it is there from 6 h on (the shortage lasts 4 h), so the circuit is back at 10 h.
    "repair_crew_shortage": Case(
        ("repair_crews", "depot"), SOUTH_SHORT, 0, 40,
        add("repair_crews", {"name": "depot", "trade": "grid", "crews": 1, "lat": 0, "lon": 0,
                             "speed_km_per_h": 50}),
        magnitude=1,
        also=(outage("line_outage", "lines", "n1_s1", 3, repair=Repair("constant", 4.0)),), at_h=9.9,
    ),
}  # fmt: skip


def played(two_areas: Any, name: str, *, without: bool = False) -> RunResult:
    case, kind = CASES[name], all_kinds()[name]
    magnitude = kind.magnitude if case.magnitude is None else case.magnitude
    duration_h = 4.0 if name == "repair_crew_shortage" else None
    event = Event("it", name, 2, (Target(*case.target),), magnitude, duration_h)
    events = case.also if without else (event, *case.also)
    first = FirstMinutesMode.ON if case.seconds else FirstMinutesMode.OFF
    policy = Policy(imports=case.imports, ac=AcMode.OFF, gas=GasMode.BALANCE, first_minutes=first)  # without linepack
    horizon = Horizon(dt.datetime(2026, 1, 14), 12)
    return run(two_areas(case.edit, gas=case.gas), Scenario("kind", "two_areas", horizon, events=events, policy=policy))


def measured(result: RunResult, measure: tuple[str, str, str], time_h: float) -> float:
    table, name, column = measure
    rows = result.tables[table]
    hit = (rows["time_h"] <= time_h) & (rows["time_h"] + rows["duration_h"] > time_h)
    if name:
        hit &= rows["name"] == name
    return float(rows[column][hit].sum())


@pytest.mark.parametrize("name", sorted(all_kinds()))
def test_kind(two_areas, name):
    case = CASES[name]
    result = played(two_areas, name)
    assert measured(result, case.measure, 1.5) == pytest.approx(case.quiet, abs=1e-3)
    assert measured(result, case.measure, case.at_h) == pytest.approx(case.then, abs=1e-2)


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("dispatcher_blind", 150),  # coal 250 at once: the section's 150 and the North's 100
        ("backup_fuel_shortage", 50),  # mazut burns
        ("repair_crew_shortage", 0),  # back at 7 h
        ("automation_failure", 200),  # the rule cuts half
    ],
)
def test_without_the_kind_the_other_event_is_milder(two_areas, name, then):
    case = CASES[name]
    result = played(two_areas, name, without=True)
    assert measured(result, case.measure, case.at_h) == pytest.approx(then, abs=1e-2)


def test_the_dispatcher_acts_once_he_sees_again(two_areas):
    result = played(two_areas, "dispatcher_blind")
    assert measured(result, CASES["dispatcher_blind"].measure, 3.6) == pytest.approx(150, abs=1e-2)


def test_crews_come_back_after_the_shortage(two_areas):
    result = played(two_areas, "repair_crew_shortage")
    assert measured(result, SOUTH_SHORT, 10.5) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.kind)
def test_every_target_of_a_kind_can_be_hit(kazakhstan, kind: Kind):
    """Each table and group of its row has names in the Kazakh network, and hitting one changes what is left."""
    calm = conditions(kazakhstan, [], Imports.CONTRACT)
    for table in kind.targets:
        if table == "all":
            name = "all"
        else:
            there = (name for name in element_names(kazakhstan, table) if in_service(kazakhstan, Target(table, name)))
            name = next(there, None)
        if name is None:
            assert table == "storages"  # the network has none
            continue
        if table == "storm_tracks":
            assert corridor_rates(kazakhstan, 0)  # what it breaks are outages of their own
            continue
        after = conditions(kazakhstan, [Event("e", kind.kind, 0, (Target(table, name),), kind.magnitude, None)],
                           Imports.CONTRACT)  # fmt: skip
        changed = any((a != b).any() if hasattr(a, "any") else a != b for a, b in zip(after, calm, strict=True))
        assert changed or kind.primitive is Primitive.STOCK, table


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.kind)
def test_outages_derates_and_limits_hit_elements(kind: Kind):
    """Zones, oblasts and load classes are places of demand; what lies in one is a group of model/groups.py."""
    if kind.primitive in (Primitive.OUTAGE, Primitive.DERATE, Primitive.LIMIT):
        assert not {"zones", "oblasts", "load_classes"} & set(kind.targets)


def test_groups_hold_what_belongs_together(kazakhstan):
    from gridsim.model.groups import members

    pair = ("l500_agadyr_yukgres_1", "l500_agadyr_yukgres_2")
    assert members(kazakhstan, "double_circuits")[pair[0]] == pair
    assert members(kazakhstan, "gas_plants")["gpp_orenburg_ru"] == ("karachaganak_swap",)
    assert set(members(kazakhstan, "substations")["almaty_500"]) >= {"almaty_500"}
    assert all(GROUPS[group].table != group for group in GROUPS)


def test_what_has_no_ramp_stays_free_while_the_dispatcher_is_blind(two_areas):
    """Wind (100 MW, full) takes coal's place; coal is held where it was planned, so still 200 MW are short."""
    case = CASES["dispatcher_blind"]
    event = Event("it", "dispatcher_blind", 2, (Target(*case.target),), 60, None)
    horizon, policy = Horizon(dt.datetime(2026, 1, 14), 4), Policy(ac=AcMode.OFF, gas=GasMode.BALANCE)
    scenario = Scenario("kind", "two_areas", horizon, events=(event, *case.also), policy=policy)
    result = run(two_areas(WIND), scenario)
    assert np.isnan(two_areas(WIND).generators.ramp_mw_per_min).any()
    assert measured(result, ("generators", "coal_1", "p_mw"), 3.2) == pytest.approx(100, abs=1e-2)
    assert measured(result, case.measure, 3.2) == pytest.approx(200, abs=1e-2)
