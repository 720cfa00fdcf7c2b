"""One island's AC power flow: rounds of its reactive limits, and the ladder of starts around them.

All methods run this logic, so they agree to the tolerance of a solution: ``Ladder`` has the rounds in one kernel with
gridsim's own Newton solver, ``ac_rounds.NewtonLadder`` in Python around the solvers of others. An imbalance A of an
island is shared by weights w: bus i gives ``p_i + w_i A``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.reactive_rounds import RoundRules, Schedule, solve_rounds
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import BASE_MVA, Sources, bus_sum

TOLERANCE_PU = 1e-9  # of the Newton mismatch: 1e-7 MW
Q_TOLERANCE_PU = 1e-6
VM_TOLERANCE_PU = 1e-6
MAX_ITERATIONS = 20
MAX_ROUNDS = 60
ALL_AT_ONCE = 8  # rounds in which every bus that should change does; then one a round, which ends most exchanges
MAX_RETURNS = 8  # of a bus from its reactive limit to its setpoint; one more and the start has failed
LOWEST_VM_PU = 0.5  # below it a solution is the lower branch of the nose curve, not a state of the grid
LOW_VM_PU = 0.85  # below it a warm start may have followed the lower branch: a flat one is tried beside it
SAME_VM_PU = 1e-6  # lowest voltages of the two that differ by less are of one solution: that of the warm start
N_NAMED = 3
_RULES = RoundRules(
    tolerance_pu=TOLERANCE_PU,
    q_tolerance_pu=Q_TOLERANCE_PU,
    vm_tolerance_pu=VM_TOLERANCE_PU,
    lowest_vm_pu=LOWEST_VM_PU,
    max_iterations=MAX_ITERATIONS,
    max_rounds=MAX_ROUNDS,
    max_returns=MAX_RETURNS,
)
_ONE_STEP = _RULES._replace(max_iterations=1, max_rounds=1)


class Rung(StrEnum):
    """Starts of the power flow, the best first."""

    WARM = "warm"
    FLAT = "flat"
    DC_START = "dc_start"
    RELAXED_Q = "relaxed_q"
    DC_ONLY = "dc_only"
    NONE = "none"


RUNGS = tuple(Rung)


@dataclass
class IslandSolution:
    """``v`` (n_members,) complex pu; ``imbalance_pu`` A; ``q_source_pu`` (n_members,) of the regulating sources.

    ``iterations``: Newton steps;  ``solves``: Newton solutions
    """

    rung: Rung
    v: C16
    imbalance_pu: float
    q_source_pu: F8
    iterations: int
    solves: int
    reason: str = ""


def _lowest(solution: IslandSolution) -> float:
    return float(np.abs(solution.v).min())


class Injection(NamedTuple):
    """Scheduled injections of the whole system (n_buses,) pu without the share of regulating sources, and weights."""

    p_pu: F8
    q_pu: F8
    weight: F8


def injections(network: AcNetwork, point: OperatingPoint, have: Sources) -> Injection:
    """Sum an operating point per bus. Machines that are not synchronised inject nothing whatever the point says."""
    system, n = network.system, network.n_buses
    gens, borders, loads = system.generators, system.borders, system.loads
    p = bus_sum(gens.bus, np.where(have.gen_on, point.p_gen_mw, 0.0), n)
    p += bus_sum(borders.bus, np.where(borders.in_service, point.p_border_mw, 0.0), n)
    if len(point.p_storage_mw):
        p += bus_sum(system.storages.bus, point.p_storage_mw, n)
    p -= bus_sum(loads.bus, point.p_load_mw, n)
    q = have.q_fixed_mvar - bus_sum(loads.bus, point.p_load_mw * network.load_mvar_per_mw, n)
    return Injection(p / BASE_MVA, q / BASE_MVA, have.bus_weight)


class Ladder:
    """Solves the islands of one operating point."""

    def __init__(
        self,
        network: AcNetwork,
        topology: AcTopology,
        have: Sources,
        injection: Injection,
        q_limits: bool = True,
    ):
        self.network, self.topology, self.have = network, topology, have
        self.injection, self.q_limits = injection, q_limits
        self._dc_angles: dict[int, F8 | None] = {}

    def climb(self, number: int, warm: C16 | None, held: B1 | None = None) -> IslandSolution:
        """Try warm, flat and DC starts, then without reactive limits, then the DC approximation alone.

        The DC start is the cautious one: machines go to their limits one at a time, the worst first, which finds
        solutions that limiting many at once overshoots.
        ``warm``: voltages of the whole system (n_buses,) from an earlier solution, or None; ``held`` (n_buses,): what
        held its voltage there, the first guess of the warm start (None: every source that regulates).
        """
        bus = self.topology.members[number]
        iterations = solves = 0
        for limits in (True, False) if self.q_limits else (False,):
            low: IslandSolution | None = None
            for rung, start, guess in self._starts(number, warm, held):
                solution = self._rounds(
                    number, start, guess, limits, rung if limits == self.q_limits else Rung.RELAXED_Q
                )
                iterations += solution.iterations
                solves += solution.solves
                if solution.rung is Rung.NONE:
                    continue
                if rung is Rung.WARM and _lowest(solution) < LOW_VM_PU:
                    low = solution
                    continue
                best = solution
                if low is not None and _lowest(solution) <= _lowest(low) + SAME_VM_PU:
                    best = low
                best.iterations, best.solves = iterations, solves
                return best
            if low is not None:
                low.iterations, low.solves = iterations, solves
                return low
        angle = self._dc(number)
        start = np.ones(len(bus), dtype=np.complex128) if angle is None else np.exp(1j * angle)
        reason = self._diagnosis(number, start)
        unknown = np.full(len(bus), np.nan)
        if angle is None:
            return IslandSolution(Rung.NONE, unknown + 0j, np.nan, unknown, iterations, solves, reason)
        # the angles alone are meant: a modulus of 1 is no voltage
        return IslandSolution(Rung.DC_ONLY, np.exp(1j * angle), np.nan, unknown, iterations, solves, reason)

    def _starts(self, number: int, warm: C16 | None, held: B1 | None) -> Iterator[tuple[Rung, C16, B1]]:
        """Rung, voltages and a first guess of the buses that hold theirs."""
        bus = self.topology.members[number]
        regulates = self.have.regulates[bus]
        if warm is not None and np.isfinite(warm[bus]).all():
            guess = regulates if held is None else regulates & held[bus]
            yield Rung.WARM, warm[bus], guess if guess.any() else regulates
        yield Rung.FLAT, np.ones(len(bus), dtype=np.complex128), regulates
        angle = self._dc(number)
        if angle is not None:
            yield Rung.DC_START, np.exp(1j * angle), regulates

    def _rounds(self, number: int, start: C16, guess: B1, limits: bool, rung: Rung) -> IslandSolution:
        """Newton solutions from ``start`` until no bus changes between held and limited."""
        bus = self.topology.members[number]
        near = rung is Rung.WARM
        found, iterations, solves, imbalance = self._solve_rounds(number, start, guess, limits, rung, _RULES, near)
        if near and not found:  # judged before the first round has converged, sides may go round in circles
            found, more, further, imbalance = self._solve_rounds(number, start, guess, limits, rung, _RULES, False)
            iterations, solves = iterations + more, solves + further
        work, rounds = self.network.work
        v, q_source = work.v[bus], rounds.q_source[bus]
        if not found:
            return IslandSolution(Rung.NONE, v, np.nan, q_source, iterations, solves)
        reason = self._relaxed(bus, rounds.excess[bus], rounds.over[bus]) if rung is Rung.RELAXED_Q else ""
        return IslandSolution(rung, v, imbalance, q_source, iterations, solves, reason)

    def _solve_rounds(
        self, number: int, start: C16, guess: B1, limits: bool, rung: Rung, rules: RoundRules, near: bool
    ) -> tuple[bool, int, int, float]:
        """Run the compiled rounds, whose answer is in the network's memory; ``near``: as of ``solve_rounds``."""
        bus, network = self.topology.members[number], self.network
        work, rounds = network.work
        whole = self.topology.n_islands == 1
        work.member[:] = whole
        if not whole:
            work.member[bus] = True
            start, guess = _scattered(start, bus, network.n_buses), _scattered(guess, bus, network.n_buses)
        schedule = self._schedule(number)
        return solve_rounds(
            elimination=network.elimination,
            y=self.topology.y,
            schedule=schedule,
            start=start,
            guess=guess if limits else schedule.regulates,
            reference=int(self.have.reference[number]),
            limits=limits,
            at_once=0 if rung is Rung.DC_START else ALL_AT_ONCE,
            near=near,
            rules=rules,
            work=work,
            rounds=rounds,
        )

    def _schedule(self, number: int) -> Schedule:
        """Injections and sources of an island, in arrays of the whole network."""
        injection, have = self.injection, self.have
        s = injection.p_pu + 1j * injection.q_pu
        weight, regulates = injection.weight, have.regulates
        if self.topology.n_islands > 1:
            inside = self.topology.island == number
            s, weight, regulates = np.where(inside, s, 0.0), np.where(inside, weight, 0.0), regulates & inside
        return Schedule(
            s=s,
            weight=weight,
            setpoint=self.network.setpoint_pu,
            q_min=have.q_min_mvar / BASE_MVA,
            q_max=have.q_max_mvar / BASE_MVA,
            regulates=regulates,
        )

    def _dc(self, number: int) -> F8 | None:
        """Angles of the DC approximation, None if it has none; computed once."""
        if number not in self._dc_angles:
            self._dc_angles[number] = self._solve_dc(number)
        return self._dc_angles[number]

    def _solve_dc(self, number: int) -> F8 | None:
        bus = self.topology.members[number]
        p = self.injection.p_pu[bus]
        weight = self.injection.weight[bus]
        try:
            return self.network.dc_angles(self.topology, number, p - weight * p.sum(), int(self.have.reference[number]))
        except RuntimeError:  # scipy's word for a singular factor
            return None

    def _relaxed(self, bus: I4, excess: F8, over: B1) -> str:
        worst = [k for k in np.argsort(-np.where(over, excess, 0.0), kind="stable")[:N_NAMED] if over[k]]
        names = self.network.system.buses.name
        listed = ", ".join(f"{names[bus[k]]} by {excess[k] * BASE_MVA:.0f} Mvar" for k in worst)
        return f"reactive limits exceeded at {int(over.sum())} buses: {listed}" if worst else ""

    def _diagnosis(self, number: int, start: C16) -> str:
        """Buses with the largest mismatch at the best of the first Newton iterates, reactive limits off."""
        network = self.topology.networks[number]
        bus, names = network.bus, self.network.system.buses.name
        schedule = self.injection.p_pu[bus] + 1j * self.injection.q_pu[bus]
        weight = self.injection.weight[bus]
        held = self.have.regulates[bus]
        best, worst_norm = None, np.inf
        v = np.where(held, self.network.setpoint_pu[bus] * start / np.abs(start), start)
        for _ in range(8):
            gap = network.power(v) - schedule
            gap = gap - weight * gap.real.sum()
            gap = np.where(held, gap.real + 0j, gap)
            norm = float(np.abs(gap).max())
            if norm < worst_norm:
                best, worst_norm = gap, norm
            self._solve_rounds(number, v, held, False, Rung.NONE, _ONE_STEP, near=False)
            v = self.network.work[0].v[bus]
            if not np.isfinite(v).all():
                break
        if best is None:
            return "no finite voltages"
        order = np.argsort(-np.abs(best), kind="stable")[:N_NAMED]
        listed = ", ".join(
            f"{names[bus[k]]} {best[k].real * BASE_MVA:+.0f} MW {best[k].imag * BASE_MVA:+.0f} Mvar" for k in order
        )
        return f"largest mismatch: {listed}"


def _scattered(values: NDArray[Any], bus: I4, n: int) -> NDArray[Any]:
    """(n,) the values at these buses, 0 elsewhere."""
    scattered = np.zeros(n, dtype=values.dtype)
    scattered[bus] = values
    return scattered
