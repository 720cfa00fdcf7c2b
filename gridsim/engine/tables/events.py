"""Table ``events``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec


class Events(ResultTable):
    """Every change of state with the change that caused it."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start"),
        ColumnSpec("event_id", "i4", "number of the change within the replicate"),
        ColumnSpec("component", "str", "what changed: table:name"),
        ColumnSpec("from_state", "str", "before"),
        ColumnSpec("to_state", "str", "after"),
        ColumnSpec("cause_id", "i4", "the change that made it; -1: a root"),
    )
    every_replicate = True

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per change of the log."""
        changes = run.changes
        return {
            "time_h": np.array([change.time_h for change in changes], dtype=float),
            "event_id": np.array([change.event_id for change in changes], dtype=np.int32),
            "component": np.array([change.component for change in changes], dtype=np.str_),
            "from_state": np.array([change.from_state for change in changes], dtype=np.str_),
            "to_state": np.array([change.to_state for change in changes], dtype=np.str_),
            "cause_id": np.array([change.cause_id for change in changes], dtype=np.int32),
        }


TABLE = Events
