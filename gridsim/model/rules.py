"""Rules on the rows of input tables: what the range of one column cannot say, one row of a table per rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Condition = Callable[[Any, Any], bool]
Text = Callable[[Any, Any], str]


@dataclass(frozen=True)
class Rule:
    """A condition that every row of a table must not meet, with the message and the mend if one does.

    table, column : where the problem is
    broken : (row, look_up) -> True for a row that breaks the rule; ``look_up`` knows the other tables
    value : what is wrong, ``{row.column}`` standing for a cell; or a function of (row, look_up) that says it
    mend : what to write instead
    """

    table: str
    column: str
    broken: Condition
    value: str | Text
    mend: str


def broken_rules(
    rules: Sequence[Rule], table: str, rows: Iterable[tuple[int, Any]], look_up: Any = None
) -> Iterator[tuple[int, str, str, str]]:
    """(row number, column, value, mend) of every rule of ``table`` that a row breaks, rule by rule."""
    of_table = [rule for rule in rules if rule.table == table]
    for number, row in rows:
        for rule in of_table:
            if rule.broken(row, look_up):
                value = rule.value.format(row=row) if isinstance(rule.value, str) else rule.value(row, look_up)
                yield number, rule.column, value, rule.mend


# Conditions that several tables share. Empty cells are None and break nothing.


def same(first: str, second: str) -> Condition:
    """An element whose two ends are one place."""
    return lambda row, _: getattr(row, first) == getattr(row, second)


def above(column: str, limit: str) -> Condition:
    """A cell above that of another column."""
    return lambda row, _: _both(row, column, limit) and getattr(row, column) > getattr(row, limit)


def not_below(column: str, limit: str) -> Condition:
    """A cell at or above that of another column."""
    return lambda row, _: _both(row, column, limit) and getattr(row, column) >= getattr(row, limit)


def alone(column: str, partner: str) -> Condition:
    """A cell that is given without its partner."""
    return lambda row, _: getattr(row, column) is not None and getattr(row, partner) is None


def together(first: str, second: str) -> Condition:
    """Two cells of which at most one may be given."""
    return lambda row, _: _both(row, first, second)


def any_of(*conditions: Condition) -> Condition:
    """One of the conditions."""
    return lambda row, look_up: any(condition(row, look_up) for condition in conditions)


def _both(row: Any, first: str, second: str) -> bool:
    return getattr(row, first) is not None and getattr(row, second) is not None
