"""Disturbances of a run: events that have begun and not ended, and their entries in the log."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gridsim.contingencies.effects import Conditions, conditions
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.engine.typical_start import log_fleet, machines_left
from gridsim.model.groups import opened
from gridsim.model.scenario import Event, Imports, Primitive, Repair, Target, kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.model.typical import TypicalFleet

_HITS_ELEMENTS = (Primitive.OUTAGE, Primitive.DERATE, Primitive.LIMIT)


class Disturbances:
    """Events of one run, on the fleet that it starts with. ``active``: begun and not ended; ``occurred_h``: when."""

    def __init__(self, system: GridSystem, imports: Imports, log: EventLog, fleet: TypicalFleet | None = None):
        self.system = system
        self.active: list[Event] = []
        self.occurred_h: list[float] = []
        self.last_end = ROOT
        self._imports = imports
        self._log = log
        self._machines_left = None if fleet is None else machines_left(system, fleet)
        self._fleet_logged = ROOT if fleet is None else log_fleet(system, fleet, log)
        self._started: dict[str, int] = {}
        self._began_h: dict[str, float] = {}
        self._taken_mwh: dict[str, F8] = {}
        self._fresh: list[Event] = []
        self._ended: list[Event] = []
        self._over: list[Event] = []
        self._conditions: Conditions | None = None
        self._expected: dict[tuple[str, ...], Conditions] = {}

    def begin(self, event: Event, now_h: float, fuel: FuelSystem, cause: int = ROOT) -> int:
        """Let ``event`` act from now on, because of the log entry ``cause``; returns its own.

        What it takes from stocks is gone at once.
        """
        self.active.append(event)
        self._conditions = None
        self._expected.clear()
        if not kinds()[event.kind].foreseen:
            self._fresh.append(event)
        self.occurred_h.append(now_h)
        self._began_h[event.id] = now_h
        self._started[event.id] = self._log_start(event, now_h, cause)
        self._taken_mwh[event.id] = self._take_stock(event, fuel)
        return self._started[event.id]

    def end(self, event: Event, now_h: float, fuel: FuelSystem, cause: int | None = None) -> int:
        """Let ``event`` act no more, because of the log entry ``cause`` (by default its start); returns its own.

        What nothing else hits is normal again.
        """
        self.active.remove(event)
        self._conditions = None
        self._expected.clear()
        if not kinds()[event.kind].foreseen:
            self._ended.append(event)
        self._over.append(event)
        fuel.return_backup(self._taken_mwh.pop(event.id))
        cause = self._started[event.id] if cause is None else cause
        still_hit = {target for other in self.active for target in self._hits(other)}
        for target in self._hits(event):
            if target not in still_hit:
                self.last_end = self._log.add(now_h, f"{target.table}:{target.name}", "normal", cause)
        return self.last_end

    def keeping_out(self, target: Target) -> list[Event]:
        """Active events that hit this element."""
        return [event for event in self.active if target in self._hits(event)]

    def _hits(self, event: Event) -> tuple[Target, ...]:
        """Targets as they are named, then the members of those that are groups."""
        kind = kinds()[event.kind]
        if kind.primitive not in _HITS_ELEMENTS:
            return event.targets
        return tuple(dict.fromkeys((*event.targets, *opened(self.system, event.targets, kind.targets))))

    def conditions(self) -> Conditions:
        """Shares that the active events leave of the system; the same read-only object until one begins or ends."""
        if self._conditions is None:
            self._conditions = self._conditions_under(self.active)
            for value in self._conditions:
                if isinstance(value, np.ndarray):
                    value.setflags(write=False)
        return self._conditions

    def expected(self, at_h: float, scheduled: Iterable[Event], now_h: float) -> Conditions:
        """Conditions that the operator expects at ``at_h``, ``now_h`` or later.

        Active events end when their length is known to be over; those of the ``scheduled`` ones that are planned work
        begin and end as planned. Surprises still to come are not expected.
        """
        lasting = [event for event in self.active if at_h < self._known_end_h(event)]
        planned = [
            event
            for event in scheduled
            if kinds()[event.kind].foreseen
            and event.depends_on is None
            and now_h <= event.at_h <= at_h < event.at_h + _length_h(event)
            and event not in self.active
        ]
        if not planned and len(lasting) == len(self.active):
            return self.conditions()
        key = tuple(event.id for event in (*lasting, *planned))
        if key not in self._expected:
            self._expected[key] = self._conditions_under([*lasting, *planned])
        return self._expected[key]

    def _known_end_h(self, event: Event) -> float:
        return self._began_h[event.id] + _length_h(event)

    def foreseen(self) -> Conditions:
        """Conditions without the events that began or ended unnoticed."""
        active = [event for event in self.active if event not in self._fresh]
        return self._conditions_under(active + self._ended)

    def _conditions_under(self, events: Iterable[Event]) -> Conditions:
        return conditions(self.system, events, self._imports, self._machines_left)

    def noticed(self) -> None:
        """The operator knows of what began or ended until now."""
        self._fresh, self._ended = [], []

    def cause(self, tables: tuple[str, ...] = ()) -> int:
        """The latest active event; the fleet at the start if there is none, ROOT if that is whole.

        With ``tables`` the latest on these target tables, or if none is active the latest there was: stocks remember.
        """
        if not tables:
            return self._latest(self.active) if self.active else self._fleet_logged
        here = [[event for event in events if any(t.table in tables for t in self._hits(event))]
                for events in (self.active, self._over)]  # fmt: skip
        return self._latest(here[0] or here[1])

    def cause_at_interface(self, interface: int) -> int:
        """The latest active event on a member circuit, one of its buses, or the interface itself; else ROOT."""
        system, members = self.system, self.system.interface_members
        branches = members.branch[members.interface == interface]
        names = {str(system.interfaces.name[interface]), *system.branch_name[branches].tolist()}
        names |= set(system.buses.name[system.branch_from[branches]].tolist())
        names |= set(system.buses.name[system.branch_to[branches]].tolist())
        return self._latest(event for event in self.active if any(target.name in names for target in self._hits(event)))

    def _latest(self, events: Iterable[Event]) -> int:
        return max((self._started[event.id] for event in events), default=ROOT)

    def _log_start(self, event: Event, now_h: float, cause: int) -> int:
        kind = kinds()[event.kind]
        size = "" if event.magnitude == 1 else f" {event.magnitude:g} {kind.magnitude_unit}"
        state = f"{kind.kind}{size} ({event.id})"
        started = [self._log.add(now_h, f"{target.table}:{target.name}", state, cause) for target in event.targets]
        first = started[0] if started else self._log.add(now_h, f"event:{event.id}", state, cause)
        for target in self._hits(event)[len(event.targets) :]:
            self._log.add(now_h, f"{target.table}:{target.name}", state, first)
        return first

    def _take_stock(self, event: Event, fuel: FuelSystem) -> F8:
        links = self.system.gas_to_power
        if kinds()[event.kind].primitive is not Primitive.STOCK:
            return np.zeros(len(links))
        everywhere = any(target.table == "all" for target in event.targets)
        hit = np.isin(links.plant, [target.name for target in event.targets]) | everywhere
        return fuel.take_backup(hit, event.magnitude)


def _length_h(event: Event) -> float:
    """Hours an event is known to last; inf where nobody knows (a repair, a script, no duration)."""
    return math.inf if event.duration_h is None or event.repair is not None else event.duration_h


def draw_repair_h(repair: Repair, draw: float) -> float:
    """Repair time of one uniform draw: by inversion (exponential) or the normal quantile (lognormal with that mean)."""
    if repair.distribution == "constant":
        return repair.mean_h
    if repair.distribution == "exponential":
        return -repair.mean_h * math.log(1.0 - draw)
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf(draw)
    return repair.mean_h * math.exp(repair.sigma * quantile - repair.sigma**2 / 2.0)
