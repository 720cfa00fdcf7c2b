"""Screening of the first minutes as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridsim.model.checks import check_system
from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.screen_first_minutes import screen_first_minutes
from gridsim.solvers.screen_outages import Outage

if TYPE_CHECKING:
    import pandas as pd

SHED_TOLERANCE_MW = 0.5


def first_minutes_frame(
    system: GridSystem, point: OperatingPoint | None = None, outages: Sequence[Outage] | None = None
) -> pd.DataFrame:
    """Every single loss, and the pairs ranked first, through the swing of areas and its automation, worst first.

    Columns: kind, name, shed_mw (by automation and in areas that went dark), lowest_hz and lowest_area (of areas inside
    that live), opened (sections that automation opened) and dead (areas), separated by ;, operations of automation,
    ended (quiet, horizon, operations). ``frame.attrs``: counts ``n_singles``, ``n_doubles``, ``n_not_simulated``,
    ``n_shedding``, ``n_separating``.
    """
    import pandas as pd

    check_system(system)
    result = screen_first_minutes(system, base_point(system) if point is None else point, outages=outages)
    frame = pd.DataFrame(
        {
            "kind": [course.kind for course in result.courses],
            "name": [course.name for course in result.courses],
            "shed_mw": [course.shed_mw for course in result.courses],
            "lowest_hz": [course.lowest_hz for course in result.courses],
            "lowest_area": [course.lowest_area for course in result.courses],
            "opened": [";".join(course.opened) for course in result.courses],
            "dead": [";".join(course.dead) for course in result.courses],
            "operations": [course.operations for course in result.courses],
            "ended": [course.ended for course in result.courses],
        }
    )
    frame.attrs = {
        "n_singles": result.n_singles,
        "n_doubles": result.n_doubles,
        "n_not_simulated": result.n_left,
        "n_shedding": int((frame["shed_mw"] > SHED_TOLERANCE_MW).sum()),
        "n_separating": int((frame["opened"] != "").sum()),
    }
    return frame
