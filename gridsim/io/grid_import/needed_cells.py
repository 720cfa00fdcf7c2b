"""Cells of a pandapower net that no power flow does without: numbers that are there, buses that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from gridsim.errors import Problem
from gridsim.io.grid_import.cells import names, number

#: Columns of numbers by table, and what to give.
NUMBERS = {
    "bus": {"vn_kv": "kV"},
    "line": {"length_km": "km", "r_ohm_per_km": "ohm/km", "x_ohm_per_km": "ohm/km", "c_nf_per_km": "nF/km"},
    "trafo": {"sn_mva": "MVA", "vn_hv_kv": "kV", "vn_lv_kv": "kV", "vk_percent": "%", "vkr_percent": "%"},
    "trafo3w": {
        column.format(side): unit
        for side in ("hv", "mv", "lv")
        for column, unit in (("sn_{}_mva", "MVA"), ("vn_{}_kv", "kV"), ("vk_{}_percent", "%"), ("vkr_{}_percent", "%"))
    },
    "impedance": {"sn_mva": "MVA", "rft_pu": "pu", "xft_pu": "pu"},
    "load": {"p_mw": "MW", "q_mvar": "Mvar"},
    "sgen": {"p_mw": "MW", "q_mvar": "Mvar"},
    "gen": {"p_mw": "MW", "vm_pu": "pu"},
    "ext_grid": {"vm_pu": "pu"},
    "storage": {"p_mw": "MW", "q_mvar": "Mvar"},
    "shunt": {"p_mw": "MW", "q_mvar": "Mvar"},
    "motor": {"pn_mech_mw": "MW", "efficiency_percent": "%", "cos_phi": "a number"},
    "dcline": {"p_mw": "MW", "vm_from_pu": "pu", "vm_to_pu": "pu"},
}
#: Columns that name a bus.
ENDS = ("bus", "from_bus", "to_bus", "hv_bus", "mv_bus", "lv_bus")
#: Tables whose elements stand at buses.
AT_BUSES = (*NUMBERS, "ward", "xward", "asymmetric_load", "asymmetric_sgen", "switch")


def unusable_cells(net: Any, drop: frozenset[str]) -> Iterator[Problem]:
    """A problem per element in service that lacks a number, or stands at a bus that the net has not."""
    buses = {int(index) for index in net.bus.index}
    for table in AT_BUSES:
        if table not in net or table in drop or not len(net[table]):
            continue
        rows, own = net[table], names(net[table], table)
        for at, column, what, mend in _of_table(rows, NUMBERS.get(table, {}), buses):
            index = int(rows.index[at])
            mend = f"{mend}, or leave out: --drop {table}" if table != "bus" else mend
            yield Problem(f"<net.{table}>", index + 2, column, f"'{own[index]}': {what}", mend)


def _of_table(rows: Any, numbers: Mapping[str, str], buses: Set[int]) -> Iterator[tuple[int, str, str, str]]:
    """(position, column, what is wrong, what to give) of the cells of one table."""
    on = np.flatnonzero(rows["in_service"].to_numpy(dtype=bool)) if "in_service" in rows else np.arange(len(rows))
    for column, unit in numbers.items():
        cells = rows[column].tolist() if column in rows else None
        for at in on.tolist():
            if cells is None or number(cells[at]) is None:
                yield at, column, "column missing" if cells is None else "no number", f"give {unit}"
    for column in ENDS:
        for at, bus in enumerate(rows[column].tolist() if column in rows else ()):
            if number(bus) is None or int(bus) not in buses:
                yield at, column, f"no bus {bus}", "give a bus of the net"
