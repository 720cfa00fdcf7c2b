"""Give the jobs of a study to workers until none is left, whoever dies or dawdles."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import suppress
from typing import Protocol

from gridsim.errors import StoreError, StudyError
from gridsim.io.study_jobs import Job, JobResult
from gridsim.study.executors import Workers
from gridsim.study.in_work import InWork
from gridsim.study.worker import JobDone, failure

#: A job in work for so many times what it should take is a straggler.
STRAGGLER = 3.0
#: Pools that may break one after another without a single replicate run: a machine that kills every worker is no help.
RENEWALS = 10


class Jobs(Protocol):
    """Source of the jobs to do, and taker of those that are done."""

    def next_job(self) -> Job | None:
        """A job to hand out; None if none can begin now."""

    def put_back(self, job: Job) -> None:
        """A job that was not begun."""

    def expected_s(self, job: Job) -> float | None:
        """Seconds that a job should take; None while no replicate is done."""

    def job_result(self, job: Job) -> JobResult | None:
        """Results of a job that a worker has written whole."""

    def count(self, done: JobDone) -> None:
        """A job that a worker has done."""

    def finish(self, job: Job, result: JobResult) -> None:
        """Results of a job, or the record of its failure."""

    def tell(self) -> None:
        """A moment to tell how far the study is."""


class GiveOut:
    """Gives ``jobs`` to a ``team``. ``repeat_stragglers``: one that is far too slow to an idle worker as well.

    Raises StoreError where results cannot be kept, StudyError where workers die without end or are gone for good.
    """

    def __init__(self, team: Workers, jobs: Jobs, *, repeat_stragglers: bool = False):
        self.team = team
        self.jobs = jobs
        self.repeat_stragglers = repeat_stragglers
        self._running = InWork()
        self._renewals = 0

    def run(self) -> None:
        """Until nothing is left that can begin."""
        while True:
            self._fill()
            if not self._running:
                return
            if self.repeat_stragglers:
                self._repeat()
            finished, _ = wait(self._running.futures, timeout=0.5, return_when=FIRST_COMPLETED)
            self.jobs.tell()
            if not finished:
                self.team.check()
            self._one_by_one(self._take(finished))

    def _fill(self) -> None:
        while len(self._running) < self.team.window and (job := self.jobs.next_job()) is not None:
            try:
                self._running.add(self.team.submit(job), job)
            except BrokenExecutor:  # a worker died since the last look: its pool is lost with all it had in work
                self.jobs.put_back(job)
                self._renew()
                self._one_by_one(self._running.take_all(), renewed=True)

    def _take(self, finished: set[Future[JobDone]]) -> list[Job]:
        """Count what is done; returns the jobs whose worker died."""
        suspects: list[Job] = []
        for future in finished:
            job = self._running.take(future)
            if job is None:  # its twin came first
                continue
            error = self.team.error_of(future)
            if error is None:
                self._running.drop_twins(job)
                self._renewals = 0
                self.jobs.count(future.result())
            elif isinstance(error, StoreError):
                raise error
            elif isinstance(error, BrokenExecutor):  # takes all jobs with it; whose doing it was is not known
                return [*suspects, job, *self._running.take_all()]
            elif not self._running.has(job):
                suspects.append(job)
        return suspects

    def _one_by_one(self, suspects: list[Job], *, renewed: bool = False) -> None:
        """Run jobs whose worker died again, each replicate alone: one that kills its worker again has failed."""
        if suspects and not renewed:
            self._renew()
        for job in sorted(set(suspects)):
            if (whole := self.jobs.job_result(job)) is not None:
                self.jobs.finish(job, whole)  # it had just been written
                continue
            for replicate in range(job.first, job.first + job.n):
                self._alone(Job(job.case, replicate, 1))

    def _alone(self, job: Job) -> None:
        """Run one replicate with nothing beside it."""
        future = self._submit(job)
        error = self.team.error_of(future)
        if isinstance(error, StoreError):
            raise error
        self._renewals = 0
        if error is None:
            self.jobs.count(future.result()._replace(busy_s=0.0))
            return
        text = f"worker lost: {type(error).__name__}: {error}"
        record = failure(job.first, text, f"{text}\n(killed, or out of memory; it left no traceback)")
        self.jobs.finish(job, JobResult({}, [record]))
        self._renew()

    def _repeat(self) -> None:
        """Hand jobs that take much longer than they should to idle workers as well."""
        idle = self.team.n_workers - len(self._running)
        if idle <= 0:
            return
        for job in self._running.stragglers(self._limit_s)[:idle]:
            with suppress(BrokenExecutor):  # the next look at what is in work meets it
                self._running.add(self.team.submit(job), job)

    def _limit_s(self, job: Job) -> float:
        expected_s = self.jobs.expected_s(job)
        return float("inf") if expected_s is None else STRAGGLER * expected_s

    def _submit(self, job: Job) -> Future[JobDone]:
        """Hand out a job that runs alone, on a new pool if a worker died while none was in work."""
        while True:
            try:
                return self.team.submit(job)
            except BrokenExecutor:
                self._renew()

    def _renew(self) -> None:
        self._renewals += 1
        if self._renewals > RENEWALS:
            raise StudyError(
                f"workers died {RENEWALS} times in a row before a replicate was run (killed, or out of memory); "
                "what is finished is kept: go on with --resume and fewer --workers"
            )
        self.team.renew()
