"""Kill -9 of everything a study is made of, at random moments: parent, fork server, Dask worker and Dask scheduler.

Twenty kills of each kind (GRIDSIM_VERIFICATION_FRACTION of them, two at least); every study must end, by itself or with
``resume``, with the bytes of one that nobody disturbed. Processes are forked from a server that has imported gridsim,
so that a kill costs a second or two.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import StoreError, StudyError
from gridsim.results.study_result import StudyResult
from gridsim.study.run_study import run_study
from tests.support.fraction import FRACTION
from tests.support.study_cases import small_study, table_hashes
from tests.verification.test_study_robust import children

KILLS = max(2, round(20 * FRACTION))
REPLICATES = 30
JOB = {"job_size": 2}
PRELOAD = ["gridsim.study.run_study", "gridsim.study.worker", "distributed", "tests.verification.test_study_kills"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Folder of the study, and the hashes of its tables where nothing is killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert study_in(folder, folder / "out", workers=0).status == "complete"
    return folder, table_hashes(folder / "out")


def study_in(folder: Path, out: Path, **options: Any) -> StudyResult:
    """Run the study of ``folder``, going on with what is there."""
    resume = (out / "study.json").exists()
    return run_study(small_study(folder, replicates=REPLICATES), out, resume=resume, **JOB, **options)


def process(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process forked from the server, which has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    made = context.Process(target=target, args=arguments)
    made.start()
    return made


def kill(pid: int | None) -> None:
    """SIGKILL, also to a process that has just gone."""
    assert pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def whole(folder: Path, out: Path, expected: dict[str, str], **options: Any) -> None:
    """Finish the study and hold it against the undisturbed one; then nothing is left of it."""
    for _ in range(3):
        result = study_in(folder, out, **options)
        if result.status == "complete":
            break
    assert result.status == "complete" and result.replicates == {"day": REPLICATES}
    assert table_hashes(out) == expected
    assert not [file for file in out.rglob("*") if file.suffix in (".tmp", ".job")]


# Parent


def _parent(folder: Path, out: Path) -> None:
    os.setsid()
    study_in(folder, out, workers=1)


def test_killed_parents(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    chance, kills, tries, longest = random.Random(1), 0, 0, 3.0
    out = tmp_path / "out0"
    while kills < KILLS:
        tries += 1
        assert tries < 4 * KILLS
        parent = process(_parent, folder, out)
        parent.join(chance.random() * longest)
        if parent.is_alive():
            kill(parent.pid)
            kills += 1
        parent.join()
        if parent.exitcode == 0:
            assert table_hashes(out) == expected
            out, longest = tmp_path / f"out{tries}", max(longest * 0.8, 0.5)
    # the worker of a dead parent ends by itself; then nobody holds the place
    end = time.monotonic() + 30
    while True:
        try:
            whole(folder, out, expected, workers=0)
            return
        except StudyError:
            assert time.monotonic() < end
            time.sleep(0.2)


# Fork server


def _fork_servers() -> list[int]:
    found = []
    for pid in children(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if b"forkserver" in command and parent == os.getpid():
            found.append(pid)
    return found


def _kill_at_random(chance: random.Random, longest: float, ended: threading.Event, killed: list[int]) -> None:
    """Kill the fork server once, some time after there is one."""
    while not (servers := _fork_servers()) and not ended.is_set():
        time.sleep(0.01)
    if not ended.wait(chance.random() * longest) and (servers := _fork_servers()):
        kill(servers[0])
        killed.append(servers[0])


def test_killed_fork_servers(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    chance, killed, tries = random.Random(2), [], 0
    while len(killed) < KILLS:
        tries += 1
        assert tries < 4 * KILLS
        ended = threading.Event()
        killer = threading.Thread(target=_kill_at_random, args=(chance, 2.0, ended, killed))
        killer.start()
        try:
            whole(folder, tmp_path / f"out{tries}", expected, workers=1)
        finally:
            ended.set()
            killer.join()


# Dask


def _scheduler(port: int, ready: Connection) -> None:
    from distributed import Scheduler

    async def main() -> None:
        async with Scheduler(host="127.0.0.1", port=port, dashboard=False) as scheduler:
            ready.send(scheduler.address)
            await scheduler.finished()

    asyncio.run(main())


def _worker(address: str, folder: str) -> None:
    from distributed import Worker

    async def main() -> None:
        async with Worker(address, nthreads=1, local_directory=folder, dashboard=False) as worker:
            await worker.finished()

    asyncio.run(main())


class Cluster:
    """A Dask scheduler with two workers, each a process that can be killed."""

    def __init__(self, folder: Path):
        self._folder = str(folder)
        receives, sends = multiprocessing.Pipe(duplex=False)
        self.scheduler = process(_scheduler, 0, sends)
        assert receives.poll(120), "no scheduler"
        self.address: str = receives.recv()
        self.workers = [self._new(), self._new()]

    def _new(self) -> BaseProcess:
        return process(_worker, self.address, self._folder)

    def kill_worker(self, position: int) -> None:
        """Kill one worker and start another, as a cluster does."""
        kill(self.workers[position].pid)
        self.workers[position].join()
        self.workers[position] = self._new()

    def close(self) -> None:
        for one in (self.scheduler, *self.workers):
            kill(one.pid)
            one.join()


def _later(seconds: float, out: Path, ended: threading.Event, act: Callable[[], None]) -> threading.Thread:
    """Act that long after the first job of the study in ``out`` is done, unless the study has ended."""

    def waits() -> None:
        while not ended.is_set() and not any((out / "jobs").glob("*.job")):
            time.sleep(0.01)
        if not ended.wait(seconds):
            act()

    thread = threading.Thread(target=waits)
    thread.start()
    return thread


def test_killed_dask_workers(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    chance, kills = random.Random(3), [0]
    cluster = Cluster(tmp_path)
    try:
        for tries in range(4 * KILLS):
            out, ended = tmp_path / f"out{tries}", threading.Event()

            def act() -> None:
                cluster.kill_worker(chance.randrange(2))
                kills[0] += 1

            killer = _later(chance.random() * 0.5, out, ended, act)
            try:
                whole(folder, out, expected, scheduler=cluster.address)
            finally:
                ended.set()
                killer.join()
            if kills[0] >= KILLS:
                return
        raise AssertionError(f"{kills[0]} kills")
    finally:
        cluster.close()


def test_killed_dask_schedulers(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """The study ends at once with a reason, keeps what is finished, and goes on with another scheduler."""
    folder, expected = undisturbed
    chance, kills = random.Random(4), 0
    for tries in range(4 * KILLS):
        out, ended = tmp_path / f"out{tries}", threading.Event()
        cluster = Cluster(tmp_path)
        try:
            killer = _later(chance.random() * 0.5, out, ended, lambda: kill(cluster.scheduler.pid))  # noqa: B023
            began = time.monotonic()
            try:
                result = study_in(folder, out, scheduler=cluster.address)
                if result.status != "complete":
                    assert result.status == "stopped" and "Dask" in result.reason and "--resume" in result.reason
            except (StudyError, StoreError) as error:
                assert "Dask" in str(error)
            finally:
                ended.set()
                killer.join()
            assert time.monotonic() - began < 60.0
            cluster.scheduler.join(0)
            kills += not cluster.scheduler.is_alive()
        finally:
            cluster.close()
        whole(folder, out, expected, workers=0)
        if kills >= KILLS:
            return
    raise AssertionError(f"{kills} kills")
