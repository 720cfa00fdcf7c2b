"""Withdrawals that no dispatch changes, such as losses of shunts, stated as load dearer than any other."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, DispatchCase, DispatchSolution, DispatchState

#: Price of giving a loss up, in units of the dearest load: it goes only with all load of its part.
_DEARER = 1.25


class ConstantLosses:
    """States of a case with its ``bus_loss_mw``: a class of load more, and a supply at each bus that gives instead.

    ``case`` is the one in which the states with them are solved.
    """

    def __init__(self, case: DispatchCase):
        loss = np.zeros(case.n_buses)
        loss[: case.bus_loss_mw.size] = case.bus_loss_mw
        self._lost_mw = np.maximum(loss, 0.0)
        giving = np.flatnonzero(loss < 0.0)
        self._giving, self._given_mw = giving, -loss[giving]
        self._n_gens = case.gen_bus.size
        self.case = case._replace(gen_bus=np.concatenate([case.gen_bus, giving]).astype(np.int32))

    def with_them(self, state: DispatchState) -> DispatchState:
        """The state with the losses."""
        dearest, spill = np.max(state.penalty, initial=0.0), np.max(state.spill_cost, initial=0.0)
        penalty = np.full(len(self._lost_mw), _DEARER * dearest)
        return state._replace(
            lo_mw=np.concatenate([state.lo_mw, self._given_mw]),
            hi_mw=np.concatenate([state.hi_mw, self._given_mw]),
            cost=np.concatenate([state.cost, np.zeros(len(self._giving))]),
            spill_cost=np.concatenate([state.spill_cost, np.full(len(self._giving), spill)]),
            demand_mw=np.column_stack([state.demand_mw, self._lost_mw]),
            penalty=np.column_stack([state.penalty, penalty]),
        )

    def without(self, solution: DispatchSolution, state: DispatchState) -> DispatchSolution:
        """The solution of :meth:`with_them` in the columns of ``state``; its cost is that of these alone."""
        n = self._n_gens
        bus_loss: F8 = self._lost_mw - solution.shed_mw[:, -1]
        bus_loss[self._giving] -= solution.p_mw[n:] - solution.spill_mw[n:]
        p, spill, shed = solution.p_mw[:n], solution.spill_mw[:n], solution.shed_mw[:, :-1].copy()
        cost = float(state.cost @ p + state.spill_cost @ spill + np.sum(state.penalty * shed))
        return solution._replace(p_mw=p, spill_mw=spill, shed_mw=shed, cost=cost, bus_loss_mw=bus_loss)
