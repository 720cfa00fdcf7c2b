"""AC power flow of operating points: lightsim2grid's Newton solver on the admittances of the pandapower net.

``AcModel(system, "fast")`` is made once; each ``solve`` changes injections and switching and runs lightsim2grid
(Donnot, LightSim2grid, RTE; Newton-Raphson with distributed slack, KLU). ``"pandapower"`` runs ``pandapower.runpp`` on
the net instead, 100 times slower: the reference. Islands, reactive limits, sharing of an imbalance and the ladder of
starts are ``ac_ladder``'s for both.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.ac_ladder import (
    MAX_ITERATIONS,
    RUNGS,
    TOLERANCE_PU,
    Ladder,
    Newton,
    NewtonResult,
    NewtonTask,
    Rung,
    injections,
)
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.pandapower import PandapowerNewton, admittances, to_pandapower
from gridsim.solvers.participation import BASE_MVA, Sources, sources, split_reactive


class AcMethod(StrEnum):
    """Which Newton solver answers."""

    FAST = "fast"
    PANDAPOWER = "pandapower"


class AcSolution(NamedTuple):
    """Power flow of one operating point, arrays in the system's order.

    converged : every island with a source was solved;  rung : the worst over islands (``Rung``), none if all are dead
    reason : why not, or which reactive limits were relaxed; islands separated by '; ', empty if nothing is to say
    vm_pu, va_degree : (n_buses,), NaN at dead and unsolved buses; on the rung ``dc_only`` DC angles
    p_from_mw .. q_to_mvar : (n_branches,) into the branch; 0 where de-energised; on ``dc_only`` DC flows and NaN Mvar
    loading_percent : (n_branches,) of the normal rating by current, of active power on ``dc_only``; 0 if unlimited
    losses_mw : of lines and transformers, NaN if not converged
    p_gen_mw, q_gen_mvar : (n_gens,) after sharing the imbalance;  p_border_mw, q_border_mvar : (n_borders,)
    imbalance_mw : taken by the participants over all islands, NaN if not converged
    island : (n_buses,) i4, numbered by lowest bus;  live : (n_islands,) bool, islands with a source
    """

    converged: bool
    rung: str
    reason: str
    iterations: int
    vm_pu: F8
    va_degree: F8
    p_from_mw: F8
    p_to_mw: F8
    q_from_mvar: F8
    q_to_mvar: F8
    loading_percent: F8
    losses_mw: float
    p_gen_mw: F8
    q_gen_mvar: F8
    p_border_mw: F8
    q_border_mvar: F8
    imbalance_mw: float
    island: I4
    live: np.ndarray[tuple[int], np.dtype[np.bool_]]


class LightsimNewton:
    """lightsim2grid's Newton-Raphson with distributed slack."""

    def __init__(self) -> None:
        from lightsim2grid import algorithm

        # KLU where the build has it, Eigen's SparseLU else: same numbers to rounding
        self._solver = getattr(algorithm, "NR_KLU", algorithm.NR_SparseLU)()

    def prepare(self, point: OperatingPoint, topology: AcTopology, have: Sources) -> None:
        """Nothing is kept between tasks."""

    def newton(self, task: NewtonTask, max_iterations: int = MAX_ITERATIONS) -> NewtonResult:
        """Solve one task."""
        shares = task.weight > 0.0
        shares[task.reference] = False
        slack = np.concatenate([[task.reference], np.flatnonzero(shares)]).astype(np.int32)
        shares[task.reference] = True
        pv = np.flatnonzero(task.held & ~shares).astype(np.int32)
        pq = np.flatnonzero(~task.held).astype(np.int32)
        self._solver.reset()
        y_bus = task.topology.networks[task.number].y_bus
        converged = self._solver.solve(
            y_bus, task.v0.copy(), task.s_pu, slack, task.weight, pv, pq, max_iterations, TOLERANCE_PU
        )
        return NewtonResult(bool(converged), np.array(self._solver.get_V()), int(self._solver.get_nb_iter()))


class AcModel:
    """Power flow of one system's operating points; keeps the last voltages as the next start (``reset`` forgets them).

    Results do not depend on the start beyond the Newton tolerance as long as both starts lead to a solution.
    """

    def __init__(
        self,
        system: GridSystem,
        method: AcMethod | str = AcMethod.FAST,
        base: OperatingPoint | None = None,
        *,
        q_limits: bool = True,
    ):
        """``base``: any valid operating point, only to build the pandapower net from; ``None``: the winter peak.

        ``q_limits`` False lets every machine hold its voltage at any reactive power.
        """
        self.system = system
        self.q_limits = q_limits
        self.method = AcMethod(method)
        net = to_pandapower(system, base)
        self.network = AcNetwork(system, admittances(system, net))
        self._probe = LightsimNewton()
        self._newton: Newton = self._probe if self.method is AcMethod.FAST else PandapowerNewton(system, net)
        self._last: C16 | None = None

    def reset(self) -> None:
        """Forget the last voltages: the next solve starts flat. To be called where a new trajectory begins."""
        self._last = None

    def solve(self, point: OperatingPoint) -> AcSolution:
        """Solve one operating point. A state without a solution is an outcome (``converged`` False), never an error."""
        system, network = self.system, self.network
        topology = network.topology(point.branch_out)
        have = sources(system, point, topology.island)
        injection = injections(network, point, have)
        self._newton.prepare(point, topology, have)
        ladder = Ladder(network, topology, have, injection, self._newton, self._probe, self.q_limits)
        n_buses = network.n_buses
        v = np.full(n_buses, np.nan + 0j)
        dc_angle = np.full(n_buses, np.nan)
        q_source = np.full(n_buses, np.nan)
        imbalance = np.zeros(topology.n_islands)
        rungs: list[Rung] = []
        reasons: list[str] = []
        iterations = 0
        for number in np.flatnonzero(have.live):
            solution = ladder.climb(int(number), self._last)
            bus = topology.networks[number].bus
            rungs.append(solution.rung)
            iterations += solution.iterations
            imbalance[number] = solution.imbalance_pu
            if solution.reason:
                reasons.append(solution.reason)
            if solution.rung is Rung.DC_ONLY:
                dc_angle[bus] = np.angle(solution.v)
            elif solution.rung is not Rung.NONE:
                reference = solution.v[np.searchsorted(bus, have.reference[number])]
                v[bus] = solution.v * np.conj(reference) / np.abs(reference)
                q_source[bus] = solution.q_source_pu
        dark = ~have.live[topology.island]
        unserved = float(point.p_load_mw[dark[system.loads.bus]].sum())
        if unserved > 0.0:
            reasons.append(f"{unserved:.0f} MW of load in islands without a source")
        worst = max(rungs, key=RUNGS.index, default=Rung.NONE)
        converged = bool(rungs) and RUNGS.index(worst) < RUNGS.index(Rung.DC_ONLY)
        self._last = v if converged else None
        return self._solution(point, topology, have, v, dc_angle, q_source, imbalance, worst, reasons, iterations)

    def _solution(
        self,
        point: OperatingPoint,
        topology: AcTopology,
        have: Sources,
        v: C16,
        dc_angle: F8,
        q_source: F8,
        imbalance: F8,
        worst: Rung,
        reasons: list[str],
        iterations: int,
    ) -> AcSolution:
        system, network = self.system, self.network
        gens, borders, status = system.generators, system.borders, topology.status
        converged = worst not in (Rung.DC_ONLY, Rung.NONE)
        flows = network.flows(v, status)
        dark = ~have.live[topology.island]
        dark_branch = dark[network.from_bus]
        p_from, p_to, q_from, q_to, loading = (np.where(dark_branch, 0.0, value) for value in flows)
        by_dc = status & ~np.isnan(dc_angle[network.from_bus])
        if by_dc.any():
            dc_flow = network.dc_flows(dc_angle, status)
            rating = system.branch_normal_mw
            p_from = np.where(by_dc, dc_flow, p_from)
            p_to = np.where(by_dc, -dc_flow, p_to)
            loading = np.where(by_dc, 100.0 * np.abs(dc_flow) / rating, loading)
        q_gen, q_border = split_reactive(system, have, q_source * BASE_MVA)
        share = imbalance[topology.island] * BASE_MVA
        dark_gen, dark_border = dark[gens.bus], dark[borders.bus]
        p_gen = np.where(have.gen_on, point.p_gen_mw, 0.0) + have.gen_weight * share[gens.bus]
        p_border = np.where(borders.in_service, point.p_border_mw, 0.0) + have.border_weight * share[borders.bus]
        q_unknown = np.isnan(q_source[gens.bus]) & have.gen_on
        va = np.degrees(np.where(np.isnan(dc_angle), np.angle(v), dc_angle))
        return AcSolution(
            converged=converged,
            rung=str(worst),
            reason="; ".join(reasons),
            iterations=iterations,
            vm_pu=np.abs(v),
            va_degree=va,
            p_from_mw=p_from,
            p_to_mw=p_to,
            q_from_mvar=q_from,
            q_to_mvar=q_to,
            loading_percent=loading,
            losses_mw=float((p_from + p_to).sum()) if converged else float("nan"),
            p_gen_mw=np.where(dark_gen, 0.0, p_gen),
            q_gen_mvar=np.where(dark_gen, 0.0, np.where(q_unknown, np.nan, q_gen)),
            p_border_mw=np.where(dark_border, 0.0, p_border),
            q_border_mvar=np.where(dark_border, 0.0, q_border),
            imbalance_mw=float(imbalance.sum() * BASE_MVA),
            island=topology.island,
            live=have.live,
        )
