"""Screening of outages as a frame: one row per outage, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridsim.errors import StudyError
from gridsim.model.arguments import whole_number
from gridsim.model.checks import check_system
from gridsim.model.system import GridSystem
from gridsim.results.screening_pairs import doubles_frame, pairs_frame
from gridsim.solvers.operating_point import OperatingPoint, check_point
from gridsim.solvers.screen import screen as solve_screen
from gridsim.solvers.screen_double import screen_doubles
from gridsim.solvers.screen_outages import Outage, named_outages
from gridsim.solvers.screen_pairs import screen_pairs
from gridsim.solvers.screen_result import ScreenResult, SolvedBy

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("1", "1-1", "2")
MOST_MINUTES = 240.0


def screen(
    system: GridSystem,
    point: OperatingPoint | None = None,
    *,
    ac: bool = True,
    month: int = 1,
    outages: Sequence[str | Sequence[str] | Outage] | None = None,
    redispatch: bool = False,
    level: str = "1",
    minutes: float = 15.0,
    margins: int = 0,
) -> pd.DataFrame:
    """Lose every line, transformer, machine and border, one at a time, and hold what remains against emergency limits.

    ``point``: the operating point (``OperatingPoint``), by default the winter peak; ``month`` chooses seasonal section
    limits. ``outages``: what is lost instead, a name for one element (storages, shunts, buses and sections too) and a
    list of names for several at once. ``redispatch`` fills ``shed_mw``; ``margins`` asks for the margin to
    voltage collapse of so many of the worst. Columns as :func:`screen_frame`; ``frame.attrs`` holds ``n1_secure``,
    ``intact_secure`` and ``short_mw`` of the intact state.
    ``level``: 1-1 loses a second element after ``minutes`` of redispatch (every ordered pair, ``pairs_frame``), 2 loses
    two at once (``doubles_frame``, DC).
    Raises StudyError for a point that does not fit the system or holds NaN, for a month that is not 1-12 and for an
    element that is not there.
    """
    check_system(system)
    month = whole_number("month", month, 1, 12)
    if point is not None:
        check_point(system, point)
    lost = None
    if outages is not None:
        lost = [one if isinstance(one, Outage) else named_outages(system, [one])[0] for one in outages]
    if level not in LEVELS:
        raise StudyError(f"level: no '{level}'; give {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
    if level == "1-1":
        if not 0.0 <= minutes <= MOST_MINUTES:
            raise StudyError(f"minutes: {minutes:g}; give 0 to {MOST_MINUTES:g}")
        return pairs_frame(
            screen_pairs(system, point, ac=ac, month=month, minutes=minutes, outages=lost, margins=margins)
        )
    if level == "2":
        return doubles_frame(screen_doubles(system, point, month=month, outages=lost))
    result = solve_screen(system, point, ac=ac, month=month, outages=lost, redispatch=redispatch, margins=margins)
    return screen_frame(system, result)


def screen_frame(system: GridSystem, result: ScreenResult) -> pd.DataFrame:
    """One row per outage, worst first; the intact state is ``kind`` none.

    Columns: kind, name, secure, worst_loading_percent (of the rating that holds), worst_branch, worst_section_percent,
    worst_section, vm_min_pu, vm_max_pu, islanded_mw, dark_mw, counts overloads and voltage_violations, solved, reason,
    short_mw (imbalance beyond the headroom of what runs), over_mw, worst_over and worst_over_percent (largest MW beyond
    a limit, of what, and its loading), added_mw (by which the outage makes an overload larger), adds (to what is wrong
    with the intact state), shed_mw (with ``redispatch``), margin_percent and
    margin_mw (with ``margins``: load that the state carries more before its voltage collapses).
    A state without a power flow has no numbers; what is known of it all the same stands in its reason.
    """
    import pandas as pd

    n = len(result.kind)
    branch = np.append(system.branch_name, "")
    section = np.append(system.interfaces.name, "")
    failed = result.solved == SolvedBy.FAILED

    def known(values: np.ndarray) -> np.ndarray:
        return np.where(failed, np.nan, values)

    def count(positions: np.ndarray) -> pd.Series:
        return pd.Series(np.bincount(positions, minlength=n), dtype="Int64").mask(failed)

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
            "islanded_mw": known(result.islanded_mw),
            "dark_mw": known(result.dark_mw),
            "overloads": count(result.overloads.outage),
            "voltage_violations": count(result.voltages.outage),
            "solved": result.solved,
            "reason": [_reason(result, row) if failed[row] else result.reason[row] for row in range(n)],
            "short_mw": known(result.short_mw),
            "over_mw": result.over_mw,
            "worst_over": result.over_name,
            "worst_over_percent": result.over_percent,
            "added_mw": result.added_mw,
            "adds": result.adds,
            "shed_mw": known(result.shed_mw),
            "margin_percent": result.margin_percent,
            "margin_mw": result.margin_mw,
        }
    )
    frame = frame.iloc[result.order].reset_index(drop=True)
    frame.attrs |= {
        "n1_secure": bool(result.n1_secure),
        "intact_secure": bool(result.intact_secure),
        "short_mw": float(result.short_mw[0]),
    }
    return frame


def _reason(result: ScreenResult, row: int) -> str:
    """Why a state has no power flow, and the MW that are known without one."""
    told = [
        f"{mw:,.0f} MW {what}"
        for mw, what in (
            (result.short_mw[row], "short"),
            (result.islanded_mw[row], "cut off"),
            (result.shed_mw[row], "shed after redispatch"),
        )
        if mw > 0.5
    ]
    return "; ".join(part for part in (result.reason[row], ", ".join(told)) if part)
