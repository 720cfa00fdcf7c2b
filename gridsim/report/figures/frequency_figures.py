"""Figures of the first minutes of a run: lowest and highest frequency by zone, and its course after the worst."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gridsim.report.figures import svg
from gridsim.report.figures.columns import RunLike
from gridsim.report.figures.svg import Chart, Figure
from gridsim.results.course import Acted, operations_at, traces_at

_SWINGS = 24
_STILL_HZ = 0.01
_SHOWN = 8  # areas; more lines are not told apart


def frequency(run: RunLike) -> Figure | None:
    """Lowest and highest frequency in the seconds after each sudden change, by zone; None where none was followed."""
    if "frequency" not in run.tables:
        return None
    table = run.tables["frequency"]
    times = np.asarray(table["time_h"], dtype=float)
    if not len(times):
        return None
    low, high = (np.asarray(table[name], dtype=float) for name in ("lowest_hz", "highest_hz"))
    order = np.argsort(low, kind="stable")[:_SWINGS]
    order = order[np.argsort(times[order], kind="stable")]
    row, left = 20, 250
    ends = (min(float(np.nanmin(low)), 49.8) - 0.1, max(float(np.nanmax(high)), 50.2) + 0.1)
    chart = Chart(ends, (0.0, 1.0), svg.WIDTH, row * len(order) + 52, left=left)
    for place, at in enumerate(order.tolist()):
        y = 14 + place * row
        moment = run.start + dt.timedelta(hours=float(times[at]))
        shed = float(table["shed_mw"][at])
        colour = svg.RED if shed > 0.05 else svg.BLUE
        chart.text(left - 8, y + 4, f"{moment:%d %b %H:%M}  {table['name'][at]}", "end")
        chart.box(chart.px(low[at]), y - 5, max(chart.px(high[at]) - chart.px(low[at]), 2.0), 10, colour,
                  f"{low[at]:.2f} to {high[at]:.2f} Hz, {shed:,.0f} MW cut")  # fmt: skip
    chart.x_axis("Hz")
    more = f" The {_SWINGS} deepest of {len(times):,}." if len(times) > _SWINGS else ""
    definition = (
        "From the lowest to the highest frequency of a zone's areas after each sudden change, red where automation cut "
        f"load (table frequency, policy.first_minutes).{more}"
    )
    return chart.figure("frequency", "Frequency in the first minutes", definition)


def frequency_trace(run: RunLike) -> Figure | None:
    """Frequency after the sudden change that went deepest, by area, its operations numbered; None without any."""
    if not {"frequency_trace", "automation_log"} <= set(run.tables):
        return None
    trace = run.tables["frequency_trace"]
    hz = np.asarray(trace["frequency_hz"], dtype=float)
    if not len(hz) or np.ptp(hz) < _STILL_HZ:
        return None
    time_h = float(np.asarray(trace["time_h"])[np.argmin(np.where(hz > 0, hz, np.inf))])
    moved = {name: course for name, course in traces_at(trace, time_h).items() if np.ptp(course[1]) >= _STILL_HZ}
    shown = sorted(moved, key=lambda name: (moved[name][1][moved[name][1] > 0].min(), name))[:_SHOWN]
    lives = {name: moved[name][1] > 0 for name in shown}
    low = min(float(moved[name][1][lives[name]].min()) for name in shown)
    high = max(float(moved[name][1].max()) for name in shown)
    end_s = max(float(moved[name][0].max()) for name in shown)
    legend = [(name, svg.CYCLE[number]) for number, name in enumerate(shown)]
    chart = Chart((0.0, end_s), (low - 0.1, high + 0.1), svg.WIDTH, 380, y_title="Hz", legend=legend)
    chart.y_axis()
    for number, name in enumerate(shown):
        seconds, course = (values[lives[name]] for values in moved[name])
        chart.line(seconds, course, svg.CYCLE[number])
    for group in _numbered(operations_at(run.tables, time_h), 34.0 * end_s / svg.WIDTH):
        first, last = group[0], group[-1]
        known = [one.frequency_hz for one in group if one.frequency_hz > 0]
        at_hz = known[0] if known else float(np.interp(first.at_s, *moved[shown[0]]))
        told = "; ".join(f"{one.number}: {one.at_s:.2f} s {one.rule}, {one.place}, {one.p_mw:,.0f} MW" for one in group)
        chart.point(first.at_s, max(at_hz, low), svg.RED, 3.0, told)
        label = f"{first.number}" if first is last else f"{first.number}-{last.number}"
        chart.text(chart.px(first.at_s) + 3, chart.py(max(at_hz, low)) - 6, label)
    chart.x_axis("s")
    moment = run.start + dt.timedelta(hours=time_h)
    return chart.figure(
        "frequency_trace",
        f"Frequency after {moment:%d %b %Y %H:%M}",
        "The sudden change with the lowest frequency, by area (table frequency_trace). Numbers: operations in their "
        "order (table automation_log), those that stand close together in one; a line ends where its area goes dark.",
    )


def _numbered(operations: list[Acted], apart_s: float) -> list[list[Acted]]:
    """Operations in groups whose first are more than ``apart_s`` from each other."""
    groups: list[list[Acted]] = []
    for acted in operations:
        if groups and acted.at_s - groups[-1][0].at_s <= apart_s:
            groups[-1].append(acted)
        else:
            groups.append([acted])
    return groups
