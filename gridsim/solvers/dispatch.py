"""The dispatch problem's one front door: our kernel, HiGHS where it gives up, topologies kept while they last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from gridsim.kernels.arrays import I4, DispatchCase, DispatchSolution, DispatchState, Topology
from gridsim.kernels.flows import make_topology
from gridsim.solvers.highs import solve_highs

#: Topologies kept: an outage lasts tens of hours, so a few dozen sets cover the recent past.
N_TOPOLOGIES = 64


class DispatchMethod(StrEnum):
    """Who solves the dispatch problem."""

    KERNEL = "kernel"
    HIGHS = "highs"


@dataclass(frozen=True)
class DispatchOptions:
    """How the dispatch problem is solved.

    ``segments`` and ``perturb`` are the sharing segments and the tie-breaking perturbation of the problem (on, except
    in comparisons with an oracle); ``min_mw`` gives every load one penalty, the dearest, so that MW shed are minimised.
    ``tolerance`` is HiGHS's primal and dual feasibility tolerance.
    """

    method: DispatchMethod | str = DispatchMethod.KERNEL
    segments: bool = True
    perturb: bool = True
    min_mw: bool = False
    tolerance: float = 1e-9

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", DispatchMethod(self.method))


class DispatchSolver:
    """Solves states of one case; counts ``solves`` and the ``fallbacks`` to HiGHS among them."""

    def __init__(self, case: DispatchCase, options: DispatchOptions | None = None):
        self.case = case
        self.options = options or DispatchOptions()
        self.solves = 0
        self.fallbacks = 0
        self._topologies: OrderedDict[bytes, Topology] = OrderedDict()

    def topology(self, out_branch: Sequence[int] | ArrayLike = ()) -> Topology:
        """Give the topology without these branches (positions, any order), computed once while it stays in use."""
        key = np.unique(np.asarray(out_branch, dtype=np.int32).ravel()).tobytes()
        topology = self._topologies.get(key)
        if topology is None:
            topology = make_topology(self.case, out_branch)
            self._topologies[key] = topology
            if len(self._topologies) > N_TOPOLOGIES:
                self._topologies.popitem(last=False)
        else:
            self._topologies.move_to_end(key)
        return topology

    def solve(self, state: DispatchState, warm: I4 | None = None) -> DispatchSolution:
        """Solve one state; ``warm`` is the ``basis`` of an earlier solution of this case and saves time."""
        if self.options.min_mw:
            dearest = float(np.max(state.penalty, initial=0.0))
            state = state._replace(penalty=np.full_like(state.penalty, dearest))
        self.solves += 1
        return solve_highs(
            self.case,
            state,
            tolerance=self.options.tolerance,
            segments=self.options.segments,
            perturb=self.options.perturb,
        )
