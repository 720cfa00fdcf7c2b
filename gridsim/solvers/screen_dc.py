"""DC answers of a screening: flows and shortages after every outage, from the PTDF of the state before it.

Losses stand at the loads, and what lacks in an island is taken by its participants (``screen_balanced``). A branch that
leaves its island whole moves its own flow by the LODF; one that splits the island (a bridge) leaves the PTDF as it is,
since with both parts balanced it carries nothing. Only outages of several branches, and a branch whose LODF would lose
digits, have a topology of their own. Phase shifters add what their shifts drive (``turned_mw``) in every live part: a
branch moves all that it carried, its own shift's part too, and a bridge's shift drives nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import DispatchCase, Topology
from gridsim.kernels.flows import make_topology, turned_mw
from gridsim.model.table import B1, F8
from gridsim.solvers.participation import sources
from gridsim.solvers.screen_balance import Balance
from gridsim.solvers.screen_balanced import balanced
from gridsim.solvers.screen_states import States

#: Below this 1 - M of a branch its LODF is not used: it is a bridge, or nearly one.
SMALL_PIVOT = 1e-4
#: Outages answered in one product, so that what is held beside the answers stays small.
_TOGETHER = 256


class DcScreening:
    """Flows (n, n_branches) and MW short (n,) of each state of a screening; rows as in ``States``."""

    def __init__(self, case: DispatchCase, states: States, balance: Balance):
        self.case, self.states, self.balance = case, states, balance
        topology = make_topology(case, states.point.branch_out, transposed=False)
        self._ptdf = topology.row_ptdf[: states.intact.n_branches]
        n = len(states)
        self.flow_mw = np.empty((n, states.intact.n_branches))
        self.short_mw = np.empty(n)
        self._intact_injection_mw, self.short_mw[0] = self._balance(0)
        self._turned_mw = turned_mw(case, topology)[: states.intact.n_branches]
        self._turns = bool(case.branch_turn_mw.any())
        self.flow_mw[0] = self._ptdf @ self._intact_injection_mw
        self._turn(0, self._turned_mw)
        branch = np.array([states.branch(row) for row in range(n)], dtype=np.int64)
        whole = (branch >= 0) & ~states.splits
        whole[whole] = self._pivot(branch[whole]) > SMALL_PIVOT
        self._by_lodf(np.flatnonzero(whole), branch[whole])
        alone: list[int] = []
        shared: list[int] = []
        for row in np.flatnonzero(~whole)[1:].tolist():
            lost = states.lost[row].branches
            (shared if not lost.size or (lost.size == 1 and states.splits[row]) else alone).append(row)
        self._by_injection(np.array(shared, dtype=np.int64))
        self._anew(alone)

    def _balance(self, row: int) -> tuple[F8, float]:
        """Injections (n_buses,) with every live island balanced, and the MW that lack for it."""
        states, balance = self.states, self.balance
        state, left, island = states.point_of(row), states.system_of(row), states.island[row]
        have = sources(left, state, island)
        injection = balanced(left, state, island, balance.loss_scale, have).injection_mw
        return injection, balance.short_mw(row, have, balance.missing_mw(row, have))

    def _turn(self, row: int, turned: F8) -> None:
        """Add to the flows of a row what the shifts drive, ``turned`` (n_branches,), nothing in its dark parts."""
        if self._turns:
            dark: B1 = self.states.dark[row][self.case.branch_from]
            self.flow_mw[row] += np.where(dark, 0.0, turned)

    def _pivot(self, branch: NDArray[np.int64]) -> F8:
        start, end = self.case.branch_from[branch], self.case.branch_to[branch]
        pivot: F8 = 1.0 - self._ptdf[branch, start] + self._ptdf[branch, end]
        return pivot

    def _by_lodf(self, rows: NDArray[np.int64], branch: NDArray[np.int64]) -> None:
        """Branches that leave their island whole: injections, hence what lacks, are those of the intact state."""
        flow, pivot = self.flow_mw[0], self._pivot(branch)
        self.short_mw[rows] = self.short_mw[0]
        for k in range(0, len(rows), _TOGETHER):
            some, out = rows[k : k + _TOGETHER], branch[k : k + _TOGETHER]
            moved = self._ptdf[:, self.case.branch_from[out]] - self._ptdf[:, self.case.branch_to[out]]
            moved *= flow[out] / pivot[k : k + _TOGETHER]
            self.flow_mw[some] = flow + moved.T
            self.flow_mw[some, out] = 0.0

    def _by_injection(self, rows: NDArray[np.int64]) -> None:
        """Machines, borders, stores and bridges: other injections on the same PTDF."""
        for k in range(0, len(rows), _TOGETHER):
            some = rows[k : k + _TOGETHER]
            injection = np.empty((len(some), len(self.states.intact.buses)))
            for place, row in enumerate(some.tolist()):
                injection[place], self.short_mw[row] = self._balance(row)
            self.flow_mw[some] = injection @ self._ptdf.T
            for row in some.tolist():
                self._turn(row, self._turned_mw)
                self.flow_mw[row, self.states.lost[row].branches] = 0.0

    def _anew(self, rows: list[int]) -> None:
        known: dict[bytes, Topology] = {}
        for row in rows:
            out = self.states.branch_out(row)
            key = out.tobytes()
            if key not in known:
                known = {key: make_topology(self.case, out, transposed=False)}  # rows of one topology follow each other
            injection, self.short_mw[row] = self._balance(row)
            self.flow_mw[row] = known[key].row_ptdf[: self.states.intact.n_branches] @ injection
            if self._turns:
                self._turn(row, turned_mw(self.case, known[key])[: self.states.intact.n_branches])
