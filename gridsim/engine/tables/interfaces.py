"""Table ``interfaces``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class Interfaces(ResultTable):
    """Flow, permissible flow and price of every interface (section)."""

    columns = interval_columns(
        ("name", "str", "section"),
        ("flow_mw", "f8", "flow in the forward direction"),
        ("limit_reverse_mw", "f8", "permissible flow, reverse (<= 0); null: none"),
        ("limit_forward_mw", "f8", "permissible flow, forward; null: none"),
        ("loading", "f8", "flow over the limit of its direction; null: no limit"),
        ("price", "f8", "worth of one more MW of limit, USD/MWh"),
    )
    every_replicate = True

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and interface."""
        first = self.system.n_branches  # rows of the dispatch: branches, then interfaces
        flow = batch.of(lambda i: i.dispatch.solution.flow_mw[first:])
        lo = batch.of(lambda i: i.dispatch.state.row_lo_mw[first:])
        hi = batch.of(lambda i: i.dispatch.state.row_hi_mw[first:])
        limit = np.where(flow >= 0, hi, -lo)
        # A limit of 0 is kept by no flow but 0: loading is 0 there and infinite otherwise.
        loading = np.divide(np.abs(flow), limit, out=np.where(np.abs(flow) > 1e-6, np.inf, 0.0), where=limit > 0)
        return batch.by_name(
            self.system.interfaces.name,
            flow_mw=flow,
            limit_reverse_mw=np.where(np.isinf(lo), np.nan, lo),
            limit_forward_mw=np.where(np.isinf(hi), np.nan, hi),
            loading=np.where(np.isinf(limit), np.nan, loading),
            price=np.abs(batch.of(lambda i: i.dispatch.solution.row_price[first:])),
        )


TABLE = Interfaces
