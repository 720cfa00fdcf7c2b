"""Colds that a neighbour shares: days on which its contract may be cut, by the weather of this side of the border.

A day is one of a common cold if the load-weighted mean temperature of it and the day before is below
``common_cold_c``. Whether the contract is cut is drawn once for each row of such days, by the number of its first day.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.rng import stream_id, uniforms
from gridsim.model.system import GridSystem
from gridsim.model.table import F8


def load_weighted_c(system: GridSystem, day_c: F8) -> F8:
    """(n_days,) mean temperature over the loads inside, of daily means (n_sites, n_days); NaN without sites."""
    loads, n_sites = system.loads, len(day_c)
    site = system.buses.weather_site[loads.bus]
    inside = (site >= 0) & (system.buses.zone[loads.bus] >= 0)
    weight = np.bincount(site[inside], weights=loads.p_mw[inside], minlength=n_sites)
    if weight.sum() <= 0:
        return np.full(day_c.shape[1], np.nan)
    return np.asarray(weight @ day_c / weight.sum())


def contract_share(system: GridSystem, day_c: F8, seed: int, year: int) -> F8:
    """(n_borders, n_days) share of its contract that each neighbour delivers.

    day_c : (n_sites, n_days) daily mean temperature from the first day of weather year (``seed``, ``year``), which the
        draws belong to. The day before the first is taken to be like it.
    """
    support = system.border_support
    share = np.ones((len(system.borders), day_c.shape[1]))
    felt_c = load_weighted_c(system, day_c)
    two_day_c = 0.5 * (felt_c + np.concatenate([felt_c[:1], felt_c[:-1]]))
    for row in range(len(support)):
        cold = two_day_c < support.common_cold_c[row]  # False where either is not known
        begins = np.flatnonzero(cold & ~np.concatenate([[False], cold[:-1]]))
        if not len(begins):
            continue
        name = str(system.borders.name[support.border[row]])
        chance = uniforms(seed, year, stream_id("border", name, "common cold"), day_c.shape[1])
        for begin in begins.tolist():
            length = int(np.argmin(np.append(cold[begin:], False)))
            if chance[begin] < support.cut_probability[row]:
                share[support.border[row], begin : begin + length] *= 1.0 - support.cut_share[row]
    return share
