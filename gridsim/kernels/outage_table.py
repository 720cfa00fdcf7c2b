"""Outages of one sample year as a table that grows with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.availability import OutageModel, draw_outages
from gridsim.kernels.jit import jit, out_of_line, piece
from gridsim.kernels.rng import Counter


class OutageTable(NamedTuple):
    """Intervals of whole hours, rows in no order of time; rows beyond the number drawn are not of this year.

    component : (capacity,) i4;  first, end : (capacity,) i4, hours first .. end - 1;  lost : (capacity,) f8, share out
    batch : (4, n_blocks) f8 scratch of the draws
    """

    component: I4
    first: I4
    end: I4
    lost: F8
    batch: F8


@jit
def new_outage_table(n_blocks: int, capacity: int) -> OutageTable:
    """Room for ``capacity`` intervals of components that draw in ``n_blocks`` blocks."""
    return OutageTable(
        component=np.empty(capacity, dtype=np.int32),
        first=np.empty(capacity, dtype=np.int32),
        end=np.empty(capacity, dtype=np.int32),
        lost=np.empty(capacity),
        batch=np.empty((4, n_blocks)),
    )


@piece
def try_year(model: OutageModel, seed: Counter, sample: Counter, n_hours: int, table: OutageTable) -> int:
    """Draw a year's outages into ``table``; returns their number, -1 if they are too many for it.

    Draws are a function of counters, so a second attempt starts with the same intervals.
    """
    out_of_line()
    return draw_outages(
        model,
        seed,
        sample,
        n_hours,
        batch=table.batch,
        component_out=table.component,
        first_out=table.first,
        end_out=table.end,
        lost_out=table.lost,
    )


@jit
def draw_year(
    model: OutageModel, seed: Counter, sample: Counter, n_hours: int, table: OutageTable
) -> tuple[OutageTable, int]:
    """Draw a year's outages into ``table`` or, if they are too many, a larger one; return it and their number."""
    while True:
        n = try_year(model, seed, sample, n_hours, table)
        if n >= 0:
            return table, n
        table = new_outage_table(model.batch_block.shape[0], 2 * table.first.size)
