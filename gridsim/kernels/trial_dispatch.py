"""Trial dispatches of an hour, made from a dispatch known to serve an earlier one, and tried by the certificate.

Supply is taken by bus: any output of a bus between zero and the capacity of its machines can be divided among them. The
trials are the reference moved with demand inside each region, the same with its flows repaired, and all machines
loaded alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.certificate import OVERLOADED, PROVED, zero_shed_certificate
from gridsim.kernels.copying import copy_into
from gridsim.kernels.flows import flows_into
from gridsim.kernels.jit import out_of_line, piece

REPAIRS = 12  # rows relieved before a trial is given up
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


@by_reference
class Trial(NamedTuple):
    """Scratch of one worker.

    supply_mw, p_mw, injection_mw : (n_buses,) f8, capacity of the machines, a trial dispatch, its injections
    reference_mw : (n_buses,) f8, a dispatch that served all demand;  export_mw : (n_regions,) f8, its export out of
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


def new_trial(n_buses: int, n_regions: int, n_rows: int) -> Trial:
    """Arrays of the right sizes."""
    return Trial(
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


@piece
def set_reference(region: I4, demand_mw: F8, p_mw: F8, reference_out: F8, export_out: F8) -> None:
    """Keep a dispatch ``p_mw`` (n_buses,) that serves ``demand_mw`` as reference, and its export out of each region."""
    export_out[:] = 0.0
    for bus in range(demand_mw.size):
        reference_out[bus] = p_mw[bus]
        export_out[region[bus]] += p_mw[bus] - demand_mw[bus]


@piece
def follow_demand_by_region(region: I4, demand_mw: F8, trial: Trial) -> None:
    """Move the reference with demand inside each region, so that exports of the regions stay as they were.

    Writes ``trial.p_mw``. With ``goal`` the change that keeps a region's export, its supply is scaled down by
    ``1 + goal / kept``, or filled up by the share ``goal / room`` of its headroom, as far as it goes.
    """
    supply_mw, reference_mw, p_mw = trial.supply_mw, trial.reference_mw, trial.p_mw
    goal, room, kept_mw = trial.goal_mw, trial.room_mw, trial.kept_mw
    for r in range(goal.size):
        goal[r], room[r], kept_mw[r] = trial.export_mw[r], 0.0, 0.0
    for bus in range(p_mw.size):
        r = region[bus]
        kept = min(reference_mw[bus], supply_mw[bus])
        p_mw[bus] = kept
        goal[r] += demand_mw[bus] - kept
        kept_mw[r] += kept
        room[r] += supply_mw[bus] - kept
    for r in range(goal.size):
        up = min(goal[r] / room[r], 1.0) if goal[r] > 0.0 and room[r] > 0.0 else 0.0
        down = max(0.0, 1.0 + goal[r] / kept_mw[r]) if goal[r] < 0.0 and kept_mw[r] > 0.0 else 1.0
        room[r], kept_mw[r] = up, down
    for bus in range(p_mw.size):
        r = region[bus]
        p_mw[bus] = p_mw[bus] * kept_mw[r] + (supply_mw[bus] - p_mw[bus]) * room[r]


@piece
def repair_flows(rows: Rows, lo: F8, hi: F8, bus_order: I4, trial: Trial) -> bool:
    """Shift output between buses until the balanced ``trial.p_mw`` keeps every row's limits; True if it does.

    Again and again the most exceeded row is relieved by the pairs of buses with the most and the least effect on it.
    Works on a network of one island, from ``trial.injection_mw``. bus_order : see ``NodalCase``
    """
    out_of_line()
    supply_mw, p_mw, flow = trial.supply_mw, trial.p_mw, trial.flow_mw
    island, kept, row_ptdf, bus_ptdf = rows.island, rows.kept, rows.row_ptdf, rows.bus_ptdf
    for bus in range(island.size):
        if island[bus] != 0:
            return False
    n_rows = kept.size
    n_supplied = bus_order.shape[1]
    flows_into(bus_ptdf, trial.injection_mw, flow)
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
            # MW of relief per MW shifted: raising where the row's PTDF is least, lowering where it is largest
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
        # (after the loop) flow still past the limit itself: no pair is left with room and effect enough
        if excess > AIM_INSIDE * limit:
            return False
    return False


@piece
def trial_dispatch(rows: Rows, lo_mw: F8, hi_mw: F8, bus_order: I4, region: I4, demand_mw: F8, trial: Trial) -> int:
    """Look for a dispatch that serves the hour: PROVED, or OVERLOADED, or UNBALANCED if there is none.

    Arguments as of the functions above.
    """
    out_of_line()
    p_mw = trial.p_mw
    if trial.export_mw.size > 1:
        follow_demand_by_region(region, demand_mw, trial)
    else:
        copy_into(trial.reference_mw, p_mw)
    # twice at most: one place of the call, because each costs seconds of compilation
    last_try = False
    for attempt in range(2):
        last_try = attempt == 1
        verdict = zero_shed_certificate(
            island=rows.island,
            row_ptdf=rows.row_ptdf,
            bus_ptdf32=rows.bus_ptdf32,
            largest_ptdf=rows.largest,
            supply_mw=trial.supply_mw,
            demand_mw=demand_mw,
            row_lo_mw=lo_mw,
            row_hi_mw=hi_mw,
            last_mw=p_mw,
            p_out_mw=p_mw,
            island_mw=trial.island_mw,
            injection_mw=trial.injection_mw,
        )
        if last_try or verdict != OVERLOADED:
            break
        if repair_flows(rows, lo_mw, hi_mw, bus_order, trial):
            verdict, last_try = PROVED, True
            break
        # the last trial: from zero the certificate loads all machines of an island to the same share
        p_mw[:] = 0.0
    # the reference moved with demand stays the reference; a new dispatch replaces it
    if verdict == PROVED and last_try:
        set_reference(region, demand_mw, p_mw, trial.reference_mw, trial.export_mw)
    return verdict
