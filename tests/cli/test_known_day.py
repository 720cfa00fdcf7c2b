"""`gridsim run NAME --check`: observed beside simulated, and an exit code that tells a miss from a failed run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import gridsim
from tests.support.study_cases import write_network, write_scenario

SOURCE = "worked out by hand"


def day(folder: Path, *checks: dict[str, Any], **keys: Any) -> str:
    write_network(folder / "net")
    write_scenario(folder, events=[], check=[{"source": SOURCE, **check} for check in checks], **keys)
    return "day.yaml"


def test_checks_met_print_a_table_and_end_with_0(tmp_path: Path) -> None:
    name = day(
        tmp_path,
        {"quantity": "import_mw", "observed": 0, "tolerance": 1},
        {"quantity": "frequency_hz", "place": "north", "observed": 49.5, "tolerance": 0.1},
    )
    done = gridsim("run", name, "--check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 checks met; 1 need a stage that is not modelled yet" in done.stdout
    assert SOURCE in done.stdout


def test_a_miss_ends_with_4_and_keeps_the_run(tmp_path: Path) -> None:
    name = day(tmp_path, {"quantity": "load_mw", "observed": 1, "tolerance": 0.5, "note": "made to miss"})
    done = gridsim("run", name, "--check", "--json", "--out", "kept", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    told = json.loads(done.stdout)
    (check,) = told["checks"]
    assert told["status"] == "complete"
    assert check["verdict"] == "missed" and check["observed"] == 1 and check["simulated"] > 1
    assert json.loads((tmp_path / "kept" / "manifest.json").read_text())["checks"] == told["checks"]
    text = gridsim("run", name, "--check", cwd=tmp_path)
    assert text.returncode == 4 and "made to miss" in text.stdout and "MISSED" in text.stdout


def test_without_the_option_nothing_is_checked(tmp_path: Path) -> None:
    name = day(tmp_path, {"quantity": "load_mw", "observed": 1, "tolerance": 0.5})
    assert gridsim("run", name, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("options", [(), ("--replicates", "3")])
def test_nothing_to_check_is_bad_input(tmp_path: Path, options: tuple[str, ...]) -> None:
    checks = [{"quantity": "load_mw", "observed": 1, "tolerance": 1}] if options else []
    done = gridsim("run", day(tmp_path, *checks), "--check", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert "--replicates" in done.stderr if options else "no rows to check" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_bundled_day_is_held_against_what_was_published(tmp_path: Path) -> None:
    done = gridsim("run", "known_2021_10_14", "--check", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    bought, limited, frequency = json.loads(done.stdout)["checks"]
    assert bought["verdict"] == "met" and 400 < bought["simulated"] < 1600 and bought["source"] == "KEGOC-155626"
    assert limited["verdict"] == "met" and frequency["verdict"] == "met"
