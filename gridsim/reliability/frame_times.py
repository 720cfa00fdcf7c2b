"""Time stamps of frames: the horizon that the load's stamps say, and other frames aligned with it by stamp."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.reliability.frame_reader import FrameReader

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY = "2001-01-01"
EVERY_STEP = "give every step once, in order"


@dataclass(frozen=True)
class Clock:
    """Horizon of the frames. ``stamps`` : start of every step where the load has stamps, else None."""

    start: pd.Timestamp
    step: pd.Timedelta
    n_steps: int
    stamps: pd.DatetimeIndex | None

    @property
    def step_h(self) -> float:
        return self.step / _hour()


def _hour() -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(hours=1)


def read_clock(reader: FrameReader, index: pd.Index, start: Any) -> Clock:
    """The horizon, of hours from ``start`` where the load has no stamps. A step is an hour or a whole part of one."""
    import pandas as pd

    stamps = _stamps(index)
    if stamps is None:
        return Clock(_midnight(reader, FIRST_DAY if start is None else start), _hour(), len(index), None)
    steps = pd.Series(np.diff(stamps.asi8)) if len(stamps) > 1 else pd.Series([_hour().value])
    step = pd.Timedelta(int(steps.median()), unit="ns")
    clock = Clock(stamps[0].tz_localize(None), step, len(index), stamps)
    if not _in_order(reader, "load_mw", stamps, None):
        return clock
    if not _is_part_of_an_hour(step):
        reader.add("load_mw", 0, "", f"stamps are {_told(step)} apart", "give a step of an hour or a whole part of one")
    _in_order(reader, "load_mw", stamps, step)
    _midnight(reader, clock.start)
    if start is not None and pd.to_datetime(start, errors="coerce") != clock.start:
        reader.add(
            "start", 0, "", f"'{start}', but the load begins {clock.start}", "leave start out: the stamps say it"
        )
    return clock


def aligned(reader: FrameReader, table: str, frame: Any, clock: Clock) -> Any:
    """The rows of a frame at the steps of the horizon, by stamp or, where it has none, in their order.

    None after a problem. A frame may have stamps beyond the horizon.
    """
    import pandas as pd

    stamps = _stamps(frame.index) if isinstance(frame, pd.DataFrame | pd.Series) else None
    if stamps is None:
        n = len(frame)
        if n != clock.n_steps:
            reader.add(table, 0, "", f"{n} hours", f"the load has {clock.n_steps}: give as many")
            return None
        return frame
    wanted = clock.stamps
    if wanted is None:
        reader.add(table, 0, "", "has time stamps, the load has none", "give both stamps, or neither")
        return None
    if str(stamps.tz) != str(wanted.tz):
        what = f"stamps are of zone {stamps.tz or 'none'}, the load's of {wanted.tz or 'none'}"
        reader.add(table, 0, "", what, "give all stamps in one zone")
        return None
    if not _in_order(reader, table, stamps, clock.step):
        return None
    place = stamps.get_indexer(wanted)
    if (place < 0).any():
        missing = wanted[place < 0]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        reader.add(table, 0, "", f"lacks {missing[0]}{more} of the load's stamps", "give a row for every one of them")
        return None
    return frame.iloc[place].reset_index(drop=True)


def _stamps(index: pd.Index) -> pd.DatetimeIndex | None:
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    return index.as_unit("ns") if isinstance(index, pd.DatetimeIndex) else None


def _in_order(reader: FrameReader, table: str, stamps: pd.DatetimeIndex, step: pd.Timedelta | None) -> bool:
    """Whether stamps are times in order, each once and ``step`` apart; the first that is not is a problem."""
    import pandas as pd

    if stamps.hasnans:
        reader.add(table, int(np.argmax(stamps.isna())) + 2, "", "no time", EVERY_STEP)
        return False
    gaps = np.diff(stamps.asi8)
    for wrong, what in ((gaps < 0, "is earlier than the row before"), (gaps == 0, "appears twice")):
        if wrong.any():
            row = int(np.argmax(wrong)) + 1
            reader.add(table, row + 2, "", f"{stamps[row]} {what}", EVERY_STEP)
            return False
    if step is None or not (gaps != step.value).any():
        return True
    if len(set(gaps.tolist())) == 1:
        told = _told(pd.Timedelta(int(gaps[0]), unit="ns"))
        reader.add(table, 0, "", f"stamps are {told} apart, the load's {_told(step)}", "give the load's step")
        return False
    row = int(np.argmax(gaps != step.value)) + 1
    what = f"{stamps[row]} follows {stamps[row - 1]} in steps of {_told(step)}"
    reader.add(table, row + 2, "", what, "fill the gap, a 29 February too, or give values without stamps")
    return False


def _is_part_of_an_hour(step: pd.Timedelta) -> bool:
    parts = _hour() / step if step.value > 0 else math.inf
    return parts >= 1.0 and math.isfinite(parts) and abs(parts - round(parts)) < 1e-9


def _told(step: pd.Timedelta) -> str:
    import pandas as pd

    minutes = step / pd.Timedelta(minutes=1)
    return f"{minutes / 60.0:g} h" if minutes >= 60.0 else f"{minutes:g} min"


def _midnight(reader: FrameReader, start: Any) -> pd.Timestamp:
    """The first hour of the horizon; days, months and LOLD are counted from it."""
    import pandas as pd

    first = pd.to_datetime(start, errors="coerce")
    if not isinstance(first, pd.Timestamp):
        reader.add("start", 0, "", f"'{start}' is not a time", "give a day like 2001-01-01")
    elif first != first.normalize():
        reader.add("start", 0, "", f"{first} is not a midnight", "begin at 00:00: days and LOLD are counted from there")
    return first
