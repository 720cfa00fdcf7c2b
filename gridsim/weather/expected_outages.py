"""Machines expected to be out by month, from MTTF, MTTR and planned repair, and the rows of typical.csv."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.maintenance import planned_outage
from gridsim.model.system import MONTHS, GridSystem
from gridsim.model.table import F8
from gridsim.model.typical import placing, typical_groups
from gridsim.weather.response import failure_rates

_DAYS_OF_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_LEAST_MW = 0.05  # the table has tenths of a MW


class TypicalRow(NamedTuple):
    """One row of typical.csv; no ``generator``: every other machine of the zone and technology alike."""

    month: int
    zone: str
    technology: str
    generator: str
    lost_mw: float


def failed_share(system: GridSystem) -> F8:
    """(n_gens, 12) share of time failed: the base rate, or that of the month's normal temperature on a curve."""
    gens = system.generators
    base = np.nan_to_num(gens.mttr_h / (gens.mttf_h + gens.mttr_h))
    share = np.repeat(base[:, None], MONTHS, axis=1)
    rates = failure_rates(system)
    factor = rates.factors(system.climate.t_mean_c)
    for gen in np.flatnonzero(rates.row >= 0).tolist():
        ratio = rates.largest_per_h[gen] * gens.mttr_h[gen] * factor[rates.row[gen]]
        share[gen] = np.where(np.isnan(ratio), base[gen], ratio / (1.0 + ratio))
    return share


def planned_share(system: GridSystem) -> F8:
    """(n_gens, 12) share of the month in planned repair, those that are not finished in time included."""
    ends = np.cumsum(_DAYS_OF_MONTH)
    days = np.split(planned_outage(system), ends[:-1], axis=1)
    return np.stack([of_month.mean(axis=1) for of_month in days], axis=1)


def expected_lost_mw(system: GridSystem) -> F8:
    """(n_gens, 12) MW expected to be out by month: in planned repair, or failed in the time left."""
    planned = planned_share(system)
    gone = planned + (1.0 - planned) * failed_share(system)
    return np.where(system.generators.in_service, system.generators.p_max_mw, 0.0)[:, None] * gone


def typical_rows(system: GridSystem) -> list[TypicalRow]:
    """The typical fleet of every month: per zone and technology the expected MW out, placed on whole machines first."""
    lost_mw = expected_lost_mw(system)
    gens = system.generators
    rows = []
    for month in range(MONTHS):
        for group in typical_groups(system):
            zone = system.zones[group.zone]
            out, rest_mw = placing(system, group, float(lost_mw[group.gens, month].sum()))
            for gen in out.tolist():
                row = TypicalRow(month + 1, zone, group.technology, str(gens.name[gen]), float(gens.p_max_mw[gen]))
                rows.append(row)
            if rest_mw >= _LEAST_MW:
                rows.append(TypicalRow(month + 1, zone, group.technology, "", round(rest_mw, 1)))
    return rows
