"""Newton's method for the AC power flow with a distributed slack, in polar coordinates.

At bus i the network draws ``P_i + j Q_i = V_i conj(sum_j Y_ij V_j)``. Scheduled is ``s_i``, and an imbalance A of the
island is shared by weights w: ``P_i = Re s_i + w_i A`` at every bus, ``Q_i = Im s_i`` where the modulus is free. The
unknowns are angles (that of the reference is 0), free moduli and A (Stott, Proc. IEEE 62, 1974; the shared slack as in
Tong and Miu, IEEE Trans. Power Systems 20, 2005). A is one more column, so two right sides are solved: by the mismatch
and by the weights; the reference's own balance of active power, which the matrix leaves out, then tells A.

Every participant stands in that column, whether it holds its voltage or is at a reactive limit. The factorisation has
a fixed order (``elimination``): an answer is a function of the task and its start, not of what was solved before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.elimination import Elimination, factorise, solve_factorised
from gridsim.kernels.jit import bare, out_of_line, piece
from gridsim.kernels.power_flow import B1, C16

_LARGEST_PU = 1e12  # of summed mismatch: beyond it the iteration has lost its way


@by_reference
class NewtonWork(NamedTuple):
    """Memory of a Newton solution of n buses; ``v`` is the start and then the answer, ``power`` is drawn at it.

    v, power : (n,) complex pu;  member : (n,) bool, buses of the island
    fixed_angle, fixed_modulus : (n,) bool;  term : (n_entries,) complex, power of each entry of the admittance matrix
    blocks : (n_blocks, 4);  x : (n, 2, 2) by position;  row : (n, 2), active power of the reference by angle, modulus
    """

    v: C16
    power: C16
    member: B1
    fixed_angle: B1
    fixed_modulus: B1
    term: C16
    blocks: F8
    x: F8
    row: F8


def make_newton_work(elimination: Elimination) -> NewtonWork:
    """Allocate the memory for matrices of this pattern."""
    n = len(elimination.position)
    return NewtonWork(
        v=np.ones(n, dtype=np.complex128),
        power=np.zeros(n, dtype=np.complex128),
        member=np.ones(n, dtype=bool),
        fixed_angle=np.zeros(n, dtype=bool),
        fixed_modulus=np.zeros(n, dtype=bool),
        term=np.zeros(len(elimination.indices), dtype=np.complex128),
        blocks=np.zeros((elimination.n_blocks, 4)),
        x=np.zeros((n, 2, 2)),
        row=np.zeros((n, 2)),
    )


@piece
def _draw(elimination: Elimination, y: C16, work: NewtonWork) -> None:
    """Power V_i conj(Y_ij V_j) of each entry of the admittance matrix ``y`` (n_entries,), and its sums by bus."""
    indptr, indices = elimination.indptr, elimination.indices
    v, term, power, member = work.v, work.term, work.power, work.member
    for bus in range(len(v)):
        power[bus] = 0.0
    for column in range(len(v)):
        if not member[column]:
            continue
        real, imag = v[column].real, v[column].imag
        for entry in range(indptr[column], indptr[column + 1]):
            row, admittance = indices[entry], y[entry]
            current_real = admittance.real * real - admittance.imag * imag
            current_imag = admittance.real * imag + admittance.imag * real
            row_real, row_imag = v[row].real, v[row].imag
            drawn = complex(
                row_real * current_real + row_imag * current_imag, row_imag * current_real - row_real * current_imag
            )
            term[entry] = drawn
            power[row] += drawn


@piece
def _write_jacobian(elimination: Elimination, reference: int, work: NewtonWork) -> None:
    """Jacobian by angle and by relative change of the modulus from ``work.term``; fixed unknowns have rows of unity.

    The balance of active power at ``reference`` (n: none), whose angle is fixed, goes to ``work.row``.
    """
    indptr, indices, destination = elimination.indptr, elimination.indices, elimination.destination
    fixed_angle, fixed_modulus, blocks, row = work.fixed_angle, work.fixed_modulus, work.blocks, work.row
    blocks[:] = 0.0
    row[:] = 0.0
    for j in range(len(fixed_angle)):
        angle_j, modulus_j = not fixed_angle[j], not fixed_modulus[j]
        for entry in range(indptr[j], indptr[j + 1]):
            i, k = indices[entry], destination[entry]
            p, q = work.term[entry].real, work.term[entry].imag
            p_by_angle, p_by_modulus, q_by_angle, q_by_modulus = q, p, -p, q
            if i == j:
                p_by_angle, q_by_angle = p_by_angle - work.power[i].imag, q_by_angle + work.power[i].real
                p_by_modulus, q_by_modulus = p_by_modulus + work.power[i].real, q_by_modulus + work.power[i].imag
            if i == reference:
                row[j, 0] = p_by_angle if angle_j else 0.0
                row[j, 1] = p_by_modulus if modulus_j else 0.0
            if not fixed_angle[i]:
                blocks[k, 0] = p_by_angle if angle_j else 0.0
                blocks[k, 1] = p_by_modulus if modulus_j else 0.0
            elif i == j:
                blocks[k, 0] = 1.0
            if not fixed_modulus[i]:
                blocks[k, 2] = q_by_angle if angle_j else 0.0
                blocks[k, 3] = q_by_modulus if modulus_j else 0.0
            elif i == j:
                blocks[k, 3] = 1.0


@piece
def _mismatch(
    elimination: Elimination, s: C16, weight: F8, reference: int, work: NewtonWork
) -> tuple[float, float, float]:
    """Write the right sides; the largest mismatch, the sum of all (NaN where lost), and the reference's own."""
    imbalance = 0.0
    for i in range(len(s)):
        if work.member[i]:
            imbalance += work.power[i].real - s[i].real
    largest, total, at_reference = 0.0, 0.0, 0.0
    for i in range(len(s)):
        k = elimination.position[i]
        p, q, share = 0.0, 0.0, 0.0
        if work.member[i]:
            share = weight[i]
            p = s[i].real + share * imbalance - work.power[i].real
            if not work.fixed_modulus[i]:
                q = s[i].imag - work.power[i].imag
            largest = max(largest, abs(p), abs(q))
            total += abs(p) + abs(q)
        if i == reference:
            at_reference = p
        work.x[k, 0, 0] = 0.0 if work.fixed_angle[i] else p
        work.x[k, 0, 1] = 0.0 if work.fixed_angle[i] else share
        work.x[k, 1, 0], work.x[k, 1, 1] = q, 0.0
    return largest, total, at_reference


@piece
def _step(elimination: Elimination, weight: F8, reference: int, at_reference: float, work: NewtonWork) -> None:
    """Move the voltages by the solutions: by the mismatch, and by the weights as much as the reference asks for."""
    left, slope = at_reference, -weight[reference]
    for j in range(len(work.v)):
        k = elimination.position[j]
        left -= work.row[j, 0] * work.x[k, 0, 0] + work.row[j, 1] * work.x[k, 1, 0]
        slope += work.row[j, 0] * work.x[k, 0, 1] + work.row[j, 1] * work.x[k, 1, 1]
    more = left / slope
    for j in range(len(work.v)):
        if not work.member[j]:
            continue
        k = elimination.position[j]
        angle = work.x[k, 0, 0] + more * work.x[k, 0, 1]
        size = 1.0 + work.x[k, 1, 0] + more * work.x[k, 1, 1]
        work.v[j] *= complex(size * np.cos(angle), size * np.sin(angle))


@bare
def newton(
    elimination: Elimination,
    y: C16,
    s: C16,
    weight: F8,
    held: B1,
    reference: int,
    max_iterations: int,
    tolerance_pu: float,
    work: NewtonWork,
) -> tuple[bool, int, float]:
    """Solve the power flow of the buses in ``work.member`` from ``work.v``: converged, steps taken, mismatch left pu.

    y : (n_entries,) complex, admittance matrix;  s : (n,) complex, scheduled injections;  weight : (n,), sum 1
    held : (n,) bool, the modulus of ``work.v`` is kept;  reference : bus whose angle is kept;  all pu
    """
    out_of_line()
    for i in range(len(held)):
        work.fixed_angle[i] = i == reference or not work.member[i]
        work.fixed_modulus[i] = held[i] or not work.member[i]
    for iteration in range(max_iterations + 1):
        _draw(elimination, y, work)
        largest, total, at_reference = _mismatch(elimination, s, weight, reference, work)
        if not total < _LARGEST_PU:
            return False, iteration, np.inf
        if largest < tolerance_pu:
            return True, iteration, largest
        if iteration == max_iterations:
            return False, iteration, largest
        _write_jacobian(elimination, reference, work)
        if not factorise(elimination, work.blocks):
            return False, iteration, np.inf
        solve_factorised(elimination, work.blocks, work.x)
        _step(elimination, weight, reference, at_reference, work)
    return False, max_iterations, np.inf


@bare
def voltage_sensitivity(elimination: Elimination, y: C16, work: NewtonWork, x_out: F8) -> bool:
    """Change of angles (rad) and relative change of moduli by injections, at ``work.v``; False if there is none.

    What is fixed stands in ``work.fixed_angle`` and ``work.fixed_modulus``, both of buses that are no members.
    x_out : (n, 2, n_sides) by position, change of active and reactive injections, pu; then of angles and moduli
    """
    _draw(elimination, y, work)
    _write_jacobian(elimination, len(work.v), work)
    if not factorise(elimination, work.blocks):
        return False
    solve_factorised(elimination, work.blocks, x_out)
    return True
