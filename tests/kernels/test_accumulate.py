"""Moments, histograms and event hours by hand."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.accumulate import N_BINS, bin_of, fold_event_hours, fold_histogram, fold_moments


def test_tiny_moments_are_those_of_all_samples_together() -> None:
    """Blocks of two of the values 1, 0, 4, 0, 5: mean 2, squares about it 1 + 4 + 4 + 4 + 9 = 22; 3 are above 0."""
    total = np.array([1.0, 0.0, 4.0, 0.0, 5.0])[:, None, None] * np.array([1.0, 10.0])
    mean, moment = np.zeros((1, 2)), np.zeros((1, 2, 2))
    n_any, largest = np.zeros(1, dtype=np.int64), np.zeros((1, 2))
    fold_moments(total[:4], 2, 0, mean, moment, n_any, largest)
    fold_moments(total[4:], 2, 4, mean, moment, n_any, largest)
    np.testing.assert_allclose(mean, [[2.0, 20.0]])
    np.testing.assert_allclose(moment, [[[22.0, 220.0], [220.0, 2200.0]]])
    assert (n_any.tolist(), largest.tolist()) == ([3], [[5.0, 50.0]])


def test_tiny_histogram_keeps_sums_and_leaves_zeros_out() -> None:
    count, total = np.zeros((2, N_BINS), dtype=np.int64), np.zeros((2, N_BINS))
    fold_histogram(np.array([0, 1, 0, 0]), np.array([3.0, 7.0, 0.0, 3.0]), count, total)
    assert (count[0, bin_of(3.0)], total[0, bin_of(3.0)]) == (2, 6.0)
    assert (count.sum(), count[1, bin_of(7.0)]) == (3, 1)
    assert bin_of(1e-12) == 0
    assert bin_of(1e300) == N_BINS - 1


def test_tiny_event_hours_fall_into_the_cells_of_their_hours() -> None:
    """Hours 1, 2, 3 and 3, 4 of a calendar of two cells, even and odd hours."""
    count = np.zeros(2, dtype=np.int64)
    fold_event_hours(np.array([1, 3]), np.array([3, 2]), np.arange(6) % 2, count)
    assert count.tolist() == [2, 3]
