"""Error of a load forecast: every sample year has the forecast load times one plus an error of its own."""

from __future__ import annotations

import copy
import dataclasses
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.shortfall import DAY_H
from gridsim.reliability.samplers import CopperYears, Samples, SampleSource, ZonalYears, without_events
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]


def with_load_factor(system: AdequacySystem, factor: float) -> AdequacySystem:
    """The system with all its load times a factor and no error of the forecast left."""
    detail = system.detail
    if detail is not None:
        demand = dataclasses.replace(detail.demand, factor=detail.demand.factor * factor)
        detail = dataclasses.replace(detail, demand=demand)
    return dataclasses.replace(system, load_mw=system.load_mw * factor, detail=detail, load_forecast=None)


class ForecastYears:
    """Years of a sampler, each with a load of its own. ``make`` makes the sampler of a system.

    Demand, which NEUE is relative to, is that of the forecast.
    """

    def __init__(self, system: AdequacySystem, seed: int, make: Callable[[AdequacySystem], SampleSource]) -> None:
        assert system.load_forecast is not None
        self._system, self._forecast, self._seed = system, system.load_forecast, seed
        self._make = make
        self._base = base = make(with_load_factor(system, 1.0))
        self.scopes, self.demand_mwh = base.scopes, base.demand_mwh
        self.block_size, self.default_job_blocks = base.block_size, base.default_job_blocks
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, first: int, n: int) -> Samples:
        """Samples in order, those of one load together."""
        factors = self._forecast.factors(self._seed, first, n)
        parts: dict[int, Samples] = {}
        for factor in np.unique(factors).tolist():
            source = self._with(factor)
            for k in np.flatnonzero(factors == factor).tolist():
                parts[k] = source.run(first + k, 1)
            if not isinstance(source, CopperYears | ZonalYears):
                self._note(source.diagnostics())
        return Samples(*(np.concatenate([parts[k][table] for k in range(n)]) for table in range(3)))

    def _with(self, factor: float) -> SampleSource:
        """The sampler with the load times a factor; without nodes only the demand of its case differs."""
        base = self._base
        if not isinstance(base, CopperYears | ZonalYears):
            return self._make(with_load_factor(self._system, factor))
        return with_more_load(base, self._system, factor)

    def _note(self, counts: dict[str, int]) -> None:
        with self._lock:
            for name, count in counts.items():
                self._counts[name] = self._counts.get(name, 0) + count

    def diagnostics(self) -> dict[str, int]:
        if isinstance(self._base, CopperYears | ZonalYears):
            return self._base.diagnostics()  # its chronology is that of every load
        return dict(self._counts)


def with_more_load(source: CopperYears | ZonalYears, system: AdequacySystem, factor: float) -> CopperYears | ZonalYears:
    """The same sampler, outages and flows included, with the load of its case times a factor."""
    supply = source.case if isinstance(source, CopperYears) else source.case.supply
    n_places, n_days = supply.day_margin_mw.shape
    place = np.zeros(len(system.buses), dtype=np.int64)
    if isinstance(source, ZonalYears) and n_places > 1:
        place = source.bus_area.astype(np.int64)
    load_mw = np.zeros((n_places, system.n_hours))
    np.add.at(load_mw, place, system.load_mw.T)
    margin_mw = supply.margin_mw - (factor - 1.0) * load_mw
    padded = np.full((n_places, n_days * DAY_H), np.inf)
    padded[:, : system.n_hours] = margin_mw
    day_margin_mw = padded.reshape(n_places, n_days, DAY_H).min(axis=2)
    supply = supply._replace(margin_mw=margin_mw, day_margin_mw=day_margin_mw)
    made = copy.copy(source)
    if isinstance(made, CopperYears):
        made.case = supply
    else:
        made.case = made.case._replace(supply=supply, part_factor=made.case.part_factor * factor)
    return made


class ForecastSnapshots:
    """Snapshots, each the mean over the steps of the forecast's error, so that the error adds no noise."""

    def __init__(self, system: AdequacySystem, make: Callable[[AdequacySystem], SampleSource]) -> None:
        forecast = system.load_forecast
        assert forecast is not None
        if forecast.stdev is not None:
            raise StudyError("load_forecast: snapshots take steps; give error and probability, or whole years")
        self._weights = forecast.probability
        self._sources = [make(with_load_factor(system, 1.0 + error)) for error in forecast.error]
        self._base = make(with_load_factor(system, 1.0))
        self.scopes, self.demand_mwh = self._base.scopes, self._base.demand_mwh
        self.block_size, self.default_job_blocks = self._base.block_size, self._base.default_job_blocks

    def run(self, first: int, n: int) -> Samples:
        """The weighted mean of the same states under every load."""
        totals = [of.run(first, n).total * share for of, share in zip(self._sources, self._weights, strict=True)]
        return without_events(np.sum(totals, axis=0))

    def diagnostics(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for source in self._sources:
            for name, count in source.diagnostics().items():
                found[name] = found.get(name, 0) + count
        return found
