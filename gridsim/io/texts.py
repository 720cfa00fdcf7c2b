"""Texts of the input that cannot be printed, typed or opened by other programs: refused at reading."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gridsim.errors import Problem
from gridsim.io.raw_table import RawTable
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Row

# Escapes that steer a terminal, and marks that reorder what is shown. Tabs and line ends are text.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MEND_CONTROL = "write it without control characters"
LONGEST_FOLDER_BYTES = 200  # file systems take 255
FORMULA = ("=", "+", "-", "@")
FREE = {"note", "source", "description", "url", "licence", "attribution"}  # never a cell of a result


def name_fault(name: str) -> tuple[str, str] | None:
    """(what is wrong, mend) of a name that no result can carry; None if nothing is."""
    if CONTROL.search(name) or any(mark in name for mark in "\t\n\r"):
        return f"{name!r} holds a control character", "write the name in one line without control characters"
    if len(name) > 1 and name.startswith(FORMULA):
        return f"'{name}' begins with '{name[0]}'", "spreadsheets would run it: begin with a letter or a number"
    return None


def folder_fault(name: str) -> tuple[str, str] | None:
    """(what is wrong, mend) of a name that no folder can have; None if one can."""
    length = len(name.encode("utf-8", "surrogatepass"))
    if length > LONGEST_FOLDER_BYTES:
        return (
            f"'{name[:40]}...' is {length} bytes long",
            f"shorten it to {LONGEST_FOLDER_BYTES}: folders bear this name",
        )
    return name_fault(name)


def check_texts(tables: Mapping[str, RawTable]) -> list[Problem]:
    """Names and titles that a result could not carry, and control characters in any text."""
    problems = []
    for table_name, schema in TABLES.items():
        table = tables[table_name]
        named, remarks = text_columns(schema.row)
        for column in named:
            bad = {text: fault for text in table.coded(column).values if (fault := name_fault(text))}
            if bad:
                problems += [
                    table.problem(number, column, *bad[text])
                    for number, row in table.rows
                    if (text := getattr(row, column)) in bad
                ]
        for column in remarks:
            problems += [
                table.problem(number, column, f"{getattr(row, column)[:40]!r} holds a control character", MEND_CONTROL)
                for number, row in table.rows
                if CONTROL.search(getattr(row, column))
            ]
    return problems


def text_columns(row_model: type[Row]) -> tuple[list[str], list[str]]:
    """Columns of names and titles, and of remarks; a reference is as good as the name that it points to."""
    texts = [
        name
        for name, field in row_model.model_fields.items()
        if field.annotation is str and "ref" not in dict(field.json_schema_extra or {})  # type: ignore[arg-type]
    ]
    return [name for name in texts if name not in FREE], [name for name in texts if name in FREE]


def control_character(text: str) -> tuple[int, str] | None:
    """(line, the character as an escape) of the first control character of a file's text."""
    found = CONTROL.search(text)
    return None if found is None else (text.count("\n", 0, found.start()) + 1, ascii(found[0]).strip("'"))
