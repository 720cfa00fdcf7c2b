"""Events in their seconds: when each acts after its moment, which rules fail to act and which act wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.engine.state import GridState
from gridsim.kernels.rng import stream_id, uniform, uniforms
from gridsim.model.groups import opened
from gridsim.model.scenario import Change, Event, Failures, kinds
from gridsim.model.system import GridSystem
from gridsim.solvers.automation_rules import Rule

HIDDEN_FAILURE = 0.02  # of a rule, per demand (0.005 to 0.05, assumed)


class Seconds(NamedTuple):
    """The seconds of events: each effect, after the moment of its event.

    ``of_element``: (table, name) -> the earliest that takes it; ``abroad``: border -> (second, MW) of each loss.
    """

    of_element: dict[tuple[str, str], float]
    abroad: dict[str, list[tuple[float, float]]]

    def of(self, table: str, name: str) -> float:
        """Second at which an element is lost."""
        return self.of_element.get((table, name), 0.0)


def seconds_of(system: GridSystem, events: Iterable[Event]) -> Seconds:
    """Seconds of ``events`` that have just begun."""
    found = Seconds({}, {})
    for event in events:
        kind = kinds()[event.kind]
        for target in opened(system, event.targets, kind.targets):
            if Change.ABROAD_MW in kind.quantities:
                trips = [(event.delay_s * step, event.magnitude) for step in range(1, event.steps + 1)]
                found.abroad.setdefault(target.name, []).extend(trips)
            place = target.table, target.name
            found.of_element[place] = min(found.of_element.get(place, event.delay_s), event.delay_s)
    return found


def wrongly_operating(system: GridSystem, before: Conditions, now: Conditions, seconds: Seconds) -> dict[str, float]:
    """Rules that began to act wrongly, and the second at which each does."""
    names = system.automation.name[now.rule_operates & ~before.rule_operates].tolist()
    return {name: seconds.of("automation", name) for name in names}


def failing_rules(state: GridState, now: Conditions) -> frozenset[str]:
    """Rules that do not act at this instant, drawn by rule and second of the replicate."""
    names = state.system.automation.name
    found = set()
    for row in np.flatnonzero(now.rule_fails > 0).tolist():
        stream = stream_id("rule", str(names[row]), "fails")
        place = state.seed, state.replicate, stream, state.now_s
        if uniform(*(np.uint64(number) for number in place)) < now.rule_fails[row]:
            found.add(str(names[row]))
    return frozenset(found)


def without(rules: tuple[Rule, ...], failing: frozenset[str]) -> tuple[Rule, ...]:
    """Rules that act; what waits for one that does not never acts either."""
    silent, left = set(failing), []
    for rule in rules:
        if rule.name in silent or rule.after in silent:
            silent.add(rule.name)
        else:
            left.append(rule)
    return tuple(left)


def hidden_failure(state: GridState, rule: str, asked: int) -> bool:
    """A rule would not act when it is asked for the ``asked``-th time; never where failures are off."""
    if state.scenario.failures is not Failures.ON:
        return False
    stream = stream_id("automation", rule, "hidden failure")
    return bool(uniforms(state.seed, state.replicate, stream, asked)[-1] < HIDDEN_FAILURE)
