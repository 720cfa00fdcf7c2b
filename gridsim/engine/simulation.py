"""One trajectory of one scenario: SimPy processes change the state, a late resolve at each instant answers it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Generator
from typing import Any

from gridsim.engine.automation import EmergencyAutomation
from gridsim.engine.clock import Priority, Rounds, environment, to_seconds, wait
from gridsim.engine.crews import Crews
from gridsim.engine.disturbances import draw_repair_h
from gridsim.engine.event_log import ROOT
from gridsim.engine.failures import failures
from gridsim.engine.gas_side import make_gas_network
from gridsim.engine.inputs import RunInputs
from gridsim.engine.operator import Operator
from gridsim.engine.outcomes import Outcomes
from gridsim.engine.policies import Policies
from gridsim.engine.recorder import Recorder
from gridsim.engine.repairs import with_planned_repairs
from gridsim.engine.resolve import Resolver
from gridsim.engine.scripting import Scripts
from gridsim.engine.state import GridState
from gridsim.engine.storms import season_storms, storm_outages
from gridsim.engine.views import holds
from gridsim.engine.water import WaterPumps
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.groups import opened
from gridsim.model.pack import Packed
from gridsim.model.scenario import AcMode, Event, Failures, Primitive, Scenario, kinds
from gridsim.model.table import F8
from gridsim.solvers.ac import AcModel
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.gas import HydraulicGas
from gridsim.weather.cached import CachedWeather
from gridsim.weather.year import YearWeather, make_weather

Process = Generator[Any, Any, None]
Progress = Callable[[float], None]
CHECKS_KEPT = 1024  # AC checks that trajectories share until something parts them, of some 20 kB each


class Simulation:
    """One replicate. After ``run()`` the recorder holds its intervals, ``state`` its log and operating points.

    ``weather``, ``gas_network``: those of the scenario, where several trajectories one after the other share them.
    It is the state's agenda (:class:`~gridsim.engine.clock.Agenda`): time and waiting are its own.
    """

    def __init__(
        self,
        packed: Packed,
        scenario: Scenario,
        solver: DispatchSolver,
        ac_model: AcModel | None,
        *,
        seed: int = 0,
        replicate: int = 0,
        progress: Progress | None = None,
        keep: Collection[str] | None = None,
        weather: CachedWeather | None = None,
        gas_network: HydraulicGas | None = None,
    ):
        system = packed.system
        scenario = with_planned_repairs(system, scenario)
        self.env = environment()
        self.scenario = scenario
        self.seed, self.replicate = seed, replicate
        self.recorder = Recorder(packed, replicate, keep)
        repairs = scenario.failures is Failures.ON
        weather = weather or CachedWeather(
            make_weather(system, scenario.weather, scenario.horizon.start, repairs=repairs)
        )
        self.state = state = GridState(
            packed,
            scenario,
            self,
            RunInputs(scenario, weather),
            gas_network=gas_network or make_gas_network(system, scenario.policy.gas),
            record=self.recorder.record,
            seed=seed,
            replicate=replicate,
        )
        operator = Operator(state, solver)
        self.operator = operator
        self._outcomes = Outcomes(packed, state.log, state.disturbances)
        automation = EmergencyAutomation(state, operator.redispatcher, ac_model)
        policies = Policies(state, scenario.scripts)
        self._resolver = Resolver(state, operator, automation, self._outcomes, ac_model, policies.decide)
        self._scripts = Scripts(self.env, state, scenario.scripts, seed=seed, replicate=replicate)
        self._pumps = WaterPumps(state)
        self._crews = Crews(self.env, system, state.log, self._temperature_c)
        self._ac_model = ac_model
        self._rounds = Rounds()
        self._progress = progress
        self._armed = False
        self._culprit = ""
        self._moments: dict[tuple[str, bool], Any] = {}

    def run(self) -> None:
        """Run to the end of the horizon."""
        state, system, scenario = self.state, self.state.system, self.scenario
        if self._ac_model is not None:
            self._ac_model.reset()  # no warm start crosses a replicate
        year = state.inputs.weather
        if isinstance(year, YearWeather):
            self._outcomes.log_weather(year)
        self._resolver.settle()
        for name in state.fuel.low_at_start():
            state.log.add(0.0, f"gas_nodes:{name}", "below lowest pressure at the start")
        self.env.process(self._ticks())
        events = list(scenario.events)
        if scenario.failures is Failures.ON:
            hours = scenario.horizon.hours
            at_start = state.inputs.local_time(0)
            felt_c = year.temperature_c(at_start, math.ceil(hours)) if isinstance(year, YearWeather) else None
            events += failures(system, self.seed, self.replicate, hours, felt_c, at_start)
            events += season_storms(system, self.seed, self.replicate, hours, at_start)
        for event in events:
            self.env.process(self._event(event))
        self._scripts.start()
        self.env.run(until=state.horizon_s)
        state.advance()

    # Agenda

    @property
    def now_s(self) -> int:
        """Whole seconds since the start."""
        return int(self.env.now)

    def arm(self, culprit: str) -> None:
        """Ask for one resolve at the end of this instant."""
        self._culprit = culprit
        if not self._armed:
            self._armed = True
            self.env.process(self._resolve_late())

    def wake(self, delay_s: float, culprit: str, *, sudden: bool = False) -> None:
        """Ask for a resolve after ``delay_s``, at least a second from now."""
        self.env.process(self._wake(max(math.ceil(delay_s - 1e-6), 1), culprit, sudden))

    def changed(self, event: Event, ends: bool, logged: int) -> None:
        """Crews come or go, and events that wait for this one go on."""
        self._crews.set_share(self.state.disturbances.conditions().crew_share)
        if event.targets[:1] and event.targets[0].table == "storm_tracks" and not ends:
            for outage in storm_outages(self.state.system, event, self.seed, self.replicate):
                self.env.process(self._event(outage))
        moment = self._moment(event.id, ends)
        if not moment.triggered:
            moment.succeed(logged)

    # Processes

    def _wake(self, delay_s: int, culprit: str, sudden: bool) -> Process:
        yield wait(self.env, delay_s, Priority.OPERATOR)
        self.state.arm(culprit, sudden=sudden)

    def _resolve_late(self) -> Process:
        yield wait(self.env, 0, Priority.RESOLVE)
        self._armed = False
        self._rounds.count(self.now_s, self._culprit)
        self._resolver.resolve()
        self._pumps.update()
        self._scripts.check_conditions()

    def _ticks(self) -> Process:
        """Weather, load and the daily commitment at every step of the horizon."""
        state = self.state
        while True:
            yield wait(self.env, 0, Priority.WEATHER)
            self.operator.plan_day()
            state.arm("weather and load")
            if self._progress is not None:
                self._progress(self.env.now / state.horizon_s)
            yield wait(self.env, state.inputs.step_s, Priority.WEATHER)

    def _event(self, event: Event) -> Process:
        """An event of the scenario: happens with its probability, lasts its duration or a drawn repair time."""
        state, follows = self.state, event.depends_on
        cause = ROOT
        if follows is None:
            yield wait(self.env, to_seconds(event.at_h), Priority.CONTINGENCY)
        else:
            cause = yield self._moment(follows.event, follows.on_end)
            yield wait(self.env, to_seconds(follows.delay_h), Priority.CONTINGENCY)
            state.advance()
            state.arm(event.id)
            if state.last is None:  # at the start there is something to check only after the first resolve
                yield wait(self.env, 0, Priority.RECORD)
            if not all(holds(condition, state.present) for condition in follows.conditions):
                return
        if self._draw(event, "probability") >= event.probability:
            return
        cause = state.begin(event, cause)
        if event.repair is not None:
            work_h = draw_repair_h(event.repair, self._draw(event, "repair"))
            cause = yield from self._repair(event, work_h, cause)
        elif event.duration_h is not None:
            yield wait(self.env, max(to_seconds(event.duration_h), 1), Priority.CONTINGENCY)
        else:
            return
        if event in state.disturbances.active:  # a script may have ended it
            state.end(event, cause)

    def _repair(self, event: Event, work_h: float, cause: int) -> Generator[Any, Any, int]:
        """Work of a crew on the first element hit; an event without an element ends after the drawn time alone."""
        kind = kinds()[event.kind]
        if kind.primitive in (Primitive.OUTAGE, Primitive.DERATE):
            target = opened(self.state.system, event.targets, kind.targets)[0]
            return (yield from self._crews.repair(event.id, target, work_h, cause))
        yield wait(self.env, max(to_seconds(work_h), 1), Priority.CONTINGENCY)
        return cause

    def _moment(self, event_id: str, on_end: bool) -> Any:
        """Happens when an event begins or ends; its value is the entry in the log."""
        return self._moments.setdefault((event_id, on_end), self.env.event())

    def _temperature_c(self, seconds: float) -> F8:
        return self.state.inputs.at(seconds, self.state.disturbances.conditions()).temperature_c

    def _draw(self, event: Event, purpose: str) -> float:
        return float(uniforms(self.seed, self.replicate, stream_id("event", event.id, purpose), 1)[0])


def make_ac_model(packed: Packed, mode: AcMode, *, share: bool = True) -> AcModel | None:
    """The power-flow model that ``policy.ac`` asks for; ``share``: equal checks of trajectories are made once."""
    return None if mode is AcMode.OFF else AcModel(packed.system, mode.value, keep=CHECKS_KEPT if share else 0)
