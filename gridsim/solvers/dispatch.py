"""The dispatch problem's one front door: our kernel, HiGHS where it gives up, topologies kept while they last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridsim.kernels.arrays import F8, I4, DispatchCase, DispatchSolution, DispatchState, Topology
from gridsim.kernels.by_reference import hold
from gridsim.kernels.dispatch import N_BASIS, ONLY, OPTIMAL, PIVOTS, Workspace, make_workspace, solve_dispatch
from gridsim.kernels.dispatch_order import MeritOrder, make_merit_order
from gridsim.kernels.flows import make_topology, turned_mw, widened_limits
from gridsim.solvers.constant_losses import ConstantLosses
from gridsim.solvers.cost_blocks import CostBlocks
from gridsim.solvers.highs import solve_highs

#: Topologies kept: an outage lasts tens of hours, so a few dozen sets cover the recent past.
N_TOPOLOGIES = 64
#: Shedding or store movement above which a warm-started answer is counted, hence solved again from the merit order.
COUNTED_MW = 1e-4


class DispatchMethod(StrEnum):
    """Solvers of the dispatch problem."""

    KERNEL = "kernel"
    HIGHS = "highs"


@dataclass(frozen=True)
class DispatchOptions:
    """Options of the dispatch problem.

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
        self._workspaces: dict[int, Workspace] = {}
        self._order: MeritOrder | None = None
        self._given: tuple[F8, F8, F8] | None = None  # cost, spill cost and penalty of the merit order, as given
        self._prices: tuple[F8, F8, F8]  # its own copies of them
        self._turns = bool(case.branch_turn_mw.any())
        self._blocks = CostBlocks(case) if case.block_gen.size else None
        self._inner = case if self._blocks is None else self._blocks.case
        self._losses = ConstantLosses(self._inner) if case.bus_loss_mw.any() else None
        self._inner = self._inner if self._losses is None else self._losses.case
        self._load_exists: NDArray[np.bool_] | None = None
        self._warm = np.zeros(2 * (case.n_buses + 1), dtype=np.int32)

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

    def solve(
        self, state: DispatchState, warm: I4 | None = None, *, stores: Sequence[int] | ArrayLike = ()
    ) -> DispatchSolution:
        """Solve one state; ``warm`` is the ``basis`` of an earlier solution of this case and saves time.

        A state that sheds more than COUNTED_MW, or moves one of the supply columns ``stores`` by more, is solved again
        from the merit order unless its answer is proved to be the only one (``is_only_basis``), so that what is counted
        is a function of the state and not of the way to it.
        """
        if self.options.min_mw:
            dearest = float(np.max(state.penalty, initial=0.0))
            state = state._replace(penalty=np.full_like(state.penalty, dearest))
        if self._blocks is not None:
            return self._blocks.without(self._solve_with_losses(self._blocks.with_them(state), warm, stores), state)
        return self._solve_with_losses(state, warm, stores)

    def _solve_with_losses(
        self, state: DispatchState, warm: I4 | None, stores: Sequence[int] | ArrayLike
    ) -> DispatchSolution:
        if self._losses is not None:
            return self._losses.without(self._solve(self._losses.with_them(state), warm, stores), state)
        return self._solve(state, warm, stores)

    def _solve(self, state: DispatchState, warm: I4 | None, stores: Sequence[int] | ArrayLike) -> DispatchSolution:
        self.solves += 1
        if self._turns:
            turned = turned_mw(self.case, state.topology)
            row_lo, row_hi = widened_limits(turned, state.row_lo_mw, state.row_hi_mw)
            state = state._replace(row_lo_mw=row_lo, row_hi_mw=row_hi)
        if self.options.method == DispatchMethod.KERNEL:
            solution = self._solve_kernel(state, warm)
            if warm is not None and solution.status == OPTIMAL and not self._is_only(state):
                moved = np.abs(solution.p_mw[np.asarray(stores, dtype=np.int64)])
                if solution.shed_mw.sum() > COUNTED_MW or np.any(moved > COUNTED_MW):
                    solution = self._solve_kernel(state, None)
            if solution.status == OPTIMAL:
                return solution
            self.fallbacks += 1
        return solve_highs(
            self._inner,
            state,
            tolerance=self.options.tolerance,
            segments=self.options.segments,
            perturb=self.options.perturb,
        )

    def _solve_kernel(self, state: DispatchState, warm: I4 | None) -> DispatchSolution:
        order = self.merit_order(state)
        n_warm = 0
        if warm is not None and warm.size <= self._warm.size:
            n_warm = warm.size
            self._warm[:n_warm] = warm
        ws = self._workspace(state.demand_mw.shape[1])
        cost, spill_cost, penalty = self._prices
        row_lo_mw, row_hi_mw = state.row_lo_mw, state.row_hi_mw
        # the kernel knows no shifts: its flows and limits are less what they drive
        turned = turned_mw(self.case, state.topology) if self._turns else None
        if turned is not None:
            row_lo_mw, row_hi_mw = row_lo_mw - turned, row_hi_mw - turned
        status = solve_dispatch(
            topology=state.topology,
            gen_bus=self._inner.gen_bus,
            lo_mw=_plain(state.lo_mw),
            hi_mw=_plain(state.hi_mw),
            cost=cost,
            spill_cost=spill_cost,
            demand_mw=_plain(state.demand_mw),
            penalty=penalty,
            row_lo_mw=_plain(row_lo_mw),
            row_hi_mw=_plain(row_hi_mw),
            order=order,
            ws=ws,
            warm_basis=self._warm,
            n_warm=n_warm,
        )
        return DispatchSolution(
            p_mw=ws.p_mw.copy(),
            spill_mw=ws.spill_mw.copy(),
            shed_mw=ws.shed_mw.copy(),
            flow_mw=ws.flow_mw.copy() if turned is None else ws.flow_mw + turned,
            row_price=ws.row_price.copy(),
            price=ws.price.copy(),
            cost=float(ws.cost[0]),
            status=int(status),
            pivots=int(ws.info[PIVOTS]),
            basis=ws.basis[: ws.info[N_BASIS]].copy(),
            bus_loss_mw=np.zeros(self.case.n_buses),
        )

    def _is_only(self, state: DispatchState) -> bool:
        """True if the last answer of the kernel, from a warm start, is the one that the merit order leads to."""
        return bool(self._workspace(state.demand_mw.shape[1]).info[ONLY])

    def merit_order(self, state: DispatchState) -> MeritOrder:
        """Give the merit order at the state's prices, kept while prices and the places of load stay the same."""
        exists = state.demand_mw > 0.0
        known = self._load_exists
        if known is None or known.shape != exists.shape:
            self._order, known = None, exists
        elif np.any(exists & ~known):
            self._order, known = None, known | exists
        self._load_exists = known
        given = state.cost, state.spill_cost, state.penalty
        if self._order is not None and self._same_prices(given):
            return self._order
        self._given = given
        cost, spill_cost, penalty = (np.array(values, dtype=np.float64, order="C") for values in given)
        self._prices = cost, spill_cost, penalty
        order = make_merit_order(
            self._inner.n_buses,
            self._inner.gen_bus,
            *self._prices,
            segments=self.options.segments,
            perturb=self.options.perturb,
            load_exists=self._load_exists,
        )
        self._order = hold(order)
        return self._order

    def _same_prices(self, given: tuple[F8, F8, F8]) -> bool:
        """Whether these are the prices of the merit order; arrays that nobody can write to are known by themselves."""
        assert self._given is not None
        for new, old, copied in zip(given, self._given, self._prices, strict=True):
            known = new is old and new.base is None and not new.flags.writeable
            if not known and not np.array_equal(new, copied):
                return False
        return True

    def _workspace(self, n_classes: int) -> Workspace:
        ws = self._workspaces.get(n_classes)
        if ws is None:
            ws = make_workspace(self.case.n_buses, self._inner.gen_bus.size, n_classes, self.case.row_ptdf.shape[0])
            ws = self._workspaces[n_classes] = hold(ws)
        return ws


def _plain(array: F8) -> F8:
    """Give the array as the one kind that the kernel is compiled for: contiguous, writable float64."""
    if array.flags.carray and array.dtype == np.float64:
        return array
    return np.require(array, np.float64, ["C", "W"])
