"""Repair crews: a drawn repair waits for a crew, its journey and the weather.

An outage with a ``repair`` asks for one crew of its trade (``repair_crews``): of the depots with a free crew the one
that can be on site first, else the shortest queue. The crew assembles, travels in a straight line at its depot's speed
to the middle of the element, and works off the drawn hours of work. Cold slows work and stops it below a temperature;
the temperature is that of the nearest weather site, hour by hour. The crew is free again when the element is. A network
without crews of that trade repairs in the drawn time alone; a fixed ``duration`` is taken as stated and needs no crew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np
import simpy

from gridsim.engine.clock import Priority, to_hours, to_seconds, wait
from gridsim.engine.event_log import EventLog
from gridsim.model.scenario import Target
from gridsim.model.system import GridSystem
from gridsim.model.table import F8

_TRADE = {"gas_pipelines": "pipeline", "lines": "grid", "transformers": "grid", "buses": "grid"}
_EARTH_KM = 6371.0


class Place(NamedTuple):
    """Place of an element's repair; NaN if the network does not say."""

    lat: float
    lon: float


class Depot(simpy.Resource):
    """The crews of one depot. Crews withheld finish the work they have."""

    def set_crews(self, crews: int) -> None:
        """From now on ``crews`` work from here."""
        self._capacity = crews
        self._trigger_put(None)

    @property
    def waiting(self) -> int:
        """Repairs that would be served before a new one, beyond the crews there are."""
        return int(max(self.count + len(self.queue) + 1 - self.capacity, 0))


class Crews:
    """The crews of one run. ``temperature_c(seconds)``: (n_weather_sites,) temperature of the step that holds then."""

    def __init__(self, env: simpy.Environment, system: GridSystem, log: EventLog, temperature_c: Callable[[float], F8]):
        self._env, self._system, self._log, self._temperature_c = env, system, log, temperature_c
        self._table = system.repair_crews
        self._depots = [Depot(env, int(crews)) for crews in self._table.crews]

    def set_share(self, share: F8) -> None:
        """Of every depot only ``share`` (n_depots,) of its crews is there, rounded to whole crews."""
        for depot, crews, remaining in zip(self._depots, self._table.crews, share, strict=True):
            depot.set_crews(round(float(crews * remaining)))

    def repair(self, name: str, target: Target, work_h: float, cause: int) -> Generator[Any, Any, int]:
        """Process of the repair ``name``: ``work_h`` hours of work in mild weather; returns the log entry of its end.

        ``cause``: log entry of what broke it.
        """
        place, table = place_of(self._system, target), self._table
        at = self._choose(_TRADE.get(target.table, ""), place)
        if at is None:
            yield wait(self._env, max(to_seconds(work_h), 1), Priority.CONTINGENCY)
            return cause
        depot, component = self._depots[at], f"repair:{name}"
        with depot.request() as crew:
            if not crew.triggered:
                cause = self._log.add(self._now_h, component, f"waiting for a crew of {table.name[at]}", cause)
            yield crew
            away_h = float(table.assembly_h[at]) + self._travel_h(at, place)
            cause = self._log.add(self._now_h, component, f"crew of {table.name[at]} on its way", cause)
            yield wait(self._env, max(to_seconds(away_h), 1), Priority.CONTINGENCY)
            cause = yield from self._work(component, at, place, work_h, cause)
        return self._log.add(self._now_h, component, "done", cause)

    def _work(self, component: str, at: int, place: Place, work_h: float, cause: int) -> Generator[Any, Any, int]:
        remaining_h, site = work_h, self._weather_site(place)
        while remaining_h > 1e-9:
            rate = self._rate(at, site)
            cause = self._log.add(self._now_h, component, "repairing" if rate > 0 else "stopped by cold", cause)
            to_hour_s = 3600 - int(self._env.now) % 3600
            step_s = min(to_hour_s, max(math.ceil(remaining_h / rate * 3600), 1)) if rate > 0 else to_hour_s
            yield wait(self._env, step_s, Priority.CONTINGENCY)
            remaining_h -= rate * to_hours(step_s)
        return cause

    def _weather_site(self, place: Place) -> int | None:
        """The nearest weather site, None where none is known."""
        sites = self._system.weather_sites
        km = distance_km(place, sites.lat, sites.lon)
        return int(np.nanargmin(km)) if np.isfinite(km).any() else None

    def _rate(self, at: int, site: int | None) -> float:
        """Work done per hour, relative to mild weather."""
        table = self._table
        if site is None:
            return 1.0
        t_c = float(self._temperature_c(self._env.now)[site])
        if not math.isfinite(t_c):  # a site without a climate
            return 1.0
        if t_c < table.stop_below_c[at]:
            return 0.0
        return 1.0 / (1.0 + float(table.slower_per_k[at]) * max(float(table.cold_from_c[at]) - t_c, 0.0))

    def _travel_h(self, at: int, place: Place) -> float:
        km = float(distance_km(place, self._table.lat[at], self._table.lon[at]))
        return km / float(self._table.speed_km_per_h[at]) if math.isfinite(km) else 0.0

    def _choose(self, trade: str, place: Place) -> int | None:
        depots = np.flatnonzero(self._table.trade == trade).tolist()
        return min(
            depots,
            key=lambda at: (self._depots[at].waiting, self._table.assembly_h[at] + self._travel_h(at, place)),
            default=None,
        )

    @property
    def _now_h(self) -> float:
        return to_hours(self._env.now)


def place_of(system: GridSystem, target: Target) -> Place:
    """The middle of an element; of a transformer its high-voltage bus."""
    table = getattr(system, target.table)
    row = table.position(target.name)
    if target.table == "gas_pipelines":
        nodes, ends = system.gas_nodes, [table.from_node[row], table.to_node[row]]
        return Place(float(nodes.lat[ends].mean()), float(nodes.lon[ends].mean()))
    ends = {
        "lines": lambda: [table.from_bus[row], table.to_bus[row]],
        "transformers": lambda: [table.hv_bus[row]],
        "buses": lambda: [row],
    }.get(target.table, list)()
    buses = system.buses
    return Place(float(buses.lat[ends].mean()), float(buses.lon[ends].mean())) if ends else Place(np.nan, np.nan)


def distance_km(place: Place, lat: F8 | float, lon: F8 | float) -> F8:
    """Great-circle distance (haversine) to points in degrees."""
    a, b = np.radians(place.lat), np.radians(np.asarray(lat, dtype=np.float64))
    d_lon = np.radians(np.asarray(lon, dtype=np.float64) - place.lon)
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(d_lon / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(h)))
