"""Security of areas by hour as a table: inertia, headroom, the largest loss that sheds nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.secure_loss import AreaSecurity, security_of

if TYPE_CHECKING:
    import pandas as pd


def secure_loss_frame(
    system: GridSystem, points: Iterable[tuple[float, OperatingPoint]], *, every_point: bool = True
) -> pd.DataFrame:
    """Rows of every point and area inside: ``run(...).points`` gives those of a run, each with its ``time_h``.

    ``every_point`` False: points with the machines and branches of the one before are left out.
    Columns: time_h, area, island (areas that hang together, neighbours too), inertia_gws and headroom_mw of the area,
    island_inertia_gws, island_headroom_mw (of areas inside), output_mw (what its machines give), secure_loss_mw (the
    largest loss of power there, after which automation does nothing; at most output_mw), island_secure_loss_mw (the
    smallest of its areas that may not lose all they give; where each may, the largest).
    """
    import pandas as pd

    rows, last = [], (b"", b"")
    for time_h, point in points:
        stands = point.gen_committed.tobytes(), point.branch_out.tobytes()
        if every_point or stands != last:
            rows += [(time_h, *row) for row in security_of(system, point)]
        last = stands
    return pd.DataFrame(rows, columns=["time_h", *AreaSecurity._fields])
