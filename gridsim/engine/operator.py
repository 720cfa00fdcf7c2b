"""The operator: the day-ahead list, redispatch within ramps, what he does not see yet, reserves and follow-ups.

Ramps. At a step, a machine may move by its ramp times the time since the last resolve, or since it synchronised if that
is later. At a sudden change it may move by its ramp times ``operator_delay_minutes``, from where it would have stood at
this instant without the change. While load is unserved and some machine could still climb, the operator acts again
every five minutes, the shortest step a scenario may have, so that the answer does not depend on the step.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions
from gridsim.engine.clock import SECONDS_PER_HOUR
from gridsim.engine.coupling import SHORT_SHARE
from gridsim.engine.interval import Decisions, FuelLimits, Moment, Ramp, Redispatch
from gridsim.engine.redispatch import Redispatcher
from gridsim.engine.state import GridState
from gridsim.model.table import F8, sum_at, sum_rows_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.dispatch import DispatchSolver

FOLLOW_UP_S = 300
_WINDOW_H = 24


class _Plan(NamedTuple):
    """Output (n_gens,) of the step at ``now_s`` as it was planned before the events of this instant."""

    now_s: int
    p_gen_mw: F8
    loss_share: float


class Operator:
    """The operator of one run; acts on ``state``."""

    def __init__(self, state: GridState, solver: DispatchSolver):
        self.state = state
        self.redispatcher = Redispatcher(state.packed, solver)
        delay_s = max(round(state.scenario.policy.operator_delay_minutes * 60), 1)
        self._delay_h = np.full(len(state.system.generators), delay_s / 3600.0)
        self._variable = state.system.generators.variable
        self._listed_on: dt.date | None = None
        self._listed_for: tuple[Conditions, bytes] | None = None  # conditions and fuel the list was last revised for
        self._ramp_s = -1
        self._ramp: Ramp | None = None
        self._plan: _Plan | None = None
        self._blind_until_s = 0
        self._follow_up_s = 0
        self._started_s, self._rounds = -1, 0

    # Day ahead

    def plan_day(self) -> None:
        """At the first step of a day: the machines of its priority list; those that it does not want are released."""
        state = self.state
        today = state.inputs.local_time(state.now_s).date()
        if today == self._listed_on:
            return
        first = self._listed_on is None
        self._listed_on = today
        listed = self._priority_list(start_in_time=not first)
        if state.last is None or state.last.dispatch.short_mw <= SHORTFALL_TOLERANCE_MW:
            state.commitment.release(listed)
        self._start(listed, at_once=first)

    def _revise_list(self, moment: Moment) -> None:
        """After a change that the operator noticed: start up what the hours to come want, if it can start in time."""
        interval = self.state.interval
        assert interval is not None, "the list is revised after a resolve"
        conditions, short = moment.conditions, (interval.fuel.gas_share < SHORT_SHARE).tobytes()
        known = self._listed_for
        if known is not None and known[0] is conditions and known[1] == short:
            return
        self._listed_for = conditions, short
        if moment.now_s > 0:
            self._start(self._priority_list(start_in_time=True))

    def _priority_list(self, *, start_in_time: bool) -> NDArray[np.bool_]:
        """(n_gens,) generators on the list for the hours to come, as far as they can be foreseen.

        Foreseen are the normal course of load and weather, planned work, and the end of outages whose length is known.
        ``start_in_time``: an idle machine counts only from the hour in which it can be synchronised.
        """
        state, system = self.state, self.state.system
        generators, zone, n_zones = system.generators, system.buses.zone, len(system.zones)
        expected = [
            state.disturbances.expected(state.now_h + hour, state.scenario.events, state.now_h)
            for hour in range(_WINDOW_H)
        ]
        hours = [state.inputs.at(state.now_s + 3600 * hour, left) for hour, left in enumerate(expected)]
        gen_share = np.array([inputs.gen_share for inputs in hours])
        could_mw = generators.p_max_mw * gen_share * np.array([left.gen_share for left in expected])
        load_mw = np.array([state.load_mw(inputs) for inputs in hours])
        load = sum_rows_at(zone[system.loads.bus] + 1, load_mw, n_zones + 1)[:, 1:]
        renewable = np.where(self._variable, could_mw, 0.0)
        given = sum_rows_at(zone[generators.bus] + 1, renewable, n_zones + 1)[:, 1:]
        net_load_mw = load * (1.0 + state.loss_share) - given
        owes: NDArray[np.bool_] = np.any([inputs.heat_min_share > 0 for inputs in hours], axis=0)
        available_mw = self._with_fuel(could_mw)
        own_mw = available_mw[:, ~self._variable].sum(axis=1) - net_load_mw.sum(axis=1)
        state.neighbours.plan(state.now_s, own_mw.tolist())
        if start_in_time:
            idle = np.isinf(state.commitment.ready_s)
            ready_h = np.where(idle, generators.start_h, 0.0)
            available_mw = np.where(ready_h[None, :] <= np.arange(_WINDOW_H)[:, None], available_mw, 0.0)
        return state.commitment.priority_list(available_mw, net_load_mw, owes)

    def _with_fuel(self, available_mw: F8) -> F8:
        """(n_hours, n_gens) a plant short of fuel counts with the fuel it has."""
        last = self.state.interval or self.state.last
        if last is None:
            return available_mw
        backup = sum_at(self.state.packed.backup_gen, last.fuel.backup_mw, available_mw.shape[1])
        return np.minimum(available_mw, available_mw * last.fuel.gas_share + backup)

    def _start(self, listed: NDArray[np.bool_], *, at_once: bool = False) -> None:
        """Start up ``listed`` machines that are idle; a resolve comes when each is synchronised."""
        state = self.state
        new = state.commitment.start(listed, state.now_s, at_once=at_once)
        for ready_s in np.unique(state.commitment.ready_s[new]).tolist():
            if ready_s > state.now_s:
                state.agenda.wake(ready_s - state.now_s, "a started machine")
            else:
                state.arm("a machine started at once")

    # Redispatch

    def follow(self, decisions: Decisions) -> None:
        """Carry out what policies decide beyond the redispatch itself: start-ups, and the order of gas cuts."""
        self._start(np.isin(self.state.system.generators.name, decisions.start))
        self.state.fuel.set_cut_order(decisions.gas_order or self.state.scenario.policy.gas_order)

    def prepare(self, moment: Moment) -> None:
        """Before the resolve of an instant: is the operator blind, and from where may machines ramp?"""
        self._notice_blindness(moment)
        self._set_ramp(moment)

    def redispatch(self, moment: Moment, fuel: FuelLimits, decisions: Decisions | None = None) -> Redispatch:
        """Redispatch within the ramps of this instant."""
        return self._solve(moment, fuel, self._ramp, decisions)

    def settled(self, moment: Moment) -> Redispatch:
        """Dispatch of ``moment`` without ramps and with fuel no limit: the state before the horizon."""
        return self._solve(moment, self.state.fuel.unlimited(moment.able_mw), None)

    def _solve(
        self,
        moment: Moment,
        fuel: FuelLimits,
        ramp: Ramp | None,
        decisions: Decisions | None = None,
        loss_share: float | None = None,
    ) -> Redispatch:
        state = self.state
        return self.redispatcher.solve(
            moment,
            fuel,
            storage_mwh=state.storage_mwh,
            loss_share=state.loss_share if loss_share is None else loss_share,
            ramp=ramp,
            decisions=decisions,
        )

    @property
    def blind(self) -> bool:
        """True while the operator has not noticed the last sudden change."""
        return self.state.now_s < self._blind_until_s

    def _notice_blindness(self, moment: Moment) -> None:
        minutes = moment.conditions.operator_blind_minutes
        if self.state.sudden and minutes > 0 and moment.now_s > self._blind_until_s:
            self._blind_until_s = moment.now_s + round(minutes * 60)
            self.state.agenda.wake(
                self._blind_until_s - moment.now_s, "the dispatcher who sees again", sudden=True
            )  # fmt: skip

    def _set_ramp(self, moment: Moment) -> None:
        state, now_s = self.state, moment.now_s
        if state.last is None:  # nothing has run yet: nothing to ramp from, in all rounds of this instant
            self._ramp_s = now_s
            return
        running_mw = state.last.dispatch.p_gen_mw
        if now_s != self._ramp_s:
            from_mw, self._ramp_s = running_mw, now_s
            if now_s % state.inputs.step_s == 0 and (state.sudden or self.blind or self._plan is not None):
                self._plan = self._planned(moment, self._plan or _Plan(state.resolved_s, running_mw, state.loss_share))
                from_mw = self._plan.p_gen_mw
            elif self.blind and self._plan is None:
                self._plan = _Plan(now_s, running_mw, state.loss_share)
            hours = self._delay_h if state.sudden else self._climb_h(moment, state.resolved_s)
            self._ramp = Ramp(from_mw, hours)
        elif state.sudden and self._ramp is not None:  # a surprise after this instant's answer was given
            self._ramp = Ramp(running_mw, self._delay_h)
        if not self.blind:
            self._plan = None
        elif self._ramp is not None:
            self._ramp = self._ramp._replace(hours=np.zeros(len(running_mw)))

    def _climb_h(self, moment: Moment, since_s: int) -> F8:
        """(n_gens,) hours of ramping since ``since_s``, or since a machine synchronised if that is later."""
        running_s = np.maximum(moment.now_s - self.state.commitment.ready_s, 0.0)
        return np.asarray(np.minimum(moment.now_s - since_s, running_s) / SECONDS_PER_HOUR)

    def _planned(self, moment: Moment, plan: _Plan) -> _Plan:
        """The plan of this step, from the one before: without unnoticed events, with the losses known before them.

        An operator who is blind carries it on: machines follow the load and the losses that they were planned for.
        """
        expected = self.state.moment(self.state.disturbances.foreseen())._replace(shed_mw=self.state.held_shed_mw)
        ramp = Ramp(plan.p_gen_mw, self._climb_h(moment, plan.now_s))
        fuel = self.state.fuel.limits(expected)
        p_gen_mw = self._solve(expected, fuel, ramp, loss_share=plan.loss_share).p_gen_mw
        return _Plan(moment.now_s, p_gen_mw, plan.loss_share)

    # Afterwards

    def react(self, moment: Moment, dispatch: Redispatch) -> None:
        """After a resolve: notice events, revise the list, order reserves, act again while machines still climb."""
        state = self.state
        if self.blind:
            return
        state.disturbances.noticed()
        self._revise_list(moment)
        if dispatch.short_mw - moment.shed_mw.sum() <= SHORTFALL_TOLERANCE_MW:
            return
        self._start_reserves(moment, dispatch.short_mw)
        if dispatch.ramp_limited and self._follow_up_s <= moment.now_s:
            self._follow_up_s = moment.now_s + FOLLOW_UP_S
            state.agenda.wake(FOLLOW_UP_S, "the operator's follow-up")

    def _start_reserves(self, moment: Moment, short_mw: float) -> None:
        """Start up the cheapest idle machines, enough for the shortage; twice as much in each further round at once.

        Machines that run at once are asked for in rounds: one behind a full interface helps nobody, and must not cost
        a round for each of its neighbours.
        """
        state, generators = self.state, self.state.system.generators
        self._rounds = self._rounds + 1 if moment.now_s == self._started_s else 0
        self._started_s = moment.now_s
        short_mw *= 2.0**self._rounds
        could_mw = generators.p_max_mw * moment.inputs.gen_share * moment.conditions.gen_share
        idle = np.isinf(state.commitment.ready_s) & (could_mw > 0)
        listed = np.zeros(len(generators), dtype=bool)
        for gen in state.commitment.by_cost[idle[state.commitment.by_cost]].tolist():
            if short_mw <= 0:
                break
            listed[gen] = True
            short_mw -= could_mw[gen]
        self._start(listed)
