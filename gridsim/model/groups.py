"""Groups of elements that one event hits at once, worked out from the network's own tables."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gridsim.model.scenario import Target
from gridsim.model.system import GridSystem

SUBSTATION_KM = 10.0
_KM_PER_DEGREE = 111.2

Members = Mapping[str, tuple[str, ...]]


def _plants(system: GridSystem) -> Members:
    return {plant: tuple(system.generators.name[system.generators_of(plant)].tolist()) for plant in system.plants}


def _together(names: Iterable[str], keys: Iterable[object]) -> Members:
    """Each name -> all names of its key: a group is called by any of its members."""
    by_key: dict[object, list[str]] = defaultdict(list)
    key_of = dict(zip(names, keys, strict=True))
    for name, key in key_of.items():
        by_key[key].append(name)
    return {name: tuple(by_key[key]) for name, key in key_of.items()}


def _double_circuits(system: GridSystem) -> Members:
    ends = zip(system.lines.from_bus.tolist(), system.lines.to_bus.tolist(), strict=True)
    found = _together(system.lines.name.tolist(), (frozenset(pair) for pair in ends))
    return {name: lines for name, lines in found.items() if len(lines) > 1}


def _corridors(system: GridSystem) -> Members:
    site = _site_of_bus(system)
    ends = zip(system.lines.from_bus.tolist(), system.lines.to_bus.tolist(), strict=True)
    return _together(system.lines.name.tolist(), (frozenset((site[a], site[b])) for a, b in ends))


def _substations(system: GridSystem) -> Members:
    return _together(system.buses.name.tolist(), _site_of_bus(system))


def _site_of_bus(system: GridSystem) -> list[int]:
    """(n_buses,) number of the substation: buses joined by transformers that are not far from each other."""
    buses, transformers = system.buses, system.transformers
    site = list(range(len(buses)))
    for a, b in zip(transformers.hv_bus.tolist(), transformers.lv_bus.tolist(), strict=True):
        dy = buses.lat[a] - buses.lat[b]
        dx = (buses.lon[a] - buses.lon[b]) * np.cos(np.radians(buses.lat[a]))
        if not np.hypot(dx, dy) * _KM_PER_DEGREE > SUBSTATION_KM:  # without coordinates: one place
            site = [site[a] if number == site[b] else number for number in site]
    return site


def _interconnectors(system: GridSystem) -> Members:
    abroad = system.buses.zone < 0
    crosses = abroad[system.lines.from_bus] != abroad[system.lines.to_bus]
    return {name: (name,) for name in system.lines.name[crosses].tolist()}


def _gas_plants(system: GridSystem) -> Members:
    nodes, supply = system.gas_nodes, system.gas_supply
    found = {
        str(nodes.name[node]): tuple(supply.name[supply.node == node].tolist())
        for node in np.flatnonzero(nodes.kind == "processing_plant")
    }
    return {node: sources for node, sources in found.items() if sources}


def _gas_imports(system: GridSystem) -> Members:
    return {name: (name,) for name in system.gas_supply.name[system.gas_supply.kind == "import"].tolist()}


def _gas_exports(system: GridSystem) -> Members:
    return {name: (name,) for name in system.gas_demand.name[system.gas_demand.gas_class == "export"].tolist()}


def _rail_corridors(system: GridSystem) -> Members:
    routes = system.coal_routes
    return {
        name: tuple(routes.name[routes.corridor == name].tolist()) for name in sorted(set(routes.corridor.tolist()))
    }


class Group(NamedTuple):
    """A group of elements. ``table``: that of its members; ``meaning``: the words of docs/kinds.md."""

    table: str
    members: Callable[[GridSystem], Members]
    meaning: str


GROUPS: Mapping[str, Group] = {
    "plants": Group("generators", _plants, "all machines of a plant (called by the plant's name)"),
    "double_circuits": Group("lines", _double_circuits, "circuits between the same two buses"),
    "corridors": Group("lines", _corridors, "circuits between the same two substations"),
    "substations": Group("buses", _substations, "buses joined by transformers, not more than 10 km apart"),
    "interconnectors": Group("lines", _interconnectors, "lines with one end abroad"),
    "gas_plants": Group(
        "gas_supply", _gas_plants, "gas sources that enter at one processing plant (called by its gas node)"
    ),
    "gas_imports": Group("gas_supply", _gas_imports, "gas sources of kind import"),
    "rail_corridors": Group(
        "coal_routes", _rail_corridors, "every row of `coal_routes` with that `corridor`: a railway or conveyor"
    ),
    "gas_exports": Group("gas_demand", _gas_exports, "gas demand of class export"),
}


_WHOLE = ("lines", "transformers", "buses", "compressor_stations", "power_to_gas")


def is_whole(table: str) -> bool:
    """True for tables and groups whose elements are in or out, never out by a share."""
    return (GROUPS[table].table if table in GROUPS else table) in _WHOLE


@lru_cache(maxsize=64)
def members(system: GridSystem, group: str) -> Members:
    """Names of a group -> names of its members, in the table that GROUPS states."""
    return GROUPS[group].members(system)


def element_names(system: GridSystem, table: str) -> list[str]:
    """Names that a target may have, by table or group of kinds.csv."""
    if table in GROUPS:
        return list(members(system, table))
    if table == "zones":
        return list(system.zones)
    if table == "oblasts":
        return sorted({oblast for oblast in system.buses.oblast.tolist() if oblast})
    if table == "stocks":
        return [*system.fuel_stocks.name.tolist(), *system.gas_to_power.plant.tolist()]
    values = getattr(system, table)
    return [str(name) for name in getattr(values, dataclasses.fields(values)[0].name)]


@lru_cache(maxsize=256)
def _name_set(system: GridSystem, table: str) -> frozenset[str]:
    return frozenset(element_names(system, table))


def has_element(system: GridSystem, table: str, name: str) -> bool:
    """True if a table or group of kinds.csv has an element of that name."""
    return name in _name_set(system, table)


def opened(system: GridSystem, targets: Iterable[Target], tables: Iterable[str]) -> tuple[Target, ...]:
    """Targets with groups opened into their members and ``all`` into everything in ``tables``; each named once."""
    found: dict[Target, None] = {}
    for target in targets:
        if target.table == "all":
            everything = (Target(t, n) for t in tables if t != "all" for n in element_names(system, t))
            found.update(dict.fromkeys(opened(system, everything, ())))
        elif target.table in GROUPS:
            table = GROUPS[target.table].table
            found.update(dict.fromkeys(Target(table, name) for name in members(system, target.table)[target.name]))
        else:
            found[target] = None
    return tuple(found)


def in_service(system: GridSystem, target: Target) -> bool:
    """False for an element that the network itself has out of service."""
    table = getattr(system, target.table, None)
    flags = getattr(table, "in_service", None)
    return flags is None or bool(flags[table.position(target.name)])  # type: ignore[union-attr]
