"""Components of a system by name: what `gridsim list lines south` prints, and its columns as plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len

from gridsim.errors import StudyError, nearest
from gridsim.model.system import EXTERNAL, GridSystem
from gridsim.report.numbers import significant
from gridsim.report.text_table import TextTable, terminal_width

Row = dict[str, Any]

_NUMBERS = (
    "rating_mva",
    "emergency_mva",
    "length_km",
    "installed_mw",
    "available_mw",
    "n_units",
    "p_mw",
    "forward_mw",
    "forward_emergency_mw",
    "reverse_mw",
    "reverse_emergency_mw",
    "contract_import_mw",
    "limit_import_mw",
    "capacity_mcm_per_d",
    "stock_days",
    "capacity_days",
)
_HEADINGS = {
    "from_bus": "from",
    "to_bus": "to",
    "hv_bus": "from",
    "lv_bus": "to",
    "from_node": "from",
    "to_node": "to",
    "length_km": "km",
    "rating_mva": "MVA",
    "emergency_mva": "emergency MVA",
    "kv": "kV",
    "p_mw": "MW",
    "installed_mw": "installed MW",
    "available_mw": "available MW",
    "n_units": "units",
    "load_class": "class",
    "forward_mw": "forward MW",
    "forward_emergency_mw": "emergency MW",
    "reverse_mw": "reverse MW",
    "reverse_emergency_mw": "reverse emergency MW",
    "contract_import_mw": "contract MW",
    "limit_import_mw": "limit MW",
    "capacity_mcm_per_d": "mcm/d",
    "stock_days": "days in stock",
    "capacity_days": "days when full",
    "in_service": "in service",
}


def component_rows(system: GridSystem, what: str, text: str = "") -> list[Row]:
    """Components of a table, ``name`` first; only those with ``text`` in name, title, plant, zone or oblast.

    Case does not matter; a component of two places, such as a line, has both (``north-south``). Raises StudyError for
    a table that is not listed.
    """
    if what not in LISTS:
        raise StudyError(f"no list of '{what}'; {nearest(what, LISTS)}")
    sought = text.casefold()
    searched = ("name", "title", "plant", "zone", "oblast")
    rows = LISTS[what](system)
    return [row for row in rows if any(sought in str(row.get(key, "")).casefold() for key in searched)]


def component_lines(rows: Sequence[Row], width: int | None = None) -> list[str]:
    """The rows as a table; titles, and words too long to stand beside a name, are broken in tables of their own."""
    width = terminal_width() if width is None else width
    keys = [key for key in rows[0] if _says_something(rows, key)]
    whole = _table(rows, keys).lines(width)
    if len(whole) == len(rows) + 1 and max(map(cell_len, whole)) <= width:
        return whole
    longest = {key: max(cell_len(_text(row[key])) for row in rows) for key in keys}
    apart = [key for key in keys[1:] if key == "title" or longest["name"] + 2 + longest[key] > width]
    lines = _table(rows, [key for key in keys if key not in apart]).lines(width)
    for key in apart:
        lines += ["", *_table(rows, ["name", key], wrapped=True).lines(width)]
    return lines


def _says_something(rows: Sequence[Row], key: str) -> bool:
    """Nothing: a column without any text, titles that repeat the names, ``in_service`` where everything is."""
    if key == "in_service":
        return not all(row[key] for row in rows)
    if key == "title":
        return any(row[key] not in ("", row["name"]) for row in rows)
    return any(row[key] not in ("", None) for row in rows)


def _table(rows: Sequence[Row], keys: Sequence[str], *, wrapped: bool = False) -> TextTable:
    return TextTable(
        tuple(_HEADINGS.get(key, key) for key in keys),
        tuple(tuple(_text(row[key]) for key in keys) for row in rows),
        left=frozenset(_HEADINGS.get(key, key) for key in keys if key not in _NUMBERS),
        wrapped=wrapped,
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else significant(value)


def _joined(*places: str) -> str:
    """``north``, or ``north-south`` of two different ones."""
    return "-".join(dict.fromkeys(place for place in places if place))


def _zone(system: GridSystem, *buses: int) -> dict[str, str]:
    return {
        "zone": _joined(*(str(system.bus_zone_name[bus]) for bus in buses)),
        "oblast": _joined(*(str(system.buses.oblast[bus]) for bus in buses)),
    }


def _zone_name(system: GridSystem, zone: int) -> str:
    """Zone of a gas node, which has its position."""
    return system.zones[zone] if zone >= 0 else EXTERNAL


def _number(value: float) -> float:
    return round(float(value), 3)


def _lines(system: GridSystem) -> list[Row]:
    table, bus = system.lines, system.buses
    rows = []
    for i, (start, end) in enumerate(zip(table.from_bus, table.to_bus, strict=True)):
        kv = float(bus.vn_kv[start])
        mva_per_ka = np.sqrt(3.0) * kv * table.parallel[i]
        rows.append(
            {
                "name": str(table.name[i]),
                "kv": f"{kv:g}",
                "from_bus": str(bus.name[start]),
                "to_bus": str(bus.name[end]),
                "rating_mva": _number(mva_per_ka * table.max_i_ka[i]),
                "emergency_mva": _number(mva_per_ka * table.max_i_emergency_ka[i]),
                "length_km": _number(table.length_km[i]),
                **_zone(system, start, end),
                "in_service": bool(table.in_service[i]),
            }
        )
    return rows


def _transformers(system: GridSystem) -> list[Row]:
    table, bus = system.transformers, system.buses
    rows = []
    for i, (high, low) in enumerate(zip(table.hv_bus, table.lv_bus, strict=True)):
        mva = table.sn_mva[i] * table.parallel[i] / 100.0
        rows.append(
            {
                "name": str(table.name[i]),
                "kv": f"{bus.vn_kv[high]:g}/{bus.vn_kv[low]:g}",
                "hv_bus": str(bus.name[high]),
                "lv_bus": str(bus.name[low]),
                "rating_mva": _number(mva * table.max_loading_percent[i]),
                "emergency_mva": _number(mva * table.max_loading_emergency_percent[i]),
                **_zone(system, high, low),
                "in_service": bool(table.in_service[i]),
            }
        )
    return rows


def _buses(system: GridSystem) -> list[Row]:
    table = system.buses
    return [
        {
            "name": str(table.name[i]),
            "kv": f"{table.vn_kv[i]:g}",
            "kind": str(table.kind[i]),
            **_zone(system, i),
            "title": str(table.title[i]),
        }
        for i in range(len(table))
    ]


def _generators(system: GridSystem) -> list[Row]:
    table = system.generators
    return [
        {
            "name": str(table.name[i]),
            "fuel": str(table.fuel[i]),
            "technology": str(table.technology[i]),
            "installed_mw": _number(table.installed_mw[i]),
            "available_mw": _number(table.p_max_mw[i]),
            "plant": str(table.plant[i]),
            "bus": str(system.buses.name[table.bus[i]]),
            **_zone(system, int(table.bus[i])),
            "in_service": bool(table.in_service[i]),
        }
        for i in range(len(table))
    ]


def _plants(system: GridSystem) -> list[Row]:
    table = system.generators
    rows = []
    for plant in dict.fromkeys(table.plant.tolist()):
        members = np.flatnonzero(table.plant == plant)
        live = members[table.in_service[members]]
        rows.append(
            {
                "name": str(plant),
                "fuel": _joined(*(str(fuel) for fuel in table.fuel[members])),
                "n_units": len(live),
                "installed_mw": _number(table.installed_mw[live].sum()),
                "available_mw": _number(table.p_max_mw[live].sum()),
                **_zone(system, *table.bus[members].tolist()),
                "title": str(table.title[members[0]]),
            }
        )
    return rows


def _loads(system: GridSystem) -> list[Row]:
    table = system.loads
    classes = system.load_classes.name
    return [
        {
            "name": str(table.name[i]),
            "load_class": str(classes[table.load_class[i]]),
            "p_mw": _number(table.p_mw[i]),
            "bus": str(system.buses.name[table.bus[i]]),
            **_zone(system, int(table.bus[i])),
            "in_service": bool(table.in_service[i]),
        }
        for i in range(len(table))
    ]


def _interfaces(system: GridSystem) -> list[Row]:
    limits = system.interface_limits
    rows = []
    for i, name in enumerate(system.interfaces.name.tolist()):
        row: Row = {"name": name}
        for direction in ("forward", "reverse"):
            intact = (limits.interface == i) & (limits.direction == direction) & (limits.lines_out == 0)
            for key, values in (("mw", limits.normal_mw), ("emergency_mw", limits.emergency_mw)):
                least = values[intact].min() if intact.any() else np.nan
                row[f"{direction}_{key}"] = None if np.isnan(least) else _number(least)
        rows.append(row | {"title": str(system.interfaces.title[i])})
    return rows


def _borders(system: GridSystem) -> list[Row]:
    table = system.borders
    return [
        {
            "name": str(table.name[i]),
            "country": str(table.country[i]),
            "contract_import_mw": _number(table.contract_import_mw[i]),
            "limit_import_mw": _number(table.limit_import_mw[i]),
            "bus": str(system.buses.name[table.bus[i]]),
            **_zone(system, int(table.bus[i])),
            "in_service": bool(table.in_service[i]),
        }
        for i in range(len(table))
    ]


def _gas_nodes(system: GridSystem) -> list[Row]:
    table = system.gas_nodes
    return [
        {
            "name": str(table.name[i]),
            "kind": str(table.kind[i]),
            "zone": _zone_name(system, table.zone[i]),
            "oblast": str(table.oblast[i]),
            "title": str(table.title[i]),
        }
        for i in range(len(table))
    ]


def _gas_pipelines(system: GridSystem) -> list[Row]:
    table, node = system.gas_pipelines, system.gas_nodes
    return [
        {
            "name": str(table.name[i]),
            "system": str(table.system[i]),
            "from_node": str(node.name[start]),
            "to_node": str(node.name[end]),
            "capacity_mcm_per_d": _number(table.capacity_mcm_per_d[i]),
            "length_km": _number(table.length_km[i]),
            "zone": _joined(*(_zone_name(system, node.zone[i]) for i in (start, end))),
            "oblast": _joined(str(node.oblast[start]), str(node.oblast[end])),
            "in_service": bool(table.in_service[i]),
            "title": str(table.title[i]),
        }
        for i, (start, end) in enumerate(zip(table.from_node, table.to_node, strict=True))
    ]


def _fuel_stocks(system: GridSystem) -> list[Row]:
    table = system.fuel_stocks
    bus_of = dict(zip(system.generators.plant.tolist(), system.generators.bus.tolist(), strict=True))
    return [
        {
            "name": str(table.name[i]),
            "fuel": str(table.fuel[i]),
            "stock_days": _number(table.stock_days[i]),
            "capacity_days": _number(table.capacity_days[i]),
            "plant": str(table.plant[i]),
            **_zone(system, *([bus_of[table.plant[i]]] if table.plant[i] in bus_of else [])),
            "origin": str(table.origin[i]),
        }
        for i in range(len(table))
    ]


LISTS: dict[str, Callable[[GridSystem], list[Row]]] = {
    "lines": _lines,
    "transformers": _transformers,
    "buses": _buses,
    "generators": _generators,
    "plants": _plants,
    "loads": _loads,
    "interfaces": _interfaces,
    "borders": _borders,
    "gas_nodes": _gas_nodes,
    "gas_pipelines": _gas_pipelines,
    "fuel_stocks": _fuel_stocks,
}
