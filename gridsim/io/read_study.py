"""Study file -> Study: scenarios x variants x sweep, each a scenario of its own, with all problems at once."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem
from gridsim.io.bundled import event_file, is_file, study_file
from gridsim.io.changes import Change, with_changes
from gridsim.io.owned import unfit_name
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import extended, scenario_keys, scenario_of, with_variant
from gridsim.io.schemas.study import StudyKeys
from gridsim.io.texts import folder_fault
from gridsim.io.validation import not_of_faults, readable, validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml
from gridsim.model.script import Script
from gridsim.model.study import Case, StopRule, Study

BASE = "base"
_WEATHER_FILES = ("file", "series")


def read_study(name: str | Path, *, execute: bool = True) -> Study:
    """Read a study by bundled name or path. Raises InputError with every problem of the study and its scenarios.

    ``execute``: False to check scripts among the scenarios without executing them.
    """
    path = study_file(str(name))
    document = read_yaml(path)[1]
    keys, faults = validate(StudyKeys, document.data)
    told = [
        document.problem(tuple(int(part) if part.isdigit() else part for part in column.split(".")), what, mend)
        for column, what, mend in faults
    ]
    keys = keys or readable(StudyKeys, document.data, {("replicates",): 1})
    if keys is None:
        raise InputError(told)
    problems: list[Problem] = []
    for part in ("scenarios", "variants"):
        problems += _repeated(document, (part,), getattr(keys, part))
    for swept, values in keys.sweep.items():
        problems += _repeated(document, ("sweep", swept), values)
        if not values:
            problems.append(document.problem(("sweep", swept), "no values", "list at least one"))
        if swept in keys.set:
            problems.append(document.problem(("sweep", swept), "is set too", "keep one of set and sweep"))
    if not keys.scenarios:
        problems.append(document.problem(("scenarios",), "none", "name at least one scenario"))
    read = cache(read_network)
    cases: list[Case] = []
    for position, given in enumerate(keys.scenarios):
        try:
            scenario, beside, scripts = _scenario(given, position, document, path, execute)
        except InputError as error:
            problems += error.problems
            continue
        for variant, point in itertools.product(keys.variants or (None,), _points(keys.sweep)):
            try:
                changed = _changed(scenario, keys, variant, point, document)
                system, built = scenario_of(changed, beside, read=read)
            except InputError as error:
                problems += error.problems
                continue
            label = _label(built.name, variant, point)
            plain, files = _self_contained(changed.data, beside)
            plain["name"] = label
            named = dataclasses.replace(built, name=label, scripts=scripts)
            cases.append(Case(label, system, named, plain, files, point))
    names = [case.name for case in cases]
    problems += [document.problem(("scenarios",), *fault) for name in names if (fault := folder_fault(name))]
    for twice in sorted({case_name for case_name in names if names.count(case_name) > 1}):
        problems.append(
            document.problem(("scenarios",), f"'{twice}' comes out twice", "give scenarios names of their own")
        )
    problems += [
        document.problem(("scenarios",), reason, "give its scenario a shorter name, or another one")
        for case_name in names
        if (reason := unfit_name(case_name))
    ]
    told += not_of_faults(problems, [column for column, _, _ in faults], document.data)
    if told:
        raise InputError(set(told))
    stop = keys.stop
    return Study(
        keys.name or path.stem,
        tuple(cases),
        keys.replicates,
        keys.seed,
        keys.description,
        StopRule(stop.metric, stop.scope, stop.target_cov) if stop else None,
        keys.question,
    )


def study_of(
    name: str | Path,
    *,
    scripts: Iterable[Script] = (),
    replicates: int | None = None,
    seed: int = 0,
    variant: str | None = None,
    changes: Iterable[Change] = (),
) -> Study:
    """A study of one scenario as its file gives it. ``scripts``: of files, beside the scenario's own.

    ``variant``: of the network, in place of the scenario's own; ``changes``: so are these values.
    """
    document, beside, own = scenario_keys(event_file(str(name)))
    document = with_changes(with_variant(document, variant), changes)
    system, scenario = scenario_of(document, beside)
    scenario = dataclasses.replace(scenario, scripts=(*own, *scripts))
    plain, files = _self_contained(document.data, beside)
    plain["name"] = scenario.name
    case = Case(scenario.name, system, scenario, plain, files)
    n = replicates or scenario.replicates
    return Study(scenario.name, (case,), n, seed, scenario.description, question=scenario.question)


def _repeated(document: YamlDocument, path: tuple[str, ...], values: tuple[Any, ...]) -> Iterator[Problem]:
    for position, value in enumerate(values):
        if value in values[:position]:
            yield document.problem((*path, position), f"'{value}' stands there twice", "keep one")


def _scenario(
    given: Any, position: int, document: YamlDocument, path: Path, execute: bool
) -> tuple[YamlDocument, Path, tuple[Script, ...]]:
    """The scenario's keys, the file that its relative paths are beside, and its scripts."""
    if isinstance(given, dict):
        inline = extended(document.part(("scenarios", position)), path)
        if not inline.data.get("name"):
            raise InputError([document.problem(("scenarios", position), "has no name", "add 'name: ...'")])
        return inline, path, ()
    named = Path(str(given))
    beside = path.parent / named
    try:
        file = beside if is_file(beside) else event_file(str(given))
    except InputError as error:
        raise InputError(
            [document.problem(("scenarios", position), f"'{given}' {p.value}", p.mend) for p in error.problems]
        ) from None
    return scenario_keys(file, execute)


def _points(sweep: dict[str, tuple[Any, ...]]) -> list[tuple[tuple[str, Any], ...]]:
    return [tuple(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]


def _changed(
    scenario: YamlDocument,
    keys: StudyKeys,
    variant: str | None,
    point: tuple[tuple[str, Any], ...],
    study: YamlDocument,
) -> YamlDocument:
    """The scenario with the study's values; problems of a value are at its place in the study file."""

    def place(*path: str | int) -> tuple[str, int, str]:
        return study.file, study.line(path), ".".join(str(part) for part in path)

    changes = [Change(path, value, place("set", path)) for path, value in keys.set.items()]
    changes += [Change(path, value, place("sweep", path, keys.sweep[path].index(value))) for path, value in point]
    if variant is not None:
        value = "" if variant == BASE else variant
        changes.append(Change("variant", value, place("variants", keys.variants.index(variant))))
    return with_changes(scenario, changes)


def _label(name: str, variant: str | None, point: tuple[tuple[str, Any], ...]) -> str:
    """A name that is a folder's too: scenario, variant and swept values."""
    parts = [name] + ([variant] if variant is not None else [])
    parts += [f"{path.removeprefix('events.')}={value}" for path, value in point]
    return re.sub(r"[^\w.=+-]+", "_", "+".join(parts)).strip(".") or "case"


def _self_contained(data: dict[str, Any], beside: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The scenario file that was run, and the files that belong beside it under their bare names."""
    plain = {key: value for key, value in data.items() if key != "extends"}
    folder = beside.parent / str(plain.get("network", ""))
    if is_file(folder / "network.yaml"):
        plain["network"] = str(folder.resolve())
    weather = plain.get("weather")
    files: list[str] = []
    if isinstance(weather, dict):
        plain["weather"] = {**weather}
        for key in _WEATHER_FILES:
            if weather.get(key):
                files.append(str(beside.parent / str(weather[key])))
                plain["weather"][key] = Path(str(weather[key])).name
    if plain.get("outages"):
        files.append(str(beside.parent / str(plain["outages"])))
        plain["outages"] = Path(str(plain["outages"])).name
    return plain, tuple(files)
