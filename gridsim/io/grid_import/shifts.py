"""Vector groups and phase shifters: angles that cancel around every loop are dropped, the others stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gridsim.io.grid_import.draft import Draft
from gridsim.io.grid_import.transformers import Winding


class _Angles:
    """Union of buses with the angle of each against its root (degrees)."""

    def __init__(self, buses: Sequence[str]):
        self._parent = {bus: bus for bus in buses}
        self._angle = dict.fromkeys(buses, 0.0)

    def root(self, bus: str) -> tuple[str, float]:
        path, angle = [], 0.0
        while self._parent[bus] != bus:
            path.append(bus)
            bus = self._parent[bus]
        for member in reversed(path):  # each now hangs at the root, so that the next search is short
            angle += self._angle[member]
            self._parent[member], self._angle[member] = bus, angle
        return bus, angle

    def lag(self, hv_bus: str, lv_bus: str, shift_degree: float) -> float:
        """Join two buses of which the second lags; the part of the angle that a loop leaves over, 0 in a tree."""
        (hv_root, hv), (lv_root, lv) = self.root(hv_bus), self.root(lv_bus)
        if hv_root == lv_root:
            return shift_degree - (hv - lv)
        self._parent[lv_root], self._angle[lv_root] = hv_root, hv - shift_degree - lv
        return 0.0


def shared_out(draft: Draft, windings: Sequence[Winding]) -> list[float]:
    """(n_windings,) degrees: what is left of each shift when the buses' angles are counted from their vector group.

    Branches without a shift come first, then windings by how common their shift is: what is left over stands at the
    rarest, the phase shifters. ``draft.bus_degree`` tells how far the angle of each bus was turned.
    """
    angles = _Angles(list(draft.vn_kv))
    straight = [(row["in_service"], row["from_bus"], row["to_bus"]) for row in draft.tables["lines"]]
    straight += [(row["in_service"], row["hv_bus"], row["lv_bus"]) for row in draft.tables["transformers"]]
    common = Counter(round(winding.ratio.shift_degree, 6) for winding in windings)
    order = sorted(range(len(windings)), key=lambda at: -common[round(windings[at].ratio.shift_degree, 6)])
    left = [0.0] * len(windings)
    for in_service in (True, False):
        for on, from_bus, to_bus in straight:
            if on == in_service:
                angles.lag(from_bus, to_bus, 0.0)
        for at in order:
            winding = windings[at]
            if (winding.on and not winding.open_ends) == in_service:
                left[at] = angles.lag(winding.hv_bus, winding.lv_bus, winding.ratio.shift_degree)
    draft.bus_degree = {bus: angles.root(bus)[1] for bus in draft.vn_kv}
    for winding, rest in zip(windings, left, strict=True):
        if abs(winding.ratio.shift_degree) > 1e-9 and abs((rest + 180.0) % 360.0 - 180.0) < 1e-9:
            how = "vector group left out: angles beyond it are counted without its turn"
            draft.restated(winding.table, winding.element, how)
    return left
