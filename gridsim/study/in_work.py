"""Jobs that workers have: the futures of each, and since when."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from gridsim.io.study_jobs import Job
from gridsim.study.worker import JobDone


class InWork:
    """Jobs in work. One may be there twice, for a second worker when the first was slow: the first to end counts."""

    def __init__(self) -> None:
        self._jobs: dict[Future[JobDone], Job] = {}
        self._since: dict[Job, float] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def futures(self) -> list[Future[JobDone]]:
        return list(self._jobs)

    def add(self, future: Future[JobDone], job: Job) -> None:
        """A job that was handed out, once more or for the first time."""
        self._jobs[future] = job
        self._since.setdefault(job, time.monotonic())

    def has(self, job: Job) -> bool:
        """True while some worker has the job."""
        return job in self._jobs.values()

    def take(self, future: Future[JobDone]) -> Job | None:
        """Take out the job of ``future``; None if its twin had come before."""
        job = self._jobs.pop(future, None)
        if job is not None and not self.has(job):
            del self._since[job]
        return job

    def drop_twins(self, job: Job) -> None:
        """Forget what other workers do for ``job``."""
        for twin in [future for future, other in self._jobs.items() if other == job]:
            twin.cancel()
            self.take(twin)

    def take_all(self) -> list[Job]:
        """Take out everything."""
        jobs = list(self._jobs.values())
        self._jobs.clear()
        self._since.clear()
        return jobs

    def stragglers(self, limit_s: Callable[[Job], float]) -> list[Job]:
        """Jobs in work once for longer than their ``limit_s``, the oldest first."""
        now, jobs = time.monotonic(), list(self._jobs.values())
        slow = [job for job in self._since if jobs.count(job) == 1 and now - self._since[job] > limit_s(job)]
        return sorted(slow, key=lambda job: self._since[job])
