"""Importance of components, causes and sections as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridsim.report.numbers import value_with_error
from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    from gridsim.reliability.importance import ImportanceRow

SHOWN = 15
_HEADINGS = ("importance", "of", "saves, MWh a year", "share of EUE, %")
_COLUMNS = ("name", "kind", "saved_mwh", "stderr_mwh", "ci_low_mwh", "ci_high_mwh", "share", "share_stderr")


def importance_table(rows: Sequence[ImportanceRow]) -> TextTable:
    """A row for each of them."""
    cells = tuple(
        (
            row.name,
            row.kind,
            value_with_error(row.saved_mwh, row.stderr_mwh),
            value_with_error(100.0 * row.share, 100.0 * row.share_stderr),
        )
        for row in rows
    )
    return TextTable(_HEADINGS, cells, left=frozenset(("of",)))


def importance_lines(rows: Sequence[ImportanceRow], width: int | None = None) -> list[str]:
    """The most important ones, and the words that the numbers need."""
    width = terminal_width() if width is None else width
    if not rows:
        return ["importance: nothing that fails or limits would save any unserved energy"]
    told = (
        "importance: unserved energy that perfect availability of a component, a cause that never happens or a section "
        "that never limits would save; what two of them cause together counts for both"
    )
    left = len(rows) - SHOWN
    more = [f"and {left:,} more (--json)"] if left > 0 else []
    return [*wrapped(told, width), *importance_table(rows[:SHOWN]).lines(width), *more]


def importance_csv(rows: Sequence[ImportanceRow]) -> str:
    """All rows, nothing rounded."""
    cells = tuple(tuple(str(getattr(row, name)) for name in _COLUMNS) for row in rows)
    return TextTable(_COLUMNS, cells).csv()
