"""Scenario file -> (GridSystem, Scenario), with all problems of the scenario at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gridsim.contingencies.events import Default, make_event
from gridsim.errors import InputError, Problem, nearest
from gridsim.io.bundled import event_file, is_file, is_folder, network_folder, variant_names
from gridsim.io.changes import Change, with_changes
from gridsim.io.durations import parse_at_h, parse_duration_h, parse_start
from gridsim.io.plain_keys import plain
from gridsim.io.read_network import read_network
from gridsim.io.read_script import look_at_script, read_script
from gridsim.io.read_weather import read_weather
from gridsim.io.schemas.scenario import DependsKeys, EventKeys, ScenarioKeys
from gridsim.io.texts import folder_fault, name_fault
from gridsim.io.validation import validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml
from gridsim.model.scenario import (
    STEPS_MEND,
    AcMode,
    Automation,
    Condition,
    Dependence,
    Event,
    Failures,
    GasMode,
    Horizon,
    Imports,
    Policy,
    Quantity,
    Repair,
    Scenario,
)
from gridsim.model.script import Script
from gridsim.model.system import GridSystem

_OF_ONE_FILE = ("name", "question", "shows", "description", "extends")  # what ``extends`` does not inherit

FILE = "scenario"  # stands for the name of a file where there is none; paths in it are seen from the working folder


def read_scenario(
    name: str | Path | Mapping[str, Any],
    system: GridSystem | None = None,
    *,
    variant: str | None = None,
    changes: Iterable[Change] = (),
    execute: bool = True,
) -> tuple[GridSystem, Scenario]:
    """Read a scenario by bundled name, path or dict of its keys, with the network it names (or for ``system``).

    ``variant``: of the network, in place of the scenario's own; "" for the network as it stands.
    ``changes``: values in place of the scenario's own. ``execute``: False to check a script without executing it.
    A ``.py`` file is executed: its contingencies and policies join the scenario that its ``scenario`` names or holds.
    Raises InputError with every problem: keys, times, kinds, targets that the network does not have.
    """
    if isinstance(name, Mapping):
        document = extended(YamlDocument(FILE, plain(name), {(): 0}), Path(FILE))
        return scenario_of(with_changes(with_variant(document, variant), changes), Path(FILE), system)
    path = event_file(str(name))
    document, beside, scripts = scenario_keys(path, execute)
    system, scenario = scenario_of(with_changes(with_variant(document, variant), changes), beside, system)
    if path.suffix != ".py":
        return system, scenario
    question, _, shows = (read_script(path) if execute else look_at_script(path)).doc.partition("\n")
    return system, dataclasses.replace(
        scenario, question=question, shows=" ".join(shows.split()), source_file=path.name, scripts=scripts
    )


def scenario_keys(path: Path, execute: bool = True) -> tuple[YamlDocument, Path, tuple[Script, ...]]:
    """The keys of a scenario, the file that its relative paths are beside, and the scripts that come with it.

    A ``.py`` file is executed, unless ``execute`` is False: then its scripts are left out. Its keys are those of the
    scenario that it names or holds.
    """
    if path.suffix != ".py":
        return load_scenario(path), path, ()
    found = read_script(path) if execute else look_at_script(path)
    given = found.require_scenario(path)
    if isinstance(given, str):
        named = path.parent / given
        document, beside, scripts = scenario_keys(named if is_file(named) else event_file(given), execute)
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
            _event(position, event, keys.events, horizon, system, GasMode(keys.policy.gas), document, problems)
            for position, event in enumerate(keys.events)
        )
        if horizon
        else ()
    )
    ids = [event.id for event in keys.events]
    if fault := folder_fault(keys.name):
        problems.append(document.problem(("name",), *fault))
    problems += [
        document.problem(("events", position, "id"), *fault)
        for position, name in enumerate(ids)
        if (fault := name_fault(name))
    ]
    problems += [
        document.problem(("events", position, "id"), f"'{name}' stands in an earlier event", "ids are unique")
        for position, name in enumerate(ids)
        if name in ids[:position]
    ]
    _check_circles(keys.events, document, problems)
    if keys.failures == "typical" and not len(system.typical):
        what = f"'typical', but {system.name} has no typical.csv"
        problems.append(document.problem(("failures",), what, "give off or on, or add the table to the network"))
    if problems or horizon is None:
        raise InputError(set(problems))
    policy = Policy(
        imports=Imports(keys.policy.imports),
        ac=AcMode(keys.policy.ac),
        operator_delay_minutes=keys.policy.operator_delay_minutes,
        automation=Automation(keys.policy.automation),
        gas=GasMode(keys.policy.gas),
    )
    return system, Scenario(
        name=keys.name or path.stem,
        network=keys.network,
        horizon=horizon,
        description=keys.description,
        events=tuple(event for event in events if event is not None),
        weather=weather,
        policy=policy,
        failures=Failures(keys.failures),
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
        base_path = beside if is_file(beside) else event_file(str(base_name))
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
        return (
            os.path.relpath(beside, folder)
            if isinstance(name, str) and (is_file(beside) or is_folder(beside))
            else name
        )

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
                STEPS_MEND,
            )
        )
        return Horizon(start, keys.horizon.hours)  # for the checks that follow
    return Horizon(start, keys.horizon.hours, keys.horizon.step_minutes)


def _event(
    position: int,
    keys: EventKeys,
    others: tuple[EventKeys, ...],
    horizon: Horizon,
    system: GridSystem,
    gas: GasMode,
    document: YamlDocument,
    problems: list[Problem],
) -> Event | None:
    def problem(key: str, value: str, mend: str) -> None:
        problems.append(document.problem(("events", position, *key.split(".")), value, mend))

    count = len(problems)
    given = keys.repair
    made = make_event(
        system,
        id=keys.id,
        kind=keys.kind,
        targets=[str(name) for name in (keys.target if isinstance(keys.target, list) else [keys.target])],
        at_h=_at_h(keys, horizon, problem),
        magnitude=keys.magnitude,
        duration_h=_duration_h(keys, problem),
        repair=Repair(given.distribution, given.mean_h, given.sigma) if given is not None else None,
        probability=keys.probability,
        depends_on=None if keys.depends_on is None else _dependence(keys.depends_on, others, problem),
        gas=gas,
    )
    if isinstance(made, Event):
        return made if len(problems) == count else None
    for fault in made:
        problem(*fault)
    return None


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
        return 0.0
    return at_h


def _duration_h(keys: EventKeys, problem: Any) -> float | Default:
    if keys.duration is None:
        return Default.DURATION
    try:
        return parse_duration_h(keys.duration)
    except ValueError as error:
        problem("duration", f"'{keys.duration}' {error}", "give hours, or a text like 36h, 3d, 90min")
        return Default.DURATION


def _dependence(keys: DependsKeys, others: tuple[EventKeys, ...], problem: Any) -> Dependence:
    if keys.event not in [event.id for event in others]:
        ids = [event.id for event in others]
        problem("depends_on.event", f"'{keys.event}' is not an event of this scenario", nearest(keys.event, ids))
    delay_h = 0.0
    try:
        delay_h = parse_duration_h(keys.delay)
    except ValueError as error:
        problem("depends_on.delay", f"'{keys.delay}' {error}", "give hours, or a text like 90min, 2h")
    conditions = tuple(Condition(Quantity(c.quantity), c.of, c.below, c.above) for c in keys.only_if)
    return Dependence(keys.event, keys.when == "ends", delay_h, conditions)


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
