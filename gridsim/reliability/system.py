"""AdequacySystem: the sampler's view of a system."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import InputError, Problem, StudyError
from gridsim.model.outage_checks import cause_faults, component_faults
from gridsim.model.outages import CommonCause, Component
from gridsim.reliability.demand import Demand
from gridsim.reliability.forecast_error import LoadForecast
from gridsim.results.calendar import times_of

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

LARGEST_MW = 1e9  # of a bus or a machine; sums of squares over the years stay far from overflow


@dataclass(frozen=True)
class UseLimits:
    """Most calls and hours of use within a period of ``period_h``, in which energy is budgeted too; 0: the horizon.

    ``is_last``: used when all other stores can give no more, as demand response is.
    """

    calls: float = math.inf
    hours: float = math.inf
    period_h: int = 0
    is_last: bool = False


@dataclass(frozen=True)
class Store:
    """A store of electricity; ``carryover`` is the share of its energy kept over an hour.

    Demand response and plants with a budget of energy are stores that nothing charges, with ``limits``.
    """

    name: str
    bus: int
    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    efficiency_charge: float
    efficiency_discharge: float
    energy_start_mwh: float
    carryover: float
    limits: UseLimits = UseLimits()


@dataclass(frozen=True, eq=False)
class TieLimits:
    """Circuits of every interface of a system from frames, and limits that follow them and the hour.

    circuits : by interface, the outage of each circuit
    forward_mw, backward_mw : by interface, (n_circuits + 1,) with 0, 1, 2 ... circuits out, not rising
    share : (n_hours, n_interfaces) f8, of the limits in each hour, or None
    """

    circuits: tuple[tuple[Component, ...], ...]
    forward_mw: tuple[F8, ...]
    backward_mw: tuple[F8, ...]
    share: F8 | None = None


@dataclass(frozen=True, eq=False)
class NetworkDetail:
    """Detail of the nodal level; systems from frames have one class of load and no interfaces.

    demand : by bus and class; classes are places on the price ladder
    class_name, class_penalty (n_classes,) f8, class_counts (n_classes,) bool : False for price-responsive load
    unit_cost : (n_units,) f8, money per MWh
    branch_in_service : (n_branches,) bool;  bus_oblast : names, empty where there is none
    branch_rating : (n_branches,) i4, column of ``rating_factor`` (n_hours, n_ratings) f8 that multiplies the branch's
        rating hour by hour, or -1
    interface_start, interface_branch, interface_sign : members of the interfaces of the network (CSR)
    limit_* : (n_limits,), interface, direction, member circuits out for which it holds, season (0 all, 1 winter, 2
        summer) and MW;  is_winter : (n_hours,) bool
    part_people, part_usd : (n_parts,) of ``demand``, share that households and services are of each part, and USD/MWh
        of its lost load; None where no class says so
    branch_turn_mw : (n_branches,) f8, shift over x of phase shifters, see ``kernels.arrays``; None: there are none
    """

    demand: Demand
    class_name: tuple[str, ...]
    class_penalty: F8
    class_counts: NDArray[np.bool_]
    unit_cost: F8
    branch_in_service: NDArray[np.bool_]
    branch_rating: I4
    rating_factor: F8
    bus_oblast: tuple[str, ...]
    interface_start: I4
    interface_branch: I4
    interface_sign: F8
    limit_interface: I4
    limit_is_forward: NDArray[np.bool_]
    limit_lines_out: I4
    limit_season: I4
    limit_mw: F8
    is_winter: NDArray[np.bool_]
    part_people: F8 | None = None
    part_usd: F8 | None = None
    branch_turn_mw: F8 | None = None


@dataclass(frozen=True, eq=False)
class AdequacySystem:
    """Supply, demand and outages by hour of one horizon.

    buses, areas : names;  bus_area : (n_buses,) i4
    load_mw : (n_hours, n_buses) f8
    unit_name, unit_bus (n_units,) i4, unit_mw (n_units,) f8 : machines
    unit_profile : per machine None or (n_hours,) f8 MW
    components : outage of each machine, then interface or branch, then store, in that order
    interface_* : tie lines between areas with limits in both directions, MW
    branch_* : lines between buses, x in pu on one common base, rating in MW
    stores, store_component : sorted by name, however given, because ties of the time-to-go go by name
    temperature_class : (n_hours,) i4, row of the common causes' deratings that holds in each hour; None: the first
    start : first hour, for results by month and hour of the day
    step_h : length of an "hour" of the horizon: 1, or less where ``n_hours`` counts shorter steps
    knows_areas : False of buses joined by branches of which nothing says the areas
    leap_day : whether a 29 February within 8,760 hours is one of the horizon's days, because stamps say so
    detail : classes, costs and interfaces of the nodal level; None: one class, all costs alike, no interfaces
    tie_limits : circuits and limits by hour of the interfaces; None: one circuit each, limits that hold always
    open_ties : ties of the areas, by number, that neither fail nor limit: of comparisons
    load_forecast : error of the load as forecast, one in each sample; None: load is known
    """

    name: str
    n_hours: int
    start: pd.Timestamp
    buses: tuple[str, ...]
    areas: tuple[str, ...]
    bus_area: I4
    load_mw: F8
    unit_name: tuple[str, ...]
    unit_bus: I4
    unit_mw: F8
    unit_profile: tuple[F8 | None, ...]
    unit_component: tuple[Component, ...]
    interface_name: tuple[str, ...] = ()
    interface_from: I4 = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    interface_to: I4 = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    interface_forward_mw: F8 = field(default_factory=lambda: np.zeros(0))
    interface_backward_mw: F8 = field(default_factory=lambda: np.zeros(0))
    interface_component: tuple[Component, ...] = ()
    branch_name: tuple[str, ...] = ()
    branch_from: I4 = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    branch_to: I4 = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    branch_x_pu: F8 = field(default_factory=lambda: np.zeros(0))
    branch_mw: F8 = field(default_factory=lambda: np.zeros(0))
    branch_component: tuple[Component, ...] = ()
    stores: tuple[Store, ...] = ()
    store_component: tuple[Component, ...] = ()
    common_causes: tuple[CommonCause, ...] = ()
    temperature_class: I4 | None = None
    detail: NetworkDetail | None = None
    tie_limits: TieLimits | None = None
    open_ties: frozenset[int] = frozenset()
    load_forecast: LoadForecast | None = None
    step_h: float = 1.0
    leap_day: bool = False
    knows_areas: bool = True

    def __post_init__(self) -> None:
        by_name = sorted(range(len(self.stores)), key=lambda k: self.stores[k].name)
        object.__setattr__(self, "stores", tuple(self.stores[k] for k in by_name))
        object.__setattr__(self, "store_component", tuple(self.store_component[k] for k in by_name))

    @property
    def demand_mwh(self) -> float:
        """Demand energy of the horizon."""
        return float(self.load_mw.sum()) * self.step_h

    @property
    def times(self) -> pd.DatetimeIndex:
        """Start of every hour."""
        return times_of(self.start, self.n_hours, self.step_h, leap_day=self.leap_day)


def check_adequacy(system: AdequacySystem) -> AdequacySystem:
    """The system, if the power of loads, machines and ties is a number; StudyError naming the first that is not.

    A limit may be infinite: it is none. InputError with every component and common cause that cannot be drawn.
    """
    for what, names, values, unlimited in (
        ("load_mw", system.buses, system.load_mw, False),
        ("unit_mw", system.unit_name, system.unit_mw, False),
        ("interface_forward_mw", system.interface_name, system.interface_forward_mw, True),
        ("interface_backward_mw", system.interface_name, system.interface_backward_mw, True),
        ("branch_mw", system.branch_name, system.branch_mw, True),
    ):
        odd = np.isnan(values) if unlimited else ~(np.abs(values) <= LARGEST_MW)
        if odd.any():
            place = np.argwhere(odd)[0]
            raise StudyError(f"{what}[{names[int(place[-1])]}]: {values[tuple(place)]}; give finite MW")
    for name, profile in zip(system.unit_name, system.unit_profile, strict=True):
        if profile is not None and not (np.abs(profile) <= LARGEST_MW).all():
            odd = ~(np.abs(profile) <= LARGEST_MW)
            raise StudyError(f"unit_profile[{name}]: {profile[odd][0]}; give finite MW")
    if problems := list(_outage_faults(system)):
        raise InputError(set(problems))
    return system


def _outage_faults(system: AdequacySystem) -> Iterator[Problem]:
    """Problems of components and of causes common to them."""
    for what in ("unit_component", "interface_component", "branch_component", "store_component"):
        yield from component_faults(getattr(system, what), what)
    stores = (store.name for store in system.stores)
    ties = () if system.tie_limits is None else (of.name for tie in system.tie_limits.circuits for of in tie)
    known = dict.fromkeys((*system.unit_name, *system.interface_name, *ties, *system.branch_name, *stores))
    yield from cause_faults(system.common_causes, known)
