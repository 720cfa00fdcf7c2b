"""Components that fail, the states they move through, and causes common to many of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.storms import own_rate_share
from gridsim.model.system import GridSystem

F8 = NDArray[np.float64]


class RepairLaw(StrEnum):
    """Distribution of a residence time around its mean."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    CONSTANT = "constant"


@dataclass(frozen=True)
class State:
    """One state of a component: share of capacity lost, mean residence time in h, its law, and where it leads.

    ``to`` are probabilities of the next state by position (None: the only other state of a two-state component).
    ``sigma`` is the standard deviation of log(time) of a lognormal law.
    """

    lost_share: float
    mean_h: float
    law: RepairLaw = RepairLaw.EXPONENTIAL
    sigma: float = 0.0
    to: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Component:
    """Something that fails. ``states[0]`` is the intact state; no states: it never fails.

    ``kind`` and ``name`` give it its random numbers. ``unavailability``: (n_hours,) f8, unavailability by hour of a
    two-state component whose failures follow temperature; then ``base_unavailability`` is its mean. ``rate_factor``:
    (n_hours,) f8, failure rate of a two-state component over its largest, to which ``states[0].mean_h`` belongs;
    ``repair_factor``, only beside it: the same of the repair rate and ``states[1].mean_h``.
    ``season``: first and last month in which it fails (:func:`in_season`); None: all year.
    """

    kind: str
    name: str
    states: tuple[State, ...] = ()
    unavailability: F8 | None = None
    base_unavailability: float = 0.0
    rate_factor: F8 | None = None
    repair_factor: F8 | None = None
    season: tuple[int, int] | None = None

    @property
    def fails(self) -> bool:
        return len(self.states) > 1


@dataclass(frozen=True, eq=False)
class Derating:
    """Capacity factor of a component behind a common cause: linepack drains, and fills again after the repair.

    outage, repair : (n_classes, n_hours) f8 in [0, 1], by whole hours since the outage began and since its repair, one
        row for each temperature class or a single row for all of them. The last hour of ``outage`` holds on; after the
        last of ``repair`` (which may have no hours) the factor is 1.

    Both belong to an outage long enough to be felt in full, so after a short one the better of the two curves counts:
    no component has less than if the outage had gone on, nor less than if it had been drained.
    """

    outage: F8
    repair: F8

    def __post_init__(self) -> None:
        for what in ("outage", "repair"):
            factor = np.atleast_2d(np.asarray(getattr(self, what), dtype=np.float64))
            if factor.ndim != 2 or not ((factor >= 0.0) & (factor <= 1.0)).all():
                raise StudyError(f"derating: {what} is not (n_classes, n_hours) of factors from 0 to 1")
            object.__setattr__(self, what, factor)
        if self.outage.shape[1] == 0 or len(self.outage) != len(self.repair):
            raise StudyError("derating: give at least one hour of outage and as many classes of repair as of outage")


@dataclass(frozen=True)
class CommonCause:
    """A component whose outage derates others: a pipeline, compressor, border, fuel yard or cold spell.

    ``lost_share`` by name of the component behind it, or ``derating`` by name where the loss follows the hours since
    the outage and since its repair. In hours that several causes derate, the largest loss counts.
    """

    component: Component
    lost_share: Mapping[str, float] = field(default_factory=dict)
    derating: Mapping[str, Derating] = field(default_factory=dict)

    def __post_init__(self) -> None:
        both = sorted(self.lost_share.keys() & self.derating.keys())
        if both:
            raise StudyError(f"{self.component.name}: '{both[0]}' has a lost_share and a derating; give one of them")
        if self.derating and not self._is_memoryless:
            raise StudyError(f"{self.component.name}: a derating needs two states and exponential repair")

    @property
    def _is_memoryless(self) -> bool:
        """Whether the age of an outage under way at the start does not depend on how long it has yet to last."""
        states = self.component.states
        return len(states) < 2 or (len(states) == 2 and states[1].law is RepairLaw.EXPONENTIAL)


def two_state(
    kind: str, name: str, mttf_h: float, mttr_h: float, law: RepairLaw = RepairLaw.EXPONENTIAL, sigma: float = 0.0
) -> Component:
    """A component that is in service for ``mttf_h`` and out for ``mttr_h`` on average; never out if mttf is NaN or
    inf.
    """
    if not np.isfinite(mttf_h):
        return Component(kind, name)
    return Component(kind, name, (State(0.0, float(mttf_h)), State(1.0, float(mttr_h), law, sigma)))


NO_MEMORY = 40.0  # sum of the rates of a chain that forgets its state within a step: exp(-40) is nothing


def rates_of(fails: F8, returns: F8) -> tuple[F8, F8]:
    """Failure and repair rate in a step of the chain in continuous time that fails and returns within it with the given
    probabilities, of which the sum is at most 1.

    With rates a and b, P(up, then down) = a / (a + b) (1 - exp(-(a + b))), and so back: a + b = -log(1 - p - q).
    """
    total = np.asarray(fails + returns, dtype=np.float64)
    with np.errstate(divide="ignore"):
        rate = np.minimum(-np.log1p(-np.minimum(total, 1.0)), NO_MEMORY)
    per_step = np.divide(rate, total, out=np.zeros_like(total), where=total > 0.0)
    return fails * per_step, returns * per_step


def hourly_chain(kind: str, name: str, fails: F8, returns: F8, step_h: float = 1.0) -> Component:
    """A component that fails and returns by the step with probabilities of its own, (n_steps,) each.

    Those of a step are of its state at the beginning of the next one. It starts in the equilibrium of the first step.
    """
    failing, returning = rates_of(fails, returns)
    if not failing.any():
        return Component(kind, name)
    most_fail, most_return = float(failing.max()), float(returning.max())
    states = (State(0.0, step_h / most_fail), State(1.0, step_h / most_return))
    return Component(kind, name, states, rate_factor=failing / most_fail, repair_factor=returning / most_return)


def rates_by_hour(component: Component) -> tuple[F8, F8]:
    """(n_hours,) failure and repair rate of a component with a ``rate_factor``."""
    assert component.rate_factor is not None
    up, down = component.states
    repair = np.ones_like(component.rate_factor) if component.repair_factor is None else component.repair_factor
    return component.rate_factor / up.mean_h, repair / down.mean_h


def down_by_hour(failure: F8, repair: F8) -> F8:
    """(n_hours,) probability of being out at the start of each hour, from the equilibrium of the first one's rates.

    Rates hold over their hour: P(out) moves towards its equilibrium by exp(-(failure + repair)).
    """
    total = failure + repair
    target = np.divide(failure, total, out=np.zeros_like(total), where=total > 0.0)
    stays = np.exp(-total)
    down = np.empty(len(total))
    down[0] = target[0]
    for hour in range(1, len(total)):
        down[hour] = target[hour - 1] + (down[hour - 1] - target[hour - 1]) * stays[hour - 1]
    return down


# Tables whose elements fail, and the kind that gives them their random numbers.
FAILING = {
    "generators": "generator",
    "lines": "line",
    "transformers": "transformer",
    "storages": "storage",
    "gas_pipelines": "gas_pipeline",
    "gas_supply": "gas_supply",
    "compressor_stations": "compressor_station",
    "power_to_gas": "gas_facility",
    "cooling": "cooling",
}
CORRIDOR, CORRIDOR_GROUP = "rail_corridor", "rail_corridors"  # rows of coal_routes fail by the corridor
_ALL_YEAR = (1, 12)


def components_of(system: GridSystem, table: str) -> tuple[Component, ...]:
    """Outages of a table's elements as mttf_h and mttr_h say; what is out of service never fails.

    Of lines without the failures that storms of a season bring.

    Those of a season have it beside their states: ``mttf_h`` counts its hours alone, and :func:`in_season` lays it over
    the hours of a horizon.
    """
    rows, kind = getattr(system, table), FAILING[table]
    in_use = getattr(rows, "in_service", np.ones(len(rows), dtype=bool))
    mttf_h = rows.mttf_h / own_rate_share(system) if table == "lines" else rows.mttf_h
    found = []
    for row, name in enumerate(rows.name.tolist()):
        component = Component(kind, name)
        if in_use[row]:
            component = two_state(kind, name, mttf_h[row], rows.mttr_h[row])
        if component.fails and hasattr(rows, "fails_from_month"):
            season = int(rows.fails_from_month[row]), int(rows.fails_to_month[row])
            component = replace(component, season=None if season == _ALL_YEAR else season)
        found.append(component)
    return tuple(found)


def corridor_components(system: GridSystem) -> tuple[Component, ...]:
    """Outages of the railways and conveyors of coal_routes, by name: one for all rows of a corridor."""
    routes = system.coal_routes
    names, first = np.unique(routes.corridor, return_index=True)
    rows = zip(names.tolist(), first.tolist(), strict=True)
    return tuple(two_state(CORRIDOR, name, routes.mttf_h[row], routes.mttr_h[row]) for name, row in rows)


def in_season(component: Component, start: dt.datetime, n_hours: int) -> Component:
    """The component in hours from ``start``: no failure begins outside its months; one under way goes on."""
    if component.season is None or not component.fails:
        return component
    first, last = component.season
    month = month_of_hours(start, n_hours)
    inside = (month >= first) & (month <= last) if first <= last else (month >= first) | (month <= last)
    return replace(component, rate_factor=inside.astype(np.float64), season=None)


def month_of_hours(start: dt.datetime, n_hours: int) -> NDArray[np.int64]:
    """(n_hours,) month 1..12 in which each hour from ``start`` begins."""
    hour = np.datetime64(start, "h") + np.arange(n_hours)
    return np.asarray(hour.astype("datetime64[M]").astype(np.int64) % 12 + 1)


def equilibrium(component: Component) -> F8:
    """Share of time in each state: (n_states,), from the embedded chain weighted by mean residence times."""
    mean_h = np.array([state.mean_h for state in component.states])
    if len(mean_h) == 2:
        return np.asarray(mean_h / mean_h.sum())
    jump = jump_matrix(component)
    n_states = len(mean_h)
    balance = np.vstack([jump.T - np.eye(n_states), np.ones(n_states)])
    visits = np.linalg.lstsq(balance, np.append(np.zeros(n_states), 1.0), rcond=None)[0]
    weight = np.maximum(visits, 0.0) * mean_h
    return np.asarray(weight / weight.sum())


def jump_matrix(component: Component) -> F8:
    """(n_states, n_states) probability of the next state."""
    n_states = len(component.states)
    jump = np.zeros((n_states, n_states))
    for row, state in enumerate(component.states):
        jump[row] = (1.0 - np.eye(2)[row]) if state.to is None else state.to
    return jump


def is_plain(component: Component) -> bool:
    """True if the component has two states, total loss and exponential times at constant rates."""
    return (
        len(component.states) == 2
        and component.unavailability is None
        and component.rate_factor is None
        and component.states[1].lost_share == 1.0
        and all(state.law is RepairLaw.EXPONENTIAL for state in component.states)
    )
