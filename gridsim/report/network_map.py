"""Data of the map of a report: places, outlines, and the course of a run packed as typed arrays."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.report.figures import svg
from gridsim.report.figures.columns import RunLike, summed, times_of
from gridsim.report.figures.run_figures import worst_hour
from gridsim.results.run_records import Columns

OUT_OF_SERVICE = 255
_FUEL_COLOURS = {
    "coal": svg.GREY,
    "gas": svg.ORANGE,
    "hydro": svg.BLUE,
    "wind": svg.SKY,
    "solar": svg.YELLOW,
    "oil": svg.BROWN,
    "nuclear": "#882255",
}
_LOW_PRESSURE = 0.75  # of the pressure at the start; below it a pipe is drawn bold


def packed(values: NDArray[Any], kind: str) -> dict[str, str]:
    """An array as base64 of little-endian ``u1``, ``u2``, ``i2`` or ``f4``."""
    if kind != "f4":
        values = np.clip(np.nan_to_num(np.rint(values)), np.iinfo(f"<{kind}").min, np.iinfo(f"<{kind}").max)
    return {"kind": kind, "base64": base64.b64encode(np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()).decode()}


def matrix(columns: Columns, names: Sequence[str], values: NDArray[Any], starts: NDArray[Any]) -> NDArray[np.float64]:
    """(n_names, n_intervals) of a long table, summed where a name has several rows."""
    position = {name: at for at, name in enumerate(names)}
    row = np.array([position.get(str(name), -1) for name in np.asarray(columns["name"]).tolist()], dtype=np.int64)
    return _spread(row, np.asarray(columns["time_h"]), values, len(names), starts)


def _spread(
    row: NDArray[np.int64], time_h: NDArray[Any], values: NDArray[Any], n_rows: int, starts: NDArray[Any]
) -> NDArray[np.float64]:
    out = np.zeros((n_rows, len(starts)))
    if len(row):
        at = np.clip(np.searchsorted(starts, time_h), 0, len(starts) - 1)
        known = row >= 0
        np.add.at(out, (row[known], at[known]), np.nan_to_num(values)[known])
    return out


def places(system: GridSystem) -> tuple[NDArray[np.float64], bool]:
    """((n_buses, 2) longitude and latitude, True); a layout from the graph, False, where a bus has no coordinates."""
    at = np.column_stack([system.buses.lon, system.buses.lat]).astype(float)
    if np.isfinite(at).all() and len(at) and np.ptp(at, axis=0).max() > 0:
        return at, True
    return graph_layout(len(system.buses), system.branch_from, system.branch_to), False


def graph_layout(n: int, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """(n, 2) places whose distances follow the number of branches between buses (classical scaling)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import shortest_path

    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n)).tocsr()
    steps = shortest_path(graph, directed=False, unweighted=True)
    finite = steps[np.isfinite(steps)]
    steps[~np.isfinite(steps)] = (float(finite.max()) if len(finite) else 0.0) + 1.0
    centred = -0.5 * (steps**2 - (steps**2).mean(0) - (steps**2).mean(1)[:, None] + (steps**2).mean())
    values, vectors = np.linalg.eigh(centred)
    largest = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))
    largest *= np.where(largest.sum(0) < 0, -1.0, 1.0)  # eigenvectors have no sign of their own
    out = np.zeros((n, 2))
    out[:, : largest.shape[1]] = largest
    return out


def map_data(run: RunLike, log: Sequence[Any], outlines: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Everything the page's map needs; None without the network."""
    system = run.system
    if system is None:
        return None
    at, degrees = places(system)
    starts, _, _ = times_of(run.tables["zones"])
    out: dict[str, Any] = {
        "start": run.start.isoformat(),
        "times": packed(starts, "f4"),
        "degrees": degrees,
        "extent": np.round(at, 3).tolist(),
        "worst_h": worst_hour(run),
        "unserved": np.round(summed(run.tables["zones"], "unserved_mw"), 1).tolist(),
        "events": [
            {"time_h": c.time_h, "component": c.component, "to_state": c.to_state, "cause_id": int(c.cause_id)}
            for c in log
        ],
    }
    out |= _branches(run, system, at, starts)
    out |= _plants(run, system, at, starts)
    out |= _gas(run, system, starts) if degrees else _no_gas()
    out |= _outlines(run, outlines if degrees else None, starts)
    out["broken_pipes"] = _broken(log)
    return out


def _branches(run: RunLike, system: GridSystem, at: NDArray[Any], starts: NDArray[Any]) -> dict[str, Any]:
    names = system.branch_name.tolist()
    n_lines = len(system.lines)
    lines = run.tables["lines"]
    percent = matrix(lines, names, np.minimum(np.asarray(lines["loading_percent"], dtype=float), 250.0), starts)
    on = matrix(lines, names, np.asarray(lines["in_service"], dtype=float), starts)
    percent[on < 0.5] = OUT_OF_SERVICE
    rows, shown = [], []
    for number, (name, first, second) in enumerate(
        zip(names, system.branch_from.tolist(), system.branch_to.tolist(), strict=True)
    ):
        planned = not system.branch_in_service[number] and on[number].max(initial=0.0) < 0.5
        if not planned and (number < n_lines or not np.allclose(at[first], at[second])):
            kind = "lines" if number < n_lines else "transformers"
            ends = np.round(at[[first, second]], 3).tolist()
            kv = float(system.buses.vn_kv[first])
            rows.append({"id": f"{kind}:{name}", "from": ends[0], "to": ends[1], "kv": kv})
            shown.append(number)
    return {"lines": rows, "loading": packed(percent[shown].ravel(), "u1")}


def _plants(run: RunLike, system: GridSystem, at: NDArray[Any], starts: NDArray[Any]) -> dict[str, Any]:
    machines = run.tables["generators"]
    plants = list(system.plants)
    position = {plant: number for number, plant in enumerate(plants)}
    row = np.array([position.get(plant, -1) for plant in np.asarray(machines["plant"]).tolist()], dtype=np.int64)
    output = _spread(
        row, np.asarray(machines["time_h"]), np.asarray(machines["p_mw"], dtype=float), len(plants), starts
    )
    rows = []
    for plant in plants:
        own = system.generators_of(plant)
        of_plant = system.generators
        largest = own[np.argmax(of_plant.p_max_mw[own])]
        fuel = str(of_plant.fuel[largest])
        rows.append(
            {
                "id": f"plant:{plant}",
                "title": f"{fuel}, {float(of_plant.p_max_mw[own].sum()):,.0f} MW",
                "at": np.round(at[of_plant.bus[largest]], 3).tolist(),
                "mw": float(of_plant.p_max_mw[own].sum()),
                "fuel": fuel if fuel in _FUEL_COLOURS else "other",
                "colour": _FUEL_COLOURS.get(fuel, svg.PINK),
            }
        )
    largest_mw = max((row["mw"] for row in rows), default=1.0) or 1.0
    return {"plants": rows, "output": packed(output.ravel(), "u2"), "largest_mw": largest_mw}


def _no_gas() -> dict[str, Any]:
    nothing = packed(np.zeros(0), "u2")
    return {
        "pipes": [],
        "pressure": nothing,
        "flow": None,
        "largest_flow": 1.0,
        "cities": [],
        "cut": nothing,
        "largest_cut": 1,
    }


def _gas(run: RunLike, system: GridSystem, starts: NDArray[Any]) -> dict[str, Any]:
    nodes, pipes, gas = system.gas_nodes, system.gas_pipelines, run.tables["gas"]
    at = np.column_stack([nodes.lon, nodes.lat]).astype(float)
    if not len(nodes) or not np.isfinite(at).all():
        return _no_gas()
    names = nodes.name.tolist()
    bar = matrix(gas, names, np.asarray(gas["pressure_bar"], dtype=float), starts)
    cut = matrix(
        gas, names, np.asarray(gas["cut_households_mcm_per_d"]) + np.asarray(gas["cut_heating_mcm_per_d"]), starts
    )
    rows, pressure, shown, titles = [], [], [], nodes.title
    columns = (pipes.name.tolist(), pipes.from_node.tolist(), pipes.to_node.tolist(), pipes.in_service.tolist())
    for name, first, second, built in zip(*columns, strict=True):
        if not built:
            continue
        ends = np.round(at[[first, second]], 3).tolist()
        mean = (bar[first] + bar[second]) / 2.0
        low = round(_LOW_PRESSURE * float(mean[0]), 2) if len(mean) else 0.0
        row = {"id": f"gas_pipelines:{name}", "from": ends[0], "to": ends[1], "kv": 0, "low": low}
        rows.append({**row, "ends": [str(titles[first] or names[first]), str(titles[second] or names[second])]})
        pressure.append(100.0 * mean)
        shown.append(name)
    short = np.flatnonzero(cut.max(axis=1, initial=0.0) > 0.005)
    cities = [{"id": f"city:{names[node]}", "at": np.round(at[node], 3).tolist()} for node in short.tolist()]
    return {
        "pipes": rows,
        "pressure": packed(np.array(pressure).ravel(), "u2"),
        **_flows(run, shown, starts),
        "cities": cities,
        "cut": packed(100.0 * cut[short].ravel(), "u2"),
        "largest_cut": max(float(100.0 * cut.max(initial=0.0)), 1.0),
    }


def _flows(run: RunLike, pipes: Sequence[str], starts: NDArray[Any]) -> dict[str, Any]:
    """Flow of each pipe over time; none of a run folder that keeps no flows."""
    if "gas_flows" not in run.tables or not len(run.tables["gas_flows"]["name"]):
        return {"flow": None, "largest_flow": 1.0}
    table = run.tables["gas_flows"]
    flow = matrix(table, pipes, np.asarray(table["flow_mcm_per_d"], dtype=float), starts)
    return {"flow": packed(100.0 * flow.ravel(), "i2"), "largest_flow": max(float(np.abs(flow).max(initial=0.0)), 0.1)}


def _outlines(run: RunLike, outlines: Mapping[str, Any] | None, starts: NDArray[Any]) -> dict[str, Any]:
    regions = list(outlines["regions"]) if outlines else []
    short = run.tables["shortfall"]
    region_of = {oblast: number for number, region in enumerate(regions) for oblast in region["oblasts"]}
    row = np.array([region_of.get(str(name), -1) for name in np.asarray(short["oblast"]).tolist()], dtype=np.int64)
    unserved = np.asarray(short["unserved_mw"], dtype=float)
    shortage = _spread(row, np.asarray(short["time_h"]), unserved, len(regions), starts)
    zone_of = dict(zip(np.asarray(short["oblast"]).tolist(), np.asarray(short["zone"]).tolist(), strict=True))
    rows = []
    for region in regions:
        zones = [zone_of[oblast] for oblast in region["oblasts"] if oblast in zone_of]
        why = f"zone:{zones[0]}" if zones else ""  # a place is short with its zone
        rows.append({"name": region["name"], "title": region["name"], "rings": region["rings"], "why": why})
    return {
        "regions": rows,
        "countries": list(outlines["countries"]) if outlines else [],
        "shortage": packed(shortage.ravel(), "u2"),
        "largest_shortage": max(float(shortage.max(initial=0.0)), 1.0),
    }


def _broken(log: Sequence[Any]) -> list[dict[str, Any]]:
    """Hours that each gas pipe was out: from a change to anything that is not normal until it is normal again."""
    out: list[dict[str, Any]] = []
    open_at: dict[str, float] = {}
    for change in log:
        if change.component.startswith("gas_pipelines:"):
            if change.to_state != "normal":
                open_at.setdefault(change.component, change.time_h)
            elif change.component in open_at:
                began = open_at.pop(change.component)
                out.append({"id": change.component, "from": began, "to": change.time_h})
    return out + [{"id": name, "from": began, "to": 1e9} for name, began in open_at.items()]
