"""A variant of a network: ``variants/NAME.yaml`` in its folder adds, retires, changes and scales rows of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.raw_table import RawTable
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Row, column
from gridsim.io.validation import validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml


class VariantKeys(Row):
    """``variants/NAME.yaml``: what differs from the network as it stands."""

    schema_version: int = column("Version of this format", ge=1, le=1)
    description: str = column("What it stands for, and from where", "")
    history: bool = column("Stands for a known day or year: every row needs a source, at most 20 rows", False)
    sources: dict[str, dict[str, str]] = column(
        "Keys of sources.csv for what it changes: table: row (of scale: column; of network.yaml: key): source; "
        "an added row has its own column",
        {},
    )
    network: dict[str, Any] = column("Keys of network.yaml with other values", {})
    add: dict[str, tuple[dict[str, Any], ...]] = column("Rows added: table: list of rows as in its CSV", {})
    retire: dict[str, tuple[str, ...]] = column("Rows taken out: table: names", {})
    change: dict[str, dict[str, dict[str, Any]]] = column("Cells changed: table: name: column: value", {})
    scale: dict[str, dict[str, float]] = column("Whole columns multiplied: table: column: factor", {})


MOST_ROWS = 20
"""Rows in which a variant of a known day may differ: with more of them it could be tuned to that day."""


class Line(int):
    """The number of a line in another file than the table's own."""

    file: str

    def __new__(cls, number: int, file: str) -> Line:
        line = super().__new__(cls, number)
        line.file = file
        return line


class Variant:
    """The overlay in one file. Problems of all its parts are collected before anything is raised."""

    def __init__(self, path: Path):
        self.document = read_yaml(path)[1]
        keys, faults = validate(VariantKeys, self.document.data)
        if keys is None:
            raise InputError([self.document.problem(_path(where), what, mend) for where, what, mend in faults])
        self.keys = keys

    def meta(self, document: YamlDocument) -> YamlDocument:
        """``network.yaml`` with the variant's keys."""
        for name, value in self.keys.network.items():
            place = (self.document.file, self.document.line(("network", name)), f"network.{name}")
            document = document.replaced(name, value, place)
        return document

    def overlay(self, tables: dict[str, RawTable]) -> list[Problem]:
        """Change ``tables``; returns what is wrong with the variant."""
        problems = self._unsourced(tables)
        for part in ("retire", "change", "scale", "add"):
            for name, requested in getattr(self.keys, part).items():
                if name not in TABLES:
                    problems.append(self._problem((part, name), "not a table of the format", nearest(name, TABLES)))
                elif part in ("retire", "change") and not TABLES[name].key:
                    mend = "its rows are members of groups: put the whole table into a network folder of its own"
                    problems.append(self._problem((part, name), "has no rows with a name of their own", mend))
                else:
                    problems += getattr(self, f"_{part}")(name, tables[name], requested)
        return problems

    def _rows(self) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
        """Everything that it changes: place in the file, table and name by which ``sources`` calls it."""
        for key in self.keys.network:
            yield ("network", key), "network", key
        for part in ("retire", "change", "scale", "add"):
            for table, requested in getattr(self.keys, part).items():
                for position, item in enumerate(requested):
                    listed = part in ("retire", "add")
                    name = str(position) if part == "add" else item
                    yield (part, table, position if listed else item), table, name

    def _unsourced(self, tables: dict[str, RawTable]) -> list[Problem]:
        """Faults of ``sources``; of a variant of a known day rows without a source and too many rows as well."""
        problems: list[Problem] = []
        known = {row.key for _, row in tables["sources"].rows}
        known |= {str(row.get("key", "")) for row in self.keys.add.get("sources", ())}
        rows = list(self._rows())
        named = {(table, name) for path, table, name in rows if path[0] != "add"}
        for table, sources in self.keys.sources.items():
            for name, source in sources.items():
                if (table, name) not in named:
                    mend = nearest(name, [other for of, other in named if of == table])
                    problems.append(self._problem(("sources", table, name), "is not changed by this variant", mend))
                problems += [
                    self._problem(("sources", table, name), f"'{key}' is not in sources", nearest(key, known))
                    for key in filter(None, source.replace(" ", "").split(";"))
                    if key not in known
                ]
        if not self.keys.history:
            return problems
        rows = [row for row in rows if row[1] != "sources"]
        for path, table, name in rows:
            own = self.keys.add[table][int(name)].get("source") if path[0] == "add" else None
            if not own and not self.keys.sources.get(table, {}).get(name):
                column = "write it into the row" if path[0] == "add" else f"write it as sources: {table}: {name}"
                mend = f"{column}: what no source names for that day stays as it is"
                problems.append(self._problem(path, "has no source, and the variant is one of a known day", mend))
        if len(rows) > MOST_ROWS:
            mend = f"change at most {MOST_ROWS}: with more of them any day could be met"
            problems.append(self._problem(("history",), f"{len(rows)} rows differ", mend))
        return problems

    def _problem(self, path: tuple[str | int, ...], value: str, mend: str) -> Problem:
        return self.document.problem(path, value, mend)

    def _missing(self, part: str, name: str, table: RawTable, requested: Any) -> Iterator[Problem]:
        key = TABLES[name].key
        known = [getattr(row, key) for _, row in table.rows]
        for position, item in enumerate(requested):
            if item not in known and not table.broken:
                path = (part, name, item if part == "change" else position)
                yield self._problem(path, f"'{item}' is not in {name}", nearest(item, known))

    def _retire(self, name: str, table: RawTable, requested: tuple[str, ...]) -> list[Problem]:
        problems = list(self._missing("retire", name, table, requested))
        key = TABLES[name].key
        table.rows = [(number, row) for number, row in table.rows if getattr(row, key) not in requested]
        return problems

    def _change(self, name: str, table: RawTable, requested: dict[str, dict[str, Any]]) -> list[Problem]:
        problems = list(self._missing("change", name, table, requested))
        key = TABLES[name].key
        for position, (_, row) in enumerate(table.rows):
            item = getattr(row, key)
            if item in requested:
                path = ("change", name, item)
                table.rows[position] = self._row(name, {**_cells(row), **requested[item]}, path, row, problems)
        return problems

    def _scale(self, name: str, table: RawTable, requested: dict[str, float]) -> list[Problem]:
        problems: list[Problem] = []
        fields = TABLES[name].row.model_fields
        for cells, factor in requested.items():
            path = ("scale", name, cells)
            if cells not in fields:
                problems.append(self._problem(path, "unknown column", nearest(cells, fields)))
                continue
            if "float" not in str(fields[cells].annotation):
                problems.append(self._problem(path, "not a column of numbers", "scale MW, days, lengths and the like"))
                continue
            for position, (_, row) in enumerate(table.rows):
                value = getattr(row, cells)
                if value is not None:
                    scaled = {**_cells(row), cells: value * factor}
                    table.rows[position] = self._row(name, scaled, path, row, problems)
        return problems

    def _add(self, name: str, table: RawTable, requested: tuple[dict[str, Any], ...]) -> list[Problem]:
        problems: list[Problem] = []
        for position, cells in enumerate(requested):
            number, row = self._row(name, cells, ("add", name, position), None, problems)
            if row is not None:
                table.rows.append((number, row))
        return problems

    def _row(
        self, name: str, cells: dict[str, Any], path: tuple[str | int, ...], old: Any, problems: list[Problem]
    ) -> tuple[int, Any]:
        row, faults = validate(TABLES[name].row, cells)
        problems += [self._problem((*path, column), what, mend) for column, what, mend in faults]
        return Line(self.document.line(path), self.document.file), old if row is None else row


def _cells(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.model_fields_set}


def _path(column: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in column.split("."))
