"""Inputs of a screening from files: the operating point it starts from, and the outages of a list."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gridsim.errors import InputError, Problem, StudyError, nearest
from gridsim.io.bundled import network_folder
from gridsim.io.durations import parse_start
from gridsim.io.read_network import read_table
from gridsim.io.schemas.screening import OutageRow, PointRow
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.operating_point import OperatingPoint, idle_point
from gridsim.solvers.participation import bus_sum
from gridsim.solvers.screen_outages import (
    Element,
    Outage,
    OutageKind,
    find_element,
    outages_of_kind,
    together_named,
)
from gridsim.study.loaded import Run, load_run

POINTS = "points"  # folder of a network's saved operating points
EVERY = "*"
TOGETHER = " + "
_NEEDED = ("generators", "storages", "lines", "solves")


class StatedPoint(NamedTuple):
    """``words``: where the point comes from, for people;  ``month``: 1-12, of the seasonal limits."""

    point: OperatingPoint
    month: int
    words: str


def saved_points(network: str) -> list[str]:
    """Names of the operating points that a network folder keeps."""
    return sorted(path.stem for path in (network_folder(network) / POINTS).glob("*.csv"))


def read_stated_point(system: GridSystem, network: str, text: str) -> StatedPoint:
    """The operating point that ``text`` names: of the network's folder, ``RUN_DIR@hour`` or a CSV file.

    Raises InputError with every problem of the file or run.
    """
    file = network_folder(network) / POINTS / f"{text}.csv"
    if text in saved_points(network):
        return StatedPoint(read_point(system, file), 1, text.replace("_", " "))
    folder, at, hour = text.rpartition("@")
    if at and not os.path.isfile(text):
        return point_of_run(system, folder, hour)
    if not os.path.isfile(text):
        raise InputError([_no_point(network, text)])
    return StatedPoint(read_point(system, Path(text)), 1, f"at the point of {text}")


def _no_point(network: str, text: str) -> Problem:
    if os.path.isdir(text):
        return Problem("--point", 0, "", f"'{text}' is a folder", f"name the hour: {text}@2026-01-14 18:00")
    if text == "as_imported":
        missing = f"'{text}', but {network} has no {POINTS}/{text}.csv"
        return Problem(
            "--point", 0, "", missing, "import the grid again with gridsim import, or give dispatch or a file"
        )
    known = ", ".join(["dispatch", *saved_points(network)])
    return Problem("--point", 0, "", f"no file '{text}'", f"give {known}, RUN_DIR@hour or a CSV file")


def read_point(system: GridSystem, file: Path) -> OperatingPoint:
    """An operating point from a CSV of :class:`PointRow`. Raises InputError with every problem."""
    table, problems = read_table(file, PointRow)
    idle = idle_point(system)
    values = {
        "generators": idle.p_gen_mw.copy(),
        "borders": idle.p_border_mw.copy(),
        "storages": idle.p_storage_mw.copy(),
        "loads": np.where(system.loads.in_service, system.loads.p_mw, 0.0),
    }
    committed = np.zeros(len(system.generators), dtype=bool)
    n_lines = len(system.lines)
    out: list[int] = []
    seen: set[tuple[str, str]] = set()
    for number, row in table.rows:
        names = getattr(system, row.table).name
        found = np.flatnonzero(names == row.name)
        if not found.size:
            what = f"no {row.name} in {row.table}"
            problems.append(table.problem(number, "name", what, nearest(row.name, names.tolist())))
            continue
        if (row.table, row.name) in seen:
            problems.append(table.problem(number, "name", f"{row.name} stands twice", "keep one row"))
            continue
        seen.add((row.table, row.name))
        position = int(found[0])
        if row.table in ("lines", "transformers"):
            if row.p_mw is not None:
                mend = "leave it empty; a branch has in_service alone"
                problems.append(table.problem(number, "p_mw", f"{row.p_mw:g} of a branch", mend))
            if not row.in_service:
                out.append(position + (n_lines if row.table == "transformers" else 0))
            continue
        if row.p_mw is None and row.in_service:
            problems.append(table.problem(number, "p_mw", "empty", "give MW, or in_service false"))
            continue
        values[row.table][position] = row.p_mw if row.in_service else 0.0
        if row.table == "generators":
            committed[position] = row.in_service
    if not table.rows and not problems:
        problems.append(Problem(str(file), 0, "", "no rows", "give a row for each machine that runs"))
    if problems:
        raise InputError(problems)
    return OperatingPoint(
        p_gen_mw=values["generators"],
        p_border_mw=values["borders"],
        p_storage_mw=values["storages"],
        p_load_mw=values["loads"],
        branch_out=np.array(sorted(out), dtype=np.int32),
        gen_committed=committed & system.generators.in_service,
    )


def point_of_run(system: GridSystem, folder: str, hour: str) -> StatedPoint:
    """The operating point of a run folder at an hour: local time, or hours after its start.

    Loads are what the dispatch's flows bring to each bus, without losses; several at one bus share it by ``p_mw``.
    """
    run = load_run(folder)
    if run.manifest.get("network", system.name) != system.name:
        what = f"a run of {run.manifest['network']}, not of {system.name}"
        raise InputError([Problem(folder, 0, "", what, "give a run of this network")])
    missing = [name for name in _NEEDED if name not in run.tables]
    if missing:
        mend = "name them in outputs of its scenario, or run it once more"
        raise InputError([Problem(folder, 0, "", f"keeps no table {' and '.join(missing)}", mend)])
    time_h = _hours(run, hour)
    tables = {name: _at(run, name, time_h) for name in _NEEDED}
    machines = _values(system.generators.name, tables["generators"], "p_mw", folder)
    borders = _values(system.borders.name, tables["generators"], "p_mw", folder)
    storages = _values(system.storages.name, tables["storages"], "p_mw", folder)
    flow = _values(system.branch_name, tables["lines"], "p_dispatch_mw", folder)
    there = _values(system.branch_name, tables["lines"], "in_service", folder) > 0.0
    n = len(system.buses)
    arrives = bus_sum(system.generators.bus, machines, n) + bus_sum(system.borders.bus, borders, n)
    arrives += bus_sum(system.storages.bus, storages, n)
    arrives += bus_sum(system.branch_to, flow, n) - bus_sum(system.branch_from, flow, n)
    served = np.maximum(arrives, 0.0) / (1.0 + float(tables["solves"]["loss_share"].iloc[0]))
    point = OperatingPoint(
        p_gen_mw=machines,
        p_border_mw=borders,
        p_storage_mw=storages,
        p_load_mw=_by_load(system, served),
        branch_out=np.flatnonzero(system.branch_in_service & ~there).astype(np.int32),
        gen_committed=_values(system.generators.name, tables["generators"], "committed", folder) > 0.0,
    )
    time = run.start + dt.timedelta(hours=time_h)
    return StatedPoint(point, time.month, f"at {time:%Y-%m-%d %H:%M} of {folder}")


def _by_load(system: GridSystem, bus_mw: F8) -> F8:
    loads, n = system.loads, len(system.buses)
    size = np.where(loads.in_service, loads.p_mw, 0.0)
    total = bus_sum(loads.bus, size, n)
    share = np.divide(size, total[loads.bus], out=np.zeros(len(loads)), where=total[loads.bus] > 0)
    return share * bus_mw[loads.bus]


def _hours(run: Run, hour: str) -> float:
    try:
        return float(hour)
    except ValueError:
        pass
    try:
        return (parse_start(hour.strip()) - run.start).total_seconds() / 3600.0
    except ValueError as error:
        mend = f"give a local time like {run.start:%Y-%m-%d %H:%M}, or hours after the start"
        raise InputError([Problem("--point", 0, "", f"'{hour}' is no hour ({error})", mend)]) from None


def _at(run: Run, table: str, time_h: float) -> Any:
    """Rows of the first replicate that hold at an hour."""
    frame = run.frame(table)
    if table == "storages" and not len(frame):
        return frame
    frame = frame[frame["replicate"] == frame["replicate"].min()]
    now = frame[(frame["time_h"] <= time_h) & (time_h < frame["time_h"] + frame["duration_h"])]
    if not len(now):
        end = run.start + dt.timedelta(hours=float((frame["time_h"] + frame["duration_h"]).max()))
        mend = f"give one from {run.start:%Y-%m-%d %H:%M} to before {end:%Y-%m-%d %H:%M}"
        raise InputError([Problem("--point", 0, "", f"{time_h:g} h after the start is not in {run.path}", mend)])
    return now


def _values(names: Any, frame: Any, column: str, folder: str) -> F8:
    """A column in the order of ``names``. InputError for a name that the run does not know."""
    if not len(names):
        return np.zeros(0)
    known = dict(zip(frame["name"].tolist(), frame[column].tolist(), strict=True))
    unknown = [str(name) for name in names if str(name) not in known]
    if unknown:
        mend = "give a run of the network as it is now, or the --variant of the run"
        raise InputError([Problem(folder, 0, "", f"does not know {', '.join(unknown[:3])}", mend)])
    return np.array([known[str(name)] for name in names], dtype=np.float64)


def read_outages(system: GridSystem, point: OperatingPoint, file: str | Path) -> list[Outage]:
    """Outages of a CSV of :class:`OutageRow`, in its order. Raises InputError with every problem."""
    table, problems = read_table(Path(file), OutageRow)
    outages: list[Outage] = []
    together: dict[str, int] = {}  # places of the outages of several rows
    for number, row in table.rows:
        if row.element == EVERY:
            if row.kind is None or row.outage:
                what, mend = ("without a kind", "name one") if row.kind is None else ("in an outage", "leave it alone")
                problems.append(table.problem(number, "element", f"* {what}", f"{mend}; it stands for each element"))
                continue
            outages += outages_of_kind(system, point, OutageKind(row.kind))
            continue
        try:
            elements = tuple(_elements(system, row))
            one = Outage(row.outage, elements) if row.outage else together_named(system, elements)
        except StudyError as error:
            what, _, mend = str(error).partition("; ")
            column = "kind" if mend.startswith("say which") else "element"
            problems.append(table.problem(number, column, what, mend))
            continue
        if row.outage in together:
            place = together[row.outage]
            one = Outage(row.outage, outages[place].elements + one.elements)
            outages[place] = one
        else:
            if row.outage:
                together[row.outage] = len(outages)
            outages.append(one)
        if len(set(one.elements)) < len(one.elements):
            problems.append(table.problem(number, "element", f"{row.element} twice in one outage", "leave one out"))
    if not outages and not problems:
        problems.append(Problem(str(file), 0, "", "no outages", "give a row for each, for example line,NAME"))
    if problems:
        raise InputError(problems)
    return outages


def _elements(system: GridSystem, row: OutageRow) -> Iterator[Element]:
    """Elements of a cell: one name, or several joined by a plus."""
    try:
        yield find_element(system, row.element, row.kind)
    except StudyError:
        names: Sequence[str] = [name.strip() for name in row.element.split(TOGETHER)]
        if len(names) == 1:
            raise
        for name in names:
            yield find_element(system, name, row.kind)
