"""Cooling water: which machines each row cools, and the output that a flow allows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8


@lru_cache(maxsize=8)
def cooled_machines(system: GridSystem) -> B1:
    """(n_cooling, n_gens) True for the machines that each row cools."""
    plants = system.generators.plant
    cooled = [np.isin(plants, [name.strip() for name in names.split(";")]) for names in system.cooling.plants.tolist()]
    return np.array(cooled, dtype=bool).reshape(len(system.cooling), len(plants))


def cooled_share(system: GridSystem, flow_share: F8) -> F8:
    """(n_gens,) share of output that the flows (n_cooling,), as shares of the usual, can cool.

    All at ``full_flow_share``, nothing at ``least_flow_share``, evenly between; of several waters the scarcest counts.
    """
    cooling = system.cooling
    span = cooling.full_flow_share - cooling.least_flow_share
    able = np.clip((flow_share - cooling.least_flow_share) / span, 0.0, 1.0)
    return np.asarray(np.where(cooled_machines(system), able[:, None], 1.0).min(axis=0, initial=1.0))
