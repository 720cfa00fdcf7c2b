"""GridSystem -> pandapower net of any moment, and pandapower's own power flow as the reference method.

pandapower is imported inside functions: its import alone takes three seconds.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac_ladder import MAX_ITERATIONS, TOLERANCE_PU
from gridsim.solvers.ac_network import AcTopology, Admittances
from gridsim.solvers.ac_rounds import NewtonResult, NewtonTask
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.admittances import without_dust
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.participation import (
    BASE_MVA,
    ReactiveSplit,
    Sources,
    branch_status,
    held_buses,
    reactive_load_mvar,
    shunt_connected,
    shunt_status,
    sources,
    voltage_setpoints,
)


class PandapowerNewton:
    """pandapower's ``runpp`` as the Newton solver of the AC ladder: one island a call, lightsim2grid switched off."""

    shares_everywhere = False

    def __init__(self, system: GridSystem, net: Any):
        import pandapower as pp

        self._runpp = pp.runpp
        self._not_converged = pp.LoadflowNotConverged
        self.system = system
        self.net = net
        self._gen_bus = net.gen["bus"].to_numpy()

    def prepare(self, point: OperatingPoint, topology: AcTopology, have: Sources) -> None:
        """Write the operating point's injections and switching."""
        self.point, self.have = point, have
        write_point(self.net, self.system, point, topology.status)

    def newton(self, task: NewtonTask, max_iterations: int = MAX_ITERATIONS) -> NewtonResult:
        """Solve one task."""
        net, system, have = self.net, self.system, self.have
        gens = system.generators
        bus = task.topology.members[task.number]
        inside = np.zeros(len(system.buses), dtype=bool)
        inside[bus] = True
        held, q_bus, p_extra = np.zeros(len(inside), dtype=bool), np.zeros(len(inside)), np.zeros(len(inside))
        held[bus], q_bus[bus], p_extra[bus] = task.held, task.q_source_pu * BASE_MVA, task.p_extra_pu * BASE_MVA
        holds = have.gen_regulates & held[gens.bus]
        q_gen, _ = ReactiveSplit(system, have).split(q_bus)
        # p_extra is a bus's sum; its first synchronised machine carries it, which is all the same to the power flow
        p_gen = point_power(system, self.point.p_gen_mw, have.gen_on, p_extra)
        write_machines(net, system, have, p_gen, self.point.p_border_mw, q_gen, holds)
        net.bus["in_service"] = inside
        on = net.gen["in_service"].to_numpy() & inside[self._gen_bus]
        first = np.full(len(inside), -1)
        rows = np.flatnonzero(on)[::-1]
        first[self._gen_bus[rows]] = rows
        weight, slack = np.zeros(len(on)), np.zeros(len(on), dtype=bool)
        weight[first[bus[task.held]]] = task.weight[task.held]
        slack[first[bus[task.reference]]] = True
        net.gen["slack"], net.gen["slack_weight"] = slack, weight
        vm, va = np.ones(len(inside)), np.zeros(len(inside))
        vm[bus], va[bus] = np.abs(task.v0), np.degrees(np.angle(task.v0))
        try:
            self._runpp(
                net,
                distributed_slack=True,
                lightsim2grid=False,
                numba=False,
                calculate_voltage_angles=True,
                init_vm_pu=vm,
                init_va_degree=va,
                max_iteration=max_iterations,
                tolerance_mva=TOLERANCE_PU * BASE_MVA,
                check_connectivity=False,
                trafo_model="t",
            )
        except (self._not_converged, UserWarning):  # raised as an error where no machine can hold a voltage
            return NewtonResult(False, np.full(len(bus), np.nan + 0j), max_iterations)
        result = net.res_bus
        angle = np.radians(result["va_degree"].to_numpy()[bus])
        v = result["vm_pu"].to_numpy()[bus] * np.exp(1j * angle)
        return NewtonResult(True, v, int(net._ppc["iterations"]))


def point_power(system: GridSystem, p_gen_mw: F8, gen_on: B1, p_extra_mw: F8) -> F8:
    """(n_gens,) MW: the schedule, with each bus's extra (n_buses,) at its first synchronised machine."""
    p = np.where(gen_on, p_gen_mw, 0.0)
    rows = np.flatnonzero(gen_on)[::-1]
    first = np.full(len(p_extra_mw), -1)
    first[system.generators.bus[rows]] = rows
    has = first >= 0
    p[first[has]] += p_extra_mw[has]
    return p


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
    write_point(net, system, point, status)
    net.bus["in_service"] = have.live[island]
    fixed_mvar = system.generators.q_min_mvar
    write_machines(net, system, have, point.p_gen_mw, point.p_border_mw, fixed_mvar, have.gen_regulates)
    write_slack(net, system, have, have.reference[have.live])
    return net


def solved_pandapower(system: GridSystem, point: OperatingPoint, solution: AcSolution) -> Any:
    """Give the net of one moment with the AC check's power flow filled in (``res_*``).

    Machines give what the solution says; those that do not hold their setpoint stand as ``sgen``. A plain
    ``pp.runpp(net)`` repeats the state: the slack machines have nothing left to balance. Without a converged solution
    the net is ``to_pandapower``'s and its results are empty.
    """
    import pandapower as pp

    net = to_pandapower(system, point)
    if not solution.converged:
        return net
    have = sources(system, point, solution.island)
    held = held_buses(system, have, solution.vm_pu)
    holds = have.gen_regulates & held[system.generators.bus]
    write_machines(net, system, have, solution.p_gen_mw, solution.p_border_mw, solution.q_gen_mvar, holds)
    weight = np.zeros(len(system.buses))
    np.add.at(weight, system.generators.bus, have.gen_weight)
    np.add.at(weight, system.borders.bus, have.border_weight)
    reference = have.reference.copy()
    for number in np.flatnonzero(have.live):
        if not held[reference[number]]:
            members = np.flatnonzero((solution.island == number) & held)
            reference[number] = members[int(np.argmax(weight[members]))]
    write_slack(net, system, have, reference[have.live])
    # pandapower keeps the slack's angle 0; ours is the reference's, the same but where that bus is at a reactive limit
    pp.runpp(
        net,
        lightsim2grid=False,
        numba=False,  # compiled anew in every process for four seconds, and no faster
        calculate_voltage_angles=True,
        trafo_model="t",
        tolerance_mva=1e-7,
    )
    return net


def write_point(net: Any, system: GridSystem, point: OperatingPoint, status: B1) -> None:
    """Write loads, stores and switching of an operating point into the net."""
    n_lines = len(system.lines)
    net.line["in_service"] = status[:n_lines]
    net.trafo["in_service"] = status[n_lines:]
    if point.devices is None:
        net.shunt["in_service"] = shunt_status(system, status)
    else:
        net.shunt["in_service"] = shunt_connected(system, status) & (point.devices.shunt_share > 0.0)
        net.shunt["q_mvar"] = system.shunts.q_mvar * point.devices.shunt_share
        net.trafo["tap_pos"] = point.devices.tap_pos
    net.load["p_mw"] = point.p_load_mw
    net.load["q_mvar"] = reactive_load_mvar(system, point.p_load_mw)
    net.storage["p_mw"] = -point.p_storage_mw


def write_machines(
    net: Any, system: GridSystem, have: Sources, p_gen_mw: F8, p_border_mw: F8, q_gen_mvar: F8, holds_voltage: B1
) -> None:
    """Write borders and machines: those in ``holds_voltage`` as ``gen``, other synchronised ones as ``sgen``."""
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


def pandapower_admittances(system: GridSystem, net: Any) -> Admittances:
    """pandapower's own two-port admittances of ``to_pandapower``'s net, the reference of ``solvers.admittances``.

    All branches are taken as in service.
    """
    from pandapower import create_ext_grid
    from pandapower.auxiliary import _add_ppc_options
    from pandapower.pd2ppc import _pd2ppc
    from pandapower.pypower.makeYbus import branch_vectors

    net = copy.deepcopy(net)
    for table in ("bus", "line", "trafo"):
        net[table]["in_service"] = True
    if not (net.gen["slack"] & net.gen["in_service"]).any():
        create_ext_grid(net, 0)  # pandapower asks for a reference, which a net of fixed reactive power lacks
    n_lines, n_branches = len(system.lines), system.n_branches
    net["_options"] = {}
    _add_ppc_options(
        net,
        calculate_voltage_angles=True,
        trafo_model="t",
        check_connectivity=False,
        mode="pf",
        switch_rx_ratio=2.0,
        enforce_q_lims=False,
        enforce_p_lims=False,
        recycle=None,
        init_vm_pu="flat",
        init_va_degree="flat",
        voltage_depend_loads=False,
    )
    branch = _pd2ppc(net)[0]["branch"]
    assert branch.shape[0] == n_branches, "pandapower merged or dropped branches"
    lookup = net._pd2ppc_lookups["branch"]
    order = np.empty(n_branches, dtype=np.int64)
    for table, first, count in (("line", 0, n_lines), ("trafo", n_lines, n_branches - n_lines)):
        if count:
            order[first : first + count] = np.arange(*lookup[table])
    # pandapower scales by its net.sn_mva, which to_pandapower sets to BASE_MVA
    ytt, yff, yft, ytf = (vector[order].astype(np.complex128) for vector in branch_vectors(branch, n_branches))
    y_shunt = ((system.shunts.p_mw - 1j * system.shunts.q_mvar) / BASE_MVA).astype(np.complex128)
    return Admittances(yff, yft, ytf, ytt, y_shunt)


def _empty_elements(pp: Any, system: GridSystem) -> Any:
    """The net with every element of the system and no injections."""
    buses, lines, trafos, gens = system.buses, system.lines, system.transformers, system.generators
    net = pp.create_empty_network(name=system.name, f_hz=system.f_hz, sn_mva=BASE_MVA)
    pp.create_buses(
        net,
        len(buses),
        vn_kv=buses.vn_kv,
        name=buses.name.tolist(),
        zone=system.bus_zone_name.tolist(),
        min_vm_pu=buses.vm_min_pu,
        max_vm_pu=buses.vm_max_pu,
    )
    net.bus["geo"] = [
        None if np.isnan(lon) or np.isnan(lat) else f'{{"coordinates": [{lon}, {lat}], "type": "Point"}}'
        for lon, lat in zip(buses.lon.tolist(), buses.lat.tolist())
    ]
    if len(lines):
        pp.create_lines_from_parameters(
            net,
            lines.from_bus,
            lines.to_bus,
            length_km=lines.length_km,
            r_ohm_per_km=without_dust(lines.r_ohm_per_km),
            x_ohm_per_km=lines.x_ohm_per_km,
            c_nf_per_km=without_dust(lines.c_nf_per_km),
            max_i_ka=np.where(np.isnan(lines.max_i_ka), 1e6, lines.max_i_ka),
            parallel=lines.parallel,
            name=lines.name.tolist(),
            max_loading_percent=100.0,
        )
    if len(trafos):
        tapped = trafos.tap_side != ""
        pp.create_transformers_from_parameters(
            net,
            trafos.hv_bus,
            trafos.lv_bus,
            sn_mva=trafos.sn_mva,
            vn_hv_kv=trafos.vn_hv_kv,
            vn_lv_kv=trafos.vn_lv_kv,
            vk_percent=trafos.vk_percent,
            vkr_percent=without_dust(trafos.vkr_percent),
            pfe_kw=without_dust(trafos.pfe_kw),
            i0_percent=without_dust(trafos.i0_percent),
            parallel=trafos.parallel,
            shift_degree=trafos.shift_degree,
            tap_side=[side or None for side in trafos.tap_side.tolist()],
            tap_changer_type=["Ratio" if has else None for has in tapped.tolist()],
            tap_min=trafos.tap_min,
            tap_max=trafos.tap_max,
            tap_neutral=trafos.tap_neutral,
            tap_pos=trafos.tap_pos,
            tap_step_percent=trafos.tap_step_percent,
            tap_step_degree=0.0,
            max_loading_percent=trafos.max_loading_percent,
            name=trafos.name.tolist(),
        )
    if len(system.shunts):
        pp.create_shunts(
            net,
            system.shunts.bus,
            q_mvar=system.shunts.q_mvar,
            p_mw=system.shunts.p_mw,
            vn_kv=buses.vn_kv[system.shunts.bus],
            name=system.shunts.name.tolist(),
        )
    if len(system.loads):
        pp.create_loads(net, system.loads.bus, p_mw=system.loads.p_mw, q_mvar=0.0, name=system.loads.name.tolist())
    if len(system.storages):
        stores = system.storages
        pp.create_storages(
            net,
            stores.bus,
            p_mw=0.0,
            max_e_mwh=stores.energy_mwh,
            max_p_mw=stores.p_charge_mw,
            min_p_mw=-stores.p_discharge_mw,
            name=stores.name.tolist(),
        )
    setpoint = voltage_setpoints(system)
    borders = system.borders
    unlimited = np.full(len(borders), np.nan)
    bus = np.concatenate([gens.bus, borders.bus])
    pp.create_gens(
        net,
        bus,
        p_mw=0.0,
        vm_pu=setpoint[bus],
        name=[*gens.name.tolist(), *borders.name.tolist()],
        sn_mva=np.concatenate([gens.sn_mva, unlimited]),
        min_q_mvar=np.concatenate([gens.q_min_mvar, unlimited]),
        max_q_mvar=np.concatenate([gens.q_max_mvar, unlimited]),
        min_p_mw=np.concatenate([gens.p_min_mw, np.zeros(len(borders))]),
        max_p_mw=np.concatenate([gens.p_max_mw, borders.limit_import_mw]),
    )
    pp.create_sgens(
        net,
        gens.bus,
        p_mw=0.0,
        q_mvar=0.0,
        in_service=False,
        name=[f"{name} (fixed reactive power)" for name in gens.name.tolist()],
    )
    _add_costs(net, system)
    return net


def _add_costs(net: Any, system: GridSystem) -> None:
    """Costs of the machines, in pieces those with blocks; the table is written at once, as a row a call is slow."""
    import pandas as pd

    gens, blocks = system.generators, system.cost_blocks
    pieces: dict[int, list[list[float]]] = {}
    for gen, width, cost in zip(blocks.generator.tolist(), blocks.p_mw.tolist(), blocks.cost_per_mwh.tolist()):
        of_gen = pieces.setdefault(gen, [])
        begin = of_gen[-1][1] if of_gen else 0.0
        of_gen.append([begin, begin + width, cost])
    plain = [gen for gen in range(len(gens)) if gen not in pieces and gens.cost_per_mwh[gen] > 0.0]
    for table, elements, columns in (
        ("poly_cost", plain, {"cp1_eur_per_mw": gens.cost_per_mwh[plain].tolist()}),
        ("pwl_cost", list(pieces), {"points": list(pieces.values()), "power_type": "p"}),
    ):
        rows = pd.DataFrame({"et": "gen", "element": elements, **columns}, index=range(len(elements)))
        empty = net[table]
        for column in empty.columns.difference(rows.columns):
            rows[column] = 0.0
        net[table] = rows[empty.columns].astype(empty.dtypes)
