"""Searches for a credit: bisection between two ends, and what is told where there is no root between them."""

from __future__ import annotations

from collections.abc import Callable

from gridsim.errors import StudyError

ROOT_WITHIN_MW = 1e-9


class NoRootError(StudyError):
    """No credit between both ends of a search; ``at_low``, ``at_high``: the metric less its aim there."""

    def __init__(self, what: str, high_mw: float, at_low: float, at_high: float) -> None:
        super().__init__(
            f"{what}: no root between 0 and {high_mw:g} MW, where the metric misses its aim by {at_low:.6g} and "
            f"{at_high:.6g}"
        )
        self.high_mw, self.at_low, self.at_high = high_mw, at_low, at_high


class TooFewYearsError(StudyError):
    """Samples that do not tell sizes apart: the metric is the same in all of them around the root."""


def flat_root(function: Callable[[float], float], most_mw: float, noise: float, what: str) -> tuple[float, float]:
    """First and last zero, to rounding ``noise``, between 0 and ``most_mw`` of a function that does not fall."""
    at_low, at_high = function(0.0), function(most_mw)
    if at_low > noise or at_high < -noise:
        raise NoRootError(what, most_mw, at_low, at_high)

    def end(is_past: Callable[[float], bool], low: float) -> float:
        high = most_mw
        near = min(low + 2.0 * ROOT_WITHIN_MW, high)
        if is_past(function(low)):
            return low
        if not is_past(function(high)):
            return high
        if is_past(function(near)):  # no flat part: the last zero is the first one
            return near
        while high - low > ROOT_WITHIN_MW:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if is_past(function(middle)) else (middle, high)
        return 0.5 * (low + high)

    first = end(lambda value: value >= -noise, 0.0)
    return first, end(lambda value: value > noise, first)


def smooth_root(function: Callable[[float], float], most_mw: float, noise: float, what: str) -> tuple[float, float]:
    """The zero between 0 and ``most_mw``, twice, of a function that rises (Brent); each value is dear."""
    from scipy.optimize import brentq

    at_low, at_high = function(0.0), function(most_mw)
    if at_low > noise or at_high < -noise:
        raise NoRootError(what, most_mw, at_low, at_high)
    if at_low >= 0.0 or at_high <= 0.0:
        end = 0.0 if at_low >= 0.0 else most_mw
        return end, end
    root = float(brentq(function, 0.0, most_mw, xtol=ROOT_WITHIN_MW))
    return root, root
