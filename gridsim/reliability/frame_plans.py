"""Frames of what is planned or assumed beside machines and load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridsim.errors import InputError
from gridsim.model.outages import Component
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.reliability.frame_reader import OUTAGE_COLUMNS, FrameReader
from gridsim.reliability.frame_times import Clock
from gridsim.reliability.system import LARGEST_MW, Store, UseLimits

if TYPE_CHECKING:
    import pandas as pd


def read_forecast(reader: FrameReader, given: Any) -> LoadForecast | None:
    """Error of the load forecast from a frame of steps, from a standard deviation, or as it is."""
    import pandas as pd

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


def read_limited(
    reader: FrameReader, table: str, frame: pd.DataFrame, clock: Clock, *, is_last: bool
) -> tuple[tuple[Store, ...], tuple[Component, ...]]:
    """Stores that nothing charges, with the limits of their use; their buses are to be set."""
    counted = ("calls", "hours") if is_last else ()
    columns = ("name", "p_max_mw") if is_last else ("name", "p_max_mw", "energy_mwh")
    optional = ("energy_mwh", *counted) if is_last else ()
    if not reader.require(table, frame, columns, (*optional, "period_h", "bus", "area", *OUTAGE_COLUMNS)):
        return (), ()
    names = reader.names(table, frame)
    horizon_h = clock.n_steps * clock.step_h
    p_mw = reader.numbers(table, frame, "p_max_mw", low_open=True, high=LARGEST_MW, mend="give the power in MW")
    of_period = "give what a period may have of it, or leave it empty"
    limit = {
        column: reader.numbers(table, frame, column, low_open=True, default=np.inf, mend=of_period)
        for column in ("energy_mwh", "calls", "hours")
    }
    period_h = reader.numbers(table, frame, "period_h", default=0.0, mend="give whole hours")
    made = []
    for row, name in enumerate(names):
        period = float(period_h[row])
        if period != np.floor(period):
            reader.add(
                table, row + 2, "period_h", f"{period:g} is not whole", "give whole hours, for instance 24 or 168"
            )
            continue
        if is_last and all(np.isinf(values[row]) for values in limit.values()):
            reader.add(table, row + 2, "energy_mwh", "nothing limits it", "give energy_mwh, calls or hours")
        # no period holds more: a bound for the order of discharge, which goes by hours to go
        most_h = min(float(limit["hours"][row]), period or horizon_h, horizon_h)
        energy_mwh = min(float(limit["energy_mwh"][row]), float(p_mw[row]) * most_h)
        limits = UseLimits(float(limit["calls"][row]), float(limit["hours"][row]), int(period), is_last)
        made.append(
            Store(
                name=name,
                bus=0,
                charge_mw=0.0,
                discharge_mw=float(p_mw[row]),
                energy_mwh=energy_mwh,
                efficiency_charge=1.0,
                efficiency_discharge=1.0,
                energy_start_mwh=energy_mwh,
                carryover=1.0,
                limits=limits,
            )
        )
    return tuple(made), reader.components(table, table, frame)
