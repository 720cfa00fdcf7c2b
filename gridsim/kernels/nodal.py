"""Sample years and snapshots at every bus: least penalty-weighted shedding under DC flows, by the dispatch kernel.

The dispatch problem is that of ``kernels.arrays`` with lower bounds of zero: a lower bound never changes what is shed,
because spilling is far cheaper than shedding. Rows that cannot bind are left out (``topologies``).

An hour needs no dispatch if some zero-shed dispatch of it is known (``candidate``). It never rests on a coarser level's
margin, nor on more load or fewer lines being worse. A whole day needs no dispatch if demand keeps its shape over the
day's buses, no branch changes its state, and the peak hour has a zero-shed dispatch with each machine at its worst of
the day: that dispatch, scaled with demand, serves every other hour (limits contain zero flow).

An hour with shedding is solved again from the merit-order start, and only that solution is counted, so a counted
number is a function of the state alone. An hour in which no store can charge and some dispatch without discharging
sheds nothing moves no store (``stores``): it may be skipped on the certificates above. Every hour in which a store may
move is solved from the merit-order start.

A state that the kernel cannot solve stops the run and comes back with an
answer from outside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4, I8, Topology
from gridsim.kernels.availability import OutageModel, SnapshotModel, draw_outages, draw_snapshots
from gridsim.kernels.candidate import Candidate, Rows, find_zero_shed, new_candidate, set_reference
from gridsim.kernels.certificate import OVERLOADED, PROVED, UNBALANCED, zero_shed_certificate
from gridsim.kernels.dispatch import N_BASIS, OPTIMAL, Workspace, solve_dispatch
from gridsim.kernels.jit import inline, jit
from gridsim.kernels.nodal_case import NodalCase, counted_shed_mw, scope_totals, set_demand
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
from gridsim.kernels.stores import (
    Stores,
    close_stores,
    let_stores_charge,
    let_stores_discharge,
    move_stores,
    price_stores,
    set_stores_in_service,
    stores_stay_full,
)
from gridsim.kernels.topologies import Slots, find_slot, make_slot, new_slots, set_limits

BALANCE_MW = 1e-9
# A least-cost dispatch sits at the limits, and the next hour's demand would push it over them. References are therefore
# dispatched within nine tenths of the limits where that sheds nothing.
DRAWN_IN = 0.9
TIGHT_H = 12  # hours for which a failed attempt is not repeated
INSIDE, WARM, COLD, DISCHARGING = 0, 1, 2, 3  # how a state is solved, in the order tried
# why a kernel returned early
DONE, EVENTS_FULL, UNSOLVED = 0, 1, 2
# counters of how hours were decided
BY_DAY, BY_CANDIDATE, BY_DISPATCH, COUNTED = 0, 1, 2, 3
N_COUNTERS = 4


class NodalScratch(NamedTuple):
    """Scratch of one worker.

    slots, candidate : see ``topologies`` and ``candidate``
    row_lo, row_hi : (n_rows,) f8, limits of the kept rows for a dispatch, drawn in for a reference not at its limits
    demand_mw : (n_buses, n_classes) f8;  hi_mw : (n_columns,) f8;  bus_mw : (n_buses,) f8
    touched : (n_units,) i4, machines that lost capacity in the hour (or day);  share : (n_units,) f8, what they keep,
        1 for all others
    out : (n_branches,) i4, sorted outages of the hour;  scope_mw : (n_scopes,) f8
    basis : (2 n_buses + 2,) i4, of the last dispatch of the sample, rows by their number in the case;  n_basis : (1,)
        i8;  warm : as basis, rows by their place among those kept
    counter : (4,) i8, hours decided by day, by candidate, by dispatch, hours counted
    failed : (3,) i8, sample, hour and how (DISCHARGING or not) of a state that was not solved
    failed_columns : (3, n_columns) f8, its lower and upper bounds and costs;  failed_out : (n_branches,) i4
    """

    slots: Slots
    candidate: Candidate
    row_lo: F8
    row_hi: F8
    demand_mw: F8
    hi_mw: F8
    bus_mw: F8
    touched: I4
    share: F8
    out: I4
    scope_mw: F8
    basis: I4
    n_basis: I8
    warm: I4
    counter: I8
    failed: I8
    failed_columns: F8
    failed_out: I4


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
    n_buses, n_branches, n_units = case.dispatch.n_buses, len(case.branch_mw), len(case.unit_mw)
    n_columns, slots = len(case.cost), new_slots(case, n_slots)
    n_rows = slots.row_lo.size
    scratch = NodalScratch(
        slots=slots,
        candidate=new_candidate(n_buses, case.n_regions, n_rows),
        row_lo=np.zeros(n_rows),
        row_hi=np.zeros(n_rows),
        demand_mw=np.zeros((n_buses, case.penalty.shape[1])),
        hi_mw=np.zeros(n_columns),
        bus_mw=np.zeros(n_buses),
        touched=np.zeros(n_units, dtype=np.int32),
        share=np.ones(n_units),
        out=np.zeros(n_branches, dtype=np.int32),
        scope_mw=np.zeros(n_scopes),
        basis=np.zeros(2 * (n_buses + 1), dtype=np.int32),
        n_basis=np.zeros(1, dtype=np.int64),
        warm=np.zeros(2 * (n_buses + 1), dtype=np.int32),
        counter=np.zeros(N_COUNTERS, dtype=np.int64),
        failed=np.zeros(3, dtype=np.int64),
        failed_columns=np.zeros((3, n_columns)),
        failed_out=np.full(n_branches, -1, dtype=np.int32),
    )
    make_slot(case, slots, scratch.out[:0])
    return scratch


@jit
def rows_of(slots: Slots, slot: int) -> Rows:
    """What certificates and dispatches read of a topology."""
    n, n_buses = slots.n_kept[slot], slots.island.shape[1]
    size = n * n_buses
    return Rows(
        slots.kept[slot][:n],
        slots.island[slot],
        slots.row_ptdf[slot][:size].reshape((n, n_buses)),
        slots.bus_ptdf[slot][:size].reshape((n_buses, n)),
        slots.bus_ptdf32[slot][:size].reshape((n_buses, n)),
        slots.largest[slot],
    )


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
def set_outages(
    n: int,
    active: I4,
    component: I4,
    first: I4,
    end: I4,
    lost: F8,
    start: int,
    stop: int,
    n_branches: int,
    n_touched: int,
    touched: I4,
    share: F8,
    out: I4,
) -> tuple[int, int, int]:
    """What is out in the hours start .. stop - 1: each machine at its worst, the branches out all the time, sorted.

    active : positions of the day's intervals, ``n`` of them;  touched, share, out : see ``NodalScratch``, of which
    ``n_touched`` are to be forgotten. Returns the numbers of machines touched, of branches out (-1 if a branch changes
    its state), and the hour from which on the answer may differ, of the day at the latest.
    """
    n_units = share.size
    for k in range(n_touched):
        share[touched[k]] = 1.0
    n_touched, n_out, until = 0, 0, start + DAY_H
    steady = True
    for k in range(n):
        i = active[k]
        if first[i] >= stop:
            until = min(until, first[i])
            continue
        if end[i] <= start:
            continue
        if end[i] > start:
            until = min(until, end[i])
        element = component[i]
        if element < n_units:
            if share[element] == 1.0 and lost[i] > 0.0:
                touched[n_touched] = element
                n_touched += 1
            share[element] = min(share[element], 1.0 - lost[i])
        elif element < n_units + n_branches:
            if first[i] <= start and end[i] >= stop:
                n_out = insert_sorted(out, n_out, element - n_units)
            else:
                steady = False
    return n_touched, n_out if steady else -1, until


@jit
def set_supply(
    intact_mw: F8,
    gen_bus: I4,
    unit_mw: F8,
    unit_row: I4,
    profile_mw: F8,
    n_touched: int,
    touched: I4,
    share: F8,
    supply_out: F8,
) -> None:
    """What machines have at each bus, (n_buses,): ``intact_mw`` less what is lost.

    profile_mw : (n_rows,), of the hour;  see ``NodalCase`` and ``NodalScratch`` for the others
    """
    for bus in range(supply_out.size):
        supply_out[bus] = intact_mw[bus]
    for k in range(n_touched):
        unit = touched[k]
        row = unit_row[unit]
        lost_mw = (unit_mw[unit] if row < 0 else profile_mw[row]) * (1.0 - share[unit])
        supply_out[gen_bus[unit]] = max(supply_out[gen_bus[unit]] - lost_mw, 0.0)


@jit
def set_capacity(unit_mw: F8, unit_row: I4, profile_mw: F8, share: F8, hi_out: F8) -> None:
    """What each machine has, the first columns of ``hi_out``. profile_mw : (n_rows,), of the hour."""
    for unit in range(unit_mw.size):
        row = unit_row[unit]
        hi_out[unit] = (unit_mw[unit] if row < 0 else profile_mw[row]) * share[unit]


@jit
def draw_in(lo_mw: F8, hi_mw: F8, factor: float, lo_out: F8, hi_out: F8) -> None:
    """Limits (n_rows,) times a factor."""
    for row in range(lo_out.size):
        lo_out[row], hi_out[row] = lo_mw[row] * factor, hi_mw[row] * factor


@jit
def read_last_basis(wanted: bool, basis: I4, n_basis: int, place: I4, warm_out: I4) -> int:
    """Name the rows of ``basis`` by their place among those kept; returns its size, 0 if one cannot bind here."""
    if not wanted:
        return 0
    for k in range(n_basis):
        code = basis[k]
        if code < 0:
            if place[-1 - code] < 0:
                return 0
            code = -1 - place[-1 - code]
        warm_out[k] = code
    return n_basis


@jit
def keep_basis(basis: I4, n_basis: int, kept: I4, basis_out: I4) -> None:
    """The inverse of :func:`read_last_basis`."""
    for k in range(n_basis):
        code = basis[k]
        basis_out[k] = code if code >= 0 else -1 - kept[-1 - code]


@inline
def dispatched_shed_mw(case, scratch, ws, slot, rows, profile_mw, hour, lo_mw, cost, order, how):  # type: ignore[no-untyped-def]
    """Solve a state; returns the status and the MW shed of classes that count.

    slot, rows : of the topology;  limits are those of ``scratch.slots``;  profile_mw : (n_rows,) f8, capacities;
    hour : whose demand is served;  lo_mw, cost : (n_columns,) f8;  order : made for these costs
    how : COLD and DISCHARGING from the merit order, WARM from the last basis of the sample, INSIDE warm and within
        drawn-in limits
    """
    slots = scratch.slots
    kept = rows.kept
    topology = Topology(slots.key[slot][: slots.size[slot]], rows.island, rows.row_ptdf, rows.bus_ptdf)
    row_lo, row_hi = scratch.row_lo[: kept.size], scratch.row_hi[: kept.size]
    set_capacity(case.unit_mw, case.unit_row, profile_mw, scratch.share, scratch.hi_mw)
    draw_in(slots.row_lo, slots.row_hi, DRAWN_IN if how == INSIDE else 1.0, row_lo, row_hi)
    n_warm = read_last_basis(how < COLD, scratch.basis, scratch.n_basis[0], slots.place[slot], scratch.warm)
    set_demand(case.load_bus, case.load_class, case.load_row, case.load_mw, case.load_factor[hour], scratch.demand_mw)
    status = solve_dispatch(
        topology,
        case.dispatch.gen_bus,
        lo_mw,
        scratch.hi_mw,
        cost,
        case.spill_cost,
        scratch.demand_mw,
        case.penalty,
        row_lo,
        row_hi,
        order,
        ws,
        scratch.warm,
        n_warm,
    )
    shed_mw = 0.0
    if status == OPTIMAL:
        scratch.n_basis[0] = ws.info[N_BASIS]
        keep_basis(ws.basis, ws.info[N_BASIS], kept, scratch.basis)
        shed_mw = counted_shed_mw(case.counts, ws.shed_mw)
    return status, shed_mw


@jit
def note_reference(
    region: I4, gen_bus: I4, demand_mw: F8, p_mw: F8, bus_mw: F8, reference_out: F8, export_out: F8
) -> None:
    """Keep the dispatch ``p_mw`` (n_columns,), in which no store moves, as reference. bus_mw : (n_buses,) scratch."""
    bus_mw[:] = 0.0
    for column in range(p_mw.size):
        bus_mw[gen_bus[column]] += p_mw[column]
    set_reference(region, demand_mw, bus_mw, reference_out, export_out)


@jit
def find_answer(answers: Answers, sample: int, hour: int, how: int) -> int:
    """Position of a state solved outside, or -1."""
    for k in range(answers.sample.shape[0]):
        if answers.sample[k] == sample and answers.hour[k] == hour and answers.how[k] == how:
            return k
    return -1


@jit
def note_unsolved(
    sample: int,
    hour: int,
    how: int,
    lo_mw: F8,
    hi_mw: F8,
    cost: F8,
    out: I4,
    failed: I8,
    failed_columns: F8,
    failed_out: I4,
) -> None:
    """Keep the state that needs an answer from outside; see ``NodalScratch``."""
    failed[0], failed[1], failed[2] = sample, hour, how
    failed_columns[0] = lo_mw
    failed_columns[1] = hi_mw
    failed_columns[2] = cost
    failed_out[:] = -1
    for k in range(out.size):
        failed_out[k] = out[k]


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
    gen_bus, unit_mw, unit_row, profile_mw = case.dispatch.gen_bus, case.unit_mw, case.unit_row, case.profile_mw
    region, bus_order, bus_demand_mw = case.region, case.bus_order, case.bus_demand_mw
    slots, candidate, counter = scratch.slots, scratch.candidate, scratch.counter
    supply_mw, reference_mw, export_mw = candidate.supply_mw, candidate.reference_mw, candidate.export_mw
    touched, share, out, hi_mw, scope_mw = scratch.touched, scratch.share, scratch.out, scratch.hi_mw, scratch.scope_mw
    row_lo, row_hi, lo_mw = slots.row_lo, slots.row_hi, stores.lo_mw
    cost, order = stores.prices.cost, stores.prices.order
    n_days, n_units, n_branches = case.peak_hour.size, unit_mw.size, case.branch_mw.size
    n_stores, n_scopes = stores.held_mwh.size, scope_mw.size
    batch = np.empty((4, model.batch_block.shape[0]))
    capacity = 4 * model.batch_block.shape[0] + 64
    component = np.empty(capacity, dtype=np.int32)
    first = np.empty(capacity, dtype=np.int32)
    end = np.empty(capacity, dtype=np.int32)
    lost = np.empty(capacity)
    active = np.empty(capacity, dtype=np.int32)
    share[:] = 1.0
    # an int of no literal type, for which callees would be compiled a second time
    zero = int(np.int64(0))
    n_touched, n_out, slot = zero, zero, zero
    rows = rows_of(slots, slot)
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
        tight_until = 0
        reference_mw[:] = 0.0
        export_mw[:] = 0.0
        stores.held_mwh[:] = stores.start_mwh
        for day in range(n_days):
            day_start = day * DAY_H
            day_stop = min(day_start + DAY_H, case.n_hours)
            n_active = zero
            for i in range(n):
                if first[i] < day_stop and end[i] > day_start and component[i] < model.causes.first:
                    active[n_active] = i
                    n_active += 1
            until = day_start
            # place -1 stands for the whole day; the one call of the dispatch serves it and the hours, because each call
            # site costs ten seconds of compilation
            for place in range(-1 if skip and case.keeps_shape[day] else 0, day_stop - day_start):
                if n_stores > 0:
                    close_stores(stores, n_units, hi_mw)
                whole_day = place < 0
                if whole_day and not stores_stay_full(stores):
                    continue
                start = day_start if whole_day else day_start + place
                stop = day_stop if whole_day else start + 1
                hour = int(case.peak_hour[day]) if whole_day else start
                if start >= until:
                    n_touched, n_out, until = set_outages(
                        n_active,
                        active,
                        component,
                        first,
                        end,
                        lost,
                        start,
                        stop,
                        n_branches,
                        n_touched,
                        touched,
                        share,
                        out,
                    )
                    if whole_day:
                        until = day_start
                        if n_out < 0:
                            continue
                    slot = find_slot(slots.key, slots.size, out[:n_out])
                    if slot < 0:
                        slot = make_slot(case, slots, out[:n_out])
                    rows = rows_of(slots, slot)
                can_charge = False
                if not whole_day and n_stores > 0:
                    set_stores_in_service(
                        stores.lost, n_units + n_branches, n_active, active, component, first, end, lost, hour
                    )
                    can_charge = let_stores_charge(stores, n_units)
                season = 1 if case.is_winter[start] else 0
                n_rows = rows.kept.size
                set_limits(
                    slots.lo[slot, season],
                    slots.hi[slot, season],
                    rows.kept,
                    case.branch_rating,
                    case.rating_factor,
                    start,
                    stop,
                    row_lo,
                    row_hi,
                )
                answer = OVERLOADED
                now_mw = case.day_profile_mw[day] if whole_day else profile_mw[hour]
                if skip and not can_charge:
                    intact_mw = case.day_supply_mw[day] if whole_day else case.bus_supply_mw[hour]
                    set_supply(
                        intact_mw,
                        gen_bus,
                        unit_mw,
                        unit_row,
                        now_mw,
                        n_touched,
                        touched,
                        share,
                        supply_mw,
                    )
                    answer = find_zero_shed(
                        rows, row_lo[:n_rows], row_hi[:n_rows], bus_order, region, bus_demand_mw[hour], candidate
                    )
                    if answer == PROVED:
                        counter[BY_DAY if whole_day else BY_CANDIDATE] += stop - start
                        if whole_day:
                            break
                        continue
                allowed_mw = BALANCE_MW if whole_day else case.tolerance_mw
                served = False
                known = -1
                for how in range(INSIDE, DISCHARGING + 1):
                    if how == INSIDE and (not skip or tight_until > hour):
                        continue
                    # what is surely short, or comes after a short hour, goes straight to the solution that counts
                    if how < COLD and (can_charge or was_short or answer == UNBALANCED):
                        continue
                    if how == COLD and whole_day:
                        break
                    if how == DISCHARGING and not let_stores_discharge(stores, n_units, hi_mw):
                        break
                    if how == COLD and n_stores > 0:
                        price_stores(stores, n_units)
                    status, shed_mw = dispatched_shed_mw(
                        case, scratch, ws, slot, rows, now_mw, hour, lo_mw, cost, order, how
                    )
                    counter[COUNTED if how >= COLD else BY_DISPATCH] += 1
                    if how < COLD:
                        if status == OPTIMAL and shed_mw <= allowed_mw:
                            served = True
                            break
                        if how == INSIDE:
                            tight_until = hour + TIGHT_H
                        continue
                    known = -1
                    if status != OPTIMAL:
                        known = find_answer(answers, sample, hour, how)
                        if known < 0:
                            note_unsolved(
                                sample,
                                hour,
                                how,
                                lo_mw,
                                hi_mw,
                                cost,
                                out[:n_out],
                                scratch.failed,
                                scratch.failed_columns,
                                scratch.failed_out,
                            )
                            undo_sample(recorder)
                            return s, UNSOLVED
                        shed_mw = counted_shed_mw(case.counts, answers.shed_mw[known])
                    if shed_mw <= allowed_mw:
                        served = known < 0 and n_stores == 0
                        break
                    if n_stores == 0:
                        break
                if served:
                    note_reference(
                        region, gen_bus, bus_demand_mw[hour], ws.p_mw, scratch.bus_mw, reference_mw, export_mw
                    )
                if whole_day:
                    if served:
                        counter[BY_DAY] += stop - start
                        break
                    continue
                was_short = not served
                if served:
                    continue
                # the last solution, from the merit order, is the one that counts
                shed = ws.shed_mw if known < 0 else answers.shed_mw[known]
                scope_totals(case.counts, case.group_scope, case.class_scope, shed, scope_mw)
                if n_stores > 0:
                    move_stores(stores, n_units, ws.p_mw if known < 0 else answers.p_mw[known])
                was_short = scope_mw[0] > case.tolerance_mw
                for scope in range(n_scopes):
                    if scope_mw[scope] > case.tolerance_mw:
                        record_short_hour(recorder, sample, scope, hour, scope_mw[scope])
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
    n_units, n_branches = case.unit_mw.size, case.branch_mw.size
    slots, candidate, share, out = scratch.slots, scratch.candidate, scratch.share, scratch.out
    supply_mw, row_lo, row_hi, scope_mw = candidate.supply_mw, slots.row_lo, slots.row_hi, scratch.scope_mw
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
            hour = int(np.int64(hour_of[w]))
            n_touched = int(np.int64(0))
            for unit in range(n_units):
                share[unit] = 1.0 - lost[w, unit]
                if lost[w, unit] > 0.0:
                    scratch.touched[n_touched] = unit
                    n_touched += 1
            n_out = 0
            for branch in range(n_branches):
                if lost[w, n_units + branch] > 0.0:
                    out[n_out] = branch
                    n_out += 1
            slot = find_slot(slots.key, slots.size, out[:n_out])
            if slot < 0:
                slot = make_slot(case, slots, out[:n_out])
            rows = rows_of(slots, slot)
            season = 1 if case.is_winter[hour] else 0
            set_limits(
                slots.lo[slot, season],
                slots.hi[slot, season],
                rows.kept,
                case.branch_rating,
                case.rating_factor,
                hour,
                hour + 1,
                row_lo,
                row_hi,
            )
            set_supply(
                case.bus_supply_mw[hour],
                case.dispatch.gen_bus,
                case.unit_mw,
                case.unit_row,
                case.profile_mw[hour],
                n_touched,
                scratch.touched,
                share,
                supply_mw,
            )
            candidate.p_mw[:] = 0.0
            n_rows = rows.kept.size
            answer = zero_shed_certificate(
                rows.island,
                rows.row_ptdf,
                rows.bus_ptdf32,
                rows.largest,
                supply_mw,
                case.bus_demand_mw[hour],
                row_lo[:n_rows],
                row_hi[:n_rows],
                candidate.p_mw,
                candidate.p_mw,
                candidate.island_mw,
                candidate.injection_mw,
            )
            if answer == PROVED:
                scratch.counter[BY_CANDIDATE] += 1
                continue
            status, shed_mw = dispatched_shed_mw(
                case, scratch, ws, slot, rows, case.profile_mw[hour], hour, zero, case.cost, case.order, COLD
            )
            scratch.counter[BY_DISPATCH] += 1
            if status == OPTIMAL:
                if shed_mw <= case.tolerance_mw:
                    continue
                shed = ws.shed_mw
            else:
                known = find_answer(answers, first_sample + place, hour, COLD)
                if known < 0:
                    note_unsolved(
                        first_sample + place,
                        hour,
                        COLD,
                        zero,
                        scratch.hi_mw,
                        case.cost,
                        out[:n_out],
                        scratch.failed,
                        scratch.failed_columns,
                        scratch.failed_out,
                    )
                    return 4 * group, UNSOLVED
                shed = answers.shed_mw[known]
            scope_totals(case.counts, case.group_scope, case.class_scope, shed, scope_mw)
            scratch.counter[COUNTED] += 1
            for scope in range(n_scopes):
                if scope_mw[scope] > case.tolerance_mw:
                    total_out[place, scope, HOURS] = case.n_hours
                    total_out[place, scope, ENERGY] = scope_mw[scope] * case.n_hours
    return n_samples, DONE
