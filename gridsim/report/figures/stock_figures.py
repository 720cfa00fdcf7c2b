"""Figures of what a run has in store: gas in the pipes and its pressure, fuel in yards and tanks."""

from __future__ import annotations

import numpy as np

from gridsim.report.figures import svg
from gridsim.report.figures.columns import RunLike, series_of, summed, times_of
from gridsim.report.figures.svg import Chart, Figure

_SHOWN = 8  # nodes, plants; more lines are not told apart


def gas_and_stocks(run: RunLike) -> Figure | None:
    """Linepack of the gas network; under it what storages give and what does not reach customers at home; or None."""
    gas, short = run.tables["gas"], run.tables["gas_shortfall"]
    if not len(gas["name"]):
        return None
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


def fuel_days(run: RunLike) -> Figure | None:
    """Days of fuel in the yards and tanks that came nearest to empty; None where there are no stocks."""
    fuel = run.tables["fuel"]
    if not len(fuel["name"]):
        return None
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
