"""Scenario file -> (GridSystem, Scenario), with all problems of the scenario at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gridsim.contingencies.events import Default, make_event, policy_problem
from gridsim.errors import InputError, Problem, nearest
from gridsim.io.bundled import event_file, is_file, is_folder, network_folder, variant_names
from gridsim.io.changes import Change, with_changes
from gridsim.io.durations import parse_at_h, parse_duration_h, parse_start
from gridsim.io.plain_keys import plain
from gridsim.io.read_checks import read_checks
from gridsim.io.read_network import read_network
from gridsim.io.read_outages import read_outages
from gridsim.io.read_script import look_at_script, read_script
from gridsim.io.read_unknowns import read_unknowns
from gridsim.io.read_weather import read_weather
from gridsim.io.schemas.scenario import CheckKeys, DependsKeys, EventKeys, ScenarioKeys, UnknownKeys
from gridsim.io.texts import folder_fault, name_fault
from gridsim.io.validation import RowType, not_of_faults, readable, validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml
from gridsim.model.gas_order import order_problem
from gridsim.model.scenario import (
    STEPS_MEND,
    AcMode,
    Automation,
    Condition,
    Dependence,
    Event,
    Failures,
    FirstMinutesMode,
    GasMode,
    Horizon,
    Imports,
    Policy,
    Quantity,
    Repair,
    Scenario,
    VoltageMode,
)
from gridsim.model.script import Script
from gridsim.model.system import GridSystem

# What ``extends`` does not inherit.
_OF_ONE_FILE = ("name", "question", "shows", "description", "extends", "check", "unknowns")

_STAND_INS = {  # for the checks beyond a required key that is missing or wrong
    ("network",): "",
    ("horizon",): {},
    ("horizon", "start"): "2000-01-01",
    ("horizon", "hours"): 8784.0,
}

_STAND_INS_OF_CHECK: Mapping[tuple[str, ...], Any] = {("observed",): 0.0, ("tolerance",): 0.0, ("source",): "-"}
_LISTS = ("events", "check", "unknowns")

FILE = "scenario"  # stands for the name of a file where there is none; paths in it are seen from the working folder

#: A section loaded further is not: it is a share that was meant in per cent.
_LARGEST_LOADING = 5.0


def read_scenario(
    name: str | Path | Mapping[str, Any],
    system: GridSystem | None = None,
    *,
    variant: str | None = None,
    changes: Iterable[Change] = (),
    execute: bool = True,
) -> tuple[GridSystem, Scenario]:
    """Read a scenario by bundled name, path or dict of its keys, with the network it names (or for ``system``).

    A dict without ``network`` is for ``system``.
    ``variant``: of the network, in place of the scenario's own; "" for the network as it stands.
    ``changes``: values in place of the scenario's own. ``execute``: False to check a script without executing it.
    A ``.py`` file is executed: its contingencies and policies join the scenario that its ``scenario`` names or holds.
    Raises InputError with every problem: keys, times, kinds, targets that the network does not have.
    """
    if isinstance(name, Mapping):
        keys = plain(name)
        if system is not None and isinstance(keys, dict) and "extends" not in keys:
            keys = {"network": system.name} | keys
        document = extended(YamlDocument(FILE, keys, {(): 0}), Path(FILE))
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
    told = [
        document.problem(tuple(int(part) if part.isdigit() else part for part in column.split(".")), what, mend)
        for column, what, mend in faults
    ]
    if system is None:
        system = _network(document, path, read, told)
    events = {} if keys is None else dict(enumerate(keys.events))
    checks = {} if keys is None else dict(enumerate(keys.check))
    unknown = {} if keys is None else dict(enumerate(keys.unknowns))
    if keys is None:
        keys, events, checks = _readable(document.data)
        unknown = _readable_rows(UnknownKeys, document.data.get("unknowns"), {})
    if keys is None:
        raise InputError(told)
    faulty = [column for column, _, _ in faults]
    problems: list[Problem] = []
    horizon = None if {"horizon", "horizon.start"} & {*faulty} else _horizon(keys, document, problems)
    weather, made = None, list[Event | None]()
    if system is not None:
        if keys.weather and horizon:
            weather = read_weather(keys.weather, path, document, horizon, system, problems)
        ids = _ids(document.data)
        made = [
            _event(position, event, ids, horizon, system, GasMode(keys.policy.gas), document, problems)
            for position, event in events.items()
        ]
        if keys.outages and horizon:
            made += _recorded(keys.outages, path, document, horizon, system, ids, problems)
    if fault := folder_fault(keys.name):
        problems.append(document.problem(("name",), *fault))
    known = read_checks(checks, document, horizon, system, problems) if horizon and system is not None else ()
    armed = Policy(
        automation=Automation(keys.policy.automation),
        first_minutes=FirstMinutesMode(keys.policy.first_minutes),
        first_minutes_s=keys.policy.first_minutes_s,
    )
    for position, event in zip(events, made, strict=False):
        if event is not None and (idle := policy_problem(event, armed)):
            problems.append(document.problem(("events", position, idle.key), idle.value, idle.mend))
    sound = [event for event in made if event is not None]
    ranges = read_unknowns(unknown, document, sound, system, problems) if system is not None else ()
    if unknown and not checks:
        problems.append(document.problem(("unknowns",), "without check", "add what was observed, or leave it out"))
    _check_ids(events, document, problems)
    _check_circles(events, document, problems)
    if keys.failures == "typical" and system is not None and not len(system.typical):
        what = f"'typical', but {system.name} has no typical.csv"
        problems.append(document.problem(("failures",), what, "give off or on, or add the table to the network"))
    if in_order := order_problem(keys.policy.gas_order):
        problems.append(document.problem(("policy", "gas_order"), in_order, "name each class once"))
    told += not_of_faults(problems, faulty, document.data)
    if told or horizon is None or system is None:
        raise InputError(set(told))
    policy = Policy(
        imports=Imports(keys.policy.imports),
        ac=AcMode(keys.policy.ac),
        operator_delay_minutes=keys.policy.operator_delay_minutes,
        automation=Automation(keys.policy.automation),
        first_minutes=FirstMinutesMode(keys.policy.first_minutes),
        first_minutes_s=keys.policy.first_minutes_s,
        secure_losses=keys.policy.secure_losses == "on",
        gas=GasMode(keys.policy.gas),
        least_effect=keys.policy.least_effect,
        voltage_control=VoltageMode(keys.policy.voltage_control),
        gas_order=tuple(keys.policy.gas_order),
    )
    return system, Scenario(
        name=keys.name or path.stem,
        network=keys.network,
        horizon=horizon,
        description=keys.description,
        events=tuple(event for event in made if event is not None),
        weather=weather,
        policy=policy,
        failures=Failures(keys.failures),
        question=keys.question,
        shows=keys.shows,
        source_file=path.name,
        variant=keys.variant,
        replicates=keys.replicates,
        outputs=keys.outputs,
        checks=known,
        unknowns=ranges,
    )


def _network(
    document: YamlDocument, path: Path, read: Callable[[Path, str], GridSystem], problems: list[Problem]
) -> GridSystem | None:
    """The network that the keys name, in its variant."""
    network, variant = document.data.get("network"), str(document.data.get("variant") or "")
    if not isinstance(network, str):
        return None  # told already
    try:
        folder = network_folder(network, relative_to=path.parent)
    except InputError as error:
        problems += [document.problem(("network",), f"'{network}' {p.value}", p.mend) for p in error.problems]
        return None
    known = variant_names(folder)
    if variant and variant not in known:
        problems.append(document.problem(("variant",), f"'{variant}' is not a variant", nearest(variant, known)))
        return None
    return read(folder, variant)


def _readable(
    data: Mapping[str, Any],
) -> tuple[ScenarioKeys | None, dict[int, EventKeys], dict[int, CheckKeys]]:
    """The readable part of wrong keys, and of their events and checks by position."""
    keys = readable(ScenarioKeys, {key: value for key, value in data.items() if key not in _LISTS}, _STAND_INS)
    events = _readable_rows(EventKeys, data.get("events"), {("id",): ""})
    return keys, events, _readable_rows(CheckKeys, data.get("check"), _STAND_INS_OF_CHECK)


def _readable_rows(model: type[RowType], rows: Any, stand_ins: Mapping[tuple[str, ...], Any]) -> dict[int, RowType]:
    given = {
        position: readable(model, row, stand_ins)
        for position, row in enumerate(rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    }
    return {position: row for position, row in given.items() if row is not None}


def _ids(data: Mapping[str, Any]) -> list[str]:
    """Ids of all events, also of those that cannot be read."""
    events = data.get("events")
    mappings = [event for event in events if isinstance(event, dict)] if isinstance(events, list | tuple) else []
    return [str(event["id"]) for event in mappings if event.get("id")]


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
    for key in ("network", "outages"):
        if key in data:
            result[key] = moved(data[key])
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


def _recorded(
    name: str,
    path: Path,
    document: YamlDocument,
    horizon: Horizon,
    system: GridSystem,
    ids: list[str],
    problems: list[Problem],
) -> list[Event | None]:
    """Events of a list of recorded outages."""
    file = path.parent / name
    if not is_file(file):
        mend = "give a CSV beside the scenario file"
        problems.append(document.problem(("outages",), f"'{name}' does not exist", mend))
        return []
    try:
        return list(read_outages(file, system, horizon, ids))
    except InputError as error:
        problems += error.problems
        return []


def _event(
    position: int,
    keys: EventKeys,
    ids: list[str],
    horizon: Horizon | None,
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
        depends_on=None if keys.depends_on is None else _dependence(keys.depends_on, ids, problem),
        gas=gas,
        delay_s=keys.delay_s,
        steps=keys.steps,
    )
    if isinstance(made, Event):
        return made if len(problems) == count else None
    for fault in made:
        problem(*fault)
    return None


def _at_h(keys: EventKeys, horizon: Horizon | None, problem: Any) -> float:
    if keys.depends_on is not None:
        if keys.at is not None:
            problem("at", f"'{keys.at}' beside depends_on", "give either a time or the event it follows")
        return 0.0
    if keys.at is None:
        problem("at", "missing", "give a local time, +36h after the start, or depends_on")
        return 0.0
    try:
        at_h = parse_at_h(keys.at, horizon.start if horizon else dt.datetime(2000, 1, 1))
    except ValueError:
        problem("at", f"'{keys.at}' is not a time", "give a local time like 2026-01-12 03:00, or +36h after the start")
        return 0.0
    if horizon and not 0 <= at_h < horizon.hours:
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


def _dependence(keys: DependsKeys, ids: list[str], problem: Any) -> Dependence:
    if keys.event not in ids:
        problem("depends_on.event", f"'{keys.event}' is not an event of this scenario", nearest(keys.event, ids))
    delay_h = 0.0
    try:
        delay_h = parse_duration_h(keys.delay)
    except ValueError as error:
        problem("depends_on.delay", f"'{keys.delay}' {error}", "give hours, or a text like 90min, 2h")
    for condition in keys.only_if:
        if condition.quantity == Quantity.SECTION_LOADING:
            for key, bound in (("below", condition.below), ("above", condition.above)):
                if bound is not None and bound > _LARGEST_LOADING:
                    what = f"{bound:g} is no loading: it is a share, and 1 is full"
                    problem(f"depends_on.only_if.{key}", what, f"for {bound:g} % give {bound / 100.0:g}")
    conditions = tuple(Condition(Quantity(c.quantity), c.of, c.below, c.above) for c in keys.only_if)
    return Dependence(keys.event, keys.when == "ends", delay_h, conditions)


def _check_ids(events: Mapping[int, EventKeys], document: YamlDocument, problems: list[Problem]) -> None:
    """Ids are names, and unique."""
    seen: set[str] = set()
    for position, event in events.items():
        if fault := name_fault(event.id):
            problems.append(document.problem(("events", position, "id"), *fault))
        if event.id in seen:
            value = f"'{event.id}' stands in an earlier event"
            problems.append(document.problem(("events", position, "id"), value, "ids are unique"))
        seen.add(event.id)


def _check_circles(events: Mapping[int, EventKeys], document: YamlDocument, problems: list[Problem]) -> None:
    """No event may wait for itself, however far round."""
    follows = {event.id: event.depends_on.event for event in events.values() if event.depends_on is not None}
    for position, event in events.items():
        seen, before = [event.id], follows.get(event.id)
        while before is not None and before not in seen:
            seen.append(before)
            before = follows.get(before)
        if before == event.id:
            place = ("events", position, "depends_on", "event")
            problems.append(document.problem(place, f"'{event.id}' waits for itself", "break the circle"))
