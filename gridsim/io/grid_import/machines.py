"""External grids, generators and static generators, and what consumes as a machine."""

from __future__ import annotations

from typing import Any, NamedTuple

from gridsim.io.grid_import.cells import Cells, number, number_or, true
from gridsim.io.grid_import.costs import add_cost
from gridsim.io.grid_import.draft import CLASS, Draft
from gridsim.io.grid_import.report import Fate

GOVERNOR_DROOP_PU = 0.05
UNLIMITED_MVAR = 1e4
UNLIMITED_MW = 1e5
TWIN = " (fixed reactive power)"  # how the export names the static generator that stands for a machine
LOWEST_POWER_FACTOR = 0.31


class Machine(NamedTuple):
    """A machine's output and place; ``columns`` beyond them and the ``curve`` of its cost, ``table`` and ``element`` of
    the source.
    """

    table: str
    element: str
    name: str
    bus: Any
    p_mw: float
    on: bool
    columns: Cells


def add_machine(draft: Draft, machine: Machine) -> None:
    """Append a machine. What consumes is a load beside one at 0 MW."""
    p_mw = machine.p_mw
    columns = dict(machine.columns)
    curve = columns.pop("curve", None)
    external = columns.pop("external", False)
    name = draft.unique("generators", machine.name, f"{machine.table}_{machine.name}")
    if p_mw < 0.0 and not external:
        add_load(draft, machine.table, f"{name} consumption", machine.bus, (-p_mw, 0.0), machine.on)
        draft.restated(machine.table, machine.element, "consumes: a load and a machine at 0 MW")
        p_mw = 0.0
    p_max = columns.pop("p_max_mw", p_mw)
    p_max = max(p_max, 0.0) if external else max(p_max, p_mw, 0.0)  # a slack may give more than its limit says
    draft.add(
        "generators",
        {
            "name": name,
            "bus": draft.bus(machine.bus),
            "fuel": "other",
            "installed_mw": p_max,
            "p_max_mw": p_max,
            "p_min_mw": 0.0,
            "cost_per_mwh": 0.0,
            "in_service": machine.on,
            **columns,
        },
    )
    draft.point_mw[name] = p_mw
    if curve is not None:
        add_cost(draft, draft.tables["generators"][-1], curve)


def add_fixed(draft: Draft, machine: Machine, q_mvar: float) -> None:
    """Append a machine that gives a fixed reactive power."""
    add_machine(draft, machine._replace(columns={**machine.columns, "q_min_mvar": q_mvar, "q_max_mvar": q_mvar}))


def add_load(draft: Draft, table: str, name: str, bus: Any, power: tuple[float, float], on: bool) -> None:
    """Append a demand of (MW, Mvar); the part that no power factor tells becomes a machine of fixed reactive power."""
    p_mw, q_mvar = power
    factor = p_mw / (p_mw**2 + q_mvar**2) ** 0.5 if p_mw > 0.0 else 0.0
    if p_mw > 0.0 or q_mvar == 0.0:
        plain = q_mvar == 0.0 or (q_mvar > 0.0 and factor > LOWEST_POWER_FACTOR)
        if p_mw >= 0.0:
            draft.add(
                "loads",
                {
                    "name": draft.unique("loads", name, f"{table}_{name}"),
                    "bus": draft.bus(bus),
                    "p_mw": p_mw,
                    "power_factor": factor if plain and p_mw > 0.0 else 1.0,
                    "load_class": CLASS,
                    "in_service": on,
                },
            )
        if plain and p_mw >= 0.0:
            return
    source = Machine(table, name, f"{name} reactive", bus, max(-p_mw, 0.0), on, {})
    add_fixed(draft, source, -q_mvar)
    how = (
        "feeds in: a machine of fixed power"
        if p_mw < 0.0
        else ("capacitive or nearly reactive: a machine of fixed reactive power beside the load")
    )
    draft.restated(table, name, how)


def add_sources(draft: Draft) -> None:
    """External grids, then generators; those that take an imbalance in the net have a governor, the others none.

    Slack sources give what the net's own power flow finds for them.
    """
    sources = [(table, *element) for table in ("ext_grid", "gen") for element in draft.elements(table)]
    wide = {draft.bus(row["bus"]) for _, _, row, _ in sources if draft.on(row, row["bus"]) and _has_range(row)}
    for table, index, row, name in sources:
        _add_source(draft, table, index, row, name, draft.bus(row["bus"]) in wide)


def _reactive_range(row: Cells) -> tuple[float, float]:
    low, high = number(row.get("min_q_mvar")), number(row.get("max_q_mvar"))
    return (
        max(-UNLIMITED_MVAR, low) if low is not None else -UNLIMITED_MVAR,
        min(UNLIMITED_MVAR, high) if high is not None else UNLIMITED_MVAR,
    )


def _has_range(row: Cells) -> bool:
    low, high = _reactive_range(row)
    return low < high


def _add_source(draft: Draft, table: str, index: int, row: Cells, name: str, held_by_another: bool) -> None:
    external = table == "ext_grid"
    slack = external or true(row.get("slack"))
    p_mw = 0.0 if external else number_or(row["p_mw"], 0.0) * number_or(row.get("scaling"), 1.0)
    if slack and draft.solved is not None and draft.solved[f"res_{table}"]["p_mw"].get(index) is not None:
        p_mw = number_or(draft.solved[f"res_{table}"]["p_mw"].get(index), p_mw)
    governed = slack or number_or(row.get("slack_weight"), 0.0) > 0.0
    p_max, p_min = number(row.get("max_p_mw")), number_or(row.get("min_p_mw"), 0.0)
    total_mw = sum(load["p_mw"] for load in draft.tables["loads"] if load["in_service"])
    if not p_max or p_max <= 0.0:
        p_max = max(total_mw, 1.0) if external else max(p_mw, 0.0)
        if external:
            how = "no limit given: all the load of the net"
            draft.report.add(Fate.ASSUMED, table, name, how, f"{p_max:g} MW")
    p_min = min(max(p_min, 0.0), p_max)
    if number_or(row.get("va_degree"), 0.0) != 0.0 and len(draft.net.ext_grid) > 1:
        draft.restated(table, name, "its voltage angle is left to the power flow, which its solved output fixes")
    q_low, q_high = _reactive_range(row)
    if q_low > q_high or (
        q_low == q_high and not held_by_another
    ):  # a range of a point would be a machine that holds no voltage
        draft.restated(table, name, "reactive range of a point, which holds no voltage: widened", "0.002 Mvar")
        q_low, q_high = q_low - 1e-3, q_low + 1e-3
    sn_mva = number(row.get("sn_mva"))
    add_machine(
        draft,
        Machine(
            table,
            name,
            name,
            row["bus"],
            p_mw,
            draft.on(row, row["bus"]),
            {
                "p_max_mw": min(p_max, UNLIMITED_MW),
                "p_min_mw": p_min,
                "q_min_mvar": q_low,
                "q_max_mvar": q_high,
                "sn_mva": sn_mva if sn_mva and sn_mva > 0.0 else None,
                "vm_pu": float(row["vm_pu"]),
                "droop_pu": GOVERNOR_DROOP_PU if governed else None,
                "external": external or (slack and draft.solved is not None),
                "curve": draft.costs.get((table, index)),
            },
        ),
    )


def add_static(draft: Draft) -> None:
    """Static generators and their own limits; the twin that the export makes of each machine is that machine."""
    machines = {row["name"]: row for row in draft.tables["generators"]}
    for index, row, name in draft.elements("sgen"):
        scaling = number_or(row.get("scaling"), 1.0)
        p_mw, q_mvar = number_or(row["p_mw"], 0.0) * scaling, number_or(row["q_mvar"], 0.0) * scaling
        on = draft.on(row, row["bus"])
        twin = machines.get(name.removesuffix(TWIN)) if name.endswith(TWIN) else None
        if twin is not None:
            if on:
                twin |= {"q_min_mvar": q_mvar, "q_max_mvar": q_mvar, "in_service": True}
                draft.point_mw[twin["name"]] = p_mw
            continue
        columns: Cells = {"curve": draft.costs.get(("sgen", index))}
        p_max = number(row.get("max_p_mw"))
        if p_max is not None and p_max > p_mw >= 0.0:
            columns["p_max_mw"] = p_max
            columns["p_min_mw"] = min(max(number_or(row.get("min_p_mw"), 0.0), 0.0), p_mw)
        add_fixed(draft, Machine("sgen", name, name, row["bus"], p_mw, on, columns), q_mvar)
    for _, row, name in draft.elements("asymmetric_sgen"):
        power = three_phases(row)
        machine = Machine("asymmetric_sgen", name, name, row["bus"], power[0], draft.on(row, row["bus"]), {})
        add_fixed(draft, machine, power[1])
        draft.restated("asymmetric_sgen", name, "sum of its phases", "their unbalance")


def three_phases(row: Cells) -> tuple[float, float]:
    """(MW, Mvar) of an unbalanced element: the sum of its phases."""
    scaling = number_or(row.get("scaling"), 1.0)
    return (
        scaling * sum(number_or(row.get(f"p_{phase}_mw"), 0.0) for phase in "abc"),
        scaling * sum(number_or(row.get(f"q_{phase}_mvar"), 0.0) for phase in "abc"),
    )
