"""Limits of branches and sections for any set of branches out, no narrower than what the state before any loss has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsim.model.pack import Packed
from gridsim.model.table import F8, I4
from gridsim.solvers.screen_result import LIMIT_TOLERANCE

#: Beyond a limit by less than this is within it.
OVER_TOLERANCE_MW = 0.1


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
        inside = np.flatnonzero(self._member)
        return np.hstack([flow_mw, flow_mw[:, inside] @ self.signs[inside]])

    def members_of(self, branches: I4) -> I4:
        """Those of some branches that are members of a section: no other outage changes a limit."""
        return branches[self._member[branches]]

    def excess(self, flow_mw: F8, out: I4, lost: Sequence[I4]) -> Excess:
        """Excess over the emergency limits of states with the branches ``out`` and their own members ``lost`` out.

        ``flow_mw`` (n, n_branches).
        """
        flows = self.with_sections(flow_mw)
        n, n_rows = flows.shape
        if not n_rows or not n:
            return Excess(np.zeros(n), np.full(n, -1, dtype=np.int32), np.full(n, np.nan))
        groups: dict[bytes, list[int]] = {}
        for row, members in enumerate(lost):
            groups.setdefault(members.tobytes(), []).append(row)
        first = flow_mw.shape[1]  # of the sections, whose limits alone change
        low, high = self(out, emergency=True)
        percent, over = _held(flows, low, high)
        for key, rows in groups.items():
            if not key:  # no member of a section lost
                continue
            low, high = (
                limit[first:] for limit in self(np.union1d(out, lost[rows[0]]).astype(np.int32), emergency=True)
            )
            percent[rows, first:], over[rows, first:] = _held(flows[rows, first:], low, high)
        each, worst = np.arange(n), over.argmax(axis=1)
        most = np.maximum(over[each, worst], 0.0)
        row = np.where(most > 0.0, worst, percent.argmax(axis=1))
        return Excess(most, row.astype(np.int32), percent[each, row])


def _held(flows_mw: F8, low_mw: F8, high_mw: F8) -> tuple[F8, F8]:
    """Flows (n, n_rows) in per cent of the limit in their direction, and MW beyond it (negative: within)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = flows_mw * (100.0 / high_mw)
        np.maximum(percent, flows_mw * (100.0 / low_mw), out=percent)
    if not (low_mw.all() and high_mw.all()):
        percent[np.isnan(percent)] = 0.0
    over = flows_mw - high_mw * (1.0 + LIMIT_TOLERANCE)
    np.maximum(over, low_mw * (1.0 + LIMIT_TOLERANCE) - flows_mw, out=over)
    return percent, over
