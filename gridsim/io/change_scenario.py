"""A scenario with some of its keys changed, under the rules of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem
from gridsim.io.plain_keys import plain
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import FILE, scenario_of
from gridsim.io.yaml_lines import YamlDocument
from gridsim.model.scenario import Dependence, DesignEvent, Event, PlanningDay, Scenario, WeatherYearChoice, kinds
from gridsim.model.system import GridSystem


def changed_scenario(scenario: Scenario, system: GridSystem | None, changes: Mapping[str, Any]) -> Scenario:
    """``scenario`` with values at dotted paths of its keys, checked as a file is. InputError with every problem.

    Events whose keys stay as they are, and a weather that no change names, are those of before.
    """
    before = _keys(scenario)
    document = YamlDocument(FILE, before, {(): 0})
    problems: list[Problem] = []
    for path, value in changes.items():
        try:
            document = document.replaced(_by_id(document, path), _given(value), (FILE, 0, path))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    read = _read_network if system is None else read_network
    built = scenario_of(document, Path(FILE), system, read)[1]
    kept = {event.id: event for event in scenario.events}
    same = {keys["id"] for keys in before["events"] if keys in document.data["events"]}
    weather = built.weather if any(path.split(".")[0] == "weather" for path in changes) else scenario.weather
    return replace(
        built,
        events=tuple(kept[event.id] if event.id in same else event for event in built.events),
        weather=weather,
        scripts=scenario.scripts,
        checks=scenario.checks,
        unknowns=scenario.unknowns,
        source_file=scenario.source_file,
    )


def _by_id(document: YamlDocument, path: str) -> str:
    """The path with an event that is named by its position named by its id."""
    parts = path.split(".")
    events = document.data.get("events", [])
    if parts[0] == "events" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(events):
        ids = [str(event["id"]) for event in events if isinstance(event, dict) and "id" in event]
        if len(ids) == len(events) and parts[1] not in ids:
            parts[1] = ids[int(parts[1])]
    return ".".join(parts)


def _keys(scenario: Scenario) -> dict[str, Any]:
    """The keys of a scenario file that amount to ``scenario``, but for scripts and a weather of hourly values."""
    policy, horizon = scenario.policy, scenario.horizon
    keys = {
        "name": scenario.name,
        "question": scenario.question,
        "shows": scenario.shows,
        "description": scenario.description,
        "network": scenario.network,
        "variant": scenario.variant,
        "horizon": {"start": horizon.start, "hours": horizon.hours, "step_minutes": horizon.step_minutes},
        "failures": str(scenario.failures),
        "events": [_event_keys(event) for event in scenario.events],
        "policy": dict(vars(policy)),
        "replicates": scenario.replicates,
        "outputs": scenario.outputs,
    }
    if isinstance(scenario.weather, WeatherYearChoice):
        keys["weather"] = _weather_keys(scenario.weather)
    if isinstance(scenario.weather, PlanningDay):
        keys["weather"] = {"planning_day": True}
    found: dict[str, Any] = plain(keys)
    return found


def _event_keys(event: Event) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "id": event.id,
        "kind": event.kind,
        "target": [target.name for target in event.targets],
        "magnitude": event.magnitude,
        "probability": event.probability,
    }
    if kinds()[event.kind].delay_s is not None:
        keys["delay_s"] = event.delay_s
    if kinds()[event.kind].steps is not None:
        keys["steps"] = event.steps
    if event.depends_on is None:
        keys["at"] = _after(event.at_h)
    else:
        keys["depends_on"] = _dependence_keys(event.depends_on)
    if event.repair is not None:
        keys["repair"] = dict(vars(event.repair))
    elif event.duration_h is not None:
        keys["duration"] = event.duration_h
    return keys


def _dependence_keys(given: Dependence) -> dict[str, Any]:
    return {
        "event": given.event,
        "when": "ends" if given.on_end else "starts",
        "delay": given.delay_h,
        "only_if": [dict(vars(condition)) for condition in given.conditions],
    }


def _weather_keys(weather: WeatherYearChoice) -> dict[str, Any]:
    return {
        "year_seed": weather.seed,
        "year": weather.year,
        "year_per_replicate": weather.year_per_replicate,
        "design_event": [_design_keys(event) for event in weather.events],
    }


def _design_keys(event: DesignEvent) -> dict[str, Any]:
    severity = event.severity
    return {
        "kind": event.kind,
        "at": _after(event.at_h),
        "days": event.days,
        "return_period_years": event.return_period_years,
        "severity": severity[0] if severity is not None and len(severity) == 1 else severity,
        "sites": event.sites,
        "season": event.season,
        "river": event.river,
    }


def _given(value: Any) -> Any:
    """A value of a change; events may be values of the model."""
    if isinstance(value, Event):
        return plain(_event_keys(value))
    return [_given(item) for item in value] if isinstance(value, list | tuple) else plain(value)


def _after(hours: float) -> str:
    return f"+{np.format_float_positional(hours, trim='-')}h"  # all digits that tell it from its neighbours


def _read_network(folder: Path, variant: str) -> GridSystem:
    """The network, read once for a row of changes while its files stay as they are."""
    newest = max((file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()), default=0)
    return _read_once(folder.resolve(), variant, newest)


@lru_cache(maxsize=2)
def _read_once(folder: Path, variant: str, newest: int) -> GridSystem:
    return read_network(folder, variant)
