"""Pumps of cooling water that need power: where their bus has none, what they cool stops, and makes no water."""

from __future__ import annotations

import math

import numpy as np

from gridsim.contingencies.events import default_kind
from gridsim.engine.clock import to_hours, to_seconds
from gridsim.engine.event_log import ROOT
from gridsim.engine.state import GridState
from gridsim.model.scenario import Event, Primitive, Target
from gridsim.model.table import sum_at

_NOTHING_SERVED = 0.999  # of the load of a bus: rota cuts spare pumps of plants, a bus without any supply does not


class WaterPumps:
    """Pumps of one run, asked after each resolve.

    A pump stops when its bus is dead or serves none of its load; ``holds_h`` later what it cools stands still, as in
    an outage of the intake. That ends ``restart_h`` after the bus is back for good.
    """

    def __init__(self, state: GridState):
        self._state = state
        cooling = state.system.cooling
        self._rows = np.flatnonzero(cooling.bus >= 0).tolist()
        self._stopped_s: dict[int, int] = {}
        self._back_s: dict[int, int] = {}
        self._out: dict[int, Event] = {}

    def update(self) -> None:
        """Stop and restart what the pumps feed; what is due later asks for a resolve then."""
        if not self._rows:
            return
        cooling, now_s = self._state.system.cooling, self._state.now_s
        dead = self._dead_buses()
        for row in self._rows:
            if dead[cooling.bus[row]]:
                self._back_s.pop(row, None)
                since_s = self._stopped_s.setdefault(row, now_s)
                due_s = since_s + to_seconds(float(cooling.holds_h[row]))
                if row in self._out:
                    continue
                if now_s >= due_s:
                    self._stop(row)
                else:
                    self._state.agenda.wake(due_s - now_s, f"pumps of {cooling.name[row]}")
                continue
            self._stopped_s.pop(row, None)
            if row in self._out:
                since_s = self._back_s.setdefault(row, now_s)
                due_s = since_s + to_seconds(float(cooling.restart_h[row]))
                if now_s >= due_s:
                    self._back_s.pop(row)
                    self._state.end(self._out.pop(row))
                else:
                    self._state.agenda.wake(due_s - now_s, f"pumps of {cooling.name[row]}")

    def _stop(self, row: int) -> None:
        """Stop what the intake cools, because of the latest event."""
        name = str(self._state.system.cooling.name[row])
        event = Event(
            id=f"no_power_{name}_{math.floor(to_hours(self._state.now_s) * 60)}",
            kind=default_kind("cooling", Primitive.OUTAGE),
            at_h=to_hours(self._state.now_s),
            targets=(Target("cooling", name),),
            magnitude=1.0,
            duration_h=None,
        )
        self._out[row] = event
        cause = self._state.disturbances.cause()
        self._state.begin(event, cause if cause >= 0 else ROOT)

    def _dead_buses(self) -> np.ndarray:
        """(n_buses,) True where a bus is lost, or none of its load is served."""
        state, system = self._state, self._state.system
        dead = state.disturbances.conditions().bus_out.copy()
        interval = state.interval or state.last
        if interval is not None and interval.dispatch.short_mw > 0.0:
            n_buses = len(system.buses)
            load_mw = sum_at(system.loads.bus, interval.dispatch.load_mw, n_buses)
            cut_mw = sum_at(system.loads.bus, interval.dispatch.unserved_mw, n_buses)
            dead |= cut_mw > _NOTHING_SERVED * np.maximum(load_mw, 1e-9)
        return dead
