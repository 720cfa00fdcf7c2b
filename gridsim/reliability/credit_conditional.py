"""The outages of an addition taken out of the sampling: what it is worth in each of its states, weighted.

A machine that is rarely out meets a shortage in few sample years, so that the spread over years says little about what
its outages cost. Where they depend on nothing else, the mean over its states is known without drawing them: EUE and
LOLH are sums over hours, and in each hour the machine has one of its states with its equilibrium probability, whatever
all others do (conditional Monte Carlo; Hammersley 1956).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import product
from math import comb

import numpy as np

from gridsim.model.outages import equilibrium
from gridsim.reliability.system import AdequacySystem

Change = Callable[[AdequacySystem], AdequacySystem]

ADDITIVE = ("EUE", "LOLH")
MOST_STATES = 8  # of all machines together: each costs as much as the sampling of the addition does


@dataclass(frozen=True)
class Mixture:
    """States of the named machines: probability of each and the machines out in it, all others of them being there."""

    names: frozenset[str]
    states: tuple[tuple[float, frozenset[str]], ...]

    def in_state(self, system: AdequacySystem, out: frozenset[str]) -> AdequacySystem:
        """The system with the named machines for certain there or for certain out."""
        return replace(
            system,
            unit_component=tuple(
                replace(component, states=(), unavailability=None, rate_factor=None)
                if component.name in self.names
                else component
                for component in system.unit_component
            ),
            unit_mw=np.array(
                [0.0 if name in out else mw for name, mw in zip(system.unit_name, system.unit_mw.tolist(), strict=True)]
            ),
            unit_profile=tuple(
                None if name in out else profile
                for name, profile in zip(system.unit_name, system.unit_profile, strict=True)
            ),
        )


def mixture_of(system: AdequacySystem, names: Collection[str], metric: str) -> Mixture | None:
    """States of the named machines that fail; None where they cannot be taken out of the sampling.

    That is so for metrics that are no sums over hours, with stores, which remember, for machines behind a common cause
    or with rates by hour, and where machines that differ have too many states together.
    """
    if metric not in ADDITIVE or system.stores:
        return None
    caused = {name for cause in system.common_causes for name in (*cause.lost_share, *cause.derating)}
    kinds: dict[tuple[float, float, int, int], list[str]] = {}
    for unit, component in enumerate(system.unit_component):
        if system.unit_name[unit] not in names or not component.fails:
            continue
        is_plain = component.unavailability is None and component.rate_factor is None and len(component.states) == 2
        if not is_plain or component.states[1].lost_share != 1.0 or system.unit_name[unit] in caused:
            return None
        profile = system.unit_profile[unit]
        shape = 0 if profile is None else hash(profile.tobytes())
        out = float(equilibrium(component)[1])
        key = (float(system.unit_mw[unit]), out, int(system.unit_bus[unit]), shape)
        kinds.setdefault(key, []).append(system.unit_name[unit])
    if not kinds or int(np.prod([len(alike) + 1 for alike in kinds.values()])) > MOST_STATES:
        return None
    states = []
    for counts in product(*(range(len(alike) + 1) for alike in kinds.values())):
        probability, out_names = 1.0, set()
        for n_out, (key, alike) in zip(counts, kinds.items(), strict=True):
            chance = key[1]
            probability *= comb(len(alike), n_out) * chance**n_out * (1.0 - chance) ** (len(alike) - n_out)
            out_names |= set(alike[:n_out])
        states.append((probability, frozenset(out_names)))
    return Mixture(frozenset(name for alike in kinds.values() for name in alike), tuple(states))
