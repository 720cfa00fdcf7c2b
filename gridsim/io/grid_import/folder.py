"""An import as a network folder: its tables, their origin row by row, and the operating point of the source."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.defaults import SOURCE as OUTAGES
from gridsim.io.grid_import.imported import Imported
from gridsim.io.schemas import TABLES
from gridsim.io.write_network import write_network

POINT_FILE = "points/as_imported.csv"
_CONFIDENCE = {"generators": "assumed", "load_classes": "assumed"}  # of the others: derived from the source
_NOTE = """Written by gridsim import. Every row says in its columns source and confidence where it comes from;
what no source tells (fuel, outages, value of lost load) is assumed."""


def write_folder(imported: Imported, folder: Path) -> None:
    """Write the network folder; the point of the source, MW of machines and stores, goes into ``points/``."""
    outages = any(row.get("mttf_h") for row in imported.tables["lines"] + imported.tables["generators"])
    source = {
        "key": "IMPORT",
        "title": imported.report.source or imported.meta["description"],
        "licence": imported.meta.get("licence") or "not stated by the source",
    }
    tables: dict[str, list[Cells]] = {}
    for table, rows in imported.tables.items():
        sourced = "source" in TABLES[table].row.model_fields
        tables[table] = [row | _origin(table, row) for row in rows] if sourced else rows
    tables["sources"] = [source, *([OUTAGES] if outages else [])]
    write_network(folder, imported.meta, tables, note=_NOTE)
    write_point(folder, imported.point_mw, imported.storage_mw)


def write_point(folder: Path, machine_mw: Mapping[str, float], storage_mw: Mapping[str, float]) -> None:
    """Write the operating point of the source beside its tables."""
    path = folder / POINT_FILE
    path.parent.mkdir()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("table", "name", "p_mw"))
        for name, p_mw in machine_mw.items():
            writer.writerow(("generators", name, repr(float(p_mw))))
        for name, p_mw in storage_mw.items():
            writer.writerow(("storages", name, repr(float(p_mw))))


def _origin(table: str, row: Cells) -> dict[str, Any]:
    key = "IMPORT; RTS79" if row.get("mttf_h") else "IMPORT"
    return {"source": key, "confidence": _CONFIDENCE.get(table, "derived")}
