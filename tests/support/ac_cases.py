"""Systems for the AC tests: the cases of pandapower.networks, imported once, and a hand-made triangle."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.io.grid_import.imported import import_pandapower, machine_dispatch
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint, base_point

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((ROOT / "tests/data/ac/losses.json").read_text())
CONTRACT_CASES = ("case9", "case14", "case30", "case39", "case57", "case118")
NONE_OUT = np.empty(0, dtype=np.int32)


@functools.cache
def case_net(name: str) -> Any:
    """A net of pandapower.networks, to be read only; reading its file takes a second."""
    import pandapower.networks

    return getattr(pandapower.networks, name)()


def own_net(name: str) -> Any:
    """The same to write to."""
    return copy.deepcopy(case_net(name))


@functools.cache
def case(name: str) -> tuple[GridSystem, OperatingPoint]:
    """The import of a case and the dispatch its net states."""
    net = case_net(name)
    system = import_pandapower(net)
    return system, as_stated(system, machine_dispatch(net, system))


@functools.cache
def kazakhstan() -> tuple[GridSystem, OperatingPoint]:
    system = read_network(ROOT / "networks" / "kazakhstan")
    return system, base_point(system)


@functools.cache
def model(name: str, method: str, q_limits: bool = True) -> AcModel:
    system, point = kazakhstan() if name == "kazakhstan" else case(name)
    return AcModel(system, method, point, q_limits=q_limits)


def as_stated(system: GridSystem, p_gen_mw: Any) -> OperatingPoint:
    """All machines in service synchronised, loads at ``p_mw``, nothing out."""
    return OperatingPoint(
        p_gen_mw=np.asarray(p_gen_mw, dtype=float),
        p_border_mw=np.zeros(len(system.borders)),
        p_storage_mw=np.zeros(len(system.storages)),
        p_load_mw=np.where(system.loads.in_service, system.loads.p_mw, 0.0),
        branch_out=NONE_OUT,
        gen_committed=system.generators.in_service.copy(),
    )


def triangle(**changes: Any) -> GridSystem:
    """Three 220 kV buses A, B, C in a ring; machines a (governor) and b (governor) and c (none); a load of 100 MW at C.

    ``changes``: table name -> rows that replace the table's.
    """
    line = {"length_km": 100.0, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.42, "c_nf_per_km": 8.7, "max_i_ka": 0.5}
    machine = {"fuel": "gas", "installed_mw": 200.0, "p_max_mw": 200.0, "cost_per_mwh": 30.0, "vm_pu": 1.02}
    tables: dict[str, Any] = {
        "buses": [{"name": bus, "zone": "z", "vn_kv": 220.0} for bus in "ABC"],
        "lines": [
            {"name": "AB", "from_bus": "A", "to_bus": "B", **line},
            {"name": "BC", "from_bus": "B", "to_bus": "C", **line},
            {"name": "AC", "from_bus": "A", "to_bus": "C", **line},
        ],
        "generators": [
            {"name": "a", "bus": "A", "droop_pu": 0.05, **machine},
            {"name": "b", "bus": "B", "droop_pu": 0.05, **machine, "p_max_mw": 100.0, "installed_mw": 100.0},
            {"name": "c", "bus": "C", **machine},
        ],
        "loads": [{"name": "town", "bus": "C", "p_mw": 100.0, "power_factor": 0.95, "load_class": "all"}],
        "load_classes": [{"name": "all", "shed_order": 0, "voll_usd_per_kwh": 5.0}],
    }
    return system_from_tables({"name": "triangle", "zones": ["z"]}, tables | changes)


def at(system: GridSystem, p_gen_mw: Any, *, committed: Any = None, out: Any = (), **changes: Any) -> OperatingPoint:
    """The stated operating point with some parts changed."""
    point = as_stated(system, p_gen_mw)._replace(branch_out=np.sort(np.asarray(out, dtype=np.int32)), **changes)
    if committed is not None:
        point = point._replace(gen_committed=np.asarray(committed, dtype=bool))
    return point


def random_states(system: GridSystem, point: OperatingPoint, n: int) -> Iterator[tuple[OperatingPoint, bool]]:
    """States, and whether to forget the last voltages before them.

    Zero to four branches out, up to a fifth of the machines out, load 50-130 %.
    """
    random = np.random.default_rng(20260101)
    for _ in range(n):
        out = random.choice(system.n_branches, random.integers(0, 5), replace=False)
        committed = system.generators.in_service & (random.random(len(system.generators)) > random.uniform(0.0, 0.2))
        scale = random.uniform(0.5, 1.3)
        state = point._replace(
            branch_out=np.sort(out).astype(np.int32),
            gen_committed=committed,
            p_gen_mw=point.p_gen_mw * scale,
            p_load_mw=point.p_load_mw * scale * random.uniform(0.9, 1.1, len(system.loads)),
        )
        yield state, bool(random.random() < 0.5)
