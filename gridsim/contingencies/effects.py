"""The seven primitives: what active events leave of a system, as arrays in the system's order.

Rules for overlapping events: shares lost of one element multiply (a half and a half leave a quarter), so an element is
out until the last outage of it ends; factors on weather and demand multiply; temperature departures add; the strictest
import policy holds. Stock events act once, when they start, and give back what they took when they end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.scenario import Event, Imports, Primitive, kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4

_IMPORT_STRICTNESS = (Imports.LIMIT, Imports.CONTRACT, Imports.NONE)


class Conditions(NamedTuple):
    """What is left: shares in 0..1 per element, ``branch_out`` over branches, ``bus_out`` over buses."""

    gen_share: F8
    border_share: F8
    branch_out: NDArray[np.bool_]
    bus_out: NDArray[np.bool_]
    interface_factor: F8
    load_factor: F8
    pipeline_share: F8
    supply_share: F8
    storage_share: F8
    temperature_k: float
    wind_factor: float
    solar_factor: float
    imports: Imports

    def out_branches(self, system: GridSystem) -> I4:
        """Sorted positions of branches out of service: events, base outages and branches at dead busbars."""
        dead = self.bus_out[system.branch_from] | self.bus_out[system.branch_to]
        return np.flatnonzero(self.branch_out | dead | ~system.branch_in_service).astype(np.int32)


def conditions(system: GridSystem, active: Iterable[Event], imports: Imports) -> Conditions:
    """Conditions while the events in ``active`` last."""
    gen_share = np.where(system.generators.in_service, 1.0, 0.0)
    border_share = np.where(system.borders.in_service, 1.0, 0.0)
    branch_out = np.zeros(system.n_branches, dtype=bool)
    bus_out = np.zeros(len(system.buses), dtype=bool)
    interface_factor = np.ones(len(system.interfaces))
    load_factor = np.ones(len(system.loads))
    shares = {
        "gas_pipelines": np.ones(len(system.gas_pipelines)),
        "gas_supply": np.ones(len(system.gas_supply)),
        "gas_storage": np.ones(len(system.gas_storage)),
        "generators": gen_share,
        "borders": border_share,
    }
    weather = {"temperature_k": 0.0, "wind_factor": 1.0, "solar_factor": 1.0}
    policy = imports
    for event in active:
        kind = kinds()[event.kind]
        left = 1.0 - event.magnitude
        if kind.primitive is Primitive.WEATHER:
            if kind.quantity == "temperature_k":
                weather["temperature_k"] += event.magnitude
            else:
                weather[kind.quantity] *= event.magnitude
            continue
        if kind.primitive is Primitive.POLICY:
            policy = max(policy, Imports.NONE, key=_IMPORT_STRICTNESS.index)
            continue
        for target in event.targets:
            if target.table in ("lines", "transformers"):
                first = 0 if target.table == "lines" else len(system.lines)
                branch_out[first + getattr(system, target.table).position(target.name)] = True
            elif target.table == "buses":
                bus_out[system.buses.position(target.name)] = True
            elif target.table == "plants":
                gen_share[system.generators_of(target.name)] *= left
            elif kind.primitive is Primitive.LIMIT:
                interface_factor[system.interfaces.position(target.name)] *= left
            elif kind.primitive is Primitive.DEMAND:
                load_factor[loads_of(system, target.table, target.name)] *= 1.0 + event.magnitude
            elif kind.primitive is not Primitive.STOCK:
                shares[target.table][getattr(system, target.table).position(target.name)] *= left
    gen_share[bus_out[system.generators.bus]] = 0.0
    border_share[bus_out[system.borders.bus]] = 0.0
    return Conditions(
        gen_share,
        border_share,
        branch_out,
        bus_out,
        interface_factor,
        load_factor,
        shares["gas_pipelines"],
        shares["gas_supply"],
        shares["gas_storage"],
        weather["temperature_k"],
        weather["wind_factor"],
        weather["solar_factor"],
        policy,
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
