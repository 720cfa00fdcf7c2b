"""Capacity distributions from the definitions, as dictionaries; imported by tests only."""

from __future__ import annotations

from collections.abc import Sequence

Machine = Sequence[tuple[float, float]]  # (MW, probability) of each state


def capacity_reference(machines: Sequence[Machine]) -> dict[float, float]:
    """Probability of each available capacity."""
    found = {0.0: 1.0}
    for machine in machines:
        wider: dict[float, float] = {}
        for have_mw, chance in found.items():
            for mw, probability in machine:
                wider[have_mw + mw] = wider.get(have_mw + mw, 0.0) + chance * probability
        found = wider
    return found


def shortage_reference(machines: Sequence[Machine], demand_mw: float, tolerance_mw: float) -> tuple[float, float]:
    """LOLP and mean unserved MW at one demand."""
    lolp, epns = 0.0, 0.0
    for capacity_mw, probability in capacity_reference(machines).items():
        if demand_mw - capacity_mw > tolerance_mw:
            lolp += probability
            epns += probability * (demand_mw - capacity_mw)
    return lolp, epns


def joint_reference(
    machines: Sequence[Sequence[float]], pairs: Sequence[Sequence[Sequence[float]]]
) -> dict[tuple[float, float], float]:
    """Probability of each capacity now and one hour on: MW by state, joint probability by state now and on."""
    found = {(0.0, 0.0): 1.0}
    for state_mw, pair in zip(machines, pairs, strict=True):
        wider: dict[tuple[float, float], float] = {}
        for (now, on), chance in found.items():
            for mw, row in zip(state_mw, pair, strict=True):
                for mw_on, probability in zip(state_mw, row, strict=True):
                    key = (now + mw, on + mw_on)
                    wider[key] = wider.get(key, 0.0) + chance * probability
        found = wider
    return found


def entry_frequency_reference(
    machines: Sequence[Sequence[float]],
    probabilities: Sequence[Sequence[float]],
    flows: Sequence[Sequence[Sequence[float]]],
    least_mw: float,
) -> float:
    """Mean entries per hour into {capacity < least_mw}: each move of a machine, given what the others hold."""
    total = 0.0
    for moving, (state_mw, flow) in enumerate(zip(machines, flows, strict=True)):
        others = [
            list(zip(mw, chance, strict=True))
            for k, (mw, chance) in enumerate(zip(machines, probabilities, strict=True))
            if k != moving
        ]
        for capacity_mw, probability in capacity_reference(others).items():
            for mw, row in zip(state_mw, flow, strict=True):
                for mw_on, rate in zip(state_mw, row, strict=True):
                    if capacity_mw + mw >= least_mw > capacity_mw + mw_on:
                        total += probability * rate
    return total


def tie_reference(
    own: Machine, other: Machine, tie: Machine, demand_mw: tuple[float, float], tolerance_mw: float
) -> tuple[float, float]:
    """LOLP and mean unserved MW of an area by enumeration: both areas' capacities and the tie's states."""
    lolp, epns = 0.0, 0.0
    for own_mw, chance in own:
        for other_mw, other_chance in other:
            for tie_mw, tie_chance in tie:
                help_mw = min(tie_mw, max(0.0, other_mw - demand_mw[1]))
                short_mw = demand_mw[0] - own_mw - help_mw
                if short_mw > tolerance_mw:
                    probability = chance * other_chance * tie_chance
                    lolp += probability
                    epns += probability * short_mw
    return lolp, epns
