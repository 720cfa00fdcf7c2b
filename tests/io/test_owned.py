"""Nothing of a user's is deleted: only what gridsim wrote, and only in a folder that holds nothing else."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError, StudyError
from gridsim.io.owned import check_replaceable, foreign, is_ours, locked, remove_written
from tests.support.study_cases import write_network, write_scenario, write_study

MEND = "choose another --out"


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
    (out / ".draft.tmp").write_text("mine")
    (out / ".manifest.json.123.tmp").write_text("left by a killed writer")
    assert study(files, out, "--resume")[0] == 0
    assert (out / ".draft.tmp").is_file() and not (out / ".manifest.json.123.tmp").exists()


def test_a_run_does_not_replace_a_folder_in_which_a_study_is_running(files):
    out = files / "out"
    assert study(files, out)[0] == 0
    lock = (out / ".lock").open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert "is being written by" in run(files, out, "--force")[1]
    with pytest.raises(StudyError):
        locked(out)
    lock.close()
    assert run(files, out, "--force")[0] == 0


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
    folder = tmp_path / "run"
    (folder / "zones").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"status": "complete", "network_hash": "x"}))
    (folder / "zones" / "part-000000.parquet").write_bytes(b"")
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
    assert target.read_bytes() == b"1" and len(foreign(folder)) == 3 and not (folder / "manifest.json").exists()


def test_nothing_is_replaced_without_force(tmp_path):
    with pytest.raises(InputError, match="exists"):
        check_replaceable(tmp_path, False, MEND)
