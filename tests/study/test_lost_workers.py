"""Pools that break before they take a job: they are replaced, and every replicate is run once."""

from __future__ import annotations

import os
import pickle
import signal
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.io.read_run import load_run
from gridsim.io.study_jobs import Job
from gridsim.study import run_study as module
from gridsim.study.executors import InProcess, Pool, Workers
from gridsim.study.give_out import RENEWALS
from gridsim.study.run_study import run_study
from gridsim.study.worker import JobDone
from tests.support.study_cases import small_study, table_hashes, write_study


class BreakingPool(Workers):
    """Runs jobs when they are handed out, two at a time; refuses those handed out at the calls of ``breaks``."""

    window = 2

    def __init__(self, assignment: bytes, breaks: set[int]):
        super().__init__(assignment)
        self.breaks = breaks
        self.calls = 0
        self.renewed: list[int] = []
        self._broken = False

    def submit(self, job: Job) -> Future[JobDone]:
        """Run ``job`` unless workers died."""
        self.calls += 1
        if self._broken or self.calls in self.breaks:
            self._broken = True
            raise BrokenProcessPool("a worker died before it took the job")
        return super().submit(job)

    def renew(self) -> None:
        """A pool that takes jobs again."""
        self.renewed.append(self.calls)
        self._broken = False
        super().renew()


def run_with(monkeypatch: pytest.MonkeyPatch, folder: Path, breaks: set[int], **keys: Any) -> tuple[Any, BreakingPool]:
    pools: list[BreakingPool] = []

    def start(assignment: bytes, *_: object) -> Workers:
        pools.append(BreakingPool(assignment, breaks))
        return pools[0]

    monkeypatch.setattr(module, "start_workers", start)
    result = run_study(small_study(folder, replicates=8, **keys), folder / "out", job_size=2)
    return result, pools[0]


@pytest.mark.parametrize(
    ("breaks", "renewed"),
    [
        ({1}, [1]),  # nothing in work
        ({2}, [2]),  # one job in work
        ({2, 3, 4}, [2, 3, 4]),  # the new pools break as well
        ({3, 5}, [3, 5]),  # again later
    ],
)
def test_a_pool_that_breaks_while_a_job_is_handed_out_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: set[int], renewed: list[int]
) -> None:
    undisturbed = run_study(small_study(tmp_path, replicates=8), tmp_path / "undisturbed", workers=0)
    result, pool = run_with(monkeypatch, tmp_path, breaks)
    assert result.status == "complete" and result.replicates == {"day": 8} and not result.failed
    assert pool.renewed == renewed
    assert table_hashes(tmp_path / "out") == table_hashes(undisturbed.path)


def test_a_job_lost_with_its_pool_runs_alone_on_pools_that_break_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first job's worker dies in it; the pool breaks again before the second replicate of it is handed out."""
    lost: list[Job] = []
    plain = InProcess.submit

    def submit(self: Executor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not lost:
            lost.append(args[0])
            future: Future[Any] = Future()
            future.set_exception(BrokenProcessPool("its worker died"))
            return future
        return plain(self, fn, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(InProcess, "submit", submit)
    result, pool = run_with(monkeypatch, tmp_path, {4})
    assert lost == [Job(0, 0, 2)]
    assert result.status == "complete" and result.replicates == {"day": 8} and not result.failed
    assert pool.renewed == [2, 4]  # after the jobs in work are lost, and when the second replicate is refused


def test_workers_that_always_die_stop_the_study_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, pool = run_with(monkeypatch, tmp_path, set(range(3, 100)))
    assert result.status == "stopped" and f"workers died {RENEWALS} times in a row" in result.reason
    assert "--resume" in result.reason
    assert len(pool.renewed) == RENEWALS
    monkeypatch.undo()
    resumed = run_study(small_study(tmp_path, replicates=8), tmp_path / "out", workers=0, resume=True)
    assert resumed.status == "complete" and resumed.reused == 8 - 2 * 2
    assert load_run(tmp_path / "out" / "day").n_replicates == 8


def test_a_pool_that_breaks_while_it_takes_a_job_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The executor took the job just before it knew: its future may never end, so the pool refuses it."""

    class Late(InProcess):
        _broken: str | bool = False

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self._broken = "a child process terminated abruptly"
            return Future()

    monkeypatch.setattr(Pool, "_start", lambda self: Late())
    with pytest.raises(BrokenProcessPool):
        Pool(pickle.dumps(None), 2).submit(Job(0, 0, 1))


def forkserver_dies(monkeypatch: pytest.MonkeyPatch, n_times: int) -> list[int]:
    """The fork server is killed as soon as it runs, so often; gives the processes killed."""
    server = forkserver._forkserver  # type: ignore[attr-defined]
    original = server.ensure_running
    killed: list[int] = []

    def ensure_running() -> None:
        original()
        if len(killed) < n_times:
            killed.append(server._forkserver_pid)
            os.kill(killed[-1], signal.SIGKILL)
            os.waitid(os.P_PID, killed[-1], os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(server, "ensure_running", ensure_running)
    return killed


def test_a_fork_server_that_dies_as_it_starts_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = run_study(small_study(tmp_path, replicates=8), tmp_path / "undisturbed", workers=0)
    killed = forkserver_dies(monkeypatch, 2)
    result = run_study(small_study(tmp_path, replicates=8), tmp_path / "out", workers=2, job_size=2)
    assert len(set(killed)) == 2
    assert result.status == "complete" and result.replicates == {"day": 8} and not result.failed
    assert table_hashes(tmp_path / "out") == table_hashes(undisturbed.path)


def test_a_fork_server_that_always_dies_stops_the_study_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken pipe of multiprocessing once looked like a closed stdout: exit 1 without a word."""
    forkserver_dies(monkeypatch, 1000)
    write_study(tmp_path, replicates=8)
    words = ["study", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--workers", "1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3, done.output
    assert f"workers died {RENEWALS} times in a row" in " ".join(done.output.split())
    monkeypatch.undo()
    assert CliRunner().invoke(app, [*words, "--resume"]).exit_code == 0
    assert load_run(tmp_path / "out" / "day").n_replicates == 8
