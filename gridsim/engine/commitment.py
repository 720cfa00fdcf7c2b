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

from gridsim.model.priority_list import PriorityList
from gridsim.model.system import GridSystem
from gridsim.model.table import F8


class Commitment:
    """Commitment of one run.

    ``ready_s`` (n_gens,): when each machine is, or will be, synchronised; inf: not started up.
    """

    def __init__(self, system: GridSystem):
        self.system = system
        self._list = PriorityList(system)
        self.always, self.by_cost = self._list.always, self._list.by_cost
        self.ready_s = np.where(self.always, 0.0, np.inf)

    def committed(self, now_s: float) -> NDArray[np.bool_]:
        """(n_gens,) True where synchronised at ``now_s``."""
        return self.ready_s <= now_s

    def priority_list(
        self, available_mw: F8, net_load_mw: F8, owes: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """(n_gens,) generators on the priority list over a window of hours, as :meth:`PriorityList.listed` says."""
        return self._list.listed(available_mw, net_load_mw, owes)

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
