"""Exact numbers as an assessment: alone, or in place of the sampled ones of the same table."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd

from gridsim.errors import StudyError
from gridsim.reliability.exact import ExactShortfall
from gridsim.reliability.exact_forecast import exact_numbers, sampled_because
from gridsim.reliability.methods import Auto, Exact, Level
from gridsim.reliability.result import AssessmentResult, Stopped
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.metrics import Estimate, finite, is_exact
from gridsim.results.specs import LossOfLoadProfile, ShortfallByMonth, ShortfallEvents, Spec

_NEVER_SAMPLED = ("LOLE_peak_d", "LOLEv_continuous")
_IN_WEATHER = "weather years: every sample has a weather of its own"


def exact_assessment(system: AdequacySystem | WeatherYears, method: Exact, specs: tuple[Spec, ...]) -> AssessmentResult:
    """An assessment without samples; StudyError with the cause where it cannot be."""
    started = time.perf_counter()
    if isinstance(system, WeatherYears):
        raise StudyError(f"method: exact is not for {_IN_WEATHER}; use SequentialMonteCarlo, or --method sequential")
    if ShortfallEvents() in specs:
        raise StudyError("specs: exact numbers have no table of events; use SequentialMonteCarlo")
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
        lolp=_by_cell(found, system.times) if LossOfLoadProfile() in specs else None,
        exact=found,
    )


def with_exact(sampled: AssessmentResult, system: AdequacySystem | WeatherYears, method: Auto) -> AssessmentResult:
    """The assessment with exact numbers wherever they are so within 1e-6, or why none is."""
    started = time.perf_counter()
    level = Level(method.level)
    cause = _IN_WEATHER if isinstance(system, WeatherYears) else sampled_because(system, level)
    if cause is not None or isinstance(system, WeatherYears):
        return dataclasses.replace(sampled, method=method, not_exact=cause or "")
    found = exact_numbers(system, level)
    known = {(e.name, e.scope): e for e in (*found.estimates(), *found.of_months(system.times)) if is_exact(e)}
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
        lolp=None if sampled.lolp is None else _by_cell(found, system.times),
        exact=found,
    )


def _by_cell(found: ExactShortfall, times: pd.DatetimeIndex) -> pd.DataFrame:
    """LOLP of the system by month and hour of the day."""
    frame = pd.DataFrame(
        {"month": np.asarray(times.month), "hour": np.asarray(times.hour), "lolp": found.lolp.value[0]}
    )
    return frame.groupby(["month", "hour"])["lolp"].mean().reset_index()
