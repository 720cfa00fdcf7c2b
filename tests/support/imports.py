"""The import graph of ``gridsim/`` read from the source: every import statement counts, wherever it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gridsim"


def module_name(path: Path, root: Path = ROOT) -> str:
    """The dotted name of a file; a package is called by the name of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_files(package: Path = PACKAGE) -> dict[str, Path]:
    """Module -> file of every module of ``package``, in order of name."""
    return {module_name(path, package.parent): path for path in sorted(package.rglob("*.py"))}


def import_graph(package: Path = PACKAGE, *targets: Path) -> dict[str, set[str]]:
    """Module -> modules of the package (and of ``targets``) that it imports, in functions and under TYPE_CHECKING too.

    ``from a import b`` imports the module ``a.b`` where there is one, else ``a``. What Python runs on the way to it
    (the ``__init__`` of the packages above) is no statement of the importer and is not counted.
    """
    files = module_files(package)
    known = set(files).union(*(module_files(target) for target in targets))
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = _base(module, path, node)
                imported.update(f"{base}.{a.name}" if f"{base}.{a.name}" in known else base for a in node.names)
        graph[module] = {name for name in imported if name in known and name != module}
    return graph


def _base(module: str, path: Path, node: ast.ImportFrom) -> str:
    """The module that a ``from`` statement names, relative ones resolved."""
    if not node.level:
        return node.module or ""
    above = module.split(".")
    above = above[: len(above) - node.level + (path.name == "__init__.py")]
    return ".".join([*above, *([node.module] if node.module else [])])


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Sets of modules that reach each other (strongly connected, more than one), sorted (Tarjan, 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            at = stack.index(module)
            circle = sorted(stack[at:])
            del stack[at:]
            if len(circle) > 1:
                found.append(circle)

    for module in sorted(graph):
        if module not in order:
            visit(module)
    return sorted(found)
