"""Screening for people: a count, the outages over a limit with the worst first, those without a power flow apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

_INTACT = "none"
_FAILED = "failed"
_PARTLY = "partly"
_MISMATCH = "largest mismatch: "
_LIMIT_PERCENT = 100.0


def screening_lines(
    title: str,
    frame: pd.DataFrame,
    most: int = 20,
    wall_s: float | None = None,
    width: int | None = None,
    *,
    by: str = "mw",
    what: str = "N-1",
) -> list[str]:
    """The screen of a frame of :func:`gridsim.screen`; ``most`` rows of a table, ``title`` names system and point.

    ``by``: worst by ``mw`` or by ``percent``;  ``what``: name of the set of outages. An intact state that is not within
    its limits comes first, and the table lists what outages add.
    """
    width = terminal_width() if width is None else width
    rows: list[Row] = [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]
    intact = [row for row in rows if row["kind"] == _INTACT]
    outages = [row for row in rows if row["kind"] != _INTACT]
    failed = [row for row in outages if row["solved"] == _FAILED]
    beyond = [row for row in outages if not row["secure"] and row["solved"] != _FAILED]
    sound = all(row["secure"] for row in intact)
    over = sorted((row for row in beyond if sound or row["adds"]), key=_by_percent if by == "percent" else _by_mw)
    lines = []
    if not sound:
        lines += wrapped(f"{title}: not within limits before anything is lost", width)
        lines += [line for row in intact for line in wrapped(_intact(row), width)]
    took = "" if wall_s is None else f" ({wall_s:.1f} s)"
    verdict = "secure" if frame.attrs["n1_secure"] else "not secure"
    passing = f"{len(over):,} {'pass one' if sound else 'add to that'}"
    if not sound:
        passing += f", {len(beyond) - len(over):,} pass no more than is passed already"
    n_within = len(outages) - len(beyond) - len(failed)
    count = (
        f"{what} {verdict}; of {len(outages):,} outages {n_within:,} stay within limits, {passing}, {len(failed):,} "
        f"have no power flow{took}"
    )
    lines += wrapped(f"{title}: {count}" if sound else count, width)
    if sound:
        lines += [line for row in intact for line in wrapped(_intact(row), width)]
    if over:
        lines += ["", *_fitting(_over_table(over[:most], by), width), *_more(len(over), most)]
    for state, heading, why in (
        ("", "solved beyond", "limits that machines would have to pass"),
        (_PARTLY, "solved in part", "islands without a power flow; largest mismatch at"),
    ):
        told = [row for row in over[:most] if row["reason"] and (row["solved"] == _PARTLY) == (state == _PARTLY)]
        if told:
            lines += ["", *_reasons(heading, why, told, width)]
    if failed:
        lines += [
            "",
            *_reasons("no power flow", "no solution found; largest mismatch at", failed[:most], width),
            *_more(len(failed), most),
        ]
    return lines


def _worst(row: Row) -> tuple[float, str]:
    """The highest loading of a branch or interface, per cent of its limit, and its name."""
    found = [
        (row[f"worst_{what}_percent"], row[f"worst_{name}"])
        for what, name in (("loading", "branch"), ("section", "section"))
        if row[f"worst_{name}"] and not math.isnan(row[f"worst_{what}_percent"])
    ]
    return max(found, default=(0.0, ""))


def _by_percent(row: Row) -> tuple[bool, float, float, str]:
    """Overloads by their per cent, then load cut off, then the rest, for sorting."""
    percent, _ = _worst(row)
    is_over = percent > _LIMIT_PERCENT
    return not is_over, -percent if is_over else 0.0, -row["islanded_mw"], row["name"]


def _by_mw(row: Row) -> tuple[bool, float, float, str]:
    """Those solved in part, then by MW cut off, short and beyond limits, then by per cent, for sorting."""
    mw = row["islanded_mw"] + row["short_mw"] + row["added_mw"]
    return row["solved"] != _PARTLY, -mw, -_worst(row)[0], row["name"]


def _intact(row: Row) -> str:
    if row["solved"] == _FAILED:
        return f"nothing lost: no power flow; {row['reason']}"
    percent, name = _worst(row)
    worst = f"fullest is {name} at {percent:.0f} % of its normal limit" if name else "no limit is stated"
    short = f", {row['short_mw']:,.0f} MW short" if row["short_mw"] > 0.0 else ""
    within = "within" if row["secure"] else "not within"
    return f"nothing lost: {within} normal limits, {worst}{short}{_voltages(row)}"


def _voltages(row: Row) -> str:
    n = row["voltage_violations"]
    return f", {n} {'bus' if n == 1 else 'buses'} out of the voltage range" if n else ""


def _over_table(rows: Sequence[Row], by: str) -> TextTable:
    cells = []
    for row in rows:
        percent, name = _worst(row)
        if by == "mw" and row["worst_over"]:
            percent, name = row["worst_over_percent"], row["worst_over"]
        cells.append(
            (
                row["name"],
                row["kind"],
                f"{percent:.0f}" if name else "-",
                name or "-",
                f"{row['over_mw']:,.0f}",
                f"{row['added_mw']:,.0f}",
                f"{row['islanded_mw']:,.0f}",
                f"{row['short_mw']:,.0f}",
                "-" if math.isnan(row["shed_mw"]) else f"{row['shed_mw']:,.0f}",
                f"{row['overloads']:.0f}",
                _pu(row["vm_min_pu"]),
                _pu(row["vm_max_pu"]),
                f"{row['voltage_violations']:.0f}",
                _whole(row.get("margin_percent", math.nan)),
            )
        )
    if all(row[4] == row[5] for row in cells):  # nothing was over before: what is over is what was added
        cells = [(*row[:5], "0", *row[6:]) for row in cells]
    headings = (
        "lost", "kind", "worst %", "of", "over MW", "added MW", "cut MW", "short MW", "shed MW", "overloads", "low pu",
        "high pu", "off range", "margin %",
    )  # fmt: skip
    kept = [0, 1, 2, 3, *(i for i in range(4, len(headings)) if any(row[i] not in ("0", "-") for row in cells))]
    return TextTable(
        tuple(headings[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in cells),
        left=frozenset({"kind", "of"}),
    )


def _fitting(table: TextTable, width: int) -> list[str]:
    """The table, or a sentence for each row where two names do not stand side by side."""
    lines = table.lines(width)
    if max(map(cell_len, lines)) <= width:
        return lines
    told = [
        (row[0], ", ".join(f"{heading} {cell}" for heading, cell in zip(table.headings[1:], row[1:], strict=True)))
        for row in table.rows
    ]
    return ["lost", *TextTable(("lost", ""), tuple(told), wrapped=True).lines(width)]


def _pu(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _whole(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"


def _reasons(heading: str, why: str, rows: Sequence[Row], width: int) -> list[str]:
    told = tuple((row["name"], row["reason"].removeprefix(_MISMATCH) or "-") for row in rows)
    lines = TextTable((heading, why), told, wrapped=True).lines(width)
    return lines if lines[0].startswith(heading) else [*wrapped(f"{heading}: {why}", width), *lines]


def _more(n: int, most: int) -> list[str]:
    return [f"{n - most:,} more: --most {n}"] if n > most else []
