"""The power flow of ``kernels.newton`` written from its definition: dense matrices, unknowns in one vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

C16 = NDArray[np.complex128]
F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]


def power_jacobian(y_bus: C16, v: C16) -> tuple[C16, C16]:
    """(n, n) complex each: power drawn at a bus by the angle of another, and by the modulus of another, pu.

    Zimmerman, AC Power Flows and their Derivatives using Complex Matrix Notation, MATPOWER Technical Note 2, 2010.
    """
    current, unit = y_bus @ v, v / np.abs(v)
    by_angle = 1j * np.diag(v) @ np.conj(np.diag(current) - y_bus @ np.diag(v))
    by_modulus = np.diag(v) @ np.conj(y_bus @ np.diag(unit)) + np.conj(np.diag(current)) @ np.diag(unit)
    return by_angle, by_modulus


def newton(
    y_bus: C16, s: C16, weight: F8, held: B1, reference: int, v: C16, max_iterations: int, tolerance_pu: float
) -> tuple[bool, int, C16]:
    """Converged, steps and voltages (n,) complex pu; arguments as in the kernel, ``y_bus`` (n, n), ``v`` the start."""
    angles, moduli = np.flatnonzero(np.arange(len(v)) != reference), np.flatnonzero(~held)
    imbalance = 0.0
    for step in range(max_iterations + 1):
        drawn = v * np.conj(y_bus @ v)
        imbalance = float((drawn - s).real.sum())
        gap = drawn - s - weight * imbalance
        mismatch = np.concatenate([gap.real, gap.imag[moduli]])
        if np.abs(mismatch).max() < tolerance_pu:
            return True, step, v
        if step == max_iterations:
            break
        by_angle, by_modulus = power_jacobian(y_bus, v)
        left = np.hstack([by_angle[:, angles], by_modulus[:, moduli]])
        jacobian = np.vstack([left.real, left.imag[moduli]])
        by_imbalance = np.concatenate([-weight, np.zeros(len(moduli))])
        change: NDArray[Any] = np.linalg.solve(np.column_stack([jacobian, by_imbalance]), -mismatch)
        angle, modulus = np.angle(v), np.abs(v)
        angle[angles] += change[: len(angles)]
        modulus[moduli] += change[len(angles) : -1]
        v = modulus * np.exp(1j * angle)
    return False, max_iterations, v
