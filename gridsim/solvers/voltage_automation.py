"""Automation of voltages: under-voltage (AOSN) and over-voltage (AOPN) rules on the AC state right after a change.

The state is quasi-static: between two operations voltages stand still, so a timer that runs ends as set, and every
operation is followed by another power flow. Where constant loads have no power flow, voltages are those of load that
yields (:mod:`gridsim.solvers.yielding_load`). Rules act in seconds, before the operator; load goes by class.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.first_minutes import OPEN_UNLOADED, SHED_LOAD, of_voltages, watches_high_voltage
from gridsim.model.pack import Packed
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint, system_settings
from gridsim.solvers.participation import branch_status
from gridsim.solvers.voltage_relief import cut_by_class
from gridsim.solvers.yielding_load import yielding

MOST_OPERATIONS = 200
LIGHT_SHARE = 0.25  # of the rating of the circuits that stay, up to which a parallel one is not needed
MOST_PU = 1.5  # above it a state of the power flow is none of a grid: 1 s is what equipment stands there
_SMALLEST_MW = 1e-6


class VoltageRule(NamedTuple):
    """One rule.

    ``watched`` (n_buses,); ``places`` (n_buses,) buses whose load is shed, None: that of the watched bus; ``share`` of
    load there, else ``amount_mw``; ``armed_share`` of it works. ``action``: one of ``VOLTAGE_ACTIONS``.
    """

    name: str
    setting_pu: float
    delay_s: float
    action: str
    watched: B1
    places: B1 | None = None
    share: float = 0.0
    amount_mw: float = 0.0
    armed_share: float = 1.0
    after: str = ""

    @property
    def above(self) -> bool:
        """It watches voltages above its setting, else below."""
        return watches_high_voltage(self.action)

    @property
    def sheds(self) -> bool:
        """It cuts load."""
        return self.action == SHED_LOAD


class VoltageOperation(NamedTuple):
    """One operation ``at_s`` after the change at ``place``; ``branch`` that it opened, else -1."""

    at_s: float
    rule: str
    place: str
    mw: float
    cause: str
    branch: int = -1


class VoltageCourse(NamedTuple):
    """``cut_mw`` (n_loads,); ``point``: after all, with its devices; ``vm_pu`` (n_buses,) there, NaN where dead."""

    operations: list[VoltageOperation]
    cut_mw: F8
    point: OperatingPoint
    vm_pu: F8


def voltage_rules_of(system: GridSystem) -> tuple[VoltageRule, ...]:
    """Rules of the network's table that watch voltages, in its order."""
    rules = system.automation
    return tuple(
        VoltageRule(
            name=str(rules.name[row]),
            setting_pu=float(rules.setting[row]),
            delay_s=float(rules.delay_s[row]),
            action=str(rules.action[row]),
            watched=_buses(system, str(rules.target[row])),
            places=_buses(system, str(rules.place[row])) if str(rules.place[row]).strip() else None,
            share=float(np.nan_to_num(rules.share[row])),
            amount_mw=float(np.nan_to_num(rules.amount_mw[row])),
            armed_share=float(rules.armed_share[row]),
            after=str(rules.after[row]),
        )
        for row in np.flatnonzero(of_voltages(rules)).tolist()
    )


def _buses(system: GridSystem, cell: str) -> B1:
    """(n_buses,) buses of the zones and buses in ``cell``; empty: all inside."""
    names = [name.strip() for name in cell.split(";") if name.strip()]
    found: B1 = np.asarray(system.buses.zone >= 0) if not names else np.zeros(len(system.buses), dtype=bool)
    for name in names:
        if name in system.zones:
            found |= system.buses.zone == system.zones.index(name)
        else:
            found[system.buses.position(name)] = True
    return found


class DeadEnds(NamedTuple):
    """Buses fed from one end alone: ``feeds`` (n_buses,) the bus that feeds each, -1 elsewhere.

    ``behind_mw`` (n_buses,): load there and further on, from an end.
    """

    feeds: I4
    behind_mw: F8


def _has_source(system: GridSystem, point: OperatingPoint) -> B1:
    """(n_buses,) True where a machine runs, a neighbour is, or a store gives or takes."""
    has = np.zeros(len(system.buses), dtype=bool)
    for at, there in (
        (system.generators.bus, point.gen_committed | (point.p_gen_mw > 0)),
        (system.borders.bus, system.borders.in_service),
        (system.storages.bus, point.p_storage_mw != 0),
    ):
        has[at[there]] = True
    return has


def dead_ends(system: GridSystem, point: OperatingPoint, load_mw: F8 | None = None) -> DeadEnds:
    """Buses without a machine, border or store there or further on; parallel circuits are one end.

    ``load_mw`` (n_loads,): in place of what is served.
    """
    works = branch_status(system, point.branch_out)
    n = len(system.buses)
    load_mw = point.p_load_mw if load_mw is None else load_mw
    has = _has_source(system, point)
    feeds, behind_mw = np.full(n, -1, dtype=np.int32), sum_at(system.loads.bus, load_mw, n)
    beside: list[set[int]] = [set() for _ in range(n)]
    for start, end in zip(system.branch_from[works].tolist(), system.branch_to[works].tolist(), strict=True):
        beside[start].add(end)
        beside[end].add(start)
    ends = [bus for bus in range(n) if not has[bus] and len(beside[bus]) == 1]
    while ends:
        bus = ends.pop()
        if len(beside[bus]) != 1:
            continue
        feeds[bus] = feeder = beside[bus].pop()
        behind_mw[feeder] += behind_mw[bus]
        beside[feeder].discard(bus)
        if not has[feeder] and len(beside[feeder]) == 1:
            ends.append(feeder)
    return DeadEnds(feeds, behind_mw)


def why_open(system: GridSystem, point: OperatingPoint, line: int) -> str:
    """Why a line that voltage opened stays open; empty: more than one end feeds either side of it."""
    works = branch_status(system, point.branch_out)
    works[line] = False
    ends = [int(system.branch_from[line]), int(system.branch_to[line])]
    island = islands(len(system.buses), system.branch_from, system.branch_to, works)
    if not np.isin(island[ends], island[_has_source(system, point)]).all():
        return "one of its ends has no voltage"
    hang = dead_ends(system, point._replace(branch_out=np.flatnonzero(~works).astype(np.int32))).feeds[ends] >= 0
    return "what it goes to is fed from one end" if hang.any() else ""


class VoltageAutomation:
    """Voltage rules of one network."""

    def __init__(self, packed: Packed, rules: tuple[VoltageRule, ...] | None = None):
        self._packed, self._system = packed, packed.system
        self.rules = voltage_rules_of(packed.system) if rules is None else rules

    def wanted(self, vm_pu: F8, rules: tuple[VoltageRule, ...] | None = None) -> bool:
        """Some threshold is passed at ``vm_pu`` (n_buses,)."""
        return any(bool(_passed(rule, vm_pu).any()) for rule in (self.rules if rules is None else rules))

    def run(
        self,
        model: AcModel,
        point: OperatingPoint,
        start_s: float = 0.0,
        *,
        rules: tuple[VoltageRule, ...] | None = None,
        demand_mw: F8 | None = None,
    ) -> VoltageCourse:
        """The course of ``rules`` (None: all) from ``start_s`` on, until none is due.

        Each acts once a bus; what opens unloaded lines goes on until the voltage there is inside, one line at a time.
        ``demand_mw`` (n_loads,): what lines are needed for, cut now or not; None: what is served.
        """
        demand_mw = point.p_load_mw if demand_mw is None else demand_mw
        return _Course(self._packed, model, point, self.rules if rules is None else rules, demand_mw).run(start_s)


def _passed(rule: VoltageRule, vm_pu: F8) -> B1:
    over = vm_pu > rule.setting_pu if rule.above else vm_pu < rule.setting_pu
    return np.asarray(over & rule.watched)  # False where there is no voltage


class _Course:
    """One course, between its power flows."""

    def __init__(
        self, packed: Packed, model: AcModel, point: OperatingPoint, rules: tuple[VoltageRule, ...], demand_mw: F8
    ):
        self._packed, self._system, self._model, self._rules = packed, packed.system, model, rules
        self._demand_mw = demand_mw
        if point.devices is None:
            point = point._replace(devices=system_settings(packed.system))
        self._before, self._point = point, point
        self._operations: list[VoltageOperation] = []

    def run(self, start_s: float) -> VoltageCourse:
        rules, n = self._rules, len(self._system.buses)
        since, acted = np.full((len(rules), n), np.nan), np.zeros((len(rules), n), dtype=bool)
        acted_s: dict[str, float] = {}
        now_s, vm_pu = start_s, self._voltages()
        while len(self._operations) < MOST_OPERATIONS:
            passed = np.array([_passed(rule, vm_pu) for rule in rules]).reshape(since.shape) & ~acted
            since = np.where(passed, np.where(np.isnan(since), now_s, since), np.nan)
            due = np.full(since.shape, np.inf)
            for row, rule in enumerate(rules):
                if rule.after and rule.after not in acted_s:
                    continue
                begins = np.maximum(since[row], acted_s.get(rule.after, -np.inf))
                due[row] = np.where(passed[row], begins + rule.delay_s, np.inf)
            earliest = float(due.min(initial=np.inf))
            if not np.isfinite(earliest):
                break
            now_s = earliest
            row = int(np.argmin(due.min(axis=1)))
            at = np.flatnonzero(due[row] <= now_s).astype(np.int32)
            acted_s.setdefault(rules[row].name, now_s)
            acted[row, self._act(rules[row], at, vm_pu, now_s)] = True
            since[row, at] = now_s
            vm_pu = self._voltages()
        cut_mw = self._before.p_load_mw - self._point.p_load_mw
        return VoltageCourse(self._operations, cut_mw, self._point, vm_pu)

    def _voltages(self) -> F8:
        """(n_buses,) NaN where there is none, and everywhere where no state is found that a grid is in.

        A low voltage counts only if load that yields has it too: constant loads also have states beyond the nose.
        """
        solution = self._model.solve(self._point)
        low = [rule for rule in self._rules if not rule.above]
        if solution.converged and not any(_passed(rule, solution.vm_pu).any() for rule in low):
            return np.asarray(solution.vm_pu)
        found = yielding(self._model, self._point)
        if found is None or float(np.nanmax(found.vm_pu, initial=0.0)) > MOST_PU:
            return np.full(len(self._system.buses), np.nan)
        return np.asarray(np.fmax(solution.vm_pu, found.vm_pu) if solution.converged else found.vm_pu)

    def _act(self, rule: VoltageRule, at: I4, vm_pu: F8, now_s: float) -> I4:
        """Let a rule act at buses ``at``; those of them where it acts no more."""
        if rule.action == OPEN_UNLOADED:
            return self._open(rule, at, vm_pu, now_s)
        for bus in at.tolist():
            cause = self._cause(rule, bus)
            name = str(self._system.buses.name[bus])
            if rule.places is None or not rule.sheds:
                here = np.zeros(len(vm_pu), dtype=bool)
                here[bus] = True
            else:
                here = rule.places
            mw = self._shed(rule, here) if rule.sheds else self._switch(rule, here)
            if mw is not None:
                self._operations.append(VoltageOperation(now_s, rule.name, name, mw, cause))
            if rule.places is not None and rule.sheds:  # one relay of a region
                return np.flatnonzero(rule.watched).astype(np.int32)
        return at

    def _cause(self, rule: VoltageRule, bus: int) -> str:
        word = "above" if rule.above else "below"
        held = f" for {rule.delay_s:g} s" if rule.delay_s > 0 else ""
        return f"voltage of {self._system.buses.name[bus]} {word} {rule.setting_pu:.2f} pu{held}"

    def _shed(self, rule: VoltageRule, here: B1) -> float | None:
        """MW cut of the load at buses ``here``, by class; None where there is none."""
        of_place = here[self._system.loads.bus]
        stood_mw = np.where(of_place, self._before.p_load_mw, 0.0)
        left_mw = np.where(of_place, self._point.p_load_mw, 0.0)
        total_mw = float(left_mw.sum())
        wanted_mw = (rule.share * float(stood_mw.sum()) if rule.share > 0 else rule.amount_mw) * rule.armed_share
        if min(total_mw, wanted_mw) <= _SMALLEST_MW:
            return None
        cut_mw = cut_by_class(self._packed, left_mw, min(wanted_mw / total_mw, 1.0))
        self._point = self._point._replace(p_load_mw=self._point.p_load_mw - cut_mw)
        return float(cut_mw.sum())

    def _switch(self, rule: VoltageRule, here: B1) -> float | None:
        """Reactors and banks at buses ``here`` all the way; 0 MW, None where none moves."""
        shunts, settings = self._system.shunts, self._point.devices
        assert settings is not None
        chosen = here[shunts.bus] & shunts.switchable
        reactors_on = rule.above
        least = np.where(shunts.controlled, shunts.min_share, 0.0)
        share = np.where((shunts.q_mvar > 0) == reactors_on, 1.0, least)
        moved = np.where(chosen, share, settings.shunt_share)
        if np.array_equal(moved, settings.shunt_share):
            return None
        self._point = self._point._replace(devices=settings._replace(shunt_share=moved))
        return 0.0

    def _open(self, rule: VoltageRule, at: I4, vm_pu: F8, now_s: float) -> I4:
        """Open one line on the way to the highest bus of ``at`` where it may be; those where there is none."""
        ends = dead_ends(self._system, self._point, self._demand_mw)
        for bus in at[np.argsort(-vm_pu[at], kind="stable")].tolist():
            line = self._to_open(ends, bus)
            if line >= 0:
                place = str(self._system.branch_name[line])
                self._operations.append(VoltageOperation(now_s, rule.name, place, 0.0, self._cause(rule, bus), line))
                out = np.union1d(self._point.branch_out, [line]).astype(np.int32)
                self._point = self._point._replace(branch_out=out)
                return np.zeros(0, dtype=np.int32)
        return at

    def _to_open(self, ends: DeadEnds, bus: int) -> int:
        """The first line from ``bus`` back to where more than one end feeds that nobody needs; -1: there is none.

        That is one of several lightly loaded circuits, the one of the largest charging, or a line with no load behind.
        """
        system = self._system
        works = branch_status(system, self._point.branch_out)[: len(system.lines)]
        start, end = system.lines.from_bus, system.lines.to_bus
        while ends.feeds[bus] >= 0:
            feeder, behind_mw = int(ends.feeds[bus]), float(ends.behind_mw[bus])
            joins = (np.minimum(start, end) == min(bus, feeder)) & (np.maximum(start, end) == max(bus, feeder))
            lines = np.flatnonzero(works & joins)
            if len(lines):
                charging = system.lines.length_km[lines] * system.lines.c_nf_per_km[lines]
                line = int(lines[np.argmax(charging)])
                left_mw = float(system.branch_normal_mw[lines].sum() - system.branch_normal_mw[line])
                if behind_mw <= max(LIGHT_SHARE * left_mw, _SMALLEST_MW):
                    return line
            bus = feeder
        return -1
