"""Mines and works of a system: which loads are theirs."""

from __future__ import annotations

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import I4


def loads_of_minerals(system: GridSystem, row: int) -> I4:
    """Positions of the loads of a row of ``minerals``: those of its site, else the one that it is part of."""
    minerals = system.minerals
    if minerals.site[row]:
        return np.flatnonzero(system.loads.site == minerals.site[row]).astype(np.int32)
    load = int(minerals.load[row])
    return np.array([load] if load >= 0 else [], dtype=np.int32)
