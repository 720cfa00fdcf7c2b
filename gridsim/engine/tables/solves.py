"""Table ``solves``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gridsim.engine.interval import Interval
from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns, loading_percent
from gridsim.model.pack import LEAST_SHEDDING, Packed
from gridsim.model.table import F8
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.dispatch import DispatchSolver

_SAME = 1e-9  # of a price


class Solves(ResultTable):
    """Solution of each interval: dispatch, loss share, AC power flow."""

    columns = interval_columns(
        ("dispatch_status", "i4", "0: optimal"),
        ("dispatch_cost", "f8", "generation cost, USD/h"),
        ("loss_share", "f8", "loss allowance used"),
        ("dispatch_engine", "str", "kernel or highs"),
        ("forgone_mw", "f8", "unserved power that redispatch of less effect than policy.least_effect would have saved"),
        ("ac_status", "str", "ok, not_converged or off"),
        ("ac_rung", "str", "how it was solved: warm, flat, dc_start, relaxed_q, dc_only"),
        ("ac_reason", "str", "why it was not"),
        ("ac_losses_mw", "f8", "AC losses; null if not converged"),
        ("vm_min_pu", "f8", "lowest voltage"),
        ("vm_max_pu", "f8", "highest voltage"),
        ("max_loading_percent", "f8", "highest AC loading"),
    )

    def __init__(self, packed: Packed):
        super().__init__(packed)
        self._solver: DispatchSolver | None = None
        self._last_priced: tuple[F8, Any, F8] | None = None

    def rows(self, batch: Batch) -> Rows:
        """One row per interval."""
        net_mw = batch.of(lambda i: i.dispatch.solution.p_mw) - batch.of(lambda i: i.dispatch.solution.spill_mw)
        acs = [interval.ac for interval in batch.intervals]
        return batch.at(
            np.arange(batch.n),
            dispatch_status=batch.of(lambda i: np.int32(i.dispatch.solution.status)),
            dispatch_cost=(net_mw * self.packed.cost).sum(axis=1) + self.packed.block_cost(net_mw),
            loss_share=batch.of(lambda i: i.dispatch.loss_share),
            # HiGHS leaves no basis for the kernel to start from.
            dispatch_engine=batch.of(lambda i: "highs" if len(i.dispatch.solution.basis) == 0 else "kernel"),
            forgone_mw=self._forgone_mw(batch),
            ac_status=np.array(["off" if ac is None else ("ok" if ac.converged else "not_converged") for ac in acs]),
            ac_rung=np.array(["" if ac is None else ac.rung for ac in acs], dtype=np.str_),
            ac_reason=np.array(["" if ac is None else ac.reason for ac in acs], dtype=np.str_),
            ac_losses_mw=batch.ac(lambda ac, _: ac.losses_mw, np.nan),
            vm_min_pu=_over(np.fmin, batch, lambda ac, _: ac.vm_pu),
            vm_max_pu=_over(np.fmax, batch, lambda ac, _: ac.vm_pu),
            max_loading_percent=_over(np.fmax, batch, lambda ac, i: loading_percent(self.system, ac, i)),
        )

    def _forgone_mw(self, batch: Batch) -> F8:
        """(n,) unserved power beyond that of least shedding, at the bus."""
        found = np.zeros(batch.n)
        if self.packed.ladder != LEAST_SHEDDING:
            shed_mw = batch.of(lambda i: i.dispatch.solution.shed_mw.sum())
            for row in np.flatnonzero(shed_mw > SHORTFALL_TOLERANCE_MW).tolist():
                found[row] = self._forgone_of(batch.intervals[row])
        return found

    def _forgone_of(self, interval: Interval) -> float:
        dispatch = interval.dispatch
        inside, dearer = self._priced_dearer(dispatch.state.penalty)
        cut_mw = float(dispatch.solution.shed_mw[inside].sum())
        if cut_mw <= SHORTFALL_TOLERANCE_MW:
            return 0.0
        if self._solver is None:
            self._solver = DispatchSolver(self.packed.case)
        least = self._solver.solve(dispatch.state._replace(penalty=dearer))
        saved_mw = cut_mw - float(least.shed_mw[inside].sum())
        return max(saved_mw, 0.0) / (1.0 + dispatch.loss_share)

    def _priced_dearer(self, penalty: F8) -> tuple[Any, F8]:
        """Unserved energy among (n_buses, n_tiers), and the prices at which least of it is shed; kept while they last.

        A policy that orders classes anew has tiers of its own; what a neighbour lacks is not unserved energy.
        """
        last = self._last_priced
        if last is None or last[0] is not penalty:
            ladder = self.packed.ladder
            firm = penalty.max(axis=0) >= (1.0 - _SAME) * ladder.first * self.packed.dearest_supply
            dearer = penalty * np.where(firm, LEAST_SHEDDING.first / ladder.first, 1.0)
            dearer.setflags(write=False)
            self._last_priced = last = penalty, np.ix_(self.system.buses.zone >= 0, firm), dearer
        return last[1], last[2]


def _over(reduce: np.ufunc, batch: Batch, values: Callable[[AcSolution, Interval], F8]) -> F8:
    """(n,) ``reduce`` over an array of each AC solution, unknown values left out; NaN if none is known."""
    found = np.full(batch.n, np.nan)
    solved = [(row, i.ac, i) for row, i in enumerate(batch.intervals) if i.ac is not None and i.ac.converged]
    if solved:
        rows, each = [row for row, *_ in solved], np.array([values(ac, i) for _, ac, i in solved])
        found[rows] = reduce.reduce(each, axis=1, initial=np.nan)
    return found


TABLE = Solves
