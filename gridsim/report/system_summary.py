"""Totals of a system: what `gridsim show` prints."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
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


def winter_peak_mw(system: GridSystem) -> F8:
    """(n_hours, n_loads) demand with losses, every hour of a normal working day of each winter month."""
    weather = NormalWeather(system)
    year = system.base_year or 2025
    rows = []
    for month in _PEAK_MONTHS:
        day = dt.datetime(year, month, 15)
        while day.weekday() > 4:
            day += dt.timedelta(days=1)
        rows += [weather.at(day + dt.timedelta(hours=hour)).load_mw for hour in range(24)]
    return np.array(rows) * (1.0 + system.loss_share)


def _total(values: F8, live: Any) -> float:
    return round(float(values[live].sum()), 1)


def _by(names: Any, values: F8, live: Any) -> dict[str, float]:
    return {name: round(float(values[live & (names == name)].sum()), 1) for name in np.unique(names).tolist()}
