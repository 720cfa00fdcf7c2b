"""Table ``minerals``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.output_lost import lost_outputs
from gridsim.results.run_records import ColumnSpec


class LostOutput(ResultTable):
    """Mines and works that lose output: while they lack power or what they are fed with, and until they are whole."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start, when its supply first failed"),
        ColumnSpec("name", "str", "row of minerals"),
        ColumnSpec("mineral", "str", "product"),
        ColumnSpec("longest_out_h", "f8", "longest interruption in a row"),
        ColumnSpec("survives_h", "f8", "longest that its process stands; null without a process"),
        ColumnSpec("stops", "i4", "interruptions that damaged it"),
        ColumnSpec("lost_out_t", "f8", "output lost while its supply was short"),
        ColumnSpec("lost_later_t", "f8", "output lost after that, beyond the horizon too"),
        ColumnSpec("whole_again_h", "f8", "hours after the start until it makes all again; null without damage"),
        ColumnSpec("value_usd", "f8", "value of the output lost; null without a price"),
        ColumnSpec("value_low_usd", "f8", "at the low price"),
        ColumnSpec("value_high_usd", "f8", "at the high price"),
        ColumnSpec("damage_usd", "f8", "cost of the damage"),
        ColumnSpec("world_ppm", "f8", "output lost over a year's output of the world, ppm; null where not known"),
        ColumnSpec("confidence", "str", "how well the row of minerals is known"),
    )
    every_replicate = True
    needs = ("site_supply", "zones")

    def closing_rows(self, run: Recorded) -> Rows | None:
        """One row per site with something lost, by name."""
        found = lost_outputs(self.system, run.tables["site_supply"], _horizon_h(run))
        if not found:
            return None
        names = [column.name for column in self.columns[1:]]
        kinds = {"str": np.str_, "f8": np.float64, "i4": np.int32}
        return {
            name: np.array([getattr(row, name) for row in found], dtype=kinds[spec.kind])
            for name, spec in zip(names, self.columns[1:], strict=True)
        }


def _horizon_h(run: Recorded) -> float:
    zones = run.tables["zones"]
    return float((zones["time_h"] + zones["duration_h"]).max(initial=0.0))


TABLE = LostOutput
