"""Streaming statistics: moments by block and histograms, in memory that does not grow with the number of samples.

Order is fixed: a block's moments are computed over its samples in order and merged into the running moments in block
order; histograms add sample after sample. So the result depends on neither workers nor job sizes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

# Histograms have bins of equal ratio that also keep the sum of what fell into them, so a bin's value is the mean of its
# content: exact for distributions whose atoms lie more than 1 % apart, to half a percent otherwise.
BIN_LOW = 1e-7
BIN_RATIO_LOG = 0.01
N_BINS = 4096  # up to 6e10


@jit
def bin_of(value: float) -> int:
    """Bin of a positive value."""
    position: int = max(0, min(N_BINS - 1, math.floor(math.log(value / BIN_LOW) / BIN_RATIO_LOG)))
    return position


@jit
def fold_moments(
    total: F8, block_size: int, n_before: int, mean_out: F8, moment_out: F8, any_out: I8, largest_out: F8
) -> None:
    """Merge blocks one after the other into the running moments (Chan, Golub and LeVeque 1983, pairwise update).

    total : (n_samples, n_scopes, n_columns) f8, whole blocks of ``block_size`` (the last may be shorter)
    mean_out : (n_scopes, n_columns);  moment_out : (n_scopes, n_columns, n_columns), sums of products about the mean
    any_out : (n_scopes,) i8, samples with column 0 above zero;  largest_out : (n_scopes, n_columns)
    """
    n_samples, n_scopes, n_columns = total.shape
    block_mean = np.empty(n_columns)
    gap = np.empty(n_columns)
    deviation = np.empty(n_columns)
    n_folded = n_before
    for start in range(0, n_samples, block_size):
        stop = min(start + block_size, n_samples)
        n_block = stop - start
        n_after = n_folded + n_block
        weight = n_folded * n_block / n_after
        for scope in range(n_scopes):
            block_mean[:] = 0.0
            for s in range(start, stop):
                if total[s, scope, 0] > 0.0:
                    any_out[scope] += 1
                for column in range(n_columns):
                    block_mean[column] += total[s, scope, column]
                    largest_out[scope, column] = max(largest_out[scope, column], total[s, scope, column])
            for column in range(n_columns):
                block_mean[column] /= n_block
                gap[column] = block_mean[column] - mean_out[scope, column]
            for s in range(start, stop):
                for column in range(n_columns):
                    deviation[column] = total[s, scope, column] - block_mean[column]
                for i in range(n_columns):
                    for j in range(n_columns):
                        moment_out[scope, i, j] += deviation[i] * deviation[j]
            for i in range(n_columns):
                for j in range(n_columns):
                    moment_out[scope, i, j] += gap[i] * gap[j] * weight
                mean_out[scope, i] += gap[i] * n_block / n_after
        n_folded = n_after


@jit
def worst_windows(day: F8, length: int, n_days: int, window_out: F8) -> int:
    """The window of ``length`` days with the most energy of each sample; of equal ones the earliest.

    day : (n_rows, 3) f8, sample, day of the horizon and energy, ascending;  window_out : (n_rows, 3) f8, sample, first
    day and energy. Returns the number of windows.
    """
    n_rows = day.shape[0]
    n = 0
    first = 0
    while first < n_rows:
        sample = day[first, 0]
        # starts at short days suffice: any other window moves later, to its first short day, and loses nothing
        best, best_start = -1.0, 0.0
        row = first
        while row < n_rows and day[row, 0] == sample:
            start = max(min(day[row, 1], n_days - length), 0.0)
            energy = 0.0
            k = row
            # a start held back by the horizon's end lies before this row's day: earlier rows may count too
            while k > first and day[k - 1, 1] >= start:
                k -= 1
            while k < n_rows and day[k, 0] == sample and day[k, 1] < start + length:
                energy += day[k, 2]
                k += 1
            if energy > best:
                best, best_start = energy, start
            row += 1
        window_out[n, 0], window_out[n, 1], window_out[n, 2] = sample, best_start, best
        n += 1
        first = row
    return n


@jit
def fold_histogram(scope: I8, value: F8, count_out: I8, sum_out: F8) -> None:
    """Add positive values one after the other; zeros are left to the caller's count.

    scope, value : (n,);  count_out, sum_out : (n_scopes, N_BINS)
    """
    for i in range(value.shape[0]):
        if value[i] > 0.0:
            position = bin_of(value[i])
            count_out[scope[i], position] += 1
            sum_out[scope[i], position] += value[i]


@jit
def fold_event_hours(start: I8, duration: I8, cell: I8, count_out: I8) -> None:
    """Count the hours of events by cell of a calendar: ``cell`` (n_hours,), ``count_out`` (n_cells,)."""
    for i in range(start.shape[0]):
        for hour in range(start[i], start[i] + duration[i]):
            count_out[cell[hour]] += 1
