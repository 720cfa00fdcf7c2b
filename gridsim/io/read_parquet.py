"""Parquet table of a network folder: the columns, ranges and messages of its CSV, checked column by column.

A column is looked at as a whole; only rows that may be wrong go through the checks of single rows, which say what is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from gridsim.errors import Problem, nearest
from gridsim.io.raw_table import Coded, ColumnTable, RawTable
from gridsim.io.schemas.column import Row
from gridsim.io.validation import validate

_MOST_TOLD = 1000  # rows of one table whose faults are told
_FIRST = 2  # a CSV has its header on line 1
_BREAKS = {"ge": np.less, "gt": np.less_equal, "le": np.greater, "lt": np.greater_equal}


def read_parquet_table(path: Path, row_model: type[Row]) -> tuple[RawTable, list[Problem]]:
    """Rows of one Parquet table, and what is wrong with it; lines are counted as in a CSV with a header."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = str(path)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        what = f"not readable as Parquet: {str(error).splitlines()[0]}"
        return RawTable(file, [], True), [Problem(file, 0, "", what, "write the table anew")]
    problems = _header(file, table.schema, row_model)
    if problems:
        return RawTable(file, [], True), problems
    columns: dict[str, NDArray[Any] | Coded] = {}
    doubtful = np.zeros(table.num_rows, dtype=bool)
    for name in table.column_names:
        columns[name], odd = _column(table.column(name), row_model.model_fields[name])
        doubtful |= odd
    for position in np.flatnonzero(doubtful)[:_MOST_TOLD].tolist():
        cells = {name: table.column(name)[position].as_py() for name in table.column_names}
        _, faults = validate(row_model, {name: cell for name, cell in cells.items() if cell not in (None, "")})
        problems += [Problem(file, position + _FIRST, column, what, mend) for column, what, mend in faults]
    numbers = np.arange(table.num_rows, dtype=np.int64) + _FIRST
    return ColumnTable(file, row_model, columns, numbers, bool(problems)), problems


def _header(file: str, schema: Any, row_model: type[Row]) -> list[Problem]:
    names, fields = list(schema.names), row_model.model_fields
    problems = [Problem(file, 1, name, "unknown column", nearest(name, fields)) for name in names if name not in fields]
    problems += [
        Problem(file, 1, name, "column given twice", "keep one") for name in set(names) if names.count(name) > 1
    ]
    problems += [
        Problem(file, 1, name, "missing column", field.description or "add it")
        for name, field in fields.items()
        if field.is_required() and name not in names
    ]
    for name, kind in zip(names, schema.types, strict=True):
        if name in fields and _kind(kind) != (wanted := _wanted(fields[name])):
            problems.append(Problem(file, 1, name, f"is of type {kind}", f"write it as {wanted}"))
    return problems


def _kind(kind: Any) -> str:
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_floating(kind) or types.is_integer(kind):
        return "numbers"
    return "true and false" if types.is_boolean(kind) else "text"


def _wanted(field: FieldInfo) -> str:
    kinds = _kinds(field.annotation)
    if kinds & {float, int}:
        return "numbers"
    return "true and false" if bool in kinds else "text"


def _column(chunks: Any, field: FieldInfo) -> tuple[NDArray[Any] | Coded, NDArray[np.bool_]]:
    """(cells with empty ones as the default, rows that the checks of single rows must look at)."""
    empty = np.asarray(chunks.is_null())
    default: Any = None if field.is_required() else field.get_default()
    if _wanted(field) == "text":
        return _texts(chunks, default, field)
    if _wanted(field) == "true and false":
        return np.asarray(chunks.fill_null(bool(default))), empty & field.is_required()
    values = np.asarray(chunks.to_numpy(), dtype=np.float64)
    odd = ~np.isfinite(values)
    for bound in field.metadata:
        for name, breaks in _BREAKS.items():
            if hasattr(bound, name):
                odd |= breaks(values, getattr(bound, name))
    if float not in _kinds(field.annotation):
        odd |= values != np.round(values)
        values = np.where(np.isfinite(values), values, 0.0).astype(np.int64)
    if not field.is_required():
        odd &= ~empty
        values = np.where(empty, default, values) if empty.any() else values
    return values, odd


def _texts(chunks: Any, default: Any, field: FieldInfo) -> tuple[Coded, NDArray[np.bool_]]:
    cells = chunks.cast("string").combine_chunks().fill_null("").dictionary_encode()
    values = cells.dictionary.to_pylist()
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    fine = [
        not field.is_required() if text == "" else text == text.strip() and (not choices or text in choices)
        for text in values
    ]
    code = np.asarray(cells.indices, dtype=np.int64)
    texts = [text or (default or "") for text in values]
    return Coded(texts, code), ~np.array(fine, dtype=bool)[code]


def _kinds(annotation: Any) -> set[Any]:
    return {annotation} | {kind for inner in get_args(annotation) for kind in _kinds(inner)}
