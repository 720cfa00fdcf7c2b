"""Lines, tie lines, boundary lines and transformers of pypowsybl as lines, transformers and shunts."""

from __future__ import annotations

import math
from typing import NamedTuple

from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.powsybl_draft import PowsyblDraft
from gridsim.io.grid_import.series import SMALLEST_X_OHM_PER_KM, UNLIMITED_MVA, Series, add_series, rated
from gridsim.io.grid_import.shunt_parts import Admittance, seen_from_one_end

Limits = dict[tuple[str, str], list[tuple[str, float]]]

LARGEST_C_NF = 1e6
LARGEST_MVA = 1e5  # what is above stands for no limit
F_HZ = 50.0


class Circuit(NamedTuple):
    """A branch as pypowsybl sees it: an ideal ratio at its first end, then a pi circuit in ohm and siemens.

    ``rho``: kV behind the ratio over kV before it, with ``alpha_degree`` between them; ``limit_mva``: None without one.
    """

    z_ohm: complex
    y1: complex
    y2: complex
    rho: float = 1.0
    alpha_degree: float = 0.0
    limit_mva: float | None = None


def add_branches(draft: PowsyblDraft) -> None:
    """All branches of the network."""
    limits = _limits(draft)
    for name, row in draft.frame("lines"):
        circuit = Circuit(complex(row["r"], row["x"]), complex(row["g1"], row["b1"]), complex(row["g2"], row["b2"]))
        _add_connected(draft, "lines", name, row, circuit, limits)
    for name, row in draft.frame("2_windings_transformers"):
        _add_connected(draft, "2_windings_transformers", name, row, _winding(row, ""), limits)
    for name, row in draft.frame("3_windings_transformers"):
        _add_star(draft, name, row, limits)
    _add_boundaries(draft, limits)


def _winding(row: Cells, side: str) -> Circuit:
    """A winding at its tap; its shunt stands behind the ratio."""
    return Circuit(
        complex(row[f"r{side}_at_current_tap"], row[f"x{side}_at_current_tap"]),
        complex(row[f"g{side}_at_current_tap"], row[f"b{side}_at_current_tap"]),
        0j,
        float(row[f"rho{side}"]),
        float(row[f"alpha{side}"]),
    )


def _limits(draft: PowsyblDraft) -> Limits:
    """Permanent limits by element and side: (kind, value in A, MW or MVA)."""
    frame = draft.network.get_loading_limits(all_attributes=True).reset_index()
    found: Limits = {}
    for row in frame.to_dict("records"):
        if row["acceptable_duration"] == -1 and row.get("selected", True):
            found.setdefault((str(row["element_id"]), str(row["side"])), []).append(
                (str(row["type"]), float(row["value"]))
            )
    return found


def _mva(draft: PowsyblDraft, limits: Limits, element: str, sides: list[tuple[str, int]]) -> float | None:
    """The tightest limit of the ends: currents at the nominal voltage, MW as MVA."""
    found = [
        value * (math.sqrt(3.0) * draft.nominal_kv(bus) / 1000.0 if kind == "CURRENT" else 1.0)
        for side, bus in sides
        for kind, value in limits.get((element, side), [])
    ]
    return min((mva for mva in found if 0.0 < mva < LARGEST_MVA), default=None)


def _add_connected(
    draft: PowsyblDraft,
    table: str,
    name: str,
    row: Cells,
    circuit: Circuit,
    limits: Limits,
) -> None:
    """A branch that is connected at both ends, or at one: then its charging alone."""
    ends = [draft.position.get(str(row[f"bus{side}_id"])) if row[f"connected{side}"] else None for side in (1, 2)]
    first, second = ends
    if first is not None and second is not None:
        mva = _mva(draft, limits, str(row["id"]), [("ONE", first), ("TWO", second)])
        add_circuit(draft, table, name, (first, second), circuit._replace(limit_mva=mva))
        return
    if first is None and second is None:
        draft.at(table, name, row, "1")
        return
    y = seen_from_one_end(circuit.z_ohm, circuit.y1, circuit.y2) * circuit.rho**2
    if first is None:
        y = seen_from_one_end(circuit.z_ohm, circuit.y2, circuit.y1)
    bus = first if first is not None else second
    assert bus is not None
    draft.add_shunt(f"{name} charging", draft.bus(bus), Admittance.of(y, draft.nominal_kv(bus)), draft.supplied[bus])
    draft.restated(table, name, "open at one end: its charging as a shunt")


def add_circuit(draft: PowsyblDraft, table: str, name: str, ends: tuple[int, int], circuit: Circuit) -> None:
    """A branch as a line, where it is one of positive charging between equal voltages, else as a transformer."""
    first, second = ends
    vn1, vn2 = draft.nominal_kv(first), draft.nominal_kv(second)
    on = draft.supplied[first] and draft.supplied[second]
    y1, y2 = circuit.y1 * circuit.rho**2, circuit.y2
    if circuit.rho == 1.0 and circuit.alpha_degree == 0.0 and vn1 == vn2:
        n_lines = len(draft.tables["lines"])
        series = Series(name, draft.bus(first), draft.bus(second), circuit.z_ohm, circuit.limit_mva, on)
        add_series(draft, table, name, series)
        common = max(min(y1.imag, y2.imag), 0.0)
        nf = 2.0 * common / (2.0 * math.pi * F_HZ) * 1e9
        if len(draft.tables["lines"]) > n_lines and 0.0 < nf < LARGEST_C_NF:
            draft.tables["lines"][-1]["c_nf_per_km"] = nf
            y1, y2 = y1 - 1j * common, y2 - 1j * common
    else:
        _add_transformer(draft, table, name, ends, circuit, on)
    for bus, y, vn in ((first, y1, vn1), (second, y2, vn2)):
        if abs(y) > 1e-15:
            draft.add_shunt(f"{name} shunt", draft.bus(bus), Admittance.of(y, vn), on)
            draft.restated(table, name, "uneven or lossy shunts at its ends as shunts of the buses")


def _add_transformer(
    draft: PowsyblDraft, table: str, name: str, ends: tuple[int, int], circuit: Circuit, on: bool
) -> None:
    first, second = ends
    vn2 = draft.nominal_kv(second)
    rated_kv = {first: vn2 / circuit.rho, second: vn2}
    high, low = (first, second) if rated_kv[first] >= vn2 else (second, first)
    z = circuit.z_ohm
    if abs(z.imag) < SMALLEST_X_OHM_PER_KM:
        z = complex(z.real, SMALLEST_X_OHM_PER_KM)
        draft.restated(table, name, "reactance of 0 as the smallest one", f"{SMALLEST_X_OHM_PER_KM:g} ohm")
    lag = -circuit.alpha_degree if low == second else circuit.alpha_degree
    mva = UNLIMITED_MVA if circuit.limit_mva is None else circuit.limit_mva
    draft.add(
        "transformers",
        {
            "name": draft.unique("transformers", name, f"{table}_{name}"),
            "hv_bus": draft.bus(high),
            "lv_bus": draft.bus(low),
            "vn_hv_kv": rated_kv[high],
            "vn_lv_kv": rated_kv[low],
            "shift_degree": (lag + 180.0) % 360.0 - 180.0 if lag else None,
            "in_service": on,
            **rated(100.0, z * 100.0 / vn2**2, 0.0, mva),
        },
    )
    if table == "lines":
        draft.restated(table, name, "between two nominal voltages: a transformer of the same ohms")


def _add_star(draft: PowsyblDraft, name: str, row: Cells, limits: Limits) -> None:
    """Three windings as a star around a bus of the rated voltage."""
    ends = {side: draft.position.get(str(row[f"bus{side}_id"])) for side in (1, 2, 3) if row[f"connected{side}"]}
    connected = {side: bus for side, bus in ends.items() if bus is not None}
    if len(connected) < 2:
        draft.at("3_windings_transformers", name, row, next(str(side) for side in (1, 2, 3) if side not in connected))
        return
    star = draft.new_bus(f"{name} star", next(iter(connected.values())), float(row["rated_u0"]))
    for side, bus in connected.items():
        mva = _mva(draft, limits, str(row["id"]), [(("ONE", "TWO", "THREE")[side - 1], bus)])
        circuit = _winding(row, str(side))._replace(limit_mva=mva)
        add_circuit(draft, "3_windings_transformers", f"{name} {side}", (bus, star), circuit)
    draft.restated("3_windings_transformers", name, "star of transformers with a hidden bus")


def _add_boundaries(draft: PowsyblDraft, limits: Limits) -> None:
    """Boundary lines: alone with what is beyond at their far end, two of a tie line as one after the other."""
    halves = {str(row["id"]): (name, row) for name, row in draft.frame("boundary_lines")}
    halves |= {key: (key, row) for key, row in draft.plain_frame("boundary_lines") if row["paired"]}
    far: dict[str, int] = {}
    for name, row in draft.frame("tie_lines"):
        pair = [halves[str(row[f"boundary_line{side}_id"])] for side in (1, 2)]
        places = [draft.at("tie_lines", name, own) for _, own in pair]
        sides = [(half, bus) for half, bus in zip(pair, places, strict=True) if bus is not None]
        for half, bus in sides:
            far.setdefault(name, draft.new_bus(f"{name} border", bus, draft.nominal_kv(bus)))
            _add_half(draft, "tie_lines", half, (bus, far[name]), limits)
        draft.restated("tie_lines", name, "two lines with a hidden bus at the border")
    for name, row in halves.values():
        if row["paired"]:
            continue
        near = draft.at("boundary_lines", name, row)
        if near is None:
            continue
        beyond = draft.new_bus(f"{name} border", near, draft.nominal_kv(near))
        draft.boundary[str(row["id"])] = beyond
        _add_half(draft, "boundary_lines", (name, row), (near, beyond), limits)
        draft.restated("boundary_lines", name, "a line to a hidden bus with what is beyond as a load or a machine")


def _add_half(
    draft: PowsyblDraft,
    table: str,
    half: tuple[str, Cells],
    ends: tuple[int, int],
    limits: Limits,
) -> None:
    name, row = half
    y = complex(row["g"], row["b"])  # all of it at the network's end
    mva = _mva(draft, limits, str(row["id"]), [("NONE", ends[0])])
    add_circuit(draft, table, name, ends, Circuit(complex(row["r"], row["x"]), y, 0j, limit_mva=mva))
