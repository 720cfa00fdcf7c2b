"""Executors of jobs: this process, a pool of processes, or a Dask cluster; all behind ``concurrent.futures``."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from gridsim.errors import StudyError
from gridsim.io.study_jobs import Job
from gridsim.study.worker import JobDone, assign, run_job, start_process

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_LOOK_S = 0.5
_GONE = "the Dask scheduler is gone (killed, or its connection broke); what is finished is kept: go on with --resume"
_GRACE_S = 10.0  # a worker without work ends at once; one that has a job may finish it


class InProcess(Executor):
    """Runs a job when it is submitted, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Workers:
    """Workers that know an assignment. ``submit`` gives a Future of a JobDone; ``renew`` replaces a broken pool."""

    n_workers = 1
    window = 1

    def __init__(self, assignment: bytes):
        self._assignment = assignment
        self.executor = self._start()

    def _start(self) -> Executor:
        assign(self._assignment)
        return InProcess()

    def submit(self, job: Job) -> Future[JobDone]:
        """Run ``job`` somewhere. Raises BrokenExecutor if workers died: their jobs are lost, ``renew`` comes first."""
        return self.executor.submit(run_job, job)

    def check(self) -> None:
        """StudyError if what was handed out can never come back."""

    def error_of(self, future: Future[JobDone]) -> BaseException | None:
        """The error of a job, once it has ended. StudyError if it never will."""
        while not future.done():
            wait([future], timeout=_LOOK_S)
            self.check()
        try:
            return future.exception()
        except CancelledError:  # nobody here cancels what is waited for: the cluster is gone
            raise StudyError(_GONE) from None

    def renew(self) -> None:
        """Start again after workers died."""
        self.close()
        self.executor = self._start()

    def close(self) -> None:
        """Stop the workers; what they have not begun is dropped."""
        self.executor.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        """Stop the workers without waiting for what they have in work."""
        self.close()


class Pool(Workers):
    """Processes of this machine, forked from a server that has imported gridsim and runs no threads."""

    def __init__(self, assignment: bytes, n_workers: int, preload: Sequence[str] = ()):
        self._preload = ["gridsim.study.worker", *preload]
        self.n_workers = n_workers
        self.window = 2 * n_workers  # one in work, one waiting
        super().__init__(assignment)

    def _start(self) -> Executor:
        for variable in _THREAD_LIMITS:
            os.environ[variable] = "1"
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(self._preload)
        return ProcessPoolExecutor(self.n_workers, context, start_process, (self._assignment,))

    def submit(self, job: Job) -> Future[JobDone]:
        """Run ``job`` in a process. Raises BrokenExecutor if workers died, also while it was being handed out."""
        try:
            future = super().submit(job)
        except (OSError, EOFError) as error:  # a fork server that died as it was asked for a process
            raise BrokenProcessPool(f"no worker process could be started: {error}") from error
        # The executor (Python 3.11) fails the futures of a broken pool without a lock: one that joins them at that
        # moment may never be told, and whoever waits for it would wait for ever.
        if broken := getattr(self.executor, "_broken", False):
            raise BrokenProcessPool(broken)
        return future

    def renew(self) -> None:
        """Start again after workers died, without waiting for any that is still at work."""
        _kill(self._alive())
        super().renew()

    def abandon(self) -> None:
        """Kill the processes; what they wrote whole is there, and nothing else counts."""
        _kill(self._alive())
        super().abandon()

    def close(self) -> None:
        """Stop the workers; one that does not end within seconds is killed.

        One killed while it held a lock of the executor's queues leaves the others waiting for it for ever, and they
        ignore the SIGTERM by which the executor would end them: without SIGKILL it would wait for them for ever too.
        What a job has written is whole or not there, so a kill loses no more than the job.
        """
        processes = self._alive()
        self.executor.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + _GRACE_S
        alive = [process.sentinel for process in processes]
        while alive and (rest_s := deadline - time.monotonic()) > 0:
            ended = connection.wait(alive, rest_s)
            alive = [sentinel for sentinel in alive if sentinel not in ended]
        if alive:
            _kill(processes)
        super().close()

    def _alive(self) -> list[BaseProcess]:
        """The worker processes there are; the executor forgets them when it is shut down."""
        return list((getattr(self.executor, "_processes", None) or {}).values())


def _kill(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.kill()


class DaskCluster(Workers):
    """A running Dask cluster (``tcp://...``), or one of this machine's processes (``local``)."""

    def __init__(self, assignment: bytes, address: str, n_workers: int):
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            raise StudyError("--scheduler needs Dask: pip install 'gridsim[cluster]'") from None
        self._cluster = None
        if address == "local":
            # Dask's profiler of workers keeps a tree of calls for every second of the last hour, some 100 MB
            with dask.config.set({"distributed.worker.profile.enabled": False}):
                self._cluster = LocalCluster(
                    n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=None
                )
        try:
            self._client = Client(self._cluster or address, timeout="20s")
            self.n_workers = max(len(self._client.scheduler_info()["workers"]), 1)
            self.window = 2 * self.n_workers
            super().__init__(assignment)
        except (OSError, ValueError) as error:
            raise StudyError(f"no Dask scheduler at {address}: {error}") from None

    def _start(self) -> Executor:
        from distributed import WorkerPlugin

        class Assign(WorkerPlugin):
            """Tells every worker, also one that joins later, what the study is."""

            name = "gridsim-study"

            def __init__(self, assignment: bytes):
                self.assignment = assignment

            def setup(self, worker: Any) -> None:
                assign(self.assignment)

        self._client.register_plugin(Assign(self._assignment))
        return self._client.get_executor(retries=0, pure=False)

    def submit(self, job: Job) -> Future[JobDone]:
        """Run ``job`` in the cluster. StudyError if that is gone."""
        self.check()
        try:
            return super().submit(job)
        except (OSError, RuntimeError) as error:
            raise StudyError(_GONE) from error

    def check(self) -> None:
        """StudyError once the scheduler is gone: one that is there again knows nothing of the jobs of before."""
        if self._client.status != "running":
            raise StudyError(_GONE)

    def renew(self) -> None:
        """Look at the scheduler alone: a cluster replaces its dead workers, and the plugin tells the new ones."""
        self.check()

    def close(self) -> None:
        """Stop the workers that were started here."""
        with suppress(OSError, RuntimeError, CancelledError):  # a cluster that is gone cannot be left in good order
            self.executor.shutdown(wait=False)
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def start_workers(assignment: bytes, n_workers: int, scheduler: str | None, preload: Sequence[str] = ()) -> Workers:
    """``scheduler``: a Dask address or ``local``; without it ``n_workers`` processes, 0 for none but this one.

    ``preload``: modules that processes of this machine import once for all.
    """
    if scheduler is not None:
        return DaskCluster(assignment, scheduler, n_workers)
    return Pool(assignment, n_workers, preload) if n_workers else Workers(assignment)
