"""Loads, motors, wards and shunts: what draws power at a bus."""

from __future__ import annotations

from gridsim.io.grid_import.cells import Cells, number_or, true
from gridsim.io.grid_import.draft import CLASS, Draft
from gridsim.io.grid_import.machines import Machine, add_load, add_machine, three_phases
from gridsim.io.grid_import.report import Fate
from gridsim.io.grid_import.series import Series, add_series
from gridsim.io.grid_import.shunt_parts import Admittance
from gridsim.io.grid_import.taps import table_row

VOLL_USD_PER_KWH = 5.0  # of the one class; an assumption, as pandapower has no such number


def add_loads(draft: Draft) -> None:
    """Loads of constant power and impedance, unbalanced ones and motors."""
    for index, row, name in draft.elements("load"):
        scaling, on = number_or(row.get("scaling"), 1.0), draft.on(row, row["bus"])
        p_mw, q_mvar = number_or(row["p_mw"], 0.0) * scaling, number_or(row["q_mvar"], 0.0) * scaling
        current = [part for part in ("p", "q") if number_or(row.get(f"const_i_{part}_percent"), 0.0) != 0.0]
        if current:
            column = f"const_i_{current[0]}_percent"
            draft.problem("load", index, column, f"{row[column]} of constant current", "set it to 0")
            continue
        z_p, z_q = (number_or(row.get(f"const_z_{part}_percent"), 0.0) / 100.0 for part in ("p", "q"))
        if z_p or z_q:
            y = Admittance(p_mw * z_p, q_mvar * z_q)
            draft.add_shunt(f"{name} constant impedance", draft.bus(row["bus"]), y, on)
            draft.restated("load", name, "part of constant impedance as a shunt, which is never shed")
        add_load(draft, "load", name, row["bus"], (p_mw * (1.0 - z_p), q_mvar * (1.0 - z_q)), on)
    for _, row, name in draft.elements("asymmetric_load"):
        add_load(draft, "asymmetric_load", name, row["bus"], three_phases(row), draft.on(row, row["bus"]))
        draft.restated("asymmetric_load", name, "sum of its phases", "their unbalance")
    for _, row, name in draft.elements("motor"):
        scale = number_or(row.get("loading_percent"), 100.0) / 100.0 * number_or(row.get("scaling"), 1.0)
        p_mw = float(row["pn_mech_mw"]) * 100.0 / float(row["efficiency_percent"]) * scale
        q_mvar = p_mw * (1.0 / float(row["cos_phi"]) ** 2 - 1.0) ** 0.5
        add_load(draft, "motor", name, row["bus"], (p_mw, q_mvar), draft.on(row, row["bus"]))
        draft.restated("motor", name, "a load of its electric power")


def check_loads(draft: Draft) -> None:
    """A network has at least one load; where all power is fed in otherwise it is one of 0 MW."""
    draft.add("load_classes", {"name": CLASS, "shed_order": 0, "voll_usd_per_kwh": VOLL_USD_PER_KWH})
    how = f"one load class, value of lost load {VOLL_USD_PER_KWH:g} USD/kWh"
    draft.report.add(Fate.ASSUMED, "load", f"{len(draft.tables['loads'])} loads", how)
    if not draft.tables["loads"]:
        bus = draft.tables["buses"][0]["name"]
        row = {"name": "no load", "bus": bus, "p_mw": 0.0, "load_class": CLASS}
        draft.add("loads", row)
        draft.report.add(Fate.ASSUMED, "load", "no load", "the net has none: one of 0 MW")


def add_wards(draft: Draft) -> None:
    """Wards as a load and a shunt; an extended one also as a machine at 0 MW behind its impedance."""
    for table in ("ward", "xward"):
        for _, row, name in draft.elements(table):
            on = draft.on(row, row["bus"])
            power = number_or(row["ps_mw"], 0.0), number_or(row["qs_mvar"], 0.0)
            if power != (0.0, 0.0):
                add_load(draft, table, name, row["bus"], power, on)
            y = Admittance(number_or(row["pz_mw"], 0.0), number_or(row["qz_mvar"], 0.0))
            draft.add_shunt(name, draft.bus(row["bus"]), y, on)
            if table == "ward":
                draft.restated(table, name, "a load and a shunt")
            else:
                _add_source_behind(draft, name, row, on)


def _add_source_behind(draft: Draft, name: str, row: Cells, on: bool) -> None:
    bus = draft.bus(row["bus"])
    hidden = draft.hidden_bus(f"{name} source", bus, draft.vn_kv[bus])
    z_ohm = complex(row["r_ohm"], row["x_ohm"])
    add_series(draft, "xward", name, Series(name, bus, hidden, z_ohm, None, on))
    position = -1 - len(draft.hidden)
    draft.hidden.append(hidden)
    draft.bus_names[position], draft.joined[position] = hidden, position
    columns: Cells = {"q_min_mvar": -1e4, "q_max_mvar": 1e4, "vm_pu": float(row["vm_pu"])}
    add_machine(draft, Machine("xward", name, f"{name} source", position, 0.0, on, columns))
    draft.restated("xward", name, "a load, a shunt, and a machine at 0 MW behind its impedance")


def add_shunts(draft: Draft) -> None:
    """Shunts at their step."""
    for index, row, name in draft.elements("shunt"):
        bus, step = draft.bus(row["bus"]), number_or(row.get("step"), 1.0)
        scale = (draft.vn_kv[bus] / number_or(row.get("vn_kv"), draft.vn_kv[bus])) ** 2
        if true(row.get("step_dependency_table")):
            found = table_row(draft.net.get("shunt_characteristic_table"), row.get("id_characteristic_table"), step)
            if found is None:
                draft.problem("shunt", index, "id_characteristic_table", f"has no step {step:g}", "add the step")
                continue
            power = Admittance(float(found["p_mw"]) * scale, float(found["q_mvar"]) * scale)
            draft.restated("shunt", name, "characteristic at its step, as fixed data")
        else:
            power = Admittance(number_or(row["p_mw"], 0.0) * step * scale, number_or(row["q_mvar"], 0.0) * step * scale)
        on = draft.on(row, row["bus"])
        if power == (0.0, 0.0):
            draft.add("shunts", {"name": draft.unique("shunts", name), "bus": bus, "q_mvar": 0.0, "in_service": on})
        draft.add_shunt(name, bus, power, on)
