"""Lines, impedances and switches with an impedance."""

from __future__ import annotations

import math

from gridsim.io.grid_import.cells import Cells, number, number_or
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.series import LARGEST_X_OHM_PER_KM, SMALLEST_X_OHM_PER_KM, Series, add_series
from gridsim.io.grid_import.shunt_parts import Admittance, line_shunt_siemens, seen_from_one_end
from gridsim.io.rules import LARGEST_CIRCUIT_MVA, LARGEST_LINE_OHM

UNLIMITED_KA = 1e3  # ratings at or above this stand for "none" in converted cases
_SWITCH_RX_RATIO = 2.0  # of pandapower's power flow
_OPEN_END = "a line open at one end: out of service, its charging a shunt at the other"


def add_lines(draft: Draft) -> None:
    """Lines; charging that no line can have becomes shunts at its ends."""
    for index, line, name in draft.elements("line"):
        _add_line(draft, index, line, name)


def _add_line(draft: Draft, index: int, line: Cells, name: str) -> None:
    from_bus, to_bus = draft.bus(line["from_bus"]), draft.bus(line["to_bus"])
    parallel, length_km = int(line["parallel"]), float(line["length_km"])
    c_nf, g_us = float(line["c_nf_per_km"]), number_or(line.get("g_us_per_km"), 0.0)
    shunt = line_shunt_siemens(float(draft.net.f_hz), c_nf * length_km * parallel, g_us * length_km * parallel)
    z_ohm = complex(line["r_ohm_per_km"], line["x_ohm_per_km"]) * length_km / parallel
    vn_kv = draft.vn_kv[from_bus]
    open_at = draft.open_ends.get(("l", index), set()) & {int(line["from_bus"]), int(line["to_bus"])}
    # pandapower takes a line to a bus out of service to be open there
    dead = {int(line[end]) for end in ("from_bus", "to_bus") if not draft.bus_on[int(line[end])]}
    ends = [int(line["from_bus"]), int(line["to_bus"])]
    live = [bus for bus in ends if bus not in open_at | dead]
    on = draft.on(line, *ends) and len(live) == 2
    if from_bus == to_bus:
        if on:
            draft.add_shunt(f"{name} charging", from_bus, Admittance.of(shunt, vn_kv), True)
        draft.restated("line", name, "between buses that switches join: its charging as a shunt, if any")
        return
    if bool(line["in_service"]) and len(live) == 1 and draft.supplied[live[0]] and z_ohm != 0:
        y = seen_from_one_end(z_ohm, shunt / 2.0, shunt / 2.0)
        draft.add_shunt(f"{name} open end", draft.bus(live[0]), Admittance.of(y, vn_kv), True)
        draft.restated("line", name, _OPEN_END)
    limit_ka = number_or(line["max_i_ka"], 0.0) * (number(line.get("df")) or 1.0)
    limit_ka *= (number(line.get("max_loading_percent")) or 100.0) / 100.0
    limited = 0.0 < limit_ka < UNLIMITED_KA and math.sqrt(3.0) * vn_kv * limit_ka * 1.2 <= LARGEST_CIRCUIT_MVA
    r, x = float(line["r_ohm_per_km"]), float(line["x_ohm_per_km"])
    fits = (
        abs(x) >= SMALLEST_X_OHM_PER_KM
        and max(abs(r), abs(x)) * max(1.0, length_km * LARGEST_X_OHM_PER_KM / (LARGEST_LINE_OHM))
        <= LARGEST_X_OHM_PER_KM
    )
    if vn_kv != draft.vn_kv[to_bus] or not fits:
        mva = math.sqrt(3.0) * vn_kv * limit_ka * parallel if limited else None
        add_series(draft, "line", name, Series(name, from_bus, to_bus, z_ohm, mva, on))
        _add_end_shunts(draft, name, (from_bus, to_bus), shunt * vn_kv**2, on, None)
        draft.restated("line", name, "a branch of the same impedance with its charging as shunts at its ends")
        return
    plain = c_nf >= 0.0 and g_us == 0.0
    own = draft.unique("lines", name, f"line_{index}")
    draft.add(
        "lines",
        {
            "name": own,
            "from_bus": from_bus,
            "to_bus": to_bus,
            "length_km": length_km,
            "r_ohm_per_km": r,
            "x_ohm_per_km": x,
            "c_nf_per_km": c_nf if plain else 0.0,
            "max_i_ka": limit_ka if limited else None,
            "parallel": parallel,
            "equivalent": True if r < 0.0 or x < 0.0 else None,
            "in_service": on,
        },
    )
    if not plain:
        _add_end_shunts(draft, name, (from_bus, to_bus), shunt * vn_kv**2, on, own)
        draft.restated("line", name, "negative charging or conductance as shunts at its ends")
    elif r < 0.0 or x < 0.0:
        draft.restated("line", name, "negative r or x: marked as an equivalent")


def _add_end_shunts(draft: Draft, name: str, ends: tuple[str, str], y_mva: complex, on: bool, line: str | None) -> None:
    """Half of a branch's admittance (MVA at nominal voltage) at each end."""
    for side, bus in zip(("from", "to"), ends, strict=True):
        y = Admittance(y_mva.real / 2.0, -y_mva.imag / 2.0)
        draft.add_shunt(f"{name} {side} end", bus, y, on, line)


def add_impedances(draft: Draft) -> None:
    """Per-unit impedances; shunt parts become shunts, those that differ by direction are refused."""
    for index, row, name in draft.elements("impedance"):
        if row["rft_pu"] != row["rtf_pu"] or row["xft_pu"] != row["xtf_pu"]:
            draft.problem(
                "impedance", index, "rtf_pu", "differs by direction, as no passive branch does", "make both equal"
            )
            continue
        from_bus, to_bus = draft.bus(row["from_bus"]), draft.bus(row["to_bus"])
        on, sn_mva = draft.on(row, row["from_bus"], row["to_bus"]), float(row["sn_mva"])
        for side, bus in (("f", from_bus), ("t", to_bus)):
            y = complex(number_or(row.get(f"g{side}_pu"), 0.0), number_or(row.get(f"b{side}_pu"), 0.0)) * sn_mva
            if y != 0:
                end = "from" if side == "f" else "to"
                draft.add_shunt(f"{name} {end} end", bus, Admittance(y.real, -y.imag), on)
                draft.restated("impedance", name, f"its shunt part at the {end} end as a shunt")
        if from_bus == to_bus:
            draft.restated("impedance", name, "between buses that switches join: nothing")
            continue
        z_ohm = complex(row["rft_pu"], row["xft_pu"]) * draft.vn_kv[from_bus] ** 2 / sn_mva
        add_series(draft, "impedance", name, Series(name, from_bus, to_bus, z_ohm, None, on))
        kind = "line" if draft.vn_kv[from_bus] == draft.vn_kv[to_bus] else "transformer"
        draft.restated("impedance", name, f"a {kind} of the same ohms, without a limit")


def add_switches(draft: Draft) -> None:
    """Closed switches between buses: those of no impedance join them, the others are short lines."""
    for _, row, name in draft.elements("switch"):
        if row["et"] != "b" or not row["closed"]:
            continue
        z_ohm = number_or(row.get("z_ohm"), 0.0)
        if z_ohm <= 0.0:
            draft.restated("switch", name, "closed between buses: one bus")
            continue
        ends = draft.bus(row["bus"]), draft.bus(row["element"])
        if ends[0] == ends[1]:
            continue
        z = z_ohm * complex(_SWITCH_RX_RATIO, 1.0) / math.hypot(_SWITCH_RX_RATIO, 1.0)
        add_series(draft, "switch", name, Series(name, *ends, z, None, draft.on({}, row["bus"], row["element"])))
        draft.restated("switch", name, "a short line of its impedance")
