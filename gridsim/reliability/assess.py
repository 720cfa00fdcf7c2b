"""assess: the one verb of this package."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import ArgumentError, InputError, Problem, StudyError
from gridsim.kernels import shortfall
from gridsim.model.arguments import instance_of
from gridsim.model.system import GridSystem
from gridsim.reliability.areas import lacks_areas
from gridsim.reliability.exact import daily_peak_hours
from gridsim.reliability.exact_result import exact_assessment, with_exact
from gridsim.reliability.load_forecast import ForecastSnapshots, ForecastYears
from gridsim.reliability.methods import AnyMethod, Auto, Exact, Level, Method, Sampler, SequentialMonteCarlo
from gridsim.reliability.nodal import NodalSnapshots, NodalYears, ScratchPool
from gridsim.reliability.rare import rare_assessment
from gridsim.reliability.result import AssessmentResult, Stopped
from gridsim.reliability.sampler_plans import plan_of, with_sampler
from gridsim.reliability.samplers import CopperYears, Samples, SampleSource, ZonalYears
from gridsim.reliability.snapshots import CopperSnapshots, ZonalSnapshots
from gridsim.reliability.steps import StepSource, in_steps
from gridsim.reliability.system import AdequacySystem, check_adequacy
from gridsim.reliability.traces import trace_tables
from gridsim.reliability.weather_years import WeatherYears, YearByYear
from gridsim.results.adequacy import ShortfallAccumulator
from gridsim.results.daily_peaks import DailyPeaks
from gridsim.results.metrics import Estimate, finite
from gridsim.results.shortfall_calendar import WeatherClusters
from gridsim.results.specs.spec import Assessed, Spec

F8 = NDArray[np.float64]

AUTO = Auto()


def assess(system: AdequacySystem | WeatherYears, method: AnyMethod = AUTO, *specs: Spec) -> AssessmentResult:
    """Probability, frequency, duration and depth of shortfalls.

    Parameters
    ----------
    system
        From :func:`system_from_frames` or :func:`system_from_grid`; or :class:`WeatherYears`, a network whose samples
        differ in weather.
    method
        :class:`SequentialMonteCarlo`, :class:`SnapshotMonteCarlo`, :class:`Exact`; by default :class:`Auto`: exact
        where that is possible, sampled until EUE is known to 2 % for the rest.
    specs
        What else to record: :class:`ShortfallEvents`, :class:`LossOfLoadProfile`, :class:`ShortfallByMonth`,
        :class:`ShortfallByHour`, :class:`Surplus`, :class:`Flows`, :class:`StateOfCharge`.

    The same seed gives the same numbers for any number of workers and any job size: samples are folded in blocks of a
    fixed size in ascending order, and the stop rule looks only after 1, 2, 4, 8 ... blocks.
    """
    started = time.perf_counter()
    _check_arguments(system, method, specs)
    if isinstance(method, Exact):
        return exact_assessment(system, method, specs)
    if isinstance(method, Auto):
        return with_exact(assess(system, method.sampling, *specs), system, method, specs)
    method = with_sampler(system, method)
    if method.sampler is not Sampler.CRUDE:
        if specs:
            raise StudyError(
                f"specs: {method.sampler} gives means alone; use sampler crude for {type(specs[0]).__name__}"
            )
        in_weather = isinstance(system, WeatherYears)
        plan = plan_of(system, method, partial(sample_source, base_flow=not in_weather, pool=ScratchPool()))
        return rare_assessment(system.name, system.n_hours, method, plan, started)
    n_weather_years = None
    source: SampleSource
    if isinstance(system, WeatherYears):
        source = YearByYear(system, method, partial(sample_source, base_flow=False, pool=ScratchPool()))
        n_weather_years = system.n_years
    else:
        source = sample_source(system, method)
    chronological = isinstance(method, SequentialMonteCarlo)
    of = Assessed(source.scopes, system.times, system.step_h, chronological, n_weather_years)
    accumulator = ShortfallAccumulator(
        source.scopes, source.demand_mwh, system.n_hours, system.step_h, chronological=chronological
    )
    recorders = [made for spec in specs if (made := spec.accumulator(of)) is not None]
    if chronological and isinstance(system, AdequacySystem):  # the hour of the peak is another in every weather
        recorders.append(DailyPeaks(daily_peak_hours(system), system.n_hours))
    clusters = WeatherClusters(n_weather_years) if n_weather_years is not None else None
    stopped = Stopped.ALL_SAMPLES if method.target_cov is None else Stopped.SAMPLE_BUDGET
    if method.years is None if isinstance(method, SequentialMonteCarlo) else method.samples is None:
        stopped = Stopped.TIME_BUDGET if method.target_cov is None else stopped
    with ThreadPoolExecutor(method.workers) as executor:
        for samples in _jobs(executor, source, method):
            for part in _at_checks(samples, accumulator.n, source.block_size):
                if clusters is not None:
                    clusters.add(part.total)
                accumulator.add(part.total, part.event, source.block_size)
                for recorder in recorders:
                    recorder.add(part, source.block_size)
                is_check = _is_power_of_two(accumulator.n, source.block_size) or accumulator.n == method.budget
                if method.target_cov is not None and is_check and accumulator.cov(method.metric) <= method.target_cov:
                    stopped = Stopped.TARGET
                    break
            if stopped is Stopped.TARGET:
                break
            if method.max_wall_s is not None and time.perf_counter() - started > method.max_wall_s:
                if accumulator.n < method.budget:
                    stopped = Stopped.TIME_BUDGET
                break
    recorded = {name: table for recorder in recorders for name, table in recorder.tables().items()}
    recorded |= trace_tables(system, method, accumulator.n, specs, of)
    return AssessmentResult(
        system=system.name,
        method=method,
        estimates=finite(_in_order(accumulator.estimates(), [e for made in recorders for e in made.estimates()])),
        n_samples=accumulator.n,
        block_size=source.block_size,
        wall_s=time.perf_counter() - started,
        stopped=stopped,
        cov=accumulator.cov(method.metric),
        recorded=recorded,
        over_weather_years=finite(clusters.estimates()) if clusters else (),
        diagnostics=source.diagnostics(),
    )


def _check_arguments(system: object, method: object, specs: tuple[object, ...]) -> None:
    if isinstance(system, GridSystem):
        raise ArgumentError("system: a GridSystem has no sample year; give system_from_grid(system) or WeatherYears")
    if not isinstance(system, WeatherYears):
        check_adequacy(instance_of("system", system, AdequacySystem, "give system_from_grid(system)"))
    if not isinstance(method, AnyMethod):
        raise ArgumentError(f"method: {type(method).__name__}; give SequentialMonteCarlo(years=...)")
    for spec in specs:
        if not isinstance(spec, Spec):
            raise ArgumentError(f"specs: {type(spec).__name__}; give ShortfallEvents() and the like")


def sample_source(
    system: AdequacySystem, method: Method, *, base_flow: bool = True, pool: ScratchPool | None = None
) -> SampleSource:
    """The packed sampler of a level and method; ``base_flow`` as of ``ZonalYears``, ``pool`` as of ``NodalYears``."""
    if method.level is Level.ZONAL and lacks_areas(system):
        mend = "use level nodal (or copper), or say the areas of buses"
        raise InputError([Problem("branches", 0, "", "join buses without areas, which level zonal needs", mend)])
    if system.load_forecast is not None:
        inner = partial(sample_source, method=method, base_flow=base_flow, pool=pool)
        if isinstance(method, SequentialMonteCarlo):
            return ForecastYears(system, method.seed, inner)
        return ForecastSnapshots(system, inner)
    if system.step_h != 1.0:
        inner_source = sample_source(in_steps(system), method, base_flow=base_flow, pool=pool)
        return StepSource(inner_source, system.step_h)
    if isinstance(method, SequentialMonteCarlo):
        if method.level is Level.NODAL:
            return NodalYears(system, method.seed, method.skip, pool)
        if method.level is Level.ZONAL or system.stores:
            merged = method.level is Level.COPPER
            return ZonalYears(system, method.seed, method.skip, merged=merged, base_flow=base_flow)
        return CopperYears(system, method.seed, method.skip)
    if system.stores:
        raise StudyError("method: stores need chronology; use SequentialMonteCarlo or leave the stores out")
    if method.level is Level.NODAL:
        return NodalSnapshots(system, method.seed)
    if method.level is Level.ZONAL:
        return ZonalSnapshots(system, method.seed)
    return CopperSnapshots(system, method.seed)


def _jobs(executor: Executor, source: SampleSource, method: Method) -> Iterator[Samples]:
    """Results of consecutive jobs in order; only a few more than the workers can take are under way at a time."""
    job_size = (method.job_blocks or source.default_job_blocks) * source.block_size
    pending: deque[Future[Samples]] = deque()
    first = 0
    try:
        while first < method.budget or pending:
            while first < method.budget and len(pending) < 2 * method.workers:
                n = min(job_size, method.budget - first)
                pending.append(executor.submit(source.run, first, n))
                first += n
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _is_power_of_two(n: int, block_size: int) -> bool:
    blocks, rest = divmod(n, block_size)
    return rest == 0 and blocks > 0 and blocks & (blocks - 1) == 0


def _at_checks(samples: Samples, n_before: int, block_size: int) -> Iterator[Samples]:
    """A job's samples cut after 1, 2, 4, 8 ... blocks of the whole assessment."""
    start = 0
    while start < len(samples.total):
        blocks = (n_before + start) // block_size
        following = 1 << blocks.bit_length() if blocks else 1
        stop = min(len(samples.total), following * block_size - n_before)

        def rows(table: F8, column: int, ends: tuple[int, int] = (n_before + start, n_before + stop)) -> F8:
            low, high = np.searchsorted(table[:, column], ends)
            return table[low:high]

        yield Samples(
            samples.total[start:stop],
            rows(samples.event, shortfall.EVENT_SAMPLE),
            rows(samples.short_day, shortfall.SHORT_SAMPLE),
        )
        start = stop


def _in_order(estimates: list[Estimate], more: list[Estimate]) -> list[Estimate]:
    """The estimates of the recorders after the metrics, days by their peaks beside the other days."""
    days = [estimate for estimate in more if estimate.name == "LOLE_peak_d"]
    at = next((k for k, e in enumerate(estimates) if e.name == "LOLEv"), len(estimates))
    return [*estimates[:at], *days, *estimates[at:], *(e for e in more if e.name != "LOLE_peak_d")]
