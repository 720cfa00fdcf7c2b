"""Uses of another object's private names, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: The public interface of NamedTuple; its names begin with ``_`` so that fields may have any other.
NAMED_TUPLE = frozenset({"_replace", "_asdict", "_fields", "_make", "_field_defaults"})

#: Functions that take an attribute by its name as text.
_BY_TEXT = frozenset({"getattr", "setattr", "hasattr", "delattr"})


class PrivateUse(NamedTuple):
    """``owner._name`` at a line of a file, or a private name imported from another module (``owner``)."""

    file: str
    line: int
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.owner}.{self.name}"


def is_private(name: str) -> bool:
    """One leading underscore; ``__dunder__`` names are python's own."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_uses(tree: ast.Module, file: str) -> Iterator[PrivateUse]:
    """Uses of private names of others, in the order of the source.

    A class may use the private names that it defines itself on any instance (two instances of one class, the new object
    of a classmethod); a module those that it defines itself. An imported private name or module is a use.
    """
    for node in _walk(tree, frozenset()):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            names = [*module.split("."), *(part for alias in node.names for part in alias.name.split("."))]
            yield from (PrivateUse(file, node.lineno, module, name) for name in names if is_private(name))
        elif isinstance(node, _Use):
            yield PrivateUse(file, node.lineno, node.owner, node.attr)


class _Use(ast.AST):
    """An attribute that is private and not the owner's own."""

    def __init__(self, lineno: int, owner: str, attr: str) -> None:
        super().__init__()
        self.lineno, self.owner, self.attr = lineno, owner, attr


def _walk(node: ast.AST, own: frozenset[str]) -> Iterator[ast.AST]:
    """Statements and private attribute uses; ``own``: private names of the classes around."""
    if isinstance(node, ast.ClassDef):
        own = own | _defined(node)
    if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in NAMED_TUPLE:
        owner = ast.unparse(node.value)
        if owner not in ("self", "cls", "super()") and node.attr not in own:
            yield _Use(node.lineno, owner, node.attr)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in _BY_TEXT and len(node.args) > 1:
        owner, text = ast.unparse(node.args[0]), node.args[1]
        name = text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
        if is_private(name) and owner not in ("self", "cls") and name not in own:
            yield _Use(node.lineno, owner, name)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, own)


def _defined(cls: ast.ClassDef) -> frozenset[str]:
    """Private names that a class defines: methods, class attributes and fields, attributes set on ``self``."""
    found: set[str] = set()
    for node in ast.walk(cls):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            found.add(node.attr)
    return frozenset(name for name in found if is_private(name))


def uses_in(folder: Path, root: Path) -> list[PrivateUse]:
    """All uses in the files below ``folder``."""
    return [
        use
        for path in sorted(folder.rglob("*.py"))
        for use in private_uses(ast.parse(path.read_text(encoding="utf-8")), path.relative_to(root).as_posix())
    ]
