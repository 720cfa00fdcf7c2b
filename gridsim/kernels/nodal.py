"""Sample years and snapshots at every bus: least penalty-weighted shedding under DC flows, by the dispatch kernel.

The dispatch problem is that of ``kernels.arrays`` with lower bounds of zero: a lower bound never changes what is shed,
because spilling is far cheaper than shedding.

An hour needs no dispatch if some zero-shed dispatch of it is known. The candidate is made from a reference dispatch
(the last zero-shed one, or none): clipped to what is available, then scaled down, or filled up in proportion to
headroom, until each island balances; it counts only if every flow keeps its limits. It never rests on a coarser
level's margin, nor on more load or fewer lines being worse. A whole day needs no dispatch if demand keeps its shape
over the day's buses, no branch changes its state, and the peak hour has a zero-shed dispatch with each machine at
its worst of the day: that dispatch, scaled with demand, serves every other hour (limits contain zero flow).

An hour with shedding is solved again from the merit-order start, and only that solution is counted, so a counted
number is a function of the state alone.

Stores are used hour after hour. An hour is first dispatched with charging alone, which is worth more than any supply
costs; only if that sheds load that counts is it dispatched again with discharging too. So no store is emptied to save
money on a congested line, and an hour in which no store can charge and some dispatch without discharging sheds nothing
moves no store: it may be skipped on the certificates above. Every hour in which a store may move is solved from the
merit-order start. A store loses its self-discharge at the start of the hour; power is constant over the hour.

A state that the kernel cannot solve stops the run and comes back with an
answer from outside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import DispatchCase, Topology
from gridsim.kernels.availability import OutageModel, SnapshotModel, draw_outages, draw_snapshots
from gridsim.kernels.certificate import OVERLOADED, PROVED, zero_shed_certificate
from gridsim.kernels.dispatch import N_BASIS, OPTIMAL, Workspace, solve_dispatch
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.flows import flows_into, topology_into
from gridsim.kernels.jit import inline, jit
from gridsim.kernels.rng import Counter
from gridsim.kernels.shortfall import (
    DAY_H,
    ENERGY,
    HOURS,
    Recorder,
    finish_sample,
    record_short_hour,
    start_sample,
    undo_sample,
)

B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]

ALL_YEAR, WINTER, SUMMER = 0, 1, 2
BALANCE_MW = 1e-9
# A least-cost dispatch sits at the limits, and the next hour's demand would push it over them. References are therefore
# dispatched within nine tenths of the limits where that sheds nothing.
DRAWN_IN = 0.9
REPAIRS = 12  # rows relieved before a candidate is given up
AIM_INSIDE = 0.03  # of the limit, by which a repaired flow stays inside it
LEAST_EFFECT = 0.02  # MW of flow per MW shifted below which shifting is not worth it
TIGHT_H = 12  # hours for which a failed attempt is not repeated
INSIDE, WARM, COLD, DISCHARGING = 0, 1, 2, 3  # how a state is solved, in the order tried
FULL_MWH = 1e-9  # room below which a store is full
# why a kernel returned early
DONE, EVENTS_FULL, UNSOLVED = 0, 1, 2
# counters of how hours were decided
BY_DAY, BY_CANDIDATE, BY_DISPATCH, COUNTED, TOPOLOGIES = 0, 1, 2, 3, 4
N_COUNTERS = 5


class NodalCase(NamedTuple):
    """What does not change between samples. Elements are machines, branches, stores.

    Supply columns are machines, then charging sides of stores, then discharging sides; ``dispatch``, ``cost``,
    ``spill_cost`` and ``unit_order`` are over columns, ``unit_*`` over machines.

    dispatch, order : the dispatch problem's constant part and its merit order
    unit_mw : (n_units,) f8;  unit_row : (n_units,) i4 into ``profile_mw`` (n_hours, n_rows) f8, or -1
    cost, spill_cost : (n_columns,) f8;  penalty : (n_buses, n_classes) f8
    load_bus, load_class, load_row : (n_loads,) i4;  load_mw : (n_loads,) f8;  load_factor : (n_hours, n_load_rows) f8 :
        demand at a bus and of a class is the sum of ``load_mw`` times the factor of its row
    bus_demand_mw : (n_hours, n_buses) f8, its sum over classes
    peak_hour : (n_days,) i4, hour of the day with the largest demand
    keeps_shape : (n_days,) bool, demand of all hours of the day is that of the peak hour times a number
    branch_mw : (n_branches,) f8;  limit_* : (n_limits,) of the named sections, see :func:`row_limits`
    branch_rating : (n_branches,) i4, column of ``rating_factor`` or -1;  rating_factor : (n_hours, n_ratings) f8,
        multiplies ``branch_mw``
    is_winter : (n_hours,) bool
    unit_order : (n_rows, n_columns) i4, supply columns by rising effect on the row's flow in the intact network
    region : (n_buses,) i4, parts of the network between named sections;  n_regions : their number
    counts : (n_classes,) bool, classes whose shedding is unserved energy
    group_scope : (n_groups, n_buses) i4, scope of each bus in each grouping or -1;  class_scope : (n_classes,) i4
    tolerance_mw : shedding counts if it exceeds this
    """

    n_hours: int
    dispatch: DispatchCase
    order: MeritOrder
    unit_mw: F8
    unit_row: I4
    profile_mw: F8
    cost: F8
    spill_cost: F8
    penalty: F8
    load_bus: I4
    load_class: I4
    load_row: I4
    load_mw: F8
    load_factor: F8
    bus_demand_mw: F8
    peak_hour: I4
    keeps_shape: B1
    branch_mw: F8
    branch_rating: I4
    rating_factor: F8
    limit_interface: I4
    limit_is_forward: B1
    limit_lines_out: I4
    limit_season: I4
    limit_mw: F8
    is_winter: B1
    unit_order: I4
    region: I4
    n_regions: int
    counts: B1
    group_scope: I4
    class_scope: I4
    tolerance_mw: float


class NodalScratch(NamedTuple):
    """Scratch of one worker; topologies of outage sets are kept in slots, slot 0 is the intact network.

    slot_key : (n_slots, n_branches) i4, sorted outages;  slot_size : (n_slots,) i4, their number, -1 if the slot is
    empty slot_island, slot_row_ptdf, slot_bus_ptdf : as in Topology;  slot_lo, slot_hi : (n_slots, 2, n_rows) f8,
    row limits in summer (0) and winter (1);  next_slot : (1,) i8
    slot_bus_ptdf32 : (n_slots, n_buses, n_rows) f4;  slot_largest : (n_slots,) f8, see ``certificate``
    tight_until : (1,) i8, hour before which drawn-in limits are not tried again
    row_lo, row_hi : (n_rows,) f8, limits of the hour (or of the day's worst hour);  demand_mw : (n_buses, n_classes) f8
    tight_lo, tight_hi : (n_rows,) f8, limits drawn in, for a reference that is not at its limits
    export_mw : (n_regions,) f8, what the reference sends out of each region;  region_* : (n_regions,)
    hi_mw, p_mw, reference_mw : (n_columns,) f8;  flow_mw : (n_rows,) f8
    injection_mw : (n_buses,) f8;  island_mw : (3 n_buses,) f8
    out : (n_branches,) i4, sorted outages of the hour;  scope_mw : (n_scopes,) f8
    basis : (2 n_buses + 2,) i4, warm start;  n_basis : (1,) i8
    counter : (5,) i8, hours decided by day, by candidate, by dispatch, hours counted, topologies made
    failed : (3,) i8, sample, hour and how (DISCHARGING or not) of a state that was not solved
    failed_mw : (2, n_columns) f8, lower and upper bounds;  failed_out : (n_branches,) i4
    """

    slot_key: I4
    slot_size: I4
    slot_island: I4
    slot_row_ptdf: F8
    slot_bus_ptdf: F8
    slot_lo: F8
    slot_hi: F8
    next_slot: I8
    slot_bus_ptdf32: NDArray[np.float32]
    slot_largest: F8
    tight_until: I8
    row_lo: F8
    row_hi: F8
    demand_mw: F8
    tight_lo: F8
    tight_hi: F8
    hi_mw: F8
    p_mw: F8
    reference_mw: F8
    export_mw: F8
    region_mw: F8
    region_room_mw: F8
    region_kept_mw: F8
    flow_mw: F8
    injection_mw: F8
    island_mw: F8
    out: I4
    scope_mw: F8
    basis: I4
    n_basis: I8
    counter: I8
    failed: I8
    failed_mw: F8
    failed_out: I4


class Stores(NamedTuple):
    """Stores and what they hold, one worker's own: apart from the case, which every hour's calls carry.

    charge_mw, discharge_mw, energy_mwh, start_mwh : (n_stores,) f8, power at the bus, energy when full and at first
    efficiency_charge, efficiency_discharge : (n_stores,) f8;  carryover : (n_stores,) f8, of the energy, per hour
    held_mwh, lost : (n_stores,) f8, energy held and share of the power out of service
    lo_mw : (n_columns,) f8, lower bounds of supply, below 0 for charging alone
    """

    charge_mw: F8
    discharge_mw: F8
    energy_mwh: F8
    start_mwh: F8
    efficiency_charge: F8
    efficiency_discharge: F8
    carryover: F8
    held_mwh: F8
    lost: F8
    lo_mw: F8


class Answers(NamedTuple):
    """States solved outside: sample, hour, how : (n,) i8;  shed_mw : (n, n_buses, n_classes) f8.

    p_mw : (n, n_columns) f8
    """

    sample: I8
    hour: I8
    how: I8
    shed_mw: F8
    p_mw: F8


def new_nodal_scratch(case: NodalCase, n_scopes: int, n_slots: int) -> NodalScratch:
    """Arrays of the right sizes, the intact network in slot 0."""
    n_buses, n_branches = case.dispatch.n_buses, len(case.branch_mw)
    n_rows, n_columns = case.dispatch.row_ptdf.shape[0], len(case.cost)
    scratch = NodalScratch(
        slot_key=np.zeros((n_slots, n_branches), dtype=np.int32),
        slot_size=np.full(n_slots, -1, dtype=np.int32),
        slot_island=np.zeros((n_slots, n_buses), dtype=np.int32),
        slot_row_ptdf=np.empty((n_slots, n_rows, n_buses)),
        slot_bus_ptdf=np.empty((n_slots, n_buses, n_rows)),
        slot_lo=np.empty((n_slots, 2, n_rows)),
        slot_hi=np.empty((n_slots, 2, n_rows)),
        next_slot=np.zeros(1, dtype=np.int64),
        slot_bus_ptdf32=np.empty((n_slots, n_buses, n_rows), dtype=np.float32),
        slot_largest=np.zeros(n_slots),
        tight_until=np.zeros(1, dtype=np.int64),
        row_lo=np.zeros(n_rows),
        row_hi=np.zeros(n_rows),
        demand_mw=np.zeros((n_buses, case.penalty.shape[1])),
        tight_lo=np.zeros(n_rows),
        tight_hi=np.zeros(n_rows),
        hi_mw=np.zeros(n_columns),
        p_mw=np.zeros(n_columns),
        reference_mw=np.zeros(n_columns),
        export_mw=np.zeros(case.n_regions),
        region_mw=np.zeros(case.n_regions),
        region_room_mw=np.zeros(case.n_regions),
        region_kept_mw=np.zeros(case.n_regions),
        flow_mw=np.zeros(n_rows),
        injection_mw=np.zeros(n_buses),
        island_mw=np.zeros(3 * n_buses),
        out=np.zeros(n_branches, dtype=np.int32),
        scope_mw=np.zeros(n_scopes),
        basis=np.zeros(2 * (n_buses + 1), dtype=np.int32),
        n_basis=np.zeros(1, dtype=np.int64),
        counter=np.zeros(N_COUNTERS, dtype=np.int64),
        failed=np.zeros(3, dtype=np.int64),
        failed_mw=np.zeros((2, n_columns)),
        failed_out=np.full(n_branches, -1, dtype=np.int32),
    )
    slot_of(case, scratch, 0)
    return scratch


@jit
def row_limits(case: NodalCase, out: I4, winter: bool, lo_out: F8, hi_out: F8) -> None:
    """Limits of branches and named sections with the branches ``out`` (sorted) out of service.

    A section's limit is the lowest of its rows whose number of member circuits out is reached and whose season holds.
    """
    n_branches = case.branch_mw.shape[0]
    for branch in range(n_branches):
        lo_out[branch] = -case.branch_mw[branch]
        hi_out[branch] = case.branch_mw[branch]
    dispatch = case.dispatch
    for interface in range(dispatch.interface_start.shape[0] - 1):
        n_out = 0
        for member in range(dispatch.interface_start[interface], dispatch.interface_start[interface + 1]):
            branch = dispatch.interface_branch[member]
            for k in range(out.shape[0]):
                if out[k] == branch and dispatch.branch_in_service[branch]:
                    n_out += 1
        row = n_branches + interface
        lo_out[row] = -np.inf
        hi_out[row] = np.inf
        for limit in range(case.limit_interface.shape[0]):
            if case.limit_interface[limit] != interface or case.limit_lines_out[limit] > n_out:
                continue
            season = case.limit_season[limit]
            if season == ALL_YEAR or (season == WINTER) == winter:
                if case.limit_is_forward[limit]:
                    hi_out[row] = min(hi_out[row], case.limit_mw[limit])
                else:
                    lo_out[row] = max(lo_out[row], -case.limit_mw[limit])


@jit
def slot_of(case: NodalCase, scratch: NodalScratch, n_out: int) -> int:
    """Slot of the topology without ``scratch.out[:n_out]`` (sorted); made if it is not there."""
    n_slots = scratch.slot_size.shape[0]
    for slot in range(n_slots):
        if scratch.slot_size[slot] == n_out:
            same = True
            for k in range(n_out):
                if scratch.slot_key[slot, k] != scratch.out[k]:
                    same = False
                    break
            if same:
                return slot
    slot = scratch.next_slot[0]
    scratch.next_slot[0] = slot + 1 if slot + 1 < n_slots else 1
    out = scratch.slot_key[slot][:n_out]
    for k in range(n_out):
        out[k] = scratch.out[k]
    scratch.slot_size[slot] = n_out
    topology_into(
        case.dispatch, out, scratch.slot_island[slot], scratch.slot_row_ptdf[slot], scratch.slot_bus_ptdf[slot]
    )
    largest = 0.0
    for bus in range(scratch.slot_bus_ptdf.shape[1]):
        for row in range(scratch.slot_bus_ptdf.shape[2]):
            value = scratch.slot_bus_ptdf[slot, bus, row]
            scratch.slot_bus_ptdf32[slot, bus, row] = value
            largest = max(largest, abs(value))
    scratch.slot_largest[slot] = largest
    row_limits(case, out, False, scratch.slot_lo[slot][0], scratch.slot_hi[slot][0])
    row_limits(case, out, True, scratch.slot_lo[slot][1], scratch.slot_hi[slot][1])
    scratch.counter[TOPOLOGIES] += 1
    return slot


@jit
def set_row_limits(case: NodalCase, scratch: NodalScratch, slot: int, first: int, stop: int) -> None:
    """Limits that hold in each of the hours first .. stop - 1, which are of one season."""
    season = 1 if case.is_winter[first] else 0
    for row in range(scratch.row_lo.shape[0]):
        scratch.row_lo[row] = scratch.slot_lo[slot, season, row]
        scratch.row_hi[row] = scratch.slot_hi[slot, season, row]
    for branch in range(case.branch_rating.shape[0]):
        rating = case.branch_rating[branch]
        if rating >= 0:
            factor = case.rating_factor[first, rating]
            for hour in range(first + 1, stop):
                factor = min(factor, case.rating_factor[hour, rating])
            scratch.row_lo[branch] *= factor
            scratch.row_hi[branch] *= factor


@jit
def add_demand(bus: I4, row: I4, mw: F8, factor: F8, demand_out: F8) -> None:
    """Add parts to demand: bus, row, mw (n_parts,); factor (n_hours, n_rows); demand_out (n_hours, n_buses)."""
    for hour in range(demand_out.shape[0]):
        for k in range(bus.shape[0]):
            demand_out[hour, bus[k]] += mw[k] * factor[hour, row[k]]


@jit
def set_demand(case: NodalCase, hour: int, demand_out: F8) -> None:
    """Demand of an hour: ``demand_out`` (n_buses, n_classes) f8."""
    demand_out[:] = 0.0
    for k in range(case.load_mw.shape[0]):
        demand_out[case.load_bus[k], case.load_class[k]] += case.load_mw[k] * case.load_factor[hour, case.load_row[k]]


@jit
def try_candidate(case: NodalCase, scratch: NodalScratch, slot: int, lo_mw: F8, demand_mw: F8, reference_mw: F8) -> int:
    """Certificate of an hour from a reference; limits in ``scratch.row_lo`` and ``row_hi``.

    lo_mw, reference_mw : (n_columns,) f8;  demand_mw : (n_buses,) f8;  the dispatch is left in ``scratch.p_mw``
    """
    return zero_shed_certificate(
        scratch.slot_island[slot],
        scratch.slot_row_ptdf[slot],
        scratch.slot_bus_ptdf32[slot],
        scratch.slot_largest[slot],
        case.dispatch.gen_bus,
        lo_mw,
        scratch.hi_mw,
        demand_mw,
        scratch.row_lo,
        scratch.row_hi,
        reference_mw,
        scratch.p_mw,
        scratch.island_mw,
        scratch.injection_mw,
    )


@jit
def set_reference(case: NodalCase, scratch: NodalScratch, p_mw: F8, demand_mw: F8) -> None:
    """Keep a zero-shed dispatch in which no store moves as reference, with what it sends out of each region."""
    scratch.export_mw[:] = 0.0
    for bus in range(demand_mw.shape[0]):
        scratch.export_mw[case.region[bus]] -= demand_mw[bus]
    for unit in range(p_mw.shape[0]):
        scratch.reference_mw[unit] = p_mw[unit]
        scratch.export_mw[case.region[case.dispatch.gen_bus[unit]]] += p_mw[unit]


@jit
def follow_demand_by_region(case: NodalCase, scratch: NodalScratch, demand_mw: F8) -> None:
    """Move the reference with demand inside each region, so that what regions exchange stays as it was.

    Writes ``scratch.p_mw``: each region's machines scaled down, or filled up in proportion to headroom, as far as it
    goes.
    """
    goal, room = scratch.region_mw, scratch.region_room_mw
    for r in range(case.n_regions):
        goal[r] = scratch.export_mw[r]
        room[r] = 0.0
        scratch.region_kept_mw[r] = 0.0
    for bus in range(demand_mw.shape[0]):
        goal[case.region[bus]] += demand_mw[bus]
    n_units = scratch.p_mw.shape[0]
    gen_bus = case.dispatch.gen_bus
    for unit in range(n_units):
        kept = min(scratch.reference_mw[unit], scratch.hi_mw[unit])
        scratch.p_mw[unit] = kept
        r = case.region[gen_bus[unit]]
        goal[r] -= kept
        scratch.region_kept_mw[r] += kept
        room[r] += scratch.hi_mw[unit] - kept
    for unit in range(n_units):
        r = case.region[gen_bus[unit]]
        if goal[r] > 0.0:
            if room[r] > 0.0:
                share = min(goal[r] / room[r], 1.0)
                scratch.p_mw[unit] += (scratch.hi_mw[unit] - scratch.p_mw[unit]) * share
        elif scratch.region_kept_mw[r] > 0.0:
            scratch.p_mw[unit] *= max(0.0, 1.0 + goal[r] / scratch.region_kept_mw[r])


@jit
def repair_candidate(case: NodalCase, scratch: NodalScratch, slot: int) -> bool:
    """Shift output between machines until the balanced dispatch in ``scratch.p_mw`` keeps every row's limits.

    Again and again the most exceeded row is relieved by the pairs of machines with the most and the least effect on it.
    Works on a network of one island, from the injections in ``scratch.injection_mw``. True if every limit is kept.
    """
    island = scratch.slot_island[slot]
    for bus in range(island.shape[0]):
        if island[bus] != 0:
            return False
    flow, p_mw, hi_mw = scratch.flow_mw, scratch.p_mw, scratch.hi_mw
    lo, hi = scratch.row_lo, scratch.row_hi
    row_ptdf, bus_ptdf = scratch.slot_row_ptdf[slot], scratch.slot_bus_ptdf[slot]
    flows_into(bus_ptdf, scratch.injection_mw, flow)
    gen_bus = case.dispatch.gen_bus
    n_rows = flow.shape[0]
    n_units = p_mw.shape[0]
    for _ in range(REPAIRS):
        worst = -1
        excess = 0.0
        sign = 1.0
        for row in range(n_rows):
            if flow[row] - hi[row] > excess:
                worst, excess, sign = row, flow[row] - hi[row], 1.0
            if lo[row] - flow[row] > excess:
                worst, excess, sign = row, lo[row] - flow[row], -1.0
        if worst < 0:
            return True
        # aim a little inside the limit, so that the next hour starts with room
        limit = hi[worst] if sign > 0.0 else -lo[worst]
        excess += AIM_INSIDE * limit
        up, down = 0, n_units - 1
        while excess > 0.0:
            raised = case.unit_order[worst, up if sign > 0.0 else n_units - 1 - up]
            lowered = case.unit_order[worst, down if sign > 0.0 else n_units - 1 - down]
            effect = sign * (row_ptdf[worst, gen_bus[lowered]] - row_ptdf[worst, gen_bus[raised]])
            if up >= down or effect < LEAST_EFFECT:
                break
            amount = min(hi_mw[raised] - p_mw[raised], p_mw[lowered], excess / effect)
            if amount > 0.0:
                p_mw[raised] += amount
                p_mw[lowered] -= amount
                excess -= amount * effect
                for row in range(n_rows):
                    flow[row] += amount * (bus_ptdf[gen_bus[raised], row] - bus_ptdf[gen_bus[lowered], row])
            if hi_mw[raised] - p_mw[raised] <= 0.0:
                up += 1
            elif p_mw[lowered] <= 0.0:
                down -= 1
            elif amount <= 0.0 or excess > 0.0:
                # rounding left a trace of room
                up += 1
        if excess > AIM_INSIDE * limit:
            return False
    return False


@jit
def is_zero_shed(case: NodalCase, scratch: NodalScratch, slot: int, lo_mw: F8, demand_mw: F8) -> bool:
    """Try the last zero-shed dispatch moved with demand, the same with its flows repaired, then all machines alike."""
    if case.n_regions > 1:
        follow_demand_by_region(case, scratch, demand_mw)
    else:
        scratch.p_mw[:] = scratch.reference_mw
    answer = try_candidate(case, scratch, slot, lo_mw, demand_mw, scratch.p_mw)
    if answer == PROVED:
        return True
    if answer == OVERLOADED and repair_candidate(case, scratch, slot):
        set_reference(case, scratch, scratch.p_mw, demand_mw)
        return True
    scratch.p_mw[:] = 0.0
    if try_candidate(case, scratch, slot, lo_mw, demand_mw, scratch.p_mw) == PROVED:
        set_reference(case, scratch, scratch.p_mw, demand_mw)
        return True
    return False


@inline
def dispatched_shed_mw(
    case: NodalCase, scratch: NodalScratch, ws: Workspace, slot: int, hour: int, lo_mw: F8, how: int
) -> tuple[int, float]:
    """Solve the state of ``scratch.hi_mw``; returns the status and the MW shed of classes that count.

    lo_mw : (n_columns,) f8
    how : COLD and DISCHARGING from the merit order, WARM from the last basis of the sample, INSIDE warm and within
        drawn-in limits
    """
    out = scratch.slot_key[slot][: scratch.slot_size[slot]]
    topology = Topology(out, scratch.slot_island[slot], scratch.slot_row_ptdf[slot], scratch.slot_bus_ptdf[slot])
    factor = DRAWN_IN if how == INSIDE else 1.0
    for row in range(scratch.tight_lo.shape[0]):
        scratch.tight_lo[row] = scratch.row_lo[row] * factor
        scratch.tight_hi[row] = scratch.row_hi[row] * factor
    set_demand(case, hour, scratch.demand_mw)
    status = solve_dispatch(
        topology,
        case.dispatch.gen_bus,
        lo_mw,
        scratch.hi_mw,
        case.cost,
        case.spill_cost,
        scratch.demand_mw,
        case.penalty,
        scratch.tight_lo,
        scratch.tight_hi,
        case.order,
        ws,
        scratch.basis,
        0 if how >= COLD else scratch.n_basis[0],
    )
    shed_mw = 0.0
    if status == OPTIMAL:
        n_basis = ws.info[N_BASIS]
        for k in range(n_basis):
            scratch.basis[k] = ws.basis[k]
        scratch.n_basis[0] = n_basis
        shed_mw = counted_shed_mw(case, ws.shed_mw)
    return status, shed_mw


@jit
def counted_shed_mw(case: NodalCase, shed_mw: F8) -> float:
    """MW shed of classes that count. shed_mw : (n_buses, n_classes)."""
    total = 0.0
    for bus in range(shed_mw.shape[0]):
        for k in range(shed_mw.shape[1]):
            if case.counts[k]:
                total += shed_mw[bus, k]
    return total


@jit
def find_answer(answers: Answers, sample: int, hour: int, how: int) -> int:
    """Position of a state solved outside, or -1."""
    for k in range(answers.sample.shape[0]):
        if answers.sample[k] == sample and answers.hour[k] == hour and answers.how[k] == how:
            return k
    return -1


@jit
def note_unsolved(scratch: NodalScratch, sample: int, hour: int, how: int, lo_mw: F8, n_out: int) -> None:
    """Keep the state that needs an answer from outside."""
    scratch.failed[0] = sample
    scratch.failed[1] = hour
    scratch.failed[2] = how
    scratch.failed_mw[0] = lo_mw
    scratch.failed_mw[1] = scratch.hi_mw
    scratch.failed_out[:] = -1
    for k in range(n_out):
        scratch.failed_out[k] = scratch.out[k]


@jit
def set_stores_in_service(
    stores: Stores, first_element: int, n: int, active: I4, component: I4, first: I4, end: I4, lost: F8, hour: int
) -> None:
    """Share of each store's power out of service in an hour; arguments as of :func:`set_available`."""
    stores.lost[:] = 0.0
    for k in range(n):
        i = active[k]
        store = component[i] - first_element
        if store >= 0 and first[i] <= hour < end[i]:
            stores.lost[store] = max(stores.lost[store], lost[i])


@jit
def close_stores(stores: Stores, n_units: int, hi_mw: F8) -> None:
    """Nothing charges or discharges. hi_mw : (n_columns,)."""
    stores.lo_mw[n_units:] = 0.0
    hi_mw[n_units:] = 0.0


@jit
def stores_stay_full(stores: Stores) -> bool:
    """True if every store is full and loses nothing: it stays so for as long as nothing is discharged."""
    for k in range(stores.held_mwh.shape[0]):
        if stores.energy_mwh[k] - stores.held_mwh[k] > FULL_MWH or stores.carryover[k] != 1.0:
            return False
    return True


@jit
def let_stores_charge(stores: Stores, n_units: int) -> bool:
    """Start an hour: self-discharge, then room and power as bounds of the charging columns; True if some can charge."""
    can_charge = False
    for k in range(stores.held_mwh.shape[0]):
        stores.held_mwh[k] *= stores.carryover[k]
        room = stores.energy_mwh[k] - stores.held_mwh[k]
        power = 0.0
        if room > FULL_MWH:
            power = min(stores.charge_mw[k] * (1.0 - stores.lost[k]), room / stores.efficiency_charge[k])
        stores.lo_mw[n_units + k] = -power
        can_charge = can_charge or power > 0.0
    return can_charge


@jit
def let_stores_discharge(stores: Stores, n_units: int, hi_mw: F8) -> bool:
    """Energy and power as bounds of the discharging columns; True if some store has something to give."""
    n_stores = stores.held_mwh.shape[0]
    can_discharge = False
    for k in range(n_stores):
        usable = stores.held_mwh[k] * stores.efficiency_discharge[k]
        power = min(stores.discharge_mw[k] * (1.0 - stores.lost[k]), usable)
        hi_mw[n_units + n_stores + k] = power
        can_discharge = can_discharge or power > 0.0
    return can_discharge


@jit
def move_stores(stores: Stores, n_units: int, p_mw: F8) -> None:
    """Energy after an hour of the dispatch ``p_mw`` (n_columns,), from which no store gains more than it takes."""
    n_stores = stores.held_mwh.shape[0]
    for k in range(n_stores):
        taken = -p_mw[n_units + k]
        given = p_mw[n_units + n_stores + k]
        if given > 0.0:
            stores.held_mwh[k] = max(stores.held_mwh[k] - given / stores.efficiency_discharge[k], 0.0)
        if taken > 0.0:
            room = stores.energy_mwh[k] - stores.held_mwh[k]
            if taken >= room / stores.efficiency_charge[k]:
                stores.held_mwh[k] = stores.energy_mwh[k]
            else:
                stores.held_mwh[k] += taken * stores.efficiency_charge[k]


@jit
def scope_totals(case: NodalCase, shed_mw: F8, scope_mw: F8) -> None:
    """Shed MW of every scope: system (0), groupings of buses, classes. shed_mw : (n_buses, n_classes)."""
    n_buses, n_classes = shed_mw.shape
    for scope in range(scope_mw.shape[0]):
        scope_mw[scope] = 0.0
    for bus in range(n_buses):
        at_bus = 0.0
        for k in range(n_classes):
            if case.counts[k]:
                at_bus += shed_mw[bus, k]
                if case.class_scope[k] >= 0:
                    scope_mw[case.class_scope[k]] += shed_mw[bus, k]
        scope_mw[0] += at_bus
        for group in range(case.group_scope.shape[0]):
            scope = case.group_scope[group, bus]
            if scope >= 0:
                scope_mw[scope] += at_bus


@jit
def set_available(
    case: NodalCase,
    scratch: NodalScratch,
    n: int,
    active: I4,
    component: I4,
    first: I4,
    end: I4,
    lost: F8,
    hour: int,
) -> int:
    """Capacity of every machine in an hour, and the branches out, sorted; returns their number.

    active : positions of the day's intervals, ``n`` of them
    """
    n_units = case.unit_mw.shape[0]
    n_branches = case.branch_mw.shape[0]
    for unit in range(n_units):
        row = case.unit_row[unit]
        scratch.hi_mw[unit] = case.unit_mw[unit] if row < 0 else case.profile_mw[hour, row]
    n_out = 0
    for k in range(n):
        i = active[k]
        if first[i] <= hour < end[i]:
            element = component[i]
            if element < n_units:
                row = case.unit_row[element]
                full = case.unit_mw[element] if row < 0 else case.profile_mw[hour, row]
                scratch.hi_mw[element] = min(scratch.hi_mw[element], full * (1.0 - lost[i]))
            elif element < n_units + n_branches:
                n_out = insert_sorted(scratch.out, n_out, element - n_units)
    return n_out


@jit
def insert_sorted(values: I4, n: int, value: int) -> int:
    """Insert into the sorted ``values[:n]`` unless present; returns the new number."""
    position = n
    while position > 0 and values[position - 1] >= value:
        if values[position - 1] == value:
            return n
        position -= 1
    for k in range(n, position, -1):
        values[k] = values[k - 1]
    values[position] = value
    return n + 1


@jit
def set_worst_of_day(
    case: NodalCase,
    scratch: NodalScratch,
    n: int,
    active: I4,
    component: I4,
    first: I4,
    end: I4,
    lost: F8,
    day: int,
) -> int:
    """Each machine at its worst of the day, and the branches out all day, sorted; returns their number.

    Returns -1 if one dispatch cannot stand for the day: demand changes its shape, or a branch its state.
    """
    if not case.keeps_shape[day]:
        return -1
    start = day * DAY_H
    stop = min(start + DAY_H, case.n_hours)
    n_units = case.unit_mw.shape[0]
    n_branches = case.branch_mw.shape[0]
    n_out = 0
    for unit in range(n_units):
        row = case.unit_row[unit]
        if row < 0:
            scratch.hi_mw[unit] = case.unit_mw[unit]
        else:
            lowest = case.profile_mw[start, row]
            for hour in range(start + 1, stop):
                lowest = min(lowest, case.profile_mw[hour, row])
            scratch.hi_mw[unit] = lowest
    for k in range(n):
        i = active[k]
        element = component[i]
        if element < n_units:
            # the least of a product of nonnegative factors is at least the product of the least ones
            row = case.unit_row[element]
            full = case.unit_mw[element]
            if row >= 0:
                full = case.profile_mw[start, row]
                for hour in range(start + 1, stop):
                    full = min(full, case.profile_mw[hour, row])
            scratch.hi_mw[element] = min(scratch.hi_mw[element], full * (1.0 - lost[i]))
        elif element >= n_units + n_branches:
            continue  # a store that is full does not move, in service or not
        elif first[i] <= start and end[i] >= stop:
            n_out = insert_sorted(scratch.out, n_out, element - n_units)
        else:
            return -1
    return n_out


@jit
def nodal_samples(
    case: NodalCase,
    model: OutageModel,
    seed: Counter,
    first_sample: int,
    n_samples: int,
    skip: bool,
    recorder: Recorder,
    stores: Stores,
    scratch: NodalScratch,
    ws: Workspace,
    answers: Answers,
    total_out: F8,
) -> tuple[int, int]:
    """Chronological years at every bus. total_out : (n_samples, n_scopes, 5) f8.

    Returns samples done and why: DONE, EVENTS_FULL (grow the table and go on), UNSOLVED (the state in
    ``scratch.failed`` needs an answer from outside; give it and go on from the same sample).
    """
    n_days = case.peak_hour.shape[0]
    n_units = case.unit_mw.shape[0]
    n_stores = stores.held_mwh.shape[0]
    first_store = n_units + case.branch_mw.shape[0]
    n_scopes = scratch.scope_mw.shape[0]
    batch = np.empty((4, model.batch_block.shape[0]))
    capacity = 4 * model.batch_block.shape[0] + 64
    component = np.empty(capacity, dtype=np.int32)
    first = np.empty(capacity, dtype=np.int32)
    end = np.empty(capacity, dtype=np.int32)
    lost = np.empty(capacity)
    active = np.empty(capacity, dtype=np.int32)
    for s in range(n_samples):
        sample = first_sample + s
        n = draw_outages(model, seed, sample, case.n_hours, batch, component, first, end, lost)
        while n < 0:
            capacity *= 2
            component = np.empty(capacity, dtype=np.int32)
            first = np.empty(capacity, dtype=np.int32)
            end = np.empty(capacity, dtype=np.int32)
            lost = np.empty(capacity)
            active = np.empty(capacity, dtype=np.int32)
            n = draw_outages(model, seed, sample, case.n_hours, batch, component, first, end, lost)
        start_sample(recorder)
        scratch.n_basis[0] = 0
        was_short = False
        scratch.tight_until[0] = 0
        scratch.reference_mw[:] = 0.0
        scratch.export_mw[:] = 0.0
        stores.held_mwh[:] = stores.start_mwh
        for day in range(n_days):
            start = day * DAY_H
            stop = min(start + DAY_H, case.n_hours)
            n_active = 0
            for i in range(n):
                if first[i] < stop and end[i] > start and component[i] < model.causes.first:
                    active[n_active] = i
                    n_active += 1
            # place -1 stands for the whole day; the one call of the dispatch serves it and the hours, because each call
            # site costs ten seconds of compilation
            for place in range(-1 if skip else 0, stop - start):
                if n_stores > 0:
                    close_stores(stores, n_units, scratch.hi_mw)
                if place < 0:
                    if n_stores > 0 and not stores_stay_full(stores):
                        continue
                    hour = int(case.peak_hour[day])
                    n_out = set_worst_of_day(case, scratch, n_active, active, component, first, end, lost, day)
                    if n_out < 0:
                        continue
                else:
                    hour = start + place
                    n_out = set_available(case, scratch, n_active, active, component, first, end, lost, hour)
                can_charge = False
                if place >= 0 and n_stores > 0:
                    set_stores_in_service(stores, first_store, n_active, active, component, first, end, lost, hour)
                    can_charge = let_stores_charge(stores, n_units)
                slot = slot_of(case, scratch, n_out)
                set_row_limits(case, scratch, slot, start if place < 0 else hour, stop if place < 0 else hour + 1)
                served = (
                    skip
                    and not can_charge
                    and is_zero_shed(case, scratch, slot, stores.lo_mw, case.bus_demand_mw[hour])
                )
                if served:
                    scratch.counter[BY_DAY if place < 0 else BY_CANDIDATE] += stop - start if place < 0 else 1
                    if place < 0:
                        break
                    continue
                allowed_mw = BALANCE_MW if place < 0 else case.tolerance_mw
                known = -1
                for how in range(INSIDE, DISCHARGING + 1):
                    if how == INSIDE and (not skip or was_short or scratch.tight_until[0] > hour):
                        continue
                    if how == COLD and place < 0:
                        break
                    if how < COLD and can_charge:
                        continue
                    if how == DISCHARGING and not let_stores_discharge(stores, n_units, scratch.hi_mw):
                        break
                    status, shed_mw = dispatched_shed_mw(case, scratch, ws, slot, hour, stores.lo_mw, how)
                    scratch.counter[COUNTED if how >= COLD else BY_DISPATCH] += 1
                    if how < COLD:
                        if status == OPTIMAL and shed_mw <= allowed_mw:
                            set_reference(case, scratch, ws.p_mw, case.bus_demand_mw[hour])
                            served = True
                            break
                        if how == INSIDE:
                            scratch.tight_until[0] = hour + TIGHT_H
                        continue
                    known = -1
                    if status != OPTIMAL:
                        known = find_answer(answers, sample, hour, how)
                        if known < 0:
                            note_unsolved(scratch, sample, hour, how, stores.lo_mw, n_out)
                            undo_sample(recorder)
                            return s, UNSOLVED
                    if n_stores == 0:
                        break
                    if known >= 0:
                        shed_mw = counted_shed_mw(case, answers.shed_mw[known])
                    if how == COLD and shed_mw <= allowed_mw:
                        break
                if place < 0:
                    if served:
                        scratch.counter[BY_DAY] += stop - start
                        break
                    continue
                was_short = not served
                if served:
                    continue
                # the last solution, from the merit order, is the one that counts
                scope_totals(case, ws.shed_mw if known < 0 else answers.shed_mw[known], scratch.scope_mw)
                if n_stores > 0:
                    move_stores(stores, n_units, ws.p_mw if known < 0 else answers.p_mw[known])
                    was_short = scratch.scope_mw[0] > case.tolerance_mw
                for scope in range(n_scopes):
                    if scratch.scope_mw[scope] > case.tolerance_mw:
                        record_short_hour(recorder, sample, scope, hour, scratch.scope_mw[scope])
        if not finish_sample(recorder, sample, total_out[s]):
            return s, EVENTS_FULL
    return n_samples, DONE


@jit
def nodal_snapshots(
    case: NodalCase,
    model: SnapshotModel,
    seed: Counter,
    first_sample: int,
    scratch: NodalScratch,
    ws: Workspace,
    answers: Answers,
    total_out: F8,
) -> tuple[int, int]:
    """Random hours and equilibrium states at every bus; ``first_sample`` is a multiple of four.

    total_out : (n_samples, n_scopes, 5) f8. Returns samples done (a multiple of four unless all) and DONE or UNSOLVED.
    """
    n_samples, n_scopes = total_out.shape[0], total_out.shape[1]
    n_units = case.unit_mw.shape[0]
    n_branches = case.branch_mw.shape[0]
    n_components = model.id_lo.shape[0]
    block = np.zeros(n_components, dtype=np.uint64)
    hour_of = np.empty(4, dtype=np.int32)
    lost = np.empty((4, n_components))
    zero = np.zeros(n_units)
    for group in range((n_samples + 3) // 4):
        draw_snapshots(model, seed, first_sample // 4 + group, case.n_hours, block, hour_of, lost)
        for w in range(min(4, n_samples - 4 * group)):
            place = 4 * group + w
            for scope in range(n_scopes):
                total_out[place, scope, :] = 0.0
            hour = hour_of[w]
            for unit in range(n_units):
                row = case.unit_row[unit]
                full = case.unit_mw[unit] if row < 0 else case.profile_mw[hour, row]
                scratch.hi_mw[unit] = full * (1.0 - lost[w, unit])
                scratch.reference_mw[unit] = 0.0
            n_out = 0
            for branch in range(n_branches):
                if lost[w, n_units + branch] > 0.0:
                    scratch.out[n_out] = branch
                    n_out += 1
            slot = slot_of(case, scratch, n_out)
            set_row_limits(case, scratch, slot, hour, hour + 1)
            answer = try_candidate(case, scratch, slot, zero, case.bus_demand_mw[hour], scratch.reference_mw)
            if answer == PROVED:
                scratch.counter[BY_CANDIDATE] += 1
                continue
            status, shed_mw = dispatched_shed_mw(case, scratch, ws, slot, hour, zero, COLD)
            scratch.counter[BY_DISPATCH] += 1
            if status == OPTIMAL:
                if shed_mw <= case.tolerance_mw:
                    continue
                scope_totals(case, ws.shed_mw, scratch.scope_mw)
            else:
                known = find_answer(answers, first_sample + place, hour, COLD)
                if known < 0:
                    note_unsolved(scratch, first_sample + place, hour, COLD, zero, n_out)
                    return 4 * group, UNSOLVED
                scope_totals(case, answers.shed_mw[known], scratch.scope_mw)
            scratch.counter[COUNTED] += 1
            for scope in range(n_scopes):
                if scratch.scope_mw[scope] > case.tolerance_mw:
                    total_out[place, scope, HOURS] = case.n_hours
                    total_out[place, scope, ENERGY] = scratch.scope_mw[scope] * case.n_hours
    return n_samples, DONE
