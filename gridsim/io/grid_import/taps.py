"""Tap changers and vector groups: the ratio, angle and impedance of a transformer at its position."""

from __future__ import annotations

import cmath
import math
from typing import Any, NamedTuple

from gridsim.io.grid_import.cells import Cells, number, number_or, true
from gridsim.io.grid_import.draft import Draft

LARGEST_STEP_PERCENT = 10.0


class Ratio(NamedTuple):
    """Rated voltages and short-circuit voltage, the columns of a plain tap changer, the angle of taps and vector group.

    ``tap``: empty where there is none, or where its position stands in the rated voltages.
    """

    vn_hv_kv: float
    vn_lv_kv: float
    vk_percent: float
    vkr_percent: float
    shift_degree: float
    tap: dict[str, Any]

    @property
    def effective_kv(self) -> tuple[float, float]:
        """Voltages of both windings at the tap."""
        tap = self.tap
        factor = 1.0 + tap.get("tap_step_percent", 0.0) / 100.0 * (tap.get("tap_pos", 0) - tap.get("tap_neutral", 0))
        side = tap.get("tap_side")
        return self.vn_hv_kv * (factor if side == "hv" else 1.0), self.vn_lv_kv * (factor if side == "lv" else 1.0)


def ratio_of(draft: Draft, table: str, index: int, row: Cells) -> Ratio | None:
    """Ratio of a transformer; None where it is refused.

    A tap changer that only changes the voltage keeps its columns. Others stand, at their position, in the rated
    voltages and the angle.
    """
    hv, lv = float(row["vn_hv_kv"]), float(row["vn_lv_kv"])
    vk, vkr = float(row["vk_percent"]), float(row["vkr_percent"])
    shift, tap = number_or(row.get("shift_degree"), 0.0), dict[str, Any]()
    element = str(row.get("name") or f"{table}_{index}")
    for number_of in ("", "2"):
        changer = {
            key: row.get(f"tap{number_of}_{key}")
            for key in ("pos", "neutral", "side", "step_percent", "step_degree", "changer_type", "min", "max")
        }
        position = number(changer["pos"])
        side = str(changer["side"])
        if position is None or side not in ("hv", "lv"):
            continue
        if not number_of and true(row.get("tap_dependency_table")):
            found = table_row(draft.net.get("trafo_characteristic_table"), row.get("id_characteristic_table"), position)
            if found is None:
                draft.problem(table, index, "id_characteristic_table", f"has no step {position:g}", "add the step")
                return None
            factor, degree = float(found["voltage_ratio"]), float(found["angle_deg"])
            if true(row.get("tap_at_star_point")):
                factor, degree = 1.0 / factor, -degree
            hv, lv = (hv * factor, lv) if side == "hv" else (hv, lv * factor)
            shift += degree if side == "hv" else -degree
            if "vk_percent" in found and table == "trafo":
                vk, vkr = float(found["vk_percent"]), float(found["vkr_percent"])
            draft.restated(table, element, "characteristic of the tap changer at its position, as fixed data")
            continue
        kind = changer["changer_type"]
        steps = position - number_or(changer["neutral"], 0.0)
        percent, degree = number_or(changer["step_percent"], 0.0), number_or(changer["step_degree"], 0.0)
        direction = 1.0 if side == "hv" else -1.0
        if kind == "Ideal":
            turn = steps * degree if degree != 0.0 else 2.0 * math.degrees(math.asin(steps * percent / 200.0))
            shift += direction * turn
            if turn != 0.0:
                draft.restated(table, element, "tap of a phase shifter at its position, as a fixed angle")
        elif kind in ("Ratio", "Symmetrical"):
            if not number_of and degree % 180.0 == 0.0 and hv >= lv:
                tap = plain_tap(changer, percent, steps, degree, side)
                continue
            own = hv if side == "hv" else lv
            v = own * (1.0 + percent * steps / 100.0 * cmath.exp(1j * math.radians(degree)))
            hv, lv = (abs(v), lv) if side == "hv" else (hv, abs(v))
            shift += direction * math.degrees(math.atan(v.imag / v.real))
            if steps != 0.0:
                draft.restated(table, element, "tap of this kind at its position, as fixed ratio and angle")
    return Ratio(hv, lv, vk, vkr, shift, tap)


def plain_tap(changer: Cells, step: float, steps: float, degree: float, side: str) -> dict[str, Any]:
    """Columns of a tap changer that changes the voltage alone; a step of over 10 % becomes several."""
    neutral = number_or(changer["neutral"], 0.0)
    lowest, highest = (number_or(changer[end], neutral + steps) - neutral for end in ("min", "max"))
    if degree % 360.0 == 180.0:
        steps, lowest, highest = -steps, -highest, -lowest
    if step < 0.0:
        step, steps, lowest, highest = -step, -steps, -highest, -lowest
    parts = max(1, math.ceil(step / LARGEST_STEP_PERCENT))
    if abs(steps * parts - round(steps * parts)) > 1e-9:  # a tap between two: one tap of that size
        step, steps, lowest, highest = step * abs(steps), math.copysign(1.0, steps), 0.0, 0.0
        parts = max(1, math.ceil(step / LARGEST_STEP_PERCENT))
    tap = round(steps * parts)
    neutral_at = 0
    if parts == 1 and neutral == round(neutral):
        neutral_at = round(neutral)  # whole steps keep the net's own numbers
    return {
        "tap_side": side,
        "tap_min": neutral_at + min(tap, round(lowest * parts), 0),
        "tap_max": neutral_at + max(tap, round(highest * parts), 0),
        "tap_neutral": neutral_at,
        "tap_pos": neutral_at + tap,
        "tap_step_percent": step / parts,
    }


def table_row(table: Any, characteristic: Any, step: float) -> Cells | None:
    """Row of a characteristic table at a step; None where it has no such step."""
    if table is None or number(characteristic) is None:
        return None
    rows = table[(table["id_characteristic"] == characteristic) & (table["step"] == step)]
    return None if rows.empty else {str(key): value for key, value in rows.iloc[0].items()}
