"""Seconds after a sudden change: the swing of areas and its automation, acting on the run's state.

``policy.first_minutes`` arms it, by default where the network states rules. The interval that held gives the operating
point, what events took since is lost at once, and the answer comes back as changes of the state: load cut, machines
tripped, ties opened, each logged with its rule. Load cut stays so until the operator acts (``operator_delay_minutes``):
then what supply, ramps and limits allow returns in the dispatch's order of classes, and the rest is its shortage. What
comes back, and when, is :class:`~gridsim.engine.restoration.Restoration`. An hour without a surprise costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.engine.event_log import Operated, SectionSwing, Swing, Trace
from gridsim.engine.interval import Interval, operating_point
from gridsim.engine.restoration import Restoration
from gridsim.engine.rule_events import (
    Seconds,
    failing_rules,
    hidden_failure,
    seconds_of,
    without,
    wrongly_operating,
)
from gridsim.engine.state import GridState
from gridsim.engine.swing_remarks import swing_remarks
from gridsim.engine.voltage_stage import VoltageStage
from gridsim.model.scenario import Event
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac import AcModel
from gridsim.solvers.automation_rules import ADD, DEAD, EVENT, RETURN, SHED, TRIP, Loss, Rule, rules_of
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult, Settings

FAILS = "fails to act"
_SMALLEST_MW = 0.1


class FirstMinutesStage:
    """The first minutes of one run; acts on ``state`` before the operator. ``last``: the course of the latest event."""

    def __init__(self, state: GridState, ac_model: AcModel | None = None):
        self.state = state
        self.last: FirstMinutesResult | None = None
        self._rules = rules_of(state.system)
        self._conditions: Conditions | None = None
        self._known: frozenset[str] = frozenset()  # events that were there at the last answer
        self._restoration = Restoration(state)
        self._voltages = VoltageStage(state, ac_model, self._restoration)
        self._number = self._answered = 0

    def act(self) -> list[Event]:
        """Answer what was lost since the last resolve; the events begun."""
        state = self.state
        self._restoration.end_what_is_due()
        before, now = self._conditions, state.disturbances.conditions()
        known, self._known = self._known, frozenset(event.id for event in state.disturbances.active)
        self._conditions = now
        interval = state.interval or state.last
        if not state.sudden or before is None or interval is None or before is now:
            return []
        seconds = seconds_of(state.system, (event for event in state.disturbances.active if event.id not in known))
        losses = losses_between(state, interval, before, now, seconds)
        wrongly = wrongly_operating(state.system, before, now, seconds)
        begun: list[Event] = []
        swung = None
        if losses or wrongly:
            swung, begun = self._answer(interval, before, losses, wrongly)
        begun += self._voltages.act(interval, swung)
        self._conditions = state.disturbances.conditions()
        self._known |= {event.id for event in begun}
        return begun

    def _answer(
        self, interval: Interval, before: Conditions, losses: tuple[Loss, ...], wrongly: dict[str, float]
    ) -> tuple[tuple[FirstMinutes, FirstMinutesResult], list[Event]]:
        state, system = self.state, self.state.system
        point = operating_point(interval.dispatch)._replace(branch_out=before.out_branches(system))
        settings = Settings(horizon_s=state.scenario.policy.first_minutes_s)
        share, factor = interval.dispatch.loss_share, before.interface_factor
        minutes = FirstMinutes(system, point, share, settings=settings, limit_factor=factor)
        failing = failing_rules(state, state.disturbances.conditions())
        failed = self.hidden_failures()
        asked = tuple(failed.get(rule.name, rule) for rule in without(self._rules, failing))
        self.last = result = minutes.run(asked, losses, wrongly)
        self._note_frequencies(minutes, result)
        self._note_sections(result, before.out_branches(system))
        out_before = before.out_branches(system)
        state.log.remarks |= dict.fromkeys(swing_remarks(system, self._rules, result, out_before, state.now_h))
        cause = state.disturbances.cause()
        entries = self._log(result, cause, failed)
        gone = before.out_branches(system)
        now_out = state.disturbances.conditions().out_branches(system)
        self._restoration.follow(minutes, result, np.union1d(now_out, result.opened).astype(np.int32))
        begun: list[Event] = []
        lost = {name for loss in losses for name in loss.machines}
        trips = {rule.name for rule in self._rules if rule.action == TRIP}
        tripping = next((name for name in entries if name in trips), "")
        area = minutes.areas.bus
        for gen in self._tripped(minutes, result, lost):
            here = int(area[system.generators.bus[gen]])
            cause_of_trip = entries.get(tripping if result.alive[here] else DEAD, cause)
            begun.append(self._restoration.lose_machine(gen, here, cause_of_trip))
        by_rule = dict(zip(result.opened.tolist(), result.opened_by, strict=True))
        for branch in np.setdiff1d(result.opened, np.union1d(gone, now_out)).tolist():
            ends = int(area[system.branch_from[branch]]), int(area[system.branch_to[branch]])
            begun.append(self._restoration.open_tie(branch, ends, entries.get(by_rule[branch], cause)))
        self._cut_load(interval, minutes, result, entries, cause)
        return (minutes, result), begun

    def hidden_failures(self) -> dict[str, Rule]:
        """Rules that would not act in this event, where failures are on; they are asked in vain, and take nothing.

        Stages of load shedding are hundreds of relays: what of them fails is in their armed share.
        """
        state, self._answered = self.state, self._answered + 1
        failed: dict[str, Rule] = {}
        for rule in self._rules:
            single = rule.action not in (SHED, RETURN) or rule.share == 0
            if single and hidden_failure(state, rule.name, self._answered):
                places = (str(state.system.buses.name[0]),)
                failed[rule.name] = rule._replace(action=ADD, places=places, amount_mw=0.0, share=0.0)
        return failed

    def _note_frequencies(self, minutes: FirstMinutes, result: FirstMinutesResult) -> None:
        """Frequencies of each zone, over its areas, and of each neighbour; the course of each area."""
        system, log, now_h = self.state.system, self.state.log, self.state.now_h
        log.traces.append(Trace(now_h, result.areas, result.trace_s, result.trace_hz))
        cut_mw = self._cut_mw(result)
        places: dict[str, list[int]] = {
            zone: np.unique(minutes.areas.bus[system.buses.zone == number]).tolist()
            for number, zone in enumerate(system.zones)
        }
        places |= {
            str(name): [int(area)] for name, area in zip(system.borders.name, minutes.areas.of_border, strict=True)
        }
        for name, areas in places.items():
            if areas:
                lowest, highest = float(result.lowest_hz[areas].min()), float(result.highest_hz[areas].max())
                dead = int((~result.alive[areas]).sum())
                shed_mw = float(result.shed_mw[areas].sum())
                final_hz = result.final_hz[areas]
                swing = Swing(
                    time_h=now_h,
                    name=name,
                    lowest_hz=lowest,
                    highest_hz=highest,
                    shed_mw=shed_mw,
                    dead_areas=dead,
                    cut_mw=float(cut_mw[areas].sum()),
                    final_hz=float(final_hz[final_hz > 0].mean()) if (final_hz > 0).any() else 0.0,
                )
                log.swings.append(swing)

    def _cut_mw(self, result: FirstMinutesResult) -> F8:
        """(n_areas,) load that rules cut, whatever they returned later; all of it where an area died."""
        cuts = {rule.name for rule in self._rules if rule.action == SHED}
        cut_mw = np.zeros(len(result.areas))
        for operation in result.operations:
            if operation.rule in cuts and operation.mw > 0:
                cut_mw[result.areas.index(operation.place)] += operation.mw
        return np.where(result.alive, np.minimum(cut_mw, result.load_mw), result.load_mw)

    def _note_sections(self, result: FirstMinutesResult, out_before: I4) -> None:
        """Flow of each section that carries anything, and when the last of its circuits opened."""
        system, members = self.state.system, self.state.system.interface_members
        at_s = dict(zip(result.opened.tolist(), result.opened_s, strict=True))
        for interface, name in enumerate(system.interfaces.name.tolist()):
            closed = np.setdiff1d(members.branch[members.interface == interface], out_before).tolist()
            if not closed:
                continue
            flow_mw = result.flow_mw[:, interface]
            opened_s = max(at_s[branch] for branch in closed) if set(closed) <= set(at_s) else np.nan
            swing = SectionSwing(
                time_h=self.state.now_h,
                name=name,
                before_mw=float(flow_mw[0]),
                lowest_mw=float(flow_mw.min()),
                highest_mw=float(flow_mw.max()),
                after_mw=float(flow_mw[-1]),
                opened_s=opened_s,
            )
            self.state.log.section_swings.append(swing)

    def _log(self, result: FirstMinutesResult, cause: int, failed: Mapping[str, Rule]) -> dict[str, int]:
        """Every operation in the log of operations, and one change of each rule; entries by rule."""
        state = self.state
        by_rule: dict[str, list[float]] = {}
        for operation in result.operations:
            if operation.rule in failed:
                operation = operation._replace(place="", cause=f"{operation.cause}: {FAILS}")
            state.log.operations.append(Operated(state.now_h, *operation))
            if operation.rule != EVENT:
                by_rule.setdefault(operation.rule, []).append(operation.mw)
        entries: dict[str, int] = {}
        for rule, mw in by_rule.items():
            text = f"acts, {sum(mw):.0f} MW" if abs(sum(mw)) >= _SMALLEST_MW else "acts"
            text = FAILS if rule in failed else text
            self._number += 1
            entries[rule] = state.log.add(state.now_h, f"automation:{rule}", f"{text} ({self._number})", cause)
        return entries

    def _tripped(self, minutes: FirstMinutes, result: FirstMinutesResult, lost: set[str]) -> list[int]:
        """Machines taken by protection, smallest first up to the share of their group; all of dead areas."""
        system, machines = self.state.system, minutes.machines
        found: list[int] = []
        areas = minutes.areas.bus[system.generators.bus]
        for group in range(len(machines.group_area)):
            members = np.flatnonzero(machines.group_of_gen == group)
            running = [gen for gen in members.tolist() if str(system.generators.name[gen]) not in lost]
            if not running:
                continue
            if not result.alive[areas[running[0]]]:
                found += running
                continue
            inertia = machines.gen_inertia
            gone = (1.0 - result.group_left[group]) * machines.group_inertia[group]
            gone -= inertia[members].sum() - inertia[running].sum()
            for gen in sorted(running, key=lambda gen: (inertia[gen], gen)):
                if gone < inertia[gen] / 2:
                    break
                gone -= inertia[gen]
                found.append(gen)
        return found

    def _cut_load(
        self,
        interval: Interval,
        minutes: FirstMinutes,
        result: FirstMinutesResult,
        entries: dict[str, int],
        cause: int,
    ) -> None:
        """Load that stages and dead areas took, as state of its own; in each area of all loads alike."""
        state, system = self.state, self.state.system
        share = np.divide(result.shed_mw, result.load_mw, out=np.zeros(len(result.areas)), where=result.load_mw > 0)
        inside = system.buses.zone[system.loads.bus] >= 0
        of_load = np.where(inside, share[minutes.areas.bus[system.loads.bus]], 0.0)
        dispatch = interval.dispatch
        cut_mw = of_load * (dispatch.load_mw - dispatch.unserved_mw - dispatch.response_mw)
        if float(cut_mw.sum()) < _SMALLEST_MW:
            return
        taken: dict[str, float] = {}
        for operation in result.operations:
            taken[operation.rule] = taken.get(operation.rule, 0.0) + max(operation.mw, 0.0)
        rules = {rule: mw for rule, mw in taken.items() if rule in entries}
        culprit = max(rules, key=lambda rule: rules[rule]) if rules else "first_minutes"
        state.shed(state.shed_mw + cut_mw, culprit, entries.get(culprit, cause))
        area = minutes.areas.bus[system.loads.bus]
        self._restoration.hand_over(cut_mw, area, ~result.alive[area])


def losses_between(
    state: GridState, interval: Interval, before: Conditions, now: Conditions, seconds: Seconds
) -> tuple[Loss, ...]:
    """Losses that events made since ``before``, from the operating point of ``interval``, each in its second."""
    system, dispatch = state.system, interval.dispatch
    losses: list[Loss] = []
    opened = now.out_branches(system)
    new = np.setdiff1d(opened, before.out_branches(system))
    by_second: dict[float, list[str]] = {}
    dead_s = np.full(len(system.buses), np.inf)
    for (table, name), at_s in seconds.of_element.items():
        if table == "buses":
            dead_s[system.buses.position(name)] = at_s
    for branch in new.tolist():
        table, name = "lines" if branch < len(system.lines) else "transformers", str(system.branch_name[branch])
        ends_s = min(dead_s[system.branch_from[branch]], dead_s[system.branch_to[branch]])
        own_s = seconds.of_element.get((table, name), np.inf)
        at_s = min(own_s, ends_s)
        by_second.setdefault(at_s if np.isfinite(at_s) else 0.0, []).append(name)
    losses += [Loss(at_s=at_s, branches=tuple(names)) for at_s, names in by_second.items()]
    dead = now.bus_out & ~before.bus_out
    left = np.where(dead[system.generators.bus], 0.0, _left(before.gen_share, now.gen_share))
    for gen in np.flatnonzero((left < 1.0) & (dispatch.p_gen_mw > _SMALLEST_MW)).tolist():
        name = str(system.generators.name[gen])
        at_s = dead_s[system.generators.bus[gen]] if dead[system.generators.bus[gen]] else np.inf
        at_s = min(at_s, seconds.of_element.get(("generators", name), np.inf))
        at_s = at_s if np.isfinite(at_s) else 0.0
        losses.append(Loss(at_s=at_s, machines=(name,), share=1.0 - float(left[gen])))
    stored = dispatch.p_storage_mw * (1.0 - _left(before.storage_share, now.storage_share))
    for storage in np.flatnonzero(np.abs(stored) > _SMALLEST_MW).tolist():
        bus = str(system.buses.name[system.storages.bus[storage]])
        losses.append(Loss(bus=bus, mw=-float(stored[storage])))
    imported = np.maximum(dispatch.p_border_mw, 0.0) * (1.0 - _left(before.border_share, now.border_share))
    for border in np.flatnonzero(imported > _SMALLEST_MW).tolist():
        losses.append(Loss(border=str(system.borders.name[border]), mw=float(imported[border])))
    abroad = np.maximum(now.abroad_mw - before.abroad_mw, 0.0)
    for border in np.flatnonzero(abroad > _SMALLEST_MW).tolist():
        name = str(system.borders.name[border])
        trips = seconds.abroad.get(name) or [(0.0, float(abroad[border]))]
        part = float(abroad[border]) / sum(mw for _, mw in trips)
        losses += [Loss(at_s=at_s, border=name, mw=mw * part) for at_s, mw in trips]
    return tuple(losses)


def _left(before: F8, now: F8) -> F8:
    """Share of what was there before that is there now, at most 1."""
    there: B1 = before > 0
    return np.minimum(np.divide(now, before, out=np.ones(len(now)), where=there), 1.0)
