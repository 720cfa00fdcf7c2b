"""Losses of offsite power of nuclear sites as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsim.report.numbers import number
from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

_HEAD = ("site", "losses a year", "once in years", "mean h", "backup h", "outlast it")


def offsite_lines(frame: pd.DataFrame, form: str = "text") -> list[str]:
    """A frame of ``reliability.offsite.offsite_losses`` as a table with what it counts; ``form``: md for Markdown."""
    rows = []
    for row in frame.to_dict("records"):
        seen = row["losses"] > 0
        rows.append(
            (
                str(row["site"]),
                f"{number(row['losses_per_year'])} +- {number(row['losses_per_year_stderr'])}" if seen else "none seen",
                number(row["once_in_years"]) if seen else f"> {number(row['once_in_years'])}",
                number(row["mean_h"]) if seen else "",
                "" if row["backup_h"] != row["backup_h"] else number(row["backup_h"]),
                number(row["beyond_backup_per_year"]) if seen and row["backup_h"] == row["backup_h"] else "",
            )
        )
    table = TextTable(_HEAD, tuple(rows))
    head = (
        f"offsite power of nuclear sites in {int(frame['years'].iloc[0]):,} years: losses by branches, machines and "
        "common causes of the grid alone (docs/nuclear.md)"
    )
    if form == "md":
        return [head, "", *table.markdown().splitlines()]
    return [*wrapped(head, terminal_width()), "", *table.lines()]
