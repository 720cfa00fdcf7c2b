"""The rounds of an island's reactive limits in Python, around Newton solvers of others: the twin of the compiled ones.

``kernels.reactive_rounds`` does the same with gridsim's own solver, which shares an imbalance among all participants.
These share among buses that hold their voltage: a participant at its reactive limit gives ``w_i A`` of the round
before, so rounds go on until that A is the island's (the losses' change with A is small, so A settles in two or three).
Where such participants are few, lightsim2grid's solver shares among them too, and one round does.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from gridsim.kernels.power_flow import judge_round, start_round
from gridsim.model.table import B1, F8
from gridsim.solvers.ac_ladder import (
    ALL_AT_ONCE,
    LOWEST_VM_PU,
    MAX_RETURNS,
    MAX_ROUNDS,
    Q_TOLERANCE_PU,
    VM_TOLERANCE_PU,
    Injection,
    IslandSolution,
    Ladder,
    Rung,
)
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import BASE_MVA, Sources

SHARING_TOLERANCE_PU = 1e-8  # 1e-6 MW of a bus's share in an imbalance
# Participants at a reactive limit share within a Newton solution up to this weight: its Jacobian does not know of them,
# so the imbalance left falls by their weight an iteration.
MOST_LIMITED_SHARE = 0.05


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


class NewtonLadder(Ladder):
    """The ladder around another Newton solver."""

    def __init__(
        self,
        network: AcNetwork,
        topology: AcTopology,
        have: Sources,
        injection: Injection,
        q_limits: bool,
        newton: Newton,
    ):
        super().__init__(network, topology, have, injection, q_limits)
        self.newton = newton

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
                    return IslandSolution(rung, v, imbalance, q_source, iterations, number_of_rounds + 1, reason)
                before, scheduled = (scheduled, imbalance), _secant(before, scheduled, imbalance)
                continue
            if n_back and (returns[back] >= MAX_RETURNS).any():
                break
            if shared and not n_over and not n_back:
                return IslandSolution(rung, v, imbalance, q_source, iterations, number_of_rounds + 1)
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
        return IslandSolution(Rung.NONE, v, np.nan, q_source, iterations, number_of_rounds + 1)

    def _task(
        self, number: int, v: C16, schedule: C16, held: B1, weight: F8, imbalance: float, q_source: F8, setpoint: F8
    ) -> NewtonTask:
        bus = self.topology.members[number]
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
