"""AdequacySystem -> arrays of the kernels: supply by area, interfaces and stores."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.shortfall import DAY_H, SupplyCase
from gridsim.kernels.zonal_case import ZonalCase
from gridsim.model.outages import Component, equilibrium
from gridsim.reliability.areas import Areas
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


def supply_case(system: AdequacySystem, place: I4, n_places: int, n_elements: int, tolerance_mw: float) -> SupplyCase:
    """Supply and demand by place; ``place`` (n_buses,) maps buses to places (areas; all zero at copper level).

    The first elements are the machines; the others up to ``n_elements`` supply nothing by themselves.
    """
    n_units = len(system.unit_name)
    n_hours = system.n_hours
    element_area = np.full(n_elements, -1, dtype=np.int32)
    element_area[:n_units] = place[system.unit_bus]
    element_mw = np.zeros(n_elements)
    element_mw[:n_units] = system.unit_mw
    element_row = np.full(n_elements, -1, dtype=np.int32)
    rows: list[F8] = []
    margin = np.zeros((n_places, n_hours))
    for unit, profile in enumerate(system.unit_profile):
        if profile is None:
            margin[element_area[unit]] += system.unit_mw[unit]
        else:
            margin[element_area[unit]] += profile
            element_row[unit] = len(rows)
            rows.append(profile)
    for bus in range(len(system.buses)):
        margin[place[bus]] -= system.load_mw[:, bus]
    n_days = -(-n_hours // DAY_H)
    padded = np.full((n_places, n_days * DAY_H), np.inf)
    padded[:, :n_hours] = margin
    return SupplyCase(
        n_hours=n_hours,
        element_area=element_area,
        element_mw=element_mw,
        element_row=element_row,
        profile_mw=np.array(rows).reshape(len(rows), n_hours),
        margin_mw=margin,
        day_margin_mw=padded.reshape(n_places, n_days, DAY_H).min(axis=2),
        overlapping=len(system.common_causes) > 0,
        tolerance_mw=tolerance_mw,
    )


Record = TypeVar("Record", bound=tuple[Any, ...])


def of_one_type(record: Record) -> Record:
    """The same NamedTuple with every array writable and contiguous, nested ones too: read-only arrays are another
    type to the compiler, and each type costs a compilation of half a minute.
    """
    fields: list[Any] = []
    for value in record:
        if isinstance(value, tuple):
            fields.append(of_one_type(value))
        else:
            fields.append(np.require(value, requirements=["C", "W"]) if isinstance(value, np.ndarray) else value)
    return type(record)(*fields)


def zonal_components(system: AdequacySystem, areas: Areas) -> tuple[Component, ...]:
    """Elements of the zonal level: machines, circuits between areas, stores."""
    return (*system.unit_component, *areas.circuit_component, *system.store_component)


def zonal_case(system: AdequacySystem, areas: Areas, tolerance_mw: float, *, base_flow: bool = False) -> ZonalCase:
    """Areas, interfaces and stores.

    ``base_flow``: solve each day's base flow, which costs as much as a hundred sample years and halves each; without,
    only days on which every area serves itself are skipped.
    """
    place = areas.bus_area
    n_units, n_circuits = len(system.unit_name), len(areas.circuit_component)
    supply = supply_case(system, place, areas.n_areas, len(zonal_components(system, areas)), tolerance_mw)
    start, stop = areas.interface_from, areas.interface_to
    n_days = supply.day_margin_mw.shape[1]
    flow = _base_flow(supply, areas, system) if base_flow else np.zeros((n_days, len(start)))
    export = np.zeros((n_days, areas.n_areas))
    for i in range(len(start)):
        export[:, start[i]] += flow[:, i]
        export[:, stop[i]] -= flow[:, i]
    stores = system.stores
    return ZonalCase(
        supply=supply,
        first_circuit=n_units,
        first_store=n_units + n_circuits,
        interface_from=start,
        interface_to=stop,
        circuit_interface=areas.circuit_interface,
        scheme_start=areas.scheme_start,
        forward_mw=areas.forward_mw,
        backward_mw=areas.backward_mw,
        limit_row=areas.limit_row,
        area_zone=areas.area_zone,
        n_zones=int(areas.area_zone.max()) + 1,
        store_area=np.array([place[store.bus] for store in stores], dtype=np.int32),
        store_charge_mw=np.array([store.charge_mw for store in stores], dtype=np.float64),
        store_discharge_mw=np.array([store.discharge_mw for store in stores], dtype=np.float64),
        store_energy_mwh=np.array([store.energy_mwh for store in stores], dtype=np.float64),
        store_efficiency_charge=np.array([store.efficiency_charge for store in stores], dtype=np.float64),
        store_efficiency_discharge=np.array([store.efficiency_discharge for store in stores], dtype=np.float64),
        store_start_mwh=np.array([store.energy_start_mwh for store in stores], dtype=np.float64),
        store_carryover=np.array([store.carryover for store in stores], dtype=np.float64),
        store_calls=np.array([store.limits.calls for store in stores], dtype=np.float64),
        store_hours=np.array([store.limits.hours for store in stores], dtype=np.float64),
        store_period_h=np.array([store.limits.period_h for store in stores], dtype=np.int64),
        store_is_last=np.array([store.limits.is_last for store in stores], dtype=np.bool_),
        base_flow_mw=flow,
        base_export_mw=export,
        **_classes_of(system, areas),
    )


def _classes_of(system: AdequacySystem, areas: Areas) -> dict[str, Any]:
    """Load of each area by the order in which it is shed; none for a system from frames, whose areas help each other
    with what they have to spare and share no shortage.
    """
    detail = system.detail
    if detail is None:
        none = np.zeros(0, dtype=np.int32)
        return {
            "n_tiers": 0,
            "part_area": none,
            "part_tier": none.copy(),
            "part_row": none.copy(),
            "part_mw": np.zeros(0),
            "part_people_mw": np.zeros(0),
            "part_factor": np.ones((system.n_hours, 0)),
        }
    demand = detail.demand
    counted = np.cumsum(detail.class_counts) - 1  # places of the classes that are shed: the others stop buying before
    chosen = detail.class_counts[demand.tier]
    key = np.column_stack([areas.bus_area[demand.bus], counted[demand.tier], demand.row])[chosen]
    part, at = np.unique(key, axis=0, return_inverse=True)
    people = demand.mw * detail.part_people if detail.part_people is not None else np.zeros(len(demand.mw))
    return {
        "n_tiers": int(detail.class_counts.sum()),
        "part_area": part[:, 0].astype(np.int32),
        "part_tier": part[:, 1].astype(np.int32),
        "part_row": part[:, 2].astype(np.int32),
        "part_mw": np.bincount(at.reshape(-1), weights=demand.mw[chosen], minlength=len(part)).astype(np.float64),
        "part_people_mw": np.bincount(at.reshape(-1), weights=people[chosen], minlength=len(part)).astype(np.float64),
        "part_factor": demand.factor,
    }


COMFORTABLE = 6.0  # standard deviations of an area's outages beyond which no base flow is needed


def _base_flow(supply: SupplyCase, areas: Areas, system: AdequacySystem) -> F8:
    """(n_days, n_interfaces) flows that leave the tightest area as many standard deviations of margin as possible.

    Only a choice of certificate: any flow within the limits is right, a better one skips more days.
    """
    n_areas, n_days = supply.day_margin_mw.shape
    from scipy.optimize import linprog

    start, stop = areas.interface_from, areas.interface_to
    n_interfaces = len(start)
    flow = np.zeros((n_days, n_interfaces))
    if n_interfaces == 0:
        return flow
    variance = np.full(n_areas, 1.0)
    for unit, component in enumerate(system.unit_component):
        if component.fails:
            out = 1.0 - equilibrium(component)[0]
            variance[supply.element_area[unit]] += system.unit_mw[unit] ** 2 * out * (1.0 - out)
    width = np.sqrt(variance)
    incidence = np.zeros((n_areas, n_interfaces))
    incidence[start, np.arange(n_interfaces)] += 1.0
    incidence[stop, np.arange(n_interfaces)] -= 1.0
    # maximise t subject to margin - export >= t width, flows within limits
    cost = np.append(np.zeros(n_interfaces), -1.0)
    left = np.hstack([incidence, width[:, None]])
    intact = areas.scheme_start[:-1]
    for day in np.flatnonzero((supply.day_margin_mw / width[:, None]).min(axis=0) < COMFORTABLE):
        rows = np.unique(areas.limit_row[day * DAY_H : (day + 1) * DAY_H])
        forward_mw, backward_mw = (of[rows][:, intact].min(axis=0) for of in (areas.forward_mw, areas.backward_mw))
        bounds = [(-b, f) for f, b in zip(forward_mw, backward_mw)] + [(None, None)]
        solution = linprog(cost, left, supply.day_margin_mw[:, day], bounds=bounds, method="highs")
        if solution.status == 0:
            found = np.clip(solution.x[:-1], -backward_mw, forward_mw)
            flow[day] = np.where(np.abs(found) < 1e-6, 0.0, found)
    return flow
