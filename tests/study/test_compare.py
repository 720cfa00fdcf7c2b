"""Comparing runs, and reading them lazily, through Python and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli.app import app
from gridsim.errors import InputError, StudyError
from tests.support.study_cases import small_study, write_study


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of two cases, 12 replicates each."""
    folder = tmp_path_factory.mktemp("sweep")
    study = small_study(folder, replicates=12, sweep={"events.line.repair.mean_h": [1, 3]})
    gridsim.run_study(study, folder / "out", workers=0)
    return folder / "out"


def test_a_difference_is_the_mean_of_paired_differences(sweep: Path) -> None:
    first, other = gridsim.load_study(sweep)
    found = {(e.name, e.scope): e for e in gridsim.compare(first, other)}
    energy = [
        run.frame("replicate_metrics").query("name == 'EUE' and scope == 'system'")["value"].to_numpy()
        for run in (first, other)
    ]
    steps = energy[1] - energy[0]
    assert found[("EUE", "system")].value == pytest.approx(steps.mean())
    assert found[("EUE", "system")].stderr == pytest.approx(steps.std(ddof=1) / 12**0.5)
    assert all(e.value == 0.0 for e in gridsim.compare(first, first))


def test_compare_and_verify_print_json(sweep: Path) -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["compare", str(sweep), "--json"])
    assert printed.exit_code == 0, printed.output
    rows = json.loads(printed.output)["metrics"]
    assert {row["first"] for row in rows} == {str(sweep / "day+line.repair.mean_h=1")}
    assert {"name", "scope", "value", "stderr", "n", "other"} <= set(rows[0])
    assert "EUE" in runner.invoke(app, ["compare", *map(str, sorted(sweep.glob("day*")))]).output
    checked = json.loads(runner.invoke(app, ["verify", str(sweep), "--json"]).output)
    # Of each case six tables, scenario.yaml, metrics, fan and manifest; of the study its file and summary.
    assert checked["damaged"] == [] and checked["files"] == 2 * 10 + 2
    assert json.loads(runner.invoke(app, ["verify", str(next(sweep.glob("day*"))), "--json"]).output)["files"] == 10


def test_tables_are_read_when_asked_for(sweep: Path) -> None:
    run = gridsim.load_run(sweep / "day+line.repair.mean_h=3")
    assert run.n_replicates == 12 and run.status == "complete"
    assert {"zones", "events", "metrics", "fan", "replicate_metrics"} <= set(run.tables)
    zones = run.frame("zones", columns=["replicate", "unserved_mw"], replicate=4)
    assert set(zones["replicate"]) == {4}
    assert run.dataset("zones").count_rows() == len(run.frame("zones"))
    with pytest.raises(InputError, match="generators"):
        run.frame("generators")


def test_runs_of_two_seeds_are_not_paired(sweep: Path, tmp_path: Path) -> None:
    gridsim.run_study(small_study(tmp_path, replicates=2, seed=9), tmp_path / "out", workers=0)
    with pytest.raises(StudyError, match="seed"):
        gridsim.compare(gridsim.load_study(sweep)[0], gridsim.load_run(tmp_path / "out"))


def test_a_single_run_is_compared_without_errors(tmp_path: Path) -> None:
    write_study(tmp_path)
    runner = CliRunner()
    for out in ("a", "b"):
        arguments = ["run", str(tmp_path / "day.yaml"), "--out", str(tmp_path / out), "--replicate", "3", "--json"]
        assert runner.invoke(app, arguments).exit_code == 0
    differences = gridsim.compare(gridsim.load_run(tmp_path / "a"), gridsim.load_run(tmp_path / "b"))
    assert differences and all(d.value == 0.0 and d.stderr is None for d in differences)


def test_study_on_the_command_line(tmp_path: Path) -> None:
    file = write_study(tmp_path, replicates=3)
    runner = CliRunner()
    arguments = ["study", str(file), "--out", str(tmp_path / "out"), "--workers", "0", "--json"]
    found = json.loads(runner.invoke(app, arguments).stdout)
    assert found["status"] == "complete" and found["replicates"] == {"day": 3} and found["reused_replicates"] == 0
    again = json.loads(runner.invoke(app, [*arguments, "--resume"]).stdout)
    assert again["reused_replicates"] == 3
    assert runner.invoke(app, ["validate", str(file)]).stdout.strip().endswith("study, no problems")
    alone = ["run", str(tmp_path / "day.yaml"), "--replicates", "2", "--workers", "0", "--out", str(tmp_path / "one")]
    assert "complete" in runner.invoke(app, alone).output
    assert gridsim.load_run(tmp_path / "one").n_replicates == 2
