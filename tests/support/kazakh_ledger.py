"""Hour by hour over generated years: what a copper plate lacks, what the day's plan buys, and what neighbours add."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import gridsim
from gridsim.model.pack_outages import drawn_outages

MONTHS = tuple(range(1, 13))


def ledger(system: gridsim.GridSystem, years: int, seed: int = 1) -> pd.DataFrame:
    """GWh a year by month (index), losses included: load, imported, deviations, unserved, imports as they are likely.

    The plan buys under contract what the own reserve lacks; help beyond it serves what is then still missing.
    Deviations are what comes in beside both because the load is not as forecast; as much goes out in other hours.
    """
    total = np.zeros((4, 12))
    for year in range(years):
        total += _year(system, seed, year)
    return pd.DataFrame(total.T / years, index=list(MONTHS), columns=["load", "imported", "deviations", "unserved"])


def deviations_mw(system: gridsim.GridSystem, load_mw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean inflow of an hour from the error of the load forecast, within the band that neighbours take unpaid.

    Half of the normal error is inflow, cut off at the band: the mean of min(max(error, 0), band).
    """
    error_mw = system.planning_day.load_forecast_error * load_mw
    band_mw = float(system.borders.balancing_mw[system.borders.in_service].sum())
    at_band = band_mw / error_mw
    density = np.exp(-0.5 * at_band**2) / math.sqrt(2 * math.pi)
    beyond = 0.5 * np.vectorize(math.erfc)(at_band / math.sqrt(2))
    return np.asarray(error_mw * (1 / math.sqrt(2 * math.pi) - density) + band_mw * beyond)


def worst_days_mw(system: gridsim.GridSystem, month: int, years: int, seed: int = 1) -> NDArray[np.float64]:
    """(years,) largest mean over a day of the month of what own machines leave short, losses included."""
    worst = np.zeros(years)
    for year in range(years):
        hours = _hours(system, seed, year)
        short_mw = np.clip(hours.load_mw - hours.own_mw, 0.0, None)[hours.month == month]
        worst[year] = short_mw.reshape(-1, 24).mean(axis=1).max()
    return worst * (1.0 + system.loss_share)


class _Hours(NamedTuple):
    """Hours of a year, MW at the buses. contract_mw, support_mw: what neighbours would give."""

    load_mw: NDArray[np.float64]
    own_mw: NDArray[np.float64]
    contract_mw: NDArray[np.float64]
    support_mw: NDArray[np.float64]
    month: NDArray[np.int64]


def _hours(system: gridsim.GridSystem, seed: int, year: int) -> _Hours:
    adequacy = gridsim.system_from_grid(system, "likely", (seed, year))
    n_hours, components = adequacy.n_hours, adequacy.unit_component
    of = {"border": np.zeros(n_hours), "border_support": np.zeros(n_hours), "own": np.zeros(n_hours)}
    kinds = [component.kind if component.kind in of else "own" for component in components]
    for kind, mw, profile in zip(kinds, adequacy.unit_mw, adequacy.unit_profile, strict=True):
        of[kind] += mw if profile is None else profile
    for unit, first, end, lost in zip(*drawn_outages(components, seed, year, n_hours), strict=True):
        profile = adequacy.unit_profile[unit]
        whole = adequacy.unit_mw[unit] if profile is None else profile[first:end]
        of[kinds[unit]][first:end] -= lost * whole
    month = np.asarray(pd.date_range(adequacy.start, periods=n_hours, freq="h").month)
    return _Hours(adequacy.load_mw.sum(axis=1), of["own"], of["border"], of["border_support"], month)


def _year(system: gridsim.GridSystem, seed: int, year: int) -> NDArray[np.float64]:
    hours = _hours(system, seed, year)
    left_mw = hours.own_mw - hours.load_mw
    reserve_mw = sum(system.reserve_mw) / (1.0 + system.loss_share)
    bought_mw = np.clip(reserve_mw - left_mw, 0.0, hours.contract_mw)
    help_mw = np.clip(-(left_mw + bought_mw), 0.0, hours.support_mw)
    unserved_mw = np.clip(-(left_mw + hours.contract_mw + hours.support_mw), 0.0, None)
    parts = (hours.load_mw, bought_mw + help_mw, deviations_mw(system, hours.load_mw), unserved_mw)
    return (
        np.array([[part[hours.month == m].sum() for m in MONTHS] for part in parts]) * (1.0 + system.loss_share) / 1e3
    )
