"""Sample years and snapshots at every bus: least penalty-weighted shedding under DC flows, by the dispatch kernel.

The dispatch problem is that of ``kernels.arrays`` with lower bounds of zero: a lower bound never changes what is shed,
because spilling is far cheaper than shedding. Rows that cannot bind are left out (``topologies``).

An hour needs no dispatch if some zero-shed dispatch of it is known (``trial_dispatch``). It never rests on a coarser
level's margin, nor on more load or fewer lines being worse. A whole day needs no dispatch if demand keeps its shape
over the day's buses, no branch changes its state, and the peak hour has a zero-shed dispatch with each machine at its
worst of the day: that dispatch, scaled with demand, serves every other hour (limits contain zero flow).

An hour with shedding is solved again from the merit-order start, and only that solution is counted, so a counted
number is a function of the state alone. An hour in which no store can charge and some dispatch without discharging
sheds nothing moves no store (``stores``): it may be skipped on the certificates above. Every hour in which a store may
move is solved from the merit-order start.

A state that the kernel cannot solve stops the run, is solved outside, and the sample starts again with the answer.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.availability import OutageModel
from gridsim.kernels.certificate import OVERLOADED, PROVED
from gridsim.kernels.dispatch import OPTIMAL, Workspace
from gridsim.kernels.jit import bare
from gridsim.kernels.nodal_case import NodalCase
from gridsim.kernels.nodal_hour import (
    BY_DAY,
    BY_DISPATCH,
    BY_TRIAL,
    COLD,
    COUNTED,
    Answers,
    NodalScratch,
    begin_year,
    dispatched_shed_mw,
    find_answer,
    intervals_of_day,
    note_reference,
    note_unsolved,
    record_hour,
    rows_of,
    set_hour,
    set_outages,
    set_shed,
    slot_of,
    solve_hour,
    try_evenly,
    try_references,
)
from gridsim.kernels.outage_table import OutageTable, try_year
from gridsim.kernels.rng import Counter
from gridsim.kernels.shortfall import DAY_H, ENERGY, HOURS, Recorder, finish_sample, start_sample, undo_sample
from gridsim.kernels.stores import (
    Prices,
    Stores,
    close_stores,
    let_stores_charge,
    set_stores_in_service,
    stores_stay_full,
)
from gridsim.kernels.topologies import set_limits

# why a kernel returned early
DONE, EVENTS_FULL, UNSOLVED, OUTAGES_FULL = 0, 1, 2, 3


@bare
def nodal_samples(
    case: NodalCase,
    model: OutageModel,
    seed: Counter,
    first_sample: int,
    n_samples: int,
    skip: bool,
    table: OutageTable,
    active: I4,
    recorder: Recorder,
    stores: Stores,
    prices: Prices,
    scratch: NodalScratch,
    ws: Workspace,
    answers: Answers,
    total_out: F8,
) -> tuple[int, int]:
    """Chronological years at every bus.

    table, active : scratch for the outages of a year, and as many i4 for those of a day
    total_out : (n_samples, n_scopes, 5) f8
    Returns samples done and why: DONE, EVENTS_FULL and OUTAGES_FULL (grow ``recorder`` or ``table`` and go on),
    UNSOLVED (the state in ``scratch.failed`` needs an answer from outside; give it and go on from the same sample).
    """
    slots, outages, counter = scratch.slots, scratch.outages, scratch.counter
    n_units, n_branches, n_stores = case.unit_mw.size, case.branch_mw.size, stores.held_mwh.size
    outages.share[:] = 1.0
    # an int of no literal type, for which callees would be compiled a second time
    zero = int(np.int64(0))
    n_touched, n_out, slot = zero, zero, zero
    rows = rows_of(slots, slot)
    for s in range(n_samples):
        sample = first_sample + s
        n = try_year(model, seed, sample, case.n_hours, table)
        if n < 0:
            return s, OUTAGES_FULL
        start_sample(recorder)
        begin_year(scratch, stores)
        was_short = False
        tight_until = 0
        for day in range(case.peak_hour.size):
            day_start = day * DAY_H
            day_stop = min(day_start + DAY_H, case.n_hours)
            n_active = intervals_of_day(table, n, model.causes.first, day_start, day_stop, active)
            until = day_start
            # place -1 stands for the whole day, which its peak hour may prove
            for place in range(-1 if skip and case.keeps_shape[day] else 0, day_stop - day_start):
                # 1. advance: outages, topology and limits, where they are not those of the hour before
                if n_stores > 0:
                    close_stores(stores, n_units, scratch.hi_mw)
                whole_day = place < 0
                if whole_day and not stores_stay_full(stores):
                    continue
                start = day_start if whole_day else day_start + place
                stop = day_stop if whole_day else start + 1
                hour = int(case.peak_hour[day]) if whole_day else start
                if start >= until:
                    n_touched, n_out, until = set_outages(table, n_active, active, start, stop, n_touched, outages)
                    if whole_day:
                        until = day_start
                        if n_out < 0:  # a branch changes its state: no dispatch stands for all hours
                            continue
                    slot = slot_of(case, scratch, n_out)
                    rows = rows_of(slots, slot)
                set_limits(case, slots, slot, start, stop)
                can_charge = False
                if not whole_day and n_stores > 0:
                    set_stores_in_service(stores.lost, n_units + n_branches, table, n_active, active, hour)
                    can_charge = let_stores_charge(stores, n_units)

                # 2. prove: a store that can charge must be dispatched
                verdict = OVERLOADED
                profile_mw = case.day_profile_mw[day] if whole_day else case.profile_mw[hour]
                if skip and not can_charge:
                    intact_mw = case.day_supply_mw[day] if whole_day else case.bus_supply_mw[hour]
                    verdict = try_references(case, scratch, rows, intact_mw, profile_mw, hour, n_touched)
                    if verdict == PROVED:
                        counter[BY_DAY if whole_day else BY_TRIAL] += stop - start
                        if whole_day:
                            break
                        continue

                # 3. or solve: the one call of the dispatch serves days and hours
                set_hour(case, scratch, profile_mw, hour)
                served, known, tight_until, unsolved = solve_hour(
                    case=case,
                    scratch=scratch,
                    ws=ws,
                    stores=stores,
                    prices=prices,
                    answers=answers,
                    slot=slot,
                    sample=sample,
                    hour=hour,
                    whole_day=whole_day,
                    skip=skip,
                    verdict=verdict,
                    can_charge=can_charge,
                    was_short=was_short,
                    tight_until=tight_until,
                )
                if unsolved >= 0:
                    note_unsolved(scratch, prices, sample, hour, unsolved, stores.lo_mw, n_out)
                    undo_sample(recorder)
                    return s, UNSOLVED

                # 4. record: a dispatch that sheds nothing is the next reference, any other is counted
                if served:
                    note_reference(
                        case.region,
                        case.dispatch.gen_bus,
                        case.bus_demand_mw[hour],
                        ws.p_mw,
                        scratch.bus_mw,
                        scratch.trial.reference_mw,
                        scratch.trial.export_mw,
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
                p_mw = ws.p_mw if known < 0 else answers.p_mw[known]
                was_short = record_hour(case, scratch, stores, recorder, sample, hour, shed, p_mw)
        if not finish_sample(recorder, sample, total_out[s]):
            return s, EVENTS_FULL
    return n_samples, DONE


@bare
def nodal_states(
    case: NodalCase,
    hour_of: I4,
    lost: F8,
    weight: F8,
    first_sample: int,
    prices: Prices,
    scratch: NodalScratch,
    ws: Workspace,
    answers: Answers,
    total_out: F8,
) -> tuple[int, int]:
    """Shortfall of snapshots at every bus, arguments as of ``copper_states``; they are ``first_sample`` and following.

    total_out : (n_samples, n_scopes, 5) f8. Returns samples done and DONE or UNSOLVED.
    """
    n_samples, n_scopes = total_out.shape[0], total_out.shape[1]
    n_units, n_branches = case.unit_mw.size, case.branch_mw.size
    slots, outages, scope_mw = scratch.slots, scratch.outages, scratch.scope_mw
    for place in range(n_samples):
        for scope in range(n_scopes):
            total_out[place, scope, :] = 0.0
        # int64 and of no literal type (n_touched too), or callees would be compiled a second time
        hour = int(np.int64(hour_of[place]))

        # 1. outages, topology and limits
        n_touched = int(np.int64(0))
        for unit in range(n_units):
            outages.share[unit] = 1.0 - lost[place, unit]
            if lost[place, unit] > 0.0:
                outages.touched[n_touched] = unit
                n_touched += 1
        n_out = 0
        for branch in range(n_branches):
            if lost[place, n_units + branch] > 0.0:
                outages.out[n_out] = branch
                n_out += 1
        slot = slot_of(case, scratch, n_out)
        rows = rows_of(slots, slot)
        set_limits(case, slots, slot, hour, hour + 1)

        # 2. prove
        profile_mw = case.profile_mw[hour]
        verdict = try_evenly(case, scratch, rows, profile_mw, hour, n_touched)
        if verdict == PROVED:
            scratch.counter[BY_TRIAL] += 1
            continue

        # 3. or solve, from the merit order
        set_hour(case, scratch, profile_mw, hour)
        status, shed_mw = dispatched_shed_mw(case, scratch, ws, prices, slot, scratch.least_mw, COLD)
        scratch.counter[BY_DISPATCH] += 1
        if status == OPTIMAL:
            if shed_mw <= case.tolerance_mw:
                continue
            shed = ws.shed_mw
        else:
            known = find_answer(answers, first_sample + place, hour, COLD)
            if known < 0:
                note_unsolved(scratch, prices, first_sample + place, hour, COLD, scratch.least_mw, n_out)
                return place, UNSOLVED
            shed = answers.shed_mw[known]

        # 4. record: a state stands for every hour of the horizon
        set_shed(case, scratch, hour, shed)
        scratch.counter[COUNTED] += 1
        for scope in range(n_scopes):
            if scope_mw[scope] > case.tolerance_mw:
                total_out[place, scope, HOURS] = case.n_hours * weight[place]
                total_out[place, scope, ENERGY] = scope_mw[scope] * case.n_hours * weight[place]
    return n_samples, DONE
