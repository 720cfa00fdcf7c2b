"""Numbers of one assessment, and why its sampling ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from gridsim.errors import UnknownName
from gridsim.hooks import call
from gridsim.model.display import Card, Displayed
from gridsim.reliability.exact import ExactShortfall
from gridsim.reliability.methods import AnyMethod, Exact
from gridsim.results.lookup import find, leading, require_table
from gridsim.results.metrics import Estimate, to_frame
from gridsim.results.sampler_report import SamplerReport
from gridsim.results.shortfall_calendar import Week

if TYPE_CHECKING:
    import pandas as pd


class Stopped(StrEnum):
    """Why an assessment ended."""

    ALL_SAMPLES = "all samples done"
    TARGET = "target reached"
    SAMPLE_BUDGET = "sample budget spent before the target"
    TIME_BUDGET = "time budget spent"
    EXACT = "computed exactly"


@dataclass(frozen=True, eq=False, repr=False)
class AssessmentResult(Displayed):
    """Numbers of one assessment.

    ``recorded``: tables of the specs that were given. ``over_weather_years`` (a fixed set of
    weather years): means of the years' means, whose errors hold the choice of the years. ``status`` is ``ok``, or
    ``partial`` when a target was not reached. ``diagnostics`` tells how hours were decided (nodal level), work past a
    stop included. ``exact``: shortfall hour by hour where numbers are exact; ``not_exact``: why none is, although the
    method was to see. ``sampler_report``: account of a sampler other than crude; ``status`` is ``doubtful``
    where that gives a cause not to trust an error.
    """

    system: str
    method: AnyMethod
    estimates: tuple[Estimate, ...]
    n_samples: int
    block_size: int
    wall_s: float
    stopped: Stopped
    cov: float
    recorded: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    over_weather_years: tuple[Estimate, ...] = ()
    diagnostics: Mapping[str, int] = field(default_factory=dict)
    exact: ExactShortfall | None = None
    not_exact: str = ""
    sampler_report: SamplerReport | None = None

    @property
    def shortfall_events(self) -> pd.DataFrame | None:
        """Every event, None unless ``ShortfallEvents`` was given."""
        return self.recorded.get("shortfall_events")

    @property
    def lolp(self) -> pd.DataFrame | None:
        """LOLP by month and hour of the day, None unless ``LossOfLoadProfile`` was given."""
        return self.recorded.get("lolp")

    @property
    def worst_weeks(self) -> tuple[Week, ...]:
        """Weeks with the most unserved energy, none unless ``ShortfallByMonth`` was given."""
        if "worst_weeks" not in self.recorded:
            return ()
        return tuple(Week(*row) for row in self.recorded["worst_weeks"].itertuples(index=False, name=None))

    @property
    def metrics(self) -> pd.DataFrame:
        """name, scope, value, stderr, ci_low, ci_high, unit, n; and method where a number is exact."""
        return to_frame(self.estimates)

    @property
    def status(self) -> str:
        if self.sampler_report is not None and self.sampler_report.doubts():
            return "doubtful"
        return "ok" if self.stopped in (Stopped.ALL_SAMPLES, Stopped.TARGET, Stopped.EXACT) else "partial"

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
        raise UnknownName(f"no {name} of '{scope}' by that exact name; metric() takes bare names and says the nearest")

    def metric(self, name: str, scope: str = "system") -> Estimate:
        """One number, by metric and scope; ``south`` finds ``zone:south``.

        UnknownName, which is a KeyError, with the nearest name or the reason if there is no such number.
        """
        return find(self.estimates, name, scope, of="assessment")

    @property
    def tables(self) -> tuple[str, ...]:
        """Names that ``frame`` takes."""
        return tuple(self._frames())

    def frame(self, table: str) -> pd.DataFrame:
        """A table as a pandas DataFrame; UnknownName with the nearest name if there is none."""
        frames = self._frames()
        require_table(table, frames)
        return frames[table]

    def _frames(self) -> dict[str, pd.DataFrame]:
        found = {
            "metrics": self.metrics,
            "lolp_by_hour": None if self.exact is None else self.exact.by_hour(),
            "sampler_terms": None if self.sampler_report is None else self.sampler_report.frame(),
            **self.recorded,
            "over_weather_years": to_frame(self.over_weather_years) if self.over_weather_years else None,
        }
        return {name: frame for name, frame in found.items() if frame is not None}

    def summary(self) -> str:
        """Text that ``gridsim adequacy`` prints."""
        return str(call("summary", self))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML file, which opens offline; its path."""
        return Path(call("report", self, Path(path)))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write every table as Parquet with a manifest into a folder, which ``gridsim.load`` reads; its path.

        InputError if the place is taken, unless ``force`` says to replace what gridsim wrote there.
        """
        return Path(call("save", self, Path(path), force=force))

    def _card(self) -> Card:
        method = self.method
        drawn = "" if isinstance(method, Exact) else f"{self.n_samples:,} samples, seed {method.seed}, "
        lines = [
            f"{method.level} level, {drawn}{self.stopped} ({self.status})",
            *(f"{name} {value} {unit}" for name, scope, value, unit in leading(self.estimates) if scope == "system"),
        ]
        header = ("metric", "scope", "value", "unit")
        return Card(f"AssessmentResult {self.system}", lines[:8], header, leading(self.estimates))
