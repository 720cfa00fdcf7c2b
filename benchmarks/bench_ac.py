"""AC power flow and N-1 screening. Ratios are taken within one run: the machine's speed cancels."""

from __future__ import annotations

import numpy as np

from benchmarks.common import best_of, network, sized
from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.collapse_margin import collapse_margin
from gridsim.solvers.operating_point import base_point
from gridsim.solvers.screen import screen
from gridsim.solvers.screen_double import screen_doubles
from gridsim.solvers.screen_pairs import screen_pairs


def single_branches(system: GridSystem) -> np.ndarray:
    """Branches whose loss splits nothing and switches no shunt."""
    n = len(system.buses)
    status = system.branch_in_service.copy()
    whole = islands(n, system.branch_from, system.branch_to, status).max()
    fit = []
    for branch in np.flatnonzero(status):
        status[branch] = False
        if islands(n, system.branch_from, system.branch_to, status).max() == whole and branch not in system.shunts.line:
            fit.append(branch)
        status[branch] = True
    return np.array(fit, dtype=np.int32)


class Kazakhstan:
    """Power flow at the winter peak of the bundled network."""

    def setup(self) -> None:
        self.system = network("kazakhstan")
        self.point = base_point(self.system)
        self.model = AcModel(self.system, base=self.point)
        self.other = self.point._replace(p_load_mw=0.97 * self.point.p_load_mw, p_gen_mw=0.97 * self.point.p_gen_mw)
        self._alternate(self.model)

    def _alternate(self, model: AcModel) -> None:
        model.solve(self.other)
        model.solve(self.point)

    def time_solve_two_hours_warm(self) -> None:
        self._alternate(self.model)

    def time_solve_flat(self) -> None:
        self.model.reset()
        self.model.solve(self.point)

    def track_speed_over_pandapower(self) -> float:
        """How many times faster than ``runpp`` for the same two hours, reactive limits on."""
        reference = AcModel(self.system, "pandapower", self.point)
        reference.solve(self.point)
        theirs = best_of(sized(2, 1), lambda: self._alternate(reference))
        return theirs / best_of(20, lambda: self._alternate(self.model))


class Screening:
    """N-1 at the winter peak of the bundled network."""

    def setup(self) -> None:
        self.system = network("kazakhstan")
        self.point = base_point(self.system)
        self.model = AcModel(self.system, base=self.point)
        screen(self.system, self.point, model=self.model)

    def time_screen_ac(self) -> None:
        screen(self.system, self.point, model=self.model)

    def time_screen_dc(self) -> None:
        screen(self.system, self.point, ac=False)

    def track_n1_over_lightsim2grid(self) -> float:
        """Our N-1 of the non-islanding outages, reactive limits off, flows included, over lightsim2grid's own loop."""
        from lightsim2grid.contingencyAnalysis import ContingencyAnalysisCPP

        free = AcModel(self.system, base=self.point, q_limits=False)
        branches = single_branches(self.system)
        flat = np.ones(len(self.system.buses), dtype=np.complex128)
        names = [int(branch) for branch in branches]

        def theirs() -> None:
            analysis = ContingencyAnalysisCPP(free.lightsim_grid(self.point))
            analysis.add_multiple_n1(names)
            analysis.compute(flat.copy(), 20, 1e-9)
            analysis.compute_power_flows()
            analysis.compute_flows()

        def ours() -> None:
            v, _ = free.contingencies(self.point, branches)
            status = np.repeat(self.system.branch_in_service[None, :], len(v), axis=0)
            status[np.arange(len(v)), branches] = False
            free.network.flows(v, status)

        ours()
        theirs()
        return best_of(sized(7, 1), ours) / best_of(sized(7, 1), theirs)


class Pairs:
    """N-1-1 with a redispatch after each first outage, N-2 by bounds, and one margin to collapse."""

    timeout = 600

    def setup(self) -> None:
        self.system = network(sized("kazakhstan", "rbts"))
        self.point = base_point(self.system)
        self.model = AcModel(self.system, base=self.point)
        screen(self.system, self.point, model=self.model)

    def time_screen_n_1_1(self) -> None:
        screen_pairs(self.system, self.point)

    def time_screen_n_2(self) -> None:
        screen_doubles(self.system, self.point)

    def time_collapse_margin(self) -> None:
        collapse_margin(self.model, self.point)
