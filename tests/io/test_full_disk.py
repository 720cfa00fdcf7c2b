"""A full disk, a table that may not be read, a stdout that takes nothing: a message, and nothing half-written."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from gridsim.errors import InputError, StoreError
from gridsim.io import store
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import read_scenario
from gridsim.io.store import RunFolder
from gridsim.io.verify import verify_folder
from gridsim.results.run_records import METRICS
from tests.support.command import gridsim
from tests.support.imports import ROOT
from tests.support.study_cases import write_network, write_scenario, write_study

COMMAND = [sys.executable, "-m", "gridsim"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_network(tmp_path / "net")
    write_scenario(tmp_path)
    write_study(tmp_path, replicates=2)
    return tmp_path


@pytest.mark.parametrize("largest", [100, 2000])
def test_a_run_without_room_says_so_and_leaves_nothing(files: Path, largest: int) -> None:
    """The operating system refuses to let any file grow beyond so many bytes, as a full disk does."""
    limit = (resource.RLIMIT_FSIZE, (largest, largest))
    before = sorted(files.iterdir())
    done = subprocess.run(
        [*COMMAND, "run", "day.yaml", "--out", "out"],
        cwd=files,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(*limit),
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "out: not written: File too large; free space and run again, or choose another --out"
    )
    assert sorted(files.iterdir()) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_the_mend_fits_the_cause(files: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    system, scenario = read_scenario(files / "day.yaml")
    folder = RunFolder(files / "out", {"metrics": METRICS})

    def fails(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(store, "write_parquet", fails)
    mend = "make it writable" if code == errno.EACCES else "free space"
    with pytest.raises(StoreError, match=f"{os.strerror(code)}; {mend} and run again, or choose another --out"):
        folder.write("metrics", {column.name: [] for column in METRICS})
    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(StoreError, match=mend):
        folder.finish(system, scenario, 0, "complete", {})
    folder.discard()
    assert [path.name for path in files.iterdir() if path.name.startswith((".", "out"))] == []


@pytest.mark.parametrize("words", [["run", "day.yaml"], ["study", "study.yaml", "--workers", "0"]])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_stdout_is_told_and_the_folder_is_whole(files: Path, words: list[str], more: list[str]) -> None:
    done = gridsim(*words, "--out", "out", *more, cwd=files, stdout=Path("/dev/full"))
    assert done.returncode == 1
    told = "stdout: not written: No space left on device; what went into a folder is whole"
    assert done.stderr.splitlines()[-1] == told and "Traceback" not in done.stderr and "ignored" not in done.stderr
    assert verify_folder(files / "out").whole


def test_tables_that_may_not_be_read_are_problems_all_at_once(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads everything, so the file system's answer is given in its place."""
    original = Path.read_bytes
    refused = {"lines.csv", "loads.csv"}

    def read_bytes(self: Path) -> bytes:
        if self.name in refused:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return original(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(InputError) as caught:
        read_network(files / "net")
    found = {problem.file: problem.value for problem in caught.value.problems if "not readable" in problem.value}
    assert found == {str(files / "net" / name): "not readable: Permission denied" for name in refused}
