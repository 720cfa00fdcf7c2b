"""Areas, interfaces and stores of the zonal level, and the largest flow between areas.

Paths are found breadth first from all areas with something to give (Edmonds and Karp 1972), which ends after a
number of paths that depends on the network alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import jit
from gridsim.kernels.shortfall import SupplyCase

B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]

NOTHING_MW = 1e-9  # flows, surpluses and shortages below this are rounding


@by_reference
class ZonalCase(NamedTuple):
    """Supply, interfaces and stores of all samples.

    supply : machines and demand by area; elements are machines, then circuits of interfaces, then stores
    first_circuit, first_store : element of circuit 0 and of store 0
    interface_from, interface_to : (n_interfaces,) i4, areas;  circuit_interface : (n_circuits,) i4
    scheme_start : (n_interfaces + 1,) i4, first column of each interface's limits with 0, 1, 2 ... all circuits out
    forward_mw, backward_mw : (n_rows, n_schemes) f8 >= 0, not rising with the circuits out
    limit_row : (n_hours,) i4, row that holds in each hour
    area_zone : (n_areas,) i4, zone under which an area's shortage is booked, of n_zones
    store_area : (n_stores,) i4;  the other store_* : (n_stores,) f8, MW, MWh and shares;
        store_calls, store_hours f8 most within each store_period_h (i8, 0 the horizon); store_is_last bool, used after
        all others
    base_flow_mw : (n_days, n_interfaces) f8, a flow within every limit of the day on which its certificate rests
    base_export_mw : (n_days, n_areas) f8, what that flow takes from each area
    n_tiers : places of the order in which load is shed; 0 where no classes are known
    part_* : (n_parts,) load that is some MW in one area and tier times a column of part_factor (n_hours, n_rows);
        part_people_mw : of it of households and services
    """

    supply: SupplyCase
    first_circuit: int
    first_store: int
    interface_from: I4
    interface_to: I4
    circuit_interface: I4
    scheme_start: I4
    forward_mw: F8
    backward_mw: F8
    limit_row: I4
    area_zone: I4
    n_zones: int
    store_area: I4
    store_charge_mw: F8
    store_discharge_mw: F8
    store_energy_mwh: F8
    store_efficiency_charge: F8
    store_efficiency_discharge: F8
    store_start_mwh: F8
    store_carryover: F8
    store_calls: F8
    store_hours: F8
    store_period_h: I8
    store_is_last: B1
    base_flow_mw: F8
    base_export_mw: F8
    n_tiers: int
    part_area: I4
    part_tier: I4
    part_row: I4
    part_mw: F8
    part_people_mw: F8
    part_factor: F8


@by_reference
class ZonalScratch(NamedTuple):
    """Scratch of one worker.

    surplus, shortage : (n_areas,) f8, MW of the hour, both >= 0;  requested : (n_areas,) f8, the part to be covered now
    flow, forward, backward : (n_interfaces,) f8, MW;  out : (n_interfaces,) f8, circuits out
    previous : (n_areas,) i4, interface by which the search reached an area (-1 start, -2 not reached); queue :
    (n_areas,) energy_mwh, time_to_go_h : (n_stores,) f8;  by_rank : (n_stores,) i4;  discharged : (n_stores,) f8
    calls, hours_used : (n_stores,) f8 of the period;  last_used : (n_stores,) i8, hour;  now : (1,) i8, hour
    """

    surplus: F8
    shortage: F8
    requested: F8
    flow: F8
    forward: F8
    backward: F8
    out: F8
    previous: I4
    queue: I4
    energy_mwh: F8
    time_to_go_h: F8
    by_rank: I4
    discharged: F8
    calls: F8
    hours_used: F8
    last_used: I8
    now: I8


@jit
def new_scratch(n_areas: int, n_interfaces: int, n_stores: int) -> ZonalScratch:
    """Arrays of the right sizes."""
    return ZonalScratch(
        surplus=np.zeros(n_areas),
        shortage=np.zeros(n_areas),
        requested=np.zeros(n_areas),
        flow=np.zeros(n_interfaces),
        forward=np.zeros(n_interfaces),
        backward=np.zeros(n_interfaces),
        out=np.zeros(n_interfaces),
        previous=np.zeros(n_areas, dtype=np.int32),
        queue=np.zeros(n_areas, dtype=np.int32),
        energy_mwh=np.zeros(n_stores),
        time_to_go_h=np.zeros(n_stores),
        by_rank=np.zeros(n_stores, dtype=np.int32),
        discharged=np.zeros(n_stores),
        calls=np.zeros(n_stores),
        hours_used=np.zeros(n_stores),
        last_used=np.full(n_stores, -2, dtype=np.int64),
        now=np.zeros(1, dtype=np.int64),
    )


@jit
def send(case: ZonalCase, scratch: ZonalScratch, source: F8, sink: F8) -> None:
    """Move as much as possible from areas with ``source`` to areas with ``sink``, and reduce both by it.

    source, sink : (n_areas,) f8 >= 0;  ``scratch.flow`` is the flow so far and is changed along the paths found.
    """
    n_areas = source.shape[0]
    n_interfaces = scratch.flow.shape[0]
    # each area serves itself first: the search below finds sinks only in areas without source
    for area in range(n_areas):
        here = min(source[area], sink[area])
        source[area] -= here
        sink[area] -= here
    while True:
        # breadth first over residual capacity: forward - flow with an interface, backward + flow against it
        head = 0
        tail = 0
        for area in range(n_areas):
            scratch.previous[area] = -2
            if source[area] > NOTHING_MW:
                scratch.previous[area] = -1
                scratch.queue[tail] = area
                tail += 1
        found = -1
        while head < tail and found < 0:
            area = scratch.queue[head]
            head += 1
            for i in range(n_interfaces):
                if case.interface_from[i] == area:
                    other = case.interface_to[i]
                    room = scratch.forward[i] - scratch.flow[i]
                elif case.interface_to[i] == area:
                    other = case.interface_from[i]
                    room = scratch.backward[i] + scratch.flow[i]
                else:
                    continue
                if room > NOTHING_MW and scratch.previous[other] == -2:
                    scratch.previous[other] = i
                    scratch.queue[tail] = other
                    tail += 1
                    if sink[other] > NOTHING_MW:
                        found = other
                        break
        if found < 0:
            return
        # the path's narrowest place, from its end to its start
        amount = sink[found]
        area = found
        while scratch.previous[area] >= 0:
            i = scratch.previous[area]
            if case.interface_to[i] == area:
                amount = min(amount, scratch.forward[i] - scratch.flow[i])
                area = case.interface_from[i]
            else:
                amount = min(amount, scratch.backward[i] + scratch.flow[i])
                area = case.interface_to[i]
        amount = min(amount, source[area])
        # move it along the path
        source[area] -= amount
        sink[found] -= amount
        area = found
        while scratch.previous[area] >= 0:
            i = scratch.previous[area]
            if case.interface_to[i] == area:
                scratch.flow[i] += amount
                area = case.interface_from[i]
            else:
                scratch.flow[i] -= amount
                area = case.interface_to[i]
