"""pandapower net -> rows of a network folder, its GridSystem, the net's operating point, and the account of it all.

What a network can state exactly is imported exactly, so that the power flow of the import is the net's own; what it
cannot state is refused with a problem per element, never dropped silently.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.grid_import.buses import add_buses
from gridsim.io.grid_import.cells import Cells, names, records
from gridsim.io.grid_import.costs import machine_costs
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.lines import add_impedances, add_lines, add_switches
from gridsim.io.grid_import.loads import add_loads, add_shunts, add_wards, check_loads
from gridsim.io.grid_import.machines import add_sources, add_static
from gridsim.io.grid_import.needed_cells import unusable_cells
from gridsim.io.grid_import.report import Fate, ImportReport
from gridsim.io.grid_import.shifts import shared_out
from gridsim.io.grid_import.storages import add_dc_lines, add_storages
from gridsim.io.grid_import.three_windings import star_windings
from gridsim.io.grid_import.transformers import add_winding, windings
from gridsim.io.read_network import system_from_tables
from gridsim.model.system import GridSystem
from gridsim.model.table import F8

#: Tables with elements, and the network's tables that they become.
ELEMENTS = (
    "bus", "line", "trafo", "trafo3w", "impedance", "switch", "ext_grid", "gen", "sgen", "load", "storage", "shunt",
    "ward", "xward", "motor", "dcline", "asymmetric_load", "asymmetric_sgen",
)  # fmt: skip
REFUSED = {
    "svc": "replace it by a generator at 0 MW with reactive limits",
    "ssc": "replace it by a generator at 0 MW with reactive limits",
    "tcsc": "replace it by a line of its set reactance",
    "vsc": "replace it by generators",
    "b2b_vsc": "replace it by generators",
    "line_dc": "replace it by a dcline",
    "load_dc": "replace it by a load",
    "source_dc": "replace it by a static generator",
}
NO_OUTAGES = "no outages: nothing fails"
#: Tables that change nothing in a power flow of the moment.
WITHOUT_EFFECT = ("controller", "measurement", "group", "q_capability_characteristic", "q_capability_curve_table")


@dataclass(frozen=True)
class Imported:
    """An import. ``tables``: rows by table; ``point_mw`` and ``storage_mw``: output of machines and stores in the net,
    discharge positive; ``bus_degree``: angle by which a bus of the network is counted ahead of the net's; ``vm_pu``:
    the net's own voltages by bus, empty where its power flow did not converge.
    """

    meta: Cells
    tables: dict[str, list[Cells]]
    point_mw: dict[str, float]
    storage_mw: dict[str, float]
    bus_degree: dict[str, float]
    vm_pu: dict[str, float]
    report: ImportReport

    @cached_property
    def system(self) -> GridSystem:
        """The network, checked as a folder is."""
        return system_from_tables(self.meta, self.tables)

    def machine_mw(self) -> F8:
        """(n_gens,) MW that the net gives the machines."""
        return np.array([self.point_mw[name] for name in self.system.generators.name.tolist()])


def import_net(net: Any, name: str = "", drop: Iterable[str] = ()) -> Imported:
    """Import a pandapower net; ``drop``: tables of it that are left out on purpose.

    Raises InputError naming every element that has no equal; places read ``<net.table>:index + 2``.
    """
    dropped = frozenset(drop)
    known = [*ELEMENTS[1:], *REFUSED, "poly_cost", "pwl_cost"]
    wrong = [table for table in dropped if table not in known]
    if wrong:
        raise InputError(
            [Problem("--drop", 0, table, "no table to leave out", nearest(table, known)) for table in wrong]
        )
    unusable = list(unusable_cells(net, dropped))
    if unusable:
        raise InputError(unusable)
    draft = Draft(net, solved_net(net, dropped), dropped)
    if draft.solved is None:
        how = "its own power flow does not converge: slack sources start at 0 MW"
        draft.report.add(Fate.ASSUMED, "net", str(net.name or "net"), how)
    _refuse(draft)
    draft.costs = machine_costs(draft)
    add_buses(draft)
    add_lines(draft)
    add_switches(draft)
    add_impedances(draft)
    add_wards(draft)
    pairs = windings(draft) + star_windings(draft)
    for winding, shift in zip(pairs, shared_out(draft, pairs), strict=True):
        add_winding(draft, winding, shift)
    add_loads(draft)
    add_sources(draft)
    add_static(draft)
    add_dc_lines(draft)
    add_storages(draft)
    add_shunts(draft)
    check_loads(draft)
    if draft.problems:
        raise InputError(draft.problems)
    _account(draft)
    vm = {} if draft.solved is None else draft.solved.res_bus["vm_pu"].to_dict()
    return Imported(
        meta={
            "name": name or str(net.name or "imported"),
            "zones": sorted({row["zone"] for row in draft.tables["buses"]}),
            "f_hz": float(net.f_hz),
            "description": "imported from pandapower",
        },
        tables=draft.tables,
        point_mw=draft.point_mw,
        storage_mw=draft.storage_mw,
        bus_degree=draft.bus_degree,
        vm_pu={draft.bus(bus): float(value) for bus, value in vm.items() if value == value},
        report=draft.report,
    )


def import_pandapower(net: Any, name: str = "", drop: Iterable[str] = ()) -> GridSystem:
    """Give the GridSystem of a pandapower net."""
    return import_net(net, name, drop).system


def machine_dispatch(net: Any, system: GridSystem) -> F8:
    """(n_gens,) MW that the net gives the machines of its import."""
    point = import_net(net).point_mw
    return np.array([point[name] for name in system.generators.name.tolist()])


def solved_net(net: Any, drop: frozenset[str] = frozenset()) -> Any:
    """A copy of the net with its own power flow, or None where that fails."""
    import pandapower as pp

    net = copy.deepcopy(net)
    for table in drop & set(ELEMENTS) | drop & set(REFUSED):
        if table in net:
            net[table] = net[table].iloc[:0]
    for start, tolerance_mva in (("dc", 1e-8), ("dc", 1e-5), ("flat", 1e-8), ("results", 1e-8)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pp.runpp(
                    net,
                    calculate_voltage_angles=True,
                    init=start,
                    lightsim2grid=False,
                    numba=False,  # its kernels take four seconds to compile in every process, and gain nothing
                    tolerance_mva=tolerance_mva,
                    trafo_model="t",
                    max_iteration=30,
                )
        except Exception:  # pandapower raises UserWarning, LoadflowNotConverged, KeyError and numpy's own
            continue
        return net
    return None


def _refuse(draft: Draft) -> None:
    for table, mend in REFUSED.items():
        for index, row, _ in draft.elements(table):
            if row.get("in_service", True):
                draft.problem(table, index, "", "has no equal in a network", mend)
    for table in WITHOUT_EFFECT:
        if table in draft.net and len(draft.net[table]):
            draft.report.add(Fate.LEFT_OUT, table, f"{len(draft.net[table])} rows", "no part of a network")


def _account(draft: Draft) -> None:
    """Elements that came exactly are those of which nothing else is told; assumptions that hold for all machines."""
    told = {(entry.table, name) for entry in draft.report.entries for name in entry.elements
            if entry.fate is not Fate.ASSUMED}  # fmt: skip
    for table in ELEMENTS:
        if table in draft.net and table not in draft.drop and table != "switch":
            own = names(draft.net[table], table)
            for index, _ in records(draft.net[table]):
                if (table, own[index]) not in told:
                    draft.report.add(Fate.EXACT, table, own[index], "as it is")
    machines = draft.tables["generators"]
    count = f"{len(machines)} machines"
    for how in ("fuel other, no emissions", "no ramp limits", NO_OUTAGES):
        draft.report.add(Fate.ASSUMED, "gen", count, how)
    free = sum(1 for row in machines if row["cost_per_mwh"] == 0.0)
    if free:
        draft.report.add(Fate.ASSUMED, "gen", f"{free} machines", "cost 0 USD/MWh")
