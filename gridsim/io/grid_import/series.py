"""Series branches of any impedance: as a line where one fits, else as a transformer of the same ohms."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from gridsim.io.grid_import.draft import Draft
from gridsim.io.rules import LARGEST_BANK_MVA, LARGEST_LINE_OHM
from gridsim.io.schemas.bounds import BOUNDS, SMALLEST

LARGEST_X_OHM_PER_KM = BOUNDS["ohm/km"][1]
SMALLEST_X_OHM_PER_KM = 2.0 * SMALLEST["ohm/km"]
USUAL_VK_PERCENT = 10.0
LARGEST_VK_PERCENT = 60.0
SMALLEST_VK_PERCENT = SMALLEST["%"]
LARGEST_VKR_SHARE = 0.2
UNLIMITED_MVA = 1e4
LARGEST_LOADING_PERCENT = 8e7  # the emergency limit is 1.2 times this


class Series(NamedTuple):
    """A branch between two buses: ``z_ohm`` on the voltage of ``from_bus``, the nominal ratio; ``mva``: limit."""

    name: str
    from_bus: str
    to_bus: str
    z_ohm: complex
    mva: float | None
    on: bool


def add_series(draft: Draft, table: str, element: str, branch: Series) -> None:
    """Append a branch without shunts; a reactance of 0 becomes the smallest that the format takes."""
    vn_from, vn_to = draft.vn_kv[branch.from_bus], draft.vn_kv[branch.to_bus]
    z = branch.z_ohm
    if abs(z.imag) < SMALLEST_X_OHM_PER_KM:
        z = complex(z.real, SMALLEST_X_OHM_PER_KM)
        draft.restated(table, element, "reactance of 0 as the smallest one", f"{SMALLEST_X_OHM_PER_KM:g} ohm")
    if vn_from == vn_to and max(abs(z.real), abs(z.imag)) <= LARGEST_X_OHM_PER_KM:
        limit_ka = None if branch.mva is None else branch.mva / (math.sqrt(3.0) * vn_from)
        draft.add(
            "lines",
            {
                "name": draft.unique("lines", branch.name, f"{table}_{branch.name}"),
                "from_bus": branch.from_bus,
                "to_bus": branch.to_bus,
                "length_km": 1.0,
                "r_ohm_per_km": z.real,
                "x_ohm_per_km": z.imag,
                "max_i_ka": limit_ka,
                "equivalent": True if z.real < 0 or z.imag < 0 else None,
                "in_service": branch.on,
            },
        )
        return
    ends = [(vn_from, branch.from_bus), (vn_to, branch.to_bus)]
    (vn_hv, hv_bus), (vn_lv, lv_bus) = sorted(ends, key=lambda end: -end[0])
    mva = UNLIMITED_MVA if branch.mva is None else branch.mva
    draft.add(
        "transformers",
        {
            "name": draft.unique("transformers", branch.name, f"{table}_{branch.name}"),
            "hv_bus": hv_bus,
            "lv_bus": lv_bus,
            "vn_hv_kv": vn_hv,
            "vn_lv_kv": vn_lv,
            "in_service": branch.on,
            **rated(100.0, z * 100.0 / vn_from**2, 0.0, mva),
        },
    )
    if vn_from == vn_to:
        draft.restated(table, element, f"over {LARGEST_LINE_OHM} ohm: a transformer of ratio 1 and the same ohms")


def rated(sn_mva: float, z_pu: complex, i0_percent: float, loading_percent: float) -> dict[str, Any]:
    """Rating columns of a transformer of series impedance ``z_pu`` on ``sn_mva``, at a usual short-circuit voltage."""
    vk_percent = 100.0 * abs(z_pu)
    usual = SMALLEST_VK_PERCENT < vk_percent <= LARGEST_VK_PERCENT and abs(z_pu.real) <= LARGEST_VKR_SHARE
    scale = 1.0 if usual else USUAL_VK_PERCENT / vk_percent
    sign = -1.0 if z_pu.imag < 0.0 else 1.0
    # what stands for "no limit" in converted cases stays under the largest bank of the format
    loading_percent = min(loading_percent, 100.0 * LARGEST_BANK_MVA / 1.3 / sn_mva)
    return {
        "sn_mva": sn_mva * scale,
        "vk_percent": sign * vk_percent * scale,
        "vkr_percent": 100.0 * z_pu.real * scale,
        "equivalent": True if sign < 0.0 or z_pu.real < 0.0 else None,
        "i0_percent": i0_percent / scale,
        "max_loading_percent": min(loading_percent / scale, LARGEST_LOADING_PERCENT),
        "max_loading_emergency_percent": 1.2 * min(loading_percent / scale, LARGEST_LOADING_PERCENT),
    }
