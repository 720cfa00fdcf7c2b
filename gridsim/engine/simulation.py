"""One trajectory of one scenario: SimPy processes change the state, a late resolve at each instant answers it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from gridsim.contingencies.effects import Conditions, conditions
from gridsim.engine.clock import Priority, Rounds, environment, to_hours, to_seconds, wait
from gridsim.engine.commitment import Commitment
from gridsim.engine.coupling import SHORT_SHARE, FuelLimits, FuelSystem
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.interval import Interval
from gridsim.engine.operator import Operator, Redispatch
from gridsim.engine.recorder import Recorder
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.pack import Packed
from gridsim.model.scenario import AcMode, Event, Primitive, Repair, Scenario, WeatherFile, kinds
from gridsim.model.table import F8, sum_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.ac import AcModel, AcSolution
from gridsim.solvers.dispatch import DispatchSolver
from gridsim.solvers.gas_balance import GasStep
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.weather.normal import HourInputs
from gridsim.weather.year import YearWeather, make_weather

Process = Generator[Any, Any, None]
Progress = Callable[[float], None]

_MOST_LOSS_SHARE = 0.15
_AT_LIMIT = 0.999
_RUPTURE = "pipeline_rupture"
_KEPT_CLASSES = ("households", "heating")
_CITY_SHORT_SHARE = 0.99
_GAS_TABLES = ("gas_pipelines", "gas_supply", "gas_storage")


class Simulation:
    """One replicate. ``run()`` returns the recorder, the log and the operating point of every interval."""

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
        self.active: list[Event] = []
        self.log = EventLog()
        self.recorder = Recorder(packed, replicate)
        self.points: list[tuple[float, OperatingPoint]] = []
        self._weather = make_weather(self.system, scenario.weather, scenario.horizon.start)
        self._operator = Operator(packed, solver)
        self._commitment = Commitment(self.system)
        start = self._conditions()
        self._fuel = FuelSystem(packed, start, scenario.policy.gas, self._inputs(0, start))
        self._ac_model = ac_model
        self._rounds = Rounds()
        self._progress = progress
        self._armed = False
        self._sudden = False
        self._bursts: list[tuple[int, float]] = []
        self._ramp_s, self._ramp_h = -1, 0.0
        self._ramp_from_mw: F8 | None = None
        self._culprit = ""
        self._interval: Interval | None = None
        self._last: Interval | None = None
        self._interval_start_s = 0
        self._last_resolve_s = 0
        self._committed_on: dt.date | None = None
        self._following = False
        self._fresh: list[Event] = []
        self._ended: list[Event] = []
        self._started: dict[str, int] = {}
        self._last_end = ROOT
        self.occurred_h: list[float] = []
        self._loss_share = self.system.loss_share

    def run(self) -> None:
        """Run to the end of the horizon."""
        if self._ac_model is not None:
            self._ac_model.reset()  # no warm start crosses a replicate
        self._log_weather()
        for name in self._fuel.low_at_start():
            self.log.add(0.0, f"gas_nodes:{name}", "below lowest pressure at the start")
        self.env.process(self._ticks())
        for event in self.scenario.events:
            self.env.process(self._event(event))
        self.env.run(until=self.horizon_s)
        self._close_interval(self.horizon_s)

    # Processes

    def _ticks(self) -> Process:
        """Weather, load and the daily commitment at every step of the horizon."""
        while True:
            yield wait(self.env, 0, Priority.WEATHER)
            today = self._local_time(self.env.now).date()
            if today != self._committed_on:
                self._commit(first=self._committed_on is None)
                self._committed_on = today
            self._arm("weather and load")
            if self._progress is not None:
                self._progress(self.env.now / self.horizon_s)
            yield wait(self.env, self.step_s, Priority.WEATHER)

    def _event(self, event: Event) -> Process:
        """An event of the scenario: happens with its probability, lasts its duration or a drawn repair time."""
        yield wait(self.env, to_seconds(event.at_h), Priority.CONTINGENCY)
        if self._draw(event, "probability") >= event.probability:
            return
        self._close_interval(int(self.env.now))
        self.active.append(event)
        self._fresh.append(event)
        self.occurred_h.append(self._now_h)
        self._started[event.id] = started = self._log_event(event)
        taken = self._take_stock(event)
        self._arm(event.id, sudden=True)
        if event.kind == _RUPTURE:
            self._bursts += [(self.system.gas_pipelines.position(t.name), event.magnitude) for t in event.targets]
        duration_h = event.duration_h
        if event.repair is not None:
            duration_h = draw_repair_h(event.repair, self._draw(event, "repair"))
        if duration_h is None:
            return
        yield wait(self.env, max(to_seconds(duration_h), 1), Priority.CONTINGENCY)
        self._close_interval(int(self.env.now))
        self.active.remove(event)
        self._ended.append(event)
        self._fuel.backup_mwh = self._fuel.backup_mwh + taken
        still_hit = {target for other in self.active for target in other.targets}
        for target in event.targets:
            if target not in still_hit:
                self._last_end = self.log.add(self._now_h, f"{target.table}:{target.name}", "normal", started)
        self._arm(event.id, sudden=True)

    def _follow_up(self) -> Process:
        """While load is unserved and a machine could still climb, the operator acts again after his delay."""
        yield wait(self.env, self.operator_delay_s, Priority.OPERATOR)
        self._following = False
        self._arm("the operator's follow-up")

    def _wake(self, delay_s: float, culprit: str) -> Process:
        yield wait(self.env, max(math.ceil(delay_s), 1), Priority.OPERATOR)
        self._arm(culprit)

    def _start_machine(self, ready_s: float) -> Process:
        yield wait(self.env, max(math.ceil(ready_s - self.env.now), 1), Priority.OPERATOR)
        self._arm("a started machine")

    # State

    @property
    def _now_h(self) -> float:
        return to_hours(self.env.now)

    def _local_time(self, seconds: float) -> dt.datetime:
        return self.scenario.horizon.start + dt.timedelta(seconds=seconds)

    def _conditions(self) -> Conditions:
        return conditions(self.system, self.active, self.scenario.policy.imports)

    def _inputs(self, seconds: float, state: Conditions) -> HourInputs:
        """Weather and load of the step that holds at ``seconds``."""
        tick_s = seconds // self.step_s * self.step_s
        anomaly_k, wind, solar = 0.0, 1.0, 1.0
        given = self.scenario.weather
        if isinstance(given, WeatherFile):
            hour = min(int(tick_s // 3600), len(given.temperature_anomaly_k) - 1)
            anomaly_k = given.temperature_anomaly_k[hour]
            wind, solar = given.wind_factor[hour], given.solar_factor[hour]
        return self._weather.at(
            self._local_time(tick_s),
            temperature_anomaly_k=anomaly_k + state.temperature_k,
            wind_factor=wind * state.wind_factor,
            solar_factor=solar * state.solar_factor,
            load_factor=state.load_factor,
        )

    def _draw(self, event: Event, purpose: str) -> float:
        return float(uniforms(self.seed, self.replicate, stream_id("event", event.id, purpose), 1)[0])

    def _take_stock(self, event: Event) -> F8:
        links = self.system.gas_to_power
        if kinds()[event.kind].primitive is not Primitive.STOCK:
            return np.zeros(len(links))
        everywhere = any(target.table == "all" for target in event.targets)
        hit = np.isin(links.plant, [target.name for target in event.targets]) | everywhere
        return self._fuel.take_backup(hit, event.magnitude)

    def _commit(self, *, first: bool) -> None:
        """The day's priority list from the day's peaks as they can be foreseen: normal inputs, no new outages."""
        state = self._conditions()
        generators, system = self.system.generators, self.system
        bus_zone = system.buses.zone
        peak = np.full(len(system.zones), -np.inf)
        variable = np.isin(generators.fuel, ("wind", "solar"))
        best_share = np.zeros(len(generators))
        for hour in range(24):
            inputs = self._inputs(self.env.now + 3600 * hour, state)
            load = sum_at(bus_zone[system.loads.bus] + 1, inputs.load_mw, len(peak) + 1)[1:]
            renewable = np.where(variable, generators.p_max_mw * inputs.gen_share * state.gen_share, 0.0)
            given = sum_at(bus_zone[generators.bus] + 1, renewable, len(peak) + 1)[1:]
            peak = np.maximum(peak, load * (1.0 + self._loss_share) - given)
            best_share = np.maximum(best_share, inputs.gen_share)
        available_mw = generators.p_max_mw * best_share * state.gen_share
        if self._last is not None:  # a plant short of fuel counts with the fuel it has
            backup = sum_at(self.packed.backup_gen, self._last.fuel.backup_mw, len(generators))
            available_mw = np.minimum(available_mw, available_mw * self._last.fuel.gas_share + backup)
        wanted = self._commitment.priority_list(available_mw, peak)
        if self._last is None or self._last.answer.unserved_mw.sum() <= SHORTFALL_TOLERANCE_MW:
            self._commitment.release(wanted)
        self._order(wanted, at_once=first)

    def _order(self, wanted: Any, *, at_once: bool = False) -> None:
        new = self._commitment.order(wanted, self.env.now, at_once=at_once)
        for ready_s in np.unique(self._commitment.ready_s[new]):
            if ready_s > self.env.now:
                self.env.process(self._start_machine(float(ready_s)))

    # Resolve

    def _arm(self, culprit: str, *, sudden: bool = False) -> None:
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
        for section, share in self._bursts:  # only now have the pipes come to this instant
            self._fuel.rupture(section, share)
        self._bursts.clear()
        state = self._conditions()
        inputs = self._inputs(now_s, state)
        dt_h = to_hours(min((now_s // self.step_s + 1) * self.step_s, self.horizon_s) - now_s)
        committed = self._commitment.committed(now_s)
        if now_s != self._ramp_s:
            p_last_mw = self._last.answer.p_gen_mw if self._last is not None else None
            if self._sudden and now_s % self.step_s == 0 and p_last_mw is not None:
                p_last_mw = self._foreseen_mw(committed, p_last_mw, since_last_h, dt_h)
            self._ramp_s, self._ramp_from_mw = now_s, p_last_mw
            self._ramp_h = to_hours(self.operator_delay_s) if self._sudden else since_last_h
        elif self._sudden:  # again at this instant (a gas facility stopped or started): the answer before never held
            self._ramp_h = max(self._ramp_h, to_hours(self.operator_delay_s))
        generators = self.system.generators
        able_mw = generators.p_max_mw * inputs.gen_share * state.gen_share * committed
        fuel = self._fuel.limits(now_s, dt_h, state, inputs, able_mw)
        linepack, yards, backup_days = (
            self._fuel.gas.linepack_mcm,
            self._fuel.yard_days.copy(),
            self._fuel.backup_days,
        )
        answer = self._operator.redispatch(
            state,
            inputs,
            fuel,
            committed,
            self._ramp_from_mw,
            self._ramp_h,
            dt_h,
            self._local_time(now_s).month,
            self._loss_share,
        )
        gas, holds_h = self._fuel.balance(dt_h, state, inputs, fuel, answer.p_main_mw)
        if holds_h < dt_h - 1e-9:
            self.env.process(self._wake(holds_h * 3600.0, "gas pressure"))
        vented = self._fuel.take_vented()
        out = state.out_branches(self.system)
        point = operating_point(answer, out)
        ac = self._solve_ac(point, answer)
        self._interval = Interval(
            self._now_h, 0.0, inputs, answer, fuel, gas, linepack, vented, yards, backup_days, out, ac
        )
        self._interval_start_s = self._last_resolve_s = now_s
        self._feel_power(now_s, state, answer)
        self.points.append((self._now_h, point))
        self._log_cities(inputs, gas)
        self._log_outcome(answer, fuel)
        if answer.unserved_mw.sum() > SHORTFALL_TOLERANCE_MW:
            self._start_reserves(able_mw, inputs, state, answer)
            if answer.ramp_limited and not self._following:
                self._following = True
                self.env.process(self._follow_up())
        self._sudden = False
        self._fresh, self._ended = [], []

    def _foreseen_mw(self, committed: Any, p_last_mw: F8, ramp_h: float, dt_h: float) -> F8:
        """(n_gens,) where machines would stand at this step without the events of this instant: ramps start there."""
        now_s = int(self.env.now)
        foreseen = [event for event in self.active if event not in self._fresh] + self._ended
        state = conditions(self.system, foreseen, self.scenario.policy.imports)
        inputs = self._inputs(now_s, state)
        generators = self.system.generators
        able_mw = generators.p_max_mw * inputs.gen_share * state.gen_share * committed
        fuel = self._fuel.limits(now_s, dt_h, state, inputs, able_mw)
        month = self._local_time(now_s).month
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
        load, cut = sum_at(bus, answer.load_mw, n_buses), sum_at(bus, answer.unserved_mw, n_buses)
        share = np.divide(cut, load, out=np.zeros(n_buses), where=load > SHORTFALL_TOLERANCE_MW)
        share[state.bus_out] = 1.0
        scarce = float(cut.sum()) > SHORTFALL_TOLERANCE_MW
        changed, next_s = self._fuel.feel_power(now_s, share, scarce)
        for name, works in changed:
            self.log.add(self._now_h, f"facility:{name}", "normal" if works else "no power", self._cause())
        if changed:
            self._arm(f"gas facility {changed[0][0]}")
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
        answer = interval.answer
        gas = self._fuel.advance(duration_h, answer.p_main_mw, answer.p_backup_mw[self.packed.backup_gen])
        self._operator.advance(answer, duration_h)
        self.recorder.record(interval._replace(duration_h=duration_h, gas=gas))

    # Causes

    def _log_weather(self) -> None:
        """Log what each design event of the weather year became, with the return period it implies."""
        if isinstance(self._weather, YearWeather):
            for event in self._weather.imposed:
                reached = ", ".join(f"{name} {value:.3g}" for name, value in event.reached.items())
                state = f"{reached}, return period {event.joint_return_period_years:.3g} years"
                notes = "".join(f"; {note}" for note in event.notes)
                self.log.add(0.0, f"weather:{event.kind}", state + notes)

    def _log_event(self, event: Event) -> int:
        kind = kinds()[event.kind]
        size = "" if event.magnitude == 1 else f" {event.magnitude:g} {kind.magnitude_unit}"
        state = f"{kind.kind}{size} ({event.id})"
        ids = [self.log.add(self._now_h, f"{target.table}:{target.name}", state) for target in event.targets]
        return ids[0] if ids else self.log.add(self._now_h, f"event:{event.id}", state)

    def _cause(self, tables: tuple[str, ...] = ()) -> int:
        """The latest active event (of these target tables, if given); ROOT if there is none."""
        ids = [
            self._started[event.id]
            for event in self.active
            if not tables or any(target.table in tables for target in event.targets)
        ]
        return max(ids, default=ROOT)

    def _cause_at_section(self, section: int) -> int:
        """The latest active event on a member circuit, one of its buses, or the section itself; else ROOT."""
        system, members = self.system, self.system.interface_members
        branches = members.branch[members.interface == section]
        names = {str(system.interfaces.name[section]), *system.branch_name[branches].tolist()}
        names |= set(system.buses.name[system.branch_from[branches]].tolist())
        names |= set(system.buses.name[system.branch_to[branches]].tolist())
        hits = [e for e in self.active if any(target.name in names for target in e.targets)]
        return max((self._started[event.id] for event in hits), default=ROOT)

    def _log_cities(self, inputs: HourInputs, gas: GasStep) -> None:
        """Log city gates whose households or heating plants do not get what they ask, and that return to normal."""
        demand, nodes = self.system.gas_demand, self.system.gas_nodes
        kept = np.isin(demand.gas_class, _KEPT_CLASSES)
        asked = sum_at(demand.node, np.where(kept, inputs.gas_demand_mcm_per_d, 0.0), len(nodes))
        got = sum_at(demand.node, np.where(kept, gas.delivered_mcm_per_d, 0.0), len(nodes))
        for node in np.flatnonzero(asked > 0):
            component = f"city:{nodes.name[node]}"
            cut = got[node] < _CITY_SHORT_SHARE * asked[node]
            before = self.log.state(component)
            if cut or before != "normal":
                cause = self._cause(_GAS_TABLES) if before == "normal" else self.log.last_id(component)
                self.log.add(self._now_h, component, "households or heating cut" if cut else "normal", cause)

    def _log_outcome(self, answer: Redispatch, fuel: FuelLimits) -> None:
        """Log plants short of gas or on backup fuel, sections at their limit, zones that shed; each with its cause."""
        now_h, links = self._now_h, self.system.gas_to_power
        backup_mw = sum_at(self.packed.backup_link, fuel.backup_mw, len(links))
        worst_shortage, worst_mw = ROOT, 0.0
        for link, plant in enumerate(links.plant.tolist()):
            short = fuel.link_gas_mw[link] < SHORT_SHARE * fuel.link_asked_mw[link]
            component = f"plant:{plant}"
            began = self.log.state(component) == "normal"
            if not short and began:
                continue
            backup = short and backup_mw[link] > SHORTFALL_TOLERANCE_MW
            dry = short and not backup and links.backup_fuel[link] != "none" and self._fuel.backup_mwh[link] <= 0
            text = "on backup fuel" if backup else ("no fuel left" if dry else "short of gas")
            cause = self._cause(_GAS_TABLES) if began else self.log.last_id(component)
            number = self.log.add(now_h, component, text if short else "normal", cause)
            lost_mw = fuel.link_asked_mw[link] - fuel.link_gas_mw[link] - backup_mw[link]
            if short and lost_mw > worst_mw:
                worst_shortage, worst_mw = number, float(lost_mw)
        cause = worst_shortage if worst_shortage != ROOT else self._cause()
        binding = self._log_sections(answer, cause)
        zone = self.system.buses.zone[self.system.loads.bus]
        for position, name in enumerate(self.system.zones):
            short = answer.unserved_mw[zone == position].sum() > SHORTFALL_TOLERANCE_MW
            if short or self.log.state(f"zone:{name}") != "normal":
                why = binding if binding != ROOT else cause
                self.log.add(now_h, f"zone:{name}", "shedding" if short else "normal", why if short else self._last_end)

    def _log_sections(self, answer: Redispatch, cause: int) -> int:
        """Log sections at their limit; returns the change of the scarcest one, ROOT if none keeps load from supply.

        A section is scarce if one more MW of it is worth more than the dearest supply; otherwise it merely
        makes supply dearer and has no cause but the market.
        """
        first = self.system.n_branches
        flow, price = answer.solution.flow_mw[first:], np.abs(answer.solution.row_price[first:])
        limit = np.where(flow >= 0, answer.state.row_hi_mw[first:], -answer.state.row_lo_mw[first:])
        scarcest, scarcity = ROOT, self.packed.dearest_supply
        for section, name in enumerate(self.system.interfaces.name.tolist()):
            full = abs(flow[section]) > 0 and abs(flow[section]) >= _AT_LIMIT * limit[section]
            scarce = full and price[section] > self.packed.dearest_supply
            state = "scarce" if scarce else ("at its limit" if full else "normal")
            if full or self.log.state(f"section:{name}") != "normal":
                here = self._cause_at_section(section) if scarce else ROOT
                why = (here if here != ROOT else cause) if scarce else (ROOT if full else self._last_end)
                number = self.log.add(self._now_h, f"section:{name}", state, why)
                if scarce and price[section] > scarcity:
                    scarcest, scarcity = number, float(price[section])
        return scarcest


def operating_point(answer: Redispatch, out_branch: Any) -> OperatingPoint:
    """The moment as the power flow needs it: what runs, what is served, what is out."""
    return OperatingPoint(
        p_gen_mw=answer.p_gen_mw,
        p_border_mw=answer.p_border_mw,
        p_storage_mw=answer.p_storage_mw,
        p_load_mw=answer.load_mw - answer.unserved_mw - answer.response_mw,
        branch_out=out_branch,
        gen_committed=answer.committed & (answer.available_mw > 0),
    )


def draw_repair_h(repair: Repair, draw: float) -> float:
    """Repair time of one uniform draw: by inversion (exponential) or the normal quantile (lognormal with that mean)."""
    if repair.distribution == "exponential":
        return -repair.mean_h * math.log(1.0 - draw)
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf(draw)
    return repair.mean_h * math.exp(repair.sigma * quantile - repair.sigma**2 / 2.0)


def without_events(scenario: Scenario) -> Scenario:
    """The same horizon, weather and policy with nothing happening: what effects are measured against."""
    return dataclasses.replace(scenario, events=())


def make_ac_model(packed: Packed, mode: AcMode) -> AcModel | None:
    """The power-flow model that ``policy.ac`` asks for."""
    return None if mode is AcMode.OFF else AcModel(packed.system, mode.value)
