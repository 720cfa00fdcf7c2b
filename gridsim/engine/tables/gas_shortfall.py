"""Table ``gas_shortfall``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns

_LEAST_MCM_PER_D = 1e-6


class GasShortfall(ResultTable):
    """Customers of the gas network that do not get all they ask for; one that does has no row."""

    columns = interval_columns(
        ("name", "str", "row of gas_demand"),
        ("node", "str", "gas node"),
        ("gas_class", "str", "class of the customer"),
        ("asked_mcm_per_d", "f8", "asked for"),
        ("unserved_mcm_per_d", "f8", "not delivered"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and customer that lacks gas."""
        demand = self.system.gas_demand
        if not len(demand):
            return None
        asked = batch.of(lambda i: i.inputs.gas_demand_mcm_per_d)
        unserved = asked - batch.of(lambda i: i.gas.delivered_mcm_per_d)
        order = np.argsort(demand.name, kind="stable")
        row, place = np.nonzero(unserved[:, order] > _LEAST_MCM_PER_D)
        if not len(row):
            return None
        customer = order[place]
        return batch.at(
            row,
            name=demand.name[customer],
            node=self.system.gas_nodes.name[demand.node[customer]],
            gas_class=demand.gas_class[customer],
            asked_mcm_per_d=asked[row, customer],
            unserved_mcm_per_d=unserved[row, customer],
        )


TABLE = GasShortfall
