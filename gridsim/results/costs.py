"""Costs of a run by part: electricity, gas, heat, output of works, damage to them, repairs. Nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from gridsim.model.costs import REPAIRED_TABLES, UnitCost, unit_cost
from gridsim.model.scenario import Primitive, kinds
from gridsim.model.system import GridSystem
from gridsim.results.run_records import Columns

M3_PER_MCM = 1e6
HOURS_PER_DAY = 24.0
#: Gas that is heat for people: where a network states heat, it counts there.
_HEAT_CLASSES = ("households", "heating")


class CostPart(NamedTuple):
    """USD of one part, and at the ends of its unit cost's range."""

    part: str
    usd: float
    low_usd: float
    high_usd: float


def cost_parts(system: GridSystem, tables: Mapping[str, Columns]) -> list[CostPart]:
    """Every part for which the network states a unit cost, zero where nothing of it was lost; none without any."""
    if not len(system.unit_costs):
        return []
    heat = tables.get("heat")
    has_heat = heat is not None and len(heat["time_h"]) > 0 and unit_cost(system, "heat") is not None
    found = [*_electricity(system, tables["shortfall"]), *_gas(system, tables["gas_shortfall"], has_heat)]
    if has_heat and heat is not None:
        cost = unit_cost(system, "heat")
        assert cost is not None
        found.append(_part("heat", float(heat["unserved_mw"] @ heat["duration_h"]), cost))
    rows = tables["minerals"]
    if len(system.minerals):
        values = (float(np.nansum(rows[name])) for name in ("value_usd", "value_low_usd", "value_high_usd"))
        found.append(CostPart("minerals", *values))
        damage = float(rows["damage_usd"].sum())
        found.append(CostPart("damage", damage, damage, damage))
    return [*found, *_repairs(system, tables["events"])]


def _electricity(system: GridSystem, shortfall: Columns) -> Iterator[CostPart]:
    """Unserved load at its value, without the sites of minerals: their output counts instead."""
    factor = unit_cost(system, "electricity")
    if factor is None:
        return
    loads, buses = system.loads, system.buses
    sites = set(system.minerals.site.tolist()) - {""}
    columns = buses.name[loads.bus].tolist(), loads.name.tolist(), loads.site.tolist()
    counted = [f"{bus}/{load}" for bus, load, site in zip(*columns, strict=True) if site in sites]
    other = ~np.isin(shortfall["name"], counted)
    usd = float((shortfall["unserved_usd_per_h"] * shortfall["duration_h"])[other].sum())
    yield _part("electricity", usd, factor)


def _gas(system: GridSystem, short: Columns, has_heat: bool) -> Iterator[CostPart]:
    """Gas not delivered by class, all classes as one part."""
    total = np.zeros(3)
    classes = [name.removeprefix("gas_") for name in system.unit_costs.name.tolist() if name.startswith("gas_")]
    mcm = short["unserved_mcm_per_d"] * short["duration_h"] / HOURS_PER_DAY
    for gas_class in classes:
        cost = unit_cost(system, f"gas_{gas_class}")
        if cost is not None and not (has_heat and gas_class in _HEAT_CLASSES):
            total += float(mcm[short["gas_class"] == gas_class].sum()) * M3_PER_MCM * np.array(cost)
    if classes:
        yield CostPart("gas", *total.tolist())


def _repairs(system: GridSystem, events: Columns) -> Iterator[CostPart]:
    """Elements that an event took out other than planned work, each time one does."""
    total, stated = np.zeros(3), False
    broken = {name for name, kind in kinds().items() if kind.primitive is Primitive.OUTAGE and not kind.foreseen}
    hit = [
        component.partition(":")[0]
        for component, state in zip(events["component"].tolist(), events["to_state"].tolist(), strict=True)
        if state.partition(" ")[0] in broken
    ]
    for table in REPAIRED_TABLES:
        cost = unit_cost(system, f"repair_{table}")
        if cost is not None:
            total, stated = total + hit.count(table) * np.array(cost), True
    if stated:
        yield CostPart("repair", *total.tolist())


def _part(name: str, amount: float, cost: UnitCost) -> CostPart:
    return CostPart(name, *(amount * usd for usd in cost))
