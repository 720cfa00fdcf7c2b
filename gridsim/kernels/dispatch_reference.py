"""Reference of ``kernels.dispatch``: textbook bounded dual simplex, every segment a column, every row present."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, DispatchCase, DispatchState
from gridsim.kernels.dispatch_order import make_merit_order

#: MW and, of the largest slope, money: what counts as a violation.
_PRIMAL_MW = 1e-8
_DUAL = 1e-12


def solve_dispatch_reference(
    case: DispatchCase, state: DispatchState, *, segments: bool = True, perturb: bool = True
) -> tuple[F8, F8, F8]:
    """Give p_mw, spill_mw (n_gens,) and shed_mw (n_buses, n_classes); slow, for small networks.

    Columns: the segments x in [0, width], one slack in [0, 0] per balance row, one flow in its limits per flow row.
    Rows: sum of an island's x = what it needs; ptdf (base + x) - flow = 0. Bland's rule throughout.
    """
    n_gens, n_rows = case.gen_bus.size, state.row_lo_mw.size
    order = make_merit_order(
        case.n_buses, case.gen_bus, state.cost, state.spill_cost, state.penalty, segments=segments, perturb=perturb
    )
    item, bus, share = order.segs["item"], order.segs["bus"], order.segs["share"]
    lo = state.lo_mw
    item_width = np.concatenate([state.hi_mw - lo, np.maximum(lo, 0.0), state.demand_mw.ravel()])
    width = item_width[item] * share
    base = np.bincount(case.gen_bus, np.minimum(lo, 0.0), case.n_buses) - state.demand_mw.sum(axis=1)
    island, ptdf = state.topology.island, state.topology.row_ptdf
    n_islands, n_segs = island.max() + 1, item.size

    member = (island[bus] == np.arange(n_islands)[:, None]).astype(float)
    a = np.block(
        [
            [member, np.eye(n_islands), np.zeros((n_islands, n_rows))],
            [ptdf[:, bus], np.zeros((n_rows, n_islands)), -np.eye(n_rows)],
        ]
    )
    b = np.concatenate([-np.bincount(island, base, n_islands), -ptdf @ base])
    c = np.concatenate([order.slope, np.zeros(n_islands + n_rows)])
    lower = np.concatenate([np.zeros(n_segs + n_islands), state.row_lo_mw])
    upper = np.concatenate([width, np.zeros(n_islands), state.row_hi_mw])
    x = np.where(np.isfinite(lower), lower, 0.0)

    # merit order: fill until an island is served; the last segment is basic, else the slack of its balance
    basis = list(range(n_segs, n_segs + n_islands + n_rows))
    need = b[:n_islands].copy()
    for k in order.merit[width[order.merit] > 0.0]:
        where = island[bus[k]]
        if basis[where] < n_segs and need[where] <= 0.0:
            continue
        basis[where] = int(k)
        x[k] = width[k]
        need[where] -= width[k]
    while True:
        columns = a[:, basis]
        fixed = np.setdiff1d(np.arange(c.size), basis)
        x[basis] = np.linalg.solve(columns, b - a[:, fixed] @ x[fixed])
        violated = [(j, place) for place, j in enumerate(basis) if _violation(x[j], lower[j], upper[j]) > _PRIMAL_MW]
        if not violated:
            break
        leaving, place = min(violated)
        rising = x[leaving] < lower[leaving]
        reduced = c - a.T @ np.linalg.solve(columns.T, c[basis])
        rate = a.T @ np.linalg.solve(columns.T, np.eye(len(basis))[place])  # of the leaving variable, per unit of each
        best, entering = np.inf, -1
        for j in fixed:
            if lower[j] == upper[j] or abs(rate[j]) < 1e-9:
                continue
            at_lower = x[j] == lower[j]
            if (rate[j] > 0.0) != (at_lower != rising):
                continue  # moving it off its bound would make the violation worse
            ratio = abs(reduced[j] / rate[j])
            if ratio < best - _DUAL * order.scale[0]:
                best, entering = ratio, int(j)
        assert entering >= 0, "zero injection is always feasible"
        x[leaving] = lower[leaving] if rising else upper[leaving]
        basis[place] = entering

    filled = np.bincount(item, x[:n_segs], item_width.size).astype(np.float64)
    shed: F8 = filled[2 * n_gens :].reshape(state.demand_mw.shape)
    return lo + filled[:n_gens], np.maximum(lo, 0.0) - filled[n_gens : 2 * n_gens], shed


def _violation(x: float, lower: float, upper: float) -> float:
    return max(lower - x, x - upper)
