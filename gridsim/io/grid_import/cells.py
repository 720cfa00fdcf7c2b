"""Cells of pandapower tables: numbers that may be missing, names that may not serve, places on the map."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from gridsim.io.texts import name_fault

Cells = dict[str, Any]


def number(value: Any) -> float | None:
    """A float, or None where the cell is empty."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def number_or(value: Any, default: float) -> float:
    """A float, or ``default`` where the cell is empty."""
    found = number(value)
    return default if found is None else found


def true(value: Any) -> bool:
    """A cell that says yes; an empty one says no."""
    return value is not None and number_or(value, 0.0) != 0.0


def records(table: Any) -> Iterable[tuple[int, Cells]]:
    """(index, cells by column) of every row."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    for position, index in enumerate(indices(table.index)):
        yield index, {name: values[position] for name, values in columns.items()}


def indices(index: Iterable[Any]) -> list[int]:
    """Labels of a table's rows."""
    return [int(position) for position in index]


def names(table: Any, prefix: str) -> dict[int, str]:
    """Index -> name.

    The table's own names if they tell the elements apart and may stand in a result, else prefix and index.
    """
    own = table.get("name")
    if own is not None and bool(own.notna().all()):
        found = [str(name).strip() for name in own]
        if all(found) and len(set(found)) == len(found) and not any(name_fault(name) for name in found):
            return dict(zip(indices(table.index), found, strict=True))
    return {index: f"{prefix}_{index}" for index in indices(table.index)}


def place(geo: Any) -> Cells:
    """Longitude and latitude of a GeoJSON point, if they are such."""
    if not isinstance(geo, str) or not geo:
        return {}
    try:
        lon, lat = (float(value) for value in json.loads(geo)["coordinates"][:2])
    except (ValueError, KeyError, TypeError, IndexError):
        return {}
    return {"lon": lon, "lat": lat} if abs(lon) <= 180 and abs(lat) <= 90 else {}
