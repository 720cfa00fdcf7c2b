"""A study: its tables, its resume, its failures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from gridsim.engine.run import run
from gridsim.errors import InputError, StudyError
from gridsim.io.read_run import load_run, load_study
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import read_study
from gridsim.io.study_store import StudyFolder
from gridsim.model.study import Study
from gridsim.study.run_study import run_study
from gridsim.study.worker import SCHEMAS, Worker
from tests.support.study_cases import small_study, table_hashes


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Folder of a study run in this process, and its hashes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run_study(small_study(folder), folder / "out", workers=0)
    return folder, table_hashes(folder / "out")


def test_bytes_do_not_depend_on_workers_or_job_size(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    study = small_study(folder)
    assert sum(name.startswith("day/zones/") for name in expected) == 3
    run_study(study, tmp_path / "pool", workers=2)
    assert table_hashes(tmp_path / "pool") == expected
    run_study(study, tmp_path / "sized", workers=0, job_size=7)
    assert table_hashes(tmp_path / "sized") == expected


def test_replicates_differ_as_the_engine_draws_them(undisturbed: tuple[Path, dict[str, str]]) -> None:
    folder, _ = undisturbed
    case = load_run(folder / "out" / "day")
    metrics = case.frame("replicate_metrics")
    energy = metrics[(metrics["name"] == "EUE") & (metrics["scope"] == "system")].set_index("replicate")["value"]
    assert list(energy.index) == list(range(130))
    system, scenario = read_scenario(folder / "out" / "day" / "scenario.yaml")
    for replicate in (0, 64, 129):
        alone = run(system, scenario, replicate=replicate)
        assert energy[replicate] == alone.metric("EUE")
        kept = case.frame("zones", replicate=replicate)
        np.testing.assert_array_equal(kept["unserved_mw"], alone.tables["zones"]["unserved_mw"])
    assert len(set(energy)) > 10
    mean = next(m for m in case.frame("metrics").itertuples() if m.name == "EUE" and m.scope == "system")
    assert mean.value == pytest.approx(energy.mean(), rel=1e-12)
    assert mean.stderr == pytest.approx(energy.std() / np.sqrt(130), rel=1e-9)
    assert mean.n == 130


def test_the_scorecard_of_a_case_has_six_areas_with_errors(undisturbed: tuple[Path, dict[str, str]]) -> None:
    """Against the run of the same hours without events, row by row."""
    folder, _ = undisturbed
    case = load_run(folder / "out" / "day")
    frame = case.frame("scorecard")
    assert frame["area"].nunique() == 6
    scores = {(row["metric"], row["scope"]): row for row in frame.to_dict("records")}
    system, scenario = read_scenario(folder / "day.yaml")
    calm = {(e.name, e.scope): e.value for e in run(system, scenario.without_events()).estimates}
    means = {(row["name"], row["scope"]): row for row in case.frame("metrics").to_dict("records")}
    for key in (("EUE", "system"), ("reserve_margin_mw_min", "system"), ("peak_shed_mw", "system")):
        row = scores[key]
        assert row["value"] == means[key]["value"] and row["stderr"] == means[key]["stderr"] > 0.0
        assert row["without_events"] == pytest.approx(calm.get(key, 0.0))
        assert row["change"] == pytest.approx(row["value"] - row["without_events"])
    assert scores["reserve_margin_mw_min", "system"]["verdict"] == "worse"


def test_a_stopped_study_resumes_to_the_same_bytes(
    undisturbed: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, expected = undisturbed
    study, out = small_study(folder), tmp_path / "out"
    ran: list[int] = []
    original = Worker.run

    def dies(self: Worker, job: object) -> object:
        if len(ran) == 12:
            raise KeyboardInterrupt
        ran.append(1)
        return original(self, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "run", dies)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, out, workers=0, job_size=8)
    partial = load_run(out / "day")
    assert partial.status == "running" and partial.n_replicates == 64  # 12 jobs of 8: one block and half the next
    assert len(list((out / "jobs").glob("*.job"))) == 4
    monkeypatch.setattr(Worker, "run", original)
    result = run_study(study, out, workers=0, resume=True)
    assert result.status == "complete" and result.reused == 96
    assert table_hashes(out) == expected
    assert not (out / "jobs").exists()


def test_resume_runs_damaged_and_missing_files_again(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, expected = undisturbed
    study, out = small_study(folder), tmp_path / "out"
    run_study(study, out, workers=0)
    damaged = out / "day" / "zones" / "part-000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    (out / "day" / "events" / "part-000002.parquet").unlink()
    assert len(load_run(out / "day").damaged()) == 2
    result = run_study(study, out, workers=0, resume=True)
    assert result.reused == 64 and len(result.repaired) == 2
    assert table_hashes(out) == expected


def test_resume_says_what_changed(undisturbed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(small_study(tmp_path, replicates=2), out, workers=0)
    changed = small_study(tmp_path, replicates=3, seed=4, set={"policy.operator_delay_minutes": 20})
    with pytest.raises(InputError) as caught:
        run_study(changed, out, workers=0, resume=True)
    said = " ".join(problem.value for problem in caught.value.problems)
    assert "replicates changed from 2 to 3" in said
    assert "seed changed from 0 to 4" in said
    assert "the scenario of day changed" in said


def of_case(study: Study, **changes: object) -> Study:
    """The study with its one case changed in memory; its files stay."""
    return dataclasses.replace(study, cases=(dataclasses.replace(study.cases[0], **changes),))


def test_a_system_changed_in_memory_never_resumes_results_of_another(tmp_path: Path) -> None:
    study, out = small_study(tmp_path, replicates=2), tmp_path / "out"
    run_study(study, out, workers=0)
    case = study.cases[0]
    generators = case.system.generators
    weaker = dataclasses.replace(
        case.system,
        generators=dataclasses.replace(generators, p_max_mw=generators.p_max_mw / 4, p_min_mw=generators.p_min_mw / 4),
    )
    later = dataclasses.replace(case.scenario, horizon=dataclasses.replace(case.scenario.horizon, hours=3))
    for changed, what in (
        (of_case(study, system=weaker), "the network of day changed"),
        (of_case(study, scenario=later), "the scenario of day changed"),
    ):
        with pytest.raises(InputError) as caught:
            run_study(changed, out, workers=0, resume=True)
        assert [problem.value for problem in caught.value.problems] == [what]
    fresh = run_study(of_case(study, system=weaker), tmp_path / "weaker", workers=0)
    energies = [
        {(row.name, row.scope): row.value for row in load_run(folder / "day").frame("metrics").itertuples()}
        for folder in (out, fresh.path)
    ]
    assert energies[1]["EUE", "system"] > energies[0]["EUE", "system"] + 1
    unchanged = of_case(study, system=dataclasses.replace(weaker, generators=generators))
    assert run_study(unchanged, out, workers=0, resume=True).reused == 2


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    study = small_study(tmp_path, replicates=1)
    holder = StudyFolder(tmp_path / "out", study, {"day": {"zones": SCHEMAS["zones"]}})
    with pytest.raises(StudyError, match="being written by process"):
        run_study(study, tmp_path / "out", workers=0, resume=True)
    with pytest.raises(StudyError, match="being written by process"):
        run_study(study, tmp_path / "out", workers=0, force=True)
    holder.close()
    assert run_study(study, tmp_path / "out", workers=0, resume=True).status == "complete"


def test_existing_folders_are_left_alone(tmp_path: Path) -> None:
    study, out = small_study(tmp_path, replicates=1), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for options in ({}, {"force": True}, {"resume": True}):
        with pytest.raises(InputError):
            run_study(study, out, workers=0, **options)
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_failing_replicate_is_tried_twice_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridsim.engine.run import Replicates

    tries: list[int] = []
    original = Replicates.run

    def fails(self: Replicates, **options: object) -> object:
        if options["replicate"] in (3, 70):
            tries.append(int(options["replicate"]))  # type: ignore[call-overload]
            if options["replicate"] == 3 or tries.count(70) == 1:
                raise RuntimeError("no such winter")
        return original(self, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Replicates, "run", fails)
    result = run_study(small_study(tmp_path, replicates=80), tmp_path / "out", workers=0)
    assert sorted(tries) == [3, 3, 70, 70]
    assert result.status == "partial" and result.replicates == {"day": 79}
    ((case, failed, replay),) = result.failed
    assert case == "day" and failed["replicate"] == 3 and "no such winter" in failed["traceback"]
    assert replay == f"gridsim run {tmp_path / 'out' / 'day' / 'scenario.yaml'} --seed 0 --replicate 3"
    manifest = json.loads((tmp_path / "out" / "day" / "manifest.json").read_text())
    assert manifest["status"] == "partial" and manifest["failed"][0]["replay"] == replay
    assert 3 not in load_run(tmp_path / "out" / "day").frame("zones")["replicate"].to_numpy()


def test_common_random_numbers_over_a_sweep(tmp_path: Path) -> None:
    """A longer outage of the same draws never serves more: replicate by replicate, not only on average."""
    study = small_study(tmp_path, replicates=20, sweep={"events.line.repair.mean_h": [1, 3]})
    run_study(study, tmp_path / "out", workers=0)
    short, long = load_study(tmp_path / "out")
    energy = [
        frame[(frame["name"] == "EUE") & (frame["scope"] == "system")]["value"].to_numpy()
        for frame in (run.frame("replicate_metrics") for run in (short, long))
    ]
    assert (energy[1] >= energy[0] - 1e-9).all() and (energy[1] > energy[0] + 1).any()


def test_a_stop_rule_looks_after_blocks_1_2_4(tmp_path: Path) -> None:
    loose = small_study(tmp_path, replicates=640, stop={"target_cov": 0.5})
    assert run_study(loose, tmp_path / "loose", workers=0).replicates == {"day": 64}
    energy = load_run(tmp_path / "loose" / "day").frame("metrics").set_index(["name", "scope"]).loc[("EUE", "system")]
    cov_of_64 = float(energy["stderr"] / energy["value"])
    # The error falls by sqrt(2) per doubling: a target a fifth below that of 64 is met by 128, not before.
    strict = small_study(tmp_path, replicates=640, stop={"target_cov": 0.85 * cov_of_64})
    result = run_study(strict, tmp_path / "strict", workers=0)
    assert result.replicates == {"day": 128} and result.status == "complete"


def test_a_run_with_replicates_is_one_folder(tmp_path: Path) -> None:
    from gridsim.io.read_study import study_of
    from tests.support.study_cases import write_study

    write_study(tmp_path)
    study = study_of(tmp_path / "day.yaml", replicates=3, seed=5)
    run_study(study, tmp_path / "out", workers=0, alone=True)
    case = load_run(tmp_path / "out")
    assert case.n_replicates == 3 and case.manifest["seed"] == 5
    assert load_study(tmp_path / "out")[0].path == tmp_path / "out"


def test_each_replicate_has_its_own_weather_year_and_its_own_calm_twin(tmp_path: Path) -> None:
    """An event that never happens changes nothing, whatever the year: the base case has the same weather."""
    never = {"id": "trip", "at": "+1h", "kind": "plant_outage", "target": "aksu_gres", "probability": 0}
    keys = {
        "network": "kazakhstan",
        "horizon": {"start": "2026-01-14 00:00", "hours": 3},
        "policy": {"ac": "off", "gas": "balance"},
        "events": [never],
    }
    drawn = {**keys, "weather": {"year_seed": 5, "year": 2, "year_per_replicate": True}}
    (tmp_path / "day.yaml").write_text(yaml.safe_dump(drawn))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"scenarios": ["day.yaml"], "replicates": 3}))
    run_study(read_study(str(tmp_path / "study.yaml")), tmp_path / "out", workers=0)
    case = load_study(tmp_path / "out")[0]
    temperatures = []
    for replicate in range(3):
        (tmp_path / "one.yaml").write_text(yaml.safe_dump({**keys, "weather": {"year_seed": 5, "year": 2 + replicate}}))
        alone = run(*read_scenario(str(tmp_path / "one.yaml")))
        kept = case.frame("zones", replicate=replicate)
        np.testing.assert_array_equal(kept["temperature_c"], alone.tables["zones"]["temperature_c"])
        np.testing.assert_array_equal(kept["demand_mw"], alone.tables["zones"]["demand_mw"])
        temperatures.append(tuple(kept["temperature_c"].dropna()))
    assert len(set(temperatures)) == 3
    metrics = case.frame("replicate_metrics").set_index("name")["value"]
    assert metrics["co2_change_t"].tolist() == [0.0, 0.0, 0.0]
    rows = case.frame("replicate_metrics").query("name == 'co2_t' and scope == 'system'")
    assert rows["replicate"].tolist() == [0, 1, 2] and len(set(rows["value"])) == 3  # one for each weather year
