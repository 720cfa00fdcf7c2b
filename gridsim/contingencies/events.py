"""Temporary."""

from __future__ import annotations

from typing import Any

from gridsim.model.scenario import Event, Primitive, kinds
from gridsim.model.system import GridSystem


def default_kind(table: str, *primitives: Primitive) -> str:
    """Kind."""
    return next(kind.kind for kind in kinds().values() if kind.primitive in primitives and table in kind.targets)


def make_event(system: GridSystem, *, id: str, kind: str, targets: Any, at_h: float) -> Any:
    """Event."""
    return Event(id, kind, at_h, tuple(targets), kinds()[kind].magnitude, None)
