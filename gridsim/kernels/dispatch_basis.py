"""Inverse of the working basis of the dispatch simplex, and its four updates.

Row ``i`` of the basis matrix ``M`` belongs to a basic bus, column ``j`` to a balance row or to a flow row at its limit:
``M[i, j]`` is 1 if bus ``i`` lies in the island of balance row ``j``, and ``-ptdf[row_j, bus_i]`` for a flow row. The
inverse is stored [j, i] in the upper left corner of a square array. Each update costs O(m^2): product form, and for a
growing or shrinking basis the Schur complement.
"""

from __future__ import annotations

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.dispatch_workspace import Records
from gridsim.kernels.jit import piece


@piece
def times_inverse(inverse: F8, m: int, vector: F8, out: F8) -> None:
    """Write ``inverse @ vector`` (m,) into ``out``: each sum in its own order, eight of them at a time."""
    j = 0
    while j + 8 <= m:
        a = b = c = d = e = f = g = h = 0.0
        for i in range(m):
            v = vector[i]
            a += inverse[j, i] * v
            b += inverse[j + 1, i] * v
            c += inverse[j + 2, i] * v
            d += inverse[j + 3, i] * v
            e += inverse[j + 4, i] * v
            f += inverse[j + 5, i] * v
            g += inverse[j + 6, i] * v
            h += inverse[j + 7, i] * v
        out[j], out[j + 1], out[j + 2], out[j + 3] = a, b, c, d
        out[j + 4], out[j + 5], out[j + 6], out[j + 7] = e, f, g, h
        j += 8
    while j + 2 <= m:
        a = b = 0.0
        for i in range(m):
            a += inverse[j, i] * vector[i]
            b += inverse[j + 1, i] * vector[i]
        out[j], out[j + 1] = a, b
        j += 2
    if j < m:
        a = 0.0
        for i in range(m):
            a += inverse[j, i] * vector[i]
        out[j] = a


@piece
def replace_bus(inverse: F8, m: int, i: int, new_row: F8, z: F8) -> float:
    """Basic bus ``i`` becomes the bus with matrix row ``new_row`` (m,); return the pivot. ``z`` is scratch."""
    for k in range(m):
        z[k] = 0.0
    for j in range(m):
        factor = new_row[j]
        if factor != 0.0:
            for k in range(m):
                z[k] += factor * inverse[j, k]
    pivot = z[i]
    z[i] = 0.0
    for j in range(m):
        column = inverse[j, i] / pivot
        inverse[j, i] = column
        for k in range(m):
            inverse[j, k] -= column * z[k]
    return pivot


@piece
def replace_row(inverse: F8, m: int, j: int, a: F8, z: F8) -> float:
    """Flow row ``j`` becomes another; return the pivot.

    ``a`` (m,): ``inverse`` times its matrix column;  ``z`` scratch.
    """
    pivot = a[j]
    for i in range(m):
        z[i] = inverse[j, i] / pivot
        inverse[j, i] = z[i]
    for k in range(m):
        factor = a[k]
        if k != j and factor != 0.0:
            for i in range(m):
                inverse[k, i] -= factor * z[i]
    return pivot


@piece
def append(inverse: F8, m: int, new_row: F8, corner: float, a: F8, z: F8) -> float:
    """Add a basic bus (``new_row``) and a flow row meeting in ``corner``; return the pivot.

    ``a`` (m,): ``inverse`` times the flow row's matrix column;  ``z`` scratch.
    """
    for i in range(m):
        z[i] = 0.0
    for j in range(m):
        factor = new_row[j]
        for i in range(m):
            z[i] += factor * inverse[j, i]
    pivot = corner
    for j in range(m):
        pivot -= new_row[j] * a[j]
    for j in range(m):
        factor = a[j] / pivot
        for i in range(m):
            inverse[j, i] += factor * z[i]
        inverse[j, m] = -factor
    for i in range(m):
        inverse[m, i] = -z[i] / pivot
    inverse[m, m] = 1.0 / pivot
    return pivot


@piece
def remove(inverse: F8, m: int, i: int, j: int) -> float:
    """Drop basic bus ``i`` and flow row ``j``; the last of each takes the free place. Return the pivot."""
    pivot = inverse[j, i]
    for row in range(m):
        if row != j:
            factor = inverse[row, i] / pivot
            if factor != 0.0:
                for k in range(m):
                    inverse[row, k] -= factor * inverse[j, k]
    last = m - 1
    if j != last:
        for k in range(m):
            inverse[j, k] = inverse[last, k]
    if i != last:
        for row in range(last):
            inverse[row, i] = inverse[row, last]
    return pivot


@piece
def factorise(inverse: F8, swapped: I4, basics: Records, duals: Records, m: int, island: I4, row_ptdf: F8) -> float:
    """Build ``M`` from its buses and rows (island ``k`` is coded ``-1 - k``) and invert it in place, rows pivoted.

    Returns the smallest pivot relative to the largest entry of its column: 0 if singular. ``swapped`` is scratch.
    """
    for i in range(m):
        bus = basics[i].bus
        for j in range(m):
            row = duals[j].row
            if row >= 0:
                inverse[i, j] = -row_ptdf[row, bus]
            else:
                inverse[i, j] = 1.0 if island[bus] == -1 - row else 0.0
    smallest = 1.0
    # Gauss-Jordan in place: row k is scaled by its pivot, column k eliminated from all other rows
    for k in range(m):
        largest = 0.0
        best = k
        column_scale = 0.0
        for i in range(m):
            size = abs(inverse[i, k])
            column_scale = max(column_scale, size)
            if i >= k and size > largest:
                largest = size
                best = i
        if largest <= 1e-12:
            return 0.0
        # relative to the largest entry of the column as reduced so far, or to 1 where that is less
        smallest = min(smallest, largest / max(column_scale, 1.0))
        swapped[k] = best
        if best != k:
            for j in range(m):
                inverse[k, j], inverse[best, j] = inverse[best, j], inverse[k, j]
        pivot = 1.0 / inverse[k, k]
        inverse[k, k] = 1.0
        for j in range(m):
            inverse[k, j] *= pivot
        for i in range(m):
            factor = inverse[i, k]
            if i != k and factor != 0.0:
                inverse[i, k] = 0.0
                for j in range(m):
                    inverse[i, j] -= factor * inverse[k, j]
    # rows exchanged in M are columns exchanged in its inverse: back again, last exchange first
    for k in range(m - 1, -1, -1):
        best = swapped[k]
        if best != k:
            for i in range(m):
                inverse[i, k], inverse[i, best] = inverse[i, best], inverse[i, k]
    return smallest
