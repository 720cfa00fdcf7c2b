"""A user's Python function that a run calls: a contingency, or a policy of the operator."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any


class Hook(StrEnum):
    """Moments at which a script is called: once at the start as a process, or before every redispatch."""

    CONTINGENCY = "contingency"
    OPERATOR = "operator"
    SHEDDING = "shedding"
    GAS = "gas"


@dataclass(frozen=True)
class Script:
    """``function`` of ``file`` (defined on ``line``), called by name ``name`` in logs and errors."""

    name: str
    hook: Hook
    function: Callable[..., Any]
    file: str
    line: int

    def __call__(self, sim: Any) -> Any:
        """Result of the function."""
        return self.function(sim)

    @property
    def words(self) -> Iterator[str]:
        """Texts without a space that the function holds, or reads from its module."""
        inner = inspect.unwrap(self.function)
        codes = [inner.__code__] if isinstance(inner, types.FunctionType) else []
        while codes:
            code = codes.pop()
            codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
            yield from _words_in(code.co_consts)
            yield from _words_in([inner.__globals__.get(name) for name in code.co_names])

    def __reduce__(self) -> Any:  # the function itself hides behind this object: workers find it by its module
        return (_of_module, (self.function.__module__, self.function.__qualname__))


def _words_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if " " not in value:
            yield value
    elif isinstance(value, tuple | list | set | frozenset | dict):
        for item in value:
            yield from _words_in(item)
        if isinstance(value, dict):
            yield from _words_in(list(value.values()))


def _of_module(module: str, name: str) -> Script:
    found = getattr(import_module(module), name)
    assert isinstance(found, Script)
    return found
