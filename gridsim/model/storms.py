"""Geometry of storms: the kilometres of each line inside a track."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8

_KM_PER_DEGREE = 111.2
_POINTS = 201  # along a line: half a percent of its length


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
