"""Which machines are synchronised: a daily priority list, and starts that the operator orders in a shortage.

Each day the cheapest machines of a zone are taken until the zone's net peak plus its reserve is covered; what a zone's
own machines cannot cover is covered by the cheapest machines left anywhere. Must-run and heat-led machines, wind, sun
and hydro are always in. A machine taken in later is available after its ``start_h``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8


class Commitment:
    """Commitment of one run: ``ready_s`` is when each machine is (or will be) synchronised; inf: not ordered."""

    def __init__(self, system: GridSystem):
        generators = system.generators
        self.system = system
        self.always = generators.must_run | generators.heat_led | generators.always_committed
        self.ready_s = np.where(self.always, 0.0, np.inf)
        self._zone = system.buses.zone[generators.bus]

    def committed(self, now_s: float) -> NDArray[np.bool_]:
        """(n_gens,) True where synchronised at ``now_s``."""
        return self.ready_s <= now_s

    def priority_list(self, available_mw: F8, net_peak_mw: F8) -> NDArray[np.bool_]:
        """(n_gens,) machines wanted for zone peaks ``net_peak_mw`` (n_zones,), reserve not included.

        ``available_mw`` (n_gens,): output each machine could reach; wind and sun count with the net peak, not here.
        """
        system = self.system
        order = np.lexsort((system.generators.name, system.generators.cost_per_mwh))
        wanted = self.always & (available_mw > 0)
        counts = ~system.generators.variable
        need = net_peak_mw + np.array(system.reserve_mw)
        for zone in range(len(system.zones)):
            need[zone] -= available_mw[wanted & counts & (self._zone == zone)].sum()
        for gen in order:
            zone = self._zone[gen]
            if not wanted[gen] and available_mw[gen] > 0 and zone >= 0 and need[zone] > 0:
                wanted[gen] = True
                need[zone] -= available_mw[gen]
        uncovered = float(np.maximum(need, 0.0).sum())
        for gen in order:
            if uncovered <= 0:
                break
            if not wanted[gen] and available_mw[gen] > 0:
                wanted[gen] = True
                uncovered -= available_mw[gen]
        return wanted

    def order(self, wanted: NDArray[np.bool_], now_s: float, *, at_once: bool = False) -> NDArray[np.bool_]:
        """Order wanted machines to start (``at_once``: the day before had them ready); say which are new."""
        new = wanted & np.isinf(self.ready_s)
        start_s = 0.0 if at_once else self.system.generators.start_h * 3600.0
        self.ready_s = np.where(new, now_s + start_s, self.ready_s)
        return new

    def release(self, wanted: NDArray[np.bool_]) -> None:
        """Take machines that the day's list does not want out of service."""
        self.ready_s = np.where(wanted | self.always, self.ready_s, np.inf)
