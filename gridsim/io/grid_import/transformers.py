"""Transformers of two windings: rating, taps, magnetising circuit, phase shift."""

from __future__ import annotations

import math
from typing import NamedTuple

from gridsim.io.grid_import.cells import Cells, number, number_or
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.series import rated
from gridsim.io.grid_import.shunt_parts import Admittance
from gridsim.io.grid_import.taps import Ratio, ratio_of
from gridsim.io.schemas.bounds import BOUNDS

LARGEST_I0_PERCENT = 20.0
OPEN_END = "a transformer open at one end: out of service, its magnetising circuit a shunt at the other"


class Winding(NamedTuple):
    """A pair of windings as pandapower's power flow has it, its table and element for the account.

    ``open_ends``: sides behind an open switch; ``shift_degree`` before it is shared out over a loop.
    """

    table: str
    row: int
    element: str
    name: str
    hv_bus: str
    lv_bus: str
    cells: Cells
    ratio: Ratio
    on: bool
    open_ends: frozenset[str]


def windings(draft: Draft) -> list[Winding]:
    """Transformers of two windings."""
    found = []
    for index, row, name in draft.elements("trafo"):
        buses = {"hv": int(row["hv_bus"]), "lv": int(row["lv_bus"])}
        open_at = draft.open_ends.get(("t", index), set())
        ratio = ratio_of(draft, "trafo", index, row)
        if ratio is None:
            continue
        found.append(
            Winding(
                table="trafo",
                row=index,
                element=name,
                name=name,
                hv_bus=draft.bus(buses["hv"]),
                lv_bus=draft.bus(buses["lv"]),
                cells=row,
                ratio=ratio,
                on=draft.on(row, *buses.values()),
                open_ends=frozenset(side for side, bus in buses.items() if bus in open_at),
            )
        )
    return found


def add_winding(draft: Draft, winding: Winding, shift_degree: float) -> None:
    """Append one transformer; ``shift_degree``: what the vector groups around it do not explain."""
    cells, ratio = winding.cells, winding.ratio
    sn_mva, parallel = float(cells["sn_mva"]), int(number_or(cells.get("parallel"), 1.0))
    vk, vkr = ratio.vk_percent, ratio.vkr_percent
    pfe_kw, i0 = number_or(cells["pfe_kw"], 0.0), abs(number_or(cells["i0_percent"], 0.0))  # pandapower ignores a sign
    loading = (number(cells.get("max_loading_percent")) or 100.0) * (number(cells.get("df")) or 1.0)
    leakage = tuple(number_or(cells.get(f"leakage_{part}_ratio_hv"), 0.5) for part in ("resistance", "reactance"))
    row: Cells = {
        "hv_bus": winding.hv_bus,
        "lv_bus": winding.lv_bus,
        "vn_hv_kv": ratio.vn_hv_kv,
        "vn_lv_kv": ratio.vn_lv_kv,
        "parallel": parallel,
        "in_service": winding.on and not winding.open_ends,
        **ratio.tap,
    }
    if winding.hv_bus == winding.lv_bus:
        draft.restated(winding.table, winding.element, "between buses that switches join: nothing")
        return
    g = pfe_kw / 1000.0 / sn_mva
    y = complex(g, -math.sqrt(max((i0 / 100.0) ** 2 - g**2, 0.0)))
    z, ends = _pi(_series_of(vk, vkr), y, *leakage)
    if len(winding.open_ends) == 1 and winding.on:
        _add_open_end(draft, winding, z, ends, sn_mva * parallel)
    usual = leakage == (0.5, 0.5) and 0.0 <= pfe_kw <= BOUNDS["kW"][1] and y != 0
    as_t = rated(sn_mva, _series_of(vk, vkr), i0, loading)
    if y == 0 or (usual and as_t["i0_percent"] <= LARGEST_I0_PERCENT):
        columns = as_t | {"pfe_kw": pfe_kw}
    else:
        columns = rated(sn_mva, z, 0.0, loading)
        if row["in_service"]:
            _add_magnetising(draft, winding, ends, sn_mva * parallel)
        how = "magnetising circuit as a shunt at each end of the equal pi circuit"
        draft.restated(winding.table, winding.element, how)
    shift = (shift_degree + 180.0) % 360.0 - 180.0
    if row["vn_hv_kv"] < row["vn_lv_kv"]:
        row["hv_bus"], row["lv_bus"] = row["lv_bus"], row["hv_bus"]
        row["vn_hv_kv"], row["vn_lv_kv"] = row["vn_lv_kv"], row["vn_hv_kv"]
        row["tap_side"] = {"hv": "lv", "lv": "hv"}.get(row.get("tap_side", ""))
        shift = -shift
    if abs(shift) > 1e-9:
        row["shift_degree"] = shift
    if columns["equivalent"]:
        draft.restated(winding.table, winding.element, "negative r or x: marked as an equivalent")
    name = draft.unique("transformers", winding.name, f"{winding.table}_{winding.name}")
    draft.add("transformers", {"name": name} | row | columns)


def _series_of(vk: float, vkr: float) -> complex:
    return complex(vkr, math.copysign(math.sqrt(max(vk**2 - vkr**2, 0.0)), vk)) / 100.0


def _pi(z: complex, y: complex, r_share: float, x_share: float) -> tuple[complex, tuple[complex, complex]]:
    """Series impedance and the admittances of both ends of the pi circuit equal to a T circuit (wye-delta), pu."""
    if y == 0:
        return z, (0j, 0j)
    hv, lv = complex(z.real * r_share, z.imag * x_share), complex(z.real * (1 - r_share), z.imag * (1 - x_share))
    total = hv * lv * y + hv + lv
    return total, (lv * y / total, hv * y / total)


def _add_magnetising(draft: Draft, winding: Winding, ends: tuple[complex, complex], mva: float) -> None:
    for side, y, bus, vn_kv in _sides(winding, ends):
        scale = mva * (draft.vn_kv[bus] / vn_kv) ** 2
        shunt = Admittance(y.real * scale, -y.imag * scale)
        draft.add_shunt(f"{winding.name} magnetising {side}", bus, shunt, winding.on)


def _add_open_end(draft: Draft, winding: Winding, z: complex, ends: tuple[complex, complex], mva: float) -> None:
    """Shunt at the end that is still joined: its own part, and the far one behind the series impedance."""
    hv, lv = _sides(winding, ends)
    near, far = (lv, hv) if "hv" in winding.open_ends else (hv, lv)
    y = near[1] + (far[1] / (1.0 + z * far[1]) if far[1] != 0 else 0j)
    scale = mva * (draft.vn_kv[near[2]] / near[3]) ** 2
    draft.add_shunt(f"{winding.name} open end", near[2], Admittance(y.real * scale, -y.imag * scale), True)
    draft.restated(winding.table, winding.element, OPEN_END)


def _sides(winding: Winding, ends: tuple[complex, complex]) -> list[tuple[str, complex, str, float]]:
    ratio = winding.ratio
    hv_kv, lv_kv = ratio.effective_kv
    return [("hv", ends[0], winding.hv_bus, hv_kv), ("lv", ends[1], winding.lv_bus, lv_kv)]
