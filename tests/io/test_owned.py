"""Nothing of a user's is deleted: only what gridsim wrote, and only in a folder that holds nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError, StoreError, StudyError
from gridsim.io.manifest import MANIFEST, sealed
from gridsim.io.owned import (
    Claim,
    check_replaceable,
    foreign,
    is_claimed,
    is_ours,
    neighbour,
    recover,
    remove_written,
    swap,
)
from gridsim.io.read_run import load_run, load_study
from gridsim.io.read_scenario import read_scenario
from gridsim.io.store import RunFolder, free_run_path
from gridsim.results.run_records import METRICS
from tests.support.imports import ROOT
from tests.support.study_cases import write_network, write_scenario, write_study

MEND = "choose another --out"
OLD = ROOT / "tests" / "data" / "run_folder_0_1" / "circuit_trip"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_network(tmp_path / "net")
    write_scenario(tmp_path)
    write_study(tmp_path, replicates=2)
    return tmp_path


def gridsim(*arguments: object) -> tuple[int, str]:
    """Exit code and words of a command, errors as the command line prints them."""
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(found.exception, InputError | StudyError):
        return 2, str(found.exception)
    return found.exit_code, found.output


def run(files: Path, out: Path, *more: str) -> tuple[int, str]:
    return gridsim("run", files / "day.yaml", "--out", out, *more)


def study(files: Path, out: Path, *more: str) -> tuple[int, str]:
    return gridsim("study", files / "study.yaml", "--out", out, "--workers", "0", *more)


@pytest.mark.parametrize("command", [run, study])
def test_force_never_takes_a_folder_of_somebody_else(files, command):
    project = files / "project"
    (project / "src").mkdir(parents=True)
    (project / "manifest.json").write_text('{"manifest_version": 3}')
    (project / "src" / "thesis.txt").write_text("five years")
    code, said = command(files, project, "--force")
    assert code == 2 and "is not a run folder" in said
    assert (project / "src" / "thesis.txt").read_text() == "five years"


@pytest.mark.parametrize("command", [run, study])
def test_force_keeps_notes_and_figures_and_names_them(files, command):
    out = files / "out"
    assert command(files, out)[0] == 0
    (out / "notes.md").write_text("mine")
    (out / "figs").mkdir()
    (out / "figs" / "a.png").write_bytes(b"png")
    (out / ".draft.tmp").write_text("hidden")
    before = sorted(path for path in out.rglob("*"))
    code, said = command(files, out, "--force")
    assert code == 2 and "figs/a.png" in said and "notes.md" in said and ".draft.tmp" in said
    assert sorted(path for path in out.rglob("*")) == before
    for name in ("notes.md", "figs/a.png", ".draft.tmp"):
        (out / name).unlink()
    (out / "figs").rmdir()
    assert command(files, out, "--force")[0] == 0 and not foreign(out)


def test_a_folder_named_jobs_is_not_a_studys_for_its_name(files):
    place = files / "q3"
    (place / "jobs").mkdir(parents=True)
    (place / "jobs" / "my_job.sh").write_text("x")
    for more in ((), ("--resume",), ("--force",)):
        assert study(files, place, *more)[0] == 2
    assert (place / "jobs" / "my_job.sh").read_text() == "x"


def test_resume_keeps_hidden_files_of_the_user(files):
    out = files / "out"
    assert study(files, out)[0] == 0
    mine = [out / ".draft.tmp", out / ".thesis.md.123.tmp", out / "jobs" / "hello.job"]
    (out / "jobs").mkdir()
    for file in mine:
        file.write_text("mine")
    left = out / ".study.json.123.tmp"
    left.write_text("of a killed writer")
    assert study(files, out, "--resume")[0] == 0
    assert [file.read_text() for file in mine] == ["mine"] * 3 and not left.exists()


def test_a_file_that_only_looks_like_a_result_stays(files):
    """Names alone say nothing: what counts is the list in the manifest."""
    out = files / "out"
    assert run(files, out)[0] == 0
    for name in ("summary.parquet", "zones.csv", "zones/part-000001.parquet", "jobs/0000-000000000-01.job"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
        code, said = run(files, out, "--force")
        assert code == 2 and name in said
        assert (out / name).read_text() == "mine"
        (out / name).unlink()
    (out / "jobs").rmdir()
    assert run(files, out, "--force", "--csv")[0] == 0
    assert run(files, out, "--force")[0] == 0  # CSV files that gridsim wrote are its own
    assert not list(out.glob("*.csv"))


def test_weather_files_of_a_study_are_gridsims_copies(files):
    days = ("2026-01-14", "2026-01-15")
    hours = "".join(f"{day} {hour:02}:00,north,{300 + hour}\n" for day in days for hour in range(24))
    (files / "load.csv").write_text("time,place,load_mw\n" + hours)
    (files / "day.yaml").write_text((files / "day.yaml").read_text() + "weather: {series: load.csv}\n")
    out = files / "out"
    assert study(files, out)[0] == 0 and (out / "day" / "load.csv").is_file()
    assert study(files, out, "--force")[0] == 0


@pytest.mark.parametrize("command", [run, study])
def test_a_folder_of_0_1_is_read_but_never_replaced(files, command):
    out = files / "old"
    shutil.copytree(OLD, out)
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    code, said = command(files, out, "--force")
    assert code == 2 and "gridsim 0.1" in said and "choose another --out, or remove the folder yourself" in said
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    assert load_run(out).name == "circuit_trip"


def test_a_study_of_0_1_is_read_but_not_resumed(files):
    """Its hashes of networks are of files; whether its network is this one cannot be told."""
    out = files / "out"
    assert study(files, out)[0] == 0
    for file in (out / "study.json", out / "day" / "manifest.json"):
        content = json.loads(file.read_text())
        for key in ("format", "format_version", "kind", "sha256", "files"):
            del content[key]
        file.write_text(json.dumps(content))
    assert load_study(out)[0].n_replicates == 2
    code, said = study(files, out, "--resume")
    assert code == 2 and "gridsim 0.1" in said and "another --out" in said
    code, said = study(files, out, "--force")
    assert code == 2 and "gridsim 0.1" in said


def test_a_run_does_not_replace_a_folder_in_which_a_study_is_running(files):
    out = files / "out"
    assert study(files, out)[0] == 0
    lock = (out / ".lock").open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert "is being written by" in run(files, out, "--force")[1]
    with pytest.raises(StudyError):
        Claim(out)
    lock.close()
    assert run(files, out, "--force")[0] == 0


@pytest.mark.parametrize("command", [run, study])
def test_the_second_of_two_into_one_new_place_is_refused_at_its_start(files, command):
    out = files / "out"
    first = RunFolder(out, {})
    code, said = command(files, out)
    assert code == 2 and f"is being written by process {os.getpid()}" in said and not out.exists()
    first.discard()
    assert command(files, out)[0] == 0
    assert sorted(path.name for path in files.iterdir() if path.name.startswith(".")) == []


def test_the_lock_of_a_dead_process_is_taken_over(files):
    out = files / "out"
    program = (
        "import os, sys; from pathlib import Path; from gridsim.io.owned import Claim; c = Claim(Path(sys.argv[1])); "
    )
    holder = [sys.executable, "-c", program + "print('held', flush=True); sys.stdin.read()", str(out)]
    with subprocess.Popen(holder, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        assert is_claimed(out)
        with pytest.raises(StudyError, match=f"process {other.pid}"):
            Claim(out)
        assert free_run_path("out", files) == files / "out-2"
        other.kill()
    assert neighbour(out, "lock").is_file() and not is_claimed(out)
    assert free_run_path("out", files) == out
    assert run(files, out)[0] == 0 and not neighbour(out, "lock").exists()


def test_links_to_nothing_and_long_names_are_refused_before_anything_is_run(files):
    dangling = files / "link"
    dangling.symlink_to(files / "nowhere")
    for command in (run, study):
        for more in ((), ("--force",)):
            code, said = command(files, dangling, *more)
            assert code == 2 and "points to nothing" in said
        for length in (201, 300):
            code, said = command(files, files / ("x" * length))
            assert code == 2 and "name" in said and "shorter --out" in said
        code, said = command(files, files / "day.yaml" / "out")
        assert code == 2 and "not writable" in said
    assert dangling.is_symlink() and not (files / "nowhere").exists()
    assert run(files, files / ("x" * 200))[0] == 0
    assert study(files, files / ("y" * 200))[0] == 0


def test_a_scenario_with_a_long_name_gets_a_default_folder_that_can_be_written():
    assert len(free_run_path("ж" * 300).name.encode()) == 160


def test_what_comes_into_a_folder_while_it_is_replaced_is_kept(files):
    out = files / "out"
    assert run(files, out)[0] == 0
    folder = RunFolder(out, {"metrics": METRICS}, force=True)
    (out / "notes.md").write_text("written meanwhile")
    (out / "figs").mkdir()
    (out / "figs" / "a.png").write_text("drawn meanwhile")
    system, scenario = read_scenario(files / "day.yaml")
    folder.finish(system, scenario, 7, "complete", {})
    assert load_run(out).manifest["seed"] == 7 and not (out / "zones").exists()
    assert (out / "notes.md").read_text() == "written meanwhile" and (out / "figs" / "a.png").is_file()
    assert not neighbour(out, "old").exists()


def test_results_are_kept_if_the_place_is_taken_meanwhile(files):
    out = files / "out"
    folder = RunFolder(out, {"metrics": METRICS})
    out.mkdir()
    (out / "theirs.txt").write_text("theirs")
    system, scenario = read_scenario(files / "day.yaml")
    with pytest.raises(StoreError, match="results are whole in") as caught:
        folder.finish(system, scenario, 7, "complete", {})
    folder.discard()
    kept = Path(str(caught.value).rsplit(" in ", 1)[1])
    assert load_run(kept).manifest["seed"] == 7 and [file.name for file in out.iterdir()] == ["theirs.txt"]


def marked(folder: Path, text: str) -> Path:
    """A run folder of one table with this content."""
    (folder / "zones").mkdir(parents=True)
    (folder / "zones" / "part-000000.parquet").write_text(text)
    files = {"zones/part-000000.parquet": {"sha256": ""}}
    manifest = sealed(MANIFEST, "run", {"status": "complete", "scenario": "s", "files": files})
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize("killed_at", range(2))
def test_a_kill_between_the_two_renames_loses_neither_folder(tmp_path, monkeypatch, killed_at):
    out, new = marked(tmp_path / "out", "old"), marked(tmp_path / "new", "new")
    original, renamed = os.replace, []

    def replace(source, target):
        renamed.append(source)
        if len(renamed) == killed_at + 1:
            raise KeyboardInterrupt
        original(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        swap(new, out)
    monkeypatch.setattr(os, "replace", original)
    Claim(out).close()
    assert (out / "zones" / "part-000000.parquet").read_text() == "old"
    swap(new, out)
    assert (out / "zones" / "part-000000.parquet").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_kill_while_the_old_folder_is_removed_is_mended_by_the_next(tmp_path, monkeypatch):
    out, new = marked(tmp_path / "out", "old"), marked(tmp_path / "new", "new")
    original = Path.unlink

    def dies(self, missing_ok=False):
        if self.name == MANIFEST:
            raise KeyboardInterrupt
        original(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", dies)
    with pytest.raises(KeyboardInterrupt):
        swap(new, out)
    monkeypatch.setattr(Path, "unlink", original)
    assert is_ours(neighbour(out, "old"))
    recover(out)
    assert (out / "zones" / "part-000000.parquet").read_text() == "new"
    swap(marked(tmp_path / "third", "third"), out)
    assert (out / "zones" / "part-000000.parquet").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_neighbour_of_the_user_in_the_way_is_named(files):
    out = files / "out"
    assert run(files, out)[0] == 0
    for name in ("old", "new"):
        place = neighbour(out, name)
        place.mkdir()
        (place / "mine.txt").write_text("mine")
        code, said = study(files, out, "--force")
        assert code == 2 and f".out.{name}" in said
        assert (place / "mine.txt").read_text() == "mine"
        (place / "mine.txt").unlink()
        place.rmdir()


def test_a_run_with_a_series_of_weather_keeps_its_results(files):
    days = ("2026-01-14", "2026-01-15")
    hours = "".join(f"{day} {hour:02}:00,north,{300 + hour}\n" for day in days for hour in range(24))
    (files / "load.csv").write_text("time,place,load_mw\n" + hours)
    text = (files / "day.yaml").read_text()
    (files / "series.yaml").write_text(text + "weather: {series: load.csv}\n")
    code, said = gridsim("run", files / "series.yaml", "--out", files / "series")
    assert code == 0, said
    assert "series: load.csv" in (files / "series" / "scenario.yaml").read_text()


def test_links_and_names_alike_are_foreign(tmp_path):
    folder = marked(tmp_path / "run", "x")
    assert is_ours(folder) and foreign(folder) == []
    target = tmp_path / "precious.parquet"
    target.write_bytes(b"1")
    (folder / "zones" / "part-000001.parquet").symlink_to(target)
    (folder / "zones" / "part-1.parquet").write_bytes(b"")
    (folder / "zones.parquet.bak").write_bytes(b"")
    assert [file.name for file in foreign(folder)] == ["part-000001.parquet", "part-1.parquet", "zones.parquet.bak"]
    with pytest.raises(InputError, match=r"part-1\.parquet"):
        check_replaceable(folder, True, MEND)
    remove_written(folder)
    assert target.read_bytes() == b"1" and not (folder / "manifest.json").exists()
    left = ["part-000001.parquet", "part-1.parquet", "zones.parquet.bak"]
    assert sorted(file.name for file in folder.rglob("*") if not file.is_dir()) == left


def test_a_lock_file_of_somebody_else_is_not_written_over(files):
    place = files / "q"
    place.mkdir()
    (place / ".lock").write_text("do not touch")
    assert study(files, place)[0] == 2 and (place / ".lock").read_text() == "do not touch"
    (place / ".lock").write_text("process 123")
    assert study(files, place)[0] == 0


def test_nothing_is_replaced_without_force(tmp_path):
    with pytest.raises(InputError, match="exists"):
        check_replaceable(tmp_path, False, MEND)


@pytest.mark.parametrize("command", [run, study])
def test_a_folder_that_cannot_be_looked_into_is_not_replaced(files, command, monkeypatch):
    """Root looks into everything, so the file system's answer is given in its place."""
    out = files / "out"
    assert command(files, out)[0] == 0
    (out / "secret").mkdir()
    (out / "secret" / "mine.txt").write_text("mine")
    scan = os.scandir

    def refuses(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuses)
    code, said = command(files, out, "--force")
    assert code == 2 and "Permission denied" in said and "choose another --out" in said
    monkeypatch.setattr(os, "scandir", scan)
    assert (out / "secret" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("words", [["verify"], ["compare"], ["compare", "other"]])
def test_folders_that_are_none_are_named(tmp_path, words):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / ("x" * 300), tmp_path / "nowhere", tmp_path / "file"):
        code, said = gridsim(*words, path)
        assert code == 2 and "folder" in said
