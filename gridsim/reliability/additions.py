"""Changes of a system that capacity credit compares: machines and stores added, taken out, scaled or split; load."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError, nearest
from gridsim.model.arguments import number
from gridsim.model.outages import Component, two_state
from gridsim.reliability.system import AdequacySystem, Store, UseLimits

F8 = NDArray[np.float64]

PERFECT = "perfect capacity"


@dataclass(frozen=True)
class Addition:
    """Machines of one kind: ``count`` of ``p_max_mw`` each, out independently with ``forced_outage_rate`` for
    ``mttr_h`` at a time.

    share
        (n_hours,) f8, capacity by hour over ``p_max_mw``.
    like, like_mw
        A machine of the system that it follows hour by hour in the weather of each sample, and the MW of which that
        machine's hours are shares (by default its largest hour).
    bus
        Where it stands; the first bus without one, which copper level does not see.
    energy_mwh, efficiency
        A store of so much, with the efficiency of charging and discharging together; it starts full.
    calls, hours, period_h
        Demand response: most runs of hours, and hours, in use within each period (0: the horizon), of which
        ``energy_mwh`` is then a budget too. Nothing charges it.
    """

    name: str
    p_max_mw: float
    forced_outage_rate: float = 0.0
    count: int = 1
    mttr_h: float = 50.0
    share: F8 | None = None
    like: str | None = None
    like_mw: float | None = None
    bus: str | None = None
    energy_mwh: float | None = None
    efficiency: float = 0.85
    calls: float = math.inf
    hours: float = math.inf
    period_h: int = 0

    def __post_init__(self) -> None:
        number("p_max_mw", self.p_max_mw, 0.0, 1e9)
        number("mttr_h", self.mttr_h, 1e-6, 1e9)
        if not 0.0 <= number("forced_outage_rate", self.forced_outage_rate, 0.0, 1.0) < 1.0:
            raise StudyError(f"forced_outage_rate: {self.forced_outage_rate} is not below 1; it is never there")
        if self.energy_mwh is not None:
            number("energy_mwh", self.energy_mwh, 0.0, 1e12)
        for name in ("calls", "hours"):
            if not getattr(self, name) > 0.0:
                raise StudyError(f"{name}: {getattr(self, name)} is not > 0; leave it out, or give more")
        if self.period_h != int(self.period_h) or self.period_h < 0:
            raise StudyError(f"period_h: {self.period_h} is no whole number of hours")
        if not number("efficiency", self.efficiency, 0.0, 1.0) > 0.0:
            raise StudyError(f"efficiency: {self.efficiency} is not > 0; give the share that comes back")

    @property
    def is_response(self) -> bool:
        """Whether it is demand response."""
        return math.isfinite(self.calls) or math.isfinite(self.hours) or self.period_h > 0

    @property
    def is_stored(self) -> bool:
        """Whether it has a budget of energy, calls or hours."""
        return self.energy_mwh is not None or self.is_response

    @property
    def nameplate_mw(self) -> float:
        return self.count * self.p_max_mw

    @property
    def names(self) -> tuple[str, ...]:
        """One for each machine."""
        return (self.name,) if self.count == 1 else tuple(f"{self.name}_{k + 1}" for k in range(self.count))

    def component(self, name: str) -> Component:
        """Outages of one of the machines."""
        out = self.forced_outage_rate
        mttf_h = self.mttr_h * (1.0 - out) / out if out > 0.0 else np.inf
        return two_state("storage" if self.is_stored else "generator", name, mttf_h, self.mttr_h)


def with_additions(system: AdequacySystem, additions: Sequence[Addition]) -> AdequacySystem:
    """The system with more machines and stores."""
    known = {*system.unit_name, *(store.name for store in system.stores)}
    for addition in additions:
        for name in addition.names:
            if name in known:
                raise StudyError(f"{name}: the system has a machine of that name; give another one")
            known.add(name)
    machines = [addition for addition in additions if not addition.is_stored]
    for addition in machines:
        profile = _profile(system, addition)
        for name in addition.names:
            bus = _bus(system, addition)
            system = _with_machine(system, addition.component(name), bus, addition.p_max_mw, profile)
    stored = [(addition, name) for addition in additions if addition.is_stored for name in addition.names]
    if not stored:
        return system
    return replace(
        system,
        stores=(*system.stores, *(_store(system, addition, name) for addition, name in stored)),
        store_component=(*system.store_component, *(addition.component(name) for addition, name in stored)),
    )


def _profile(system: AdequacySystem, addition: Addition) -> F8 | None:
    """(n_hours,) MW of one machine."""
    if addition.like is not None:
        if addition.like not in system.unit_name:
            raise StudyError(f"like: no machine '{addition.like}'; {nearest(addition.like, system.unit_name)}")
        unit = system.unit_name.index(addition.like)
        hours_mw = system.unit_profile[unit]
        if hours_mw is None:
            hours_mw = np.full(system.n_hours, system.unit_mw[unit])
        whole_mw = float(hours_mw.max()) if addition.like_mw is None else addition.like_mw
        return addition.p_max_mw * hours_mw / whole_mw if whole_mw > 0.0 else np.zeros(system.n_hours)
    if addition.share is None:
        return None
    profile = addition.p_max_mw * np.asarray(addition.share, dtype=np.float64)
    if profile.shape != (system.n_hours,):
        raise StudyError(f"{addition.name}: share has {profile.size} hours, the system {system.n_hours}")
    return profile


def _bus(system: AdequacySystem, addition: Addition) -> int:
    if addition.bus is None:
        return 0
    if addition.bus not in system.buses:
        raise StudyError(f"bus: no '{addition.bus}'; {nearest(addition.bus, system.buses)}")
    return system.buses.index(addition.bus)


def _store(system: AdequacySystem, addition: Addition, name: str) -> Store:
    if addition.is_response:
        most_h = min(addition.hours, addition.period_h or system.n_hours)
        most_mwh = math.inf if addition.energy_mwh is None else addition.energy_mwh
        budget_mwh = min(most_mwh, addition.p_max_mw * most_h)
        return Store(
            name=name,
            bus=_bus(system, addition),
            charge_mw=0.0,
            discharge_mw=addition.p_max_mw,
            energy_mwh=budget_mwh,
            efficiency_charge=1.0,
            efficiency_discharge=1.0,
            energy_start_mwh=budget_mwh,
            carryover=1.0,
            limits=UseLimits(addition.calls, addition.hours, int(addition.period_h), is_last=True),
        )
    one_way = math.sqrt(addition.efficiency)
    energy_mwh = addition.energy_mwh or 0.0
    size = addition.p_max_mw
    return Store(name, _bus(system, addition), size, size, energy_mwh, one_way, one_way, energy_mwh, carryover=1.0)


def _with_machine(
    system: AdequacySystem, component: Component, bus: int, p_max_mw: float, profile: F8 | None
) -> AdequacySystem:
    detail = system.detail
    return replace(
        system,
        unit_name=(*system.unit_name, component.name),
        unit_bus=np.append(system.unit_bus, np.int32(bus)).astype(np.int32),
        unit_mw=np.append(system.unit_mw, p_max_mw),
        unit_profile=(*system.unit_profile, profile),
        unit_component=(*system.unit_component, component),
        detail=None if detail is None else replace(detail, unit_cost=np.append(detail.unit_cost, 0.0)),
    )


def with_load(system: AdequacySystem, load_mw: float) -> AdequacySystem:
    """The system with so many MW more in every hour, shared among the buses as their energy is."""
    share = system.load_mw.sum(axis=0) / system.load_mw.sum()
    return replace(system, load_mw=system.load_mw + load_mw * share)


def with_perfect(system: AdequacySystem, p_mw: float, share_of_bus: F8) -> AdequacySystem:
    """The system with capacity that never fails, shared among the buses."""
    for bus in np.flatnonzero(share_of_bus).tolist():
        name = f"{PERFECT} {bus}"
        system = _with_machine(system, Component("generator", name), bus, p_mw * float(share_of_bus[bus]), None)
    return system


def nameplate_mw(system: AdequacySystem, names: Collection[str], whole_mw: Mapping[str, float]) -> F8:
    """(n_buses,) MW of the named machines and stores; ``whole_mw`` by name where it is not the largest hour."""
    at_bus = np.zeros(len(system.buses))
    for name, bus, p_mw in zip(system.unit_name, system.unit_bus.tolist(), system.unit_mw.tolist(), strict=True):
        if name in names:
            at_bus[bus] += whole_mw.get(name, p_mw)
    for store in system.stores:
        if store.name in names:
            at_bus[store.bus] += store.discharge_mw
    return at_bus


def without_machines(system: AdequacySystem, names: Collection[str]) -> AdequacySystem:
    """The system without the named machines, borders and stores."""
    keep = np.array([name not in names for name in system.unit_name], dtype=bool)
    kept = np.flatnonzero(keep).tolist()
    stores = [k for k, store in enumerate(system.stores) if store.name not in names]
    return replace(
        system,
        **_units(system, kept),
        stores=tuple(system.stores[k] for k in stores),
        store_component=tuple(system.store_component[k] for k in stores),
    )


ALWAYS_OUT = (1e-6, 1e12)  # mean times in h: a year without a minute in service


def without_line(system: AdequacySystem, name: str) -> AdequacySystem:
    """The system with a line or transformer out all year: limits of its sections are those of a circuit out."""
    return replace(
        system,
        branch_component=tuple(
            two_state(of.kind, of.name, *ALWAYS_OUT) if of.name == name else of for of in system.branch_component
        ),
    )


def line_nameplate_mw(system: AdequacySystem, name: str) -> F8:
    """(n_buses,) rating of a line, at the end of which the area has the smaller margin over its own peak load."""
    branch = system.branch_name.index(name)
    n_areas = int(system.bus_area.max()) + 1
    load_mw = np.zeros((system.n_hours, n_areas))
    np.add.at(load_mw.T, system.bus_area, system.load_mw.T)
    supply_mw = np.bincount(system.bus_area[system.unit_bus], weights=system.unit_mw, minlength=n_areas)
    share = supply_mw / np.maximum(load_mw.max(axis=0), 1e-9)
    ends = (int(system.branch_from[branch]), int(system.branch_to[branch]))
    at_bus = np.zeros(len(system.buses))
    at_bus[min(ends, key=lambda bus: float(share[system.bus_area[bus]]))] = system.branch_mw[branch]
    return at_bus


def split(system: AdequacySystem, names: Collection[str], parts: int) -> AdequacySystem:
    """The system with each named machine as ``parts`` equal ones, each failing by itself as the whole did."""
    whole = [unit for unit, name in enumerate(system.unit_name) if name in names]
    for unit in whole:
        component, profile = system.unit_component[unit], system.unit_profile[unit]
        for k in range(parts):
            part = replace(component, name=f"{component.name} part {k + 1}")
            share = None if profile is None else profile / parts
            system = _with_machine(system, part, int(system.unit_bus[unit]), float(system.unit_mw[unit]) / parts, share)
    return without_machines(system, [name for name in system.unit_name if name in names])


def scaled(system: AdequacySystem, names: Collection[str], factor: float) -> AdequacySystem:
    """The system with the named machines and stores ``factor`` times as large."""
    of_unit = np.array([factor if name in names else 1.0 for name in system.unit_name])
    return replace(
        system,
        unit_mw=system.unit_mw * of_unit,
        unit_profile=tuple(
            None if profile is None else profile * by
            for profile, by in zip(system.unit_profile, of_unit.tolist(), strict=True)
        ),
        stores=tuple(_scaled_store(store, factor) if store.name in names else store for store in system.stores),
    )


def _scaled_store(store: Store, factor: float) -> Store:
    return replace(
        store,
        charge_mw=store.charge_mw * factor,
        discharge_mw=store.discharge_mw * factor,
        energy_mwh=store.energy_mwh * factor,
        energy_start_mwh=store.energy_start_mwh * factor,
    )


def _units(system: AdequacySystem, kept: list[int]) -> dict[str, Any]:
    detail = system.detail
    return {
        "unit_name": tuple(system.unit_name[k] for k in kept),
        "unit_bus": system.unit_bus[kept],
        "unit_mw": system.unit_mw[kept],
        "unit_profile": tuple(system.unit_profile[k] for k in kept),
        "unit_component": tuple(system.unit_component[k] for k in kept),
        "detail": None if detail is None else replace(detail, unit_cost=detail.unit_cost[kept]),
    }
