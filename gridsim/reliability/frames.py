"""A bare system from frames, without a network folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridsim.errors import nearest
from gridsim.model.outages import CommonCause, Component, Derating, State, two_state
from gridsim.reliability.frame_chains import read_chains
from gridsim.reliability.frame_maintenance import WEEK_H, placed_repairs, read_maintenance
from gridsim.reliability.frame_network import load_by_bus, read_areas, read_classes, read_tie_limits
from gridsim.reliability.frame_plans import read_forecast, read_limited
from gridsim.reliability.frame_reader import OUTAGE_COLUMNS, FrameReader
from gridsim.reliability.frame_times import Clock, aligned, read_clock
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.system import AdequacySystem, Store

NO_AREAS = ("system",)  # of frames of buses
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

LARGEST = 1e9  # MW or MWh of a machine or a store: sums with infinite ones would be no numbers


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
    failure_probability: pd.DataFrame | None = None,
    repair_probability: pd.DataFrame | None = None,
    deratings: pd.DataFrame | None = None,
    temperature_class: Any = None,
    buses: pd.DataFrame | None = None,
    load_classes: pd.DataFrame | None = None,
    interface_limits: pd.DataFrame | None = None,
    interface_share: pd.DataFrame | None = None,
    energy_limited: pd.DataFrame | None = None,
    demand_response: pd.DataFrame | None = None,
    maintenance: pd.DataFrame | None = None,
    load_forecast: Any = None,
    name: str = "system",
    start: str | None = None,
) -> AdequacySystem:
    """A bare system without a network folder.

    Parameters
    ----------
    units
        One row per machine: name, p_max_mw, mttf_h, mttr_h, optionally bus, area, maintenance_weeks, repair_law
        (exponential, lognormal, constant) and repair_sigma. In place of mttf_h a forced_outage_rate, in place of both
        failure_probability and repair_probability in an hour. None of them: never fails, and mttr_h is empty too.
    load_mw
        (hours,) MW of one area, or a frame hours x area or hours x bus (buses when ``branches`` are given), MW.
    interfaces
        name, area_from, area_to, forward_mw, backward_mw, mttf_h, mttr_h; not beside ``branches``.
    branches
        name, from_bus, to_bus, x_pu, limit_mw, mttf_h, mttr_h; for the levels copper and nodal.
    storages
        name, charge_mw, discharge_mw, energy_mwh, mttf_h, mttr_h, optionally bus or area, efficiency_charge,
        efficiency_discharge, carryover (per hour), energy_start_share.
    common_causes
        One row per component behind a cause: cause, component, lost_share (empty: see ``deratings``), mttf_h, mttr_h.
    unit_states
        States of multi-state machines, one row per transition: unit, state, available_share, mean_h, to_state,
        probability; the first state named is the intact one.
    profiles_mw
        Hourly capacity (hours x unit), MW, of machines whose capacity is not constant; p_max_mw at most.
    unavailability
        Hourly unavailability (hours x unit or cause) of machines and common causes whose failures follow temperature;
        mttr_h and the mean over the horizon of mttf_h / mttr_h stay as given.
    failure_probability, repair_probability
        Probabilities by the step (hours x component of any frame with outages, both): that what is in service, or out,
        is no longer so when the next one begins. Their sum is at most 1; the component has no mean times.
    deratings
        What a component behind a cause can still give, one row per hour: cause, component, temperature_class (from 0),
        phase (``outage``: hour counts from its start, the last holds on; ``repair``: from the repair, later 1), hour
        (0, 1, 2 ... without a gap), capacity_factor.
    temperature_class
        (hours,) whole numbers from 0, the class of ``deratings`` that holds in each hour; None: 0 throughout.
    buses
        Areas of the buses of ``branches``, for level zonal: bus, area. Branches between two areas are ties. With
        load_share ``load_mw`` is by area, and each bus has that share of it.
    load_classes
        Shares of the load: class, share, shed_order (the lowest is shed first), optionally bus or area (empty:
        everywhere). At levels zonal and nodal places shed by it.
    interface_limits
        Limits of interfaces with several ``circuits`` (a column of ``interfaces``; each fails by itself, and without
        this frame carries an equal part): interface, circuits_out, forward_mw, backward_mw.
    interface_share
        Share of the limits by hour (hours x interface).
    energy_limited
        Plants with a budget of energy: name, p_max_mw, energy_mwh within each period_h (24, 168 ...; empty: the
        horizon), mttf_h, mttr_h, optionally bus or area. Used where other machines are not enough, as stores are.
    demand_response
        name, p_max_mw, and what it is limited by within each period_h: energy_mwh, calls (runs of hours), hours;
        mttf_h, mttr_h, optionally bus or area. Called when stores can give no more.
    maintenance
        Planned repairs: unit, start, end (time stamps or hours of the horizon, the first hour after). Weeks of a column
        ``maintenance_weeks`` of ``units`` are placed where reserves are largest.
    load_forecast
        Error of the load in each sample year, as a share of it: a standard deviation, or a frame of steps (error,
        probability), or a ``LoadForecast``; None: load is known.
    start
        First hour, a midnight, for results by month and hour of the day; by default that of the load's time stamps or,
        without any, 2001-01-01.

    A load with a DatetimeIndex says the horizon: hours, or whole parts of one, without a gap. Profiles, unavailability
    and classes with stamps are then aligned by stamp.

    Raises InputError with every problem found.
    """
    reader = FrameReader()
    load = _load(reader, load_mw)
    if branches is not None:
        load = load_by_bus(reader, load, buses)
    clock = read_clock(reader, load.index, start)
    read_chains(reader, failure_probability, repair_probability, clock)
    if interfaces is not None and branches is not None:
        mend = "give interfaces between areas, or branches between buses"
        reader.add("interfaces", 0, "", "given beside branches", mend)
    n_hours = len(load)
    nodal = branches is not None
    places = tuple(str(column) for column in load.columns)
    place_column = "bus" if nodal else "area"
    unit_columns = ("name", "p_max_mw")
    if len(units) == 0:
        reader.add("units", 0, "", "no machines", "give at least one row")
    if not reader.require("units", units, unit_columns, ("bus", "area", "maintenance_weeks", *OUTAGE_COLUMNS)):
        reader.finish()
    unit_name = reader.names("units", units)
    unit_mw = reader.numbers("units", units, "p_max_mw", high=LARGEST, mend="give the capacity in MW")
    unit_component = list(reader.components("units", "generator", units))
    unit_bus = _places(reader, "units", units, place_column, places)
    profiles = _profiles(reader, profiles_mw, unit_name, unit_mw, clock)
    weeks = reader.numbers(
        "units",
        units,
        "maintenance_weeks",
        high=clock.n_steps * clock.step_h / WEEK_H,
        default=0.0,
        mend="weeks a year",
    )
    repairs = read_maintenance(reader, maintenance, unit_name, clock)
    for row, profile in enumerate(profiles):
        if profile is not None:
            unit_mw[row] = profile.max()
    if not reader.problems and weeks.any():
        load_of_hour = load.to_numpy(dtype=np.float64)
        repairs |= placed_repairs(weeks, unit_mw, unit_bus, load_of_hour, _expected(profiles, unit_bus, load), clock)
    for unit, hours in repairs.items():
        profile = profiles[unit]
        profiles[unit] = np.where(hours, 0.0, unit_mw[unit] if profile is None else profile)

    _read_states(reader, unit_states, unit_name, unit_component)

    interface_arguments: dict[str, Any] = {}
    if interfaces is not None:
        columns = ("name", "area_from", "area_to", "forward_mw", "backward_mw")
        if reader.require("interfaces", interfaces, columns, ("circuits", *OUTAGE_COLUMNS)):
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
            interface_arguments["tie_limits"] = read_tie_limits(
                reader,
                interfaces,
                interface_limits,
                interface_share,
                interface_arguments["interface_component"],
                clock,
            )
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
    areas_of_buses = read_areas(reader, buses, places) if nodal else None
    classes = read_classes(reader, load_classes, place_column, places, load.to_numpy(dtype=np.float64))
    stores, store_component = _stores(reader, storages, place_column, places)
    for table, frame, is_last in (
        ("energy_limited", energy_limited, False),
        ("demand_response", demand_response, True),
    ):
        if frame is not None and len(frame):
            limited, component = read_limited(reader, table, frame, clock, is_last=is_last)
            taken = {store.name for store in stores}
            for row, store in enumerate(limited):
                if store.name in taken:
                    reader.add(table, row + 2, "name", f"'{store.name}' is a store already", "give it another name")
            at = _places(reader, table, frame, place_column, places)
            stores += tuple(dataclasses.replace(store, bus=int(bus)) for store, bus in zip(limited, at))
            store_component += component
    reader.check_chains()
    everything = [*unit_name, *interface_arguments.get("interface_name", ())]
    ties = interface_arguments.get("tie_limits")
    everything += [] if ties is None else [of.name for tie in ties.circuits for of in tie if len(tie) > 1]
    everything += [*branch_arguments.get("branch_name", ()), *(store.name for store in stores)]
    hour_class = _temperature_class(reader, temperature_class, clock)
    causes = _causes(reader, common_causes, everything, _deratings(reader, deratings))
    cause_component = [cause.component for cause in causes]
    _read_unavailability(reader, unavailability, unit_component, cause_component, clock)
    forecast = read_forecast(reader, load_forecast)
    reader.finish()
    areas = NO_AREAS if nodal else places
    bus_area = np.zeros(len(places), dtype=np.int32) if nodal else np.arange(len(places), dtype=np.int32)
    if areas_of_buses is not None:
        areas, bus_area = areas_of_buses
    system = AdequacySystem(
        name=name,
        n_hours=n_hours,
        start=clock.start,
        step_h=clock.step_h,
        leap_day=clock.stamps is not None,
        buses=places,
        areas=areas,
        knows_areas=areas_of_buses is not None or not nodal,
        bus_area=bus_area,
        load_mw=np.ascontiguousarray(load.to_numpy(dtype=np.float64)),
        unit_name=tuple(unit_name),
        unit_bus=unit_bus,
        unit_mw=unit_mw,
        unit_profile=tuple(profiles),
        unit_component=tuple(unit_component),
        stores=stores,
        store_component=store_component,
        common_causes=tuple(
            dataclasses.replace(cause, component=component) for cause, component in zip(causes, cause_component)
        ),
        temperature_class=hour_class,
        load_forecast=forecast,
        **interface_arguments,
        **branch_arguments,
    )
    if classes is None and areas_of_buses is None:
        return system
    detail = plain_detail(system)
    if classes is not None:
        detail = dataclasses.replace(
            detail,
            demand=classes.demand,
            class_name=classes.names,
            class_penalty=classes.penalty,
            class_counts=np.ones(len(classes.names), dtype=bool),
        )
    return dataclasses.replace(system, detail=detail)


def _load(reader: FrameReader, load_mw: Any) -> pd.DataFrame:
    if isinstance(load_mw, pd.Series):
        load_mw = load_mw.to_frame("system")
    frame = load_mw if isinstance(load_mw, pd.DataFrame) else pd.DataFrame({"system": np.asarray(load_mw).reshape(-1)})
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        reader.add("load_mw", 0, "", "no load", "give one value in MW for each hour")
        reader.finish()
    if reader.repeated("load_mw", frame, "add them up: one column per area (or bus)"):
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


def _places(reader: FrameReader, table: str, frame: pd.DataFrame, column: str, places: Sequence[str]) -> I4:
    if column in frame.columns:
        return reader.positions(table, frame, column, places, f"{column} of the load")
    if len(places) > 1:
        reader.add(table, 1, column, "missing", f"the load has {len(places)} places: say where each row stands")
    return np.zeros(len(frame), dtype=np.int32)


def _expected(profiles: Sequence[F8 | None], unit_bus: I4, load: pd.DataFrame) -> F8:
    """(n_hours, n_places) MW of the machines with a profile."""
    expected_mw = np.zeros(load.shape)
    for unit, profile in enumerate(profiles):
        if profile is not None:
            expected_mw[:, unit_bus[unit]] += profile
    return expected_mw


def _profiles(
    reader: FrameReader, profiles_mw: pd.DataFrame | None, unit_name: Sequence[str], unit_mw: F8, clock: Clock
) -> list[F8 | None]:
    profiles: list[F8 | None] = [None] * len(unit_name)
    if profiles_mw is None:
        return profiles
    profiles_mw = aligned(reader, "profiles_mw", profiles_mw, clock)
    if profiles_mw is None:
        return profiles
    if reader.repeated("profiles_mw", profiles_mw, "keep one"):
        return profiles
    known = {name: position for position, name in enumerate(unit_name)}
    for column in profiles_mw.columns:
        values = profiles_mw[column].to_numpy(dtype=np.float64)
        if str(column) not in known:
            reader.add("profiles_mw", 1, str(column), "is not a unit", nearest(str(column), unit_name))
            continue
        p_max_mw = unit_mw[known[str(column)]]
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
        too_much = np.flatnonzero(values > p_max_mw)
        if len(wrong):
            cell = f"{values[wrong[0]]} is not >= 0"
            reader.add("profiles_mw", int(wrong[0]) + 2, str(column), cell, "give the MW available")
        elif len(too_much):
            cell = f"{values[too_much[0]]:g} is above p_max_mw {p_max_mw:g}"
            reader.add("profiles_mw", int(too_much[0]) + 2, str(column), cell, "lower it, or raise p_max_mw")
        else:
            profiles[known[str(column)]] = np.ascontiguousarray(values)
    return profiles


def _read_states(
    reader: FrameReader, frame: pd.DataFrame | None, unit_name: Sequence[str], components: list[Component]
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
    reader: FrameReader,
    frame: pd.DataFrame | None,
    units: list[Component],
    causes: list[Component],
    clock: Clock,
) -> None:
    if frame is None:
        return
    frame = aligned(reader, "unavailability", frame, clock)
    if frame is None:
        return
    if reader.repeated("unavailability", frame, "keep one"):
        return
    known = {c.name: (held, position) for held in (causes, units) for position, c in enumerate(held)}
    for column in frame.columns:
        values = frame[column].to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(~((values >= 0.0) & (values < 1.0)))
        if str(column) not in known:
            mend = nearest(str(column), sorted(known))
            reader.add("unavailability", 1, str(column), "is not a unit or a common cause", mend)
            continue
        if len(wrong):
            cell = f"{values[wrong[0]]:g} is not in [0, 1)"
            reader.add("unavailability", int(wrong[0]) + 2, str(column), cell, "give a share of time")
            continue
        held, position = known[str(column)]
        component = held[position]
        if len(component.states) != 2:
            reader.add("unavailability", 1, str(column), "has not two states", "give mttf_h, mttr_h")
            continue
        up_h, down_h = (state.mean_h for state in component.states)
        held[position] = dataclasses.replace(
            component, unavailability=np.ascontiguousarray(values), base_unavailability=down_h / (up_h + down_h)
        )


def _stores(
    reader: FrameReader, frame: pd.DataFrame | None, place_column: str, places: Sequence[str]
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
            name=names[row],
            bus=int(bus[row]),
            charge_mw=float(charge[row]),
            discharge_mw=float(discharge[row]),
            energy_mwh=float(energy[row]),
            efficiency_charge=float(shares["efficiency_charge"][row]),
            efficiency_discharge=float(shares["efficiency_discharge"][row]),
            energy_start_mwh=float(shares["energy_start_share"][row] * energy[row]),
            carryover=float(shares["carryover"][row]),
        )
        for row in range(len(frame))
    )
    return stores, reader.components("storages", "storage", frame)


def _temperature_class(reader: FrameReader, temperature_class: Any, clock: Clock) -> I4 | None:
    if temperature_class is None:
        return None
    if not isinstance(temperature_class, pd.Series):
        temperature_class = np.asarray(temperature_class).reshape(-1)
    found = aligned(reader, "temperature_class", temperature_class, clock)
    if found is None:
        return None
    values = np.asarray(found, dtype=np.float64)
    wrong = np.flatnonzero(~((values >= 0.0) & (values == np.floor(values))))
    if len(wrong):
        cell = f"{values[wrong[0]]:g} is not a class"
        reader.add("temperature_class", int(wrong[0]) + 2, "", cell, "give whole numbers from 0")
        return None
    return values.astype(np.int32)


PHASES = ("outage", "repair")


def _deratings(reader: FrameReader, frame: pd.DataFrame | None) -> dict[tuple[str, str], Derating]:
    """By cause and component."""
    if frame is None:
        return {}
    columns = ("cause", "component", "temperature_class", "phase", "hour", "capacity_factor")
    if not reader.require("deratings", frame, columns, ()):
        return {}
    factor = reader.numbers("deratings", frame, "capacity_factor", high=1.0, mend="a factor from 0 to 1")
    hour = reader.numbers("deratings", frame, "hour", mend="whole hours from 0")
    group = reader.numbers("deratings", frame, "temperature_class", mend="a whole number from 0")
    found: dict[tuple[str, str], Derating] = {}
    for (cause, component), rows in frame.reset_index(drop=True).groupby(["cause", "component"], sort=False):
        first_row = int(rows.index[0]) + 2
        at = rows.index.to_numpy()
        phase = rows["phase"].astype(str).to_numpy()
        for row, text in zip(at, phase):
            if text not in PHASES:
                reader.add("deratings", int(row) + 2, "phase", f"'{text}' is not a phase", nearest(text, PHASES))
        n_classes = int(np.nan_to_num(group[at]).max()) + 1
        by_phase = {}
        for name in PHASES:
            lengths = [int(((phase == name) & (group[at] == k)).sum()) for k in range(n_classes)]
            if len(set(lengths)) > 1 or (name == "outage" and lengths[0] == 0):
                what = f"{name} of '{component}' has {lengths} hours by class"
                reader.add("deratings", first_row, "phase", what, "give as many hours in each class, at least one")
                continue
            by_phase[name] = np.full((n_classes, lengths[0]), np.nan)
            for row in at[phase == name]:
                k, h = int(np.nan_to_num(group[row])), int(np.nan_to_num(hour[row]))
                if h >= lengths[0] or not np.isnan(by_phase[name][k, h]):
                    reader.add("deratings", int(row) + 2, "hour", f"{hour[row]:g}", "give 0, 1, 2 ... without a gap")
                    continue
                by_phase[name][k, h] = factor[row]
        whole = len(by_phase) == len(PHASES) and all(
            ((values >= 0.0) & (values <= 1.0)).all() for values in by_phase.values()
        )
        # a stand-in where a problem is noted already, so that the pair is not called missing too
        found[str(cause), str(component)] = Derating(**by_phase) if whole else Derating(np.ones(1), np.ones(1))
    return found


def _causes(
    reader: FrameReader,
    frame: pd.DataFrame | None,
    names: Sequence[str],
    deratings: Mapping[tuple[str, str], Derating],
) -> list[CommonCause]:
    if frame is None:
        return []
    columns = ("cause", "component", "lost_share", "mttf_h", "mttr_h")
    if not reader.require("common_causes", frame, columns, ()):
        return []
    share = reader.numbers(
        "common_causes", frame, "lost_share", high=1.0, nan_allowed=True, mend="a share from 0 to 1, empty: a derating"
    )
    mttf_h = reader.numbers("common_causes", frame, "mttf_h", low_open=True, mend="give a time in h")
    mttr_h = reader.numbers("common_causes", frame, "mttr_h", low_open=True, mend="give a time in h")
    reader.positions("common_causes", frame, "component", names, "a component")
    causes = []
    for cause, rows in frame.reset_index(drop=True).groupby("cause", sort=False):
        first = int(rows.index[0])
        for row in rows.index:
            if mttf_h[row] != mttf_h[first] or mttr_h[row] != mttr_h[first]:
                reader.add("common_causes", int(row) + 2, "mttf_h", "differs within a cause", "repeat the same times")
        for row in rows.index:
            given = (str(cause), str(rows["component"][row])) in deratings
            if given != np.isnan(share[row]):
                what, mend = ("given with a derating", "leave it empty") if given else ("no number", "or a derating")
                reader.add("common_causes", int(row) + 2, "lost_share", what, mend)
        names_of = {int(row): str(rows["component"][row]) for row in rows.index}
        causes.append(
            CommonCause(
                two_state("common_cause", str(cause), float(mttf_h[first]), float(mttr_h[first])),
                {name: float(share[row]) for row, name in names_of.items() if not np.isnan(share[row])},
                {name: deratings[str(cause), name] for name in names_of.values() if (str(cause), name) in deratings},
            )
        )
    used = {(cause.component.name, name) for cause in causes for name in cause.derating}
    for cause, component in deratings.keys() - used:
        what = f"'{component}' is not behind '{cause}'"
        reader.add("deratings", 1, "component", what, "give the pair a row in common_causes")
    return causes
