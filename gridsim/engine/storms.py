"""Storms of a run: which corridors a storm breaks along its track, and which storms a season brings."""

from __future__ import annotations

import datetime as dt

import numpy as np

from gridsim.contingencies.events import default_kind
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.scenario import Dependence, Event, Primitive, Repair, Target, kinds
from gridsim.model.storms import HOURS_PER_YEAR, corridor_rates, hit_chance, season_months
from gridsim.model.system import GridSystem

_MOST_STORMS = 100  # of one track in one run


def storm_outages(system: GridSystem, storm: Event, seed: int, replicate: int) -> list[Event]:
    """Outages that follow a storm: all circuits of a corridor together, at an hour of the storm, until repaired."""
    events = []
    for target in storm.targets:
        track = system.storm_tracks.position(target.name)
        hours = storm.duration_h or float(system.storm_tracks.hours[track])
        repair = Repair("exponential", float(system.storm_tracks.repair_h[track]))
        for circuits, per_h in corridor_rates(system, track).items():
            draw, when = uniforms(seed, replicate, stream_id("storm", f"{storm.id}:{circuits[0]}", "hit"), 2).tolist()
            if draw < hit_chance(per_h, storm.magnitude, hours):
                events.append(
                    Event(
                        id=f"{storm.id}:{circuits[0]}",
                        kind=default_kind("lines", Primitive.OUTAGE),
                        at_h=0.0,
                        targets=tuple(Target("lines", circuit) for circuit in circuits),
                        magnitude=1.0,
                        duration_h=None,
                        repair=repair,
                        depends_on=Dependence(storm.id, delay_h=when * hours),
                    )
                )
    return events


def season_storms(system: GridSystem, seed: int, replicate: int, horizon_h: float, start: dt.datetime) -> list[Event]:
    """Storms that come by themselves: a Poisson course for each track, of which those in its season happen.

    ``per_year`` counts a year with its season, so the rate is that over the hours of the season.
    """
    tracks, events = system.storm_tracks, list[Event]()
    for track, name in enumerate(tracks.name.tolist()):
        months = season_months(int(tracks.from_month[track]), int(tracks.to_month[track]))
        per_h = float(tracks.per_year[track]) / (HOURS_PER_YEAR * len(months) / 12)
        if per_h <= 0.0:
            continue
        draws = uniforms(seed, replicate, stream_id("storm", name, "season"), _MOST_STORMS)
        times_h = np.cumsum(-np.log1p(-draws) / per_h)
        kind = str(tracks.kind[track])
        for number, time_h in enumerate(times_h[times_h < horizon_h].tolist()):
            if (start + dt.timedelta(hours=time_h)).month in months:
                events.append(
                    Event(
                        id=f"season:{name}:{number}",
                        kind=kind,
                        at_h=time_h,
                        targets=(Target("storm_tracks", name),),
                        magnitude=kinds()[kind].magnitude,
                        duration_h=float(tracks.hours[track]),
                    )
                )
    return events
