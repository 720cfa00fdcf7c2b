"""Day-ahead priority list: the cheapest machines that cover load and reserve of each zone in every hour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.priority_list import list_machines
from gridsim.model.system import GridSystem
from gridsim.model.table import F8


class PriorityList:
    """Priority list of one system.

    ``always`` (n_gens,): machines that are in whatever they cost; ``by_cost`` (n_gens,): positions, cheapest first.
    """

    def __init__(self, system: GridSystem):
        generators = system.generators
        self.system = system
        self.always = generators.must_run | generators.heat_led | generators.always_committed
        self.by_cost = np.lexsort((generators.name, generators.cost_per_mwh))
        self._counts = ~generators.variable  # wind and sun count with the net load
        self._zone = system.buses.zone[generators.bus].astype(np.int64)
        self._anywhere = np.zeros(len(generators), dtype=np.int64)

    def listed(self, available_mw: F8, net_load_mw: F8, owes: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """(n_gens,) generators on the priority list over a window of hours.

        ``available_mw`` (n_hours, n_gens): output each machine could give in each hour, if it were started up now;
        ``net_load_mw`` (n_hours, n_zones): load with losses less wind and sun, reserve not included; ``owes``
        (n_gens,): machines that duty wants in some hour.
        """
        system, zone = self.system, self._zone
        reserve_mw = np.array(system.reserve_mw)
        useful = (available_mw > 0).any(axis=0)
        listed = (self.always if owes is None else self.always | owes) & useful
        need = net_load_mw + reserve_mw
        for number in range(len(system.zones)):
            need[:, number] -= available_mw[:, listed & self._counts & (zone == number)].sum(axis=1)
        available_mw, need = np.ascontiguousarray(available_mw), np.ascontiguousarray(need)
        list_machines(self.by_cost, zone, useful & ~listed & (zone >= 0), available_mw, need, listed)
        uncovered = np.maximum(need, 0.0).sum(axis=1)
        if not system.reserve_stated:
            largest_mw = (available_mw * (listed & self._counts)).max(axis=1, initial=0.0)
            uncovered = np.maximum(uncovered, need.sum(axis=1) + largest_mw)
        missing = uncovered[:, None]
        list_machines(self.by_cost, self._anywhere, useful & ~listed, available_mw, missing, listed)
        return listed
