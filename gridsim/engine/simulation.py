"""One trajectory of one scenario: SimPy processes change the state, a late resolve at each instant answers it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Generator
from typing import Any

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.engine.clock import Priority, Rounds, environment, to_hours, to_seconds, wait
from gridsim.engine.commitment import Commitment
from gridsim.engine.coupling import FuelSystem, make_gas_network
from gridsim.engine.crews import Crews
from gridsim.engine.disturbances import Disturbances, draw_repair_h
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.failures import failures
from gridsim.engine.interval import Decisions, Interval, Redispatch, operating_point
from gridsim.engine.operator import Operator
from gridsim.engine.outcomes import Outcomes
from gridsim.engine.recorder import Recorder
from gridsim.engine.scripting import Scripts
from gridsim.engine.views import NothingYet, Present, holds
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.groups import opened
from gridsim.model.pack import Packed
from gridsim.model.scenario import AcMode, Event, Primitive, Scenario, WeatherFile, kinds
from gridsim.model.table import F8, sum_at, sum_rows_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.gas import HydraulicGas
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.weather.cached import CachedWeather
from gridsim.weather.normal import HourInputs
from gridsim.weather.year import YearWeather, make_weather

Process = Generator[Any, Any, None]
Progress = Callable[[float], None]

_MOST_LOSS_SHARE = 0.15


class Simulation:
    """One replicate. ``run()`` returns the recorder, the log and the operating point of every interval.

    ``weather``, ``gas_network``: those of the scenario, where several trajectories one after the other share them.
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
        self.packed = packed
        self.system = packed.system
        self.scenario = scenario
        self.seed = seed
        self.replicate = replicate
        self.env = environment()
        self.horizon_s = to_seconds(scenario.horizon.hours)
        self.step_s = scenario.horizon.step_minutes * 60
        self.operator_delay_s = max(round(scenario.policy.operator_delay_minutes * 60), 1)
        self.log = EventLog()
        self.disturbances = Disturbances(self.system, scenario.policy.imports, self.log)
        self._outcomes = Outcomes(packed, self.log, self.disturbances)
        self.recorder = Recorder(packed, replicate, keep)
        self.points: list[tuple[float, OperatingPoint]] = []
        self._fixed_load_mw: F8 | None = None  # by scripts; NaN where a load takes what it always takes
        self._weather = weather or CachedWeather(make_weather(self.system, scenario.weather, scenario.horizon.start))
        self._operator = Operator(packed, solver)
        self._commitment = Commitment(self.system)
        network = gas_network or make_gas_network(self.system, scenario.policy.gas)
        self._fuel = FuelSystem(packed, self.disturbances.conditions(), network)
        self._crews = Crews(self.env, self.system, self.log, self._temperature_c)
        self._ac_model = ac_model
        self._rounds = Rounds()
        self._progress = progress
        self._armed = False
        self._sudden = False
        self._ramp_s, self._ramp_h = -1, 0.0
        self._ramp_from_mw: F8 | None = None
        self._culprit = ""
        self._interval: Interval | None = None
        self._last: Interval | None = None
        self._interval_start_s = 0
        self._last_resolve_s = 0
        self._committed_on: dt.date | None = None
        self._following = False
        self._blind_until_s = 0
        self._moments: dict[tuple[str, bool], Any] = {}
        self._scripts = Scripts(self, scenario.scripts)
        self._loss_share = self.system.loss_share

    def run(self) -> None:
        """Run to the end of the horizon."""
        if self._ac_model is not None:
            self._ac_model.reset()  # no warm start crosses a replicate
        if isinstance(self._weather.weather, YearWeather):
            self._outcomes.log_weather(self._weather.weather)
        self._settle_gas()
        for name in self._fuel.low_at_start():
            self.log.add(0.0, f"gas_nodes:{name}", "below lowest pressure at the start")
        self.env.process(self._ticks())
        for event in self.scenario.events:
            self.env.process(self._event(event))
        if self.scenario.failures:
            year, hours = self._weather.weather, self.scenario.horizon.hours
            felt_c = year.temperature_c(self.local_time(0), math.ceil(hours)) if isinstance(year, YearWeather) else None
            for event in failures(self.system, self.seed, self.replicate, hours, felt_c):
                self.env.process(self._event(event))
        self._scripts.start()
        self.env.run(until=self.horizon_s)
        self._close_interval(self.horizon_s)

    # Processes

    def _ticks(self) -> Process:
        """Weather, load and the daily commitment at every step of the horizon."""
        while True:
            yield wait(self.env, 0, Priority.WEATHER)
            today = self.local_time(self.env.now).date()
            if today != self._committed_on:
                self._commit(first=self._committed_on is None)
                self._committed_on = today
            self.arm("weather and load")
            if self._progress is not None:
                self._progress(self.env.now / self.horizon_s)
            yield wait(self.env, self.step_s, Priority.WEATHER)

    def _event(self, event: Event) -> Process:
        """An event of the scenario: happens with its probability, lasts its duration or a drawn repair time."""
        follows = event.depends_on
        cause = ROOT
        if follows is None:
            yield wait(self.env, to_seconds(event.at_h), Priority.CONTINGENCY)
        else:
            cause = yield self._moment(follows.event, follows.on_end)
            yield wait(self.env, to_seconds(follows.delay_h), Priority.CONTINGENCY)
            self._close_interval(int(self.env.now))
            self.arm(event.id)
            if self._last is None:  # at the start there is something to look at only after the first resolve
                yield wait(self.env, 0, Priority.RECORD)
            if not all(holds(condition, self.present) for condition in follows.conditions):
                return
        if self._draw(event, "probability") >= event.probability:
            return
        cause = self.begin(event, cause)
        if event.repair is not None:
            work_h = draw_repair_h(event.repair, self._draw(event, "repair"))
            cause = yield from self._repair(event, work_h, cause)
        elif event.duration_h is not None:
            yield wait(self.env, max(to_seconds(event.duration_h), 1), Priority.CONTINGENCY)
        else:
            return
        if event in self.disturbances.active:  # a script may have ended it
            self.end(event, cause)

    def _repair(self, event: Event, work_h: float, cause: int) -> Generator[Any, Any, int]:
        """Work of a crew on the first element hit; what has no element is mended in the drawn time alone."""
        kind = kinds()[event.kind]
        if kind.primitive in (Primitive.OUTAGE, Primitive.DERATE):
            target = opened(self.system, event.targets, kind.targets)[0]
            return (yield from self._crews.repair(event.id, target, work_h, cause))
        yield wait(self.env, max(to_seconds(work_h), 1), Priority.CONTINGENCY)
        return cause

    def begin(self, event: Event, cause: int = ROOT) -> int:
        """Let an event begin now; returns its place in the log."""
        self._close_interval(int(self.env.now))
        started = self.disturbances.begin(event, self.now_h, self._fuel, cause)
        self._changed(event, False, started)
        return started

    def end(self, event: Event, cause: int | None = None) -> None:
        """Let an active event end now."""
        self._close_interval(int(self.env.now))
        ended = self.disturbances.end(event, self.now_h, self._fuel, cause)
        self._changed(event, True, ended)

    def fix_load(self, loads: Any, p_mw: float | None) -> None:
        """Let the loads (n_loads,) True take ``p_mw`` together, shared as they are; None: what they always take."""
        self.come_to_now()
        share = self.system.loads.p_mw[loads] / self.system.loads.p_mw[loads].sum()
        if self._fixed_load_mw is None:
            self._fixed_load_mw = np.full(len(self.system.loads), np.nan)
        self._fixed_load_mw[loads] = np.nan if p_mw is None else p_mw * share
        self.arm("a changed load", sudden=True)

    def come_to_now(self) -> None:
        """Let stocks come to this instant, and answer it anew."""
        self._close_interval(int(self.env.now))
        self.arm("a script")

    def _moment(self, event_id: str, on_end: bool) -> Any:
        """Happens when an event begins or ends, with its place in the log as value."""
        return self._moments.setdefault((event_id, on_end), self.env.event())

    def _changed(self, event: Event, ends: bool, logged: int) -> None:
        """What follows from the beginning or end of an event: a resolve, crews that come or go, events that wait."""
        kind = kinds()[event.kind]
        self.arm(event.id, sudden=not kind.foreseen)
        if "repair_crews" in kind.targets:
            self._crews.set_share(self.disturbances.conditions().crew_share)
        moment = self._moment(event.id, ends)
        if not moment.triggered:
            moment.succeed(logged)

    def _follow_up(self) -> Process:
        """While load is unserved and a machine could still climb, the operator acts again after his delay."""
        yield wait(self.env, self.operator_delay_s, Priority.OPERATOR)
        self._following = False
        self.arm("the operator's follow-up")

    def _wake(self, delay_s: float, culprit: str) -> Process:
        yield wait(self.env, max(math.ceil(delay_s), 1), Priority.OPERATOR)
        self.arm(culprit)

    def _start_machine(self, ready_s: float) -> Process:
        yield wait(self.env, max(math.ceil(ready_s - self.env.now), 1), Priority.OPERATOR)
        self.arm("a started machine")

    # State

    @property
    def now_h(self) -> float:
        """Hours since the start."""
        return to_hours(self.env.now)

    @property
    def present(self) -> Present:
        """What the last resolve and the stocks say; NothingYet before the first one."""
        interval = self._interval or self._last
        if interval is None:
            raise NothingYet()
        return Present(self.packed, interval, self._fuel, self.now_h)

    def local_time(self, seconds: float) -> dt.datetime:
        """Local time so many seconds after the start."""
        return self.scenario.horizon.start + dt.timedelta(seconds=seconds)

    def _inputs(self, seconds: float, state: Conditions) -> HourInputs:
        """Weather and load of the step that holds at ``seconds``."""
        tick_s = seconds // self.step_s * self.step_s
        anomaly_k, wind, solar = 0.0, 1.0, 1.0
        given = self.scenario.weather
        if isinstance(given, WeatherFile):
            hour = min(int(tick_s // 3600), len(given.temperature_anomaly_k) - 1)
            anomaly_k = given.temperature_anomaly_k[hour]
            wind, solar = given.wind_factor[hour], given.solar_factor[hour]
        inputs = self._weather.at(
            self.local_time(tick_s),
            temperature_anomaly_k=anomaly_k + state.temperature_k,
            wind_factor=wind * state.wind_factor,
            solar_factor=solar * state.solar_factor,
            load_factor=state.load_factor,
        )
        load_mw = inputs.load_mw
        if self._fixed_load_mw is not None:
            load_mw = np.where(np.isnan(self._fixed_load_mw), load_mw, self._fixed_load_mw)
        return inputs._replace(
            load_mw=load_mw, gas_demand_mcm_per_d=inputs.gas_demand_mcm_per_d * state.gas_demand_factor
        )

    def _temperature_c(self, seconds: float) -> F8:
        return self._inputs(seconds, self.disturbances.conditions()).temperature_c

    def _draw(self, event: Event, purpose: str) -> float:
        return float(uniforms(self.seed, self.replicate, stream_id("event", event.id, purpose), 1)[0])

    def _commit(self, *, first: bool) -> None:
        """The day's priority list from the day's peaks as they can be foreseen: normal inputs, planned work."""
        state = self.disturbances.conditions(self._planned(24.0))
        generators, system = self.system.generators, self.system
        zone, n_zones = system.buses.zone, len(system.zones)
        inputs = [self._inputs(self.env.now + 3600 * hour, state) for hour in range(24)]
        load_mw = np.array([hour.load_mw for hour in inputs])
        gen_share = np.array([hour.gen_share for hour in inputs])
        load = sum_rows_at(zone[system.loads.bus] + 1, load_mw, n_zones + 1)[:, 1:]
        variable = np.isin(generators.fuel, ("wind", "solar"))
        renewable = np.where(variable, generators.p_max_mw * gen_share * state.gen_share, 0.0)
        given = sum_rows_at(zone[generators.bus] + 1, renewable, n_zones + 1)[:, 1:]
        peak = (load * (1.0 + self._loss_share) - given).max(axis=0)
        available_mw = generators.p_max_mw * gen_share.max(axis=0) * state.gen_share
        if self._last is not None:  # a plant short of fuel counts with the fuel it has
            backup = sum_at(self.packed.backup_gen, self._last.fuel.backup_mw, len(generators))
            available_mw = np.minimum(available_mw, available_mw * self._last.fuel.gas_share + backup)
        wanted = self._commitment.priority_list(available_mw, peak)
        if self._last is None or self._last.dispatch.unserved_mw.sum() <= SHORTFALL_TOLERANCE_MW:
            self._commitment.release(wanted)
        self._order(wanted, at_once=first)

    def _planned(self, within_h: float) -> list[Event]:
        """Planned work that will begin within so many hours."""
        return [
            event
            for event in self.scenario.events
            if kinds()[event.kind].foreseen
            and event.depends_on is None
            and self.now_h <= event.at_h < self.now_h + within_h
            and event not in self.disturbances.active
        ]

    def _order(self, wanted: Any, *, at_once: bool = False) -> None:
        new = self._commitment.order(wanted, self.env.now, at_once=at_once)
        for ready_s in np.unique(self._commitment.ready_s[new]):
            if ready_s > self.env.now:
                self.env.process(self._start_machine(float(ready_s)))

    # Resolve

    def arm(self, culprit: str, *, sudden: bool = False) -> None:
        """Ask for one resolve at the end of this instant."""
        # What holds from the start of the horizon was foreseen: there is nothing to ramp from.
        self._sudden = self._sudden or (sudden and self.env.now > 0)
        self._culprit = culprit
        if not self._armed:
            self._armed = True
            self.env.process(self._resolve_late())

    def _resolve_late(self) -> Process:
        yield wait(self.env, 0, Priority.RESOLVE)
        self._armed = False
        self._rounds.count(int(self.env.now), self._culprit)
        self._resolve()

    def _resolve(self) -> None:
        now_s = int(self.env.now)
        since_last_h = to_hours(now_s - self._last_resolve_s)
        self._close_interval(now_s)
        for section, share in self.disturbances.take_bursts():  # only now have the pipes come to this instant
            self._fuel.rupture(section, share)
        state = self.disturbances.conditions()
        inputs = self._inputs(now_s, state)
        inputs = inputs._replace(load_mw=self._fuel.with_stations(inputs.load_mw))
        dt_h = to_hours(min((now_s // self.step_s + 1) * self.step_s, self.horizon_s) - now_s)
        committed = self._commitment.committed(now_s)
        blind = self._is_blind(state)
        decisions = self._scripts.decide()
        if decisions is not None:
            self._follow(decisions)
        self._set_ramps(committed, since_last_h, dt_h, blind)
        generators = self.system.generators
        able_mw = generators.p_max_mw * inputs.gen_share * state.gen_share * committed
        fuel = self._fuel.limits(now_s, dt_h, state, inputs, able_mw)
        at_start = {
            "linepack_mcm": self._fuel.gas.linepack_mcm,
            "yard_days": self._fuel.yard_days,
            "backup_days": self._fuel.backup_days,
            "storage_mwh": self._operator.storage_mwh,
        }
        answer = self._operator.redispatch(
            state,
            inputs,
            fuel,
            committed,
            self._ramp_from_mw,
            self._ramp_h,
            dt_h,
            self.local_time(now_s).month,
            self._loss_share,
            decisions,
        )
        gas, holds_h = self._fuel.balance(dt_h, state, inputs, fuel, answer.p_main_mw)
        if holds_h < dt_h - 1e-9:
            self.env.process(self._wake(holds_h * 3600.0, "gas pressure"))
        vented = self._fuel.take_vented()
        point = operating_point(answer)
        ac = self._solve_ac(point, answer)
        self._interval = Interval(
            time_h=self.now_h, duration_h=0.0, inputs=inputs, dispatch=answer, fuel=fuel, gas=gas, vented_mcm=vented,
            ac=ac, **at_start,
        )  # fmt: skip
        self._interval_start_s = self._last_resolve_s = now_s
        self._feel_power(now_s, state, answer)
        self.points.append((self.now_h, point))
        self._outcomes.log_cities(self.now_h, inputs, gas)
        self._outcomes.log_supply(self.now_h, answer, fuel, self._fuel.backup_mwh)
        if answer.unserved_mw.sum() > SHORTFALL_TOLERANCE_MW and not blind:
            self._start_reserves(able_mw, inputs, state, answer)
            if answer.ramp_limited and not self._following:
                self._following = True
                self.env.process(self._follow_up())
        self._sudden = False
        if not blind:
            self.disturbances.noticed()
        self._scripts.look()

    def _follow(self, decisions: Decisions) -> None:
        """What a user's policies decide beyond the redispatch itself."""
        generators = self.system.generators
        self._order(np.isin(generators.name, decisions.start))
        self._fuel.set_cut_order(decisions.gas_order or ())

    def _set_ramps(self, committed: Any, since_last_h: float, dt_h: float, blind: bool) -> None:
        """From where and for how long machines may ramp at this instant."""
        now_s = int(self.env.now)
        p_last_mw = self._last.dispatch.p_gen_mw if self._last is not None else None
        if now_s != self._ramp_s:
            if (self._sudden or blind) and now_s % self.step_s == 0 and p_last_mw is not None:
                p_last_mw = self._foreseen_mw(committed, p_last_mw, since_last_h, dt_h)
            self._ramp_s, self._ramp_from_mw = now_s, p_last_mw
            self._ramp_h = to_hours(self.operator_delay_s) if self._sudden else since_last_h
        elif self._sudden:  # a surprise after this instant's answer was given
            self._ramp_from_mw, self._ramp_h = p_last_mw, to_hours(self.operator_delay_s)
        if blind:
            self._ramp_h = 0.0

    def _is_blind(self, state: Conditions) -> bool:
        """True while the dispatcher has not noticed the last sudden change."""
        now_s = int(self.env.now)
        if self._sudden and state.operator_blind_minutes > 0 and now_s > self._blind_until_s:
            self._blind_until_s = now_s + round(state.operator_blind_minutes * 60)
            self.env.process(self._notice())
        return now_s < self._blind_until_s

    def _notice(self) -> Process:
        yield wait(self.env, self._blind_until_s - int(self.env.now), Priority.OPERATOR)
        self.arm("the dispatcher who sees again", sudden=True)

    def _settle_gas(self) -> None:
        """Gas pipes start as if the first hour, dispatched with fuel no limit, had lasted long."""
        self._commit(first=True)
        self._committed_on = self.local_time(0).date()
        state = self.disturbances.conditions()
        inputs = self._inputs(0, state)
        committed = self._commitment.committed(0)
        able_mw = self.system.generators.p_max_mw * inputs.gen_share * state.gen_share * committed
        month = self.local_time(0).month
        fuel = self._fuel.unlimited(able_mw)
        answer = self._operator.redispatch(
            state, inputs, fuel, committed, None, 0.0, to_hours(self.step_s), month, self._loss_share
        )
        self._fuel.settle(state, inputs, answer.p_main_mw)

    def _foreseen_mw(self, committed: Any, p_last_mw: F8, ramp_h: float, dt_h: float) -> F8:
        """(n_gens,) where machines would stand at this step without the events of this instant: ramps start there."""
        now_s = int(self.env.now)
        state = self.disturbances.foreseen()
        inputs = self._inputs(now_s, state)
        generators = self.system.generators
        able_mw = generators.p_max_mw * inputs.gen_share * state.gen_share * committed
        fuel = self._fuel.limits(now_s, dt_h, state, inputs, able_mw)
        month = self.local_time(now_s).month
        return self._operator.redispatch(
            state, inputs, fuel, committed, p_last_mw, ramp_h, dt_h, month, self._loss_share
        ).p_gen_mw

    def _start_reserves(self, able_mw: F8, inputs: HourInputs, state: Conditions, answer: Redispatch) -> None:
        """Order the cheapest machines not yet synchronised, enough for what is short now."""
        generators = self.system.generators
        could_mw = generators.p_max_mw * inputs.gen_share * state.gen_share
        idle = np.isinf(self._commitment.ready_s) & (could_mw > 0)
        short_mw = float(answer.unserved_mw.sum())
        wanted = np.zeros(len(generators), dtype=bool)
        for gen in np.lexsort((generators.name, generators.cost_per_mwh)):
            if short_mw <= 0:
                break
            if idle[gen]:
                wanted[gen] = True
                short_mw -= could_mw[gen]
        self._order(wanted)

    def _solve_ac(self, point: OperatingPoint, answer: Redispatch) -> AcSolution | None:
        if self._ac_model is None:
            return None
        ac = self._ac_model.solve(point)
        served_mw = float(point.p_load_mw.sum())
        if ac.converged and served_mw > 0:
            self._loss_share = min(max(float(ac.losses_mw) / served_mw, 0.0), _MOST_LOSS_SHARE)
        return ac

    def _feel_power(self, now_s: int, state: Conditions, answer: Redispatch) -> None:
        """Gas facilities stop and start with the supply of their buses; a change asks for another resolve."""
        bus, n_buses = self.system.loads.bus, len(self.system.buses)
        share, scarce = np.zeros(n_buses), False
        if answer.unserved_mw.any():
            load, cut = sum_at(bus, answer.load_mw, n_buses), sum_at(bus, answer.unserved_mw, n_buses)
            np.divide(cut, load, out=share, where=load > SHORTFALL_TOLERANCE_MW)
            scarce = float(cut.sum()) > SHORTFALL_TOLERANCE_MW
        share[state.bus_out] = 1.0
        changed, next_s = self._fuel.feel_power(now_s, share, scarce)
        for name, works in changed:
            self._outcomes.log_facility(self.now_h, name, works)
        if changed:
            self.arm(f"gas facility {changed[0][0]}")
        if np.isfinite(next_s):
            self.env.process(self._wake(next_s - now_s, "a restarted gas facility"))

    def _close_interval(self, now_s: int) -> None:
        """Let what held since the last resolve act on the stocks, and record it."""
        interval = self._interval
        if interval is None:
            return
        self._interval, self._last = None, interval
        duration_h = to_hours(now_s - self._interval_start_s)
        if duration_h <= 0:
            self.points.pop()
            return
        answer = interval.dispatch
        gas = self._fuel.advance(duration_h, answer.p_main_mw, answer.p_backup_mw[self.packed.backup_gen])
        self._operator.advance(answer, duration_h)
        self.recorder.record(interval._replace(duration_h=duration_h, gas=gas))


def make_ac_model(packed: Packed, mode: AcMode) -> AcModel | None:
    """The power-flow model that ``policy.ac`` asks for."""
    return None if mode is AcMode.OFF else AcModel(packed.system, mode.value)
