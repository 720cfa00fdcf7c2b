"""Planned repairs and expected available MW by month: part of what `gridsim show` prints."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from gridsim.model.maintenance import MONTH_OF_DAY, day_of_year, overrun, planned_outage
from gridsim.model.system import MONTHS, GridSystem
from gridsim.model.table import F8
from gridsim.report.text_table import TextTable
from gridsim.weather.normal import NormalWeather

EVENING_H = 18
_MID_MONTH = 15
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def maintenance_summary(system: GridSystem) -> dict[str, Any]:
    """MW in planned repair, mean of each month; MW expected to be available in the evening; {} if none is planned."""
    planned = planned_outage(system)
    if not planned.any():
        return {}
    zone = system.bus_zone_name[system.generators.bus]
    month_mw = _by_month(system, planned)
    return {
        "planned_mw": _rounded(month_mw.sum(axis=0)),
        "planned_mw_by_zone": {name: _rounded(month_mw[zone == name].sum(axis=0)) for name in np.unique(zone).tolist()},
        "overrun_mw": _rounded(_by_month(system, overrun(system)).sum(axis=0)),
        "expected_available_mw": _rounded(
            np.array([expected_available_mw(system, evening(system, month)).sum() for month in range(1, MONTHS + 1)])
        ),
    }


def evening(system: GridSystem, month: int) -> dt.datetime:
    """18:00 of the first working day from the 15th of a month."""
    time = dt.datetime(system.base_year or 2025, month, _MID_MONTH, EVENING_H)
    while time.weekday() > 4:
        time += dt.timedelta(days=1)
    return time


def expected_available_mw(system: GridSystem, time: dt.datetime) -> F8:
    """(n_gens,) expected MW in normal weather: p_max, times what profile and heat leave, forced outages and repairs.

    Forced outages at their base rates, MTTF / (MTTF + MTTR) of the time available.
    """
    gens = system.generators
    fails = np.isfinite(gens.mttf_h)
    up = np.where(fails, gens.mttf_h, 1.0) / np.where(fails, gens.mttf_h + gens.mttr_h, 1.0)
    day = int(day_of_year(np.array(time.month), np.array(time.day)))
    left = 1.0 - planned_outage(system)[:, day]
    share = NormalWeather(system).at(time).gen_share
    return np.where(gens.in_service, gens.p_max_mw, 0.0) * share * up * left


def maintenance_table(summary: dict[str, Any]) -> TextTable:
    """A row each month."""
    zones = summary["planned_mw_by_zone"] if len(summary["planned_mw_by_zone"]) > 1 else {}
    columns = [*zones.values(), *(summary[key] for key in ("planned_mw", "overrun_mw", "expected_available_mw"))]
    return TextTable(
        ("repair MW", *zones, "all", "overrun", f"available at {EVENING_H}:00"),
        tuple((name, *(f"{column[k]:,.0f}" for column in columns)) for k, name in enumerate(_MONTH_NAMES)),
    )


def _by_month(system: GridSystem, share: F8) -> F8:
    """(n_gens, 12) MW out, mean of the month's days."""
    gens = system.generators
    mw = np.where(gens.in_service, gens.p_max_mw, 0.0)[:, None] * share
    return np.stack([mw[:, month == MONTH_OF_DAY].mean(axis=1) for month in range(MONTHS)], axis=1)


def _rounded(values: F8) -> list[float]:
    return [round(float(value), 1) for value in values]
