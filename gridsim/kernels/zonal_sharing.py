"""A shortage of areas that are joined, shared by shed order and load.

The flow of the hour says how much must be shed, not where: an area that sheds may send to one that is short whatever
the interfaces still carry. Places of the shed order are used up one after the other, each in equal shares of its load
in all areas that can still help; an area behind a full interface keeps what it has shed, the others go on. This is the
most even answer among those of least shedding (Fujishige 1980, "Lexicographically optimal base of a polymatroid").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import jit, piece
from gridsim.kernels.zonal_case import NOTHING_MW, ZonalCase, ZonalScratch, send

B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]

UNUSED_MW = 1e-7  # of a share that the network should have taken; less is rounding


@jit
def share_shortage(case: ZonalCase, scratch: ZonalScratch, hour: int) -> float:
    """Book the shortage of the hour where it is shed; ``scratch.flow`` is changed, the sum only by rounding.

    Returns the MW of it that people feel, 0 where no class is known as theirs.
    """
    n_areas = scratch.shortage.shape[0]
    if case.n_tiers == 0:
        return 0.0
    demand = np.zeros((case.n_tiers, n_areas))
    people = np.zeros((case.n_tiers, n_areas))
    for part in range(case.part_mw.shape[0]):
        factor = max(case.part_factor[hour, case.part_row[part]], 0.0)
        demand[case.part_tier[part], case.part_area[part]] += case.part_mw[part] * factor
        people[case.part_tier[part], case.part_area[part]] += case.part_people_mw[part] * factor
    left = scratch.shortage.copy()
    shed = np.zeros(n_areas)
    for tier in range(case.n_tiers):
        if left.sum() <= NOTHING_MW:
            break
        shed_tier(case, scratch, demand[tier], left, shed)
    people_mw = 0.0
    for area in range(n_areas):
        scratch.shortage[area] = shed[area] + left[area]
        # places of the order are used up one after the other
        rest = scratch.shortage[area]
        for tier in range(case.n_tiers):
            taken = min(rest, demand[tier, area])
            if taken > 0.0:
                people_mw += taken * people[tier, area] / demand[tier, area]
                rest -= taken
    return people_mw


@jit
def shed_tier(case: ZonalCase, scratch: ZonalScratch, demand: F8, left: F8, shed: F8) -> None:
    """Use up one place of the shed order: the same share of ``demand`` (n_areas,) in all areas that can help.

    left : (n_areas,) f8, shortage not yet covered, is reduced;  shed : (n_areas,) f8 grows by as much
    """
    n_areas = left.shape[0]
    can_help = np.zeros(n_areas, dtype=np.bool_)
    share = 0.0
    for _ in range(2 * n_areas + 2):  # each round but the last sets an area aside, but for rounding
        reaches_shortage(case, scratch, left, can_help)
        total = 0.0
        for area in range(n_areas):
            can_help[area] = can_help[area] and demand[area] > NOTHING_MW and shed_share_open(share)
            if can_help[area]:
                total += demand[area]
        if total <= NOTHING_MW:
            return
        share += shed_equal_shares(case, scratch, demand, can_help, min(1.0 - share, left.sum() / total), left, shed)


@piece
def shed_share_open(share: float) -> bool:
    """Whether a place of the shed order is not yet used up."""
    return share < 1.0 - 1e-12


@jit
def shed_equal_shares(
    case: ZonalCase, scratch: ZonalScratch, demand: F8, can_help: B1, most: float, left: F8, shed: F8
) -> float:
    """Shed the largest equal share of ``demand`` up to ``most`` that the interfaces carry to where it is short.

    Returns the share. Too large a share shows the areas that are in the way: what they could pass on gives the next
    one, and no smaller one is needed (Dinkelbach 1967).
    """
    n_areas = left.shape[0]
    flow, wanted = scratch.flow.copy(), left.copy()
    given = np.zeros(n_areas)
    share = most
    for _ in range(n_areas + 1):
        scratch.flow[:] = flow
        left[:] = wanted
        for area in range(n_areas):
            given[area] = share * demand[area] if can_help[area] else 0.0
        offered = given.copy()
        send(case, scratch, given, left)
        if given.sum() <= UNUSED_MW:
            break
        # the last search of send reached every area from those that could not give all
        used = 0.0
        behind = 0.0
        for area in range(n_areas):
            if can_help[area] and scratch.previous[area] != -2:
                used += offered[area] - given[area]
                behind += demand[area]
        if behind <= 0.0:
            break
        share = used / behind
    for area in range(n_areas):
        if can_help[area]:
            shed[area] += share * demand[area] - given[area]
    return share


@piece
def reaches_shortage(case: ZonalCase, scratch: ZonalScratch, left: F8, reaches_out: B1) -> None:
    """Find the areas whose shedding would cover a shortage: their own, or one that the interfaces still lead to."""
    for area in range(left.shape[0]):
        reaches_out[area] = left[area] > NOTHING_MW
    changed = True
    while changed:
        changed = False
        for i in range(scratch.flow.shape[0]):
            start, stop = case.interface_from[i], case.interface_to[i]
            if reaches_out[stop] and not reaches_out[start] and scratch.forward[i] - scratch.flow[i] > NOTHING_MW:
                reaches_out[start] = True
                changed = True
            if reaches_out[start] and not reaches_out[stop] and scratch.backward[i] + scratch.flow[i] > NOTHING_MW:
                reaches_out[stop] = True
                changed = True
