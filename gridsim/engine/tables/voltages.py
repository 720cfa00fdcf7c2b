"""Table ``voltages``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.interval import Interval
from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.table import I4

TOLERANCE_PU = 1e-6  # a voltage held at its limit is inside


class Voltages(ResultTable):
    """Buses out of their voltage limits, and switchings of voltage devices; empty where there is neither."""

    columns = interval_columns(
        ("name", "str", "bus, shunt or transformer"),
        ("what", "str", "low, high: a bus out of its limits; switched: a device, at the start of the row"),
        ("vm_pu", "f8", "voltage of the bus; null for a device"),
        ("limit_pu", "f8", "limit of the bus that is passed; null for a device"),
        ("position", "f8", "steps in service, or tap, after the switching; null for a bus"),
    )

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and bus or device that has something to tell."""
        found = [
            (number, *entry) for number, interval in enumerate(batch.intervals) for entry in self._entries(interval)
        ]
        if not found:
            return None
        number, name, what, vm_pu, limit_pu, position = zip(*found, strict=True)
        return batch.at(
            np.array(number),
            name=np.array(name, dtype=np.str_),
            what=np.array(what, dtype=np.str_),
            vm_pu=np.array(vm_pu, dtype=np.float64),
            limit_pu=np.array(limit_pu, dtype=np.float64),
            position=np.array(position, dtype=np.float64),
        )

    def _entries(self, interval: Interval) -> list[tuple[str, str, float, float, float]]:
        nothing = float("nan")
        entries = [(name, "switched", nothing, nothing, position) for name, position in interval.switched]
        if interval.ac is not None and interval.ac.converged:
            buses, vm = self.system.buses, interval.ac.vm_pu
            for what, limit, outside in (
                ("low", buses.vm_min_pu, buses.vm_min_pu - vm > TOLERANCE_PU),
                ("high", buses.vm_max_pu, vm - buses.vm_max_pu > TOLERANCE_PU),
            ):
                where: I4 = np.flatnonzero(outside).astype(np.int32)
                entries += [(str(buses.name[k]), what, float(vm[k]), float(limit[k]), nothing) for k in where]
        return sorted(entries, key=lambda entry: entry[:2])


TABLE = Voltages
