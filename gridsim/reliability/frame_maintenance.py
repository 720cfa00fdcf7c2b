"""Planned maintenance of a system from frames: intervals that are given, and weeks that are to be placed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.reliability.frame_reader import FrameReader
from gridsim.reliability.frame_times import Clock

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]

WEEK_H = 168


def read_maintenance(
    reader: FrameReader, frame: pd.DataFrame | None, unit_name: Sequence[str], clock: Clock
) -> dict[int, NDArray[np.bool_]]:
    """(n_hours,) by machine, hours in which it is out for repair. ``start`` and ``end`` are time stamps or hours of the
    horizon; the end is the first hour after.
    """
    out: dict[int, NDArray[np.bool_]] = {}
    if frame is None or not reader.require("maintenance", frame, ("unit", "start", "end"), ()):
        return out
    unit = reader.positions("maintenance", frame, "unit", unit_name, "a unit")
    first, end = (_hours(reader, frame, column, clock) for column in ("start", "end"))
    for row in range(len(frame)):
        if first[row] < 0 or end[row] < 0:
            continue
        if not first[row] < end[row] <= clock.n_steps:
            what = f"hour {end[row]} is not after hour {first[row]} within {clock.n_steps} hours"
            reader.add("maintenance", row + 2, "end", what, "give the first hour after the repair")
            continue
        out.setdefault(int(unit[row]), np.zeros(clock.n_steps, dtype=bool))[first[row] : end[row]] = True
    return out


def _hours(reader: FrameReader, frame: pd.DataFrame, column: str, clock: Clock) -> I8:
    """(n_rows,) hours of the horizon, -1 where there is a problem."""
    import pandas as pd

    found = np.full(len(frame), -1, dtype=np.int64)
    for row, cell in enumerate(frame[column]):
        if isinstance(cell, int | float | np.integer | np.floating) and not pd.isna(cell):
            hour = float(cell)
        else:
            stamp = pd.to_datetime(cell, errors="coerce")
            hour = np.nan if not isinstance(stamp, pd.Timestamp) else _since(stamp, clock)
        if not (0.0 <= hour <= clock.n_steps and hour == np.floor(hour)):
            mend = f"give a time stamp, or an hour from 0 to {clock.n_steps}"
            reader.add("maintenance", row + 2, column, f"{cell} is no hour of the horizon", mend)
            continue
        found[row] = int(hour)
    return found


def _since(stamp: pd.Timestamp, clock: Clock) -> float:
    first = clock.stamps[0] if clock.stamps is not None else clock.start
    if (stamp.tz is None) != (first.tz is None):
        stamp = stamp.tz_localize(None) if first.tz is None else stamp.tz_localize(first.tz)
    return float((stamp - first) / clock.step)


def placed_repairs(
    weeks: F8, capacity_mw: F8, unit_area: I4, load_mw: F8, expected_mw: F8, clock: Clock
) -> dict[int, NDArray[np.bool_]]:
    """(n_hours,) by machine, hours of repairs placed as those of a network: one after the other, the largest energy
    first, each in the weeks of which the highest loaded is then the least loaded (levelised reserve).

    weeks, capacity_mw : (n_units,);  load_mw, expected_mw : (n_hours, n_areas), load and what machines with a profile
        give of it
    """
    week = round(WEEK_H / clock.step_h)
    n_weeks = max(clock.n_steps // week, 1)
    net_mw = load_mw - expected_mw
    both = np.column_stack([net_mw.sum(axis=1), net_mw])
    ends = [*range(week, n_weeks * week, week), clock.n_steps]
    level = np.array([both[a:b].max(axis=0) for a, b in zip([0, *ends[:-1]], ends, strict=True)]).T
    peak_mw = np.concatenate([[load_mw.sum(axis=1).max()], load_mw.max(axis=0)])
    level /= np.where(peak_mw > 0.0, peak_mw, 1.0)[:, None]
    out: dict[int, NDArray[np.bool_]] = {}
    for unit in np.lexsort((np.arange(len(weeks)), -capacity_mw * weeks)).tolist():
        if not weeks[unit] > 0.0:
            continue
        length = min(int(np.ceil(weeks[unit])), n_weeks)
        area = 1 + int(unit_area[unit])
        places = [0, area] if len(peak_mw) > 2 and peak_mw[area] > 0.0 else [0]
        windows = np.lib.stride_tricks.sliding_window_view(level[places].sum(axis=0), length)
        worst, mean = windows.max(axis=1).round(9), windows.mean(axis=1).round(9)
        first = int(np.lexsort((np.arange(len(windows)), mean, worst))[0])
        for place in places:
            level[place, first : first + length] += capacity_mw[unit] / max(float(peak_mw[place]), 1e-9)
        hours = np.zeros(clock.n_steps, dtype=bool)
        hours[first * week : first * week + round(weeks[unit] * week)] = True
        out[unit] = hours
    return out
