"""Sample years of one side of a capacity credit: their totals for any load or perfect capacity beside them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.shortfall import HOURS
from gridsim.reliability.additions import with_load
from gridsim.reliability.assess import sample_source
from gridsim.reliability.load_forecast import ForecastYears
from gridsim.reliability.methods import Level, Method, SequentialMonteCarlo
from gridsim.reliability.nodal import ScratchPool
from gridsim.reliability.samplers import CopperYears, SampleSource, ZonalYears
from gridsim.reliability.short_hours import (
    ShortHours,
    hours_stand_alone,
    joined,
    record_short_hours,
    shortage_mw,
    year_totals,
)
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears, YearByYear

F8 = NDArray[np.float64]
Change = Callable[[AdequacySystem], AdequacySystem]

FEWEST_WITH_BASE_FLOW = 400  # years that earn the base flows of the zonal level back
FIRST_YEARS = 32  # that tell how many short hours a year has
HOURS_THAT_TELL = 250_000  # short hours of all years together, beyond which more years say little
HOURS_OF_STATE = 100_000  # enough of a state that has hundreds in a year
MORE_YEARS = 2  # times the years known, that are worth drawing anew under less load
MOST_HOURS = 1_000_000  # kept in memory, some 300 bytes each


def drawn_totals(system: AdequacySystem | WeatherYears, change: Change, method: SequentialMonteCarlo) -> F8:
    """(n_years, 5) totals of the changed system, each year drawn."""
    in_normal_weather = isinstance(system, AdequacySystem)
    base_flow = in_normal_weather and method.budget >= FEWEST_WITH_BASE_FLOW
    pool = ScratchPool()

    def make(of: AdequacySystem, method: Method) -> SampleSource:
        def of_load(known: AdequacySystem) -> SampleSource:
            return sample_source(change(known), method, base_flow=base_flow, pool=pool)

        # the load that is added is known: the error is one of the load that was there before
        return of_load(of) if of.load_forecast is None else ForecastYears(of, method.seed, of_load)

    source = make(system, method) if isinstance(system, AdequacySystem) else YearByYear(system, method, make)
    job = source.default_job_blocks * source.block_size
    firsts = range(0, method.budget, job)
    with ThreadPoolExecutor(method.workers) as executor:
        parts = executor.map(lambda first: source.run(first, min(job, method.budget - first)).total[:, 0], firsts)
        return np.concatenate(list(parts))


class CreditYears:
    """Sample years of a system, of which the short hours are kept for as much load as has been asked for.

    ``is_part``: one of several states of an addition, weighted by its probability. A state with hundreds of short hours
    a year is known from fewer years, and from more of them under less load, where it has fewer short hours. Where hours
    hang together, or too many would be kept, every year is drawn anew.
    ``harder``: the state of the addition with more of it out, which is short whenever this one is.
    """

    def __init__(
        self,
        system: AdequacySystem | WeatherYears,
        change: Change,
        method: SequentialMonteCarlo,
        *,
        is_part: bool,
        reserve_mw: float,
        harder: CreditYears | None = None,
    ) -> None:
        self._system, self._change, self._method = system, change, method
        self._is_part = is_part
        self._reserve_mw = reserve_mw
        self._harder = harder
        self._hours: dict[float, ShortHours] = {}  # by the load under which they are short
        self._keeps = isinstance(system, AdequacySystem) and hours_stand_alone(change(system))

    def totals(self, beside: Change, load_mw: float, *, with_load_alone: bool) -> F8:
        """(n_years or fewer, 5) totals with what ``beside`` adds to the system: ``load_mw`` of load, and capacity.

        ``with_load_alone``: no capacity, so that all hours short under less load are among those found short.
        """
        self._keep_hours_of(load_mw)
        if not self._hours:
            return drawn_totals(self._system, lambda system: beside(self._change(system)), self._method)
        assert isinstance(self._system, AdequacySystem)
        case = self._years(beside(self._change(self._system)), base_flow=False).case
        hours = self._hours[min(load for load in self._hours if load >= load_mw)]
        short_mw = shortage_mw(case, hours)
        if load_mw not in self._hours and with_load_alone:
            short = hours.chosen(short_mw > 0.0)
            if self._worth(len(short.hour) / short.n_years) >= MORE_YEARS * short.n_years:
                hours = short = self._recorded(load_mw) or short
                short_mw = shortage_mw(case, hours)
            self._hours[load_mw] = short
        return year_totals(hours, short_mw)

    def _worth(self, by_year: float) -> int:
        """Years worth drawing of a state with so many short hours in each."""
        if not self._is_part:
            return self._method.budget
        return int(min(self._method.budget, max(FIRST_YEARS, HOURS_OF_STATE / max(by_year, 1e-9))))

    def _keep_hours_of(self, load_mw: float) -> None:
        """Record the short hours of at least so much load beside the system, if they can be kept."""
        if self._keeps and (not self._hours or load_mw > max(self._hours)):
            recorded_mw = max(self._reserve_mw, load_mw)
            found = self._recorded(recorded_mw)
            self._hours = {} if found is None else {recorded_mw: found}
            self._keeps = found is not None

    def of_all_years(self, load_mw: float) -> ShortHours | None:
        """The short hours under at least so much load, if they are kept of all years."""
        self._keep_hours_of(load_mw)
        if not self._hours:
            return None
        hours = self._hours[min(load for load in self._hours if load >= load_mw)]
        return hours if hours.n_years == self._method.budget else None

    def _recorded(self, load_mw: float) -> ShortHours | None:
        """The short hours of the first years, then of as many as are worth keeping; None if they are too many."""
        assert isinstance(self._system, AdequacySystem)
        n = self._method.budget
        loaded = self._change(self._system)
        if load_mw > 0.0:
            loaded = with_load(loaded, load_mw)
        years = self._years(loaded, base_flow=n >= FEWEST_WITH_BASE_FLOW)
        known = None if self._harder is None else self._harder.of_all_years(load_mw)
        if known is not None:
            return known.chosen(shortage_mw(years.case, known) > 0.0)
        first = min(FIRST_YEARS, n)
        with ThreadPoolExecutor(self._method.workers) as executor:
            begun = record_short_hours(years, first, executor)
            by_year = len(begun.hour) / first
            n = self._worth(by_year)
            if n * by_year > MOST_HOURS:
                return None
            rest = [record_short_hours(years, n - first, executor, first)] if n > first else []
        return joined([begun, *rest])

    def _years(self, system: AdequacySystem, *, base_flow: bool) -> CopperYears | ZonalYears:
        method = self._method
        if Level(method.level) is Level.COPPER:
            return CopperYears(system, method.seed, method.skip)
        made = sample_source(system, method, base_flow=base_flow)
        assert isinstance(made, ZonalYears)
        return made


def years_that_tell(system: AdequacySystem | WeatherYears, change: Change, method: SequentialMonteCarlo) -> int:
    """Years of the method, fewer where the system is short so often that they are known from less."""
    first = min(FIRST_YEARS, method.budget)
    short_h = float(drawn_totals(system, change, replace(method, years=first))[:, HOURS].mean())
    return int(min(method.budget, max(2 * first, HOURS_THAT_TELL / max(short_h, 1e-9))))


def in_all_years(value: F8, main: F8) -> F8:
    """(n,) ``value`` of a state of which only the first years are known, from ``main``, the state known in all n.

    The mean is that of ``main`` plus that of the difference over the years that both have (a control variate with the
    coefficient 1; Glasserman 2004, section 4.1), so that what is alike in both leaves no noise. The spread is that of
    this estimate, years shared with ``main`` included.
    """
    known, n = len(value), len(main)
    if known == n:
        return value
    difference = value - main[:known]
    mean = float(difference.mean())
    estimate = main + mean
    estimate[:known] += n / known * (difference - mean)
    return estimate
