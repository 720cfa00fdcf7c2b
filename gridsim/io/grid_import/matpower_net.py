"""MATPOWER matrices -> pandapower net, branch for branch the circuit of MATPOWER's manual (section 3.2).

pandapower's own converter is not used: on case300 its net is 1,200 Mvar off the case's own equations.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

PQ, PV, REFERENCE, ISOLATED = 1, 2, 3, 4
#: Pieces of equal width that stand for a cost of the third degree or more.
POLYNOMIAL_PIECES = 20
F_HZ = 50.0  # turns susceptance into capacitance and back, so that any will do


def net_of(case: dict[str, Any], name: str) -> Any:
    """The net of a checked case; every bus keeps its number in its name."""
    import pandapower as pp

    base_mva = float(case["baseMVA"])
    net = pp.create_empty_network(name=name, f_hz=F_HZ, sn_mva=base_mva, add_stdtypes=False)
    position = {number: at for at, number in enumerate(case["bus"][:, 0].tolist())}
    for row in case["bus"]:
        bus = pp.create_bus(
            net,
            vn_kv=row[9],
            name=f"bus_{row[0]:g}",
            zone=f"{row[6]:g}",
            in_service=row[1] != ISOLATED,
            max_vm_pu=row[11],
            min_vm_pu=row[12],
        )
        if row[2] != 0.0 or row[3] != 0.0:
            pp.create_load(net, bus, p_mw=row[2], q_mvar=row[3], name=f"load_{row[0]:g}")
        if row[4] != 0.0 or row[5] != 0.0:
            pp.create_shunt(net, bus, p_mw=row[4], q_mvar=-row[5], name=f"shunt_{row[0]:g}")
    for number, row in enumerate(case["branch"], 1):
        _add_branch(net, f"branch_{number}", row, [position[end] for end in row[:2].tolist()], base_mva)
    machines = _add_machines(net, case, position)
    _add_costs(net, case.get("gencost"), machines)
    return net


def _add_branch(net: Any, name: str, row: Any, ends: list[int], base_mva: float) -> None:
    import pandapower as pp

    r, x, b, rate_mva, ratio, shift = (float(row[column]) for column in (2, 3, 4, 5, 8, 9))
    kv = [float(net.bus.at[bus, "vn_kv"]) for bus in ends]
    on, limit = bool(row[10]), rate_mva if rate_mva > 0.0 else 1e6
    if kv[0] == kv[1] and ratio in (0.0, 1.0) and shift == 0.0:
        z_ohm = kv[0] ** 2 / base_mva
        pp.create_line_from_parameters(
            net,
            *ends,
            length_km=1.0,
            r_ohm_per_km=r * z_ohm,
            x_ohm_per_km=x * z_ohm,
            c_nf_per_km=b / z_ohm / (2.0 * math.pi * F_HZ) * 1e9,
            max_i_ka=limit / (math.sqrt(3.0) * kv[0]),
            in_service=on,
            name=name,
        )
        return
    ratio = ratio or 1.0
    z = math.hypot(r, x)
    pp.create_transformer_from_parameters(
        net,
        *ends,
        sn_mva=base_mva,
        vn_hv_kv=kv[0] * ratio,
        vn_lv_kv=kv[1],
        vk_percent=math.copysign(100.0 * z, x),
        vkr_percent=100.0 * r,
        pfe_kw=0.0,
        i0_percent=0.0,
        shift_degree=shift,
        max_loading_percent=100.0 * limit / base_mva,
        in_service=on,
        name=name,
    )
    if b != 0.0 and on:  # half of the charging stands at each end of the series impedance, behind the ratio
        for bus, share in zip(ends, (0.5 / ratio**2, 0.5), strict=True):
            pp.create_shunt(net, bus, q_mvar=-b * share * base_mva, name=f"{name} charging {bus}")


def _add_machines(net: Any, case: dict[str, Any], position: dict[float, int]) -> list[tuple[str, int]]:
    """Machines in the case's order: at the reference bus an external grid, at PV buses generators, else fixed power.

    Of several in service at the reference bus the first takes the imbalance.
    """
    import pandapower as pp

    kind = {row[0]: int(row[1]) for row in case["bus"]}
    machines: list[tuple[str, int]] = []
    slack: set[float] = set()
    for number, row in enumerate(case["gen"], 1):
        bus, name, on = position[row[0]], f"gen_{number}", row[7] > 0
        limits = {"max_p_mw": row[8], "min_p_mw": row[9], "max_q_mvar": row[3], "min_q_mvar": row[4]}
        limits = {key: value for key, value in limits.items() if np.isfinite(value)}
        at = kind[row[0]]
        if at == REFERENCE and row[0] not in slack and on:
            slack.add(row[0])
            angle = float(case["bus"][bus, 8])
            index = pp.create_ext_grid(net, bus, vm_pu=row[5], va_degree=angle, name=name, **limits)
            machines.append(("ext_grid", int(index)))
        elif at in (PV, REFERENCE):
            index = pp.create_gen(net, bus, p_mw=row[1], vm_pu=row[5], in_service=on, name=name, **limits)
            machines.append(("gen", int(index)))
        else:
            index = pp.create_sgen(net, bus, p_mw=row[1], q_mvar=row[2], in_service=on, name=name, **limits)
            machines.append(("sgen", int(index)))
    return machines


def _add_costs(net: Any, costs: Any, machines: list[tuple[str, int]]) -> None:
    """Costs of active power: polynomials to the second degree and pieces as they are, of higher degree as pieces."""
    import pandapower as pp

    for row, (table, index) in zip([] if costs is None else costs, machines, strict=False):
        count = int(row[3])
        if int(row[0]) == 1:
            points = row[4 : 4 + 2 * count].reshape(-1, 2)
            pieces = [
                [float(a[0]), float(b[0]), float((b[1] - a[1]) / (b[0] - a[0]))]
                for a, b in itertools.pairwise(points)
                if b[0] > a[0]
            ]
            if pieces:
                pp.create_pwl_cost(net, index, table, pieces)
            continue
        pieces = polynomial_pieces(row[4 : 4 + count], *_limits(net, table, index))
        if pieces:
            pp.create_pwl_cost(net, index, table, pieces)
            continue
        terms = [0.0, 0.0, 0.0, *row[4 : 4 + count].tolist()][-3:] if count else [0.0, 0.0, 0.0]
        pp.create_poly_cost(net, index, table, cp1_eur_per_mw=terms[1], cp2_eur_per_mw2=terms[0], cp0_eur=terms[2])


def _limits(net: Any, table: str, index: int) -> tuple[float, float]:
    return float(net[table].at[index, "min_p_mw"]), float(net[table].at[index, "max_p_mw"])


def polynomial_pieces(terms: Any, low: float, high: float) -> list[list[float]]:
    """Chords of a cost of the third degree or more between least and largest output: from MW, to MW, per MWh each.

    Nothing of a cost of lower degree, and of a machine of one output.
    """
    if len(terms) <= 3 or not np.any(terms[:-3]) or high <= low:
        return []
    ends = np.linspace(low, high, POLYNOMIAL_PIECES + 1)
    cost = np.polyval(terms, ends)
    return [
        [float(a), float(b), float(slope)]
        for a, b, slope in zip(ends[:-1], ends[1:], np.diff(cost) / np.diff(ends), strict=True)
    ]
