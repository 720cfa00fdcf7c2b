"""Readable twin of :mod:`gridsim.kernels.swing`: the same model from its equations, in vectors and plain lists.

For tests and for reading. Thresholds are located by halving the step, one step after the other; nothing is tuned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gridsim.kernels import swing_case as case
from gridsim.kernels.swing import FALLING_HZ_PER_S, RETRY_S
from gridsim.kernels.swing_case import F8, SwingModel, SwingRules


@dataclass
class Areas:
    """State at one instant; vectors over areas, over groups of machines, over rules."""

    angle: F8
    hz: F8
    valve_mw: F8
    second_mw: F8
    supplied_mws: F8
    drawn_mws: F8
    fixed_mw: F8
    group_mw: F8
    gain: F8
    up_mw: F8
    down_mw: F8
    group_inertia: F8
    shed_frequency: F8
    shed_other: F8
    passed_since: list[float | None]
    acted_at: list[float | None]
    blocked: list[bool]
    operations: list[tuple[float, int, float]] = field(default_factory=list)


class ReferenceSwing:
    """The swing of ``model`` under ``rules``; ``groups`` and ``fixed_mw`` as for ``new_state``."""

    def __init__(self, model: SwingModel, rules: SwingRules, groups: tuple[F8, F8, F8, F8, F8], fixed_mw: F8):
        self.model, self.rules = model, rules
        n, n_groups, n_rules = len(model.alive), len(model.group_area), len(rules.setting)
        mw, gain, up_mw, down_mw, inertia = (np.array(column, dtype=float) for column in groups)
        self.now_s = 0.0
        self.areas = Areas(
            angle=np.zeros(n),
            hz=np.zeros(n),
            valve_mw=np.zeros(n_groups),
            second_mw=np.zeros(n_groups),
            supplied_mws=np.zeros(n),
            drawn_mws=np.zeros(n),
            fixed_mw=np.array(fixed_mw, dtype=float),
            group_mw=mw,
            gain=gain,
            up_mw=up_mw,
            down_mw=down_mw,
            group_inertia=inertia,
            shed_frequency=np.zeros(n),
            shed_other=np.zeros(n),
            passed_since=[None] * n_rules,
            acted_at=[None] * n_rules,
            blocked=[False] * n_rules,
        )

    def rates(self, angle: F8, hz: F8, valve_mw: F8, second_mw: F8) -> tuple[F8, ...]:
        """Rates of angle, frequency, valve, second state, energy supplied and drawn."""
        model, now = self.model, self.areas
        n = len(hz)
        f = hz[model.group_area]
        asked_mw = -now.gain * np.sign(f) * np.maximum(np.abs(f) - model.dead_band_hz, 0.0)
        asked_mw = np.clip(asked_mw, now.down_mw, now.up_mw)
        slow = model.valve_s > 0
        reached_mw = np.where(slow, valve_mw, asked_mw)
        valve_rate = np.where(slow, (asked_mw - valve_mw) / np.where(slow, model.valve_s, 1.0), 0.0)
        second_rate = (reached_mw - second_mw) / model.second_s
        mechanical_mw = now.group_mw + model.at_valve * reached_mw + model.at_second * second_mw
        supplied_mw = now.fixed_mw + np.bincount(model.group_area, mechanical_mw, n)
        load = self.load_pu(hz)
        drawn_mw = model.load_at_mw @ load + model.damping_mw_per_hz * hz
        flow_mw = self.pair_mw(angle)
        across_hz = hz[model.first] - hz[model.second]
        flow_mw = flow_mw + 2 * np.pi * model.pair_damping_s * model.coupling_mw * across_hz
        leaving_mw = np.bincount(model.first, flow_mw, n) - np.bincount(model.second, flow_mw, n)
        inertia = model.load_inertia + np.bincount(model.group_area, now.group_inertia, n)
        hz_rate = (supplied_mw - drawn_mw - leaving_mw) / np.where(inertia > 0, inertia, 1.0)
        alive = model.alive
        return (
            np.where(alive, 2 * np.pi * hz, 0.0),
            np.where(alive, hz_rate, 0.0),
            valve_rate,
            second_rate,
            np.where(alive, supplied_mw, 0.0),
            np.where(alive, drawn_mw, 0.0),
        )

    def load_pu(self, hz: F8) -> F8:
        left = 1 - self.areas.shed_frequency - self.areas.shed_other
        return np.asarray(left * (1 + self.model.load_damping * hz / self.model.f0_hz))

    def pair_mw(self, angle: F8) -> F8:
        model = self.model
        across = angle[model.first] - angle[model.second]
        return np.asarray(model.coupling_mw * model.stretch * np.sin(across / model.stretch))

    def stepped(self, step_s: float) -> tuple[F8, ...]:
        """The moving states one RK4 step on."""
        now = self.areas
        start = (now.angle, now.hz, now.valve_mw, now.second_mw, now.supplied_mws, now.drawn_mws)

        def along(rates: tuple[F8, ...], by_s: float) -> tuple[F8, ...]:
            return tuple(value + by_s * rate for value, rate in zip(start, rates, strict=True))

        k1 = self.rates(*start[:4])
        k2 = self.rates(*along(k1, step_s / 2)[:4])
        k3 = self.rates(*along(k2, step_s / 2)[:4])
        k4 = self.rates(*along(k3, step_s)[:4])
        mean = tuple((a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True))
        return along(mean, step_s)

    def watched(self, angle: F8, hz: F8, now_s: float) -> F8:
        """Every quantity that a rule may watch."""
        model, rules = self.model, self.rules
        flows_mw = model.flow_base_mw + model.flow_pair @ self.pair_mw(angle) + model.flow_load_mw @ self.load_pu(hz)
        across = np.abs(angle[rules.angle_first] - angle[rules.angle_second]) / rules.angle_stretch
        return np.concatenate([hz, flows_mw, np.degrees(across), [now_s]])

    def passed(self, watched: F8) -> list[bool]:
        """Rules whose threshold is passed; that of a return only while something is left to return."""
        rules = self.rules
        value, setting = watched[rules.quantity], rules.setting
        passed = np.where(rules.above, value >= setting, value <= setting).tolist()
        returns = np.flatnonzero(rules.action == case.RETURN_SHARE).tolist()
        return [
            is_passed and (rule not in returns or self.areas.shed_frequency[rules.place[rule]] > 0)
            for rule, is_passed in enumerate(passed)
        ]

    def waiting(self, rule: int) -> bool:
        done = self.areas.acted_at[rule] is not None and not self.rules.repeats[rule]
        return not done and not self.areas.blocked[rule]

    def due(self, rule: int) -> float:
        now, before = self.areas, int(self.rules.after[rule])
        since = now.passed_since[rule]
        if since is None or not self.waiting(rule):
            return np.inf
        if before >= 0:
            acted = now.acted_at[before]
            if acted is None:
                return np.inf
            since = max(since, acted)
        return since + float(self.rules.delay_s[rule])

    def start_timers(self) -> None:
        now = self.areas
        for rule, passed in enumerate(self.passed(self.watched(now.angle, now.hz, self.now_s))):
            if not passed:
                now.passed_since[rule] = None
            elif now.passed_since[rule] is None:
                now.passed_since[rule] = self.now_s

    def act(self) -> bool:
        """Let due rules act until none is due; True if one of them changes the network."""
        changes = False
        while True:
            due = [rule for rule in range(len(self.rules.setting)) if self.due(rule) <= self.now_s + 1e-9]
            if not due:
                return changes
            for rule in due:
                if self.due(rule) > self.now_s + 1e-9:
                    continue  # blocked by one that acted at the same instant
                if self.waits_for_rise(rule):
                    continue
                mw = self.operate(rule)
                self.areas.acted_at[rule] = self.now_s
                if self.rules.repeats[rule]:
                    self.areas.passed_since[rule] = self.now_s
                self.areas.operations.append((self.now_s, rule, mw))
                changes |= int(self.rules.action[rule]) in (case.OPEN, case.DEAD)
            self.start_timers()

    def waits_for_rise(self, rule: int) -> bool:
        """A return of load into a falling frequency starts its timer again."""
        now = self.areas
        if int(self.rules.action[rule]) != case.RETURN_SHARE:
            return False
        rate = self.rates(now.angle, now.hz, now.valve_mw, now.second_mw)[1][self.rules.place[rule]]
        if rate >= -FALLING_HZ_PER_S:
            return False
        now.passed_since[rule] = self.now_s + max(RETRY_S - float(self.rules.delay_s[rule]), 0.0)
        return True

    def operate(self, rule: int) -> float:
        now, load_mw = self.areas, self.model.load_mw
        action, place = int(self.rules.action[rule]), int(self.rules.place[rule])
        amount = float(self.rules.amount[rule])
        if action in (case.SHED_SHARE, case.SHED_MW):
            left = 1 - now.shed_frequency[place] - now.shed_other[place]
            if action == case.SHED_SHARE:
                share = min(amount * (1 - now.shed_other[place]), left)
                now.shed_frequency[place] += share
            else:
                share = min(amount / load_mw[place], left) if load_mw[place] > 0 else 0.0
                now.shed_other[place] += share
            return float(share * load_mw[place])
        if action == case.RETURN_SHARE:
            share = min(amount, now.shed_frequency[place])
            now.shed_frequency[place] -= share
            return -float(share * load_mw[place])
        if action in (case.TRIP_SHARE, case.TRIP_MW):
            if action == case.TRIP_MW:
                amount = amount / now.group_mw[place] if now.group_mw[place] > 0 else 0.0
            keep = 1 - min(max(amount, 0.0), 1.0)
            valve, second = self.model.at_valve[place], self.model.at_second[place]
            runs_mw = now.group_mw[place] + valve * now.valve_mw[place] + second * now.second_mw[place]
            for column in (now.group_mw, now.gain, now.up_mw, now.down_mw, now.group_inertia):
                column[place] *= keep
            now.valve_mw[place] *= keep
            now.second_mw[place] *= keep
            return float((1 - keep) * runs_mw)
        if action == case.ADD_MW:
            now.fixed_mw[place] += amount
            return -amount
        if action == case.BLOCK:
            now.blocked[place] = True
        return 0.0

    def run(self, until_s: float, step_s: float) -> None:
        """Integrate until ``until_s`` or until a rule changes the network."""
        now = self.areas
        self.start_timers()
        while not self.act() and self.now_s < until_s:
            rules = range(len(self.rules.setting))
            ends = [due - self.now_s for due in map(self.due, rules) if due < np.inf]
            step = min(step_s, until_s - self.now_s, *(max(end, 1e-7) for end in ends))
            before = [since is not None for since in now.passed_since]
            watching = [rule for rule in rules if self.waiting(rule)]

            def crossed(step_s: float, before: list[bool] = before, watching: list[int] = watching) -> bool:
                """A threshold that may matter is on its other side after the step."""
                angle, hz = self.stepped(step_s)[:2]
                after = self.passed(self.watched(angle, hz, self.now_s + step_s))
                return any(after[rule] != before[rule] for rule in watching)

            if crossed(step):
                none, some = 0.0, step
                while some - none > 1e-9:
                    middle = (none + some) / 2
                    none, some = (none, middle) if crossed(middle) else (middle, some)
                step = max(some, min(1e-7, step))
            values = self.stepped(step)
            (now.angle, now.hz, now.valve_mw, now.second_mw, now.supplied_mws, now.drawn_mws) = values
            self.now_s += step
            self.start_timers()
