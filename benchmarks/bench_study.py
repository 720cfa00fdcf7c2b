"""The study layer: what it adds to the runs' own time, two workers over one, the check before a resume."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
import time
from pathlib import Path

from benchmarks.common import not_in_smoke, sized
from gridsim.engine.tables import STUDY_TABLES
from gridsim.io.read_run import Run
from gridsim.io.read_study import read_study
from gridsim.io.store import BLOCK_REPLICATES
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
        self.scratch = tempfile.TemporaryDirectory()  # teardown runs for what is left out too
        not_in_smoke()
        self.folder = Path(self.scratch.name)
        self.study = small_study(self.folder, 2048)

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


def finished_run(folder: Path, n_blocks: int, part_bytes: int) -> Run:
    """A run folder of ``n_blocks`` finished blocks whose files hold ``part_bytes`` each."""
    content = hashlib.shake_256(b"part").digest(part_bytes)
    entry = {"rows": 1, "bytes": part_bytes, "sha256": hashlib.sha256(content).hexdigest()}
    kept = (*STUDY_TABLES, "replicate_metrics")
    for table in kept:
        (folder / table).mkdir(parents=True)
        for block in range(n_blocks):
            (folder / table / f"part-{block:06d}.parquet").write_bytes(content)
    blocks = [
        {"block": b, "first": b * BLOCK_REPLICATES, "count": BLOCK_REPLICATES, "failed": [],
         "tables": dict.fromkeys(kept, entry)}
        for b in range(n_blocks)
    ]  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"scenario": "x", "status": "running", "blocks": blocks}))
    return Run(folder, json.loads((folder / "manifest.json").read_text()))


class ResumeCheck:
    """Checksums of finished blocks of six tables, 300 kB each (target: 1,000 blocks in 5 s)."""

    def setup(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.run = finished_run(Path(self.scratch.name) / "run", sized(1000, 4), 300_000)

    def teardown(self) -> None:
        self.scratch.cleanup()

    def time_check_1000_blocks(self) -> None:
        """Hash every file and compare it with the manifest."""
        assert self.run.damaged() == []


class WinterStress:
    """A share of winter_stress (target: 1,200 two-week replicates in 600 s on two workers)."""

    timeout = 1800

    def setup(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()  # teardown runs for what is left out too
        not_in_smoke()
        self.study = dataclasses.replace(read_study("winter_stress"), replicates=8)

    def teardown(self) -> None:
        self.scratch.cleanup()

    def track_seconds_per_replicate(self) -> float:
        """Time inside a replicate, mean over the six cases, two workers at work."""
        result = run_study(self.study, Path(self.scratch.name) / "out", workers=2, force=True)
        return result.busy_s / sum(result.replicates.values())
