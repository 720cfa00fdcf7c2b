"""Values of result tables at a time."""

from __future__ import annotations

from gridsim.engine.run import RunResult


def value_at(result: RunResult, table: str, name: str, column: str, time_h: float) -> float:
    """``column`` of the row ``name`` whose interval contains ``time_h``; exactly one row must."""
    rows = result.tables[table]
    hit = (rows["name"] == name) & (rows["time_h"] <= time_h) & (rows["time_h"] + rows["duration_h"] > time_h)
    assert hit.sum() == 1, f"{hit.sum()} rows of {table} named {name} contain {time_h} h"
    return float(rows[column][hit][0])
