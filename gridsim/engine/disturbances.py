"""What is happening to the system now: events that have begun and not ended, and their places in the log."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gridsim.contingencies.effects import Conditions, conditions
from gridsim.engine.coupling import FuelSystem
from gridsim.engine.event_log import ROOT, EventLog
from gridsim.model.scenario import Event, Imports, Primitive, Repair, kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8

_RUPTURE = "pipeline_rupture"


class Disturbances:
    """Events of one run. ``active``: begun and not ended; ``occurred_h``: when events began."""

    def __init__(self, system: GridSystem, imports: Imports, log: EventLog):
        self.system = system
        self.active: list[Event] = []
        self.occurred_h: list[float] = []
        self.last_end = ROOT
        self._imports = imports
        self._log = log
        self._started: dict[str, int] = {}
        self._taken_mwh: dict[str, F8] = {}
        self._fresh: list[Event] = []
        self._ended: list[Event] = []
        self._bursts: list[tuple[int, float]] = []

    def begin(self, event: Event, now_h: float, fuel: FuelSystem) -> int:
        """Let ``event`` act from now on; what it takes from stocks is gone at once. Returns its place in the log."""
        self.active.append(event)
        self._fresh.append(event)
        self.occurred_h.append(now_h)
        self._started[event.id] = self._log_start(event, now_h)
        self._taken_mwh[event.id] = self._take_stock(event, fuel)
        if event.kind == _RUPTURE:
            self._bursts += [(self.system.gas_pipelines.position(t.name), event.magnitude) for t in event.targets]
        return self._started[event.id]

    def end(self, event: Event, now_h: float, fuel: FuelSystem, cause: int) -> None:
        """Let ``event`` act no more, because of the log entry ``cause``; targets that nothing else hits are normal."""
        self.active.remove(event)
        self._ended.append(event)
        fuel.backup_mwh = fuel.backup_mwh + self._taken_mwh.pop(event.id)
        still_hit = {target for other in self.active for target in other.targets}
        for target in event.targets:
            if target not in still_hit:
                self.last_end = self._log.add(now_h, f"{target.table}:{target.name}", "normal", cause)

    def conditions(self) -> Conditions:
        """What the active events leave of the system."""
        return conditions(self.system, self.active, self._imports)

    def foreseen(self) -> Conditions:
        """The same without what began or ended since the last resolve."""
        active = [event for event in self.active if event not in self._fresh]
        return conditions(self.system, active + self._ended, self._imports)

    def resolved(self) -> None:
        """What began or ended until now has been answered."""
        self._fresh, self._ended = [], []

    def take_bursts(self) -> list[tuple[int, float]]:
        """(section, share) of the gas pipelines that burst since the last call."""
        bursts, self._bursts = self._bursts, []
        return bursts

    def cause(self, tables: tuple[str, ...] = ()) -> int:
        """The latest active event (of these target tables, if given); ROOT if there is none."""
        return self._latest(
            event
            for event in self.active
            if not tables or any(target.table in tables for target in event.targets)
        )  # fmt: skip

    def cause_at_section(self, section: int) -> int:
        """The latest active event on a member circuit, one of its buses, or the section itself; else ROOT."""
        system, members = self.system, self.system.interface_members
        branches = members.branch[members.interface == section]
        names = {str(system.interfaces.name[section]), *system.branch_name[branches].tolist()}
        names |= set(system.buses.name[system.branch_from[branches]].tolist())
        names |= set(system.buses.name[system.branch_to[branches]].tolist())
        return self._latest(event for event in self.active if any(target.name in names for target in event.targets))

    def _latest(self, events: Iterable[Event]) -> int:
        return max((self._started[event.id] for event in events), default=ROOT)

    def _log_start(self, event: Event, now_h: float) -> int:
        kind = kinds()[event.kind]
        size = "" if event.magnitude == 1 else f" {event.magnitude:g} {kind.magnitude_unit}"
        state = f"{kind.kind}{size} ({event.id})"
        ids = [self._log.add(now_h, f"{target.table}:{target.name}", state) for target in event.targets]
        return ids[0] if ids else self._log.add(now_h, f"event:{event.id}", state)

    def _take_stock(self, event: Event, fuel: FuelSystem) -> F8:
        links = self.system.gas_to_power
        if kinds()[event.kind].primitive is not Primitive.STOCK:
            return np.zeros(len(links))
        everywhere = any(target.table == "all" for target in event.targets)
        hit = np.isin(links.plant, [target.name for target in event.targets]) | everywhere
        return fuel.take_backup(hit, event.magnitude)


def draw_repair_h(repair: Repair, draw: float) -> float:
    """Repair time of one uniform draw: by inversion (exponential) or the normal quantile (lognormal with that mean)."""
    if repair.distribution == "constant":
        return repair.mean_h
    if repair.distribution == "exponential":
        return -repair.mean_h * math.log(1.0 - draw)
    from statistics import NormalDist

    quantile = NormalDist().inv_cdf(draw)
    return repair.mean_h * math.exp(repair.sigma * quantile - repair.sigma**2 / 2.0)
