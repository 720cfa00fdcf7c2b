"""Screening of pairs for people: counts, then the pairs that add to their two outages, the worst first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def pairs_lines(
    title: str, frame: pd.DataFrame, most: int = 20, wall_s: float | None = None, width: int | None = None
) -> list[str]:
    """The screen of N-1-1 (a frame of ``level="1-1"``)."""
    width = terminal_width() if width is None else width
    told = frame.attrs
    verdict = "secure" if told["n1_1_secure"] else "not secure"
    text = (
        f"{title}: N-1-1 {verdict}; of {told['n_pairs']:,} ordered pairs of {told['n_outages']:,} outages "
        f"{told['n_pairs'] - told['n_insecure']:,} stay within limits, {told['n_pre_shed']:,} need shedding between "
        f"the two; {told['n_first_shed']:,} first outages are redispatched with shedding{_took(wall_s)}"
    )
    return _with_table(text, frame, most, width, _PAIR_COLUMNS)


def doubles_lines(
    title: str, frame: pd.DataFrame, most: int = 20, wall_s: float | None = None, width: int | None = None
) -> list[str]:
    """The screen of N-2 (a frame of ``level="2"``)."""
    width = terminal_width() if width is None else width
    told = frame.attrs
    verdict = "secure" if told["n2_secure"] else "not secure"
    text = (
        f"{title}: N-2 {verdict}; of {told['n_pairs']:,} pairs of {told['n_outages']:,} outages {told['n_bounded']:,} "
        f"are bounded away, {told['n_solved']:,} solved, {len(frame):,} of them not secure{_took(wall_s)}"
    )
    return _with_table(text, frame, most, width, _DOUBLE_COLUMNS)


def _took(wall_s: float | None) -> str:
    return "" if wall_s is None else f" ({wall_s:.1f} s)"


def _mw(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.0f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"


def _pu(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


_SHARED: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("first lost", "first", str),
    ("then lost", "second", str),
    ("of", "worst_over", lambda name: str(name) or "-"),
    ("worst %", "worst_over_percent", _percent),
    ("over MW", "over_mw", _mw),
)
_PAIR_COLUMNS = (
    *_SHARED,
    ("short MW", "short_mw", _mw),
    ("dark MW", "dark_mw", _mw),
    ("shed first", "first_shed_mw", _mw),
    ("pre-shed", "pre_shed_mw", _mw),
    ("shed in all", "shed_mw", _mw),
    ("added MW", "added_mw", _mw),
    ("AC over", "ac_over_mw", _mw),
    ("low pu", "vm_min_pu", _pu),
    ("margin %", "margin_percent", _percent),
)
_DOUBLE_COLUMNS = (
    *_SHARED,
    ("short MW", "short_mw", _mw),
    ("cut MW", "islanded_mw", _mw),
    ("dark MW", "dark_mw", _mw),
    ("added MW", "added_mw", _mw),
)
_NAMES = 3  # leading columns of names


def _with_table(
    text: str, frame: pd.DataFrame, most: int, width: int, columns: tuple[tuple[str, str, Callable[[Any], str]], ...]
) -> list[str]:
    lines = wrapped(text, width)
    adding = frame[frame["added_mw"] > 0.0]
    shown = adding.head(most)
    if not len(shown):
        return lines
    cells = [tuple(write(row[name]) for _, name, write in columns) for row in shown.to_dict("records")]
    kept = [i for i in range(len(columns)) if i <= _NAMES or any(row[i] not in ("0", "-") for row in cells)]
    table = TextTable(
        tuple(columns[i][0] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in cells),
        left=frozenset({"then lost", "of"}),
    )
    lines += ["", *_fitting(table, width)]
    if len(adding) > most:
        lines.append(f"{len(adding) - most:,} more that add to their outages: --most {len(adding)}")
    failed = [row for row in shown.to_dict("records") if row.get("solved") == "failed"]
    if failed:
        told = tuple((f"{row['first']}, then {row['second']}", row["reason"] or "-") for row in failed)
        lines += ["", *TextTable(("no AC power flow", "why"), told, wrapped=True).lines(width)]
    return lines


def _fitting(table: TextTable, width: int) -> list[str]:
    """The table, or a sentence for each pair where the names do not stand side by side."""
    lines = table.lines(width)
    if max(map(cell_len, lines)) <= width:
        return lines
    told = tuple(
        (
            f"{row[0]}, then {row[1]}",
            ", ".join(f"{heading} {cell}" for heading, cell in zip(table.headings[2:], row[2:], strict=True)),
        )
        for row in table.rows
    )
    return ["lost", *TextTable(("lost", ""), told, wrapped=True).lines(width)]
