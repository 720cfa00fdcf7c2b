"""First basis of a dispatch state, and everything that follows from a basis: factors, prices, injections, flows."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, I4, Topology
from gridsim.kernels.dispatch_basis import factorise
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.dispatch_ratio import look_around
from gridsim.kernels.dispatch_workspace import Records, Workspace
from gridsim.kernels.flows import add_rows, flows_into
from gridsim.kernels.jit import out_of_line, piece

#: MW by which an answer must miss the bounds that it does not meet to be the only one.
APART_MW = 1e-5
#: Of the largest slope: by how much a price may pass the slope of a segment.
DUAL_TOLERANCE = 1e-11
#: The same for a basis found optimal before it was factorised anew.
SETTLED_DUAL_TOLERANCE = 2e-10
#: MW by which balances and active rows may miss after refinement.
SETTLED_MW = 1e-10
#: Smallest relative pivot of a basis worth keeping.
_SINGULAR = 1e-10


@piece
def fill_widths(gen_bus: I4, lo_mw: F8, hi_mw: F8, demand_mw: F8, width: F8, buses: Records) -> None:
    """Write the width of every item (MW) and the injection of each bus with all segments empty."""
    n_gens = gen_bus.size
    n_buses, n_classes = demand_mw.shape
    for bus in range(n_buses):
        total = 0.0
        first = 2 * n_gens + bus * n_classes
        for k in range(n_classes):
            demand = demand_mw[bus, k]
            width[first + k] = demand
            total += demand
        buses[bus].base = -total
    for gen in range(n_gens):
        lo = lo_mw[gen]
        width[gen] = max(hi_mw[gen] - lo, 0.0)
        if lo > 0.0:
            width[n_gens + gen] = lo
        else:
            width[n_gens + gen] = 0.0
            buses[gen_bus[gen]].base += lo


@piece
def clear_slots(buses: Records, slot_of_row: I4) -> None:
    """Empty the basis."""
    for bus in range(buses.size):
        buses[bus].slot = -1
    for row in range(slot_of_row.size):
        slot_of_row[row] = -1


@piece
def start_by_merit(
    merit: I4,
    bus_start: I4,
    segs: Records,
    island: I4,
    width: F8,
    buses: Records,
    basics: Records,
    duals: Records,
    need: F8,
    last: I4,
) -> int:
    """Balance each island by filling its segments in merit order; return the number of basic buses, one per island.

    An island without any segment (no supply, no demand) stays without a basic bus; nothing can move there.
    ``need`` f8 and ``last`` i4 are scratch of at least n_buses places.
    """
    out_of_line()
    n_buses = buses.size
    for k in range(n_buses):
        need[k] = 0.0
        last[k] = -2  # -2: no such island, -1: nothing to move yet, -3: balanced, else last filled segment
    n_open = 0
    for bus in range(n_buses):
        k = island[bus]
        if last[k] == -2:
            last[k] = -1
            n_open += 1
        need[k] -= buses[bus].base
        buses[bus].position = bus_start[bus]
    m = 0
    for p in merit:
        w = width[segs[p].item]
        if w <= 0.0:
            continue
        bus = segs[p].bus
        k = island[bus]
        if last[k] == -3:
            continue
        w *= segs[p].share
        # of the basic bus too, whose position is its segment itself: _place_buses sets it so
        buses[bus].position = p + 1
        if w < need[k]:
            need[k] -= w
            last[k] = p
            continue
        basics[m].bus = bus
        basics[m].segment = p
        duals[m].row = -1 - k
        m += 1
        last[k] = -3
        n_open -= 1
        if n_open == 0:
            break
    if n_open > 0:
        for k in range(n_buses):
            p = last[k]
            if p >= 0:  # every segment is full and rounding left a trace open: the last one carries it
                basics[m].bus = segs[p].bus
                basics[m].segment = p
                duals[m].row = -1 - k
                m += 1
    for j in range(m):
        duals[j].side = 0
    return m


@piece
def read_basis(
    basis: I4,
    n_basis: int,
    id_position: I4,
    bus_start: I4,
    segs: Records,
    island: I4,
    width: F8,
    buses: Records,
    basics: Records,
    duals: Records,
    last: I4,
) -> int:
    """Unpack the basis of an earlier state; return its size, or 0 if it does not fit this state's islands."""
    out_of_line()
    # a code is the id of a basic bus's segment, or -1 - row of an active flow row (see dispatch._plain_prices)
    m = 0
    n_rows = 0
    for k in range(n_basis):
        code = basis[k]
        if code >= 0:
            p = id_position[code]
            if p < 0 or m == buses.size or buses[segs[p].bus].slot >= 0:
                return 0
            buses[segs[p].bus].slot = m
            basics[m].bus = segs[p].bus
            basics[m].segment = p
            m += 1
        else:
            n_rows += 1
    # the basis is square: as many balance rows and flow rows together as basic buses
    n_balances = m - n_rows
    if n_balances <= 0:
        return 0
    for k in range(island.size):
        last[k] = 0
    found = 0
    for i in range(m):  # one balance row per island, found by its basic buses
        k = island[basics[i].bus]
        if last[k] == 0:
            if found == n_balances:
                return 0
            last[k] = 1
            duals[found].row = -1 - k
            found += 1
    if found != n_balances:
        return 0
    for k in range(n_basis):
        if basis[k] < 0:
            duals[found].row = -1 - basis[k]
            found += 1
    for j in range(m):
        duals[j].side = 0
    for bus in range(island.size):  # every island where something can move must have its balance row
        if last[island[bus]] == 0:
            p = bus_start[bus]
            while p < bus_start[bus + 1]:
                if width[segs[p].item] > 0.0:
                    return 0
                p = segs[p].next
    return m


@piece
def _sort_basis(basics: Records, duals: Records, m: int) -> None:
    """Order buses, and balance rows before flow rows, by number, so that the factorisation is one of a set."""
    for i in range(1, m):
        bus, segment = basics[i].bus, basics[i].segment
        k = i
        while k > 0 and basics[k - 1].bus > bus:
            basics[k].bus, basics[k].segment = basics[k - 1].bus, basics[k - 1].segment
            k -= 1
        basics[k].bus, basics[k].segment = bus, segment
    for j in range(1, m):
        row, side = duals[j].row, duals[j].side
        rank = row if row >= 0 else row - 2**31  # islands first
        k = j
        while k > 0:
            before = duals[k - 1].row
            if (before if before >= 0 else before - 2**31) <= rank:
                break
            duals[k].row, duals[k].side = before, duals[k - 1].side
            k -= 1
        duals[k].row, duals[k].side = row, side


@piece
def restore(topology: Topology, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, m: int) -> float:
    """Move the basic buses so that every island balances and every active row sits at its limit; return the miss, MW.

    Works on what is missing (one step of iterative refinement), so rounding does not pile up over pivots.
    """
    worst = 0.0
    island, bus_ptdf = topology.island, topology.bus_ptdf
    buses, basics, duals, inverse = ws.buses, ws.basics, ws.duals, ws.inverse
    flow_mw, island_sum, move = ws.flow_mw, ws.island_sum, ws.scratch[0]
    moving, by_mw = ws.order[1], ws.scratch[1]
    for k in range(island.size):
        island_sum[k] = 0.0
    home, total = 0, 0.0  # of the buses so far: the sum is written where the island changes, not at every bus
    for bus in range(island.size):
        if island[bus] != home:
            island_sum[home] = total
            home = island[bus]
            total = island_sum[home]
        total += buses[bus].q
    island_sum[home] = total
    for i in range(m):
        move[i] = 0.0
    for j in range(m):
        row = duals[j].row
        if row < 0:
            missing = -island_sum[-1 - row]
        else:
            missing = flow_mw[row] - (row_hi_mw[row] if duals[j].side > 0 else row_lo_mw[row])
        if missing != 0.0:
            worst = max(worst, abs(missing))
            for i in range(m):
                move[i] += missing * inverse[j, i]
    if worst <= SETTLED_MW:
        return worst
    n = 0
    for i in range(m):
        if move[i] != 0.0:
            bus = basics[i].bus
            buses[bus].q += move[i]
            moving[n], by_mw[n] = bus, move[i]
            n += 1
    add_rows(bus_ptdf, moving, by_mw, n, flow_mw)
    return worst


@piece
def _factorise_basis(topology: Topology, ws: Workspace, m: int) -> bool:
    """Sort the basis, note its slots, and invert it into ``ws.inverse``; False if it is singular."""
    buses, basics, duals, inverse, island = ws.buses, ws.basics, ws.duals, ws.inverse, topology.island
    _sort_basis(basics, duals, m)  # sorted: the inverse is a function of the basis alone, not of the way to it
    for i in range(m):
        buses[basics[i].bus].slot = i
    n_active = 0
    for j in range(m):
        if duals[j].row >= 0:
            ws.slot_of_row[duals[j].row] = j
            n_active += 1
    if n_active == 0:  # one bus per island: a permutation
        for j in range(m):
            for i in range(m):
                inverse[j, i] = 1.0 if island[basics[i].bus] == -1 - duals[j].row else 0.0
        return True
    return factorise(inverse, ws.order[1], basics, duals, m, island, topology.row_ptdf) >= _SINGULAR


@piece
def _price_buses(
    slope: F8, topology: Topology, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, m: int, tolerance: float
) -> bool:
    """Multipliers y = B^-T c of the basis, and bus prices lambda(island) - PTDF^T mu.

    A row's multiplier is at least 0 at its upper limit and at most 0 at its lower; one within the tolerance of 0 keeps
    the side it was on. False if a side has no finite limit.
    """
    basics, duals, inverse, price, island_sum = ws.basics, ws.duals, ws.inverse, ws.price, ws.island_sum
    island, row_ptdf = topology.island, topology.row_ptdf
    n_buses = island.size
    for k in range(n_buses):
        island_sum[k] = 0.0
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += inverse[j, i] * slope[basics[i].segment]
        duals[j].value = total
        if duals[j].row < 0:
            island_sum[-1 - duals[j].row] = total
    active, amount = ws.order[1], ws.scratch[1]
    n = 0
    for bus in range(n_buses):
        price[bus] = island_sum[island[bus]]
    for j in range(m):
        row = duals[j].row
        if row >= 0:
            mu = duals[j].value
            if mu > tolerance or (mu >= -tolerance and duals[j].side == 0):
                duals[j].side = 1
            elif mu < -tolerance:
                duals[j].side = -1
            if not np.isfinite(row_hi_mw[row] if duals[j].side > 0 else row_lo_mw[row]):
                return False
            active[n], amount[n] = row, -mu
            n += 1
    add_rows(row_ptdf, active, amount, n, price)
    return True


@piece
def _place_buses(order: MeritOrder, slope: F8, ws: Workspace, fresh: bool, tolerance: float) -> None:
    """Position of every bus between its segments, and the injection that follows: what lies below the position.

    A nonbasic bus is dual feasible where the slope below is at most its price and the slope above at least; a basic bus
    stands inside the segment that prices it. Segments without width are jumped by ``next``.
    """
    bus_start, segs = order.bus_start, order.segs
    buses, basics, width, price, injection = ws.buses, ws.basics, ws.width, ws.price, ws.direction
    for bus in range(buses.size):
        start, end = bus_start[bus], bus_start[bus + 1]
        slot = buses[bus].slot
        if slot >= 0:
            position = basics[slot].segment
            price[bus] = slope[position]
        elif fresh:
            position = start
            while position < end and slope[position] < price[bus]:
                position += 1
        else:
            position = buses[bus].position
            while position < end and slope[position] < price[bus] - tolerance:
                position += 1
            while position > start and slope[position - 1] > price[bus] + tolerance:
                position -= 1
        buses[bus].position = position
        q = buses[bus].base
        p = start
        while p < position:
            w = width[segs[p].item]
            if w > 0.0:
                q += w * segs[p].share
                p += 1
            else:
                p = segs[p].next
        buses[bus].q = q
        if slot >= 0:
            basics[slot].lo = q
            basics[slot].hi = q + width[segs[position].item] * segs[position].share
        injection[bus] = q


@piece
def _follow_injections(order: MeritOrder, slope: F8, topology: Topology, ws: Workspace, tolerance: float) -> None:
    """Position of every bus as in :func:`_place_buses`; flows follow what its injection changes by."""
    before, moving, by_mw = ws.scratch[0], ws.order[1], ws.scratch[1]
    for bus in range(ws.buses.size):
        before[bus] = ws.buses[bus].q
    _place_buses(order, slope, ws, bool(np.bool_(False)), tolerance)
    n = 0
    for bus in range(ws.buses.size):
        amount = ws.direction[bus] - before[bus]
        if amount != 0.0:
            moving[n], by_mw[n] = bus, amount
            n += 1
    add_rows(topology.bus_ptdf, moving, by_mw, n, ws.flow_mw)


@piece
def is_only_basis(
    order: MeritOrder, slope: F8, topology: Topology, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, m: int
) -> bool:
    """True if no other basis is optimal: every bound that is not met is missed, and every price, by more than rounding.

    Of an optimal basis that was factorised anew: the primal and the dual answer are then both unique, and any way to an
    optimum ends in this basis, whose numbers are a function of it alone.
    """
    out_of_line()
    buses, basics, duals, price = ws.buses, ws.basics, ws.duals, ws.price
    apart = SETTLED_DUAL_TOLERANCE * order.scale[0]
    for i in range(m):
        q = buses[basics[i].bus].q
        if q - basics[i].lo <= APART_MW or basics[i].hi - q <= APART_MW:
            return False
    for j in range(m):
        if duals[j].row >= 0 and abs(duals[j].value) <= apart:
            return False
    for row in range(row_lo_mw.size):
        flow = ws.flow_mw[row]
        if ws.slot_of_row[row] < 0 and (flow - row_lo_mw[row] <= APART_MW or row_hi_mw[row] - flow <= APART_MW):
            return False
    for bus in range(buses.size):
        if buses[bus].slot >= 0:
            continue
        look_around(order, slope, ws, bus)
        if ws.above[bus] - price[bus] <= apart or price[bus] - ws.below[bus] <= apart:
            return False
    return True


@piece
def refactorise(
    order: MeritOrder,
    slope: F8,
    topology: Topology,
    row_lo_mw: F8,
    row_hi_mw: F8,
    ws: Workspace,
    m: int,
    fresh: bool,
    settled: bool,
    whole: bool,
) -> bool:
    """Sort and factorise the basis; compute prices, positions, injections and flows from nothing but the basis.

    ``fresh`` positions all nonbasic buses by price; otherwise they keep their place while it is dual feasible (a bus
    whose price equals a slope may stand on either side), judged more mildly where nothing was violated before
    (``settled``): else the rounding of two factorisations moves buses to and fro without end. Without ``whole`` flows
    are kept and follow the injections that change: their sum over all buses is most of the work in a large network,
    and what rounding they have is made good before the end. False if the basis is singular or needs an infinite limit.
    """
    out_of_line()
    tolerance = (SETTLED_DUAL_TOLERANCE if settled else DUAL_TOLERANCE) * order.scale[0]
    if not _factorise_basis(topology, ws, m):
        return False
    if not _price_buses(slope, topology, row_lo_mw, row_hi_mw, ws, m, tolerance):
        return False
    if whole:
        _place_buses(order, slope, ws, fresh, tolerance)
        flows_into(topology.bus_ptdf, ws.direction, ws.flow_mw)
    else:
        _follow_injections(order, slope, topology, ws, tolerance)
    # The basic buses make up what islands and active rows are off by: B dq = missing. Once is enough in exact numbers;
    # each further round takes away the rounding of the one before (iterative refinement).
    for _ in range(4):
        off_mw = restore(topology, row_lo_mw, row_hi_mw, ws, m)
        if off_mw <= SETTLED_MW:
            break
    return True
