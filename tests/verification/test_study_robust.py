"""Studies under kills, full disks, signals and other schedulers: nothing lost, nothing twice, the same bytes.

Repetitions follow GRIDSIM_VERIFICATION_FRACTION; at least two kills of each kind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError, StoreError
from gridsim.io import study_store
from gridsim.io.read_run import load_run
from gridsim.study.run_study import run_study
from tests.support.fraction import FRACTION
from tests.support.study_cases import small_study, table_hashes, write_study

KILLS = max(2, round(20 * FRACTION))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Folder of a study of 130 replicates and the hashes of its tables."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run_study(small_study(folder), folder / "out", workers=0)
    return folder, table_hashes(folder / "out")


def start(folder: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """``gridsim study`` of the folder's study in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "gridsim",
        "study",
        str(folder / "study.yaml"),
        "--out",
        str(out),
        "--workers",
        "2",
    ]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def children(pid: int) -> list[int]:
    """Processes below ``pid``, however deep."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def workers_of(pid: int) -> list[int]:
    """Worker processes of a study: children of its fork server."""
    return [pid for pid in children(pid) if _parent_is_forkserver(pid)]


def _parent_is_forkserver(pid: int) -> bool:
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        return b"forkserver" in Path(f"/proc/{parent}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def wait_for(condition: Any, seconds: float) -> bool:
    """True once ``condition()`` holds, False after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_killed_parents_lose_nothing(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    out, chance = tmp_path / "out", random.Random(8)
    for _ in range(KILLS):
        process = start(folder, out, "--resume", "--job-size", "4")
        # Anywhere from the first files to several blocks; a study that finishes meanwhile is begun again.
        wait_for(lambda: (out / "study.json").exists() or process.poll() is not None, 60)  # noqa: B023
        time.sleep(chance.random() * 8.0)
        orphans = workers_of(process.pid) if process.poll() is None else []
        process.kill()
        process.communicate()
        assert wait_for(lambda pids=orphans: not any(Path(f"/proc/{pid}").exists() for pid in pids), 30), orphans
        if (out / "day" / "manifest.json").exists() and load_run(out / "day").status == "complete":
            assert table_hashes(out) == expected
            subprocess.run(["rm", "-r", str(out)], check=True)
    result = run_study(small_study(folder), out, workers=0, resume=(out / "study.json").exists())
    assert result.status == "complete" and result.replicates == {"day": 130}
    assert table_hashes(out) == expected


def test_killed_workers_are_replaced(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    chance = random.Random(9)
    kills, attempt = 0, 0
    while kills < KILLS:
        attempt += 1
        assert attempt <= 3 * KILLS + 3, "studies end before a worker can be killed"
        out = tmp_path / f"out{attempt}"
        process = start(folder, out, "--job-size", "4", "--json")
        wait_for(lambda: any((out / "jobs").glob("*.job")) or process.poll() is not None, 120)  # noqa: B023
        time.sleep(chance.random())
        if process.poll() is None and (alive := workers_of(process.pid)):
            os.kill(chance.choice(alive), signal.SIGKILL)
            kills += 1
        printed, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        assert json.loads(printed)["replicates"] == {"day": 130}
        assert table_hashes(out) == expected


def test_a_replicate_that_kills_its_worker_is_named(tmp_path: Path) -> None:
    """One replicate of 20 ends its process each time: 19 are there, it is recorded, and the exit code is 3."""
    folder = write_study(tmp_path, replicates=20).parent
    driver = tmp_path / "driver.py"
    driver.write_text(
        "import os, sys\n"
        "from gridsim.engine.run import Replicates\n"
        "run = Replicates.run\n"
        "def deadly(self, **options):\n"
        "    if options.get('replicate') == 11: os._exit(9)\n"
        "    return run(self, **options)\n"
        "Replicates.run = deadly\n"
        "if __name__ == '__main__':\n"
        "    from gridsim.cli import main\n"
        "    main()\n"
    )
    command = [sys.executable, str(driver), "study", str(folder / "study.yaml"), "--out", str(tmp_path / "out"),
               "--workers", "2", "--job-size", "5", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 3, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["status"] == "partial" and found["replicates"] == {"day": 19}
    (failed,) = found["failed"]
    assert failed["replicate"] == 11 and failed["replay"].endswith("--replicate 11")
    assert "worker lost" in failed["error"]


def test_sigterm_finishes_the_block_and_exits_3(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    out = tmp_path / "out"
    process = start(folder, out, "--job-size", "4", "--json")
    assert wait_for(lambda: any((out / "jobs").glob("*.job")), 120)
    process.send_signal(signal.SIGTERM)
    printed, errors = process.communicate()
    assert process.returncode == 3, errors.decode()
    found = json.loads(printed)
    assert found["status"] == "stopped" and found["replicates"]["day"] in (64, 128)
    assert load_run(out / "day").status == "stopped" and not any((out / "jobs").glob("*.job"))
    assert run_study(small_study(folder), out, workers=0, resume=True).status == "complete"
    assert table_hashes(out) == expected


def test_a_full_disk_stops_the_study_and_keeps_what_is_there(
    undisturbed: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails after so many bytes, whoever writes: one outcome, and resume completes."""
    folder, expected = undisturbed
    study, out = small_study(folder), tmp_path / "out"
    original, written = study_store.os.fsync, [0]

    def full(descriptor: int) -> None:
        written[0] += 1
        if written[0] > 60:
            raise OSError(28, "No space left on device")
        original(descriptor)

    monkeypatch.setattr(study_store.os, "fsync", full)
    with pytest.raises(StoreError, match="free space and go on with --resume"):
        run_study(study, out, workers=0, job_size=8)
    assert not list(out.rglob("*.tmp"))
    assert load_run(out / "day").damaged() == []
    monkeypatch.setattr(study_store.os, "fsync", original)
    assert run_study(study, out, workers=0, resume=True).status == "complete"
    assert table_hashes(out) == expected


def test_a_read_only_folder_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root writes anywhere, so the file system's answer is given in its place."""
    study = small_study(tmp_path, replicates=1)

    def read_only(*arguments: Any, **options: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(study_store.Path, "mkdir", read_only)
    with pytest.raises(InputError, match="not writable: Read-only file system; choose another --out"):
        run_study(study, tmp_path / "out", workers=0)


def test_the_clock_may_jump(
    undisturbed: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, expected = undisturbed
    out = tmp_path / "out"
    times = iter(range(10**6, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(times)))
    run_study(small_study(folder), out, workers=0)
    assert table_hashes(out) == expected


@pytest.mark.parametrize("workers", [1, 2, 4] if FRACTION >= 1.0 else [4])
def test_any_number_of_workers_gives_the_same_bytes(
    undisturbed: tuple[Path, dict[str, str]], tmp_path: Path, workers: int
) -> None:
    folder, expected = undisturbed
    run_study(small_study(folder), tmp_path / "out", workers=workers)
    assert table_hashes(tmp_path / "out") == expected


def test_dask_gives_the_same_bytes(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:

    folder, expected = undisturbed
    out = tmp_path / "out"
    command = [sys.executable, "-m", "gridsim", "study", str(folder / "study.yaml"), "--out", str(out)]
    done = subprocess.run([*command, "--scheduler", "local", "--workers", "2"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert table_hashes(out) == expected


def test_memory_is_flat_in_the_number_of_replicates(tmp_path: Path) -> None:
    """10,000 replicates of a day on two workers (a share of them at a fraction): at most 1 GB in all processes."""
    n = max(130, round(10_000 * FRACTION))
    file = write_study(tmp_path, replicates=n, set={"horizon.hours": 24})
    process = start(file.parent, tmp_path / "out", "--json")
    most = 0
    while process.poll() is None:
        used = 0
        for pid in [process.pid, *children(process.pid)]:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                used += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
        most = max(most, used)
        time.sleep(0.5)
    printed, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    assert json.loads(printed)["replicates"] == {"day": n}
    assert most <= 1_000_000, f"{most / 1000:.0f} MB"
