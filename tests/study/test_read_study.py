"""Study files: what they make of scenarios, and what is wrong with them, all at once and in its place."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError, Problem
from gridsim.io.bundled import study_files
from gridsim.io.read_study import read_study
from gridsim.model.scenario import AcMode
from gridsim.study.run_study import run_study
from tests.support.study_cases import EVENTS, small_study, write_scenario, write_study


def problems(folder: Path, text: str | None = None, **keys: Any) -> list[Problem]:
    """What is wrong with a study of ``keys``, or of the file ``text``."""
    file = write_study(folder, **keys)
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_study(file)
    return list(caught.value.problems)


def test_cases_are_scenarios_by_variants_by_sweep(tmp_path: Path) -> None:
    write_study(tmp_path)
    variants = tmp_path / "net" / "variants"
    variants.mkdir()
    (variants / "more.yaml").write_text("schema_version: 1\nscale: {generators: {p_max_mw: 1.5}}\n")
    study = small_study(
        tmp_path,
        variants=["base", "more"],
        sweep={"events.line.repair.mean_h": [1, 3]},
        set={"policy.operator_delay_minutes": 30},
    )
    assert [case.name for case in study.cases] == [
        "day+base+line.repair.mean_h=1",
        "day+base+line.repair.mean_h=3",
        "day+more+line.repair.mean_h=1",
        "day+more+line.repair.mean_h=3",
    ]
    assert [case.scenario.events[1].repair.mean_h for case in study.cases] == [1, 3, 1, 3]  # type: ignore[union-attr]
    assert [float(case.system.generators.p_max_mw.sum()) for case in study.cases] == [700, 700, 1050, 1050]
    assert study.cases[0].system is study.cases[1].system
    assert {case.scenario.policy.operator_delay_minutes for case in study.cases} == {30.0}
    assert all(case.scenario.policy.ac is AcMode.OFF for case in study.cases)


def test_scenarios_may_be_written_out(tmp_path: Path) -> None:
    inline = {"name": "only_line", "extends": "day.yaml", "events": EVENTS[1:]}
    study = small_study(tmp_path, scenarios=["day.yaml", inline])
    assert [case.name for case in study.cases] == ["day", "only_line"]
    assert [event.id for event in study.cases[1].scenario.events] == ["line"]


def test_what_was_run_can_be_read_again(tmp_path: Path) -> None:
    from gridsim.io.read_scenario import read_scenario
    from gridsim.study.run_study import run_study

    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "cold.csv").write_text("hour,temperature_anomaly_k\n0,-7\n")
    write_study(inner)
    write_scenario(inner, weather={"file": "cold.csv"})
    outer = tmp_path / "study.yaml"
    outer.write_text("scenarios: [{name: a, extends: inner/day.yaml}]\nreplicates: 1\n")
    study = read_study(outer)
    run_study(study, tmp_path / "out", workers=0)
    system, scenario = read_scenario(tmp_path / "out" / "a" / "scenario.yaml")
    assert system.content_hash == study.cases[0].system.content_hash
    assert scenario.weather.temperature_anomaly_k == (-7.0,)  # type: ignore[union-attr]
    assert scenario.events == study.cases[0].scenario.events


def test_all_problems_at_once_and_in_their_place(tmp_path: Path) -> None:
    text = """scenarios: [day.yaml, day.yaml, dey.yaml]
replicates: 2
set: {policy.ack: off}
sweep:
  events.lime.duration: [1d, 3d]
  events.line.repair.mean_h: [1, -3]
"""
    found = problems(tmp_path, text)
    said = {(Path(p.file).name, p.row, p.column): f"{p.value}; {p.mend}" for p in found}
    assert "twice" in said[("study.yaml", 1, "scenarios.1")]
    assert "no such event file" in said[("study.yaml", 1, "scenarios.2")]
    assert "no 'lime' in events" in said[("study.yaml", 5, "sweep.events.lime.duration.0")]
    assert "did you mean 'line'?" in said[("study.yaml", 5, "sweep.events.lime.duration.1")]


def test_a_bad_value_of_a_sweep_is_at_its_place_in_the_study(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, sweep={"events.line.repair.mean_h": [1, -3]})
    assert Path(found.file).name == "study.yaml" and found.column == "sweep.events.line.repair.mean_h.1"
    assert "-3" in found.value


@pytest.mark.parametrize(
    ("keys", "column", "says"),
    [
        ({"replicate": 5}, "replicate", "did you mean 'replicates'?"),
        ({"replicates": 0}, "replicates", "not >= 1"),
        ({"replicates": 2.5}, "replicates", "not a whole number"),
        ({"scenarios": []}, "scenarios", "none"),
        ({"scenarios": [{"extends": "day.yaml"}]}, "scenarios.0", "has no name"),
        ({"sweep": {"events.line.repair.mean_h": []}}, "sweep.events.line.repair.mean_h", "no values"),
        ({"sweep": {"events.line.repair.mean_h": [1, 1]}}, "sweep.events.line.repair.mean_h.1", "twice"),
        ({"variants": ["base", "base"]}, "variants.1", "twice"),
        ({"variants": ["nuclaer"]}, "variants.0", "not a variant"),
        ({"set": {"policy.ack": "off"}}, "set.policy.ack", "did you mean 'ac'?"),
        ({"set": {"horizon.hours.more": 1}}, "set.horizon.hours.more", "has no parts"),
        ({"set": {"policy.ac": "of"}}, "set.policy.ac", "did you mean 'off'?"),
        ({"stop": {"target_cov": 0}}, "stop.target_cov", "not > 0"),
        ({"seed": -1}, "seed", "not >= 0"),
    ],
)
def test_bad_study_files(tmp_path: Path, keys: dict[str, Any], column: str, says: str) -> None:
    found = {p.column: f"{p.value}; {p.mend}" for p in problems(tmp_path, **keys)}
    assert says in found[column]


def test_an_output_that_is_no_table(tmp_path: Path) -> None:
    found = problems(tmp_path, set={"outputs": ["generator"]})
    assert found[0].column == "set.outputs" and found[0].mend == "did you mean 'generators'?"


# Hours of a bundled study, or of its scenarios where they differ; every scenario but the blockade has a repair.
HOURS = {"electric_heaters": {"rupture": 288, "coal": 600}, "repair_time_sweep": 336, "winter_stress": 336}


@pytest.mark.parametrize("name", sorted(study_files()))
def test_bundled_studies_can_be_read(name: str) -> None:
    study = read_study(name)
    assert len(study.cases) == 6
    for case in study.cases:
        scenario, hours = case.name.partition("+")[0], HOURS[name]
        assert case.scenario.horizon.hours == (hours[scenario] if isinstance(hours, dict) else hours)
        blockade = (name, scenario) == ("electric_heaters", "coal")
        assert any(event.repair for event in case.scenario.events) is not blockade


def test_winter_stress_is_1200_replicates() -> None:
    study = read_study("winter_stress")
    assert len(study.cases) * study.replicates == 1200


@pytest.mark.parametrize(
    "name", ["study.json", "summary.parquet", "manifest.json", "jobs", "x" * 201, "x" * 300, "ж" * 101]
)
def test_a_case_whose_name_is_no_folders_is_refused_before_anything_is_run(tmp_path: Path, name: str) -> None:
    write_study(tmp_path, scenarios=[{"name": name, "extends": "day.yaml"}])
    with pytest.raises(InputError) as caught:
        read_study(tmp_path / "study.yaml")
    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / "study.yaml") and problem.row and problem.column in ("scenarios", "name")
    assert name[:40] in problem.value and "name" in problem.mend


def test_the_longest_name_of_a_case_can_be_run(tmp_path: Path) -> None:
    write_study(tmp_path, scenarios=[{"name": "x" * 200, "extends": "day.yaml"}], replicates=1)
    result = run_study(read_study(tmp_path / "study.yaml"), tmp_path / "out", workers=0)
    assert result.status == "complete" and (tmp_path / "out" / ("x" * 200) / "manifest.json").is_file()


@pytest.mark.parametrize("name", ["../../evil", "jobs", "", "x" * 300])
def test_a_case_named_in_python_never_leads_outside(tmp_path: Path, name: str) -> None:
    study = read_study(write_study(tmp_path, replicates=1))
    named = dataclasses.replace(study, cases=(dataclasses.replace(study.cases[0], name=name),))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="give the case another name"):
        run_study(named, tmp_path / "out", workers=0)
    assert sorted(tmp_path.rglob("*")) == before
