"""Table ``shortfall``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.lost_load import lost_load_usd_per_mwh
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
        ("unserved_usd_per_h", "f8", "not served, at its value of lost load: first the sheddable part, then the rest"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        loads = packed.system.loads
        buses, names = packed.system.buses.name[loads.bus].tolist(), loads.name.tolist()
        self._load_name = np.array([f"{bus}/{load}" for bus, load in zip(buses, names, strict=True)], dtype=np.str_)
        self._rank = np.empty(len(loads), dtype=np.int64)  # place of each load in the order of names
        self._sheddable_usd, self._protected_usd = lost_load_usd_per_mwh(packed.system)
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
        unserved_mw = unserved[row, load]
        sheddable_mw = batch.dispatch("load_mw")[row, load] * self.packed.load_sheddable_share[load]
        first_mw = np.minimum(unserved_mw, sheddable_mw)
        usd_per_h = first_mw * self._sheddable_usd[load] + (unserved_mw - first_mw) * self._protected_usd[load]
        return batch.at(
            row,
            name=self._load_name[load],
            zone=system.bus_zone_name[bus],
            oblast=system.buses.oblast[bus],
            load_class=system.load_classes.name[system.loads.load_class[load]],
            unserved_mw=unserved_mw,
            price_response_mw=response[row, load],
            unserved_usd_per_h=usd_per_h,
        )


TABLE = Shortfall
