"""Stores, DC lines and devices that hold a voltage by their reactive power alone."""

from __future__ import annotations

from gridsim.io.grid_import.cells import Cells, number, number_or
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.machines import UNLIMITED_MVAR, Machine, add_fixed, add_load, add_machine


def add_storages(draft: Draft) -> None:
    """Stores; one without energy is what it does now, and reactive power is a machine of its own."""
    for _, row, name in draft.elements("storage"):
        scaling, on = number_or(row.get("scaling"), 1.0), draft.on(row, row["bus"])
        p_mw, q_mvar = number_or(row["p_mw"], 0.0) * scaling, number_or(row["q_mvar"], 0.0) * scaling
        energy = number_or(row.get("max_e_mwh"), 0.0)
        if energy <= 0.0:
            add_load(draft, "storage", name, row["bus"], (p_mw, q_mvar), on)
            draft.restated("storage", name, "no energy given: a load or a machine of its power", "its store")
            continue
        if q_mvar != 0.0:
            add_fixed(draft, Machine("storage", name, f"{name} reactive", row["bus"], 0.0, on, {}), -q_mvar)
            draft.restated("storage", name, "reactive power as a machine beside it")
        own = draft.unique("storages", name, f"storage_{name}")
        draft.add(
            "storages",
            {
                "name": own,
                "bus": draft.bus(row["bus"]),
                "p_charge_mw": max(number_or(row.get("max_p_mw"), 0.0), p_mw, 0.0),
                "p_discharge_mw": max(-number_or(row.get("min_p_mw"), 0.0), -p_mw, 0.0),
                "energy_mwh": energy,
                "energy_start_share": min(max(number_or(row.get("soc_percent"), 0.0) / 100.0, 0.0), 1.0),
                "in_service": on,
            },
        )
        draft.storage_mw[own] = -p_mw


def add_dc_lines(draft: Draft) -> None:
    """A DC line holds the voltage at both ends; its power is fixed: a load where it enters, a machine where it leaves.

    The machine must run at its full power, so that dispatch does not change what the line carries.
    """
    for _, row, name in draft.elements("dcline"):
        on = draft.on(row, row["from_bus"], row["to_bus"])
        p_mw, into = abs(number_or(row["p_mw"], 0.0)), number_or(row["p_mw"], 0.0)
        out_mw = p_mw * (1.0 - number_or(row["loss_percent"], 0.0) / 100.0) - number_or(row["loss_mw"], 0.0)
        # pandapower feeds p_mw less losses into to_bus if p_mw is positive, into from_bus if not
        power = {"from": -p_mw, "to": out_mw} if into > 0.0 else {"from": out_mw, "to": -p_mw}
        for end in ("from", "to"):
            q = [number(row.get(f"{side}_q_{end}_mvar")) for side in ("min", "max")]
            low, high = (-UNLIMITED_MVAR if q[0] is None else q[0]), (UNLIMITED_MVAR if q[1] is None else q[1])
            if low >= high:
                low, high = -UNLIMITED_MVAR, UNLIMITED_MVAR
            columns: Cells = {
                "q_min_mvar": max(low, -UNLIMITED_MVAR),
                "q_max_mvar": min(high, UNLIMITED_MVAR),
                "vm_pu": float(row[f"vm_{end}_pu"]),
            }
            if power[end] > 0.0:
                columns |= {"p_max_mw": power[end], "p_min_mw": power[end], "must_run": True}
            machine = Machine("dcline", name, f"{name} {end}", row[f"{end}_bus"], power[end], on, columns)
            add_machine(draft, machine)
        draft.restated("dcline", name, "a load at one end, a machine that must run at the other; both hold voltage")
