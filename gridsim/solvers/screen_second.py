"""Every second outage of one state at once: DC flows by the LODF, islands and dead parts included.

The state has one injection per bus, losses with the loads, balanced in every island. A loss of a branch that leaves its
island whole moves its flow by the LODF; one that splits the island (a bridge) leaves the PTDF as it is, since with both
parts balanced the bridge carries nothing; a loss of a machine or border is an imbalance of its island. What lacks in a
part is taken by the participants of ``participation``; a part that nothing can hold is dead. Outages of other kinds,
and branches whose LODF would lose digits, have a topology of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import DispatchCase, Topology
from gridsim.kernels.flows import islands, make_topology, turned_mw
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status, bus_sum, sources
from gridsim.solvers.screen_after import AfterOutage, lost_branch
from gridsim.solvers.screen_balance import SHORT_TOLERANCE_MW
from gridsim.solvers.screen_dc import SMALL_PIVOT
from gridsim.solvers.screen_outages import Lost, Outage, OutageKind, lost_by

# Places in the table of what each bus has.
_GOVERNED, _RUNNING, _BORDER, _HOLDS, _HEADROOM, _LOAD, _INJECTION = range(7)


class SecondAnswers(NamedTuple):
    """State after each second outage, right after the participants acted.

    flow_mw : (n, n_branches);  dark_mw : load without a source;  islanded_mw : load cut off, with a source or without
    short_mw : imbalance beyond the headroom of what runs
    """

    flow_mw: F8
    dark_mw: F8
    islanded_mw: F8
    short_mw: F8


class StartingState(NamedTuple):
    """State before the second outages.

    system : as after the first;  point : its operating point;  topology : its PTDF;  injection_mw : (n_buses,), losses
    with the loads;  load_mw : (n_buses,) at the bus, without losses;  available_mw : (n_gens,) most of each machine
    """

    system: GridSystem
    point: OperatingPoint
    topology: Topology
    injection_mw: F8
    load_mw: F8
    available_mw: F8


class _Parts(NamedTuple):
    """Parts that lose their balance: ``owner`` the second outage of each;  ``mask`` (n_parts, n_buses) its buses."""

    owner: NDArray[np.int64]
    mask: B1


def _level(sums: F8) -> NDArray[np.int64]:
    """(n,) who takes an imbalance: machines with a governor, else all that run, else borders; ``sums`` (7, n)."""
    return np.where(sums[_GOVERNED] > 0.0, _GOVERNED, np.where(sums[_RUNNING] > 0.0, _RUNNING, _BORDER))


class SecondOutages:
    """Second outages of one state."""

    def __init__(self, case: DispatchCase, state: StartingState):
        self.case, self.state = case, state
        system, point = state.system, state.point
        self.n_branches, self.n_buses = system.n_branches, len(system.buses)
        self.island = state.topology.island
        self.status = branch_status(system, point.branch_out)
        self.ptdf = state.topology.row_ptdf[: self.n_branches]
        self.turned_mw = self._turned_without(state.topology, sources(system, point, self.island).live)
        self.flow_mw = np.asarray(self.ptdf @ state.injection_mw) + self.turned_mw
        self._gens, self._borders = self._machines(), self._neighbours()
        self._shares: AfterOutage | None = None
        n = self.n_buses
        self.buses = np.zeros((7, n))
        for quantity in range(7):
            self.buses[quantity] = bus_sum(system.generators.bus, self._gens[quantity], n)
            self.buses[quantity] += bus_sum(system.borders.bus, self._borders[quantity], n)
        self.buses[_LOAD], self.buses[_INJECTION] = state.load_mw, state.injection_mw

    def _machines(self) -> F8:
        """(7, n_gens) what each machine gives to its bus."""
        system, point = self.state.system, self.state.point
        gens = system.generators
        have = sources(system, point, self.island)
        on = have.gen_on
        table = np.zeros((7, len(gens)))
        table[_GOVERNED] = np.where(on & ~np.isnan(gens.droop_pu), gens.p_max_mw, 0.0)
        table[_RUNNING] = np.where(on, gens.p_max_mw, 0.0)
        table[_HOLDS] = have.gen_regulates
        table[_HEADROOM] = np.where(on, self.state.available_mw - point.p_gen_mw, 0.0)
        table[_INJECTION] = np.where(on, point.p_gen_mw, 0.0)
        return table

    def _neighbours(self) -> F8:
        """(7, n_borders) what each border gives to its bus."""
        borders, given = self.state.system.borders, self.state.point.p_border_mw
        on = borders.in_service
        table = np.zeros((7, len(borders)))
        table[_BORDER] = np.where(on, np.maximum(borders.limit_import_mw, 1.0), 0.0)
        table[_HOLDS] = on
        table[_HEADROOM] = np.where(on, np.maximum(borders.limit_import_mw, given) - given, 0.0)
        table[_INJECTION] = np.where(on, given, 0.0)
        return table

    def taken_by(self, outage: Outage) -> F8:
        """(7,) what a machine or border gives to its bus, 0 for all other outages."""
        if outage.kind is OutageKind.GENERATOR:
            return self._gens[:, outage.position]
        return self._borders[:, outage.position] if outage.kind is OutageKind.BORDER else np.zeros(7)

    def totals(self) -> F8:
        """(n_islands, 7) what each island has."""
        masks = self.island == np.arange(int(self.island.max()) + 1)[:, None]
        return np.asarray(masks.astype(np.float64) @ self.buses.T)

    def holds(self, before: F8, left: F8) -> B1:
        """(n,) bool: with what is ``left`` (n, 7) in an island its participants, voltage and headroom remain.

        ``before`` (n, 7): what it had. False too where others would have to take the imbalance.
        """
        level = _level(before.T)
        remains = left[np.arange(len(level)), level] > 1e-6
        short = before[:, _INJECTION] - left[:, _INJECTION] - left[:, _HEADROOM]
        return remains & (left[:, _HOLDS] > 0.5) & (short <= SHORT_TOLERANCE_MW)

    def answers(self, outages: Sequence[Outage]) -> SecondAnswers:
        """State after each of ``outages``, each on top of the starting state."""
        n, system = len(outages), self.state.system
        found = SecondAnswers(np.tile(self.flow_mw, (n, 1)), np.zeros(n), np.zeros(n), np.zeros(n))
        lines: list[tuple[int, int]] = []
        bridges: list[tuple[int, int]] = []
        singles: list[tuple[int, int, F8]] = []
        for row, outage in enumerate(outages):
            kind, position = outage.kind, outage.position
            if kind in (OutageKind.LINE, OutageKind.TRANSFORMER):
                branch = self._branch(outage)
                if not self.status[branch]:
                    continue
                if self._pivot(branch) > SMALL_PIVOT:
                    lines.append((row, branch))
                elif self._splits(branch):
                    bridges.append((row, branch))
                else:
                    self._anew(found, row, lost_by(system, outage))
            elif kind is OutageKind.GENERATOR:
                singles.append((row, int(system.generators.bus[position]), self._gens[:, position]))
            elif kind is OutageKind.BORDER:
                singles.append((row, int(system.borders.bus[position]), self._borders[:, position]))
            else:
                self._anew(found, row, lost_by(system, outage))
        self._by_lodf(found, lines)
        self._by_machines(found, singles)
        self._by_balance(found, bridges)
        return found

    def _pivot(self, branch: int) -> float:
        start, end = self.case.branch_from[branch], self.case.branch_to[branch]
        return float(1.0 - self.ptdf[branch, start] + self.ptdf[branch, end])

    def _splits(self, branch: int) -> bool:
        after = self._islands_without([branch])
        return bool(after[self.case.branch_from[branch]] != after[self.case.branch_to[branch]])

    def _islands_without(self, branches: Sequence[int] | I4) -> I4:
        status = self.status.copy()
        status[branches] = False
        return islands(self.n_buses, self.case.branch_from, self.case.branch_to, status)

    # --- branches that leave their island whole

    def _by_lodf(self, found: SecondAnswers, lines: list[tuple[int, int]]) -> None:
        if not lines:
            return
        rows, branch = np.array(lines).T
        moved = self.ptdf[:, self.case.branch_from[branch]] - self.ptdf[:, self.case.branch_to[branch]]
        moved /= 1.0 - moved[branch, np.arange(len(branch))]
        flow = self.flow_mw + (moved * self.flow_mw[branch]).T
        flow[np.arange(len(branch)), branch] = 0.0
        found.flow_mw[rows] = flow

    # --- machines and borders

    def _by_machines(self, found: SecondAnswers, singles: list[tuple[int, int, F8]]) -> None:
        """Losses at a bus, taken by the participants of its island, or by nobody if none is left."""
        if not singles:
            return
        rows, bus = np.array([one[0] for one in singles]), np.array([one[1] for one in singles])
        lost = np.array([one[2] for one in singles])
        island, each = self.island[bus], np.arange(len(rows))
        left = self.totals()[island] - lost
        # what remains of the last machine is a rounding error
        left[:, :3][left[:, :3] < 1e-9] = 0.0
        level = _level(left.T)
        total, imbalance = left[each, level], left[:, _INJECTION]
        live = (left[:, _HOLDS] > 0.5) & (total > 0.0)
        per_mw = np.divide(imbalance, total, out=np.ones(len(rows)), where=live)
        quantity = np.where(live, level, _INJECTION)  # a dead island injects nothing
        own_mw = np.where(live, lost[each, level] * per_mw - lost[:, _INJECTION], 0.0)
        flow = self.state.topology.bus_ptdf[bus, : self.n_branches] * own_mw[:, None]
        flow -= self._flows_of_all()[island, quantity] * per_mw[:, None]
        found.flow_mw[rows] += flow
        if self.turned_mw.any():  # a dark island carries nothing, whatever its shifts
            for k in np.flatnonzero(~live):
                found.flow_mw[rows[k], self.island[self.case.branch_from] == island[k]] = 0.0
        short = np.where(live, -imbalance - left[:, _HEADROOM], 0.0)
        found.short_mw[rows] = np.where(short > SHORT_TOLERANCE_MW, short, 0.0)
        found.dark_mw[rows] = np.where(live, 0.0, left[:, _LOAD])
        found.islanded_mw[rows] = np.maximum(found.islanded_mw[rows], found.dark_mw[rows])

    def _flows_of_all(self) -> F8:
        """(n_islands, 7, n_branches) flows if every bus of an island injected what it has of a quantity."""
        masks = self.island == np.arange(int(self.island.max()) + 1)[:, None]
        return np.stack([(self.buses * mask) @ self.ptdf.T for mask in masks])

    # --- bridges

    def _by_balance(self, found: SecondAnswers, bridges: list[tuple[int, int]]) -> None:
        if not bridges:
            return
        masks, owner = [], []
        for row, branch in bridges:
            after = self._islands_without([branch])
            for end in (self.case.branch_from[branch], self.case.branch_to[branch]):
                masks.append(after == after[end])
                owner.append(row)
            found.islanded_mw[row] = min(float(self.state.load_mw[mask].sum()) for mask in masks[-2:])
        parts = _Parts(np.array(owner), np.array(masks))
        change = self._change(found, parts, self.buses)
        rows = np.unique(parts.owner)
        found.flow_mw[rows] = (self.ptdf @ (self.state.injection_mw + change[rows]).T).T + self.turned_mw
        if self.turned_mw.any():  # a dark part carries nothing, whatever its shifts
            for part in np.flatnonzero(~self._weights(parts, self.buses)[1]):
                found.flow_mw[parts.owner[part], parts.mask[part][self.case.branch_from]] = 0.0
        for row, branch in bridges:
            found.flow_mw[row, branch] = 0.0

    def _change(self, found: SecondAnswers, parts: _Parts, buses: F8) -> F8:
        """(n, n_buses) MW by which injections change; tells what is dark and short on the way."""
        weight, live, sums = self._weights(parts, buses)
        imbalance = sums[_INJECTION]
        here = parts.mask * buses[_INJECTION]
        change = np.where(live[:, None], -weight * imbalance[:, None], -here)
        short = np.where(live, -imbalance - sums[_HEADROOM], 0.0)
        short[short <= SHORT_TOLERANCE_MW] = 0.0
        np.add.at(found.short_mw, parts.owner, short)
        np.add.at(found.dark_mw, parts.owner, np.where(live, 0.0, sums[_LOAD]))
        np.maximum(found.islanded_mw, found.dark_mw, out=found.islanded_mw)
        total = np.zeros((len(found.short_mw), self.n_buses))
        np.add.at(total, parts.owner, change)
        return total

    def _weights(self, parts: _Parts, buses: F8) -> tuple[F8, B1, F8]:
        """Shares of an imbalance (n_parts, n_buses), live parts, and (7, n_parts) what each part has left."""
        sums = buses @ parts.mask.T.astype(np.float64)
        sums[:3][sums[:3] < 1e-9] = 0.0
        level = _level(sums)
        total = sums[level, np.arange(len(level))]
        size = buses[level] * parts.mask
        weight = np.divide(size, total[:, None], out=np.zeros_like(size), where=total[:, None] > 0.0)
        return weight, (sums[_HOLDS] > 0.5) & (total > 0.0), sums

    def whole_branch(self, outage: Outage) -> int:
        """Position of the branch that an outage takes out of service without splitting its island, else -1."""
        if outage.kind not in (OutageKind.LINE, OutageKind.TRANSFORMER):
            return -1
        branch = self._branch(outage)
        return branch if self._pivot(branch) > SMALL_PIVOT else -1

    def _branch(self, outage: Outage) -> int:
        return outage.position + (len(self.state.system.lines) if outage.kind is OutageKind.TRANSFORMER else 0)

    def after(self, outage: Outage, lost: Lost) -> AfterOutage:
        """Flows right after one outage per MW injected before it at each bus.

        What an outage takes (machines, borders, stores) counts for nothing afterwards, whatever its bus says.
        """
        branch = self.whole_branch(outage)
        if branch >= 0:
            if self._shares is None:
                self._shares = self._after(self.state.topology, self.buses)
            return self._shares._replace(lost=lost_branch(self.case, self.state.topology, branch))
        return self._after(self._without(lost)[0], self._left(lost))

    def _after(self, topology: Topology, buses: F8) -> AfterOutage:
        masks = topology.island == np.arange(int(topology.island.max()) + 1)[:, None]
        parts = _Parts(np.arange(len(masks)), masks)
        weight, live, _ = self._weights(parts, buses)
        return AfterOutage(topology, topology.row_ptdf @ weight.T, live, None)

    def after_turned_mw(self, after: AfterOutage) -> F8:
        """Flows right after one outage that phase shifters drive, (n_branches,)."""
        turned = self._turned_without(after.topology, after.live)
        if after.lost is not None:
            turned += after.lost.moved[: self.n_branches] * turned[after.lost.branch]
        return turned

    def _turned_without(self, topology: Topology, live: B1) -> F8:
        turned = turned_mw(self.case, topology)[: self.n_branches]
        return np.where(live[topology.island[self.case.branch_from]], turned, 0.0)

    # --- all others

    def _without(self, lost: Lost) -> tuple[Topology, B1]:
        """Topology without the lost branches, and the buses of each island, (n_islands, n_buses) bool."""
        topology = self.state.topology
        if lost.branches.size:
            topology = make_topology(self.case, np.union1d(self.state.point.branch_out, lost.branches))
        return topology, topology.island == np.arange(int(topology.island.max()) + 1)[:, None]

    def _left(self, lost: Lost) -> F8:
        """Table of the buses without the machines, borders and stores that are lost."""
        system, buses = self.state.system, self.buses.copy()
        if not (lost.generators.size or lost.borders.size or lost.storages.size or lost.shunts.size):
            return buses
        for gen in lost.generators.tolist():
            buses[:, system.generators.bus[gen]] -= self._gens[:, gen]
        for border in lost.borders.tolist():
            buses[:, system.borders.bus[border]] -= self._borders[:, border]
        for store in lost.storages.tolist():
            buses[_INJECTION, system.storages.bus[store]] -= self.state.point.p_storage_mw[store]
        for shunt in lost.shunts.tolist():
            buses[_INJECTION, system.shunts.bus[shunt]] += system.shunts.p_mw[shunt] * system.shunts.in_service[shunt]
        buses[:3][buses[:3] < 1e-9] = 0.0
        return buses

    def _anew(self, found: SecondAnswers, row: int, lost: Lost) -> None:
        """An outage of any kind, with its own topology."""
        buses = self._left(lost)
        topology, masks = self._without(lost)
        parts = _Parts(np.full(len(masks), row), masks)
        one = SecondAnswers(found.flow_mw, np.zeros(row + 1), np.zeros(row + 1), np.zeros(row + 1))
        change = self._change(one, parts, buses)[row]
        found.short_mw[row], found.dark_mw[row] = one.short_mw[row], one.dark_mw[row]
        found.flow_mw[row] = topology.row_ptdf[: self.n_branches] @ (buses[_INJECTION] + change)
        found.flow_mw[row] += self._turned_without(topology, self._weights(parts, buses)[1])
        cut = 0.0
        for former in np.unique(self.island):
            inside = self.island == former
            load = [self.state.load_mw[topology.island == part].sum() for part in np.unique(topology.island[inside])]
            cut += sum(load) - max(load)
        found.islanded_mw[row] = max(cut, found.dark_mw[row])
