"""Costs of machines: a linear one for each, with the largest error of its slope."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from gridsim.io.grid_import.cells import Cells, names, number_or, records
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.report import Fate

LARGEST_COST = 1e5
SOURCES = ("ext_grid", "gen", "sgen")


def machine_costs(draft: Draft) -> Mapping[tuple[str, int], Cells]:
    """Cost columns by (table, index): the mean slope between least and largest output, never below 0."""
    found: dict[tuple[str, int], Cells] = {}
    for table in ("poly_cost", "pwl_cost"):
        if table not in draft.net or table in draft.drop:
            continue
        for _, row in records(draft.net[table]):
            key = str(row["et"]), int(row["element"])
            if key[0] not in SOURCES or key[1] not in draft.net[key[0]].index:
                draft.report.add(Fate.LEFT_OUT, table, f"{key[0]} {key[1]}", "only machines have costs")
                continue
            limits = _limits(draft, key)
            slopes = _poly_slopes(row, limits) if table == "poly_cost" else _pwl_slopes(row["points"], limits)
            found[key] = {"cost_per_mwh": _mean(draft, table, key, slopes)}
    return found


def _limits(draft: Draft, key: tuple[str, int]) -> tuple[float, float]:
    row = draft.net[key[0]].loc[key[1]]
    low = max(number_or(row.get("min_p_mw"), 0.0), 0.0)
    high = number_or(row.get("max_p_mw"), number_or(row.get("p_mw"), low))
    return low, max(high, low)


def _poly_slopes(row: Cells, limits: tuple[float, float]) -> list[tuple[float, float]]:
    """(MW, slope) at both ends of c1 p + c2 p^2."""
    c1, c2 = number_or(row.get("cp1_eur_per_mw"), 0.0), number_or(row.get("cp2_eur_per_mw2"), 0.0)
    low, high = limits
    middle = (low + high) / 2.0
    return [(low, c1 + 2.0 * c2 * low), (middle, c1 + 2.0 * c2 * middle), (high, c1 + 2.0 * c2 * high)]


def _pwl_slopes(points: Any, limits: tuple[float, float]) -> list[tuple[float, float]]:
    """(MW, slope) over the pieces [from MW, to MW, slope], each weighed by its length within the limits."""
    pieces = json.loads(points) if isinstance(points, str) else points
    low, high = limits
    slopes = []
    for begin, end, slope in pieces:
        begin, end = max(float(begin), low), min(float(end), high)
        if end > begin:
            slopes += [(begin, float(slope)), (end, float(slope))]
    return slopes or [(low, float(pieces[0][2]))]


def _mean(draft: Draft, table: str, key: tuple[str, int], slopes: list[tuple[float, float]]) -> float:
    """Mean slope by the trapezoidal rule; the account tells how far the dearest and cheapest MW are from it."""
    span = slopes[-1][0] - slopes[0][0]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2.0 for a, b in itertools.pairwise(slopes))
    mean = area / span if span > 0.0 else slopes[0][1]
    off = max(abs(slope - mean) for _, slope in slopes)
    name = names(draft.net[key[0]], key[0])[key[1]]
    cost = min(max(mean, 0.0), LARGEST_COST)
    if mean != cost:
        draft.restated(table, name, "cost outside the format's range cut to it", (abs(mean - cost), "per MWh"))
    if off > 1e-9:
        draft.restated(table, name, "quadratic or piecewise cost as its mean slope", (off, "per MWh"))
    return cost
