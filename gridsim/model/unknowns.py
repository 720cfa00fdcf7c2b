"""Unknowns of a known day: numbers of the network or of an event of which only a range is known."""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gridsim.model.scenario import Event, Scenario
from gridsim.model.system import GridSystem
from gridsim.model.unknown import Unknown

EVENTS = "events"
EVENT_COLUMNS = ("magnitude", "delay_s")
MOST_UNKNOWNS = 6  # 64 corners


def row_names(system: GridSystem, scenario_events: Sequence[Event], table: str) -> list[str]:
    """Names of the rows of a table, or of the events; those of a row about a border or section are its name."""
    if table == EVENTS:
        return [event.id for event in scenario_events]
    values = getattr(system, table)
    first = dataclasses.fields(values)[0].name
    column = getattr(values, first)
    if first in ("border", "interface"):
        return [str(name) for name in getattr(system, f"{first}s").name[column]]
    return [str(name) for name in column] if column.dtype.kind == "U" else []


def matching(names: Sequence[str], pattern: str) -> tuple[str, ...]:
    """Names that a pattern (``*``, ``?``) means, each once."""
    return tuple(dict.fromkeys(name for name in names if fnmatch.fnmatchcase(name, pattern)))


def with_values(
    system: GridSystem, scenario: Scenario, unknowns: Sequence[Unknown], values: Sequence[float]
) -> tuple[GridSystem, Scenario]:
    """Network and scenario in which each unknown has its value."""
    for unknown, value in zip(unknowns, values, strict=True):
        if unknown.table == EVENTS:
            events = tuple(_changed(event, unknown, value) for event in scenario.events)
            scenario = dataclasses.replace(scenario, events=events)
            continue
        table = getattr(system, unknown.table)
        old = getattr(table, unknown.column)
        hit = np.isin(row_names(system, scenario.events, unknown.table), unknown.rows)
        new = np.where(hit, old * value if unknown.factor else value, old)
        system = system.replace(**{unknown.table: dataclasses.replace(table, **{unknown.column: new})})
    return system, scenario


def _changed(event: Event, unknown: Unknown, value: float) -> Event:
    if event.id not in unknown.rows:
        return event
    old = getattr(event, unknown.column)
    changed: dict[str, Any] = {unknown.column: old * value if unknown.factor else value}
    return dataclasses.replace(event, **changed)


def corners(unknowns: Sequence[Unknown]) -> Iterator[tuple[float, ...]]:
    """Every combination of ends."""
    return itertools.product(*((unknown.low, unknown.high) for unknown in unknowns))
