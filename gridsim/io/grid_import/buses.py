"""Buses and zones."""

from __future__ import annotations

from typing import Any

from gridsim.io.grid_import.cells import Cells, number, place, records
from gridsim.io.grid_import.draft import CLASS, Draft
from gridsim.io.grid_import.report import Fate
from gridsim.io.texts import name_fault
from gridsim.model.system import EXTERNAL


def add_buses(draft: Draft) -> None:
    """One bus for all that closed switches join; zones if every bus has a usable one."""
    zones = draft.net.bus.get("zone")
    usable = zones is not None and bool(zones.notna().all())
    usable = usable and not any(name_fault(_zone(zone)) or _zone(zone) == EXTERNAL for zone in zones)
    for index, row in records(draft.net.bus):
        name = draft.bus_names[index]
        if draft.joined[index] != index:
            continue
        entry: Cells = {
            "name": name,
            "zone": _zone(row["zone"]) if usable else CLASS,
            "vn_kv": float(row["vn_kv"]),
            **place(row.get("geo")),
        }
        low, high = number(row.get("min_vm_pu")), number(row.get("max_vm_pu"))
        if low is not None and high is not None and 0.5 < low < min(high, 1.2) and 0.8 < high < 1.5:
            entry |= {"vm_min_pu": low, "vm_max_pu": high}
        draft.add("buses", entry)
    for index, on in draft.bus_on.items():
        if on and not draft.supplied[index]:
            how = "no source reaches it: what stands there is out of service"
            draft.report.add(Fate.RESTATED, "bus", draft.bus_names[index], how)
    if not usable and len(draft.net.bus):
        draft.report.add(Fate.ASSUMED, "bus", f"{len(draft.net.bus)} buses", f"one zone, '{CLASS}'")


def _zone(cell: Any) -> str:
    """Name of a zone; cases number them, and pandas makes floats of the numbers."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
