"""Reads YAML as plain data and remembers on which line each key stands; never builds objects from tags."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gridsim.errors import InputError, Problem, nearest

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlDocument:
    """``data``: dicts, lists and scalars; ``lines``: line number of each key path, () for the document.

    ``places``: file, line and key of values that another file has put here.
    """

    file: str
    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    places: dict[KeyPath, tuple[str, int, str]] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int:
        """Line of ``path`` or of its nearest known parent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: KeyPath, value: str, mend: str) -> Problem:
        """A Problem at ``path``."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return Problem(*self.places[path[:length]], value, mend)
        inside = [place for known, place in self.places.items() if known[: len(path)] == path]
        if path and path not in self.lines and inside:  # the file does not have this key: only the value put inside it
            return Problem(*inside[0], value, mend)
        return Problem(self.file, self.line(path), ".".join(str(part) for part in path), value, mend)

    def part(self, path: KeyPath) -> YamlDocument:
        """The mapping at ``path`` as a document of its own; problems keep their lines."""
        data: Any = self.data
        for step in path:
            data = data[step]
        n = len(path)
        return YamlDocument(self.file, data, {p[n:]: row for p, row in self.lines.items() if p[:n] == path})

    def replaced(self, path: str, value: Any, place: tuple[str, int, str]) -> YamlDocument:
        """A copy with ``value`` at a dotted path; an item of a list is named by its ``id`` or position.

        ``place``: file, line and key that say so; InputError there if the path leads nowhere.
        """
        data = copy.deepcopy(self.data)
        at: Any = data
        steps: list[str | int] = []
        parts = path.split(".")
        for position, step in enumerate(parts):
            last = position == len(parts) - 1
            if isinstance(at, list):
                names = [str(item.get("id", i)) if isinstance(item, dict) else str(i) for i, item in enumerate(at)]
                if step not in names:
                    above = ".".join(parts[:position])
                    raise InputError([Problem(*place, f"no '{step}' in {above} of {self.file}", nearest(step, names))])
                steps.append(names.index(step))
            elif isinstance(at, dict):
                steps.append(step)
                if not last:
                    at.setdefault(step, {})
            else:
                above = ".".join(parts[:position])
                raise InputError([Problem(*place, f"{above} has no parts in {self.file}", "shorten the path")])
            if last:
                at[steps[-1]] = copy.deepcopy(value)
            else:
                at = at[steps[-1]]
        return YamlDocument(self.file, data, self.lines, {**self.places, tuple(steps): place})


def read_yaml(path: Path) -> tuple[str, YamlDocument]:
    """Text and content of a YAML file; InputError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), 0, "", f"not readable: {error}", "give a UTF-8 text file")]) from None
    return text, parse_yaml(text, str(path))


def parse_yaml(text: str, file: str) -> YamlDocument:
    """Parse one mapping. InputError with the line for unreadable YAML, a repeated key, or anything but a mapping."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark is not None else 1
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError([Problem(file, row, "", f"not readable as YAML: {reason}", "mend the syntax here")]) from None
    if node is None or not isinstance(node, yaml.MappingNode):
        raise InputError([Problem(file, 1, "", "not a mapping", "write keys and values, 'name: ...' first")])
    lines: dict[KeyPath, int] = {}
    problems: list[Problem] = []
    _walk(node, (), lines, problems, file, ())
    if problems:
        raise InputError(problems)
    try:
        data = yaml.load(text, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark is not None else 1
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError([Problem(file, row, "", f"not plain data: {reason}", "write plain keys and values")]) from None
    return YamlDocument(file, data, lines)


def plain_value(text: str, file: str) -> Any:
    """One value as a YAML file would give it. InputError for text that is not YAML, ``file`` says where it stands."""
    try:
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError([Problem(file, 0, "", f"not readable as YAML: {reason}", "mend the value")]) from None


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text (times are parsed where their meaning is known), and ``off`` too."""


_LEFT_AS_TEXT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in _LEFT_AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


def _walk(
    node: yaml.Node,
    path: KeyPath,
    lines: dict[KeyPath, int],
    problems: list[Problem],
    file: str,
    above: tuple[int, ...],
) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        problems.append(Problem(file, node.start_mark.line + 1, "", "contains itself", "write the values out"))
        return
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key_node, value_node in node.value:
            row = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(Problem(file, row, "", "a key that is not text", "write 'key: value'"))
                continue
            key = str(key_node.value)
            if key in seen:
                problems.append(Problem(file, row, ".".join(map(str, (*path, key))), "given twice", "keep one"))
            seen.add(key)
            lines[(*path, key)] = row
            _walk(value_node, (*path, key), lines, problems, file, above)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[(*path, position)] = item.start_mark.line + 1
            _walk(item, (*path, position), lines, problems, file, above)
