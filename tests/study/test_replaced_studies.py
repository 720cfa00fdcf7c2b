"""A forced study stands beside the old one until it is whole; damaged and foreign bookkeeping is mended or named."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gridsim.errors import InputError
from gridsim.io.owned import neighbour
from gridsim.io.read_run import load_run, load_study
from gridsim.study.compare import compare
from gridsim.study.run_study import run_study
from gridsim.study.worker import Worker
from tests.support.study_cases import small_study, table_hashes


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but its lock."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


def dies_after(monkeypatch: pytest.MonkeyPatch, n_jobs: int) -> Callable[[], None]:
    """The process ends when the next job is begun; gives what heals it."""
    original, ran = Worker.run, []

    def dies(self: Worker, job: object) -> object:
        if len(ran) == n_jobs:
            raise KeyboardInterrupt
        ran.append(1)
        return original(self, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "run", dies)
    return lambda: monkeypatch.setattr(Worker, "run", original)


def test_a_killed_forced_study_leaves_the_old_one_and_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, new = tmp_path / "out", neighbour(tmp_path / "out", "new")
    run_study(small_study(tmp_path, replicates=3), out, workers=0)
    old = contents(out)
    wanted = small_study(tmp_path, seed=9, replicates=70)
    run_study(wanted, tmp_path / "undisturbed", workers=0)
    heal = dies_after(monkeypatch, 8)
    with pytest.raises(KeyboardInterrupt):
        run_study(wanted, out, workers=0, job_size=8, force=True)
    heal()
    assert contents(out) == old and load_run(out / "day").n_replicates == 3
    assert load_run(new / "day").n_replicates == 64
    with pytest.raises(InputError, match="add --force to resume it"):
        run_study(wanted, out, workers=0, resume=True)
    assert run_study(small_study(tmp_path, replicates=3), out, workers=0, resume=True).reused == 3  # the old one still
    assert new.is_dir()

    result = run_study(small_study(tmp_path, seed=9, replicates=70), out, workers=0, resume=True, force=True)
    assert result.status == "complete" and result.reused == 64 and result.path == out
    assert table_hashes(out) == table_hashes(tmp_path / "undisturbed")
    assert not new.exists() and not neighbour(out, "old").exists() and not neighbour(out, "lock").exists()
    assert load_run(out / "day").manifest["seed"] == 9


def test_a_forced_study_that_is_stopped_does_not_replace_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    out = tmp_path / "out"
    run_study(small_study(tmp_path, replicates=3), out, workers=0)
    old = contents(out)
    original = Worker.run

    def asks(self: Worker, job: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return original(self, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "run", asks)
    result = run_study(small_study(tmp_path, seed=9), out, workers=0, job_size=64, force=True)
    monkeypatch.setattr(Worker, "run", original)
    assert result.status == "stopped" and "--force" in result.reason and str(result.path) in result.reason
    assert contents(out) == old
    # Forced without resume it begins anew, and then takes the place.
    again = run_study(small_study(tmp_path, seed=8, replicates=2), out, workers=0, force=True)
    assert again.status == "complete" and again.reused == 0 and load_run(out / "day").manifest["seed"] == 8


def test_a_replayed_replicate_of_a_replaced_study_is_that_of_its_final_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridsim.engine.run import Replicates

    out = tmp_path / "out"
    run_study(small_study(tmp_path, replicates=1), out, workers=0)

    def fails(self: Replicates, **options: object) -> object:
        raise RuntimeError("no such winter")

    monkeypatch.setattr(Replicates, "run", fails)
    result = run_study(small_study(tmp_path, replicates=1, seed=2), out, workers=0, force=True)
    assert result.status == "partial" and result.failed[0][2].startswith(
        f"gridsim run {out / 'day' / 'scenario.yaml'} "
    )
    assert load_run(out / "day").manifest["failed"][0]["replay"] == result.failed[0][2]


DAMAGE = {
    "empty": b"",
    "truncated": b'{"format": "gridsim-run", "stat',
    "object": b"{}",
    "list": b"[]",
    "binary": bytes(range(256)),
    "deep": b"[" * 100_000,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a study of 66 replicates, run into ``out``."""
    folder = tmp_path_factory.mktemp("whole")
    run_study(small_study(folder, replicates=66), folder / "out", workers=0)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "out", tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["day/manifest.json", "study.json"])
def test_damaged_bookkeeping_is_an_input_error_and_resume_mends_it(
    whole: Path, copy: Path, name: str, damage: str
) -> None:
    (copy / name).write_bytes(DAMAGE[damage])
    for read in (lambda: load_study(copy), lambda: load_run(copy / "day") if "day" in name else load_run(copy)):
        with pytest.raises(InputError) as caught:
            read()
        (problem,) = caught.value.problems
        assert problem.file == str(copy / name) and problem.mend
    result = run_study(small_study(whole, replicates=66), copy, workers=0, resume=True)
    assert result.status == "complete" and copy / name in result.repaired
    assert result.reused == (0 if "day" in name else 66)
    assert table_hashes(copy) == table_hashes(whole / "out")


@pytest.mark.parametrize("name", ["day/manifest.json", "study.json"])
def test_an_edited_count_is_noticed_and_run_again(whole: Path, copy: Path, name: str) -> None:
    """A count of 3 once made a study of 70 replicates report 9 as complete."""
    content = json.loads((copy / name).read_text())
    if "blocks" in content:
        content["blocks"][0]["count"] = 3
    content["status"] = "running"
    (copy / name).write_text(json.dumps(content))
    with pytest.raises(InputError, match="checksum"):
        load_study(copy)
    result = run_study(small_study(whole, replicates=66), copy, workers=0, resume=True)
    assert result.replicates == {"day": 66} and table_hashes(copy) == table_hashes(whole / "out")


def test_without_any_bookkeeping_there_is_nothing_to_resume(whole: Path, copy: Path) -> None:
    (copy / "study.json").write_bytes(b"")
    (copy / "day" / "manifest.json").write_bytes(b"")
    before = contents(copy)
    for options in ({}, {"resume": True}, {"force": True}, {"resume": True, "force": True}):
        with pytest.raises(InputError) as caught:
            run_study(small_study(whole, replicates=66), copy, workers=0, **options)
        assert all(problem.mend for problem in caught.value.problems)
    assert contents(copy) == before


def test_a_damaged_study_file_is_not_mended_by_another_study(whole: Path, copy: Path) -> None:
    (copy / "study.json").write_bytes(b"{")
    with pytest.raises(InputError, match=r"study\.json"):
        run_study(small_study(whole, replicates=66, seed=4), copy, workers=0, resume=True)
    (copy / "study.json").unlink()
    assert run_study(small_study(whole, replicates=66), copy, workers=0, resume=True).reused == 66


@pytest.mark.parametrize("name", ["day/manifest.json", "study.json"])
def test_somebody_elses_file_in_the_place_of_ours_stays(whole: Path, copy: Path, name: str) -> None:
    (copy / name).write_text('{"manifest_version": 3}')
    with pytest.raises(InputError, match="move it away"):
        run_study(small_study(whole, replicates=66), copy, workers=0, resume=True)
    assert (copy / name).read_text() == '{"manifest_version": 3}'


def test_foreign_jobs_stay_and_a_folder_named_like_one_is_named(whole: Path, copy: Path) -> None:
    (copy / "jobs").mkdir()
    for name in ("hello.job", "a-b-c.job", "1-2-3.job"):
        (copy / "jobs" / name).write_text("mine")
    assert run_study(small_study(whole, replicates=66), copy, workers=0, resume=True).reused == 66
    assert sorted(file.name for file in (copy / "jobs").iterdir()) == ["1-2-3.job", "a-b-c.job", "hello.job"]
    (copy / "jobs" / "0000-000000000-64.job").mkdir()
    with pytest.raises(InputError, match=r"0000-000000000-64\.job: is not what gridsim writes there; move it away"):
        run_study(small_study(whole, replicates=66), copy, workers=0, resume=True)


def test_other_files_of_a_case_are_mended_too(whole: Path, copy: Path) -> None:
    """``scenario.yaml`` is what the command that replays a replicate runs."""
    (copy / "day" / "scenario.yaml").write_text("network: rbts\n")
    (copy / "day" / "metrics.parquet").write_bytes(b"junk")
    (copy / "summary.parquet").unlink()
    result = run_study(small_study(whole, replicates=66), copy, workers=0, resume=True)
    assert result.repaired == [copy / "day" / "scenario.yaml"]
    assert table_hashes(copy) == table_hashes(whole / "out")
    assert (copy / "day" / "scenario.yaml").read_bytes() == (whole / "out" / "day" / "scenario.yaml").read_bytes()


@pytest.mark.parametrize("content", [b"", b"junk", b"PAR1 and no more"])
def test_a_damaged_table_is_named_by_whoever_reads_it(copy: Path, content: bytes) -> None:
    (copy / "day" / "replicate_metrics" / "part-000001.parquet").write_bytes(content)
    case = load_run(copy / "day")
    for read in (lambda: compare(case, case), lambda: case.frame("replicate_metrics")):
        with pytest.raises(InputError, match=r"replicate_metrics.*not readable.*gridsim verify"):
            read()
    with pytest.raises(InputError, match=r"has no column 'unservd_mw'; did you mean 'unserved_mw'"):
        case.frame("zones", columns=["unservd_mw"])


@pytest.mark.parametrize("table", ["../../elsewhere", "..", "/etc", "a/b", ""])
def test_a_name_that_leads_outside_is_never_followed(copy: Path, table: str) -> None:
    from gridsim.io.manifest import sealed

    content = json.loads((copy / "day" / "manifest.json").read_text())
    content["blocks"][0]["tables"][table] = content["blocks"][0]["tables"]["zones"]
    (copy / "day" / "manifest.json").write_text(json.dumps(sealed("manifest.json", "case", content)))
    with pytest.raises(InputError, match="damaged"):
        load_run(copy / "day")
    study = json.loads((copy / "study.json").read_text())
    study["cases"] = [table or "../day"]
    (copy / "study.json").write_text(json.dumps(sealed("study.json", "study", study)))
    with pytest.raises(InputError, match=r"damaged|missing"):
        load_study(copy)


def test_the_stop_rule_is_part_of_the_manifest(tmp_path: Path) -> None:
    study = small_study(tmp_path, replicates=640, stop={"target_cov": 0.5})
    run_study(dataclasses.replace(study, seed=1), tmp_path / "out", workers=0)
    assert load_run(tmp_path / "out" / "day").manifest["stop"] == ["EUE", "system", 0.5]


@pytest.mark.parametrize("left", [(), (".lock",), (".lock", "jobs/"), (".lock", "jobs/", ".study.json.12.tmp")])
def test_a_replacement_killed_as_it_began_is_in_nobodys_way(tmp_path: Path, left: tuple[str, ...]) -> None:
    out, new = tmp_path / "out", neighbour(tmp_path / "out", "new")
    run_study(small_study(tmp_path, replicates=1), out, workers=0)
    new.mkdir()
    for name in left:
        if name.endswith("/"):
            (new / name).mkdir()
        else:
            (new / name).write_text("process 12" if name == ".lock" else "")
    result = run_study(small_study(tmp_path, replicates=2), out, workers=0, force=True)
    assert result.status == "complete" and load_run(out / "day").n_replicates == 2 and not new.exists()


def test_a_run_with_replicates_is_replaced_as_a_study_is(tmp_path: Path) -> None:
    """Runs, studies and studies of one case in one folder take each other's place."""
    from gridsim.io.read_study import study_of
    from gridsim.io.verify import verify_folder
    from tests.support.study_cases import write_study

    write_study(tmp_path)
    out = tmp_path / "out"
    many, alone = small_study(tmp_path, replicates=2), study_of(tmp_path / "day.yaml", replicates=3)
    run_study(many, out, workers=0)
    for study, options in ((alone, {"alone": True}), (many, {}), (alone, {"alone": True}), (alone, {"alone": True})):
        run_study(study, out, workers=0, force=True, **options)
        found = verify_folder(out)
        assert found.whole and not found.foreign
        assert (out / "day").exists() == (study is many)
    assert load_run(out).n_replicates == 3
