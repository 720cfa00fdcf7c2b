"""Figures of places that depend on the grid: heat of cities, and the power that cools nuclear sites."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.model.table import F8, sum_at
from gridsim.report.figures import svg
from gridsim.report.figures.columns import RunLike, times_of
from gridsim.report.figures.svg import Chart, Figure, short

_CITIES = 8  # more are drawn as one
_SITES = 16
_BELOW_C = 8.0  # of degree_hours_below_8c
_ROW, _STRIP = 30, 16  # px
#: State of a site from best to worst -> words and colour.
_STATES = (
    ("two ways or more", svg.GREEN),
    ("one way", svg.YELLOW),
    ("none, on backup", svg.RED),
    ("none, backup spent", "#a40e26"),
)


def heat_by_city(run: RunLike) -> Figure | None:
    """Heat not delivered by city, and under it how cold the coldest homes become; None where no city lacks heat."""
    if "heat" not in run.tables or not len(run.tables["heat"]["name"]):
        return None
    heat = run.tables["heat"]
    starts, ends, _ = times_of(run.tables["zones"])
    when = np.clip(np.searchsorted(starts, np.asarray(heat["time_h"], dtype=float)), 0, len(starts) - 1)
    names = np.asarray(heat["name"]).astype(str)
    lost = np.asarray(heat["unserved_mw"], dtype=float)
    courses = {
        str(name): sum_at(when[names == name], lost[names == name], len(starts)) for name in np.unique(names).tolist()
    }
    energy = {name: float(course @ (ends - starts)) for name, course in courses.items()}
    order = sorted(courses, key=lambda name: (-energy[name], name))
    layers = [(_words(name), courses[name]) for name in order[:_CITIES]]
    if rest := order[_CITIES:]:
        layers.append((f"{len(rest)} more", np.sum([courses[name] for name in rest], axis=0)))
    span = (float(starts[0]), float(ends[-1]))
    legend = [(label, svg.CYCLE[number]) for number, (label, _) in enumerate(layers)]
    top = 1.08 * max(float(np.sum([course for _, course in layers], axis=0).max()), 1e-3)
    upper = Chart(span, (0.0, top), height=230, y_title="heat not delivered, MW", legend=legend)
    upper.y_axis(4)
    below = np.zeros(len(starts))
    for number, (label, course) in enumerate(layers):
        told = f"{label}: {short(float(course @ (ends - starts)))} MWh of heat"
        upper.band(starts, ends, below, below + course, svg.CYCLE[number], told)
        below = below + course
    upper.time_axis(run.start)
    lower = _indoor(run, order[:_CITIES], when, names, (starts, ends))
    return svg.figure_of(
        [upper.placed(0, 0), lower.placed(0, 230)],
        svg.WIDTH,
        430,
        "heat_by_city",
        "Heat that cities go without, and how cold homes become",
        "Heat asked for and not delivered, by city (table heat); its area is unserved_heat_gwh. Under it the coldest "
        "homes of each city while they lack heat or are still cold, by the middle time constant; dashed: 8 °C.",
    )


def _indoor(
    run: RunLike, cities: list[str], when: NDArray[np.int64], names: NDArray[np.str_], times: tuple[F8, F8]
) -> Chart:
    """Indoor temperature of the coldest homes of each city, a gap where its homes are warm."""
    starts, ends = times
    indoor = np.asarray(run.tables["heat"]["indoor_c"], dtype=float)
    courses = []
    for name in cities:
        course = np.full(len(starts), np.inf)
        np.minimum.at(course, when[names == name], indoor[names == name])
        courses.append(np.where(np.isfinite(course), course, np.nan))
    low = min(float(np.nanmin(course)) for course in courses)
    high = max(float(np.nanmax(course)) for course in courses)
    span = (float(starts[0]), float(ends[-1]))
    chart = Chart(span, (min(low, _BELOW_C) - 1.0, high + 1.0), height=200, y_title="indoors, °C")
    chart.y_axis(4)
    y = chart.py(_BELOW_C)
    chart.rule(chart.px(span[0]), y, chart.px(span[1]), y, svg.RED, ' stroke-dasharray="5 4"')
    for number, course in enumerate(courses):
        chart.steps(starts, ends, course, svg.CYCLE[number])
    chart.time_axis(run.start)
    return chart


def nuclear_supply(run: RunLike) -> Figure | None:
    """Offsite power of each nuclear site over time, and what is left of its backup; None where no site stands."""
    if "nuclear" not in run.tables or not len(run.tables["nuclear"]["name"]):
        return None
    table = run.tables["nuclear"]
    starts, ends, _ = times_of(table)
    names = np.asarray(table["name"]).astype(str)
    sites = sorted(np.unique(names).tolist(), key=lambda name: (*_worst(run, names == name), name))[:_SITES]
    left, right = 150, 200
    legend = list(_STATES)
    chart = Chart(
        (float(starts[0]), float(ends[-1])), (0.0, 1.0), svg.WIDTH, _ROW * len(sites) + 68, left=left, right=right,
        legend=legend,
    )  # fmt: skip
    for number, name in enumerate(sites):
        rows = names == name
        y = 28 + number * _ROW
        chart.text(left - 8, y + 12, _words(name), "end")
        first = np.asarray(table["time_h"], dtype=float)[rows]
        last = first + np.asarray(table["duration_h"], dtype=float)[rows]
        for state, begin, end in _spells(_states(run, rows), first, last):
            told = f"{_words(name)}: {_STATES[state][0]}, {end - begin:g} h"
            chart.box(chart.px(begin), y, chart.px(end) - chart.px(begin), _STRIP, _STATES[state][1], told)
        chart.text(svg.WIDTH - right + 6, y + 12, _told(run, rows))
    chart.time_axis(run.start)
    more = len(np.unique(names)) - len(sites)
    return chart.figure(
        "nuclear_supply",
        "Power that nuclear sites get from the grid",
        "Ways to running machines that share no branch (live_paths of table nuclear): with one, a single loss leaves "
        "the site on its backup. Behind each: hours without offsite power, or its fewest ways, and the least backup "
        f"left (offsite_lost_h, offsite_paths_min, backup_hours_left_min).{f' {more} more are as these.' * (more > 0)}",
    )


def _states(run: RunLike, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Place in ``_STATES`` by interval of the site of these rows."""
    table = run.tables["nuclear"]
    alive = np.asarray(table["alive"], dtype=bool)[rows]
    paths, left = np.asarray(table["live_paths"])[rows], np.asarray(table["backup_left_h"], dtype=float)[rows]
    dead = np.where(left <= 0.0, 3, 2)
    return np.where(alive, np.where(paths > 1, 0, 1), dead).astype(np.int64)


def _spells(states: NDArray[np.int64], first: F8, last: F8) -> list[tuple[int, float, float]]:
    """Runs of equal states as (state, begin, end)."""
    out: list[tuple[int, float, float]] = []
    for state, begin, end in zip(states.tolist(), first.tolist(), last.tolist(), strict=True):
        if out and out[-1][0] == state and abs(out[-1][2] - begin) < 1e-9:
            out[-1] = (state, out[-1][1], end)
        else:
            out.append((state, begin, end))
    return out


def _worst(run: RunLike, rows: NDArray[np.bool_]) -> tuple[float, int]:
    """(hours lost, negative; fewest ways) of a site: the worst site sorts first."""
    table = run.tables["nuclear"]
    dead = ~np.asarray(table["alive"], dtype=bool)[rows]
    return -float(np.asarray(table["duration_h"])[rows][dead].sum()), int(np.asarray(table["live_paths"])[rows].min())


def _told(run: RunLike, rows: NDArray[np.bool_]) -> str:
    lost, fewest = _worst(run, rows)
    left = np.asarray(run.tables["nuclear"]["backup_left_h"], dtype=float)[rows]
    backup = f", backup {short(float(np.nanmin(left)))} h" if np.isfinite(left).any() else ""
    return f"{short(-lost)} h without{backup}" if lost < 0.0 else f"at least {fewest} ways{backup}"


def is_nuclear_supply_hurt(run: RunLike) -> bool:
    """True where a site lost a way to the grid."""
    if "nuclear" not in run.tables:
        return False
    names, paths = np.asarray(run.tables["nuclear"]["name"]), np.asarray(run.tables["nuclear"]["live_paths"])
    return any(np.ptp(paths[names == name]) > 0 for name in np.unique(names))


def _words(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}".replace("_", " ")
