"""Tables as plain text for any width: what must be copied is never cut, what does not fit stands in a further block."""

from __future__ import annotations

import csv
import io
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

_GAP = "  "
_PIPED_COLUMNS = 80
_LEAST_TEXT = 24  # cells; a wrapped column narrower than this goes below its row instead
_LEAST_STACKED = 10  # cells; headings are not broken to less
_KEY_SHARE = 0.6  # of the width; a wider first column gives each row a paragraph of its own
NO_BREAK = "\u00a0"
_BOUNDARIES = "+-_/=., "


@dataclass(frozen=True)
class TextTable:
    """Headings and rows of text; the first column names the row and stands in every block.

    ``left``: headings that are words, so aligned to the left, as the first is; all others are numbers. ``wrapped``: the
    last heading, if its cells are sentences that may be broken over lines. ``stacked``: where the table is too wide,
    headings are broken over lines to the width of their cells.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: frozenset[str] = frozenset()
    wrapped: bool = False
    stacked: bool = False

    def lines(self, width: int | None = None) -> list[str]:
        """Lines of at most ``width`` cells (by default the terminal's), unless one name alone is wider."""
        width = terminal_width() if width is None else width
        key = max(cell_len(text) for text in (self.headings[0], *(row[0] for row in self.rows)))
        if key > _KEY_SHARE * width and len(self.headings) > 1:
            return self._paragraphs(width)
        whole = self.headings[:-1] if self.wrapped else self.headings
        taken = key + sum(len(_GAP) + self._whole_width(column) for column in range(1, len(whole)))
        if self.wrapped and width - taken - len(_GAP) < _LEAST_TEXT:
            return self._paragraphs(width)
        if self.stacked and taken <= width:
            return replace(self, stacked=False).lines(width)
        return self._blocks(width, key)

    def csv(self) -> str:
        """Comma-separated values, a heading first."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.headings, *self.rows])
        return text.getvalue()

    def markdown(self) -> str:
        """A Markdown table."""
        marks = ["---" if self._is_left(column) else "---:" for column in range(len(self.headings))]
        cells = [[cell.replace("|", "\\|") for cell in row] for row in (self.headings, *self.rows)]
        rows = [cells[0], marks, *cells[1:]]
        return "".join(f"| {' | '.join(row)} |\n" for row in rows)

    def _is_left(self, column: int) -> bool:
        return column == 0 or self.headings[column] in self.left or self._is_wrapped(column)

    def _is_wrapped(self, column: int) -> bool:
        return self.wrapped and column == len(self.headings) - 1

    def _whole_width(self, column: int) -> int:
        """With the heading on one line."""
        return max(cell_len(self.headings[column]), *(cell_len(row[column]) for row in self.rows), 0)

    def _width(self, column: int) -> int:
        if not self.stacked:
            return self._whole_width(column)
        words = [cell_len(word) for word in self.headings[column].split(" ")]
        least = min(_LEAST_STACKED, cell_len(self.headings[column]))
        return max(least, *words, *(cell_len(row[column]) for row in self.rows))

    def _heading_rows(self, widths: dict[int, int]) -> list[dict[int, str]]:
        """Lines of the headings by column, the last line beside the rows."""
        stacks = {
            column: wrapped(self.headings[column], wide) if self.stacked else [self.headings[column]]
            for column, wide in widths.items()
        }
        height = max(map(len, stacks.values()))
        full = {column: [""] * (height - len(stack)) + stack for column, stack in stacks.items()}
        return [{column: stack[row] for column, stack in full.items()} for row in range(height)]

    def _blocks(self, width: int, key: int) -> list[str]:
        """As many columns as fit beside the first, then the first and the next ones after an empty line."""
        lines: list[str] = []
        column = 1
        while column < len(self.headings) or not lines:
            block, taken = [0], key
            while column < len(self.headings):
                needed = _LEAST_TEXT if self._is_wrapped(column) else self._width(column)
                if len(block) > 1 and taken + len(_GAP) + needed > width:
                    break
                block.append(column)
                taken += len(_GAP) + needed
                column += 1
            lines += ([""] if lines else []) + self._block(block, width)
        return lines

    def _block(self, block: list[int], width: int) -> list[str]:
        widths = {column: self._width(column) for column in block}
        last = block[-1]
        if self._is_wrapped(last):
            widths[last] = width - sum(widths[column] + len(_GAP) for column in block[:-1])
        places = [(widths[column], self._is_left(column)) for column in block]
        lines = [_joined(list(row.values()), places) for row in self._heading_rows(widths)]
        for row in self.rows:
            sentence = wrapped(row[last], widths[last]) if self._is_wrapped(last) else []
            cells = [row[column] for column in block]
            if self._is_wrapped(last):
                cells[-1] = sentence[0] if sentence else ""
            lines.append(_joined(cells, places))
            indent = " " * (width - widths[last])
            lines += [indent + line for line in sentence[1:]]
        return lines

    def _paragraphs(self, width: int) -> list[str]:
        """Each row its name on a line, then its cells with their headings, indented."""
        lines = []
        for row in self.rows:
            lines.append(row[0])
            indent = " " * (len(row[0]) - len(row[0].lstrip()) + 2)
            for column in range(1, len(row)):
                if row[column] == "":
                    continue
                told = row[column] if self._is_wrapped(column) else f"{self.headings[column]}: {row[column]}"
                lines += [indent + line for line in wrapped(told, max(width - len(indent), 1))]
        return lines


def terminal_width() -> int:
    """Columns of the terminal or of COLUMNS; 80 in a pipe."""
    return shutil.get_terminal_size((_PIPED_COLUMNS, 24)).columns


def without_common_prefix(names: Sequence[str]) -> tuple[list[str], str]:
    """Names without the prefix that all share, up to a boundary such as ``+`` or ``_``, and that prefix.

    Nothing is dropped from a single name, nor so much that a name becomes empty.
    """
    if len(set(names)) < 2:
        return list(names), ""
    shortest, longest = min(names), max(names)
    n_same = next((i for i, (a, b) in enumerate(zip(shortest, longest, strict=False)) if a != b), len(shortest))
    while n_same and (shortest[n_same - 1] not in _BOUNDARIES or any(len(name) == n_same for name in names)):
        n_same -= 1
    return [name[n_same:] for name in names], shortest[:n_same]


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of whole words: a name longer than ``width`` stays in one piece, as do numbers with an error or a per cent.

    ``indent``: before all lines but the first. A no-break space holds two words together and is printed as a space.
    """
    held = text.replace(" +- ", f"{NO_BREAK}+-{NO_BREAK}").replace(" %", f"{NO_BREAK}%")
    broken = textwrap.wrap(
        held, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(NO_BREAK, " ") for line in broken]


def _joined(cells: list[str], places: list[tuple[int, bool]]) -> str:
    padded = []
    for cell, (wide, is_left) in zip(cells, places, strict=True):
        pad = " " * max(wide - cell_len(cell), 0)
        padded.append(cell + pad if is_left else pad + cell)
    return _GAP.join(padded).rstrip()
