"""Changes of single lines of source: flipped comparisons, dropped terms, swapped arguments, changed signs.

Left alone: annotations, decorators, texts (docstrings, f-strings, what is raised, asserted or logged), positions in
brackets and guards of rounding: a change there says nothing about behaviour or changes nothing at all.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

KINDS = ("comparison", "term", "argument", "sign")

_FLIPPED: dict[type[ast.cmpop], str] = {
    ast.Lt: ">",
    ast.LtE: ">=",
    ast.Gt: "<",
    ast.GtE: "<=",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
#: Calls in which two arguments may change places.
_COMMUTATIVE = {"min", "max", "minimum", "maximum", "fmin", "fmax", "hypot", "isclose", "allclose", "array_equal"}
#: Smaller constants are guards of rounding: their sign changes nothing.
_GUARD = 1e-5
_TEXTS = {"log", "warn", "debug", "info", "write_log"}


class Mutant(NamedTuple):
    """Bytes ``start`` to ``end`` of line ``line`` of ``file`` become ``new``."""

    file: str
    line: int
    start: int
    end: int
    kind: str
    old: str
    new: str

    def applied(self, source: str) -> str:
        """The source with the change."""
        lines = source.splitlines(keepends=True)
        raw = lines[self.line - 1].encode()
        lines[self.line - 1] = (raw[: self.start] + self.new.encode() + raw[self.end :]).decode()
        return "".join(lines)


class _Source:
    """Text of the nodes of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = [line.encode() for line in text.splitlines()]

    def of(self, node: ast.expr) -> str:
        assert node.end_col_offset is not None
        return self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()

    def between(self, first: ast.expr, second: ast.expr) -> str:
        assert first.end_col_offset is not None
        return self.lines[first.lineno - 1][first.end_col_offset : second.col_offset].decode()

    def mutant(self, kind: str, first: ast.expr, last: ast.expr, new: str) -> Mutant:
        assert last.end_col_offset is not None
        start, end = first.col_offset, last.end_col_offset
        old = self.lines[first.lineno - 1][start:end].decode()
        return Mutant(self.file, first.lineno, start, end, kind, old, new)


def _on_one_line(*nodes: ast.expr) -> bool:
    return len({line for node in nodes for line in (node.lineno, node.end_lineno)}) == 1


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > _GUARD


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _behaviour(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that a run may tell apart, in the order of the source."""
    yield node
    skipped: set[ast.AST] = set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        skipped.update([*node.decorator_list, *([node.returns] if node.returns else [])])
    elif isinstance(node, ast.ClassDef):
        skipped.update(node.decorator_list)
    elif isinstance(node, ast.arg):
        return
    elif isinstance(node, ast.AnnAssign):
        skipped.add(node.annotation)
    elif isinstance(node, ast.Assert) and node.msg is not None:
        skipped.add(node.msg)
    elif isinstance(node, ast.Subscript):
        skipped.add(node.slice)
    elif isinstance(node, ast.keyword) and node.arg in ("axis", "ndigits", "maxsize"):
        return
    for child in ast.iter_child_nodes(node):
        is_text = isinstance(child, ast.JoinedStr | ast.Raise) or (
            isinstance(child, ast.Call) and _name(child.func) in _TEXTS
        )
        if child not in skipped and not is_text:
            yield from _behaviour(child)


def _changes(source: _Source, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and _on_one_line(node):
        left, right = node.left, node.comparators[0]
        start, end = source.of(left), source.of(right)
        before, after = _around(source.between(left, right))
        flipped = f"{start}{before} {_FLIPPED[type(node.ops[0])]} {after}{end}"
        yield source.mutant("comparison", left, right, flipped)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and _on_one_line(node):
        if not (_is_text(node.left) or _is_text(node.right) or isinstance(node.right, ast.List | ast.Tuple)):
            plain = isinstance(node.left, ast.Name | ast.Constant | ast.Attribute | ast.Call | ast.Subscript)
            kept = source.of(node.left)
            yield source.mutant("term", node, node, kept if plain else f"({kept})")
    elif isinstance(node, ast.BoolOp) and _on_one_line(node):
        kept = " and " if isinstance(node.op, ast.And) else " or "
        yield source.mutant("term", node, node, f"({kept.join(f'({source.of(v)})' for v in node.values[:-1])})")
    elif isinstance(node, ast.Call) and _name(node.func) not in _COMMUTATIVE:
        for first, second in zip(node.args, node.args[1:]):
            starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
            if not starred and _on_one_line(first, second) and source.of(first) != source.of(second):
                swapped = source.of(second) + source.between(first, second) + source.of(first)
                yield source.mutant("argument", first, second, swapped)
    elif isinstance(node, ast.Constant) and _is_number(node.value):
        yield source.mutant("sign", node, node, f"(-{source.of(node)})")


def _around(operator: str) -> tuple[str, str]:
    """Brackets that stand between the operator and its operands: ``(a) < (b)`` -> ``)`` and ``(``."""
    before = operator[: len(operator) - len(operator.lstrip(" )"))].strip()
    after = operator[len(operator.rstrip(" (")) :].strip()
    return before, after


def mutants_of(file: str, text: str) -> list[Mutant]:
    """Every change of one file that is still Python, in the order of the source."""
    source = _Source(file, text)
    found = [mutant for node in _behaviour(ast.parse(text)) for mutant in _changes(source, node)]
    return [mutant for mutant in sorted(set(found)) if _compiles(mutant.applied(text))]


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def drawn(root: Path, folders: list[str], n: int, seed: int) -> list[Mutant]:
    """``n`` changes, as many of each kind, at most one a line; the same for the same code and seed."""
    everything: list[Mutant] = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            everything += mutants_of(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    rng = random.Random(seed)
    chosen: list[Mutant] = []
    taken: set[tuple[str, int]] = set()
    for at, kind in enumerate(KINDS):
        of_kind = [mutant for mutant in everything if mutant.kind == kind]
        rng.shuffle(of_kind)
        wanted = n // len(KINDS) + (at < n % len(KINDS))
        for mutant in of_kind:
            if wanted and (mutant.file, mutant.line) not in taken:
                taken.add((mutant.file, mutant.line))
                chosen.append(mutant)
                wanted -= 1
    return sorted(chosen)
