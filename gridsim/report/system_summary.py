"""Totals of a system: what `gridsim show` prints."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.report.maintenance_summary import maintenance_summary, maintenance_table
from gridsim.report.numbers import significant
from gridsim.report.text_table import TextTable, terminal_width, wrapped
from gridsim.weather.normal import NormalWeather

_PEAK_MONTHS = (12, 1, 2)


def system_summary(system: GridSystem) -> dict[str, Any]:
    """Counts and totals in MW of the base state; peaks include the loss share, as published demand does."""
    generators = system.generators
    live = generators.in_service
    zone = system.bus_zone_name[generators.bus]
    peak_mw = winter_peak_mw(system)
    load_zone = system.buses.zone[system.loads.bus]
    return {
        "name": system.name,
        "title": system.title,
        "base_year": system.base_year,
        "zones": list(system.zones),
        "counts": {
            table: len(getattr(system, table))
            for table in (
                "buses",
                "lines",
                "transformers",
                "shunts",
                "generators",
                "storages",
                "loads",
                "interfaces",
                "borders",
                "gas_nodes",
                "gas_pipelines",
                "fuel_stocks",
                "minerals",
                "nuclear",
            )
        },
        "installed_mw": _total(generators.installed_mw, live),
        "available_mw": _total(generators.p_max_mw, live),
        "installed_mw_by_fuel": _by(generators.fuel, generators.installed_mw, live),
        "installed_mw_by_zone": _by(zone, generators.installed_mw, live),
        "available_mw_by_zone": _by(zone, generators.p_max_mw, live),
        "winter_peak_mw": round(float(peak_mw.sum(axis=1).max()), 1),
        "winter_peak_mw_by_zone": {
            name: round(float(peak_mw[:, load_zone == position].sum(axis=1).max()), 1)
            for position, name in enumerate(system.zones)
        },
        "planned_repairs": maintenance_summary(system),
        "contract_import_mw": round(float(system.borders.contract_import_mw.sum()), 1),
        "sections": {
            name: [
                {
                    "direction": str(limits.direction[row]),
                    "lines_out": int(limits.lines_out[row]),
                    "season": str(limits.season[row]),
                    "normal_mw": float(limits.normal_mw[row]),
                    "emergency_mw": float(limits.emergency_mw[row]),
                }
                for limits in (system.interface_limits,)
                for row in np.flatnonzero(limits.interface == position)
            ]
            for position, name in enumerate(system.interfaces.name.tolist())
        },
        "licence": system.licence,
        "content_hash": system.content_hash,
    }


def system_lines(summary: dict[str, Any], width: int | None = None) -> list[str]:
    """The same for people: a table each of totals, fuels, zones, interfaces and counts."""
    width = terminal_width() if width is None else width
    title = f"{summary['name']}: {summary['title']}" if summary["title"] else summary["name"]
    totals = [
        ("installed", summary["installed_mw"]),
        ("available", summary["available_mw"]),
        ("winter peak with losses", summary["winter_peak_mw"]),
        ("contract import", summary["contract_import_mw"]),
    ]
    fuels = sorted(summary["installed_mw_by_fuel"].items(), key=lambda item: -item[1])
    by_zone = [summary[f"{what}_mw_by_zone"] for what in ("installed", "available", "winter_peak")]
    zones = list(dict.fromkeys([*summary["zones"], *(name for column in by_zone for name in column)]))
    tables = [
        TextTable(("all zones", "MW"), tuple((name, _mw(value)) for name, value in totals)),
        TextTable(("fuel", "installed MW"), tuple((name, _mw(value)) for name, value in fuels)),
        TextTable(
            ("zone", "installed MW", "available MW", "winter peak MW"),
            tuple((name, *(_mw(column.get(name, 0.0)) for column in by_zone)) for name in zones),
        ),
        *([maintenance_table(summary["planned_repairs"])] if summary["planned_repairs"] else []),
        _interface_table(summary["sections"]),
        TextTable(
            ("holds", "number"),
            tuple((name.replace("_", " "), f"{n:,}") for name, n in summary["counts"].items() if n),
        ),
    ]
    lines = [line for text in (title, f"licence: {summary['licence'] or '-'}") for line in wrapped(text, width)]
    if summary["base_year"]:
        lines[1:1] = [f"base year {summary['base_year']}"]
    for table in tables:
        if table.rows:
            lines += ["", *table.lines(width)]
    return lines


def _interface_table(sections: dict[str, list[dict[str, Any]]]) -> TextTable:
    """Limits by interface; both directions in one row where they are the same."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, limits in sections.items():
        for limit in limits:
            mw = (_mw(limit["normal_mw"]), _mw(limit["emergency_mw"]))
            key = (name, str(limit["lines_out"]), limit["season"], *mw)
            rows.setdefault(key, []).append(limit["direction"])
    return TextTable(
        ("interface", "direction", "lines out", "season", "normal MW", "emergency MW"),
        tuple((key[0], "both" if len(directions) > 1 else directions[0], *key[1:]) for key, directions in rows.items()),
        left=frozenset({"direction", "season"}),
    )


def _mw(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else significant(value)


def winter_peak_mw(system: GridSystem) -> F8:
    """(n_hours, n_loads) demand with losses, every hour of a normal working day of each winter month."""
    weather = NormalWeather(system)
    year = system.base_year or 2025
    rows = []
    for month in _PEAK_MONTHS:
        day = dt.datetime(year, month, 15)
        while day.weekday() > 4:
            day += dt.timedelta(days=1)
        rows += [weather.load_mw(day + dt.timedelta(hours=hour)) for hour in range(24)]
    return np.array(rows) * (1.0 + system.loss_share)


def _total(values: F8, live: Any) -> float:
    return round(float(values[live].sum()), 1)


def _by(names: Any, values: F8, live: Any) -> dict[str, float]:
    return {name: round(float(values[live & (names == name)].sum()), 1) for name in np.unique(names).tolist()}
