"""Table ``coal``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.deliveries import full_burn_t_per_d
from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.pack import Packed, yard_generators


class Coal(ResultTable):
    """Coal of every yard with a route: what comes, what is burnt, what is turned away, what lies there."""

    columns = interval_columns(
        ("name", "str", "yard of fuel_stocks"),
        ("stock_days", "f8", "days at full output, at the start of the row"),
        ("delivered_t_per_d", "f8", "unloaded"),
        ("burnt_t_per_d", "f8", "burnt, at the heat rate of the plant and the heating value of its coal"),
        ("turned_away_t_per_d", "f8", "deliveries that a full yard has no place for"),
        ("undelivered_t_per_d", "f8", "usual deliveries that do not come"),
    )

    def __init__(self, packed: Packed):
        super().__init__(packed)
        self._yards = np.unique(self.system.coal_routes.yard)
        self._full_t_per_d = full_burn_t_per_d(self.system, yard_generators(self.system))[self._yards]

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and yard."""
        flows = [interval.yard_flows for interval in batch.intervals]
        if not len(self._yards) or any(flow is None for flow in flows):
            return None
        tonnes, yards, stocks = self._full_t_per_d, self._yards, self.system.fuel_stocks
        delivered = np.array([flow.delivered[yards] for flow in flows if flow is not None])
        burnt = np.array([flow.burnt[yards] for flow in flows if flow is not None])
        turned_away = np.array([flow.turned_away[yards] for flow in flows if flow is not None])
        return batch.by_name(
            stocks.name[yards],
            stock_days=batch.of(lambda i: i.yard_days)[:, yards],
            delivered_t_per_d=delivered * tonnes,
            burnt_t_per_d=burnt * tonnes,
            turned_away_t_per_d=turned_away * tonnes,
            undelivered_t_per_d=(stocks.delivery_share[yards] - delivered) * tonnes,
        )


TABLE = Coal
