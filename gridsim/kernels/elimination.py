"""Sparse LU of 2 x 2 blocks in a fixed order without pivoting, for Jacobians of power flows.

The order is one of minimum degree (Tinney and Walker, Proc. IEEE 55, 1967, scheme 2) on the network with all its
branches, made once: a matrix then has the same pivots whatever was factorised before, and a factorisation is one pass
over stored places. Within a bus the block of active and reactive power by angle and modulus is inverted as a whole.
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import out_of_line, piece

Blocks = np.ndarray[Any, np.dtype[np.float64]]


@by_reference
class Elimination(NamedTuple):
    """Places of a matrix of n x n blocks whose pattern is symmetric, given in columns (CSC).

    indptr (n + 1,), indices (n_entries,) : the pattern;  destination (n_entries,) : block of each entry
    position (n,) : of each row in the order of elimination, in which all else counts
    start (n + 1,), later : ``later[start[k]:start[k + 1]]`` are the positions after k that k meets, ascending
    target : block that each pair of them changes, row by row
    A block stands in a row of four numbers: n on the diagonal, then those right of it as ``later`` lists them, then
    those below it in the same order.
    """

    indptr: I4
    indices: I4
    destination: I4
    position: I4
    start: I4
    later: I4
    target: I4

    @property
    def n_blocks(self) -> int:
        return len(self.position) + 2 * len(self.later)


def make_elimination(indptr: I4, indices: I4) -> Elimination:
    """Order and places for a symmetric pattern with its whole diagonal."""
    n = len(indptr) - 1
    columns = np.repeat(np.arange(n), np.diff(indptr)).tolist()
    rows = np.asarray(indices).tolist()
    order, met = _by_minimum_degree(n, rows, columns)
    position = np.empty(n, dtype=np.int32)
    position[order] = np.arange(n)
    place = position.tolist()
    later = [sorted(place[bus] for bus in buses) for buses in met]
    start = np.concatenate([[0], np.cumsum([len(positions) for positions in later])]).astype(np.int32)
    n_upper = int(start[-1])
    block: dict[tuple[int, int], int] = {(k, k): k for k in range(n)}
    for k, positions in enumerate(later):
        for number, other in enumerate(positions, int(start[k])):
            block[k, other] = n + number
            block[other, k] = n + n_upper + number
    target = [block[row, column] for positions in later for row in positions for column in positions]
    destination = [block[place[row], place[column]] for row, column in zip(rows, columns, strict=True)]
    return Elimination(
        indptr=np.array(indptr, dtype=np.int32),
        indices=np.array(indices, dtype=np.int32),
        destination=np.array(destination, dtype=np.int32),
        position=position,
        start=start,
        later=np.array([other for positions in later for other in positions], dtype=np.int32),
        target=np.array(target, dtype=np.int32),
    )


def _by_minimum_degree(n: int, rows: list[int], columns: list[int]) -> tuple[list[int], list[set[int]]]:
    """Order of elimination, the lowest number of equals first, and what each meets that is not yet eliminated."""
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for row, column in zip(rows, columns, strict=True):
        if row != column:
            neighbours[row].add(column)
            neighbours[column].add(row)
    heap = [(len(met), bus) for bus, met in enumerate(neighbours)]
    heapq.heapify(heap)
    order: list[int] = []
    eliminated = [False] * n
    while heap:
        degree, bus = heapq.heappop(heap)
        if eliminated[bus] or degree != len(neighbours[bus]):
            continue
        eliminated[bus] = True
        order.append(bus)
        for other in neighbours[bus]:
            met = neighbours[other]
            met |= neighbours[bus]
            met -= {bus, other}
            heapq.heappush(heap, (len(met), other))
    return order, [neighbours[bus] for bus in order]


@piece
def factorise(elimination: Elimination, blocks_out: Blocks) -> bool:
    """Replace the matrix by its factors, the diagonal by its inverses; False if a diagonal block is singular.

    blocks_out : (n_blocks, 4), each block by rows
    """
    out_of_line()
    n, n_upper = len(elimination.position), len(elimination.later)
    start, target = elimination.start, elimination.target
    pair = 0
    for k in range(n):
        a, b, c, d = blocks_out[k, 0], blocks_out[k, 1], blocks_out[k, 2], blocks_out[k, 3]
        determinant = a * d - b * c
        if determinant == 0.0 or not abs(determinant) < np.inf:
            return False
        inverse_a, inverse_b = d / determinant, -b / determinant
        inverse_c, inverse_d = -c / determinant, a / determinant
        blocks_out[k, 0], blocks_out[k, 1] = inverse_a, inverse_b
        blocks_out[k, 2], blocks_out[k, 3] = inverse_c, inverse_d
        for below in range(n + n_upper + start[k], n + n_upper + start[k + 1]):
            a, b, c, d = blocks_out[below, 0], blocks_out[below, 1], blocks_out[below, 2], blocks_out[below, 3]
            lower_a, lower_b = a * inverse_a + b * inverse_c, a * inverse_b + b * inverse_d
            lower_c, lower_d = c * inverse_a + d * inverse_c, c * inverse_b + d * inverse_d
            blocks_out[below, 0], blocks_out[below, 1] = lower_a, lower_b
            blocks_out[below, 2], blocks_out[below, 3] = lower_c, lower_d
            for right in range(n + start[k], n + start[k + 1]):
                changed = target[pair]
                pair += 1
                a, b, c, d = blocks_out[right, 0], blocks_out[right, 1], blocks_out[right, 2], blocks_out[right, 3]
                blocks_out[changed, 0] -= lower_a * a + lower_b * c
                blocks_out[changed, 1] -= lower_a * b + lower_b * d
                blocks_out[changed, 2] -= lower_c * a + lower_d * c
                blocks_out[changed, 3] -= lower_c * b + lower_d * d
    return True


@piece
def solve_factorised(elimination: Elimination, blocks: Blocks, x_out: F8) -> None:
    """Solve for every right side at once; ``x_out`` (n, 2, n_sides) by position: right sides, then solutions."""
    out_of_line()
    n, n_upper = len(elimination.position), len(elimination.later)
    start, later = elimination.start, elimination.later
    n_sides = x_out.shape[2]
    for k in range(n):
        for number in range(start[k], start[k + 1]):
            row, below = later[number], n + n_upper + number
            a, b, c, d = blocks[below, 0], blocks[below, 1], blocks[below, 2], blocks[below, 3]
            for side in range(n_sides):
                first, second = x_out[k, 0, side], x_out[k, 1, side]
                x_out[row, 0, side] -= a * first + b * second
                x_out[row, 1, side] -= c * first + d * second
    for k in range(n - 1, -1, -1):
        for number in range(start[k], start[k + 1]):
            column, right = later[number], n + number
            a, b, c, d = blocks[right, 0], blocks[right, 1], blocks[right, 2], blocks[right, 3]
            for side in range(n_sides):
                first, second = x_out[column, 0, side], x_out[column, 1, side]
                x_out[k, 0, side] -= a * first + b * second
                x_out[k, 1, side] -= c * first + d * second
        a, b, c, d = blocks[k, 0], blocks[k, 1], blocks[k, 2], blocks[k, 3]
        for side in range(n_sides):
            first, second = x_out[k, 0, side], x_out[k, 1, side]
            x_out[k, 0, side] = a * first + b * second
            x_out[k, 1, side] = c * first + d * second
