"""Scripts in many replicates: loaded by every worker, one that goes wrong ends its replicate and not the study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridsim.engine.run import run
from gridsim.errors import InputError, ScriptError
from gridsim.io.read_run import load_run
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_script import read_script
from gridsim.io.read_study import study_of
from gridsim.study.run_study import run_study
from tests.support.command import gridsim
from tests.support.study_cases import small_study, table_hashes, write_study

N = 12
SCRIPT = """\
import gridsim

scenario = "day.yaml"


@gridsim.contingency
def unlucky(sim):
    yield sim.hours(1)
    if sim.random.uniform() < 0.3:
        raise ValueError("a bad draw")
    sim.fail("n1_s1")
    yield sim.hours(2)
    sim.restore("n1_s1")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    write_study(tmp_path)
    (tmp_path / "mine.py").write_text(SCRIPT)
    return tmp_path / "mine.py"


def test_a_script_that_fails_by_a_draw_ends_those_replicates_only(tmp_path: Path, script: Path) -> None:
    system, scenario = read_scenario(script)
    alone = {}
    for replicate in range(N):
        try:
            alone[replicate] = run(system, scenario, seed=5, replicate=replicate).metric("EUE")
        except ScriptError:
            alone[replicate] = None
    unlucky = [replicate for replicate, energy in alone.items() if energy is None]
    assert 0 < len(unlucky) < N

    result = run_study(study_of(script, replicates=N, seed=5), tmp_path / "here", workers=0, alone=True)
    assert result.status == "partial" and result.replicates == {"mine": N - len(unlucky)}
    assert [failed["replicate"] for _, failed, _ in result.failed] == unlucky
    _, failed, replay = result.failed[0]
    assert failed["error"] == f"{script}:10: unlucky: ValueError: a bad draw"
    assert f'File "{script}", line 10, in unlucky' in failed["traceback"]
    assert replay.endswith(f"scenario.yaml --script {script} --seed 5 --replicate {unlucky[0]}")
    found = load_run(tmp_path / "here").frame("replicate_metrics")
    energy = found[(found["name"] == "EUE") & (found["scope"] == "system")].set_index("replicate")["value"]
    assert energy.to_dict() == {replicate: value for replicate, value in alone.items() if value is not None}

    run_study(study_of(script, replicates=N, seed=5), tmp_path / "pool", workers=1, alone=True)
    assert table_hashes(tmp_path / "pool") == table_hashes(tmp_path / "here")


def test_resume_refuses_another_script(tmp_path: Path, script: Path) -> None:
    def study() -> None:
        joined = study_of(tmp_path / "day.yaml", scripts=read_script(script).scripts, replicates=2)
        run_study(joined, tmp_path / "out", workers=0, resume=True)

    study()
    study()
    script.write_text(SCRIPT.replace("hours(2)", "hours(1)"))
    with pytest.raises(InputError, match="the scripts of day changed"):
        study()


def test_a_study_file_may_name_a_script_and_sweep_its_scenario(tmp_path: Path, script: Path) -> None:
    script.write_text(SCRIPT.replace("< 0.3", "< 0"))
    study = small_study(tmp_path, scenarios=["mine.py"], replicates=2, sweep={"horizon.hours": [3, 4]})
    result = run_study(study, tmp_path / "out", workers=0)
    assert result.status == "complete" and len(result.estimates) == 2
    log = load_run(result.path / study.cases[0].name).frame("events")
    assert log["to_state"].str.contains("unlucky:1").any()


def test_a_policy_that_raises_fails_every_replicate(tmp_path: Path, script: Path) -> None:
    script.write_text(
        'import gridsim\n\n\n@gridsim.policy("operator")\ndef lost(view):\n    return view.zone("nowhere")\n'
    )
    joined = study_of(tmp_path / "day.yaml", scripts=read_script(script).scripts, replicates=3)
    result = run_study(joined, tmp_path / "out", workers=0)
    assert result.status == "partial" and len(result.failed) == 3
    assert all(f"{script}:6: lost: " in failed["error"] for _, failed, _ in result.failed)


def test_replicates_of_a_script_on_the_command_line(tmp_path: Path, script: Path) -> None:
    options = ("--replicates", "4", "--workers", "0", "--out", "out", "--json")
    script.write_text(SCRIPT.replace("< 0.3", "< 2"))
    done = gridsim("run", "mine.py", *options, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert [failed["replicate"] for failed in json.loads(done.stdout)["failed"]] == [0, 1, 2, 3]
    script.write_text(SCRIPT.replace("< 0.3", "< 0"))
    done = gridsim("run", "day.yaml", "--script", "mine.py", *options, "--force", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "complete"
