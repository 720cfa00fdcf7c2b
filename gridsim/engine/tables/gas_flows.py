"""Table ``gas_flows``."""

from __future__ import annotations

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class GasFlows(ResultTable):
    """Flow of every gas pipe; empty without a gas network."""

    columns = interval_columns(
        ("name", "str", "gas pipe"),
        ("flow_mcm_per_d", "f8", "what enters it, positive from from_node to to_node"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and pipe."""
        pipes = self.system.gas_pipelines
        if not len(pipes):
            return None
        return batch.by_name(pipes.name, flow_mcm_per_d=batch.of(lambda i: i.gas.flow_mcm_per_d))


TABLE = GasFlows
