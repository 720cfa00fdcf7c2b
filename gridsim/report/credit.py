"""Capacity credits as a table, and in a sentence what the size of a machine costs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridsim.report.numbers import percent, significant, value_with_error
from gridsim.report.text_table import TextTable, terminal_width, wrapped

if TYPE_CHECKING:
    from gridsim.reliability.credit_rows import CreditRow

_HEADINGS = ("credit", "by", "level", "MW added", "MW", "95 % interval", "% of it", "method")
_COLUMNS = (
    "credit",
    "metric",
    "level",
    "method",
    "nameplate_mw",
    "value_mw",
    "stderr_mw",
    "ci_low_mw",
    "ci_high_mw",
    "percent",
    "without",
    "with_addition",
    "saved",
    "saved_stderr",
    "years",
    "snapshots",
    "status",
)
_LARGEST_SHARE = 0.05  # of one year in the variance: above, the interval rests on few years
_WORDS = {
    "ELCC": "ELCC: constant load that may be added with it so that the metric is what it was without",
    "EFC": "EFC: perfect capacity at its place that does to the metric what it does",
}


def credit_table(rows: Sequence[CreditRow], *, exact_digits: bool = False) -> TextTable:
    """A row for each credit; with ``exact_digits`` in columns for machines, nothing rounded."""
    if exact_digits:
        cells = tuple(tuple("" if (v := getattr(row, n)) is None else str(v) for n in _COLUMNS) for row in rows)
        return TextTable(_COLUMNS, cells)
    return TextTable(
        _HEADINGS,
        tuple(
            (
                row.credit,
                row.metric,
                row.level,
                significant(row.nameplate_mw),
                value_with_error(row.value_mw, row.stderr_mw),
                _interval(row),
                significant(row.percent, 3),
                _effort(row),
            )
            for row in rows
        ),
        left=frozenset(("by", "level", "method")),
    )


def _effort(row: CreditRow) -> str:
    if row.snapshots is not None:
        return f"{row.snapshots:,} snapshots"
    return row.method if row.years is None else f"{row.years:,} years"


def _interval(row: CreditRow) -> str:
    if row.ci_low_mw is None or row.ci_high_mw is None:
        return "-"
    low, high = significant(row.ci_low_mw), significant(row.ci_high_mw)
    return "exact" if row.method == "exact" and low == high else f"{low} to {high}"


def credit_lines(
    what: str, imports: str, rows: Sequence[CreditRow], sentence: str, weather: str, width: int | None = None
) -> list[str]:
    """The credits for people."""
    width = terminal_width() if width is None else width
    lines = wrapped(f"{what} (imports {imports})", width)
    lines += wrapped(weather, width) if weather else []
    unit = "h/a" if rows[0].metric == "LOLH" else "1/a" if rows[0].metric == "LOLEv" else "MWh/a"
    for level in dict.fromkeys(row.level for row in rows):
        row = [row for row in rows if row.level == level][-1]
        told = f"{row.metric} {level}: {significant(row.without)} {unit} without, "
        told += f"{significant(row.with_addition)} with it"
        if row.saved_stderr:  # of two sampled totals, which may look alike, the difference on the same draws
            told += f"; {value_with_error(row.saved, row.saved_stderr)} less"
        lines += wrapped(told, width)
    lines += ["", *credit_table(rows).lines(width), ""]
    for row in rows:
        if row.bracket_mw is not None and row.at_ends is not None:
            low, high = row.at_ends
            told = f"{row.credit} by {row.metric}, {row.level}: no root between {row.bracket_mw[0]:g} and "
            told += f"{row.bracket_mw[1]:g} MW, where {row.metric} misses its aim by {low:.6g} and {high:.6g} {unit}"
            lines += wrapped(told, width)
    if any(row.status == "too_few_years" for row in rows):
        lines += wrapped("- : the samples do not tell sizes apart there; give more --years", width)
    share = max(row.largest_share or 0.0 for row in rows)
    if share > _LARGEST_SHARE:
        told = f"One year carries {percent(share)} of a variance: an interval that rests on few is unsure"
        lines += wrapped(f"{told}; give more --years", width)
    for credit in dict.fromkeys(row.credit for row in rows):
        lines += wrapped(_WORDS[credit], width)
    if any(row.method != "exact" for row in rows):
        told = "Same draws on both sides; the interval is that of their mean difference, corrected for its skewness."
        lines += wrapped(told, width)
    return [*lines, *(["", *wrapped(sentence, width)] if sentence else [])]


def parts_sentence(rows: Sequence[CreditRow], parts: Sequence[CreditRow], n_parts: int) -> str:
    """Credit of the same MW in ``n_parts`` machines for each of the addition's; empty without both."""
    pairs = [
        (row, part)
        for row in rows
        for part in parts
        if row.credit == part.credit and row.value_mw is not None and part.value_mw is not None
    ]
    if not pairs:
        return ""
    worth = " and ".join(
        f"{value_with_error(part.value_mw, part.stderr_mw)} MW {part.credit} instead of "
        f"{value_with_error(row.value_mw, row.stderr_mw)} MW"
        for row, part in pairs
    )
    level, metric = pairs[0][1].level, pairs[0][1].metric
    told = f"In machines a {n_parts}th of the size that fail as often the same MW would be worth {worth}"
    more = all((part.value_mw or 0.0) > (row.value_mw or 0.0) for row, part in pairs)
    reason = "when a large machine is out all of it is missing at once, while small ones are hardly ever out together"
    return f"{told} (by {metric}, {level} level){': ' + reason if more else ''}."
