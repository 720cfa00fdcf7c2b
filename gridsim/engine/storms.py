"""Storms of a run: which corridors a storm breaks along its track, and which storms a season brings."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from gridsim.contingencies.events import default_kind
from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.groups import members
from gridsim.model.scenario import Dependence, Event, Primitive, Repair, Target, kinds
from gridsim.model.storms import km_inside
from gridsim.model.system import GridSystem

_HOURS_PER_YEAR = 8760.0
_MOST_STORMS = 100  # of one track in one run


def corridor_rates(system: GridSystem, track: int) -> dict[tuple[str, ...], float]:
    """Circuits of each corridor inside a track -> failures an hour at their base rate: the largest of its circuits'."""
    lines, km = system.lines, km_inside(system, track)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_h = np.nan_to_num(km / lines.length_km / lines.mttf_h, nan=0.0, posinf=0.0)
    found: dict[tuple[str, ...], float] = {}
    for name, circuits in members(system, "corridors").items():
        at = [lines.position(circuit) for circuit in circuits]
        hit = tuple(circuits[k] for k, line in enumerate(at) if km[line] > 0.0 and lines.in_service[line])
        if hit and name == circuits[0]:
            found[hit] = max(float(per_h[lines.position(circuit)]) for circuit in hit)
    return {circuits: rate for circuits, rate in found.items() if rate > 0.0}


def storm_outages(system: GridSystem, storm: Event, seed: int, replicate: int) -> list[Event]:
    """Outages that follow a storm: all circuits of a corridor together, at an hour of the storm, until repaired."""
    events = []
    for target in storm.targets:
        track = system.storm_tracks.position(target.name)
        hours = storm.duration_h or float(system.storm_tracks.hours[track])
        repair = Repair("exponential", float(system.storm_tracks.repair_h[track]))
        for circuits, per_h in corridor_rates(system, track).items():
            draw, when = uniforms(seed, replicate, stream_id("storm", f"{storm.id}:{circuits[0]}", "hit"), 2).tolist()
            chance = -math.expm1(-per_h * storm.magnitude * hours)
            if draw < chance:
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
        months = _season(int(tracks.from_month[track]), int(tracks.to_month[track]))
        per_h = float(tracks.per_year[track]) / (_HOURS_PER_YEAR * len(months) / 12)
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


def _season(first: int, last: int) -> set[int]:
    if first <= last:
        return set(range(first, last + 1))
    return set(range(first, 13)) | set(range(1, last + 1))
