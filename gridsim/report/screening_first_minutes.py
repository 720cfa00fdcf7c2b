"""Screening of the first minutes for people: counts, then the losses that shed or separate, the worst first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

_HEADINGS = ("lost", "shed MW", "lowest Hz", "in", "opened", "dark")
_COLUMNS = ("name", "shed_mw", "lowest_hz", "lowest_area", "opened", "dead")


def first_minutes_lines(
    title: str, frame: pd.DataFrame, most: int = 20, wall_s: float | None = None, width: int | None = None
) -> list[str]:
    """The screen of the first minutes (``first_minutes_frame``)."""
    width, told = terminal_width() if width is None else width, frame.attrs
    took = "" if wall_s is None else f" ({wall_s:.1f} s)"
    of_pairs = ""
    if told["n_doubles"]:
        simulated = told["n_doubles"] - told["n_not_simulated"]
        of_pairs = f", {simulated:,} of {told['n_doubles']:,} pairs ({told['n_not_simulated']:,} not simulated)"
    text = (
        f"{title}: {told['n_singles']:,} single losses{of_pairs}; {told['n_shedding']:,} shed load, "
        f"{told['n_separating']:,} open sections{took}"
    )
    shown = frame.head(most)
    rows = tuple(
        (
            str(name),
            f"{shed_mw:,.0f}",
            "-" if math.isnan(lowest_hz) else f"{lowest_hz:.2f}",
            str(area),
            str(opened).replace(";", ", "),
            str(dead).replace(";", ", "),
        )
        for name, shed_mw, lowest_hz, area, opened, dead in zip(*(shown[c].tolist() for c in _COLUMNS), strict=True)
    )
    table = TextTable(_HEADINGS, rows, left=frozenset(("in", "opened", "dark")), stacked=True)
    return [*wrapped(text, width), *table.lines(width)]
