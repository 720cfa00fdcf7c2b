"""Circuits of a section that count as out.

Limits of a section are stated for one, two ... of its strongest circuits out (interface_limits.csv, ``lines_out``).
Weak ones out count as the fewest strong ones that carry as much, by 1 / x: two lines of 220 kV beside two of 500 kV are
no two of these. Any circuit out counts as one at least; circuits alike are counted as they are.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8
from gridsim.kernels.jit import bare

TOLERANCE = 1e-6  # of what is lost: circuits alike differ by their rounding


@bare
def strong_circuits(carried: F8, lost: float) -> int:
    """Fewest of the strongest circuits that carry as much as is ``lost``, a sum of 1 / x.

    carried : (n_circuits,) what the strongest one, two, three ... of the section carry together
    """
    if lost <= 0.0:
        return 0
    for n in range(len(carried)):
        if carried[n] >= lost * (1.0 - TOLERANCE):
            return n + 1
    return len(carried)


def carried_by_strongest(weight: F8) -> F8:
    """(n_circuits,) sums of the largest one, two, three ... of ``weight`` (n_circuits,)."""
    return np.asarray(np.cumsum(np.sort(weight)[::-1]), dtype=np.float64)
