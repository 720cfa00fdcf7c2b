"""Table ``gas_service``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows, event_columns, interval_columns
from gridsim.results.trajectory.gas import gas_causes, gwh_per_mcm

_HOURS_PER_DAY = 24.0


class GasService(ResultTable):
    """Gas that customers went without over the run, by cause; the row holds from their first lack to their last."""

    columns = interval_columns(
        ("name", "str", "row of gas_demand"),
        ("node", "str", "gas node"),
        ("gas_class", "str", "class of the customer"),
        ("cause", "str", "root of the change that cut it"),
        ("lack_h", "f8", "hours with less than it asks"),
        ("unserved_mcm", "f8", "gas not delivered"),
        ("unserved_gwh", "f8", "its energy, lower heating value"),
    )
    needs = ("gas_shortfall",)

    def closing_rows(self, run: Recorded) -> Rows | None:
        """One row per customer and cause, in order of time and name."""
        short = run.tables["gas_shortfall"]
        if not len(short["time_h"]):
            return None
        cause = gas_causes(event_columns(run.changes), short["time_h"], short["node"])
        hours = short["duration_h"]
        mcm = short["unserved_mcm_per_d"] * hours / _HOURS_PER_DAY
        found = []
        for name, why in sorted(set(zip(short["name"].tolist(), cause.tolist(), strict=True))):
            here = np.flatnonzero((short["name"] == name) & (cause == why))
            begin = float(short["time_h"][here[0]])
            end = float(short["time_h"][here[-1]] + hours[here[-1]])
            node, of_class = str(short["node"][here[0]]), str(short["gas_class"][here[0]])
            lack_h, lost_mcm = float(hours[here].sum()), float(mcm[here].sum())
            found.append((begin, name, end - begin, node, of_class, why, lack_h, lost_mcm))
        found.sort()
        columns = list(zip(*found, strict=True))
        unserved = np.array(columns[7])
        return {
            "time_h": np.array(columns[0]),
            "duration_h": np.array(columns[2]),
            "name": np.array(columns[1]),
            "node": np.array(columns[3]),
            "gas_class": np.array(columns[4]),
            "cause": np.array(columns[5]),
            "lack_h": np.array(columns[6]),
            "unserved_mcm": unserved,
            "unserved_gwh": unserved * gwh_per_mcm(self.system),
        }


TABLE = GasService
