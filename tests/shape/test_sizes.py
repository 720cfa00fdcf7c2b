"""Sizes that keep a part readable: classes and files of the engine, arguments of a call."""

from __future__ import annotations

import ast
from collections import Counter

from tests.support.imports import module_files

MAX_CLASS_LINES = 250
MAX_FILE_LINES = 350
MAX_POSITIONAL = 8

#: Longer files of the engine -> why one file serves the reader better than two.
LONG_FILES: dict[str, str] = {}

#: Layer -> calls with more than MAX_POSITIONAL positional arguments that still stand in it; numbers only fall. engine:
#: rows of a table, one column each; solvers: two functions of lightsim2grid that take no names.
LONG_CALLS = {"engine": 3, "solvers": 2}

ENGINE = {name: path for name, path in module_files().items() if name.startswith("gridsim.engine")}


def engine_classes() -> dict[str, ast.ClassDef]:
    """Classes of the engine by name."""
    return {
        node.name: node
        for path in ENGINE.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }


def chain_lines(name: str, classes: dict[str, ast.ClassDef]) -> int:
    """Lines of a class and of all its bases in the engine: a class split into mixins is as long as before."""
    chain, waiting = {name}, [name]
    while waiting:
        bases = {base for node in classes[waiting.pop()].bases for base in [ast.unparse(node).split(".")[-1]]}
        waiting += sorted((bases & classes.keys()) - chain)
        chain |= bases & classes.keys()
    return sum((classes[part].end_lineno or 0) - classes[part].lineno + 1 for part in chain)


def test_no_class_of_the_engine_is_too_long() -> None:
    classes = engine_classes()
    lines = {name: chain_lines(name, classes) for name in classes}
    long = {name: n for name, n in lines.items() if n > MAX_CLASS_LINES}
    assert not long, f"classes over {MAX_CLASS_LINES} lines, bases included: {long}"


def test_long_files_of_the_engine_have_a_reason() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in ENGINE.items()}
    long = {name: n for name, n in lines.items() if n > MAX_FILE_LINES}
    assert long.keys() == LONG_FILES.keys(), f"files over {MAX_FILE_LINES} lines: {long}"
    assert all(LONG_FILES.values())


def test_calls_are_by_keyword_where_they_are_long() -> None:
    places = [
        (name.split(".")[1], f"{name}:{node.lineno} {ast.unparse(node.func)} with {len(node.args)}")
        for name, path in module_files().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and len(node.args) > MAX_POSITIONAL
    ]
    found = Counter(layer for layer, _ in places)
    more = [layer for layer, n in found.items() if n > LONG_CALLS.get(layer, 0)]
    assert not more, f"{len(places)} calls with more than {MAX_POSITIONAL} positional arguments:\n" + "\n".join(
        place for layer, place in places if layer in more
    )


def test_the_bases_of_a_class_count() -> None:
    source = "class A:\n    x = 1\n\n\nclass B(A):\n    y = 1\n    z = 1\n\n\nclass C(other.B, dict):\n    pass\n"
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    assert [chain_lines(name, classes) for name in "ABC"] == [2, 5, 7]
