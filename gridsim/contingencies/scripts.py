"""Decorators that turn a user's function into a contingency or a policy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, overload

from gridsim.contingencies.api import Orders, Sim, View, Waits
from gridsim.errors import InputError, Problem, StudyError, nearest
from gridsim.model.script import Hook, Script


def contingency(function: Callable[[Sim], Waits]) -> Script:
    """Make a generator function of ``sim`` a contingency: it waits by yielding and acts in between.

    Raises InputError for a function that never yields.
    """
    script = _script(function, Hook.CONTINGENCY)
    if not inspect.isgeneratorfunction(function):
        what = "never yields"
        mend = "wait with 'yield sim.hours(...)', 'yield sim.at(...)' or 'yield sim.until(...)' at least once"
        raise InputError([Problem(script.file, script.line, script.name, what, mend)])
    return script


@overload
def policy(hook: Literal["operator"]) -> Callable[[Callable[[View], Orders | None]], Script]: ...
@overload
def policy(hook: Literal["shedding"]) -> Callable[[Callable[[View], Mapping[str, float] | None]], Script]: ...
@overload
def policy(hook: Literal["gas"]) -> Callable[[Callable[[View], Sequence[str] | None]], Script]: ...
def policy(hook: str) -> Callable[[Callable[..., Any]], Script]:
    """Make a function of the present a policy; what it returns holds for the redispatch that follows, None: no change.

    ``hook``: ``operator`` returns ``gridsim.Orders``; ``shedding`` a mapping of load class to shed order (smaller is
    shed first); ``gas`` the gas classes in the order they are cut. StudyError for another hook.
    """
    policies = [str(known) for known in Hook if known is not Hook.CONTINGENCY]
    if hook not in policies:
        raise StudyError(f"policy: no '{hook}'; {nearest(str(hook), policies)}")
    return lambda function: _script(function, Hook(hook))


def _script(function: Callable[..., Any], hook: Hook) -> Script:
    code = function.__code__
    return Script(function.__name__, hook, function, code.co_filename, code.co_firstlineno)


def require_scripts(given: Any, what: str) -> tuple[Script, ...]:
    """Scripts as they were given to ``run``; InputError for a function without its decorator."""
    problems = []
    for one in given:
        if not isinstance(one, Script):
            code = getattr(one, "__code__", None)
            file, line = (code.co_filename, code.co_firstlineno) if code is not None else (what, 0)
            name = getattr(one, "__name__", repr(one))
            problems.append(Problem(file, line, name, "is not a contingency", "put @gridsim.contingency above it"))
    if problems:
        raise InputError(problems)
    return tuple(given)
