"""One sampler per level and method: packs a system once, then turns a run of sample numbers into totals and events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.availability import count_overlap_hours
from gridsim.kernels.shortfall import (
    EVENT_SCOPE,
    N_EVENT_COLUMNS,
    N_SHORT_COLUMNS,
    N_TOTALS,
    Recorder,
    copper_samples,
)
from gridsim.kernels.zonal import zonal_samples
from gridsim.model.outages import Component
from gridsim.model.pack_outages import causes_alone, outage_model
from gridsim.model.system import EXTERNAL
from gridsim.reliability.areas import areas_of
from gridsim.reliability.pack import of_one_type, supply_case, zonal_case, zonal_components
from gridsim.reliability.system import AdequacySystem, NetworkDetail
from gridsim.results.adequacy import PEOPLE

F8 = NDArray[np.float64]

COPPER_TOLERANCE_MW = 1e-6
NETWORK_TOLERANCE_MW = 1e-4


class SampleSource(Protocol):
    """Sampler of one level, as ``assess`` uses it.

    ``scopes``: names, ``system`` first;  ``demand_mwh``: (n_scopes,);  ``block_size``: samples per block.
    ``run`` draws samples ``first`` .. ``first + n - 1``; it is called from several threads at once.
    """

    scopes: tuple[str, ...]
    demand_mwh: F8
    block_size: int
    default_job_blocks: int

    def run(self, first: int, n: int) -> Samples: ...

    def diagnostics(self) -> dict[str, int]: ...


class Samples(NamedTuple):
    """Results of one job, rows in order of sample.

    total : (n_samples, n_scopes, 5) f8;  event : (n_events, 6) f8;  short_day : (n_days, 3) f8, days on which the
    system is short (sample, day, MWh)
    """

    total: F8
    event: F8
    short_day: F8


def drawn(total: F8, recorder: Recorder) -> Samples:
    """A finished job."""
    return Samples(
        total,
        recorder.event[: int(recorder.n_events[0])].copy(),
        recorder.short_day[: int(recorder.n_short_days[0])].copy(),
    )


def without_events(total: F8) -> Samples:
    """Snapshots have no chronology."""
    return Samples(total, np.empty((0, N_EVENT_COLUMNS)), np.empty((0, N_SHORT_COLUMNS)))


def longer(recorder: Recorder) -> Recorder:
    """The same rows in tables of twice the length."""
    n_events, n_days = int(recorder.n_events[0]), int(recorder.n_short_days[0])
    larger = new_recorder(len(recorder.total), 2 * len(recorder.event))
    larger.event[:n_events] = recorder.event[:n_events]
    larger.n_events[0] = n_events
    larger.short_day[:n_days] = recorder.short_day[:n_days]
    larger.n_short_days[0] = n_days
    return larger


def new_recorder(n_scopes: int, n_rows: int) -> Recorder:
    """Scratch for one job."""
    return Recorder(
        total=np.zeros((n_scopes, N_TOTALS)),
        last_hour=np.zeros(n_scopes, dtype=np.int64),
        last_day=np.zeros(n_scopes, dtype=np.int64),
        open_event=np.zeros((n_scopes, 4)),
        event=np.empty((n_rows, N_EVENT_COLUMNS)),
        n_events=np.zeros(1, dtype=np.int64),
        short_day=np.empty((n_rows, N_SHORT_COLUMNS)),
        n_short_days=np.zeros(1, dtype=np.int64),
        mark=np.zeros(2, dtype=np.int64),
    )


class Chronology:
    """Outages of a chronological sampler, with the hours of overlapping common causes.

    ``overlap_h``: component-hours derated by two outages of common causes in the ``n_drawn`` samples drawn so far, the
    work past a stop included.
    """

    def __init__(self, system: AdequacySystem, components: tuple[Component, ...]) -> None:
        arguments = (components, system.common_causes, system.n_hours, system.temperature_class)
        self.model = of_one_type(outage_model(*arguments))
        self._causes = of_one_type(causes_alone(*arguments)) if system.common_causes else None
        self._n_hours = system.n_hours
        self._lock = threading.Lock()
        self.overlap_h = 0
        self.n_drawn = 0

    def note_overlaps(self, seed: np.uint64, first: int, n: int) -> None:
        """Count the samples ``first`` .. ``first + n - 1``; called from several threads at once."""
        if self._causes is None:
            return
        overlap_h = count_overlap_hours(self._causes, seed, first, n, self._n_hours)
        with self._lock:
            self.overlap_h += overlap_h
            self.n_drawn += n

    def diagnostics(self) -> dict[str, int]:
        """Nothing without common causes."""
        if self._causes is None:
            return {}
        return {"common_cause_overlap_h": self.overlap_h, "years_drawn": self.n_drawn}


class _Chronological:
    """A chronological level without diagnostics of its own."""

    chronology: Chronology

    def diagnostics(self) -> dict[str, int]:
        return self.chronology.diagnostics()


class CopperYears(_Chronological):
    """Chronological years without a network."""

    block_size: int = 256
    default_job_blocks = 16

    def __init__(self, system: AdequacySystem, seed: int, skip: bool) -> None:
        components = system.unit_component
        self.chronology = Chronology(system, components)
        place = np.zeros(len(system.buses), dtype=np.int32)
        self.case = of_one_type(supply_case(system, place, 1, len(components), COPPER_TOLERANCE_MW))
        self.scopes: tuple[str, ...] = ("system",)
        self.demand_mwh = np.array([system.demand_mwh])
        self.seed = np.uint64(seed)
        self.skip = skip

    def run(self, first: int, n: int) -> Samples:
        model = self.chronology.model
        self.chronology.note_overlaps(self.seed, first, n)

        def sample(start: int, count: int, recorder: Recorder, total: F8) -> int:
            return copper_samples(self.case, model, self.seed, start, count, self.skip, recorder, total)

        return _with_events(sample, first, n, 1)


def _with_events(sample: Callable[[int, int, Recorder, F8], int], first: int, n: int, n_scopes: int) -> Samples:
    """Run a kernel that stops when a table of its recorder is full, growing them until all samples are done."""
    total = np.empty((n, n_scopes, N_TOTALS))
    recorder = new_recorder(n_scopes, 4 * n * n_scopes + 1024)
    done = 0
    while True:
        done += sample(first + done, n - done, recorder, total[done:])
        if done == n:
            return drawn(total, recorder)
        recorder = longer(recorder)


class ZonalYears(_Chronological):
    """Chronological years of areas with interfaces and stores; ``merged``: one area, the copper plate with stores.

    ``base_flow`` as of ``zonal_case``: worth its cost to a sampler that draws hundreds of years; it changes no result.
    """

    block_size = 32
    default_job_blocks = 8

    def __init__(self, system: AdequacySystem, seed: int, skip: bool, *, merged: bool, base_flow: bool = True) -> None:
        areas = areas_of(system, merged=merged)
        self.chronology = Chronology(system, zonal_components(system, areas))
        tolerance_mw = COPPER_TOLERANCE_MW if merged else NETWORK_TOLERANCE_MW
        self.case = of_one_type(zonal_case(system, areas, tolerance_mw, base_flow=base_flow and skip))
        self.bus_area = areas.bus_area
        self.scopes, self.demand_mwh = zone_scopes(system, merged)
        self.seed = np.uint64(seed)
        self.skip = skip

    def run(self, first: int, n: int) -> Samples:
        model = self.chronology.model
        self.chronology.note_overlaps(self.seed, first, n)

        def sample(start: int, count: int, recorder: Recorder, total: F8) -> int:
            return zonal_samples(self.case, model, self.seed, start, count, self.skip, recorder, total)

        n_recorded = 2 + self.case.n_zones
        samples = _with_events(sample, first, n, n_recorded)
        kept = recorded_scopes(self.scopes, n_recorded)
        number = np.full(n_recorded, -1)
        number[kept] = np.arange(len(kept))
        scope = number[samples.event[:, EVENT_SCOPE].astype(np.int64)]
        event = samples.event[scope >= 0]
        event[:, EVENT_SCOPE] = scope[scope >= 0]
        return samples._replace(total=np.ascontiguousarray(samples.total[:, kept]), event=event)


def zone_scopes(system: AdequacySystem, merged: bool) -> tuple[tuple[str, ...], F8]:
    """Names of the scopes and the demand energy of each, MWh; the area abroad, the last one, has none.

    ``people`` is the last scope, where the classes of load say who they are.
    """
    if merged:
        return ("system",), np.array([system.demand_mwh])
    by_area = np.bincount(system.bus_area, weights=system.load_mw.sum(axis=0), minlength=len(system.areas))
    n_areas = len(system.areas) - (system.areas[-1] == EXTERNAL and by_area[-1] == 0.0)
    names = ("system", *(f"zone:{area}" for area in system.areas[:n_areas]))
    energy = np.append(system.demand_mwh, by_area[:n_areas])
    if system.detail is None or system.detail.part_people is None:
        return names, energy
    return (*names, PEOPLE), np.append(energy, people_mwh(system.detail))


def people_mwh(detail: NetworkDetail) -> float:
    """Demand of the horizon that is of households and services, that which buys by price left out."""
    assert detail.part_people is not None
    demand = detail.demand
    felt_mw = demand.mw * detail.part_people * detail.class_counts[demand.tier]
    return float(felt_mw @ demand.factor.sum(axis=0)[demand.row])


def recorded_scopes(scopes: tuple[str, ...], n_recorded: int) -> list[int]:
    """Places of the scopes among those that the kernel of areas records.

    An area without demand has no scope, the one area of the copper plate repeats the system, people are the last.
    """
    if scopes[-1] != PEOPLE:
        return list(range(len(scopes)))
    return [*range(len(scopes) - 1), n_recorded - 1]
