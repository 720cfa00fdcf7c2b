"""Two self-checks compared: a change is told from noise, and files that are something else are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gridsim.cli import app
from gridsim.errors import InputError
from gridsim.report import self_check
from gridsim.report.bench_change import changes


def bench(*figures: tuple[str, str, float, float, float]) -> dict[str, Any]:
    keys = ("name", "unit", "value", "low", "high")
    return {
        "schema_version": self_check.SCHEMA_VERSION,
        "machine": {"cpu": "c", "cores": 2, "python": "3.11.7", "load_average": 0.1},
        "figures": [dict(zip(keys, figure)) for figure in figures],
    }


def test_a_change_is_told_from_noise() -> None:
    before = bench(("a", "us", 10, 9, 11), ("b", "us", 10, 9, 11), ("c", "years/s", 100, 99, 101), ("d", "s", 1, 1, 1))
    after = bench(
        ("a", "us", 15, 14, 16),  # 3 above every measurement before, which vary by 2
        ("b", "us", 12.5, 12, 13),  # 1 above
        ("c", "years/s", 120, 119, 121),  # more is better
        ("d", "s", 1.08, 1.08, 1.08),  # apart, and under 10 %
        ("new", "s", 1, 1, 1),
    )
    assert [(one.name, one.verdict) for one in changes(before, after)] == [
        ("a", "slower"),
        ("b", "within noise"),
        ("c", "faster"),
        ("d", "within noise"),
    ]


def test_a_busy_machine_tells_no_change() -> None:
    before, after = (
        bench(("a", "us", 10, 9, 11), ("b", "us", 1, 1, 1)),
        bench(("a", "us", 20, 19, 21), ("b", "us", 1, 1, 1)),
    )
    assert [one.verdict for one in changes(before, after)] == ["slower", "within noise"]
    after["machine"]["load_average"] = 2.0
    assert [one.verdict for one in changes(before, after)] == ["not told", "within noise"]


def test_out_and_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = bench(("a", "us", 10, 9, 11)) | {"checks": [], "versions": {}, "passed": True, "wall_s": 1.0}
    found["machine"]["system"] = "Linux"
    monkeypatch.setattr(self_check, "self_check", lambda progress: found)
    file, mine = tmp_path / "a.json", tmp_path / "thesis.json"
    for _ in range(2):  # its own file is replaced
        assert CliRunner().invoke(app, ["bench", "--out", str(file)]).exit_code == 0
    assert json.loads(file.read_text())["figures"] == found["figures"]
    mine.write_text('{"years": 4}')
    assert isinstance(CliRunner().invoke(app, ["bench", "--out", str(mine)]).exception, InputError)
    assert mine.read_text() == '{"years": 4}'
    done = CliRunner().invoke(app, ["bench", "--compare", str(file), str(file)])
    assert done.exit_code == 0 and "within noise" in done.stdout
    listed = json.loads(CliRunner().invoke(app, ["bench", "--compare", str(file), str(file), "--json"]).stdout)
    assert [one["verdict"] for one in listed["changes"]] == ["within noise"]
    for wrong in (mine, tmp_path / "absent.json"):
        refused = CliRunner().invoke(app, ["bench", "--compare", str(file), str(wrong)])
        assert isinstance(refused.exception, InputError)


def test_a_checkout_names_its_commit() -> None:
    assert len(self_check.commit() or "") in (0, 40)
