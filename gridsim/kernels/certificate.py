"""Proof without optimisation that an hour needs no shedding: an earlier zero-shed dispatch, moved into its bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.jit import jit

#: MW by which balance may be missed and limits passed: that of the dispatch kernel.
TOLERANCE_MW = 1e-7
#: Above the unit roundoff of single precision, 2**-24.
_ROUNDOFF = 6e-8
#: Answers of :func:`zero_shed_certificate`.
UNBALANCED, OVERLOADED, PROVED = 0, 1, 2


@jit
def flows_keep_limits(
    row_ptdf: F8,
    bus_ptdf32: NDArray[np.float32],
    largest_ptdf: float,
    injection_mw: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
) -> bool:
    """Say whether these injections keep every row's limits to TOLERANCE_MW.

    row_ptdf : (n_rows, n_buses);  bus_ptdf32 : (n_buses, n_rows) f4, the same in single precision;
    largest_ptdf : of all entries, absolute;  injection_mw : (n_buses,);  row_lo_mw, row_hi_mw : (n_rows,)

    Reading the matrix is the cost, so flows are summed in single precision; a row nearer to its limit than the rounding
    of that sum can be, ``(n + 2) u sum |ptdf| |injection|`` (Higham 2002, Accuracy and Stability of Numerical
    Algorithms, section 3.1, and one rounding of each factor), is summed again in double precision.
    """
    n_buses, n_rows = bus_ptdf32.shape
    flow = np.zeros(n_rows, dtype=np.float32)
    busy = np.empty(n_buses, dtype=np.int32)
    n = 0
    total = 0.0
    for bus in range(n_buses):
        if injection_mw[bus] != 0.0:
            busy[n] = bus
            n += 1
            total += abs(injection_mw[bus])
    k = 0
    while k + 4 <= n:
        a, b, c, d = bus_ptdf32[busy[k]], bus_ptdf32[busy[k + 1]], bus_ptdf32[busy[k + 2]], bus_ptdf32[busy[k + 3]]
        p, q = np.float32(injection_mw[busy[k]]), np.float32(injection_mw[busy[k + 1]])
        r, s = np.float32(injection_mw[busy[k + 2]]), np.float32(injection_mw[busy[k + 3]])
        for row in range(n_rows):
            flow[row] = (((flow[row] + a[row] * p) + b[row] * q) + c[row] * r) + d[row] * s
        k += 4
    while k < n:
        a, p = bus_ptdf32[busy[k]], np.float32(injection_mw[busy[k]])
        for row in range(n_rows):
            flow[row] += a[row] * p
        k += 1
    margin = (n + 4) * _ROUNDOFF * largest_ptdf * total
    n_near = 0
    for row in range(n_rows):  # no early exit: the loop vectorises
        n_near += (flow[row] > row_hi_mw[row] - margin) | (flow[row] < row_lo_mw[row] + margin)
    if n_near == 0:
        return True
    for row in range(n_rows):
        if flow[row] > row_hi_mw[row] - margin or flow[row] < row_lo_mw[row] + margin:
            exact = 0.0
            for bus in range(n_buses):
                exact += row_ptdf[row, bus] * injection_mw[bus]
            if exact > row_hi_mw[row] + TOLERANCE_MW or exact < row_lo_mw[row] - TOLERANCE_MW:
                return False
    return True


@jit
def zero_shed_certificate(
    island: I4,
    row_ptdf: F8,
    bus_ptdf32: NDArray[np.float32],
    largest_ptdf: float,
    gen_bus: I4,
    lo_mw: F8,
    hi_mw: F8,
    demand_mw: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    last_mw: F8,
    p_out_mw: F8,
    island_mw: F8,
    injection_mw: F8,
) -> int:
    """Say whether ``last_mw``, rescaled, serves all demand within every bound and limit of this hour.

    island, row_ptdf : of the Topology;  bus_ptdf32, largest_ptdf : see :func:`flows_keep_limits`
    lo_mw, hi_mw, last_mw : (n_gens,), with hi 0 for the discharging side of stores if none may discharge
    demand_mw : (n_buses,), all classes together;  row_lo_mw, row_hi_mw : (n_rows,)
    p_out_mw : (n_gens,), the dispatch that proves it, spill taken off (so possibly below lo > 0); may be ``last_mw``
    island_mw (3 n_buses,) is scratch;  injection_mw (n_buses,) is that of ``p_out_mw``

    Each supply is clipped into its bounds; what an island then lacks is taken from all its headroom in proportion, what
    it has too much from its footroom down to 0 (spill). PROVED is a proof; OVERLOADED (balanced, limits passed) and
    UNBALANCED only say that this dispatch is none.
    """
    n_buses, n_gens = island.size, gen_bus.size
    for k in range(3 * n_buses):
        island_mw[k] = 0.0  # balance, headroom, footroom of each island
    home = 0
    balance, headroom, footroom = 0.0, 0.0, 0.0  # of one island at a time: sums in registers are not read back
    for bus in range(n_buses):
        demand = demand_mw[bus]
        injection_mw[bus] = -demand
        if island[bus] != home:
            island_mw[3 * home] += balance
            balance, home = 0.0, island[bus]
        balance -= demand
    for gen in range(n_gens):
        least = min(lo_mw[gen], 0.0)
        p = min(max(last_mw[gen], least), hi_mw[gen])
        p_out_mw[gen] = p
        if island[gen_bus[gen]] != home:
            island_mw[3 * home] += balance
            island_mw[3 * home + 1] += headroom
            island_mw[3 * home + 2] += footroom
            balance, headroom, footroom, home = 0.0, 0.0, 0.0, island[gen_bus[gen]]
        balance += p
        headroom += hi_mw[gen] - p
        footroom += p - least
    island_mw[3 * home] += balance
    island_mw[3 * home + 1] += headroom
    island_mw[3 * home + 2] += footroom
    for k in range(n_buses):
        balance = island_mw[3 * k]
        room = island_mw[3 * k + 1] if balance < 0.0 else island_mw[3 * k + 2]
        if abs(balance) > room + TOLERANCE_MW:
            return UNBALANCED
        island_mw[3 * k + 1] = -balance / room if balance < 0.0 and room > 0.0 else 0.0
        island_mw[3 * k + 2] = balance / room if balance > 0.0 and room > 0.0 else 0.0
    bus = -1
    up, down, at_bus = 0.0, 0.0, 0.0
    for gen in range(n_gens):
        if gen_bus[gen] != bus:
            if bus >= 0:
                injection_mw[bus] += at_bus
            bus, at_bus = gen_bus[gen], 0.0
            up, down = island_mw[3 * island[bus] + 1], island_mw[3 * island[bus] + 2]
        p = p_out_mw[gen]
        p += up * (hi_mw[gen] - p) - down * (p - min(lo_mw[gen], 0.0))
        p_out_mw[gen] = p
        at_bus += p
    if bus >= 0:
        injection_mw[bus] += at_bus
    if flows_keep_limits(row_ptdf, bus_ptdf32, largest_ptdf, injection_mw, row_lo_mw, row_hi_mw):
        return PROVED
    return OVERLOADED
