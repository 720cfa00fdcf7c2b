"""Which columns of which tables the code reads, found in its syntax trees.

A name or attribute holds a table once ``system.TABLE`` is assigned to it, looped over, or passed to it as an argument
(over files, by the function's name); a column is read where it is an attribute of such a holder.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import gridsim

ROOT = Path(gridsim.__file__).parent
#: Reading and writing of files, and the declarations of the tables, are no use of a column.
NO_USE = ("io/", "model/power.py", "model/carriers.py", "model/weather.py")

Held = defaultdict[str, set[str]]
Arguments = defaultdict[tuple[str, int | str], set[str]]


@cache
def trees() -> dict[str, ast.Module]:
    """Syntax trees of the code that may use a column, by file."""
    files = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}
    return {name: ast.parse(path.read_text()) for name, path in files.items() if not name.startswith(NO_USE)}


@cache
def derived() -> dict[str, set[str]]:
    """Columns that a property of a table is made from, by the property's name."""
    found: dict[str, set[str]] = {}
    for file in ("power", "carriers", "weather"):
        for node in ast.walk(ast.parse((ROOT / "model" / f"{file}.py").read_text())):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                own = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
                found[node.name] = {n.attr for n in own if n.value.id == "self"}
    return found


class ColumnUse:
    """``columns``: (table, column) pairs that are read; ``tables``: tables that are named at all."""

    def __init__(self, tables: Iterable[str]):
        self.names = set(tables)
        self.tables: set[str] = set()
        self.columns: set[tuple[str, str]] = set()
        self._patterns: set[tuple[str, str]] = set()
        self._arguments: Arguments = defaultdict(set)
        modules = [list(ast.walk(tree)) for tree in trees().values()]
        for _ in range(4):  # from a caller to the function it calls, four calls deep
            for nodes in modules:
                self._read(nodes)
        for name, columns in derived().items():
            self.columns |= {(table, column) for table, read in set(self.columns) if read == name for column in columns}

    def reads(self, table: str, column: str) -> bool:
        """True if some code reads the column of the table."""
        patterns = [pattern for name, pattern in self._patterns if name == table]
        return (table, column) in self.columns or any(re.fullmatch(pattern, column) for pattern in patterns)

    def _read(self, nodes: list[ast.AST]) -> None:
        held: Held = defaultdict(set)
        texts = {str(node.value) for node in nodes if isinstance(node, ast.Constant)} & self.names
        for _ in range(2):  # a holder may be copied above the line that fills it
            for node in nodes:
                self._bind_node(node, held, texts)
        for node in nodes:
            if isinstance(node, ast.Attribute):
                self.tables |= {node.attr} & self.names
                self.columns |= {(table, node.attr) for table in self._held_by(node.value, held, texts)}
            elif isinstance(node, ast.Call):
                self._call(node, held, texts)

    def _bind_node(self, node: ast.AST, held: Held, texts: set[str]) -> None:
        if isinstance(node, ast.FunctionDef):
            named = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            named = named[1:] if named[:1] in (["self"], ["cls"]) else named
            for position, name in enumerate(named):
                held[name] |= self._arguments[node.name, position] | self._arguments[node.name, name]
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, held, texts)
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple | ast.List):
            for item in node.iter.elts:
                self._bind(node.target, item, held, texts)

    def _bind(self, target: ast.expr, value: ast.expr, held: Held, texts: set[str]) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, its in zip(target.elts, value.elts, strict=True):
                self._bind(one, its, held, texts)
        elif isinstance(target, ast.Name):
            held[target.id] |= self._held_by(value, held, texts)
        elif isinstance(target, ast.Attribute):
            held[f".{target.attr}"] |= self._held_by(value, held, texts)

    def _held_by(self, node: ast.expr, held: Held, texts: set[str]) -> set[str]:
        """Tables that an expression may stand for; ``getattr(system, name)``: those whose names the file spells."""
        if isinstance(node, ast.Attribute):
            return {node.attr} if node.attr in self.names else held.get(f".{node.attr}", set())
        if isinstance(node, ast.Name):
            return held.get(node.id, set())
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            return texts
        return set()

    def _call(self, node: ast.Call, held: Held, texts: set[str]) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for position, argument in enumerate(node.args):
            self._arguments[name, position] |= self._held_by(argument, held, texts)
        for keyword in node.keywords:
            if keyword.arg is not None:
                self._arguments[name, keyword.arg] |= self._held_by(keyword.value, held, texts)
        if name == "getattr":
            for table in self._held_by(node.args[0], held, texts):
                self._patterns.add((table, _pattern(node.args[1])))


def _pattern(text: ast.expr) -> str:
    """A regular expression of the texts that an expression may give; "" where it is no text."""
    if isinstance(text, ast.Constant):
        return re.escape(str(text.value))
    if isinstance(text, ast.JoinedStr):
        return "".join(_pattern(part) if isinstance(part, ast.Constant) else r"\w+" for part in text.values)
    return ""
