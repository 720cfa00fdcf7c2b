"""Numbers as text: of one run, with a standard error beside them, or rounded to a few digits."""

from __future__ import annotations

import math

from gridsim.results.metrics import Estimate

_DIGITS = 4
_NOISE = 1e-9  # of a value; an error below it is that of the arithmetic


def number(value: float | None) -> str:
    """A number of one run: whole above a thousand, else with one decimal; a small one keeps three digits."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 or not value else f"{value:.3g}"


def significant(value: float | None, digits: int = _DIGITS) -> str:
    """A number without an error, with separators and at most so many digits; ``-`` for none or not a number."""
    if value is None or not math.isfinite(value):
        return "-"
    return _fixed(value, digits - 1 - _exponent(value)) if value else "0"


def rounded(value: float | None, stderr: float | None) -> tuple[str, str]:
    """Value and standard error as text, both to the first digit of the error, the value to four digits at most."""
    if value is None or not math.isfinite(value):
        return "-", "-"
    if not stderr or not math.isfinite(stderr) or stderr < _NOISE * abs(value):
        return significant(value), "-"
    places = -_exponent(stderr)
    shown = min(places, _DIGITS - 1 - _exponent(value)) if value else places
    return _fixed(value, shown, keep_zeros=True), _fixed(stderr, places)


def value_with_error(value: float | None, stderr: float | None) -> str:
    """``9,400 +- 200`` in one cell; the value alone where it has no error."""
    text, error = rounded(value, stderr)
    return text if error == "-" else f"{text} +- {error}"


def with_error(estimate: Estimate | None) -> str:
    """An estimate in one cell, ``-`` for none."""
    return "-" if estimate is None else value_with_error(estimate.value, estimate.stderr)


def with_unit(text: str, unit: str, gap: str = " ") -> str:
    """A number with its unit behind it; counts and shares, whose unit is stated as ``-``, have none."""
    return text if unit in ("", "-") else f"{text}{gap}{unit}"


def percent(share: float) -> str:
    """A share as per cent with two significant digits, ``-`` if it is not finite."""
    return f"{significant(100 * share, 2)} %" if math.isfinite(share) else "-"


def _exponent(value: float) -> int:
    """The power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def _fixed(value: float, places: int, *, keep_zeros: bool = False) -> str:
    if places <= 0:
        return f"{round(value, places):,.0f}"
    text = f"{value:,.{places}f}"
    return text if keep_zeros else text.rstrip("0").rstrip(".")
