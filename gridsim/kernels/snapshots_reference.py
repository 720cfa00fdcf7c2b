"""Tilted snapshots and their next hours in plain Python, with names; imported by tests only.

A tilt is a dict: ``share``, ``hour`` (probability of each hour) and ``states``, for each component the probability of
each state. What is natural has the same shape without a share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gridsim.kernels.rng_reference import first_above, uniform_reference


def tilted_snapshot_reference(
    seed: int, number: int, names: Sequence[tuple[str, str]], natural: dict[str, Any], tilts: Sequence[dict[str, Any]]
) -> tuple[int, list[int], float]:
    """Hour, state of each component, and likelihood ratio of snapshot ``number``; ``names``: kind and name of each."""
    group, word = divmod(number, 4)
    which = first_above(
        [tilt["share"] for tilt in tilts], uniform_reference(seed, group, "system", "hour", "snapshot", 4 + word)
    )
    chosen = tilts[which]
    hour = first_above(chosen["hour"], uniform_reference(seed, group, "system", "hour", "snapshot", word))
    states = [
        first_above(chosen["states"][i], uniform_reference(seed, group, kind, name, "snapshot", word))
        for i, (kind, name) in enumerate(names)
    ]
    density = sum(tilt["share"] * probability_reference(hour, states, tilt) for tilt in tilts)
    return hour, states, probability_reference(hour, states, natural) / density


def probability_reference(hour: int, states: Sequence[int], of: dict[str, Any]) -> float:
    """Probability of an hour and the states of all components in one product of distributions."""
    probability = float(of["hour"][hour])
    for component, state in enumerate(states):
        probability *= of["states"][component][state]
    return probability


def next_state_reference(
    seed: int, number: int, step: int, name: tuple[str, str], state: int, move: Sequence[Sequence[float]], is_back: bool
) -> int:
    """State an hour on, or before with ``is_back``; ``move``: probabilities of the next state, a row for each."""
    draw = 4 * (1 + 2 * step + (1 if is_back else 0))
    return first_above(move[state], uniform_reference(seed, number, *name, "snapshot", draw))
