"""The dispatch kernel: time per state, ratios to HiGHS and pandapower in one run, fallbacks."""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse

from benchmarks.common import median_us, sized
from benchmarks.peers.warm_highs import WarmHighs
from benchmarks.states import System, hourly_states, independent_states, kernel_call, load
from gridsim.kernels.arrays import DispatchState
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.highs import state_problem

N_TURNS = sized(20, 2)
N_STATES = sized(200, 10)
N_HOURS = sized(2190, 100)


class Cold:
    """Independent states, each from the merit order, with sharing and perturbation."""

    params = sized(("rts79", "rbts", "case118", "case300", "kazakhstan"), ("rts79", "kazakhstan"))
    param_names = ("system",)

    def setup(self, name: str) -> None:
        system = load(name)
        solver = DispatchSolver(system.case)
        states = independent_states(system, solver, N_STATES)
        self.calls = [kernel_call(solver, [state] * N_TURNS, warm=False) for state in states]
        self.all = kernel_call(solver, states, warm=False)
        self.all()

    def time_states(self, name: str) -> None:
        self.all()

    def track_median_us(self, name: str) -> float:
        return median_us(lambda k: self.calls[k](), N_STATES) / N_TURNS

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
        self.states = hourly_states(system, self.solver.topology(), N_HOURS)
        self.warm = kernel_call(self.solver, self.states, warm=True)
        self.cold = kernel_call(self.solver, self.states, warm=False)
        self.warm()

    def time_hours_warm(self, name: str) -> None:
        self.warm()

    def time_hours_cold(self, name: str) -> None:
        self.cold()

    def track_us_per_hour_warm(self, name: str) -> float:
        return median_us(lambda _: self.warm(), 5) / len(self.states)

    def track_us_per_hour_cold(self, name: str) -> float:
        return median_us(lambda _: self.cold(), 5) / len(self.states)


def angle_form(system: System, states: list[DispatchState]) -> WarmHighs:
    """The sparse statement of ``solvers.highs``: bus angles, one balance per bus, a definition per flow."""
    problems = [state_problem(system.case, state) for state in states]
    matrix = problems[0].matrix.tocsc()
    right_hand = [problem.right_hand for problem in problems]
    return WarmHighs(
        problems[0].cost,
        (matrix.indptr, matrix.indices, matrix.data),
        [problem.bounds[:, 0] for problem in problems],
        [problem.bounds[:, 1] for problem in problems],
        right_hand,
        right_hand,
    )


def ptdf_form(system: System, states: list[DispatchState]) -> WarmHighs:
    """The kernel's own problem with no row lazy: a balance per island, a PTDF row per branch and interface.

    Columns are generation, spill and shedding, without those that are 0 in every state. States of one topology.
    """
    case, first = system.case, states[0]
    n_gens, (n_buses, n_classes) = case.gen_bus.size, first.demand_mw.shape
    bus = np.concatenate([case.gen_bus, case.gen_bus, np.repeat(np.arange(n_buses), n_classes)])
    sign = np.ones(bus.size)
    sign[n_gens : 2 * n_gens] = -1.0
    none = np.zeros(bus.size - n_gens)
    lower = np.array([np.concatenate([state.lo_mw, none]) for state in states])
    upper = np.array(
        [np.concatenate([state.hi_mw, np.maximum(state.lo_mw, 0.0), state.demand_mw.ravel()]) for state in states]
    )
    used = np.any((lower != 0.0) | (upper != 0.0), axis=0)
    balance = first.topology.island == np.unique(first.topology.island)[:, None]
    of_bus = np.vstack([balance, first.topology.row_ptdf])
    matrix = sparse.csc_array((of_bus[:, bus] * sign)[:, used])
    asked = np.array([of_bus @ state.demand_mw.sum(axis=1) for state in states])
    exact = np.zeros(len(balance))
    return WarmHighs(
        np.concatenate([first.cost, first.spill_cost, first.penalty.ravel()])[used],
        (matrix.indptr, matrix.indices, matrix.data),
        lower[:, used],
        upper[:, used],
        asked + [np.concatenate([exact, state.row_lo_mw]) for state in states],
        asked + [np.concatenate([exact, state.row_hi_mw]) for state in states],
    )


class AgainstHighs:
    """The same states by warm HiGHS models, of the problem as the kernel has it and of its sparse statement.

    All in one run, alternating, CPU time. Both models must find the kernel's objectives.
    """

    params = sized((("rts79", "case118", "kazakhstan"), ("random", "hours")), (("rts79",), ("hours",)))
    param_names = ("system", "states")

    def setup(self, name: str, kind: str) -> None:
        system = load(name)
        solver = DispatchSolver(system.case, DispatchOptions(segments=False, perturb=False))
        if kind == "hours":
            self.states = hourly_states(system, solver.topology(), sized(60, 5))
        else:
            self.states = independent_states(system, solver, sized(60, 5))
        # unrelated states are started from the merit order, as the engines do
        self.kernel = kernel_call(solver, self.states, warm=kind == "hours")
        self.kernel()
        self.ptdf, self.angles = ptdf_form(system, self.states), angle_form(system, self.states)
        expected = [solver.solve(state).cost for state in self.states]
        for model in (self.ptdf, self.angles):
            np.testing.assert_allclose(model.objectives(), expected, rtol=1e-6, atol=1e-3)

    def _times_faster(self, model: WarmHighs) -> float:
        """HiGHS time over kernel time for all states in sequence, median of the rounds."""
        n, ratios = sized(10, 1), []
        for _ in range(sized(7, 1)):
            start = time.process_time()
            model.objectives()
            theirs = time.process_time() - start
            start = time.process_time()
            for _ in range(n):
                self.kernel()
            ratios.append(n * theirs / (time.process_time() - start))
        return float(np.median(ratios))

    def track_times_faster(self, name: str, kind: str) -> float:
        """Than the problem as the kernel has it: PTDF rows, all of them present."""
        return self._times_faster(self.ptdf)

    def track_times_faster_than_angles(self, name: str, kind: str) -> float:
        """Than the sparse statement with bus angles, which HiGHS finds easier."""
        return self._times_faster(self.angles)


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
        slow = median_us(lambda _: self.run(self.net), sized(3, 1))
        return slow / (median_us(lambda _: self.kernel(), 15) / self.n)
