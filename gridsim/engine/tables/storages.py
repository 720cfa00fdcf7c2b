"""Table ``storages``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class Storages(ResultTable):
    """State of charge and power of every storage; empty without storages."""

    columns = interval_columns(
        ("name", "str", "storage"),
        ("state_of_charge_mwh", "f8", "energy held at the start of the row"),
        ("state_of_charge_share", "f8", "of it the share of the capacity"),
        ("p_mw", "f8", "power during the row, discharging positive"),
    )

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and storage."""
        storages, held_mwh = self.system.storages, batch.of(lambda i: i.storage_mwh)
        capacity_mwh = np.broadcast_to(storages.energy_mwh, held_mwh.shape)
        return batch.by_name(
            storages.name,
            state_of_charge_mwh=held_mwh,
            state_of_charge_share=np.divide(
                held_mwh, capacity_mwh, out=np.zeros(held_mwh.shape), where=capacity_mwh > 0
            ),
            p_mw=batch.dispatch("p_storage_mw"),
        )


TABLE = Storages
