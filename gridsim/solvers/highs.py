"""The dispatch problem stated for reading and solved by HiGHS: the oracle of our kernel, and its fallback.

Unlike the kernel it knows no PTDF: bus angles, one balance per bus, one row per branch and interface, all present. So
the two share nothing but the input arrays. HiGHS is reached through ``scipy.optimize.linprog`` (Huangfu and Hall,
Parallelizing the dual revised simplex method, Math. Prog. Comp. 10, 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, DispatchCase, DispatchSolution, DispatchState
from gridsim.kernels.dispatch_order import N_SEGMENTS, SEGMENT_STEP, perturbed_costs

if TYPE_CHECKING:
    from scipy import sparse
    from scipy.optimize import OptimizeResult

#: ``status`` of a DispatchSolution that HiGHS did not solve to optimality: this plus linprog's own code.
HIGHS_FAILED = 100


def solve_highs(
    case: DispatchCase,
    state: DispatchState,
    *,
    tolerance: float = 1e-9,
    segments: bool = True,
    perturb: bool = True,
) -> DispatchSolution:
    """Solve one dispatch with every row present.

    ``segments`` and ``perturb`` switch the sharing segments and the tie-breaking perturbation of the problem. Cost and
    prices are those of the plain problem whatever the switches: with one of them on, prices come from a second solve
    without. ``basis`` is empty; ``status`` is 0, or HIGHS_FAILED plus linprog's code (then nothing is injected).
    """
    n_segments = N_SEGMENTS if segments else 1
    result = _linprog(case, state, tolerance, n_segments, perturb)
    dual = _linprog(case, state, tolerance, 1, False) if (segments or perturb) else result
    n_gens, n_rows = case.gen_bus.size, case.row_ptdf.shape[0]
    demand = np.asarray(state.demand_mw, dtype=float)
    if result.status != 0 or dual.status != 0:
        lo = np.asarray(state.lo_mw, dtype=float)
        return DispatchSolution(
            p_mw=lo.copy(),
            spill_mw=np.maximum(lo, 0.0),
            shed_mw=demand.copy(),
            flow_mw=np.zeros(n_rows),
            row_price=np.zeros(n_rows),
            price=np.zeros(case.n_buses),
            cost=float("nan"),
            status=HIGHS_FAILED + int(result.status or dual.status),
            pivots=int(getattr(result, "nit", 0)),
            basis=np.empty(0, dtype=np.int32),
            bus_loss_mw=np.zeros(case.n_buses),
        )
    x = result.x
    p, spill = x[:n_gens], x[n_gens : 2 * n_gens]
    shed = x[2 * n_gens : 2 * n_gens + n_segments * demand.size].reshape(n_segments, *demand.shape).sum(axis=0)
    return DispatchSolution(
        p_mw=p.copy(),
        spill_mw=spill.copy(),
        shed_mw=shed,
        flow_mw=x[x.size - n_rows :].copy(),
        row_price=-(dual.upper.marginals + dual.lower.marginals)[dual.x.size - n_rows :],
        price=np.asarray(dual.eqlin.marginals)[: case.n_buses].copy(),
        cost=float(state.cost @ p + state.spill_cost @ spill + np.sum(state.penalty * shed)),
        status=0,
        pivots=int(result.nit),
        basis=np.empty(0, dtype=np.int32),
        bus_loss_mw=np.zeros(case.n_buses),
    )


class Statement(NamedTuple):
    """The problem as ``minimise cost x, matrix x = right_hand, bounds[:, 0] <= x <= bounds[:, 1]``."""

    cost: F8
    matrix: sparse.csr_array
    right_hand: F8
    bounds: F8


def state_problem(case: DispatchCase, state: DispatchState, *, n_segments: int = 1, perturb: bool = False) -> Statement:
    """State one dispatch with every row.

    Columns: p, w (n_gens each), s (n_segments x n_buses x n_classes), angle (n_buses), flow (n_rows).

    Equalities: bus balances, then one definition of the flow per row. The angle is measured in MW over the median
    series susceptance, which keeps the coefficients near 1.
    """
    from scipy import sparse

    n_buses, n_gens = case.n_buses, case.gen_bus.size
    n_branches, n_rows = case.branch_from.size, case.row_ptdf.shape[0]
    demand = np.asarray(state.demand_mw, dtype=float)
    n_classes, n_loads = demand.shape[1], demand.size
    in_service = np.array(case.branch_in_service, dtype=bool)
    in_service[state.topology.out_branch] = False

    gen = np.arange(n_gens)
    supply = sparse.csr_array((np.ones(n_gens), (case.gen_bus, gen)), shape=(n_buses, n_gens))
    one_load = sparse.csr_array(
        (np.ones(n_loads), (np.repeat(np.arange(n_buses), n_classes), np.arange(n_loads))), shape=(n_buses, n_loads)
    )
    load = sparse.hstack([one_load] * n_segments)
    branch = np.arange(n_branches)
    ends = np.concatenate([case.branch_from, case.branch_to])
    sign = np.concatenate([np.ones(n_branches), -np.ones(n_branches)])
    leaving = sparse.csr_array((sign, (ends, np.concatenate([branch, branch]))), shape=(n_buses, n_rows))
    median_x = float(np.median(case.branch_x_pu)) if n_branches else 1.0
    susceptance = np.where(in_service, median_x / case.branch_x_pu, 0.0)
    angle_of_row = sparse.csr_array(
        (-sign * np.tile(susceptance, 2), (np.concatenate([branch, branch]), ends)), shape=(n_rows, n_buses)
    )
    member_row = n_branches + np.repeat(np.arange(n_rows - n_branches), np.diff(case.interface_start))
    members = sparse.csr_array((-case.interface_sign, (member_row, case.interface_branch)), shape=(n_rows, n_rows))
    a_eq = sparse.vstack(
        [
            sparse.hstack([supply, -supply, load, sparse.csr_array((n_buses, n_buses)), -leaving]),
            sparse.hstack(
                [
                    sparse.csr_array((n_rows, 2 * n_gens + n_segments * n_loads)),
                    angle_of_row,
                    sparse.eye_array(n_rows) + members,
                ]
            ),
        ],
        format="csr",
    )
    turn = np.where(in_service, -case.branch_turn_mw, 0.0)
    b_eq = np.concatenate([demand.sum(axis=1), turn, np.zeros(n_rows - n_branches)])

    cost, penalty = perturbed_costs(state.cost, state.penalty) if perturb else (state.cost, state.penalty)
    steps = 1.0 + SEGMENT_STEP * np.arange(n_segments)
    c = np.concatenate([cost, state.spill_cost, np.outer(steps, penalty.ravel()).ravel(), np.zeros(n_buses + n_rows)])
    lo, hi = np.asarray(state.lo_mw, dtype=float), np.asarray(state.hi_mw, dtype=float)
    _, reference = np.unique(state.topology.island, return_index=True)
    angle_bound = np.full(n_buses, np.inf)
    angle_bound[reference] = 0.0
    bounds = np.column_stack(
        [
            np.concatenate([lo, np.zeros(n_gens + n_segments * n_loads), -angle_bound, state.row_lo_mw]),
            np.concatenate(
                [
                    hi,
                    np.maximum(lo, 0.0),
                    np.tile(demand.ravel() / n_segments, n_segments),
                    angle_bound,
                    state.row_hi_mw,
                ]
            ),
        ]
    )
    return Statement(cost=c, matrix=a_eq, right_hand=b_eq, bounds=bounds)


def _linprog(
    case: DispatchCase, state: DispatchState, tolerance: float, n_segments: int, perturb: bool
) -> OptimizeResult:
    from scipy.optimize import linprog  # what the kernel never needs

    problem = state_problem(case, state, n_segments=n_segments, perturb=perturb)
    return linprog(
        problem.cost,
        A_eq=problem.matrix,
        b_eq=problem.right_hand,
        bounds=problem.bounds,
        method="highs-ds",
        options={"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance},
    )
