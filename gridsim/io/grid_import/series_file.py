"""Time series beside a grid: MW of loads and machines by hour, as profiles of the network."""

from __future__ import annotations

import csv
import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.grid_import.cells import Cells
from gridsim.io.grid_import.imported import Imported
from gridsim.io.grid_import.report import Fate

LONGEST_H = 8784
_YEAR = dt.datetime(2001, 1, 1)  # of no leap day, and begins on a Monday, as the sample year does
_MEND = "one column per load or machine of the network, in MW, under its name, and a row per hour"


def add_profiles(imported: Imported, path: Path) -> None:
    """Give loads and machines the shape of their column: MW over the largest, which becomes their ``p_mw``.

    A file of fewer hours than a year is one of a typical day: its mean day holds all year.
    """
    names, values = _read(path, imported)
    loads = {row["name"]: row for row in imported.tables["loads"]}
    machines = {row["name"]: row for row in imported.tables["generators"]}
    rows: list[Cells] = []
    hourly: list[Cells] = []
    for column, name in enumerate(names):
        series = values[:, column]
        if name in loads:
            row, key = loads[name], "p_mw"
            row[key] = peak = float(series.max())
        else:
            row, key = machines[name], "p_max_mw"
            row[key] = peak = max(float(series.max()), row["p_max_mw"])
            row["installed_mw"] = max(row["installed_mw"], peak)
        shares = series / peak if peak > 0.0 else np.zeros(len(series))
        row["profile"] = profile = f"{name} profile"
        rows += _by_month(profile, shares)
        hourly += [{"profile": profile, "hour": hour, "value": float(v)} for hour, v in enumerate(shares)]
        what = f"its series of {len(series)} h; {key} is the largest value"
        imported.report.add(Fate.RESTATED, "load" if name in loads else "gen", name, what)
    imported.tables["profiles"] = rows
    imported.tables["hourly_profiles"] = hourly


def _by_month(profile: str, shares: Any) -> list[Cells]:
    """Mean day of each month; of a short series the mean day of all."""
    hours = np.arange(len(shares))
    months = np.array([(_YEAR + dt.timedelta(hours=int(hour))).month for hour in hours])
    rows = []
    for month in range(1, 13):
        chosen = shares[months == month] if len(shares) >= 8736 else shares
        of_day = hours[months == month] % 24 if len(shares) >= 8736 else hours % 24
        mean = np.bincount(of_day, chosen, 24) / np.maximum(np.bincount(of_day, minlength=24), 1)
        rows += [{"profile": profile, "month": month, "hour": hour, "value": float(mean[hour])} for hour in range(24)]
    return rows


def _read(path: Path, imported: Imported) -> tuple[list[str], Any]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError([Problem(str(path), 0, "", f"not readable: {error.strerror}", _MEND)]) from None
    except UnicodeDecodeError as error:
        raise InputError([Problem(str(path), 0, "", f"not UTF-8 at byte {error.start}", "save it as UTF-8")]) from None
    table = [[cell.strip() for cell in row] for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    if len(table) < 2:
        raise InputError([Problem(str(path), 1, "", "no rows", _MEND)])
    header = table[0]
    skip = 1 if header[0] in ("", "hour", "time") else 0
    names = header[skip:]
    known = [row["name"] for table in ("loads", "generators") for row in imported.tables[table]]
    problems = [
        Problem(str(path), 1, name, "no load or machine of the import", nearest(name, known))
        for name in names
        if name not in known
    ]
    problems += [
        Problem(str(path), 1, name, "column given twice", "keep one") for name in names if names.count(name) > 1
    ]
    hours = len(table) - 1
    if hours % 24 or hours > LONGEST_H:
        problems.append(Problem(str(path), 0, "", f"{hours} hours", f"give whole days, at most {LONGEST_H} hours"))
    values = np.zeros((hours, len(names)))
    for position, row in enumerate(table[1:]):
        cells = row[skip:]
        if len(cells) != len(names):
            what = f"{len(row)} cells under {len(header)} columns"
            problems.append(Problem(str(path), position + 2, "", what, _MEND))
            continue
        for column, cell in enumerate(cells):
            value = _number(cell)
            if value is None:
                what = f"'{cell}' is not a number >= 0"
                problems.append(Problem(str(path), position + 2, names[column], what, "give MW"))
            else:
                values[position, column] = value
    if problems:
        raise InputError(set(problems))
    return names, values


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0.0 else None
