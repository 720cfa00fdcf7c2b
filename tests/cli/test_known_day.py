"""`gridsim run NAME --check`: observed beside simulated, and an exit code that tells a miss from a failed run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gridsim.errors import InputError
from gridsim.io.read_scenario import read_scenario
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


LOAD = {"parameter": "loads.*.p_mw", "low": 0.9, "high": 1.1, "factor": True}


def test_corners_print_the_range_and_whether_it_is_robust(tmp_path: Path) -> None:
    """Load times 0.9 and 1.1: one number far off stays missed, one at the stated load is met only there."""
    far = {"quantity": "load_mw", "observed": 1, "tolerance": 0.5}
    name = day(tmp_path, far, unknowns=[LOAD])
    stated = json.loads(gridsim("run", name, "--check", "--json", cwd=tmp_path).stdout)["checks"][0]["simulated"]
    write_scenario(
        tmp_path,
        events=[],
        check=[{"source": SOURCE, **far}, {**far, "source": SOURCE, "observed": stated, "tolerance": 0.01 * stated}],
        unknowns=[LOAD],
    )
    done = gridsim("run", name, "--check", "--corners", "--json", "--out", "kept", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    missed, met = json.loads(done.stdout)["checks"]
    assert (missed["robust"], met["robust"]) == (True, False)
    assert met["verdict"] == "met"
    for check in (missed, met):
        assert check["lowest"] == pytest.approx(0.9 * stated, rel=1e-6)
        assert check["highest"] == pytest.approx(1.1 * stated, rel=1e-6)
    text = gridsim("run", name, "--check", "--corners", cwd=tmp_path).stdout
    assert "1 of 2 checks met; 1 of 2 robust: alike at every corner" in text
    assert "over the corners" in text and "NO" in text


@pytest.mark.parametrize(
    ("options", "unknowns", "words"),
    [(("--corners",), [LOAD], "without --check"), (("--check", "--corners"), [], "no rows to vary")],
)
def test_corners_need_a_check_and_unknowns(tmp_path: Path, options, unknowns, words: str) -> None:
    name = day(tmp_path, {"quantity": "load_mw", "observed": 1, "tolerance": 1}, unknowns=unknowns)
    done = gridsim("run", name, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{**LOAD, "parameter": "loads.p_mw"}], "not table.row.column"),
        ([{**LOAD, "parameter": "load.*.p_mw"}], "did you mean 'loads'"),
        ([{**LOAD, "parameter": "loads.*.p_gw"}], "did you mean 'p_mw'"),
        ([{**LOAD, "parameter": "loads.nowhere.p_mw"}], "no row of loads"),
        ([{**LOAD, "low": 1.2}], "not above low"),
        ([{**LOAD, "low": -1}], "give what the column allows"),
        ([{**LOAD, "parameter": "generators.*.mttf_h"}], "empty in a row"),
        ([LOAD, LOAD], "is in an earlier row"),
        ([{**LOAD, "parameter": "events.none.magnitude"}], "no row of events"),
        ([{**LOAD, "high": "much"}], "high"),
        ([{**LOAD, "parameter": f"loads.*.p_mw{number}"} for number in range(7)], "128 corners"),
    ],
)
def test_unknowns_that_cannot_be_are_told(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    name = day(tmp_path, {"quantity": "load_mw", "observed": 1, "tolerance": 1}, unknowns=rows)
    with pytest.raises(InputError) as told:
        read_scenario(tmp_path / name)
    assert words in str(told.value)


def test_unknowns_without_a_check_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknowns: without check"):
        read_scenario(tmp_path / day(tmp_path, unknowns=[LOAD]))
