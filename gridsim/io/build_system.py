"""Validated rows -> GridSystem: references and rules are checked over all tables, then rows become arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridsim.errors import InputError, Problem
from gridsim.io.confidence import confidence_of
from gridsim.io.convert import (
    MODELS,
    climate_of,
    heat_curves_of,
    hourly_profiles_of,
    interfaces_of,
    planning_day_of,
    profiles_of,
    table_of,
    temperature_curves_of,
)
from gridsim.io.doubts import doubtful
from gridsim.io.no_effect import without_effect
from gridsim.io.planning_rules import check_planning
from gridsim.io.raw_table import RawTable
from gridsim.io.references import allowed_names, check_references
from gridsim.io.rules import check_machine_profiles, check_rows, check_supply, check_zones
from gridsim.io.texts import check_texts
from gridsim.model import carriers
from gridsim.model.system import GridSystem


def build_system(
    meta: Mapping[str, Any],
    meta_file: str,
    tables: Mapping[str, RawTable],
    problems: list[Problem],
) -> GridSystem:
    """Check references and sums over tables, convert to arrays. Raises InputError with all problems, old and new."""
    names = allowed_names(meta, tables, problems)
    problems += check_references(tables, names)
    problems += check_rows(tables)
    problems += check_texts(tables)
    problems += check_machine_profiles(tables)
    problems += check_zones(meta, meta_file)
    problems += check_planning(tables)
    profiles = profiles_of(tables["profiles"], problems)
    hourly_profiles = hourly_profiles_of(tables["hourly_profiles"], names["profiles"], problems)
    if problems:
        raise InputError(set(problems))
    positions = {table: {name: at for at, name in enumerate(table_names)} for table, table_names in names.items()}
    built = {name: table_of(name, model, tables[name], positions) for name, model in MODELS.items()}
    interfaces, members = interfaces_of(tables["interfaces"], positions)
    system = GridSystem(
        name=meta["name"],
        title=meta["title"],
        description=meta["description"],
        country=meta["country"],
        timezone=meta["timezone"],
        f_hz=meta["f_hz"],
        zones=tuple(meta["zones"]),
        reserve_mw=tuple(float(meta["reserve_mw"].get(zone, 0.0)) for zone in meta["zones"]),
        reserve_stated=bool(meta["reserve_mw"]),
        loss_share=meta["loss_share"],
        load_damping_pu=meta["load_damping_pu"],
        base_year=meta["base_year"],
        hourly_year=meta["hourly_year"],
        gas=carriers.GasSettings(**meta["gas"]),
        planning_day=planning_day_of(meta["planning_day"]),
        licence=meta["licence"],
        warnings=(*without_effect(tables), *doubtful(tables)),
        confidence=confidence_of(tables),
        interfaces=interfaces,
        interface_members=members,
        profiles=profiles,
        hourly_profiles=hourly_profiles,
        heat_curves=heat_curves_of(tables["heat_curves"]),
        outage_curves=temperature_curves_of(tables["outage_curves"], "unavailability"),
        rating_curves=temperature_curves_of(tables["rating_curves"], "factor"),
        climate=climate_of(tables["climate"], positions["weather_sites"]),
        **built,  # type: ignore[arg-type]
    )
    if unsupplied := check_supply(system, tables):
        raise InputError(unsupplied)
    return system
