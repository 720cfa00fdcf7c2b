"""Two-port admittances of branches, per unit: lines as pi circuits, transformers as T circuits made into pi circuits.

The conventions are pandapower's (``trafo_model="t"``), as the net that ``to_pandapower`` gives is studied there: tests
hold these numbers against its own. Importing pandapower to ask it for them costs two seconds.
"""

from __future__ import annotations

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.ac_network import C16, Admittances
from gridsim.solvers.participation import BASE_MVA

_DUST = 1e-12  # of ohm, nF, kW or per cent


def without_dust(values: F8) -> F8:
    """Zero in place of what is too small to matter: pandapower builds its matrix with every underflow an error."""
    return np.where(np.abs(values) < _DUST, 0.0, values)


def admittances(system: GridSystem) -> Admittances:
    """Admittances of all branches as if in service, and of shunts, pu on BASE_MVA."""
    y_shunt = ((system.shunts.p_mw - 1j * system.shunts.q_mvar) / BASE_MVA).astype(np.complex128)
    yff, yft, ytf, ytt = (np.concatenate(parts) for parts in zip(_lines(system), _transformers(system), strict=True))
    return Admittances(yff, yft, ytf, ytt, y_shunt)


def _lines(system: GridSystem) -> tuple[C16, C16, C16, C16]:
    """(n_lines,) yff, yft, ytf, ytt."""
    lines = system.lines
    base_ohm = system.buses.vn_kv[lines.from_bus] ** 2 / BASE_MVA
    ohm = lines.length_km / base_ohm / lines.parallel
    series = 1.0 / (without_dust(lines.r_ohm_per_km) * ohm + 1j * (lines.x_ohm_per_km * ohm))
    farad = without_dust(lines.c_nf_per_km) * 1e-9 * lines.length_km * lines.parallel
    own: C16 = series + 1j * (2.0 * np.pi * system.f_hz * farad * base_ohm) / 2.0
    return own, np.asarray(-series), np.asarray(-series), own


def _transformers(system: GridSystem) -> tuple[C16, C16, C16, C16]:
    """(n_transformers,) yff, yft, ytf, ytt; per unit of the low-voltage bus, the ratio on the high side."""
    trafos, vn_kv = system.transformers, system.buses.vn_kv
    bus_hv, bus_lv = vn_kv[trafos.hv_bus], vn_kv[trafos.lv_bus]
    step = np.where(trafos.tap_side != "", (trafos.tap_pos - trafos.tap_neutral) * trafos.tap_step_percent / 100.0, 0.0)
    hv_kv = np.abs(trafos.vn_hv_kv * (1.0 + np.where(trafos.tap_side == "hv", step, 0.0)))
    lv_kv = np.abs(trafos.vn_lv_kv * (1.0 + np.where(trafos.tap_side == "lv", step, 0.0)))
    to_bus = (lv_kv / bus_lv) ** 2
    z = trafos.vk_percent / 100.0 / trafos.sn_mva * to_bus * BASE_MVA
    r = without_dust(trafos.vkr_percent) / 100.0 / trafos.sn_mva * to_bus * BASE_MVA
    leakage = (r + 1j * np.sign(z) * np.sqrt(z**2 - r**2)) / trafos.parallel
    loss_mw = without_dust(trafos.pfe_kw) * 1e-3
    idle_mva = without_dust(trafos.i0_percent) / 100.0 * trafos.sn_mva
    magnetising_mva = np.sqrt(np.maximum(idle_mva**2 - loss_mw**2, 0.0))
    main = (loss_mw - 1j * magnetising_mva) * trafos.parallel / BASE_MVA / to_bus
    # half the leakage z on each side of the main inductance y, as a triangle: z + z^2 y / 4 and y / (2 + z y / 2)
    series = 1.0 / (leakage + leakage**2 * main / 4.0)
    own = series + main / (2.0 + leakage * main / 2.0)
    ratio = (hv_kv / lv_kv) / (bus_hv / bus_lv) * np.exp(1j * np.radians(trafos.shift_degree))
    return own / np.abs(ratio) ** 2, -series / np.conj(ratio), -series / ratio, own
