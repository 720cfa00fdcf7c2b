"""View and reach of a script: the Protocol a ``@gridsim.contingency`` is typed against, and the views it reads.

Views are values of this moment: they do not change when the run goes on, and writing to one is an error. Times are
hours after the start of the horizon. Names are those of the network's tables; one that does not exist raises StudyError
with the nearest that does.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Section(NamedTuple):
    """A named section: ``flow_mw`` in the forward direction, ``loading`` flow over the limit of its direction."""

    flow_mw: float
    limit_mw: float
    loading: float


class Branch(NamedTuple):
    """A line or transformer: flow of the dispatch (DC), its normal rating, and flow over rating."""

    in_service: bool
    flow_mw: float
    limit_mw: float
    loading: float


class Machine(NamedTuple):
    """A machine or border: ``available_mw`` is the upper bound of the dispatch, 0 while out or not synchronised."""

    p_mw: float
    available_mw: float
    committed: bool


class Plant(NamedTuple):
    """All machines of a plant; ``gas_share``: gas it gets of what it could burn (1 without gas)."""

    p_mw: float
    available_mw: float
    gas_share: float
    backup_mw: float


class Area(NamedTuple):
    """A zone or the whole system. ``unserved_mw`` and ``demand_mw`` are at the bus.

    ``frequency_hz``: of the island with most of its load; NaN without ``policy.first_minutes`` and in the dark.
    """

    demand_mw: float
    unserved_mw: float
    generation_mw: float
    frequency_hz: float = math.nan


class BusView(NamedTuple):
    """A bus; ``vm_pu`` is NaN where no power flow was solved, ``frequency_hz`` (of its island) as that of ``Area``."""

    demand_mw: float
    unserved_mw: float
    vm_pu: float
    frequency_hz: float = math.nan


class GasNode(NamedTuple):
    """A gas node; ``linepack_mcm`` usable; ``pressure_bar`` is NaN with ``policy.gas: balance``."""

    linepack_mcm: float
    pressure_bar: float
    asked_mcm_per_d: float
    delivered_mcm_per_d: float


class Stock(NamedTuple):
    """A fuel yard, or the backup tank of a gas-fired plant."""

    days: float


class Orders(NamedTuple):
    """Dispatch instructions of an operator policy for one redispatch; fields left out change nothing.

    ``start``: idle machines to synchronise (they run after their ``start_h``); ``p_min_mw`` and ``p_max_mw``: bounds by
    machine, within what it can give; ``imports``: none, contract or limit, never more than the scenario's policy.
    """

    start: tuple[str, ...] = ()
    p_min_mw: dict[str, float] = {}  # noqa: RUF012  # a default that is never written to
    p_max_mw: dict[str, float] = {}  # noqa: RUF012
    imports: str | None = None


class Wait:
    """Wait of a contingency, which it yields: made by ``sim.hours``, ``sim.at`` and ``sim.until`` only."""

    __slots__ = ("predicate", "seconds")

    def __init__(self, seconds: int | None, predicate: Callable[[Sim], bool] | None = None):
        self.seconds = seconds
        self.predicate = predicate


#: Return type of a contingency: ``def storm(sim: gridsim.Sim) -> gridsim.Waits``.
Waits = Iterator[Wait]


class Random(Protocol):
    """Draws of this replicate: a function of (seed, replicate, name of the script, number of the draw)."""

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Uniform between ``low`` and ``high``."""
        ...

    def exponential(self, mean: float) -> float:
        """Exponential with this mean."""
        ...

    def lognormal(self, mean: float, sigma: float) -> float:
        """Lognormal with this mean; ``sigma``: standard deviation of the logarithm."""
        ...

    def choice(self, items: Sequence[T]) -> T:
        """One of ``items``, all alike."""
        ...


class View(Protocol):
    """Reading. Before the first resolve, at the start of the horizon, there is nothing to read: StudyError."""

    @property
    def now_h(self) -> float:
        """Hours since the start."""
        ...

    @property
    def time(self) -> dt.datetime:
        """Local time."""
        ...

    def section(self, name: str) -> Section:
        """A named section."""
        ...

    def branch(self, name: str) -> Branch:
        """A line or transformer."""
        ...

    def machine(self, name: str) -> Machine:
        """A machine or border."""
        ...

    def plant(self, name: str) -> Plant:
        """All machines of a plant."""
        ...

    def bus(self, name: str) -> BusView:
        """A bus."""
        ...

    def zone(self, name: str) -> Area:
        """A zone."""
        ...

    def system(self) -> Area:
        """All zones."""
        ...

    def gas_node(self, name: str) -> GasNode:
        """A gas node."""
        ...

    def stock(self, name: str) -> Stock:
        """A fuel yard, or the backup tank of a plant."""
        ...

    def temperature_c(self, site: str = "") -> float:
        """At a weather site; without a name the load-weighted mean."""
        ...

    def frequency_hz(self, island_of: str = "") -> float:
        """Frequency of the island of a bus or zone, else of the largest; StudyError in a run that has none."""
        ...

    def is_out(self, name: str) -> bool:
        """True while an event, a failure or a script keeps the element out of service."""
        ...


class Sim(View, Protocol):
    """Reading, waiting and doing."""

    @property
    def random(self) -> Random:
        """Draws of this replicate."""
        ...

    def hours(self, hours: float) -> Wait:
        """Wait so many hours (>= 0); 0 lets this instant be answered first."""
        ...

    def at(self, time: str | float | dt.datetime) -> Wait:
        """Wait until a local time, ``+36h`` or a number of hours after the start; StudyError if that has passed."""
        ...

    def until(self, predicate: Callable[[Sim], bool]) -> Wait:
        """Wait until ``predicate(sim)`` is true, looked at after every resolve and every gas step."""
        ...

    def fail(self, *names: str) -> None:
        """Take elements (lines, transformers, machines, plants, buses, pipelines, sources ...) out of service."""
        ...

    def derate(self, name: str, share: float) -> None:
        """Let an element lose ``share`` of its capacity; 0 gives it back."""
        ...

    def restore(self, *names: str) -> None:
        """Undo what this script did to these elements; StudyError if it did nothing to one of them."""
        ...

    def set_load(self, name: str, p_mw: float | None = None, *, factor: float | None = None) -> None:
        """Set demand of a load, or scale that of a load, class, zone or oblast; ``factor=1`` gives it back."""
        ...

    def begin(self, kind: str, *targets: str, magnitude: float | None = None) -> str:
        """Start an event of any kind of ``gridsim list kinds``; returns the id that ``end`` takes."""
        ...

    def end(self, event_id: str) -> None:
        """End an event begun by this script."""
        ...

    def log(self, text: str) -> None:
        """Write a line into the log of changes."""
        ...

    def to_pandapower(self) -> Any:
        """A pandapower net of this moment: a copy, with results if its power flow converges."""
        ...
