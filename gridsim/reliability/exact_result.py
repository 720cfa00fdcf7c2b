"""Exact numbers as an assessment: alone, or in place of the sampled ones of the same table."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from typing import TYPE_CHECKING

from gridsim.errors import StudyError
from gridsim.reliability.exact import ExactShortfall
from gridsim.reliability.exact_forecast import exact_numbers, sampled_because
from gridsim.reliability.methods import Auto, Exact, Level
from gridsim.reliability.result import AssessmentResult, Stopped
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.metrics import Estimate, finite, is_exact
from gridsim.results.specs import ShortfallByMonth, Spec
from gridsim.results.specs.spec import ExactHours

if TYPE_CHECKING:
    import pandas as pd

_NEVER_SAMPLED = ("LOLE_peak_d", "LOLEv_continuous")
_IN_WEATHER = "weather years: every sample has a weather of its own"


def exact_assessment(system: AdequacySystem | WeatherYears, method: Exact, specs: tuple[Spec, ...]) -> AssessmentResult:
    """An assessment without samples; StudyError with the cause where it cannot be."""
    started = time.perf_counter()
    if isinstance(system, WeatherYears):
        raise StudyError(f"method: exact is not for {_IN_WEATHER}; use SequentialMonteCarlo, or --method sequential")
    found = exact_numbers(system, Level(method.level), grid_mw=method.grid_mw)
    months = found.of_months(system.times) if ShortfallByMonth() in specs else []
    return AssessmentResult(
        system=system.name,
        method=method,
        estimates=finite((*found.estimates(), *months)),
        n_samples=0,
        block_size=0,
        wall_s=time.perf_counter() - started,
        stopped=Stopped.EXACT,
        cov=0.0,
        recorded=_tables(found, system, specs),
        exact=found,
    )


def with_exact(
    sampled: AssessmentResult, system: AdequacySystem | WeatherYears, method: Auto, specs: tuple[Spec, ...] = ()
) -> AssessmentResult:
    """The assessment with exact numbers wherever they are so within 1e-6, or why none is."""

    started = time.perf_counter()
    level = Level(method.level)
    cause = _IN_WEATHER if isinstance(system, WeatherYears) else sampled_because(system, level)
    if cause is not None or isinstance(system, WeatherYears):
        return dataclasses.replace(sampled, method=method, not_exact=cause or "")
    found = exact_numbers(system, level)
    known = {(e.name, e.scope): e for e in (*found.estimates(), *found.of_months(system.times)) if is_exact(e)}
    exact_of: dict[str, pd.DataFrame] = {}
    for spec in specs:
        with contextlib.suppress(StudyError):  # what only samples have stays as sampled
            exact_of |= _tables(found, system, (spec,))
    rows: list[Estimate] = []
    for sampled_row in sampled.estimates:
        rows.append(known.pop((sampled_row.name, sampled_row.scope), sampled_row))
        if sampled_row.name == "LOLEv":  # the frequencies together
            extra = [key for key in known if key[0] in _NEVER_SAMPLED and key[1] == sampled_row.scope]
            rows += [known.pop(key) for key in extra]
    return dataclasses.replace(
        sampled,
        method=method,
        estimates=finite(rows),
        wall_s=sampled.wall_s + time.perf_counter() - started,
        recorded={**sampled.recorded, **exact_of},
        exact=found,
    )


def _tables(found: ExactShortfall, system: AdequacySystem, specs: tuple[Spec, ...]) -> dict[str, pd.DataFrame]:
    """Tables of the specs; StudyError if one of them takes samples."""
    hours = ExactHours(found.scopes, system.times, found.step_h, found.lolp.value, found.epns_mw.value)
    return {name: table for spec in specs for name, table in spec.exact_tables(hours).items()}
