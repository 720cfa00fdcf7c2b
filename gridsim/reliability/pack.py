"""AdequacySystem -> arrays of the kernels: outage model and supply by area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from gridsim.errors import StudyError
from gridsim.kernels.availability import (
    CONSTANT,
    EXPONENTIAL,
    LOGNORMAL,
    OutageModel,
    SnapshotModel,
    thinning_profile,
)
from gridsim.kernels.rng import stream_id
from gridsim.kernels.shortfall import DAY_H, SupplyCase
from gridsim.kernels.zonal import ZonalCase
from gridsim.reliability.system import AdequacySystem, CommonCause, Component, RepairLaw

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
U8 = NDArray[np.uint64]

LAWS = {RepairLaw.EXPONENTIAL: EXPONENTIAL, RepairLaw.LOGNORMAL: LOGNORMAL, RepairLaw.CONSTANT: CONSTANT}
LOW = 0xFFFFFFFF


def equilibrium(component: Component) -> F8:
    """Share of time in each state: (n_states,), from the embedded chain weighted by mean residence times."""
    mean_h = np.array([state.mean_h for state in component.states])
    jump = jump_matrix(component)
    n_states = len(mean_h)
    balance = np.vstack([jump.T - np.eye(n_states), np.ones(n_states)])
    visits = np.linalg.lstsq(balance, np.append(np.zeros(n_states), 1.0), rcond=None)[0]
    weight = np.maximum(visits, 0.0) * mean_h
    return np.asarray(weight / weight.sum())


def jump_matrix(component: Component) -> F8:
    """(n_states, n_states) probability of the next state."""
    n_states = len(component.states)
    jump = np.zeros((n_states, n_states))
    for row, state in enumerate(component.states):
        jump[row] = (1.0 - np.eye(2)[row]) if state.to is None else state.to
    return jump


def is_plain(component: Component) -> bool:
    """True if the component has two states, total loss and exponential times at constant rates."""
    return (
        len(component.states) == 2
        and component.unavailability is None
        and component.states[1].lost_share == 1.0
        and all(state.law is RepairLaw.EXPONENTIAL for state in component.states)
    )


def outage_model(components: Sequence[Component], causes: Sequence[CommonCause], n_hours: int) -> OutageModel:
    """Arrays of all components of one level, in the order of its elements; common causes follow them."""
    n_elements = len(components)
    everything = [*components, *(cause.component for cause in causes)]
    plain = [position for position, component in enumerate(everything) if component.fails and is_plain(component)]
    other = [position for position, component in enumerate(everything) if component.fails and not is_plain(component)]

    def ids(positions: Sequence[int], purpose: str) -> U8:
        return np.array(
            [stream_id(everything[p].kind, everything[p].name, purpose) for p in positions], dtype=np.uint64
        )

    up_h = np.array([everything[p].states[0].mean_h for p in plain])
    down_h = np.array([everything[p].states[1].mean_h for p in plain])
    plain_id = ids(plain, "outage")
    cycles = n_hours / (up_h + down_h)
    # the batch covers the usual number of draws: two to start, two a cycle, and one standard deviation
    n_blocks = np.ceil((2.0 + 2.0 * cycles + 2.0 * np.sqrt(cycles)) / 4.0).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum(n_blocks)])
    batch_id = np.repeat(plain_id, n_blocks)

    state_offset = [0]
    rows: list[tuple[float, float, int, float, float]] = []
    jumps: list[F8] = []
    rate_row: list[int] = []
    factors: list[F8] = []
    for position in other:
        component = everything[position]
        start = np.cumsum(equilibrium(component))
        mean_h = [state.mean_h for state in component.states]
        if component.unavailability is None:
            rate_row.append(-1)
        else:
            largest, factor = thinning_profile(component.unavailability, component.base_unavailability, mean_h[1])
            # never out in any hour: an unreachable failure, not a rate of zero
            mean_h[0] = 1.0 / largest if largest > 0.0 else 1e12
            rate_row.append(len(factors))
            factors.append(factor)
        jump = np.cumsum(jump_matrix(component), axis=1)
        for index, state in enumerate(component.states):
            rows.append((state.lost_share, mean_h[index], LAWS[state.law], state.sigma, start[index]))
            jumps.append(jump[index])
        state_offset.append(len(rows))
    table = np.array(rows).reshape(len(rows), 5)
    widest = max((len(jump) for jump in jumps), default=1)
    state_jump = np.ones((len(rows), widest))
    for index, jump in enumerate(jumps):
        state_jump[index, : len(jump)] = jump

    cause_offset, cause_element, cause_lost = _cause_table(components, causes)
    return OutageModel(
        two_component=np.array(plain, dtype=np.int32),
        two_stream=plain_id,
        two_up_h=up_h.astype(np.float64),
        two_down_h=down_h.astype(np.float64),
        two_threshold=np.array([-math.log(d / (u + d)) for u, d in zip(up_h, down_h)], dtype=np.float64),
        two_offset=offset.astype(np.int32),
        batch_lo=batch_id & np.uint64(LOW),
        batch_hi=batch_id >> np.uint64(32),
        batch_block=np.concatenate([np.arange(n) for n in n_blocks] or [np.zeros(0)]).astype(np.uint64),
        multi_component=np.array(other, dtype=np.int32),
        multi_stream=ids(other, "outage"),
        multi_jump_stream=ids(other, "jump"),
        multi_offset=np.array(state_offset, dtype=np.int32),
        multi_rate_row=np.array(rate_row, dtype=np.int32),
        state_lost=np.ascontiguousarray(table[:, 0]),
        state_mean_h=np.ascontiguousarray(table[:, 1]),
        state_law=table[:, 2].astype(np.int32),
        state_sigma=np.ascontiguousarray(table[:, 3]),
        state_start=np.ascontiguousarray(table[:, 4]),
        state_jump=state_jump,
        rate_factor=np.array(factors).reshape(len(factors), n_hours),
        cause_first=n_elements,
        cause_offset=cause_offset,
        cause_element=cause_element,
        cause_lost=cause_lost,
    )


def _cause_table(components: Sequence[Component], causes: Sequence[CommonCause]) -> tuple[I4, I4, F8]:
    """Offsets, elements hit and shares lost; what a level does not model (a branch at copper level) is not there."""
    element_of = {component.name: position for position, component in enumerate(components)}
    offset = [0]
    hit: list[tuple[int, float]] = []
    for cause in causes:
        hit += sorted((element_of[name], lost) for name, lost in cause.lost_share.items() if name in element_of)
        offset.append(len(hit))
    return (
        np.array(offset, dtype=np.int32),
        np.array([element for element, _ in hit], dtype=np.int32),
        np.array([lost for _, lost in hit], dtype=np.float64),
    )


def snapshot_model(components: Sequence[Component], causes: Sequence[CommonCause], n_hours: int) -> SnapshotModel:
    """Equilibrium states of all components of one level; common causes follow the elements."""
    everything = [*components, *(cause.component for cause in causes)]
    stream = np.array([stream_id(c.kind, c.name, "snapshot") for c in everything], dtype=np.uint64)
    start: list[float] = []
    lost: list[float] = []
    offset = [0]
    hour_row = np.full(len(everything), -1, dtype=np.int32)
    unavailability: list[F8] = []
    for position, component in enumerate(everything):
        if component.fails:
            start += np.cumsum(equilibrium(component)).tolist()
            lost += [state.lost_share for state in component.states]
        else:
            start.append(1.0)
            lost.append(0.0)
        offset.append(len(start))
        if component.unavailability is not None:
            hour_row[position] = len(unavailability)
            down_h = component.states[1].mean_h
            largest, factor = thinning_profile(component.unavailability, component.base_unavailability, down_h)
            ratio = largest * down_h * factor
            unavailability.append(ratio / (1.0 + ratio))
    cause_offset, cause_element, cause_lost = _cause_table(components, causes)
    return SnapshotModel(
        id_lo=stream & np.uint64(LOW),
        id_hi=stream >> np.uint64(32),
        state_offset=np.array(offset, dtype=np.int32),
        state_start=np.array(start),
        state_lost=np.array(lost),
        hour_row=hour_row,
        hour_unavailability=np.array(unavailability).reshape(len(unavailability), n_hours),
        hour_stream=stream_id("system", "hour", "snapshot"),
        cause_first=len(components),
        cause_offset=cause_offset,
        cause_element=cause_element,
        cause_lost=cause_lost,
    )


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


def require_single_names(components: Sequence[Component]) -> None:
    """Common causes find components by name, so a level's names must be unique across its kinds."""
    names = [component.name for component in components]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(f"'{twice[0]}' names more than one component; common causes need one name for each")


def zonal_components(system: AdequacySystem, *, merged: bool) -> tuple[Component, ...]:
    """Elements of the zonal level: machines, interfaces, stores. ``merged``: one area without interfaces."""
    interfaces = () if merged else system.interface_component
    return (*system.unit_component, *interfaces, *system.store_component)


def zonal_case(system: AdequacySystem, tolerance_mw: float, *, merged: bool) -> ZonalCase:
    """Areas, interfaces and stores; ``merged``: the copper plate with stores."""
    n_areas = 1 if merged else len(system.areas)
    place = np.zeros(len(system.buses), dtype=np.int32) if merged else system.bus_area
    n_units = len(system.unit_name)
    n_interfaces = 0 if merged else len(system.interface_name)
    components = zonal_components(system, merged=merged)
    supply = supply_case(system, place, n_areas, len(components), tolerance_mw)
    forward = system.interface_forward_mw[:n_interfaces].reshape(1, n_interfaces)
    backward = system.interface_backward_mw[:n_interfaces].reshape(1, n_interfaces)
    start, stop = system.interface_from[:n_interfaces], system.interface_to[:n_interfaces]
    base_flow = _base_flow(supply, start, stop, forward[0], backward[0], system)
    base_export = np.zeros((len(base_flow), n_areas))
    for i in range(n_interfaces):
        base_export[:, start[i]] += base_flow[:, i]
        base_export[:, stop[i]] -= base_flow[:, i]
    stores = system.stores
    return ZonalCase(
        supply=supply,
        first_interface=n_units,
        first_store=n_units + n_interfaces,
        interface_from=start,
        interface_to=stop,
        forward_mw=np.ascontiguousarray(forward),
        backward_mw=np.ascontiguousarray(backward),
        limit_row=np.zeros(system.n_hours, dtype=np.int32),
        store_area=np.array([place[store.bus] for store in stores], dtype=np.int32),
        store_charge_mw=np.array([store.charge_mw for store in stores], dtype=np.float64),
        store_discharge_mw=np.array([store.discharge_mw for store in stores], dtype=np.float64),
        store_energy_mwh=np.array([store.energy_mwh for store in stores], dtype=np.float64),
        store_efficiency_charge=np.array([store.efficiency_charge for store in stores], dtype=np.float64),
        store_efficiency_discharge=np.array([store.efficiency_discharge for store in stores], dtype=np.float64),
        store_start_mwh=np.array([store.energy_start_mwh for store in stores], dtype=np.float64),
        store_carryover=np.array([store.carryover for store in stores], dtype=np.float64),
        base_flow_mw=base_flow,
        base_export_mw=base_export,
    )


COMFORTABLE = 6.0  # standard deviations of an area's outages beyond which no base flow is needed


def _base_flow(supply: SupplyCase, start: I4, stop: I4, forward_mw: F8, backward_mw: F8, system: AdequacySystem) -> F8:
    """(n_days, n_interfaces) flows that leave the tightest area as many standard deviations of margin as possible.

    Only a choice of certificate: any flow within the limits is right, a better one skips more days.
    """
    n_areas, n_days = supply.day_margin_mw.shape
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
    bounds = [(-b, f) for f, b in zip(forward_mw, backward_mw)] + [(None, None)]
    for day in np.flatnonzero((supply.day_margin_mw / width[:, None]).min(axis=0) < COMFORTABLE):
        solution = linprog(cost, left, supply.day_margin_mw[:, day], bounds=bounds, method="highs")
        if solution.status == 0:
            found = np.clip(solution.x[:-1], -backward_mw, forward_mw)
            flow[day] = np.where(np.abs(found) < 1e-6, 0.0, found)
    return flow
