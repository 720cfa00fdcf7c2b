"""Scenario file -> (GridSystem, Scenario), with all problems of the scenario at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.bundled import event_file, network_folder, variant_names
from gridsim.io.durations import parse_at_h, parse_duration_h, parse_start
from gridsim.io.read_network import read_network
from gridsim.io.read_script import read_script
from gridsim.io.read_weather import read_weather
from gridsim.io.schemas.scenario import DependsKeys, EventKeys, ScenarioKeys
from gridsim.io.validation import validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml
from gridsim.model.groups import element_names, in_service, is_whole, opened
from gridsim.model.scenario import (
    QUANTITIES_OF_ALL,
    QUANTITY_TABLES,
    AcMode,
    Condition,
    Dependence,
    Event,
    GasMode,
    Horizon,
    Imports,
    Kind,
    Policy,
    Primitive,
    Quantity,
    Repair,
    Scenario,
    Target,
    kinds,
)
from gridsim.model.script import Script
from gridsim.model.system import GridSystem

_SHARE_PRIMITIVES = (Primitive.OUTAGE, Primitive.DERATE, Primitive.LIMIT, Primitive.STOCK)


_OF_ONE_FILE = ("name", "question", "shows", "description", "extends")  # what ``extends`` does not inherit


def read_scenario(
    name: str | Path, system: GridSystem | None = None, *, variant: str | None = None
) -> tuple[GridSystem, Scenario]:
    """Read a scenario by bundled name or path, with the network it names (or for ``system``, if given).

    ``variant``: of the network, in place of the scenario's own; "" for the network as it stands.
    A ``.py`` file is executed: its contingencies and policies join the scenario that its ``scenario`` names or holds.
    Raises InputError with every problem: keys, times, kinds, targets that the network does not have.
    """
    path = event_file(str(name))
    document, beside, scripts = scenario_keys(path)
    system, scenario = scenario_of(with_variant(document, variant), beside, system)
    if path.suffix != ".py":
        return system, scenario
    question, _, shows = read_script(path).doc.partition("\n")
    return system, dataclasses.replace(
        scenario, question=question, shows=" ".join(shows.split()), source_file=path.name, scripts=scripts
    )


def scenario_keys(path: Path) -> tuple[YamlDocument, Path, tuple[Script, ...]]:
    """The keys of a scenario, the file that its relative paths are beside, and the scripts that come with it.

    A ``.py`` file is executed; its keys are those of the scenario that it names or holds.
    """
    if path.suffix != ".py":
        return load_scenario(path), path, ()
    found = read_script(path)
    given = found.require_scenario(path)
    if isinstance(given, str):
        named = path.parent / given
        document, beside, scripts = scenario_keys(named if named.is_file() else event_file(given))
    else:
        document, beside, scripts = extended(YamlDocument(str(path), given), path), path, ()
    keys = {**document.data, "name": path.stem}
    return dataclasses.replace(document, data=keys), beside, (*scripts, *found.scripts)


def with_variant(document: YamlDocument, variant: str | None) -> YamlDocument:
    """The keys of a scenario with another variant of its network, if one is given."""
    return document if variant is None else document.replaced("variant", variant, ("variant", 0, ""))


def load_scenario(path: Path) -> YamlDocument:
    """The keys of a scenario file, with what it extends filled in."""
    return extended(read_yaml(path)[1], path)


def scenario_of(
    document: YamlDocument,
    path: Path,
    system: GridSystem | None = None,
    read: Callable[[Path, str], GridSystem] = read_network,
) -> tuple[GridSystem, Scenario]:
    """The scenario that loaded keys describe; other files are looked up beside ``path``. ``read``: reads networks."""
    keys, faults = validate(ScenarioKeys, document.data)
    problems = [
        document.problem(tuple(int(part) if part.isdigit() else part for part in column.split(".")), what, mend)
        for column, what, mend in faults
    ]
    if system is None:
        network, variant = document.data.get("network"), str(document.data.get("variant") or "")
        if isinstance(network, str):
            try:
                folder = network_folder(network, relative_to=path.parent)
            except InputError as error:
                problems += [document.problem(("network",), f"'{network}' {p.value}", p.mend) for p in error.problems]
            else:
                known = variant_names(folder)
                if variant and variant not in known:
                    problems.append(
                        document.problem(("variant",), f"'{variant}' is not a variant", nearest(variant, known))
                    )
                else:
                    system = read(folder, variant)
    if keys is None or system is None:
        raise InputError(problems)
    horizon = _horizon(keys, document, problems)
    weather = (
        read_weather(keys.weather, path, document, horizon, system, problems) if keys.weather and horizon else None
    )
    events = (
        tuple(
            _event(position, event, keys.events, horizon, system, document, problems)
            for position, event in enumerate(keys.events)
        )
        if horizon
        else ()
    )
    ids = [event.id for event in keys.events]
    problems += [
        document.problem(("events", position, "id"), f"'{name}' stands in an earlier event", "ids are unique")
        for position, name in enumerate(ids)
        if name in ids[:position]
    ]
    _check_circles(keys.events, document, problems)
    if problems or horizon is None:
        raise InputError(set(problems))
    policy = Policy(
        Imports(keys.policy.imports),
        AcMode(keys.policy.ac),
        keys.policy.operator_delay_minutes,
        GasMode(keys.policy.gas),
    )
    return system, Scenario(
        name=keys.name or path.stem,
        network=keys.network,
        horizon=horizon,
        description=keys.description,
        events=tuple(event for event in events if event is not None),
        weather=weather,
        policy=policy,
        failures=keys.failures == "on",
        question=keys.question,
        shows=keys.shows,
        source_file=path.name,
        variant=keys.variant,
        replicates=keys.replicates,
        outputs=keys.outputs,
    )


def extended(document: YamlDocument, path: Path, above: tuple[Path, ...] = ()) -> YamlDocument:
    """The document with what it extends filled in; a file may not extend itself, however far up."""
    base_name = document.data.get("extends")
    if not base_name:
        return document
    beside = path.parent / str(base_name)
    try:
        base_path = beside if beside.is_file() else event_file(str(base_name))
    except InputError as error:
        raise InputError(
            [document.problem(("extends",), f"'{base_name}' {p.value}", p.mend) for p in error.problems]
        ) from None
    if base_path.resolve() in [other.resolve() for other in (*above, path)]:
        raise InputError([document.problem(("extends",), f"'{base_name}' extends this file", "break the circle")])
    base = extended(read_yaml(base_path)[1], base_path, (*above, path))
    data = _merged(_seen_from(path.parent, base_path.parent, base.data), document.data)
    return YamlDocument(document.file, data, document.lines)


def _seen_from(folder: Path, base_folder: Path, data: dict[str, Any]) -> dict[str, Any]:
    """``data`` of a file in ``base_folder`` with its relative paths rewritten for a file in ``folder``."""

    def moved(name: Any) -> Any:
        beside = base_folder / str(name)
        return os.path.relpath(beside, folder) if isinstance(name, str) and beside.exists() else name

    if os.path.abspath(folder) == os.path.abspath(base_folder):
        return data
    result = {**data}
    if "network" in data:
        result["network"] = moved(data["network"])
    if isinstance(data.get("weather"), dict):
        weather = data["weather"]
        result["weather"] = {k: moved(v) if k in ("file", "series") else v for k, v in weather.items()}
    return result


def _merged(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in base.items() if key not in _OF_ONE_FILE}
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _horizon(keys: ScenarioKeys, document: YamlDocument, problems: list[Problem]) -> Horizon | None:
    try:
        start = parse_start(keys.horizon.start)
    except ValueError as error:
        problems.append(
            document.problem(
                ("horizon", "start"), f"'{keys.horizon.start}' {error}", "give a time like 2026-01-12 00:00"
            )
        )
        return None
    try:
        start + dt.timedelta(hours=keys.horizon.hours + 48)
    except OverflowError:
        value = f"'{keys.horizon.start}' is too near the end of the calendar"
        problems.append(document.problem(("horizon", "start"), value, "give an earlier year"))
        return None
    if 60 % keys.horizon.step_minutes:
        problems.append(
            document.problem(
                ("horizon", "step_minutes"),
                f"{keys.horizon.step_minutes} does not divide an hour",
                "use 5, 10, 15, 20, 30 or 60",
            )
        )
    return Horizon(start, keys.horizon.hours, keys.horizon.step_minutes)


def _event(
    position: int,
    keys: EventKeys,
    others: tuple[EventKeys, ...],
    horizon: Horizon,
    system: GridSystem,
    document: YamlDocument,
    problems: list[Problem],
) -> Event | None:
    def problem(key: str, value: str, mend: str) -> None:
        problems.append(document.problem(("events", position, *key.split(".")), value, mend))

    count = len(problems)
    kind = kinds().get(keys.kind)
    if kind is None:
        problem("kind", f"'{keys.kind}' is not a kind of event", nearest(keys.kind, kinds()))
    at_h = _at_h(keys, horizon, problem)
    depends_on = None if keys.depends_on is None else _dependence(keys.depends_on, others, system, problem)
    duration_h = _duration_h(keys, kind, problem)
    magnitude = keys.magnitude if keys.magnitude is not None else (kind.magnitude if kind else 0.0)
    targets: tuple[Target, ...] = ()
    if kind is not None:
        targets = _targets(kind, keys.target, system, problem)
        _check_magnitude(kind, targets, magnitude, problem)
    if len(problems) > count or kind is None:
        return None
    given = keys.repair
    repair = Repair(given.distribution, given.mean_h, given.sigma) if given is not None else None
    return Event(keys.id, kind.kind, at_h, targets, magnitude, duration_h, repair, keys.probability, depends_on)


def _at_h(keys: EventKeys, horizon: Horizon, problem: Any) -> float:
    if keys.depends_on is not None:
        if keys.at is not None:
            problem("at", f"'{keys.at}' beside depends_on", "give either a time or the event it follows")
        return 0.0
    if keys.at is None:
        problem("at", "missing", "give a local time, +36h after the start, or depends_on")
        return 0.0
    try:
        at_h = parse_at_h(keys.at, horizon.start)
    except ValueError:
        problem("at", f"'{keys.at}' is not a time", "give a local time like 2026-01-12 03:00, or +36h after the start")
        return 0.0
    if not 0 <= at_h < horizon.hours:
        end = horizon.start + dt.timedelta(hours=horizon.hours)
        problem("at", f"'{keys.at}' is outside the horizon", f"give a time from {horizon.start} to {end}")
    return at_h


def _duration_h(keys: EventKeys, kind: Kind | None, problem: Any) -> float | None:
    if keys.duration is None:
        return kind.duration_h if kind is not None and keys.repair is None else None
    if keys.repair is not None:
        problem("duration", f"'{keys.duration}' beside repair", "give either a duration or a repair time")
    try:
        duration_h = parse_duration_h(keys.duration)
    except ValueError as error:
        problem("duration", f"'{keys.duration}' {error}", "give hours, or a text like 36h, 3d, 90min")
        return None
    if duration_h <= 0:
        problem("duration", f"'{keys.duration}' is not > 0", "give a length of time")
    return duration_h


def _dependence(keys: DependsKeys, others: tuple[EventKeys, ...], system: GridSystem, problem: Any) -> Dependence:
    if keys.event not in [event.id for event in others]:
        ids = [event.id for event in others]
        problem("depends_on.event", f"'{keys.event}' is not an event of this scenario", nearest(keys.event, ids))
    delay_h = 0.0
    try:
        delay_h = parse_duration_h(keys.delay)
    except ValueError as error:
        problem("depends_on.delay", f"'{keys.delay}' {error}", "give hours, or a text like 90min, 2h")
    conditions = []
    for given in keys.only_if:
        quantity = Quantity(given.quantity)
        names = element_names(system, QUANTITY_TABLES[quantity])
        if not given.of and quantity not in QUANTITIES_OF_ALL:
            problem("depends_on.only_if.of", f"missing for {quantity}", nearest("", names))
        elif given.of and given.of not in names:
            table = QUANTITY_TABLES[quantity]
            problem("depends_on.only_if.of", f"'{given.of}' is not in {table}", nearest(given.of, names))
        if given.below is None and given.above is None:
            problem("depends_on.only_if", f"no bound for {quantity}", "give below or above")
        conditions.append(Condition(quantity, given.of, given.below, given.above))
    return Dependence(keys.event, keys.when == "ends", delay_h, tuple(conditions))


def _check_circles(events: tuple[EventKeys, ...], document: YamlDocument, problems: list[Problem]) -> None:
    """No event may wait for itself, however far round."""
    follows = {event.id: event.depends_on.event for event in events if event.depends_on is not None}
    for position, event in enumerate(events):
        seen, before = [event.id], follows.get(event.id)
        while before is not None and before not in seen:
            seen.append(before)
            before = follows.get(before)
        if before == event.id:
            place = ("events", position, "depends_on", "event")
            problems.append(document.problem(place, f"'{event.id}' waits for itself", "break the circle"))


def _check_magnitude(kind: Kind, targets: tuple[Target, ...], magnitude: float, problem: Any) -> None:
    if kind.primitive is Primitive.OUTAGE and magnitude != 1 and any(is_whole(target.table) for target in targets):
        problem("magnitude", f"{magnitude:g} of a circuit, busbar or station", "it is in or out: leave it out")
    elif kind.primitive in _SHARE_PRIMITIVES and not 0 < magnitude <= 1:
        problem(
            "magnitude",
            f"{magnitude:g} is not a share in (0, 1]",
            f"give the share lost, by default {kind.magnitude:g}",
        )
    elif kind.primitive is Primitive.DEMAND and kind.quantities == ("fall",) and not 0 < magnitude <= 1:
        problem("magnitude", f"{magnitude:g} is not a share in (0, 1]", "give the share of demand that is left")
    elif kind.primitive is Primitive.DEMAND and magnitude < -1:
        problem("magnitude", f"{magnitude:g} is below -1", "demand cannot fall below zero")
    elif kind.magnitude_unit == "min" and not magnitude > 0:
        problem("magnitude", f"{magnitude:g} is not > 0", "give a number of minutes")
    elif kind.magnitude_unit == "factor" and magnitude < 0:
        problem("magnitude", f"{magnitude:g} is not >= 0", "give the factor on the profile")


def _targets(kind: Kind, target: Any, system: GridSystem, problem: Any) -> tuple[Target, ...]:
    names = list(dict.fromkeys(map(str, target))) if isinstance(target, list) else [target]
    if not names:
        problem("target", "an empty list", "name at least one element")
    found: list[Target] = []
    for name in names:
        text = str(name)
        if text == "all" and "all" in kind.targets:
            found.append(Target("all", "all"))
            continue
        table = next((table for table in kind.targets if table != "all" and text in element_names(system, table)), None)
        if table is None:
            candidates = [n for t in kind.targets if t != "all" for n in element_names(system, t)]
            where = f"{' or '.join(kind.targets)} of {system.name}"
            problem("target", f"'{text}' is not in {where}", nearest(text, candidates))
        else:
            found.append(Target(table, text))
    takes_away = kind.primitive in (Primitive.OUTAGE, Primitive.DERATE)
    for target in found if takes_away else ():
        parts = opened(system, [target], kind.targets)
        if not any(in_service(system, part) for part in parts):
            value = f"'{target.name}' is out of service in {system.name}"
            problem("target", value, "it cannot go out twice: name an element in service")
    return tuple(found)
