"""States of a screening right after each outage: what is out, which islands remain, which of them have no source."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import I4
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status, bus_sum, sources
from gridsim.solvers.screen_outages import INTACT, Lost, Outage, lost_by


def system_without(system: GridSystem, lost: Lost) -> GridSystem:
    """The system without the borders, shunts and condensers that are lost."""
    # a condenser has no power to commit: it is lost by being out of service
    condensers = lost.generators[system.generators.p_max_mw[lost.generators] <= 0.0]
    if lost.borders.size:
        system = system.replace(borders=_without(system.borders, lost.borders))
    if lost.shunts.size:
        system = system.replace(shunts=_without(system.shunts, lost.shunts))
    if condensers.size:
        system = system.replace(generators=_without(system.generators, condensers))
    return system


def point_without(point: OperatingPoint, lost: Lost) -> OperatingPoint:
    """The point without what is lost; load stays as it was."""
    if lost.branches.size:
        point = point._replace(branch_out=np.union1d(point.branch_out, lost.branches).astype(np.int32))
    if lost.generators.size:
        committed = point.gen_committed.copy()
        committed[lost.generators] = False
        point = point._replace(gen_committed=committed)
    for name, gone in (("p_border_mw", lost.borders), ("p_storage_mw", lost.storages)):
        if gone.size:
            p_mw = getattr(point, name).copy()
            p_mw[gone] = 0.0
            point = point._replace(**{name: p_mw})
    return point


class States:
    """Operating points after each outage, row 0 the intact one.

    status : (n_branches,) in service before;  load_mw : (n_buses,)
    island : (n, n_buses) i4;  dark : (n, n_buses) no source reaches the bus;  splits : (n,) the outage makes islands
    islanded_mw, dark_mw : (n,) load cut off, with or without a source, and without
    """

    def __init__(self, system: GridSystem, point: OperatingPoint, outages: Sequence[Outage]):
        self.intact, self.point = system, point
        self.outages = [INTACT, *outages]
        self.lost = [lost_by(system, outage) for outage in self.outages]
        self.status = branch_status(system, point.branch_out)
        self.load_mw = bus_sum(system.loads.bus, point.p_load_mw, len(system.buses))
        n, n_buses = len(self.outages), len(system.buses)
        self.island = np.empty((n, n_buses), dtype=np.int32)
        self.dark = np.zeros((n, n_buses), dtype=bool)
        self.splits = np.zeros(n, dtype=bool)
        self.islanded_mw, self.dark_mw = np.zeros(n), np.zeros(n)
        self._island()

    def __len__(self) -> int:
        return len(self.outages)

    def branch(self, row: int) -> int:
        """Position of the branch that is all an outage loses, -1 if it is none or more."""
        lost = self.lost[row]
        others = lost.generators.size + lost.borders.size + lost.storages.size + lost.shunts.size
        return int(lost.branches[0]) if lost.branches.size == 1 and not others else -1

    def branch_out(self, row: int) -> I4:
        """Sorted positions of the branches out."""
        if not self.lost[row].branches.size:
            return self.point.branch_out
        return np.union1d(self.point.branch_out, self.lost[row].branches).astype(np.int32)

    def point_of(self, row: int) -> OperatingPoint:
        """The operating point right after the loss; load that no source reaches is gone."""
        state, lost = self._after(row), self.lost[row]
        if self.dark_mw[row] > 0.0 or lost.branches.size > 1:
            dark = self.dark[row][self.intact.loads.bus]
            stores = self.dark[row][self.intact.storages.bus]
            state = state._replace(
                p_load_mw=np.where(dark, 0.0, state.p_load_mw), p_storage_mw=np.where(stores, 0.0, state.p_storage_mw)
            )
        return state

    def system_of(self, row: int) -> GridSystem:
        """The system after the loss: without the borders, shunts and condensers that are lost."""
        return system_without(self.intact, self.lost[row])

    def _after(self, row: int) -> OperatingPoint:
        return point_without(self.point, self.lost[row])

    def _island(self) -> None:
        """Islands of every outage, and the load they cut off."""
        system, status = self.intact, self.status.copy()
        base = islands(len(system.buses), system.branch_from, system.branch_to, status)
        for row, lost in enumerate(self.lost):
            island = base
            if lost.branches.size:
                was = status[lost.branches]
                status[lost.branches] = False
                island = islands(len(system.buses), system.branch_from, system.branch_to, status)
                status[lost.branches] = was
            self.island[row] = island
            self.splits[row] = island.max(initial=0) > base.max(initial=0)
            if self.branch(row) >= 0 and not self.splits[row]:
                self.dark[row] = self.dark[0]
            else:
                have = sources(self.system_of(row), self._after(row), island)
                self.dark[row] = ~have.live[island]
            self.dark_mw[row] = self.load_mw[self.dark[row]].sum()
            if self.splits[row]:
                self.islanded_mw[row] = self._cut_off(base, island)
            if row > 0:
                newly_dark = self.dark[row] & ~self.dark[0]
                self.islanded_mw[row] = max(self.islanded_mw[row], self.load_mw[newly_dark].sum())

    def _cut_off(self, base: I4, island: I4) -> float:
        """Load (MW) outside the part with the most load of each former island; equal loads: the most buses."""
        total = 0.0
        for former in np.unique(base):
            parts = np.unique(island[base == former])
            load = [(float(self.load_mw[island == part].sum()), int((island == part).sum())) for part in parts]
            total += sum(mw for mw, _ in load) - max(load)[0]
        return total


def _without(table: Any, gone: I4) -> Any:
    in_service = table.in_service.copy()
    in_service[gone] = False
    return dataclasses.replace(table, in_service=in_service)
