"""Table ``lines``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns, loading_percent


class Lines(ResultTable):
    """Flow and loading of every line and transformer."""

    columns = interval_columns(
        ("name", "str", "line or transformer"),
        ("in_service", "bool", "in service"),
        ("p_dispatch_mw", "f8", "flow of the dispatch (DC), from-side to to-side"),
        ("limit_mw", "f8", "normal rating"),
        ("p_ac_mw", "f8", "AC flow at the from side; null without an AC solution"),
        ("loading_percent", "f8", "AC loading of the normal rating; null without an AC solution"),
    )

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and branch."""
        system, n_branches = self.system, self.system.n_branches
        in_service = np.ones((batch.n, n_branches), dtype=bool)
        for row, interval in enumerate(batch.intervals):
            in_service[row, interval.dispatch.out_branch] = False
        limit_mw = batch.of(lambda i: i.dispatch.state.row_hi_mw[:n_branches])
        unknown = np.full(n_branches, np.nan)
        return batch.by_name(
            system.branch_name,
            in_service=in_service,
            p_dispatch_mw=batch.of(lambda i: i.dispatch.solution.flow_mw[:n_branches]),
            limit_mw=np.where(np.isinf(limit_mw), np.nan, limit_mw),
            p_ac_mw=batch.ac(lambda ac, _: ac.p_from_mw, unknown),
            loading_percent=batch.ac(lambda ac, i: loading_percent(system, ac, i), unknown),
        )


TABLE = Lines
