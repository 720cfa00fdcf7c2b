"""The study layer: what it adds to the runs' own time, two workers over one, the check before a resume."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.common import not_in_smoke, sized
from gridsim.io.read_study import read_study
from gridsim.model.study import Study
from gridsim.study.run_study import run_study

CASE = """
network: kazakhstan
horizon: {start: "2026-01-14 00:00", hours: 24}
policy: {ac: off}
events:
  - {id: trip, at: "+6h", kind: plant_outage, target: aksu_gres, probability: 0.5}
"""


def small_study(folder: Path, replicates: int) -> Study:
    """One winter day with an outage that happens in half the replicates."""
    (folder / "day.yaml").write_text(CASE)
    (folder / "study.yaml").write_text(f"scenarios: [day.yaml]\nreplicates: {replicates}\n")
    return read_study(str(folder / "study.yaml"))


class Layer:
    """Replicates of one day."""

    timeout = 900
    number = 1
    repeat = sized(3, 1)

    def setup(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.study = small_study(self.folder, sized(128, 4))
        run_study(self.study, self.folder / "done", workers=0)

    def teardown(self) -> None:
        self.scratch.cleanup()

    def track_overhead_percent(self) -> float:
        """Wall time of a study in this process over the time inside its replicates (target: 5 %)."""
        result = run_study(self.study, self.folder / "overhead", workers=0, force=True)
        return 100.0 * (result.wall_s / result.busy_s - 1.0)

    def time_resume_of_a_finished_study(self) -> None:
        """Every finished block is checked by its hash."""
        run_study(self.study, self.folder / "done", workers=0, resume=True)


class Workers:
    """A study on processes; starting them is part of it."""

    timeout = 900

    def setup(self) -> None:
        not_in_smoke()
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.study = small_study(self.folder, 512)

    def teardown(self) -> None:
        self.scratch.cleanup()

    def track_two_workers_over_one(self) -> float:
        """Speed of two processes over one (target: 1.85 on a study of at least two minutes)."""
        seconds = []
        for workers in (1, 2):
            start = time.perf_counter()
            run_study(self.study, self.folder / "workers", workers=workers, force=True)
            seconds.append(time.perf_counter() - start)
        return seconds[0] / seconds[1]
