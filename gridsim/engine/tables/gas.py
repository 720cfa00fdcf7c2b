"""Table ``gas``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.table import F8, I4, sum_rows_at

_CUT_CLASSES = (("households", "households"), ("heating", "heating plants"), ("industry", "industry"))
_DISTRIBUTED = ("households", "services", "heating", "industry")


class Gas(ResultTable):
    """Demand, delivery, linepack and pressure of every gas node; empty without a gas network."""

    columns = interval_columns(
        ("name", "str", "gas node"),
        ("asked_mcm_per_d", "f8", "asked for, all classes and plants"),
        ("delivered_mcm_per_d", "f8", "delivered"),
        ("distributed_mcm_per_d", "f8", "of it to customers behind a distribution network"),
        ("withdrawn_mcm_per_d", "f8", "out of storages at the node"),
        *((f"cut_{gas_class}_mcm_per_d", "f8", f"not delivered to {title}") for gas_class, title in _CUT_CLASSES),
        ("power_available_mw", "f8", "what its plants could make on gas"),
        ("power_unrestricted_mw", "f8", "what they could make if gas were no limit"),
        ("linepack_mcm", "f8", "usable linepack left at the node at the start of the row"),
        ("pressure_bar", "f8", "pressure at the end of the row; null with policy.gas: balance"),
        ("vented_mcm", "f8", "gas vented at the start of the row by a rupture of a section that begins here"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and gas node."""
        nodes, links, demand = self.system.gas_nodes, self.system.gas_to_power, self.system.gas_demand
        if not len(nodes):
            return None

        def by_node(node: I4, values: F8) -> F8:
            return sum_rows_at(node, values, len(nodes))

        requested_each = batch.of(lambda i: i.inputs.gas_demand_mcm_per_d)
        delivered_each = batch.of(lambda i: i.gas.delivered_mcm_per_d)
        cut_each = np.maximum(requested_each - delivered_each, 0.0)
        power = by_node(links.node, batch.of(lambda i: i.gas.power_delivered_mcm_per_d))
        return batch.by_name(
            nodes.name,
            asked_mcm_per_d=by_node(demand.node, requested_each) + power,
            delivered_mcm_per_d=by_node(demand.node, delivered_each) + power,
            distributed_mcm_per_d=by_node(
                demand.node, np.where(np.isin(demand.gas_class, _DISTRIBUTED), delivered_each, 0.0)
            ),
            withdrawn_mcm_per_d=by_node(
                self.system.gas_storage.node, np.maximum(batch.of(lambda i: i.gas.storage_mcm_per_d), 0.0)
            ),
            **{
                f"cut_{name}_mcm_per_d": by_node(demand.node, np.where(demand.gas_class == name, cut_each, 0.0))
                for name, _ in _CUT_CLASSES
            },
            power_available_mw=by_node(links.node, batch.of(lambda i: i.fuel.link_deliverable_mw)),
            power_unrestricted_mw=by_node(links.node, batch.of(lambda i: i.fuel.link_requested_mw)),
            linepack_mcm=batch.of(lambda i: i.linepack_mcm),
            pressure_bar=batch.of(lambda i: i.gas.pressure_bar),
            vented_mcm=batch.of(lambda i: i.vented_mcm),
        )


TABLE = Gas
