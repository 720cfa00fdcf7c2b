"""Hour by hour over generated years: what a copper plate lacks, what the day's plan buys, and what neighbours add."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import gridsim
from gridsim.kernels.availability import draw_outages
from gridsim.model.pack_outages import outage_model

MONTHS = tuple(range(1, 13))
MOST_INTERVALS = 100_000


def ledger(system: gridsim.GridSystem, years: int, seed: int = 1) -> pd.DataFrame:
    """GWh a year by month (index), losses included: load, imported, unserved, with the imports that are likely.

    The plan buys under contract what the own reserve lacks; help beyond it serves what is then still missing.
    """
    total = np.zeros((3, 12))
    for year in range(years):
        total += _year(system, seed, year)
    return pd.DataFrame(total.T / years, index=list(MONTHS), columns=["load", "imported", "unserved"])


def _year(system: gridsim.GridSystem, seed: int, year: int) -> NDArray[np.float64]:
    adequacy = gridsim.system_from_grid(system, "likely", (seed, year))
    n_hours, components = adequacy.n_hours, adequacy.unit_component
    of = {"border": np.zeros(n_hours), "border_support": np.zeros(n_hours), "own": np.zeros(n_hours)}
    kinds = [component.kind if component.kind in of else "own" for component in components]
    for kind, mw, profile in zip(kinds, adequacy.unit_mw, adequacy.unit_profile, strict=True):
        of[kind] += mw if profile is None else profile
    for unit, first, end, lost in _outages(components, seed, year, n_hours):
        profile = adequacy.unit_profile[unit]
        whole = adequacy.unit_mw[unit] if profile is None else profile[first:end]
        of[kinds[unit]][first:end] -= lost * whole
    load_mw = adequacy.load_mw.sum(axis=1)
    left_mw = of["own"] - load_mw
    reserve_mw = sum(system.reserve_mw) / (1.0 + system.loss_share)
    bought_mw = np.clip(reserve_mw - left_mw, 0.0, of["border"])
    help_mw = np.clip(-(left_mw + bought_mw), 0.0, of["border_support"])
    unserved_mw = np.clip(-(left_mw + of["border"] + of["border_support"]), 0.0, None)
    month = np.asarray(pd.date_range(adequacy.start, periods=n_hours, freq="h").month)
    parts = (load_mw, bought_mw + help_mw, unserved_mw)
    return np.array([[part[month == m].sum() for m in MONTHS] for part in parts]) * (1.0 + system.loss_share) / 1e3


def _outages(
    components: tuple[gridsim.Component, ...], seed: int, sample: int, n_hours: int
) -> list[tuple[int, int, int, float]]:
    """Unit, first and end hour, share lost of each outage; those of one unit do not overlap."""
    model = outage_model(components, (), n_hours)
    unit, first, end = (np.empty(MOST_INTERVALS, dtype=np.int32) for _ in range(3))
    lost = np.empty(MOST_INTERVALS)
    n = draw_outages(
        model=model, seed=np.uint64(seed), sample=np.uint64(sample), n_hours=n_hours,
        batch=np.empty((4, len(model.batch_block))), component_out=unit, first_out=first, end_out=end, lost_out=lost,
    )  # fmt: skip
    assert 0 <= n < MOST_INTERVALS
    return list(zip(unit[:n].tolist(), first[:n].tolist(), end[:n].tolist(), lost[:n].tolist(), strict=True))
