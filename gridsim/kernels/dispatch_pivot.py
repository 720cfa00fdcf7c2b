"""The bounded dual simplex, one step after another (Maros 2003, Computational Techniques of the Simplex Method, 10).

A step: the bound that is violated most (:func:`find_violation`) leaves the basis; multipliers y and prices
lambda = y(island) - PTDF^T mu move along the one direction that keeps every other basic price, a row of B^-1
(:func:`_find_directions`); the bus or row whose price meets its bound first enters (``dispatch_ratio.ratio_test``: with
bound flipping, a breakpoint is passed while the violation lasts; Harris' tolerance picks the largest pivot among near
ties); the inverse is updated (:func:`_enter_bus`, :func:`_enter_row`).
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, Topology
from gridsim.kernels.dispatch_basis import append, remove, replace_bus, replace_row, times_inverse
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.dispatch_ratio import PRIMAL_TOLERANCE_MW, look_around, ratio_test, segment_towards
from gridsim.kernels.dispatch_start import DUAL_TOLERANCE, restore
from gridsim.kernels.dispatch_workspace import AVOIDED, STALLED, TAKE_ANY, Records, Workspace
from gridsim.kernels.flows import add_rows
from gridsim.kernels.jit import inline, out_of_line, piece

#: Status codes: RENEW asks for a fresh factorisation, the others end an attempt.
OPTIMAL, PIVOT_CAP, NO_ENTERING, SINGULAR, DRIFT, RENEW = 0, 1, 2, 3, 4, 5
#: A pivot below this makes the next factorisation a fresh one.
SMALL_PIVOT = 1e-7
#: A pivot below this is taken only right after a fresh factorisation.
DOUBTFUL_PIVOT = 1e-5
STALL_LIMIT = 50
REFACTOR_EVERY = 100


@inline
def _beyond(flow_mw, row_lo_mw, row_hi_mw, row):  # type: ignore[no-untyped-def]
    """MW by which the flow of a row passes a limit; below 0 within."""
    return max(flow_mw[row] - row_hi_mw[row], row_lo_mw[row] - flow_mw[row])


@piece
def find_violation(
    buses: Records, basics: Records, flow_mw: F8, row_lo_mw: F8, row_hi_mw: F8, m: int, bland: bool, avoided: int
) -> tuple[int, int, float, float]:
    """Give (slot of a basic bus or -1, flow row or -1, +1 above / -1 below, MW) of the largest violation.

    With ``bland`` the first one in the order of buses, then rows. ``avoided`` is passed over: 1 + bus, -1 - row or 0.
    """
    slot, new_row = -1, -1
    sign = mw = 0.0
    for i in range(m):
        q = buses[basics[i].bus].q
        violation = max(q - basics[i].hi, basics[i].lo - q)
        if violation > PRIMAL_TOLERANCE_MW and basics[i].bus != avoided - 1:
            if slot >= 0 and (basics[i].bus > basics[slot].bus if bland else violation <= mw):
                continue
            slot, mw = i, violation
            sign = 1.0 if q > basics[i].hi else -1.0
    if bland and slot >= 0:
        return slot, new_row, sign, mw
    worst = max(PRIMAL_TOLERANCE_MW, mw)
    # eight rows at a time where none is worse: a running maximum waits for the row before at every row
    n_rows = row_lo_mw.size
    for block in range((n_rows + 7) // 8):
        row = 8 * block
        if row + 8 <= n_rows:
            a = max(_beyond(flow_mw, row_lo_mw, row_hi_mw, row), _beyond(flow_mw, row_lo_mw, row_hi_mw, row + 1))
            b = max(_beyond(flow_mw, row_lo_mw, row_hi_mw, row + 2), _beyond(flow_mw, row_lo_mw, row_hi_mw, row + 3))
            c = max(_beyond(flow_mw, row_lo_mw, row_hi_mw, row + 4), _beyond(flow_mw, row_lo_mw, row_hi_mw, row + 5))
            d = max(_beyond(flow_mw, row_lo_mw, row_hi_mw, row + 6), _beyond(flow_mw, row_lo_mw, row_hi_mw, row + 7))
            if max(max(a, b), max(c, d)) <= worst:
                continue
        for k in range(row, min(row + 8, n_rows)):
            violation = _beyond(flow_mw, row_lo_mw, row_hi_mw, k)
            if violation > worst and k != -1 - avoided and not (bland and new_row >= 0):
                new_row, worst = k, violation
    if new_row >= 0:
        slot, mw = -1, worst
        sign = 1.0 if flow_mw[new_row] > row_hi_mw[new_row] else -1.0
    return slot, new_row, sign, mw


@piece
def _find_directions(topology: Topology, ws: Workspace, m: int, slot: int, new_row: int, sign: float) -> None:
    """Write how multipliers (``rate`` of the duals) and prices (``direction``) move per unit dual step.

    For a basic bus the row of B^-1 of its slot; for a new flow row the row's PTDF times B^-1.
    """
    island, row_ptdf = topology.island, topology.row_ptdf
    basics, duals, inverse, direction, island_sum = ws.basics, ws.duals, ws.inverse, ws.direction, ws.island_sum
    vector = ws.scratch[0]
    n_buses = island.size
    for k in range(n_buses):
        island_sum[k] = 0.0
    if slot >= 0:
        for j in range(m):
            duals[j].rate = sign * inverse[j, slot]
    else:
        for i in range(m):
            vector[i] = row_ptdf[new_row, basics[i].bus]
        times_inverse(inverse, m, vector, ws.scratch[1])
        for j in range(m):
            duals[j].rate = sign * ws.scratch[1, j]
    for j in range(m):
        if duals[j].row < 0:
            island_sum[-1 - duals[j].row] = duals[j].rate
    if slot >= 0:
        for bus in range(n_buses):
            direction[bus] = island_sum[island[bus]]
    else:
        for bus in range(n_buses):
            direction[bus] = island_sum[island[bus]] - sign * row_ptdf[new_row, bus]
    active, amount = ws.order[1], ws.scratch[1]
    n = 0
    for j in range(m):
        if duals[j].row >= 0 and duals[j].rate != 0.0:
            active[n], amount[n] = duals[j].row, -duals[j].rate
            n += 1
    add_rows(row_ptdf, active, amount, n, direction)
    # Basic prices stay by definition; written out, so that rounding does not let them creep.
    for i in range(m):
        direction[basics[i].bus] = 0.0
    if slot >= 0:
        direction[basics[slot].bus] = sign


@piece
def _leave(order: MeritOrder, slope: F8, topology: Topology, ws: Workspace, slot: int, sign: float) -> int:
    """Put the basic bus of ``slot`` onto the bound that it violates, and flows with it; return the bus."""
    basics, buses, flow_mw = ws.basics, ws.buses, ws.flow_mw
    leaving = basics[slot].bus
    segment = basics[slot].segment
    buses[leaving].position = segment + 1 if sign > 0.0 else segment
    bound = basics[slot].hi if sign > 0.0 else basics[slot].lo
    amount = bound - buses[leaving].q
    buses[leaving].q = bound
    look_around(order, slope, ws, leaving)
    for row in range(flow_mw.size):
        flow_mw[row] += topology.bus_ptdf[leaving, row] * amount
    return int(leaving)


@piece
def _move_prices(ws: Workspace, m: int, step: float) -> None:
    """Prices and multipliers after the dual step."""
    for bus in range(ws.price.size):
        ws.price[bus] += step * ws.direction[bus]
    for j in range(m):
        ws.duals[j].value += step * ws.duals[j].rate


@piece
def _activate(ws: Workspace, j: int, new_row: int, sign: float, step: float) -> None:
    """Let the flow row ``new_row`` be dual row ``j``: active at the limit it violated, its multiplier the step."""
    ws.duals[j].row = new_row
    ws.duals[j].value = sign * step
    ws.duals[j].side = 1 if sign > 0.0 else -1
    ws.slot_of_row[new_row] = j


@piece
def _new_column(ws: Workspace, m: int, sign: float) -> None:
    """Write the inverse times the new row's coefficients at the basic buses, -PTDF, into ``scratch[2]``.

    It is what :func:`_find_directions` found: the rates of the multipliers, but for the sign.
    """
    for j in range(m):
        ws.scratch[2, j] = -sign * ws.duals[j].rate


@piece
def _enter_bus(
    order: MeritOrder,
    slope: F8,
    topology: Topology,
    ws: Workspace,
    m: int,
    slot: int,
    new_row: int,
    entering: int,
    sign: float,
) -> float:
    """Exchange: ``entering`` takes the slot of the bus that leaves, or a new one beside a new row; the pivot.

    Its column of the basis is 1 in its island's balance and -PTDF in the active rows. A bus may enter in its own place,
    on another segment: the basis stays.
    """
    segs, buses, basics, duals, inverse = order.segs, ws.buses, ws.basics, ws.duals, ws.inverse
    new_bus_row = ws.scratch[1]
    leaving = basics[slot].bus if slot >= 0 else -1
    up = ws.direction[entering] > 0.0
    p = segment_towards(order, ws, entering, up)
    w = ws.width[segs[p].item] * segs[p].share
    q = buses[entering].q
    if entering != leaving:
        for j in range(m):
            row = duals[j].row
            if row >= 0:
                new_bus_row[j] = -topology.row_ptdf[row, entering]
            else:
                new_bus_row[j] = 1.0 if topology.island[entering] == -1 - row else 0.0
    pivot = 1.0
    i = slot
    if slot < 0:
        _new_column(ws, m, sign)
        pivot = append(inverse, m, new_bus_row, -topology.row_ptdf[new_row, entering], ws.scratch[2], ws.scratch[3])
        i = m
    elif entering != leaving:
        pivot = replace_bus(inverse, m, slot, new_bus_row, ws.scratch[2])
        buses[leaving].slot = -1
    basics[i].bus = entering
    basics[i].segment = p
    basics[i].lo = q if up else q - w
    basics[i].hi = q + w if up else q
    buses[entering].slot = i
    buses[entering].position = p
    ws.price[entering] = slope[p]
    return pivot


@piece
def _enter_row(ws: Workspace, m: int, slot: int, j: int, sign: float) -> float:
    """Exchange: the slack of dual row ``j`` enters, so the row is active no more; the pivot.

    With a bus that leaves the basis shrinks by both, and its last bus and row fill the gaps; else the new row takes the
    place of the old one.
    """
    buses, basics, duals, inverse = ws.buses, ws.basics, ws.duals, ws.inverse
    ws.slot_of_row[duals[j].row] = -1
    if slot < 0:
        _new_column(ws, m, sign)
        return replace_row(inverse, m, j, ws.scratch[2], ws.scratch[3])
    leaving = basics[slot].bus
    pivot = remove(inverse, m, slot, j)
    last = m - 1
    buses[leaving].slot = -1
    if slot != last:
        basics[slot].bus, basics[slot].segment = basics[last].bus, basics[last].segment
        basics[slot].lo, basics[slot].hi = basics[last].lo, basics[last].hi
        buses[basics[slot].bus].slot = slot
    if j != last:
        duals[j].row, duals[j].side = duals[last].row, duals[last].side
        duals[j].value = duals[last].value
        if duals[j].row >= 0:
            ws.slot_of_row[duals[j].row] = j
    return pivot


@piece
def improve(
    order: MeritOrder,
    slope: F8,
    topology: Topology,
    row_lo_mw: F8,
    row_hi_mw: F8,
    ws: Workspace,
    m: int,
    max_pivots: int,
) -> tuple[int, int, int]:
    """Pivot until no bound is violated or the inverse needs renewal; return (status, size of the basis, pivots)."""
    out_of_line()
    buses, basics, info = ws.buses, ws.basics, ws.info
    n_buses = buses.size
    tolerance = DUAL_TOLERANCE * order.scale[0]
    stall = 1e-13 * order.scale[0]  # a shorter dual step is no progress: the vertex is degenerate
    pivots = 0
    renew = False
    for bus in range(n_buses):
        look_around(order, slope, ws, bus)
    while True:
        bland = info[STALLED] >= STALL_LIMIT
        slot, new_row, sign, violation = find_violation(
            buses, basics, ws.flow_mw, row_lo_mw, row_hi_mw, m, bland, int(np.int64(info[AVOIDED]))
        )
        if slot < 0 and new_row < 0:
            if info[AVOIDED] == 0:
                return OPTIMAL, m, pivots
            info[AVOIDED], info[TAKE_ANY] = 0, 1
            continue
        if pivots >= max_pivots:
            return PIVOT_CAP, m, pivots
        # an active row off its limit, a small pivot: the inverse is worn out
        if renew or pivots >= REFACTOR_EVERY or (new_row >= 0 and ws.slot_of_row[new_row] >= 0):
            return (RENEW if pivots > 0 else DRIFT), m, pivots

        _find_directions(topology, ws, m, slot, new_row, sign)
        leaving = _leave(order, slope, topology, ws, slot, sign) if slot >= 0 else -1
        entering, step, size = ratio_test(
            order=order,
            slope=slope,
            topology=topology,
            row_lo_mw=row_lo_mw,
            row_hi_mw=row_hi_mw,
            ws=ws,
            m=m,
            tolerance=tolerance,
            violation=violation,
            bland=bland,
        )
        if entering < 0:
            return NO_ENTERING, m, pivots
        if size < DOUBTFUL_PIVOT and info[TAKE_ANY] == 0:
            # the rest of the violation may be drift: judge it by fresh numbers, and mend other violations first
            if pivots == 0:
                if info[AVOIDED] == 0:
                    info[AVOIDED] = 1 + leaving if slot >= 0 else -1 - new_row
                else:
                    info[AVOIDED], info[TAKE_ANY] = 0, 1
            return RENEW, m, pivots
        info[TAKE_ANY] = 0
        pivots += 1
        info[STALLED] = info[STALLED] + 1 if step <= stall else 0

        if step != 0.0:
            _move_prices(ws, m, step)
        if entering < n_buses:
            pivot = _enter_bus(order, slope, topology, ws, m, slot, new_row, entering=entering, sign=sign)
            if slot < 0:
                _activate(ws, m, new_row, sign, step)
                m += 1
        else:
            pivot = _enter_row(ws, m, slot, entering - n_buses, sign)
            if slot < 0:
                _activate(ws, entering - n_buses, new_row, sign, step)
            else:
                m -= 1
        if abs(pivot) < SMALL_PIVOT:
            renew = True
        restore(topology, row_lo_mw, row_hi_mw, ws, m)
