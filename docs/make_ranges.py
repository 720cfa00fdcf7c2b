"""Writes gridsim/model/ranges.csv from the schemas: `python docs/make_ranges.py`. A test fails when it is out of date.

The model does not know the schemas of files; arrays that are changed in Python are held to their ranges by this table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from gridsim.io.read_network import NetworkMeta
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.carriers import GasKeys
from gridsim.io.schemas.column import Row

TABLE = Path(__file__).parents[1] / "gridsim" / "model" / "ranges.csv"
HEADER = ("table", "column", "low", "high", "low_open", "high_open", "may_be_empty", "points_to")


def main() -> None:
    TABLE.write_text(text(), encoding="utf-8")


def text() -> str:
    """The whole table."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    for name, model in (("network", NetworkMeta), ("gas", GasKeys), *((n, s.row) for n, s in TABLES.items())):
        writer.writerows(_rows(name, model))
    return file.getvalue()


def _rows(table: str, model: type[Row]) -> Iterator[tuple[object, ...]]:
    for column, field in model.model_fields.items():
        extra: Any = field.json_schema_extra or {}
        kinds = {field.annotation, *get_args(field.annotation)}
        signs = ("gt", "ge", "lt", "le")
        bounds = {sign: getattr(item, sign) for item in field.metadata for sign in signs if hasattr(item, sign)}
        if "ref" in extra:
            empty = not field.is_required() or extra["ref"] == "zones"  # abroad is no zone
            yield table, column, "", "", "", "", str(empty).lower(), extra["ref"]
        elif kinds & {int, float} and bounds:
            low, high = bounds.get("gt", bounds.get("ge")), bounds.get("lt", bounds.get("le"))
            opens = ("true" if "gt" in bounds else "false", "true" if "lt" in bounds else "false")
            yield table, column, f"{low:.10g}", f"{high:.10g}", *opens, str(type(None) in kinds).lower(), ""


if __name__ == "__main__":
    main()
