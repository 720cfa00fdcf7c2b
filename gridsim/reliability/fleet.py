"""Machines of one area as the convolution takes them: what is sure, what is alike in all hours, what varies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.availability import thinning_profile
from gridsim.model.outages import Component, RepairLaw, down_by_hour, equilibrium, jump_matrix, rates_by_hour
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

LARGEST_STEP_MW = 1.0
SMALLEST_STEP_MW = 0.01
REMAINDER_MW = 1e-5
NOISE = 1e-12  # of a capacity: what divisions by a loss factor leave behind, far below any tolerance


class Rounding(StrEnum):
    """Cells that take a capacity between two of them.

    With ``DOWN`` no machine ever has more than it has, with ``UP`` never less; ``SPREAD`` keeps each state's mean by
    sharing its probability between both cells, so that every state lies between the other two.
    """

    DOWN = "down"
    UP = "up"
    SPREAD = "spread"


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine above its least state: MW and probability by state, (n_states,) or, where they vary, (n_hours,
    n_states).
    """

    component: Component
    mw: F8
    probability: F8


@dataclass(frozen=True, eq=False)
class States:
    """Machines on cells, as :func:`gridsim.kernels.convolution.capacity_mass` takes them."""

    start: I8
    cell: I8
    probability: F8

    @property
    def n_cells(self) -> int:
        """Cells up to all machines at their best, the first one included."""
        return 1 + sum(int(self.cell[a:b].max(initial=0)) for a, b in zip(self.start[:-1], self.start[1:]))


@dataclass(frozen=True, eq=False)
class Fleet:
    """Machines of one area.

    sure_mw : (n_hours,) f8, what machines have in their least states; those that never fail are all in it
    constant, varying : machines with states alike in all hours, and those with a profile or rates by hour
    hour_key : (n_hours,) i8, hours alike in every profile and rate;  key_hour : (n_keys,) i8, the first of each
    """

    sure_mw: F8
    constant: tuple[Machine, ...]
    varying: tuple[Machine, ...]
    hour_key: I8
    key_hour: I8

    def step_mw(self) -> float | None:
        """The largest step up to 1 MW that divides every capacity, None if it would be below 0.01 MW."""
        at_keys = (machine.mw[self.key_hour] if machine.mw.ndim == 2 else machine.mw for machine in self.varying)
        sizes = [machine.mw.ravel() for machine in self.constant] + [mw.ravel() for mw in at_keys]
        return common_step(np.unique(np.concatenate(sizes))) if sizes else LARGEST_STEP_MW

    def off_grid_mw(self, step_mw: float) -> float:
        """Sum over the machines of the most that one of their capacities lies off the grid."""
        return float(
            sum(np.abs(m.mw - np.round(m.mw / step_mw) * step_mw).max() for m in (*self.constant, *self.varying))
        )

    def states(self, step_mw: float, rounding: Rounding) -> States:
        """The machines that are alike in all hours."""
        return _on_cells([(m.mw, m.probability) for m in self.constant], step_mw, rounding)

    def varying_states(self, key: int, step_mw: float, rounding: Rounding) -> States:
        """The machines that vary, in the hours of one key."""
        return _on_cells(self._at(key), step_mw, rounding)

    def all_states(self, key: int, step_mw: float, rounding: Rounding) -> States:
        """All machines, in the hours of one key."""
        alike = [(m.mw, m.probability) for m in self.constant]
        return _on_cells(alike + self._at(key), step_mw, rounding)

    def _at(self, key: int) -> list[tuple[F8, F8]]:
        hour = self.key_hour[key]
        return [
            (m.mw[hour] if m.mw.ndim == 2 else m.mw, m.probability[hour] if m.probability.ndim == 2 else m.probability)
            for m in self.varying
        ]


def fleet_of(system: AdequacySystem, units: Sequence[int]) -> Fleet:
    """The chosen machines of a system."""
    sure_mw = np.zeros(system.n_hours)
    constant: list[Machine] = []
    varying: list[Machine] = []
    courses: dict[int, F8] = {}
    for unit in units:
        component, profile = system.unit_component[unit], system.unit_profile[unit]
        if not component.fails:
            sure_mw += system.unit_mw[unit] if profile is None else profile
            continue
        left = 1.0 - np.array([state.lost_share for state in component.states])
        whole = system.unit_mw[unit] if profile is None else profile[:, None]
        mw = whole * left
        least = mw.min(axis=-1, keepdims=True)
        sure_mw += least[..., 0]
        probability = state_probability(component, system.n_hours)
        machine = Machine(component, mw - least, probability)
        if not machine.mw.any():
            continue
        if mw.ndim == 1 and probability.ndim == 1:
            constant.append(machine)
            continue
        varying.append(machine)
        for course in (profile, probability[:, -1] if probability.ndim == 2 else None):
            if course is not None:
                courses[hash(course.tobytes())] = course
    hour_key, key_hour = np.zeros(system.n_hours, dtype=np.int64), np.zeros(1, dtype=np.int64)
    if courses:
        _, key_hour, hour_key = np.unique(
            np.column_stack(list(courses.values())), axis=0, return_index=True, return_inverse=True
        )
    # small machines first: the tables grow with them, and large ones pass over them once
    for machines in (constant, varying):
        machines.sort(key=lambda machine: float(machine.mw.max()))
    return Fleet(sure_mw, tuple(constant), tuple(varying), hour_key.reshape(-1).astype(np.int64), key_hour)


def state_probability(component: Component, n_hours: int) -> F8:
    """Probability of each state at the start of an hour: (n_states,), or (n_hours, n_states) of rates by hour.

    Rates by hour are those of ``down_by_hour``, as the chronological sampler draws them.
    """
    if component.rate_factor is None and component.unavailability is None:
        return equilibrium(component)
    if component.rate_factor is not None:
        failure, repair = rates_by_hour(component)
    else:
        assert component.unavailability is not None
        down_h = component.states[1].mean_h
        largest, factor = thinning_profile(component.unavailability, component.base_unavailability, down_h)
        failure, repair = largest * factor, np.full(n_hours, 1.0 / down_h)
    down = down_by_hour(failure, repair)
    return np.column_stack([1.0 - down, down])


def common_step(sizes_mw: F8) -> float | None:
    """The largest step from 0.01 to 1 MW of which every size is a multiple, None if there is none."""
    sizes_mw = sizes_mw[sizes_mw > 0.0]
    if not len(sizes_mw):
        return LARGEST_STEP_MW
    common = float(sizes_mw[0])
    for size in sizes_mw[1:].tolist():
        # Euclid's algorithm; a remainder far below the smallest step is rounding
        rest = float(size)
        while rest > REMAINDER_MW:
            common, rest = rest, min(common % rest, rest - common % rest)
        if common < SMALLEST_STEP_MW - REMAINDER_MW:
            return None
    least = float(sizes_mw[0])
    # from a whole number of steps, which takes the rounding of the remainders out again
    step = least / round(least / common)
    step /= max(1, math.ceil(step / LARGEST_STEP_MW - NOISE))
    is_held = np.abs(sizes_mw - np.round(sizes_mw / step) * step) <= NOISE * sizes_mw
    return step if is_held.all() and step > SMALLEST_STEP_MW - REMAINDER_MW else None


def _on_cells(machines: Sequence[tuple[F8, F8]], step_mw: float, rounding: Rounding) -> States:
    start, cells, probabilities = [0], [], []
    for mw, probability in machines:
        place = mw / step_mw
        nearest = np.round(place)
        place = np.where(np.abs(place - nearest) <= NOISE * np.maximum(place, 1.0), nearest, place)
        low, high = np.floor(place), np.ceil(place)
        if rounding is Rounding.SPREAD and (low < high).any():
            share = place - low
            cell = np.concatenate([low, high])
            probability = np.concatenate([probability * (1.0 - share), probability * share])
            cell, probability = cell[probability > 0.0], probability[probability > 0.0]
        else:
            cell = high if rounding is Rounding.UP else low
        cells.append(cell)
        probabilities.append(probability)
        start.append(start[-1] + len(cell))
    return States(
        np.array(start, dtype=np.int64),
        np.concatenate([np.zeros(0), *cells]).astype(np.int64),
        np.ascontiguousarray(np.concatenate([np.zeros(0), *probabilities])),
    )


def pairs_of(fleet: Fleet) -> tuple[I8, F8, F8]:
    """First place of each constant machine's n_states x n_states numbers, its joint probabilities of the state now and
    one hour on, and its moves per hour between states.
    """
    start = [0]
    pairs: list[F8] = []
    flows: list[F8] = []
    for machine in fleet.constant:
        states = machine.component.states
        rate = jump_matrix(machine.component) / np.array([[state.mean_h] for state in states])
        pairs.append((machine.probability[:, None] * after_an_hour(rate)).ravel())
        flows.append((machine.probability[:, None] * rate).ravel())
        start.append(start[-1] + len(states) ** 2)
    empty = np.zeros(0)
    return np.array(start[:-1], dtype=np.int64), np.concatenate([empty, *pairs]), np.concatenate([empty, *flows])


def after_an_hour(rate: F8) -> F8:
    """Transition probabilities over one hour: exp(Q)."""
    if len(rate) == 2:
        out, back = rate[0, 1], rate[1, 0]
        moved = -math.expm1(-(out + back)) / (out + back)
        return np.array([[1.0 - out * moved, out * moved], [back * moved, 1.0 - back * moved]])
    from scipy.linalg import expm

    return np.asarray(expm(rate - np.diag(rate.sum(axis=1))))


def not_memoryless(fleet: Fleet) -> str | None:
    """Name of a machine whose next hour depends on more than its state."""
    for machine in fleet.constant:
        if any(state.law is not RepairLaw.EXPONENTIAL for state in machine.component.states):
            return machine.component.name
    return None
