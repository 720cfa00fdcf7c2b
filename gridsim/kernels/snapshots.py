"""Snapshots as a table of states: drawn from equilibrium or tilted towards shortfalls, and followed hour by hour.

A tilt draws from a mixture of products, q(h, x) = sum_j a_j q_j(h) prod_i q_j(x_i), and weighs each snapshot by the
likelihood ratio w = p/q of the whole mixture, so that E[w f] is the mean of f whatever the tilt (Rubinstein and Kroese
2004, "The cross-entropy method"; the balance heuristic of Veach and Guibas 1995). No state that can be may be without
probability in q: then w would never see it.

Chains: a component with exponential residence times moves over an hour by exp(Q), seen backwards by the reversed
matrix pi_j P_ji / pi_i.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4, I8
from gridsim.kernels.availability import SnapshotModel, draw_snapshots
from gridsim.kernels.jit import inline, jit, piece
from gridsim.kernels.rng import Counter, fill_uniforms, uniform


class Tilt(NamedTuple):
    """Mixture of tilted distributions of the hour and of each component's state.

    share : (n_tilts,) f8 > 0, of the mixture, sum 1
    hour_start : (n_tilts, n_hours) f8, cumulative probability;  hour_ratio : (n_tilts, n_hours) f8, q/p
    state_start : (n_tilts, n_states) f8, cumulative within each component, states as of ``SnapshotModel``
    state_ratio : (n_tilts, n_states) f8, q/p; 0 where the tilt never draws a state
    """

    share: F8
    hour_start: F8
    hour_ratio: F8
    state_start: F8
    state_ratio: F8


class States(NamedTuple):
    """Drawn snapshots, a row each.

    hour : (n,) i4;  state : (n, n_components) i4, position in the component's states
    lost : (n, n_components) f8, share of capacity lost, common causes included
    weight : (n,) f8, likelihood ratio
    """

    hour: I4
    state: I4
    lost: F8
    weight: F8


def new_states(n: int, n_components: int, *, with_state: bool = True) -> States:
    """Room for ``n`` snapshots, a whole number of groups of four; weights of one."""
    rows = -(-n // 4) * 4
    return States(
        np.empty(rows, dtype=np.int32),
        np.empty((rows, n_components) if with_state else (0, n_components), dtype=np.int32),
        np.empty((rows, n_components)),
        np.ones(rows),
    )


def chosen(states: States, rows: slice | NDArray[np.bool_] | I8) -> States:
    """Some of the rows, contiguous; of a slice they may be the same memory."""
    hour, state, lost, weight = states
    has_state = len(state) > 0
    return States(
        np.ascontiguousarray(hour[rows]),
        np.ascontiguousarray(state[rows]) if has_state else state,
        np.ascontiguousarray(lost[rows]),
        np.ascontiguousarray(weight[rows]),
    )


@jit
def draw_states(model: SnapshotModel, seed: Counter, first_sample: int, n_hours: int, states: States) -> None:
    """Fill the table with random hours and equilibrium states; ``first_sample`` is a multiple of four."""
    block = np.zeros(model.id_lo.shape[0], dtype=np.uint64)
    for group in range(states.hour.shape[0] // 4):
        rows = slice(4 * group, 4 * group + 4)
        draw_snapshots(
            model, seed, first_sample // 4 + group, n_hours, block, states.hour[rows], states.lost[rows]
        )  # fmt: skip


@inline
def _place(cumulative, u):  # type: ignore[no-untyped-def]  # the first place whose cumulative probability exceeds u
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) // 2
        if u < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@piece
def add_causes(model: SnapshotModel, lost: F8) -> None:
    """Let common causes derate the elements behind them: ``lost`` (n_components,); the largest share counts."""
    causes = model.causes
    for cause in range(causes.offset.shape[0] - 1):
        share = lost[causes.first + cause]
        if share > 0.0:
            for target in range(causes.offset[cause], causes.offset[cause + 1]):
                element = causes.element[target]
                lost[element] = max(lost[element], share * causes.lost[target])


@jit
def draw_tilted(
    model: SnapshotModel, tilt: Tilt, seed: Counter, first_sample: int, n_hours: int, states: States
) -> None:
    """Fill the table from the mixture; ``first_sample`` is a multiple of four.

    The draws are those of ``draw_states``, words 4 to 7 of the hour's stream beside them: which of the tilts.
    """
    n_components, n_tilts = model.id_lo.shape[0], tilt.share.shape[0]
    offset, lost_in, hour_row = model.state_offset, model.state_lost, model.hour_row
    state_start, state_ratio = tilt.state_start, tilt.state_ratio
    block = np.zeros(n_components, dtype=np.uint64)
    ratio = np.empty(n_tilts)
    chosen_by = np.cumsum(tilt.share)
    stream = np.uint64(model.hour_stream)
    for group in range(states.hour.shape[0] // 4):
        sample = first_sample // 4 + group
        fill_uniforms(seed, sample, model.id_lo, model.id_hi, block, states.lost[4 * group : 4 * group + 4])
        for w in range(4):
            place = 4 * group + w
            chosen = _place(chosen_by, uniform(seed, sample, stream, np.uint64(4 + w)))
            hour = _place(tilt.hour_start[chosen], uniform(seed, sample, stream, np.uint64(w)))
            states.hour[place] = hour
            start = state_start[chosen]
            lost, state_of = states.lost[place], states.state[place]
            for i in range(n_components):
                first, last = offset[i], offset[i + 1] - 1
                if hour_row[i] >= 0:
                    is_out = lost[i] >= 1.0 - model.hour_unavailability[hour_row[i], hour]
                    state = last if is_out else first
                else:
                    state = first
                    for later in range(first, last):
                        state += 1 if lost[i] >= start[later] else 0  # cumulative: no branch to predict
                state_of[i] = state - first
                lost[i] = lost_in[state]
            for j in range(n_tilts):
                ratio[j] = tilt.hour_ratio[j, hour]
                for i in range(n_components):
                    if hour_row[i] < 0:
                        ratio[j] *= state_ratio[j, offset[i] + state_of[i]]
            add_causes(model, lost)
            density = 0.0
            for j in range(n_tilts):
                density += tilt.share[j] * ratio[j]
            states.weight[place] = 1.0 / density


class Chains(NamedTuple):
    """Moves of each component over one hour.

    offset : (n_components,) i4, first place of the component's n_states x n_states numbers
    forward, backward : (n,) f8, cumulative along each row: exp(Q), and the reversed chain
    """

    offset: I4
    forward: F8
    backward: F8


@jit
def step_states(
    model: SnapshotModel, chains: Chains, seed: Counter, sample: I8, step: int, is_back: bool, states: States
) -> None:
    """Move every row by one hour, the ``step``-th (from 0) forwards or back; ``sample`` (n,) numbers the rows.

    Draws are blocks 1, 2, ... of each component's stream "snapshot" at the row's own number: block 0 belongs to the
    snapshots. Hours are moved too, and may leave the horizon.
    """
    n_components = model.id_lo.shape[0]
    move = chains.backward if is_back else chains.forward
    block = np.full(n_components, 1 + 2 * step + (1 if is_back else 0), dtype=np.uint64)
    drawn = np.empty((4, n_components))
    for row in range(sample.shape[0]):
        states.hour[row] += -1 if is_back else 1
        fill_uniforms(seed, sample[row], model.id_lo, model.id_hi, block, drawn)
        for i in range(n_components):
            first = model.state_offset[i]
            n_states = model.state_offset[i + 1] - first
            start = chains.offset[i] + states.state[row, i] * n_states
            state = 0
            while state < n_states - 1 and drawn[0, i] >= move[start + state]:
                state += 1
            states.state[row, i] = state
            states.lost[row, i] = model.state_lost[first + state]
        add_causes(model, states.lost[row])
