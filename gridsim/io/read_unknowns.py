"""Rows of ``unknowns:`` -> Unknowns: numbers of which a known day leaves only a range."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gridsim.errors import Problem, nearest
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.scenario import UnknownKeys
from gridsim.io.yaml_lines import YamlDocument
from gridsim.model.scenario import Event, kinds
from gridsim.model.system import GridSystem
from gridsim.model.unknown import Unknown
from gridsim.model.unknowns import EVENT_COLUMNS, EVENTS, MOST_UNKNOWNS, matching, row_names

Tell = Callable[[str, str, str], None]


def read_unknowns(
    rows: Mapping[int, UnknownKeys],
    document: YamlDocument,
    events: Sequence[Event],
    system: GridSystem,
    problems: list[Problem],
) -> tuple[Unknown, ...]:
    """The unknowns that the rows, by position, state; what is wrong with them is added to ``problems``."""
    found: list[Unknown] = []
    for position, keys in rows.items():

        def problem(key: str, value: str, mend: str, position: int = position) -> None:
            problems.append(document.problem(("unknowns", position, key), value, mend))

        unknown = _unknown(keys, events, system, problem)
        if unknown is None:
            continue
        same = [other for other in found if (other.table, other.column) == (unknown.table, unknown.column)]
        if any(set(other.rows) & set(unknown.rows) for other in same):
            problem("parameter", f"'{keys.parameter}' is in an earlier row", "give each number one range")
        found.append(unknown)
    if len(rows) > MOST_UNKNOWNS:
        value = f"{len(rows)} rows are {2 ** len(rows):,} corners"
        problems.append(document.problem(("unknowns",), value, f"give at most {MOST_UNKNOWNS} that matter most"))
    return tuple(found)


def _unknown(keys: UnknownKeys, events: Sequence[Event], system: GridSystem, problem: Tell) -> Unknown | None:
    table, _, rest = keys.parameter.partition(".")
    pattern, _, column = rest.rpartition(".")
    if not pattern or not column:
        problem("parameter", f"'{keys.parameter}' is not table.row.column", "write such as automation.split.delay_s")
        return None
    tables = sorted(name for name in TABLES if hasattr(system, name) and row_names(system, events, name))
    if table != EVENTS and table not in tables:
        problem("parameter", f"'{table}' is no table of rows with names", nearest(table, [EVENTS, *tables]))
        return None
    columns = list(EVENT_COLUMNS) if table == EVENTS else _numbers(system, table)
    if column not in columns:
        problem("parameter", f"'{column}' is no column of numbers of {table}", nearest(column, columns))
        return None
    names = row_names(system, events, table)
    rows = matching(names, pattern)
    if not rows:
        problem("parameter", f"'{pattern}' is no row of {table}", nearest(pattern, names))
        return None
    if keys.low >= keys.high:
        problem("high", f"{keys.high:g} is not above low, {keys.low:g}", "give low < high")
        return None
    unknown = Unknown(keys.parameter, table, rows, column, keys.low, keys.high, keys.factor)
    before = len(fault := _outside(unknown, events, system))
    for key, value, mend in fault:
        problem(key, value, mend)
    return None if before else unknown


def _numbers(system: GridSystem, table: str) -> list[str]:
    values = getattr(system, table)
    fields = [field.name for field in dataclasses.fields(values)]
    known = TABLES[table].row.model_fields
    return [name for name in fields if name in known and getattr(values, name).dtype == np.float64]


def _outside(unknown: Unknown, events: Sequence[Event], system: GridSystem) -> list[tuple[str, str, str]]:
    """Ends of the range that no file could hold, or rows without a number to be multiplied."""
    now = _values(unknown, events, system)
    if unknown.factor and np.isnan(now).any():
        return [("factor", f"{unknown.parameter} is empty in a row", "give the range itself, without factor")]
    if unknown.table == EVENTS and unknown.column == "magnitude":
        bounds = [kinds()[event.kind].bounds for event in events if event.id in unknown.rows]
        faults: list[tuple[str, str, str]] = []
        for key, end in (("low", unknown.low), ("high", unknown.high)):
            ends = now * end if unknown.factor else np.full(len(now), end)
            wrong = [(value, bound) for value, bound in zip(ends.tolist(), bounds, strict=True) if value not in bound]
            faults += [(key, f"{value:g} is not {bound}", "give what the kind allows") for value, bound in wrong[:1]]
        return faults
    low, high = (0.0, 300.0) if unknown.table == EVENTS else _range(unknown)
    faults = []
    for key, end in (("low", unknown.low), ("high", unknown.high)):
        ends = now * end if unknown.factor else np.array([end])
        if ends.min() < low or ends.max() > high:
            worst = float(ends.min() if ends.min() < low else ends.max())
            faults.append((key, f"{worst:g} is not in [{low:g}, {high:g}]", "give what the column allows"))
    return faults


def _values(unknown: Unknown, events: Sequence[Event], system: GridSystem) -> Any:
    if unknown.table == EVENTS:
        return np.array([getattr(event, unknown.column) for event in events if event.id in unknown.rows])
    names = row_names(system, events, unknown.table)
    return getattr(getattr(system, unknown.table), unknown.column)[np.isin(names, unknown.rows)]


def _range(unknown: Unknown) -> tuple[float, float]:
    """Bounds of a column as its schema states them."""
    low, high = -np.inf, np.inf
    for limit in TABLES[unknown.table].row.model_fields[unknown.column].metadata:
        low = max(low, float(getattr(limit, "ge", getattr(limit, "gt", -np.inf)) or 0.0))
        high = min(high, float(getattr(limit, "le", getattr(limit, "lt", np.inf))))
    return low, high
