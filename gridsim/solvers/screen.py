"""N-1 screening: the loss of each line, transformer, machine and border, one at a time, from one operating point.

After a loss the emergency ratings hold, and the interfaces' emergency limits of the scheme with that circuit out. The
imbalance is taken by the participants of ``participation`` (governors); nothing is redispatched and nothing shed.

DC: flows of the outage's own PTDF (``kernels.flows``: the LODF, exact for outages that split the network too), currents
at nominal voltage. AC: losses of branches that neither split the network nor switch a shunt by lightsim2grid's
contingency analysis in one batch; where a machine would leave its reactive range, or a share its schedule by more than
``SHARE_TOLERANCE_MW``, and for all other losses, by ``AcModel.solve``, whose answer the batch has to that tolerance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.flows import islands, make_topology
from gridsim.model.pack import Packed, pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_ladder import Q_TOLERANCE_PU, VM_TOLERANCE_PU, injections
from gridsim.solvers.ac_network import Flows
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.participation import BASE_MVA, branch_status, bus_sum, held_buses, sources
from gridsim.solvers.screen_result import Answers, OutageKind, ScreenResult, SolvedBy, judge

SHARE_TOLERANCE_MW = 0.1


class _Outages(NamedTuple):
    kind: list[OutageKind]
    element: list[int]


def screen(
    system: GridSystem,
    point: OperatingPoint | None = None,
    *,
    ac: bool = True,
    month: int = 1,
    model: AcModel | None = None,
) -> ScreenResult:
    """Screen one operating point; ``None``: the winter peak, in AC dispatched for its own AC losses.

    ``month`` (1-12) chooses the interfaces' seasonal limits; ``model``: an AC model of this system made before.
    """
    packed = pack(system)
    if point is None:
        point = base_point(system, packed)
        if ac:
            model = model or AcModel(system, base=point)
            first = model.solve(point)
            if first.converged:
                point = base_point(system, packed, loss_share=first.losses_mw / point.p_load_mw.sum())
    work = _Screening(system, packed, point)
    if ac:
        work.by_ac(model or AcModel(system, base=point))
    else:
        work.by_dc()
    return judge(packed, work.answers(), month)


class _Screening:
    """The tables of one screening while they fill."""

    def __init__(self, system: GridSystem, packed: Packed, point: OperatingPoint):
        self.system, self.packed, self.point = system, packed, point
        self.status = branch_status(system, point.branch_out)
        self.base_island = islands(len(system.buses), system.branch_from, system.branch_to, self.status)
        self.load_mw = bus_sum(system.loads.bus, point.p_load_mw, len(system.buses))
        self.outages = self._outages()
        n, n_branches = len(self.outages.kind), system.n_branches
        self.flow_mw = np.zeros((n, n_branches))
        self.loading = np.zeros((n, n_branches))
        self.vm = np.full((n, len(system.buses)), np.nan)
        self.solved = np.full(n, SolvedBy.FAILED, dtype="<U8")
        self.reason = [""] * n
        self.islanded_mw, self.dark_mw = np.zeros(n), np.zeros(n)
        self._island()

    def _outages(self) -> _Outages:
        """Intact first; then branches in service, synchronised machines, borders in service."""
        system = self.system
        n_lines = len(system.lines)
        kind, element = [OutageKind.NONE], [-1]
        for branch in np.flatnonzero(self.status).tolist():
            is_line = branch < n_lines
            kind.append(OutageKind.LINE if is_line else OutageKind.TRANSFORMER)
            element.append(branch if is_line else branch - n_lines)
        on = self.point.gen_committed & system.generators.in_service & (system.generators.installed_mw > 0)
        for position in np.flatnonzero(on).tolist():
            kind.append(OutageKind.GENERATOR)
            element.append(position)
        for position in np.flatnonzero(system.borders.in_service).tolist():
            kind.append(OutageKind.BORDER)
            element.append(position)
        return _Outages(kind, element)

    def _branch(self, row: int) -> int:
        """Position of the branch that outage ``row`` loses, -1 if none."""
        kind, element = self.outages.kind[row], self.outages.element[row]
        if kind is OutageKind.LINE:
            return element
        return element + len(self.system.lines) if kind is OutageKind.TRANSFORMER else -1

    def _out(self, row: int) -> I4:
        branch = self._branch(row)
        if branch < 0:
            return self.point.branch_out
        return np.sort(np.append(self.point.branch_out, branch)).astype(np.int32)

    def _state(self, row: int) -> OperatingPoint:
        """The operating point right after the loss; load that no source reaches is gone."""
        kind, element = self.outages.kind[row], self.outages.element[row]
        state = self.point._replace(branch_out=self._out(row))
        if kind is OutageKind.GENERATOR:
            committed = self.point.gen_committed.copy()
            committed[element] = False
            state = state._replace(gen_committed=committed)
        elif kind is OutageKind.BORDER:
            p_border = self.point.p_border_mw.copy()
            p_border[element] = 0.0
            state = state._replace(p_border_mw=p_border)
        if self.dark_mw[row] > 0.0:
            dark = self.dark[row][self.system.loads.bus]
            stores = self.dark[row][self.system.storages.bus]
            state = state._replace(
                p_load_mw=np.where(dark, 0.0, state.p_load_mw), p_storage_mw=np.where(stores, 0.0, state.p_storage_mw)
            )
        return state

    def _system(self, row: int) -> GridSystem:
        """The system of an outage: without the border that is lost."""
        if self.outages.kind[row] is not OutageKind.BORDER:
            return self.system
        return self._without_border(self.outages.element[row])

    def _without_border(self, border: int) -> GridSystem:
        import dataclasses

        in_service = self.system.borders.in_service.copy()
        in_service[border] = False
        return self.system.replace(borders=dataclasses.replace(self.system.borders, in_service=in_service))

    def _island(self) -> None:
        """Islands of every outage, and the load they cut off."""
        system, n = self.system, len(self.outages.kind)
        self.island = np.empty((n, len(system.buses)), dtype=np.int32)
        self.dark = np.zeros((n, len(system.buses)), dtype=bool)
        self.splits = np.zeros(n, dtype=bool)
        status = self.status.copy()
        for row in range(n):
            branch = self._branch(row)
            if branch >= 0:
                status[branch] = False
                island = islands(len(system.buses), system.branch_from, system.branch_to, status)
                status[branch] = True
            else:
                island = self.base_island
            self.island[row] = island
            self.splits[row] = island.max(initial=0) > self.base_island.max(initial=0)
            if branch >= 0 and not self.splits[row]:
                self.dark[row] = self.dark[0]
            else:
                have = sources(self._system(row), self._state(row), island)
                self.dark[row] = ~have.live[island]
            self.dark_mw[row] = self.load_mw[self.dark[row]].sum()
            if self.splits[row]:
                self.islanded_mw[row] = self._cut_off(island)
            if row > 0:
                newly_dark = self.dark[row] & ~self.dark[0]
                self.islanded_mw[row] = max(self.islanded_mw[row], self.load_mw[newly_dark].sum())

    def _cut_off(self, island: I4) -> float:
        """Load (MW) outside the part with the most load of each former island; equal loads: the most buses."""
        total = 0.0
        for former in np.unique(self.base_island):
            parts = np.unique(island[self.base_island == former])
            load = [(float(self.load_mw[island == part].sum()), int((island == part).sum())) for part in parts]
            total += sum(mw for mw, _ in load) - max(load)[0]
        return total

    # --- DC

    def by_dc(self) -> None:
        """Flows of each outage from its own PTDF, every live island balanced by its participants."""
        system, case = self.system, self.packed.case
        n_branches = system.n_branches
        emergency, normal = system.branch_emergency_mw, system.branch_normal_mw
        topologies = {}
        for row in range(len(self.outages.kind)):
            out = self._out(row)
            key = out.tobytes()
            if key not in topologies:
                topologies = {key: make_topology(case, out)}  # rows of one topology follow each other
            state = self._state(row)
            lost = self._system(row)
            have = sources(lost, state, self.island[row])
            injection = self._injection_mw(lost, state, have.gen_on)
            n_islands = len(have.live)
            imbalance = bus_sum(self.island[row], injection, n_islands)
            weight = bus_sum(system.generators.bus, have.gen_weight, len(system.buses))
            weight += bus_sum(system.borders.bus, have.border_weight, len(system.buses))
            injection = np.where(self.dark[row], 0.0, injection - weight * imbalance[self.island[row]])
            flow = topologies[key].row_ptdf[:n_branches] @ injection
            self.flow_mw[row] = flow
            self.loading[row] = 100.0 * np.abs(flow) / (emergency if row else normal)
            self.solved[row] = SolvedBy.DC

    @staticmethod
    def _injection_mw(system: GridSystem, state: OperatingPoint, gen_on: B1) -> F8:
        n = len(system.buses)
        p = bus_sum(system.generators.bus, np.where(gen_on, state.p_gen_mw, 0.0), n)
        p += bus_sum(system.borders.bus, np.where(system.borders.in_service, state.p_border_mw, 0.0), n)
        p += bus_sum(system.storages.bus, state.p_storage_mw, n)
        return p - bus_sum(system.loads.bus, state.p_load_mw, n)

    # --- AC

    def by_ac(self, model: AcModel) -> None:
        """AC answers: the intact state, the batch, then the rest one by one from the intact voltages."""
        base = model.solve(self._state(0))
        self._take(0, base)
        remaining = list(range(1, len(self.outages.kind)))
        if base.converged and base.rung != "relaxed_q" and base.live.sum() == 1 and len(base.live) == 1:
            remaining = self._batch(model, base, remaining)
        same: dict[tuple[float, ...], int] = {}
        for row in remaining:
            equal = same.setdefault(self._machine_key(row), row)
            if equal != row:
                self._copy(equal, row)
                continue
            one = model
            if self.outages.kind[row] is OutageKind.BORDER:
                one = model.with_borders(self._system(row).borders.in_service)
            self._take(row, one.solve(self._state(row), start=base))

    def _machine_key(self, row: int) -> tuple[float, ...]:
        """Key of a machine's loss: equal machines at a bus are solved once. Other outages stand alone."""
        if self.outages.kind[row] is not OutageKind.GENERATOR:
            return (-1.0, float(row))
        gens, k = self.system.generators, self.outages.element[row]
        numbers = (gens.bus[k], self.point.p_gen_mw[k], gens.p_max_mw[k], gens.q_min_mvar[k], gens.q_max_mvar[k])
        return (*(float(number) for number in numbers), float(np.isnan(gens.droop_pu[k])))

    def _copy(self, source: int, row: int) -> None:
        for table in (self.flow_mw, self.loading, self.vm, self.solved):
            table[row] = table[source]
        self.reason[row] = self.reason[source]

    def _take(self, row: int, solution: AcSolution) -> None:
        self.reason[row] = solution.reason
        if not solution.converged:
            self.flow_mw[row], self.loading[row] = np.nan, np.nan
            return
        self.solved[row] = SolvedBy.SINGLE
        self.flow_mw[row] = solution.p_from_mw
        self.loading[row] = solution.loading_percent * (self._to_emergency() if row else 1.0)
        self.vm[row] = solution.vm_pu

    def _to_emergency(self) -> F8:
        """(n_branches,) ratio of normal to emergency rating by current; 1 if unlimited."""
        lines, trafos = self.system.lines, self.system.transformers
        line = np.where(np.isnan(lines.max_i_ka), 1.0, lines.max_i_ka / lines.max_i_emergency_ka)
        return np.concatenate([line, trafos.max_loading_percent / trafos.max_loading_emergency_percent])

    def _batch(self, model: AcModel, base: AcSolution, rows: list[int]) -> list[int]:
        """Answer the branch outages that lightsim2grid's batch answers exactly; give back the rest."""
        system, network = self.system, model.network
        if self.point.devices is not None:  # the batch's flows are those of the devices as the system states them
            return rows
        switched = np.zeros(system.n_branches, dtype=bool)
        switched[system.shunts.line[(system.shunts.line >= 0) & system.shunts.in_service]] = True
        branch = np.array([self._branch(row) for row in rows], dtype=np.int32)
        fit = (branch >= 0) & ~self.splits[rows] & ~switched[branch]
        if not fit.any():
            return rows
        v, converged = model.contingencies(self.point, branch[fit], base)
        status = np.repeat(self.status[None, :], len(v), axis=0)
        status[np.arange(len(v)), branch[fit]] = False
        flows = network.flows(v, status)
        good = converged & self._within(model, base, v, flows)
        taken = np.array(rows)[fit][good]
        self.flow_mw[taken] = flows.p_from_mw[good]
        self.loading[taken] = flows.loading_percent[good] * self._to_emergency()
        self.vm[taken] = np.abs(v[good])
        self.solved[taken] = SolvedBy.BATCH
        answered = set(taken.tolist())
        return [row for row in rows if row not in answered]

    def _within(self, model: AcModel, base: AcSolution, v: NDArray[np.complex128], flows: Flows) -> B1:
        """(n,) bool: no source would change between held and limited, and the imbalance is shared as it should be."""
        system, network = self.system, model.network
        topology = network.topology(self.point.branch_out)
        have = sources(system, self.point, topology.island)
        injection = injections(network, self.point, have)
        held = held_buses(system, have, base.vm_pu)
        n = len(system.buses)
        ends = np.zeros((2, system.n_branches, n))
        ends[0, np.arange(system.n_branches), system.branch_from] = 1.0
        ends[1, np.arange(system.n_branches), system.branch_to] = 1.0
        vm = np.abs(v)
        y_shunt = np.zeros(n)
        line = system.shunts.line
        on = system.shunts.in_service & ((line < 0) | self.status[np.maximum(line, 0)])
        np.add.at(y_shunt, system.shunts.bus[on], system.shunts.q_mvar[on])
        p_bus = flows.p_from_mw @ ends[0] + flows.p_to_mw @ ends[1]
        q_bus = flows.q_from_mvar @ ends[0] + flows.q_to_mvar @ ends[1] + y_shunt * vm**2
        q_source = (q_bus - injection.q_pu * BASE_MVA) / BASE_MVA
        q_min, q_max = have.q_min_mvar / BASE_MVA, have.q_max_mvar / BASE_MVA
        stays = (q_source <= q_max + Q_TOLERANCE_PU) & (q_source >= q_min - Q_TOLERANCE_PU)
        at_max = base.vm_pu < network.setpoint_pu
        beyond = np.where(at_max, vm - network.setpoint_pu, network.setpoint_pu - vm)
        fine = np.where(held, stays, beyond <= VM_TOLERANCE_PU) | ~have.regulates
        extra = p_bus - injection.p_pu * BASE_MVA
        imbalance = extra.sum(axis=1, keepdims=True)
        shared = np.abs(extra - injection.weight * imbalance) <= SHARE_TOLERANCE_MW
        return (fine & shared).all(axis=1)

    def answers(self) -> Answers:
        """Raw findings, before they are held against limits."""
        return Answers(
            kind=self.outages.kind,
            element=self.outages.element,
            out=[self._out(row) for row in range(len(self.outages.kind))],
            solved=self.solved,
            reason=self.reason,
            flow_mw=self.flow_mw,
            loading_percent=self.loading,
            vm_pu=self.vm,
            islanded_mw=self.islanded_mw,
            dark_mw=self.dark_mw,
        )
