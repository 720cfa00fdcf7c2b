"""Ratio test of the dispatch simplex: whose price meets its slope first as the multipliers move, and who is flipped.

The price of a nonbasic bus lies between the slopes of its nearest segments, ``above`` and ``below``. Both are kept for
all buses, so that the test is one sweep over flat arrays; the segment itself is looked up only for what is taken.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, Topology
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.dispatch_workspace import Workspace
from gridsim.kernels.flows import add_rows
from gridsim.kernels.jit import piece

#: Smallest change of a price or multiplier, per unit step, that counts as a change.
PIVOT_TOLERANCE = 1e-8
#: Of the fastest multiplier: what is rounding in a rate.
ROUNDING = 1e-13
#: Neighbours of which the least step is kept: a flip changes one block only.
BLOCK = 16
#: MW by which flows and injections may miss their bounds.
PRIMAL_TOLERANCE_MW = 1e-7


@piece
def segment_towards(order: MeritOrder, ws: Workspace, bus: int, up: bool) -> int:
    """Give the nearest segment with a width that the price of ``bus`` meets as it rises (``up``) or falls; or -1."""
    segs, width = order.segs, ws.width
    if up:
        p, end = ws.buses[bus].position, order.bus_start[bus + 1]
        while p < end and width[segs[p].item] <= 0.0:
            p = segs[p].next
        return int(p) if p < end else -1
    p, start = ws.buses[bus].position - 1, order.bus_start[bus]
    while p >= start and width[segs[p].item] <= 0.0:
        p = segs[p].prev
    return int(p) if p >= start else -1


@piece
def look_around(order: MeritOrder, slope: F8, ws: Workspace, bus: int) -> None:
    """Note the slopes between which the price of ``bus`` may lie at its position."""
    p = segment_towards(order, ws, bus, bool(np.bool_(True)))  # a literal would be compiled apart
    ws.above[bus] = slope[p] if p >= 0 else np.inf
    p = segment_towards(order, ws, bus, bool(np.bool_(False)))
    ws.below[bus] = slope[p] if p >= 0 else -np.inf


@piece
def _size(ws: Workspace, code: int) -> float:
    """Speed at which the price of a bus, or the multiplier of a row, goes to its bound: the size of the pivot."""
    n_buses = ws.price.size
    if code >= n_buses:
        return float(-ws.duals[code - n_buses].rate * ws.duals[code - n_buses].side)
    return abs(ws.direction[code])


@piece
def _loss(order: MeritOrder, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, code: int) -> float:
    """MW by which the violation falls if ``code`` is flipped."""
    if code >= ws.price.size:
        row = ws.duals[code - ws.price.size].row
        return _size(ws, code) * (row_hi_mw[row] - row_lo_mw[row])
    p = segment_towards(order, ws, code, ws.direction[code] > 0.0)
    return _size(ws, code) * ws.width[order.segs[p].item] * order.segs[p].share


@piece
def _find_steps(ws: Workspace, m: int, tolerance: float) -> None:
    """Write the dual step at which each code enters, and with tolerance: buses whose price moves, rows going to 0."""
    duals, direction, price, above, below = ws.duals, ws.direction, ws.price, ws.above, ws.below
    steps, reach = ws.steps, ws.reach
    n_buses = price.size
    largest = 0.0
    for j in range(m):
        largest = max(largest, abs(duals[j].rate))
    least = max(PIVOT_TOLERANCE, ROUNDING * largest)
    for bus in range(n_buses):  # without branches, so that one instruction takes several buses
        rate, here = direction[bus], price[bus]
        up, down = above[bus] - here, here - below[bus]
        per_size = 1.0 / abs(rate)
        gap = up if rate > 0.0 else down
        gap = gap if gap > 0.0 else 0.0  # not negative: a price may have passed its slope by rounding
        step = gap * per_size
        beyond = step + tolerance * per_size
        steps[bus] = step if abs(rate) > least else np.inf
        reach[bus] = beyond if abs(rate) > least else np.inf
    for j in range(m):
        code, size = n_buses + j, -duals[j].rate * duals[j].side
        if duals[j].row >= 0 and size > least:
            steps[code] = max(duals[j].value * duals[j].side, 0.0) / size
            reach[code] = steps[code] + tolerance / size
        else:
            steps[code] = reach[code] = np.inf


@piece
def _least_of_block(reach: F8, n: int, block: int) -> float:
    """Least ``reach[:n]`` of a block of neighbours."""
    least = np.inf
    for k in range(BLOCK * block, min(BLOCK * (block + 1), n)):
        least = min(least, reach[k])
    return least


@piece
def _nearest(reach: F8, n: int, block_least: F8) -> int:
    """Place of the least of ``reach[:n]``, the first of equal ones; -1 if all are infinite."""
    least, nearest = np.inf, -1
    for block in range((n + BLOCK - 1) // BLOCK):
        if block_least[block] < least:
            least, nearest = block_least[block], block
    if nearest >= 0:
        for k in range(BLOCK * nearest, min(BLOCK * (nearest + 1), n)):
            if reach[k] == least:
                return k
    return -1


@piece
def _flip(order: MeritOrder, slope: F8, ws: Workspace, code: int, tolerance: float) -> None:
    """Move ``code`` past its slope to its other bound, and note when it meets the next one.

    A row changes to its other limit, and has no further one; a bus takes (or leaves) the whole segment, which is summed
    in ``moved``.
    """
    n_buses, buses = ws.price.size, ws.buses
    if code >= n_buses:
        ws.duals[code - n_buses].side = -ws.duals[code - n_buses].side
        ws.steps[code] = ws.reach[code] = np.inf
        return
    up = ws.direction[code] > 0.0
    p = segment_towards(order, ws, code, up)
    mw = ws.width[order.segs[p].item] * order.segs[p].share
    mw = mw if up else -mw
    buses[code].q += mw
    ws.moved[code] += mw
    buses[code].position = p + 1 if up else p
    look_around(order, slope, ws, code)
    gap = ws.above[code] - ws.price[code] if up else ws.price[code] - ws.below[code]
    ws.steps[code] = max(gap, 0.0) / _size(ws, code)
    ws.reach[code] = ws.steps[code] + tolerance / _size(ws, code)


@piece
def _by_harris(order: MeritOrder, row_lo_mw: F8, row_hi_mw: F8, ws: Workspace, n: int, nearest: float) -> int:
    """Of all that meet their slope within the tolerance the largest pivot, of equal ones the widest (Harris 1973)."""
    largest, loss, entering = 0.0, 0.0, -1
    steps = ws.steps
    for k in range(n):
        if steps[k] <= nearest:
            size = _size(ws, k)
            if size > largest * (1.0 - 1e-9):
                other = _loss(order, row_lo_mw, row_hi_mw, ws, k)
                if size > largest * (1.0 + 1e-9) or other > loss:
                    largest, loss, entering = size, other, k
    return entering


@piece
def ratio_test(
    order: MeritOrder,
    slope: F8,
    topology: Topology,
    row_lo_mw: F8,
    row_hi_mw: F8,
    ws: Workspace,
    m: int,
    tolerance: float,
    violation: float,
    bland: bool,
) -> tuple[int, float, float]:
    """Pass breakpoints while the violation lasts; return what enters, the dual step and the size of the pivot.

    What enters is a bus, or n_buses + the place of an active row, or -1 if nothing can.
    """
    steps, reach, moved, moving = ws.steps, ws.reach, ws.moved, ws.order[1]
    n_buses = ws.price.size
    n = n_buses + m
    _find_steps(ws, m, tolerance)
    entering = -1
    if bland:  # Bland (1977): the first of the least steps, no flips: it cannot cycle
        for code in range(n):
            if steps[code] < (steps[entering] if entering >= 0 else np.inf):
                entering = code
        return entering, steps[entering] if entering >= 0 else 0.0, _size(ws, entering) if entering >= 0 else 0.0
    # half the tolerance less, or rounding lets an island that must shed everything run out of segments to enter
    remaining = violation - 0.5 * PRIMAL_TOLERANCE_MW
    n_moved = 0
    block_least = ws.scratch[0]
    for block in range((n + BLOCK - 1) // BLOCK):
        block_least[block] = _least_of_block(reach, n, block)
    while True:
        code = _nearest(reach, n, block_least)
        if code < 0:
            break
        loss = _loss(order, row_lo_mw, row_hi_mw, ws, code)
        if loss >= remaining:
            entering = _by_harris(order, row_lo_mw, row_hi_mw, ws, n, reach[code])
            break
        remaining -= loss
        if code < n_buses and moved[code] == 0.0:
            moving[n_moved] = code
            n_moved += 1
        _flip(order, slope, ws, code, tolerance)
        block_least[code // BLOCK] = _least_of_block(reach, n, code // BLOCK)
    amount = ws.scratch[1]
    for k in range(n_moved):  # flows follow the flips of each bus at once
        amount[k] = moved[moving[k]]
        moved[moving[k]] = 0.0
    add_rows(topology.bus_ptdf, moving, amount, n_moved, ws.flow_mw)
    return entering, steps[entering] if entering >= 0 else 0.0, _size(ws, entering) if entering >= 0 else 0.0
