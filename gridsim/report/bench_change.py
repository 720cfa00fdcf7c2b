"""Two self-checks of one machine: which figures changed by more than they vary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem
from gridsim.report.self_check import SCHEMA_VERSION
from gridsim.report.text_table import TextTable

#: A figure that moved by less is the same, however little it varied within each run.
LEAST_CHANGE = 0.1
#: Load average over cores above which a machine has other work, and no change is told.
BUSY = 0.5
#: Units of which more is better.
_MORE_IS_BETTER = ("years/s", "times")


@dataclass(frozen=True)
class Change:
    """One figure in both; ``verdict``: faster, slower, within noise, or not told of a busy machine."""

    name: str
    unit: str
    first: float
    second: float
    verdict: str


def read_bench(path: Path) -> dict[str, Any]:
    """The content of a file of ``gridsim bench --out``; InputError for anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            [Problem(str(path), 0, "", error.strerror or "not read", "name a file of bench --out")]
        ) from None
    except ValueError:
        raise InputError([Problem(str(path), 0, "", "not JSON", "name a file of gridsim bench --out")]) from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    if version != SCHEMA_VERSION:
        what = f"schema_version {version!r}, not {SCHEMA_VERSION}"
        raise InputError([Problem(str(path), 0, "", what, "write it again with gridsim bench --out of this version")])
    return found


def changes(first: dict[str, Any], second: dict[str, Any]) -> list[Change]:
    """Figures that both have. Changed: the medians differ by 10 %, and the ranges of the measurements are further apart
    than either is wide; of a machine with other work nothing is said.
    """
    busy = any(_busy(found) for found in (first, second))
    before = {figure["name"]: figure for figure in first["figures"]}
    found = []
    for figure in second["figures"]:
        if figure["name"] not in before:
            continue
        old = before[figure["name"]]
        gap = max(figure["low"] - old["high"], old["low"] - figure["high"])
        apart = gap > max(figure["high"] - figure["low"], old["high"] - old["low"])
        moved = abs(figure["value"] - old["value"]) > LEAST_CHANGE * old["value"]
        better = (figure["value"] > old["value"]) == (figure["unit"] in _MORE_IS_BETTER)
        verdict = ("faster" if better else "slower") if apart and moved else "within noise"
        verdict = "not told" if busy and verdict != "within noise" else verdict
        found.append(Change(figure["name"], figure["unit"], old["value"], figure["value"], verdict))
    return found


def compared_lines(first: dict[str, Any], second: dict[str, Any], width: int) -> list[str]:
    """A table of the figures, and what makes the two hard to compare."""
    rows = tuple(
        (
            one.name,
            f"{one.first:,.3g}",
            f"{one.second:,.3g}",
            one.unit,
            f"{one.second / one.first - 1:+.0%}",
            one.verdict,
        )
        for one in changes(first, second)
    )
    lines = TextTable(("figure", "first", "second", "unit", "change", "verdict"), rows).lines(width)
    for what in ("cpu", "cores", "python"):
        a, b = first["machine"][what], second["machine"][what]
        if a != b:
            lines.append(f"not one machine: {what} {a} and {b}; compare ratios within each file instead")
    for which, found in (("first", first), ("second", second)):
        if _busy(found):
            load, cores = found["machine"]["load_average"], found["machine"]["cores"]
            lines.append(
                f"{which}: load average {load} on {cores} cores: taken beside other work, so no change is told"
            )
    return lines


def _busy(found: dict[str, Any]) -> bool:
    load, cores = found["machine"]["load_average"], found["machine"]["cores"]
    return bool(load is not None and cores and load - 1.0 > BUSY * (cores - 1))  # one is the self-check's own
