"""Values of records made in memory: numbers in a range, texts, truth values; Problems under the keys of a file."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from gridsim.errors import Problem, nearest

if TYPE_CHECKING:
    from gridsim.model.scenario import Horizon

FILE = "scenario"  # stands for the name of a file, as for a scenario given by its keys


@dataclass(frozen=True)
class Number:
    """A finite number, no truth value, within the bounds; ``whole``: an integer; ``optional``: or None."""

    mend: str
    low: float
    high: float
    low_open: bool = False
    high_open: bool = False
    whole: bool = False
    optional: bool = False

    def fault(self, value: object) -> str:
        """The fault of ``value``; empty if nothing is."""
        if value is None and self.optional:
            return ""
        wanted = numbers.Integral if self.whole else numbers.Real
        if isinstance(value, bool | np.bool_) or not isinstance(value, wanted):
            return f"{shown(value)} is not a {'whole ' if self.whole else ''}number"
        try:
            size = float(value)
        except OverflowError:
            size = math.inf
        if not math.isfinite(size):
            return f"{size} is not finite"
        if size < self.low or (self.low_open and size == self.low):
            return f"{shown(value)} is not {'>' if self.low_open else '>='} {self.low:g}"
        if size > self.high or (self.high_open and size == self.high):
            return f"{shown(value)} is not {'<' if self.high_open else '<='} {self.high:g}"
        return ""


@dataclass(frozen=True)
class Text:
    """A text; ``choices``: one of them, if there are any."""

    mend: str = ""
    choices: tuple[str, ...] = ()

    def fault(self, value: object) -> str:
        """The fault of ``value``; empty if nothing is."""
        if not isinstance(value, str):
            return f"{shown(value)} is not a text"
        if self.choices and value not in self.choices:
            return f"{shown(value)} is not one of {', '.join(self.choices)}"
        return ""


@dataclass(frozen=True)
class Truth:
    """True or False."""

    mend: str = "give True or False"

    def fault(self, value: object) -> str:
        """The fault of ``value``; empty if nothing is."""
        return "" if isinstance(value, bool | np.bool_) else f"{shown(value)} is not true or false"


Rules = Mapping[str, tuple[str, Number | Text | Truth]]  # attribute -> (key of a file, what it may hold)


def one_of(kind: type[StrEnum]) -> Text:
    """A text of those that ``kind`` has."""
    return Text(choices=tuple(str(one) for one in kind))


_START = Number("give hours >= 0 after the start", 0, math.inf)


def record_faults(value: object, kind: type, rules: Rules, place: str, file: str = FILE) -> Iterator[Problem]:
    """Faults of the attributes of a value that should be of ``kind``."""
    if not isinstance(value, kind):
        yield value_problem(file, place, f"{shown(value)} is not a {kind.__name__}", f"give a gridsim.{kind.__name__}")
        return
    for attribute, (key, rule) in rules.items():
        yield from attribute_faults(value, attribute, rule, f"{place}.{key}", file)


def attribute_faults(
    owner: object, attribute: str, rule: Number | Text | Truth, key: str, file: str = FILE
) -> Iterator[Problem]:
    """The fault of one attribute, if it has one."""
    value = getattr(owner, attribute)
    if fault := rule.fault(value):
        choices = rule.choices if isinstance(rule, Text) else ()
        yield value_problem(file, key, fault, rule.mend or nearest(str(value), choices))


def time_faults(at_h: object, key: str, horizon: Horizon) -> Iterator[Problem]:
    """The fault of a start in hours after that of the horizon, if it has one."""
    if fault := _START.fault(at_h):
        yield problem(key, fault, _START.mend)
    elif not at_h < horizon.hours:  # type: ignore[operator]  # a number, as just seen
        yield problem(key, f"{shown(at_h)} h is outside the horizon", f"give hours below {horizon.hours:g}")


def problem(key: str, value: str, mend: str) -> Problem:
    """A problem of a scenario."""
    return value_problem(FILE, key, value, mend)


def value_problem(file: str, key: str, value: str, mend: str) -> Problem:
    """A problem of a value that stands in no file."""
    return Problem(file, 0, key, value, mend)


def shown(value: object) -> str:
    """A value as a message shows it."""
    return str(value) if isinstance(value, numbers.Number) else repr(value)
