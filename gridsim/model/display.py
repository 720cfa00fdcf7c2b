"""Short texts of large values: a few lines at a prompt, a table of at most MAX_ROWS rows in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

MAX_LINES = 10
MAX_ROWS = 20
MAX_WIDTH = 120


class Card(NamedTuple):
    """``lines``: facts under the title, in order of weight; ``header`` and ``rows``: a table for notebooks."""

    title: str
    lines: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def text(self) -> str:
        """At most MAX_LINES lines, none longer than MAX_WIDTH."""
        shown = [self.title, *(f"  {line}" for line in self.lines)][:MAX_LINES]
        return "\n".join(_clipped(line) for line in shown)

    def html(self) -> str:
        """Title, facts, and at most MAX_ROWS rows; whatever a name holds is text and never markup."""
        facts = "".join(f"<br>{escape(_clipped(line))}" for line in self.lines)
        parts = [f"<b>{escape(_clipped(self.title))}</b>{facts}"]
        if self.rows:
            # One row less where some are left out, to say so.
            fit = MAX_ROWS if len(self.rows) <= MAX_ROWS else MAX_ROWS - 1
            rows = [_row(row, "td") for row in self.rows[:fit]]
            if fit < len(self.rows):
                rows.append(f'<tr><td colspan="{len(self.header)}">and {len(self.rows) - fit} more</td></tr>')
            parts.append(f"<table>{_row(self.header, 'th')}{''.join(rows)}</table>")
        return f"<div>{''.join(parts)}</div>"


class Displayed:
    """Mixin: ``repr`` and notebooks show the card."""

    def _card(self) -> Card:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._card().text()

    def _repr_html_(self) -> str:
        return self._card().html()


def counted(number: int, one: str, many: str = "") -> str:
    """``1 line``, ``64 lines``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names with commas; the first of many, and how many there are besides."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def short_number(value: float | None) -> str:
    """At most four significant digits, with separators above a thousand."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _clipped(line: str) -> str:
    flat = " ".join(line.split("\n"))
    return flat if len(flat) <= MAX_WIDTH else flat[: MAX_WIDTH - 3] + "..."


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(_clipped(str(cell)))}</{tag}>' for cell in cells)}</tr>"
