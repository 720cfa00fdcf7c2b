"""Load by area or bus, and the place of every row of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.reliability.frame_reader import FrameReader

if TYPE_CHECKING:
    import pandas as pd

I4 = NDArray[np.int32]


def read_load(reader: FrameReader, load_mw: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(load_mw, pd.Series):
        load_mw = load_mw.to_frame("system")
    frame = load_mw if isinstance(load_mw, pd.DataFrame) else pd.DataFrame({"system": np.asarray(load_mw).reshape(-1)})
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        reader.add("load_mw", 0, "", "no load", "give one value in MW for each hour")
        reader.finish()
    if reader.repeated("load_mw", frame, "add them up: one column per area (or bus)"):
        reader.finish()
    for column in frame.columns:
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
        for row in np.flatnonzero(~np.isfinite(values))[:3]:
            cell = frame[column].iloc[row]
            reader.add("load_mw", int(row) + 2, str(column), f"{cell} is not a finite number", "give the load in MW")
        for row in np.flatnonzero(values < 0)[:3]:
            reader.add("load_mw", int(row) + 2, str(column), f"{values[row]:g} is not >= 0", "model it as a machine")
    reader.finish()
    frame = frame.astype(np.float64)
    if not frame.to_numpy().any():
        reader.add("load_mw", 0, "", "zero in every hour", "a system without load has no adequacy; give its load in MW")
    return frame


def read_places(reader: FrameReader, table: str, frame: pd.DataFrame, column: str, places: Sequence[str]) -> I4:
    if column in frame.columns:
        return reader.positions(table, frame, column, places, f"{column} of the load")
    if len(places) > 1:
        reader.add(table, 1, column, "missing", f"the load has {len(places)} places: say where each row stands")
    return np.zeros(len(frame), dtype=np.int32)
