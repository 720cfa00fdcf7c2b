"""Texts of a column by number: tables have few different ones, each in thousands of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit

U4 = NDArray[np.uint32]
I8 = NDArray[np.int64]
_HASH_START, _HASH_FACTOR, _HASH_BITS = 0x811C9DC5, 0x1000193, 0xFFFFFFFF  # FNV-1a of 32 bits


@jit
def number_texts(letters: U4, number_out: I8) -> I8:
    """Number texts in the order in which they first come; the row at which each does.

    letters : (n, width) code points, 0 behind the end of a text;  number_out : (n,)
    """
    n, width = letters.shape
    size = 16
    while size < 2 * n:
        size *= 2
    slots, first_row = np.full(size, -1, dtype=np.int64), np.empty(n, dtype=np.int64)
    n_different = 0
    for row in range(n):
        key = _HASH_START
        for k in range(width):
            key = ((key ^ int(letters[row, k])) * _HASH_FACTOR) & _HASH_BITS
        slot = key & (size - 1)
        while True:
            number = slots[slot]
            if number < 0:
                number = slots[slot] = n_different
                first_row[number] = row
                n_different += 1
                break
            same = True
            for k in range(width):
                if letters[row, k] != letters[first_row[number], k]:
                    same = False
                    break
            if same:
                break
            slot = (slot + 1) & (size - 1)
        number_out[row] = number
    return first_row[:n_different]
