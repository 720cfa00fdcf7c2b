"""Table ``secure_losses``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec
from gridsim.solvers.secure_loss import security_of

_NUMBERS = {
    "output_mw": "what its machines give",
    "secure_loss_mw": "largest loss of power at its largest machine that sheds and opens nothing, at most output_mw",
    "island_secure_loss_mw": "smallest of the areas of its island that may not lose all they give; else the largest",
    "inertia_gws": "kinetic energy of the area's synchronised machines and of load",
    "headroom_mw": "what its governors that take part may add in the first minutes",
}


class SecureLosses(ResultTable):
    """Largest loss of each area that automation does not answer, by hour; with ``policy.secure_losses: on``."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start"),
        ColumnSpec("name", "str", "area that swings as one"),
        ColumnSpec("island", "i4", "areas of one number hang together, neighbours too"),
        *(ColumnSpec(name, "f8", doc) for name, doc in _NUMBERS.items()),
    )

    def closing_rows(self, run: Recorded) -> Rows | None:
        """One row per operating point and area inside in which a machine runs."""
        found = [(time_h, area) for time_h, point in run.points for area in security_of(self.system, point)]
        if not found:
            return None
        areas = [area for _, area in found]
        return {
            "time_h": np.array([time_h for time_h, _ in found]),
            "name": np.array([area.area for area in areas], dtype=np.str_),
            "island": np.array([area.island for area in areas], dtype=np.int32),
            **{column: np.array([getattr(area, column) for area in areas]) for column in _NUMBERS},
        }


TABLE = SecureLosses
