"""Flows right after an outage per MW injected before it, row by row on demand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import DispatchCase, Topology
from gridsim.model.table import B1, F8
from gridsim.solvers.participation import bus_sum


class LostBranch(NamedTuple):
    """A branch that leaves its island whole; ``moved`` (n_rows,) MW on each row per MW that it carried before."""

    branch: int
    moved: F8


class AfterOutage(NamedTuple):
    """Rows (branches, then sections) after an outage, the participants' answer to any imbalance included.

    topology : PTDF of the network before, or after the outage if ``lost`` is None
    share : (n_rows, n_islands) flow per MW of imbalance that the participants of an island take
    live : (n_islands,) bool;  nothing flows for what is injected in a dead island
    """

    topology: Topology
    share: F8
    live: B1
    lost: LostBranch | None

    def rows(self, some: NDArray[np.int64]) -> F8:
        """PTDF of some rows, (n, n_buses)."""
        found = self._before(some)
        if self.lost is not None:
            found += self.lost.moved[some, None] * self._before(np.array([self.lost.branch]))
        return found

    def _before(self, some: NDArray[np.int64]) -> F8:
        island = self.topology.island
        return np.where(self.live[island], self.topology.row_ptdf[some] - self.share[some][:, island], 0.0)

    def flows_mw(self, injection_mw: F8) -> F8:
        """(n_rows,) for injections (n_buses,) before the outage."""
        island = self.topology.island
        live = np.where(self.live[island], injection_mw, 0.0)
        flow: F8 = self.topology.row_ptdf @ live - self.share @ bus_sum(island, live, len(self.live))
        return flow if self.lost is None else flow + self.lost.moved * flow[self.lost.branch]


def lost_branch(case: DispatchCase, topology: Topology, branch: int) -> LostBranch:
    """The LODF of a branch, for sections too; its own row becomes 0."""
    ptdf = topology.row_ptdf
    difference = ptdf[:, case.branch_from[branch]] - ptdf[:, case.branch_to[branch]]
    moved = difference / (1.0 - difference[branch])
    own = -1.0 - moved[branch]
    moved[branch] = -1.0
    members = np.flatnonzero(case.interface_branch == branch)
    section = np.searchsorted(case.interface_start, members, side="right") - 1
    np.add.at(moved, len(case.branch_from) + section, case.interface_sign[members] * own)
    return LostBranch(branch, moved)
