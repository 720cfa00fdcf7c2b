"""Samples hour by hour, for the results that the totals of a sample do not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from gridsim.errors import StudyError
from gridsim.kernels.zonal_trace import zonal_trace
from gridsim.reliability.areas import areas_of
from gridsim.reliability.load_forecast import with_load_factor, with_more_load
from gridsim.reliability.methods import Level, Method, SequentialMonteCarlo
from gridsim.reliability.samplers import ZonalYears
from gridsim.reliability.steps import in_steps
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.specs.spec import Assessed, Spec, Trace, TraceAccumulator

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 32  # samples whose traces are folded together


def trace_tables(
    system: AdequacySystem | WeatherYears, method: Method, n_samples: int, specs: Sequence[Spec], of: Assessed
) -> dict[str, pd.DataFrame]:
    """Tables of the specs that take something from traces, of the samples of an assessment.

    Each sample is gone through once more, hour by hour. Blocks are merged in order, so that the numbers do not depend
    on the number of workers.
    """

    asked = [spec for spec in specs if spec.traced(of) is not None]
    if not asked:
        return {}
    tracer = Tracer(system, method)
    places = tracer.places(of)

    def block(first: int) -> list[TraceAccumulator]:
        made = [spec.traced(places) for spec in asked]
        kept = [accumulator for accumulator in made if accumulator is not None]
        for sample in range(first, min(first + BLOCK, n_samples)):
            trace = tracer.trace(sample)
            for accumulator in kept:
                accumulator.add(sample, trace)
        return kept

    whole: list[TraceAccumulator] = []
    with ThreadPoolExecutor(method.workers) as executor:
        for folded in executor.map(block, range(0, n_samples, BLOCK)):
            if not whole:
                whole = folded
                continue
            for accumulator, later in zip(whole, folded, strict=True):
                accumulator.merge(later)
    tables: dict[str, pd.DataFrame] = {}
    for accumulator in whole:
        tables |= _in_hours(accumulator.tables(), of.step_h)
    return tables


def _in_hours(tables: Mapping[str, pd.DataFrame], step_h: float) -> dict[str, pd.DataFrame]:
    """Energies of MW times steps as MWh."""
    if step_h == 1.0:
        return dict(tables)
    return {
        name: frame.assign(**{column: frame[column] * step_h for column in frame.columns if "mwh" in column})
        for name, frame in tables.items()
    }


class Tracer:
    """Hours of the samples of a chronological level without nodes."""

    def __init__(self, system: AdequacySystem | WeatherYears, method: Method) -> None:
        if not isinstance(method, SequentialMonteCarlo):
            raise StudyError("specs: snapshots are states of single hours; use SequentialMonteCarlo")
        if method.level is Level.NODAL:
            raise StudyError("specs: hours are traced at level copper and zonal; use one, or leave the spec out")
        self._system, self._method = system, method
        self._merged = method.level is Level.COPPER
        normal = system.first if isinstance(system, WeatherYears) else system
        self.normal = in_steps(normal)
        self._base = None if isinstance(system, WeatherYears) else self._years(self.normal)

    def _years(self, system: AdequacySystem) -> ZonalYears:
        plain = with_load_factor(system, 1.0)
        return ZonalYears(plain, self._method.seed, skip=False, merged=self._merged, base_flow=False)

    def places(self, of: Assessed) -> Assessed:
        """The assessed with the names of the traced places."""
        system = self.normal
        areas = areas_of(system, merged=self._merged)
        n = areas.n_areas if self._merged else len(system.areas)
        intact = areas.scheme_start[:-1]
        most_mw = np.maximum(areas.forward_mw[:, intact], areas.backward_mw[:, intact]).max(axis=0, initial=0.0)
        return Assessed(
            scopes=of.scopes,
            times=of.times,
            step_h=of.step_h,
            chronological=of.chronological,
            n_weather_years=of.n_weather_years,
            areas=("system",) if self._merged else system.areas[:n],
            ties=areas.names,
            stores=tuple(store.name for store in system.stores),
            tie_mw=most_mw,
            store_mwh=np.array([store.energy_mwh for store in system.stores]),
        )

    def years_of(self, sample: int) -> ZonalYears:
        """Sampler of the year of a sample."""
        system = self.normal
        years = self._base
        if isinstance(self._system, WeatherYears):
            system = in_steps(self._system.in_year(self._system.year_of(sample)))
            years = self._years(system)
        assert years is not None
        if system.load_forecast is None:
            return years
        factor = float(system.load_forecast.factors(self._method.seed, sample, 1)[0])
        made = with_more_load(years, system, factor)
        assert isinstance(made, ZonalYears)
        return made

    def trace(self, sample: int) -> Trace:
        """Hours of one sample."""
        years = self.years_of(sample)
        case, n_hours = years.case, years.case.supply.n_hours
        n_areas = len(case.supply.margin_mw)
        n_ties, n_stores = len(case.interface_from), len(case.store_area)
        trace = Trace(*(np.zeros((n, n_hours)) for n in (n_areas, n_areas, n_ties, n_stores, n_areas)))
        zonal_trace(case, years.chronology.model, years.seed, sample, *trace)
        return trace
