"""Table ``compressors``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.solvers.gas_compressors import fuel_mcm_per_d


class Compressors(ResultTable):
    """Shaft power and fuel of every compressor station; empty without stations."""

    columns = interval_columns(
        ("name", "str", "compressor station"),
        ("shaft_mw", "f8", "shaft power at the end of the row; null with policy.gas: balance"),
        ("fuel_mcm_per_d", "f8", "gas its turbines burn; part of the network's own_use demand, not beside it"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and station."""
        stations = self.system.compressor_stations
        if not len(stations):
            return None
        shaft_mw = batch.of(lambda i: i.gas.compressor_mw)
        turbines_mw = np.where(stations.driver == "electric", 0.0, shaft_mw)
        return batch.by_name(
            stations.name, shaft_mw=shaft_mw, fuel_mcm_per_d=fuel_mcm_per_d(self.system.gas, turbines_mw)
        )  # fmt: skip


TABLE = Compressors
