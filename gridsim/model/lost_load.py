"""Value of unserved load, and the load that people feel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8

B1 = NDArray[np.bool_]

KWH_PER_MWH = 1000.0


def lost_load_usd_per_mwh(system: GridSystem) -> tuple[F8, F8]:
    """(n_loads,) value of lost load of the sheddable part of each load and of its protected part."""
    classes, load_class = system.load_classes, system.loads.load_class
    voll = classes.voll_usd_per_kwh * KWH_PER_MWH
    dearest_class = int(np.argmax(np.where(classes.price_responsive, -1, classes.shed_order)))
    protector = classes.protected_class[load_class]
    return voll[load_class], voll[np.where(protector >= 0, protector, dearest_class)]


def felt_by_people(system: GridSystem) -> B1:
    """(n_loads,) whether a load is of a class of ``people``, its protected part with it."""
    return np.asarray(system.load_classes.people[system.loads.load_class])
