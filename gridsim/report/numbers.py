"""Numbers as text: of one run, with a standard error beside them, or rounded to a few digits."""

from __future__ import annotations

import math

from gridsim.results.metrics import Estimate

_VALUE_DIGITS, _ERROR_DIGITS = 4, 2
_NOISE = 1e-9  # of a value; an error below it is that of the arithmetic


def number(value: float | None) -> str:
    """A number of one run: whole above a thousand, else with one decimal; a small one keeps three digits."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 or not value else f"{value:.3g}"


def rounded(value: float | None, stderr: float | None) -> tuple[str, str]:
    """Value and standard error as text: at most four digits of the value and two of its error, to one place."""
    if value is None:
        return "-", "-"
    if not stderr or not math.isfinite(stderr) or stderr < _NOISE * abs(value):
        return plain(value), "-"
    place = _magnitude(stderr) - (_ERROR_DIGITS - 1)
    if value:
        place = max(place, _magnitude(value) - (_VALUE_DIGITS - 1))
    return _to_place(value, place), _to_place(stderr, min(place, _magnitude(stderr)))


def plain(value: float | None, digits: int = _VALUE_DIGITS) -> str:
    """A number without an error, with separators and at most so many digits."""
    if value is None:
        return "-"
    text = _to_place(value, _magnitude(value) - (digits - 1)) if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_error(estimate: Estimate | None) -> str:
    """``1,096 +- 12`` in one cell; the value alone where it has no error."""
    if estimate is None:
        return "-"
    value, stderr = rounded(estimate.value, estimate.stderr)
    return value if stderr == "-" else f"{value} +- {stderr}"


def _magnitude(value: float) -> int:
    """The power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def _to_place(value: float, place: int) -> str:
    """Rounded to a power of ten."""
    if place > 0:
        return f"{round(value / 10**place) * 10**place:,}"
    return f"{value:,.{-place}f}"
