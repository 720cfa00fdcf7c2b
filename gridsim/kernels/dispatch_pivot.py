"""One dual simplex step after another: what is violated, which way prices move, what enters, the new basis."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, I4, Topology
from gridsim.kernels.dispatch_basis import append, remove, replace_bus, replace_row
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.dispatch_start import DUAL_TOLERANCE, restore
from gridsim.kernels.dispatch_workspace import AVOIDED, STALLED, TAKE_ANY, Records, Workspace
from gridsim.kernels.jit import jit

#: Status codes: RENEW asks for a fresh factorisation, the others end an attempt.
OPTIMAL, PIVOT_CAP, NO_ENTERING, SINGULAR, DRIFT, RENEW = 0, 1, 2, 3, 4, 5
#: MW by which flows and injections may miss their bounds.
PRIMAL_TOLERANCE_MW = 1e-7
#: Smallest change of a price or multiplier, per unit step, that counts as a change.
PIVOT_TOLERANCE = 1e-8
#: Of the fastest multiplier: what is rounding in a rate.
ROUNDING = 1e-13
#: A pivot below this makes the next factorisation a fresh one.
SMALL_PIVOT = 1e-7
#: A pivot below this is taken only right after a fresh factorisation.
DOUBTFUL_PIVOT = 1e-5
STALL_LIMIT = 50
REFACTOR_EVERY = 60


@jit
def find_violation(
    buses: Records, basics: Records, flow_mw: F8, row_lo_mw: F8, row_hi_mw: F8, m: int, bland: bool, avoided: int
) -> tuple[int, int, float, float]:
    """Give (slot of a basic bus or -1, flow row or -1, +1 above / -1 below, MW) of the largest violation.

    With ``bland`` the first one in the order of buses, then rows. ``avoided`` is passed over: 1 + bus, -1 - row or 0.
    """
    worst = PRIMAL_TOLERANCE_MW
    slot, new_row = -1, -1
    sign = 0.0
    for i in range(m):
        q = buses[basics[i].bus].q
        violation = max(q - basics[i].hi, basics[i].lo - q)
        if violation > (PRIMAL_TOLERANCE_MW if bland else worst) and basics[i].bus != avoided - 1:
            if bland and slot >= 0 and basics[i].bus > basics[slot].bus:
                continue
            slot, worst = i, violation
            sign = 1.0 if q > basics[i].hi else -1.0
    if bland and slot >= 0:
        return slot, new_row, sign, worst
    for row in range(row_lo_mw.size):
        flow = flow_mw[row]
        violation = max(flow - row_hi_mw[row], row_lo_mw[row] - flow)
        if violation > worst and row != -1 - avoided:
            new_row, worst = row, violation
            if bland:
                break
    if new_row >= 0:
        slot = -1
        sign = 1.0 if flow_mw[new_row] > row_hi_mw[new_row] else -1.0
    return slot, new_row, sign, worst


@jit
def _find_directions(
    topology: Topology,
    basics: Records,
    duals: Records,
    inverse: F8,
    direction: F8,
    island_sum: F8,
    vector: F8,
    m: int,
    slot: int,
    new_row: int,
    sign: float,
) -> None:
    """Write how multipliers (``rate`` of the duals) and prices (``direction``) move per unit dual step."""
    island, row_ptdf = topology.island, topology.row_ptdf
    n_buses = island.size
    for k in range(n_buses):
        island_sum[k] = 0.0
    if slot >= 0:
        for j in range(m):
            duals[j].rate = sign * inverse[j, slot]
    else:
        for i in range(m):
            vector[i] = row_ptdf[new_row, basics[i].bus]
        for j in range(m):
            total = 0.0
            for i in range(m):
                total += inverse[j, i] * vector[i]
            duals[j].rate = sign * total
    for j in range(m):
        if duals[j].row < 0:
            island_sum[-1 - duals[j].row] = duals[j].rate
    if slot >= 0:
        for bus in range(n_buses):
            direction[bus] = island_sum[island[bus]]
    else:
        for bus in range(n_buses):
            direction[bus] = island_sum[island[bus]] - sign * row_ptdf[new_row, bus]
    for j in range(m):
        row = duals[j].row
        rate = duals[j].rate
        if row >= 0 and rate != 0.0:
            for bus in range(n_buses):
                direction[bus] -= rate * row_ptdf[row, bus]
    for i in range(m):
        direction[basics[i].bus] = 0.0
    if slot >= 0:
        direction[basics[slot].bus] = sign


@jit
def _find_breakpoint(
    bus: int,
    p: int,
    rate: float,
    price: float,
    tolerance: float,
    bus_start: I4,
    segs: Records,
    slope: F8,
    width: F8,
    candidates: Records,
) -> bool:
    """Write the segment at or beyond position ``p`` that the moving price of ``bus`` meets next, and when."""
    if rate > 0.0:
        end = bus_start[bus + 1]
        while p < end and width[segs[p].item] <= 0.0:
            p = segs[p].next
        if p >= end:
            return False
    else:
        start = bus_start[bus]
        while p >= start and width[segs[p].item] <= 0.0:
            p = segs[p].prev
        if p < start:
            return False
    size = abs(rate)
    step = max((slope[p] - price) / rate, 0.0)
    candidates[bus].target = p
    candidates[bus].step = step
    candidates[bus].reach = step + tolerance / size
    candidates[bus].size = size
    candidates[bus].loss = size * width[segs[p].item] * segs[p].share
    return True


@jit
def _sift_down(heap: I4, candidates: Records, i: int, n: int) -> None:
    """Restore the heap (least ``reach`` first) below place ``i``."""
    code = heap[i]
    reach = candidates[code].reach
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and candidates[heap[child + 1]].reach < candidates[heap[child]].reach:
            child += 1
        if candidates[heap[child]].reach >= reach:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = code


@jit
def _ratio_test(
    bus_start: I4,
    segs: Records,
    slope: F8,
    tolerance: float,
    bus_ptdf: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    width: F8,
    price: F8,
    direction: F8,
    flow_mw: F8,
    buses: Records,
    duals: Records,
    candidates: Records,
    heap: I4,
    moved: I4,
    m: int,
    violation: float,
    bland: bool,
) -> tuple[int, float]:
    """Pass breakpoints while the violation lasts; return what enters and the dual step.

    What enters is a bus, or n_buses + the place of an active row, or -1 if nothing can.
    """
    n_buses = buses.size
    n = 0
    largest = 0.0
    for j in range(m):
        largest = max(largest, abs(duals[j].rate))
    least = max(PIVOT_TOLERANCE, ROUNDING * largest)
    for bus in range(n_buses):
        rate = direction[bus]
        if abs(rate) > least:
            p = buses[bus].position if rate > 0.0 else buses[bus].position - 1
            if _find_breakpoint(bus, p, rate, price[bus], tolerance, bus_start, segs, slope, width, candidates):
                heap[n] = bus
                n += 1
    for j in range(m):
        row = duals[j].row
        size = -duals[j].rate * duals[j].side
        if row >= 0 and size > least:
            code = n_buses + j
            step = max(duals[j].value * duals[j].side / size, 0.0)
            candidates[code].step = step
            candidates[code].reach = step + tolerance / size
            candidates[code].size = size
            candidates[code].loss = size * (row_hi_mw[row] - row_lo_mw[row])
            heap[n] = code
            n += 1
    if bland:
        entering = -1
        for k in range(n):
            if entering < 0 or candidates[heap[k]].step < candidates[entering].step:
                entering = heap[k]
        return entering, candidates[entering].step if entering >= 0 else 0.0
    for i in range(n // 2 - 1, -1, -1):
        _sift_down(heap, candidates, i, n)
    # half the tolerance less, or rounding lets an island that must shed everything run out of segments to enter
    remaining = violation - 0.5 * PRIMAL_TOLERANCE_MW
    n_moved = 0
    entering = -1
    while n > 0:
        code = int(np.int64(heap[0]))
        if candidates[code].loss >= remaining:
            # Harris: of all that meet their slope within the tolerance the largest pivot, of equal ones the widest
            nearest = candidates[code].reach
            size, loss = 0.0, 0.0
            for k in range(n):
                other = heap[k]
                if candidates[other].step <= nearest:
                    pivot = candidates[other].size
                    if pivot > size * (1.0 + 1e-9) or (pivot > size * (1.0 - 1e-9) and candidates[other].loss > loss):
                        size, loss, entering = pivot, candidates[other].loss, other
            break
        remaining -= candidates[code].loss
        stays = False
        if code >= n_buses:
            duals[code - n_buses].side = -duals[code - n_buses].side
        else:
            p = candidates[code].target
            w = width[segs[p].item] * segs[p].share
            if candidates[code].moved == 0.0:
                moved[n_moved] = code
                n_moved += 1
            rate = direction[code]
            if rate > 0.0:
                buses[code].q += w
                candidates[code].moved += w
                p += 1
                buses[code].position = p
            else:
                buses[code].q -= w
                candidates[code].moved -= w
                buses[code].position = p
                p -= 1
            stays = _find_breakpoint(code, p, rate, price[code], tolerance, bus_start, segs, slope, width, candidates)
        if not stays:
            n -= 1
            heap[0] = heap[n]
        if n > 1:
            _sift_down(heap, candidates, 0, n)
    for k in range(n_moved):
        bus = moved[k]
        amount = candidates[bus].moved
        candidates[bus].moved = 0.0
        for row in range(row_lo_mw.size):
            flow_mw[row] += bus_ptdf[bus, row] * amount
    return entering, candidates[entering].step if entering >= 0 else 0.0


@jit
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
    bus_start, segs = order.bus_start, order.segs
    island, row_ptdf, bus_ptdf = topology.island, topology.row_ptdf, topology.bus_ptdf
    buses, basics, duals, candidates, width = ws.buses, ws.basics, ws.duals, ws.candidates, ws.width
    price, direction, flow_mw, inverse, info = ws.price, ws.direction, ws.flow_mw, ws.inverse, ws.info
    island_sum, slot_of_row = ws.island_sum, ws.slot_of_row
    new_column, new_bus_row, vector_c, vector_d = ws.scratch[0], ws.scratch[1], ws.scratch[2], ws.scratch[3]
    heap, moved = ws.order[0], ws.order[1]
    n_buses = island.size
    tolerance = DUAL_TOLERANCE * order.scale[0]
    stall = 1e-13 * order.scale[0]
    pivots = 0
    renew = False
    while True:
        bland = info[STALLED] >= STALL_LIMIT
        slot, new_row, sign, violation = find_violation(
            buses, basics, flow_mw, row_lo_mw, row_hi_mw, m, bland, int(np.int64(info[AVOIDED]))
        )
        if slot < 0 and new_row < 0:
            if info[AVOIDED] == 0:
                return OPTIMAL, m, pivots
            info[AVOIDED], info[TAKE_ANY] = 0, 1
            continue
        if pivots >= max_pivots:
            return PIVOT_CAP, m, pivots
        # an active row off its limit, a small pivot: the inverse is worn out
        if renew or pivots >= REFACTOR_EVERY or (new_row >= 0 and slot_of_row[new_row] >= 0):
            return (RENEW if pivots > 0 else DRIFT), m, pivots

        _find_directions(topology, basics, duals, inverse, direction, island_sum, new_column, m, slot, new_row, sign)
        leaving = -1
        if slot >= 0:
            leaving = basics[slot].bus
            segment = basics[slot].segment
            buses[leaving].position = segment + 1 if sign > 0.0 else segment
            bound = basics[slot].hi if sign > 0.0 else basics[slot].lo
            amount = bound - buses[leaving].q
            buses[leaving].q = bound
            for row in range(row_lo_mw.size):
                flow_mw[row] += bus_ptdf[leaving, row] * amount
        entering, step = _ratio_test(
            bus_start,
            segs,
            slope,
            tolerance,
            bus_ptdf,
            row_lo_mw,
            row_hi_mw,
            width,
            price,
            direction,
            flow_mw,
            buses,
            duals,
            candidates,
            heap,
            moved,
            m,
            violation,
            bland,
        )
        if entering < 0:
            return NO_ENTERING, m, pivots
        if candidates[entering].size < DOUBTFUL_PIVOT and info[TAKE_ANY] == 0:
            # what is left of the violation may be drift: judge it by fresh numbers, and mend other violations first
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
            for bus in range(n_buses):
                price[bus] += step * direction[bus]
            for j in range(m):
                duals[j].value += step * duals[j].rate
        pivot = 1.0
        if entering < n_buses:
            p = candidates[entering].target
            w = width[segs[p].item] * segs[p].share
            q = buses[entering].q
            if entering != leaving:
                for j in range(m):
                    row = duals[j].row
                    if row >= 0:
                        new_bus_row[j] = -row_ptdf[row, entering]
                    else:
                        new_bus_row[j] = 1.0 if island[entering] == -1 - row else 0.0
            if slot >= 0:
                i = slot
                if entering != leaving:
                    pivot = replace_bus(inverse, m, slot, new_bus_row, vector_c)
                    buses[leaving].slot = -1
            else:
                for k in range(m):
                    new_column[k] = -row_ptdf[new_row, basics[k].bus]
                pivot = append(inverse, m, new_bus_row, new_column, -row_ptdf[new_row, entering], vector_c, vector_d)
                i = m
                duals[m].row = new_row
                duals[m].value = sign * step
                duals[m].side = 1 if sign > 0.0 else -1
                slot_of_row[new_row] = m
                m += 1
            up = direction[entering] > 0.0
            basics[i].bus = entering
            basics[i].segment = p
            basics[i].lo = q if up else q - w
            basics[i].hi = q + w if up else q
            buses[entering].slot = i
            buses[entering].position = p
            price[entering] = slope[p]
        else:
            j = entering - n_buses
            slot_of_row[duals[j].row] = -1
            if slot >= 0:
                pivot = remove(inverse, m, slot, j)
                m -= 1
                buses[leaving].slot = -1
                if slot != m:
                    basics[slot].bus, basics[slot].segment = basics[m].bus, basics[m].segment
                    basics[slot].lo, basics[slot].hi = basics[m].lo, basics[m].hi
                    buses[basics[slot].bus].slot = slot
                if j != m:
                    duals[j].row, duals[j].side = duals[m].row, duals[m].side
                    duals[j].value = duals[m].value
                    if duals[j].row >= 0:
                        slot_of_row[duals[j].row] = j
            else:
                for k in range(m):
                    new_column[k] = -row_ptdf[new_row, basics[k].bus]
                pivot = replace_row(inverse, m, j, new_column, vector_c, vector_d)
                duals[j].row = new_row
                duals[j].value = sign * step
                duals[j].side = 1 if sign > 0.0 else -1
                slot_of_row[new_row] = j
        if abs(pivot) < SMALL_PIVOT:
            renew = True
        restore(topology, row_lo_mw, row_hi_mw, buses, basics, duals, inverse, flow_mw, island_sum, new_column, m)
