"""Numbers of each case's horizon without events, which its scorecard is held against."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gridsim.engine.run import Replicates
from gridsim.errors import NotConverged, ScriptError
from gridsim.model.study import Case
from gridsim.results.metrics import Estimate
from gridsim.results.run_metrics import baseline_metrics
from gridsim.results.run_records import Columns
from gridsim.results.trajectory_record import Trajectory

Baseline = Mapping[str, Columns] | None


class CalmNumbers:
    """Numbers without events by case; cases that differ in their events alone share one run.

    Of a case whose weather is drawn for each replicate there are none: its replicates have no common horizon.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], list[Estimate]] = {}

    def learn(self, key: tuple[Any, ...], case: Case, baseline: Baseline) -> None:
        """Remember what a run without events, made for another purpose, says."""
        calm = Trajectory(
            system=case.system, start=case.scenario.horizon.start, tables=baseline or {}, baseline=baseline
        )
        self._found[key] = baseline_metrics(calm)

    def of(self, key: tuple[Any, ...], case: Case) -> list[Estimate]:
        """The numbers of a case, by a run where nothing is known of it (a study that was all done before)."""
        if case.scenario.draws_weather:
            return []
        if key not in self._found:
            self._found[key] = []
            with suppress(ScriptError, NotConverged):
                self.learn(key, case, Replicates(case.system, case.scenario).baseline())
        return self._found[key]
