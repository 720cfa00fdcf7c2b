"""The seven primitives: what remains of a system under active events, as arrays in the system's order.

Rules for overlapping events: shares lost of one element multiply (a half and a half leave a quarter), so an element is
out until the last outage of it ends; factors on weather and demand multiply; temperature departures add; the strictest
import policy and the longest blindness of the dispatcher hold. Stock events act once, when they start, and give back
what they took when they end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.cooling import cooled_share
from gridsim.model.groups import opened
from gridsim.model.scenario import Change, Event, Imports, Kind, Primitive, Target, kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4

_IMPORT_STRICTNESS = (Imports.LIMIT, Imports.LIKELY, Imports.CONTRACT, Imports.NONE)


class Conditions(NamedTuple):
    """Remaining system: shares in 0..1 per element, ``branch_out`` over branches, ``bus_out`` over buses.

    ``delivery_share`` (n_fuel_stocks,): share of the deliveries to each yard that still comes; ``route_share``
    (n_coal_routes,): of what each corridor of a route carries; ``unloading_share`` (n_fuel_stocks,): of what can be
    unloaded in a hard frost; ``heating_value`` (n_fuel_stocks,): of the coal, over the usual; ``abroad_mw``
    (n_borders,): power missing in each neighbour's system; ``facility_works`` (n_power_to_gas,): False where a gas
    facility has failed by itself; ``rule_fails`` (n_automation,): chance that a rule does not act when it should;
    ``rule_operates``: True while one acts wrongly.
    """

    gen_share: F8
    border_share: F8
    branch_out: NDArray[np.bool_]
    bus_out: NDArray[np.bool_]
    interface_factor: F8
    load_factor: F8
    pipeline_share: F8
    supply_share: F8
    gas_storage_share: F8
    storage_share: F8
    delivery_share: F8
    route_share: F8
    unloading_share: F8
    heating_value: F8
    crew_share: F8
    station_works: NDArray[np.bool_]
    facility_works: NDArray[np.bool_]
    gas_demand_factor: F8
    abroad_mw: F8
    rule_fails: F8
    rule_operates: NDArray[np.bool_]
    temperature_k: float
    wind_factor: float
    solar_factor: float
    imports: Imports
    operator_blind_minutes: float

    def out_branches(self, system: GridSystem) -> I4:
        """Sorted positions of branches out of service: events, base outages and branches at dead busbars."""
        dead = self.bus_out[system.branch_from] | self.bus_out[system.branch_to]
        return np.flatnonzero(self.branch_out | dead | ~system.branch_in_service).astype(np.int32)


def stricter(one: Imports, other: Imports) -> Imports:
    """The import policy that allows less."""
    return max(one, other, key=_IMPORT_STRICTNESS.index)


class ConditionsBuilder:
    """Conditions in the making, with one method per primitive; ``share`` that remains, by table."""

    def __init__(self, system: GridSystem, imports: Imports):
        self.system = system
        self.branch_out = np.zeros(system.n_branches, dtype=bool)
        self.bus_out = np.zeros(len(system.buses), dtype=bool)
        self.station_works = np.ones(len(system.compressor_stations), dtype=bool)
        self.facility_works = np.ones(len(system.power_to_gas), dtype=bool)
        self.load_factor = np.ones(len(system.loads))
        self.gas_demand_factor = np.ones(len(system.gas_demand))
        self.abroad_mw = np.zeros(len(system.borders))
        self.rule_works = np.ones(len(system.automation))
        self.rule_operates = np.zeros(len(system.automation), dtype=bool)
        self.share = {
            "generators": np.where(system.generators.in_service, 1.0, 0.0),
            "borders": np.where(system.borders.in_service, 1.0, 0.0),
            "storages": np.ones(len(system.storages)),
            "interfaces": np.ones(len(system.interfaces)),
            "gas_pipelines": np.ones(len(system.gas_pipelines)),
            "gas_supply": np.ones(len(system.gas_supply)),
            "gas_storage": np.ones(len(system.gas_storage)),
            "fuel_stocks": np.ones(len(system.fuel_stocks)),
            "coal_routes": np.ones(len(system.coal_routes)),
            "repair_crews": np.ones(len(system.repair_crews)),
            "cooling": np.ones(len(system.cooling)),
            "storm_tracks": np.ones(len(system.storm_tracks)),  # what it breaks are events of their own
        }
        self.weather = {Change.TEMPERATURE_K: 0.0, Change.WIND_FACTOR: 1.0, Change.SOLAR_FACTOR: 1.0}
        self.coal = {change: np.ones(len(system.fuel_stocks)) for change in (Change.UNLOADING, Change.HEATING_VALUE)}
        self.imports = imports
        self.operator_blind_minutes = 0.0

    def apply(self, event: Event) -> None:
        kind = kinds()[event.kind]
        if kind.primitive is Primitive.WEATHER:
            self._change_weather(kind, event.magnitude)
        elif kind.primitive is Primitive.POLICY:
            self._change_policy(kind, event)
        elif kind.primitive is Primitive.DEMAND:
            self._change_demand(kind, event)
        elif any(quantity in self.coal for quantity in kind.quantities):
            self._change_coal(kind, event)
        elif kind.primitive is not Primitive.STOCK:
            for target in opened(self.system, event.targets, kind.targets):
                self._take(target, event.magnitude)

    def _take(self, target: Target, lost: float) -> None:
        table, position = target.table, getattr(self.system, target.table).position(target.name)
        if table == "lines":
            self.branch_out[position] = True
        elif table == "transformers":
            self.branch_out[len(self.system.lines) + position] = True
        elif table == "buses":
            self.bus_out[position] = True
        elif table == "compressor_stations":
            self.station_works[position] = False
        elif table == "power_to_gas":
            self.facility_works[position] = False
        else:
            self.share[table][position] *= 1.0 - lost

    def _change_coal(self, kind: Kind, event: Event) -> None:
        """Yards of coal alone: oil neither freezes in its wagons nor varies."""
        stocks = self.system.fuel_stocks
        for target in opened(self.system, event.targets, kind.targets):
            position = stocks.position(target.name)
            if stocks.fuel[position] == "coal":
                for quantity in kind.quantities:
                    self.coal[quantity][position] *= 1.0 - event.magnitude

    def _change_demand(self, kind: Kind, event: Event) -> None:
        for quantity in kind.quantities:
            if quantity is Change.GAS_DEMAND_RISE:
                for target in opened(self.system, event.targets, kind.targets):
                    self.gas_demand_factor[self.system.gas_demand.position(target.name)] *= 1.0 + event.magnitude
            elif quantity is Change.ABROAD_MW:
                for target in event.targets:
                    self.abroad_mw[self.system.borders.position(target.name)] += event.magnitude * event.steps
            else:
                factor = 1.0 + (event.magnitude if quantity is Change.LOAD_RISE else -event.magnitude)
                for target in event.targets:
                    self.load_factor[loads_of(self.system, target.table, target.name)] *= factor

    def _change_weather(self, kind: Kind, magnitude: float) -> None:
        for quantity in kind.quantities:
            if quantity is Change.TEMPERATURE_K:
                self.weather[quantity] += magnitude
            else:
                self.weather[quantity] *= magnitude

    def _change_policy(self, kind: Kind, event: Event) -> None:
        rules = [self.system.automation.position(target.name) for target in event.targets if target.table != "all"]
        for quantity in kind.quantities:
            if quantity is Change.IMPORTS:
                self.imports = stricter(self.imports, Imports.NONE)
            elif quantity is Change.RULE_FAILS:
                self.rule_works[rules] *= 1.0 - event.magnitude
            elif quantity is Change.RULE_OPERATES:
                self.rule_operates[rules] = True
            else:
                self.operator_blind_minutes = max(self.operator_blind_minutes, event.magnitude)


def conditions(
    system: GridSystem, active: Iterable[Event], imports: Imports, machines_left: F8 | None = None
) -> Conditions:
    """Conditions while the events in ``active`` last.

    ``machines_left``: (n_gens,) share of each machine that the fleet has before any event; None: all of it.
    """
    remaining = ConditionsBuilder(system, imports)
    if machines_left is not None:
        remaining.share["generators"] *= machines_left
    for event in active:
        remaining.apply(event)
    share = remaining.share
    if len(system.cooling):
        share["generators"] *= cooled_share(system, share["cooling"])
    share["generators"][remaining.bus_out[system.generators.bus]] = 0.0
    share["borders"][remaining.bus_out[system.borders.bus]] = 0.0
    share["storages"][remaining.bus_out[system.storages.bus]] = 0.0
    return Conditions(
        gen_share=share["generators"],
        border_share=share["borders"],
        branch_out=remaining.branch_out,
        bus_out=remaining.bus_out,
        interface_factor=share["interfaces"],
        load_factor=remaining.load_factor,
        pipeline_share=share["gas_pipelines"],
        supply_share=share["gas_supply"],
        gas_storage_share=share["gas_storage"],
        storage_share=share["storages"],
        delivery_share=share["fuel_stocks"],
        route_share=share["coal_routes"],
        unloading_share=remaining.coal[Change.UNLOADING],
        heating_value=remaining.coal[Change.HEATING_VALUE],
        crew_share=share["repair_crews"],
        station_works=remaining.station_works,
        facility_works=remaining.facility_works,
        gas_demand_factor=remaining.gas_demand_factor,
        abroad_mw=np.where(share["borders"] > 0.0, remaining.abroad_mw, 0.0),
        rule_fails=1.0 - remaining.rule_works,
        rule_operates=remaining.rule_operates,
        temperature_k=remaining.weather[Change.TEMPERATURE_K],
        wind_factor=remaining.weather[Change.WIND_FACTOR],
        solar_factor=remaining.weather[Change.SOLAR_FACTOR],
        imports=remaining.imports,
        operator_blind_minutes=remaining.operator_blind_minutes,
    )


def loads_of(system: GridSystem, table: str, name: str) -> NDArray[np.bool_]:
    """(n_loads,) True for the loads that a demand target names."""
    loads = system.loads
    if table == "all":
        return np.ones(len(loads), dtype=bool)
    if table == "loads":
        return np.asarray(loads.name == name)
    if table == "load_classes":
        return np.asarray(loads.load_class == system.load_classes.position(name))
    if table == "zones":
        return np.asarray(system.buses.zone[loads.bus] == system.zones.index(name))
    return np.asarray(system.buses.oblast[loads.bus] == name)
