"""Outage data for imports that have none: the values of the IEEE Reliability Test System 1979."""

from __future__ import annotations

from gridsim.io.grid_import.imported import NO_OUTAGES, Imported
from gridsim.io.grid_import.report import Fate

#: Largest MW of a class of machines, mean time to failure and to repair (RTS-79, table 6).
MACHINES = (
    (12.0, 2940.0, 60.0),
    (20.0, 450.0, 50.0),
    (50.0, 1980.0, 20.0),
    (76.0, 1960.0, 40.0),
    (100.0, 1200.0, 50.0),
    (155.0, 960.0, 40.0),
    (197.0, 950.0, 50.0),
    (350.0, 1150.0, 100.0),
    (float("inf"), 1100.0, 150.0),
)
LINE_RATE_PER_YEAR, LINE_REPAIR_H = 0.4, 10.0  # permanent outages of its 138 and 230 kV lines (table 11)
TRANSFORMER_RATE_PER_YEAR, TRANSFORMER_REPAIR_H = 0.02, 768.0
SOURCE = {
    "key": "RTS79",
    "title": "IEEE RTS Task Force, IEEE Reliability Test System, IEEE Trans. PAS-98(6), 2047-2054, 1979",
    "url": "https://doi.org/10.1109/TPAS.1979.319398",
    "licence": "facts",
}


def add_outage_defaults(imported: Imported) -> None:
    """Give every machine, line and transformer of an import the outage data of its class."""
    imported.report.withdraw(NO_OUTAGES)
    branches = (
        ("lines", "line", LINE_RATE_PER_YEAR, LINE_REPAIR_H),
        ("transformers", "trafo", TRANSFORMER_RATE_PER_YEAR, TRANSFORMER_REPAIR_H),
    )
    for table, element, rate, repair_h in branches:
        rows = [row for row in imported.tables[table] if not row.get("equivalent")]
        for row in rows:
            row |= {"mttf_h": 8760.0 / rate - repair_h, "mttr_h": repair_h}
        if rows:
            how = f"{rate:g} outages a year of {repair_h:g} h (RTS-79)"
            imported.report.add(Fate.ASSUMED, element, f"{len(rows)} {table}", how)
    machines = [row for row in imported.tables["generators"] if row["p_max_mw"] > 0.0]
    for row in machines:
        _, mttf_h, mttr_h = next(entry for entry in MACHINES if row["p_max_mw"] <= entry[0])
        row |= {"mttf_h": mttf_h, "mttr_h": mttr_h}
    if machines:
        imported.report.add(Fate.ASSUMED, "gen", f"{len(machines)} machines", "outages by size (RTS-79)")
