"""A state with the imbalance of each island taken by its participants, as injections with the losses at the loads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import Sources, bus_sum, sources


class Balanced(NamedTuple):
    """``point`` after the participants acted;  ``injection_mw``, ``load_mw`` (n_buses,), the latter without losses."""

    point: OperatingPoint
    injection_mw: F8
    load_mw: F8


def balanced(
    system: GridSystem, point: OperatingPoint, island: I4, loss_scale: F8, have: Sources | None = None
) -> Balanced:
    """Share what lacks in each island; islands without a source are dead, with their load.

    ``loss_scale`` (n_loads,): demand with losses per MW at the bus;  ``have``: the islands' sources where known.
    """
    n = len(system.buses)
    have = have or sources(system, point, island)
    alive = have.live[island]
    gens, borders, loads, storages = system.generators, system.borders, system.loads, system.storages
    load = np.where(alive[loads.bus], point.p_load_mw, 0.0)
    store = np.where(alive[storages.bus], point.p_storage_mw, 0.0)
    p_gen = np.where(have.gen_on & alive[gens.bus], point.p_gen_mw, 0.0)
    p_border = np.where(borders.in_service & alive[borders.bus], point.p_border_mw, 0.0)

    def injection() -> F8:
        p = bus_sum(gens.bus, p_gen, n) + bus_sum(borders.bus, p_border, n) + bus_sum(storages.bus, store, n)
        return p - bus_sum(loads.bus, load * loss_scale, n) - np.where(alive, system.shunt_loss_mw, 0.0)

    lacks = -bus_sum(island, injection(), len(have.live))
    p_gen = p_gen + np.where(alive[gens.bus], have.gen_weight * lacks[island[gens.bus]], 0.0)
    p_border = p_border + np.where(alive[borders.bus], have.border_weight * lacks[island[borders.bus]], 0.0)
    state = point._replace(p_gen_mw=p_gen, p_border_mw=p_border, p_storage_mw=store, p_load_mw=load)
    return Balanced(state, injection(), bus_sum(loads.bus, load, n))
