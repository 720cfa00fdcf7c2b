"""Figures of one run, from its tables: supply, sections, the worst hour, causes, weather; and the list of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gridsim.report.figures import svg
from gridsim.report.figures.columns import RunLike, series_of, summed, times_of
from gridsim.report.figures.frequency_figures import frequency, frequency_trace
from gridsim.report.figures.site_figures import heat_by_city, is_nuclear_supply_hurt, nuclear_supply
from gridsim.report.figures.stock_figures import fuel_days, gas_and_stocks, gas_pressures
from gridsim.report.figures.svg import Chart, Figure

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
_SHOWN = 8  # causes, classes and oblasts each
_FULL = 0.9995  # of the limit of a section
_POSITIVE = 0.05


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


def section_loading(run: RunLike) -> Figure | None:
    """Flow over limit of the fullest named sections; None of a network without any."""
    rows = run.tables["interfaces"]
    if not len(rows["name"]):
        return None
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


def _zones(run: RunLike) -> list[str]:
    zones = run.tables["zones"]
    names = [name for name in np.unique(zones["name"]).tolist() if name != "external"]
    return names if len(names) > 1 else []


class _Entry(NamedTuple):
    """A figure of a run. ``tells``: something happened that it shows; ``absent``: words where it draws nothing."""

    make: Callable[[RunLike], Figure | None]
    tells: Callable[[RunLike], bool]
    absent: str = ""


_ENTRIES = (
    _Entry(lambda run: supply_stack(run), lambda _: True),
    _Entry(worst_hour_waterfall, lambda _: True),
    _Entry(unserved_by, lambda _: True, "unserved energy (nothing was cut)"),
    _Entry(section_loading, lambda run: _any_full(run), "sections (the network names none)"),
    _Entry(heat_by_city, lambda _: True, "heat by city (no city went without heat, or the network has none)"),
    _Entry(gas_and_stocks, lambda run: _is_short(run, "unserved_gas_mcm"), "gas (no gas network)"),
    _Entry(gas_pressures, lambda run: _is_short(run, "unserved_gas_mcm"), "gas pressures (policy.gas is balance)"),
    _Entry(nuclear_supply, is_nuclear_supply_hurt, "power of nuclear sites (none stands in the network)"),
    _Entry(frequency_trace, lambda _: True, "frequency (no sudden change moved it, or the first minutes are off)"),
    _Entry(frequency, lambda run: bool(np.any(run.tables["frequency"]["shed_mw"] > 0.05))),
    _Entry(wind_and_sun, lambda run: not _is_short(run, "EUE"), "wind and sun (no such plant)"),
    _Entry(weather, lambda run: not _is_short(run, "EUE")),
    _Entry(fuel_days, lambda _: False, "fuel in stock (no stocks)"),
)


def _any_full(run: RunLike) -> bool:
    return bool(np.any(np.asarray(run.tables["interfaces"]["loading"], dtype=float) >= _FULL))


def _is_short(run: RunLike, metric: str) -> bool:
    found = next((e.value for e in run.estimates if e.name == metric and e.scope == "system"), None)
    return (found or 0.0) > _POSITIVE


def run_figures(run: RunLike) -> list[Figure]:
    """Every figure that the run's tables allow, those that show what happened first."""
    return figures_and_absent(run)[0]


def figures_and_absent(run: RunLike) -> tuple[list[Figure], list[str]]:
    """Every figure that the run's tables allow, those that show what happened first; what there is none of, and why."""
    telling: list[Figure] = []
    others: list[Figure] = []
    absent = []
    for entry in _ENTRIES:
        figure = entry.make(run)
        if figure is not None:
            (telling if entry.tells(run) else others).append(figure)
        elif entry.absent:
            absent.append(entry.absent)
    cut = {e.scope.partition(":")[2] for e in run.estimates if e.name == "EUE" and (e.value or 0.0) > _POSITIVE}
    for zone in _zones(run):
        (telling if zone in cut else others).append(supply_stack(run, zone))
    return [*telling, *others], absent
