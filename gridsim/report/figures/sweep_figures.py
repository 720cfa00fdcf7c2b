"""Figures of a sweep as small multiples: numbers over the swept value, and the course at each of its values."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gridsim.report.figures import svg
from gridsim.report.figures.svg import Chart, Figure, figure_of, short
from gridsim.results.metrics import Estimate

_ACROSS = 3  # panels beside each other
_PANEL_H = 190
_COURSE_H = 130
_MOST = 6  # rows and columns of courses
_LEGEND_H = 20
_MILLION = 1e6


def _legend(names: Sequence[str]) -> tuple[str, int]:
    """A row for each series, as names of cases are long; its height."""
    chart = Chart((0.0, 1.0), (0.0, 1.0))
    for number, name in enumerate(names):
        y = 4 + number * _LEGEND_H
        chart.box(8, y, 12, 10, svg.CYCLE[number % len(svg.CYCLE)], name)
        chart.text(26, y + 9, name)
    return chart.placed(0, 0), _LEGEND_H * len(names) + 6


def positions(values: Sequence[Any]) -> list[float]:
    """Places of swept values on an axis: their own of numbers, one after another of words."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return [float(value) for value in values] if numeric else [float(at) for at in range(len(values))]


def value_text(value: Any) -> str:
    """A swept value under an axis."""
    return f"{value:,g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def over_swept_value(
    metrics: Mapping[str, Mapping[str, Sequence[Estimate | None]]], values: Sequence[Any], swept: str
) -> Figure:
    """A panel for each metric: its mean and 95 % interval over the swept value, a line for each series.

    ``metrics``: words of a metric -> series -> estimate at each value; ``swept``: words of what is swept.
    """
    names = list(dict.fromkeys(name for series in metrics.values() for name in series))
    drawn, top = _legend(names)
    across = min(_ACROSS, max(len(metrics), 1))
    width = svg.WIDTH // across
    parts = [drawn]
    for number, (label, series) in enumerate(metrics.items()):
        chart = _metric_panel(label, series, values, names, width)
        parts.append(chart.placed((number % across) * width, top + (number // across) * _PANEL_H))
    height = top + math.ceil(len(metrics) / across) * _PANEL_H + 18
    foot = Chart((0.0, 1.0), (0.0, 1.0))
    foot.text(svg.WIDTH / 2, height - 5, swept, "middle")
    parts.append(foot.placed(0, 0))
    return figure_of(
        parts,
        svg.WIDTH,
        height,
        "over_swept_value",
        f"How it depends on the {swept}",
        "Mean over replicates with its 95 % interval at each value of the sweep (docs/metrics.md); replicate k draws "
        "the same random numbers in every case.",
    )


def _metric_panel(
    label: str, series: Mapping[str, Sequence[Estimate | None]], values: Sequence[Any], names: Sequence[str], width: int
) -> Chart:
    places = positions(values)
    found = [e for row in series.values() for e in row if e is not None]
    high = max((e.ci_high if e.ci_high is not None else e.value or 0.0 for e in found), default=1.0)
    low = min([0.0, *(e.ci_low if e.ci_low is not None else e.value or 0.0 for e in found)])
    many = max(high, -low) >= _MILLION
    scale = 1.0 / _MILLION if many else 1.0
    label = label.replace(", ", ", million ", 1) if many else label
    margin = 0.08 * ((places[-1] - places[0]) or 1.0)
    span = (min(places) - margin, max(places) + margin)
    chart = Chart(
        span, (scale * low, 1.08 * scale * high if high > 0.0 else 1.0), width, _PANEL_H, y_title=label, left=58
    )
    chart.y_axis(4)
    for name, row in series.items():
        colour = svg.CYCLE[names.index(name) % len(svg.CYCLE)]
        known = [(x, e) for x, e in zip(places, row, strict=True) if e is not None and e.value is not None]
        chart.line([x for x, _ in known], [scale * (e.value or 0.0) for _, e in known], colour)
        for x, e in known:
            if e.ci_low is not None and e.ci_high is not None:
                ends = chart.py(scale * e.ci_low), chart.py(scale * e.ci_high)
                chart.rule(chart.px(x), ends[0], chart.px(x), ends[1], colour, ' stroke-width="2"')
            value = value_text(values[places.index(x)])
            chart.point(x, scale * (e.value or 0.0), colour, 3.5, f"{name}, {value}: {short(e.value or 0.0)} {e.unit}")
    chart.labelled_axis([(x, value_text(value)) for x, value in zip(places, values, strict=True)])
    return chart


def courses(
    fans: Mapping[str, Sequence[Mapping[str, Any] | None]],
    values: Sequence[Any],
    start: dt.datetime,
    swept: str,
    scope: str = "system",
) -> Figure | None:
    """A panel for each swept value, a row of them for each series: quantiles of power not served, hour by hour.

    ``fans``: series -> table ``fan`` at each value. None where nothing is cut in any.
    """
    shown = {name: [_quantiles(fan, scope) for fan in row[:_MOST]] for name, row in list(fans.items())[:_MOST]}
    top = max((float(q[5].max(initial=0.0)) for row in shown.values() for q in row if q is not None), default=0.0)
    if not top > 0.0:
        return None
    columns = values[:_MOST]
    width, row_h = svg.WIDTH / len(columns), _COURSE_H + 18
    key = Chart((0.0, 1.0), (0.0, 1.0), legend=(("5 to 95 %", svg.SKY), ("25 to 75 %", svg.BLUE), ("median", svg.RED)))
    key.text(svg.WIDTH - 8, 15, "MW not served", "end")
    parts = [key.placed(-56, 0)]
    for at, value in enumerate(columns):
        key.parts = []
        key.text((at + 0.5) * width, 40, f"{swept}: {value_text(value)}" if at == 0 else value_text(value), "middle")
        parts.append(key.placed(0, 0))
    for number, (name, row) in enumerate(shown.items()):
        key.parts = []
        key.text(8, 58 + number * row_h, name, extra=' font-weight="600"')
        parts.append(key.placed(0, 0))
        for at, quantiles in enumerate(row):
            if quantiles is not None:
                chart = _course_panel(quantiles, top, start, round(width))
                parts.append(chart.placed(at * width, 58 + number * row_h))
    height = 62 + row_h * len(shown)
    return figure_of(
        parts,
        svg.WIDTH,
        height,
        "sweep_courses",
        f"The course at each {swept}",
        f"Quantiles over replicates of the power not served in {'the system' if scope == 'system' else scope} at each "
        "hour (table fan), all panels on the same axes; no single course looks so.",
    )


def _quantiles(fan: Mapping[str, Any] | None, scope: str) -> tuple[Any, ...] | None:
    """Hours and quantiles of the power not served; None without any hour."""
    if fan is None:
        return None
    rows = (np.asarray(fan["scope"]) == scope) & (np.asarray(fan["quantity"]) == "unserved_mw")
    columns = ("time_h", "p05", "p25", "p50", "p75", "p95")
    return tuple(np.asarray(fan[name], dtype=float)[rows] for name in columns) if rows.any() else None


def _course_panel(quantiles: tuple[Any, ...], top: float, start: dt.datetime, width: int) -> Chart:
    times, low, lower, middle, upper, high = quantiles
    ends = np.append(times[1:], times[-1] + 1.0)
    chart = Chart((float(times[0]), float(ends[-1])), (0.0, 1.08 * top), width, _COURSE_H, left=46)
    chart.y_axis(3)
    chart.band(times, ends, low, high, svg.SKY, "5 to 95 % of replicates")
    chart.band(times, ends, lower, upper, svg.BLUE, "25 to 75 % of replicates")
    chart.steps(times, ends, middle, svg.RED)
    chart.time_axis(start, max(2, (width - 60) // 55))
    return chart
