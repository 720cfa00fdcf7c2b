"""Power flow of one island within the reactive limits of its machines: Newton solutions until none changes sides.

A bus over a reactive limit gives that limit and loses its voltage; one whose voltage shows that it could hold its
setpoint again does so in the next round. ``solvers.ac_rounds`` runs the same rounds in Python around the Newton
solvers of others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I8
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.elimination import Elimination
from gridsim.kernels.jit import bare, out_of_line, piece
from gridsim.kernels.newton import NewtonWork, newton
from gridsim.kernels.power_flow import B1, C16, judge_round

_EARLY_STEPS = 3  # Newton steps after which the first round is judged before it has converged
_NEAR_PU = 0.1  # of mismatch left: with more a step tells nothing
_MARGIN = 10.0  # pu of reactive power or voltage that a pu of mismatch may move


class RoundRules(NamedTuple):
    """Tolerances and bounds of the rounds.

    tolerance_pu, q_tolerance_pu, vm_tolerance_pu : of Newton's mismatch, of a reactive limit, of a setpoint
    lowest_vm_pu : below it a solution is none;  max_iterations : of a Newton solution;  max_rounds : of all
    max_returns : of a bus from its limit to its setpoint
    """

    tolerance_pu: float
    q_tolerance_pu: float
    vm_tolerance_pu: float
    lowest_vm_pu: float
    max_iterations: int
    max_rounds: int
    max_returns: int


@by_reference
class Schedule(NamedTuple):
    """Injections and sources of a network of n buses, pu; zero outside the island.

    s : (n,) complex, scheduled injections without the reactive power of regulating sources
    weight : (n,) shares of the imbalance, sum 1
    setpoint, q_min, q_max : (n,) of the sources that regulate;  regulates : (n,) bool, there are some
    """

    s: C16
    weight: F8
    setpoint: F8
    q_min: F8
    q_max: F8
    regulates: B1


@by_reference
class RoundsWork(NamedTuple):
    """Memory of the rounds, all (n,); answers are the first three.

    q_source : pu, of the regulating sources;  excess : pu beyond the limits at buses that hold their voltage
    over : bool, by more than the tolerance;  held : bool;  s : complex, injections of the round
    began : complex pu, voltages at its beginning;  share : of what is left of an imbalance once ``given``, pu, is
    """

    q_source: F8
    excess: F8
    over: B1
    beyond: F8
    back: B1
    held: B1
    returns: I8
    vm: F8
    s: C16
    began: C16
    given: F8
    share: F8


def make_rounds_work(n: int) -> RoundsWork:
    """Allocate the memory for n buses."""
    return RoundsWork(
        q_source=np.zeros(n),
        excess=np.zeros(n),
        over=np.zeros(n, dtype=bool),
        beyond=np.zeros(n),
        back=np.zeros(n, dtype=bool),
        held=np.zeros(n, dtype=bool),
        returns=np.zeros(n, dtype=np.int64),
        vm=np.ones(n),
        s=np.zeros(n, dtype=np.complex128),
        began=np.ones(n, dtype=np.complex128),
        given=np.zeros(n),
        share=np.zeros(n),
    )


@piece
def _prepare(schedule: Schedule, guess: B1, start: C16, work: NewtonWork, rounds: RoundsWork) -> None:
    """Voltages of the start, and what holds its own at first; at buses that do not, the limit that they are at."""
    for i in range(len(start)):
        work.v[i] = start[i] if work.member[i] else 1.0
        rounds.held[i] = guess[i]
        rounds.returns[i] = 0
        rounds.q_source[i] = 0.0
        if schedule.regulates[i] and not guess[i]:
            low = np.hypot(start[i].real, start[i].imag) < schedule.setpoint[i]
            rounds.q_source[i] = schedule.q_max[i] if low else schedule.q_min[i]


@piece
def _largest_held(weight: F8, rounds: RoundsWork) -> int:
    """Bus with the largest share of those that hold their voltage, the first of equals."""
    found, largest = 0, -1.0
    for i in range(len(weight)):
        if rounds.held[i] and weight[i] > largest:
            found, largest = i, weight[i]
    return found


@piece
def _reference_of_round(weight: F8, reference: int, rounds: RoundsWork) -> int:
    """Bus of angle 0: the stated one while it holds its voltage."""
    return reference if rounds.held[reference] else _largest_held(weight, rounds)


@piece
def _share_by_weight(weight: F8, rounds: RoundsWork) -> None:
    """All who share an imbalance do so within the solution."""
    for i in range(len(weight)):
        rounds.share[i], rounds.given[i] = weight[i], 0.0


@piece
def _leave_to_reference(weight: F8, reference: int, imbalance: float, rounds: RoundsWork) -> None:
    """Each gives its part of the ``imbalance``, pu, before the solution; the reference takes what is left."""
    at = _reference_of_round(weight, reference, rounds)
    for i in range(len(weight)):
        rounds.share[i], rounds.given[i] = 1.0 if i == at else 0.0, weight[i] * imbalance


@piece
def _start_round(schedule: Schedule, reference: int, work: NewtonWork, rounds: RoundsWork) -> None:
    """Write injections, setpoints and the angle of the reference."""
    out_of_line()
    held = rounds.held
    turn = work.v[reference]
    turn = complex(turn.real, -turn.imag) / np.hypot(turn.real, turn.imag)
    for i in range(len(held)):
        if not work.member[i]:
            continue
        limited = 0.0 if held[i] else rounds.q_source[i]
        rounds.s[i] = complex(schedule.s[i].real + rounds.given[i], schedule.s[i].imag + limited)
        v = work.v[i]
        scale = schedule.setpoint[i] / np.hypot(v.real, v.imag) if held[i] else 1.0
        work.v[i] = v * turn * scale


@piece
def _moduli(work: NewtonWork, rounds: RoundsWork) -> float:
    """Write the moduli of the voltages; the lowest."""
    lowest = np.inf
    for i in range(len(rounds.vm)):
        v = work.v[i]
        rounds.vm[i] = np.hypot(v.real, v.imag)
        lowest = min(lowest, rounds.vm[i])
    return lowest


@piece
def _spare_one(weight: F8, rounds: RoundsWork) -> None:
    """Someone has to hold the voltage: of the buses that do the one with the largest share."""
    rounds.over[_largest_held(weight, rounds)] = False


@piece
def _keep_one(rounds: RoundsWork) -> None:
    """Of all changes the one that is most due: the largest excess of reactive power, else the largest of voltage."""
    chosen, largest, limit = -1, -1.0, False
    for i in range(len(rounds.over)):
        if rounds.over[i] and (not limit or rounds.excess[i] > largest):
            chosen, largest, limit = i, rounds.excess[i], True
        elif rounds.back[i] and not limit and rounds.beyond[i] > largest:
            chosen, largest = i, rounds.beyond[i]
    for i in range(len(rounds.over)):
        rounds.over[i] = limit and i == chosen
        rounds.back[i] = not limit and i == chosen


@piece
def _change_sides(schedule: Schedule, rounds: RoundsWork) -> None:
    """Buses over a limit give it from now on, those that are back hold their voltage."""
    for i in range(len(rounds.held)):
        if rounds.over[i]:
            rounds.q_source[i] = min(max(rounds.q_source[i], schedule.q_min[i]), schedule.q_max[i])
            rounds.held[i] = False
        if rounds.back[i]:
            rounds.held[i] = True
            rounds.returns[i] += 1


@piece
def _solve_round(
    elimination: Elimination,
    y: C16,
    schedule: Schedule,
    reference: int,
    max_iterations: int,
    rules: RoundRules,
    work: NewtonWork,
    rounds: RoundsWork,
) -> tuple[bool, int, float]:
    """Newton's method with the buses that hold their voltage now, from the voltages that stand."""
    at = _reference_of_round(schedule.weight, reference, rounds)
    _start_round(schedule, at, work, rounds)
    return newton(
        elimination=elimination,
        y=y,
        s=rounds.s,
        weight=rounds.share,
        held=rounds.held,
        reference=at,
        max_iterations=max_iterations,
        tolerance_pu=rules.tolerance_pu,
        work=work,
    )


@piece
def _copy(source: C16, target: C16) -> None:
    for i in range(len(source)):
        target[i] = source[i]


@piece
def _held_share(weight: F8, rounds: RoundsWork) -> float:
    """Share in an imbalance of those who hold their voltage."""
    total = 0.0
    for i in range(len(weight)):
        total += weight[i] if rounds.held[i] else 0.0
    return total


@piece
def _judge(schedule: Schedule, rules: RoundRules, work: NewtonWork, rounds: RoundsWork) -> tuple[float, int, int]:
    """Imbalance of the island, and how many buses are over a limit and back from one."""
    out_of_line()
    imbalance = 0.0
    for i in range(len(rounds.vm)):
        if work.member[i]:
            imbalance += work.power[i].real - schedule.s[i].real
    _, n_over, n_back = judge_round(
        vm=rounds.vm,
        power=work.power,
        schedule=schedule.s,
        weight=schedule.weight,
        imbalance=imbalance,
        held=rounds.held,
        regulates=schedule.regulates,
        q_min=schedule.q_min,
        q_max=schedule.q_max,
        setpoint=schedule.setpoint,
        q_tolerance=rules.q_tolerance_pu,
        vm_tolerance=rules.vm_tolerance_pu,
        q_source=rounds.q_source,
        excess_out=rounds.excess,
        over_out=rounds.over,
        beyond_out=rounds.beyond,
        back_out=rounds.back,
    )
    return imbalance, n_over, n_back


@piece
def _n_held(rounds: RoundsWork) -> int:
    n_held = 0
    for i in range(len(rounds.held)):
        n_held += rounds.held[i]
    return n_held


@piece
def _returns_too_often(max_returns: int, rounds: RoundsWork) -> bool:
    again = False
    for i in range(len(rounds.back)):
        again = again or (rounds.back[i] and rounds.returns[i] >= max_returns)
    return again


@piece
def _is_clear(margin_pu: float, schedule: Schedule, rules: RoundRules, rounds: RoundsWork) -> bool:
    """No judgement hangs on less than the margin."""
    clear = True
    for i in range(len(rounds.held)):
        if schedule.regulates[i]:
            if rounds.held[i]:
                clear = clear and abs(rounds.excess[i] - rules.q_tolerance_pu) > margin_pu
            else:
                clear = clear and abs(rounds.beyond[i] - rules.vm_tolerance_pu) > margin_pu
    return clear


@piece
def _change_early(
    elimination: Elimination,
    y: C16,
    schedule: Schedule,
    reference: int,
    rules: RoundRules,
    work: NewtonWork,
    rounds: RoundsWork,
) -> int:
    """Newton steps of the first round until they tell which buses change sides, which they then do; steps taken.

    They tell when every judgement is further from its limit than ``_MARGIN`` times the mismatch that is left: the
    converged solution will be judged alike. Where it is not, the rounds put it right.
    """
    iterations, one = 0, min(rules.max_iterations, 1)  # a literal would be compiled apart
    for _ in range(_EARLY_STEPS):
        converged, steps, left_pu = _solve_round(elimination, y, schedule, reference, one, rules, work, rounds)
        iterations += steps
        if converged or not left_pu < _NEAR_PU or not _moduli(work, rounds) > rules.lowest_vm_pu:
            break
        _, n_over, n_back = _judge(schedule, rules, work, rounds)
        if _is_clear(_MARGIN * left_pu, schedule, rules, rounds):
            if (n_over or n_back) and n_over < _n_held(rounds):
                _change_sides(schedule, rounds)
            break
    return iterations


@bare
def solve_rounds(
    elimination: Elimination,
    y: C16,
    schedule: Schedule,
    start: C16,
    guess: B1,
    reference: int,
    limits: bool,
    at_once: int,
    near: bool,
    rules: RoundRules,
    work: NewtonWork,
    rounds: RoundsWork,
) -> tuple[bool, int, int, float]:
    """Power flow of the buses in ``work.member``: found, Newton steps, Newton solutions, imbalance pu.

    Voltages are in ``work.v``, the first three of ``rounds`` say what machines give.
    y : (n_entries,) complex pu;  start : (n,) complex pu;  guess : (n,) bool, buses of sources that hold their voltage
    reference : bus of angle 0 while it holds its voltage;  limits : False leaves reactive limits alone
    at_once : rounds in which every bus that should change sides does, then one a round
    near : the start is near the solution: buses change sides as soon as Newton's steps tell which do
    """
    _prepare(schedule, guess, start, work, rounds)
    _share_by_weight(schedule.weight, rounds)
    iterations = 0
    if limits and near:
        iterations = _change_early(elimination, y, schedule, reference, rules, work, rounds)
    imbalance = 0.0
    for number in range(rules.max_rounds):
        _copy(work.v, rounds.began)
        converged, steps, _ = _solve_round(
            elimination, y, schedule, reference, rules.max_iterations, rules, work, rounds
        )
        iterations += steps
        solved = converged and _moduli(work, rounds) > rules.lowest_vm_pu
        shared = solved
        if not solved and limits and number > 0 and _held_share(schedule.weight, rounds) == 0.0:
            # all who share are at a limit: a solution to judge by, no answer
            _copy(rounds.began, work.v)
            _leave_to_reference(schedule.weight, reference, imbalance, rounds)
            converged, steps, _ = _solve_round(
                elimination, y, schedule, reference, rules.max_iterations, rules, work, rounds
            )
            _share_by_weight(schedule.weight, rounds)
            iterations += steps
            solved = converged and _moduli(work, rounds) > rules.lowest_vm_pu
        if not solved:
            return False, iterations, number + 1, np.nan
        imbalance, n_over, n_back = _judge(schedule, rules, work, rounds)
        if not limits or (shared and not (n_over or n_back)):
            return True, iterations, number + 1, imbalance
        if n_back and _returns_too_often(rules.max_returns, rounds):
            return False, iterations, number + 1, np.nan
        if n_over and n_over == _n_held(rounds) and not n_back:
            if n_over == 1:  # the only one that is left
                return False, iterations, number + 1, np.nan
            _spare_one(schedule.weight, rounds)
        if n_over or n_back:
            if number >= at_once:
                _keep_one(rounds)
            _change_sides(schedule, rounds)
    return False, iterations, rules.max_rounds, np.nan
