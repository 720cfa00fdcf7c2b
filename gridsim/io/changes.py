"""Values laid over the keys of a scenario: by a study's ``set:`` and ``sweep:``, and by ``--set`` of a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gridsim.errors import InputError, Problem
from gridsim.io.yaml_lines import YamlDocument, plain_value

_OF_PATHS = ("network", "weather.file", "weather.series", "outages")


class Change(NamedTuple):
    """``path``: dotted, an item of a list by its id or position. ``place``: file, line and key that ask for it."""

    path: str
    value: Any
    place: tuple[str, int, str]


def with_changes(document: YamlDocument, changes: Iterable[Change]) -> YamlDocument:
    """The scenario's keys with other values. InputError at their places for every path that leads nowhere."""
    problems: list[Problem] = []
    for change in changes:
        try:
            document = document.replaced(*change)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return document


def changes_from_options(settings: Sequence[str], **short_forms: tuple[str, str | None]) -> tuple[Change, ...]:
    """Changes that ``--set PATH=VALUE`` and its short forms ask for.

    ``short_forms``: by the name of the option, the path that it sets and its value, None where it is not given.
    Raises InputError with every option that cannot be read, or sets what another one sets.
    """
    problems: list[Problem] = []
    changes: list[Change] = []
    for setting in settings:
        path, equals, text = setting.partition("=")
        flag = f"--set {path.strip()}".strip()
        if not equals or not path.strip():
            problems.append(Problem(flag, 0, "", "no KEY=VALUE", "write --set policy.imports=none, for example"))
            continue
        try:
            changes.append(Change(path.strip(), _value(path.strip(), text, flag), (flag, 0, "")))
        except InputError as error:
            problems += error.problems
    changes += [
        Change(path, value, (f"--{name}", 0, "")) for name, (path, value) in short_forms.items() if value is not None
    ]
    counts = Counter(change.path for change in changes)
    for path in (path for path, count in counts.items() if count > 1):
        flags = [change.place[0] for change in changes if change.path == path]
        problems.append(Problem(flags[0], 0, "", f"{path} is set {counts[path]} times", "keep one"))
    if problems:
        raise InputError(problems)
    return tuple(changes)


def _value(path: str, text: str, flag: str) -> Any:
    """A value in YAML; files that exist from here are meant from here, not from beside the scenario."""
    value = plain_value(text, flag)
    if path in _OF_PATHS and isinstance(value, str) and Path(value).exists():
        return str(Path(value).resolve())
    return value
