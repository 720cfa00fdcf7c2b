"""One resolve: the answer to all that changed at an instant (docs/simulator.md, "A resolve", step by step)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridsim.engine.automation import EmergencyAutomation
from gridsim.engine.interval import Decisions, FuelLimits, Interval, Moment, Redispatch, operating_point
from gridsim.engine.operator import Operator
from gridsim.engine.outcomes import Outcomes
from gridsim.engine.state import GridState
from gridsim.model.table import F8, sum_at
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import DeviceSettings, OperatingPoint
from gridsim.solvers.voltage_control import VoltageControl
from gridsim.solvers.voltage_relief import Relief, VoltageRelief

MOST_LOSS_ROUNDS = 4
LOSS_TOLERANCE = 0.002  # of demand: the loss share of a dispatch agrees with the losses of its own AC solution
_MOST_LOSS_SHARE = 0.15
_MOST_RELIEFS = 3  # of one instant: machines follow what is cut, and the voltages follow them


class Resolver:
    """Answers instants of one run; ``decide`` asks the policies, None where there are none."""

    def __init__(
        self,
        state: GridState,
        operator: Operator,
        automation: EmergencyAutomation,
        outcomes: Outcomes,
        ac_model: AcModel | None,
        decide: Callable[[], Decisions | None] = lambda: None,
    ):
        self.state = state
        self.operator = operator
        self.automation = automation
        self.outcomes = outcomes
        self._ac_model = ac_model
        self._decide = decide
        self._voltage = None if state.devices is None else VoltageControl(state.system)
        self._relief = None if self._voltage is None else VoltageRelief(state.packed, self._voltage)
        self._last_point: tuple[Redispatch, OperatingPoint] | None = None

    def settle(self) -> None:
        """Before the horizon: gas pipes as if the first hour, dispatched with fuel no limit, had lasted long."""
        self.operator.plan_day()
        moment = self.state.moment()
        dispatch = self.operator.settled(moment)
        self.state.fuel.settle(moment.conditions, moment.inputs, dispatch.p_main_mw)

    def resolve(self) -> None:
        """Answer this instant; the answer holds until the next resolve."""
        state, operator = self.state, self.operator
        state.advance()
        self.automation.act()
        decisions = self._decide()
        if decisions is not None:
            operator.follow(decisions)
        moment = state.moment()
        operator.prepare(moment)
        fuel = state.fuel.limits(moment)
        held = {
            "linepack_mcm": state.fuel.linepack_mcm,
            "yard_days": state.fuel.yard_days,
            "backup_days": state.fuel.backup_days,
            "storage_mwh": state.storage_mwh,
        }
        moment, dispatch, ac = self._dispatch(moment, fuel, decisions)
        gas, holds_h = state.fuel.balance(
            moment, fuel, dispatch.p_main_mw, dispatch.p_backup_mw[state.packed.backup_gen]
        )
        self._wake_within("gas or fuel stocks", holds_h * 3600.0, moment)
        self._wake_within("an empty storage", operator.redispatcher.holds_s(dispatch, state.storage_mwh), moment)
        devices, switched = self._devices()
        now_h = state.now_h
        state.hold(
            point=self._point(dispatch),
            interval=Interval(
                time_h=now_h, duration_h=0.0, inputs=moment.inputs, dispatch=dispatch, fuel=fuel, gas=gas,
                vented_mcm=np.zeros(len(state.system.gas_nodes)), ac=ac, devices=devices, switched=switched,
                heat=None, yard_flows=None,
                **held,
            )
        )  # fmt: skip
        cut_share = self._cut_share(moment, dispatch)
        self._update_supply(moment, dispatch, cut_share)
        heat = state.heat.feed(moment, fuel, gas, cut_share)
        if heat is not None:
            self.outcomes.log_heat(now_h, state.heat.changes(heat))
        self.outcomes.log_cities(now_h, moment.inputs, gas)
        self.outcomes.log_coal(now_h, held["yard_days"], state.fuel.yards_feed(moment.conditions))
        self.outcomes.log_supply(now_h, dispatch, fuel, state.fuel.backup_mwh)
        operator.react(moment, dispatch)

    def _dispatch(
        self, moment: Moment, fuel: FuelLimits, decisions: Decisions | None
    ) -> tuple[Moment, Redispatch, AcSolution | None]:
        """Redispatch and its AC check, and the moment with what is cut to hold voltages.

        At a sudden change, at the start and in a shortage both are done again until the losses allowed for are those
        that they cause; in quiet hours the losses of the hour before are near enough.
        """
        state = self.state
        pockets: set[int] = set()
        reliefs = rounds = 0
        while rounds < MOST_LOSS_ROUNDS:
            dispatch = self.operator.redispatch(moment, fuel, decisions)
            ac = self._check(dispatch)
            relief = self._relieve(dispatch, ac) if reliefs < _MOST_RELIEFS else None
            if relief is not None:
                moment = moment._replace(shed_mw=moment.shed_mw + relief.cut_mw)
                pockets |= {int(relief.pocket[0])} if relief.cut_mw.any() else set()
                reliefs += 1
                continue
            rounds += 1
            short = dispatch.short_mw > SHORTFALL_TOLERANCE_MW
            quiet = not (state.sudden or short or state.last is None)
            if quiet or abs(state.loss_share - dispatch.loss_share) <= LOSS_TOLERANCE:
                break
        self.outcomes.log_voltages(state.now_h, pockets)
        return moment, dispatch, ac

    def _relieve(self, dispatch: Redispatch, ac: AcSolution | None) -> Relief | None:
        """Load that a pocket short of voltage gives up; the devices move to where they stand with it."""
        held = self.state.devices
        if ac is None or held is None or self._relief is None or self._ac_model is None or not self._relief.wanted(ac):
            return None
        relief = self._relief.find(self._ac_model, self._point(dispatch), ac, held.position)
        if relief is not None:
            held.take(relief.position, self.state.now_s)
        return relief

    def _check(self, dispatch: Redispatch) -> AcSolution | None:
        """AC power flow of a dispatch; its losses become the loss share of the next dispatch."""
        if self._ac_model is None:
            return None
        point = self._point(dispatch)
        held = self.state.devices
        if self._voltage is None or held is None:
            ac = self._ac_model.solve(point)
        else:
            ac = self._voltage.operate(self._ac_model, point, held, self.state.now_s)
        served_mw = float(point.p_load_mw.sum())
        if ac.converged and served_mw > 0:
            self.state.loss_share = min(max(float(ac.losses_mw) / served_mw, 0.0), _MOST_LOSS_SHARE)
        return ac

    def _point(self, dispatch: Redispatch) -> OperatingPoint:
        """Its operating point, made once: the AC check, relief and the record of the run ask for it."""
        if self._last_point is None or self._last_point[0] is not dispatch:
            self._last_point = dispatch, operating_point(dispatch)
        return self._last_point[1]

    def _devices(self) -> tuple[DeviceSettings | None, tuple[tuple[str, float], ...]]:
        """Positions of the voltage devices, and those that have switched now."""
        held = self.state.devices
        if held is None or self._voltage is None:
            return None, ()
        return self._voltage.settings(held.position), held.switched_at(self.state.now_s)

    def _wake_within(self, culprit: str, holds_s: float, moment: Moment) -> None:
        """Ask for a resolve after ``holds_s``, if the answer cannot hold until the next step."""
        if holds_s < moment.dt_h * 3600.0 - 1e-6:
            self.state.agenda.wake(holds_s, culprit)

    def _cut_share(self, moment: Moment, dispatch: Redispatch) -> F8:
        """(n_buses,) share of its load that a bus loses; 1 where it is dead."""
        bus, n_buses = self.state.system.loads.bus, len(self.state.system.buses)
        share = np.zeros(n_buses)
        if dispatch.short_mw > 0.0:
            load, cut = sum_at(bus, dispatch.load_mw, n_buses), sum_at(bus, dispatch.unserved_mw, n_buses)
            np.divide(cut, load, out=share, where=load > SHORTFALL_TOLERANCE_MW)
        share[moment.conditions.bus_out] = 1.0
        return share

    def _update_supply(self, moment: Moment, dispatch: Redispatch, share: F8) -> None:
        """Gas facilities and plants stop and start with their buses; ``share`` (n_buses,): of the load that is cut.

        A change asks for another resolve.
        """
        state = self.state
        scarce = dispatch.short_mw > SHORTFALL_TOLERANCE_MW
        changed, next_s = state.fuel.update_supply(moment.now_s, share, scarce)
        for name, works in changed:
            self.outcomes.log_facility(state.now_h, name, works)
        if changed:
            state.arm(f"gas facility {changed[0][0]}")
        if np.isfinite(next_s):
            state.agenda.wake(next_s - moment.now_s, "a restarted gas facility")
        plants, next_s = state.auxiliaries.update_supply(moment.now_s, share)
        for plant, text in plants:
            self.outcomes.log_house_supply(state.now_h, plant, text)
            state.arm(f"house supply of {plant}", sudden=True)
        if np.isfinite(next_s):
            state.agenda.wake(next_s - moment.now_s, "house supply of a plant")
