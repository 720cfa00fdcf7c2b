"""One island's AC power flow: PV-PQ rounds around a Newton solver, and the ladder of starts around the rounds.

Both methods (lightsim2grid and pandapower) run this logic; only the Newton solver differs, so they agree to its
tolerance. An imbalance A of an island is shared by weights w: bus i gives ``p_i + w_i A``. The Newton solvers share
among buses that hold voltage; a participant at its reactive limit gives ``w_i A`` of the round before, so rounds go on
until that A is the island's (the losses' change with A is small, so A settles in two or three). Where such
participants are few, lightsim2grid's solver shares among them too, and one round does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np

from gridsim.kernels.power_flow import judge_round, start_round
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import BASE_MVA, Sources, bus_sum

TOLERANCE_PU = 1e-9  # of the Newton mismatch: 1e-7 MW
SHARING_TOLERANCE_PU = 1e-8  # 1e-6 MW of a bus's share in an imbalance
Q_TOLERANCE_PU = 1e-6
VM_TOLERANCE_PU = 1e-6
MAX_ITERATIONS = 20
MAX_ROUNDS = 60
ALL_AT_ONCE = 8  # rounds in which every bus that should change does; then one a round, which ends most exchanges
MAX_RETURNS = 8  # of a bus from its reactive limit to its setpoint; one more and the start has failed
LOWEST_VM_PU = 0.5  # below it a solution is the lower branch of the nose curve, not a state of the grid
LOW_VM_PU = 0.85  # below it a warm start may have followed the lower branch: a flat one is tried beside it
# Participants at a reactive limit share within a Newton solution up to this weight: its Jacobian does not know of them,
# so the imbalance left falls by their weight an iteration.
MOST_LIMITED_SHARE = 0.05
N_NAMED = 3


class Rung(StrEnum):
    """Starts of the power flow, the best first."""

    WARM = "warm"
    FLAT = "flat"
    DC_START = "dc_start"
    RELAXED_Q = "relaxed_q"
    DC_ONLY = "dc_only"
    NONE = "none"


RUNGS = tuple(Rung)


class NewtonTask(NamedTuple):
    """Task of one Newton solution.

    topology, number : the island;  v0 : (n_members,) complex start, setpoints applied
    s_pu : (n_members,) scheduled injection;  held : (n_members,) voltage held;  reference : local position
    weight : (n_members,) shares of the imbalance, sum 1; 0 where not held, unless the solver ``shares_everywhere``
    p_extra_pu : (n_members,) the part of s_pu.real that participants at a reactive limit add to their schedule
    q_source_pu : (n_members,) reactive power of the regulating sources at buses that are not held
    """

    topology: AcTopology
    number: int
    v0: C16
    s_pu: C16
    held: B1
    reference: int
    weight: F8
    p_extra_pu: F8
    q_source_pu: F8


class NewtonResult(NamedTuple):
    converged: bool
    v: C16
    iterations: int


class Newton(Protocol):
    """A method: solves one task at the operating point given to ``prepare``.

    ``shares_everywhere``: participants at a reactive limit share an imbalance within the solution, if they are few.
    """

    shares_everywhere: bool

    def prepare(self, point: OperatingPoint, topology: AcTopology, have: Sources) -> None: ...

    def newton(self, task: NewtonTask, max_iterations: int = ...) -> NewtonResult: ...


@dataclass
class IslandSolution:
    """``v`` (n_members,) complex pu; ``imbalance_pu`` A; ``q_source_pu`` (n_members,) of the regulating sources."""

    rung: Rung
    v: C16
    imbalance_pu: float
    q_source_pu: F8
    iterations: int
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
        newton: Newton,
        probe: Newton,
        q_limits: bool = True,
    ):
        self.network, self.topology, self.have = network, topology, have
        self.injection, self.newton, self.probe = injection, newton, probe
        self.q_limits = q_limits
        self._dc_angles: dict[int, F8 | None] = {}

    def climb(self, number: int, warm: C16 | None, held: B1 | None = None) -> IslandSolution:
        """Try warm, flat and DC starts, then without reactive limits, then the DC approximation alone.

        The DC start is the cautious one: machines go to their limits one at a time, the worst first, which finds
        solutions that limiting many at once overshoots.
        ``warm``: voltages of the whole system (n_buses,) from an earlier solution, or None; ``held`` (n_buses,): what
        held its voltage there, the first guess of the warm start (None: every source that regulates).
        """
        bus = self.topology.networks[number].bus
        iterations = 0
        for limits in (True, False) if self.q_limits else (False,):
            low: IslandSolution | None = None
            for rung, start, guess in self._starts(number, warm, held):
                solution = self._rounds(
                    number, start, guess, limits, rung if limits == self.q_limits else Rung.RELAXED_Q
                )
                iterations += solution.iterations
                if solution.rung is Rung.NONE:
                    continue
                if rung is Rung.WARM and _lowest(solution) < LOW_VM_PU:
                    low = solution
                    continue
                best = solution if low is None else max(low, solution, key=_lowest)
                best.iterations = iterations
                return best
            if low is not None:
                low.iterations = iterations
                return low
        angle = self._dc(number)
        start = np.ones(len(bus), dtype=np.complex128) if angle is None else np.exp(1j * angle)
        reason = self._diagnosis(number, start)
        unknown = np.full(len(bus), np.nan)
        if angle is None:
            return IslandSolution(Rung.NONE, unknown + 0j, np.nan, unknown, iterations, reason)
        # the angles alone are meant: a modulus of 1 is no voltage
        return IslandSolution(Rung.DC_ONLY, np.exp(1j * angle), np.nan, unknown, iterations, reason)

    def _starts(self, number: int, warm: C16 | None, held: B1 | None) -> Iterator[tuple[Rung, C16, B1]]:
        """Rung, voltages and a first guess of the buses that hold theirs."""
        bus = self.topology.networks[number].bus
        regulates = self.have.regulates[bus]
        if warm is not None and np.isfinite(warm[bus]).all():
            guess = regulates if held is None else regulates & held[bus]
            yield Rung.WARM, warm[bus], guess if guess.any() else regulates
        yield Rung.FLAT, np.ones(len(bus), dtype=np.complex128), regulates
        angle = self._dc(number)
        if angle is not None:
            yield Rung.DC_START, np.exp(1j * angle), regulates

    def _rounds(self, number: int, start: C16, guess: B1, limits: bool, rung: Rung) -> IslandSolution:
        """Newton solutions until no bus changes between held and limited and the imbalance is shared by weight."""
        network = self.topology.networks[number]
        bus = network.bus
        schedule = self.injection.p_pu[bus] + 1j * self.injection.q_pu[bus]
        weight = self.injection.weight[bus]
        setpoint = self.network.setpoint_pu[bus]
        q_min, q_max = self.have.q_min_mvar[bus] / BASE_MVA, self.have.q_max_mvar[bus] / BASE_MVA
        regulates = self.have.regulates[bus]
        held = guess if limits else regulates
        q_source = np.where(held | ~regulates, 0.0, np.where(np.abs(start) < setpoint, q_max, q_min))
        n = len(bus)
        returns, excess, beyond = np.zeros(n, dtype=np.int64), np.empty(n), np.empty(n)
        over, back = np.empty(n, dtype=bool), np.empty(n, dtype=bool)
        iterations = 0
        v = start
        # the losses at the start decide the first guess, where participants outside the solution need one
        shares_all = self._shares_everywhere(held, weight)
        scheduled = 0.0 if shares_all else float((network.power(v) - schedule).real.sum())
        before: tuple[float, float] | None = None
        for number_of_rounds in range(MAX_ROUNDS):
            task = self._task(number, v, schedule, held, weight, scheduled, q_source, setpoint)
            result = self.newton.newton(task) if len(bus) > 1 else NewtonResult(True, task.v0, 0)
            iterations += result.iterations
            if not result.converged or not (np.abs(result.v) > LOWEST_VM_PU).all():
                break
            v = result.v
            power = network.power(v)
            imbalance = float((power - schedule).real.sum())
            unshared, n_over, n_back = judge_round(
                vm=np.abs(v),
                power=power,
                schedule=schedule,
                weight=weight,
                imbalance=imbalance,
                held=held,
                regulates=regulates,
                q_min=q_min,
                q_max=q_max,
                setpoint=setpoint,
                q_tolerance=Q_TOLERANCE_PU,
                vm_tolerance=VM_TOLERANCE_PU,
                q_source=q_source,
                excess_out=excess,
                over_out=over,
                beyond_out=beyond,
                back_out=back,
            )
            shared = unshared < SHARING_TOLERANCE_PU
            if not limits:
                if shared:
                    reason = self._relaxed(bus, excess, over) if rung is Rung.RELAXED_Q else ""
                    return IslandSolution(rung, v, imbalance, q_source, iterations, reason)
                before, scheduled = (scheduled, imbalance), _secant(before, scheduled, imbalance)
                continue
            if n_back and (returns[back] >= MAX_RETURNS).any():
                break
            if shared and not n_over and not n_back:
                return IslandSolution(rung, v, imbalance, q_source, iterations)
            if n_over and not n_back and n_over == int(held.sum()):
                last = int(np.argmax(np.where(held, weight, -1.0)))
                over[last] = False  # someone has to hold the voltage; refused below if it is the only one left
                if n_over == 1:
                    break
            if n_over or n_back:
                if number_of_rounds >= (0 if rung is Rung.DC_START else ALL_AT_ONCE):
                    over, back = _one(over, excess, back, beyond)
                q_source = np.where(over, np.clip(q_source, q_min, q_max), q_source)
                held = (held & ~over) | back
                returns += back
                before, scheduled = None, imbalance
            else:
                before, scheduled = (scheduled, imbalance), _secant(before, scheduled, imbalance)
        return IslandSolution(Rung.NONE, v, np.nan, q_source, iterations)

    def _task(
        self, number: int, v: C16, schedule: C16, held: B1, weight: F8, imbalance: float, q_source: F8, setpoint: F8
    ) -> NewtonTask:
        bus = self.topology.networks[number].bus
        n = len(bus)
        s_pu = np.empty(n, dtype=np.complex128)
        weights, extra, limited = np.empty(n), np.empty(n), np.empty(n)
        v0 = np.where(held, setpoint * v / np.abs(v), v)
        everywhere = self._shares_everywhere(held, weight)
        free = weight if everywhere else np.where(held, weight, 0.0)
        reference = start_round(
            schedule=schedule,
            held=held,
            weight=weight,
            everywhere=everywhere,
            reference=int(np.searchsorted(bus, int(self.have.reference[number]))),
            imbalance=imbalance,
            total_weight=float(free.sum()),
            q_source=q_source,
            s_out=s_pu,
            weight_out=weights,
            extra_out=extra,
            limited_out=limited,
        )
        return NewtonTask(
            topology=self.topology,
            number=number,
            v0=v0 * (np.abs(v0[reference]) / v0[reference]),
            s_pu=s_pu,
            held=held,
            reference=reference,
            weight=weights,
            p_extra_pu=extra,
            q_source_pu=limited,
        )

    def _shares_everywhere(self, held: B1, weight: F8) -> bool:
        """Whether participants at a reactive limit share the imbalance within the Newton solution."""
        return self.newton.shares_everywhere and 1.0 - float(weight[held].sum()) < MOST_LIMITED_SHARE

    def _dc(self, number: int) -> F8 | None:
        """Angles of the DC approximation, None if it has none; computed once."""
        if number not in self._dc_angles:
            self._dc_angles[number] = self._solve_dc(number)
        return self._dc_angles[number]

    def _solve_dc(self, number: int) -> F8 | None:
        bus = self.topology.networks[number].bus
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
        task = self._task(number, start, schedule, held, weight, 0.0, np.zeros(len(bus)), self.network.setpoint_pu[bus])
        best, worst_norm = None, np.inf
        v = task.v0
        for _ in range(8):
            gap = network.power(v) - schedule
            gap = gap - weight * gap.real.sum()
            gap = np.where(held, gap.real + 0j, gap)
            norm = float(np.abs(gap).max())
            if norm < worst_norm:
                best, worst_norm = gap, norm
            v = self.probe.newton(task._replace(v0=v), 1).v if len(bus) > 1 else v
            if not np.isfinite(v).all():
                break
        if best is None:
            return "no finite voltages"
        order = np.argsort(-np.abs(best), kind="stable")[:N_NAMED]
        listed = ", ".join(
            f"{names[bus[k]]} {best[k].real * BASE_MVA:+.0f} MW {best[k].imag * BASE_MVA:+.0f} Mvar" for k in order
        )
        return f"largest mismatch: {listed}"


def _one(over: B1, excess: F8, back: B1, beyond: F8) -> tuple[B1, B1]:
    """The single change that is most due: the largest excess of reactive power, else the largest of voltage."""
    one = np.zeros(len(over), dtype=bool)
    none = one.copy()
    if over.any():
        one[int(np.argmax(np.where(over, excess, -1.0)))] = True
        return one, none
    if back.any():
        one[int(np.argmax(np.where(back, beyond, -1.0)))] = True
    return none, one


def _secant(before: tuple[float, float] | None, scheduled: float, found: float) -> float:
    """Imbalance to schedule next so that the one found equals it; ``before``: the last (scheduled, found)."""
    if before is None or scheduled == before[0]:
        return found
    slope = (found - before[1]) / (scheduled - before[0])
    return found if abs(slope) > 0.5 else scheduled + (found - scheduled) / (1.0 - slope)
