"""Table ``automation_log``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec


class AutomationLog(ResultTable):
    """Every operation of the first minutes after sudden changes (``policy.first_minutes``), in its order."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start, of the sudden change"),
        ColumnSpec("at_s", "f8", "seconds after the sudden change"),
        ColumnSpec("rule", "str", "rule of automation; event, out of step, dead area: what no rule decides"),
        ColumnSpec("place", "str", "area, machines, sections or rule that it acted on"),
        ColumnSpec("p_mw", "f8", "load or output taken; given back: negative"),
        ColumnSpec("cause", "str", "threshold that was passed, and for how long"),
    )

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per operation of the log."""
        found = run.operations
        return {
            "time_h": np.array([operation.time_h for operation in found], dtype=float),
            "at_s": np.array([operation.at_s for operation in found], dtype=float),
            "rule": np.array([operation.rule for operation in found], dtype=np.str_),
            "place": np.array([operation.place for operation in found], dtype=np.str_),
            "p_mw": np.array([operation.p_mw for operation in found], dtype=float),
            "cause": np.array([operation.cause for operation in found], dtype=np.str_),
        }


TABLE = AutomationLog
