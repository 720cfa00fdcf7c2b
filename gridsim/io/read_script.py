"""A user's ``.py`` file -> its contingencies and policies. Only files that the user names are executed."""

from __future__ import annotations

import ast
import sys
import traceback
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from gridsim.errors import InputError, Problem
from gridsim.model.script import Script

_MEND_SCENARIO = "set scenario = 'winter_peak_day' (a name, a file, or a dict of its keys), or run it with --script"

_DECORATORS = ("contingency", "policy")


class ScriptFile(NamedTuple):
    """``scenario``: name, path or keys of the scenario it runs in by itself; None if it does not say."""

    scenario: str | dict[str, Any] | None
    scripts: tuple[Script, ...]
    doc: str

    def require_scenario(self, path: Path) -> str | dict[str, Any]:
        """The scenario; InputError if there is none."""
        if not isinstance(self.scenario, str | dict):
            value = "missing" if self.scenario is None else f"{self.scenario!r} is neither text nor a dict"
            raise InputError([Problem(str(path), 0, "scenario", value, _MEND_SCENARIO)])
        return self.scenario


def read_script(path: str | Path) -> ScriptFile:
    """Execute a script file and collect what it defines.

    Raises InputError for a file that cannot be read or executed, and for one without a contingency or policy.
    """
    path = Path(path)
    tree = _parsed(path)
    module = _execute(path)
    scripts = tuple(value for value in vars(module).values() if isinstance(value, Script) and _is_of(value, path))
    if not scripts:
        raise InputError([_undecorated(tree, path)])
    return ScriptFile(getattr(module, "scenario", None), scripts, ast.get_docstring(tree) or "")


def look_at_script(path: Path) -> ScriptFile:
    """Scenario and text of a script file that is read and not executed; without scripts.

    Raises InputError for a file that is not Python, without a decorated function, or with a scenario that is computed.
    """
    tree = _parsed(path)
    problems = []
    if not _decorated(tree):
        problems.append(_undecorated(tree, path))
    scenario = None
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "scenario" for t in node.targets):
            try:
                scenario = ast.literal_eval(node.value)
            except ValueError:
                mend = "write text or a dict of plain values, or let `gridsim run` check it"
                problems.append(
                    Problem(str(path), node.lineno, "scenario", "is computed, so only a run knows it", mend)
                )
    if problems:
        raise InputError(problems)
    return ScriptFile(scenario, (), ast.get_docstring(tree) or "")


def decorated_functions(path: Path) -> list[ast.FunctionDef]:
    """Contingencies and policies of a script file that is read and not executed."""
    return _decorated(_parsed(path))


def _decorated(tree: ast.Module) -> list[ast.FunctionDef]:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f for f in functions if any(_name(decorator) in _DECORATORS for decorator in f.decorator_list)]


def _name(decorator: ast.expr) -> str:
    """The last name of a decorator: ``contingency`` of ``@gridsim.contingency(...)``."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (OSError, ValueError) as error:
        raise InputError([Problem(str(path), 0, "", f"not readable: {error}", "give a Python file")]) from None
    except SyntaxError as error:
        what = f"not Python: {error.msg}"
        raise InputError([Problem(str(path), error.lineno or 0, "", what, "mend the syntax here")]) from None


class _AsWritten(SourceFileLoader):
    """Runs the text of the file, never bytecode beside it, which may be that of a text of the same second and size."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _execute(path: Path) -> Any:
    name = f"gridsim_script_{path.stem}"
    spec = spec_from_file_location(name, path, loader=_AsWritten(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # workers that are forked find the functions by it
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        what = f"{type(error).__name__}: {error}"
        raise InputError([Problem(str(path), (lines or [0])[-1] or 0, "", what, "mend the script")]) from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _is_of(script: Script, path: Path) -> bool:
    return Path(script.file).resolve() == path.resolve()


def _undecorated(tree: ast.Module, path: Path) -> Problem:
    """Points at the first function that could have been meant."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not functions:
        return Problem(str(path), 0, "", "defines no contingency", "write one under @gridsim.contingency")
    meant = functions[0]
    return Problem(str(path), meant.lineno, meant.name, "is not a contingency", "put @gridsim.contingency above it")
