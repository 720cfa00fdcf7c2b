"""AdequacySystem: what the sampler needs to know of a system, from frames or from a GridSystem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridsim.errors import InputError, Problem, nearest
from gridsim.reliability.demand import Demand

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


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
    two-state component whose failures follow temperature; then ``base_unavailability`` is its mean.
    """

    kind: str
    name: str
    states: tuple[State, ...] = ()
    unavailability: F8 | None = None
    base_unavailability: float = 0.0

    @property
    def fails(self) -> bool:
        return len(self.states) > 1


@dataclass(frozen=True)
class CommonCause:
    """A component whose outage derates others: a pipeline, compressor, border, fuel yard or cold spell.

    ``lost_share`` by name of the component behind it; overlapping outages take the largest share.
    """

    component: Component
    lost_share: Mapping[str, float]


@dataclass(frozen=True)
class Store:
    """A store of electricity; ``carryover`` is the share of the energy left after an hour."""

    name: str
    bus: int
    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    efficiency_charge: float
    efficiency_discharge: float
    energy_start_mwh: float
    carryover: float


@dataclass(frozen=True, eq=False)
class NetworkDetail:
    """What the nodal level knows beyond areas; systems from frames have one class of load and no named sections.

    demand : by bus and class; classes are places on the price ladder
    class_name, class_penalty (n_classes,) f8, class_counts (n_classes,) bool : False for price-responsive load
    unit_cost : (n_units,) f8, money per MWh
    branch_in_service : (n_branches,) bool;  bus_oblast : names, empty where there is none
    branch_rating : (n_branches,) i4, column of ``rating_factor`` (n_hours, n_ratings) f8 that multiplies the branch's
        rating hour by hour, or -1
    interface_start, interface_branch, interface_sign : members of the named sections (CSR)
    limit_* : (n_limits,), section, direction, member circuits out for which it holds, season (0 all, 1 winter, 2
        summer) and MW;  is_winter : (n_hours,) bool
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
    start : first hour, for results by month and hour of the day
    detail : classes, costs and named sections of the nodal level; None: one class, all costs alike, no sections
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
    detail: NetworkDetail | None = None

    @property
    def demand_mwh(self) -> float:
        """Demand energy of the horizon."""
        return float(self.load_mw.sum())


def two_state(
    kind: str, name: str, mttf_h: float, mttr_h: float, law: RepairLaw = RepairLaw.EXPONENTIAL, sigma: float = 0.0
) -> Component:
    """A component that is in service for ``mttf_h`` and out for ``mttr_h`` on average; never out if mttf is NaN or
    inf.
    """
    if not np.isfinite(mttf_h):
        return Component(kind, name)
    return Component(kind, name, (State(0.0, float(mttf_h)), State(1.0, float(mttr_h), law, sigma)))


class _Reader:
    """Reads frames cell by cell and collects problems; rows are numbered from 2 as in a file with a header."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, table: str, row: int, column: str, value: str, mend: str) -> None:
        self.problems.append(Problem(table, row, column, value, mend))

    def finish(self) -> None:
        if self.problems:
            raise InputError(self.problems)

    def require(self, table: str, frame: pd.DataFrame, columns: Sequence[str], optional: Sequence[str]) -> bool:
        missing = [column for column in columns if column not in frame.columns]
        for column in missing:
            self.add(table, 1, column, "missing", f"give a column {column}")
        for column in frame.columns:
            if column not in columns and column not in optional:
                self.add(table, 1, str(column), "not a column", nearest(str(column), [*columns, *optional]))
        return not missing

    def names(self, table: str, frame: pd.DataFrame) -> list[str]:
        names = [str(name) for name in frame["name"]]
        seen: set[str] = set()
        for row, name in enumerate(names):
            if name in seen:
                self.add(table, row + 2, "name", f"'{name}' appears twice", "give each row a name of its own")
            seen.add(name)
        return names

    def numbers(
        self,
        table: str,
        frame: pd.DataFrame,
        column: str,
        *,
        low: float = 0.0,
        low_open: bool = False,
        high: float = np.inf,
        default: float | None = None,
        nan_allowed: bool = False,
        mend: str,
    ) -> F8:
        if column not in frame.columns:
            return np.full(len(frame), np.nan if default is None else default)
        values = np.empty(len(frame))
        for row, cell in enumerate(frame[column]):
            try:
                value = float(cell)
            except (TypeError, ValueError):
                self.add(table, row + 2, column, f"{cell!r} is not a number", mend)
                value = np.nan
                values[row] = value
                continue
            if np.isnan(value) and default is not None:
                value = default
            if np.isnan(value):
                if not nan_allowed:
                    self.add(table, row + 2, column, "no number", mend)
            elif value < low or (low_open and value == low):
                self.add(table, row + 2, column, f"{value:g} is not {'>' if low_open else '>='} {low:g}", mend)
            elif value > high:
                self.add(table, row + 2, column, f"{value:g} is not <= {high:g}", mend)
            values[row] = value
        return values

    def positions(self, table: str, frame: pd.DataFrame, column: str, names: Sequence[str], what: str) -> I4:
        known = {name: position for position, name in enumerate(names)}
        found = np.zeros(len(frame), dtype=np.int32)
        for row, cell in enumerate(frame[column]):
            position = known.get(str(cell))
            if position is None:
                self.add(table, row + 2, column, f"'{cell}' is not {what}", nearest(str(cell), names))
            else:
                found[row] = position
        return found

    def components(self, table: str, kind: str, frame: pd.DataFrame) -> tuple[Component, ...]:
        """Outages from mttf_h and mttr_h, or from forced_outage_rate and mttr_h; neither: never fails."""
        names = [str(name) for name in frame["name"]]
        mttf_h = self.numbers(
            table, frame, "mttf_h", low_open=True, nan_allowed=True, mend="give a time in h; empty: never fails"
        )
        mttr_h = self.numbers(table, frame, "mttr_h", low_open=True, nan_allowed=True, mend="give a time in h")
        rate = self.numbers(
            table, frame, "forced_outage_rate", nan_allowed=True, mend="give a share of time from 0 to below 1"
        )
        sigma = self.numbers(table, frame, "repair_sigma", default=0.0, mend="standard deviation of log(repair time)")
        laws = [RepairLaw.EXPONENTIAL] * len(frame)
        if "repair_law" in frame.columns:
            for row, cell in enumerate(frame["repair_law"]):
                text = "exponential" if pd.isna(cell) else str(cell)
                if text not in list(RepairLaw):
                    self.add(table, row + 2, "repair_law", f"'{text}' is not a law", nearest(text, list(RepairLaw)))
                else:
                    laws[row] = RepairLaw(text)
        made = []
        for row, name in enumerate(names):
            up_h, down_h, share = mttf_h[row], mttr_h[row], rate[row]
            if not np.isnan(share):
                if not np.isnan(up_h):
                    self.add(table, row + 2, "forced_outage_rate", "given with mttf_h", "give one of the two")
                if share >= 1.0:
                    self.add(table, row + 2, "forced_outage_rate", f"{share:g} is not < 1", "give a share below 1")
                elif share > 0.0 and not np.isnan(down_h):
                    up_h = down_h * (1.0 - share) / share
                elif share > 0.0:
                    self.add(table, row + 2, "mttr_h", "no number", "a forced outage rate needs a repair time in h")
            if np.isfinite(up_h) and np.isnan(down_h):
                self.add(table, row + 2, "mttr_h", "no number", "a component that fails needs a repair time in h")
            made.append(two_state(kind, name, up_h, down_h, laws[row], float(sigma[row])))
        return tuple(made)


LARGEST = 1e9  # MW or MWh of a machine or a store: sums with infinite ones would be no numbers
OUTAGE_COLUMNS = ("mttf_h", "mttr_h", "forced_outage_rate", "repair_law", "repair_sigma")


def system_from_frames(
    units: pd.DataFrame,
    load_mw: Any,
    interfaces: pd.DataFrame | None = None,
    branches: pd.DataFrame | None = None,
    storages: pd.DataFrame | None = None,
    *,
    common_causes: pd.DataFrame | None = None,
    unit_states: pd.DataFrame | None = None,
    profiles_mw: pd.DataFrame | None = None,
    unavailability: pd.DataFrame | None = None,
    name: str = "system",
    start: str = "2001-01-01",
) -> AdequacySystem:
    """A bare system without a network folder.

    Parameters
    ----------
    units
        One row per machine: name, p_max_mw, mttf_h, mttr_h, optionally bus, area, forced_outage_rate (in place of
        mttf_h), repair_law (exponential, lognormal, constant) and repair_sigma. Neither mttf_h nor a rate: never fails.
    load_mw
        (hours,) MW of one area, or a frame hours x area or hours x bus (buses when ``branches`` are given), MW.
    interfaces
        name, area_from, area_to, forward_mw, backward_mw, mttf_h, mttr_h.
    branches
        name, from_bus, to_bus, x_pu, limit_mw, mttf_h, mttr_h.
    storages
        name, charge_mw, discharge_mw, energy_mwh, mttf_h, mttr_h, optionally bus or area, efficiency_charge,
        efficiency_discharge, carryover (per hour), energy_start_share.
    common_causes
        One row per component behind a cause: cause, component, lost_share, mttf_h, mttr_h.
    unit_states
        States of multi-state machines, one row per transition: unit, state, available_share, mean_h, to_state,
        probability; the first state named is the intact one.
    profiles_mw
        Hourly capacity (hours x unit), MW, of machines whose capacity is not constant.
    unavailability
        Hourly unavailability (hours x unit) of machines whose failures follow temperature; mttr_h and the mean over the
        horizon of mttf_h / mttr_h stay as given.
    start
        First hour, for results by month and hour of the day.

    Raises InputError with every problem found.
    """
    reader = _Reader()
    load = _load(reader, load_mw)
    n_hours = len(load)
    nodal = branches is not None
    places = tuple(str(column) for column in load.columns)
    place_column = "bus" if nodal else "area"
    unit_columns = ("name", "p_max_mw")
    if len(units) == 0:
        reader.add("units", 0, "", "no machines", "give at least one row")
    if not reader.require("units", units, unit_columns, ("bus", "area", *OUTAGE_COLUMNS)):
        reader.finish()
    unit_name = reader.names("units", units)
    unit_mw = reader.numbers("units", units, "p_max_mw", high=LARGEST, mend="give the capacity in MW")
    unit_component = list(reader.components("units", "generator", units))
    unit_bus = _places(reader, "units", units, place_column, places)
    profiles = _profiles(reader, profiles_mw, unit_name, n_hours)
    for row, profile in enumerate(profiles):
        if profile is not None:
            unit_mw[row] = profile.max()

    _read_states(reader, unit_states, unit_name, unit_component)
    _read_unavailability(reader, unavailability, unit_name, unit_component, n_hours)

    interface_arguments: dict[str, Any] = {}
    if interfaces is not None:
        columns = ("name", "area_from", "area_to", "forward_mw", "backward_mw")
        if reader.require("interfaces", interfaces, columns, OUTAGE_COLUMNS):
            interface_arguments = {
                "interface_name": tuple(reader.names("interfaces", interfaces)),
                "interface_from": reader.positions(
                    "interfaces", interfaces, "area_from", places, "an area of the load"
                ),
                "interface_to": reader.positions("interfaces", interfaces, "area_to", places, "an area of the load"),
                "interface_forward_mw": reader.numbers("interfaces", interfaces, "forward_mw", mend="a limit in MW"),
                "interface_backward_mw": reader.numbers("interfaces", interfaces, "backward_mw", mend="a limit in MW"),
                "interface_component": reader.components("interfaces", "interface", interfaces),
            }
    branch_arguments: dict[str, Any] = {}
    if branches is not None:
        columns = ("name", "from_bus", "to_bus", "x_pu", "limit_mw")
        if reader.require("branches", branches, columns, OUTAGE_COLUMNS):
            branch_arguments = {
                "branch_name": tuple(reader.names("branches", branches)),
                "branch_from": reader.positions("branches", branches, "from_bus", places, "a bus of the load"),
                "branch_to": reader.positions("branches", branches, "to_bus", places, "a bus of the load"),
                "branch_x_pu": reader.numbers(
                    "branches", branches, "x_pu", low_open=True, mend="give the series reactance in pu"
                ),
                "branch_mw": reader.numbers("branches", branches, "limit_mw", mend="give the rating in MW"),
                "branch_component": reader.components("branches", "branch", branches),
            }
    stores, store_component = _stores(reader, storages, place_column, places)
    causes = _causes(
        reader,
        common_causes,
        [*unit_name, *interface_arguments.get("interface_name", ()), *branch_arguments.get("branch_name", ())]
        + [store.name for store in stores],
    )
    reader.finish()
    return AdequacySystem(
        name=name,
        n_hours=n_hours,
        start=pd.Timestamp(start),
        buses=places,
        areas=("system",) if nodal else places,
        bus_area=np.zeros(len(places), dtype=np.int32) if nodal else np.arange(len(places), dtype=np.int32),
        load_mw=np.ascontiguousarray(load.to_numpy(dtype=np.float64)),
        unit_name=tuple(unit_name),
        unit_bus=unit_bus,
        unit_mw=unit_mw,
        unit_profile=tuple(profiles),
        unit_component=tuple(unit_component),
        stores=stores,
        store_component=store_component,
        common_causes=causes,
        **interface_arguments,
        **branch_arguments,
    )


def _load(reader: _Reader, load_mw: Any) -> pd.DataFrame:
    frame = load_mw if isinstance(load_mw, pd.DataFrame) else pd.DataFrame({"system": np.asarray(load_mw).reshape(-1)})
    frame = frame.reset_index(drop=True)
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        reader.add("load_mw", 0, "", "no load", "give one value in MW for each hour")
        reader.finish()
    for column in frame.columns:
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
        for row in np.flatnonzero(~np.isfinite(values))[:3]:
            cell = frame[column].iloc[row]
            reader.add("load_mw", int(row) + 2, str(column), f"{cell} is not a finite number", "give the load in MW")
        for row in np.flatnonzero(values < 0)[:3]:
            reader.add("load_mw", int(row) + 2, str(column), f"{values[row]:g} is not >= 0", "model it as a machine")
    reader.finish()
    frame = frame.astype(np.float64)
    if not frame.to_numpy().any():
        reader.add("load_mw", 0, "", "zero in every hour", "a system without load has no adequacy; give its load in MW")
    return frame


def _places(reader: _Reader, table: str, frame: pd.DataFrame, column: str, places: Sequence[str]) -> I4:
    if column in frame.columns:
        return reader.positions(table, frame, column, places, f"{column} of the load")
    if len(places) > 1:
        reader.add(table, 1, column, "missing", f"the load has {len(places)} places: say where each row stands")
    return np.zeros(len(frame), dtype=np.int32)


def _profiles(
    reader: _Reader, profiles_mw: pd.DataFrame | None, unit_name: Sequence[str], n_hours: int
) -> list[F8 | None]:
    profiles: list[F8 | None] = [None] * len(unit_name)
    if profiles_mw is None:
        return profiles
    if len(profiles_mw) != n_hours:
        reader.add("profiles_mw", 0, "", f"{len(profiles_mw)} hours", f"the load has {n_hours}: give as many")
        return profiles
    known = {name: position for position, name in enumerate(unit_name)}
    for column in profiles_mw.columns:
        values = profiles_mw[column].to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
        if str(column) not in known:
            reader.add("profiles_mw", 1, str(column), "is not a unit", nearest(str(column), unit_name))
        elif len(wrong):
            reader.add(
                "profiles_mw",
                int(wrong[0]) + 2,
                str(column),
                f"{values[wrong[0]]} is not >= 0",
                "give the MW available",
            )
        else:
            profiles[known[str(column)]] = np.ascontiguousarray(values)
    return profiles


def _read_states(
    reader: _Reader, frame: pd.DataFrame | None, unit_name: Sequence[str], components: list[Component]
) -> None:
    if frame is None:
        return
    columns = ("unit", "state", "available_share", "mean_h", "to_state", "probability")
    if not reader.require("unit_states", frame, columns, ()):
        return
    share = reader.numbers("unit_states", frame, "available_share", high=1.0, mend="a share from 0 to 1")
    mean_h = reader.numbers("unit_states", frame, "mean_h", low_open=True, mend="mean time in the state, h")
    chance = reader.numbers("unit_states", frame, "probability", high=1.0, mend="a probability")
    known = {name: position for position, name in enumerate(unit_name)}
    for unit, rows in frame.reset_index(drop=True).groupby("unit", sort=False):
        first_row = int(rows.index[0]) + 2
        if str(unit) not in known:
            reader.add("unit_states", first_row, "unit", f"'{unit}' is not a unit", nearest(str(unit), unit_name))
            continue
        names = list(dict.fromkeys(str(state) for state in rows["state"]))
        jump = np.zeros((len(names), len(names)))
        for row in rows.index:
            target = str(rows["to_state"][row])
            if target not in names:
                reader.add(
                    "unit_states", int(row) + 2, "to_state", f"'{target}' is not a state", nearest(target, names)
                )
                continue
            jump[names.index(str(rows["state"][row])), names.index(target)] += chance[row]
        for position, total in enumerate(jump.sum(axis=1)):
            if abs(total - 1.0) > 1e-9 or jump[position, position] > 0.0:
                reader.add(
                    "unit_states",
                    first_row,
                    "probability",
                    f"of leaving state '{names[position]}' sums to {total:g}",
                    "probabilities to the other states sum to 1",
                )
        first_of = [int(rows.index[[str(s) == state for s in rows["state"]]][0]) for state in names]
        if share[first_of[0]] != 1.0:
            reader.add("unit_states", first_row, "available_share", "of the first state is not 1", "name it first")
        if len(names) < 2:
            reader.add("unit_states", first_row, "state", "only one state", "give two or more")
        states = tuple(
            State(1.0 - float(share[row]), float(mean_h[row]), to=tuple(jump[position]))
            for position, row in enumerate(first_of)
        )
        components[known[str(unit)]] = Component("generator", str(unit), states)


def _read_unavailability(
    reader: _Reader,
    frame: pd.DataFrame | None,
    unit_name: Sequence[str],
    components: list[Component],
    n_hours: int,
) -> None:
    if frame is None:
        return
    if len(frame) != n_hours:
        reader.add("unavailability", 0, "", f"{len(frame)} hours", f"the load has {n_hours}: give as many")
        return
    known = {name: position for position, name in enumerate(unit_name)}
    for column in frame.columns:
        values = frame[column].to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(~((values >= 0.0) & (values < 1.0)))
        if str(column) not in known:
            reader.add("unavailability", 1, str(column), "is not a unit", nearest(str(column), unit_name))
            continue
        if len(wrong):
            cell = f"{values[wrong[0]]:g} is not in [0, 1)"
            reader.add("unavailability", int(wrong[0]) + 2, str(column), cell, "give a share of time")
            continue
        component = components[known[str(column)]]
        if len(component.states) != 2:
            reader.add("unavailability", 1, str(column), "belongs to a unit without two states", "give mttf_h, mttr_h")
            continue
        up_h, down_h = (state.mean_h for state in component.states)
        components[known[str(column)]] = Component(
            component.kind, component.name, component.states, np.ascontiguousarray(values), down_h / (up_h + down_h)
        )


def _stores(
    reader: _Reader, frame: pd.DataFrame | None, place_column: str, places: Sequence[str]
) -> tuple[tuple[Store, ...], tuple[Component, ...]]:
    if frame is None or len(frame) == 0:
        return (), ()
    columns = ("name", "charge_mw", "discharge_mw", "energy_mwh")
    optional = ("bus", "area", "efficiency_charge", "efficiency_discharge", "carryover", "energy_start_share")
    if not reader.require("storages", frame, columns, (*optional, *OUTAGE_COLUMNS)):
        return (), ()
    names = reader.names("storages", frame)
    bus = _places(reader, "storages", frame, place_column, places)
    charge = reader.numbers("storages", frame, "charge_mw", high=LARGEST, mend="give the power in MW")
    discharge = reader.numbers("storages", frame, "discharge_mw", high=LARGEST, mend="give the power in MW")
    energy = reader.numbers(
        "storages", frame, "energy_mwh", low_open=True, high=LARGEST, mend="give the usable energy in MWh"
    )
    shares = {
        column: reader.numbers(
            "storages", frame, column, low_open=column != "energy_start_share", high=1.0, default=1.0, mend="a share"
        )
        for column in ("efficiency_charge", "efficiency_discharge", "carryover", "energy_start_share")
    }
    stores = tuple(
        Store(
            names[row],
            int(bus[row]),
            float(charge[row]),
            float(discharge[row]),
            float(energy[row]),
            float(shares["efficiency_charge"][row]),
            float(shares["efficiency_discharge"][row]),
            float(shares["energy_start_share"][row] * energy[row]),
            float(shares["carryover"][row]),
        )
        for row in range(len(frame))
    )
    return stores, reader.components("storages", "storage", frame)


def _causes(reader: _Reader, frame: pd.DataFrame | None, names: Sequence[str]) -> tuple[CommonCause, ...]:
    if frame is None:
        return ()
    columns = ("cause", "component", "lost_share", "mttf_h", "mttr_h")
    if not reader.require("common_causes", frame, columns, ()):
        return ()
    share = reader.numbers("common_causes", frame, "lost_share", high=1.0, mend="a share from 0 to 1")
    mttf_h = reader.numbers("common_causes", frame, "mttf_h", low_open=True, mend="give a time in h")
    mttr_h = reader.numbers("common_causes", frame, "mttr_h", low_open=True, mend="give a time in h")
    reader.positions("common_causes", frame, "component", names, "a component")
    causes = []
    for cause, rows in frame.reset_index(drop=True).groupby("cause", sort=False):
        first = int(rows.index[0])
        for row in rows.index:
            if mttf_h[row] != mttf_h[first] or mttr_h[row] != mttr_h[first]:
                reader.add("common_causes", int(row) + 2, "mttf_h", "differs within a cause", "repeat the same times")
        causes.append(
            CommonCause(
                two_state("common_cause", str(cause), float(mttf_h[first]), float(mttr_h[first])),
                {str(rows["component"][row]): float(share[row]) for row in rows.index},
            )
        )
    return tuple(causes)
