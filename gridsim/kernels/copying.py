"""Copies between arrays of one length: an assignment to a slice compiles the text of its error message too."""

from __future__ import annotations

from gridsim.kernels.arrays import F8
from gridsim.kernels.jit import piece


@piece
def copy_into(values: F8, values_out: F8) -> None:
    """Copy ``values`` (n,) to ``values_out`` (n,)."""
    for k in range(values_out.size):
        values_out[k] = values[k]
