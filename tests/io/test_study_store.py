"""The folder of a study: what is written is read back, what was killed half-way is found, what changed is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridsim.errors import InputError, StoreError, StudyError
from gridsim.io import study_inputs as inputs_module
from gridsim.io.study_inputs import study_inputs
from gridsim.io.study_jobs import Job, JobResult, read_job, write_job
from gridsim.io.study_store import StudyFolder
from gridsim.io.whole_files import damaged, part_name, write_file
from gridsim.model.study import Study
from gridsim.results.run_records import ColumnSpec
from tests.support.imports import ROOT
from tests.support.study_cases import small_study

SCHEMA = {"zones": (ColumnSpec("replicate", "i4", "replicate"), ColumnSpec("unserved_mw", "f8", "MW"))}
INPUTS = "hash of the inputs"


def result(first: int, n: int, failed: tuple[int, ...] = ()) -> JobResult:
    """Replicates ``first`` and on: one row each, unserved 10 times the replicate."""
    ran = [k for k in range(first, first + n) if k not in failed]
    table = pa.table({"replicate": pa.array(ran, pa.int32()), "unserved_mw": pa.array([10.0 * k for k in ran])})
    return JobResult({"zones": table}, [{"replicate": k, "error": "E", "traceback": "T"} for k in failed])


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """One case, 130 replicates: blocks of 64, 64 and 2."""
    return small_study(tmp_path / "files")


def opened(path: Path, study: Study, **options: Any) -> StudyFolder:
    return StudyFolder(path, study, {case.name: SCHEMA for case in study.cases}, **options)


@pytest.fixture
def folder(tmp_path: Path, study: Study) -> Iterator[StudyFolder]:
    held = opened(tmp_path / "out", study)
    yield held
    held.close()


def test_a_job_belongs_to_the_block_of_its_first_replicate() -> None:
    assert [Job(0, first, 1).block for first in (0, 63, 64, 129)] == [0, 0, 1, 2]
    assert Job(3, 64, 16).file_name == "0003-000000064-16.job"


def test_a_job_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    job = Job(0, 64, 3)
    write_job(tmp_path, job, INPUTS, result(64, 3, failed=(65,)))
    found = read_job(tmp_path / job.file_name, INPUTS)
    assert found is not None
    assert found.tables["zones"].to_pydict() == {"replicate": [64, 66], "unserved_mw": [640.0, 660.0]}
    assert found.failed == [{"replicate": 65, "error": "E", "traceback": "T"}]
    assert read_job(tmp_path / job.file_name, "other inputs") is None


def test_any_damaged_byte_or_missing_end_of_a_job_is_noticed(tmp_path: Path) -> None:
    job = Job(0, 0, 2)
    write_job(tmp_path, job, INPUTS, result(0, 2))
    file = tmp_path / job.file_name
    whole = file.read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read_job(file, INPUTS) is None, f"byte {at}"
    for length in (0, 10, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert read_job(file, INPUTS) is None, f"{length} bytes of {len(whole)}"


def test_a_write_that_fails_leaves_the_old_file_and_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "manifest.json"
    write_file(file, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="free space and go on with --resume"):
        write_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """The process ends between the scratch file and the rename."""
    file = tmp_path / "study.json"
    write_file(file, b"old")
    program = (
        "import os, pathlib, sys; from gridsim.io.whole_files import write_file; "
        "os.replace = lambda *paths: os.kill(os.getpid(), 9); write_file(pathlib.Path(sys.argv[1]), b'new')"
    )
    assert subprocess.run([sys.executable, "-c", program, str(file)], cwd=ROOT, check=False).returncode == -9
    assert file.read_bytes() == b"old"
    assert len(list(tmp_path.glob(".study.json.*.tmp"))) == 1


def test_a_block_joins_its_jobs_in_order_and_states_their_checksum(folder: StudyFolder) -> None:
    (case,) = folder.cases
    case.add_block(1, 64, 64, [result(64, 30, failed=(70,)), result(94, 34)])
    part = case.path / "zones" / part_name(1)
    assert part.name == "part-000001.parquet"
    assert pq.read_table(part)["replicate"].to_pylist() == [k for k in range(64, 128) if k != 70]
    manifest = json.loads((case.path / "manifest.json").read_text())
    (block,) = manifest["blocks"]
    content = part.read_bytes()
    assert (block["block"], block["first"], block["count"]) == (1, 64, 64)
    assert block["tables"]["zones"] == {
        "rows": 63,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (failed,) = manifest["failed"]
    assert failed["replicate"] == 70 and "--replicate 70" in failed["replay"]


def test_bytes_do_not_show_where_jobs_began(folder: StudyFolder) -> None:
    (case,) = folder.cases
    sums = []
    for jobs in ([result(0, 64)], [result(0, 1), result(1, 40), result(41, 23)]):
        case.add_block(0, 0, 64, jobs)
        sums.append(case.blocks[0]["tables"]["zones"]["sha256"])
    assert sums[0] == sums[1]


def test_a_table_without_rows_still_has_its_columns(folder: StudyFolder) -> None:
    (case,) = folder.cases
    case.add_block(2, 128, 2, [JobResult({}, [{"replicate": k, "error": "E", "traceback": ""} for k in (128, 129)])])
    table = pq.read_table(case.path / "zones" / part_name(2))
    assert table.num_rows == 0 and table.column_names == ["replicate", "unserved_mw"]


def test_resume_takes_over_whole_blocks_and_whole_jobs(tmp_path: Path, study: Study) -> None:
    """Killed with block 0 finished, block 1 finished and then damaged, and two jobs of block 2, one of them torn."""
    first = opened(tmp_path / "out", study)
    (case,) = first.cases
    case.add_block(0, 0, 64, [result(0, 64)])
    case.add_block(1, 64, 64, [result(64, 64)])
    done, torn, joined = Job(0, 128, 1), Job(0, 129, 1), Job(0, 0, 64)
    write_job(first.jobs, done, first.inputs, result(128, 1))
    write_job(first.jobs, torn, first.inputs, result(129, 1))
    write_job(first.jobs, joined, first.inputs, result(0, 64))  # its block is finished already
    (first.jobs / torn.file_name).write_bytes((first.jobs / torn.file_name).read_bytes()[:-5])
    part = case.path / "zones" / part_name(1)
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    scratch = case.path / "zones" / ".part-000002.parquet.1.tmp"
    scratch.write_bytes(b"half")
    first.close()

    second = opened(tmp_path / "out", study, resume=True)
    assert sorted(second.cases[0].blocks) == [0]
    assert second.repaired == [part]
    assert not scratch.exists()
    found = second.finished_jobs()
    assert list(found) == [done]
    assert found[done].tables["zones"].to_pydict() == {"replicate": [128], "unserved_mw": [1280.0]}
    assert [file.name for file in second.jobs.glob("*.job")] == [done.file_name]
    second.drop_jobs([done])
    assert second.job_result(done) is None
    second.close()
    assert not second.jobs.exists()


def test_closing_leaves_nothing_of_killed_workers_but_what_resume_needs(tmp_path: Path, study: Study) -> None:
    held = opened(tmp_path / "out", study)
    late, waiting = Job(0, 0, 2), Job(0, 64, 2)
    held.cases[0].add_block(0, 0, 64, [result(0, 64)])
    for job in (late, waiting):  # the first by a worker that was thought dead as its block was joined
        write_job(held.jobs, job, held.inputs, result(job.first, job.n))
    scratch = held.jobs / f".{late.file_name}.30270.tmp"
    mine = held.jobs / "notes.tmp"
    for file in (scratch, mine):
        file.write_bytes(b"half")
    held.close()
    assert sorted(file.name for file in held.jobs.iterdir()) == [waiting.file_name, "notes.tmp"]


def test_damaged_parts_are_those_missing_or_changed(folder: StudyFolder) -> None:
    (case,) = folder.cases
    for block in range(3):
        case.add_block(block, 64 * block, 1, [result(64 * block, 1)])
    assert damaged(case.parts()) == []
    files = [case.path / "zones" / part_name(block) for block in range(3)]
    files[0].unlink()
    files[2].write_bytes(b"")
    assert damaged(case.parts()) == [(0, files[0]), (2, files[2])]


def test_what_is_there_is_replaced_only_by_force_and_only_if_it_is_a_study(tmp_path: Path, study: Study) -> None:
    out = tmp_path / "out"
    held = opened(out, study)
    held.cases[0].add_block(0, 0, 64, [result(0, 64)])
    held.close()
    with pytest.raises(InputError, match="exists"):
        opened(out, study)
    fresh = opened(out, study, force=True)
    assert fresh.cases[0].blocks == {} and not (fresh.cases[0].path / "zones").exists()
    fresh.close()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is not a run folder"):
        opened(mine, study, force=True)
    assert (mine / "thesis.txt").exists()


def test_one_process_holds_a_folder(tmp_path: Path, study: Study, folder: StudyFolder) -> None:
    with pytest.raises(StudyError, match=f"process {os.getpid()}"):
        opened(tmp_path / "out", study, resume=True)


def test_resume_names_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = opened(tmp_path / "out", small_study(tmp_path / "files"))
    held.close()
    other = small_study(tmp_path / "files", seed=5, replicates=7)
    monkeypatch.setattr(inputs_module, "code_hash", lambda: "other code")
    with pytest.raises(InputError) as caught:
        opened(tmp_path / "out", other, resume=True)
    said = [problem.value for problem in caught.value.problems]
    assert sorted(said) == [
        "gridsim's own code changed",
        "replicates changed from 130 to 7",
        "seed changed from 0 to 5",
    ]


def test_inputs_hold_the_scenario_by_its_content(tmp_path: Path) -> None:
    first, same = small_study(tmp_path / "a"), small_study(tmp_path / "a")
    assert study_inputs(first) == study_inputs(same)
    (name,) = study_inputs(first)["cases"]
    text = (tmp_path / "a" / "day.yaml").read_text().replace("mean_h: 2", "mean_h: 3")
    (tmp_path / "a" / "day.yaml").write_text(text)
    changed = study_inputs(small_study(tmp_path / "a"))
    assert changed["cases"][name]["scenario"] != study_inputs(first)["cases"][name]["scenario"]
    assert changed["cases"][name]["network"] == study_inputs(first)["cases"][name]["network"]


def test_status_is_written_with_its_end(folder: StudyFolder) -> None:
    head = json.loads((folder.path / "study.json").read_text())
    assert head["status"] == "running" and "finished" not in head
    folder.write_status("complete", wall_s=1.5)
    head = json.loads((folder.path / "study.json").read_text())
    assert head["status"] == "complete" and head["wall_s"] == 1.5 and head["finished"] >= head["started"]
