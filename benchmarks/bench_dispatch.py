"""The dispatch kernel: time per state, ratios to HiGHS and pandapower in one run, fallbacks."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.common import median_us, sized
from benchmarks.states import hourly_states, independent_states, kernel_call, load
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


class AgainstHighs:
    """The same states by a warm HiGHS model: all rows present, bounds changed in place, basis kept."""

    params = sized((("rts79", "case118", "kazakhstan"), ("random", "hours")), (("rts79",), ("hours",)))
    param_names = ("system", "states")

    def setup(self, name: str, kind: str) -> None:
        import highspy

        system = load(name)
        solver = DispatchSolver(system.case, DispatchOptions(segments=False, perturb=False))
        if kind == "hours":
            self.states = hourly_states(system, solver.topology(), 60)
        else:
            self.states = independent_states(system, solver, sized(60, 5))
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
        for _ in range(sized(5, 1)):
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
        slow = median_us(lambda _: self.run(self.net), sized(3, 1))
        return slow / (median_us(lambda _: self.kernel(), 15) / self.n)
