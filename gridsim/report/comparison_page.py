"""The page of runs held against the first: paired differences with their errors."""

from __future__ import annotations

from collections.abc import Sequence

from gridsim.report.answer import Number
from gridsim.report.comparison import Comparison
from gridsim.report.figures import svg
from gridsim.report.figures.svg import Chart, Figure, short
from gridsim.report.html import Page, Table
from gridsim.report.numbers import number, with_error, with_unit
from gridsim.results.metric_table import metric_table
from gridsim.results.replicates import Paired

_FOUR = ("EUE", "LOLH", "peak_shed_mw", "co2e_gwp100_t", "co2_t", "import_share")
_LIMITS = "Differences are paired by replicate on the same random numbers; those of one trajectory have no error."


def comparison_page(comparisons: Sequence[Comparison], origin: Sequence[tuple[str, str]] = ()) -> Page:
    """The page of one or more runs against one first run."""
    first, others = comparisons[0].first, [one.other for one in comparisons]
    return Page(
        kind="comparison",
        title=f"{', '.join(others)} against {first}",
        subtitle="other less first",
        answer=[sentence for one in comparisons for sentence in _answer(one)],
        numbers=_numbers(comparisons[0]),
        figures=[_differences(one) for one in comparisons if one.pairs],
        tables=[_table(one) for one in comparisons],
        trust=[*origin, ("known limits", _LIMITS)],
    )


def _of_system(comparison: Comparison) -> dict[str, Paired]:
    return {pair.difference.name: pair for pair in comparison.pairs if pair.difference.scope == "system"}


def _label(pair: Paired) -> str:
    metric = metric_table().get(pair.difference.name)
    return metric.label if metric is not None else pair.difference.name


def _answer(comparison: Comparison) -> list[str]:
    found = _of_system(comparison)
    told = []
    for name in ("EUE", "LOLH", "co2e_gwp100_t"):
        if name in found:
            pair = found[name]
            sign = "more" if (pair.difference.value or 0.0) > 0 else "less"
            size = with_error(pair.difference).lstrip("-")
            unit = pair.difference.unit
            told.append(f"{comparison.other}: {_label(pair)} {number(pair.other)} {unit}, {size} {unit} {sign}.")
    return told or [f"{comparison.other}: none of the numbers compared differs."]


def _numbers(comparison: Comparison) -> list[Number]:
    found = _of_system(comparison)
    out = []
    for name in (name for name in _FOUR if name in found):
        e = found[name].difference
        known = e.ci_low is not None and e.ci_high is not None
        interval = f"95 %: {number(e.ci_low)} to {number(e.ci_high)}" if known else "one trajectory, no interval"
        out.append(Number(f"{_label(found[name])}, difference", with_unit(with_error(e), e.unit), interval))
    return out[:4]


def _differences(comparison: Comparison) -> Figure:
    """Differences of the system's numbers in units of the first value, with their intervals."""
    pairs = [pair for pair in _of_system(comparison).values() if pair.first]
    row, left = 26, 250
    shares = {pair.difference.name: 100.0 * (pair.difference.value or 0.0) / abs(pair.first or 1.0) for pair in pairs}
    bounds = [
        100.0 * bound / abs(pair.first or 1.0)
        for pair in pairs
        for bound in (pair.difference.ci_low, pair.difference.ci_high)
        if bound is not None
    ]
    low, high = min([*shares.values(), *bounds, 0.0]), max([*shares.values(), *bounds, 0.0])
    room = 0.25 * ((high - low) or 1.0)
    chart = Chart((low - room, high + room), (0.0, 1.0), svg.WIDTH, row * len(pairs) + 44, left=left)
    for at, pair in enumerate(pairs):
        y, share = 8 + at * row, shares[pair.difference.name]
        start, end = sorted((chart.px(0.0), chart.px(share)))
        chart.text(left - 8, y + 14, _label(pair), "end")
        chart.box(
            start, y + 3, end - start, row - 9, svg.RED if share > 0 else svg.BLUE, f"{_label(pair)}: {share:+.2f} %"
        )
        e = pair.difference
        if e.ci_low is not None and e.ci_high is not None:
            scale = 100.0 / abs(pair.first or 1.0)
            chart.rule(chart.px(scale * e.ci_low), y + 11, chart.px(scale * e.ci_high), y + 11)
            end = max(end, chart.px(scale * e.ci_high))
        chart.text(end + 6, y + 14, f"{short(share)} %")
    chart.x_axis("% of the first")
    return chart.figure(
        f"differences_{comparison.other}",
        f"{comparison.other} against {comparison.first}",
        "Paired difference over the value of the first, with its 95 % interval (gridsim compare).",
    )


def _table(comparison: Comparison) -> Table:
    rows = [
        (
            _label(pair),
            pair.difference.scope,
            number(pair.first),
            number(pair.other),
            with_error(pair.difference),
            "" if pair.difference.unit == "-" else pair.difference.unit,
        )
        for pair in comparison.pairs
    ]
    headings = ("what", "scope", comparison.first, comparison.other, "difference", "unit")
    return Table(
        f"Every number that differs: {comparison.other}", headings, rows, comparison.left_out, frozenset({2, 3, 4})
    )
