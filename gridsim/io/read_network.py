"""Network folder -> GridSystem. Collects the problems of all tables, then raises one InputError."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.build_system import build_system
from gridsim.io.bundled import bundled_folder, network_folder, variant_names
from gridsim.io.raw_table import RawTable
from gridsim.io.read_parquet import read_parquet_table
from gridsim.io.read_variant import Variant
from gridsim.io.schemas import TABLES, TableSchema
from gridsim.io.schemas.carriers import GasKeys
from gridsim.io.schemas.column import Effect, Row, column
from gridsim.io.schemas.planning import PlanningDayKeys
from gridsim.io.texts import MEND_CONTROL, control_character
from gridsim.io.validation import validate
from gridsim.io.yaml_lines import YamlDocument, read_yaml
from gridsim.model.system import GridSystem

SCHEMA_VERSION = 1
_MEND_CSV = "close the quote, or shorten the cell"


class NetworkMeta(Row):
    """``network.yaml``: what the tables have in common."""

    schema_version: int = column("Version of this format", ge=1, le=SCHEMA_VERSION)
    name: str = column("Name of the system")
    title: str = column("Name for people", "", effect=Effect.LABEL)
    description: str = column("One paragraph", "", effect=Effect.LABEL)
    country: str = column("ISO 3166 code", "", effect=Effect.LABEL)
    timezone: str = column("Fixed offset from UTC, such as UTC+05:00", "UTC")
    f_hz: float = column("Rated frequency", 50.0, unit="Hz")
    zones: tuple[str, ...] = column("Zones in reporting order")
    reserve_mw: dict[str, float] = column("Spinning reserve per zone that commitment covers", {}, unit="MW", items=True)
    loss_share: float = column("Network losses as a share of demand at the bus", 0.0, ge=0, lt=0.5)
    load_damping_pu: float = column(
        "Change of load per change of frequency, both per unit, in the first minutes (1.0-2.5)", 1.5, ge=0, le=4
    )
    base_year: int = column("Year the base state describes; 0: unknown", 0, unit="year", ge=0)
    hourly_year: int = column(
        "Calendar year of hourly_profiles.csv, whose runs take its values hour by hour; 0: a sample year that starts "
        "on a Monday, for sampled years only",
        0,
        ge=0,
        le=2200,
    )
    gas: GasKeys = column("The gas and the laws of its flow", GasKeys())
    planning_day: PlanningDayKeys | None = column("Load of the planning day; without it there is none", None)
    licence: str = column("Licence of the data", "", effect=Effect.LABEL)


def read_network(folder: str | Path, variant: str = "") -> GridSystem:
    """Read a bundled network by name or a folder (``network.yaml`` and tables in CSV or Parquet) by path.

    ``variant``: one of its ``variants/NAME.yaml``, laid over the tables; empty: the network as it stands.
    Columns and tables that have no effect are ``warnings`` of the system. A bundled network is read once in a process
    while its files stay as they are: a system is read-only.
    Raises InputError with every problem of every table, places given as ``folder/table.csv:row``.
    """
    folder = network_folder(str(folder))
    if folder.parent != bundled_folder("networks"):
        return _read(folder, variant)
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".csv", ".parquet", ".yaml"))
    return _read_bundled(folder, variant, tuple((str(path), *_age_and_size(path)) for path in files))


def _age_and_size(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4)
def _read_bundled(folder: Path, variant: str, files: tuple[tuple[str, int, int], ...]) -> GridSystem:
    """The network while ``files`` are what they are."""
    return _read(folder, variant)


def _read(folder: Path, variant: str) -> GridSystem:
    meta_path = folder / "network.yaml"
    document = read_yaml(meta_path)[1]
    overlay = None
    if variant:
        known = variant_names(folder)
        if variant not in known:
            raise InputError([Problem(str(folder), 0, "", f"has no variant '{variant}'", nearest(variant, known))])
        overlay = Variant(folder / "variants" / f"{variant}.yaml")
        document = overlay.meta(document)
    meta, problems = _meta(document)
    tables: dict[str, RawTable] = {}
    for name, schema in TABLES.items():
        tables[name], table_problems = _table_of_folder(folder, name, schema)
        problems += table_problems
    if overlay is not None:
        problems += overlay.overlay(tables)
    problems += [
        Problem(str(path), 0, "", "not a table of the format", nearest(path.stem, TABLES) + " or move it elsewhere")
        for path in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")])
        if path.stem not in TABLES
    ]
    if meta is None:
        raise InputError(problems)
    return build_system(meta.model_dump(), str(meta_path), tables, problems)


def _table_of_folder(folder: Path, name: str, schema: TableSchema) -> tuple[RawTable, list[Problem]]:
    """A table of a folder, as CSV or Parquet; without a file it has no rows."""
    path, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    if parquet.is_file():
        if path.is_file():
            what = f"stands beside {path.name}"
            return RawTable(str(parquet), [], True), [Problem(str(parquet), 0, "", what, "keep one of the two")]
        return read_parquet_table(parquet, schema.row)
    if path.is_file():
        return read_table(path, schema.row)
    missing = [Problem(str(path), 0, "", "missing", f"every network has a table {path.name}")]
    return RawTable(str(path), []), missing if schema.required else []


def system_from_tables(meta: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> GridSystem:
    """A system from rows in memory: ``meta`` as network.yaml, ``tables`` as table name -> rows (dicts).

    The same checks as for a folder; places read ``<table>:row`` with the first row 2, as in a file.
    """
    document = YamlDocument("<network>", {"schema_version": SCHEMA_VERSION, **meta})
    valid_meta, problems = _meta(document)
    raw: dict[str, RawTable] = {}
    for name, schema in TABLES.items():
        rows = tables.get(name, ())
        raw[name], table_problems = _validate_rows(
            f"<{name}>", [(position + 2, row) for position, row in enumerate(rows)], schema.row
        )
        problems += table_problems
    problems += [
        Problem("<network>", 0, name, "not a table of the format", nearest(name, TABLES))
        for name in tables
        if name not in TABLES
    ]
    if valid_meta is None:
        raise InputError(problems)
    return build_system(valid_meta.model_dump(), "<network>", raw, problems)


def _meta(document: YamlDocument) -> tuple[NetworkMeta | None, list[Problem]]:
    meta, faults = validate(NetworkMeta, document.data)
    return meta, [document.problem(tuple(column.split(".")), what, mend) for column, what, mend in faults]


def read_table(path: Path, row_model: type[Row]) -> tuple[RawTable, list[Problem]]:
    """Rows of one CSV table with their line numbers, and what is wrong with it."""
    file = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return RawTable(file, []), [Problem(file, 0, "", f"not readable: {error.strerror}", "give read permission")]
    except UnicodeDecodeError as error:
        return RawTable(file, []), [Problem(file, 0, "", f"not UTF-8 at byte {error.start}", "save the table as UTF-8")]
    if odd := control_character(text):
        return RawTable(file, []), [Problem(file, odd[0], "", f"control character {odd[1]}", MEND_CONTROL)]
    reader = csv.reader(text.splitlines(keepends=True))
    try:
        header = next(reader, None)
    except csv.Error as error:
        return RawTable(file, []), [Problem(file, 1, "", f"not readable as CSV: {error}", _MEND_CSV)]
    if header is None:
        return RawTable(file, []), [Problem(file, 1, "", "no header", "the first line names the columns")]
    header = [name.strip() for name in header]
    problems = []
    fields = row_model.model_fields
    for name in header:
        if name not in fields:
            problems.append(Problem(file, 1, name, "unknown column", nearest(name, fields)))
        elif header.count(name) > 1:
            problems.append(Problem(file, 1, name, "column given twice", "keep one"))
    for name, field in fields.items():
        if field.is_required() and name not in header:
            problems.append(Problem(file, 1, name, "missing column", field.description or "add it"))
    if problems:
        return RawTable(file, []), sorted(set(problems))
    rows: list[tuple[int, dict[str, Any]]] = []
    records = iter(reader)
    while True:
        try:
            cells = next(records, None)
        except csv.Error as error:
            problems.append(Problem(file, reader.line_num, "", f"not readable as CSV: {error}", _MEND_CSV))
            break
        if cells is None:
            break
        number = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(
                Problem(file, number, "", f"{len(cells)} cells under {len(header)} columns", "quote cells with commas")
            )
            continue
        rows.append((number, {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}))
    table, row_problems = _validate_rows(file, rows, row_model)
    return table, problems + row_problems


def _validate_rows(file: str, rows: Sequence[tuple[int, Any]], row_model: type[Row]) -> tuple[RawTable, list[Problem]]:
    table = RawTable(file, [])
    problems = []
    for number, values in rows:
        if not isinstance(values, Mapping):
            problems.append(Problem(file, number, "", f"{values!r} is not a row", "give a dict of its columns"))
            table.broken = True
            continue
        row, faults = validate(row_model, values)
        problems += [Problem(file, number, column, what, mend) for column, what, mend in faults]
        if row is not None:
            table.rows.append((number, row))
        else:
            table.broken = True
    return table, problems
