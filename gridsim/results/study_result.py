"""StudyResult: what a study found and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridsim.model.study import Study
from gridsim.results.metrics import Estimate


@dataclass(frozen=True, eq=False)
class StudyResult:
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
