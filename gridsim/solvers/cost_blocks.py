"""Supply columns whose cost rises with their output, dispatched as one column a block."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, I4, DispatchCase, DispatchSolution, DispatchState, block_begin_mw


class CostBlocks:
    """States of a case with blocks of cost, stated in a case without.

    A column's first block stands in its place, the others follow behind all columns. As costs never fall from one block
    to the next, they fill in order by themselves; a bound of the column fills or empties them in that order. Its spill
    is that of the blocks together. ``case`` is the one in which the expanded states are solved.
    """

    def __init__(self, case: DispatchCase):
        gen, width_mw = case.block_gen, case.block_mw
        first = np.ones(len(gen), dtype=bool)
        first[1:] = gen[1:] != gen[:-1]
        last = np.append(first[1:], True)
        self._n_gens = n_gens = case.gen_bus.size
        self._gen: I4 = gen
        self._rise = case.block_rise
        self._column = np.where(first, gen, n_gens + np.cumsum(~first) - 1)
        self._begin_mw = block_begin_mw(gen, width_mw)
        # what a bound has below 0 or beyond the last block is the first one's or the last one's
        self._least_mw = np.where(first, -np.inf, 0.0)
        self._most_mw = np.where(last, np.inf, width_mw)
        self._blocked = gen[first]
        empty = np.zeros(0)
        self.case = case._replace(
            gen_bus=np.concatenate([case.gen_bus, case.gen_bus[gen[~first]]]).astype(np.int32),
            block_gen=np.zeros(0, dtype=np.int32),
            block_mw=empty,
            block_rise=empty,
        )

    def with_them(self, state: DispatchState) -> DispatchState:
        """The state with a column a block."""
        gen = self._gen
        return state._replace(
            lo_mw=self._filled(state.lo_mw),
            hi_mw=self._filled(state.hi_mw),
            cost=self._expanded(state.cost, state.cost[gen] + self._rise),
            spill_cost=self._expanded(state.spill_cost, state.spill_cost[gen]),
        )

    def without(self, solution: DispatchSolution, state: DispatchState) -> DispatchSolution:
        """The solution of :meth:`with_them` in the columns of ``state``."""
        return solution._replace(
            p_mw=self._summed(solution.p_mw, state.lo_mw, state.hi_mw),
            spill_mw=self._summed(solution.spill_mw, np.zeros(self._n_gens), np.maximum(state.lo_mw, 0.0)),
        )

    def _filled(self, bound_mw: F8) -> F8:
        part = np.clip(bound_mw[self._gen] - self._begin_mw, self._least_mw, self._most_mw)
        return self._expanded(bound_mw, part)

    def _expanded(self, by_column: F8, by_block: F8) -> F8:
        more = self.case.gen_bus.size - self._n_gens
        values = np.concatenate([by_column, np.zeros(more)])
        values[self._column] = by_block
        return values

    def _summed(self, by_column: F8, low: F8, high: F8) -> F8:
        """(n_gens,) sums over blocks; what is at a bound but for rounding stands at it."""
        total: F8 = by_column[: self._n_gens].copy()
        at = self._blocked
        total[at] = np.bincount(self._gen, by_column[self._column], self._n_gens)[at]
        close = 1e-12 * np.maximum(np.abs(high), 1.0)
        for bound in (low, high):
            total[at] = np.where(np.abs(total[at] - bound[at]) <= close[at], bound[at], total[at])
        return total
