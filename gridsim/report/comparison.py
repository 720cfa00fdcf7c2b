"""Two runs side by side: both values of every metric, their difference with its error, and per cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gridsim.report.numbers import number, significant, with_error
from gridsim.report.text_table import TextTable, terminal_width, wrapped
from gridsim.results.metric_table import metric_table, scope_rank
from gridsim.results.replicates import Paired

_NOISE = 1e-9  # of a value
_FLAT = ("metric", "scope", "label", "unit", "first_value", "other_value", "difference", "stderr", "percent", "n")


@dataclass(frozen=True)
class Comparison:
    """``other`` against ``first``, two names. ``left_out``: why and how many rows are not among ``pairs``, if any."""

    first: str
    other: str
    pairs: tuple[Paired, ...]
    left_out: str = ""


def chosen(
    first: str, other: str, pairs: Iterable[Paired], *, metrics: Sequence[str] | None = None, everything: bool = False
) -> Comparison:
    """Rows to print: metrics asked for without rows of zeros, or those that differ; in the order of the table."""
    rank = {name: position for position, name in enumerate(metric_table())}
    rows = sorted(
        pairs,
        key=lambda pair: (
            rank.get(pair.difference.name, len(rank)),
            *scope_rank(pair.difference.name, pair.difference.scope),
        ),
    )
    if metrics:
        rows = [pair for pair in rows if pair.difference.name in metrics]
    else:
        compared = {metric.metric for metric in metric_table().values() if metric.compared}
        rows = rows if everything else [pair for pair in rows if pair.difference.name in compared]
    if everything:
        return Comparison(first, other, tuple(rows))
    kept = [pair for pair in rows if (pair.first or pair.other if metrics else _differs(pair))]
    return Comparison(first, other, tuple(kept), _left_out(len(rows) - len(kept), bool(kept), bool(metrics)))


def comparison_lines(comparison: Comparison, width: int | None = None, *, names: bool = False) -> list[str]:
    """For a screen of ``width`` columns; with ``names`` the name that --metric takes stands behind each label."""
    width = terminal_width() if width is None else width
    pairs = comparison.pairs
    lines = [f"first: {comparison.first}", f"other: {comparison.other}"]
    n = max((pair.difference.n for pair in pairs), default=0)
    if n > 1:
        lines.append(f"paired over {n:,} replicates")
    if pairs:
        lines += _fitted(pairs, width, names)
    return lines + (wrapped(comparison.left_out, width, "  ") if comparison.left_out else [])


def _fitted(pairs: Sequence[Paired], width: int, names: bool) -> list[str]:
    """One table if all columns fit, else one for each metric, so that the numbers of a row stay together."""
    whole = screen_table(pairs, names=names)
    lines = whole.lines(width)
    if len(lines) == len(whole.rows) + 1:
        return lines
    lines = []
    for _, group in groupby(pairs, key=lambda pair: pair.difference.name):
        table = screen_table(list(group), names=names)
        (name, *_), *rows = table.rows
        block = TextTable((name, *table.headings[1:]), tuple(rows)).lines(width)
        if len(block) != len(rows) + 1:
            block = [name, *TextTable(("  where", *table.headings[1:]), tuple(rows)).lines(width)]
        lines += block
    return lines


def screen_table(pairs: Sequence[Paired], *, names: bool = False) -> TextTable:
    """Metrics with their scopes below; no per cent of nothing, ``n`` only where replicates lack a metric."""
    headings = ("what", "first", "other", "difference", "per cent", "n")
    cells = [_cells(pair) for pair in pairs]
    said = [0, 1, 2]
    if any(row[3] != "-" for row in cells):
        said.append(3)
    if len({row[4] for row in cells}) > 1:
        said.append(4)
    rows: list[tuple[str, ...]] = []
    told: set[str] = set()
    for pair, row in zip(pairs, cells, strict=True):
        if (name := pair.difference.name) not in told:
            told.add(name)
            rows.append((_heading(name, pair.difference.unit, names), *[""] * len(said)))
        rows.append(("  " + pair.difference.scope, *(row[column] for column in said)))
    return TextTable((headings[0], *(headings[column + 1] for column in said)), tuple(rows))


def flat_table(comparisons: Iterable[Comparison]) -> TextTable:
    """A row for each metric, scope and pair of runs, for Markdown."""
    rows = [
        (c.first, c.other, d.name, d.scope, d.unit, *_cells(pair))
        for c in comparisons
        for pair in c.pairs
        for d in (pair.difference,)
    ]
    words = ("first", "other", "metric", "scope", "unit")
    headings = (*words, "value of first", "value of other", "difference", "per cent", "n")
    return TextTable(headings, tuple(rows), left=frozenset(words))


def comparison_csv(comparisons: Iterable[Comparison]) -> str:
    """The same rows with unrounded numbers and the standard error in a column of its own."""
    rows = []
    for comparison in comparisons:
        for pair in comparison.pairs:
            d = pair.difference
            numbers = (pair.first, pair.other, d.value, d.stderr, pair.percent)
            label = metric_table()[d.name].label if d.name in metric_table() else ""
            rows.append((comparison.first, comparison.other, d.name, d.scope, label, d.unit,
                         *("" if value is None else f"{value:.10g}" for value in numbers), str(d.n)))  # fmt: skip
    return TextTable(("first", "other", *_FLAT), tuple(rows)).csv()


def _differs(pair: Paired) -> bool:
    """False for the noise of a sum in another order."""
    return abs(pair.difference.value or 0.0) > _NOISE * max(abs(pair.first), abs(pair.other))


def _left_out(n: int, some_are_kept: bool, asked_for: bool) -> str:
    if n == 0:
        return ""
    rows = "1 row" if n == 1 else f"{n:,} rows"
    if not some_are_kept:
        return f"{rows}, all {'zero in both' if asked_for else 'without a difference'}; --all prints them"
    return f"{rows} {'zero in both' if asked_for else 'without a difference'} left out; --all prints them"


def _heading(name: str, unit: str, names: bool) -> str:
    metric = metric_table().get(name)
    label = metric.label if metric is not None else name
    named = f"{label} ({name})" if names and label != name else label
    return named if unit == "-" else f"{named}, {unit}"


def _cells(pair: Paired) -> tuple[str, str, str, str, str]:
    """Both values, difference +- error, per cent, n; one run of each is known to the last digit."""
    difference = pair.difference
    if not _differs(pair):
        difference = replace(difference, value=0.0, stderr=None)
    percent = "-" if pair.percent is None else _percent(pair.percent if _differs(pair) else 0.0)
    if difference.n == 1:
        cells = (number(pair.first), number(pair.other), number(difference.value))
    else:
        cells = (significant(pair.first), significant(pair.other), with_error(difference))
    return (*cells, percent, f"{difference.n:,}")


def _percent(value: float) -> str:
    return f"{'+' if value > 0 else ''}{significant(value, 3)} %"
