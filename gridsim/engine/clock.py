"""Time of a run: whole seconds inside, hours outside, and a stated order of what happens at one instant."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Protocol

import simpy

from gridsim.model.scenario import Event

SECONDS_PER_HOUR = 3600
MAX_ROUNDS = 50


class Priority(IntEnum):
    """Order at one instant; SimPy takes equal times by priority, then by insertion."""

    WEATHER = 10
    CONTINGENCY = 20
    AUTOMATION = 30
    OPERATOR = 40
    RESOLVE = 50
    RECORD = 60


class Agenda(Protocol):
    """The calendar of a run as the state and the stages see it; ``simulation.py`` keeps it with SimPy."""

    @property
    def now_s(self) -> int:
        """Whole seconds since the start."""
        ...

    def arm(self, culprit: str) -> None:
        """Ask for one resolve at the end of this instant; ``culprit`` is named if there are too many."""
        ...

    def wake(self, delay_s: float, culprit: str, *, sudden: bool = False) -> None:
        """Ask for a resolve after ``delay_s``, at least a second from now; ``sudden``: as a surprise."""
        ...

    def changed(self, event: Event, ends: bool, logged: int) -> None:
        """An event began or ended now, as log entry ``logged``: whoever waits for it goes on."""
        ...


def to_seconds(hours: float) -> int:
    """Whole seconds of a time in hours."""
    return round(hours * SECONDS_PER_HOUR)


def to_hours(seconds: float) -> float:
    """Hours of a time in seconds."""
    return seconds / SECONDS_PER_HOUR


def wait(env: simpy.Environment, delay_s: int, priority: Priority) -> simpy.Event:
    """An event that fires after ``delay_s``, in the order of ``priority`` among those of its instant."""
    event = env.event()
    event._ok = True
    event._value = None
    env.schedule(event, priority=priority, delay=delay_s)  # type: ignore[arg-type]
    return event


class Rounds:
    """Guards against changes that call each other forever at one instant; names the last culprit."""

    def __init__(self) -> None:
        self._at_s = -1
        self._count = 0

    def count(self, now_s: int, culprit: str) -> None:
        """Count one more resolve at ``now_s``; AssertionError after MAX_ROUNDS of them."""
        self._count = self._count + 1 if now_s == self._at_s else 1
        self._at_s = now_s
        assert self._count <= MAX_ROUNDS, f"{MAX_ROUNDS} rounds at {to_hours(now_s):g} h; the last came from {culprit}"


def environment() -> Any:
    """A new SimPy environment whose clock counts seconds."""
    return simpy.Environment(initial_time=0)
