"""Margin to voltage collapse: how much more load a state carries before the AC power flow has no solution.

All load in live islands grows by one factor at constant power factor, machines and borders with it, and the
participants of ``participation`` take what the losses add; reactive limits hold at every step, which a continuation
power flow with fixed voltages would pass over. The factor is found by doubling a step until the power flow fails (or
``most``), then halving the interval; each solve starts from the last solution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint

FIRST_STEP = 0.02
TOLERANCE = 0.0005
MOST = 2.0


class Margin(NamedTuple):
    """``percent`` of the load by which it can grow, ``mw`` the same in power; NaN for a state without a power flow.

    at_least : no collapse was found up to ``MOST``
    """

    percent: float
    mw: float
    at_least: bool


def collapse_margin(model: AcModel, point: OperatingPoint, start: AcSolution | None = None) -> Margin:
    """Margin of a state; ``model`` that of its system. A state that only relaxed reactive limits carry has none."""
    load_mw = float(point.p_load_mw.sum())

    def solved(growth: float, warm: AcSolution | None) -> AcSolution | None:
        scale = 1.0 + growth
        grown = point._replace(
            p_load_mw=point.p_load_mw * scale, p_gen_mw=point.p_gen_mw * scale, p_border_mw=point.p_border_mw * scale
        )
        found = model.solve(grown, start=warm)
        return found if _carries(found) else None

    last = solved(0.0, start)
    if last is None:
        return Margin(np.nan, np.nan, False)
    low, step = 0.0, FIRST_STEP
    high = np.inf
    while np.isinf(high) and low < MOST:
        further = min(low + step, MOST)
        found = solved(further, last)
        if found is None:
            high = further
        else:
            low, last, step = further, found, 2.0 * step
    if np.isinf(high):
        return Margin(100.0 * low, low * load_mw, True)
    while high - low > TOLERANCE:
        middle = 0.5 * (low + high)
        found = solved(middle, last)
        if found is None:
            high = middle
        else:
            low, last = middle, found
    return Margin(100.0 * low, low * load_mw, False)


def _carries(found: AcSolution) -> bool:
    return found.converged and found.rung not in ("relaxed_q", "dc_only")
