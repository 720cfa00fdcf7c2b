"""House supply of plants: a plant whose bus is dead for longer than that holds loses its machines, and how they return.

Pumps, fans and mills of a plant hang on a bus. When it is dead the machines live on batteries, diesels and the steam
left for ``holds_h``; then they are lost, and with a CHP its heat. Once the bus is back for good the first machine gives
output after the restart time of the plant's state, which is hot, warm or cold by how long it has been out. The others
follow one by one, in the order of their names.
"""

from __future__ import annotations

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8

_DEAD_SHARE = 0.999  # load shed in part or by turns leaves a plant its feeders
_NEVER = np.inf


class Auxiliaries:
    """Plants with a row of ``auxiliaries`` in one run."""

    def __init__(self, system: GridSystem):
        self._table = system.auxiliaries
        self._gens = [np.sort(system.generators_of(plant)) for plant in self._table.plant.tolist()]
        names = system.generators.name
        self._gens = [gens[np.argsort(names[gens], kind="stable")] for gens in self._gens]
        self._n_gens = len(system.generators)
        n = len(self._table)
        self._dead_from_s = np.full(n, _NEVER)
        self._lost_from_s = np.full(n, _NEVER)
        self._works_from_s = [np.full(len(gens), -np.inf) for gens in self._gens]
        self._disturbed = False
        self._last: tuple[Conditions, B1, Conditions] | None = None

    def left_of(self, conditions: Conditions, now_s: float) -> Conditions:
        """Conditions without the machines that their house supply has failed or that restart.

        The same object while nothing changes.
        """
        if not self._disturbed:
            return conditions
        works = np.ones(self._n_gens, dtype=bool)
        for gens, works_from_s in zip(self._gens, self._works_from_s, strict=True):
            works[gens[works_from_s > now_s]] = False
        last = self._last
        if last is not None and last[0] is conditions and np.array_equal(last[1], works):
            return last[2]
        left = conditions._replace(gen_share=conditions.gen_share * works)
        self._last = conditions, works, left
        return left

    def update_supply(self, now_s: float, bus_cut_share: F8) -> tuple[list[tuple[str, str]], float]:
        """Lose and restart plants; ``bus_cut_share`` (n_buses,): load not served, 1 for a dead bus.

        Returns the plants whose state has changed, with what the log says, and when the next one will change, in
        seconds (inf: none waits).
        """
        table = self._table
        changed: list[tuple[str, str]] = []
        if not len(table) or (not self._disturbed and not (bus_cut_share[table.bus] > _DEAD_SHARE).any()):
            return changed, np.inf
        next_s = np.inf
        for at, plant in enumerate(table.plant.tolist()):
            if bus_cut_share[table.bus[at]] > _DEAD_SHARE:
                self._dead_from_s[at] = min(self._dead_from_s[at], now_s)
                fails_s = self._dead_from_s[at] + table.holds_h[at] * 3600.0
                if now_s < fails_s:
                    next_s = min(next_s, fails_s)
                elif not (self._works_from_s[at] == np.inf).all():
                    self._lost_from_s[at] = min(self._lost_from_s[at], now_s)
                    self._works_from_s[at][:] = np.inf
                    changed.append((plant, "house supply lost"))
                continue
            self._dead_from_s[at] = _NEVER
            if self._lost_from_s[at] == _NEVER:
                continue
            works_from_s = self._works_from_s[at]
            if (works_from_s == np.inf).all():
                state, restart_h = self._restart(at, (now_s - self._lost_from_s[at]) / 3600.0)
                works_from_s[:] = now_s + (restart_h + table.step_h[at] * np.arange(len(works_from_s))) * 3600.0
                changed.append((plant, f"restarts {state}"))
            coming = works_from_s[works_from_s > now_s]
            if len(coming):
                next_s = min(next_s, float(coming.min()))
            else:
                self._lost_from_s[at] = _NEVER
                works_from_s[:] = -np.inf
                changed.append((plant, "normal"))
        waits = (self._lost_from_s < _NEVER) | (self._dead_from_s < _NEVER)
        self._disturbed = bool(waits.any())
        return changed, float(next_s)

    def _restart(self, at: int, out_h: float) -> tuple[str, float]:
        """State of a plant that has been out for so long, and its restart time."""
        table = self._table
        if out_h < table.hot_h[at]:
            return "hot", float(table.restart_hot_h[at])
        if out_h < table.warm_h[at]:
            return "warm", float(table.restart_warm_h[at])
        return "cold", float(table.restart_cold_h[at])
