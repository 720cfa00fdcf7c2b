"""The calendar of a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


YEAR_H = 8760


def times_of(start: pd.Timestamp, n_steps: int, step_h: float = 1.0, *, leap_day: bool = False) -> pd.DatetimeIndex:
    """Start of every step. A 29 February is left out where 8,760 hours hold a year, unless ``leap_day`` says that it
    is one of them.
    """
    import pandas as pd

    step = pd.Timedelta(hours=step_h)
    drops = not leap_day and n_steps * step_h == YEAR_H
    times = pd.date_range(start, periods=n_steps + (round(24.0 / step_h) if drops else 0), freq=step)
    if drops:
        times = times[~((times.month == 2) & (times.day == 29))]
    return times[:n_steps]
