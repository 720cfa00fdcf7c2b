"""Small pandapower nets, and the comparison of an import's power flow with the net's own."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

from gridsim.io.grid_import.imported import Imported, import_net
from gridsim.model.system import GridSystem
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint

#: Names of shunts that stand for a part of a branch, so that their losses are the branch's.
_OF_BRANCHES = (" open end", " from end", " to end", " charging", " magnetising hv", " magnetising lv")


class Losses(NamedTuple):
    """MW lost in the branches of the import and of the net."""

    ours: float
    theirs: float


def point_of(imported: Imported) -> OperatingPoint:
    """The operating point that the net states."""
    system = imported.system
    return OperatingPoint(
        p_gen_mw=imported.machine_mw(),
        p_border_mw=np.zeros(len(system.borders)),
        p_storage_mw=np.array([imported.storage_mw[name] for name in system.storages.name.tolist()]),
        p_load_mw=np.where(system.loads.in_service, system.loads.p_mw, 0.0),
        branch_out=np.empty(0, dtype=np.int32),
        gen_committed=system.generators.in_service.copy(),
    )


def solve(imported: Imported) -> AcSolution:
    """The import, solved at the dispatch of the net without reactive limits, as ``runpp`` does."""
    point = point_of(imported)
    return AcModel(imported.system, base=point, q_limits=False).solve(point)


def losses(net: Any, imported: Imported, solution: AcSolution) -> Losses:
    """Losses of branches; ``net`` with results."""
    theirs = sum(
        float(net[f"res_{table}"].pl_mw.sum()) for table in ("line", "trafo", "trafo3w", "impedance") if len(net[table])
    )
    if "p_from_mw" in net.res_switch:
        theirs += float(net.res_switch.p_from_mw.sum() + net.res_switch.p_to_mw.sum())
    for index, ward in net.xward.iterrows():  # pandapower counts the loss behind a ward as the ward's own
        vm = net.res_bus.vm_pu[ward.bus]
        if ward.in_service and not math.isnan(vm):
            theirs += net.res_xward.p_mw[index] - ward.ps_mw - ward.pz_mw * vm**2
    system = imported.system
    shunts = system.shunts
    on = shunts.in_service & ((shunts.line < 0) | np.append(system.lines.in_service, True)[shunts.line])
    of_branch = np.array([name.endswith(_OF_BRANCHES) for name in shunts.name.tolist()], dtype=bool) & on
    ours = float(np.nansum(solution.p_from_mw) + np.nansum(solution.p_to_mw))
    ours += float((shunts.p_mw * solution.vm_pu[shunts.bus] ** 2)[of_branch].sum())
    return Losses(ours, theirs)


def assert_power_flow(net: Any, drop: tuple[str, ...] = ()) -> GridSystem:
    """Voltages and losses of the import equal those pandapower finds for the net itself, bus by bus."""
    import pandapower as pp

    imported = import_net(net, drop=drop)
    system, solution = imported.system, solve(imported)
    assert solution.converged
    pp.runpp(net, numba=False, lightsim2grid=False, calculate_voltage_angles=True, tolerance_mva=1e-8)
    name = [str(own) for own in net.bus.name]
    vm = dict(zip(name, net.res_bus.vm_pu, strict=True))
    va = dict(zip(name, net.res_bus.va_degree, strict=True))
    first = str(system.buses.name[0])
    ahead = solution.va_degree[0] - va[first] + imported.bus_degree[first]
    compared = 0
    for bus, own in enumerate(system.buses.name.tolist()):
        if own not in vm or math.isnan(vm[own]):
            continue
        compared += 1
        assert solution.vm_pu[bus] == pytest.approx(vm[own], abs=1e-7), own
        off = solution.va_degree[bus] - ahead + imported.bus_degree[own] - va[own]
        assert (off + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-5), own
    assert compared > 1
    ours, theirs = losses(net, imported, solution)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)
    return system


def small() -> Any:
    """Two 110 kV buses and a 20 kV bus: external grid, double line, transformer with taps, load, generator."""
    import pandapower as pp

    net = pp.create_empty_network(name="small")
    a, b, c = (pp.create_bus(net, vn_kv=vn_kv, name=name) for name, vn_kv in (("a", 110.0), ("b", 110.0), ("c", 20.0)))
    pp.create_ext_grid(net, a, vm_pu=1.02, max_p_mw=300.0)
    pp.create_line_from_parameters(
        net, a, b, length_km=40.0, r_ohm_per_km=0.06, x_ohm_per_km=0.4, c_nf_per_km=9.0, max_i_ka=0.6, parallel=2
    )
    pp.create_transformer_from_parameters(
        net, b, c, sn_mva=40.0, vn_hv_kv=115.0, vn_lv_kv=21.0, vkr_percent=0.4, vk_percent=11.0, pfe_kw=30.0,
        i0_percent=0.2, shift_degree=150.0, tap_side="hv", tap_neutral=0, tap_min=-9, tap_max=9, tap_pos=-3,
        tap_step_percent=1.5, tap_changer_type="Ratio", parallel=2,
    )  # fmt: skip
    pp.create_load(net, c, p_mw=35.0, q_mvar=9.0, name="town", scaling=1.1)
    pp.create_gen(net, b, p_mw=20.0, vm_pu=1.01, max_p_mw=50.0, min_q_mvar=-10.0, max_q_mvar=20.0, name="plant")
    return net
