"""Firm capacity and the levels side by side as text, below an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gridsim.report.adequacy_page import firm_text, level_rows
from gridsim.report.numbers import number
from gridsim.report.text_table import TextTable
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from gridsim.reliability.firm_capacity import FirmCapacity


def further_lines(
    firms: Sequence[FirmCapacity] | None, levels: Mapping[str, Sequence[Estimate]], form: str = "text"
) -> list[str]:
    """A block for each that was asked; ``form``: md for Markdown."""
    tables = []
    if firms:
        cells = tuple((one.metric, number(one.limit), number(one.value), firm_text(one)) for one in firms)
        tables.append(TextTable(("standard", "limit", "here", "firm MW to meet it"), cells))
    if levels:
        tables.append(TextTable(("level", *levels), tuple(level_rows(levels))))
    lines = [] if firms or firms is None else ["firm capacity: every standard is met as it is"]
    for table in tables:
        lines += table.markdown().splitlines() if form == "md" else table.lines()
        lines.append("")
    return lines[:-1] if tables else lines
