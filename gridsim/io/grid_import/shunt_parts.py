"""Admittances to ground, and the circuit seen from one end of a branch whose other end is open."""

from __future__ import annotations

import math
from typing import NamedTuple


class Admittance(NamedTuple):
    """Power drawn at the bus's nominal voltage, inductive positive."""

    p_mw: float
    q_mvar: float

    @classmethod
    def of(cls, y_siemens: complex, vn_kv: float) -> Admittance:
        """Admittance ``y_siemens`` at a bus of ``vn_kv``."""
        return cls(y_siemens.real * vn_kv**2, -y_siemens.imag * vn_kv**2)


def line_shunt_siemens(f_hz: float, c_nf: float, g_us: float) -> complex:
    """Charging and losses of a whole line, both ends together."""
    return complex(g_us * 1e-6, 2.0 * math.pi * f_hz * c_nf * 1e-9)


def seen_from_one_end(z: complex, y_near: complex, y_far: complex) -> complex:
    """Admittance of a pi circuit whose far end is open: its near shunt, and the far one behind the series impedance."""
    return y_near + (y_far / (1.0 + z * y_far) if y_far != 0 else 0.0)
