"""Table ``events``."""

from __future__ import annotations

from gridsim.engine.result_table import Recorded, ResultTable, Rows, event_columns
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
        return event_columns(run.changes)


TABLE = Events
