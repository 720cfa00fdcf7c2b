"""A run's state without SimPy: a calendar that only notes what is asked of it, and states built on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gridsim.engine.automation import EmergencyAutomation
from gridsim.engine.inputs import RunInputs
from gridsim.engine.interval import Interval
from gridsim.engine.operator import Operator
from gridsim.engine.outcomes import Outcomes
from gridsim.engine.resolve import Resolver
from gridsim.engine.state import GridState
from gridsim.model.pack import pack
from gridsim.model.scenario import AcMode, Event, FirstMinutesMode, GasMode, Horizon, Imports, Policy, Scenario, Target
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.weather.cached import CachedWeather
from gridsim.weather.year import make_weather

START = dt.datetime(2026, 1, 14)
QUIET = Policy(imports=Imports.NONE, ac=AcMode.OFF, gas=GasMode.BALANCE, first_minutes=FirstMinutesMode.OFF)


class NotedAgenda:
    """An :class:`gridsim.engine.clock.Agenda` whose time is set by the test, and which notes what it is asked."""

    def __init__(self) -> None:
        self.now_s = 0
        self.armed: list[str] = []
        self.wakes: list[tuple[int, str, bool]] = []
        self.changes: list[tuple[str, bool, int]] = []

    def arm(self, culprit: str) -> None:
        self.armed.append(culprit)

    def wake(self, delay_s: float, culprit: str, *, sudden: bool = False) -> None:
        self.wakes.append((self.now_s + round(delay_s), culprit, sudden))

    def changed(self, event: Event, ends: bool, logged: int) -> None:
        self.changes.append((event.id, ends, logged))


class Stages:
    """A state with its stages; ``intervals``: those that are finished."""

    def __init__(self, system: GridSystem, policy: Policy = QUIET, *events: Event, hours: float = 24, step: int = 60):
        self.packed = pack(system)
        scenario = Scenario("case", system.name, Horizon(START, hours, step), events=events, policy=policy)
        self.agenda = NotedAgenda()
        self.intervals: list[Interval] = []
        inputs = RunInputs(scenario, CachedWeather(make_weather(system, None, START)))
        self.state = GridState(self.packed, scenario, self.agenda, inputs, record=self.intervals.append)
        self.operator = Operator(self.state, DispatchSolver(self.packed.case))
        self.automation = EmergencyAutomation(self.state, self.operator.redispatcher)
        outcomes = Outcomes(self.packed, self.state.log, self.state.disturbances)
        self.resolver = Resolver(self.state, self.operator, self.automation, outcomes, None)
        self.resolver.settle()

    def at(self, hour: float) -> Stages:
        """Let the time be ``hour``."""
        self.agenda.now_s = round(hour * 3600)
        return self

    def resolve(self, hour: float) -> Interval:
        """The answer at ``hour``."""
        self.at(hour).operator.plan_day()
        self.resolver.resolve()
        assert self.state.interval is not None
        return self.state.interval


def outage(table: str, name: str, duration_h: float | None = None, at_h: float = 0.0, kind: str = "") -> Event:
    """An outage of one element."""
    kind = kind or {"lines": "line_outage", "generators": "generator_outage", "storages": "store_outage"}[table]
    return Event(f"{kind}_{name}", kind, at_h, (Target(table, name),), 1.0, duration_h)


def p_mw(stages: Stages, interval: Interval, name: str) -> float:
    """Output of a machine."""
    return float(interval.dispatch.p_gen_mw[stages.state.system.generators.position(name)])


def row(**values: Any) -> dict[str, Any]:
    """A machine of 100 MW at s1 with cost 90, as a row of generators.csv."""
    return {
        "name": "old_1",
        "bus": "s1",
        "fuel": "oil",
        "installed_mw": 100,
        "p_max_mw": 100,
        "cost_per_mwh": 90,
    } | values
