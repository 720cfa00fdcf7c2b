"""Sums of the values of many rows by position (``model.table``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@bare
def add_rows_at(position: I8, values: F8, sums_out: F8) -> None:
    """Add each row of values (n_rows, n_values) to the row of sums (n_rows, n), by ``position`` (n_values,)."""
    for row in range(values.shape[0]):
        for k in range(len(position)):
            sums_out[row, position[k]] += values[row, k]
