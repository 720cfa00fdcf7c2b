"""The printed form of a page: at most four sheets of A4, whole figures in legible size, rows that tell something."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from gridsim.report.figures.svg import Figure

#: A4 less its margins, as ``@page`` of page.css has them; the drawing and its caption stand side by side.
SHEET_MM, DRAWING_MM, CAPTION_MM = 273.0, 136.0, 47.0
SHEETS_OF_FIGURES = 2
_HEADING_MM, _NOTES_MM, _GAP_MM, _TALLEST_MM = 9.0, 11.0, 4.0, 125.0
_CAPTION_LETTER_MM, _CAPTION_LINE_MM, _TITLE_LETTER_MM, _TITLE_LINE_MM = 1.25, 3.1, 1.8, 4.2
_LETTER_MM, _LINE_MM, _SECTION_MM = 1.25, 3.1, 8.5  # of tables and of the origin
_ROW_MM = 0.8  # air and rule of a row
_AROUND_THE_MAP_MM = 34.0  # its heading, key and notes
_TABLE_MM, _TRUST_MM = 186.0, 140.0
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def lines_of(text: str, room: float, letter: float = 1.0) -> int:
    """Lines that a text takes at a width."""
    return max(1, math.ceil(len(text) * letter / room))


def height_mm(figure: Figure) -> float:
    """Height of a figure on paper: of its drawing or of its title and caption, whichever is higher."""
    found = _SIZE.search(figure.svg)
    wide, high = (float(found[1]), float(found[2])) if found else (1.0, 1.0)
    drawing = min(DRAWING_MM * high / wide, _TALLEST_MM)
    title = _TITLE_LINE_MM * lines_of(figure.title, CAPTION_MM, _TITLE_LETTER_MM)
    return (
        max(drawing, title + _CAPTION_LINE_MM * lines_of(figure.definition, CAPTION_MM, _CAPTION_LETTER_MM)) + _GAP_MM
    )


def printed(figures: Sequence[Figure], sheets: int = SHEETS_OF_FIGURES) -> list[bool]:
    """True for each figure that fits on so many sheets, in their order: whole, or not at all."""
    out, sheet, used = [], 1, _HEADING_MM
    for figure in figures:
        high = height_mm(figure)
        if used + high > SHEET_MM and sheet < sheets:
            sheet, used = sheet + 1, _NOTES_MM  # under the last figure
        fits = used + high <= SHEET_MM
        used += high if fits else 0.0
        out.append(fits)
    return out


def map_mm(title: str, answer: Sequence[str], has_numbers: bool, areas: Sequence[str]) -> float:
    """Height left for the map on the first sheet, under title, answer, large numbers and the short scorecard."""
    above = 9.5 + 6.0 * lines_of(title, _TABLE_MM, 2.8)
    above += sum(1.3 + 4.5 * lines_of(text, _TABLE_MM, 1.8) for text in answer)
    above += 26.0 * has_numbers + _SECTION_MM + sum(row_mm(lines_of(text, 140.0, _LETTER_MM)) for text in areas)
    return min(max(SHEET_MM - above - _AROUND_THE_MAP_MM, 45.0), 104.0)


def row_mm(lines: int) -> float:
    """Height of a row of a table with so many lines."""
    return _ROW_MM + _LINE_MM * lines


def table_mm(help_text: str, rows: Iterable[Sequence[str]]) -> float:
    """Height of a table with its title, its help and its head, its cells as wide as what is in them."""
    whole = (row_mm(lines_of("  ".join(row), _TABLE_MM, _LETTER_MM)) for row in rows)
    helped = _SECTION_MM + _LINE_MM * lines_of(help_text, _TABLE_MM, _LETTER_MM) * bool(help_text)
    return helped + row_mm(2) + sum(whole)


def trust_mm(rows: Iterable[tuple[str, str]]) -> float:
    """Height of the box of origin."""
    return _SECTION_MM + sum(0.8 + _LINE_MM * lines_of(text, _TRUST_MM, _LETTER_MM) for _, text in rows)
