"""Table ``buses``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class Buses(ResultTable):
    """Voltage of every bus; empty with the power flow switched off."""

    columns = interval_columns(
        ("name", "str", "bus"),
        ("vm_pu", "f8", "voltage; null without an AC solution or supply"),
        ("va_degree", "f8", "angle"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and bus."""
        acs = [interval.ac for interval in batch.intervals if interval.ac is not None]
        if not acs:
            return None
        vm_pu, va_degree = np.array([ac.vm_pu for ac in acs]), np.array([ac.va_degree for ac in acs])
        return batch.by_name(self.system.buses.name, vm_pu=vm_pu, va_degree=va_degree)


TABLE = Buses
