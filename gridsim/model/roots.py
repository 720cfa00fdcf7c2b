"""Root of a function of one number, by Brent's method (Algorithms for Minimization without Derivatives, 1973, ch. 4).

The steps are those of ``scipy.optimize.brentq``, and so are the answers; importing that costs a third of a second.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

MOST_STEPS = 100
_RELATIVE = 4.0 * sys.float_info.epsilon


def root(function: Callable[[float], float], low: float, high: float, *, within: float) -> float:
    """Place between ``low`` and ``high``, where the function has opposite signs, within which it is zero."""
    before, now, other = low, high, 0.0
    f_before, f_now, f_other = function(before), function(now), 0.0
    step_before = step = 0.0
    if f_before == 0.0:
        return before
    if f_now == 0.0:
        return now
    if (f_before < 0.0) == (f_now < 0.0):
        raise ValueError("the function has the same sign at both ends")
    for _ in range(MOST_STEPS):
        if f_before != 0.0 and f_now != 0.0 and (f_before < 0.0) != (f_now < 0.0):
            other, f_other = before, f_before
            step_before = step = now - before
        if abs(f_other) < abs(f_now):  # the better of the two ends is where we stand
            before, now, other = now, other, now
            f_before, f_now, f_other = f_now, f_other, f_now
        least = (within + _RELATIVE * abs(now)) / 2.0
        half = (other - now) / 2.0
        if f_now == 0.0 or abs(half) < least:
            return now
        tried = math.inf
        if abs(step_before) > least and abs(f_now) < abs(f_before):
            tried = _interpolated((before, f_before), (now, f_now), (other, f_other))
        if 2.0 * abs(tried) < min(abs(step_before), 3.0 * abs(half) - least):
            step_before, step = step, tried
        else:
            step_before = step = half
        before, f_before = now, f_now
        now += step if abs(step) > least else (least if half > 0.0 else -least)
        f_now = function(now)
    raise ValueError(f"no root within {within} after {MOST_STEPS} steps")


def _interpolated(before: tuple[float, float], now: tuple[float, float], other: tuple[float, float]) -> float:
    """Step of the secant through two different points, of the inverse parabola through three."""
    (x, f), (x_now, f_now), (x_other, f_other) = before, now, other
    if x == x_other:
        return -f_now * (x_now - x) / (f_now - f)
    slope, slope_other = (f - f_now) / (x - x_now), (f_other - f_now) / (x_other - x_now)
    return -f_now * (f_other * slope_other - f * slope) / (slope_other * slope * (f_other - f))
