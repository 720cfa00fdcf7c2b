"""StudyResult: what a study found and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsim.hooks import call
from gridsim.model.display import Card, Displayed
from gridsim.model.study import Study
from gridsim.results.cases import case_frame, case_metric, case_rows, case_table
from gridsim.results.metrics import Estimate
from gridsim.results.scorecard import Score, scorecard

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Displayed):
    """Result of a study. ``status``: complete, partial (some replicates failed) or stopped (go on with resume).

    ``estimates``: by case; ``failed``: (case, {replicate, error, traceback}, command that replays it);
    ``busy_s``: time spent in replicates, over all workers; ``reused``: replicates taken over from before.
    """

    path: Path
    study: Study
    status: str
    reason: str
    estimates: Mapping[str, list[Estimate]]
    failed: list[tuple[str, dict[str, Any], str]]
    replicates: Mapping[str, int]
    reused: int
    repaired: list[Path]
    busy_s: float
    wall_s: float

    @property
    def metrics(self) -> pd.DataFrame:
        """case, name, scope, value, stderr, ci_low, ci_high, unit, n of every number."""
        return case_frame(self.estimates)

    def metric(self, name: str, scope: str = "system", case: str | None = None) -> Estimate:
        """One number of a case, which need not be named where there is one; ``south`` finds ``zone:south``.

        UnknownName, which is a KeyError, with the nearest name or the reason if there is no such number.
        """
        return case_metric(self.estimates, name, scope, case)

    @cached_property
    def scorecard(self) -> dict[str, tuple[Score, ...]]:
        """The six areas of each case, with standard errors; emissions against the same horizon without events."""
        systems = {case.name: case.system for case in self.study.cases}
        return {name: scorecard(systems[name], estimates) for name, estimates in self.estimates.items()}

    def frame(self, table: str, case: str | None = None) -> pd.DataFrame:
        """A table of one case, or of all with the column ``case`` in front, as a pandas DataFrame."""
        return case_table(dict(zip(self.estimates, call("load", self.path).cases, strict=True)), table, case)

    def summary(self) -> str:
        """Text that ``gridsim study`` prints."""
        return str(call("summary", self))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML file, which opens offline; its path."""
        return Path(call("report", self, Path(path)))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Copy the study's folder; the path of the copy.

        InputError if the place is taken, unless ``force`` says to replace what gridsim wrote there.
        """
        return Path(call("save", self, Path(path), force=force))

    def _card(self) -> Card:
        reason = f": {self.reason}" if self.reason else ""
        ran = sum(self.replicates.values())
        lines = [
            f"{self.status}{reason}, {len(self.estimates)} cases, {ran:,} replicates, {len(self.failed)} failed",
            f"in {self.path}",
            "summary(), metric(name, scope, case), metrics, frame(table, case), save(path)",
        ]
        return Card(f"StudyResult {self.study.name}", lines, *case_rows(self.estimates))
