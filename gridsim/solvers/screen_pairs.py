"""N-1-1: one outage, redispatch within minutes, then a second outage.

After every first outage the operator redispatches what runs within its ramps, with load shed where nothing else holds
the normal limits (``screen_redispatch``). Every second outage is held against the emergency ratings and the sections'
emergency limits with both out, right after the participants of ``participation`` took the imbalance
(``screen_second``). Of pairs that pass a limit or lack power two more dispatch problems are solved: how much the
operator sheds afterwards, within minutes again; and how much would have had to be shed beforehand, after the first
outage, so that the second passes nothing at all. The worst are solved in AC, from the redispatched state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gridsim.model.pack import operator_ladder, pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, STR
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import bus_sum, sources
from gridsim.solvers.screen import dispatched_point, screen
from gridsim.solvers.screen_balance import Balance, available_mw
from gridsim.solvers.screen_limits import Limits
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, usual_outages
from gridsim.solvers.screen_redispatch import SHED_TOLERANCE_MW, QuickRedispatch, Redispatched, Rows
from gridsim.solvers.screen_second import SecondOutages, StartingState
from gridsim.solvers.screen_states import States

#: Beyond a limit by less than this is within it.
OVER_TOLERANCE_MW = 0.1
#: Pairs whose worst states are solved in AC.
AC_PAIRS = 100


class FirstResult(NamedTuple):
    """State after each first outage and the redispatch; row 0 the intact one, without a redispatch.

    shed_mw : load shed or without a source;  moved_mw : by which machines and borders changed, the larger direction
    """

    outages: tuple[Outage, ...]
    shed_mw: F8
    moved_mw: F8


class PairResult(NamedTuple):
    """Ordered pairs, by first and then second outage; ``first``, ``second`` rows of ``firsts``. MW.

    over_mw, over_name, over_percent : largest excess right after the second, of what, and its loading (of the fullest
    without an excess);  dark_mw, islanded_mw, short_mw : of the second outage, as in ScreenResult
    shed_mw : all that is shed in the end;  pre_shed_mw : more than after the first outage, before the second
    added_mw : of both, more than after either outage alone;  order : worst first
    ac_* : of the worst pairs in AC, NaN for all others;  solved : how, "dc" for those
    """

    firsts: FirstResult
    first: I4
    second: I4
    second_name: STR
    over_mw: F8
    over_name: STR
    over_percent: F8
    dark_mw: F8
    islanded_mw: F8
    short_mw: F8
    shed_mw: F8
    pre_shed_mw: F8
    added_mw: F8
    order: I4
    ac_over_mw: F8
    ac_over_name: STR
    ac_vm_min_pu: F8
    ac_reason: STR
    solved: STR
    solves: int

    @property
    def secure(self) -> B1:
        """(n,) bool: nothing beyond a limit, cut off, short or shed beyond what the first outage sheds."""
        shed_more = self.shed_mw > self.firsts.shed_mw[self.first] + SHED_TOLERANCE_MW
        return (self.over_mw <= OVER_TOLERANCE_MW) & (self.islanded_mw <= 0.0) & (self.short_mw <= 0.0) & ~shed_more


def screen_pairs(
    system: GridSystem,
    point: OperatingPoint | None = None,
    *,
    ac: bool = True,
    month: int = 1,
    minutes: float = 15.0,
    least_effect: float = 0.05,
    outages: Sequence[Outage] | None = None,
    most_ac: int = AC_PAIRS,
) -> PairResult:
    """All ordered pairs of ``outages`` (the usual ones), of equal parallel machines one. ``point`` as in ``screen``."""
    model: AcModel | None = None
    if point is None:
        point, model = dispatched_point(system, ac=ac)
    outages = usual_outages(system, point) if outages is None else outages
    work = _PairScreening(system, point, outages, month=month, minutes=minutes, least_effect=least_effect)
    work.solve()
    result = work.result()
    if ac:
        result = _in_ac(work, result, model or AcModel(system, base=point), most_ac)
    return result


class EqualMachines:
    """Machines that no study can tell apart: at one bus, with equal output and limits. One stands for all."""

    def __init__(self, system: GridSystem, point: OperatingPoint, outages: Sequence[Outage]):
        gens = system.generators
        self._members: dict[tuple[float, ...], list[int]] = {}
        self._key: dict[int, tuple[float, ...]] = {}
        self.outages: list[Outage] = []
        self.every = tuple(outages)
        self._by_position = {one.position: one for one in outages if one.kind is OutageKind.GENERATOR}
        for outage in outages:
            if outage.kind is not OutageKind.GENERATOR:
                self.outages.append(outage)
                continue
            k = outage.position
            numbers = (
                gens.bus[k], point.p_gen_mw[k], gens.p_min_mw[k], gens.p_max_mw[k], gens.q_min_mvar[k],
                gens.q_max_mvar[k], gens.vm_pu[k], gens.ramp_mw_per_min[k], gens.cost_per_mwh[k], gens.heat_curve[k],
                gens.droop_pu[k], gens.profile[k], gens.heat_led[k], gens.must_run[k],
            )  # fmt: skip
            key = tuple(-1.0 if np.isnan(number) else float(number) for number in numbers)
            self._key[k] = key
            members = self._members.setdefault(key, [])
            if not members:
                self.outages.append(outage)
            members.append(k)

    def seconds(self, first: Outage, p_gen_mw: F8) -> tuple[list[Outage], list[int]]:
        """Second outages after ``first``, and their places in ``outages``: of equal machines the one that gives most.

        The first's own place is left out unless it has an equal machine left.
        """
        found: list[Outage] = []
        places: list[int] = []
        lost = {one.position for one in first.elements if one.kind is OutageKind.GENERATOR}
        for place, outage in enumerate(self.outages):
            one = outage
            if outage.kind is OutageKind.GENERATOR:
                left = [k for k in self._members[self._key[outage.position]] if k not in lost]
                if not left:
                    continue
                one = self._by_position[max(left, key=lambda k: (round(float(p_gen_mw[k]), 6), -k))]
            elif outage == first:
                continue
            found.append(one)
            places.append(place)
        return found, places


class _PairScreening:
    """The tables of a screening of pairs while they fill."""

    def __init__(
        self,
        system: GridSystem,
        point: OperatingPoint,
        outages: Sequence[Outage],
        *,
        month: int,
        minutes: float,
        least_effect: float,
    ):
        self.system, self.point, self.month = system, point, month
        self.packed = pack(system, operator_ladder(least_effect))
        self.equal = EqualMachines(system, point, outages)
        self.states = States(system, point, self.equal.outages)
        losses_mw = Balance(self.packed, self.states, month).losses_mw
        load_mw = self.states.load_mw
        share = np.divide(losses_mw, load_mw, out=np.zeros_like(load_mw), where=load_mw > 0)
        self.loss_scale = 1.0 + share[system.loads.bus]
        self.quick = QuickRedispatch(self.packed, point, self.loss_scale, month=month, minutes=minutes)
        self.available_mw = available_mw(system, point, month)
        self.after: list[Redispatched] = []

    def solve(self) -> None:
        """Every first outage, its redispatch and all second ones."""
        intact = self._intact()
        self.limits = Limits(self.packed, self.month, intact.topology.row_ptdf @ intact.injection_mw)
        n = len(self.states)
        self.first_shed_mw, self.moved_mw = np.zeros(n), np.zeros(n)
        self.chunks: list[dict[str, Any]] = []
        for row in range(n):
            left, state = self.states.system_of(row), self.states.point_of(row)
            if row:
                after = self.quick.solve(left, state, *self.limits(state.branch_out, emergency=False))
            else:
                after = intact
            self.after.append(after)
            self.first_shed_mw[row] = self._unserved_mw(after)
            self.moved_mw[row] = self._moved_mw(after)
            self._seconds(row, left, after)

    def _unserved_mw(self, after: Redispatched) -> float:
        shed = float(self.point.p_load_mw.sum() - after.point.p_load_mw.sum())
        return shed if shed > SHED_TOLERANCE_MW else 0.0

    def _moved_mw(self, after: Redispatched) -> float:
        change = np.concatenate(
            [after.point.p_gen_mw - self.point.p_gen_mw, after.point.p_border_mw - self.point.p_border_mw]
        )
        return float(max(change[change > 0].sum(), -change[change < 0].sum()))

    def _intact(self) -> Redispatched:
        """The state before any loss; what lacks in an island is shared by its participants."""
        system, point, n = self.system, self.states.point_of(0), len(self.system.buses)
        topology = self.quick.topology(point.branch_out)
        have = sources(system, point, topology.island)
        p = bus_sum(system.generators.bus, np.where(have.gen_on, point.p_gen_mw, 0.0), n)
        p += bus_sum(system.borders.bus, np.where(system.borders.in_service, point.p_border_mw, 0.0), n)
        p += bus_sum(system.storages.bus, point.p_storage_mw, n)
        p -= bus_sum(system.loads.bus, point.p_load_mw * self.loss_scale, n)
        weight = bus_sum(system.generators.bus, have.gen_weight, n)
        weight += bus_sum(system.borders.bus, have.border_weight, n)
        p -= weight * bus_sum(topology.island, p, len(have.live))[topology.island]
        p = np.where(have.live[topology.island], p, 0.0)
        load = bus_sum(system.loads.bus, point.p_load_mw, n)
        return Redispatched(point, topology, p, load, 0.0)

    def _seconds(self, row: int, left: GridSystem, after: Redispatched) -> None:
        seconds, places = self.equal.seconds(self.states.outages[row], after.point.p_gen_mw)
        start = StartingState(
            left, after.point, after.topology, after.injection_mw, after.load_mw, self.available_mw
        )
        network = SecondOutages(self.packed.case, start)
        found = network.answers(seconds)
        outs = [
            np.union1d(after.point.branch_out, lost_by(left, one).branches).astype(np.int32) for one in seconds
        ]
        excess = self.limits.excess(found.flow_mw, outs)
        over = np.where(excess.over_mw > OVER_TOLERANCE_MW, excess.over_mw, 0.0)
        shed = self.first_shed_mw[row] + found.dark_mw
        before = np.zeros(len(seconds))
        for place in np.flatnonzero((over > 0.0) | (found.short_mw > 0.0)).tolist():
            shed[place] = self._shed_after(left, after, seconds[place])
            if over[place] > 0.0:
                before[place] = self._shed_before(row, network, seconds[place], outs[place])
        n = len(seconds)
        self.chunks.append(
            {
                "first": np.full(n, row, dtype=np.int32),
                "second": np.array(places, dtype=np.int32) + 1,
                "second_name": np.array([one.name for one in seconds], dtype=np.str_),
                "over_mw": over,
                "over_row": excess.row,
                "over_percent": excess.percent,
                "dark_mw": found.dark_mw,
                "islanded_mw": found.islanded_mw,
                "short_mw": found.short_mw,
                "shed_mw": shed,
                "pre_shed_mw": before,
            }
        )

    def _shed_after(self, left: GridSystem, after: Redispatched, second: Outage) -> float:
        """MW unserved once the operator has redispatched after the second outage too."""
        both = States(left, after.point, [second])
        state = both.point_of(1)
        limits = self.limits(state.branch_out, emergency=True)
        return self._unserved_mw(self.quick.solve(both.system_of(1), state, *limits))

    def _shed_before(self, row: int, network: SecondOutages, second: Outage, out: I4) -> float:
        """MW more to shed after the first outage for the second to pass nothing; nothing is cut off beforehand."""
        left, state = self.states.system_of(row), self.states.point_of(row)
        lost, packed = lost_by(left, second), self.packed
        after = network.after_ptdf(second)
        low, high = self.limits(out, emergency=True)
        columns = np.concatenate(
            [
                lost.generators,
                packed.border_columns.start + lost.borders,
                packed.charge_columns.start + lost.storages,
                packed.discharge_columns.start + lost.storages,
            ]
        ).astype(np.int32)
        rows = Rows(np.vstack([after, self.limits.signs.T @ after]), low, high, columns)
        limits = self.limits(state.branch_out, emergency=row == 0)
        needed = self._unserved_mw(self.quick.solve(left, state, *limits, rows))
        more = needed - self.first_shed_mw[row]
        return more if more > SHED_TOLERANCE_MW else 0.0

    def result(self) -> PairResult:
        """The tables put together, and the order."""
        table = {name: np.concatenate([chunk[name] for chunk in self.chunks]) for name in self.chunks[0]}
        n_all = len(self.states)
        alone_shed, alone_before = np.zeros(n_all), np.zeros(n_all)
        alone = table["first"] == 0
        alone_shed[table["second"][alone]] = table["shed_mw"][alone]
        alone_before[table["second"][alone]] = table["pre_shed_mw"][alone]
        table = {name: values[~alone] for name, values in table.items()}
        first, second = table["first"], table["second"]
        shed = table["shed_mw"] - self.first_shed_mw[first] - alone_shed[second]
        before = table["pre_shed_mw"] - alone_before[second]
        added = np.where(shed > SHED_TOLERANCE_MW, shed, 0.0) + np.where(before > SHED_TOLERANCE_MW, before, 0.0)
        names = np.append(np.concatenate([self.system.branch_name, self.system.interfaces.name]), "")
        n = len(first)
        order = np.lexsort((np.arange(n), -table["over_percent"], -table["over_mw"], -table["short_mw"], -added))
        row = table.pop("over_row")
        nan, empty = np.full(n, np.nan), np.full(n, "", dtype=np.str_)
        return PairResult(
            firsts=FirstResult(tuple(self.states.outages), self.first_shed_mw, self.moved_mw),
            over_name=names[row],
            added_mw=added,
            order=order.astype(np.int32),
            ac_over_mw=nan,
            ac_over_name=empty,
            ac_vm_min_pu=nan.copy(),
            ac_reason=empty,
            solved=np.full(n, "dc", dtype="<U8"),
            solves=self.quick.solves,
            **table,
        )


def _in_ac(work: _PairScreening, result: PairResult, model: AcModel, most: int) -> PairResult:
    """The worst pairs in AC: each second outage from the redispatched state of its first."""
    chosen = result.order[:most]
    over, low = result.ac_over_mw.copy(), result.ac_vm_min_pu.copy()
    solved, names = result.solved.copy(), result.ac_over_name.astype(object)
    reason = result.ac_reason.astype(object)
    by_name = {one.name: one for one in work.equal.every}
    for first in np.unique(result.first[chosen]).tolist():
        rows = chosen[result.first[chosen] == first]
        left, point = work.states.system_of(first), work.after[first].point
        seconds = [by_name[name] for name in result.second_name[rows].tolist()]
        one = model if left is work.system else model.with_system(left)
        found = screen(left, point, month=work.month, model=one, outages=seconds)
        over[rows], low[rows] = found.over_mw[1:], found.vm_min_pu[1:]
        solved[rows] = found.solved[1:]
        names[rows] = found.over_name[1:]
        reason[rows] = found.reason[1:]
    return result._replace(
        ac_over_mw=over,
        ac_over_name=names.astype(np.str_),
        ac_vm_min_pu=low,
        ac_reason=reason.astype(np.str_),
        solved=solved,
    )
