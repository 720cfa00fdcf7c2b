"""Frames of what is planned or assumed beside machines and load."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gridsim.errors import InputError
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.reliability.frame_reader import FrameReader


def read_forecast(reader: FrameReader, given: Any) -> LoadForecast | None:
    """Error of the load forecast from a frame of steps, from a standard deviation, or as it is."""
    if given is None or isinstance(given, LoadForecast):
        return given
    if not isinstance(given, pd.DataFrame):
        try:
            return LoadForecast(stdev=float(given))
        except (TypeError, ValueError):
            reader.add("load_forecast", 0, "", f"{given!r} is no number", "give a standard deviation, or steps")
        except InputError as refused:
            reader.problems += refused.problems
        return None
    if not reader.require("load_forecast", given, ("error", "probability"), ()):
        return None
    before = len(reader.problems)
    error = reader.numbers("load_forecast", given, "error", low=-1.0, high=1.0, mend="a share of the load")
    chance = reader.numbers("load_forecast", given, "probability", high=1.0, mend="a probability")
    if len(reader.problems) > before:
        return None
    try:
        return LoadForecast(tuple(error), tuple(chance))
    except InputError as refused:
        reader.problems += refused.problems
        return None
