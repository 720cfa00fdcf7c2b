"""Numbers of one assessment, and why its sampling ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

from gridsim.reliability.methods import Method
from gridsim.results.metrics import Estimate, to_frame
from gridsim.results.shortfall_calendar import Week


class Stopped(StrEnum):
    """Why sampling ended."""

    ALL_SAMPLES = "all samples done"
    TARGET = "target reached"
    SAMPLE_BUDGET = "sample budget spent before the target"
    TIME_BUDGET = "time budget spent"


@dataclass(frozen=True, eq=False)
class AssessmentResult:
    """Numbers of one assessment.

    ``shortfall_events`` and ``lolp`` are None unless their spec was given. ``over_weather_years`` (a fixed set of
    weather years): means of the years' means, whose errors hold the choice of the years. ``status`` is ``ok``, or
    ``partial`` when a target was not reached. ``diagnostics`` tells how hours were decided (nodal level), work past a
    stop included.
    """

    system: str
    method: Method
    estimates: tuple[Estimate, ...]
    n_samples: int
    block_size: int
    wall_s: float
    stopped: Stopped
    cov: float
    shortfall_events: pd.DataFrame | None = None
    lolp: pd.DataFrame | None = None
    worst_weeks: tuple[Week, ...] = ()
    over_weather_years: tuple[Estimate, ...] = ()
    diagnostics: Mapping[str, int] = field(default_factory=dict)

    @property
    def metrics(self) -> pd.DataFrame:
        """name, scope, value, stderr, ci_low, ci_high, unit, n."""
        return to_frame(self.estimates)

    @property
    def status(self) -> str:
        return "ok" if self.stopped in (Stopped.ALL_SAMPLES, Stopped.TARGET) else "partial"

    @property
    def samples_per_s(self) -> float:
        """Sample years (or snapshots) per second of wall time, compilation included if this was the first call."""
        return self.n_samples / self.wall_s if self.wall_s > 0.0 else math.inf

    def __getitem__(self, key: str | tuple[str, str]) -> Estimate:
        """``result["EUE"]`` of the system, ``result["EUE", "zone:south"]`` of another scope."""
        name, scope = (key, "system") if isinstance(key, str) else key
        for estimate in self.estimates:
            if estimate.name == name and estimate.scope == scope:
                return estimate
        raise KeyError(key)
