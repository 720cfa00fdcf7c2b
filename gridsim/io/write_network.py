"""Rows of tables -> network folder: network.yaml and one CSV per table, columns that hold something."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gridsim.errors import InputError, Problem
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import SourcedRow

SCHEMA_VERSION = 1


def write_network(
    folder: Path, meta: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]], *, note: str = ""
) -> None:
    """Write a network folder that is not there yet; ``note``: comment at the head of network.yaml.

    Numbers are written so that reading gives the same ones to the last bit.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise InputError([Problem(str(folder), 0, "", "exists", "give a folder that is not there yet")]) from None
    except OSError as error:
        mend = "choose another folder"
        raise InputError([Problem(str(folder), 0, "", f"not writable: {error.strerror}", mend)]) from None
    head = "".join(f"# {line}\n" for line in note.splitlines())
    text = yaml.safe_dump({"schema_version": SCHEMA_VERSION, **meta}, sort_keys=False, allow_unicode=True, width=110)
    (folder / "network.yaml").write_text(head + text, encoding="utf-8")
    for table, rows in tables.items():
        if rows or TABLES[table].required:
            write_table(folder / f"{table}.csv", table, rows)


def write_table(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one table, columns in the order of the format."""
    used = {column for row in rows for column, value in row.items() if value is not None}
    fields = TABLES[table].row.model_fields
    columns = [column for column, field in fields.items() if column in used or field.is_required()]
    columns.sort(key=lambda column: column in SourcedRow.model_fields)  # the origin of a row at its end
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
