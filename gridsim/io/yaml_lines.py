"""Reads YAML as plain data and remembers on which line each key stands; never builds objects from tags."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.texts import CONTROL, MEND_CONTROL

KeyPath = tuple[str | int, ...]

DEEPEST = 50
MOST_NODES = 100_000
LONGEST_INTEGER_BITS = 256
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map"))


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
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InputError([Problem(file, 1, "", "not a mapping", "write keys and values, 'name: ...' first")])
        lines, problems = _lines(node, file)
        if problems:
            raise InputError(problems)
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if isinstance(error, yaml.reader.ReaderError):
            row = text.count("\n", 0, error.position) + 1
            reason = f"{chr(error.character)!r}: {error.reason}" if isinstance(error.character, int) else error.reason
        else:
            row = mark.line + 1 if mark is not None else 1
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        mend = error.mend if isinstance(error, _NotPlain) else "mend the syntax here"
        raise InputError([Problem(file, row, "", f"not readable as YAML: {reason}", mend)]) from None
    return YamlDocument(file, data, lines)


def plain_value(text: str, file: str) -> Any:
    """One value as a YAML file would give it. InputError for text that is not YAML, ``file`` says where it stands."""
    try:
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError([Problem(file, 0, "", f"not readable as YAML: {reason}", "mend the value")]) from None


class _NotPlain(yaml.MarkedYAMLError):
    """Something that is YAML and no plain value."""

    def __init__(self, what: str, mend: str, mark: yaml.Mark):
        super().__init__(None, None, what, mark)
        self.mend = mend


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that leaves dates as text (times are parsed where their meaning is known), and ``off`` too.

    What it cannot build, and what is nested too deeply, is an error of the file with a line.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The node at the current event, and those in it."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise _NotPlain(f"nested more than {DEEPEST} deep", "close the brackets", self.peek_event().start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node."""
        if node.tag not in _PLAIN_TAGS:
            raise _NotPlain(f"tag {node.tag}", "write a plain value without a tag", node.start_mark)
        try:
            value = super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            value = None
            built = False
        else:
            built = not (isinstance(value, int) and value.bit_length() > LONGEST_INTEGER_BITS)
        if not built:
            what = f"'{str(node.value)[:40]}' is not a value of its kind"
            raise _NotPlain(what, "write a number, or a text in quotes", node.start_mark)
        return value


_LEFT_AS_TEXT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag not in _LEFT_AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


def _lines(node: yaml.Node, file: str) -> tuple[dict[KeyPath, int], list[Problem]]:
    """Line of every key path, and what is wrong with keys and texts."""
    walk = _Walk(file)
    try:
        walk.visit(node, (), ())
    except _TooMany as error:
        what = f"more than {MOST_NODES} values, aliases counted as often as they are used"
        return {}, [Problem(file, error.line, "", what, "write fewer values, or tables as CSV")]
    return walk.lines, walk.problems


class _TooMany(Exception):
    def __init__(self, line: int):
        self.line = line


class _Walk:
    """Visits every node as often as it is used; what visits too many stops there."""

    def __init__(self, file: str):
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._visited = 0

    def _problem(self, row: int, path: KeyPath, value: str, mend: str) -> None:
        self.problems.append(Problem(self.file, row, ".".join(map(str, path)), value, mend))

    def visit(self, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> None:
        """A node at ``path``, inside the nodes ``above``."""
        row = node.start_mark.line + 1
        self._visited += 1
        if self._visited > MOST_NODES:
            raise _TooMany(self.lines.get(path[:1], row))
        self.lines.setdefault(path, row)
        if id(node) in above:
            self._problem(row, (), "contains itself", "write the values out")
            return
        above = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, path, above)
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(node.value):
                self.lines[(*path, position)] = item.start_mark.line + 1
                self.visit(item, (*path, position), above)
        elif CONTROL.search(str(node.value)):
            self._problem(row, path, f"{str(node.value)[:40]!r} holds a control character", MEND_CONTROL)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> None:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            row = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(row, (), "a key that is not text", "write 'key: value'")
                continue
            key = str(key_node.value)
            if key_node.tag not in _KEY_TAGS:
                self._problem(row, (*path, key), "a key that is not text", f"put it in quotes: '{key}'")
            if CONTROL.search(key):
                self._problem(row, (*path, key), "holds a control character", MEND_CONTROL)
            if key in seen:
                self._problem(row, (*path, key), "given twice", "keep one")
            seen.add(key)
            self.lines[(*path, key)] = row
            self.visit(value_node, (*path, key), above)
