"""Voltages right after a sudden change: rules on the AC state, before the operator; their cut load, lines and devices.

The state is that of the machines as the first minutes left them, every voltage device where it stands; only controlled
reactors, which follow by themselves, have moved. Load cut is state of its own, handed to the operator after his delay.
"""

from __future__ import annotations

import numpy as np

from gridsim.engine.event_log import Operated
from gridsim.engine.interval import Interval, Redispatch
from gridsim.engine.restoration import Restoration
from gridsim.engine.rule_events import failing_rules, hidden_failure
from gridsim.engine.state import GridState
from gridsim.kernels.flows import islands
from gridsim.model.scenario import Event
from gridsim.model.table import F8, sum_at
from gridsim.solvers.ac import AcModel
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status
from gridsim.solvers.voltage_automation import VoltageAutomation, VoltageCourse, VoltageRule
from gridsim.solvers.voltage_control import VoltageControl

_SMALLEST_MW = 0.1

#: A network before the event and the course of its areas after it.
Swung = tuple[FirstMinutes, FirstMinutesResult]


def served_mw(state: GridState, dispatch: Redispatch, bus_out: np.ndarray) -> F8:
    """(n_loads,) load that still draws: less what automation has cut since the dispatch, and dead buses."""
    cut_since = np.maximum(state.shed_mw - state.held_shed_mw, 0.0)
    left = np.maximum(dispatch.load_mw - dispatch.unserved_mw - dispatch.response_mw - cut_since, 0.0)
    return np.where(bus_out[state.system.loads.bus], 0.0, left)


class VoltageStage:
    """Voltage rules of one run; acts on ``state`` after the swing."""

    def __init__(self, state: GridState, ac_model: AcModel | None, restoration: Restoration):
        self.state = state
        self._restoration = restoration
        self._automation = VoltageAutomation(state.packed)
        self._model = ac_model if self._automation.rules else None
        self._control = None if state.devices is None else VoltageControl(state.system)
        self._asked = self._number = 0

    def act(self, interval: Interval, swung: Swung | None) -> list[Event]:
        """Let rules act on the state after a change; the openings begun."""
        if self._model is None:
            return []
        rules = self._rules()
        point = self._point(interval, swung)
        solution = self._model.solve(point)
        if solution.converged and not self._automation.wanted(solution.vm_pu, rules):
            return []
        point = self._followed(point)
        result = None if swung is None else swung[1]
        start_s = 0.0 if result is None else max(result.opened_s, default=0.0)
        demand_mw = interval.dispatch.load_mw
        return self._take(self._automation.run(self._model, point, start_s, rules=rules, demand_mw=demand_mw))

    def _rules(self) -> tuple[VoltageRule, ...]:
        """Rules that act: neither an event nor a hidden failure keeps them from it."""
        state, self._asked = self.state, self._asked + 1
        failing = failing_rules(state, state.disturbances.conditions())
        found, silent = [], set(failing)
        for rule in self._automation.rules:
            single = rule.share == 0  # relays of feeders are in their armed share
            if single and hidden_failure(state, rule.name, self._asked):
                silent.add(rule.name)
            if rule.name in silent or rule.after in silent:
                silent.add(rule.name)
            else:
                found.append(rule)
        return tuple(found)

    def _point(self, interval: Interval, swung: Swung | None) -> OperatingPoint:
        """The operating point that the change and the first minutes left."""
        state, system, dispatch = self.state, self.state.system, interval.dispatch
        moment = state.moment(state.disturbances.conditions())  # wakes nobody
        conditions = moment.conditions
        gen_mw = np.minimum(dispatch.p_gen_mw, moment.able_mw)
        gens_run = dispatch.committed & (dispatch.available_mw > 0) & (conditions.gen_share > 0) & (moment.able_mw > 0)
        border_mw = np.where(dispatch.p_border_mw > 0, dispatch.p_border_mw * conditions.border_share, 0.0)
        border_mw += np.minimum(dispatch.p_border_mw, 0.0)
        load_mw = served_mw(state, dispatch, conditions.bus_out)
        if swung is not None:
            gen_mw, border_mw = _governed(swung, gen_mw, gens_run)
        devices = None
        if self._control is not None and state.devices is not None:
            devices = self._control.settings(state.devices.position)
        point = OperatingPoint(
            p_gen_mw=gen_mw,
            p_border_mw=border_mw,
            p_storage_mw=dispatch.p_storage_mw * conditions.storage_share,
            p_load_mw=load_mw,
            branch_out=conditions.out_branches(system),
            gen_committed=gens_run & ~conditions.bus_out[system.generators.bus],
            devices=devices,
        )
        return _without_what_lacks(state, point, dispatch.loss_share)

    def _followed(self, point: OperatingPoint) -> OperatingPoint:
        """The point with controlled reactors where they follow to by themselves."""
        control, held = self._control, self.state.devices
        if control is None or held is None or self._model is None or not held.devices.continuous.any():
            return point
        continuous = held.devices.continuous
        answer = control.solve(self._model, point, held.position, continuous)
        position = np.where(continuous, answer.position, held.position)
        return point._replace(devices=control.settings(position))

    def _take(self, course: VoltageCourse) -> list[Event]:
        """Puts the operations of rules into the state of the run."""
        state, system = self.state, self.state.system
        if not course.operations:
            return []
        cause, entries = state.disturbances.cause(), {}
        by_rule: dict[str, float] = {}
        for operation in course.operations:
            state.log.operations.append(Operated(state.now_h, *operation[:5]))
            by_rule[operation.rule] = by_rule.get(operation.rule, 0.0) + operation.mw
        for rule, mw in by_rule.items():
            self._number += 1
            text = f"acts on voltage, {mw:.0f} MW" if mw >= _SMALLEST_MW else "acts on voltage"
            entries[rule] = state.log.add(state.now_h, f"automation:{rule}", f"{text} ({self._number})", cause)
        self._move_devices(course)
        begun = []
        for operation in course.operations:
            if operation.branch >= 0:
                begun.append(self._restoration.open_line(operation.branch, entries[operation.rule]))
        if float(course.cut_mw.sum()) >= _SMALLEST_MW:
            culprit = max(by_rule, key=lambda rule: by_rule[rule])
            state.shed(state.shed_mw + course.cut_mw, culprit, entries[culprit])
            area = np.zeros(len(system.loads), dtype=np.int32)
            self._restoration.hand_over(course.cut_mw, area, np.zeros(len(system.loads), dtype=bool))
        return begun

    def _move_devices(self, course: VoltageCourse) -> None:
        held, settings = self.state.devices, course.point.devices
        if held is None or settings is None:
            return
        position, shunt = held.position.copy(), held.devices.shunt
        is_shunt = shunt >= 0
        position[is_shunt] = settings.shunt_share[shunt[is_shunt]] * held.devices.high[is_shunt]
        held.take(position, self.state.now_s)


def _governed(swung: Swung, gen_mw: F8, runs: np.ndarray) -> tuple[F8, F8]:
    """(n_gens,) and (n_borders,) MW where the swing ended: a group shares by output, neighbours give what they do."""
    minutes, result = swung
    machines, system = minutes.machines, minutes.system
    group, n_groups = machines.group_of_gen, len(machines.group_area)
    of_group = (group >= 0) & runs
    left_mw = np.bincount(group[of_group], gen_mw[of_group], n_groups)
    factor = np.divide(result.group_mw, left_mw, out=np.ones(n_groups), where=left_mw > _SMALLEST_MW)
    gen_mw = np.where(of_group, np.minimum(gen_mw * factor[group], system.generators.p_max_mw), gen_mw)
    own = np.arange(n_groups - len(system.borders), n_groups)
    area = minutes.areas.of_border
    alive = result.alive[area]
    damping = 1.0 + minutes.load_damping * (result.final_hz[area] - system.f_hz) / system.f_hz
    drawn_mw = (machines.neighbour_load_mw[area] - result.shed_mw[area]) * damping
    return gen_mw, np.where(alive & system.borders.in_service, result.group_mw[own] - drawn_mw, 0.0)


def _without_what_lacks(state: GridState, point: OperatingPoint, loss_share: float) -> OperatingPoint:
    """The point with loads of an island scaled down to what its machines can give at most; a dead one draws nothing."""
    system, n = state.system, len(state.system.buses)
    works = branch_status(system, point.branch_out)
    island = islands(n, system.branch_from, system.branch_to, works)
    most = np.where(point.gen_committed, np.maximum(system.generators.p_max_mw, point.p_gen_mw), 0.0)
    given = sum_at(system.generators.bus, most, n) + sum_at(system.storages.bus, point.p_storage_mw, n)
    given += sum_at(system.borders.bus, np.where(system.borders.in_service, 1e9, 0.0), n)
    drawn = sum_at(system.loads.bus, point.p_load_mw * (1.0 + loss_share), n)
    given, drawn = sum_at(island, given, n), sum_at(island, drawn, n)
    share = np.clip(np.divide(given, drawn, out=np.ones(n), where=drawn > 0), 0.0, 1.0)
    return point._replace(p_load_mw=point.p_load_mw * share[island][system.loads.bus])
