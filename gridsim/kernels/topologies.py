"""Topologies that a worker keeps, each with the rows that can reach their limit at all.

A branch whose flow cannot pass its limit in any hour of the horizon is left out of certificates and dispatches: they
would find it satisfied, and every number they give is the same without it. Its flow is bounded by weak duality. For any
number ``c``, and injections between ``-most_out`` and ``most_in`` that balance in the branch's island,

    flow = sum (h_b - c) q_b <= sum max((h_b - c) most_in_b, -(h_b - c) most_out_b).

``c`` is the row's entry at the bus that gives the best bound in the intact network; any is right. After outages the
flow is that of the intact network plus a multiple of each outage's own row, so most rows need not even be computed: the
sum of the bounds is below the limit. Of branches alike in every respect (parallel circuits) the first in service stands
for all. Rows of interfaces are always kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4, I8, DispatchCase
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.flows import branch_row_into, outage_of
from gridsim.kernels.jit import inline, jit, out_of_line, piece
from gridsim.kernels.nodal_case import NodalCase, row_limits

#: MW by which a bound on a flow must stay below the limit: more than the sums' rounding and the kernels' tolerance.
BOUND_MARGIN_MW = 1e-4
#: Rows of zeros without limit fill the kept rows up to a multiple of this, so that no loop over rows has a scalar rest.
PADDED = 16


@by_reference
class Slots(NamedTuple):
    """Topologies by outage set, slot 0 the intact network, and the limits of the hour.

    key : (n_slots, n_branches) i4, sorted outages;  size : (n_slots,) i4, their number, -1 if the slot is empty
    n_kept : (n_slots,) i8;  kept : (n_slots, n_rows) i4, rows kept, rising, -1 for padding
    place : (n_slots, n_rows) i4, place of each row (or of its parallel circuit) among the kept, -1 if left out
    island : (n_slots, n_buses) i4;  row_ptdf, bus_ptdf : (n_slots, n_rows * n_buses) f8, of the kept rows and
        transposed, from the slot's start;  bus_ptdf32 : the latter in f4;  largest : (n_slots,) f8, see ``certificate``
    lo, hi : (n_slots, 2, n_rows) f8, limits of the kept rows in summer (0) and winter (1)
    turned : (n_slots, n_rows) f8, flow of the kept rows that phase shifters drive (see ``flows``)
    next_slot, made : (1,) i8, slot to be used next and topologies made so far
    row_lo, row_hi : (n_rows,) f8, limits of the kept rows in the hour (or the day's worst hour), less what is turned
    """

    key: I4
    size: I4
    n_kept: I8
    kept: I4
    place: I4
    island: I4
    row_ptdf: F8
    bus_ptdf: F8
    bus_ptdf32: NDArray[np.float32]
    largest: F8
    lo: F8
    hi: F8
    turned: F8
    next_slot: I8
    made: I8
    row_lo: F8
    row_hi: F8


def new_slots(case: NodalCase, n_slots: int) -> Slots:
    """Empty slots; memory is taken as rows are kept."""
    n_buses, n_branches = case.dispatch.n_buses, len(case.branch_mw)
    n_rows = -(-case.dispatch.row_ptdf.shape[0] // PADDED) * PADDED
    return Slots(
        key=np.zeros((n_slots, n_branches), dtype=np.int32),
        size=np.full(n_slots, -1, dtype=np.int32),
        n_kept=np.zeros(n_slots, dtype=np.int64),
        kept=np.zeros((n_slots, n_rows), dtype=np.int32),
        place=np.zeros((n_slots, n_rows), dtype=np.int32),
        island=np.zeros((n_slots, n_buses), dtype=np.int32),
        row_ptdf=np.empty((n_slots, n_rows * n_buses)),
        bus_ptdf=np.empty((n_slots, n_rows * n_buses)),
        bus_ptdf32=np.empty((n_slots, n_rows * n_buses), dtype=np.float32),
        largest=np.zeros(n_slots),
        lo=np.empty((n_slots, 2, n_rows)),
        hi=np.empty((n_slots, 2, n_rows)),
        turned=np.zeros((n_slots, n_rows)),
        next_slot=np.zeros(1, dtype=np.int64),
        made=np.zeros(1, dtype=np.int64),
        row_lo=np.zeros(n_rows),
        row_hi=np.zeros(n_rows),
    )


@inline
def largest_flow_mw(ptdf, island, home, centre, most_in_mw, most_out_mw, enough_mw):  # type: ignore[no-untyped-def]
    """Bound on the absolute flow of a row in island ``home``, or some number above ``enough_mw`` if it is larger.

    ptdf, most_in_mw, most_out_mw : (n_buses,);  island : (n_buses,) i4;  centre : (2,) i4, see ``NodalCase``
    """
    up, down = ptdf[centre[0]], ptdf[centre[1]]
    forward, backward = 0.0, 0.0
    for bus in range(ptdf.size):
        if island[bus] == home:
            h, q_in, q_out = ptdf[bus], most_in_mw[bus], most_out_mw[bus]
            forward += max((h - up) * q_in, (up - h) * q_out)
            backward += max((down - h) * q_in, (h - down) * q_out)
            if forward > enough_mw or backward > enough_mw:
                break
    return max(forward, backward)


def flow_bounds(dispatch: DispatchCase, most_in_mw: F8, most_out_mw: F8) -> tuple[I4, F8]:
    """``centre`` (n_branches, 2) and ``most_flow_mw`` (n_branches,) of ``NodalCase``.

    The best ``c`` sees supply and demand balance: injections start at ``-most_out`` and rise to ``most_in`` from the
    bus with the largest entry downwards (or the smallest upwards) until nothing is missing.
    """
    n_branches = dispatch.branch_from.size
    centre = np.zeros((n_branches, 2), dtype=np.int32)
    most_flow_mw = np.zeros(n_branches)
    for branch in range(n_branches):
        row, home = dispatch.row_ptdf[branch], dispatch.island[dispatch.branch_from[branch]]
        buses = np.flatnonzero(dispatch.island == home)
        buses = buses[np.argsort(row[buses], kind="stable")]
        for k, falling in enumerate((buses[::-1], buses)):
            filled_mw = np.cumsum(most_in_mw[falling] + most_out_mw[falling])
            at = np.searchsorted(filled_mw, most_out_mw[buses].sum())
            centre[branch, k] = falling[min(at, falling.size - 1)]
        most_flow_mw[branch] = largest_flow_mw(
            row, dispatch.island, home, centre[branch], most_in_mw, most_out_mw, np.inf
        )
    return centre, most_flow_mw


def find_parallel_circuits(dispatch: DispatchCase, branch_mw: F8, branch_rating: I4) -> I4:
    """``parallel_to`` of ``NodalCase``, (n_branches,) i4."""
    last: dict[tuple[float, ...], int] = {}
    parallel_to = np.full(branch_mw.size, -1, dtype=np.int32)
    ends = dispatch.branch_from, dispatch.branch_to
    columns = (*ends, dispatch.branch_x_pu, dispatch.branch_turn_mw, branch_mw, branch_rating)
    for branch, alike in enumerate(zip(*columns, strict=True)):
        if dispatch.branch_in_service[branch]:
            parallel_to[branch] = last.get(alike, -1)
            last[alike] = branch
    return parallel_to


@inline
def turned_by_row(dispatch, in_service, row):  # type: ignore[no-untyped-def]
    """Flow that the shifts of the branches in service drive through a row of PTDF (n_buses,), as injections."""
    total = 0.0
    for branch in range(in_service.size):
        turn = dispatch.branch_turn_mw[branch]
        if turn != 0.0 and in_service[branch]:
            total += (row[dispatch.branch_from[branch]] - row[dispatch.branch_to[branch]]) * turn
    return total


@jit
def _keep_rows(
    case: NodalCase, out: I4, island_out: I4, kept_out: I4, place_out: I4, row_ptdf_out: F8, turned_out: F8
) -> int:
    """Write the islands and the PTDF of the rows that can bind without the branches ``out``; return their number.

    kept_out, place_out, turned_out : (n_rows,);  row_ptdf_out : (n_rows * n_buses,)
    """
    out_of_line()
    dispatch = case.dispatch
    h, branch_from, branch_to = dispatch.row_ptdf, dispatch.branch_from, dispatch.branch_to
    n_buses, n_branches = dispatch.n_buses, branch_from.size
    least_mw, parallel_to, centre, intact_mw = case.least_branch_mw, case.parallel_to, case.centre, case.most_flow_mw
    most_in_mw, most_out_mw = case.most_in_mw, case.most_out_mw
    member_row = np.empty(n_buses)
    outage = outage_of(dispatch, out, island_out)
    in_service, removed = outage.in_service, outage.removed
    # bound on sum rhs_i q, by which the update of the PTDF moves a flow per unit of the branch's own factor (``flows``)
    updated_mw = np.empty(removed.size)
    for i in range(removed.size):
        home = dispatch.island[branch_from[removed[i]]]
        updated_mw[i] = largest_flow_mw(
            outage.rhs[i], dispatch.island, home, centre[removed[i]], most_in_mw, most_out_mw, np.inf
        )
    turns = dispatch.branch_turn_mw.any()
    n = 0
    for branch in range(n_branches):
        place_out[branch] = -1
        if not in_service[branch]:
            continue
        # an equal circuit in service has the same flow and limit: its row stands for both
        same = parallel_to[branch]
        while same >= 0 and not in_service[same]:
            same = parallel_to[same]
        if same >= 0:
            place_out[branch] = place_out[same]
            continue
        limit = least_mw[branch] - BOUND_MARGIN_MW
        if not outage.anew and not turns:
            # |flow after| <= |flow before| + sum |h_from - h_to| |rhs q|: no row needed if that is below the limit
            bound = intact_mw[branch]
            for i in range(removed.size):
                bound += abs(h[branch, branch_from[removed[i]]] - h[branch, branch_to[removed[i]]]) * updated_mw[i]
            if bound < limit:
                continue
        row = row_ptdf_out[n * n_buses : (n + 1) * n_buses]
        branch_row_into(dispatch, outage, island_out, branch, row)
        home = island_out[branch_from[branch]]
        turned = turned_by_row(dispatch, in_service, row) - dispatch.branch_turn_mw[branch]
        limit -= abs(turned)
        if largest_flow_mw(row, island_out, home, centre[branch], most_in_mw, most_out_mw, limit) >= limit:
            kept_out[n] = branch
            place_out[branch] = n
            turned_out[n] = turned
            n += 1
    # an interface's flow is the signed sum of its members', left out branches included
    for interface in range(dispatch.interface_start.size - 1):
        row = row_ptdf_out[n * n_buses : (n + 1) * n_buses]
        for bus in range(n_buses):
            row[bus] = 0.0
        turned_out[n] = 0.0
        for member in range(dispatch.interface_start[interface], dispatch.interface_start[interface + 1]):
            sign = dispatch.interface_sign[member]
            branch_row_into(dispatch, outage, island_out, dispatch.interface_branch[member], member_row)
            for bus in range(n_buses):
                row[bus] += sign * member_row[bus]
            if in_service[dispatch.interface_branch[member]]:
                turned_out[n] -= sign * dispatch.branch_turn_mw[dispatch.interface_branch[member]]
        turned_out[n] += turned_by_row(dispatch, in_service, row)
        kept_out[n] = n_branches + interface
        place_out[n_branches + interface] = n
        n += 1
    while n % PADDED != 0:
        row_ptdf_out[n * n_buses : (n + 1) * n_buses] = 0.0
        kept_out[n] = -1
        turned_out[n] = 0.0
        n += 1
    return n


@piece
def find_slot(key: I4, size: I4, out: I4) -> int:
    """Slot that holds the topology without ``out`` (sorted), or -1."""
    n_out = out.size
    for slot in range(size.size):
        if size[slot] == n_out:
            same = True
            for k in range(n_out):
                if key[slot, k] != out[k]:
                    same = False
                    break
            if same:
                return slot
    return -1


@jit
def make_slot(case: NodalCase, slots: Slots, out: I4) -> int:
    """Make the topology without ``out`` (sorted), held by no slot yet; returns its slot."""
    out_of_line()
    n_buses, n_rows = slots.island.shape[1], slots.kept.shape[1]
    slot = slots.next_slot[0]
    # the oldest goes, but never slot 0, the intact network
    slots.next_slot[0] = slot + 1 if slot + 1 < slots.size.size else 1
    for k in range(out.size):
        slots.key[slot, k] = out[k]
    slots.size[slot] = out.size
    out = slots.key[slot][: out.size]
    # rows that can bind, their PTDF by row and, for sums over buses, by bus
    row_ptdf, bus_ptdf, bus_ptdf32 = slots.row_ptdf[slot], slots.bus_ptdf[slot], slots.bus_ptdf32[slot]
    kept, limit_lo, limit_hi = slots.kept[slot], slots.lo[slot], slots.hi[slot]
    n = _keep_rows(case, out, slots.island[slot], kept, slots.place[slot], row_ptdf, slots.turned[slot])
    largest = 0.0
    for bus in range(n_buses):
        for k in range(n):
            value = row_ptdf[k * n_buses + bus]
            bus_ptdf[bus * n + k] = value
            bus_ptdf32[bus * n + k] = value
            largest = max(largest, abs(value))
    # their limits by season; rows of padding have none
    lo, hi = np.empty(n_rows), np.empty(n_rows)
    for season in range(2):
        row_limits(case, out, season == 1, lo, hi)
        for k in range(n):
            limit_lo[season, k] = lo[kept[k]] if kept[k] >= 0 else -np.inf
            limit_hi[season, k] = hi[kept[k]] if kept[k] >= 0 else np.inf
    slots.largest[slot] = largest
    slots.n_kept[slot] = n
    slots.made[0] += 1
    return slot


def forget_topologies(case: NodalCase, slots: Slots) -> None:
    """Empty the slots for another case of the same network, in which other rows can bind."""
    slots.size[:] = -1
    slots.next_slot[0] = 0
    make_slot(case, slots, slots.key[0, :0].copy())


@inline
def set_limits(case, slots, slot, first, stop):  # type: ignore[no-untyped-def]
    """Write ``slots.row_lo`` and ``row_hi``: limits that hold in each of the hours first .. stop - 1, of one season.

    A rating that follows the temperature is its least of these hours.
    """
    season = 1 if case.is_winter[first] else 0
    kept, lo, hi, turned = slots.kept[slot], slots.lo[slot, season], slots.hi[slot, season], slots.turned[slot]
    for k in range(slots.n_kept[slot]):
        slots.row_lo[k], slots.row_hi[k] = lo[k], hi[k]
        if 0 <= kept[k] < case.branch_rating.size and case.branch_rating[kept[k]] >= 0:
            rating = case.branch_rating[kept[k]]
            factor = case.rating_factor[first, rating]
            for other in range(first + 1, stop):
                factor = min(factor, case.rating_factor[other, rating])
            slots.row_lo[k] *= factor
            slots.row_hi[k] *= factor
        if turned[k] != 0.0:  # what it passes alone is no limit: see ``flows.widened_limits``
            slots.row_lo[k] = min(slots.row_lo[k] - turned[k], 0.0)
            slots.row_hi[k] = max(slots.row_hi[k] - turned[k], 0.0)
