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

import numpy as np

from gridsim.kernels.arrays import F8, I4, Topology
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.dispatch_pivot import (
    DRIFT,
    NO_ENTERING,
    OPTIMAL,
    PIVOT_CAP,
    REFACTOR_EVERY,
    RENEW,
    SINGULAR,
    find_violation,
    improve,
)
from gridsim.kernels.dispatch_ratio import PRIMAL_TOLERANCE_MW
from gridsim.kernels.dispatch_start import (
    clear_slots,
    fill_widths,
    is_only_basis,
    read_basis,
    refactorise,
    start_by_merit,
)
from gridsim.kernels.dispatch_workspace import (
    AVOIDED,
    N_BASIS,
    ONLY,
    PIVOTS,
    STALLED,
    STATUS,
    TAKE_ANY,
    WARM,
    Workspace,
    make_workspace,
)
from gridsim.kernels.jit import bare, out_of_line, piece

__all__ = [
    "DRIFT",
    "NO_ENTERING",
    "N_BASIS",
    "ONLY",
    "OPTIMAL",
    "PIVOTS",
    "PIVOT_CAP",
    "PRIMAL_TOLERANCE_MW",
    "SINGULAR",
    "STATUS",
    "WARM",
    "Workspace",
    "make_workspace",
    "solve_dispatch",
]


@piece
def _divide_injections(order: MeritOrder, lo_mw: F8, hi_mw: F8, penalty: F8, ws: Workspace) -> float:
    """Each bus's injection as output, spill and shedding of its segments; returns the penalty of what is shed.

    Below its position a bus takes its segments whole; a basic bus takes part of the segment it stands in. Items are
    machines above their lower bound, then spill (which undoes a lower bound), then load of a class that is served.
    """
    segs, buses, basics, width = order.segs, ws.buses, ws.basics, ws.width
    p_mw, spill_mw, shed_mw = ws.p_mw, ws.spill_mw, ws.shed_mw
    n_gens, n_classes = lo_mw.size, penalty.shape[1]
    for gen in range(n_gens):
        p_mw[gen] = lo_mw[gen]
        spill_mw[gen] = max(lo_mw[gen], 0.0)
    total = 0.0
    for bus in range(buses.size):
        for k in range(n_classes):
            shed_mw[bus, k] = 0.0
        p = order.bus_start[bus]
        slot = buses[bus].slot
        last = buses[bus].position + (1 if slot >= 0 else 0)
        while p < last:
            item = segs[p].item
            w = width[item]
            if w <= 0.0:
                p = segs[p].next
                continue
            amount = w * segs[p].share
            if slot >= 0 and p == last - 1:
                amount = min(max(buses[bus].q - basics[slot].lo, 0.0), amount)
            if item < n_gens:  # a machine taken whole stands at its bound to the last bit
                p_mw[item] = hi_mw[item] if amount == w else lo_mw[item] + amount
            elif item < 2 * n_gens:
                spill_mw[item - n_gens] = w - amount
            else:
                k = item - 2 * n_gens - bus * n_classes
                shed_mw[bus, k] += amount
                total += penalty[bus, k] * amount
            p += 1
    return total


@piece
def _plain_prices(order: MeritOrder, topology: Topology, ws: Workspace, m: int) -> None:
    """Prices y = B^-T c at the costs without perturbation and sharing, and the basis to start from another time."""
    segs, basics, duals, basis = order.segs, ws.basics, ws.duals, ws.basis
    row_price, price, island_sum, inverse = ws.row_price, ws.price, ws.island_sum, ws.inverse
    n_buses = ws.buses.size
    for row in range(topology.row_ptdf.shape[0]):
        row_price[row] = 0.0
    for k in range(n_buses):
        island_sum[k] = 0.0
    for j in range(m):
        total = 0.0
        for i in range(m):
            total += inverse[j, i] * segs[basics[i].segment].plain_slope
        row = duals[j].row
        if row < 0:
            island_sum[-1 - row] = total
        else:  # the sign of a multiplier within the perturbation of 0 is that of its limit
            row_price[row] = max(total, 0.0) if duals[j].side > 0 else min(total, 0.0)
    for bus in range(n_buses):
        price[bus] = island_sum[topology.island[bus]]
    n = 0
    for i in range(m):
        basis[n] = segs[basics[i].segment].id
        n += 1
    for j in range(m):
        row = duals[j].row
        if row >= 0:
            basis[n] = -1 - row
            n += 1
            mu = row_price[row]
            if mu != 0.0:
                for bus in range(n_buses):
                    price[bus] -= mu * topology.row_ptdf[row, bus]
    ws.info[N_BASIS] = n


@piece
def _report(
    order: MeritOrder,
    topology: Topology,
    lo_mw: F8,
    hi_mw: F8,
    cost: F8,
    spill_cost: F8,
    penalty: F8,
    ws: Workspace,
    m: int,
) -> None:
    """Divide each injection among its supplies and loads; cost and prices without perturbation and sharing."""
    total = _divide_injections(order, lo_mw, hi_mw, penalty, ws)
    for gen in range(lo_mw.size):
        total += cost[gen] * ws.p_mw[gen] + spill_cost[gen] * ws.spill_mw[gen]
    ws.cost[0] = total
    _plain_prices(order, topology, ws, m)


@bare
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
    On a status other than 0 the results are those of an earlier state and must not be used; there is no basis then.
    """
    out_of_line()
    n_buses, n_rows = topology.island.size, topology.row_ptdf.shape[0]
    buses, basics, duals, width, last = ws.buses, ws.basics, ws.duals, ws.width, ws.order[0]
    # of no literal types, for which callees would be compiled a second time
    no, yes, zero = bool(np.bool_(False)), bool(np.bool_(True)), int(np.int64(0))
    fill_widths(gen_bus, lo_mw, hi_mw, demand_mw, width, buses)
    # 0 the basis given, 1 the merit order, 2 the merit order with ties broken (where 1 stalls), 3 from there to the end
    stage = 0 if n_warm > 0 else 1
    status, m, pivots = SINGULAR, 0, 0
    while True:
        fits = True
        if stage < 3:
            clear_slots(buses, ws.slot_of_row)
        if stage == 0:
            m = read_basis(
                basis=warm_basis,
                n_basis=n_warm,
                id_position=order.id_position,
                bus_start=order.bus_start,
                segs=order.segs,
                island=topology.island,
                width=width,
                buses=buses,
                basics=basics,
                duals=duals,
                last=last,
            )
            fits = m > 0
        elif stage < 3:
            m = start_by_merit(
                merit=order.merit,
                bus_start=order.bus_start,
                segs=order.segs,
                island=topology.island,
                width=width,
                buses=buses,
                basics=basics,
                duals=duals,
                need=ws.island_sum,
                last=last,
            )
        # Ties are broken by noise on the slopes where the merit order stalls; pivots are capped, so that a start that
        # goes nowhere gives way to the next stage, and the last one to HiGHS.
        slope = order.noisy_slope if stage == 2 else order.slope
        cap = 100 + (10 * (n_buses + n_rows) if stage >= 2 else n_buses)
        if stage == 0:  # a basis that far off is worse than the merit order
            cap = 20 + n_buses // 8
        used, rounds = 0, 0
        ws.info[STALLED], ws.info[AVOIDED], ws.info[TAKE_ANY] = 0, 0, 0
        status = RENEW if fits else SINGULAR
        settled, whole = no, yes
        while status == RENEW:
            fresh = stage == 0 and used == 0
            if not refactorise(
                order=order,
                slope=slope,
                topology=topology,
                row_lo_mw=row_lo_mw,
                row_hi_mw=row_hi_mw,
                ws=ws,
                m=m,
                fresh=fresh,
                settled=settled,
                whole=whole,
            ):
                status = SINGULAR
                break
            slot, row, _, _ = find_violation(buses, basics, ws.flow_mw, row_lo_mw, row_hi_mw, m, no, zero)
            if slot < 0 and row < 0:
                if whole:
                    status = OPTIMAL
                    break
                whole = yes  # nothing is violated by kept flows: what is reported is computed anew
                continue
            status, m, new_pivots = improve(order, slope, topology, row_lo_mw, row_hi_mw, ws, m, cap - used)
            used += new_pivots
            settled = status == OPTIMAL
            whole = status != RENEW or new_pivots < REFACTOR_EVERY
            if new_pivots > 0 and status != PIVOT_CAP:  # done only when a fresh factorisation agrees
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
    ws.info[ONLY] = 0
    if status == OPTIMAL:
        if stage == 0 and is_only_basis(order, slope, topology, row_lo_mw, row_hi_mw, ws, m):
            ws.info[ONLY] = 1
        _report(
            order=order,
            topology=topology,
            lo_mw=lo_mw,
            hi_mw=hi_mw,
            cost=cost,
            spill_cost=spill_cost,
            penalty=penalty,
            ws=ws,
            m=m,
        )
    else:  # the basis may be half made, a bus's position beyond its segments: nothing to divide, nothing to start from
        ws.info[N_BASIS] = 0
    ws.info[STATUS] = status
    ws.info[PIVOTS] = pivots
    ws.info[WARM] = 1 if stage == 0 else 0
    return status
