"""The two-area system by hand: its tables, with gas and without, and scenarios on it.

North: coal 500 MW at n1, homes 100 MW at n2. South: gas 200 MW (must run at 200), homes 200 MW and a factory of 100 MW
at s1. The interface north_south carries 150 MW, 60 MW with one circuit out. No losses, flat load.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

from gridsim.io.read_network import system_from_tables
from gridsim.model.scenario import AcMode, Event, GasMode, Horizon, Imports, Policy, Scenario, Target
from gridsim.model.system import GridSystem

Tables = dict[str, list[dict[str, Any]]]

META: dict[str, Any] = {
    "name": "two_areas",
    "zones": ["north", "south"],
    "timezone": "UTC+05:00",
    "reserve_mw": {"north": 0, "south": 0},
}

TWO_AREAS: Tables = {
    "buses": [
        {"name": "n1", "zone": "north", "oblast": "N", "vn_kv": 500},
        {"name": "n2", "zone": "north", "oblast": "N", "vn_kv": 500},
        {"name": "s1", "zone": "south", "oblast": "S", "vn_kv": 500},
    ],
    "lines": [
        {"name": "n1_n2", "from_bus": "n1", "to_bus": "n2", "length_km": 50, "r_ohm_per_km": 0.03,
         "x_ohm_per_km": 0.3, "max_i_ka": 2.0},
        {"name": "n1_s1", "from_bus": "n1", "to_bus": "s1", "length_km": 100, "r_ohm_per_km": 0.03,
         "x_ohm_per_km": 0.3, "max_i_ka": 2.0},
        {"name": "n2_s1", "from_bus": "n2", "to_bus": "s1", "length_km": 100, "r_ohm_per_km": 0.03,
         "x_ohm_per_km": 0.3, "max_i_ka": 2.0},
    ],
    "generators": [
        {"name": "coal_1", "plant": "coal", "bus": "n1", "fuel": "coal", "installed_mw": 500, "p_max_mw": 500,
         "p_min_mw": 100, "cost_per_mwh": 10, "ramp_mw_per_min": 5, "co2_t_per_mwh": 1.0, "droop_pu": 0.05,
         "inertia_h_s": 4},
        {"name": "gas_1", "plant": "gas", "bus": "s1", "fuel": "gas", "installed_mw": 200, "p_max_mw": 200,
         "p_min_mw": 200, "must_run": "true", "cost_per_mwh": 25, "ramp_mw_per_min": 10, "co2_t_per_mwh": 0.5,
         "droop_pu": 0.05, "inertia_h_s": 4},
    ],
    "load_classes": [
        {"name": "factory", "shed_order": 1, "voll_usd_per_kwh": 1},
        {"name": "homes", "shed_order": 2, "voll_usd_per_kwh": 5},
    ],
    "loads": [
        {"name": "n2_homes", "bus": "n2", "p_mw": 100, "load_class": "homes"},
        {"name": "s1_homes", "bus": "s1", "p_mw": 200, "load_class": "homes"},
        {"name": "s1_factory", "bus": "s1", "p_mw": 100, "load_class": "factory", "site": "smelter"},
    ],
    "interfaces": [
        {"interface": "north_south", "line": "n1_s1", "sign": 1},
        {"interface": "north_south", "line": "n2_s1", "sign": 1},
    ],
    "interface_limits": [
        {"interface": "north_south", "direction": "forward", "normal_mw": 150},
        {"interface": "north_south", "direction": "forward", "lines_out": 1, "normal_mw": 60},
    ],
}  # fmt: skip

GAS: Tables = {
    "gas_nodes": [
        {"name": "field", "kind": "field", "zone": "north"},
        {"name": "hub", "kind": "junction", "zone": "south"},
        {"name": "gate", "kind": "city_gate", "zone": "south"},
    ],
    "gas_pipelines": [
        {"name": "trunk", "from_node": "field", "to_node": "hub", "length_km": 400, "inner_diameter_mm": 1000,
         "pn_bar": 75, "capacity_mcm_per_d": 20, "linepack_mcm": 8, "usable_linepack_mcm": 2},
        {"name": "lateral", "from_node": "hub", "to_node": "gate", "length_km": 100, "inner_diameter_mm": 700,
         "pn_bar": 55, "capacity_mcm_per_d": 10, "linepack_mcm": 4, "usable_linepack_mcm": 1},
    ],
    "gas_supply": [
        {"name": "production", "node": "field", "kind": "production", "winter_mcm_per_d": 10, "summer_mcm_per_d": 10,
         "max_mcm_per_d": 12},
    ],
    "gas_demand": [
        {"name": "gate_homes", "node": "gate", "gas_class": "households", "winter_mcm_per_d": 1,
         "summer_mcm_per_d": 1},
        {"name": "gate_industry", "node": "gate", "gas_class": "industry", "winter_mcm_per_d": 0.5,
         "summer_mcm_per_d": 0.5},
    ],
    "gas_to_power": [
        {"plant": "gas", "node": "gate", "gas_m3_per_mwh": 312.5, "backup_fuel": "mazut",
         "backup_capacity_share": 0.5, "backup_stock_days": 1, "backup_switch_h": 2, "backup_cost_per_mwh": 100,
         "backup_co2_t_per_mwh": 0.75},
    ],
}  # fmt: skip

#: No imports, no AC check, gas by balance: numbers that can be worked out by hand.
BY_HAND = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.BALANCE)


def build_two_areas(edit: Callable[[Tables], None] | None = None, *, gas: bool = False, **meta: Any) -> GridSystem:
    """The two-area system; ``edit(tables)`` may change the rows first."""
    tables = copy.deepcopy(TWO_AREAS)
    if gas:
        tables |= copy.deepcopy(GAS)
    if edit is not None:
        edit(tables)
    return system_from_tables({**META, **meta}, tables)


def scenario(*events: Event, hours: float = 12, policy: Policy = BY_HAND) -> Scenario:
    """``hours`` from midnight of 14 January 2026 on the two-area system."""
    return Scenario("case", "two_areas", Horizon(dt.datetime(2026, 1, 14), hours), events=events, policy=policy)


def event(kind: str, table: str, name: str, at_h: float, duration_h: float | None, magnitude: float = 1.0) -> Event:
    """One event on one target."""
    return Event(f"{kind}_{name}", kind, at_h, (Target(table, name),), magnitude, duration_h)
