"""Names that a script's actions are given as plain text, against a network: the script is read, not executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from gridsim.contingencies.named import ACTIONS, named_target
from gridsim.errors import Problem, StudyError
from gridsim.io.read_script import decorated_functions
from gridsim.model.system import GridSystem

_OF_ONE_NAME = ("derate", "is_out")  # what follows the name is no name


def check_script_names(path: Path, system: GridSystem) -> list[Problem]:
    """A problem for every name in a call such as ``sim.fail("x")`` that the network does not have.

    Looked at are calls on the first parameter of each contingency and policy; names that are computed are known in a
    run.
    """
    problems = []
    for function in decorated_functions(path):
        for action, text in _named(function):
            try:
                named_target(system, str(text.value), action)
            except StudyError as error:
                value, _, mend = str(error).partition("; ")
                problems.append(Problem(str(path), text.lineno, f"{function.name}: {action}", value, mend))
    return problems


def _named(function: ast.FunctionDef) -> Iterator[tuple[str, ast.Constant]]:
    """Actions of a function with the texts that they are given as names."""
    handle = function.args.args[0].arg if function.args.args else ""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ACTIONS):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == handle:
            for given in node.args[:1] if node.func.attr in _OF_ONE_NAME else node.args:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield node.func.attr, given
