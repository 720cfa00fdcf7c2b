"""Proof without optimisation that an hour needs no shedding: an earlier zero-shed dispatch, moved into its bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.jit import bare, jit

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
    # flow = PTDF injection in single precision, four buses in one sweep over the rows
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
    # the rounding of such a sum at most, Higham's bound with two roundings to spare
    margin = (n + 4) * _ROUNDOFF * largest_ptdf * total
    n_near = 0
    for row in range(n_rows):  # no early exit: the loop vectorises
        n_near += (flow[row] > row_hi_mw[row] - margin) | (flow[row] < row_lo_mw[row] + margin)
    if n_near == 0:
        return True
    # rows too near to tell are summed again in double precision
    for row in range(n_rows):
        if flow[row] > row_hi_mw[row] - margin or flow[row] < row_lo_mw[row] + margin:
            exact = 0.0
            for bus in range(n_buses):
                exact += row_ptdf[row, bus] * injection_mw[bus]
            if exact > row_hi_mw[row] + TOLERANCE_MW or exact < row_lo_mw[row] - TOLERANCE_MW:
                return False
    return True


@bare
def zero_shed_certificate(
    island: I4,
    row_ptdf: F8,
    bus_ptdf32: NDArray[np.float32],
    largest_ptdf: float,
    supply_mw: F8,
    demand_mw: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    last_mw: F8,
    p_out_mw: F8,
    island_mw: F8,
    injection_mw: F8,
) -> int:
    """Say whether ``last_mw``, rescaled, serves all demand within every bound and limit of this hour.

    Supply is that of a whole bus, from 0 to what its machines have: any sum in between is some dispatch of them, what
    must run being spilled if need be. Stores neither charge nor discharge.

    island : of the Topology;  row_ptdf, bus_ptdf32, largest_ptdf : see :func:`flows_keep_limits`, of all rows that can
    bind;  supply_mw, demand_mw, last_mw : (n_buses,);  row_lo_mw, row_hi_mw : (n_rows,)
    p_out_mw : (n_buses,), the dispatch that proves it; may be ``last_mw``
    island_mw (3 n_buses,) is scratch;  injection_mw (n_buses,) is that of ``p_out_mw``

    Each supply is clipped into its bounds; what an island then lacks is taken from all its headroom in proportion, what
    it has too much from all its output. PROVED is a proof; OVERLOADED (balanced, limits passed) and UNBALANCED (too
    little supply in some island: no dispatch at all serves the hour) are none.
    """
    n_buses = island.size
    last_island = 0
    home = 0
    for k in range(3):
        island_mw[k] = 0.0
    balance, headroom, output = 0.0, 0.0, 0.0  # of one island at a time: sums in registers are not read back
    for bus in range(n_buses):
        supply = supply_mw[bus]
        p = min(max(last_mw[bus], 0.0), supply)
        p_out_mw[bus] = p
        if island[bus] != home:
            island_mw[3 * home] += balance
            island_mw[3 * home + 1] += headroom
            island_mw[3 * home + 2] += output
            balance, headroom, output, home = 0.0, 0.0, 0.0, island[bus]
            while last_island < home:  # islands are numbered in the order of their lowest bus
                last_island += 1
                for k in range(3):
                    island_mw[3 * last_island + k] = 0.0
        balance += p - demand_mw[bus]
        headroom += supply - p
        output += p
    island_mw[3 * home] += balance
    island_mw[3 * home + 1] += headroom
    island_mw[3 * home + 2] += output
    # island balance b < 0: p += (-b / headroom) (supply - p);  b > 0: p -= (b / output) p;  each factor is at most 1
    for k in range(last_island + 1):
        balance = island_mw[3 * k]
        room = island_mw[3 * k + 1] if balance < 0.0 else island_mw[3 * k + 2]
        if abs(balance) > room + TOLERANCE_MW:
            return UNBALANCED
        island_mw[3 * k + 1] = -balance / room if balance < 0.0 and room > 0.0 else 0.0
        island_mw[3 * k + 2] = balance / room if balance > 0.0 and room > 0.0 else 0.0
    for bus in range(n_buses):
        p, k = p_out_mw[bus], 3 * island[bus]
        p += island_mw[k + 1] * (supply_mw[bus] - p) - island_mw[k + 2] * p
        p_out_mw[bus] = p
        injection_mw[bus] = p - demand_mw[bus]
    # balanced within every bound of supply: what remains to be shown is flow_lo <= PTDF (p - d) <= flow_hi
    if flows_keep_limits(row_ptdf, bus_ptdf32, largest_ptdf, injection_mw, row_lo_mw, row_hi_mw):
        return PROVED
    return OVERLOADED
