"""Table ``infeed``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class LargestInfeed(ResultTable):
    """The largest machine of each hour, and what the others could give if it tripped."""

    columns = interval_columns(
        ("name", "str", "machine of the largest output"),
        ("p_mw", "f8", "its output: the reserve that its trip needs"),
        ("demand_mw", "f8", "demand at the bus"),
        ("headroom_mw", "f8", "what all other synchronised machines could add within the step, wind and sun left out"),
        ("border_headroom_mw", "f8", "what borders could add within the import policy"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval."""
        generators = self.system.generators
        if not len(generators):
            return None
        p_mw = batch.dispatch("p_main_mw") + batch.dispatch("p_backup_mw")
        free_mw = np.where(generators.variable, 0.0, np.maximum(batch.dispatch("available_mw") - p_mw, 0.0))
        free_mw = np.where(batch.dispatch("committed"), free_mw, 0.0)
        largest, each = np.argmax(p_mw, axis=1), np.arange(batch.n)
        border_mw = np.maximum(batch.dispatch("border_available_mw") - batch.dispatch("p_border_mw"), 0.0)
        return batch.at(
            each,
            name=generators.name[largest],
            p_mw=p_mw[each, largest],
            demand_mw=batch.dispatch("load_mw").sum(axis=1),
            headroom_mw=free_mw.sum(axis=1) - free_mw[each, largest],
            border_headroom_mw=border_mw.sum(axis=1),
        )


TABLE = LargestInfeed
