"""Loads, machines, batteries, shunts, compensators and HVDC links of pypowsybl as loads, machines and shunts."""

from __future__ import annotations

import math

from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.machines import (
    GOVERNOR_DROOP_PU,
    UNLIMITED_MVAR,
    UNLIMITED_MW,
    Machine,
    add_fixed,
    add_load,
    add_machine,
)
from gridsim.io.grid_import.powsybl_draft import PowsyblDraft, finite
from gridsim.io.grid_import.report import Fate
from gridsim.io.grid_import.shunt_parts import Admittance

FUELS = {"HYDRO": "hydro", "NUCLEAR": "nuclear", "WIND": "wind", "SOLAR": "solar"}


def add_injections(draft: PowsyblDraft) -> None:
    """Elements that draw or feed at a bus."""
    for name, row in draft.frame("loads"):
        bus = draft.at("loads", name, row)
        if bus is not None:
            add_load(draft, "loads", name, bus, (float(row["p0"]), float(row["q0"])), draft.supplied[bus])
            draft.report.add(Fate.EXACT, "loads", name, "as it is")
    for name, row in draft.frame("generators"):
        _add_generator(draft, name, row)
    for name, row in draft.frame("batteries"):
        bus = draft.at("batteries", name, row)
        if bus is not None:
            machine = Machine("batteries", name, name, bus, float(row["target_p"]), draft.supplied[bus], {})
            add_fixed(draft, machine, float(row["target_q"]))
            draft.restated("batteries", name, "no energy given: a load or a machine of its power", "its store")
    for name, row in draft.frame("shunt_compensators"):
        _add_shunt(draft, name, row)
    for name, row in draft.frame("static_var_compensators"):
        _add_compensator(draft, name, row)
    _add_boundary_power(draft)
    _add_links(draft)


def _held(draft: PowsyblDraft, table: str, name: str, row: Cells, bus: int) -> float:
    """Voltage that a machine holds at its own bus: its target, or what the power flow has there for another's sake."""
    vn_kv, own = draft.nominal_kv(bus), draft.bus(bus)
    regulated = draft.position.get(str(row["regulated_bus_id"]), bus)
    if regulated == bus:
        return float(row["target_v"]) / vn_kv
    local = finite(row.get("equivalent_local_target_v"), math.nan)
    vm_pu = draft.vm_pu[own] if draft.is_solved else local / vn_kv
    vm_pu = float(row["target_v"]) / draft.nominal_kv(regulated) if not math.isfinite(vm_pu) else vm_pu
    draft.restated(table, name, "holds the voltage of another bus: that of its own in the power flow", "when it moves")
    return vm_pu


def _reactive(row: Cells) -> tuple[float, float]:
    low = finite(row.get("min_q_at_target_p"), -UNLIMITED_MVAR)
    high = finite(row.get("max_q_at_target_p"), UNLIMITED_MVAR)
    return max(low, -UNLIMITED_MVAR), min(high, UNLIMITED_MVAR)


def _add_generator(draft: PowsyblDraft, name: str, row: Cells) -> None:
    bus = draft.at("generators", name, row)
    if bus is None:
        return
    solved = finite(row.get("p"), math.nan)
    p_mw = -solved if draft.is_solved and math.isfinite(solved) else float(row["target_p"])
    p_max = min(max(float(row["max_p"]), p_mw, 0.0), UNLIMITED_MW)
    columns: Cells = {
        "fuel": FUELS.get(str(row["energy_source"]), "other"),
        "p_max_mw": p_max,
        "p_min_mw": min(max(float(row["min_p"]), 0.0), p_max),
        "sn_mva": sn_mva if 0.0 < (sn_mva := finite(row.get("rated_s"), 0.0)) < UNLIMITED_MW else None,
    }
    low, high = _reactive(row)
    holds = bool(row["voltage_regulator_on"]) and low < high
    if holds:
        vm_pu = _held(draft, "generators", name, row, bus)
        if not 0.8 < vm_pu < 1.2:
            mend = "give a target between 0.8 and 1.2 of the nominal voltage"
            draft.refuse("generators", name, f"holds {vm_pu:.3f} pu", mend)
            return
        columns |= {"q_min_mvar": low, "q_max_mvar": high, "vm_pu": vm_pu, "droop_pu": GOVERNOR_DROOP_PU}
        add_machine(draft, Machine("generators", name, name, bus, p_mw, draft.supplied[bus], columns))
    else:
        q_mvar = low if row["voltage_regulator_on"] else float(row["target_q"])
        add_fixed(draft, Machine("generators", name, name, bus, p_mw, draft.supplied[bus], columns), q_mvar)
    moved = abs(p_mw - float(row["target_p"]))
    if moved > 1e-3:
        draft.restated("generators", name, "output of the power flow, which shares the imbalance", (moved, "MW"))
    else:
        draft.report.add(Fate.EXACT, "generators", name, "as it is")


def _add_shunt(draft: PowsyblDraft, name: str, row: Cells) -> None:
    bus = draft.at("shunt_compensators", name, row)
    if bus is None:
        return
    draft.add_shunt(
        name, draft.bus(bus), Admittance.of(complex(row["g"], row["b"]), draft.nominal_kv(bus)), draft.supplied[bus]
    )
    if row["voltage_regulation_on"]:
        draft.restated("shunt_compensators", name, "at its section, not switched with the voltage", "when it moves")
    else:
        draft.report.add(Fate.EXACT, "shunt_compensators", name, "as it is")


def _add_compensator(draft: PowsyblDraft, name: str, row: Cells) -> None:
    bus = draft.at("static_var_compensators", name, row)
    if bus is None:
        return
    mode = str(row["regulation_mode"]) if row.get("regulating", True) else "OFF"
    machine = Machine("static_var_compensators", name, name, bus, 0.0, draft.supplied[bus] and mode != "OFF", {})
    if mode == "VOLTAGE":
        square = draft.nominal_kv(bus) ** 2
        columns: Cells = {
            "q_min_mvar": float(row["b_min"]) * square,
            "q_max_mvar": float(row["b_max"]) * square,
            "vm_pu": _held(draft, "static_var_compensators", name, row, bus),
        }
        add_machine(draft, machine._replace(columns=columns))
    else:
        add_fixed(draft, machine, -finite(row.get("target_q"), 0.0))
    draft.restated("static_var_compensators", name, "a machine at 0 MW", "its limits move with the voltage")


def _add_boundary_power(draft: PowsyblDraft) -> None:
    """Load beyond each boundary line, and generation where that is given."""
    if not draft.boundary:
        return
    generation = {str(row["id"]): row for _, row in draft.plain_frame("boundary_lines_generation")}
    for name, row in draft.frame("boundary_lines"):
        bus = draft.boundary.get(str(row["id"]))
        if bus is None:
            continue
        add_load(draft, "boundary_lines", name, bus, (float(row["p0"]), float(row["q0"])), draft.supplied[bus])
        own = generation.get(str(row["id"]))
        if own is None:
            continue
        machine = Machine(
            "boundary_lines", name, f"{name} beyond", bus, float(own["target_p"]), draft.supplied[bus], {}
        )
        if own["voltage_regulator_on"]:
            columns: Cells = {
                "p_max_mw": min(finite(own["max_p"], UNLIMITED_MW), UNLIMITED_MW),
                "q_min_mvar": -UNLIMITED_MVAR,
                "q_max_mvar": UNLIMITED_MVAR,
                "vm_pu": float(own["target_v"]) / draft.nominal_kv(bus),
            }
            add_machine(draft, machine._replace(columns=columns))
        else:
            add_fixed(draft, machine, finite(own["target_q"], 0.0))


def _add_links(draft: PowsyblDraft) -> None:
    """HVDC links: fixed power, a load where it enters and a machine that must run where it leaves."""
    stations = {
        str(row["id"]): (kind, row)
        for kind in ("vsc_converter_stations", "lcc_converter_stations")
        for _, row in draft.plain_frame(kind)
    }
    for name, row in draft.frame("hvdc_lines"):
        ends = [stations.get(str(row[f"converter_station{side}_id"])) for side in (1, 2)]
        if any(end is None for end in ends):
            draft.refuse("hvdc_lines", name, "has no station at one end", "give both stations")
            continue
        power = _link_mw(draft, row, [float(end[1]["loss_factor"]) / 100.0 for end in ends if end is not None])
        for side, (end, p_mw) in enumerate(zip(ends, power, strict=True), start=1):
            assert end is not None
            kind, station = end
            bus = draft.at("hvdc_lines", f"{name} {side}", station)
            if bus is None:
                continue
            solved = finite(station.get("p"), math.nan)
            p_mw = -solved if draft.is_solved and math.isfinite(solved) else p_mw
            columns: Cells = {"p_max_mw": p_mw, "p_min_mw": p_mw, "must_run": True} if p_mw > 0.0 else {}
            machine = Machine("hvdc_lines", name, f"{name} {side}", bus, p_mw, draft.supplied[bus], columns)
            if kind == "lcc_converter_stations":
                factor = float(station["power_factor"])
                add_fixed(draft, machine, -abs(p_mw) * math.sqrt(max(1.0 / factor**2 - 1.0, 0.0)))
            elif station["voltage_regulator_on"]:
                low, high = _reactive(station)
                vm_pu = _held(draft, "hvdc_lines", name, station, bus)
                add_machine(draft, machine._replace(columns=columns | {
                    "q_min_mvar": low, "q_max_mvar": high, "vm_pu": vm_pu}))  # fmt: skip
            else:
                add_fixed(draft, machine, finite(station["target_q"], 0.0))
        draft.restated("hvdc_lines", name, "a load at one end, a machine that must run at the other")


def _link_mw(draft: PowsyblDraft, row: Cells, losses: list[float]) -> tuple[float, float]:
    """MW fed in at both ends: the rectifier draws the target, the inverter gives what is left of it."""
    target = float(row["target_p"])
    rectifier = 0 if str(row["converters_mode"]).startswith("SIDE_1_RECTIFIER") else 1
    direct = target * (1.0 - losses[rectifier])
    direct -= float(row["r"]) * (direct / float(row["nominal_v"])) ** 2
    given = direct * (1.0 - losses[1 - rectifier])
    return (-target, given) if rectifier == 0 else (given, -target)
