"""Outages as they were recorded: rows of element, begin, end and MW available -> events of a scenario.

Rules. Times are local to the network; a time with an offset from UTC is moved to the network's. Records that begin
before the horizon are clipped to its start, those that lie outside leave no event, and one without an end lasts to the
end of the horizon. Where records of one element overlap the lowest MW available holds, moment by moment, so that a
machine at 150 MW within an outage to 100 MW stays at 100 MW, and nothing is lost twice. What follows are events that do
not overlap: an outage where nothing is available, a derate where a part is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from gridsim.contingencies.events import default_kind, default_tables, make_event
from gridsim.errors import InputError, Problem, nearest
from gridsim.io.durations import network_time
from gridsim.io.raw_table import RawTable
from gridsim.io.read_network import read_table
from gridsim.io.schemas.scenario import RecordedOutage
from gridsim.model.groups import element_names, has_element, opened
from gridsim.model.scenario import Event, Horizon, Primitive, Target
from gridsim.model.system import GridSystem

#: Tables of which a part can be available in MW.
PARTLY = ("generators", "plants")
_TIME_MEND = "write 2026-01-12 05:00, or 2026-01-12T00:00+00:00 with an offset"


class _Record(NamedTuple):
    """One row: hours after the start, and the share lost."""

    number: int
    begin_h: float
    end_h: float
    lost_share: float


def read_outages(file: Path, system: GridSystem, horizon: Horizon, ids: Iterable[str] = ()) -> tuple[Event, ...]:
    """Events of a file, by element and time; InputError with every problem. ``ids``: those of other events."""
    table, problems = read_table(file, RecordedOutage)
    if not table.rows and not problems:
        problems.append(Problem(str(file), 0, "", "no outages", "give a row for each, or leave the file out"))
    records: dict[Target, list[_Record]] = {}
    for number, row in table.rows:
        target = _target(system, table, number, row, problems)
        times = _times(system, horizon, table, number, row, problems)
        lost_share = 1.0 if target is None else _lost_share(system, target, table, number, row, problems)
        if target is not None and times is not None and lost_share is not None:
            records.setdefault(target, []).append(_Record(number, *times, lost_share))
    events: list[Event] = []
    taken = set(ids)
    for target, of_one in records.items():
        pieces = [piece for piece in _pieces(of_one) if piece.begin_h < horizon.hours and piece.end_h > 0.0]
        for count, piece in enumerate(pieces, 1):
            whole = piece.lost_share >= 1.0
            begin_h = max(piece.begin_h, 0.0)
            made = make_event(
                system,
                id=_id(f"{target.name}_out_{count}", taken),
                kind=default_kind(target.table, Primitive.OUTAGE if whole else Primitive.DERATE),
                targets=[target],
                at_h=begin_h,
                magnitude=piece.lost_share,
                duration_h=None if piece.end_h >= horizon.hours else piece.end_h - begin_h,
            )
            if isinstance(made, Event):
                events.append(made)
            else:
                problems += [table.problem(piece.number, "element", fault.value, fault.mend) for fault in made]
                break
    if problems:
        raise InputError(set(problems))
    return tuple(events)


def _id(name: str, taken: set[str]) -> str:
    """A name that no other event has."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _target(
    system: GridSystem, table: RawTable, number: int, row: RecordedOutage, problems: list[Problem]
) -> Target | None:
    tables = default_tables(Primitive.OUTAGE)
    if row.table is not None:
        tables = [row.table]
    found = [name for name in tables if has_element(system, name, row.element)]
    if len(found) == 1:
        return Target(found[0], row.element)
    if found:
        what, mend = f"'{row.element}' is in {' and '.join(found)}", "say which in column table"
        problems.append(table.problem(number, "element", what, mend))
    else:
        known = [name for one in tables for name in element_names(system, one)]
        where = row.table or f"the tables of {system.name}"
        problems.append(
            table.problem(number, "element", f"'{row.element}' is not in {where}", nearest(row.element, known))
        )
    return None


def _times(
    system: GridSystem, horizon: Horizon, table: RawTable, number: int, row: RecordedOutage, problems: list[Problem]
) -> tuple[float, float] | None:
    """Hours of begin and end after the start."""
    hours = {"begin": -math.inf, "end": math.inf}
    for column in hours:
        text = getattr(row, column)
        if not text:
            continue
        try:
            hours[column] = (network_time(text, system.timezone) - horizon.start).total_seconds() / 3600.0
        except (ValueError, OverflowError):
            problems.append(table.problem(number, column, f"'{text}' is not a time", _TIME_MEND))
            return None
    if hours["end"] <= hours["begin"]:
        problems.append(
            table.problem(number, "end", f"'{row.end}' is not after {row.begin}", "give the time at which it was back")
        )
        return None
    return hours["begin"], hours["end"]


def _lost_share(
    system: GridSystem, target: Target, table: RawTable, number: int, row: RecordedOutage, problems: list[Problem]
) -> float | None:
    """Share lost, 0 for a record that takes nothing away."""
    available_mw = row.mw_available
    if not available_mw:
        return 1.0
    if target.table not in PARTLY:
        what = f"{available_mw:g} MW of {row.element}, which is in {target.table}"
        mend = "only machines and plants can be there in part: leave it empty"
        problems.append(table.problem(number, "mw_available", what, mend))
        return None
    machines = [part.name for part in opened(system, [target], ("generators", "plants"))]
    p_max_mw = sum(float(system.generators.p_max_mw[system.generators.position(name)]) for name in machines)
    return max(1.0 - available_mw / p_max_mw, 0.0) if p_max_mw > 0 else 1.0


def _pieces(records: list[_Record]) -> list[_Record]:
    """Records of one element as pieces that do not overlap: the largest share lost holds; equal neighbours are one."""
    cuts = sorted({time for record in records for time in (record.begin_h, record.end_h)})
    pieces: list[_Record] = []
    for begin_h, end_h in pairwise(cuts):
        holding = [record for record in records if record.begin_h <= begin_h and record.end_h >= end_h]
        if not holding:
            continue
        worst = max(holding, key=lambda record: record.lost_share)
        if worst.lost_share <= 0.0:
            continue
        last = pieces[-1] if pieces else None
        if last is not None and last.end_h == begin_h and last.lost_share == worst.lost_share:
            pieces[-1] = last._replace(end_h=end_h)
        else:
            pieces.append(_Record(worst.number, begin_h, end_h, worst.lost_share))
    return pieces
