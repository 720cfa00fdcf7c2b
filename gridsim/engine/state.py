"""The one owner of what is true now: events that act, stocks, commitment, load cut, the interval that holds.

Scripts, failures and automation change it through :meth:`GridState.begin`, :meth:`GridState.end` and the few methods
beside them; the stages (automation, operator, resolve) read it and act on it. Nothing here knows SimPy: time comes from
an :class:`~gridsim.engine.clock.Agenda`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions
from gridsim.engine.auxiliaries import Auxiliaries
from gridsim.engine.clock import Agenda, to_hours, to_seconds
from gridsim.engine.commitment import Commitment
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.deliveries import Deliveries, full_burn_t_per_d
from gridsim.engine.disturbances import Disturbances
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.heat import Heat
from gridsim.engine.inputs import RunInputs
from gridsim.engine.interval import Interval, Moment, Redispatch
from gridsim.engine.neighbours import Neighbours
from gridsim.engine.typical_start import machines_left
from gridsim.engine.views import NothingYet, Snapshot
from gridsim.model.first_minutes import follows_first_minutes
from gridsim.model.pack import Packed, yard_generators
from gridsim.model.scenario import Event, Scenario, kinds
from gridsim.model.table import F8
from gridsim.model.typical import typical_fleet
from gridsim.solvers.gas import HydraulicGas
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.restoration import nominal
from gridsim.solvers.voltage_control import device_state
from gridsim.weather.normal import HourInputs


class GridState:
    """State of one run.

    ``storage_mwh`` (n_storages,) energy held; ``loss_share`` of the last AC solution; ``fixed_load_mw`` (n_loads,) by
    scripts, NaN where a load follows its own course; ``shed_mw`` (n_loads,) cut by automation, outside the dispatch,
    ``held_shed_mw`` at the last resolve; ``interval``: holds since the last resolve, None after :meth:`advance`;
    ``last``: the one before it; ``sudden``: a surprise since the last resolve; ``points``: operating point of every
    interval; ``seed`` and ``replicate``: of its draws; ``devices``: where the operator's voltage devices stand, None
    without voltage control; ``frequencies``: after the latest swing, None without the first minutes. ``record`` takes
    finished intervals.
    """

    def __init__(
        self,
        packed: Packed,
        scenario: Scenario,
        agenda: Agenda,
        inputs: RunInputs,
        *,
        gas_network: HydraulicGas | None = None,
        record: Callable[[Interval], None] = lambda interval: None,
        seed: int = 0,
        replicate: int = 0,
    ):
        self.packed = packed
        self.seed, self.replicate = seed, replicate
        self.system = system = packed.system
        self.scenario = scenario
        self.agenda = agenda
        self.inputs = inputs
        self.horizon_s = to_seconds(scenario.horizon.hours)
        self.log = EventLog()
        fleet = typical_fleet(system, scenario)
        self.disturbances = Disturbances(system, scenario.policy.imports, self.log, fleet)
        self.fuel = FuelSystem(packed, self.disturbances.conditions(), gas_network)
        self.fuel.set_cut_order(scenario.policy.gas_order)
        self.deliveries = Deliveries(system, full_burn_t_per_d(system, yard_generators(system)))
        self.auxiliaries = Auxiliaries(system)
        self.heat = Heat(packed, None if fleet is None else machines_left(system, fleet))
        self.commitment = Commitment(system)
        self.neighbours = Neighbours(system, scenario, inputs, seed, replicate)
        self.storage_mwh = system.storages.energy_mwh * system.storages.energy_start_share
        self.loss_share = system.loss_share
        self.fixed_load_mw = np.full(len(system.loads), np.nan)
        self._fixes_load = False
        self.shed_mw = self.held_shed_mw = np.zeros(len(system.loads))
        self.sudden = False
        self.interval: Interval | None = None
        self.last: Interval | None = None
        self.resolved_s = 0
        self.points: list[tuple[float, OperatingPoint]] = []
        self.devices = device_state(system, scenario.policy)
        self.frequencies = nominal(system) if follows_first_minutes(scenario.policy, system.automation) else None
        self.seed, self.replicate = seed, replicate
        self._record = record

    @property
    def now_s(self) -> int:
        """Whole seconds since the start."""
        return self.agenda.now_s

    @property
    def now_h(self) -> float:
        """Hours since the start."""
        return to_hours(self.agenda.now_s)

    @property
    def present(self) -> Snapshot:
        """The last resolve with the stocks as they are; NothingYet before the first one."""
        interval = self.interval or self.last
        if interval is None:
            raise NothingYet()
        return Snapshot(self.packed, interval, self.fuel, self.now_h, self.frequencies)

    def moment(self, conditions: Conditions | None = None) -> Moment:
        """This instant, to be dispatched, under ``conditions``; None: those that active events leave."""
        now_s, step_s = self.now_s, self.inputs.step_s
        wake = None if conditions is not None else self._wake_for_trains
        conditions = self.disturbances.conditions() if conditions is None else conditions
        conditions = self.auxiliaries.left_of(conditions, now_s)
        inputs = self.inputs.at(now_s, conditions)
        conditions = self.deliveries.reach(conditions, now_s, inputs.temperature_c, wake)
        load_mw = self.heat.with_heaters(self.fuel.with_stations(self.load_mw(inputs)))
        if load_mw is not inputs.load_mw:
            inputs = inputs._replace(load_mw=load_mw)
        committed = self.commitment.committed(now_s)
        next_s = min((now_s // step_s + 1) * step_s, self.horizon_s)
        return Moment(
            now_s=now_s,
            dt_h=to_hours(next_s - now_s),
            month=self.inputs.local_time(now_s).month,
            conditions=conditions,
            inputs=inputs,
            committed=committed,
            able_mw=self.system.generators.p_max_mw * inputs.gen_share * conditions.gen_share * committed,
            shed_mw=self.shed_mw,
            likely_mw=self.neighbours.likely_mw(now_s),
            bought_mw=self.neighbours.bought_mw(now_s),
        )

    def _wake_for_trains(self, delay_s: float) -> None:
        self.agenda.wake(delay_s, "the last trains past a fault, or the first ones after it")

    def load_mw(self, inputs: HourInputs) -> F8:
        """(n_loads,) demand at the bus: as scripts fixed it, else its own course."""
        if not self._fixes_load:
            return inputs.load_mw
        return np.where(np.isnan(self.fixed_load_mw), inputs.load_mw, self.fixed_load_mw)

    def arm(self, culprit: str, *, sudden: bool = False) -> None:
        """Ask for one resolve at the end of this instant; ``sudden``: because of a surprise."""
        # Changes at the start of the horizon were foreseen: there is nothing to ramp from.
        self.sudden = self.sudden or (sudden and self.now_s > 0)
        self.agenda.arm(culprit)

    def begin(self, event: Event, cause: int = ROOT) -> int:
        """Let an event begin now, because of log entry ``cause``; returns its own entry."""
        self.advance()
        started = self.disturbances.begin(event, self.now_h, self.fuel, cause)
        kind = kinds()[event.kind]
        if kind.vents_gas:
            for target in event.targets:
                self.fuel.rupture(self.system.gas_pipelines.position(target.name), event.magnitude)
        self._changed(event, False, started)
        return started

    def end(self, event: Event, cause: int | None = None) -> None:
        """Let an active event end now, because of log entry ``cause`` (None: its own beginning)."""
        self.advance()
        self._changed(event, True, self.disturbances.end(event, self.now_h, self.fuel, cause))

    def _changed(self, event: Event, ends: bool, logged: int) -> None:
        self.arm(event.id, sudden=not kinds()[event.kind].foreseen)
        self.agenda.changed(event, ends, logged)

    def fix_load(self, loads: NDArray[np.bool_], p_mw: float | None) -> None:
        """Let the loads (n_loads,) True take ``p_mw`` together, shared as they are; None: their own course again."""
        self.advance()
        share = self.system.loads.p_mw[loads] / self.system.loads.p_mw[loads].sum()
        self.fixed_load_mw = self.fixed_load_mw.copy()
        self.fixed_load_mw[loads] = np.nan if p_mw is None else p_mw * share
        self._fixes_load = not np.isnan(self.fixed_load_mw).all()
        self.arm("a changed load", sudden=True)

    def shed(self, p_mw: F8, culprit: str, cause: int = ROOT) -> int:
        """Cut ``p_mw`` (n_loads,) outside the dispatch, in place of any cut before; returns the entry in the log."""
        self.advance()
        self.shed_mw = np.maximum(p_mw, 0.0)
        total_mw = float(self.shed_mw.sum())
        text = f"{total_mw:.1f} MW of load cut" if total_mw > 0 else "normal"
        number = self.log.add(self.now_h, f"automation:{culprit}", text, cause)
        self.arm(culprit, sudden=True)
        return number

    def hold(self, interval: Interval, point: OperatingPoint) -> None:
        """Let ``interval`` be true from now on; ``point`` of its dispatch."""
        self.interval = interval
        self.held_shed_mw = self.shed_mw
        self.resolved_s = self.now_s
        self.points.append((self.now_h, point._replace(devices=interval.devices)))
        self.sudden = False

    def advance(self) -> None:
        """Let the interval that holds act on the stocks until now, and record it."""
        interval = self.interval
        if interval is None:
            return
        self.interval, self.last = None, interval
        duration_h = to_hours(self.now_s - self.resolved_s)
        if duration_h <= 0:  # answered again at the same instant
            self.points.pop()
            return
        dispatch = interval.dispatch
        gas = self.fuel.advance(duration_h, dispatch.p_main_mw, dispatch.p_backup_mw[self.packed.backup_gen])
        self._move_storages(dispatch, duration_h)
        heat = self.heat.advance(duration_h, interval.inputs.temperature_c, gas)
        vented_mcm = self.fuel.take_vented()
        self._record(
            interval._replace(
                duration_h=duration_h, gas=gas, vented_mcm=vented_mcm, heat=heat, yard_flows=self.fuel.yard_flows
            )
        )

    def _move_storages(self, dispatch: Redispatch, duration_h: float) -> None:
        """Energy held after ``duration_h`` of charging and discharging, losses of both included."""
        storages, packed = self.system.storages, self.packed
        if not len(storages):
            return
        net_mw = dispatch.solution.p_mw - dispatch.solution.spill_mw
        charge_mw, discharge_mw = -net_mw[packed.charge_columns], net_mw[packed.discharge_columns]
        change_mw = charge_mw * storages.efficiency_charge - discharge_mw / storages.efficiency_discharge
        self.storage_mwh = np.clip(self.storage_mwh + change_mw * duration_h, 0.0, storages.energy_mwh)
