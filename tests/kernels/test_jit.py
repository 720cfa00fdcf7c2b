"""Kinds of kernels: pieces without an entry for Python, bare ones without reference counts."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.errors import TypingError

from gridsim.kernels.jit import bare, jit, piece

F8 = npt.NDArray[np.float64]


@piece
def doubled_sum(values: F8) -> float:
    return 2.0 * values.sum()


@jit
def one_more(values: F8) -> float:
    return doubled_sum(values) + 1.0


@bare
def scale(values: F8, factor: float, out: F8) -> int:
    for k in range(values.size):
        out[k] = factor * values[k]
    return values.size


@bare
def makes_an_array(n: int) -> float:
    return float(np.ones(n).sum())


def test_piece_serves_kernels_and_refuses_python() -> None:
    assert one_more(np.ones(3)) == 7.0
    with pytest.raises(TypeError, match="doubled_sum is a piece of other kernels"):
        doubled_sum(np.ones(3))


def test_bare_kernel_keeps_the_counts_of_its_arrays() -> None:
    values, out = np.ones(3), np.zeros(3)
    before = sys.getrefcount(values), sys.getrefcount(out)
    for _ in range(3):
        assert scale(values, 2.0, out) == 3
    assert (sys.getrefcount(values), sys.getrefcount(out)) == before
    assert out.tolist() == [2.0, 2.0, 2.0]


def test_bare_kernel_that_makes_an_array_is_refused() -> None:
    with pytest.raises(TypingError):
        makes_an_array(3)
