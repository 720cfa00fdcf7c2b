"""The first minutes after a change: the swing of a network's areas, its automation, openings, areas that go dark.

The kernel moves frequencies between two changes of the network; here the model is made anew at each. See
docs/first_minutes.md.
"""

from __future__ import annotations

import copy
import itertools
from typing import NamedTuple

import numpy as np

from gridsim.kernels import swing_case as case
from gridsim.kernels.swing import TRACE_STEP_S, run_swing
from gridsim.kernels.swing_case import SwingModel, SwingRules, SwingState, new_log, new_state
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.automation_rules import EVENT, Loss, Pairs, Powers, Rule, RuleCompiler
from gridsim.solvers.lost_circuits import Sections
from gridsim.solvers.separation import Reduction, shortest_way, ties_between
from gridsim.solvers.standing_areas import DEAD_BAND_HZ, Settings, StandingAreas

__all__ = ["MOST_OPERATIONS", "FirstMinutes", "FirstMinutesResult", "Operation", "Settings"]

MOST_OPERATIONS = 200


class Operation(NamedTuple):
    """One operation: when, which rule, at which place, MW taken (given back: negative), and why."""

    at_s: float
    rule: str
    place: str
    mw: float
    cause: str


class FirstMinutesResult(NamedTuple):
    """Course of the first minutes.

    areas : names ; trace_s : (n,) ; trace_hz : (n, n_areas), 0 of a dead area ; flow_mw : (n, n_interfaces)
    lowest_hz, highest_hz, final_hz, shed_mw, load_mw : (n_areas,) ; alive : (n_areas,)
    group_left : (n_groups,) share of each group of machines that still runs ; group_mw : (n_groups,) output at the end
    opened : branches opened, positions in order ; opened_by, opened_s : rule and second of each
    ended : ``quiet``, ``horizon`` or ``operations``
    culprit : rule that acted most, where the operations ended it ; over_limit : a section stood beyond its static limit
    before the event, and was given room
    """

    areas: tuple[str, ...]
    operations: list[Operation]
    trace_s: F8
    trace_hz: F8
    flow_mw: F8
    lowest_hz: F8
    highest_hz: F8
    final_hz: F8
    shed_mw: F8
    load_mw: F8
    alive: B1
    group_left: F8
    group_mw: F8
    opened: I4
    opened_by: list[str]
    opened_s: list[float]
    end_s: float
    ended: str
    culprit: str
    over_limit: bool
    balance_error: float
    assumed: dict[str, int]
    joined: tuple[tuple[str, str], ...]


class FirstMinutes(StandingAreas):
    """A network at an operating point, ready for events."""

    def run(
        self, rules: tuple[Rule, ...], losses: tuple[Loss, ...], wrongly: dict[str, float] | None = None
    ) -> FirstMinutesResult:
        """The course after ``losses`` under ``rules``, until quiet or the horizon.

        ``wrongly``: rules that act though nothing passed their threshold, and the second at which each does.
        """
        return _Course(self, rules, losses, wrongly or {}).run()


class SecureTrial:
    """Losses of power at one bus, each asked whether any rule answers it; what is the same for all is made once."""

    def __init__(self, areas: StandingAreas, rules: tuple[Rule, ...], bus: str):
        self._settings = areas.settings
        course = _Course(areas, rules, (Loss(bus=bus, mw=-1.0),), {})
        self._model, self._rules, self._start = course.given
        self._size = len(areas.areas.names), len(areas.system.interfaces)

    def holds(self, mw: float) -> bool:
        """Nothing but the loss of ``mw`` happens: the first operation after it ends the trial."""
        state = copy.deepcopy(self._start)
        amount = self._rules.amount.copy()
        amount[0] = -mw
        log = new_log(*self._size, 0.0, 1, TRACE_STEP_S)
        span = 0.0, self._settings.horizon_s
        rules = self._rules._replace(amount=amount)
        return run_swing(self._model, rules, state, log, span, self._settings.step_s, True)[1] in (
            case.QUIET,
            case.HORIZON,
        )


class _Course:
    """One course: the network as operations leave it, between calls of the kernel."""

    def __init__(
        self, areas: StandingAreas, rules: tuple[Rule, ...], losses: tuple[Loss, ...], wrongly: dict[str, float]
    ):
        self._before, machines, n = areas, areas.machines, len(areas.areas.names)
        self._names = areas.areas.names
        self._n_sections = len(areas.system.interfaces)
        r, tied = areas.reduction, areas.tied(areas.point.branch_out)
        sections = Sections(areas.flow_before_mw, areas.limit_factor, areas.point.branch_out)
        powers = Powers(areas.load_mw, areas.load_bus_mw, areas.point.p_gen_mw, sections)
        pairs = Pairs(r.first[tied], r.second[tied], r.stretch[tied])
        compiler = RuleCompiler(areas.system, areas.areas, machines, powers, pairs)
        self._compiled = compiler.compile(rules, losses, areas.armed, wrongly)
        self._alive = (np.bincount(machines.group_area, machines.group_inertia, n) > 0) | (areas.load_mw <= 0)
        self._offset_mw = areas.flow_offset_mw
        self._model = areas.swing_model(r, self._alive, self._offset_mw)
        groups = (machines.group_mw, machines.group_gain, machines.group_up_mw)
        self._fixed_mw = r.at_area @ areas.fixed_bus_mw + areas.rest_mw
        given = (*groups, machines.group_down_mw, machines.group_inertia)
        self._state = new_state(self._model, given, self._fixed_mw, len(self._compiled.names))
        self._state.x[:n] = areas.angles
        self._log = new_log(n, self._n_sections, areas.settings.horizon_s, MOST_OPERATIONS, TRACE_STEP_S)
        self._branch_out = areas.point.branch_out
        self._opened: list[I4] = [np.zeros(0, dtype=np.int32)]
        self._opened_by: list[str] = []
        self._opened_s: list[float] = []
        self._dead_from: dict[int, int] = {}  # row of the trace from which an area is dead

    @property
    def given(self) -> tuple[SwingModel, SwingRules, SwingState]:
        """Model, rules and state at the start."""
        return self._model, self._compiled.rules, self._state

    def run(self) -> FirstMinutesResult:
        """Until quiet, the horizon, or too many operations."""
        settings, log, now_s, seen = self._before.settings, self._log, 0.0, 0
        while True:
            span = now_s, settings.horizon_s
            now_s, why = run_swing(self._model, self._compiled.rules, self._state, log, span, settings.step_s, True)
            if why != case.CHANGED:
                break
            while seen < log.filled[0]:  # an area that dies may take others along
                self._change(seen)
                seen += 1
            self._renew()
        found = self._result(now_s, why)
        for area, row in self._dead_from.items():
            found.trace_hz[row:, area] = 0.0
        return found

    def _change(self, row: int) -> None:
        """Take out what the operation in a ``row`` of the log opens."""
        rule, rules = int(self._log.op_rule[row]), self._compiled.rules
        if rules.action[rule] == case.OPEN:
            gone = self._to_open(rule)
        elif rules.action[rule] == case.DEAD:
            self._take_along(row)
            gone = self._kill(rule)
            self._dead_from[int(rules.place[rule])] = int(self._log.filled[1])
        else:
            return
        self._opened.append(gone)
        self._opened_by += [self._compiled.names[rule]] * len(gone)
        self._opened_s += [float(self._log.op_s[row])] * len(gone)
        self._branch_out = np.union1d(self._branch_out, gone).astype(np.int32)

    def _renew(self) -> None:
        """Model and state of the network as it stands now."""
        before, state, branch_out = self._before, self._state, self._branch_out
        reduction = before.reduced(branch_out)
        kept = state.fixed_mw - self._fixed_mw  # what rules added
        self._fixed_mw = reduction.at_area @ before.fixed_bus_mw + before.rest_mw
        state.fixed_mw[:] = np.where(self._alive, self._fixed_mw + kept, 0.0)
        closed = before.closed(branch_out)
        reduction = reduction._replace(
            flow_bus=np.where(closed[:, None], reduction.flow_bus, 0.0),
            flow_pair=np.where(closed[:, None], reduction.flow_pair, 0.0),
        )
        self._block_slips(reduction)
        if not before.parted(branch_out):  # what an opened section carried goes to those beside it, as DC flows do
            self._offset_mw = before.offset_mw(reduction, branch_out)
        model = before.swing_model(reduction, self._alive, self._offset_mw)
        self._model = model._replace(flow_base_mw=np.where(closed, model.flow_base_mw, 0.0))

    def _to_open(self, rule: int) -> I4:
        """Branches that an operation opens; out of step those at the widest angle on the way between the two areas."""
        rules, n = self._compiled.rules, len(self._names)
        opening = int(rules.place[rule])
        if opening >= 0:
            return np.setdiff1d(self._compiled.openings[opening], self._branch_out).astype(np.int32)
        pair = int(rules.quantity[rule]) - n - self._n_sections
        start, goal = int(rules.angle_first[pair]), int(rules.angle_second[pair])
        branches, one, other = ties_between(self._before.system, self._before.areas, self._branch_out)
        way = shortest_way(start, goal, one, other)
        if len(way) < 2:
            return np.zeros(0, dtype=np.int32)
        angle = self._state.x[:n]
        widest = max(itertools.pairwise(way), key=lambda step: abs(angle[step[0]] - angle[step[1]]))
        return branches[np.isin(one, widest) & np.isin(other, widest)]

    def _take_along(self, row: int) -> None:
        """Log the deaths of areas tied to the one that dies in a ``row``, where governors could not tell them apart."""
        log, rules, n = self._log, self._compiled.rules, len(self._names)
        area = int(rules.place[log.op_rule[row]])
        _, one, other = ties_between(self._before.system, self._before.areas, self._branch_out)
        tied = np.concatenate([other[one == area], one[other == area]])
        with_it = self._alive & np.isin(np.arange(n), tied)
        with_it &= self._state.x[n : 2 * n] < self._state.x[n + area] + DEAD_BAND_HZ
        deaths = np.setdiff1d(np.flatnonzero(rules.action == case.DEAD), log.op_rule[: log.filled[0]])
        for rule in deaths[with_it[rules.place[deaths]]].tolist():
            if log.filled[0] < len(log.op_s):
                log.op_s[log.filled[0]], log.op_rule[log.filled[0]] = log.op_s[row], rule
                log.filled[0] += 1

    def _kill(self, rule: int) -> I4:
        """Take a dead area away: it does not move, its rules are blocked, what joins it to others opens."""
        area, compiled = int(self._compiled.rules.place[rule]), self._compiled
        self._alive[area] = False
        self._state.x[len(self._names) + area] = 0.0
        here = self._names[area]
        for other, (place, watched) in enumerate(zip(compiled.places, compiled.watched, strict=True)):
            self._state.blocked[other] |= here in (place, watched)
        branches, one, other_end = ties_between(self._before.system, self._before.areas, self._branch_out)
        return branches[(one == area) | (other_end == area)]

    def _block_slips(self, reduction: Reduction) -> None:
        """Angles between areas that nothing couples any more are not watched."""
        coupled = set(zip(reduction.first.tolist(), reduction.second.tolist(), strict=True))
        rules, offset, alive = self._compiled.rules, len(self._names) + self._n_sections, self._alive
        for pair, ends in enumerate(zip(rules.angle_first.tolist(), rules.angle_second.tolist(), strict=True)):
            if ends not in coupled or not (alive[ends[0]] and alive[ends[1]]):
                self._state.blocked[rules.quantity == offset + pair] = True

    def _result(self, end_s: float, why: int) -> FirstMinutesResult:
        before, compiled, model, state, log = self._before, self._compiled, self._model, self._state, self._log
        n, f0 = len(self._names), before.system.f_hz
        n_operations, n_trace = log.filled.tolist()
        rules = log.op_rule[:n_operations]
        operations = [
            Operation(at_s, compiled.names[rule], compiled.places[rule], mw, self._cause(rule))
            for at_s, rule, mw in zip(log.op_s.tolist(), rules.tolist(), log.op_mw.tolist(), strict=False)
        ]
        culprit = ""
        if why == case.FULL:
            culprit = compiled.names[int(np.bincount(rules).argmax())]
        shed = np.minimum(state.shed_frequency + state.shed_other, 1.0)
        shed_mw = np.where(model.alive, shed, 1.0) * before.load_mw
        hz = state.x[n : 2 * n]
        inertia = model.load_inertia + np.bincount(model.group_area, state.group_inertia, n)
        trips = np.isin(compiled.rules.action[rules], (case.TRIP_SHARE, case.TRIP_MW)).any()
        moved = float((inertia * hz).sum() - (state.x[-2 * n : -n].sum() - state.x[-n:].sum()))
        balance = 0.0 if trips or not model.alive.all() else abs(moved) / max(float(before.load_mw.sum()), 1.0)
        return FirstMinutesResult(
            areas=self._names,
            operations=operations,
            trace_s=log.trace_s[:n_trace],
            trace_hz=f0 + log.trace_hz[:n_trace],
            flow_mw=log.trace_mw[:n_trace],
            # The crossing at which an area dies ends just beyond the threshold.
            lowest_hz=np.where(model.alive, f0 + state.lowest_hz, np.round(f0 + state.lowest_hz, 3)),
            highest_hz=f0 + state.highest_hz,
            final_hz=np.where(model.alive, f0 + hz, 0.0),
            shed_mw=shed_mw,
            load_mw=before.load_mw,
            alive=model.alive,
            group_left=state.group_inertia / np.maximum(before.machines.group_inertia, 1e-9),
            group_mw=self._group_mw(),
            opened=np.concatenate(self._opened),
            opened_by=self._opened_by,
            opened_s=self._opened_s,
            end_s=end_s,
            ended={case.QUIET: "quiet", case.HORIZON: "horizon", case.FULL: "operations"}[why],
            culprit=culprit,
            over_limit=before.over_limit,
            balance_error=balance,
            assumed=before.machines.assumed,
            joined=before.areas.joined,
        )

    def _group_mw(self) -> F8:
        """(n_groups,) output of what runs, governors included; 0 where the area is dead."""
        model, state, n = self._model, self._state, len(self._names)
        valve, second = np.split(state.x[2 * n : 2 * n + 2 * len(state.group_mw)], 2)
        power = state.group_mw + model.at_valve * valve + model.at_second * second
        return np.where(model.alive[model.group_area], power, 0.0)

    def _cause(self, rule: int) -> str:
        """The threshold that was passed, and for how long."""
        compiled, rules, n = self._compiled, self._compiled.rules, len(self._names)
        quantity, setting = int(rules.quantity[rule]), float(rules.setting[rule])
        word = "above" if rules.above[rule] else "below"
        held = f" for {rules.delay_s[rule]:g} s" if rules.delay_s[rule] > 0 else ""
        if quantity < n:
            return f"frequency of {compiled.watched[rule]} {word} {self._before.system.f_hz + setting:.2f} Hz{held}"
        if quantity < n + self._n_sections:
            return f"flow of {compiled.watched[rule]} {word} {setting:.0f} MW{held}"
        if quantity == n + self._n_sections + len(rules.angle_first):
            words = "the event" if compiled.names[rule] == EVENT else "a wrong operation"
            return words if compiled.watched[rule] == "time" else compiled.watched[rule]
        return f"angle between {compiled.watched[rule]} above {setting:.0f} degrees"
