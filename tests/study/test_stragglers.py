"""Jobs that a slow worker has are given to another; the tables are the same."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from gridsim.io.study_jobs import Job
from gridsim.study import run_study as module
from gridsim.study.executors import Workers
from gridsim.study.in_work import InWork
from gridsim.study.run_study import run_study
from gridsim.study.worker import JobDone
from tests.support.study_cases import small_study, table_hashes


class SlowOnce(Workers):
    """Two workers, the first of which never ends its first job."""

    n_workers = 2
    window = 4

    def __init__(self, assignment: bytes):
        super().__init__(assignment)
        self.handed_out: list[Job] = []

    def submit(self, job: Job) -> Future[JobDone]:
        """Run ``job``, unless it is the first."""
        self.handed_out.append(job)
        return Future() if len(self.handed_out) == 1 else super().submit(job)


def test_the_second_copy_of_a_lost_job_ends_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = run_study(small_study(tmp_path, replicates=8), tmp_path / "undisturbed", workers=0)
    teams: list[SlowOnce] = []

    def start(assignment: bytes, *_: object) -> Workers:
        teams.append(SlowOnce(assignment))
        return teams[0]

    monkeypatch.setattr(module, "start_workers", start)
    study = small_study(tmp_path, replicates=8)
    result = run_study(study, tmp_path / "out", job_size=2, repeat_stragglers=True)
    assert result.status == "complete" and result.replicates == {"day": 8}
    first = teams[0].handed_out[0]
    assert teams[0].handed_out.count(first) == 2 and len(teams[0].handed_out) == 5
    assert table_hashes(result.path) == table_hashes(undisturbed.path)
    assert not (result.path / "jobs").exists()


def test_the_copy_that_comes_second_is_forgotten() -> None:
    job, other = Job(0, 0, 2), Job(0, 2, 2)
    in_work, futures = InWork(), [Future() for _ in range(3)]
    for future, of in zip(futures, (job, other, job), strict=True):
        in_work.add(future, of)
    assert in_work.take(futures[0]) == job and in_work.has(job)
    in_work.drop_twins(job)
    assert in_work.take(futures[2]) is None and futures[2].cancelled()
    assert in_work.take_all() == [other] and not len(in_work)


def test_only_jobs_far_over_their_time_and_not_yet_repeated_are_stragglers() -> None:
    in_work, job, quick = InWork(), Job(0, 0, 2), Job(0, 2, 2)
    in_work.add(Future(), job)
    in_work.add(Future(), quick)
    time.sleep(0.01)
    assert in_work.stragglers(lambda job: 0.001 if job.first == 0 else 3600.0) == [job]
    in_work.add(Future(), job)
    assert in_work.stragglers(lambda job: 0.0) == [quick]
