"""An hour at every bus: its outages, the proof that it is served, the dispatch, and what is recorded of it.

``nodal`` has the dispatch problem and the loops over samples and hours that call the pieces here. Those marked inline
are copied into the loop: one call site of the dispatch costs ten seconds of compilation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4, I8, Topology
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.certificate import UNBALANCED, zero_shed_certificate
from gridsim.kernels.copying import copy_into
from gridsim.kernels.dispatch import N_BASIS, OPTIMAL, solve_dispatch
from gridsim.kernels.jit import inline, piece
from gridsim.kernels.nodal_case import NodalCase, counted_shed_mw, scope_totals, set_demand, weighted_totals
from gridsim.kernels.outage_table import OutageTable
from gridsim.kernels.shortfall import DAY_H, record_short_hour
from gridsim.kernels.stores import let_stores_discharge, move_stores, price_stores
from gridsim.kernels.topologies import Slots, find_slot, make_slot, new_slots
from gridsim.kernels.trial_dispatch import Rows, Trial, new_trial, set_reference, trial_dispatch

BALANCE_MW = 1e-9
# A least-cost dispatch sits at the limits, and the next hour's demand would push it over them. References are therefore
# dispatched within nine tenths of the limits where that sheds nothing.
DRAWN_IN = 0.9
TIGHT_H = 12  # hours for which a failed attempt within drawn-in limits is not repeated
INSIDE, WARM, COLD, DISCHARGING = 0, 1, 2, 3  # how a state is solved, in the order tried
# counters of how hours were decided
BY_DAY, BY_TRIAL, BY_DISPATCH, COUNTED = 0, 1, 2, 3
N_COUNTERS = 4


@by_reference
class Outages(NamedTuple):
    """Outages of an hour or of a whole day.

    touched : (n_units,) i4, machines that lost capacity;  share : (n_units,) f8, the share they keep, 1 for all others
    out : (n_branches,) i4, branches out, sorted
    """

    touched: I4
    share: F8
    out: I4


@by_reference
class NodalScratch(NamedTuple):
    """Scratch of one worker.

    slots, trial, outages : see ``topologies``, ``trial_dispatch`` and ``Outages``
    row_lo, row_hi : (n_rows,) f8, limits of the kept rows for a dispatch, drawn in for a reference not at its limits
    demand_mw : (n_buses, n_classes) f8;  hi_mw : (n_columns,) f8;  least_mw : (n_columns,) f8, zero
    bus_mw : (n_buses,) f8;  scope_mw : (n_scopes,) f8
    basis : (2 n_buses + 2,) i4, of the last dispatch of the sample, rows by their number in the case;  n_basis : (1,)
        i8;  warm : as basis, rows by their place among those kept
    counter : (4,) i8, hours decided by day, by trial dispatch, by dispatch, hours counted
    failed : (3,) i8, sample, hour and how (DISCHARGING or not) of a state that was not solved
    failed_columns : (3, n_columns) f8, its lower and upper bounds and costs;  failed_out : (n_branches,) i4
    """

    slots: Slots
    trial: Trial
    outages: Outages
    row_lo: F8
    row_hi: F8
    demand_mw: F8
    hi_mw: F8
    least_mw: F8
    bus_mw: F8
    scope_mw: F8
    basis: I4
    n_basis: I8
    warm: I4
    counter: I8
    failed: I8
    failed_columns: F8
    failed_out: I4


@by_reference
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
        trial=new_trial(n_buses, case.n_regions, n_rows),
        outages=Outages(
            touched=np.zeros(n_units, dtype=np.int32),
            share=np.ones(n_units),
            out=np.zeros(n_branches, dtype=np.int32),
        ),
        row_lo=np.zeros(n_rows),
        row_hi=np.zeros(n_rows),
        demand_mw=np.zeros((n_buses, case.penalty.shape[1])),
        hi_mw=np.zeros(n_columns),
        least_mw=np.zeros(n_columns),
        bus_mw=np.zeros(n_buses),
        scope_mw=np.zeros(n_scopes),
        basis=np.zeros(2 * (n_buses + 1), dtype=np.int32),
        n_basis=np.zeros(1, dtype=np.int64),
        warm=np.zeros(2 * (n_buses + 1), dtype=np.int32),
        counter=np.zeros(N_COUNTERS, dtype=np.int64),
        failed=np.zeros(3, dtype=np.int64),
        failed_columns=np.zeros((3, n_columns)),
        failed_out=np.full(n_branches, -1, dtype=np.int32),
    )
    make_slot(case, slots, scratch.outages.out[:0])
    return scratch


@inline
def rows_of(slots: Slots, slot: int) -> Rows:
    """Rows of a topology, as certificates and dispatches read them."""
    n, n_buses = slots.n_kept[slot], slots.island.shape[1]
    size = n * n_buses
    return Rows(
        kept=slots.kept[slot][:n],
        island=slots.island[slot],
        row_ptdf=slots.row_ptdf[slot][:size].reshape((n, n_buses)),
        bus_ptdf=slots.bus_ptdf[slot][:size].reshape((n_buses, n)),
        bus_ptdf32=slots.bus_ptdf32[slot][:size].reshape((n_buses, n)),
        largest=slots.largest[slot],
    )


@piece
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


@piece
def intervals_of_day(table: OutageTable, n: int, end_component: int, start: int, stop: int, active_out: I4) -> int:
    """Write the positions of a year's ``n`` intervals that touch the hours start .. stop - 1; return their number.

    Components from ``end_component`` on are common causes, which stand in the table by their members.
    """
    n_active = 0
    for i in range(n):
        if table.first[i] < stop and table.end[i] > start and table.component[i] < end_component:
            active_out[n_active] = i
            n_active += 1
    return n_active


@piece
def set_outages(
    table: OutageTable, n: int, active: I4, start: int, stop: int, n_touched: int, outages: Outages
) -> tuple[int, int, int]:
    """Outages of the hours start .. stop - 1: each machine at its worst, the branches that are out all the time.

    active : positions of the day's intervals, ``n`` of them;  ``n_touched`` machines of ``outages`` are to be forgotten
    Returns the numbers of machines touched, of branches out (-1 if a branch changes its state), and the hour from which
    on the answer may differ, of the day at the latest.
    """
    first, end, lost = table.first, table.end, table.lost
    touched, share, out = outages.touched, outages.share, outages.out
    n_units, n_branches = share.size, out.size
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
        until = min(until, end[i])
        element = table.component[i]
        if element < n_units:
            if share[element] == 1.0 and lost[i] > 0.0:
                touched[n_touched] = element
                n_touched += 1
            # outages of one machine may overlap (common causes): the largest loss counts
            share[element] = min(share[element], 1.0 - lost[i])
        elif element < n_units + n_branches:
            if first[i] <= start and end[i] >= stop:
                n_out = insert_sorted(out, n_out, element - n_units)
            else:
                steady = False
    return n_touched, n_out if steady else -1, until


@inline
def set_supply(case, intact_mw, profile_mw, n_touched, outages, supply_out):  # type: ignore[no-untyped-def]
    """Capacity of the machines at each bus, (n_buses,): ``intact_mw`` less their losses.

    profile_mw : (n_rows,), of the hour or the day's least;  ``n_touched`` machines of ``outages`` lost some
    """
    for bus in range(supply_out.size):
        supply_out[bus] = intact_mw[bus]
    for k in range(n_touched):
        unit = outages.touched[k]
        profile = case.unit_row[unit]
        lost_mw = (case.unit_mw[unit] if profile < 0 else profile_mw[profile]) * (1.0 - outages.share[unit])
        bus = case.dispatch.gen_bus[unit]
        # rounding must not leave a bus with less than nothing
        supply_out[bus] = max(supply_out[bus] - lost_mw, 0.0)


@piece
def set_capacity(unit_mw: F8, unit_row: I4, profile_mw: F8, share: F8, hi_out: F8) -> None:
    """Capacity of each machine, the first columns of ``hi_out``. profile_mw : (n_rows,), of the hour."""
    for unit in range(unit_mw.size):
        row = unit_row[unit]
        hi_out[unit] = (unit_mw[unit] if row < 0 else profile_mw[row]) * share[unit]


@piece
def draw_in(lo_mw: F8, hi_mw: F8, factor: float, lo_out: F8, hi_out: F8) -> None:
    """Limits (n_rows,) times a factor."""
    for row in range(lo_out.size):
        lo_out[row], hi_out[row] = lo_mw[row] * factor, hi_mw[row] * factor


@piece
def read_last_basis(warm: bool, basis: I4, n_basis: int, place: I4, warm_out: I4) -> int:
    """Renumber the rows of ``basis`` by their place among those kept; returns its size, 0 if one cannot bind here."""
    if not warm:
        return 0
    for k in range(n_basis):
        code = basis[k]
        if code < 0:
            if place[-1 - code] < 0:
                return 0
            code = -1 - place[-1 - code]
        warm_out[k] = code
    return n_basis


@piece
def keep_basis(basis: I4, n_basis: int, kept: I4, basis_out: I4) -> None:
    """The inverse of :func:`read_last_basis`."""
    for k in range(n_basis):
        code = basis[k]
        basis_out[k] = code if code >= 0 else -1 - kept[-1 - code]


@inline
def dispatched_shed_mw(case, scratch, ws, prices, slot, lo_mw, how):  # type: ignore[no-untyped-def]
    """Solve a state; returns the status and the MW shed of classes that count.

    slot : of the topology;  limits are those of ``scratch.slots``, capacities and demand those of ``scratch``
    lo_mw : (n_columns,) f8
    how : COLD and DISCHARGING from the merit order, WARM from the last basis of the sample, INSIDE warm and within
        drawn-in limits
    """
    slots = scratch.slots
    rows = rows_of(slots, slot)
    kept = rows.kept
    row_lo, row_hi = scratch.row_lo[: kept.size], scratch.row_hi[: kept.size]
    draw_in(slots.row_lo, slots.row_hi, DRAWN_IN if how == INSIDE else 1.0, row_lo, row_hi)
    n_warm = read_last_basis(how < COLD, scratch.basis, scratch.n_basis[0], slots.place[slot], scratch.warm)
    status = solve_dispatch(
        topology=Topology(slots.key[slot][: slots.size[slot]], rows.island, rows.row_ptdf, rows.bus_ptdf),
        gen_bus=case.dispatch.gen_bus,
        lo_mw=lo_mw,
        hi_mw=scratch.hi_mw,
        cost=prices.cost,
        spill_cost=case.spill_cost,
        demand_mw=scratch.demand_mw,
        penalty=case.penalty,
        row_lo_mw=row_lo,
        row_hi_mw=row_hi,
        order=prices.order,
        ws=ws,
        warm_basis=scratch.warm,
        n_warm=n_warm,
    )
    shed_mw = 0.0
    if status == OPTIMAL:
        scratch.n_basis[0] = ws.info[N_BASIS]
        keep_basis(ws.basis, ws.info[N_BASIS], kept, scratch.basis)
        shed_mw = counted_shed_mw(case.counts, ws.shed_mw)
    return status, shed_mw


@piece
def note_reference(
    region: I4, gen_bus: I4, demand_mw: F8, p_mw: F8, bus_mw: F8, reference_out: F8, export_out: F8
) -> None:
    """Keep the dispatch ``p_mw`` (n_columns,) with idle stores as reference. bus_mw : (n_buses,) scratch."""
    bus_mw[:] = 0.0
    for column in range(p_mw.size):
        bus_mw[gen_bus[column]] += p_mw[column]
    set_reference(region, demand_mw, bus_mw, reference_out, export_out)


@piece
def find_answer(answers: Answers, sample: int, hour: int, how: int) -> int:
    """Position of a state solved outside, or -1."""
    for k in range(answers.sample.shape[0]):
        if answers.sample[k] == sample and answers.hour[k] == hour and answers.how[k] == how:
            return k
    return -1


@inline
def note_unsolved(scratch, prices, sample, hour, how, lo_mw, n_out):  # type: ignore[no-untyped-def]
    """Keep the state of ``scratch`` that needs an answer from outside."""
    scratch.failed[0], scratch.failed[1], scratch.failed[2] = sample, hour, how
    copy_into(lo_mw, scratch.failed_columns[0])
    copy_into(scratch.hi_mw, scratch.failed_columns[1])
    copy_into(prices.cost, scratch.failed_columns[2])
    scratch.failed_out[:] = -1
    for k in range(n_out):
        scratch.failed_out[k] = scratch.outages.out[k]


@inline
def begin_year(scratch, stores):  # type: ignore[no-untyped-def]
    """A sample starts from nothing but its draws: full stores, no basis and no reference of another sample."""
    scratch.n_basis[0] = 0
    scratch.trial.reference_mw[:] = 0.0
    scratch.trial.export_mw[:] = 0.0
    copy_into(stores.start_mwh, stores.held_mwh)


@inline
def slot_of(case, scratch, n_out):  # type: ignore[no-untyped-def]
    """Slot of the topology with ``n_out`` branches of ``scratch.outages`` out, made where it is new."""
    out = scratch.outages.out[:n_out]
    slot = find_slot(scratch.slots.key, scratch.slots.size, out)
    if slot < 0:
        slot = make_slot(case, scratch.slots, out)
    return slot


@inline
def try_references(case, scratch, rows, intact_mw, profile_mw, hour, n_touched):  # type: ignore[no-untyped-def]
    """Verdict on the dispatches of earlier hours, moved with demand; a proof sheds nothing and ends the hour."""
    n_rows = rows.kept.size
    set_supply(case, intact_mw, profile_mw, n_touched, scratch.outages, scratch.trial.supply_mw)
    return trial_dispatch(
        rows,
        scratch.slots.row_lo[:n_rows],
        scratch.slots.row_hi[:n_rows],
        case.bus_order,
        case.region,
        case.bus_demand_mw[hour],
        scratch.trial,
    )


@inline
def try_evenly(case, scratch, rows, profile_mw, hour, n_touched):  # type: ignore[no-untyped-def]
    """Verdict of the certificate from zero, all machines of an island loaded alike: snapshots have no reference."""
    n_rows, trial = rows.kept.size, scratch.trial
    set_supply(case, case.bus_supply_mw[hour], profile_mw, n_touched, scratch.outages, trial.supply_mw)
    trial.p_mw[:] = 0.0
    return zero_shed_certificate(
        island=rows.island,
        row_ptdf=rows.row_ptdf,
        bus_ptdf32=rows.bus_ptdf32,
        largest_ptdf=rows.largest,
        supply_mw=trial.supply_mw,
        demand_mw=case.bus_demand_mw[hour],
        row_lo_mw=scratch.slots.row_lo[:n_rows],
        row_hi_mw=scratch.slots.row_hi[:n_rows],
        last_mw=trial.p_mw,
        p_out_mw=trial.p_mw,
        island_mw=trial.island_mw,
        injection_mw=trial.injection_mw,
    )


@inline
def set_hour(case, scratch, profile_mw, hour):  # type: ignore[no-untyped-def]
    """Capacity of the machines and demand of an hour, for a dispatch."""
    set_capacity(case.unit_mw, case.unit_row, profile_mw, scratch.outages.share, scratch.hi_mw)
    set_demand(case.load_bus, case.load_class, case.load_row, case.load_mw, case.load_factor[hour], scratch.demand_mw)


@inline
def solve_hour(  # type: ignore[no-untyped-def]
    case, scratch, ws, stores, prices, answers, slot, sample, hour, whole_day, skip, verdict, can_charge, was_short,
    tight_until,
):  # fmt: skip
    """Dispatches of an hour, or of a day's peak: INSIDE and WARM may prove that nothing is shed, COLD and DISCHARGING
    are counted.

    Returns whether it is served by a dispatch that may be a reference, the answer from outside that holds in place of
    ``ws`` or -1, ``tight_until`` as it is now, and the way in which it could not be solved, or -1.
    """
    counter, lo_mw = scratch.counter, stores.lo_mw
    n_units, n_stores = case.unit_mw.size, stores.held_mwh.size
    # a day's certificate is scaled to its other hours, so it may miss no more than rounding
    tolerance_mw = BALANCE_MW if whole_day else case.tolerance_mw
    served = False
    known, unsolved = -1, -1
    for how in range(INSIDE, DISCHARGING + 1):
        if how == INSIDE and (not skip or tight_until > hour):
            continue
        # an hour that is surely short, or comes after one, goes straight to the solution that counts
        if how < COLD and (can_charge or was_short or verdict == UNBALANCED):
            continue
        if how == COLD and whole_day:
            break
        if how == COLD and n_stores > 0:
            price_stores(stores, prices, n_units)
        if how == DISCHARGING and not let_stores_discharge(stores, n_units, scratch.hi_mw):
            break
        status, shed_mw = dispatched_shed_mw(case, scratch, ws, prices, slot, lo_mw, how)
        counter[COUNTED if how >= COLD else BY_DISPATCH] += 1
        if how < COLD:
            if status == OPTIMAL and shed_mw <= tolerance_mw:
                served = True
                break
            if how == INSIDE:
                tight_until = hour + TIGHT_H
            continue
        known = -1
        if status != OPTIMAL:
            known = find_answer(answers, sample, hour, how)
            if known < 0:
                unsolved = how
                break
            shed_mw = counted_shed_mw(case.counts, answers.shed_mw[known])
        if shed_mw <= tolerance_mw:
            # with stores the solution moves them, so it is no reference
            served = known < 0 and n_stores == 0
            break
        if n_stores == 0:
            break
    return served, known, tight_until, unsolved


@inline
def set_shed(case, scratch, hour, shed):  # type: ignore[no-untyped-def]
    """MW shed of every scope, into ``scratch.scope_mw``."""
    scope_totals(case.counts, case.group_scope, case.class_scope, shed, scratch.scope_mw)
    weighted_totals(case, hour, shed, scratch.demand_mw, scratch.scope_mw)


@inline
def record_hour(case, scratch, stores, recorder, sample, hour, shed, p_mw):  # type: ignore[no-untyped-def]
    """Move the stores as dispatched and record what is shed; returns whether the system is short."""
    set_shed(case, scratch, hour, shed)
    if stores.held_mwh.size > 0:
        move_stores(stores, case.unit_mw.size, p_mw)
    for scope in range(scratch.scope_mw.size):
        if scratch.scope_mw[scope] > case.tolerance_mw:
            record_short_hour(recorder, sample, scope, hour, scratch.scope_mw[scope])
    return scratch.scope_mw[0] > case.tolerance_mw
