"""gridsim's side of each comparison, and the inputs that both sides read."""

from __future__ import annotations

import dataclasses
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.bench_ac import single_branches
from benchmarks.common import network
from benchmarks.peers.worker import Answer, Work, serve
from benchmarks.states import System, hourly_states, independent_states, kernel_call, load, matpower_tables
from gridsim.kernels.arrays import DispatchState
from gridsim.kernels.flows import make_case
from gridsim.model.system import GridSystem
from gridsim.reliability import AdequacySystem, SequentialMonteCarlo, SnapshotMonteCarlo, assess, system_from_grid
from gridsim.solvers.ac import AcModel
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.highs import state_problem
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.pandapower import to_pandapower

PLAIN = DispatchOptions(segments=False, perturb=False)
N_STATES = 60
LOOPS = 10  # passes over the states in one timing: one takes about a millisecond
DAY_H = 24
EVERY_NTH_OUTAGE = 16
YEARS = 20_000
SNAPSHOT_YEARS = 300


def prepare(folder: Path) -> None:
    """Write every input that a peer reads."""
    warnings.simplefilter("ignore")
    system = rts79()
    states = [component.states for component in system.unit_component]
    down = np.array([pair[1].mean_h / (pair[0].mean_h + pair[1].mean_h) for pair in states])
    np.savez(folder / "years.npz", load_mw=system.load_mw.sum(axis=1), unit_mw=system.unit_mw, forced_outage_rate=down)

    from pandapower import to_json

    grid = network("kazakhstan")
    peak = base_point(grid)
    to_json(to_pandapower(grid, peak), str(folder / "net.json"))
    to_json(to_pandapower(grid, at_load(peak, 0.97)), str(folder / "net_97.json"))
    n_lines = len(grid.lines)
    outages = [int(branch) for branch in single_branches(grid)]
    for name, listed in (("all", outages), ("some", outages[::EVERY_NTH_OUTAGE])):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "outages.json").write_text(
            json.dumps(
                {"line": [k for k in listed if k < n_lines], "trafo": [k - n_lines for k in listed if k >= n_lines]}
            )
        )
        to_json(to_pandapower(outage_system(name), peak), str(folder / name / "net.json"))
    for name in ("rts79", "case118", "kazakhstan"):
        (folder / name).mkdir(exist_ok=True)
        _write_states(folder / name, name)
    for name in ("case118", "kazakhstan"):
        _write_day(folder / name, load(name))


def _write_states(folder: Path, name: str) -> None:
    system, _, states = _states(name)
    problems = [state_problem(system.case, state) for state in states]
    matrix = problems[0].matrix.tocsc()
    np.savez(
        folder / "states.npz",
        cost=problems[0].cost,
        start=matrix.indptr,
        index=matrix.indices,
        value=matrix.data,
        lower=[problem.bounds[:, 0] for problem in problems],
        upper=[problem.bounds[:, 1] for problem in problems],
        right_hand=[problem.right_hand for problem in problems],
    )


def _write_day(folder: Path, system: System) -> None:
    states, case = _day_states(system), system.case
    n_branches = case.branch_from.size
    on = np.flatnonzero(case.branch_in_service)
    position = np.cumsum(case.branch_in_service) - 1
    np.savez(
        folder / "day.npz",
        demand_mw=[state.demand_mw[:, 0] for state in states],
        hi_mw=[state.hi_mw for state in states],
        cost=system.cost,
        penalty=states[0].penalty[0, 0],
        gen_bus=case.gen_bus,
        from_bus=case.branch_from[on],
        to_bus=case.branch_to[on],
        x_pu=case.branch_x_pu[on],
        limit_mw=system.row_limit_mw[on],
    )
    sections = []
    for k in range(case.interface_start.size - 1):
        members = slice(case.interface_start[k], case.interface_start[k + 1])
        used = case.branch_in_service[case.interface_branch[members]]
        limit = float(system.row_limit_mw[n_branches + k])
        sections.append(
            {
                "branch": position[case.interface_branch[members]][used].tolist(),
                "sign": case.interface_sign[members][used].tolist(),
                "lo_mw": -limit,
                "hi_mw": limit,
            }
        )
    (folder / "sections.json").write_text(json.dumps(sections))


def rts79() -> AdequacySystem:
    return system_from_grid(network("rts79"), "none")


def sequential_years(_: Path) -> Work:
    """Chronological outages."""
    return _sampled(SequentialMonteCarlo(years=YEARS, seed=1), YEARS)


def snapshot_years(_: Path) -> Work:
    """Every hour drawn on its own, as assetra does."""
    return _sampled(SnapshotMonteCarlo(samples=SNAPSHOT_YEARS * 8736, seed=1), SNAPSHOT_YEARS)


def _sampled(method: Any, years: int) -> Work:
    system = rts79()

    def answer(found: Any) -> Answer:
        return {"LOLH": [found["LOLH"].value, found["LOLH"].stderr]}

    return Work(lambda: assess(system, method), answer, years)


def numbers(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def dcopp(_: Path) -> Work:
    """The 24-bus case of pandapower, one class of load that is never shed."""
    buses, branches, units = matpower_tables("case24_ieee_rts")
    case = make_case(
        len(buses), numbers(units, "bus"), numbers(branches, "from_bus"), numbers(branches, "to_bus"),
        numbers(branches, "x_pu"), np.ones(len(branches), dtype=bool), [0], [], [],
    )  # fmt: skip
    rating = numbers(branches, "rating_mw")
    rating = np.where(rating > 0.0, rating, np.inf)
    solver = DispatchSolver(case, PLAIN)
    demand = np.maximum(numbers(buses, "demand_mw") + numbers(buses, "shunt_mw"), 0.0)[:, None]
    cost = numbers(units, "c1")
    state = DispatchState(
        topology=solver.topology(),
        lo_mw=numbers(units, "p_min_mw"),
        hi_mw=numbers(units, "p_max_mw"),
        cost=cost,
        spill_cost=np.full(len(units), 2.0 * cost.max()),
        demand_mw=demand,
        penalty=np.full_like(demand, 200.0 * cost.max()),
        row_lo_mw=-rating,
        row_hi_mw=rating,
    )
    n = 100
    return Work(
        lambda: [solver.solve(state) for _ in range(n)][-1], lambda solution: {"objective": float(solution.cost)}, n
    )


def _states(name: str) -> tuple[System, DispatchSolver, list[DispatchState]]:
    system = load(name)
    solver = DispatchSolver(system.case, PLAIN)
    if name == "kazakhstan":
        return system, solver, hourly_states(system, solver.topology(), N_STATES)
    return system, solver, independent_states(system, solver, N_STATES)


def states(folder: Path) -> Work:
    """All states in one compiled loop; hours of Kazakhstan start from the hour before, unrelated states from cold."""
    _, solver, made = _states(folder.name)
    call = kernel_call(solver, made, warm=folder.name == "kazakhstan")
    objective = sum(solver.solve(state).cost for state in made)

    def answer(given_up: int) -> Answer:
        return {"sum of objectives": float(objective) if given_up == 0 else float("nan")}

    return Work(lambda: [call() for _ in range(LOOPS)][-1], answer, LOOPS * N_STATES)


def _day_states(system: System) -> list[DispatchState]:
    """A winter day with one class of load and nothing held above zero."""
    solver = DispatchSolver(system.case, PLAIN)
    made = hourly_states(system, solver.topology(), DAY_H)
    return [
        state._replace(
            lo_mw=np.zeros_like(state.lo_mw),
            demand_mw=state.demand_mw.sum(axis=1, keepdims=True),
            penalty=np.full((system.case.n_buses, 1), system.penalty.max()),
        )
        for state in made
    ]


def day(folder: Path) -> Work:
    system = load(folder.name)
    made = _day_states(system)
    solver = DispatchSolver(system.case, PLAIN)

    def call() -> float:
        basis, total = None, 0.0
        for state in made:
            solution = solver.solve(state, basis)
            basis = solution.basis
            total += solution.cost
        return total

    return Work(call, lambda total: {"objective": float(total)}, DAY_H)


def at_load(point: OperatingPoint, pu: float) -> OperatingPoint:
    """Every load, machine and border at ``pu`` of the point's power."""
    return point._replace(
        p_load_mw=pu * point.p_load_mw, p_gen_mw=pu * point.p_gen_mw, p_border_mw=pu * point.p_border_mw
    )


def flow(_: Path) -> Work:
    """Winter peak and 97 % of it, from the last solution, reactive limits off as on the other side."""
    system = network("kazakhstan")
    point = base_point(system)
    model = AcModel(system, base=point, q_limits=False)
    points = [at_load(point, 0.97), point]
    return Work(
        lambda: [model.solve(p).losses_mw for p in points],
        lambda found: {"losses at 97 %, MW": found[0], "losses, MW": found[1]},
        len(points),
    )


def outage_system(name: str) -> GridSystem:
    """Kazakhstan; for lightsim2grid (``all``) with transformers at their buses' nominal voltages and neutral taps: its
    import takes the ratio from the taps alone and leaves out rated voltages (0.08 pu at the worst bus).
    """
    system = network("kazakhstan")
    if name != "all":
        return system
    table, vn_kv = system.transformers, system.buses.vn_kv
    plain = dataclasses.replace(
        table, vn_hv_kv=vn_kv[table.hv_bus], vn_lv_kv=vn_kv[table.lv_bus], tap_pos=table.tap_neutral
    )
    return dataclasses.replace(system, transformers=plain)


def outages(folder: Path) -> Work:
    """N-1 from a flat start with the flows of every branch, reactive limits off."""
    system = outage_system(folder.name)
    point = base_point(network("kazakhstan"))
    model = AcModel(system, base=point, q_limits=False)
    listed = json.loads((folder / "outages.json").read_text())
    n_lines = len(system.lines)
    branches = np.array([*listed["line"], *(n_lines + k for k in listed["trafo"])], dtype=np.int32)

    def call() -> Any:
        v, converged = model.contingencies(point, branches)
        status = np.repeat(system.branch_in_service[None, :], len(v), axis=0)
        status[np.arange(len(v)), branches] = False
        return v, converged, model.network.flows(v, status).loading_percent

    def answer(found: Any) -> Answer:
        v, converged, loading = found
        return {
            "lowest voltage, pu": float(np.nanmin(np.abs(v))),
            "highest loading of a line, %": float(np.nanmax(loading[:, :n_lines])),
            "solved": int(converged.sum()),
        }

    return Work(call, answer, len(branches))


TASKS: dict[str, Callable[[Path], Work]] = {
    "sequential_years": sequential_years,
    "snapshot_years": snapshot_years,
    "dcopp": dcopp,
    "states": states,
    "day": day,
    "flow": flow,
    "outages": outages,
}

if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]))
    else:
        serve(TASKS, ("gridsim", "numba", "numpy", "lightsim2grid", "pandapower"))
