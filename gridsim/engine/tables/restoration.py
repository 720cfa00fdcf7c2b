"""Table ``restoration``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW
from gridsim.results.run_records import ColumnSpec


class Restoration(ResultTable):
    """Restoration curve: what each zone serves after automation cut its load, until it serves all again."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start"),
        ColumnSpec("name", "str", "zone"),
        ColumnSpec("after_h", "f8", "hours after the latest sudden change that cut load there"),
        ColumnSpec("demand_mw", "f8", "demand at the bus"),
        ColumnSpec("served_mw", "f8", "of it served"),
        ColumnSpec("served_percent", "f8", "of the demand"),
    )
    needs = ("zones",)

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per interval and zone from a cut until nothing is unserved, that interval included."""
        zones = run.tables["zones"]
        cuts: dict[str, list[float]] = {}
        for swing in run.swings:
            if swing.shed_mw > SHORTFALL_TOLERANCE_MW:
                cuts.setdefault(swing.name, []).append(swing.time_h)
        rows: list[tuple[float, str, float, float, float]] = []
        for name, starts in cuts.items():
            of_zone = np.flatnonzero(zones["name"] == name)
            columns = (zones[column][of_zone].tolist() for column in ("time_h", "demand_mw", "unserved_mw"))
            restoring = False
            for time_h, demand_mw, unserved_mw in zip(*columns, strict=True):
                restoring |= time_h in starts
                if not restoring:
                    continue
                since_h = max(start for start in starts if start <= time_h)
                rows.append((time_h, name, time_h - since_h, demand_mw, demand_mw - unserved_mw))
                restoring = unserved_mw > SHORTFALL_TOLERANCE_MW
        rows.sort(key=lambda row: row[:2])
        numbers = np.array([(time_h, *values) for time_h, _, *values in rows], dtype=float).reshape(-1, 4)
        demand_mw, served_mw = numbers[:, 2], numbers[:, 3]
        return {
            "time_h": numbers[:, 0],
            "name": np.array([row[1] for row in rows], dtype=np.str_),
            "after_h": numbers[:, 1],
            "demand_mw": demand_mw,
            "served_mw": served_mw,
            "served_percent": 100.0 * np.divide(served_mw, demand_mw, out=np.ones(len(rows)), where=demand_mw > 0),
        }


TABLE = Restoration
