"""Network-constrained dispatch: a bounded dual simplex over bus injections with flow rows added when violated.

The problem is that of ``kernels.arrays``. ``kernels.dispatch_order`` turns it into one injection ``q_b`` per bus with a
convex piecewise-linear cost, so that the basis holds one bus per island and one more per flow row at its limit: a
handful of numbers, whatever the size of the network. A *nonbasic* bus sits between two of its segments, its price
between their slopes; a *basic* bus lies inside a segment and is priced at its slope.

1. Start: fill the segments of each island in merit order (or take the basis of an earlier state).
2. Take the largest violation: a basic bus outside its segment, or a flow outside its limits.
3. Ratio test: move prices along the one direction that keeps the other basic prices. Each bus whose price meets the
   slope of its next segment is flipped over that segment while the violation lasts (bound flipping: an exact line
   search of the dual, Maros 2003, Computational Techniques of the Simplex Method, ch. 10); the last one enters the
   basis. Ties within a tolerance go to the largest pivot (Harris 1973, Math. Prog. 5). After 50 steps without dual
   progress the smallest indices are taken and nothing is flipped (Bland 1977, Math. Oper. Res. 2).
4. When nothing is violated the basis is sorted and factorised anew, and every number reported is computed from it.

Every row is boxed and every segment bounded, so any nonsingular basis is made dual feasible by moving nonbasic buses to
the segment end their price asks for: warm starts are always legal, and only cost time when they are bad.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4, Topology
from gridsim.kernels.dispatch_basis import append, factorise, remove, replace_bus, replace_row
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.jit import jit

#: Status codes of ``solve_dispatch``.
OPTIMAL, PIVOT_CAP, NO_ENTERING, SINGULAR, DRIFT, RENEW = 0, 1, 2, 3, 4, 5
#: MW by which flows and injections may miss their bounds.
PRIMAL_TOLERANCE_MW = 1e-7
#: Of the largest slope: by how much a price may pass the slope of a segment.
DUAL_TOLERANCE = 1e-11
#: Smallest change of a price or multiplier, per unit step, that counts as a change.
PIVOT_TOLERANCE = 1e-8
STALL_LIMIT = 50
REFACTOR_EVERY = 40


class Workspace(NamedTuple):
    """Arrays of one thread, allocated once per case by :func:`make_workspace`; results are read from them.

    Results: p_mw, spill_mw (n_gens,), shed_mw (n_buses, n_classes), flow_mw, row_price (n_rows,), price (n_buses,),
    basis (2 n_buses,) i4 of which ``info[N_BASIS]`` are used, cost (1,) money per hour,
    info (5,) i4: status, pivots, length of basis, 1 if a warm basis was used, steps without progress.
    """

    p_mw: F8
    spill_mw: F8
    shed_mw: F8
    flow_mw: F8
    row_price: F8
    price: F8
    basis: I4
    cost: F8
    info: I4
    # per item / island
    width: F8
    island_sum: F8
    island_last: I4
    # per bus
    base: F8
    q: F8
    position: I4
    slot_of_bus: I4
    direction: F8
    target: I4
    # per basic bus and dual row
    basic_bus: I4
    basic_segment: I4
    basic_lo: F8
    basic_hi: F8
    dual_row: I4
    dual: F8
    dual_direction: F8
    vector_a: F8
    vector_b: F8
    vector_c: F8
    vector_d: F8
    permutation: I4
    side: I4
    slot_of_row: I4
    inverse: F8
    matrix: F8
    # per candidate of the ratio test: buses, then active rows
    candidate: I4
    step: F8
    slack: F8
    loss: F8


STATUS, PIVOTS, N_BASIS, WARM, STALLED = 0, 1, 2, 3, 4


def make_workspace(n_buses: int, n_gens: int, n_classes: int, n_rows: int) -> Workspace:
    """Allocate the arrays that :func:`solve_dispatch` works in and answers through."""
    m = n_buses + 1
    n_items = 2 * n_gens + n_buses * n_classes

    def f8(*shape: int) -> F8:
        return np.zeros(shape)

    def i4(*shape: int) -> I4:
        return np.zeros(shape, dtype=np.int32)

    return Workspace(
        p_mw=f8(n_gens),
        spill_mw=f8(n_gens),
        shed_mw=f8(n_buses, n_classes),
        flow_mw=f8(n_rows),
        row_price=f8(n_rows),
        price=f8(n_buses),
        basis=i4(2 * m),
        cost=f8(1),
        info=i4(5),
        width=f8(n_items),
        island_sum=f8(n_buses),
        island_last=i4(n_buses),
        base=f8(n_buses),
        q=f8(n_buses),
        position=i4(n_buses),
        slot_of_bus=i4(n_buses),
        direction=f8(n_buses),
        target=i4(n_buses),
        basic_bus=i4(m),
        basic_segment=i4(m),
        basic_lo=f8(m),
        basic_hi=f8(m),
        dual_row=i4(m),
        dual=f8(m),
        dual_direction=f8(m),
        vector_a=f8(m),
        vector_b=f8(m),
        vector_c=f8(m),
        vector_d=f8(m),
        permutation=i4(m),
        side=i4(m),
        slot_of_row=i4(n_rows),
        inverse=f8(m, m),
        matrix=f8(m, m),
        candidate=i4(n_buses + m),
        step=f8(n_buses + m),
        slack=f8(n_buses + m),
        loss=f8(n_buses + m),
    )


@jit
def _fill_widths(gen_bus: I4, lo_mw: F8, hi_mw: F8, demand_mw: F8, width: F8, base: F8) -> None:
    """Write the width of every item (MW) and the injection of each bus with all segments empty."""
    n_gens = gen_bus.size
    n_buses, n_classes = demand_mw.shape
    for bus in range(n_buses):
        total = 0.0
        first = 2 * n_gens + bus * n_classes
        for k in range(n_classes):
            width[first + k] = demand_mw[bus, k]
            total += demand_mw[bus, k]
        base[bus] = -total
    for gen in range(n_gens):
        lo = lo_mw[gen]
        width[gen] = max(hi_mw[gen] - lo, 0.0)
        if lo > 0.0:
            width[n_gens + gen] = lo
        else:
            width[n_gens + gen] = 0.0
            base[gen_bus[gen]] += lo


@jit
def _merit_start(order: MeritOrder, island: I4, ws: Workspace) -> int:
    """Balance each island by filling its segments in merit order; return the number of basic buses (one per island).

    An island without any segment (no supply, no demand) stays without a basic bus; nothing can move there.
    """
    bus_start, merit, seg_bus, seg_item = order.bus_start, order.merit, order.seg_bus, order.seg_item
    seg_share = order.seg_share
    width, base, q, position = ws.width, ws.base, ws.q, ws.position
    need, last = ws.island_sum, ws.island_last
    basic_bus, basic_segment, dual_row = ws.basic_bus, ws.basic_segment, ws.dual_row
    n_buses = base.size
    for k in range(n_buses):
        need[k] = 0.0
        last[k] = -2  # -2: no such island, -1: nothing to move yet, -3: balanced, else last filled segment
    n_open = 0
    for bus in range(n_buses):
        k = island[bus]
        if last[k] == -2:
            last[k] = -1
            n_open += 1
        need[k] -= base[bus]
        q[bus] = base[bus]
        position[bus] = bus_start[bus]
    m = 0
    for p in merit:
        w = width[seg_item[p]]
        if w <= 0.0:
            continue
        bus = seg_bus[p]
        k = island[bus]
        if last[k] == -3:
            continue
        w *= seg_share[p]
        last[k] = p
        if w >= need[k]:
            basic_bus[m] = bus
            basic_segment[m] = p
            dual_row[m] = -1 - k
            position[bus] = p
            m += 1
            last[k] = -3
            n_open -= 1
            if n_open == 0:
                break
        else:
            need[k] -= w
            q[bus] += w
            position[bus] = p + 1
    if n_open > 0:
        for k in range(n_buses):
            p = last[k]
            if p >= 0:  # every segment is full and rounding left a trace open: the last one carries it
                bus = seg_bus[p]
                basic_bus[m] = bus
                basic_segment[m] = p
                dual_row[m] = -1 - k
                position[bus] = p
                m += 1
    return m


@jit
def _read_basis(order: MeritOrder, island: I4, basis: I4, n_basis: int, ws: Workspace) -> int:
    """Unpack a basis of an earlier state; return its size, or 0 if it does not fit this state's islands."""
    bus_start, id_position, seg_bus, seg_item = order.bus_start, order.id_position, order.seg_bus, order.seg_item
    seg_next, island_last, side, width = order.seg_next, ws.island_last, ws.side, ws.width
    basic_bus, basic_segment, dual_row = ws.basic_bus, ws.basic_segment, ws.dual_row
    slot_of_bus = ws.slot_of_bus
    m = 0
    n_rows = 0
    for k in range(n_basis):
        code = basis[k]
        if code >= 0:
            p = id_position[code]
            if slot_of_bus[seg_bus[p]] >= 0:
                return 0
            slot_of_bus[seg_bus[p]] = m
            basic_bus[m] = seg_bus[p]
            basic_segment[m] = p
            m += 1
        else:
            n_rows += 1
    n_balances = m - n_rows
    if n_balances <= 0:
        return 0
    # one balance row per island, found by its basic buses
    found = 0
    for i in range(m):
        k = island[basic_bus[i]]
        new = True
        for j in range(found):
            if dual_row[j] == -1 - k:
                new = False
        if new:
            if found == n_balances:
                return 0
            dual_row[found] = -1 - k
            found += 1
    if found != n_balances:
        return 0
    for k in range(n_basis):
        if basis[k] < 0:
            dual_row[found] = -1 - basis[k]
            found += 1
    for j in range(m):
        side[j] = 0
    # every island where something can move must have its balance row in the basis
    for k in range(island.size):
        island_last[k] = 0
    for j in range(n_balances):
        island_last[-1 - dual_row[j]] = 1
    for bus in range(island.size):
        if island_last[island[bus]] == 0:
            p = bus_start[bus]
            while p < bus_start[bus + 1]:
                if width[seg_item[p]] > 0.0:
                    return 0
                p = seg_next[p]
    return m


@jit
def _sort_basis(basic_bus: I4, basic_segment: I4, dual_row: I4, side: I4, m: int) -> None:
    """Order buses, and balance rows before flow rows, by number, so that the factorisation is one of a set."""
    for i in range(1, m):
        bus, segment = basic_bus[i], basic_segment[i]
        k = i
        while k > 0 and basic_bus[k - 1] > bus:
            basic_bus[k], basic_segment[k] = basic_bus[k - 1], basic_segment[k - 1]
            k -= 1
        basic_bus[k], basic_segment[k] = bus, segment
    for j in range(1, m):
        row, at = dual_row[j], side[j]
        k = j
        while k > 0 and _later(dual_row[k - 1], row):
            dual_row[k], side[k] = dual_row[k - 1], side[k - 1]
            k -= 1
        dual_row[k], side[k] = row, at


@jit
def _later(a: int, b: int) -> bool:
    """Islands (negative codes, lowest island first) before flow rows."""
    if a < 0 and b < 0:
        return a < b
    return a > b


@jit
def _restore(ws: Workspace, topology: Topology, row_lo_mw: F8, row_hi_mw: F8, m: int) -> None:
    """Move the basic buses so that every island balances and every active row sits at its limit.

    Works on what is missing (one step of iterative refinement), so rounding does not pile up over pivots.
    """
    basic_bus, dual_row, flow_mw, inverse = ws.basic_bus, ws.dual_row, ws.flow_mw, ws.inverse
    island_sum, injection, side, vector_a = ws.island_sum, ws.q, ws.side, ws.vector_a
    vector_b = ws.vector_b
    n_rows = flow_mw.size
    island, bus_ptdf = topology.island, topology.bus_ptdf
    missing, move = vector_a, vector_b
    for k in range(island.size):
        island_sum[k] = 0.0
    for bus in range(island.size):
        island_sum[island[bus]] += injection[bus]
    for i in range(m):
        move[i] = 0.0
    for j in range(m):
        row = dual_row[j]
        if row < 0:
            missing[j] = -island_sum[-1 - row]
        else:
            missing[j] = flow_mw[row] - (row_hi_mw[row] if side[j] > 0 else row_lo_mw[row])
        if missing[j] != 0.0:
            for i in range(m):
                move[i] += missing[j] * inverse[j, i]
    for i in range(m):
        if move[i] != 0.0:
            bus = basic_bus[i]
            injection[bus] += move[i]
            for row in range(n_rows):
                flow_mw[row] += bus_ptdf[bus, row] * move[i]


@jit
def _place(
    order: MeritOrder, slope: F8, topology: Topology, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, m: int, fresh: bool
) -> bool:
    """Compute prices, positions, injections and flows of the factorised basis from nothing but the basis.

    ``fresh`` positions all nonbasic buses by price; otherwise they keep their place while it is dual feasible (a bus
    whose price equals a slope may stand on either side). Return False if a row would have to sit at an infinite limit.
    """
    bus_start, scale, seg_item, seg_next = order.bus_start, order.scale, order.seg_item, order.seg_next
    seg_share, base, basic_hi, basic_lo = order.seg_share, ws.base, ws.basic_hi, ws.basic_lo
    basic_segment, dual, dual_row, flow_mw = ws.basic_segment, ws.dual, ws.dual_row, ws.flow_mw
    inverse, island_sum, bus_position, bus_price = ws.inverse, ws.island_sum, ws.position, ws.price
    injection, side, slot_of_bus, width = ws.q, ws.side, ws.slot_of_bus, ws.width
    island, row_ptdf, bus_ptdf = topology.island, topology.row_ptdf, topology.bus_ptdf
    n_buses, n_rows = island.size, flow_mw.size
    tolerance = DUAL_TOLERANCE * scale[0]
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += inverse[j, i] * slope[basic_segment[i]]
        dual[j] = total
    for k in range(n_buses):
        island_sum[k] = 0.0
    for j in range(m):
        if dual_row[j] < 0:
            island_sum[-1 - dual_row[j]] = dual[j]
    for bus in range(n_buses):
        bus_price[bus] = island_sum[island[bus]]
    for j in range(m):
        row = dual_row[j]
        if row >= 0:
            mu = dual[j]
            if mu > tolerance or (mu >= -tolerance and side[j] == 0):
                side[j] = 1
            elif mu < -tolerance:
                side[j] = -1
            limit = row_hi_mw[row] if side[j] > 0 else row_lo_mw[row]
            if not np.isfinite(limit):
                return False
            for bus in range(n_buses):
                bus_price[bus] -= mu * row_ptdf[row, bus]
    for row in range(n_rows):
        flow_mw[row] = 0.0
    for bus in range(n_buses):
        start, end = bus_start[bus], bus_start[bus + 1]
        slot = slot_of_bus[bus]
        if slot >= 0:
            position = basic_segment[slot]
            bus_price[bus] = slope[position]
        else:
            price = bus_price[bus]
            position = start if fresh else bus_position[bus]
            if fresh:
                while position < end and slope[position] < price:
                    position += 1
            else:
                while position < end and slope[position] < price - tolerance:
                    position += 1
                while position > start and slope[position - 1] > price + tolerance:
                    position -= 1
        bus_position[bus] = position
        q = base[bus]
        k = start
        while k < position:
            w = width[seg_item[k]]
            if w > 0.0:
                q += w * seg_share[k]
                k += 1
            else:
                k = seg_next[k]
        injection[bus] = q
        if slot >= 0:
            basic_lo[slot] = q
            basic_hi[slot] = q + width[seg_item[position]] * seg_share[position]
        if q != 0.0:
            for row in range(n_rows):
                flow_mw[row] += bus_ptdf[bus, row] * q
    _restore(ws, topology, row_lo_mw, row_hi_mw, m)
    return True


@jit
def _refactorise(
    order: MeritOrder, slope: F8, topology: Topology, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, m: int, fresh: bool
) -> bool:
    """Sort and factorise the basis and place every bus by it; False if it is singular or needs an infinite limit."""
    island, row_ptdf, basic_bus, basic_segment = topology.island, topology.row_ptdf, ws.basic_bus, ws.basic_segment
    dual_row, inverse, matrix, permutation = ws.dual_row, ws.inverse, ws.matrix, ws.permutation
    side, slot_of_bus, slot_of_row = ws.side, ws.slot_of_bus, ws.slot_of_row
    _sort_basis(basic_bus, basic_segment, dual_row, side, m)
    for i in range(m):
        slot_of_bus[basic_bus[i]] = i
    active = 0
    for j in range(m):
        if dual_row[j] >= 0:
            slot_of_row[dual_row[j]] = j
            active += 1
    if active == 0:  # one bus per island: a permutation
        for j in range(m):
            for i in range(m):
                inverse[j, i] = 1.0 if island[basic_bus[i]] == -1 - dual_row[j] else 0.0
    elif factorise(inverse, matrix, permutation, basic_bus, dual_row, m, island, row_ptdf) < 1e-10:
        return False
    return _place(order, slope, topology, row_lo_mw, row_hi_mw, ws, m, fresh)


@jit
def _shift(injection: F8, flow_mw: F8, bus_ptdf: F8, bus: int, move_mw: float) -> None:
    """Change one injection and the flows with it."""
    injection[bus] += move_mw
    for row in range(flow_mw.size):
        flow_mw[row] += bus_ptdf[bus, row] * move_mw


@jit
def _find_violation(ws: Workspace, row_lo_mw: F8, row_hi_mw: F8, m: int, bland: bool) -> tuple[int, int, float, float]:
    """Give (slot of a basic bus or -1, flow row or -1, +1 above / -1 below, MW) of the largest violation.

    With ``bland`` the first one in the order of buses, then rows.
    """
    basic_bus, basic_hi, basic_lo, flow_mw = ws.basic_bus, ws.basic_hi, ws.basic_lo, ws.flow_mw
    injection = ws.q
    worst = PRIMAL_TOLERANCE_MW
    slot, new_row = -1, -1
    sign = 0.0
    if bland:
        for i in range(m):
            q = injection[basic_bus[i]]
            violation = max(q - basic_hi[i], basic_lo[i] - q)
            if violation > PRIMAL_TOLERANCE_MW and (slot < 0 or basic_bus[i] < basic_bus[slot]):
                slot, worst = i, violation
                sign = 1.0 if q > basic_hi[i] else -1.0
        if slot >= 0:
            return slot, new_row, sign, worst
    else:
        for i in range(m):
            q = injection[basic_bus[i]]
            if q - basic_hi[i] > worst:
                slot, sign, worst = i, 1.0, q - basic_hi[i]
            elif basic_lo[i] - q > worst:
                slot, sign, worst = i, -1.0, basic_lo[i] - q
    for row in range(flow_mw.size):
        flow = flow_mw[row]
        violation = max(flow - row_hi_mw[row], row_lo_mw[row] - flow)
        if violation > worst:
            new_row, slot, worst = row, -1, violation
            if bland:
                break
    if new_row >= 0:
        sign = 1.0 if flow_mw[new_row] > row_hi_mw[new_row] else -1.0
    return slot, new_row, sign, worst


@jit
def _find_directions(ws: Workspace, topology: Topology, m: int, slot: int, new_row: int, sign: float) -> None:
    """Write how multipliers (dual_direction) and prices (direction) move per unit dual step."""
    basic_bus, dual_row, inverse, island_sum = ws.basic_bus, ws.dual_row, ws.inverse, ws.island_sum
    vector_a = ws.vector_a
    island, row_ptdf = topology.island, topology.row_ptdf
    n_buses = island.size
    direction, dual_direction = ws.direction, ws.dual_direction
    for bus in range(n_buses):
        direction[bus] = 0.0
    if slot >= 0:
        for j in range(m):
            dual_direction[j] = sign * inverse[j, slot]
    else:
        for i in range(m):
            vector_a[i] = row_ptdf[new_row, basic_bus[i]]
        for j in range(m):
            total = 0.0
            for i in range(m):
                total += inverse[j, i] * vector_a[i]
            dual_direction[j] = sign * total
        for bus in range(n_buses):
            direction[bus] = -sign * row_ptdf[new_row, bus]
    for k in range(n_buses):
        island_sum[k] = 0.0
    for j in range(m):
        row = dual_row[j]
        rate = dual_direction[j]
        if row < 0:
            island_sum[-1 - row] = rate
        elif rate != 0.0:
            for bus in range(n_buses):
                direction[bus] -= rate * row_ptdf[row, bus]
    for bus in range(n_buses):
        direction[bus] += island_sum[island[bus]]
    for i in range(m):
        direction[basic_bus[i]] = 0.0
    if slot >= 0:
        direction[basic_bus[slot]] = sign


@jit
def _find_breakpoint(
    bus: int,
    p: int,
    rate: float,
    price: float,
    tolerance: float,
    bus_start: I4,
    seg_item: I4,
    seg_next: I4,
    seg_prev: I4,
    seg_share: F8,
    slope: F8,
    width: F8,
    target: I4,
    step: F8,
    reach: F8,
    loss: F8,
) -> bool:
    """Write the segment at or beyond position ``p`` that the moving price of ``bus`` meets next, and when."""
    if rate > 0.0:
        end = bus_start[bus + 1]
        while p < end and width[seg_item[p]] <= 0.0:
            p = seg_next[p]
        if p >= end:
            return False
    else:
        start = bus_start[bus]
        while p >= start and width[seg_item[p]] <= 0.0:
            p = seg_prev[p]
        if p < start:
            return False
    size = abs(rate)
    gap = max((slope[p] - price) / rate, 0.0)
    target[bus] = p
    step[bus] = gap
    reach[bus] = gap + tolerance / size
    loss[bus] = size * width[seg_item[p]] * seg_share[p]
    return True


@jit
def _ratio_test(
    order: MeritOrder,
    slope: F8,
    topology: Topology,
    row_lo_mw: F8,
    row_hi_mw: F8,
    ws: Workspace,
    m: int,
    violation: float,
    bland: bool,
) -> tuple[int, float]:
    """Pass breakpoints while the violation lasts; return what enters and the dual step.

    What enters is a bus, or ``n_buses`` + the slot of an active row, or -1 if nothing can.
    """
    bus_start, seg_next, seg_prev = order.bus_start, order.seg_next, order.seg_prev
    seg_item, seg_share, bus_ptdf, flow_mw, injection = (
        order.seg_item,
        order.seg_share,
        topology.bus_ptdf,
        ws.flow_mw,
        ws.q,
    )
    bus_price = ws.price
    tolerance = DUAL_TOLERANCE * order.scale[0]
    island, candidate, direction, dual = topology.island, ws.candidate, ws.direction, ws.dual
    dual_direction, dual_row, loss_at, bus_position = ws.dual_direction, ws.dual_row, ws.loss, ws.position
    side, reach_of, step_to, target_of = ws.side, ws.slack, ws.step, ws.target
    width = ws.width
    n_buses = island.size
    n_candidates = 0
    for bus in range(n_buses):
        rate = direction[bus]
        if abs(rate) > PIVOT_TOLERANCE:
            p = bus_position[bus]
            if _find_breakpoint(
                bus,
                p if rate > 0.0 else p - 1,
                direction[bus],
                bus_price[bus],
                tolerance,
                bus_start,
                seg_item,
                seg_next,
                seg_prev,
                seg_share,
                slope,
                width,
                target_of,
                step_to,
                reach_of,
                loss_at,
            ):
                candidate[n_candidates] = bus
                n_candidates += 1
    for j in range(m):
        row = dual_row[j]
        rate = -dual_direction[j] * side[j]
        if row >= 0 and rate > PIVOT_TOLERANCE:
            code = n_buses + j
            step_to[code] = max(dual[j] * side[j] / rate, 0.0)
            loss_at[code] = rate * (row_hi_mw[row] - row_lo_mw[row])
            reach_of[code] = step_to[code] + tolerance / rate
            candidate[n_candidates] = code
            n_candidates += 1
    # half the tolerance less, or rounding lets an island that must shed everything run out of segments to enter
    remaining = violation - 0.5 * PRIMAL_TOLERANCE_MW
    while n_candidates > 0:
        nearest = np.inf
        for c in range(n_candidates):
            nearest = min(nearest, step_to[candidate[c]] if bland else reach_of[candidate[c]])
        loss = 0.0
        for c in range(n_candidates):
            if step_to[candidate[c]] <= nearest:
                loss += loss_at[candidate[c]]
        entering = -1
        if bland or loss >= remaining:
            best, widest = 0.0, 0.0
            for c in range(n_candidates):
                code = candidate[c]
                if step_to[code] <= nearest:
                    if bland:
                        entering = code
                        break
                    rate = abs(direction[code]) if code < n_buses else abs(dual_direction[code - n_buses])
                    # of equal pivots the wider segment: it is less likely to be left at once
                    if rate > best * (1.0 + 1e-9) or (rate > best * (1.0 - 1e-9) and loss_at[code] > widest):
                        best, widest, entering = rate, loss_at[code], code
            if bland:
                return entering, step_to[entering]
        kept = 0
        for c in range(n_candidates):
            code = candidate[c]
            stays = code == entering or step_to[code] > nearest
            if not stays and (entering < 0 or loss_at[code] < remaining):
                remaining -= loss_at[code]
                if code >= n_buses:
                    side[code - n_buses] = -side[code - n_buses]
                else:
                    p = target_of[code]
                    w = width[seg_item[p]] * seg_share[p]
                    if direction[code] > 0.0:
                        _shift(injection, flow_mw, bus_ptdf, code, w)
                        bus_position[code] = p + 1
                        stays = _find_breakpoint(
                            code,
                            p + 1,
                            direction[code],
                            bus_price[code],
                            tolerance,
                            bus_start,
                            seg_item,
                            seg_next,
                            seg_prev,
                            seg_share,
                            slope,
                            width,
                            target_of,
                            step_to,
                            reach_of,
                            loss_at,
                        )
                    else:
                        _shift(injection, flow_mw, bus_ptdf, code, -w)
                        bus_position[code] = p
                        stays = _find_breakpoint(
                            code,
                            p - 1,
                            direction[code],
                            bus_price[code],
                            tolerance,
                            bus_start,
                            seg_item,
                            seg_next,
                            seg_prev,
                            seg_share,
                            slope,
                            width,
                            target_of,
                            step_to,
                            reach_of,
                            loss_at,
                        )
            else:
                stays = True
            if stays:
                candidate[kept] = code
                kept += 1
        n_candidates = kept
        if entering >= 0:
            return entering, step_to[entering]
    return -1, 0.0


@jit
def _improve(
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
    flow_mw = ws.flow_mw
    scale, seg_item, seg_share, basic_bus = order.scale, order.seg_item, order.seg_share, ws.basic_bus
    basic_hi, basic_lo, basic_segment, direction = ws.basic_hi, ws.basic_lo, ws.basic_segment, ws.direction
    dual, dual_direction, dual_row, info = ws.dual, ws.dual_direction, ws.dual_row, ws.info
    inverse, bus_position, bus_price, injection = ws.inverse, ws.position, ws.price, ws.q
    side, slot_of_bus, slot_of_row, target_of = ws.side, ws.slot_of_bus, ws.slot_of_row, ws.target
    vector_a, vector_b, vector_c, vector_d = ws.vector_a, ws.vector_b, ws.vector_c, ws.vector_d
    width = ws.width
    island, row_ptdf, bus_ptdf = topology.island, topology.row_ptdf, topology.bus_ptdf
    n_buses = island.size
    stall = 1e-13 * scale[0]
    pivots = 0
    renew = False
    while True:
        bland = info[STALLED] >= STALL_LIMIT
        slot, new_row, sign, violation = _find_violation(ws, row_lo_mw, row_hi_mw, m, bland)
        if slot < 0 and new_row < 0:
            return OPTIMAL, m, pivots
        if pivots >= max_pivots:
            return PIVOT_CAP, m, pivots
        # an active row off its limit, a small pivot: the inverse is worn out
        if renew or pivots >= REFACTOR_EVERY or (new_row >= 0 and slot_of_row[new_row] >= 0):
            return (RENEW if pivots > 0 else DRIFT), m, pivots

        _find_directions(ws, topology, m, slot, new_row, sign)
        leaving = -1
        if slot >= 0:
            leaving = basic_bus[slot]
            segment = basic_segment[slot]
            bus_position[leaving] = segment + 1 if sign > 0.0 else segment
            _shift(
                injection,
                flow_mw,
                bus_ptdf,
                leaving,
                (basic_hi[slot] if sign > 0.0 else basic_lo[slot]) - injection[leaving],
            )
        entering, step = _ratio_test(order, slope, topology, row_lo_mw, row_hi_mw, ws, m, violation, bland)
        if entering < 0:
            return NO_ENTERING, m, pivots
        pivots += 1
        info[STALLED] = info[STALLED] + 1 if step <= stall else 0

        if step != 0.0:
            for bus in range(n_buses):
                bus_price[bus] += step * direction[bus]
            for j in range(m):
                dual[j] += step * dual_direction[j]
        new_column, new_bus_row = vector_a, vector_b
        pivot = 1.0
        if entering < n_buses:
            p = target_of[entering]
            w = width[seg_item[p]] * seg_share[p]
            up = direction[entering] > 0.0
            for j in range(m):
                row = dual_row[j]
                if row >= 0:
                    new_bus_row[j] = -row_ptdf[row, entering]
                else:
                    new_bus_row[j] = 1.0 if island[entering] == -1 - row else 0.0
            if slot >= 0:
                if entering != leaving:
                    pivot = replace_bus(inverse, m, slot, new_bus_row, vector_c)
                    slot_of_bus[leaving] = -1
                i = slot
            else:
                for k in range(m):
                    new_column[k] = -row_ptdf[new_row, basic_bus[k]]
                pivot = append(inverse, m, new_bus_row, new_column, -row_ptdf[new_row, entering], vector_c, vector_d)
                i = m
                dual_row[m] = new_row
                dual[m] = sign * step
                side[m] = 1 if sign > 0.0 else -1
                slot_of_row[new_row] = m
                m += 1
            basic_bus[i] = entering
            basic_segment[i] = p
            slot_of_bus[entering] = i
            bus_position[entering] = p
            bus_price[entering] = slope[p]
            basic_lo[i] = injection[entering] if up else injection[entering] - w
            basic_hi[i] = injection[entering] + w if up else injection[entering]
        else:
            j = entering - n_buses
            slot_of_row[dual_row[j]] = -1
            if slot >= 0:
                pivot = remove(inverse, m, slot, j)
                m -= 1
                slot_of_bus[leaving] = -1
                if slot != m:
                    basic_bus[slot], basic_segment[slot] = basic_bus[m], basic_segment[m]
                    basic_lo[slot], basic_hi[slot] = basic_lo[m], basic_hi[m]
                    slot_of_bus[basic_bus[slot]] = slot
                if j != m:
                    dual_row[j], dual[j], side[j] = dual_row[m], dual[m], side[m]
                    if dual_row[j] >= 0:
                        slot_of_row[dual_row[j]] = j
            else:
                for k in range(m):
                    new_column[k] = -row_ptdf[new_row, basic_bus[k]]
                pivot = replace_row(inverse, m, j, new_column, vector_c, vector_d)
                dual_row[j] = new_row
                dual[j] = sign * step
                side[j] = 1 if sign > 0.0 else -1
                slot_of_row[new_row] = j
        if abs(pivot) < 1e-7:
            renew = True
        _restore(ws, topology, row_lo_mw, row_hi_mw, m)


@jit
def _report(
    order: MeritOrder,
    topology: Topology,
    lo_mw: F8,
    hi_mw: F8,
    cost: F8,
    spill_cost: F8,
    demand_mw: F8,
    penalty: F8,
    ws: Workspace,
    m: int,
) -> None:
    """Divide each injection among its supplies and loads; cost and prices without perturbation and sharing."""
    bus_start, seg_id, seg_item, seg_next = order.bus_start, order.seg_id, order.seg_item, order.seg_next
    seg_plain_slope, seg_share, island, row_ptdf = (
        order.seg_plain_slope,
        order.seg_share,
        topology.island,
        topology.row_ptdf,
    )
    basic_lo, basic_segment, basis_out, cost_out = ws.basic_lo, ws.basic_segment, ws.basis, ws.cost
    dual_row, flow_mw, info, inverse = ws.dual_row, ws.flow_mw, ws.info, ws.inverse
    island_sum, p_mw, bus_position, bus_price = ws.island_sum, ws.p_mw, ws.position, ws.price
    injection, row_price, shed_mw, side = ws.q, ws.row_price, ws.shed_mw, ws.side
    slot_of_bus, spill_mw, width = ws.slot_of_bus, ws.spill_mw, ws.width
    n_gens, n_buses, n_rows = lo_mw.size, injection.size, flow_mw.size
    n_classes = demand_mw.shape[1]
    for gen in range(n_gens):
        p_mw[gen] = lo_mw[gen]
        spill_mw[gen] = max(lo_mw[gen], 0.0)
    for bus in range(n_buses):
        for k in range(n_classes):
            shed_mw[bus, k] = 0.0
    for bus in range(n_buses):
        p = bus_start[bus]
        slot = slot_of_bus[bus]
        last = bus_position[bus] + (1 if slot >= 0 else 0)
        while p < last:
            item = seg_item[p]
            w = width[item]
            if w <= 0.0:
                p = seg_next[p]
                continue
            amount = w * seg_share[p]
            if slot >= 0 and p == last - 1:
                amount = min(max(injection[bus] - basic_lo[slot], 0.0), amount)
            if item < n_gens:
                p_mw[item] = hi_mw[item] if amount == w else lo_mw[item] + amount
            elif item < 2 * n_gens:
                spill_mw[item - n_gens] = w - amount
            else:
                item -= 2 * n_gens
                shed_mw[item // n_classes, item % n_classes] += amount
            p += 1
    total = 0.0
    for gen in range(n_gens):
        total += cost[gen] * p_mw[gen] + spill_cost[gen] * spill_mw[gen]
    for bus in range(n_buses):
        for k in range(n_classes):
            total += penalty[bus, k] * shed_mw[bus, k]
    cost_out[0] = total
    for row in range(n_rows):
        row_price[row] = 0.0
    for k in range(n_buses):
        island_sum[k] = 0.0
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += inverse[j, i] * seg_plain_slope[basic_segment[i]]
        row = dual_row[j]
        if row < 0:
            island_sum[-1 - row] = total
        else:  # the sign of a multiplier within the perturbation of 0 is that of its limit
            row_price[row] = max(total, 0.0) if side[j] > 0 else min(total, 0.0)
    for bus in range(n_buses):
        bus_price[bus] = island_sum[island[bus]]
    for j in range(m):
        row = dual_row[j]
        if row >= 0 and row_price[row] != 0.0:
            for bus in range(n_buses):
                bus_price[bus] -= row_price[row] * row_ptdf[row, bus]
    n = 0
    for i in range(m):
        basis_out[n] = seg_id[basic_segment[i]]
        n += 1
    for j in range(m):
        if dual_row[j] >= 0:
            basis_out[n] = -1 - dual_row[j]
            n += 1
    info[N_BASIS] = n


@jit
def _clear_slots(ws: Workspace) -> None:
    slot_of_bus, slot_of_row = ws.slot_of_bus, ws.slot_of_row
    for bus in range(slot_of_bus.size):
        slot_of_bus[bus] = -1
    for row in range(slot_of_row.size):
        slot_of_row[row] = -1


@jit
def solve_dispatch(
    topology: Topology,
    gen_bus: I4,
    lo_mw: F8,
    hi_mw: F8,
    cost: F8,
    spill_cost: F8,
    demand_mw: F8,
    penalty: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    order: MeritOrder,
    ws: Workspace,
    warm_basis: I4,
    n_warm: int,
) -> int:
    """Solve one dispatch state into ``ws``; return the status, 0 if optimal.

    The arrays are those of ``DispatchState``; ``order`` must have been made for these cost, spill_cost and penalty.
    ``warm_basis[:n_warm]`` is the ``ws.basis[:ws.info[N_BASIS]]`` of an earlier state of the same case (it may be that
    very array); ``n_warm`` 0 starts from the merit order, which makes the answer a function of the state alone.
    On a status other than 0 the results are those of the last basis and must not be used.
    """
    seg_noisy_slope, seg_slope, island, row_ptdf = (
        order.seg_noisy_slope,
        order.seg_slope,
        topology.island,
        topology.row_ptdf,
    )
    base, info, width = ws.base, ws.info, ws.width
    n_buses, n_rows = island.size, row_ptdf.shape[0]
    _fill_widths(gen_bus, lo_mw, hi_mw, demand_mw, width, base)
    # 0 the basis given, 1 the merit order, 2 the merit order with ties broken (where 1 stalls), 3 from there to the end
    stage = 0 if n_warm > 0 else 1
    status, m, pivots = SINGULAR, 0, 0
    info[WARM] = 0
    while True:
        fits = True
        if stage < 3:
            _clear_slots(ws)
        if stage == 0:
            m = _read_basis(order, island, warm_basis, n_warm, ws)
            fits = m > 0
        elif stage < 3:
            m = _merit_start(order, island, ws)
        slope = seg_noisy_slope if stage == 2 else seg_slope
        cap = 100 + (10 * (n_buses + n_rows) if stage >= 2 else n_buses)
        used, rounds = 0, 0
        info[STALLED] = 0
        status = RENEW
        while fits and status == RENEW:
            if not _refactorise(order, slope, topology, row_lo_mw, row_hi_mw, ws, m, stage == 0 and used == 0):
                status = SINGULAR
                break
            status, m, new_pivots = _improve(order, slope, topology, row_lo_mw, row_hi_mw, ws, m, cap - used)
            used += new_pivots
            if new_pivots > 0 and status != PIVOT_CAP:  # done only when the fresh factorisation agrees
                status = RENEW
            elif status == NO_ENTERING and rounds < 3:
                rounds += 1
                status = RENEW
        pivots += used
        if stage == 2 and status == OPTIMAL:
            stage = 3
        elif stage >= 2 or status == OPTIMAL:
            break
        else:
            stage += 1
    info[WARM] = 1 if stage == 0 else 0
    _report(order, topology, lo_mw, hi_mw, cost, spill_cost, demand_mw, penalty, ws, m)
    info[STATUS] = status
    info[PIVOTS] = pivots
    return status
