"""Validated rows -> arrays of the model: references become positions, groups of rows become arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import Problem
from gridsim.io.raw_table import RawTable
from gridsim.io.references import references
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Row
from gridsim.model import carriers, planning, power, weather
from gridsim.model.system import DAY_TYPES, MONTHS, Climate, HeatCurves, HourlyProfiles, Profiles
from gridsim.model.table import Table

TableType = TypeVar("TableType", bound=Table)

MODELS: dict[str, type[Table]] = {
    "buses": power.Buses,
    "lines": power.Lines,
    "transformers": power.Transformers,
    "shunts": power.Shunts,
    "generators": power.Generators,
    "cost_blocks": power.CostBlocks,
    "maintenance_classes": power.MaintenanceClasses,
    "storages": power.Storages,
    "loads": power.Loads,
    "load_classes": power.LoadClasses,
    "interface_limits": power.InterfaceLimits,
    "borders": power.Borders,
    "border_support": power.BorderSupport,
    "weather_sites": power.WeatherSites,
    "weather_field": weather.WeatherField,
    "weather_variability": weather.WeatherVariability,
    "renewable_sites": weather.RenewableSites,
    "clearness": weather.Clearness,
    "clear_sky": weather.ClearSky,
    "load_response": weather.LoadResponse,
    "rivers": weather.Rivers,
    "weather_targets": weather.WeatherTargets,
    "typical": planning.Typical,
    "renewables_at_peak": planning.RenewablesAtPeak,
    "automation": power.Automation,
    "neighbour_systems": power.NeighbourSystems,
    "stability_limits": power.StabilityLimits,
    "gas_nodes": carriers.GasNodes,
    "gas_pipelines": carriers.GasPipelines,
    "gas_supply": carriers.GasSupply,
    "gas_demand": carriers.GasDemand,
    "gas_storage": carriers.GasStorage,
    "gas_to_power": carriers.GasToPower,
    "compressor_stations": carriers.CompressorStations,
    "power_to_gas": carriers.PowerToGas,
    "fuel_stocks": carriers.FuelStocks,
    "coal_routes": carriers.CoalRoutes,
    "heat": carriers.Heat,
    "auxiliaries": carriers.Auxiliaries,
    "repair_crews": carriers.RepairCrews,
    "reservoirs": carriers.Reservoirs,
    "reservoir_releases": carriers.ReservoirReleases,
    "duty": power.Duties,
    "minerals": carriers.Minerals,
    "mineral_processes": carriers.MineralProcesses,
    "nuclear": carriers.NuclearSites,
    "offsite_losses": carriers.OffsiteLosses,
    "emission_factors": carriers.EmissionFactors,
    "methane_sources": carriers.MethaneSources,
    "storm_tracks": carriers.StormTracks,
    "cooling": carriers.Cooling,
    "water_supply": carriers.WaterSupply,
    "unit_costs": carriers.UnitCosts,
    "inventory_targets": carriers.InventoryTargets,
    "sources": carriers.Sources,
}


def table_of(
    name: str, model: type[TableType], table: RawTable, positions: Mapping[str, Mapping[str, int]]
) -> TableType:
    """Rows to columns: references to positions (-1 for none), missing numbers to NaN, missing whole numbers to -1."""
    pointing = dict(references(TABLES[name].row))
    rows = [_completed(name, row) for _, row in table.rows]
    columns: dict[str, list[Any]] = {}
    for column, kind in model.columns().items():
        values = [row[column] for row in rows]
        if kind == "I4" and column in pointing:
            values = [positions[pointing[column]].get(value, -1) for value in values]
        elif kind == "I4":
            values = [-1 if value is None else int(value) for value in values]
        elif kind == "F8":
            values = [np.nan if value is None else float(value) for value in values]
        columns[column] = values
    return model(**columns)


def _completed(name: str, row: Row) -> dict[str, Any]:
    """The row with defaults that depend on another cell."""
    values = row.model_dump()
    if name == "lines" and values["max_i_emergency_ka"] is None and values["max_i_ka"] is not None:
        values["max_i_emergency_ka"] = 1.2 * values["max_i_ka"]
    if name == "generators":
        p_max_mw = values["p_max_mw"]
        values["plant"] = values["plant"] or values["name"]
        values["title"] = values["title"] or values["plant"]
        for column, default in (
            ("sn_mva", values["installed_mw"] / 0.85),
            ("q_min_mvar", -0.3 * p_max_mw),
            ("q_max_mvar", 0.6 * p_max_mw),
        ):
            if values[column] is None:
                values[column] = default
    if name == "interface_limits" and values["emergency_mw"] is None:
        values["emergency_mw"] = values["normal_mw"]
    if name == "gas_demand" and values["cold_day_mcm_per_d"] is None:
        values["cold_day_mcm_per_d"] = values["winter_mcm_per_d"]
    return values


def interfaces_of(
    table: RawTable, positions: Mapping[str, Mapping[str, int]]
) -> tuple[power.Interfaces, power.InterfaceMembers]:
    """Interfaces in the order of their first rows, and their members."""
    titles: dict[str, str] = {}
    for _, row in table.rows:
        titles[row.interface] = titles.get(row.interface) or row.title
    n_lines = len(positions["lines"])
    rows = [row for _, row in table.rows]
    members = power.InterfaceMembers(
        interface=np.array([positions["interfaces"][row.interface] for row in rows], dtype=np.int32),
        branch=np.array(
            [
                positions["lines"][row.line] if row.line else n_lines + positions["transformers"][row.transformer]
                for row in rows
            ],
            dtype=np.int32,
        ),
        sign=np.array([row.sign for row in rows], dtype=np.float64),
    )
    interfaces = power.Interfaces(
        name=np.array(list(titles), dtype=np.str_),
        title=np.array([title or name for name, title in titles.items()], dtype=np.str_),
    )
    return interfaces, members


def profiles_of(table: RawTable, problems: list[Problem]) -> Profiles:
    """(shapes, 12 months, 3 day types, 24 hours); a shape with a gap or a value given twice is a problem."""
    if table.broken:  # what is missing may be what was refused
        return Profiles.empty()
    names, shape = table.coded("profile")
    value = np.full((len(names), MONTHS, len(DAY_TYPES), 24), np.nan)
    if not names:
        return Profiles(np.array(names, dtype=np.str_), value)
    month, hour, kept = table.column("month") - 1, table.column("hour"), table.column("value")
    day_types, day_type = table.coded("day_type")
    for day, name in enumerate(DAY_TYPES):
        here = np.flatnonzero([text in ("any", name) for text in day_types])
        here = np.flatnonzero(np.isin(day_type, here))
        at = shape[here], month[here], day, hour[here]
        again = ~_is_first(np.ravel_multi_index(at[:2] + at[3:], (len(names), MONTHS, 24)))
        for position in here[again].tolist():
            what = f"'{names[shape[position]]}' has this hour twice"
            problems.append(table.problem(table.number(position), "profile", what, "keep one"))
        value[at] = kept[here]
    for position, name in enumerate(names):
        gaps = np.argwhere(np.isnan(value[position]))
        if len(gaps):
            first_month, first_day, first_hour = gaps[0]
            what = f"'{name}' lacks {len(gaps)} values, first month {first_month + 1} {DAY_TYPES[first_day]}"
            mend = "give 12 months x 24 hours for day_type any, or for each of workday, saturday, sunday"
            problems.append(table.problem(0, "profile", f"{what} hour {first_hour}", mend))
    return Profiles(np.array(names, dtype=np.str_), value)


def hourly_profiles_of(table: RawTable, profiles: Sequence[str], problems: list[Problem]) -> HourlyProfiles:
    """(shapes, hours) of the shapes among ``profiles``; every shape has every hour of the sample year."""
    names, shape = table.coded("profile")
    if not names or table.broken:
        return HourlyProfiles.empty()
    hour = table.column("hour")
    span = int(hour.max()) + 1
    for position in np.flatnonzero(~_is_first(shape * span + hour)).tolist():
        what = f"'{names[shape[position]]}' has hour {hour[position]} twice"
        problems.append(table.problem(table.number(position), "hour", what, "keep one"))
    filled = np.zeros((len(names), span), dtype=bool)
    value = np.zeros((len(names), span))
    filled[shape, hour] = True
    value[shape, hour] = table.column("value")
    n_hours = int(filled.sum(axis=1).max())
    for position, name in enumerate(names):
        if not filled[position, :n_hours].all() or filled[position, n_hours:].any():
            gap = f"'{name}' has not every hour from 0 to {n_hours - 1}"
            problems.append(table.problem(0, "hour", gap, "give all, in all shapes"))
    known = [position for position, name in enumerate(names) if name in profiles]
    if problems or not known:
        return HourlyProfiles.empty()
    at = np.array([profiles.index(names[position]) for position in known], dtype=np.int32)
    return HourlyProfiles(at, np.ascontiguousarray(value[known, :n_hours]))


def _is_first(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for the first row of each key."""
    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first


def heat_curves_of(table: RawTable) -> HeatCurves:
    """Points of each curve (temperature, least share, largest share), sorted by temperature."""
    points: dict[str, list[tuple[float, float, float]]] = {}
    for _, row in table.rows:
        points.setdefault(row.curve, []).append((row.temperature_c, row.p_min_share, row.p_max_share))
    return HeatCurves(
        np.array(list(points), dtype=np.str_), tuple(np.array(sorted(values)) for values in points.values())
    )


def temperature_curves_of(table: RawTable, column: str) -> weather.TemperatureCurves:
    """Points of each curve (temperature, ``column``), sorted by temperature."""
    points: dict[str, list[tuple[float, float]]] = {}
    for _, row in table.rows:
        points.setdefault(row.curve, []).append((row.temperature_c, getattr(row, column)))
    return weather.TemperatureCurves(
        np.array(list(points), dtype=np.str_), tuple(np.array(sorted(values)) for values in points.values())
    )


def planning_day_of(keys: Mapping[str, Any] | None) -> planning.PlanningDaySettings:
    """Settings of the planning day; those of a network that states none without ``keys``."""
    if keys is None:
        return planning.PlanningDaySettings()
    return planning.PlanningDaySettings(keys["expected_peak_mw"], keys["load_forecast_error"])


def climate_of(table: RawTable, sites: Mapping[str, int]) -> Climate:
    """Monthly climate by site, NaN where a site has none."""
    values = np.full((3, len(sites), MONTHS), np.nan)
    for _, row in table.rows:
        values[:, sites[row.site], row.month - 1] = row.t_mean_c, row.t_min_c, row.t_max_c
    return Climate(*values)
