"""Comparing runs, and reading them lazily, through Python and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli.app import app
from gridsim.errors import InputError, StudyError
from gridsim.study.compare import compare_values
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
    assert "unserved energy, MWh" in runner.invoke(app, ["compare", *map(str, sorted(sweep.glob("day*")))]).output
    checked = json.loads(runner.invoke(app, ["verify", str(sweep), "--json"]).output)
    # Of each case ten tables, scenario.yaml, metrics, scorecard, fan and manifest; of the study its file and summary.
    assert checked["damaged"] == [] and checked["files"] == 2 * 15 + 2
    assert json.loads(runner.invoke(app, ["verify", str(next(sweep.glob("day*"))), "--json"]).output)["files"] == 15


def test_compare_states_both_values(sweep: Path) -> None:
    first, other = gridsim.load_study(sweep)
    found = {(p.difference.name, p.difference.scope): p for p in compare_values(first, other)}
    pair = found[("EUE", "system")]
    means = [run.frame("replicate_metrics").query("name == 'EUE' and scope == 'system'")["value"].mean()
             for run in (first, other)]  # fmt: skip
    assert [pair.first, pair.other] == pytest.approx(means)
    assert pair.percent == pytest.approx(100 * (means[1] / means[0] - 1))
    assert not [scope for _, scope in found if scope.endswith(":")]


def test_compare_and_study_print_one_form(sweep: Path) -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["compare", str(sweep), "--csv", "--metric", "EUE"]).stdout.splitlines()
    assert printed[0].startswith("first,other,metric,scope") and {line.split(",")[2] for line in printed[1:]} == {"EUE"}
    assert runner.invoke(app, ["compare", str(sweep), "--md"]).stdout.startswith("| first | other | metric |")
    again = ["study", str(sweep.parent / "study.yaml"), "--out", str(sweep), "--resume", "--workers", "0"]
    done = runner.invoke(app, [*again, "--csv"])
    assert done.stdout.splitlines()[1].startswith("day+line.repair.mean_h=1,12,") and "complete; tables" in done.stderr
    assert runner.invoke(app, [*again, "--md"]).stdout.startswith("| case | replicates |")
    assert "VaR_95 and CVaR_95 from 12 samples; need 400 to be trusted" in runner.invoke(app, again).stdout
    for command in (["compare", str(sweep), "--csv", "--md"], [*again, "--json", "--csv"]):
        refused = runner.invoke(app, command)
        assert isinstance(refused.exception, InputError)
        assert str(refused.exception).startswith(f"{command[-2]}: contradicts {command[-1]}")


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
