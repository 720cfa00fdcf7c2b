"""GridSystem -> pandapower net of any moment, and pandapower's own power flow as the reference method.

pandapower is imported inside functions: its import alone takes three seconds.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.participation import Sources, sources, voltage_setpoints

BASE_MVA = 100.0


class Admittances(NamedTuple):
    """Two-port admittances of every branch as if in service, (n_branches,) complex, pu on BASE_MVA, and shunts (n_shunts,)."""

    yff: np.ndarray[Any, np.dtype[np.complex128]]
    yft: np.ndarray[Any, np.dtype[np.complex128]]
    ytf: np.ndarray[Any, np.dtype[np.complex128]]
    ytt: np.ndarray[Any, np.dtype[np.complex128]]
    y_shunt: np.ndarray[Any, np.dtype[np.complex128]]


def branch_status(system: GridSystem, branch_out: I4) -> B1:
    """(n_branches,) bool: in service in the system and not among ``branch_out``."""
    status = system.branch_in_service.copy()
    status[branch_out] = False
    return status


def shunt_status(system: GridSystem, status: B1) -> B1:
    """(n_shunts,) bool: in service, and the line it is switched with too."""
    line = system.shunts.line
    return system.shunts.in_service & ((line < 0) | status[np.maximum(line, 0)] if len(status) else line < 0)


def reactive_load_mvar(system: GridSystem, p_load_mw: F8) -> F8:
    """(n_loads,) Mvar at the loads' power factors."""
    return p_load_mw * np.sqrt(1.0 / system.loads.power_factor**2 - 1.0)


def to_pandapower(system: GridSystem, point: OperatingPoint | None = None) -> Any:
    """Give the pandapower net of one moment; ``None``: the base state at winter peak (``base_point``).

    Rows stand in the system's order: ``bus``, ``line``, ``trafo``, ``shunt``, ``load``, ``storage`` (charging positive,
    pandapower's sign), ``gen`` with machines first and borders after them (import positive), ``sgen`` one per machine,
    which replaces the ``gen`` of a machine that gives a fixed reactive power (its range is a point). The machine at
    each island's reference is the slack, and ``slack_weight`` holds the participation, so both ``pp.runpp(net)`` and
    ``pp.runpp(net, distributed_slack=True, lightsim2grid=False)`` run (the latter on one island; pandapower 3.5's
    bridge to lightsim2grid cannot distribute).
    """
    import pandapower as pp

    point = base_point(system) if point is None else point
    net = _empty_elements(pp, system)
    status = branch_status(system, point.branch_out)
    island = islands(len(system.buses), system.branch_from, system.branch_to, status)
    have = sources(system, point, island)
    write_point(net, system, point, status, have)
    net.bus["in_service"] = have.live[island]
    write_machines(net, system, have, point.p_gen_mw, point.p_border_mw, system.generators.q_min_mvar, have.gen_regulates)
    write_slack(net, system, have, have.reference[have.live])
    return net


def write_point(net: Any, system: GridSystem, point: OperatingPoint, status: B1, have: Sources) -> None:
    """Write loads, stores and switching of an operating point into the net."""
    n_lines = len(system.lines)
    net.line["in_service"] = status[:n_lines]
    net.trafo["in_service"] = status[n_lines:]
    net.shunt["in_service"] = shunt_status(system, status)
    net.load["p_mw"] = point.p_load_mw
    net.load["q_mvar"] = reactive_load_mvar(system, point.p_load_mw)
    net.storage["p_mw"] = -point.p_storage_mw


def write_machines(
    net: Any, system: GridSystem, have: Sources, p_gen_mw: F8, p_border_mw: F8, q_gen_mvar: F8, holds_voltage: B1
) -> None:
    """Write active power; machines in ``holds_voltage`` as ``gen``, other synchronised ones as ``sgen`` with ``q_gen_mvar``."""
    net.gen["p_mw"] = np.concatenate([p_gen_mw, p_border_mw])
    net.gen["in_service"] = np.concatenate([have.gen_on & holds_voltage, system.borders.in_service])
    net.sgen["p_mw"] = p_gen_mw
    net.sgen["q_mvar"] = q_gen_mvar
    net.sgen["in_service"] = have.gen_on & ~holds_voltage


def write_slack(net: Any, system: GridSystem, have: Sources, reference: I4) -> None:
    """Make the first voltage-holding machine (or border) at each reference bus the slack, and write participation."""
    weight = np.concatenate([have.gen_weight, have.border_weight])
    in_service = net.gen["in_service"].to_numpy()
    bus = net.gen["bus"].to_numpy()
    slack = np.zeros(len(weight), dtype=bool)
    for reference_bus in reference:
        slack[np.flatnonzero((bus == reference_bus) & in_service)[0]] = True
    net.gen["slack"] = slack
    net.gen["slack_weight"] = np.where(in_service, weight, 0.0)


def admittances(system: GridSystem, net: Any) -> Admittances:
    """pandapower's own two-port admittances of ``to_pandapower``'s net, all branches taken in service."""
    from pandapower.converter.pypower.to_ppc import to_ppc
    from pandapower.pypower.makeYbus import branch_vectors

    net = copy.deepcopy(net)
    for table in ("bus", "line", "trafo"):
        net[table]["in_service"] = True
    n_lines, n_branches = len(system.lines), system.n_branches
    to_ppc(net, calculate_voltage_angles=True, trafo_model="t", check_connectivity=False, mode="pf")
    branch = net._ppc["branch"]
    assert branch.shape[0] == n_branches, "pandapower merged or dropped branches"
    lookup = net._pd2ppc_lookups["branch"]
    order = np.empty(n_branches, dtype=np.int64)
    for table, first, count in (("line", 0, n_lines), ("trafo", n_lines, n_branches - n_lines)):
        if count:
            order[first : first + count] = np.arange(*lookup[table])
    # pandapower scales by its net.sn_mva, which to_pandapower sets to BASE_MVA
    ytt, yff, yft, ytf = (vector[order] for vector in branch_vectors(branch, n_branches))
    return Admittances(yff, yft, ytf, ytt, -1j * system.shunts.q_mvar / BASE_MVA)


def _empty_elements(pp: Any, system: GridSystem) -> Any:
    """The net with every element of the system and no injections."""
    buses, lines, trafos, gens = system.buses, system.lines, system.transformers, system.generators
    net = pp.create_empty_network(name=system.name, f_hz=system.f_hz, sn_mva=BASE_MVA)
    pp.create_buses(
        net, len(buses), vn_kv=buses.vn_kv, name=buses.name.tolist(), zone=system.bus_zone_name.tolist(),
        min_vm_pu=buses.vm_min_pu, max_vm_pu=buses.vm_max_pu,
        geodata=[(x, y) for x, y in zip(buses.lon.tolist(), buses.lat.tolist())],
    )
    if len(lines):
        pp.create_lines_from_parameters(
            net, lines.from_bus, lines.to_bus, length_km=lines.length_km, r_ohm_per_km=lines.r_ohm_per_km,
            x_ohm_per_km=lines.x_ohm_per_km, c_nf_per_km=lines.c_nf_per_km,
            max_i_ka=np.where(np.isnan(lines.max_i_ka), 1e6, lines.max_i_ka), parallel=lines.parallel,
            name=lines.name.tolist(), max_loading_percent=100.0,
        )
    if len(trafos):
        tapped = trafos.tap_side != ""
        pp.create_transformers_from_parameters(
            net, trafos.hv_bus, trafos.lv_bus, sn_mva=trafos.sn_mva, vn_hv_kv=trafos.vn_hv_kv,
            vn_lv_kv=trafos.vn_lv_kv, vk_percent=trafos.vk_percent, vkr_percent=trafos.vkr_percent,
            pfe_kw=trafos.pfe_kw, i0_percent=trafos.i0_percent, parallel=trafos.parallel, shift_degree=0.0,
            tap_side=[side or None for side in trafos.tap_side.tolist()],
            tap_changer_type=["Ratio" if has else None for has in tapped.tolist()],
            tap_min=trafos.tap_min, tap_max=trafos.tap_max, tap_neutral=trafos.tap_neutral, tap_pos=trafos.tap_pos,
            tap_step_percent=trafos.tap_step_percent, tap_step_degree=0.0,
            max_loading_percent=trafos.max_loading_percent, name=trafos.name.tolist(),
        )
    if len(system.shunts):
        pp.create_shunts(
            net, system.shunts.bus, q_mvar=system.shunts.q_mvar, vn_kv=buses.vn_kv[system.shunts.bus],
            name=system.shunts.name.tolist(),
        )
    if len(system.loads):
        pp.create_loads(net, system.loads.bus, p_mw=system.loads.p_mw, q_mvar=0.0, name=system.loads.name.tolist())
    if len(system.storages):
        stores = system.storages
        pp.create_storages(
            net, stores.bus, p_mw=0.0, max_e_mwh=stores.energy_mwh, max_p_mw=stores.p_charge_mw,
            min_p_mw=-stores.p_discharge_mw, name=stores.name.tolist(),
        )
    setpoint = voltage_setpoints(system)
    borders = system.borders
    unlimited = np.full(len(borders), np.nan)
    bus = np.concatenate([gens.bus, borders.bus])
    pp.create_gens(
        net, bus, p_mw=0.0, vm_pu=setpoint[bus], name=[*gens.name.tolist(), *borders.name.tolist()],
        sn_mva=np.concatenate([gens.sn_mva, unlimited]),
        min_q_mvar=np.concatenate([gens.q_min_mvar, unlimited]), max_q_mvar=np.concatenate([gens.q_max_mvar, unlimited]),
        min_p_mw=np.concatenate([gens.p_min_mw, np.zeros(len(borders))]),
        max_p_mw=np.concatenate([gens.p_max_mw, borders.limit_import_mw]),
    )
    pp.create_sgens(
        net, gens.bus, p_mw=0.0, q_mvar=0.0, in_service=False,
        name=[f"{name} (fixed reactive power)" for name in gens.name.tolist()],
    )
    return net
