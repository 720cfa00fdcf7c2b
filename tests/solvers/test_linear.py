"""A kept linear program: right by hand, silent, and its answers do not depend on what was asked before."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array

from gridsim.solvers.linear import LinearProgram, sparse_columns


def two_sources() -> LinearProgram:
    """x0 + x1 + x2 = right."""
    return LinearProgram(sparse_columns(np.zeros(3, dtype=np.int32), np.arange(3, dtype=np.int32), np.ones(3), (1, 3)))


def test_the_cheapest_source_gives_first_and_the_rest_is_cut() -> None:
    cost, upper = np.array([1.0, 2.0, 50.0]), np.array([4.0, 3.0, 100.0])
    # 10 asked: 4 of the first, 3 of the second, 3 are cut.
    np.testing.assert_allclose(two_sources().solve(cost, upper, np.array([10.0])), [4.0, 3.0, 3.0])


def test_among_equally_good_answers_the_past_does_not_choose() -> None:
    rng = np.random.default_rng(1)
    kept, upper, equal = two_sources(), np.full(3, 5.0), np.ones(3)
    fresh = two_sources().solve(equal, upper, np.array([6.0]))
    for _ in range(20):
        kept.solve(rng.uniform(0.0, 1.0, 3), rng.uniform(1.0, 9.0, 3), np.array([2.0]))
        np.testing.assert_array_equal(kept.solve(equal, upper, np.array([6.0])), fresh)


def test_what_cannot_be_met_is_an_error() -> None:
    with pytest.raises(AssertionError, match="nfeasible"):
        two_sources().solve(np.ones(3), np.ones(3), np.array([4.0]))


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    two_sources().solve(np.ones(3), np.ones(3), np.array([1.0]))
    assert capfd.readouterr() == ("", "")


def test_columns_of_a_matrix_are_those_of_scipy() -> None:
    rng = np.random.default_rng(2)
    row, column = rng.integers(0, 4, 30), rng.integers(0, 7, 30)  # places twice, and an empty column or two
    value = rng.integers(-3, 4, 30).astype(np.float64)
    found, known = sparse_columns(row, column, value, (4, 9)), coo_array((value, (row, column)), shape=(4, 9)).tocsc()
    known.sort_indices()
    np.testing.assert_array_equal(found.start, known.indptr)
    np.testing.assert_array_equal(found.row, known.indices)
    np.testing.assert_array_equal(found.value, known.data)
