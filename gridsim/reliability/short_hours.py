"""Hours of sample years that are short, kept with their outages: evaluated anew for another load without drawing again.

An hour that is served stays so with less load or more capacity anywhere (a larger cut of a maximum flow; Ford and
Fulkerson 1956). So the hours that are short under the largest load of a search hold all that are short under any other.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.kernels.shortfall import (
    ENERGY,
    EVENT_DURATION,
    EVENT_SAMPLE,
    EVENT_SCOPE,
    EVENT_START,
    EVENTS,
    HOURS,
    N_TOTALS,
    SupplyCase,
)
from gridsim.kernels.zonal import zonal_states
from gridsim.kernels.zonal_case import ZonalCase
from gridsim.reliability.samplers import CopperYears, ZonalYears
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
Years = CopperYears | ZonalYears

CHUNK = 4096  # hours evaluated at a time: their totals take 2 MB


class ShortHours(NamedTuple):
    """Short hours of the sample years 0 .. n_years - 1, in their order.

    sample : (n,) i8;  hour : (n,) i4;  lost : (n, n_areas + n_ties) f8, MW lost in each area, then circuits out of
    each tie
    """

    sample: I8
    hour: I4
    lost: F8
    n_years: int

    def chosen(self, which: NDArray[np.bool_]) -> ShortHours:
        """Some of the hours, of the same years."""
        return ShortHours(self.sample[which], self.hour[which], self.lost[which], self.n_years)


def hours_stand_alone(system: AdequacySystem) -> bool:
    """Whether the shortage of an hour follows from its load and outages: nothing stored, no two causes of an outage."""
    return system.step_h == 1.0 and system.load_forecast is None and not system.stores and not system.common_causes


def record_short_hours(years: Years, n: int, executor: Executor, first: int = 0) -> ShortHours:
    """Draw the sample years ``first`` .. ``first + n - 1`` and keep their short hours."""
    job = years.default_job_blocks * years.block_size
    firsts = range(first, first + n, job)
    parts = list(executor.map(lambda start: _record(years, start, min(job, first + n - start)), firsts))
    return joined(parts)


def joined(parts: list[ShortHours]) -> ShortHours:
    """Successive runs of sample years as one."""
    return ShortHours(
        np.concatenate([part.sample for part in parts]),
        np.concatenate([part.hour for part in parts]),
        np.concatenate([part.lost for part in parts]),
        sum(part.n_years for part in parts),
    )


def _record(years: Years, first: int, n: int) -> ShortHours:
    event = years.run(first, n).event
    event = event[event[:, EVENT_SCOPE] == 0].astype(np.int64)
    duration = event[:, EVENT_DURATION]
    sample = np.repeat(event[:, EVENT_SAMPLE], duration)
    since_start = np.arange(len(sample)) - np.repeat(np.cumsum(duration) - duration, duration)
    hour = (np.repeat(event[:, EVENT_START], duration) + since_start).astype(np.int32)
    outages = _Outages(years)
    drawn, starts = np.unique(sample, return_index=True)
    stops = np.append(starts, len(sample))[1:]
    lost = np.empty((len(sample), outages.n_columns))
    for of, start, stop in zip(drawn.tolist(), starts.tolist(), stops.tolist(), strict=True):
        lost[start:stop] = outages.at(of, hour[start:stop])
    return ShortHours(sample, hour, lost, n)


class Places:
    """Places of a case at which outages are felt: its areas, then its ties. ``n_columns`` of them."""

    def __init__(self, case: SupplyCase | ZonalCase) -> None:
        self.supply = _supply(case)
        element_area = self.supply.element_area
        self._units = np.flatnonzero(element_area >= 0)
        n_areas = len(self.supply.margin_mw)
        self._in_area = (element_area[self._units] == np.arange(n_areas)[:, None]).astype(np.float64)
        self._in_tie = np.zeros((0, len(element_area)))
        if isinstance(case, ZonalCase):
            circuits = case.circuit_interface
            self._in_tie = np.zeros((len(case.interface_from), len(element_area)))
            self._in_tie[circuits, case.first_circuit + np.arange(len(circuits))] = 1.0
        self.n_columns = n_areas + len(self._in_tie)

    def lost(self, share: F8, hour: I4) -> F8:
        """(n_hours, n_areas + n_ties) MW lost in each area and circuits out of each tie in the hours.

        share : (n_elements, n_hours) of each element lost
        """
        supply = self.supply
        row = supply.element_row[self._units]
        capacity_mw = np.repeat(supply.element_mw[self._units, None], len(hour), axis=1)
        capacity_mw[row >= 0] = supply.profile_mw[row[row >= 0]][:, hour]
        in_areas = self._in_area @ (share[self._units] * capacity_mw)
        return np.asarray(np.concatenate([in_areas, self._in_tie @ share]).T)


class _Outages:
    """Losses by area and tie of the chosen hours of a sample year."""

    def __init__(self, years: Years) -> None:
        self._years = years
        self._places = Places(years.case)
        self.n_columns = self._places.n_columns
        n_blocks = years.chronology.model.batch_block.shape[0]
        self._table = new_outage_table(n_blocks, 4 * n_blocks + 64)

    def at(self, sample: int, hour: I4) -> F8:
        """(n_hours, n_areas + n_ties)."""
        supply = self._places.supply
        model = self._years.chronology.model
        self._table, n = draw_year(model, self._years.seed, sample, supply.n_hours, self._table)
        table = self._table
        n_elements = len(supply.element_area)
        first, end = np.searchsorted(hour, table.first[:n]), np.searchsorted(hour, table.end[:n])
        felt = np.flatnonzero((first < end) & (table.component[:n] < n_elements))
        element, lost = table.component[felt], table.lost[felt]
        change = np.zeros((n_elements, len(hour) + 1))
        np.add.at(change, (element, first[felt]), lost)
        np.add.at(change, (element, end[felt]), -lost)
        return self._places.lost(np.cumsum(change, axis=1)[:, :-1], hour)


def _supply(case: SupplyCase | ZonalCase) -> SupplyCase:
    return case.supply if isinstance(case, ZonalCase) else case


def shortage_mw(case: SupplyCase | ZonalCase, hours: ShortHours) -> F8:
    """(n,) shortage of the system in the hours, with the loads and limits of ``case`` and the outages of the hours."""
    if isinstance(case, SupplyCase):
        short_mw = hours.lost[:, 0] - case.margin_mw[0, hours.hour]
        return np.where(short_mw > case.tolerance_mw, short_mw, 0.0)
    by_place = _with_losses_by_place(case)
    short_mw = np.empty(len(hours.hour))
    for start in range(0, len(short_mw), CHUNK):
        chosen = slice(start, start + CHUNK)
        hour = hours.hour[chosen]
        total = np.zeros((len(hour), 2 + case.n_zones, N_TOTALS))
        weight = np.full(len(hour), 1.0 / case.supply.n_hours)
        zonal_states(by_place, hour, hours.lost[chosen], weight, total)
        short_mw[chosen] = total[:, 0, ENERGY]
    return short_mw


def _with_losses_by_place(case: ZonalCase) -> ZonalCase:
    """The case with an element of 1 MW for each area and one circuit for each tie; nothing is shared by classes."""
    n_areas, n_ties = len(case.supply.margin_mw), len(case.interface_from)
    supply = case.supply._replace(
        element_area=np.append(np.arange(n_areas), np.full(n_ties, -1)).astype(np.int32),
        element_mw=np.append(np.ones(n_areas), np.zeros(n_ties)),
        element_row=np.full(n_areas + n_ties, -1, dtype=np.int32),
    )
    return case._replace(
        supply=supply,
        first_circuit=n_areas,
        first_store=n_areas + n_ties,
        circuit_interface=np.arange(n_ties, dtype=np.int32),
        n_tiers=0,
    )


def year_totals(hours: ShortHours, short_mw: F8) -> F8:
    """(n_years, 5) totals of the sample years: hours, events and MWh."""
    total = np.zeros((hours.n_years, N_TOTALS))
    short = short_mw > 0.0
    sample, hour = hours.sample[short], hours.hour[short]
    begins = np.ones(len(sample), dtype=bool)
    begins[1:] = (sample[1:] != sample[:-1]) | (hour[1:] != hour[:-1] + 1)
    total[:, HOURS] = np.bincount(sample, minlength=hours.n_years)
    total[:, EVENTS] = np.bincount(sample[begins], minlength=hours.n_years)
    total[:, ENERGY] = np.bincount(sample, weights=short_mw[short], minlength=hours.n_years)
    return total
