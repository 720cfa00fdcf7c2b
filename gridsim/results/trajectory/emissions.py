"""CO2 and methane of a run, and against the same horizon without events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from gridsim.model.fuel import GAS_FAMILY, fuels
from gridsim.model.system import GridSystem
from gridsim.results.greenhouse import OF_POWER, carbon_dioxide, methane, tonnes_by_source
from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.run_records import Columns
from gridsim.results.trajectory_record import Subject, Trajectory

GWP_CH4_FOSSIL = {100: 29.8, 20: 82.5}  # IPCC AR6 WG1 table 7.15
LEAK_FACTORS = ("leak_transmission_km", "leak_compressor")
_CO2_OF_GAS = next(fuel.co2_factor for fuel in fuels().values() if fuel.family == GAS_FAMILY)
_TABLES = frozenset({"zones", "gas", "compressors", "solves", "minerals", "generators", "events"})


def _measures(run: Trajectory) -> Iterable[Estimate]:
    zones = run.tables["zones"]
    co2_t, methane_t = _co2_t(run.system, run.tables), _methane_t(run.system, run.tables)
    ch4_t = None if methane_t is None else sum(methane_t.values())
    compressors_t = _compressor_co2_t(run.system, run.tables)
    if co2_t is not None:
        yield measured("co2_t", "system", co2_t)
        served_mw = zones["demand_mw"] - zones["unserved_mw"] - zones["price_response_mw"]
        served_mwh = float(served_mw @ zones["duration_h"])
        if served_mwh > 0:
            yield measured("co2_t_per_mwh_served", "system", co2_t / served_mwh)
    if compressors_t is not None:
        yield measured("co2_t", "fuel:compressor_gas", compressors_t)
    yield from _greenhouse("", co2_t, ch4_t)
    for source, tonnes in (methane_t or {}).items():
        yield measured("ch4_t", f"source:{source}", tonnes)
    if co2_t is not None:
        yield from _co2_by_source(run)
    if run.baseline is not None:
        co2_t = _less(co2_t, _co2_t(run.system, run.baseline))
        base_t = _methane_t(run.system, run.baseline)
        ch4_t = _less(ch4_t, None if base_t is None else sum(base_t.values()))
        if base_t is not None:
            for source, tonnes in (methane_t or {}).items():
                yield measured("ch4_change_t", f"source:{source}", tonnes - base_t.get(source, 0.0))
        if co2_t is not None:
            yield measured("co2_change_t", "system", co2_t)
        yield from _greenhouse("_change", co2_t, ch4_t)


def _less(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base


def _greenhouse(change: str, co2_t: float | None, ch4_t: float | None) -> Iterable[Estimate]:
    if ch4_t is None:
        return
    yield measured(f"ch4{change}_t", "system", ch4_t)
    if co2_t is not None:
        for horizon_y, gwp in GWP_CH4_FOSSIL.items():
            yield measured(f"co2e_gwp{horizon_y}{change}_t", "system", co2_t + gwp * ch4_t)


def _co2_t(system: GridSystem, tables: Mapping[str, Columns]) -> float | None:
    """CO2 of machines and, where it is known, of the turbines of compressor stations; None if a factor is missing."""
    zones = tables["zones"]
    machines_t = float(zones["co2_t_per_h"] @ zones["duration_h"])
    if np.isnan(machines_t):
        return None
    return machines_t + (_compressor_co2_t(system, tables) or 0.0)


def _compressor_co2_t(system: GridSystem, tables: Mapping[str, Columns]) -> float | None:
    """CO2 of the turbines of compressor stations; None if their gas or its factor is not known."""
    rows, factor_kg_per_gj = tables["compressors"], _factor(system, _CO2_OF_GAS)
    known = np.isfinite(rows["fuel_mcm_per_d"])
    if factor_kg_per_gj is None or not known.any():
        return None
    fuel_mcm = float((rows["fuel_mcm_per_d"] * rows["duration_h"])[known].sum()) / 24.0
    fuel_gj = fuel_mcm * 1e6 * system.gas.lhv_mj_per_m3 / 1e3
    return fuel_gj * factor_kg_per_gj / 1000.0


def _methane_t(system: GridSystem, tables: Mapping[str, Columns]) -> dict[str, float] | None:
    """Methane by source, of all that the network names; None if pressures are not modelled."""
    return tonnes_by_source(methane(system, tables), "CH4") if _has_pressures(tables) else None


def _co2_by_source(run: Trajectory) -> Iterable[Estimate]:
    """CO2 of electricity by fuel, and beside it what the sum of the system does not hold."""
    parts = list(carbon_dioxide(run.system, run.tables))
    for part in parts:
        if part.source == "power":
            yield measured("co2_t", f"fuel:{part.name.rpartition(' ')[2]}", part.t)
    beside = tonnes_by_source([*parts, *methane(run.system, run.tables)], "CO2")
    for source, tonnes in beside.items():
        if source not in OF_POWER:
            yield measured("co2_t", f"source:{source}", tonnes)


def _has_pressures(tables: Mapping[str, Columns]) -> bool:
    """Pressures are null with policy.gas: balance, which does not know what a rupture vents."""
    return bool(np.isfinite(tables["gas"]["pressure_bar"]).any())


def _factor(system: GridSystem, name: str) -> float | None:
    factors = system.emission_factors
    return float(factors.value[factors.position(name)]) if factors.has(name) else None


def _remarks(run: Trajectory) -> Iterable[str]:
    system, tables = run.system, run.tables
    missing = _without_factor(system)
    if missing:
        yield f"CO2 is not stated: no CO2 factor for {_some(missing)}"
    if len(tables["compressors"]["fuel_mcm_per_d"]) and _compressor_co2_t(system, tables) is None:
        why = f"emission_factors has no {_CO2_OF_GAS}" if _has_pressures(tables) else "policy.gas: balance"
        yield f"CO2 of compressor stations is not counted: {why}"
    if len(system.gas_nodes) and not _has_pressures(tables):
        yield "methane is not stated: policy.gas: balance does not know what a rupture vents"
    leaks = [name for name in LEAK_FACTORS if _factor(system, name) is None]
    if _has_pressures(tables) and leaks:
        yield f"methane counts no leaks: emission_factors has no {' and no '.join(leaks)}"


def _without_factor(system: GridSystem) -> list[str]:
    """Machines in service, and plants with a backup fuel, whose CO2 is not known."""
    generators, links = system.generators, system.gas_to_power
    machines = generators.name[np.isnan(generators.co2_rate_t_per_mwh)].tolist()
    unknown = np.isnan(links.backup_co2_t_per_mwh) & (links.backup_fuel != "none") & (links.backup_capacity_share > 0)
    return machines + [f"the backup fuel of {plant}" for plant in links.plant[unknown].tolist()]


def _some(names: list[str], n_shown: int = 3) -> str:
    shown = ", ".join(names[:n_shown])
    return shown if len(names) <= n_shown else f"{shown} and {len(names) - n_shown} more"


SUBJECT = Subject(_measures, _TABLES, baseline_tables=_TABLES, remarks=_remarks)
