"""Table ``shortfall``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.pack import Packed
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW


class Shortfall(ResultTable):
    """Loads that are not served in full; a load that is has no row."""

    columns = interval_columns(
        ("name", "str", "bus/class"),
        ("zone", "str", "zone"),
        ("oblast", "str", "oblast"),
        ("load_class", "str", "class of the load"),
        ("unserved_mw", "f8", "not served"),
        ("price_response_mw", "f8", "did not buy at the price"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        loads = packed.system.loads
        buses, names = packed.system.buses.name[loads.bus].tolist(), loads.name.tolist()
        self._load_name = np.array([f"{bus}/{load}" for bus, load in zip(buses, names, strict=True)], dtype=np.str_)
        self._rank = np.empty(len(loads), dtype=np.int64)  # place of each load in the order of names
        self._rank[np.argsort(self._load_name, kind="stable")] = np.arange(len(loads))

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and load with something unserved or a price response."""
        system = self.system
        unserved, response = batch.dispatch("unserved_mw"), batch.dispatch("response_mw")
        row, load = np.nonzero((unserved > SHORTFALL_TOLERANCE_MW) | (response > SHORTFALL_TOLERANCE_MW))
        if not len(row):
            return None
        order = np.lexsort((self._rank[load], row))
        row, load = row[order], load[order]
        bus = system.loads.bus[load]
        return batch.at(
            row,
            name=self._load_name[load],
            zone=system.bus_zone_name[bus],
            oblast=system.buses.oblast[bus],
            load_class=system.load_classes.name[system.loads.load_class[load]],
            unserved_mw=unserved[row, load],
            price_response_mw=response[row, load],
        )


TABLE = Shortfall
