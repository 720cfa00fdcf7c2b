"""Table ``secure_losses``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Recorded, ResultTable, Rows
from gridsim.results.run_records import ColumnSpec
from gridsim.solvers.secure_loss import security_of


class SecureLosses(ResultTable):
    """Largest loss of each area that automation does not answer, by hour; with ``policy.secure_losses: on``."""

    columns = (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start"),
        ColumnSpec("name", "str", "area that swings as one"),
        ColumnSpec("island", "i4", "areas of one number hang together, neighbours too"),
        ColumnSpec("secure_loss_mw", "f8", "largest loss of power at its largest machine that sheds and opens nothing"),
        ColumnSpec("island_secure_loss_mw", "f8", "smallest of those of its island"),
        ColumnSpec("inertia_gws", "f8", "kinetic energy of the area's synchronised machines and of load"),
        ColumnSpec("headroom_mw", "f8", "what its governors that take part may add in the first minutes"),
    )

    def closing_rows(self, run: Recorded) -> Rows | None:
        """One row per operating point and area inside in which a machine runs."""
        found = [(time_h, area) for time_h, point in run.points for area in security_of(self.system, point)]
        if not found:
            return None
        time_h = np.array([time for time, _ in found])
        island = np.array([area.island for _, area in found], dtype=np.int32)
        loss_mw = np.array([area.secure_loss_mw for _, area in found])
        _, together = np.unique(np.stack([time_h, island]), axis=1, return_inverse=True)
        least_mw = np.full(together.max() + 1, np.inf)
        np.minimum.at(least_mw, together.ravel(), loss_mw)
        return {
            "time_h": time_h,
            "name": np.array([area.area for _, area in found], dtype=np.str_),
            "island": island,
            "secure_loss_mw": loss_mw,
            "island_secure_loss_mw": least_mw[together.ravel()],
            "inertia_gws": np.array([area.inertia_gws for _, area in found]),
            "headroom_mw": np.array([area.headroom_mw for _, area in found]),
        }


TABLE = SecureLosses
