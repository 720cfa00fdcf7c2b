"""The command line as a user meets it: exit codes, what is written, what is printed."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from gridsim.engine.tables import TABLES
from tests.support.command import gridsim

SHORT = "network: kazakhstan\nhorizon: {start: 2026-01-14 17:00, hours: 3}\npolicy: {ac: off}\n"


def test_run_writes_a_complete_folder_and_only_json_on_stdout(tmp_path):
    (tmp_path / "short.yaml").write_text(SHORT)
    done = gridsim("run", "short.yaml", "--out", "out", "--json", "--csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["command"] == "run" and answer["status"] == "complete" and answer["run_dir"] == "out"
    names = {metric["name"] for metric in answer["metrics"]}
    assert {"EUE", "LOLH", "section_loading_max", "reserve_margin_mw_min", "fuel_days_min", "co2_t"} <= names
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["status"] == "complete" and len(manifest["network_hash"]) == len(manifest["code_hash"]) == 64
    for table, columns in TABLES.items():
        file = tmp_path / "out" / (f"{table}.parquet" if table == "events" else f"{table}/part-000000.parquet")
        assert pq.read_schema(file).names == [column.name for column in columns]
        assert (tmp_path / "out" / f"{table}.csv").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_json_says_why_a_number_is_absent(tmp_path):
    (tmp_path / "hour.yaml").write_text(
        "network: rts79\nhorizon: {start: 2026-01-14 17:00, hours: 1}\npolicy: {ac: off}\n"
    )
    answer = json.loads(gridsim("run", "hour.yaml", "--out", "out", "--json", cwd=tmp_path).stdout)
    assert "co2_t" not in {metric["name"] for metric in answer["metrics"]}
    assert answer["remarks"] == ["CO2 is not stated: no CO2 factor for U1, U2, U3 and 21 more"]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["remarks"] == answer["remarks"]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    (tmp_path / "short.yaml").write_text(
        SHORT + "events:\n  - {id: a, at: +1h, kind: plant_outage, target: aksu_gres}\n"
    )
    for out in ("one", "two"):
        assert gridsim("run", "short.yaml", "--out", out, "--seed", "5", cwd=tmp_path).returncode == 0
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.parquet"))
    assert len(files) == len(TABLES) + 2  # metrics and scorecard
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_existing_folder_is_never_overwritten_without_force(tmp_path):
    (tmp_path / "short.yaml").write_text(SHORT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "keep.txt").write_text("mine")
    refused = gridsim("run", "short.yaml", "--out", "out", cwd=tmp_path)
    assert refused.returncode == 2 and "exists" in refused.stderr
    assert (tmp_path / "out" / "keep.txt").read_text() == "mine"
    foreign = gridsim("run", "short.yaml", "--out", "out", "--force", cwd=tmp_path)
    assert foreign.returncode == 2 and "not a run folder" in foreign.stderr
    here = gridsim("run", "short.yaml", "--out", ".", "--force", cwd=tmp_path)
    assert here.returncode == 2 and (tmp_path / "out" / "keep.txt").read_text() == "mine"
    assert gridsim("run", "short.yaml", "--out", "runs/one", "--csv", cwd=tmp_path).returncode == 0
    assert (tmp_path / "runs" / "one" / "zones.csv").is_file()
    (tmp_path / "runs" / "one" / "notes.txt").write_text("of the user")
    kept = gridsim("run", "short.yaml", "--out", "runs/one", "--force", cwd=tmp_path)
    assert kept.returncode == 2 and "notes.txt" in kept.stderr
    (tmp_path / "runs" / "one" / "notes.txt").unlink()
    assert gridsim("run", "short.yaml", "--out", "runs/one", "--force", cwd=tmp_path).returncode == 0
    assert not (tmp_path / "runs" / "one" / "zones.csv").exists()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


def test_bad_input_exits_2_and_writes_nothing(tmp_path):
    (tmp_path / "bad.yaml").write_text(SHORT + "events:\n  - {id: a, at: +1h, kind: line_outage, target: nowhere}\n")
    done = gridsim("run", "bad.yaml", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2 and "bad.yaml:5: events.0.target: 'nowhere'" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_unknown_event_suggests(tmp_path):
    done = gridsim("run", "winter_peak_dya", cwd=tmp_path)
    assert done.returncode == 2 and "winter_peak_day" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("kazakhstna",), "kazakhstan"),
        (("rts79", "--hour", "teatime"), "2026-01-14 18:00"),
        (("rts79", "--hour", "2026-13-40"), "2026-01-14 18:00"),
    ],
)
def test_screen_refuses_and_says_how_to_mend(tmp_path, words, told):
    done = gridsim("screen", *words, "--json", cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr and told in json.loads(done.stdout)["error"]["message"]


def test_validate_lists_problems_as_json(tmp_path):
    (tmp_path / "bad.yaml").write_text(SHORT + "event: []\n")
    done = gridsim("validate", "bad.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert [problem["column"] for problem in json.loads(done.stdout)["problems"]] == ["event"]


@pytest.mark.parametrize("what", ["networks", "events", "kinds"])
def test_list(tmp_path, what):
    done = gridsim("list", what, "--json", cwd=tmp_path)
    rows = json.loads(done.stdout)
    assert done.returncode == 0 and rows and all(row["name"] for row in rows)
    if what == "events":
        assert all(row["shows"] or row["name"].startswith("known_") for row in rows)  # a known day has checks


def test_schema_is_json(tmp_path):
    schema = json.loads(gridsim("schema", cwd=tmp_path).stdout)
    assert {"network", "horizon", "events", "policy"} <= set(schema["properties"])


def test_weather_prints_checks(tmp_path):
    answer = json.loads(gridsim("weather", "kazakhstan", "--years", "20", "--json", cwd=tmp_path).stdout)
    assert answer["years"] == 20 and answer["passed"] is True
    assert all({"name", "value", "target", "tolerance", "passed"} <= set(check) for check in answer["checks"])
