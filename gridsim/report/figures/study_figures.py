"""Figures of many samples: exceedance, shortfall events, convergence, fan, cases side by side, months and hours."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.model.table import F8
from gridsim.report.figures import svg
from gridsim.report.figures.svg import Chart, Figure, short
from gridsim.results.metrics import Estimate

if TYPE_CHECKING:
    from gridsim.reliability import ImportanceRow

_CASES = 9  # as many as there are colours
_POINTS = 3000  # dots of a scatter; more are not seen and make the file large
_RANKED = 15
_YEAR_H, _WEEK_H = 8760, 168
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def exceedance(samples: Mapping[str, F8]) -> Figure:
    """Share of samples with more unserved energy than x, a line for each case."""
    shown = dict(list(samples.items())[:_CASES])
    top = max((float(values.max(initial=0.0)) for values in shown.values()), default=1.0) or 1.0
    legend = [(name, svg.CYCLE[number]) for number, name in enumerate(shown)]
    chart = Chart((0.0, 1.03 * top), (0.0, 1.0), y_title="share of samples above", legend=legend)
    chart.y_axis()
    for number, values in enumerate(shown.values()):
        ordered = np.sort(values)
        n = len(ordered)
        starts = np.concatenate([[0.0], ordered])
        share = np.concatenate([[np.mean(ordered > 0.0)], 1.0 - np.arange(1, n + 1) / n])
        ends = np.concatenate([ordered, [1.03 * top]])
        chart.steps(starts, ends, share, svg.CYCLE[number])
    chart.x_axis("unserved energy of a sample, MWh")
    return chart.figure(
        "exceedance",
        "How often more than so much is not served",
        "Empirical exceedance of the unserved energy of each replicate or sample year (EUE before the mean is taken).",
    )


def event_scatter(duration_h: F8, peak_mw: F8, energy_mwh: F8) -> Figure:
    """A dot for each shortfall: how long, how deep, its area by energy."""
    order = np.argsort(-energy_mwh, kind="stable")[:_POINTS]
    top = float(energy_mwh.max(initial=0.0)) or 1.0
    x = (0.0, 1.05 * float(duration_h.max(initial=1.0)))
    chart = Chart(x, (0.0, 1.08 * float(peak_mw.max(initial=1.0))), y_title="MW at most")
    chart.y_axis()
    for at in order.tolist():
        energy = float(energy_mwh[at])
        title = f"{duration_h[at]:.1f} h, {peak_mw[at]:,.0f} MW, {energy:,.0f} MWh"
        chart.point(float(duration_h[at]), float(peak_mw[at]), svg.BLUE, 1.5 + 10.0 * math.sqrt(energy / top), title)
    chart.x_axis("hours")
    more = f" The largest {_POINTS:,} of {len(energy_mwh):,}." if len(energy_mwh) > _POINTS else ""
    return chart.figure(
        "event_scatter",
        "Shortfalls: duration, depth and size",
        f"Each dot is one shortfall event; its area is the energy not served (table shortfall_events).{more}",
    )


def convergence(samples: Mapping[str, F8]) -> Figure:
    """Mean of the first n samples with its 95 % interval, for the case with most unserved energy."""
    name = max(samples, key=lambda case: float(samples[case].mean()) if len(samples[case]) else -1.0)
    values = samples[name]
    n = np.arange(1, len(values) + 1)
    mean = np.cumsum(values) / n
    spread = np.sqrt(np.maximum(np.cumsum(values**2) / n - mean**2, 0.0) * n / np.maximum(n - 1, 1))
    half = 1.96 * spread / np.sqrt(n)
    keep = np.unique(np.geomspace(2, max(len(values), 2), 200).astype(int)) - 1
    keep = keep[keep < len(values)]
    top = 1.05 * float((mean + half)[keep].max(initial=1e-9))
    chart = Chart((0.0, float(len(values))), (0.0, top), y_title="MWh", height=240)
    chart.y_axis()
    ends = np.append(n[keep][1:], len(values)).astype(float)
    chart.band(n[keep], ends, np.maximum(mean - half, 0.0)[keep], (mean + half)[keep], svg.SKY, "95 % interval")
    chart.line(n[keep], mean[keep], svg.BLUE)
    chart.x_axis("samples")
    return chart.figure(
        "convergence",
        f"The estimate of {name} as samples are added",
        "Mean unserved energy of the first n samples and 1.96 standard errors around it; independent samples.",
    )


def cases_side_by_side(estimates: Mapping[str, Estimate], title: str) -> Figure:
    """A row for each case: value and 95 % interval of one metric."""
    row, left = 26, 280
    unit = next((e.unit for e in estimates.values()), "")
    high = max((e.ci_high or e.value or 0.0 for e in estimates.values()), default=1.0) or 1.0
    low = min((e.ci_low if e.ci_low is not None else e.value or 0.0 for e in estimates.values()), default=0.0)
    chart = Chart((min(low, 0.0), 1.2 * high), (0.0, 1.0), svg.WIDTH, row * len(estimates) + 40, left=left)
    for number, (name, estimate) in enumerate(estimates.items()):
        y = 16 + number * row
        value = estimate.value or 0.0
        chart.text(left - 8, y + 4, name if len(name) <= 36 else f"…{name[-35:]}", "end")
        if estimate.ci_low is not None and estimate.ci_high is not None:
            chart.rule(chart.px(estimate.ci_low), y, chart.px(estimate.ci_high), y, svg.BLUE, ' stroke-width="3"')
        chart.box(chart.px(value) - 4, y - 4, 8, 8, svg.BLUE, f"{name}: {short(value)} {unit}")
        chart.text(chart.px(max(value, estimate.ci_high or value)) + 10, y + 4, f"{short(value)} {unit}")
    chart.x_axis()
    return chart.figure("cases", title, "Mean over replicates with its 95 % interval, by case (docs/metrics.md).")


def paired_differences(samples: Mapping[str, F8]) -> Figure | None:
    """Mean difference of each case from the first, replicate by replicate; None without two that go together."""
    first_name, *others = samples
    first = samples[first_name]
    pairs = {name: samples[name] - first for name in others if len(samples[name]) == len(first) > 1}
    if not pairs:
        return None
    ends = {name: (float(d.mean()), 1.96 * float(d.std(ddof=1)) / math.sqrt(len(d))) for name, d in pairs.items()}
    low = min(0.0, *(mean - half for mean, half in ends.values()))
    high = max(0.0, *(mean + half for mean, half in ends.values()))
    row, left, span = 26, 250, (high - low) or 1.0
    x = (low - 0.05 * span, high + 0.7 * span)
    chart = Chart(x, (0.0, 1.0), svg.WIDTH, row * len(ends) + 44, left=left)
    chart.rule(chart.px(0.0), 4, chart.px(0.0), row * len(ends) + 10, extra=' opacity="0.5"')
    for number, (name, (mean, half)) in enumerate(ends.items()):
        y = 16 + number * row
        chart.text(left - 8, y + 4, name if len(name) <= 36 else f"…{name[-35:]}", "end")
        chart.rule(chart.px(mean - half), y, chart.px(mean + half), y, svg.BLUE, ' stroke-width="3"')
        words = f"{'+' if mean > 0 else ''}{short(mean)} ± {short(half)} MWh"
        chart.box(chart.px(mean) - 4, y - 4, 8, 8, svg.BLUE, f"{name}: {words}")
        chart.text(chart.px(mean + half) + 10, y + 4, words)
    chart.x_axis("MWh")
    return chart.figure(
        "paired_differences",
        f"Unserved energy against {first_name}",
        "Mean over replicates of the difference from the first case, replicate k against replicate k, with 1.96 "
        "standard errors: what both draw alike drops out (gridsim compare).",
    )


def fan(table: Mapping[str, Any], start: dt.datetime, title: str, scope: str = "system") -> Figure | None:
    """Quantiles over replicates of power not served, hour by hour, as table ``fan`` holds them; None without any."""
    rows = (np.asarray(table["scope"]) == scope) & (np.asarray(table["quantity"]) == "unserved_mw")
    times = np.asarray(table["time_h"], dtype=float)[rows]
    low, lower, middle, upper, high = (
        np.asarray(table[name], dtype=float)[rows] for name in ("p05", "p25", "p50", "p75", "p95")
    )
    if not high.max(initial=0.0) > 0.0:
        return None
    ends = np.append(times[1:], 2.0 * times[-1] - times[-2] if len(times) > 1 else times[-1] + 1.0)
    legend = [("5 to 95 %", svg.SKY), ("25 to 75 %", svg.BLUE), ("median", svg.RED)]
    top = 1.08 * float(high.max())
    chart = Chart((float(times[0]), float(ends[-1])), (0.0, top), y_title="MW", legend=legend)
    chart.y_axis()
    chart.band(times, ends, low, high, svg.SKY, "5 to 95 % of replicates")
    chart.band(times, ends, lower, upper, svg.BLUE, "25 to 75 % of replicates")
    chart.steps(times, ends, middle, svg.RED)
    chart.time_axis(start)
    where = "the system" if scope == "system" else scope
    definition = (
        f"Quantiles over replicates of the power not served in {where} at each hour (table fan); no course looks so."
    )
    return chart.figure("fan", title, definition)


def heat_map(
    values: F8,
    rows: Sequence[str],
    columns: Sequence[str],
    unit: str,
    name: str,
    title: str,
    definition: str,
    *,
    left: int = 96,
    total: bool = True,
) -> Figure:
    """A table of numbers as colours, each with its number as a title. ``values``: (n_rows, n_columns).

    ``left``: pixels of the row names; ``total``: whether cells may be added up.
    """
    top, row = 12, 20
    width = (svg.WIDTH - left - 14) / max(len(columns), 1)
    highest = float(values.max(initial=0.0)) or 1.0
    height = top + row * len(rows) + 46
    chart = Chart((0.0, 1.0), (0.0, 1.0), svg.WIDTH, height, left=left)
    every = max(1, math.ceil(58 / width))
    for at, label in enumerate(columns):
        if at % every == 0:
            chart.text(left + (at + 0.5) * width, top + row * len(rows) + 14, label, "middle")
    for number, label in enumerate(rows):
        most = int((left - 10) / 6.2)
        chart.text(left - 6, top + number * row + 14, label if len(label) <= most else f"{label[: most - 1]}…", "end")
        for at, column in enumerate(columns):
            value = float(values[number, at])
            chart.box(
                left + at * width,
                top + number * row,
                width - 0.6,
                row - 0.6,
                svg.RED if value > 0 else svg.GREY,
                f"{label}, {column}: {value:.3g} {unit}",
                f' fill-opacity="{0.08 + 0.92 * math.sqrt(value / highest):.3f}"'
                if value > 0
                else ' fill-opacity="0.1"',
            )
    together = f", all together {float(values.sum()):,.4g} {unit}" if total else ""
    chart.text(left, height - 8, f"darkest {short(highest)} {unit}{together}")
    return chart.figure(name, title, definition)


def calendar(start: dt.datetime) -> list[dt.datetime]:
    """The days of a year of 8,760 hours from ``start``: no 29 February."""
    days: list[dt.datetime] = []
    day = start
    while len(days) < _YEAR_H // 24:
        if (day.month, day.day) != (2, 29):
            days.append(day)
        day += dt.timedelta(days=1)
    return days


def start_of(first: dt.datetime, days_before: int) -> dt.datetime:
    """The day so many days before ``first``, 29 February not counted."""
    day = first
    while days_before > 0:
        day -= dt.timedelta(days=1)
        days_before -= (day.month, day.day) != (2, 29)
    return day


def short_hours_of(start_h: F8, duration_h: F8, n_samples: int, start: dt.datetime) -> F8:
    """(12, 24) hours short a year by month and hour of the day; their sum is LOLH.

    ``start_h``: hours after ``start``, the first hour of each sample year.
    """
    found = np.zeros(_YEAR_H)
    for first, length in zip(np.asarray(start_h, dtype=int).tolist(), np.asarray(duration_h).tolist(), strict=True):
        found[first : first + round(length)] += 1.0
    months = np.array([day.month - 1 for day in calendar(start)])
    out = np.zeros((12, 24))
    np.add.at(out, months, found.reshape(-1, 24))
    return out / max(n_samples, 1)


def energy_by_week(events: Mapping[str, Any], scopes: Sequence[str], n_samples: int) -> F8:
    """(n_scopes, 53) unserved MWh a year by the week in which a shortfall begins; a row sums to EUE of its scope."""
    out = np.zeros((len(scopes), 53))
    for number, scope in enumerate(scopes):
        rows = np.asarray(events["scope"]) == scope
        week = np.minimum(np.asarray(events["start_h"])[rows].astype(int) // _WEEK_H, 52)
        np.add.at(out[number], week, np.asarray(events["energy_mwh"], dtype=float)[rows])
    return out / max(n_samples, 1)


def weeks_of(start: dt.datetime) -> list[str]:
    """First day of each week of a year from ``start``."""
    return [f"{day.day} {day:%b}" for day in calendar(start)[::7]]


def by_scope(
    estimates: Sequence[Estimate], kind: str, name: str, title: str, labels: Sequence[str] = ()
) -> Figure | None:
    """Bars of EUE by scopes of one kind; None where there are none. ``labels``: words for scopes 1, 2, 3 ..."""
    found = [e for e in estimates if e.name == "EUE" and e.scope.startswith(f"{kind}:") and e.value is not None]
    if not found:
        return None
    if labels:
        found.sort(key=lambda e: int(e.scope.partition(":")[2]))
    rows = []
    for estimate in found:
        bare = estimate.scope.partition(":")[2]
        rows.append((labels[int(bare) - 1] if labels else bare, estimate.value or 0.0, svg.BLUE))
    notes = [f"± {short(1.96 * e.stderr)}" if e.stderr else "" for e in found]
    definition = "Expected unserved energy (EUE of docs/metrics.md) with 1.96 standard errors."
    return svg.bars(rows, name, title, definition, unit="MWh", notes=notes)


def importance(rows: Sequence[ImportanceRow]) -> Figure:
    """Bars of what would save most unserved energy if it never failed or limited."""
    shown = rows[:_RANKED]
    colours = {"component": svg.BLUE, "cause": svg.ORANGE, "section": svg.GREEN}
    notes = [f"({100.0 * row.share:.0f} %)" for row in shown]
    kinds = [(name, colour) for name, colour in colours.items() if any(row.kind == name for row in shown)]
    return svg.bars(
        [(row.name, row.saved_mwh, colours.get(row.kind, svg.GREY)) for row in shown],
        "importance",
        "What would save most if it never failed",
        "Unserved energy a year that perfect availability of a component, a cause that never happens or a section that "
        "never limits would save, and its share of EUE (gridsim.importance); what two cause together counts for both.",
        unit="MWh",
        notes=notes,
        legend=kinds,
    )


def levels(of_level: Mapping[str, Sequence[Estimate]]) -> Figure:
    """Unserved energy of the same sample years at each level."""
    found = {
        level: next((e for e in estimates if (e.name, e.scope) == ("EUE", "system")), None)
        for level, estimates in of_level.items()
    }
    rows = [(level, e.value or 0.0, svg.BLUE) for level, e in found.items() if e is not None]
    notes = [f"± {short(1.96 * e.stderr)}" if e.stderr else "" for e in found.values() if e is not None]
    return svg.bars(
        rows,
        "levels",
        "The same years without a network, with zones, with every line",
        "Expected unserved energy a year of the same draws at the levels copper, zonal and nodal, with 1.96 standard "
        "errors; the difference between two is what the network between them costs.",
        unit="MWh",
        notes=notes,
    )
