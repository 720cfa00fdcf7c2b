"""Inventory of a year as text: parts with factor and range, then the sums beside what others state."""

from __future__ import annotations

from collections.abc import Sequence

from gridsim.report.numbers import number
from gridsim.report.text_table import TextTable
from gridsim.results.greenhouse import Part

_CSV = ("gas", "source", "part", "activity", "activity_unit", "factor", "factor_unit", "t", "low_t", "high_t",
        "confidence", "origin")  # fmt: skip
_HEADER = ("part", "activity", "factor", "kt", "range", "data")


def inventory_table(parts: Sequence[Part]) -> TextTable:
    """A row for every part that is not zero."""
    rows = [
        (
            f"{part.gas}, {part.name}",
            f"{number(part.activity)} {part.activity_unit}",
            f"{part.factor:.3g} {part.factor_unit.replace('_', ' ')}",
            number(part.t / 1e3),
            f"{number(part.low_t / 1e3)}-{number(part.high_t / 1e3)}",
            part.confidence,
        )
        for part in parts
        if part.t > 0.0
    ]
    return TextTable(_HEADER, tuple(rows), wrapped=True)


def inventory_csv(parts: Sequence[Part]) -> str:
    """Every part with all of its fields, as CSV."""
    rows = [tuple("" if value is None else str(value) for value in part) for part in parts]
    return TextTable(_CSV, tuple(rows)).csv()


def compared_lines(targets: Sequence[object]) -> list[str]:
    """A line for each sum that others state too."""
    lines = []
    for target in targets:
        title, found, low, high, source, inside = (
            getattr(target, name) for name in ("title", "found_mt", "low_mt", "high_mt", "source", "inside")
        )
        verdict = "inside" if inside else "outside"
        lines.append(f"{title}: {found:.3g} Mt, {verdict} {low:g}-{high:g} Mt ({source})")
    return lines
