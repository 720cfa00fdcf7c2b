"""Table ``site_supply``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.minerals import loads_of_minerals
from gridsim.model.pack import Packed
from gridsim.model.table import sum_rows_at
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW


class SiteSupply(ResultTable):
    """Mines and works whose load is not served in full; one that is has no row."""

    columns = interval_columns(
        ("name", "str", "row of minerals"),
        ("load_mw", "f8", "load of its site, or that it is part of"),
        ("unserved_mw", "f8", "of it not served"),
        ("unserved_share", "f8", "the same as a share"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        minerals = self.system.minerals
        self._order = np.argsort(minerals.name, kind="stable")
        of = [loads_of_minerals(self.system, row) for row in self._order.tolist()]
        self._row = np.repeat(np.arange(len(of)), [len(loads) for loads in of])
        self._load = np.concatenate(of) if of else np.zeros(0, dtype=np.int64)

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and site with something unserved."""
        if not len(self._load):
            return None
        n = len(self._order)
        unserved_mw = sum_rows_at(self._row, batch.dispatch("unserved_mw")[:, self._load], n)
        row, site = np.nonzero(unserved_mw > SHORTFALL_TOLERANCE_MW)
        if not len(row):
            return None
        load_mw = sum_rows_at(self._row, batch.dispatch("load_mw")[:, self._load], n)[row, site]
        short_mw = unserved_mw[row, site]
        return batch.at(
            row,
            name=self.system.minerals.name[self._order[site]],
            load_mw=load_mw,
            unserved_mw=short_mw,
            unserved_share=np.clip(short_mw / load_mw, 0.0, 1.0),
        )


TABLE = SiteSupply
