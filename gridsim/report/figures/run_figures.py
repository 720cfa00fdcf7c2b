"""Figures of one run, from its tables: supply, sections, gas and stocks, the worst hour, causes, weather."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, sum_at
from gridsim.report.figures import svg
from gridsim.report.figures.svg import Chart, Figure
from gridsim.results.course import Acted, operations_at, traces_at
from gridsim.results.metrics import Estimate

#: Column of ``zones`` -> words and colour, from the bottom of the stack to its top.
SUPPLY = (
    ("other_mw", "other", svg.PINK),
    ("coal_mw", "coal", svg.GREY),
    ("hydro_mw", "water", svg.BLUE),
    ("gas_fired_mw", "gas", svg.ORANGE),
    ("backup_fuel_mw", "reserve fuel", svg.BROWN),
    ("storage_mw", "storage", "#882255"),
    ("wind_mw", "wind", svg.SKY),
    ("solar_mw", "sun", svg.YELLOW),
    ("import_mw", "import", svg.GREEN),
)
_SWINGS = 24
_STILL_HZ = 0.01
_SHOWN = 8  # sections, plants, causes; more lines are not told apart


class RunLike(Protocol):
    """A run as figures read it, fresh or loaded; ``system`` is None where a loaded run's network is not at hand."""

    @property
    def tables(self) -> Mapping[str, Any]: ...
    @property
    def estimates(self) -> Sequence[Estimate]: ...
    @property
    def start(self) -> dt.datetime: ...
    @property
    def system(self) -> GridSystem | None: ...


def times_of(columns: Mapping[str, Any]) -> tuple[F8, F8, NDArray[np.int64]]:
    """Starts and ends of a table's intervals, and the interval of each row."""
    starts, first, where = np.unique(columns["time_h"], return_index=True, return_inverse=True)
    return starts, starts + np.asarray(columns["duration_h"])[first], where.reshape(-1)


def summed(columns: Mapping[str, Any], column: str, chosen: NDArray[np.bool_] | None = None) -> F8:
    """Sum of a column by interval, over the chosen rows."""
    starts, _, where = times_of(columns)
    values = np.asarray(columns[column], dtype=float)
    return sum_at(where, values if chosen is None else np.where(chosen, values, 0.0), len(starts))


def series_of(columns: Mapping[str, Any], name: str, column: str) -> tuple[F8, F8, F8]:
    """Starts, ends and values of one name."""
    rows = np.asarray(columns["name"]) == name
    starts = np.asarray(columns["time_h"], dtype=float)[rows]
    return starts, starts + np.asarray(columns["duration_h"])[rows], np.asarray(columns[column], dtype=float)[rows]


def supply_stack(run: RunLike, zone: str = "") -> Figure:
    """Power by source over time with what was not served on top; of the whole system or of one zone."""
    zones = run.tables["zones"]
    chosen = np.asarray(zones["name"]) == zone if zone else None
    starts, ends, _ = times_of(zones)
    layers = [(label, colour, np.maximum(summed(zones, column, chosen), 0.0)) for column, label, colour in SUPPLY]
    layers = [layer for layer in layers if layer[2].max(initial=0.0) > 0.05]
    inflow = np.maximum(summed(zones, "net_inflow_mw", chosen), 0.0) if zone else np.zeros(len(starts))
    if inflow.max(initial=0.0) > 0.05:
        layers.append(("from other zones", "#44aa99", inflow))
    not_bought = summed(zones, "price_response_mw", chosen)
    if not_bought.max(initial=0.0) > 0.05:
        layers.append(("did not buy at its price", svg.PINK, not_bought))
    unserved = summed(zones, "unserved_mw", chosen)
    if unserved.max(initial=0.0) > 1e-4:
        layers.append(("not served", svg.RED, unserved))
    wanted = summed(zones, "demand_mw", chosen) + summed(zones, "losses_mw", chosen)
    total = np.sum([values for _, _, values in layers], axis=0) if layers else np.zeros(len(starts))
    top = 1.05 * float(max(total.max(initial=1.0), wanted.max(initial=1.0)))
    legend = [(label, colour) for label, colour, _ in layers] + [("demand and losses", "currentColor")]
    chart = Chart((float(starts[0]), float(ends[-1])), (0.0, top), y_title="MW", legend=legend)
    chart.y_axis()
    below = np.zeros(len(starts))
    for label, colour, values in layers:
        energy = float(values @ (ends - starts))
        chart.band(starts, ends, below, below + values, colour, f"{label}: {energy:,.0f} MWh")
        below = below + values
    chart.steps(starts, ends, wanted, "currentColor", 1.4)
    chart.time_axis(run.start)
    where = f" of zone {zone}" if zone else ""
    surplus = " What stands above the line leaves to other zones." if zone else ""
    return chart.figure(
        f"supply_stack{'_' + zone if zone else ''}",
        f"Supply{where}",
        "Power by source as dispatched (table zones); the line is demand with network losses. Areas are energy: "
        f"energy_mwh and EUE of docs/metrics.md.{surplus}",
    )


def section_loading(run: RunLike) -> Figure:
    """Flow over limit of the fullest named sections."""
    rows = run.tables["interfaces"]
    names = np.unique(rows["name"])
    peak = {name: float(np.nanmax(series_of(rows, name, "loading")[2], initial=0.0)) for name in names.tolist()}
    shown = sorted(peak, key=lambda name: (-peak[name], name))[:6]
    starts, ends, _ = times_of(rows)
    legend = [(name, svg.CYCLE[number % len(svg.CYCLE)]) for number, name in enumerate(shown)]
    span = (float(starts[0]), float(ends[-1])) if len(starts) else (0.0, 1.0)
    top = max(110.0, 105.0 * max(peak.values(), default=1.0))
    chart = Chart(span, (0.0, top), y_title="% of limit", legend=legend)
    chart.y_axis()
    chart.rule(
        chart.px(span[0]), chart.py(100.0), chart.px(span[1]), chart.py(100.0), svg.RED, ' stroke-dasharray="5 4"'
    )
    for number, name in enumerate(shown):
        first, last, loading = series_of(rows, name, "loading")
        chart.steps(
            first, last, 100.0 * loading, svg.CYCLE[number % len(svg.CYCLE)], dash=("", "6 3", "2 2")[number % 3]
        )
    chart.time_axis(run.start)
    return chart.figure(
        "section_loading",
        "Loading of the named sections",
        "Flow over the limit of its direction (table interfaces), the fullest six; 100 % is what the operator permits.",
    )


def gas_and_stocks(run: RunLike) -> Figure:
    """Linepack of the whole gas network; under it what storages give and what does not reach customers at home."""
    gas, short = run.tables["gas"], run.tables["gas_shortfall"]
    starts, ends, _ = times_of(gas)
    linepack, storages = summed(gas, "linepack_mcm"), summed(gas, "withdrawn_mcm_per_d")
    span = (float(starts[0]), float(ends[-1]))
    upper = Chart(span, (0.0, 1.08 * float(np.nanmax(linepack, initial=1.0))), height=190, y_title="linepack, mcm")
    upper.y_axis(4)
    upper.steps(starts, ends, linepack, svg.BLUE)
    upper.time_axis(run.start)
    high = float(np.nanmax(storages, initial=1.0))
    unserved = None
    if len(short["time_h"]):
        at_home = ~np.isin(short["gas_class"], ("export", "transit"))
        first, last, _ = times_of(short)
        unserved = first, last, summed(short, "unserved_mcm_per_d", at_home)
        high = max(high, float(unserved[2].max(initial=0.0)))
    legend = [("out of storages", svg.GREEN), ("not delivered at home", svg.RED)]
    lower = Chart(span, (0.0, 1.08 * high), height=210, y_title="mcm/d", legend=legend)
    lower.y_axis(4)
    if unserved is not None:
        zero = np.zeros(len(unserved[0]))
        lower.band(unserved[0], unserved[1], zero, unserved[2], svg.RED, "gas not delivered at home")
    lower.steps(starts, ends, storages, svg.GREEN)
    lower.time_axis(run.start)
    return svg.figure_of(
        [upper.placed(0, 0), lower.placed(0, 190)],
        svg.WIDTH,
        400,
        "gas_and_stocks",
        "Gas in the pipes, out of storages, and not delivered",
        "Usable linepack over all nodes and withdrawal of all storages (table gas); what customers at home asked for "
        "and did not get (gas_shortfall), whose area by days is unserved_gas_mcm of docs/metrics.md.",
    )


def gas_pressures(run: RunLike) -> Figure | None:
    """Pressure of the gas nodes that fall furthest under their own at the start; None of a run without pressures."""
    gas = run.tables["gas"]
    courses = {}
    for name in np.unique(gas["name"]).tolist():
        first, last, bar = series_of(gas, name, "pressure_bar")
        if np.isfinite(bar).any() and bar[0] > 0.0:
            courses[str(name)] = first, last, bar
    if not courses:
        return None
    shown = sorted(courses, key=lambda name: (float(np.nanmin(courses[name][2]) / courses[name][2][0]), name))[:_SHOWN]
    top = 1.08 * max(float(np.nanmax(courses[name][2])) for name in shown)
    starts, ends, _ = times_of(gas)
    legend = [(name, svg.CYCLE[number % len(svg.CYCLE)]) for number, name in enumerate(shown)]
    chart = Chart((float(starts[0]), float(ends[-1])), (0.0, top), y_title="bar", legend=legend)
    chart.y_axis()
    for number, name in enumerate(shown):
        chart.steps(*courses[name], svg.CYCLE[number % len(svg.CYCLE)], dash=("", "6 3", "2 2")[number % 3])
    chart.time_axis(run.start)
    return chart.figure(
        "gas_pressures",
        f"Pressure of the gas network, the {len(shown)} nodes that fall furthest",
        "Pressure at the end of each interval (pressure_bar of table gas, docs/gas.md), of the nodes with the least "
        "share of their own pressure at the start.",
    )


def fuel_days(run: RunLike) -> Figure:
    """Days of fuel in the yards and tanks that came nearest to empty."""
    fuel = run.tables["fuel"]
    names = np.unique(fuel["name"]).tolist()
    least = {name: float(np.nanmin(series_of(fuel, name, "stock_days")[2], initial=np.inf)) for name in names}
    shown = sorted(least, key=lambda name: (least[name], name))[:_SHOWN]
    starts, ends, _ = times_of(fuel)
    legend = [(name, svg.CYCLE[number % len(svg.CYCLE)]) for number, name in enumerate(shown)]
    courses = [series_of(fuel, name, "stock_days") for name in shown]
    top = 1.08 * max((float(np.nanmax(days)) for _, _, days in courses), default=1.0)
    chart = Chart((float(starts[0]), float(ends[-1])), (0.0, top), y_title="days", legend=legend)
    chart.y_axis()
    for number, (first, last, days) in enumerate(courses):
        chart.steps(first, last, days, svg.CYCLE[number % len(svg.CYCLE)])
    chart.time_axis(run.start)
    return chart.figure(
        "fuel_days",
        "Fuel in stock, the eight nearest to empty",
        "Stock in days at full output (table fuel); its least is fuel_days_min of docs/metrics.md.",
    )


def worst_hour(run: RunLike) -> float:
    """Start of the interval with most unserved power; without any, that with the least reserve margin."""
    zones = run.tables["zones"]
    starts, _, _ = times_of(zones)
    unserved = summed(zones, "unserved_mw")
    at = int(np.argmax(unserved)) if unserved.max() > 1e-4 else int(np.argmin(summed(zones, "reserve_margin_mw")))
    return float(starts[at])


def waterfall_steps(run: RunLike) -> list[tuple[str, float, str]]:
    """Bars of the worst hour as (label, MW, kind): installed, what is missing of it and why, imports, unserved, demand.

    ``kind``: total or change. The changes between two totals add up to their difference.
    """
    time_h = worst_hour(run)
    machines, zones = run.tables["generators"], run.tables["zones"]
    own = (machines["time_h"] == time_h) & (machines["fuel"] != "import")
    installed: dict[str, float] = {}
    if run.system is not None:
        installed = dict(zip(run.system.generators.name.tolist(), run.system.generators.p_max_mw.tolist(), strict=True))
    missing: dict[str, float] = {}
    fuels = dict.fromkeys(machines["name"][own].tolist(), "")
    if run.system is not None:
        fuels = dict(zip(run.system.generators.name.tolist(), run.system.generators.fuel.tolist(), strict=True))
    total, used = 0.0, 0.0
    columns = (machines[column][own].tolist() for column in ("name", "available_mw", "p_mw"))
    for name, available, p_mw in zip(*columns, strict=True):
        whole = max(installed.get(name, available), available)
        total, used = total + whole, used + p_mw
        fuel = fuels.get(name, "")
        reason = "outages and repair" if available <= 1e-6 else {"gas": "gas not there"}.get(fuel, "derated")
        reason = {"wind": "wind not there", "solar": "sun not there", "hydro": "water not there"}.get(fuel, reason)
        missing[reason] = missing.get(reason, 0.0) + available - whole
    at = zones["time_h"] == time_h
    sums = {
        column: float(zones[column][at].sum())
        for column in (
            "generation_mw",
            "import_mw",
            "storage_mw",
            "unserved_mw",
            "price_response_mw",
            "demand_mw",
            "losses_mw",
        )
    }
    idle = sums["generation_mw"] - (total + sum(missing.values()))
    steps = [("installed", total, "total")]
    steps += [(label, mw, "change") for label, mw in sorted(missing.items(), key=lambda item: item[1]) if mw < -0.05]
    rest = sum(mw for mw in missing.values() if mw >= -0.05)
    steps += [("available but not used", idle + rest, "change"), ("generation", sums["generation_mw"], "total")]
    steps += [
        (label, sums[column], "change")
        for label, column in (
            ("imports", "import_mw"),
            ("storage", "storage_mw"),
            ("did not buy at its price", "price_response_mw"),
            ("not served", "unserved_mw"),
        )
        if abs(sums[column]) > 0.05
    ]
    return [*steps, ("demand and losses", sums["demand_mw"] + sums["losses_mw"], "total")]


def worst_hour_waterfall(run: RunLike) -> Figure:
    """The worst hour from what is installed down to what was generated, and up to demand."""
    steps = waterfall_steps(run)
    highest = max(mw for _, mw, kind in steps if kind == "total")
    row, left = 26, 200
    chart = Chart((0.0, 1.18 * highest), (0.0, 1.0), svg.WIDTH, row * len(steps) + 12, left=left)
    level = 0.0
    for number, (label, mw, kind) in enumerate(steps):
        y = 6 + number * row
        first, last = (0.0, mw) if kind == "total" else sorted((level, level + mw))
        colour = svg.BLUE if kind == "total" else svg.RED if mw < 0 or label == "not served" else svg.GREEN
        chart.text(left - 8, y + 15, label, "end")
        chart.box(chart.px(first), y + 3, chart.px(last) - chart.px(first), row - 8, colour, f"{label}: {mw:,.0f} MW")
        chart.text(chart.px(last) + 6, y + 15, f"{mw:,.0f}" if kind == "total" else f"{mw:+,.0f}")
        level = mw if kind == "total" else level + mw
    moment = run.start + dt.timedelta(hours=worst_hour(run))
    return chart.figure(
        "worst_hour_waterfall",
        f"The worst hour, {moment:%d %b %Y %H:%M}, MW",
        "From installed capacity down to generation, then up to demand with losses, at the hour with most unserved "
        "power, else with the least reserve margin (tables generators and zones). The bars add up.",
    )


def _scope_words(scope: str) -> str:
    """``cause: gas pipelines bbs1`` for ``cause:gas_pipelines:bbs1``: the kind apart, names as they are."""
    kind, _, name = scope.partition(":")
    table, colon, bare = name.partition(":")
    if colon:
        return f"{kind}: {table.replace('_', ' ')} {bare}"
    return f"{kind}: {name if kind == 'cause' else name.replace('_', ' ')}"


def unserved_by(run: RunLike) -> Figure | None:
    """Unserved energy by cause, class and oblast; None where nothing was cut."""
    rows: list[tuple[str, float, str]] = []
    for kind, colour in (("cause", svg.RED), ("class", svg.ORANGE), ("oblast", svg.BLUE)):
        found = [
            e for e in run.estimates if e.name == "EUE" and e.scope.startswith(f"{kind}:") and (e.value or 0) > 0.05
        ]
        found.sort(key=lambda e: (-(e.value or 0.0), e.scope))
        rows += [(_scope_words(e.scope), e.value or 0.0, colour) for e in found[:_SHOWN]]
    if not rows:
        return None
    return svg.bars(
        rows,
        "unserved_by",
        "Unserved energy by cause, class and oblast",
        "Each MWh has one root cause: the change at the root of the shedding (EUE of docs/metrics.md by scope).",
        unit="MWh",
    )


def weather(run: RunLike) -> Figure:
    """Temperature of each zone."""
    zones = run.tables["zones"]
    names = [name for name in np.unique(zones["name"]).tolist() if name != "external"]
    courses = [(name, *series_of(zones, name, "temperature_c")) for name in names]
    courses = [course for course in courses if np.isfinite(course[3]).any()]
    starts, ends, _ = times_of(zones)
    values = np.concatenate([course[3][np.isfinite(course[3])] for course in courses]) if courses else np.zeros(1)
    legend = [(course[0], svg.CYCLE[number % len(svg.CYCLE)]) for number, course in enumerate(courses)]
    span = (float(starts[0]), float(ends[-1]))
    chart = Chart(span, (float(values.min()) - 1.0, float(values.max()) + 1.0), y_title="°C", height=220, legend=legend)
    chart.y_axis()
    for number, (_, first, last, course) in enumerate(courses):
        chart.steps(first, last, course, svg.CYCLE[number % len(svg.CYCLE)])
    chart.time_axis(run.start)
    return chart.figure("weather", "Temperature by zone", "Load-weighted air temperature (table zones).")


def wind_and_sun(run: RunLike) -> Figure | None:
    """MW that wind and sun could give, as the weather has it; None of a network without either."""
    machines = run.tables["generators"]
    fuel = np.asarray(machines["fuel"])
    chosen = [(name, colour) for name, colour in (("wind", svg.SKY), ("solar", svg.YELLOW)) if (fuel == name).any()]
    if not chosen:
        return None
    starts, ends, _ = times_of(machines)
    courses = [summed(machines, "available_mw", fuel == name) for name, _ in chosen]
    top = 1.08 * max(float(np.nanmax(course, initial=0.0)) for course in courses)
    span = (float(starts[0]), float(ends[-1]))
    legend = [("wind" if name == "wind" else "sun", colour) for name, colour in chosen]
    chart = Chart(span, (0.0, top), y_title="MW", height=220, legend=legend)
    chart.y_axis()
    for (_, colour), course in zip(chosen, courses, strict=True):
        chart.steps(starts, ends, course, colour)
    chart.time_axis(run.start)
    definition = (
        "What weather and outages leave of wind and solar plants, used or not (available_mw of table generators)."
    )
    return chart.figure("wind_and_sun", "Wind and sun on offer", definition)


def frequency(run: RunLike) -> Figure | None:
    """Lowest and highest frequency in the seconds after each sudden change, by zone; None where none was followed."""
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


def _zones(run: RunLike) -> list[str]:
    zones = run.tables["zones"]
    names = [name for name in np.unique(zones["name"]).tolist() if name != "external"]
    return names if len(names) > 1 else []


def run_figures(run: RunLike) -> list[Figure]:
    """Every figure that the run's tables allow, the telling ones first."""
    makers: Iterable[Callable[[], Figure | None]] = [
        lambda: supply_stack(run),
        lambda: worst_hour_waterfall(run),
        lambda: unserved_by(run),
        lambda: section_loading(run) if len(run.tables["interfaces"]["name"]) else None,
        lambda: gas_and_stocks(run) if len(run.tables["gas"]["name"]) else None,
        lambda: gas_pressures(run) if len(run.tables["gas"]["name"]) else None,
        lambda: fuel_days(run) if len(run.tables["fuel"]["name"]) else None,
        *(lambda zone=zone: supply_stack(run, zone) for zone in _zones(run)),
        lambda: frequency(run) if "frequency" in run.tables else None,
        lambda: frequency_trace(run) if {"frequency_trace", "automation_log"} <= set(run.tables) else None,
        lambda: wind_and_sun(run),
        lambda: weather(run),
    ]
    return [figure for figure in (make() for make in makers) if figure is not None]
