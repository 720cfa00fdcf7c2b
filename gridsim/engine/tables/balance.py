"""Table ``balance``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows, interval_columns
from gridsim.model.table import F8
from gridsim.results.run_records import Columns


class Balance(ResultTable):
    """Change of the flow into each zone against the same moment without events, and what explains it.

    Empty for a scenario in which nothing happens.
    """

    columns = interval_columns(
        ("name", "str", "zone"),
        ("gas_fired_change_mw", "f8", "machines on gas, against the same hour without events"),
        ("backup_fuel_change_mw", "f8", "machines on their backup fuel"),
        ("other_generation_change_mw", "f8", "all other machines, storages and own borders"),
        ("demand_change_mw", "f8", "demand and losses, price response taken off"),
        ("unserved_mw", "f8", "unserved now less then"),
        ("net_inflow_change_mw", "f8", "flow into the zone = demand - unserved - generation changes"),
        ("residual_mw", "f8", "what the line above does not explain (solver noise)"),
    )
    needs = ("zones",)

    def closing_rows(self, run: Recorded) -> Rows | None:
        """One row per interval and zone of the system."""
        if run.baseline is None:
            return None
        return zone_changes(self.system.zones, run.tables["zones"], run.baseline["zones"])


def zone_changes(names: tuple[str, ...], zones: Columns, baseline: Columns) -> Rows:
    """Rows of ``zones`` less those of ``baseline`` that hold at the same time."""
    rows = np.flatnonzero(np.isin(zones["name"], names))
    then = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        of_baseline = np.flatnonzero(baseline["name"] == name)
        here = zones["name"][rows] == name
        times = zones["time_h"][rows[here]]
        held = np.maximum(np.searchsorted(baseline["time_h"][of_baseline], times, side="right") - 1, 0)
        then[here] = of_baseline[held]

    def change(column: str) -> F8:
        return np.asarray(zones[column][rows] - baseline[column][then])

    gas, backup = change("gas_fired_mw"), change("backup_fuel_mw")
    other = change("generation_mw") + change("storage_mw") + change("import_mw") - gas - backup
    demand = change("demand_mw") + change("losses_mw") - change("price_response_mw")
    unserved, inflow = change("unserved_mw"), change("net_inflow_mw")
    return {
        "time_h": zones["time_h"][rows],
        "duration_h": zones["duration_h"][rows],
        "name": zones["name"][rows],
        "gas_fired_change_mw": gas,
        "backup_fuel_change_mw": backup,
        "other_generation_change_mw": other,
        "demand_change_mw": demand,
        "unserved_mw": unserved,
        "net_inflow_change_mw": inflow,
        "residual_mw": demand - unserved - gas - backup - other - inflow,
    }


TABLE = Balance
