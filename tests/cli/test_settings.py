"""`gridsim run --set` and `--imports`: the keys and the checks of a study's ``set:``."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from gridsim.errors import InputError
from gridsim.io.bundled import event_file
from gridsim.io.changes import changes_from_options
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import study_of
from tests.support.command import gridsim

CASE = """\
network: kazakhstan
horizon: {start: 2026-01-14 17:00, hours: 1}
policy: {ac: off, gas: balance}
events:
  - {id: cold, at: +0h, kind: cold_wave, target: all, magnitude: -12}
"""
SCRIPT = """\
import gridsim

scenario = "case.yaml"


@gridsim.contingency
def nothing(sim):
    yield sim.hours(0.5)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "mine.py").write_text(SCRIPT)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "more"),
    [("case.yaml", ()), ("mine.py", ()), ("case.yaml", ("--replicates", "2", "--workers", "0"))],
)
def test_the_run_folder_tells_what_was_set(folder: Path, name: str, more: tuple[str, ...]) -> None:
    words = ("--imports", "none", "--set", "events.cold.magnitude=-20", "--set", "variant=nuclear_2035")
    done = gridsim("run", name, *words, "--out", "out", "--json", *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    kept = yaml.safe_load((folder / "out" / "scenario.yaml").read_text())
    assert (kept["policy"]["imports"], kept["variant"]) == ("none", "nuclear_2035")
    assert kept["events"][0]["magnitude"] == -20
    if not more:
        changed = "events.cold.magnitude=-20, variant=nuclear_2035, policy.imports=none"
        assert kept["description"] == f"Changed for this run: {changed}."
        made = json.loads((folder / "out" / "manifest.json").read_text())
        again = [f"--set {change}" for change in changed.split(", ")]
        assert made["made_by"] == f"gridsim run {name} {' '.join(again)} --seed 0"


def test_no_imports_means_that_no_border_delivers(folder: Path) -> None:
    taken = []
    for out, words in (("with", ()), ("without", ("--imports", "none"))):
        deep = ("--set", "events.cold.magnitude=-40")  # a cold in which the system needs its neighbours
        assert gridsim("run", "case.yaml", *deep, "--out", out, *words, cwd=folder).returncode == 0
        table = pq.read_table(folder / out / "zones" / "part-000000.parquet").to_pandas()
        taken.append(table["import_mw"].sum())
    assert taken[1] == 0 < taken[0]


def test_every_wrong_option_is_named_by_its_flag(folder: Path) -> None:
    words = (
        "--imports",
        "nnone",
        "--set",
        "polcy.ac=off",
        "--set",
        "policy.gas=hydraulics",
        "--set",
        "horizon.hours=-1",
    )
    done = gridsim("run", "case.yaml", *words, cwd=folder)
    assert done.returncode == 2 and not done.stdout
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "--imports",
        "--set horizon.hours",
        "--set polcy.ac",
        "--set policy.gas",
    ]
    assert "did you mean 'none'?" in lines[0] and "did you mean 'policy'?" in lines[2]
    done = gridsim("run", "case.yaml", "--set", "events.clod.magnitude=-20", cwd=folder)
    assert done.stderr.startswith("--set events.clod.magnitude: no 'clod' in events of ")
    assert "did you mean 'cold'?" in done.stderr


def test_what_cannot_be_read_or_contradicts_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        changes_from_options(
            ("policy.ac", "x=[1", "policy.imports=none"), imports=("policy.imports", "limit"), variant=("variant", None)
        )
    assert [problem.file for problem in caught.value.problems] == ["--set policy.ac", "--set policy.imports", "--set x"]
    assert "policy.imports is set 2 times" in str(caught.value)


def test_values_are_those_of_yaml(folder: Path) -> None:
    changes = changes_from_options(
        ("policy.ac=off", "outputs=[lines]", "horizon.start=2026-01-15 03:00", "failures=on")
    )
    assert [change.value for change in changes] == ["off", ["lines"], "2026-01-15 03:00", "on"]
    _, scenario = read_scenario(folder / "case.yaml", changes=changes)
    assert scenario.failures == "on" and scenario.outputs == ("lines",) and scenario.horizon.start.day == 15
    assert study_of(folder / "case.yaml", changes=changes).cases[0].scenario.outputs == ("lines",)


def test_a_weather_file_is_meant_from_the_folder_of_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the documentation makes a bundled event 20 K colder instead of 12."""
    monkeypatch.chdir(folder)
    Path("cold_20k.csv").write_text("hour,temperature_anomaly_k\n0,-20\n")
    name = event_file("bbs_pipeline_rupture")
    system, own = read_scenario(name)
    _, colder = read_scenario(name, system, changes=changes_from_options(("weather.file=cold_20k.csv",)))
    assert own.weather is not None and colder.weather is not None
    assert own.weather.temperature_anomaly_k[-1] == -12 and colder.weather.temperature_anomaly_k[-1] == -20
    case = study_of(name, changes=changes_from_options(("weather.file=cold_20k.csv",))).cases[0]
    assert case.files == (str((folder / "cold_20k.csv").resolve()),)


def test_the_seed_is_told_without_its_range() -> None:
    assert "18446744073709551615" not in gridsim("run", "--help").stdout
    for word in ("-1", "1.5", str(2**64)):
        done = gridsim("run", "winter_peak_day", "--seed", word)
        assert done.returncode == 2 and "--seed" in done.stderr


def test_json_of_a_set_run_is_an_object(folder: Path) -> None:
    done = gridsim("run", "case.yaml", "--set", "variant=nuclear_2035", "--out", "out", "--json", cwd=folder)
    assert json.loads(done.stdout)["variant"] == "nuclear_2035"


@pytest.mark.parametrize(("word", "kept"), [("typical", "typical"), ("true", "on"), ("false", "off")])
def test_the_fleet_at_the_start_is_a_setting(folder: Path, word: str, kept: str) -> None:
    done = gridsim("run", "case.yaml", "--set", f"failures={word}", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert ("typical fleet: " in done.stdout) == (word == "typical")
    assert yaml.safe_load((folder / "out" / "scenario.yaml").read_text())["failures"] == kept


def test_a_network_without_a_typical_fleet_says_so(folder: Path) -> None:
    words = ("--set", "network=rts79", "--set", "events=[]", "--set", "failures=typical")
    done = gridsim("run", "case.yaml", *words, cwd=folder)
    assert done.returncode == 2
    assert "has no typical.csv" in done.stderr and "give off or on" in done.stderr
