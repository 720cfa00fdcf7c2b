"""Likely help of neighbours: the contract, and beyond it what is drawn once a spell (``border_support``).

Below the median of the help the chance is spread evenly from its least value, above it evenly to its largest; so many
levels of equal chance stand for it, each holding for one spell. As a component of several states it is drawn by the
outage kernels, so the sampler and a run of the same seed and number have the same help.
"""

from __future__ import annotations

import numpy as np

from gridsim.model.outages import Component, RepairLaw, State
from gridsim.model.system import GridSystem
from gridsim.model.table import F8

N_LEVELS = 8


def support_levels_mw(system: GridSystem, row: int) -> F8:
    """(N_LEVELS,) help beyond the contract of one row of ``border_support``, of equal chance, largest first.

    The limit of the border holds for contract and help together.
    """
    support, borders = system.border_support, system.borders
    border = support.border[row]
    chance = (np.arange(N_LEVELS)[::-1] + 0.5) / N_LEVELS
    low, median, high = support.extra_min_mw[row], support.extra_median_mw[row], support.extra_max_mw[row]
    level = np.where(chance < 0.5, low + (median - low) * 2 * chance, median + (high - median) * (2 * chance - 1))
    room_mw = borders.limit_import_mw[border] - borders.contract_import_mw[border]
    return np.asarray(np.minimum(level, max(float(room_mw), 0.0)))


def support_name(system: GridSystem, row: int) -> str:
    """Name of the help of one row of ``border_support``, beside that of its border."""
    return f"{system.borders.name[system.border_support.border[row]]}:support"


def support_component(system: GridSystem, row: int) -> Component:
    """Levels of help as states of a component whose capacity is the largest of them."""
    level_mw = support_levels_mw(system, row)
    name = support_name(system, row)
    if not system.borders.in_service[system.border_support.border[row]] or level_mw[0] <= 0:
        return Component("border_support", name)
    spell_h = float(system.border_support.spell_h[row])
    anew = (1.0 / N_LEVELS,) * N_LEVELS
    return Component(
        "border_support",
        name,
        tuple(State(float(1.0 - mw / level_mw[0]), spell_h, RepairLaw.CONSTANT, to=anew) for mw in level_mw),
    )


def usual_support_mw(system: GridSystem) -> F8:
    """(n_borders,) contract and the median of the help beyond it, within the border's limit."""
    borders, support = system.borders, system.border_support
    mw = borders.contract_import_mw.copy()
    np.add.at(mw, support.border, support.extra_median_mw)
    return np.asarray(np.minimum(mw, borders.limit_import_mw))
