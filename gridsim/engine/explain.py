"""Causes and course of a run from its log of changes: chains back to their root, and the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from gridsim.engine.event_log import Change
from gridsim.errors import StudyError, UnknownName, nearest
from gridsim.model.groups import element_names
from gridsim.model.system import GridSystem
from gridsim.results.course import Acted, operations_at, times_of
from gridsim.results.run_metrics import SHORTFALL_TOLERANCE_MW
from gridsim.results.run_records import Columns

_TABLES = (
    "buses", "lines", "transformers", "generators", "plants", "zones", "interfaces", "borders", "storages",
    "gas_nodes", "gas_pipelines", "gas_supply", "gas_storage", "compressor_stations", "fuel_stocks",
    "coal_routes", "rail_corridors",
)  # fmt: skip


class Chain(list[Change]):
    """A change and its causes, root last; prints as one line with ``<-`` for "because of".

    ``beside``: events that had hit the whole system by then (a blind dispatcher, a cold wave) and had not all ended;
    no change is charged to them, and each may have made it worse. ``course``: what automation did in the first minutes
    after the sudden changes in the chain, numbered.
    """

    def __init__(self, changes: Iterable[Change] = (), beside: Sequence[Change] = ()):
        super().__init__(changes)
        self.beside = tuple(beside)
        self.course: tuple[Acted, ...] = ()

    def with_course(self, tables: Mapping[str, Columns]) -> Chain:
        """The chain with the operations of every sudden change at the moment of one of its links."""
        times = sorted({change.time_h for change in self} & set(times_of(tables)))
        self.course = tuple(acted for time_h in times for acted in operations_at(tables, time_h))
        return self

    def __str__(self) -> str:
        causes = " <- ".join(f"{change.component} {change.to_state} (+{change.time_h:g} h)" for change in self)
        return causes + "".join(f"; with {change.to_state} begun +{change.time_h:g} h" for change in self.beside)


class Timeline(list[Change]):
    """Changes in order; prints one a line, in local time, with what caused it."""

    def __init__(self, changes: Sequence[Change], log: Sequence[Change], start: dt.datetime):
        super().__init__(changes)
        self._log = log
        self._start = start

    def __str__(self) -> str:
        lines = []
        for change in self:
            moment = self._start + dt.timedelta(hours=change.time_h)
            cause = f"  <- {self._log[change.cause_id].component}" if change.cause_id >= 0 else ""
            lines.append(f"{moment:%Y-%m-%d %H:%M}  {change.component}: {change.to_state}{cause}")
        return "\n".join(lines)


def hours_of(time: float | str | dt.datetime, start: dt.datetime) -> float:
    """Hours after ``start`` of a number of hours or a local time; StudyError for anything else."""
    if isinstance(time, int | float):
        return float(time)
    try:
        moment = time if isinstance(time, dt.datetime) else dt.datetime.fromisoformat(time)
        return (moment - start).total_seconds() / 3600.0
    except (TypeError, ValueError):
        raise StudyError(f"time: {time!r} is no time; give hours after the start or '2026-01-12 03:00'") from None


def why(
    system: GridSystem, log: Sequence[Change], tables: Mapping[str, Columns], name: str, time_h: float
) -> Chain:  # fmt: skip
    """The last change of a component by ``time_h`` and its causes; of a bus or oblast short of power: its zone's.

    ``name`` as in the log (``zone:south``) or alone (``south``). Empty if nothing has happened to it; StudyError with
    the nearest name if there is no such thing.
    """
    before = [change for change in log if change.time_h <= time_h and name in (change.component, _alone(change))]
    if before and before[-1].to_state != "normal":
        return _chain(log, before[-1])
    bus, oblasts = name.removeprefix("bus:"), set(system.buses.oblast.tolist()) - {""}
    if system.buses.has(bus) or name.removeprefix("oblast:") in oblasts:
        return _why_place(log, tables["shortfall"], name, time_h)
    if not before:
        _require_known(system, log, name)
    return _chain(log, before[-1]) if before else Chain()


def logged(log: Sequence[Change], name: str, time_h: float, shortfall: Columns | None = None) -> Chain:
    """``why`` where there are tables and no system: UnknownName for a name that neither log nor ``shortfall`` has."""
    before = [change for change in log if change.time_h <= time_h and name in (change.component, _alone(change))]
    places = set() if shortfall is None else set().union(*_places(shortfall).values()) - {""}
    place = name.removeprefix("bus:").removeprefix("oblast:")
    if shortfall is not None and place in places and not (before and before[-1].to_state != "normal"):
        return _why_place(log, shortfall, name, time_h)
    if not before and not any(name in (change.component, _alone(change)) for change in log):
        known = sorted({change.component for change in log} | {_alone(change) for change in log} | places)
        raise UnknownName(f"nothing in the log about '{name}'; {nearest(name, known)}")
    return _chain(log, before[-1]) if before else Chain()


def _alone(change: Change) -> str:
    return change.component.split(":", 1)[-1]


def _chain(log: Sequence[Change], change: Change) -> Chain:
    chain = Chain([change])
    while chain[-1].cause_id >= 0:
        chain.append(log[chain[-1].cause_id])
    chain.beside = tuple(_system_wide(log, chain))
    return chain


def _system_wide(log: Sequence[Change], chain: Chain) -> list[Change]:
    """Begun on the whole system before the first change of ``chain``, since it was last normal; not in ``chain``."""
    begun: list[Change] = []
    for change in log:
        if change.time_h <= chain[0].time_h and change.component.startswith("all:"):
            begun = [] if change.to_state == "normal" else [*begun, change]
    return [change for change in begun if change not in chain]


def _places(shortfall: Columns) -> dict[str, list[str]]:
    """Of each row of a shortfall its bus and its oblast."""
    return {
        "bus": [str(load).split("/", 1)[0] for load in shortfall["name"]],
        "oblast": [str(oblast) for oblast in shortfall["oblast"]],
    }


def _kind_and_place(rows: Mapping[str, list[str]], name: str) -> tuple[str, str]:
    """Whether ``name`` is that of a bus or of an oblast of these rows, and the name alone."""
    kind = next((kind for kind in rows if name.removeprefix(f"{kind}:") in rows[kind]), "bus")
    return kind, name.removeprefix(f"{kind}:")


def hours_of_most_unserved(shortfall: Columns, name: str) -> float | None:
    """Hours after the start at which a bus or oblast of a shortfall lacked most; None where it lacked nothing."""
    rows = _places(shortfall)
    kind, place = _kind_and_place(rows, name)
    by_time: dict[float, float] = {}
    for of_place, time_h, mw in zip(rows[kind], shortfall["time_h"], shortfall["unserved_mw"], strict=True):
        if of_place == place and mw > 0:
            by_time[float(time_h)] = by_time.get(float(time_h), 0.0) + float(mw)
    return max(sorted(by_time), key=lambda time_h: by_time[time_h]) if by_time else None


def _why_place(log: Sequence[Change], shortfall: Columns, name: str, time_h: float) -> Chain:
    """The lack of a bus or oblast at ``time_h``, caused by that of its zone (the one that lacks most)."""
    by_zone: dict[str, float] = {}
    rows = _places(shortfall)
    kind, place = _kind_and_place(rows, name)
    for of_place, start_h, length_h, mw, zone in zip(
        rows[kind], *(shortfall[column] for column in ("time_h", "duration_h", "unserved_mw", "zone")), strict=True
    ):
        if of_place == place and start_h <= time_h < start_h + length_h:
            by_zone[f"zone:{zone}"] = by_zone.get(f"zone:{zone}", 0.0) + float(mw)
    unserved_mw = sum(by_zone.values())
    if unserved_mw <= SHORTFALL_TOLERANCE_MW:
        return Chain()
    zone = max(sorted(by_zone), key=lambda one: by_zone[one])
    cause = next((c for c in reversed(log) if c.component == zone and c.time_h <= time_h), None)
    here = Change(
        -1, time_h, f"{kind}:{place}", "normal", f"{unserved_mw:.1f} MW not served", cause.event_id if cause else -1
    )
    causes = _chain(log, cause) if cause else Chain()
    return Chain([here, *causes], causes.beside)


def _require_known(system: GridSystem, log: Sequence[Change], name: str) -> None:
    known = {change.component for change in log} | {_alone(change) for change in log}
    known |= {element for table in _TABLES for element in element_names(system, table)}
    known |= set(system.buses.oblast.tolist()) - {""}
    if name not in known and name.split(":", 1)[-1] not in known:
        raise UnknownName(f"no '{name}' in this run; {nearest(name, sorted(known))}")
