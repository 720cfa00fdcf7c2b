"""The mutation check on a module of three lines: what a test sees, what none sees, and a loop that no longer ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import Outcome, nearest_first, outcome_of, row
from tests.mutation.mutants import Mutant, mutants_of

MODULE = """def total(values):
    n = unseen = 3 + 1
    while n < 1:
        pass
    return values + n
"""
TEST = """from stock import total


def test_total():
    assert total(2) == 6
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "stock.py").write_text(MODULE)
    (tmp_path / "test_stock.py").write_text(TEST)
    return tmp_path


def changed(kind: str, line: int) -> Mutant:
    (found,) = [mutant for mutant in mutants_of("stock.py", MODULE) if (mutant.kind, mutant.line) == (kind, line)]
    return found


def test_a_change_is_red_if_a_test_fails_and_is_taken_back(copy: Path) -> None:
    before = (copy / "stock.py").stat().st_mtime_ns
    outcome = outcome_of(copy, changed("term", 5), ["test_stock.py"], 60.0)
    assert outcome.by == "test_stock.py::test_total"
    assert (copy / "stock.py").read_text() == MODULE
    assert (copy / "stock.py").stat().st_mtime_ns == before
    assert "| red | test_stock.py::test_total |" in row(1, changed("term", 5), outcome)


def test_a_change_that_no_test_sees_is_green(copy: Path) -> None:
    (copy / "stock.py").write_text(MODULE.replace("n = unseen = 3 + 1", "n, unseen = 4, 3 + 1"))
    (unseen,) = [m for m in mutants_of("stock.py", (copy / "stock.py").read_text()) if m.old == "3 + 1"]
    outcome = outcome_of(copy, unseen, ["test_stock.py"], 60.0)
    assert outcome.by == ""
    assert "| GREEN |  |" in row(1, unseen, outcome)


def test_a_loop_that_no_longer_ends_is_red(copy: Path) -> None:
    outcome = outcome_of(copy, changed("comparison", 3), ["test_stock.py"], 5.0)
    assert outcome.by == "timeout" and outcome.seconds >= 5.0


def test_the_file_named_after_the_module_comes_first_then_what_imports_it() -> None:
    files = [
        "tests/engine/test_a.py",
        "tests/engine/test_clock.py",
        "tests/engine/test_z.py",
        "tests/results/test_b.py",
    ]
    seconds = dict(zip(files, (1.0, 9.0, 5.0, 0.1), strict=True))
    mutant = Mutant("gridsim/engine/clock.py", 1, 0, 1, "sign", "1", "(-1)")
    graph = {"tests.engine.test_z": {"gridsim.engine.clock"}}
    assert nearest_first(mutant, files, seconds, graph) == [files[1], files[2], files[0], files[3]]
    assert "GREEN" in row(1, mutant, Outcome("", 1.0))
