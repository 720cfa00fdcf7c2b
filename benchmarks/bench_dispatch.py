"""The dispatch kernel: time per state, ratios to HiGHS and pandapower in one run, fallbacks, the certificate."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from gridsim.kernels.arrays import DispatchState, Topology
from gridsim.kernels.certificate import zero_shed_certificate
from gridsim.kernels.dispatch import N_BASIS, solve_dispatch
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.highs import state_problem

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "solvers"))
from dispatch_cases import (
    System,
    kazakhstan_system,
    matpower_system,
    random_state,
    reliability_system,
)

CASES = Path(__file__).parents[1] / "tests" / "solvers"
N_STATES = 200


@numba.njit(nogil=True, error_model="numpy")
def solve_all(topology, gen_bus, lo, hi, cost, spill_cost, demand, penalty, row_lo, row_hi, order, ws, warm):
    """Solve states one after another; return how many the kernel gave up."""
    given_up = 0
    for k in range(lo.shape[0]):
        n_warm = ws.info[N_BASIS] if warm and k > 0 else 0
        status = solve_dispatch(
            topology,
            gen_bus,
            lo[k],
            hi[k],
            cost,
            spill_cost,
            demand[k],
            penalty,
            row_lo[k],
            row_hi[k],
            order,
            ws,
            ws.basis,
            n_warm,
        )
        given_up += status != 0
    return given_up


@numba.njit(nogil=True, error_model="numpy")
def certify_many(n, topology, gen_bus, lo, hi, demand, row_lo, row_hi, last, p, island, injection, flow):
    """Ask for the same certificate ``n`` times; return how often it was given."""
    proved = 0
    for _ in range(n):
        proved += zero_shed_certificate(
            topology, gen_bus, lo, hi, demand, row_lo, row_hi, last, p, island, injection, flow
        )
    return proved


def load(name: str) -> System:
    if name == "kazakhstan":
        return kazakhstan_system()
    return reliability_system(name) if name in ("rts79", "rbts") else matpower_system(name)


def hourly_states(system: System, topology: Topology, n_hours: int, n_seed: int = 0) -> list[DispatchState]:
    """Winter hours one after another: load follows the day, machines fail and return, a third are held at 30 %."""
    rng = np.random.default_rng(n_seed)
    n_gens, n_buses = system.capacity_mw.size, system.case.n_buses
    up = rng.random(n_gens) < 0.93
    states = []
    for hour in range(n_hours):
        up ^= rng.random(n_gens) < np.where(up, 0.07, 0.93) / 50.0
        hi = system.capacity_mw * up
        lo = np.where(np.arange(n_gens) % 3 == 0, 0.3 * hi, 0.0)
        load_pu = 0.85 + 0.15 * np.sin(hour / 24.0 * 2.0 * np.pi)
        states.append(
            DispatchState(
                topology=topology,
                lo_mw=lo,
                hi_mw=hi,
                cost=system.cost,
                spill_cost=np.full(n_gens, 2.0 * system.cost.max()),
                demand_mw=system.demand_mw * load_pu * rng.uniform(0.97, 1.03, (n_buses, 1)),
                penalty=np.tile(system.penalty, (n_buses, 1)),
                row_lo_mw=-system.row_limit_mw,
                row_hi_mw=system.row_limit_mw,
            )
        )
    return states


def independent_states(system: System, solver: DispatchSolver, n_states: int) -> list[DispatchState]:
    """Random states of the oracle tests, all on the intact network."""
    rng = np.random.default_rng(1)
    intact = solver.topology()
    return [random_state(system, solver, rng)._replace(topology=intact) for _ in range(n_states)]


def kernel_call(solver: DispatchSolver, states: list[DispatchState], warm: bool) -> Callable[[], int]:
    """Give a function that solves all states inside one compiled loop."""
    stack = {
        name: np.stack([getattr(state, name) for state in states])
        for name in ("lo_mw", "hi_mw", "demand_mw", "row_lo_mw", "row_hi_mw")
    }
    exists = states[0]._replace(demand_mw=stack["demand_mw"].max(axis=0))
    order = solver.merit_order(exists)
    ws = solver._workspace(stack["demand_mw"].shape[2])
    arguments: tuple[Any, ...] = (
        states[0].topology,
        solver.case.gen_bus,
        stack["lo_mw"],
        stack["hi_mw"],
        states[0].cost,
        states[0].spill_cost,
        stack["demand_mw"],
        states[0].penalty,
        stack["row_lo_mw"],
        stack["row_hi_mw"],
        order,
        ws,
        warm,
    )
    return lambda: solve_all(*arguments)


def median_us(call: Callable[[int], Any], n: int) -> float:
    """Median over ``n`` calls of the best of three, in microseconds."""
    times = []
    for k in range(n):
        best = np.inf
        for _ in range(3):
            start = time.perf_counter()
            call(k)
            best = min(best, time.perf_counter() - start)
        times.append(best)
    return float(np.median(times)) * 1e6


class Cold:
    """Independent states, each from the merit order, with sharing and perturbation."""

    params = ("rts79", "rbts", "case118", "case300", "kazakhstan")
    param_names = ("system",)

    def setup(self, name: str) -> None:
        system = load(name)
        solver = DispatchSolver(system.case)
        states = independent_states(system, solver, N_STATES)
        self.calls = [kernel_call(solver, [state] * 20, warm=False) for state in states]
        self.all = kernel_call(solver, states, warm=False)
        self.all()

    def time_states(self, name: str) -> None:
        self.all()

    def track_median_us(self, name: str) -> float:
        return median_us(lambda k: self.calls[k](), N_STATES) / 20.0

    def track_given_up(self, name: str) -> int:
        return self.all()


class Hours:
    """Consecutive winter hours, warm: the basis of one is the start of the next."""

    params = ("rts79", "kazakhstan")
    param_names = ("system",)

    def setup(self, name: str) -> None:
        system = load(name)
        self.solver = DispatchSolver(system.case)
        self.system = system
        self.states = hourly_states(system, self.solver.topology(), 2190)
        self.warm = kernel_call(self.solver, self.states, warm=True)
        self.cold = kernel_call(self.solver, self.states, warm=False)
        self.warm()

    def time_quarter_year_warm(self, name: str) -> None:
        self.warm()

    def time_quarter_year_cold(self, name: str) -> None:
        self.cold()

    def track_us_per_hour_warm(self, name: str) -> float:
        return median_us(lambda _: self.warm(), 5) / len(self.states)

    def track_us_per_hour_cold(self, name: str) -> float:
        return median_us(lambda _: self.cold(), 5) / len(self.states)


class AgainstHighs:
    """The same states by a warm HiGHS model: all rows present, bounds changed in place, basis kept."""

    params = (("rts79", "case118", "kazakhstan"), ("random", "hours"))
    param_names = ("system", "states")

    def setup(self, name: str, kind: str) -> None:
        import highspy

        system = load(name)
        solver = DispatchSolver(system.case, DispatchOptions(segments=False, perturb=False))
        if kind == "hours":
            self.states = hourly_states(system, solver.topology(), 60)
        else:
            self.states = independent_states(system, solver, 60)
        # unrelated states are started from the merit order, as the engines do
        self.kernel = kernel_call(solver, self.states, warm=kind == "hours")
        self.kernel()
        problems = [state_problem(system.case, state) for state in self.states]
        matrix = problems[0].matrix.tocsc()
        n_rows, n_columns = matrix.shape
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n_columns, n_rows
        model.col_cost_ = problems[0].cost
        model.col_lower_, model.col_upper_ = problems[0].bounds.T
        model.row_lower_ = model.row_upper_ = problems[0].right_hand
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = matrix.indptr
        model.a_matrix_.index_ = matrix.indices
        model.a_matrix_.value_ = matrix.data
        self.highs = highspy.Highs()
        for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1), ("solver", "simplex")):
            self.highs.setOptionValue(option, value)
        self.highs.passModel(model)
        self.columns = np.arange(n_columns, dtype=np.int32)
        self.rows = np.arange(n_rows, dtype=np.int32)
        self.bounds = [tuple(np.ascontiguousarray(side) for side in problem.bounds.T) for problem in problems]
        self.right_hand = [problem.right_hand for problem in problems]
        self._run_highs(0)

    def _run_highs(self, k: int) -> None:
        self.highs.changeColsBounds(self.columns.size, self.columns, *self.bounds[k])
        self.highs.changeRowsBounds(self.rows.size, self.rows, self.right_hand[k], self.right_hand[k])
        self.highs.run()

    def track_times_faster(self, name: str, kind: str) -> float:
        """HiGHS time over kernel time for all states in sequence, best of five passes each, in one run."""
        passes = []
        for _ in range(5):
            start = time.perf_counter()
            for k in range(len(self.states)):
                self._run_highs(k)
            passes.append(time.perf_counter() - start)
        return min(passes) * 1e6 / min(median_us(lambda _: self.kernel(), 1) for _ in range(15))


class AgainstPandapower:
    """``pandapower.rundcopp`` of its case24, against the RTS-79 (the same network) in the kernel."""

    def setup(self) -> None:
        import warnings

        import pandapower
        import pandapower.networks

        warnings.simplefilter("ignore")
        self.run = pandapower.rundcopp
        self.net = pandapower.networks.case24_ieee_rts()
        system = load("rts79")
        solver = DispatchSolver(system.case)
        self.n = 100
        self.kernel = kernel_call(solver, independent_states(system, solver, self.n), warm=False)
        self.kernel()

    def track_times_faster(self) -> float:
        slow = median_us(lambda _: self.run(self.net), 3)
        return slow / (median_us(lambda _: self.kernel(), 15) / self.n)


class Certificate:
    """The zero-shed certificate of one Kazakh winter hour."""

    def setup(self) -> None:
        system = load("kazakhstan")
        solver = DispatchSolver(system.case)
        state = hourly_states(system, solver.topology(), 1)[0]
        solution = solver.solve(state)
        n_buses, n_rows = system.case.n_buses, state.row_lo_mw.size
        self.arguments = (
            state.topology,
            system.case.gen_bus,
            state.lo_mw,
            state.hi_mw,
            0.98 * state.demand_mw.sum(axis=1),
            state.row_lo_mw,
            state.row_hi_mw,
            solution.p_mw - solution.spill_mw,
            np.zeros_like(state.lo_mw),
            np.zeros(3 * n_buses),
            np.zeros(n_buses),
            np.zeros(n_rows),
        )
        certify_many(1, *self.arguments)

    def track_us(self) -> float:
        return median_us(lambda _: certify_many(200, *self.arguments), 15) / 200.0

    def track_proved(self) -> int:
        return int(certify_many(1, *self.arguments))


class Compilation:
    """Seconds until the first answer with an empty Numba cache."""

    timeout = 300

    def track_compile_s(self) -> float:
        program = (
            "import sys, time; sys.path.insert(0, sys.argv[1]); import numpy as np;"
            "from dispatch_cases import random_state, reliability_system;"
            "from gridsim.solvers.dispatch import DispatchSolver;"
            "system = reliability_system('rbts'); solver = DispatchSolver(system.case);"
            "state = random_state(system, solver, np.random.default_rng(0));"
            "start = time.perf_counter(); solver.solve(state); print(time.perf_counter() - start)"
        )
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, "-c", program, str(CASES)],
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
                capture_output=True,
                text=True,
                check=True,
            )
        return float(done.stdout)
