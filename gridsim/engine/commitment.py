"""Machines synchronised: a day-ahead priority list, hour by hour, and start-ups ordered in a shortage.

The cheapest machines of a zone are taken until its net peak plus its reserve is covered in every hour of the window
with what each can give in that hour; load that a zone's own machines cannot cover is covered by the cheapest machines
left anywhere. On a network that states no reserve the largest machine is covered beside the peak (N-1). Must-run and
heat-led machines and the fuels that are always ready (wind, sun, hydro) are always in. A machine taken in later is
available after its ``start_h``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8


class Commitment:
    """Commitment of one run.

    ``ready_s`` (n_gens,): when each machine is, or will be, synchronised; inf: not started up.
    """

    def __init__(self, system: GridSystem):
        generators = system.generators
        self.system = system
        self.always = generators.must_run | generators.heat_led | generators.always_committed
        self.ready_s = np.where(self.always, 0.0, np.inf)
        self.by_cost = np.lexsort((generators.name, generators.cost_per_mwh))
        self._counts = ~generators.variable  # wind and sun count with the net load
        self._zone = system.buses.zone[generators.bus]

    def committed(self, now_s: float) -> NDArray[np.bool_]:
        """(n_gens,) True where synchronised at ``now_s``."""
        return self.ready_s <= now_s

    def priority_list(
        self, available_mw: F8, net_load_mw: F8, owes: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
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
        for gen in self.by_cost[(useful & ~listed & (zone >= 0))[self.by_cost]].tolist():
            short = need[:, zone[gen]] > 0
            if (short & (available_mw[:, gen] > 0)).any():
                listed[gen] = True
                need[:, zone[gen]] -= available_mw[:, gen]
        uncovered = np.maximum(need, 0.0).sum(axis=1)
        if not system.reserve_stated:
            largest_mw = (available_mw * (listed & self._counts)).max(axis=1, initial=0.0)
            uncovered = np.maximum(uncovered, need.sum(axis=1) + largest_mw)
        for gen in self.by_cost[(useful & ~listed)[self.by_cost]].tolist():
            if (uncovered <= 0).all():
                break
            if ((uncovered > 0) & (available_mw[:, gen] > 0)).any():
                listed[gen] = True
                uncovered -= available_mw[:, gen]
        return listed

    def start(self, listed: NDArray[np.bool_], now_s: float, *, at_once: bool = False) -> NDArray[np.bool_]:
        """Start up the generators listed that are idle (``at_once``: as if ordered in time the day before).

        Returns (n_gens,) True where a start-up is new.
        """
        new = listed & np.isinf(self.ready_s)
        start_s = 0.0 if at_once else self.system.generators.start_h * 3600.0
        self.ready_s = np.where(new, now_s + start_s, self.ready_s)
        return new

    def release(self, listed: NDArray[np.bool_]) -> None:
        """Take machines that the day's list does not want out of service."""
        self.ready_s = np.where(listed | self.always, self.ready_s, np.inf)
