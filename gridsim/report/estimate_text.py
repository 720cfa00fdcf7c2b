"""Numbers as text: at most four significant digits, a value and its standard error in one cell."""

from __future__ import annotations

import math

_DIGITS = 4


def significant(value: float | None, digits: int = _DIGITS) -> str:
    """``value`` with at most so many significant digits and separators of thousands; ``-`` for none or not a number."""
    if value is None or not math.isfinite(value):
        return "-"
    return _fixed(value, digits - 1 - _exponent(value)) if value else "0"


def with_error(value: float | None, stderr: float | None) -> str:
    """``9,400 +- 200``: both to the first digit of the error, the value to four significant digits at most."""
    if value is None or not math.isfinite(value):
        return "-"
    if not stderr or not math.isfinite(stderr):
        return significant(value)
    places = -_exponent(stderr)
    shown = min(places, _DIGITS - 1 - _exponent(value)) if value else places
    return f"{_fixed(value, shown, keep_zeros=True)} +- {_fixed(stderr, places)}"


def percent(share: float) -> str:
    """A share as per cent with two significant digits, ``-`` if it is not finite."""
    return f"{significant(100 * share, 2)} %" if math.isfinite(share) else "-"


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def _fixed(value: float, places: int, *, keep_zeros: bool = False) -> str:
    if places <= 0:
        return f"{round(value, places):,.0f}"
    text = f"{value:,.{places}f}"
    return text if keep_zeros else text.rstrip("0").rstrip(".")
