"""Three areas in a row, a - b - c, with a section between each two: b sends 60 MW to a and 40 MW to c."""

from __future__ import annotations

import copy

import numpy as np

from gridsim.io.read_network import system_from_tables
from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint
from tests.support.cases import Tables

META = {"name": "three_areas", "zones": ["a", "b", "c"], "timezone": "UTC", "reserve_mw": {"a": 0, "b": 0, "c": 0}}


def _machine(name: str, bus: str, p_max_mw: float) -> dict:
    rated = {"installed_mw": p_max_mw, "p_max_mw": p_max_mw, "sn_mva": p_max_mw * 1.2}
    kind = {"fuel": "coal", "technology": "steam", "inertia_h_s": 4, "droop_pu": 0.05, "co2_t_per_mwh": 1.0}
    return {"name": name, "plant": name, "bus": bus, "cost_per_mwh": 10, **rated, **kind}


def _line(name: str, start: str, end: str) -> dict:
    return {"name": name, "from_bus": start, "to_bus": end, "length_km": 100, "r_ohm_per_km": 0.1, "x_ohm_per_km": 0.4}


TABLES: Tables = {
    "buses": [{"name": name, "zone": name, "oblast": name, "vn_kv": 220} for name in "abc"],
    "lines": [_line("ab", "a", "b"), _line("cb", "c", "b")],
    "generators": [
        _machine("a1", "a", 500), _machine("b1", "b", 62.5), _machine("b2", "b", 437.5), _machine("c1", "c", 500)
    ],
    "load_classes": [{"name": "homes", "shed_order": 1, "voll_usd_per_kwh": 5}],
    "loads": [{"name": f"{name}_homes", "bus": name, "p_mw": 300, "load_class": "homes"} for name in "abc"],
    "interfaces": [{"interface": "ab", "line": "ab", "sign": 1}, {"interface": "cb", "line": "cb", "sign": 1}],
}  # fmt: skip


def three_areas(*, beside: bool = False) -> tuple[GridSystem, OperatingPoint]:
    """The system and its point; ``beside``: a second line from a to b that is in no section."""
    tables = copy.deepcopy(TABLES)
    if beside:
        tables["lines"].append(_line("beside", "a", "b"))
    system = system_from_tables(META, tables)
    return system, OperatingPoint(
        p_gen_mw=np.array([240.0, 50.0, 350.0, 260.0]),
        p_border_mw=np.zeros(0),
        p_storage_mw=np.zeros(0),
        p_load_mw=np.full(3, 300.0),
        branch_out=np.zeros(0, dtype=np.int32),
        gen_committed=np.ones(4, dtype=bool),
    )
