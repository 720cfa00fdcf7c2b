"""Limits of branches and sections for any set of branches out, no narrower than what the state before any loss has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.table import F8, I4
from gridsim.solvers.screen_result import LIMIT_TOLERANCE


class Excess(NamedTuple):
    """(n,) of each state: the largest MW beyond a limit, of which row (-1: none), and its loading in per cent."""

    over_mw: F8
    row: I4
    percent: F8


class Limits:
    """Row limits (branches, then sections) of one month. ``intact_mw`` (n_rows,): flows before any loss."""

    def __init__(self, packed: Packed, month: int, intact_mw: F8):
        self.packed, self.month = packed, month
        system = packed.system
        self._member = np.zeros(system.n_branches, dtype=bool)
        self._member[system.interface_members.branch] = True
        self._known: dict[tuple[bool, bytes], tuple[F8, F8]] = {}
        self._beyond = []
        for emergency in (False, True):
            low, high = packed.row_limits(np.empty(0, dtype=np.int32), month, emergency=emergency)
            above = intact_mw > high * (1.0 + LIMIT_TOLERANCE)
            below = intact_mw < low * (1.0 + LIMIT_TOLERANCE)
            self._beyond.append((np.where(below, intact_mw, np.inf), np.where(above, intact_mw, -np.inf)))
        n = system.n_branches
        members = system.interface_members
        self.signs = np.zeros((n, len(system.interfaces)))
        np.add.at(self.signs, (members.branch, members.interface), members.sign)

    def __call__(self, out: I4, *, emergency: bool) -> tuple[F8, F8]:
        """(n_rows,) lower and upper limit with the branches ``out``; they depend on the sections' members alone."""
        key = emergency, out[self._member[out]].tobytes()
        if key not in self._known:
            low, high = self.packed.row_limits(out, self.month, emergency=emergency)
            widest_low, widest_high = self._beyond[int(emergency)]
            self._known[key] = np.minimum(low, widest_low), np.maximum(high, widest_high)
        return self._known[key]

    def with_sections(self, flow_mw: F8) -> F8:
        """Flows of branches and sections from those of branches, rows last: (n, n_rows)."""
        return np.hstack([flow_mw, flow_mw @ self.signs])

    def excess(self, flow_mw: F8, outs: list[I4]) -> Excess:
        """Excess over the emergency limits of states with branches out, ``flow_mw`` (n, n_branches)."""
        flows = self.with_sections(flow_mw)
        groups: dict[bytes, list[int]] = {}
        for row, out in enumerate(outs):
            groups.setdefault(out[self._member[out]].tobytes(), []).append(row)
        over, percent = np.zeros(flows.shape), np.zeros(flows.shape)
        for rows in groups.values():
            low, high = self(outs[rows[0]], emergency=True)
            some = flows[rows]
            limit = np.where(some >= 0.0, high, -low)
            over[rows] = np.abs(some) - limit * (1.0 + LIMIT_TOLERANCE)
            percent[rows] = 100.0 * np.divide(
                np.abs(some), limit, out=np.where(np.abs(some) > 1e-6, np.inf, 0.0), where=limit > 0.0
            )
        if not flows.shape[1]:
            return Excess(np.zeros(len(flows)), np.full(len(flows), -1, dtype=np.int32), np.full(len(flows), np.nan))
        worst = over.argmax(axis=1)
        each = np.arange(len(flows))
        most = np.maximum(over[each, worst], 0.0)
        fullest = percent.argmax(axis=1)
        row = np.where(most > 0.0, worst, fullest)
        return Excess(most, row.astype(np.int32), percent[each, row])
