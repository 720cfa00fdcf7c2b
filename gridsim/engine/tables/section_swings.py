"""Table ``section_swings``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec

_VALUES = ("before_mw", "lowest_mw", "highest_mw", "after_mw", "change_mw", "opened_s")


class SectionSwings(ResultTable):
    """Flow of sections in the seconds after each sudden change, and when they opened (``policy.first_minutes``)."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start, of the sudden change"),
        ColumnSpec("name", "str", "section"),
        ColumnSpec("before_mw", "f8", "flow in its forward direction before the change"),
        ColumnSpec("lowest_mw", "f8", "lowest flow"),
        ColumnSpec("highest_mw", "f8", "highest flow"),
        ColumnSpec("after_mw", "f8", "flow when all is quiet, or after a minute, before the operator acts"),
        ColumnSpec("change_mw", "f8", "after less before"),
        ColumnSpec("opened_s", "f8", "seconds after the change at which its last circuit opened; empty: it held"),
    )

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per sudden change and section."""
        found = run.section_swings
        return {
            "time_h": np.array([swing.time_h for swing in found], dtype=float),
            "name": np.array([swing.name for swing in found], dtype=np.str_),
            **{column: np.array([getattr(swing, column) for swing in found], dtype=float) for column in _VALUES},
        }


TABLE = SectionSwings
