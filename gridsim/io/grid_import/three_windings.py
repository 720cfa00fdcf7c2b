"""Transformers of three windings: a star of three with a hidden bus, as pandapower's power flow has it."""

from __future__ import annotations

import cmath
import math

import numpy as np

from gridsim.io.grid_import.cells import Cells, number, number_or, true
from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.taps import ratio_of, table_row
from gridsim.io.grid_import.transformers import Winding

SIDES = ("hv", "mv", "lv")


def star_windings(draft: Draft) -> list[Winding]:
    """Three windings per transformer; adds their star points to the buses."""
    found: list[Winding] = []
    for index, row, name in draft.elements("trafo3w"):
        star = _star(draft, index, row, name)
        found += star
        if star:
            draft.restated("trafo3w", name, "a star of three transformers with a hidden bus")
    return found


def _star(draft: Draft, index: int, row: Cells, name: str) -> list[Winding]:
    buses = {side: int(row[f"{side}_bus"]) for side in SIDES}
    open_at = draft.open_ends.get(("t3", index), set())
    on = draft.on(row, *(bus for bus in buses.values() if bus not in open_at))
    values = _pair_voltages(draft, index, row)
    if values is None:
        return []
    vk, vkr = star_voltages(values, np.array([float(row[f"sn_{side}_mva"]) for side in SIDES]))
    star = draft.hidden_bus(f"{name} star", draft.bus(buses["hv"]), draft.vn_kv[draft.bus(buses["hv"])])
    loss_side = str(row.get("loss_side") or "hv").lower()
    windings = []
    for number_of, side in enumerate(SIDES):
        own = draft.bus(buses[side])
        cells: Cells = {
            "name": name,
            "sn_mva": row[f"sn_{side}_mva"],
            "vn_hv_kv": row["vn_hv_kv"],
            "vn_lv_kv": row[f"vn_{side}_kv"],
            "vk_percent": vk[number_of],
            "vkr_percent": vkr[number_of],
            "pfe_kw": row["pfe_kw"] if side == loss_side else 0.0,
            "i0_percent": row["i0_percent"] if side == loss_side else 0.0,
            "shift_degree": 0.0 if side == "hv" else number_or(row.get(f"shift_{side}_degree"), 0.0),
            "max_loading_percent": row.get("max_loading_percent"),
            **_tap(row, side),
        }
        ratio = ratio_of(draft, "trafo3w", index, cells)
        if ratio is None:
            return []
        windings.append(
            Winding(
                table="trafo3w",
                row=index,
                element=name,
                name=f"{name} {side}",
                hv_bus=own if side == "hv" else star,
                lv_bus=star if side == "hv" else own,
                cells=cells,
                ratio=ratio,
                on=on,
                open_ends=frozenset({"hv" if side == "hv" else "lv"} if buses[side] in open_at else set()),
            )
        )
    return windings


def _pair_voltages(draft: Draft, index: int, row: Cells) -> np.ndarray | None:
    """((vk, vkr) of the pairs hv-mv, mv-lv, hv-lv in per cent, at the tap where they depend on it."""
    if true(row.get("tap_dependency_table")):
        position = number_or(row.get("tap_pos"), 0.0)
        found = table_row(draft.net.get("trafo_characteristic_table"), row.get("id_characteristic_table"), position)
        if found is None:
            draft.problem("trafo3w", index, "id_characteristic_table", f"has no step {position:g}", "add the step")
            return None
        row = row | {key: value for key, value in found.items() if key.startswith("vk") and number(value) is not None}
    return np.array([[float(row[f"{kind}_{side}_percent"]) for side in SIDES] for kind in ("vk", "vkr")])


def star_voltages(pairs: np.ndarray, sn_mva: np.ndarray) -> tuple[list[float], list[float]]:
    """Short-circuit voltages (vk, vkr) of the star's arms, each on its own rating: delta of pairs to wye.

    A pair's voltage is on the smaller of its two ratings.
    """
    least = np.array([min(sn_mva[0], sn_mva[1]), min(sn_mva[1], sn_mva[2]), min(sn_mva[0], sn_mva[2])])
    delta = pairs * sn_mva[0] / least
    delta_x = np.sqrt(delta[0] ** 2 - delta[1] ** 2)

    def arms(pair: np.ndarray) -> np.ndarray:
        hv_mv, mv_lv, hv_lv = pair
        wye = np.array([hv_mv + hv_lv - mv_lv, mv_lv + hv_mv - hv_lv, hv_lv + mv_lv - hv_mv])
        return np.asarray(0.5 * sn_mva / sn_mva[0] * wye)

    r, x = arms(delta[1]), arms(delta_x)
    vk = np.sign(x) * np.sqrt(x**2 + r**2)
    return vk.tolist(), r.tolist()


def _tap(row: Cells, side: str) -> Cells:
    """Tap columns of one arm; at the star point the step works on the other side of the arm, the other way round."""
    if row.get("tap_side") != side:
        return {}
    tap = {key: row.get(key) for key in row if key.startswith(("tap_", "id_characteristic"))}
    tap["tap_side"] = "hv" if side == "hv" else "lv"
    if true(row.get("tap_at_star_point")):
        tap["tap_side"] = "lv" if side == "hv" else "hv"
        percent, degree = number_or(row.get("tap_step_percent"), 0.0), number(row.get("tap_step_degree"))
        if degree is None:
            return {}  # pandapower too passes over a tap at the star point whose angle is not given
        step = percent * cmath.exp(1j * math.radians(degree))
        steps = number_or(row.get("tap_pos"), 0.0) - number_or(row.get("tap_neutral"), 0.0)
        turned = 100.0 * step / (100.0 + step * steps)
        tap["tap_step_percent"] = abs(turned)
        tap["tap_step_degree"] = math.degrees(cmath.phase(turned)) - 180.0
    return tap
