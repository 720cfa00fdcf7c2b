"""Table ``fuel``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.pack import Packed, yard_generators
from gridsim.model.table import sum_rows_at


class FuelStocks(ResultTable):
    """Stock and burn of every fuel yard and every backup tank."""

    columns = interval_columns(
        ("name", "str", "yard or backup tank: plant/fuel"),
        ("stock_days", "f8", "days at full output (backup: at backup capacity)"),
        ("burn_mw", "f8", "output on this fuel"),
    )

    def __init__(self, packed: Packed):
        super().__init__(packed)
        self._yard_gens = yard_generators(packed.system)
        self._feeds = np.array([len(gens) > 0 for gens in self._yard_gens], dtype=bool)

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and stock that feeds a machine."""
        links, stocks, packed, feeds = self.system.gas_to_power, self.system.fuel_stocks, self.packed, self._feeds
        backup_days = batch.of(lambda i: i.backup_days)
        has_backup = np.isfinite(backup_days[0])  # NaN where there is no tank
        main_mw, backup_mw = batch.dispatch("p_main_mw"), batch.dispatch("p_backup_mw")
        backup_burn = sum_rows_at(packed.backup_link, backup_mw[:, packed.backup_gen], len(links))
        yard_burn = [main_mw[:, gens].sum(axis=1, keepdims=True) for gens in self._yard_gens if len(gens)]
        yards = [f"{p}/{f}" for p, f in zip(stocks.plant[feeds].tolist(), stocks.fuel[feeds].tolist(), strict=True)]
        return batch.by_name(
            np.array([*yards, *(f"{plant}/backup" for plant in links.plant[has_backup].tolist())], dtype=np.str_),
            stock_days=np.hstack([batch.of(lambda i: i.yard_days)[:, feeds], backup_days[:, has_backup]]),
            burn_mw=np.hstack([*yard_burn, backup_burn[:, has_backup]]),
        )


TABLE = FuelStocks
