"""Complex power that enters a network at its buses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit

C16 = np.ndarray[Any, np.dtype[np.complex128]]
I4 = NDArray[np.int32]


@jit
def power_into(indptr: I4, indices: I4, data: C16, v: C16) -> C16:
    """(n,) S = V conj(Y V), pu, of voltages ``v`` (n,) at an admittance matrix Y in columns (CSC)."""
    current = np.zeros(len(v), dtype=np.complex128)
    for column in range(len(v)):
        for k in range(indptr[column], indptr[column + 1]):
            current[indices[k]] += data[k] * v[column]
    for bus in range(len(v)):
        current[bus] = v[bus] * np.conj(current[bus])
    return current
