"""The log of changes: each with the change that caused it, so that shed load walks back to its root."""

from __future__ import annotations

from typing import NamedTuple

from gridsim.model.table import F8

ROOT = -1


class Change(NamedTuple):
    """One change of state. ``cause_id`` is the ``event_id`` of the change that made it, -1 for a root."""

    event_id: int
    time_h: float
    component: str
    from_state: str
    to_state: str
    cause_id: int


class Operated(NamedTuple):
    """One operation of automation, ``at_s`` seconds after the sudden change at ``time_h``; taken MW are positive."""

    time_h: float
    at_s: float
    rule: str
    place: str
    p_mw: float
    cause: str


class Swing(NamedTuple):
    """Frequency of one zone or neighbour in the seconds after the sudden change at ``time_h``.

    ``cut_mw``: load that was cut, ``shed_mw``: what of it was not returned; a dead area loses all. ``final_hz``: mean
    of its areas that live, at the end.
    """

    time_h: float
    name: str
    lowest_hz: float
    highest_hz: float
    shed_mw: float
    dead_areas: int
    cut_mw: float
    final_hz: float


class SectionSwing(NamedTuple):
    """Flow of one section in the seconds after the sudden change at ``time_h``; ``opened_s`` NaN: it held."""

    time_h: float
    name: str
    before_mw: float
    lowest_mw: float
    highest_mw: float
    after_mw: float
    opened_s: float

    @property
    def change_mw(self) -> float:
        """Flow after it less that before."""
        return self.after_mw - self.before_mw


class Trace(NamedTuple):
    """Course of areas after the sudden change at ``time_h``: ``at_s`` (n,), ``hz`` (n, n_areas), of dead ones 0."""

    time_h: float
    areas: tuple[str, ...]
    at_s: F8
    hz: F8


class EventLog:
    """Changes in order; remembers the last change of each component.

    ``operations`` of automation, ``swings`` and ``traces`` of frequency and ``section_swings`` of flows, in order.
    ``remarks``: what the reader of the run has to know, each once.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.operations: list[Operated] = []
        self.swings: list[Swing] = []
        self.section_swings: list[SectionSwing] = []
        self.traces: list[Trace] = []
        self.remarks: dict[str, None] = {}
        self._last: dict[str, Change] = {}

    def add(
        self, time_h: float, component: str, to_state: str, cause_id: int = ROOT, *, initial: str = "normal"
    ) -> int:
        """Log that ``component`` is now ``to_state``; a state that does not change is not logged again."""
        last = self._last.get(component)
        from_state = last.to_state if last is not None else initial
        if from_state == to_state:
            return last.event_id if last is not None else ROOT
        change = Change(len(self.changes), time_h, component, from_state, to_state, cause_id)
        self.changes.append(change)
        self._last[component] = change
        return change.event_id

    def last_id(self, component: str) -> int:
        """Number of the last change of ``component``, -1 if it never changed."""
        change = self._last.get(component)
        return change.event_id if change is not None else ROOT

    def state(self, component: str, initial: str = "normal") -> str:
        """State of ``component`` now."""
        change = self._last.get(component)
        return change.to_state if change is not None else initial
