"""Verbs of results that stand in layers above them: ``save`` opens files, ``summary`` lays out text.

A result may not import what is above it; ``gridsim/__init__.py``, which sees all layers, says where a verb is, which is
then loaded as it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_LOADERS: dict[str, Callable[[], Callable[..., Any]]] = {}


def offer(verb: str, load: Callable[[], Callable[..., Any]]) -> None:
    """Say what loads the function of ``verb``."""
    _LOADERS[verb] = load


def call(verb: str, *args: Any, **options: Any) -> Any:
    """Do what was offered as ``verb``."""
    return _LOADERS[verb]()(*args, **options)
