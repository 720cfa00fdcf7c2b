"""N-1 screening as a frame: one row per outage, most binding first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridsim.model.arguments import whole_number
from gridsim.model.checks import check_system
from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint, check_point
from gridsim.solvers.screen import screen as solve_screen
from gridsim.solvers.screen_result import ScreenResult


def screen(system: GridSystem, point: OperatingPoint | None = None, *, ac: bool = True, month: int = 1) -> pd.DataFrame:
    """Lose every line, transformer, machine and border, one at a time, and hold what remains against emergency limits.

    ``point``: the operating point (``OperatingPoint``), by default the winter peak; ``month`` chooses seasonal section
    limits. Columns as :func:`screen_frame`; ``frame.attrs`` holds ``n1_secure`` and ``intact_secure``.
    Raises StudyError for a point that does not fit the system or holds NaN, and for a month that is not 1-12.
    """
    check_system(system)
    month = whole_number("month", month, 1, 12)
    if point is not None:
        check_point(system, point)
    return screen_frame(system, solve_screen(system, point, ac=ac, month=month))


def screen_frame(system: GridSystem, result: ScreenResult) -> pd.DataFrame:
    """One row per outage, most binding first; the intact state is ``kind`` none.

    Columns: kind, name, secure, worst_loading_percent (of the rating that holds), worst_branch, worst_section_percent,
    worst_section, vm_min_pu, vm_max_pu, islanded_mw, dark_mw, counts overloads and voltage_violations, solved, reason.
    """
    n = len(result.kind)
    branch = np.append(system.branch_name, "")
    section = np.append(system.interfaces.name, "")
    frame = pd.DataFrame(
        {
            "kind": result.kind,
            "name": result.name,
            "secure": result.secure,
            "worst_loading_percent": result.worst_loading_percent,
            "worst_branch": branch[result.worst_branch],
            "worst_section_percent": result.worst_section_percent,
            "worst_section": section[result.worst_section],
            "vm_min_pu": result.vm_min_pu,
            "vm_max_pu": result.vm_max_pu,
            "islanded_mw": result.islanded_mw,
            "dark_mw": result.dark_mw,
            "overloads": np.bincount(result.overloads.outage, minlength=n),
            "voltage_violations": np.bincount(result.voltages.outage, minlength=n),
            "solved": result.solved,
            "reason": list(result.reason),
        }
    )
    frame = frame.iloc[result.order].reset_index(drop=True)
    frame.attrs |= {"n1_secure": bool(result.n1_secure), "intact_secure": bool(result.intact_secure)}
    return frame
