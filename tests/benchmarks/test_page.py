"""docs/benchmarks.md names benchmarks and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def methods(module: str) -> set[str]:
    tree = ast.parse((ROOT / "benchmarks" / f"{module}.py").read_text(encoding="utf-8"))
    return {
        f"{module}.{group.name}.{item.name}"
        for group in tree.body
        if isinstance(group, ast.ClassDef)
        for item in group.body
        if isinstance(item, ast.FunctionDef)
    }


def test_every_named_benchmark_exists() -> None:
    named = set(re.findall(r"`(bench_\w+\.\w+\.\w+)`", TEXT))
    assert len(named) > 20
    assert named <= set().union(*(methods(name.split(".")[0]) for name in named))


def test_every_named_file_exists() -> None:
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/]+\.(?:py|json))`", TEXT))
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
