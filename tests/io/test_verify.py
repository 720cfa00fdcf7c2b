"""`gridsim verify`: a change in any file of a run or a study is found, and what cannot be checked is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError
from gridsim.io.manifest import read_manifest, sealed
from gridsim.io.read_study import study_of
from gridsim.io.verify import verify_folder
from gridsim.study.run_study import run_study
from tests.support.imports import ROOT
from tests.support.study_cases import small_study, write_network, write_scenario

OLD = ROOT / "tests" / "data" / "run_folder_0_1" / "circuit_trip"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with CSV tables, a study of two cases, and a study of one case in one folder."""
    folder = tmp_path_factory.mktemp("made")
    write_network(folder / "net")
    write_scenario(folder)
    done = CliRunner().invoke(app, ["run", str(folder / "day.yaml"), "--out", str(folder / "run"), "--csv"])
    assert done.exit_code == 0, done.output
    run_study(small_study(folder, replicates=66, variants=["base"]), folder / "study", workers=0)
    run_study(study_of(folder / "day.yaml", replicates=3), folder / "alone", workers=0, alone=True)
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    shutil.copytree(made / request.param, tmp_path / "out")
    return tmp_path / "out"


ALL = pytest.mark.parametrize("copy", ["run", "study", "alone"], indirect=True)
STUDY = pytest.mark.parametrize("copy", ["study"], indirect=True)


def told(path: Path) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and text of the command."""
    runner = CliRunner()
    machine, human = runner.invoke(app, ["verify", str(path), "--json"]), runner.invoke(app, ["verify", str(path)])
    assert machine.exit_code == human.exit_code
    return machine.exit_code, json.loads(machine.output), human.output


def files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != ".lock")


@ALL
def test_every_file_is_checked(copy: Path) -> None:
    code, answer, text = told(copy)
    files = files_of(copy)
    assert code == 0 and answer["status"] == "complete"
    assert sorted(verify_folder(copy).checked) == files and answer["files"] == len(files)
    assert f"{len(files)} files checked, 0 damaged" in text
    assert answer["damaged"] == [] and answer["unchecked"] == {} and answer["foreign"] == []


@ALL
def test_a_changed_byte_in_any_file_is_found(copy: Path) -> None:
    for file in files_of(copy):
        content = file.read_bytes()
        middle = len(content) // 2
        for wrong in (content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :], content[:-2], b""):
            file.write_bytes(wrong)
            found = verify_folder(copy)
            assert file in found.faults, file
            assert not found.whole
        file.write_bytes(content)
    assert verify_folder(copy).whole


@ALL
def test_a_missing_file_is_found(copy: Path) -> None:
    for file in files_of(copy):
        content = file.read_bytes()
        file.unlink()
        if not (copy / "study.json").exists() and not (copy / "manifest.json").exists():
            with pytest.raises(InputError, match="not the folder of a run"):
                verify_folder(copy)
        elif file.name != "study.json":
            assert file in verify_folder(copy).faults, file
        file.write_bytes(content)


@ALL
def test_the_fault_comes_with_the_way_out(copy: Path) -> None:
    table = next(copy.rglob("zones/part-000000.parquet"))
    table.write_bytes(b"junk")
    code, answer, text = told(copy)
    assert code == 1 and answer["status"] == "failed" and answer["damaged"] == [str(table)]
    assert ("--resume" in text) == ((copy / "study.json").is_file()) and ("run it again" in text) != (
        "--resume" in text
    )


@STUDY
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda manifest: manifest["blocks"][0].update(count=3), "block 0 is not of the schedule"),
        (lambda manifest: manifest["blocks"][1].update(first=65), "block 1 is not of the schedule"),
        (lambda manifest: manifest["blocks"].pop(), "not all blocks of 66 replicates"),
        (lambda manifest: manifest["blocks"].append(manifest["blocks"][0]), "a block stands there twice"),
        (lambda manifest: manifest["blocks"][0]["tables"].pop("zones"), "block 0 lacks a table"),
        (lambda manifest: manifest["blocks"][0]["failed"].append({"replicate": 65}), "not its own"),
        (lambda manifest: manifest.update(replicates=640), "block 1 is not of the schedule"),
        (lambda manifest: manifest.update(inputs="x"), "belongs to another study"),
    ],
)
def test_counts_are_held_against_the_schedule(copy: Path, change: Any, what: str) -> None:
    """Also by a hand that writes a new checksum."""
    (file,) = copy.glob("*/manifest.json")
    manifest = read_manifest(file)
    change(manifest)
    file.write_text(json.dumps(sealed("manifest.json", "case", manifest)))
    assert what in verify_folder(copy).faults[file]


@ALL
def test_files_of_others_are_named_and_no_fault(copy: Path) -> None:
    (copy / "notes.md").write_text("mine")
    code, answer, text = told(copy)
    assert code == 0 and answer["foreign"] == [str(copy / "notes.md")] and "not written by gridsim" in text


def test_a_run_of_0_1_has_nothing_to_be_checked(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "old")
    code, answer, text = told(tmp_path / "old")
    assert code == 1 and answer["files"] == 0 and answer["status"] == "failed" and answer["damaged"] == []
    assert str(tmp_path / "old" / "zones" / "part-000000.parquet") in answer["unchecked"]
    assert "nothing could be checked" in text and "before version 0.2" in text


@STUDY
def test_tables_of_a_study_of_0_1_are_checked_and_the_rest_is_named(copy: Path) -> None:
    (case,) = copy.glob("*/manifest.json")
    for file in (copy / "study.json", case):
        content = json.loads(file.read_text())
        for key in ("format", "format_version", "kind", "sha256", "files"):
            del content[key]
        file.write_text(json.dumps(content))
    code, answer, _ = told(copy)
    assert code == 0 and answer["files"] == 2 * 10  # ten tables of two blocks each
    names = {Path(file).name for file in answer["unchecked"]}
    assert names == {
        "study.json",
        "summary.parquet",
        "manifest.json",
        "metrics.parquet",
        "scorecard.parquet",
        "fan.parquet",
        "scenario.yaml",
    }
    table = next(copy.rglob("zones/part-000001.parquet"))
    table.write_bytes(b"junk")
    code, answer, _ = told(copy)
    assert code == 1 and answer["damaged"] == [str(table)]


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", '{"manifest_version": 3}'])
@pytest.mark.parametrize("name", ["manifest.json", "study.json"])
def test_what_is_not_gridsims_is_never_whole(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    code, answer, _ = told(tmp_path)
    assert code == 1 and answer["damaged"] == [str(tmp_path / name)] and answer["files"] == 0


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the folder of a run or a study"):
        verify_folder(tmp_path)


@STUDY
def test_a_stopped_study_says_how_far_it_is(copy: Path) -> None:
    (file,) = copy.glob("*/manifest.json")
    manifest = read_manifest(file)
    manifest["blocks"], manifest["status"], manifest["files"] = [], "stopped", {}
    file.write_text(json.dumps(sealed("manifest.json", "case", manifest)))
    code, answer, text = told(copy)
    assert code == 0 and answer["notes"] == [f"{file.parent}: stopped; 0 of 66 replicates are there"]
    assert "0 of 66 replicates" in text


@STUDY
def test_names_that_lead_outside_are_not_followed(copy: Path) -> None:
    outside = copy.parent / "elsewhere"
    outside.mkdir()
    (outside / "part-000000.parquet").write_bytes(b"x")
    (file,) = copy.glob("*/manifest.json")
    for name in ("../../elsewhere/part-000000.parquet", "../x", "/etc/passwd", ".."):
        manifest = json.loads((file).read_text())
        manifest["files"] = {name: {"sha256": "0", "bytes": 1}}
        file.write_text(json.dumps(sealed("manifest.json", "case", manifest)))
        found = verify_folder(copy)
        assert "damaged" in found.faults[file] and not any("elsewhere" in str(checked) for checked in found.checked)
