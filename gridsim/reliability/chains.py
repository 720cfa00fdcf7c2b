"""Moves of components from hour to hour, forwards and back, for the hours around a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridsim.kernels.snapshots import Chains
from gridsim.model.outages import Component, RepairLaw, equilibrium, jump_matrix
from gridsim.reliability.fleet import after_an_hour
from gridsim.reliability.system import AdequacySystem


def no_chains_because(system: AdequacySystem, components: Sequence[Component]) -> str | None:
    """Cause that keeps the hours around a snapshot from being drawn, as words that follow "for"; None if none does."""
    for component in (*components, *(cause.component for cause in system.common_causes)):
        if not component.fails:
            continue
        if any(state.law is not RepairLaw.EXPONENTIAL for state in component.states):
            return f"{component.name}: its states do not last exponential times"
        if component.rate_factor is not None or component.unavailability is not None:
            return f"{component.name}: its failures follow the hour"
    return None


def chains_of(system: AdequacySystem, components: Sequence[Component]) -> Chains:
    """exp(Q) of every component, elements first and then common causes, and the same chain backwards."""
    offset, forward, backward = [0], [], []
    for component in (*components, *(cause.component for cause in system.common_causes)):
        if component.fails:
            rate = jump_matrix(component) / np.array([[state.mean_h] for state in component.states])
            move = after_an_hour(rate)
            share = equilibrium(component)
            back = move.T * share / share[:, None]  # P(i an hour ago | j now) = share_i move_ij / share_j
        else:
            move = back = np.ones((1, 1))
        forward.append(np.cumsum(move, axis=1).ravel())
        backward.append(np.cumsum(back / back.sum(axis=1, keepdims=True), axis=1).ravel())
        offset.append(offset[-1] + move.size)
    return Chains(np.array(offset[:-1], dtype=np.int32), np.concatenate(forward), np.concatenate(backward))
