"""The typical fleet: machines that are usually out for repair or failed in a month, as a starting state.

``typical.csv`` states by month, zone and technology which machines are out and how many MW the other machines of that
zone and technology lack together. It is placed by one rule: the largest machine first while it fits, machines of one
size in turn from different plants and of no plant more than half, and the rest as an equal share of those left. A
machine that the scenario itself names is never out: the MW of its row go to the next machines by the same rule.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.scenario import Failures, Scenario
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, STR

_FITS_MW = 1e-6


class TypicalGroup(NamedTuple):
    """Machines of one zone and technology: ``gens`` in the order in which they are taken out."""

    zone: int
    technology: str
    gens: I4


class TypicalFleet(NamedTuple):
    """Machines out at the start of a run.

    lost_mw : (n_gens,) MW out of each machine; ``out``: (n_gens,) True for those that are out as a whole
    groups : zone, technology, and MW that machines in service lack there
    instead : machine that the scenario names -> machines out in its place
    unplaced_mw : MW for which no machine was left
    """

    month: int
    lost_mw: F8
    out: NDArray[np.bool_]
    groups: tuple[tuple[str, str, float], ...]
    instead: tuple[tuple[str, tuple[str, ...]], ...]
    unplaced_mw: float

    @property
    def total_mw(self) -> float:
        """MW out together."""
        return float(self.lost_mw.sum())


def typical_groups(system: GridSystem) -> tuple[TypicalGroup, ...]:
    """Machines in service inside the zones, by zone and technology."""
    gens = system.generators
    zone = system.buses.zone[gens.bus]
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for gen in np.flatnonzero(gens.in_service & (zone >= 0)).tolist():
        found[int(zone[gen]), str(gens.technology[gen])].append(gen)
    return tuple(TypicalGroup(*key, _in_turn(system, found[key])) for key in sorted(found))


def _in_turn(system: GridSystem, gens: list[int]) -> I4:
    """The largest first; of one size the first machine of every plant, then the second of every plant."""
    machines = system.generators
    size = {gen: float(machines.p_max_mw[gen]) for gen in gens}
    place: dict[int, int] = {}
    seen: dict[tuple[str, float], int] = defaultdict(int)
    for gen in sorted(gens, key=lambda g: str(machines.name[g])):
        kin = str(machines.plant[gen]), size[gen]
        place[gen] = seen[kin]
        seen[kin] += 1
    return np.array(sorted(gens, key=lambda g: (-size[g], place[g], str(machines.name[g]))), dtype=np.int32)


def placing(system: GridSystem, group: TypicalGroup, lost_mw: float) -> tuple[I4, float]:
    """Machines of ``group`` out as a whole, in order, and MW left for the others, where ``lost_mw`` are usually out."""
    plant, p_max_mw = system.generators.plant[group.gens], system.generators.p_max_mw[group.gens]
    everyone = np.ones(len(group.gens), dtype=bool)
    lost = _whole_ones(plant, p_max_mw, np.zeros(len(group.gens)), everyone, lost_mw)
    return group.gens[lost > 0.0], max(lost_mw - float(lost.sum()), 0.0)


def named_machines(system: GridSystem, scenario: Scenario) -> set[str]:
    """Machines that an event or a script of ``scenario`` names, by themselves or by their plant."""
    names, gens = scenario.named, system.generators
    pairs = zip(gens.name.tolist(), gens.plant.tolist(), strict=True)
    return {str(name) for name, plant in pairs if name in names or plant in names}


def typical_fleet(system: GridSystem, scenario: Scenario) -> TypicalFleet | None:
    """The fleet that ``scenario`` starts with; None unless its ``failures`` are typical."""
    if scenario.failures is not Failures.TYPICAL:
        return None
    named = frozenset(named_machines(system, scenario))
    return _fleet(system, scenario.horizon.start.month, named)


@lru_cache(maxsize=16)
def _fleet(system: GridSystem, month: int, named: frozenset[str]) -> TypicalFleet:
    gens, table = system.generators, system.typical
    lost_mw, out = np.zeros(len(gens)), np.zeros(len(gens), dtype=bool)
    lacking: list[tuple[str, str, float]] = []
    instead: list[tuple[str, tuple[str, ...]]] = []
    unplaced_mw = 0.0
    for group in typical_groups(system):
        here = (table.month == month) & (table.zone == group.zone) & (table.technology == group.technology)
        p_max_mw = gens.p_max_mw[group.gens]
        free = np.array([str(name) not in named for name in gens.name[group.gens]], dtype=bool)
        lost, moved = np.zeros(len(group.gens)), list[int]()
        row_of = {int(g): float(mw) for g, mw in zip(table.generator[here], table.lost_mw[here], strict=True) if g >= 0}
        for place, gen in enumerate(group.gens.tolist()):
            if not free[place] and row_of.get(gen, 0.0) > 0.0:
                moved.append(gen)
            else:
                lost[place] = min(row_of.get(gen, 0.0), p_max_mw[place])
        missing_mw = sum(row_of.values()) - float(lost.sum())
        before = lost
        if moved or missing_mw > _FITS_MW:
            lost = _whole_ones(gens.plant[group.gens], p_max_mw, lost, free, missing_mw)
            missing_mw -= float((lost - before).sum())
        rest_mw = float(table.lost_mw[here & (table.generator < 0)].sum()) + max(missing_mw, 0.0)
        whole = (lost >= p_max_mw - _FITS_MW) & (p_max_mw > 0.0)
        lost, over_mw = _spread(p_max_mw, lost, free, rest_mw)
        next_ones = tuple(gens.name[group.gens[whole & (before < p_max_mw - _FITS_MW)]].tolist())
        instead += [(str(gens.name[gen]), next_ones) for gen in moved]
        lost_mw[group.gens], out[group.gens] = lost, whole
        unplaced_mw += over_mw
        lacks_mw = float(lost[~whole].sum())
        if lacks_mw > 0.0:
            lacking.append((system.zones[group.zone], group.technology, lacks_mw))
    lost_mw.setflags(write=False)
    out.setflags(write=False)
    return TypicalFleet(month, lost_mw, out, tuple(lacking), tuple(instead), unplaced_mw)


def _whole_ones(plant: STR, p_max_mw: F8, lost_mw: F8, free: NDArray[np.bool_], more_mw: float) -> F8:
    """``lost_mw`` with the next machines out as a whole while they fit into ``more_mw``, of no plant more than half."""
    lost = lost_mw.copy()
    names = plant.tolist()
    most_out = {name: -(-n // 2) for name, n in Counter(names).items()}
    n_out = Counter(plant[(lost > 0.0) & (lost >= p_max_mw - _FITS_MW)].tolist())
    for place in np.flatnonzero(free).tolist():
        left_mw, name = p_max_mw[place] - lost[place], names[place]
        if _FITS_MW < left_mw <= more_mw + _FITS_MW and n_out[name] < most_out[name]:
            lost[place] = p_max_mw[place]
            n_out[name] += 1
            more_mw -= left_mw
    return lost


def _spread(p_max_mw: F8, lost_mw: F8, free: NDArray[np.bool_], more_mw: float) -> tuple[F8, float]:
    """``lost_mw`` with ``more_mw`` as an equal share of the machines still in, and what found no place."""
    lost = lost_mw.copy()
    left = np.where(free, p_max_mw - lost, 0.0)
    while more_mw > _FITS_MW and (left > _FITS_MW).any():
        still_in = left > _FITS_MW
        taken = np.where(still_in, np.minimum(more_mw / p_max_mw[still_in].sum() * p_max_mw, left), 0.0)
        lost, left, more_mw = lost + taken, left - taken, more_mw - float(taken.sum())
    return lost, more_mw if more_mw > _FITS_MW else 0.0
