"""Costs of machines: a price per MWh for each, and blocks where it rises with the output."""

from __future__ import annotations

import json

from gridsim.io.grid_import.cells import Cells, names, number_or, records
from gridsim.io.grid_import.cost_curves import QUADRATIC_BLOCKS, SAME, Curve, mean_slope, rising
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.report import Fate

LARGEST_COST = 1e5
SOURCES = ("ext_grid", "gen", "sgen")


def machine_costs(draft: Draft) -> dict[tuple[str, int], Curve]:
    """Costs by (table, index)."""
    found: dict[tuple[str, int], Curve] = {}
    for table in ("poly_cost", "pwl_cost"):
        if table not in draft.net or table in draft.drop:
            continue
        for _, row in records(draft.net[table]):
            key = str(row["et"]), int(row["element"])
            if key[0] not in SOURCES or key[1] not in draft.net[key[0]].index:
                draft.report.add(Fate.LEFT_OUT, table, f"{key[0]} {key[1]}", "only machines have costs")
                continue
            curve = Curve(table, names(draft.net[key[0]], key[0])[key[1]])
            if table == "poly_cost":
                linear, quadratic = (
                    number_or(row.get("cp1_eur_per_mw"), 0.0),
                    number_or(row.get("cp2_eur_per_mw2"), 0.0),
                )
                found[key] = curve._replace(linear=linear, quadratic=quadratic)
            else:
                points = json.loads(row["points"]) if isinstance(row["points"], str) else row["points"]
                pieces = tuple((float(begin), float(end), float(slope)) for begin, end, slope in points)
                found[key] = curve._replace(pieces=pieces)
    return found


def add_cost(draft: Draft, machine: Cells, curve: Curve) -> None:
    """Give a machine its mean cost between least and largest output, and blocks where the cost rises.

    The account tells what stands otherwise than in the source.
    """
    low, high = float(machine["p_min_mw"]), float(machine["p_max_mw"])
    given = curve.blocks(low, high)
    inside = [block._replace(slope=min(max(block.slope, 0.0), LARGEST_COST)) for block in given]
    cut = max(abs(a.slope - b.slope) for a, b in zip(inside, given, strict=True))
    if cut > 0.0:
        draft.restated(curve.table, curve.element, "cost outside the format's range cut to it", (cut, "per MWh"))
    blocks, off = rising(inside)
    machine["cost_per_mwh"] = mean_slope(blocks, low)
    if off > SAME:
        draft.restated(curve.table, curve.element, "cost that falls with the output: its convex hull", (off, "per MWh"))
    if len(blocks) == 1:
        return
    if curve.pieces:
        draft.restated(curve.table, curve.element, "piecewise linear cost as blocks")
    else:
        how = f"quadratic cost as {QUADRATIC_BLOCKS} blocks of equal width"
        draft.restated(curve.table, curve.element, how, (curve.error(low, high), "per MWh"))
    for block in blocks:
        width_mw = round(block.end - block.begin, 9)
        draft.add("cost_blocks", {"generator": machine["name"], "p_mw": width_mw, "cost_per_mwh": block.slope})
