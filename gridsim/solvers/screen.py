"""Screening of outages from one operating point: each line, transformer, machine and border, or what a list names.

After a loss the emergency ratings hold, and the interfaces' emergency limits of the scheme with that circuit out. The
imbalance is taken by the participants of ``participation`` (governors); nothing is redispatched and nothing shed. What
of it exceeds the headroom of everything that runs is told as short (``screen_balance``): such an outage is not secure.

DC: flows by the LODF, exact for outages that split the network too (``screen_dc``), losses at the loads, currents at
nominal voltage. AC: losses of branches that neither split the network nor switch a shunt by lightsim2grid's
contingency analysis in one batch; where a machine would leave its reactive range, or a share its schedule by more than
``SHARE_TOLERANCE_MW``, and for all other losses, by ``AcModel.solve``, whose answer the batch has to that tolerance.
Of an outage that splits the network every island has its own answer; one without a power flow leaves NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridsim.model.pack import Packed, pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_ladder import Q_TOLERANCE_PU, VM_TOLERANCE_PU, injections
from gridsim.solvers.ac_network import Flows
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.collapse_margin import collapse_margin
from gridsim.solvers.operating_point import OperatingPoint, base_point
from gridsim.solvers.participation import BASE_MVA, Sources, bus_sum, held_buses, sources
from gridsim.solvers.screen_balance import Balance
from gridsim.solvers.screen_dc import DcScreening
from gridsim.solvers.screen_outages import Outage, OutageKind, usual_outages
from gridsim.solvers.screen_result import Answers, ScreenResult, SolvedBy, judge
from gridsim.solvers.screen_states import States

SHARE_TOLERANCE_MW = 0.1


def screen(
    system: GridSystem,
    point: OperatingPoint | None = None,
    *,
    ac: bool = True,
    month: int = 1,
    model: AcModel | None = None,
    outages: Sequence[Outage] | None = None,
    redispatch: bool = False,
    margins: int = 0,
) -> ScreenResult:
    """Screen one operating point; ``None``: the winter peak, in AC dispatched for its own AC losses.

    ``month`` (1-12) chooses the interfaces' seasonal limits; ``model``: an AC model of this system made before.
    ``outages``: by default those of ``usual_outages``;  ``redispatch``: find what the operator would have to shed
    ``margins``: so many of the worst outages, and the intact state, with a margin to voltage collapse (AC).
    """
    packed = pack(system)
    if point is None:
        point, model = dispatched_point(system, packed, ac=ac, model=model)
    states = States(system, point, usual_outages(system, point) if outages is None else outages)
    balance = Balance(packed, states, month)
    work = _Screening(states, balance)
    if ac:
        model = model or AcModel(system, base=point)
        work.by_ac(model)
    else:
        work.by_dc(packed)
    result = judge(packed, work.answers(), month)
    if redispatch:
        result = result._replace(shed_mw=_shed_mw(states, balance, result))
    if ac and margins and model is not None:
        result = _with_margins(states, result, model, margins)
    return result


def _with_margins(states: States, result: ScreenResult, model: AcModel, most: int) -> ScreenResult:
    """Margins of the intact state and of the worst outages."""
    percent, mw = result.margin_percent.copy(), result.margin_mw.copy()
    worst = [row for row in result.order.tolist() if row > 0][:most]
    for row in [0, *worst]:
        left = states.system_of(row)
        margin = collapse_margin(model if left is states.intact else model.with_system(left), states.point_of(row))
        percent[row], mw[row] = margin.percent, margin.mw
    return result._replace(margin_percent=percent, margin_mw=mw)


def dispatched_point(
    system: GridSystem, packed: Packed | None = None, *, ac: bool, model: AcModel | None = None
) -> tuple[OperatingPoint, AcModel | None]:
    """The winter peak, with ``ac`` dispatched for its own AC losses; and the AC model made on the way."""
    packed = packed or pack(system)
    point = base_point(system, packed)
    if ac:
        model = model or AcModel(system, base=point)
        first = model.solve(point)
        if first.converged:
            point = base_point(system, packed, loss_share=first.losses_mw / point.p_load_mw.sum())
    return point, model


def _shed_mw(states: States, balance: Balance, result: ScreenResult) -> F8:
    """(n,) MW; 0 where nothing but voltages is out of its limits."""
    shed = np.zeros(len(states))
    over = np.isin(np.arange(len(states)), np.concatenate([result.overloads.outage, result.sections.outage]))
    unsolved = np.isin(result.solved, (SolvedBy.FAILED, SolvedBy.PARTLY))
    for row in np.flatnonzero(over | unsolved | (result.short_mw > 0.0) | (result.islanded_mw > 0.0)).tolist():
        shed[row] = balance.shed_mw(row, _sources(states, row))
    return shed


def _sources(states: States, row: int) -> Sources:
    return sources(states.system_of(row), states.point_of(row), states.island[row])


class _Screening:
    """The tables of one screening while they fill."""

    def __init__(self, states: States, balance: Balance):
        self.states, self.balance = states, balance
        self.system, self.point = states.intact, states.point
        n, n_branches, n_buses = len(states), self.system.n_branches, len(self.system.buses)
        self.flow_mw = np.zeros((n, n_branches))
        self.loading = np.zeros((n, n_branches))
        self.vm = np.full((n, n_buses), np.nan)
        self.solved = np.full(n, SolvedBy.FAILED, dtype="<U8")
        self.reason = [""] * n
        self.short_mw = np.zeros(n)

    # --- DC

    def by_dc(self, packed: Packed) -> None:
        """Flows of every outage with the losses at the loads, and every live island balanced by its participants."""
        found = DcScreening(packed.case, self.states, self.balance)
        self.flow_mw, self.short_mw = found.flow_mw, found.short_mw
        np.abs(self.flow_mw, out=self.loading)
        self.loading[0] *= 100.0 / self.system.branch_normal_mw
        self.loading[1:] *= 100.0 / self.system.branch_emergency_mw
        self.solved[:] = SolvedBy.DC
        self.vm = np.broadcast_to(np.nan, self.vm.shape)

    # --- AC

    def by_ac(self, model: AcModel) -> None:
        """AC answers: the intact state, the batch, then the rest one by one from the intact voltages."""
        states = self.states
        base = model.solve(states.point_of(0))
        self._take(0, base)
        remaining = list(range(1, len(states)))
        if base.converged and base.rung != "relaxed_q" and base.live.sum() == 1 and len(base.live) == 1:
            remaining = self._batch(model, base, remaining)
        same: dict[tuple[float, ...], int] = {}
        for row in remaining:
            equal = same.setdefault(self._machine_key(row), row)
            if equal != row:
                self._copy(equal, row)
                continue
            left = states.system_of(row)
            one = model if left is self.system else model.with_system(left)
            self._take(row, one.solve(states.point_of(row), start=base))

    def _machine_key(self, row: int) -> tuple[float, ...]:
        """Key of a machine's loss: equal machines at a bus are solved once. Other outages stand alone."""
        outage = self.states.outages[row]
        if outage.kind is not OutageKind.GENERATOR:
            return (-1.0, float(row))
        gens, k = self.system.generators, outage.position
        numbers = (gens.bus[k], self.point.p_gen_mw[k], gens.p_max_mw[k], gens.q_min_mvar[k], gens.q_max_mvar[k])
        return (*(float(number) for number in numbers), float(np.isnan(gens.droop_pu[k])))

    def _copy(self, source: int, row: int) -> None:
        for table in (self.flow_mw, self.loading, self.vm, self.solved, self.short_mw):
            table[row] = table[source]
        self.reason[row] = self.reason[source]

    def _take(self, row: int, solution: AcSolution) -> None:
        self.reason[row] = solution.reason
        have = _sources(self.states, row)
        self._balance(row, solution, have)
        unsolved = have.live[self.states.island[row]] & np.isnan(solution.vm_pu)
        if not np.isfinite(solution.vm_pu).any():
            self.flow_mw[row], self.loading[row] = np.nan, np.nan
            return
        self.solved[row] = SolvedBy.PARTLY if unsolved.any() else SolvedBy.SINGLE
        unknown = unsolved[self.system.branch_from] | unsolved[self.system.branch_to]
        self.flow_mw[row] = np.where(unknown, np.nan, solution.p_from_mw)
        loading = solution.loading_percent * (self._to_emergency() if row else 1.0)
        self.loading[row] = np.where(unknown, np.nan, loading)
        self.vm[row] = solution.vm_pu

    def _balance(self, row: int, solution: AcSolution, have: Sources) -> None:
        """Hold what the sources of each island had to add against their headroom; unsolved islands as in DC."""
        state, left, island = self.states.point_of(row), self.states.system_of(row), self.states.island[row]
        n = len(have.live)
        machines = solution.p_gen_mw - np.where(have.gen_on, state.p_gen_mw, 0.0)
        borders = solution.p_border_mw - np.where(left.borders.in_service, state.p_border_mw, 0.0)
        added = bus_sum(island[left.generators.bus], machines, n) + bus_sum(island[left.borders.bus], borders, n)
        missing = np.where(np.isnan(added), self.balance.missing_mw(row, have), added)
        self.short_mw[row] = self.balance.short_mw(row, have, missing)

    def _to_emergency(self) -> F8:
        """(n_branches,) ratio of normal to emergency rating by current; 1 if unlimited."""
        lines, trafos = self.system.lines, self.system.transformers
        line = np.where(np.isnan(lines.max_i_ka), 1.0, lines.max_i_ka / lines.max_i_emergency_ka)
        return np.concatenate([line, trafos.max_loading_percent / trafos.max_loading_emergency_percent])

    def _batch(self, model: AcModel, base: AcSolution, rows: list[int]) -> list[int]:
        """Answer the branch outages that lightsim2grid's batch answers exactly; give back the rest."""
        system, states = self.system, self.states
        if self.point.devices is not None:  # the batch's flows are those of the devices as the system states them
            return rows
        switched = np.zeros(system.n_branches, dtype=bool)
        switched[system.shunts.line[(system.shunts.line >= 0) & system.shunts.in_service]] = True
        branch = np.array([states.branch(row) for row in rows], dtype=np.int32)
        fit = (branch >= 0) & ~states.splits[rows] & ~switched[branch]
        if not fit.any():
            return rows
        try:
            v, converged = model.contingencies(self.point, branch[fit], base)
        except RuntimeError:  # lightsim2grid's refusal of a choice of slack buses; each outage alone has none to choose
            return rows
        status = np.repeat(states.status[None, :], len(v), axis=0)
        status[np.arange(len(v)), branch[fit]] = False
        flows = model.network.flows(v, status)
        fine, missing_mw = self._within(model, base, v, flows)
        good = converged & fine
        taken = np.array(rows)[fit][good]
        base_sources = _sources(states, 0)  # one island before and after
        self.flow_mw[taken] = flows.p_from_mw[good]
        self.loading[taken] = flows.loading_percent[good] * self._to_emergency()
        self.vm[taken] = np.abs(v[good])
        self.solved[taken] = SolvedBy.BATCH
        for row, missing in zip(taken.tolist(), missing_mw[good], strict=True):
            self.short_mw[row] = self.balance.short_mw(row, base_sources, np.array([missing]))
        answered = set(taken.tolist())
        return [row for row in rows if row not in answered]

    def _within(self, model: AcModel, base: AcSolution, v: NDArray[np.complex128], flows: Flows) -> tuple[B1, F8]:
        """(n,) bool: no source would change between held and limited, and the imbalance is shared as it should be.

        And the imbalance, (n,) MW.
        """
        from scipy import sparse

        system, network = self.system, model.network
        topology = network.topology(self.point.branch_out)
        have = sources(system, self.point, topology.island)
        injection = injections(network, self.point, have)
        held = held_buses(system, have, base.vm_pu)
        n = len(system.buses)
        branch, one = np.arange(system.n_branches), np.ones(system.n_branches)
        begin, end = (
            sparse.csr_array((one, (branch, bus)), shape=(system.n_branches, n))
            for bus in (system.branch_from, system.branch_to)
        )
        vm = np.abs(v)
        y_shunt = np.zeros(n)
        line = system.shunts.line
        on = system.shunts.in_service & ((line < 0) | self.states.status[np.maximum(line, 0)])
        np.add.at(y_shunt, system.shunts.bus[on], system.shunts.q_mvar[on])
        p_bus = flows.p_from_mw @ begin + flows.p_to_mw @ end
        q_bus = flows.q_from_mvar @ begin + flows.q_to_mvar @ end + y_shunt * vm**2
        q_source = (q_bus - injection.q_pu * BASE_MVA) / BASE_MVA
        q_min, q_max = have.q_min_mvar / BASE_MVA, have.q_max_mvar / BASE_MVA
        stays = (q_source <= q_max + Q_TOLERANCE_PU) & (q_source >= q_min - Q_TOLERANCE_PU)
        at_max = base.vm_pu < network.setpoint_pu
        beyond = np.where(at_max, vm - network.setpoint_pu, network.setpoint_pu - vm)
        fine = np.where(held, stays, beyond <= VM_TOLERANCE_PU) | ~have.regulates
        extra = p_bus - injection.p_pu * BASE_MVA
        imbalance = extra.sum(axis=1, keepdims=True)
        shared = np.abs(extra - injection.weight * imbalance) <= SHARE_TOLERANCE_MW
        return (fine & shared).all(axis=1), imbalance[:, 0]

    def answers(self) -> Answers:
        """Raw findings, before they are held against limits."""
        states = self.states
        system = self.system
        emergency = system.branch_emergency_mw
        by_power = np.divide(
            system.branch_normal_mw, emergency, out=np.ones(len(emergency)), where=np.isfinite(emergency)
        )
        to_emergency = by_power if self.solved[0] == SolvedBy.DC else self._to_emergency()
        return Answers(
            outages=states.outages,
            out=[states.branch_out(row) for row in range(len(states))],
            solved=self.solved,
            reason=self.reason,
            flow_mw=self.flow_mw,
            loading_percent=self.loading,
            vm_pu=self.vm,
            islanded_mw=states.islanded_mw,
            dark_mw=states.dark_mw,
            short_mw=self.short_mw,
            intact_percent=self.loading[0] * to_emergency,
        )
