"""Rows of ``check:`` -> Checks: numbers observed on a known day, each with its tolerance and its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gridsim.errors import Problem, nearest
from gridsim.io.durations import parse_at_h
from gridsim.io.schemas.scenario import CheckKeys
from gridsim.io.yaml_lines import YamlDocument
from gridsim.model.groups import element_names
from gridsim.model.known_day import SYSTEM, Against, Check, Statistic, observables
from gridsim.model.scenario import Horizon
from gridsim.model.system import GridSystem

_TIME = "give a local time like 2026-01-12 03:00, or +36h after the start"


def read_checks(
    rows: Mapping[int, CheckKeys],
    document: YamlDocument,
    horizon: Horizon,
    system: GridSystem,
    problems: list[Problem],
) -> tuple[Check, ...]:
    """The checks that the rows, by position, state; what is wrong with them is added to ``problems``."""
    found = []
    for position, keys in rows.items():

        def problem(key: str, value: str, mend: str, position: int = position) -> None:
            problems.append(document.problem(("check", position, key), value, mend))

        count = len(problems)
        _place_faults(keys, system, problem)
        if not keys.source:
            problem("source", "empty", "say who published the number")
        from_h = _hours("at", keys.at, horizon, problem)
        to_h = from_h if keys.to is None else _hours("to", keys.to, horizon, problem)
        if to_h < from_h:
            problem("to", f"'{keys.to}' is before '{keys.at}'", "give the end of the time looked at")
        if keys.to is None and keys.statistic == "energy":
            problem("statistic", "energy of a moment", "give the end of the time in 'to'")
        if len(problems) == count:
            found.append(_check(keys, from_h, to_h))
    return tuple(found)


def _check(keys: CheckKeys, from_h: float, to_h: float) -> Check:
    return Check(
        quantity=keys.quantity,
        place=keys.place,
        from_h=from_h,
        to_h=to_h,
        statistic=Statistic(keys.statistic),
        against=Against(keys.against),
        observed=keys.observed,
        tolerance=keys.tolerance,
        source=keys.source,
        note=keys.note,
    )


def _place_faults(keys: CheckKeys, system: GridSystem, problem: Callable[[str, str, str], None]) -> None:
    observable = observables()[keys.quantity]
    if keys.place == SYSTEM:
        if not observable.summed:
            known = element_names(system, observable.places)
            problem("place", f"{keys.quantity} has no value for the whole system", nearest("", known))
        return
    known = element_names(system, observable.places)
    if keys.place not in known:
        problem("place", f"'{keys.place}' is not in {observable.places}", nearest(keys.place, known))


def _hours(key: str, value: Any, horizon: Horizon, problem: Callable[[str, str, str], None]) -> float:
    try:
        hours = parse_at_h(value, horizon.start)
    except ValueError:
        problem(key, f"'{value}' is not a time", _TIME)
        return 0.0
    if not 0 <= hours <= horizon.hours:
        problem(key, f"'{value}' is outside the horizon", "give a time within it")
    return hours
