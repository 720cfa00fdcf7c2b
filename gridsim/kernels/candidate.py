"""The dispatch that may serve an hour without shedding, made from one known to serve an earlier hour.

Supply is taken by bus: whatever a bus sends out between nothing and what its machines have, they can share. A candidate
is the reference moved with demand inside each region, the same with its flows repaired, then all machines alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.certificate import OVERLOADED, PROVED, zero_shed_certificate
from gridsim.kernels.flows import flows_into
from gridsim.kernels.jit import jit

REPAIRS = 12  # rows relieved before a candidate is given up
AIM_INSIDE = 0.03  # of the limit, by which a repaired flow stays inside it
LEAST_EFFECT = 0.02  # MW of flow per MW shifted below which shifting is not worth it


class Rows(NamedTuple):
    """The rows of one topology that can bind: see ``topologies.Slots``, cut to size.

    kept : (n_kept,) i4;  island : (n_buses,) i4;  row_ptdf : (n_kept, n_buses);  bus_ptdf, bus_ptdf32 : its transpose
    """

    kept: I4
    island: I4
    row_ptdf: F8
    bus_ptdf: F8
    bus_ptdf32: NDArray[np.float32]
    largest: float


class Candidate(NamedTuple):
    """Scratch of one worker.

    supply_mw, p_mw, injection_mw : (n_buses,) f8, what machines have, a candidate, its injections
    reference_mw : (n_buses,) f8, a dispatch that served all demand;  export_mw : (n_regions,) f8, what it sends out of
        each region;  goal_mw, room_mw, kept_mw : (n_regions,) f8
    flow_mw : (n_rows,) f8;  island_mw : (3 n_buses,) f8
    """

    supply_mw: F8
    p_mw: F8
    injection_mw: F8
    reference_mw: F8
    export_mw: F8
    goal_mw: F8
    room_mw: F8
    kept_mw: F8
    flow_mw: F8
    island_mw: F8


def new_candidate(n_buses: int, n_regions: int, n_rows: int) -> Candidate:
    """Arrays of the right sizes."""
    return Candidate(
        supply_mw=np.zeros(n_buses),
        p_mw=np.zeros(n_buses),
        injection_mw=np.zeros(n_buses),
        reference_mw=np.zeros(n_buses),
        export_mw=np.zeros(n_regions),
        goal_mw=np.zeros(n_regions),
        room_mw=np.zeros(n_regions),
        kept_mw=np.zeros(n_regions),
        flow_mw=np.zeros(n_rows),
        island_mw=np.zeros(3 * n_buses),
    )


@jit
def set_reference(region: I4, demand_mw: F8, p_mw: F8, reference_out: F8, export_out: F8) -> None:
    """Keep a dispatch ``p_mw`` (n_buses,) that serves ``demand_mw``, with what it sends out of each region."""
    export_out[:] = 0.0
    for bus in range(demand_mw.size):
        reference_out[bus] = p_mw[bus]
        export_out[region[bus]] += p_mw[bus] - demand_mw[bus]


@jit
def follow_demand_by_region(
    region: I4,
    demand_mw: F8,
    supply_mw: F8,
    reference_mw: F8,
    export_mw: F8,
    goal: F8,
    room: F8,
    kept_mw: F8,
    p_out: F8,
) -> None:
    """Move the reference with demand inside each region, so that what regions exchange stays as it was.

    Writes ``p_out`` (n_buses,): each region's supply scaled down, or filled up in proportion to headroom, as far as it
    goes. goal, room, kept_mw : (n_regions,) scratch; see ``Candidate`` for the others.
    """
    for r in range(goal.size):
        goal[r], room[r], kept_mw[r] = export_mw[r], 0.0, 0.0
    for bus in range(p_out.size):
        r = region[bus]
        kept = min(reference_mw[bus], supply_mw[bus])
        p_out[bus] = kept
        goal[r] += demand_mw[bus] - kept
        kept_mw[r] += kept
        room[r] += supply_mw[bus] - kept
    for r in range(goal.size):
        up = min(goal[r] / room[r], 1.0) if goal[r] > 0.0 and room[r] > 0.0 else 0.0
        down = max(0.0, 1.0 + goal[r] / kept_mw[r]) if goal[r] < 0.0 and kept_mw[r] > 0.0 else 1.0
        room[r], kept_mw[r] = up, down
    for bus in range(p_out.size):
        r = region[bus]
        p_out[bus] = p_out[bus] * kept_mw[r] + (supply_mw[bus] - p_out[bus]) * room[r]


@jit
def repair_candidate(
    rows: Rows, lo: F8, hi: F8, bus_order: I4, supply_mw: F8, injection_mw: F8, p_mw: F8, flow: F8
) -> bool:
    """Shift output between buses until the balanced dispatch ``p_mw`` (n_buses,) keeps every row's limits.

    Again and again the most exceeded row is relieved by the pairs of buses with the most and the least effect on it.
    Works on a network of one island, from the injections of ``p_mw``. True if every limit is kept.
    bus_order : see ``NodalCase``;  flow : (n_rows,) scratch
    """
    island, kept, row_ptdf, bus_ptdf = rows.island, rows.kept, rows.row_ptdf, rows.bus_ptdf
    for bus in range(island.size):
        if island[bus] != 0:
            return False
    n_rows = kept.size
    n_supplied = bus_order.shape[1]
    flows_into(bus_ptdf, injection_mw, flow)
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
        up, down = 0, n_supplied - 1
        while excess > 0.0:
            raised = bus_order[kept[worst], up if sign > 0.0 else n_supplied - 1 - up]
            lowered = bus_order[kept[worst], down if sign > 0.0 else n_supplied - 1 - down]
            effect = sign * (row_ptdf[worst, lowered] - row_ptdf[worst, raised])
            if up >= down or effect < LEAST_EFFECT:
                break
            amount = min(supply_mw[raised] - p_mw[raised], p_mw[lowered], excess / effect)
            if amount > 0.0:
                p_mw[raised] += amount
                p_mw[lowered] -= amount
                excess -= amount * effect
                for row in range(n_rows):
                    flow[row] += amount * (bus_ptdf[raised, row] - bus_ptdf[lowered, row])
            if supply_mw[raised] - p_mw[raised] <= 0.0:
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
def find_zero_shed(
    rows: Rows, lo_mw: F8, hi_mw: F8, bus_order: I4, region: I4, demand_mw: F8, candidate: Candidate
) -> int:
    """Look for a dispatch that serves the hour: PROVED, or OVERLOADED, or UNBALANCED if there is none.

    Arguments as of the functions above.
    """
    supply_mw, p_mw, injection_mw = candidate.supply_mw, candidate.p_mw, candidate.injection_mw
    reference_mw, export_mw = candidate.reference_mw, candidate.export_mw
    if export_mw.size > 1:
        follow_demand_by_region(
            region,
            demand_mw,
            supply_mw,
            reference_mw,
            export_mw,
            candidate.goal_mw,
            candidate.room_mw,
            candidate.kept_mw,
            p_mw,
        )
    else:
        p_mw[:] = reference_mw
    # twice at most: one place of the call, because each costs seconds of compilation
    last_try = False
    for attempt in range(2):
        last_try = attempt == 1
        answer = zero_shed_certificate(
            rows.island,
            rows.row_ptdf,
            rows.bus_ptdf32,
            rows.largest,
            supply_mw,
            demand_mw,
            lo_mw,
            hi_mw,
            p_mw,
            p_mw,
            candidate.island_mw,
            injection_mw,
        )
        if last_try or answer != OVERLOADED:
            break
        if repair_candidate(rows, lo_mw, hi_mw, bus_order, supply_mw, injection_mw, p_mw, candidate.flow_mw):
            answer, last_try = PROVED, True
            break
        p_mw[:] = 0.0
    if answer == PROVED and last_try:
        set_reference(region, demand_mw, p_mw, reference_mw, export_mw)
    return answer
