"""Storms along tracks: kilometres of lines inside, chances of corridors, and what a season's storms do on average."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gridsim.model.groups import members
from gridsim.model.scenario import kinds
from gridsim.model.system import GridSystem
from gridsim.model.table import F8

_KM_PER_DEGREE = 111.2
_POINTS = 201  # along a line: half a percent of its length
HOURS_PER_YEAR = 8760.0
LEAST_RATE_LEFT = 0.1  # of a line's own failure rate, however much of it its storms explain


@lru_cache(maxsize=64)
def km_inside(system: GridSystem, track: int) -> F8:
    """(n_lines,) length of each line in the band of a track, lines taken as straight; 0 without coordinates.

    Planar, on the latitude of the middle of the track.
    """
    tracks, lines, buses = system.storm_tracks, system.lines, system.buses
    shrink = np.cos(np.radians(0.5 * (tracks.lat_1[track] + tracks.lat_2[track])))
    scale = np.array([shrink, 1.0]) * _KM_PER_DEGREE
    one, two = (
        np.array([lon[track], lat[track]]) * scale
        for lon, lat in ((tracks.lon_1, tracks.lat_1), (tracks.lon_2, tracks.lat_2))
    )
    place = np.stack([buses.lon, buses.lat], axis=1) * scale
    at = (np.arange(_POINTS) + 0.5) / _POINTS
    start, end = place[lines.from_bus][:, None], place[lines.to_bus][:, None]
    points = start + (end - start) * at[None, :, None]
    along = two - one
    length2 = float(along @ along)
    share = np.clip((points - one) @ along / length2, 0.0, 1.0) if length2 > 0.0 else np.zeros(points.shape[:2])
    away_km = np.linalg.norm(points - one - share[..., None] * along, axis=-1)
    inside = np.nan_to_num(away_km, nan=np.inf) <= 0.5 * float(tracks.width_km[track])
    return np.asarray(inside.mean(axis=1) * lines.length_km)


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


def hit_chance(per_h: float, multiple: float, hours: float) -> float:
    """Chance that a storm breaks a corridor of ``per_h`` failures an hour at its base rate."""
    return -math.expm1(-per_h * multiple * hours)


def season_months(first: int, last: int) -> set[int]:
    """Months from ``first`` to ``last``, over the turn of the year where the last comes first."""
    if first <= last:
        return set(range(first, last + 1))
    return set(range(first, 13)) | set(range(1, last + 1))


def season_chances(system: GridSystem, track: int) -> dict[tuple[str, ...], float]:
    """Chance of each corridor in a storm that comes by itself; none on a track without such storms."""
    tracks = system.storm_tracks
    if not tracks.per_year[track] > 0.0:
        return {}
    multiple, hours = kinds()[str(tracks.kind[track])].magnitude, float(tracks.hours[track])
    return {circuits: hit_chance(per_h, multiple, hours) for circuits, per_h in corridor_rates(system, track).items()}


@lru_cache(maxsize=16)
def own_rate_share(system: GridSystem) -> F8:
    """(n_lines,) share of the failure rate of each line that storms by themselves leave to it alone.

    ``mttf_h`` counts all failures of a year, those of storms among them: what storms break is taken from it.
    """
    lines, tracks = system.lines, system.storm_tracks
    left = np.ones(len(lines))
    for track in np.flatnonzero(tracks.per_year > 0.0).tolist():
        for circuits, chance in season_chances(system, track).items():
            for circuit in circuits:
                line = lines.position(circuit)
                left[line] -= float(tracks.per_year[track]) * chance * float(lines.mttf_h[line]) / HOURS_PER_YEAR
    return np.maximum(left, LEAST_RATE_LEFT)
