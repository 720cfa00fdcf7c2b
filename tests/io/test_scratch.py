"""What a killed run leaves beside its place: removed by the next command into that place, and nothing else with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridsim.errors import StudyError
from gridsim.io.owned import Claim
from gridsim.io.scratch import MARK, new_scratch
from gridsim.io.store import NewFolder
from gridsim.study.run_study import run_study
from tests.support.study_cases import small_study


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def killed(out: Path) -> Path:
    """The scratch of a process that was killed as it wrote."""
    code = (
        "import pathlib, sys, time\n"
        "from gridsim.io.store import NewFolder\n"
        "folder = NewFolder(pathlib.Path(sys.argv[1]))\n"
        "folder.file('zones').mkdir()\n"
        "folder.file('zones/part-000000.parquet').write_bytes(b'half')\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    with pytest.raises(StudyError):  # the place is held, and its scratch stays
        NewFolder(out)
    (scratch,) = out.parent.glob(f".{out.name}-*")
    assert (scratch / "zones").is_dir()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return scratch


def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    scratch = killed(tmp_path / "out")
    NewFolder(tmp_path / "out").discard()
    assert not scratch.exists() and hidden(tmp_path) == []


def test_a_study_removes_it_too(tmp_path: Path) -> None:
    scratch = killed(tmp_path / "out")
    run_study(small_study(tmp_path, replicates=1), tmp_path / "out", workers=0)
    assert not scratch.exists() and hidden(tmp_path) == []


def test_nothing_unmarked_or_of_another_place_goes(tmp_path: Path) -> None:
    mine, foreign, linked = tmp_path / ".out-mine", tmp_path / ".out-abcdefgh", tmp_path / ".out-linked"
    mine.mkdir()
    (mine / "notes.md").write_text("x")
    foreign.mkdir()
    (foreign / MARK).write_text("gridsim-scratch of other\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARK).write_text("gridsim-scratch of out\n")
    linked.symlink_to(elsewhere)
    other = new_scratch(tmp_path / "out-2")  # begins as a scratch of ``out`` would
    before = hidden(tmp_path)
    NewFolder(tmp_path / "out").discard()
    Claim(tmp_path / "out").close()
    assert hidden(tmp_path) == before and (elsewhere / MARK).is_file() and (other / MARK).is_file()


def test_a_link_in_a_scratch_is_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("x")
    scratch = new_scratch(tmp_path / "out")
    (scratch / "thesis.txt").symlink_to(tmp_path / "data" / "thesis.txt")
    NewFolder(tmp_path / "out").discard()
    assert not scratch.exists() and (tmp_path / "data" / "thesis.txt").read_text() == "x"


def test_a_whole_run_carries_no_mark(tmp_path: Path) -> None:
    folder = NewFolder(tmp_path / "out")
    folder.write_manifest("run", {"finished": time.time()})
    folder.publish()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.json"] and hidden(tmp_path) == []
