"""Detail of a system that says nothing of classes, costs and sections."""

from __future__ import annotations

import numpy as np

from gridsim.model.pack import LEAST_SHEDDING
from gridsim.reliability.demand import Demand
from gridsim.reliability.system import AdequacySystem, NetworkDetail


def plain_detail(system: AdequacySystem) -> NetworkDetail:
    """Detail of a system from frames: one class of load, all supply at one cost, no interfaces."""
    none, n_buses = np.zeros(0, dtype=np.int32), len(system.buses)
    return NetworkDetail(
        demand=Demand(
            np.arange(n_buses, dtype=np.int32),
            np.zeros(n_buses, dtype=np.int32),
            np.arange(n_buses, dtype=np.int32),
            np.ones(n_buses),
            system.load_mw,
        ),
        class_name=("load",),
        class_penalty=np.array([LEAST_SHEDDING.first]),
        class_counts=np.array([True]),
        unit_cost=np.ones(len(system.unit_name)),
        branch_in_service=np.ones(len(system.branch_name), dtype=bool),
        branch_rating=np.full(len(system.branch_name), -1, dtype=np.int32),
        rating_factor=np.ones((system.n_hours, 0)),
        bus_oblast=("",) * len(system.buses),
        interface_start=np.zeros(1, dtype=np.int32),
        interface_branch=none,
        interface_sign=np.zeros(0),
        limit_interface=none,
        limit_is_forward=np.zeros(0, dtype=bool),
        limit_lines_out=none,
        limit_season=none,
        limit_mw=np.zeros(0),
        is_winter=np.zeros(system.n_hours, dtype=bool),
    )
