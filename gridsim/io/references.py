"""References between the tables of a network folder: names to point to, and pointers that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gridsim.errors import Problem, nearest
from gridsim.io.raw_table import RawTable
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Row
from gridsim.model.system import EXTERNAL


def allowed_names(
    meta: Mapping[str, Any], tables: Mapping[str, RawTable], problems: list[Problem]
) -> dict[str, list[str]]:
    """Allowed values of every reference, in row order; duplicates become problems."""
    names: dict[str, list[str]] = {"zones": list(meta["zones"])}
    for table_name, schema in TABLES.items():
        if not schema.key:
            continue
        table = tables[table_name]
        seen: dict[str, int] = {}
        for number, row in table.rows:
            name = getattr(row, schema.key)
            if name in seen:
                problems.append(
                    table.problem(number, schema.key, f"'{name}' stands in row {seen[name]} too", "names are unique")
                )
            seen.setdefault(name, number)
        names[table_name] = list(seen)
    for group, column in (
        ("profiles", "profile"),
        ("heat_curves", "curve"),
        ("outage_curves", "curve"),
        ("rating_curves", "curve"),
        ("interfaces", "interface"),
    ):
        names[group] = tables[group].coded(column).values
    names["plants"] = sorted({row.plant or row.name for _, row in tables["generators"].rows})
    return names


def references(row_model: type[Row]) -> Iterator[tuple[str, str]]:
    """(column, table it points to) of a row model."""
    for column, field in row_model.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "ref" in extra:
            yield column, str(extra["ref"])


def check_references(tables: Mapping[str, RawTable], names: Mapping[str, list[str]]) -> list[Problem]:
    """Cells that name something which is not there."""
    problems = []
    for table_name, schema in TABLES.items():
        table = tables[table_name]
        for column, target in references(schema.row):
            if target in tables and tables[target].broken:
                continue  # the target's own problem is reported; its absence here would be noise
            known = {*names[target], ""} | ({EXTERNAL} if target == "zones" else set())
            if known.issuperset(table.coded(column).values):
                continue
            for number, row in table.rows:
                value = getattr(row, column)
                if value not in known:
                    mend = nearest(value, names[target])
                    problems.append(table.problem(number, column, f"'{value}' is not in {target}", mend))
    return problems
