"""Speed by release: a file that is not kept says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed_history import BUSY, changed, commit_of_asv, page, refusal


def checked(load_average: float, *failed: str) -> dict[str, Any]:
    checks = [{"name": name, "passed": name not in failed} for name in ("LOLH", "EUE")]
    return {"passed": not failed, "checks": checks, "machine": {"load_average": load_average}}


def test_a_quiet_machine_with_all_checks_right_is_kept() -> None:
    assert refusal(checked(BUSY)) == ""


def test_failed_checks_are_named() -> None:
    assert "LOLH" in refusal(checked(0.1, "LOLH")) and "EUE" not in refusal(checked(0.1, "LOLH"))


def test_a_busy_machine_is_told_with_its_load() -> None:
    assert "load average 6.9" in refusal(checked(6.9))


def test_a_change_is_a_tenth_beyond_both_intervals() -> None:
    assert not changed([1.0, 0.9, 1.1], [1.09, 1.05, 1.2])
    assert not changed([1.0, 0.9, 1.3], [1.4, 1.2, 1.6])  # intervals overlap
    assert not changed([1.0, 0.99, 1.01], [1.05, 1.04, 1.06])  # less than a tenth
    assert changed([1.0, 0.99, 1.01], [1.2, 1.19, 1.21])
    assert changed([1.2, 1.19, 1.21], [1.0, 0.99, 1.01])
    assert not changed(None, [1.0, 0.9, 1.1])


COLUMNS = ["result", "params", "version", "stats_ci_99_a", "stats_ci_99_b"]


def asv_result(path: Path, commit: str, seconds: float) -> Path:
    """A result as asv writes it: one time, one with parameters of which one was not measured, one track."""
    results = {
        "bench_a.One.time_it": [[seconds], [], "v", [0.9 * seconds], [1.05 * seconds]],
        "bench_a.Two.time_it": [[2.0, None], [["'rts79'", "'rbts'"]], "v", [1.9, None], [2.1, None]],
        "bench_a.One.track_it": [[7.0], [], "v", [None], [None]],
    }
    machine = {"cpu": "a processor", "num_cpu": "2", "machine": "name", "python": "/somewhere/python"}
    found = {"commit_hash": commit, "date": 1.7e12, "params": machine, "result_columns": COLUMNS, "results": results}
    path.write_text(json.dumps(found))
    return path


def test_results_of_asv_become_a_table_of_commits(tmp_path: Path) -> None:
    first = asv_result(tmp_path / "first.json", "a" * 40, 0.004)
    again = asv_result(tmp_path / "again.json", "a" * 40, 0.006)
    kept = commit_of_asv([first, again])
    assert kept["times_s"]["bench_a.Two.time_it(rts79)"] == [2.0, 1.9, 2.1]
    assert set(kept["times_s"]) == {"bench_a.One.time_it", "bench_a.Two.time_it(rts79)"}
    assert "somewhere" not in json.dumps(kept)
    text = page([], [kept])
    assert "1 of 1 times are beyond its noise" in text
    assert "| a.One.time_it | 4 (3.6 to 4.2) ms | **6 (5.4 to 6.3) ms** |" in text
    with pytest.raises(ValueError, match="one commit at a time"):
        commit_of_asv([first, asv_result(tmp_path / "other.json", "b" * 40, 0.004)])
