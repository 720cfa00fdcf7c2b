"""Table ``water``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.pack import Packed

HOURS_PER_DAY = 24.0
_SPARE = 0.1  # of use: what can be made beyond it to fill the tanks again


class DrinkingWater(ResultTable):
    """Drinking water of towns that power and steam make: use, made, from the tanks, missing."""

    columns = interval_columns(
        ("name", "str", "town"),
        ("power_share", "f8", "load of its bus that is served"),
        ("steam_share", "f8", "steam of its plant over what makes all water, at most 1; 1 without desalination"),
        ("used_m3_per_h", "f8", "use"),
        ("made_m3_per_h", "f8", "made, as far as tanks and use take it"),
        ("unserved_m3_per_h", "f8", "neither made nor in the tanks"),
        ("tank_m3", "f8", "in the tanks at the end of the row"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        towns, generators = self.system.water_supply, self.system.generators
        self._machines = [np.flatnonzero(generators.plant == plant) for plant in towns.plant.tolist()]
        bus = self.system.loads.bus
        self._loads = np.flatnonzero(np.isin(bus, towns.bus))
        self._at_town = (bus[self._loads][:, None] == towns.bus).astype(np.float64)
        self._use = towns.m3_per_d / HOURS_PER_DAY
        self._size_m3 = self._use * towns.tank_h
        self._tank_m3 = self._size_m3.copy()

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and town; tanks are full at the start, and filled as far as there is water to spare."""
        towns = self.system.water_supply
        if not len(towns):
            return None
        power, steam = self._power_share(batch), self._steam_share(batch)
        able = self._use * np.minimum(power, 1.0 - towns.steam_share * (1.0 - steam))
        made, missing, tank = np.zeros_like(able), np.zeros_like(able), np.zeros_like(able)
        made[:], tank[:] = self._use, self._tank_m3
        plenty = bool((able >= self._use).all() and (self._tank_m3 == self._size_m3).all())
        for row in range(0 if plenty else batch.n):
            hours = batch.duration_h[row]
            lack_m3 = np.maximum(self._use - able[row], 0.0) * hours
            drawn_m3 = np.minimum(lack_m3, self._tank_m3)
            spare_m3 = np.minimum(self._use * hours * (able[row] >= self._use) * _SPARE, self._size_m3 - self._tank_m3)
            self._tank_m3 = self._tank_m3 - drawn_m3 + spare_m3
            made[row] = np.minimum(able[row], self._use) + spare_m3 / hours
            missing[row] = (lack_m3 - drawn_m3) / hours
            tank[row] = self._tank_m3
        return batch.by_name(
            towns.name, power_share=power, steam_share=steam, used_m3_per_h=self._use, made_m3_per_h=made,
            unserved_m3_per_h=missing, tank_m3=tank,
        )  # fmt: skip

    def _power_share(self, batch: Batch) -> np.ndarray:
        """(n_intervals, n_towns) load served at the bus of each town, 0 where the bus is lost or bears none."""
        load, cut = (batch.dispatch(name)[:, self._loads] @ self._at_town for name in ("load_mw", "unserved_mw"))
        return np.clip(1.0 - np.divide(cut, load, out=np.zeros_like(cut), where=load > 0), 0.0, 1.0)

    def _steam_share(self, batch: Batch) -> np.ndarray:
        """(n_intervals, n_towns) output of each town's plant over what makes all of its water."""
        p_mw = batch.dispatch("p_main_mw") + batch.dispatch("p_backup_mw")
        share = np.ones((batch.n, len(self._machines)))
        for town, machines in enumerate(self._machines):
            if self.system.water_supply.plant[town]:
                share[:, town] = np.minimum(p_mw[:, machines].sum(axis=1) / self.system.water_supply.steam_mw[town], 1)
        return share


TABLE = DrinkingWater
