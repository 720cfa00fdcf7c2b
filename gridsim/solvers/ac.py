"""AC power flow of operating points: Newton's method on the admittances that pandapower's net has.

``AcModel(system, "fast")`` is made once; each ``solve`` changes injections and switching and runs gridsim's own solver
(``kernels.newton``, distributed slack, a fixed order of elimination). Its references run the same points:
``"lightsim2grid"`` (Donnot, LightSim2grid, RTE; KLU) and ``"pandapower"``, ``pandapower.runpp`` on the net, hundreds of
times slower. Islands, reactive limits, sharing of an imbalance and the ladder of starts are ``ac_ladder``'s for all.
"""

from __future__ import annotations

import copy
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac_ladder import MAX_ITERATIONS, RUNGS, TOLERANCE_PU, Ladder, Rung, injections
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology
from gridsim.solvers.ac_rounds import Newton, NewtonLadder, NewtonResult, NewtonTask
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.admittances import admittances
from gridsim.solvers.kept import Kept
from gridsim.solvers.lightsim import lightsim_algorithms
from gridsim.solvers.operating_point import OperatingPoint, idle_point
from gridsim.solvers.pandapower import PandapowerNewton, to_pandapower
from gridsim.solvers.participation import (
    BASE_MVA,
    HELD_TOLERANCE_PU,
    ReactiveSplit,
    Sources,
    bus_sum,
    held_buses,
    shunt_connected,
    shunt_status,
    sources,
)

_ROLES_KEPT = 64
_SOURCES_KEPT = 64
_LEAST_LOAD_MW = 1e-6  # less is what rounding leaves of load that is cut


class AcMethod(StrEnum):
    """Newton solvers of the power flow."""

    FAST = "fast"
    LIGHTSIM2GRID = "lightsim2grid"
    PANDAPOWER = "pandapower"


class LightsimNewton:
    """lightsim2grid's Newton-Raphson with distributed slack.

    Its mismatch adds a bus's weight times the imbalance wherever there is a weight, so a participant at its reactive
    limit takes its share although its voltage is free. The Jacobian knows only those that hold theirs.
    """

    shares_everywhere = True

    def __init__(self) -> None:
        algorithm = lightsim_algorithms()
        # KLU where the build has it, Eigen's SparseLU else: same numbers to rounding
        self._solver = getattr(algorithm, "NR_KLU", algorithm.NR_SparseLU)()
        self._known_roles: Kept[tuple[int, bytes, bytes], tuple[I4, I4, I4]] = Kept(_ROLES_KEPT)

    def prepare(self, point: OperatingPoint, topology: AcTopology, have: Sources) -> None:
        """Nothing is kept between tasks."""

    def _roles(self, task: NewtonTask) -> tuple[I4, I4, I4]:
        """Buses that share the imbalance, the reference first, others that hold their voltage, and the rest."""
        asked = task.reference, task.held.tobytes(), (task.weight > 0.0).tobytes()
        known = self._known_roles.get(asked)
        if known is None:
            shares = (task.weight > 0.0) & task.held
            shares[task.reference] = False
            slack = np.concatenate([[task.reference], shares.nonzero()[0]]).astype(np.int32)
            shares[task.reference] = True
            pv = (task.held & ~shares).nonzero()[0].astype(np.int32)
            # a reference at its reactive limit holds its voltage all the same: some bus has to
            pq = (~task.held & ~shares).nonzero()[0].astype(np.int32)
            known = self._known_roles.keep(asked, (slack, pv, pq))
        return known

    def newton(self, task: NewtonTask, max_iterations: int = MAX_ITERATIONS) -> NewtonResult:
        """Solve one task."""
        slack, pv, pq = self._roles(task)
        self._solver.reset()
        y_bus = task.topology.networks[task.number].y_bus
        converged = self._solver.solve(
            y_bus, task.v0.copy(), task.s_pu, slack, task.weight, pv, pq, max_iterations, TOLERANCE_PU
        )
        return NewtonResult(bool(converged), np.array(self._solver.get_V()), int(self._solver.get_nb_iter()))


class AcModel:
    """Power flow of one system's operating points; keeps the last voltages as the next start (``reset`` forgets them).

    The start decides the rung and, where a state has two solutions, which is found; else it moves results by no more
    than the Newton tolerance.
    """

    def __init__(
        self,
        system: GridSystem,
        method: AcMethod | str = AcMethod.FAST,
        base: OperatingPoint | None = None,
        *,
        q_limits: bool = True,
        keep: int = 0,
    ):
        """``base``: any operating point, only to build pandapower's net from; ``None``: everything idle.

        ``q_limits`` False lets every machine hold its voltage at any reactive power.
        ``keep``: how many of the last solutions are kept; a point that is asked for again from the same start is not
        solved again. Trajectories that share the model share them.
        """
        self.system = system
        self.q_limits = q_limits
        self.method = AcMethod(method)
        self.network = AcNetwork(system, admittances(system))
        self._newton: Newton | None = None
        if self.method is AcMethod.LIGHTSIM2GRID:
            self._newton = LightsimNewton()
        elif self.method is AcMethod.PANDAPOWER:
            self._newton = PandapowerNewton(system, to_pandapower(system, idle_point(system) if base is None else base))
        self._last: C16 | None = None
        self._known_sources: Kept[tuple[bytes, bytes], tuple[Sources, ReactiveSplit]] = Kept(_SOURCES_KEPT)
        self._known: Kept[tuple[bytes, ...], tuple[AcSolution, C16 | None]] | None = Kept(keep) if keep else None

    def with_system(self, system: GridSystem) -> AcModel:
        """A model of the same network with other sources or shunts in service, sharing what is equal; starts flat."""
        other = copy.copy(self)
        other.system = system
        other.network = self.network.with_system(other.system)
        if self.method is AcMethod.PANDAPOWER:
            other._newton = PandapowerNewton(other.system, to_pandapower(other.system, idle_point(other.system)))
        other._last = None
        other._known_sources = Kept(_SOURCES_KEPT)
        other._known = None
        return other

    def reset(self) -> None:
        """Forget the last voltages: the next solve starts flat. To be called where a new trajectory begins."""
        self._last = None

    def resume(self, solution: AcSolution) -> None:
        """Start the next solve from this converged solution."""
        self._last = (solution.vm_pu * np.exp(1j * np.radians(solution.va_degree))).astype(np.complex128)

    def solve(
        self, point: OperatingPoint, start: AcSolution | None = None, load_admittance_pu: C16 | None = None
    ) -> AcSolution:
        """Solve one operating point. A state without a solution is an outcome (``converged`` False), never an error.

        ``start``: a converged solution of a similar point to start from, voltages and reactive limits, instead of the
        last voltages; the result is then a function of the point and ``start`` alone.
        ``load_admittance_pu``: (n_buses,) loads that fall with the square of voltage, beside those of the point;
        gridsim's own solver solves them by every method.
        """
        if start is not None:
            self._last = None
            if start.converged:
                self.resume(start)
        if self._known is None or load_admittance_pu is not None:
            return self._solve(point, load_admittance_pu)
        asked = _question(point, self._last)
        known = self._known.get(asked)
        if known is None:
            solution = self._solve(point, None)
            known = self._known.keep(asked, (solution, self._last))
        solution, self._last = known
        return solution

    def _solve(self, point: OperatingPoint, load_admittance_pu: C16 | None) -> AcSolution:
        system, network = self.system, self.network
        warm = self._last
        # the first guess of what holds its voltage; rounds correct it
        held = None if warm is None else np.abs(np.abs(warm) - network.setpoint_pu) < HELD_TOLERANCE_PU
        topology = network.topology(point.branch_out, point.devices)
        newton = self._newton
        if load_admittance_pu is not None:
            topology, newton = topology.with_admittance(load_admittance_pu), None
        have, split = self._sources(point, topology)
        injection = injections(network, point, have)
        ladder = Ladder(network, topology, have, injection, self.q_limits)
        if newton is not None:
            newton.prepare(point, topology, have)
            ladder = NewtonLadder(network, topology, have, injection, self.q_limits, newton)
        n_buses = network.n_buses
        v = np.full(n_buses, np.nan + 0j)
        dc_angle = np.full(n_buses, np.nan)
        q_source = np.full(n_buses, np.nan)
        imbalance = np.zeros(topology.n_islands)
        rungs: list[Rung] = []
        reasons: list[str] = []
        iterations = solves = 0
        for number in have.live.nonzero()[0].tolist():
            solution = ladder.climb(number, warm, held)
            bus = topology.members[number]
            rungs.append(solution.rung)
            iterations += solution.iterations
            solves += solution.solves
            imbalance[number] = solution.imbalance_pu
            if solution.reason:
                reasons.append(solution.reason)
            if solution.rung is Rung.DC_ONLY:
                dc_angle[bus] = np.angle(solution.v)
            elif solution.rung is not Rung.NONE:
                reference = solution.v[np.searchsorted(bus, have.reference[number])]
                v[bus] = solution.v * np.conj(reference) / np.abs(reference)
                q_source[bus] = solution.q_source_pu
        if not have.live.all():
            dark = ~have.live[topology.island]
            unserved = float(point.p_load_mw[dark[system.loads.bus]].sum())
            if unserved > _LEAST_LOAD_MW:
                reasons.append(f"{unserved:.0f} MW of load in islands without a source")
        worst = max(rungs, key=RUNGS.index, default=Rung.NONE)
        converged = bool(rungs) and RUNGS.index(worst) < RUNGS.index(Rung.DC_ONLY)
        self._last = v if converged else None
        return self._solution(
            point=point,
            topology=topology,
            have=have,
            split=split,
            v=v,
            dc_angle=dc_angle,
            q_source=q_source,
            imbalance=imbalance,
            worst=worst,
            reasons=reasons,
            iterations=iterations,
            solves=solves,
        )

    def _sources(self, point: OperatingPoint, topology: AcTopology) -> tuple[Sources, ReactiveSplit]:
        """Sources at a point, made once for the same machines on the same islands."""
        asked = topology.island_key, point.gen_committed.tobytes()
        known = self._known_sources.get(asked)
        if known is None:
            have = sources(self.system, point, topology.island)
            known = self._known_sources.keep(asked, (have, ReactiveSplit(self.system, have)))
        return known

    def lightsim_grid(self, point: OperatingPoint, solution: AcSolution | None = None) -> Any:
        """Give lightsim2grid's own grid model of a moment, for its batch classes: lines, then transformers, as ours.

        Each bus whose voltage is held has one generator of 0 MW with the bus's participation, everything else is
        a fixed injection. With a ``solution`` the buses at a reactive limit give that limit and take their share of
        its imbalance; without one every regulating source holds its voltage. One island is expected.
        """
        from lightsim2grid.lightsim2grid_cpp import AlgorithmType, LSGrid

        system, network = self.system, self.network
        topology = network.topology(point.branch_out, point.devices)
        have = sources(system, point, topology.island)
        injection = injections(network, point, have)
        p, q = injection.p_pu * BASE_MVA, injection.q_pu * BASE_MVA
        held = have.regulates.copy()
        if solution is not None:
            held = held_buses(system, have, solution.vm_pu)
            limited = have.gen_regulates & ~held[system.generators.bus]
            q += bus_sum(system.generators.bus, np.where(limited, solution.q_gen_mvar, 0.0), network.n_buses)
            p += np.where(held, 0.0, injection.weight * solution.imbalance_mw)
        n_lines, n_buses = len(system.lines), network.n_buses
        y, from_bus, to_bus = topology.admittances, network.from_bus, network.to_bus
        ratio = np.sqrt((y.ytt / y.yff).real)
        series = -y.yft * np.exp(-1j * network.shift_rad) * ratio
        z, shunt = 1.0 / series, 2.0 * (y.ytt - series)
        grid = LSGrid()
        if AlgorithmType.NR_KLU in grid.available_default_algorithms():
            grid.change_algorithm(AlgorithmType.NR_KLU)  # a grid made by hand starts with SparseLU, five times slower
        grid.set_sn_mva(BASE_MVA)
        grid.set_init_vm_pu(1.0)
        grid.init_bus(n_buses, 1, system.buses.vn_kv, n_lines, len(ratio) - n_lines)
        line, trafo = slice(0, n_lines), slice(n_lines, None)
        half = shunt[line] / 2.0
        grid.init_powerlines_full(z[line].real, z[line].imag, half, half, from_bus[line], to_bus[line])
        count, shift_degree = len(ratio) - n_lines, system.transformers.shift_degree * 1.0
        grid.init_trafo(
            z[trafo].real, z[trafo].imag, shunt[trafo], ratio[trafo], shift_degree, [True] * count, from_bus[trafo],
            to_bus[trafo], True,
        )  # fmt: skip
        if point.devices is None:
            on, q_mvar = shunt_status(system, topology.status), system.shunts.q_mvar * 1.0
        else:
            on = shunt_connected(system, topology.status)
            q_mvar = system.shunts.q_mvar * point.devices.shunt_share
        grid.init_shunt(system.shunts.p_mw * 1.0, q_mvar, system.shunts.bus)
        for position in np.flatnonzero(~on):
            grid.deactivate_shunt(int(position))
        empty, nowhere = np.zeros(0), np.zeros(0, dtype=np.int32)
        grid.init_loads(empty, empty, nowhere)
        buses = np.arange(n_buses, dtype=np.int32)
        wide = np.full(n_buses, 1e9)
        grid.init_sgens(p, np.where(held, 0.0, q), -wide, wide, -wide, wide, buses)
        gens = np.flatnonzero(held).astype(np.int32)
        wide = wide[: len(gens)]
        grid.init_generators(np.zeros(len(gens)), network.setpoint_pu[gens], -wide, wide, gens)
        grid.init_storages(empty, empty, nowhere)
        weight = injection.weight[gens]
        if not weight.any():
            # no participant holds its voltage: as in the ladder the first source that does balances the outage
            balances = gens == have.reference[0]
            weight = (balances if balances.any() else gens == gens[:1]).astype(float)
        for gen in np.flatnonzero(weight > 0):
            grid.add_gen_slackbus(int(gen), float(weight[gen]))
        for branch in np.flatnonzero(~topology.status):
            if branch < n_lines:
                grid.deactivate_powerline(int(branch))
            else:
                grid.deactivate_trafo(int(branch) - n_lines)
        return grid

    def contingencies(self, point: OperatingPoint, branches: I4, solution: AcSolution | None = None) -> tuple[C16, B1]:
        """Voltages (n_branches_out, n_buses) complex pu after the loss of each branch alone, and which converged.

        lightsim2grid's contingency analysis: one symbolic factorisation for all. What holds its voltage before the
        outage (see ``lightsim_grid``) holds it after; the branches' loss must not split the network, nor switch a
        shunt. NaN where not converged.
        """
        from lightsim2grid.lightsim2grid_cpp import ContingencyAnalysisCPP

        order = np.argsort(branches, kind="stable")
        grid = self.lightsim_grid(point, solution)
        analysis = ContingencyAnalysisCPP(grid)
        analysis.add_multiple_n1([int(branch) for branch in branches])
        start = np.ones(self.network.n_buses, dtype=np.complex128)
        if solution is not None:
            start = (solution.vm_pu * np.exp(1j * np.radians(solution.va_degree))).astype(np.complex128)
        analysis.compute(start, MAX_ITERATIONS, TOLERANCE_PU)
        v = np.full((len(branches), self.network.n_buses), np.nan + 0j)
        converged = np.zeros(len(branches), dtype=bool)
        v[order] = analysis.get_voltages()
        converged[order] = analysis.converged_mask()
        v[~converged] = np.nan
        return v, converged

    def _solution(
        self,
        point: OperatingPoint,
        topology: AcTopology,
        have: Sources,
        split: ReactiveSplit,
        v: C16,
        dc_angle: F8,
        q_source: F8,
        imbalance: F8,
        worst: Rung,
        reasons: list[str],
        iterations: int,
        solves: int,
    ) -> AcSolution:
        system, network = self.system, self.network
        gens, borders, status = system.generators, system.borders, topology.status
        converged = worst not in (Rung.DC_ONLY, Rung.NONE)
        p_from, p_to, q_from, q_to, loading = network.flows(v, status, topology.admittances)
        q_gen, q_border = split.split(q_source * BASE_MVA)
        share = imbalance[topology.island] * BASE_MVA
        p_gen = np.where(have.gen_on, point.p_gen_mw, 0.0) + have.gen_weight * share[gens.bus]
        p_border = np.where(borders.in_service, point.p_border_mw, 0.0) + have.border_weight * share[borders.bus]
        va = np.degrees(np.angle(v))
        dark = ~have.live[topology.island]
        if dark.any() or not converged:
            dark_branch = dark[network.from_bus]
            p_from, p_to, q_from, q_to, loading = (
                np.where(dark_branch, 0.0, value) for value in (p_from, p_to, q_from, q_to, loading)
            )
            by_dc = status & ~np.isnan(dc_angle[network.from_bus])
            if by_dc.any():
                dc_flow = network.dc_flows(dc_angle, status)
                rating = system.branch_normal_mw
                p_from = np.where(by_dc, dc_flow, p_from)
                p_to = np.where(by_dc, -dc_flow, p_to)
                loading = np.where(by_dc, 100.0 * np.abs(dc_flow) / rating, loading)
            va = np.where(np.isnan(dc_angle), va, np.degrees(dc_angle))
            q_gen = np.where(np.isnan(q_source[gens.bus]) & have.gen_on, np.nan, q_gen)
            p_gen, q_gen = (np.where(dark[gens.bus], 0.0, value) for value in (p_gen, q_gen))
            p_border, q_border = (np.where(dark[borders.bus], 0.0, value) for value in (p_border, q_border))
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
            p_gen_mw=p_gen,
            q_gen_mvar=q_gen,
            p_border_mw=p_border,
            q_border_mvar=q_border,
            imbalance_mw=float(imbalance.sum() * BASE_MVA),
            island=topology.island,
            live=have.live,
            solves=solves,
        )


def _question(point: OperatingPoint, start: C16 | None) -> tuple[bytes, ...]:
    """All that a solution depends on: injections, what is out or synchronised, devices, and the start's voltages."""
    values: tuple[NDArray[Any], ...] = point[:-1] if point.devices is None else (*point[:-1], *point.devices)
    return (*(value.tobytes() for value in values), b"" if start is None else start.tobytes())
