"""A pool whose workers die."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from gridsim.errors import StudyError
from gridsim.study.executors import Pool, Workers
from gridsim.study.worker import JobDone

_HANG_S = 300  # a busy machine may take a minute to start workers; what waits longer waits for ever


def die_with_the_lock_of_the_results() -> None:
    """What SIGKILL does to a worker at the worst moment."""
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    frame.f_locals["result_queue"]._wlock.acquire()
    os._exit(9)


def die_with_the_lock_of_the_calls() -> None:
    """The same with the lock under which workers wait for their next job."""
    frame = sys._getframe()
    while "call_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    frame.f_locals["call_queue"]._rlock.acquire()
    os._exit(9)


def test_a_worker_that_dies_with_the_lock_of_the_calls_does_not_hang_the_end_of_a_study() -> None:
    pool = Pool(pickle.dumps(None), 2)
    for future in [pool.executor.submit(time.sleep, 0.5) for _ in range(2)]:
        future.result(timeout=_HANG_S)
    # the slow one is not waiting for a job, so the lock is free for the other to take and to die with
    slow, deadly = pool.executor.submit(time.sleep, 3.0), pool.executor.submit(die_with_the_lock_of_the_calls)
    for future in (slow, deadly):
        with pytest.raises(BrokenProcessPool):
            future.result(timeout=_HANG_S)
    closed = threading.Thread(target=pool.close, daemon=True)
    closed.start()
    closed.join(timeout=_HANG_S)
    assert not closed.is_alive()


def test_a_worker_that_dies_with_the_lock_of_the_results_does_not_hang_the_study() -> None:
    pool = Pool(pickle.dumps(None), 2)
    for future in [pool.executor.submit(time.sleep, 0.5) for _ in range(2)]:
        future.result(timeout=_HANG_S)  # both are there, and the executor watches both
    # slow outlasts the start of deadly on a busy machine; renewing kills it in its sleep
    slow, deadly = pool.executor.submit(time.sleep, 60.0), pool.executor.submit(die_with_the_lock_of_the_results)
    for future in (slow, deadly):
        with pytest.raises(BrokenProcessPool):
            future.result(timeout=_HANG_S)
    renewed = threading.Thread(target=pool.renew, daemon=True)
    renewed.start()
    renewed.join(timeout=_HANG_S)
    assert not renewed.is_alive()
    assert pool.executor.submit(abs, -3).result(timeout=_HANG_S) == 3
    pool.close()


def test_a_job_that_a_dead_cluster_takes_along_stops_the_study() -> None:
    """Dask cancels what waits for a scheduler that is gone."""
    team = Workers(pickle.dumps(None))
    lost: Future[JobDone] = Future()
    lost.cancel()
    with pytest.raises(StudyError, match=r"scheduler is gone.*--resume"):
        team.error_of(lost)


def test_a_job_that_never_ends_is_not_waited_for_once_the_cluster_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    team = Workers(pickle.dumps(None))

    def gone() -> None:
        raise StudyError("gone")

    monkeypatch.setattr(team, "check", gone)
    with pytest.raises(StudyError, match="gone"):
        team.error_of(Future())
