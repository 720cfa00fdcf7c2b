"""Inverse of the working basis of the dispatch simplex, and its four updates.

Row ``i`` of the basis matrix ``M`` belongs to a basic bus, column ``j`` to a balance row or to a flow row at its limit:
``M[i, j]`` is 1 if bus ``i`` lies in the island of balance row ``j``, and ``-ptdf[row_j, bus_i]`` for a flow row. The
inverse is stored [j, i] in the upper left corner of a square array. Each update costs O(m^2): product form, and for a
growing or shrinking basis the Schur complement.
"""

from __future__ import annotations

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.dispatch_workspace import Records
from gridsim.kernels.jit import jit


@jit
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


@jit
def replace_row(inverse: F8, m: int, j: int, new_column: F8, a: F8, z: F8) -> float:
    """Flow row ``j`` becomes the row with matrix column ``new_column`` (m,); return the pivot; ``a``, ``z`` scratch."""
    for k in range(m):
        total = 0.0
        for i in range(m):
            total += inverse[k, i] * new_column[i]
        a[k] = total
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


@jit
def append(inverse: F8, m: int, new_row: F8, new_column: F8, corner: float, a: F8, z: F8) -> float:
    """Add a basic bus (``new_row``) and a flow row (``new_column``) meeting in ``corner``; return the pivot."""
    for i in range(m):
        z[i] = 0.0
    for j in range(m):
        total = 0.0
        factor = new_row[j]
        for i in range(m):
            total += inverse[j, i] * new_column[i]
            z[i] += factor * inverse[j, i]
        a[j] = total
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


@jit
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


@jit
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
