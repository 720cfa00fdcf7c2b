"""Outlines of regions and neighbours that a map is drawn on: ``outlines.json`` of a network folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem

_KEYS = ("source", "licence", "note", "regions", "countries")
_MEND = "give source, licence, note, regions and countries as networks/kazakhstan/outlines.json does, or remove it"


def read_outlines(folder: Path) -> dict[str, Any] | None:
    """``regions`` (name, oblasts, rings) and ``countries`` (name, rings), and their source; None without the file."""
    file = folder / "outlines.json"
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        shapes = [*found["regions"], *found["countries"]]
        whole = all(isinstance(found[key], str) for key in _KEYS[:3]) and all(
            isinstance(shape["name"], str) and all(len(point) == 2 for ring in shape["rings"] for point in ring)
            for shape in shapes
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError([Problem(str(file), 0, "", f"not read: {error}", _MEND)]) from None
    if not whole:
        raise InputError([Problem(str(file), 0, "", "not what outlines are made of", _MEND)])
    return {key: found[key] for key in _KEYS}
