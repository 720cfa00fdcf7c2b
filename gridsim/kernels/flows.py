"""DC power-flow sensitivities: islands, PTDF of the intact network, and PTDF after any set of branch outages.

Conventions. A branch flow is positive from ``branch_from`` to ``branch_to``; ``ptdf[l, b]`` is the flow on branch ``l``
for 1 MW injected at bus ``b`` and withdrawn at the lowest bus of its island (Wood, Wollenberg and Sheble, Power
Generation, Operation and Control, 3rd ed., ch. 8). Flows are ``ptdf @ injection`` whenever each island is balanced.

Outages (the LODF of several outages, same source; the matrix inversion lemma on the nodal susceptance matrix)::

    H'[l] = H[l] + (H[l, from_O] - H[l, to_O]) (I - M)^-1 H[O],     M[i, j] = H[o_i, from_j] - H[o_i, to_j]

``I - M`` is singular when the outages split an island. Then the outages that join the new islands into a tree are left
in place: with every new island balanced they carry nothing, so the flows inside each island are those of the outage.
The result is a function of the intact network and the sorted outages alone, so bits never depend on history.

A phase shifter carries ``(angle difference - shift) / x``: the flow of a plain branch with ``shift / x`` injected at
its beginning and withdrawn at its end, less ``shift / x`` on itself (:func:`turned_mw`). Flows then are
``ptdf @ injection`` plus what the shifts drive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridsim.kernels.arrays import F8, I4, DispatchCase, Topology
from gridsim.kernels.jit import bare, inline, jit, out_of_line

#: Below this pivot of ``I - M`` the update loses more than half of the digits and the PTDF is factorised anew.
_SMALL_PIVOT = 1e-5


@jit
def _root(parent: I4, bus: int) -> int:
    while parent[bus] != bus:
        parent[bus] = parent[parent[bus]]
        bus = parent[bus]
    return bus


@jit
def _join(parent: I4, a: int, b: int) -> bool:
    """Join two trees under the lower root; say whether they were apart."""
    a = _root(parent, a)
    b = _root(parent, b)
    if a == b:
        return False
    if a < b:
        parent[b] = a
    else:
        parent[a] = b
    return True


@jit
def islands_into(
    n_buses: int, branch_from: I4, branch_to: I4, in_service: NDArray[np.bool_], parent: I4, island_out: I4
) -> int:
    """Number the islands by their lowest bus into ``island_out`` (n_buses,) i4; return their number.

    ``parent`` (n_buses,) i4 is scratch and keeps the union-find forest, rooted at the lowest bus of each island.
    """
    for bus in range(n_buses):
        parent[bus] = bus
    for branch in range(branch_from.size):
        if in_service[branch]:
            _join(parent, branch_from[branch], branch_to[branch])
    n_islands = 0
    for bus in range(n_buses):
        root = _root(parent, bus)
        if root == bus:
            island_out[bus] = n_islands
            n_islands += 1
        else:
            island_out[bus] = island_out[root]
    return n_islands


def islands(n_buses: int, branch_from: I4, branch_to: I4, in_service: NDArray[np.bool_]) -> I4:
    """Give the island of each bus, (n_buses,) i4, numbered in the order of the lowest bus of each island."""
    island = np.empty(n_buses, dtype=np.int32)
    islands_into(n_buses, branch_from, branch_to, in_service, np.empty(n_buses, dtype=np.int32), island)
    return island


@jit
def _invert_spd(a: F8, x_out: F8) -> None:
    """Invert a symmetric positive definite matrix: ``a`` (n, n) is overwritten, ``x_out`` (n, n) receives the inverse.

    Right-looking LDL^T with updates along rows, so that inner loops run over contiguous memory and vectorise without
    reordering sums (no BLAS: its bits may change with its number of threads).
    """
    n = a.shape[0]
    x_out[:, :] = 0.0
    for k in range(n):
        pivot = 1.0 / a[k, k]
        for i in range(k + 1, n):
            factor = a[k, i] * pivot
            if factor != 0.0:
                for j in range(i, n):
                    a[i, j] -= factor * a[k, j]
    # a now holds D on the diagonal and D L^T above it; solve L D L^T X = I row block by row block
    for i in range(n):
        x_out[i, i] = 1.0
    for k in range(n):
        pivot = 1.0 / a[k, k]
        for i in range(k + 1, n):
            factor = a[k, i] * pivot
            if factor != 0.0:
                for j in range(k + 1):
                    x_out[i, j] -= factor * x_out[k, j]
    for k in range(n - 1, -1, -1):
        pivot = 1.0 / a[k, k]
        for j in range(n):
            x_out[k, j] *= pivot
        for i in range(k + 1, n):
            factor = a[k, i] * pivot
            if factor != 0.0:
                for j in range(n):
                    x_out[k, j] -= factor * x_out[i, j]


@jit
def ptdf_into(
    n_buses: int,
    branch_from: I4,
    branch_to: I4,
    branch_x_pu: F8,
    in_service: NDArray[np.bool_],
    island: I4,
    ptdf_out: F8,
) -> None:
    """Branch PTDF by inverting the nodal susceptance matrix without the lowest bus of each island.

    ptdf_out : (n_branches, n_buses), 0 for branches out of service, between islands, and for the lowest bus of each
    """
    n_branches = branch_from.size
    column = np.full(n_buses, -1, dtype=np.int32)
    seen = np.zeros(n_buses, dtype=np.bool_)
    n_kept = 0
    for bus in range(n_buses):
        if seen[island[bus]]:
            column[bus] = n_kept
            n_kept += 1
        seen[island[bus]] = True
    susceptance = np.zeros((n_kept, n_kept))
    for branch in range(n_branches):
        if not in_service[branch]:
            continue
        i, j, b = column[branch_from[branch]], column[branch_to[branch]], 1.0 / branch_x_pu[branch]
        if branch_from[branch] == branch_to[branch]:
            continue
        if i >= 0:
            susceptance[i, i] += b
        if j >= 0:
            susceptance[j, j] += b
        if i >= 0 and j >= 0:
            susceptance[i, j] -= b
            susceptance[j, i] -= b
    reactance = np.empty((n_kept, n_kept))
    _invert_spd(susceptance, reactance)
    for branch in range(n_branches):
        i, j = column[branch_from[branch]], column[branch_to[branch]]
        for bus in range(n_buses):
            k = column[bus]
            value = 0.0
            if in_service[branch] and k >= 0:
                if i >= 0:
                    value += reactance[i, k]
                if j >= 0:
                    value -= reactance[j, k]
                value /= branch_x_pu[branch]
            ptdf_out[branch, bus] = value


@jit
def interface_rows(
    interface_start: I4, interface_branch: I4, interface_sign: F8, n_branches: int, row_ptdf_out: F8
) -> None:
    """Fill the interface rows, the signed sums of their branches' rows."""
    n_buses = row_ptdf_out.shape[1]
    for k in range(interface_start.size - 1):
        row = n_branches + k
        for bus in range(n_buses):
            row_ptdf_out[row, bus] = 0.0
        for member in range(interface_start[k], interface_start[k + 1]):
            branch, sign = interface_branch[member], interface_sign[member]
            for bus in range(n_buses):
                row_ptdf_out[row, bus] += sign * row_ptdf_out[branch, bus]


def make_case(
    n_buses: int,
    gen_bus: ArrayLike,
    branch_from: ArrayLike,
    branch_to: ArrayLike,
    branch_x_pu: ArrayLike,
    branch_in_service: ArrayLike,
    interface_start: ArrayLike,
    interface_branch: ArrayLike,
    interface_sign: ArrayLike,
    branch_turn_mw: ArrayLike | None = None,
    bus_loss_mw: ArrayLike | None = None,
    block_gen: ArrayLike = (),
    block_mw: ArrayLike = (),
    block_rise: ArrayLike = (),
) -> DispatchCase:
    """Make the constant part of the dispatch problem: copies of the arguments, PTDF and islands.

    The arrays are writable only because Numba would compile all kernels again for read-only ones: nothing writes.
    """
    in_service = np.array(branch_in_service, dtype=np.bool_)
    from_bus, to_bus = np.array(branch_from, dtype=np.int32), np.array(branch_to, dtype=np.int32)
    x_pu = np.array(branch_x_pu, dtype=np.float64)
    start = np.array(interface_start, dtype=np.int32)
    members, sign = np.array(interface_branch, dtype=np.int32), np.array(interface_sign, dtype=np.float64)
    n_branches, n_interfaces = from_bus.size, max(start.size - 1, 0)
    # no interfaces: CSR still needs its first offset
    if start.size == 0:
        start = np.zeros(1, dtype=np.int32)
    row_ptdf = np.empty((n_branches + n_interfaces, n_buses))
    island = islands(n_buses, from_bus, to_bus, in_service)
    # in place: at thousands of buses a second copy is what runs out of memory
    ptdf_into(n_buses, from_bus, to_bus, x_pu, in_service, island, row_ptdf[:n_branches])
    interface_rows(start, members, sign, n_branches, row_ptdf)
    return DispatchCase(
        n_buses=n_buses,
        gen_bus=np.array(gen_bus, dtype=np.int32),
        branch_from=from_bus,
        branch_to=to_bus,
        branch_x_pu=x_pu,
        branch_in_service=in_service,
        interface_start=start,
        interface_branch=members,
        interface_sign=sign,
        row_ptdf=row_ptdf,
        island=island,
        branch_turn_mw=np.zeros(n_branches) if branch_turn_mw is None else np.array(branch_turn_mw, dtype=np.float64),
        bus_loss_mw=np.zeros(n_buses) if bus_loss_mw is None else np.array(bus_loss_mw, dtype=np.float64),
        block_gen=np.array(block_gen, dtype=np.int32),
        block_mw=np.array(block_mw, dtype=np.float64),
        block_rise=np.array(block_rise, dtype=np.float64),
    )


@bare
def flows_into(bus_ptdf: F8, injection_mw: F8, flow_out_mw: F8) -> None:
    """Write the flow of every row (n_rows,) MW for injections (n_buses,) MW, four buses in one sweep over the rows."""
    n_buses, n_rows = bus_ptdf.shape
    for row in range(n_rows):
        flow_out_mw[row] = 0.0
    bus = 0
    while bus + 4 <= n_buses:
        a, b, c, d = bus_ptdf[bus], bus_ptdf[bus + 1], bus_ptdf[bus + 2], bus_ptdf[bus + 3]
        p, q, r, s = injection_mw[bus], injection_mw[bus + 1], injection_mw[bus + 2], injection_mw[bus + 3]
        for row in range(n_rows):
            flow_out_mw[row] = (((flow_out_mw[row] + a[row] * p) + b[row] * q) + c[row] * r) + d[row] * s
        bus += 4
    while bus < n_buses:
        p = injection_mw[bus]
        for row in range(n_rows):
            flow_out_mw[row] += bus_ptdf[bus, row] * p
        bus += 1


@bare
def add_rows(rows: F8, at: I4, amount: F8, n: int, total: F8) -> None:
    """Add ``amount[k]`` times row ``at[k]`` of ``rows`` for k < n, in this order, up to eight in one sweep."""
    width = rows.shape[1]
    k = 0
    while k + 8 <= n:
        a, b, c, d = rows[at[k]], rows[at[k + 1]], rows[at[k + 2]], rows[at[k + 3]]
        e, f, g, h = rows[at[k + 4]], rows[at[k + 5]], rows[at[k + 6]], rows[at[k + 7]]
        p, q, r, s = amount[k], amount[k + 1], amount[k + 2], amount[k + 3]
        t, u, v, w = amount[k + 4], amount[k + 5], amount[k + 6], amount[k + 7]
        for j in range(width):
            first = (((total[j] + a[j] * p) + b[j] * q) + c[j] * r) + d[j] * s
            total[j] = (((first + e[j] * t) + f[j] * u) + g[j] * v) + h[j] * w
        k += 8
    while k + 4 <= n:
        a, b, c, d = rows[at[k]], rows[at[k + 1]], rows[at[k + 2]], rows[at[k + 3]]
        p, q, r, s = amount[k], amount[k + 1], amount[k + 2], amount[k + 3]
        for j in range(width):
            total[j] = (((total[j] + a[j] * p) + b[j] * q) + c[j] * r) + d[j] * s
        k += 4
    while k < n:
        a, p = rows[at[k]], amount[k]
        for j in range(width):
            total[j] += a[j] * p
        k += 1


class Outage(NamedTuple):
    """PTDF of a set of outages from one matrix, row by row; made by :func:`outage_of`.

    ptdf : (n_rows, n_buses) f8, of the intact network, or ``anew`` where an update would lose its digits
    in_service : (n_branches,) bool;  removed : (n_removed,) i4, outages that split nothing; rhs : (n_removed, n_buses)
    lowest : (n_islands,) i4, lowest bus of each island if the outages split some, else empty
    """

    ptdf: F8
    in_service: NDArray[np.bool_]
    removed: I4
    rhs: F8
    lowest: I4
    anew: bool


@jit
def outage_of(case: DispatchCase, out_branch: I4, island_out: I4) -> Outage:
    """Write the islands of the network without ``out_branch`` (sorted, no duplicates); return how its PTDF is had.

    island_out : (n_buses,) i4; nothing else is written.
    """
    out_of_line()
    n_buses = case.n_buses
    parent = np.empty(n_buses, dtype=np.int32)
    in_service = case.branch_in_service.copy()
    for branch in out_branch:
        in_service[branch] = False
    n_islands = islands_into(n_buses, case.branch_from, case.branch_to, in_service, parent, island_out)
    # outages that would split the network stay in the matrix as bridges: they join different islands, so carry nothing
    removed = np.empty(out_branch.size, dtype=np.int32)
    k = 0
    split = False
    for branch in out_branch:
        if case.branch_in_service[branch]:
            if _join(parent, case.branch_from[branch], case.branch_to[branch]):
                split = True
            else:
                removed[k] = branch
                k += 1
    h = case.row_ptdf
    a = np.empty((k, k))
    rhs = np.empty((k, n_buses))
    for i in range(k):
        for j in range(k):
            a[i, j] = -(h[removed[i], case.branch_from[removed[j]]] - h[removed[i], case.branch_to[removed[j]]])
        a[i, i] += 1.0
        for bus in range(n_buses):
            rhs[i, bus] = h[removed[i], bus]
    smallest = 1.0
    for i in range(k):  # Gauss-Jordan with partial pivoting: k is the number of simultaneous outages, small
        best = i
        for row in range(i + 1, k):
            if abs(a[row, i]) > abs(a[best, i]):
                best = row
        smallest = min(smallest, abs(a[best, i]))
        if smallest < _SMALL_PIVOT:
            break
        if best != i:
            for j in range(k):
                a[i, j], a[best, j] = a[best, j], a[i, j]
            for bus in range(n_buses):
                rhs[i, bus], rhs[best, bus] = rhs[best, bus], rhs[i, bus]
        pivot = 1.0 / a[i, i]
        for j in range(i, k):
            a[i, j] *= pivot
        for bus in range(n_buses):
            rhs[i, bus] *= pivot
        for row in range(k):
            factor = a[row, i]
            if row != i and factor != 0.0:
                for j in range(i, k):
                    a[row, j] -= factor * a[i, j]
                for bus in range(n_buses):
                    rhs[row, bus] -= factor * rhs[i, bus]
    anew = smallest < _SMALL_PIVOT
    if anew:
        h = np.empty((case.branch_from.size, n_buses))
        ptdf_into(n_buses, case.branch_from, case.branch_to, case.branch_x_pu, in_service, island_out, h)
        # H is that of the outage network, referred to its own islands: nothing to update, no reference to move
        k, split = 0, False
    # a split island's new parts need references of their own: their lowest buses, see branch_row_into
    lowest = np.full(n_islands if split else 0, -1, dtype=np.int32)
    if split:
        for bus in range(n_buses):
            if lowest[island_out[bus]] < 0:
                lowest[island_out[bus]] = bus
    return Outage(h, in_service, removed[:k], rhs[:k], lowest, anew)


@inline
def branch_row_into(case, outage, island, branch, row_out):  # type: ignore[no-untyped-def]
    """Write the PTDF row of one branch after the outages: ``row_out`` (n_buses,); ``island`` is that of the outages."""
    n_buses = row_out.size
    h, rhs = outage.ptdf, outage.rhs
    in_service = outage.in_service[branch]
    for bus in range(n_buses):
        row_out[bus] = h[branch, bus] if in_service else 0.0
    for i in range(outage.removed.size if in_service else 0):
        factor = h[branch, case.branch_from[outage.removed[i]]] - h[branch, case.branch_to[outage.removed[i]]]
        if factor != 0.0:
            for bus in range(n_buses):
                row_out[bus] += factor * rhs[i, bus]
    if in_service and outage.lowest.size > 0:
        home = island[case.branch_from[branch]]
        offset = row_out[outage.lowest[home]]
        for bus in range(n_buses):
            row_out[bus] = row_out[bus] - offset if island[bus] == home else 0.0


@jit
def topology_into(case: DispatchCase, out_branch: I4, island_out: I4, row_ptdf_out: F8, bus_ptdf_out: F8) -> None:
    """Write islands and PTDF of the network without ``out_branch`` (sorted, no duplicates).

    island_out (n_buses,) i4, row_ptdf_out (n_rows, n_buses), bus_ptdf_out (n_buses, n_rows) or without buses, where it
    is not wanted; nothing else is written.
    """
    n_branches, n_rows = case.branch_from.size, case.row_ptdf.shape[0]
    outage = outage_of(case, out_branch, island_out)
    for branch in range(n_branches):
        branch_row_into(case, outage, island_out, branch, row_ptdf_out[branch])
    interface_rows(case.interface_start, case.interface_branch, case.interface_sign, n_branches, row_ptdf_out)
    for bus in range(bus_ptdf_out.shape[0]):
        for row in range(n_rows):
            bus_ptdf_out[bus, row] = row_ptdf_out[row, bus]


def make_topology(case: DispatchCase, out_branch: Sequence[int] | ArrayLike, *, transposed: bool = True) -> Topology:
    """Give islands and PTDF of ``case`` without the branches at the positions ``out_branch`` (any order, repeats too).

    Without ``transposed`` its ``bus_ptdf``, which only dispatch needs, is empty. Of the intact network ``row_ptdf`` is
    that of the case itself.

    Raises AssertionError on a position outside the case: positions come from code, never from a user.
    """
    out = np.unique(np.asarray(out_branch, dtype=np.int32).ravel()).astype(np.int32)
    assert out.size == 0 or (out[0] >= 0 and out[-1] < case.branch_from.size), "branch position outside the case"
    n_rows = case.row_ptdf.shape[0]
    if out.size == 0:
        bus_ptdf = np.array(case.row_ptdf.T, order="C") if transposed else np.empty((0, n_rows))
        return Topology(out_branch=out, island=case.island.copy(), row_ptdf=case.row_ptdf, bus_ptdf=bus_ptdf)
    island = np.empty(case.n_buses, dtype=np.int32)
    row_ptdf = np.empty_like(case.row_ptdf)
    bus_ptdf = np.empty((case.n_buses if transposed else 0, n_rows))
    topology_into(case, out, island, row_ptdf, bus_ptdf)
    return Topology(out_branch=out, island=island, row_ptdf=row_ptdf, bus_ptdf=bus_ptdf)


def turned_mw(case: DispatchCase, topology: Topology) -> F8:
    """Flow of every row of ``topology`` (n_rows,) MW that the shifts drive when nothing is injected.

    Rows beyond branches and interfaces, of other states, have it in their limits: 0.
    """
    n_branches, n_interfaces = case.branch_from.size, case.interface_start.size - 1
    turn = np.where(case.branch_in_service, case.branch_turn_mw, 0.0)
    turn[topology.out_branch] = 0.0
    turned: F8 = np.zeros(topology.row_ptdf.shape[0])
    turning = np.flatnonzero(turn)
    if turning.size == 0:
        return turned
    at_ends = topology.row_ptdf[:, case.branch_from[turning]] - topology.row_ptdf[:, case.branch_to[turning]]
    turned += at_ends @ turn[turning]
    turned[:n_branches] -= turn
    member_row = n_branches + np.repeat(np.arange(n_interfaces), np.diff(case.interface_start))
    np.subtract.at(turned, member_row, case.interface_sign * turn[case.interface_branch])
    turned[n_branches + n_interfaces :] = 0.0
    return turned


def widened_limits(turned: F8, row_lo_mw: F8, row_hi_mw: F8) -> tuple[F8, F8]:
    """Limits that the flow at zero injection keeps: what the shifts drive alone is no reason to serve nothing."""
    return np.minimum(row_lo_mw, turned), np.maximum(row_hi_mw, turned)
