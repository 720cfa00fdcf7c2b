"""Demand of a horizon by bus and class, in parts that share their course over the hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.nodal_case import add_at_buses

B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Demand:
    """Each part is some MW at one bus and of one class that follow one course of the horizon.

    bus, tier, row : (n_parts,) i4;  mw : (n_parts,) f8;  factor : (n_hours, n_rows) f8
    """

    bus: I4
    tier: I4
    row: I4
    mw: F8
    factor: F8

    def at_buses(self, n_buses: int, tiers: B1 | None = None) -> F8:
        """(n_hours, n_buses) MW of the chosen classes, of all without a choice."""
        chosen = np.ones(len(self.tier), dtype=bool) if tiers is None else tiers[self.tier]
        total = np.zeros((len(self.factor), n_buses))
        n_rows = self.factor.shape[1]
        place, part = np.unique(self.bus[chosen].astype(np.int64) * n_rows + self.row[chosen], return_inverse=True)
        mw = np.bincount(part, weights=self.mw[chosen], minlength=len(place)).astype(np.float64)
        add_at_buses((place // n_rows).astype(np.int32), (place % n_rows).astype(np.int32), mw, self.factor, total)
        return total

    def energy_by_tier(self, n_tiers: int) -> F8:
        """(n_tiers,) MWh of the horizon."""
        energy = self.mw * self.factor.sum(axis=0)[self.row]
        return np.bincount(self.tier, weights=energy, minlength=n_tiers).astype(np.float64)
