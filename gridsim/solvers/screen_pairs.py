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

from gridsim.kernels.flows import turned_mw, widened_limits
from gridsim.model.pack import operator_ladder, pack
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, STR
from gridsim.solvers.ac import AcModel
from gridsim.solvers.collapse_margin import collapse_margin
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.screen import dispatched_point, screen
from gridsim.solvers.screen_balance import Balance, available_mw
from gridsim.solvers.screen_balanced import balanced
from gridsim.solvers.screen_equal import EqualMachines
from gridsim.solvers.screen_limits import OVER_TOLERANCE_MW, Limits
from gridsim.solvers.screen_outages import Outage, OutageKind, lost_by, usual_outages
from gridsim.solvers.screen_redispatch import SHED_TOLERANCE_MW, Bounds, QuickRedispatch, Redispatched, Rows
from gridsim.solvers.screen_second import SecondOutages, StartingState
from gridsim.solvers.screen_states import States, point_without, system_without

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
    margin_percent: F8
    margin_mw: F8
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
    margins: int = 0,
) -> PairResult:
    """All ordered pairs of ``outages`` (the usual ones), of equal parallel machines one. ``point`` as in ``screen``.

    ``minutes``: ramping time of the redispatch;  ``most_ac``: worst pairs solved in AC;  ``margins``: worst pairs
    with a margin to voltage collapse.
    """
    model: AcModel | None = None
    if point is None:
        point, model = dispatched_point(system, ac=ac)
    outages = usual_outages(system, point) if outages is None else outages
    work = PairScreening(system, point, outages, month=month, minutes=minutes, least_effect=least_effect)
    work.solve()
    result = work.result()
    if ac:
        model = model or AcModel(system, base=point)
        result = _in_ac(work, result, model, most_ac)
        if margins:
            result = _with_margins(work, result, model, margins)
    return result


class PairScreening:
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
        self.loss_scale = Balance(self.packed, self.states, month).loss_scale
        self.quick = QuickRedispatch(self.packed, point, self.loss_scale, month=month, minutes=minutes)
        self.available_mw = available_mw(system, point, month)
        self.after: list[Redispatched] = []
        n = len(self.states)
        self.first_shed_mw, self.moved_mw = np.zeros(n), np.zeros(n)
        self.chunks: list[dict[str, Any]] = []
        self.lost = {one.name: lost_by(system, one) for one in outages}

    def prepare(self) -> None:
        """The intact state, and the limits that it widens."""
        self.intact = self._intact()
        flow = self.intact.topology.row_ptdf @ self.intact.injection_mw
        self.limits = Limits(self.packed, self.month, flow + turned_mw(self.packed.case, self.intact.topology))
        self.members = {name: self.limits.members_of(lost.branches) for name, lost in self.lost.items()}

    def solve(self) -> None:
        """Every first outage, its redispatch and all second ones."""
        self.prepare()
        for row in range(len(self.states)):
            _, after, network = self.after_first(row)
            self.after.append(after)
            self.first_shed_mw[row] = self._unserved_mw(after)
            self.moved_mw[row] = self._moved_mw(after)
            self._seconds(row, after, network)

    def after_first(self, row: int) -> tuple[GridSystem, Redispatched, SecondOutages]:
        """System and state after a first outage (0: none) and the redispatch, and its network for second ones."""
        left, after = self.states.system_of(row), self.intact
        if row:
            bounds = self.quick.bounds(left, self.states.point_of(row))
            after = self.quick.solve(bounds, *self.limits(bounds.point.branch_out, emergency=False))
        start = StartingState(left, after.point, after.topology, after.injection_mw, after.load_mw, self.available_mw)
        return left, after, SecondOutages(self.packed.case, start)

    def _unserved_mw(self, after: Redispatched) -> float:
        return self._short_of(float(after.point.p_load_mw.sum()))

    def _short_of(self, served_mw: float) -> float:
        shed = float(self.point.p_load_mw.sum()) - served_mw
        return shed if shed > SHED_TOLERANCE_MW else 0.0

    def _moved_mw(self, after: Redispatched) -> float:
        change = np.concatenate(
            [after.point.p_gen_mw - self.point.p_gen_mw, after.point.p_border_mw - self.point.p_border_mw]
        )
        return float(max(change[change > 0].sum(), -change[change < 0].sum()))

    def _intact(self) -> Redispatched:
        """The state before any loss; what lacks in an island is shared by its participants."""
        point = self.states.point_of(0)
        topology = self.quick.topology(point.branch_out)
        after = balanced(self.system, point, topology.island, self.loss_scale)
        return Redispatched(point, topology, after.injection_mw, after.load_mw)

    def _seconds(self, row: int, after: Redispatched, network: SecondOutages) -> None:
        left = network.state.system
        bounds = self.quick.bounds(left, self.states.point_of(row))
        seconds, places = self.equal.seconds(self.states.outages[row], after.point.p_gen_mw)
        found = network.answers(seconds)
        lost = [self.members[one.name] for one in seconds]
        excess = self.limits.excess(found.flow_mw, after.point.branch_out, lost)
        over = np.where(excess.over_mw > OVER_TOLERANCE_MW, excess.over_mw, 0.0)
        shed = self.first_shed_mw[row] + found.dark_mw
        before = np.zeros(len(seconds))
        places_bad = np.flatnonzero((over > 0.0) | (found.short_mw > 0.0)).tolist()
        room = self.quick.bounds(left, after.point) if places_bad else bounds
        for place in places_bad:
            out = np.union1d(after.point.branch_out, self.lost[seconds[place].name].branches).astype(np.int32)
            limits = self.limits(out, emergency=True)
            whole = bool(found.dark_mw[place] <= 0.0)
            shed[place] = self._shed_after(network, seconds[place], room, out, limits, whole=whole)
            if over[place] > 0.0:
                before[place] = self._shed_before(row, network, seconds[place], found.flow_mw[place], bounds, limits)
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

    def _shed_after(
        self, network: SecondOutages, second: Outage, room: Bounds, out: I4, limits: tuple[F8, F8], *, whole: bool
    ) -> float:
        """MW unserved once the operator has redispatched after the second outage too.

        ``room``: of the state before it;  ``out``, ``limits``: of the state after it
        ``whole``: no part lost its sources
        """
        lost, point = self.lost[second.name], network.state.point
        if network.whole_branch(second) >= 0:
            bounds = room._replace(topology=self.quick.topology(out))
        elif whole and second.kind in (OutageKind.GENERATOR, OutageKind.BORDER):
            bounds = self.quick.bounds_without(room, lost)
        else:
            bounds = self.quick.bounds(system_without(network.state.system, lost), point_without(point, lost))
        return self._short_of(self.quick.served_mw(bounds, *limits))

    def _shed_before(
        self, row: int, network: SecondOutages, second: Outage, flow_mw: F8, bounds: Bounds, within: tuple[F8, F8]
    ) -> float:
        """MW more to shed after the first outage for the second to pass nothing; nothing is cut off beforehand.

        Rows of the state after the second are added while the answer passes them, first those that ``flow_mw`` fills.
        ``within``: limits then.
        """
        lost, packed = self.lost[second.name], self.packed
        columns = np.concatenate(
            [
                lost.generators,
                packed.border_columns.start + lost.borders,
                packed.charge_columns.start + lost.storages,
                packed.discharge_columns.start + lost.storages,
            ]
        ).astype(np.int32)
        after = network.after(second, lost)
        turned = self.limits.with_sections(network.after_turned_mw(after)[None, :])[0]
        low, high = widened_limits(turned, *within)
        rows = Rows(after, low - turned, high - turned, columns)
        limits = self.limits(bounds.point.branch_out, emergency=row == 0)
        flows = self.limits.with_sections(flow_mw[None, :])[0]
        needed = self._short_of(self.quick.served_within(bounds, *limits, rows, flows))
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
            ac_over_mw=nan.copy(),
            ac_over_name=empty,
            ac_vm_min_pu=nan.copy(),
            ac_reason=empty,
            solved=np.full(n, "dc", dtype="<U8"),
            margin_percent=nan.copy(),
            margin_mw=nan.copy(),
            solves=self.quick.solves,
            **table,
        )


def _in_ac(work: PairScreening, result: PairResult, model: AcModel, most: int) -> PairResult:
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


def _with_margins(work: PairScreening, result: PairResult, model: AcModel, most: int) -> PairResult:
    """The margin to voltage collapse of the worst pairs."""
    percent, mw = result.margin_percent.copy(), result.margin_mw.copy()
    by_name = {one.name: one for one in work.equal.every}
    for row in result.order[:most].tolist():
        first = int(result.first[row])
        left, point = work.states.system_of(first), work.after[first].point
        states = States(left, point, [by_name[str(result.second_name[row])]])
        left = states.system_of(1)
        one = model if left is work.system else model.with_system(left)
        margin = collapse_margin(one, states.point_of(1))
        percent[row], mw[row] = margin.percent, margin.mw
    return result._replace(margin_percent=percent, margin_mw=mw)
