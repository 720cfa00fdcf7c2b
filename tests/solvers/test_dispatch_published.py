"""Dispatch against published answers: shedding in outage states of RBTS and RTS-79, DC-OPF cost of MATPOWER cases.

Sources and conventions stand in ``tests/data/dcopf``.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_case
from gridsim.solvers.dispatch import DispatchMethod, DispatchOptions, DispatchSolver
from tests.support.dispatch_cases import DATA, column, read_rows
from tests.support.references import note

SHEDDING = json.loads((DATA / "dcopf" / "outage_state_shedding.json").read_text())
COSTS = json.loads((DATA / "dcopf" / "expected_cost.json").read_text())["dcopf_cost_usd_per_h"]
PLAIN = {"segments": False, "perturb": False}
RBTS_WEIGHT = {"2": 9.6325, "3": 4.3769, "4": 8.0267, "5": 8.6323, "6": 5.5132}


def matpower_order(units):
    """Positions of the RTS-79 machines in the order of MATPOWER case24: by bus, as the cases number them."""
    return sorted(range(len(units)), key=lambda k: int(units[k]["bus"]))


@pytest.mark.parametrize("method", list(DispatchMethod))
@pytest.mark.parametrize("state", SHEDDING["cases"], ids=lambda state: "-".join(state[:3]).replace(" ", "_"))
def test_shedding_in_published_outage_states(state, method):
    system, weights, outages, published_mw, recomputed_mw, by_bus = state
    folder = DATA / ("rbts" if system == "RBTS" else "rts79")
    buses, branches, units = (read_rows(folder / f"{table}.csv") for table in ("buses", "branches", "units"))
    if system != "RBTS":
        units = [units[k] for k in matpower_order(units)]
    names = [row["bus"] for row in buses]
    number = {name: k for k, name in enumerate(names)}
    rating = column(branches, "rating_mw" if system == "RBTS" else "rating_continuous_mva")
    case = make_case(
        len(buses),
        [number[row["bus"]] for row in units],
        [number[row["from_bus"]] for row in branches],
        [number[row["to_bus"]] for row in branches],
        column(branches, "x_pu"),
        np.ones(len(branches), dtype=bool),
        [0],
        [],
        [],
    )
    out = outages.split() if outages != "none" else []
    capacity = column(units, "capacity_mw")
    capacity[[int(name[1:]) - 1 for name in out if name.startswith("G")]] = 0.0
    position = {row["branch_id"]: k for k, row in enumerate(branches)}
    weight = np.ones(len(buses))
    if weights.startswith("cost"):
        table = RBTS_WEIGHT if system == "RBTS" else SHEDDING["weights_rts"]
        weight = np.array([table.get(name, 1.0) for name in names])
    solver = DispatchSolver(case, DispatchOptions(method=method, **PLAIN))
    n_gens = len(units)
    solution = solver.solve(
        DispatchState(
            topology=solver.topology([position[name[1:]] for name in out if name.startswith("L")]),
            lo_mw=np.zeros(n_gens),
            hi_mw=capacity,
            cost=np.zeros(n_gens),
            spill_cost=np.ones(n_gens),
            demand_mw=column(buses, "peak_load_mw")[:, None],
            penalty=weight[:, None] * 1000.0,
            row_lo_mw=-rating,
            row_hi_mw=rating,
        )
    )
    assert solver.fallbacks == 0
    assert published_mw == pytest.approx(recomputed_mw, abs=1e-3)
    assert solution.shed_mw.sum() == pytest.approx(recomputed_mw, abs=1e-3)
    if method is DispatchMethod.KERNEL and outages != "none":
        name, source = f"shedding of {system}, {outages} out, {weights}", "CompositeSystems.jl, its tests"
        note("dispatch", name, "MW", source, expected=published_mw, found=solution.shed_mw.sum())
    if weights.startswith("cost"):  # with equal weights only the total is unique
        expected = dict(zip(names, by_bus)) if isinstance(by_bus, list) else by_bus
        for name in names:
            assert solution.shed_mw[number[name], 0] == pytest.approx(expected.get(name, 0.0), abs=2e-3)


@pytest.mark.parametrize("name", COSTS)
def test_dc_opf_cost_of_matpower_cases(name):
    """Quadratic costs become 2,000 steps a machine, each a supply of its own; the cost is that of the curve."""
    folder = DATA / "dcopf" / name
    buses, branches, units = (read_rows(folder / f"{table}.csv") for table in ("buses", "branches", "generators"))
    n_steps = 2000
    p_min, p_max = column(units, "p_min_mw"), column(units, "p_max_mw")
    c2, c1, c0 = (column(units, k) for k in ("c2", "c1", "c0"))
    start = p_min[:, None] + (p_max - p_min)[:, None] / n_steps * np.arange(n_steps + 1)
    curve = c2[:, None] * start**2 + c1[:, None] * start
    width = np.diff(start)
    slope = np.divide(np.diff(curve), width, out=np.zeros_like(width), where=width > 0)
    demand = column(buses, "demand_mw") + column(buses, "shunt_mw")
    unit_bus = column(units, "bus").astype(int)
    infeed = np.flatnonzero(demand < 0)
    gen_bus = np.concatenate([unit_bus, np.repeat(unit_bus, n_steps), infeed])
    lo = np.concatenate([p_min, np.zeros(width.size), np.zeros(infeed.size)])
    hi = np.concatenate([p_min, width.ravel(), -demand[infeed]])
    cost = np.concatenate([np.zeros(len(units)), slope.ravel(), np.zeros(infeed.size)])
    case = make_case(
        len(buses),
        gen_bus,
        column(branches, "from_bus"),
        column(branches, "to_bus"),
        column(branches, "x_pu"),
        np.ones(len(branches), dtype=bool),
        [0],
        [],
        [],
    )
    rating = np.where(column(branches, "rating_mw") > 0, column(branches, "rating_mw"), np.inf)
    assert not np.any((column(branches, "shift_degree") != 0) & np.isfinite(rating))  # shifters are not modelled
    solver = DispatchSolver(case, DispatchOptions(**PLAIN))
    solution = solver.solve(
        DispatchState(
            topology=solver.topology(),
            lo_mw=lo,
            hi_mw=hi,
            cost=cost,
            spill_cost=np.full(lo.size, 1e4),
            demand_mw=np.maximum(demand, 0.0)[:, None],
            penalty=np.full((len(buses), 1), 1e6),
            row_lo_mw=-rating,
            row_hi_mw=rating,
        )
    )
    assert solver.fallbacks == 0
    assert solution.shed_mw.sum() == 0.0
    n_units = len(units)
    p = solution.p_mw[:n_units] + solution.p_mw[n_units : n_units + width.size].reshape(n_units, n_steps).sum(axis=1)
    cost = np.sum(c2 * p**2 + c1 * p + c0)
    assert cost == pytest.approx(COSTS[name], rel=1e-6)
    note("dispatch", f"cost of DC-OPF, {name}", "USD/h", "MATPOWER data, two solvers", expected=COSTS[name], found=cost)
