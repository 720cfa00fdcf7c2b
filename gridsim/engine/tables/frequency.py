"""Table ``frequency``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec


class Frequency(ResultTable):
    """Frequency of zones and neighbours in the seconds after each sudden change (``policy.first_minutes``)."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start, of the sudden change"),
        ColumnSpec("name", "str", "zone or neighbour"),
        ColumnSpec("lowest_hz", "f8", "lowest frequency of its areas"),
        ColumnSpec("highest_hz", "f8", "highest frequency of its areas"),
        ColumnSpec("shed_mw", "f8", "load that automation cut and did not return, dead areas included"),
        ColumnSpec("dead_areas", "i4", "areas of it that went dark"),
        ColumnSpec("cut_mw", "f8", "load that automation cut, returned since or not, dead areas included"),
        ColumnSpec("final_hz", "f8", "when all is quiet, or at the end of those seconds: mean of areas that live"),
    )

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per sudden change and zone or neighbour."""
        found = run.swings
        return {
            "time_h": np.array([swing.time_h for swing in found], dtype=float),
            "name": np.array([swing.name for swing in found], dtype=np.str_),
            "lowest_hz": np.array([swing.lowest_hz for swing in found], dtype=float),
            "highest_hz": np.array([swing.highest_hz for swing in found], dtype=float),
            "shed_mw": np.array([swing.shed_mw for swing in found], dtype=float),
            "dead_areas": np.array([swing.dead_areas for swing in found], dtype=np.int32),
            "cut_mw": np.array([swing.cut_mw for swing in found], dtype=float),
            "final_hz": np.array([swing.final_hz for swing in found], dtype=float),
        }


TABLE = Frequency
