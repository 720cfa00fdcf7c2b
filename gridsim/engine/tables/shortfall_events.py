"""Table ``shortfall_events``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.engine.result_table import Recorded, ResultTable, Rows, interval_columns
from gridsim.model.system import EXTERNAL
from gridsim.model.table import sum_at
from gridsim.results.metrics import SHORTFALL_TOLERANCE_MW


class ShortfallEvents(ResultTable):
    """Maximal runs of shortfall, by zone and for the system; one cut by the end of the horizon counts once."""

    columns = interval_columns(
        ("name", "str", "zone, or 'system'"),
        ("energy_mwh", "f8", "unserved energy of the run of shortfall"),
        ("peak_mw", "f8", "deepest shortfall"),
    )
    every_replicate = True
    needs = ("zones",)

    def closing_rows(self, run: Recorded) -> Rows:
        """One row per run of shortfall, in order of time and name."""
        zones = run.tables["zones"]
        scopes = [(name, zones["name"] == name) for name in (*self.system.zones, EXTERNAL)]
        times, where = np.unique(zones["time_h"], return_inverse=True)
        duration = np.zeros(len(times))
        duration[where] = zones["duration_h"]
        found: list[tuple[float, str, float, float, float]] = []
        for name, rows in [*scopes, ("system", np.ones(len(where), dtype=bool))]:
            unserved = sum_at(where[rows], zones["unserved_mw"][rows], len(times))
            for first, last in runs_of(unserved > SHORTFALL_TOLERANCE_MW):
                part = slice(first, last)
                energy = float((unserved[part] * duration[part]).sum())
                hours, peak = float(duration[part].sum()), float(unserved[part].max())
                found.append((float(times[first]), name, hours, energy, peak))
        found.sort()
        return {
            "time_h": np.array([row[0] for row in found], dtype=float),
            "duration_h": np.array([row[2] for row in found], dtype=float),
            "name": np.array([row[1] for row in found], dtype=np.str_),
            "energy_mwh": np.array([row[3] for row in found], dtype=float),
            "peak_mw": np.array([row[4] for row in found], dtype=float),
        }


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of every maximal run of True."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


TABLE = ShortfallEvents
