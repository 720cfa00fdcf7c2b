"""Validated rows -> GridSystem: references become positions, groups arrays, tables are checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Row
from gridsim.kernels.flows import islands
from gridsim.model import carriers, power, weather
from gridsim.model.system import (
    DAY_TYPES,
    EXTERNAL,
    MONTHS,
    Climate,
    GridSystem,
    HeatCurves,
    HourlyProfiles,
    Profiles,
)
from gridsim.model.table import Table

TableType = TypeVar("TableType", bound=Table)


@dataclass
class RawTable:
    """Rows of one file with their line numbers (which know their own ``file`` where they stand in another one).

    ``broken``: some row was refused.
    """

    file: str
    rows: list[tuple[int, Any]]
    broken: bool = False

    def problem(self, number: int, column: str, value: str, mend: str) -> Problem:
        return Problem(getattr(number, "file", self.file), int(number), column, value, mend)


MODELS: dict[str, type[Table]] = {
    "buses": power.Buses,
    "lines": power.Lines,
    "transformers": power.Transformers,
    "shunts": power.Shunts,
    "generators": power.Generators,
    "storages": power.Storages,
    "loads": power.Loads,
    "load_classes": power.LoadClasses,
    "interface_limits": power.InterfaceLimits,
    "borders": power.Borders,
    "weather_sites": power.WeatherSites,
    "weather_field": weather.WeatherField,
    "weather_variability": weather.WeatherVariability,
    "renewable_sites": weather.RenewableSites,
    "clearness": weather.Clearness,
    "clear_sky": weather.ClearSky,
    "load_response": weather.LoadResponse,
    "rivers": weather.Rivers,
    "weather_targets": weather.WeatherTargets,
    "automation": power.Automation,
    "gas_nodes": carriers.GasNodes,
    "gas_pipelines": carriers.GasPipelines,
    "gas_supply": carriers.GasSupply,
    "gas_demand": carriers.GasDemand,
    "gas_storage": carriers.GasStorage,
    "gas_to_power": carriers.GasToPower,
    "compressor_stations": carriers.CompressorStations,
    "power_to_gas": carriers.PowerToGas,
    "fuel_stocks": carriers.FuelStocks,
    "repair_crews": carriers.RepairCrews,
    "reservoirs": carriers.Reservoirs,
    "minerals": carriers.Minerals,
    "nuclear": carriers.NuclearSites,
    "emission_factors": carriers.EmissionFactors,
    "sources": carriers.Sources,
}


def build_system(
    meta: Mapping[str, Any],
    meta_file: str,
    tables: Mapping[str, RawTable],
    problems: list[Problem],
    *,
    content_hash: str,
) -> GridSystem:
    """Check references and sums over tables, convert to arrays. Raises InputError with all problems, old and new."""
    names = _names(meta, tables, problems)
    _check_references(tables, names, problems)
    _check_rows(tables, problems)
    for zone in meta["zones"]:
        if zone == EXTERNAL or list(meta["zones"]).count(zone) > 1:
            value = f"'{zone}' is reserved" if zone == EXTERNAL else f"'{zone}' given twice"
            problems.append(Problem(meta_file, 0, "zones", value, "give every zone of the network once"))
    reserve_mw = meta["reserve_mw"]
    for zone, value in reserve_mw.items():
        if zone not in meta["zones"]:
            problems.append(Problem(meta_file, 0, f"reserve_mw.{zone}", "no such zone", nearest(zone, meta["zones"])))
        if value < 0:
            problems.append(Problem(meta_file, 0, f"reserve_mw.{zone}", f"{value} is not >= 0", "give it in MW"))
    profiles = _profiles(tables["profiles"], problems)
    hourly_profiles = _hourly_profiles(tables["hourly_profiles"], names["profiles"], problems)
    heat_curves = _heat_curves(tables["heat_curves"])
    if problems:
        raise InputError(set(problems))
    positions = {table: {name: at for at, name in enumerate(table_names)} for table, table_names in names.items()}
    built = {name: _convert(name, model, tables[name], positions) for name, model in MODELS.items()}
    interfaces, members = _interfaces(tables["interfaces"], positions)
    system = GridSystem(
        name=meta["name"],
        title=meta["title"],
        description=meta["description"],
        country=meta["country"],
        timezone=meta["timezone"],
        f_hz=meta["f_hz"],
        zones=tuple(meta["zones"]),
        reserve_mw=tuple(float(reserve_mw.get(zone, 0.0)) for zone in meta["zones"]),
        reserve_stated=bool(reserve_mw),
        loss_share=meta["loss_share"],
        base_year=meta["base_year"],
        gas=carriers.GasSettings(**meta["gas"]),
        licence=meta["licence"],
        content_hash=content_hash,
        interfaces=interfaces,
        interface_members=members,
        profiles=profiles,
        hourly_profiles=hourly_profiles,
        heat_curves=heat_curves,
        outage_curves=_temperature_curves(tables["outage_curves"], "unavailability"),
        rating_curves=_temperature_curves(tables["rating_curves"], "factor"),
        climate=_climate(tables["climate"], positions["weather_sites"]),
        **built,  # type: ignore[arg-type]
    )
    unsupplied = _islands_without_source(system, tables["buses"])
    unsupplied += _gas_without_source(system, tables["gas_demand"], tables["gas_to_power"])
    if unsupplied:
        raise InputError(unsupplied)
    return system


def _gas_without_source(system: GridSystem, demand: RawTable, links: RawTable) -> list[Problem]:
    """Customers at gas nodes that no section in service joins to a source."""
    n_nodes, pipes = len(system.gas_nodes), system.gas_pipelines
    island = islands(n_nodes, pipes.from_node, pipes.to_node, pipes.in_service)
    fed = np.zeros(n_nodes, dtype=bool)
    fed[system.gas_supply.node[system.gas_supply.in_service]] = True
    fed[system.gas_storage.node[system.gas_storage.in_service]] = True
    fed_islands = set(island[fed].tolist())
    found = []
    for table, node, counts in (
        (demand, system.gas_demand.node, system.gas_demand.in_service),
        (links, system.gas_to_power.node, system.gas_to_power.on_network),
    ):
        for (number, row), at, here in zip(table.rows, node.tolist(), counts.tolist(), strict=True):
            if here and int(island[at]) not in fed_islands:
                mend = "join it to a source by a section in service, or set in_service (on_network) to false"
                found.append(table.problem(number, "node", f"no source of gas reaches '{row.node}'", mend))
    return found


def _names(meta: Mapping[str, Any], tables: Mapping[str, RawTable], problems: list[Problem]) -> dict[str, list[str]]:
    """Allowed values of every reference, in row order; duplicates become problems."""
    names: dict[str, list[str]] = {"zones": list(meta["zones"])}
    for table_name, schema in TABLES.items():
        if not schema.key:
            continue
        table = tables[table_name]
        seen: dict[str, int] = {}
        for number, row in table.rows:
            name = getattr(row, schema.key)
            if name in seen:
                problems.append(
                    table.problem(number, schema.key, f"'{name}' stands in row {seen[name]} too", "names are unique")
                )
            seen.setdefault(name, number)
        names[table_name] = list(seen)
    for group, column in (
        ("profiles", "profile"),
        ("heat_curves", "curve"),
        ("outage_curves", "curve"),
        ("rating_curves", "curve"),
        ("interfaces", "interface"),
    ):
        names[group] = list(dict.fromkeys(getattr(row, column) for _, row in tables[group].rows))
    names["plants"] = sorted({row.plant or row.name for _, row in tables["generators"].rows})
    return names


def _references(row_model: type[Row]) -> Iterator[tuple[str, str]]:
    """(column, table it points to) of a row model."""
    for column, field in row_model.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "ref" in extra:
            yield column, str(extra["ref"])


def _check_references(tables: Mapping[str, RawTable], names: Mapping[str, list[str]], problems: list[Problem]) -> None:
    for table_name, schema in TABLES.items():
        table = tables[table_name]
        for column, target in _references(schema.row):
            if target in tables and tables[target].broken:
                continue  # the target's own problem is reported; its absence here would be noise
            allowed = set(names[target])
            for number, row in table.rows:
                value = getattr(row, column)
                if value == "" or value in allowed or (target == "zones" and value == EXTERNAL):
                    continue
                mend = nearest(value, names[target])
                problems.append(table.problem(number, column, f"'{value}' is not in {target}", mend))


def _check_rows(tables: Mapping[str, RawTable], problems: list[Problem]) -> None:
    """Checks that need two cells of one row, or two tables."""

    def check(table: RawTable, number: int, bad: bool, column: str, value: str, mend: str) -> None:
        if bad:
            problems.append(table.problem(number, column, value, mend))

    vn_kv = {row.name: row.vn_kv for _, row in tables["buses"].rows}
    for number, row in tables["buses"].rows:
        check(
            tables["buses"],
            number,
            row.vm_min_pu >= row.vm_max_pu,
            "vm_min_pu",
            f"{row.vm_min_pu} is not below vm_max_pu {row.vm_max_pu}",
            "swap them",
        )
    lines = tables["lines"]
    for number, row in lines.rows:
        check(
            lines,
            number,
            row.from_bus == row.to_bus,
            "to_bus",
            f"'{row.to_bus}' is from_bus too",
            "a line joins two buses",
        )
        pair = vn_kv.get(row.from_bus), vn_kv.get(row.to_bus)
        check(
            lines,
            number,
            None not in pair and pair[0] != pair[1],
            "to_bus",
            f"{pair[1]} kV against {pair[0]} kV at from_bus",
            "join different voltages by a transformer",
        )
        check(
            lines,
            number,
            row.max_i_ka is not None and row.max_i_emergency_ka is not None and row.max_i_emergency_ka < row.max_i_ka,
            "max_i_emergency_ka",
            f"{row.max_i_emergency_ka} is below max_i_ka {row.max_i_ka}",
            "an emergency rating is at least the normal one",
        )
    transformers = tables["transformers"]
    for number, row in transformers.rows:
        check(
            transformers,
            number,
            row.hv_bus == row.lv_bus,
            "lv_bus",
            f"'{row.lv_bus}' is hv_bus too",
            "a transformer joins two buses",
        )
        check(
            transformers,
            number,
            row.vn_hv_kv < row.vn_lv_kv,
            "vn_lv_kv",
            f"{row.vn_lv_kv} is above vn_hv_kv {row.vn_hv_kv}",
            "swap the sides",
        )
        check(
            transformers,
            number,
            row.vkr_percent >= row.vk_percent,
            "vkr_percent",
            f"{row.vkr_percent} is not below vk_percent {row.vk_percent}",
            "it is the resistive part of vk_percent",
        )
        check(
            transformers,
            number,
            not row.tap_min <= row.tap_pos <= row.tap_max,
            "tap_pos",
            f"{row.tap_pos} is outside {row.tap_min}..{row.tap_max}",
            "give a tap in the range",
        )
    generators = tables["generators"]
    for number, row in generators.rows:
        check(
            generators,
            number,
            row.p_min_mw > row.p_max_mw,
            "p_min_mw",
            f"{row.p_min_mw} is above p_max_mw {row.p_max_mw}",
            "lower it",
        )
        check(
            generators,
            number,
            row.heat_led and not row.heat_curve,
            "heat_curve",
            "empty for a heat-led machine",
            "name a curve of heat_curves.csv",
        )
        check(
            generators,
            number,
            (row.mttf_h is None) != (row.mttr_h is None),
            "mttr_h",
            "mttf_h and mttr_h go together",
            "give both or none",
        )
    classes = tables["load_classes"]
    for number, row in classes.rows:
        check(
            classes,
            number,
            row.price_responsive and row.price_per_mwh is None,
            "price_per_mwh",
            "empty for a price-responsive class",
            "give the price below which it buys, in USD/MWh",
        )
    if not classes.rows and not classes.broken:
        check(classes, 1, True, "", "no rows", "give at least one load class")
    interfaces = tables["interfaces"]
    for number, row in interfaces.rows:
        check(
            interfaces,
            number,
            bool(row.line) == bool(row.transformer),
            "line",
            "a member is either a line or a transformer",
            "fill exactly one of the two",
        )
    limits = tables["interface_limits"]
    for number, row in limits.rows:
        check(
            limits,
            number,
            row.emergency_mw is not None and row.emergency_mw < row.normal_mw,
            "emergency_mw",
            f"{row.emergency_mw} is below normal_mw {row.normal_mw}",
            "an emergency limit is at least the normal one",
        )
    borders = tables["borders"]
    for number, row in borders.rows:
        check(
            borders,
            number,
            row.contract_import_mw > row.limit_import_mw,
            "contract_import_mw",
            f"{row.contract_import_mw} is above limit_import_mw {row.limit_import_mw}",
            "lower it",
        )
    pipelines = tables["gas_pipelines"]
    for number, row in pipelines.rows:
        check(
            pipelines,
            number,
            row.from_node == row.to_node,
            "to_node",
            f"'{row.to_node}' is from_node too",
            "a section joins two nodes",
        )
        check(
            pipelines,
            number,
            row.usable_linepack_mcm > row.linepack_mcm,
            "usable_linepack_mcm",
            f"{row.usable_linepack_mcm} is above linepack_mcm {row.linepack_mcm}",
            "lower it",
        )
    stations = tables["compressor_stations"]
    fed = {row.bus for _, row in tables["loads"].rows}
    for number, row in stations.rows:
        check(
            stations,
            number,
            row.driver == "electric" and row.bus != "" and row.bus not in fed,
            "bus",
            f"'{row.bus}' has no load",
            "give the bus a load in loads.csv (0 MW will do): the station's power is added to it",
        )
    stocks = tables["fuel_stocks"]
    for number, row in stocks.rows:
        check(
            stocks,
            number,
            row.stock_days > row.capacity_days,
            "stock_days",
            f"{row.stock_days} is above capacity_days {row.capacity_days}",
            "lower it",
        )


def _convert(
    name: str, model: type[TableType], table: RawTable, positions: Mapping[str, Mapping[str, int]]
) -> TableType:
    """Rows to columns: references to positions (-1 for none), missing numbers to NaN, missing whole numbers to -1."""
    references = dict(_references(TABLES[name].row))
    rows = [_completed(name, row) for _, row in table.rows]
    columns: dict[str, list[Any]] = {}
    for column, kind in model.columns().items():
        values = [row[column] for row in rows]
        if kind == "I4" and column in references:
            values = [positions[references[column]].get(value, -1) for value in values]
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


def _interfaces(
    table: RawTable, positions: Mapping[str, Mapping[str, int]]
) -> tuple[power.Interfaces, power.InterfaceMembers]:
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


def _profiles(table: RawTable, problems: list[Problem]) -> Profiles:
    names = list(dict.fromkeys(row.profile for _, row in table.rows))
    at = {name: position for position, name in enumerate(names)}
    value = np.full((len(names), MONTHS, len(DAY_TYPES), 24), np.nan)
    for number, row in table.rows:
        days = slice(None) if row.day_type == "any" else DAY_TYPES.index(row.day_type)
        cell = value[at[row.profile], row.month - 1, days, row.hour]
        if not np.isnan(cell).all():
            problems.append(table.problem(number, "profile", f"'{row.profile}' has this hour twice", "keep one"))
        value[at[row.profile], row.month - 1, days, row.hour] = row.value
    for name, position in at.items():
        gaps = np.argwhere(np.isnan(value[position]))
        if len(gaps):
            month, day, hour = gaps[0]
            problems.append(
                table.problem(
                    0,
                    "profile",
                    f"'{name}' lacks {len(gaps)} values, first month {month + 1} {DAY_TYPES[day]} hour {hour}",
                    "give 12 months x 24 hours for day_type any, or for each of workday, saturday, sunday",
                )
            )
    return Profiles(np.array(names, dtype=np.str_), value)


def _hourly_profiles(table: RawTable, profiles: Sequence[str], problems: list[Problem]) -> HourlyProfiles:
    shapes: dict[str, dict[int, float]] = {}
    for number, row in table.rows:
        hours = shapes.setdefault(row.profile, {})
        if row.hour in hours:
            problems.append(table.problem(number, "hour", f"'{row.profile}' has hour {row.hour} twice", "keep one"))
        hours[row.hour] = row.value
    n_hours = max((len(hours) for hours in shapes.values()), default=0)
    for name, hours in shapes.items():
        if sorted(hours) != list(range(n_hours)):
            gap = f"'{name}' has not every hour from 0 to {n_hours - 1}"
            problems.append(table.problem(0, "hour", gap, "give all, in all shapes"))
    known = [name for name in shapes if name in profiles]
    if problems or not known:
        return HourlyProfiles.empty()
    value = np.array([[shapes[name][hour] for hour in range(n_hours)] for name in known])
    return HourlyProfiles(np.array([profiles.index(name) for name in known], dtype=np.int32), value)


def _heat_curves(table: RawTable) -> HeatCurves:
    points: dict[str, list[tuple[float, float, float]]] = {}
    for _, row in table.rows:
        points.setdefault(row.curve, []).append((row.temperature_c, row.p_min_share, row.p_max_share))
    return HeatCurves(
        np.array(list(points), dtype=np.str_), tuple(np.array(sorted(values)) for values in points.values())
    )


def _temperature_curves(table: RawTable, column: str) -> weather.TemperatureCurves:
    points: dict[str, list[tuple[float, float]]] = {}
    for _, row in table.rows:
        points.setdefault(row.curve, []).append((row.temperature_c, getattr(row, column)))
    return weather.TemperatureCurves(
        np.array(list(points), dtype=np.str_), tuple(np.array(sorted(values)) for values in points.values())
    )


def _climate(table: RawTable, sites: Mapping[str, int]) -> Climate:
    values = np.full((3, len(sites), MONTHS), np.nan)
    for _, row in table.rows:
        values[:, sites[row.site], row.month - 1] = row.t_mean_c, row.t_min_c, row.t_max_c
    return Climate(*values)


def _islands_without_source(system: GridSystem, buses: RawTable) -> list[Problem]:
    """Islands of the intact base network that hold load but neither machine nor border."""
    island = islands(len(system.buses), system.branch_from, system.branch_to, system.branch_in_service)
    generators, borders, loads = system.generators, system.borders, system.loads
    supplied = set(island[generators.bus[generators.in_service & (generators.p_max_mw > 0)]].tolist())
    supplied |= set(island[borders.bus[borders.in_service]].tolist())
    with_load = set(island[loads.bus[loads.in_service & (loads.p_mw > 0)]].tolist())
    problems = []
    for number in sorted(with_load - supplied):
        members = np.flatnonzero(island == number)
        first = buses.rows[int(members[0])][0]
        names = ", ".join(system.buses.name[members[:4]].tolist()) + (", ..." if len(members) > 4 else "")
        problems.append(
            buses.problem(
                first,
                "name",
                f"island of {len(members)} buses ({names}) has load but no machine or border",
                "join it by a line in service, or give it a source",
            )
        )
    return problems
