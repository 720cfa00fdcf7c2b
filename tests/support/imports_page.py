"""Rows of docs/imports.md, made again."""

from __future__ import annotations

import functools
import importlib.util
from types import ModuleType

from tests.support.imports import ROOT


@functools.cache
def make_imports() -> ModuleType:
    """The script docs/make_imports.py as a module."""
    spec = importlib.util.spec_from_file_location("make_imports", ROOT / "docs" / "make_imports.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_row(grid: str) -> None:
    """A grid is imported within the bounds, and the page says the rest of its row."""
    script = make_imports()
    row = script.row_of(grid)
    assert row.equal, row
    cells = [line.strip("| \n").split(" | ") for line in script.PAGE.read_text(encoding="utf-8").splitlines()]
    found = next(line for line in cells if line[0] == grid)
    # errors are rounding: bounded above, not compared digit by digit
    said = [cell.strip() for cell in found[:4] + found[6:]]
    expected = [cell for position, cell in enumerate(row.cells()) if position not in (4, 5)]
    assert said + [""] * (len(expected) - len(said)) == expected
