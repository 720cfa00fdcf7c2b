"""docs/architecture.md: its import graph is that of the code, and no folder or file of the engine is without a line."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.support.imports import PACKAGE, ROOT

SCRIPT = ROOT / "docs" / "make_import_graph.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_import_graph", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_graph_is_that_of_the_code(script: ModuleType) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert text == script.page(), "run python docs/make_import_graph.py"


def test_every_folder_of_the_package_has_its_line() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    assert not [folder for folder in folders if f"`{folder}/`" not in text]


def test_every_file_of_the_engine_has_its_line() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    written = text.split("## The engine")[1].split("<!--")[0]
    names = [path.stem for path in (PACKAGE / "engine").glob("*.py") if path.stem != "__init__"]
    assert not [name for name in sorted(names) if f"`{name}`" not in written]


def test_levels_and_arrows_by_hand(script: ModuleType) -> None:
    """run -> a -> clock, run -> clock is implied; b and c import each other and clock."""
    graph = {"run": {"a", "clock", "b"}, "a": {"clock"}, "b": {"c"}, "c": {"b", "clock"}, "clock": set()}
    assert script.levels(graph) == {("clock",): 0, ("a",): 1, ("b", "c"): 1, ("run",): 2}
    assert script.reduced(graph) == [
        ("a", "clock"), ("b", "c"), ("c", "b"), ("c", "clock"), ("run", "a"), ("run", "b")
    ]  # fmt: skip
    assert script.figure(graph).endswith("| 0 | `clock` | - |\n\nCircles: b <-> c.")
