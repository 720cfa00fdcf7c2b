"""A user's Python function that a run calls: a contingency, or a policy of the operator."""

from __future__ import annotations

from collections.abc import Callable
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

    def __reduce__(self) -> Any:  # the function itself hides behind this object: workers find it by its module
        return (_of_module, (self.function.__module__, self.function.__qualname__))


def _of_module(module: str, name: str) -> Script:
    found = getattr(import_module(module), name)
    assert isinstance(found, Script)
    return found
