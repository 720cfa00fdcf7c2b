"""Gas facilities that need power: when they stop with their bus, and when they work again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8

#: A facility stops when its bus is cut by more: a half, and what the last digits of a dispatch may add to one.
LOST_BUS_SHARE = 0.5 + 1e-6


class Facility(NamedTuple):
    """A gas facility that needs a bus; ``restart_h`` after the bus is back it works again."""

    name: str
    bus: int
    node: int
    restart_h: float


def electric_stations(system: GridSystem) -> B1:
    """(n_stations,) True for compressor stations in service that are driven from a bus."""
    stations = system.compressor_stations
    return (stations.driver == "electric") & (stations.bus >= 0) & stations.in_service


def facilities_of(system: GridSystem) -> list[Facility]:
    """Rows of power_to_gas, then electric compressor stations with a bus; these restart at once."""
    rows, stations = system.power_to_gas, system.compressor_stations
    found = [
        Facility(
            name=str(rows.name[i]), bus=int(rows.bus[i]), node=int(rows.node[i]), restart_h=float(rows.restart_h[i])
        )
        for i in range(len(rows))
    ]
    for i in np.flatnonzero(electric_stations(system)):
        found.append(
            Facility(name=str(stations.name[i]), bus=int(stations.bus[i]), node=int(stations.node[i]), restart_h=0.0)
        )
    return found


class Facilities:
    """Facilities of one run and since when each works.

    A facility stops when its bus loses more than ``LOST_BUS_SHARE`` of its load or is dead, and works again
    ``restart_h`` after its bus is back for good.
    """

    def __init__(self, system: GridSystem):
        self.facilities = facilities_of(system)
        self._node = np.array([facility.node for facility in self.facilities], dtype=np.int64)
        self._works_from_s = np.full(len(self.facilities), -np.inf)  # inf: stopped and its bus still lost
        self._all_work = np.ones(len(system.gas_nodes), dtype=bool)
        self._stopped = False  # some facility stands still or waits for its restart

    def works_at(self, now_s: float) -> B1:
        """(n_nodes,) False where a facility stands still for want of power; the same array while all work."""
        if not self._stopped:
            return self._all_work
        works = self._all_work.copy()
        works[self._node[self._works_from_s > now_s]] = False
        return works

    def update_supply(self, now_s: float, bus_cut_share: F8) -> tuple[list[tuple[str, bool]], float]:
        """Stop and restart facilities; ``bus_cut_share`` (n_buses,): load not served, 1 for a dead bus.

        Returns the facilities that stopped (False) or work again (True), and when the next one will, in seconds (inf:
        none waits).
        """
        changed: list[tuple[str, bool]] = []
        next_s = np.inf
        if not self._stopped and not (bus_cut_share > LOST_BUS_SHARE).any():
            return changed, next_s
        for i, facility in enumerate(self.facilities):
            works_from_s = self._works_from_s[i]
            if facility.bus >= 0 and bus_cut_share[facility.bus] > LOST_BUS_SHARE:
                self._works_from_s[i] = np.inf
                if works_from_s == -np.inf:
                    changed.append((facility.name, False))
                continue
            if works_from_s == np.inf:  # its bus is back: the restart begins
                self._works_from_s[i] = works_from_s = now_s + facility.restart_h * 3600.0
            if now_s >= works_from_s > -np.inf:
                self._works_from_s[i] = -np.inf
                changed.append((facility.name, True))
            elif works_from_s > now_s:
                next_s = min(next_s, works_from_s)
        self._stopped = not np.isneginf(self._works_from_s).all()
        return changed, float(next_s)
