"""A bare system from frames, without a network folder."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.reliability.frame_causes import read_causes, read_temperature_class
from gridsim.reliability.frame_chains import read_chains
from gridsim.reliability.frame_network import (
    LoadClasses,
    load_by_bus,
    read_areas,
    read_branches,
    read_classes,
    read_interfaces,
)
from gridsim.reliability.frame_places import read_load
from gridsim.reliability.frame_plans import read_forecast
from gridsim.reliability.frame_reader import FrameReader
from gridsim.reliability.frame_stores import read_stores
from gridsim.reliability.frame_times import Clock, read_clock
from gridsim.reliability.frame_units import Machines, read_units
from gridsim.reliability.plain_detail import plain_detail
from gridsim.reliability.system import AdequacySystem, Store

if TYPE_CHECKING:
    import pandas as pd

    from gridsim.model.outages import CommonCause, Component
    from gridsim.reliability.forecast_error import LoadForecast

NO_AREAS = ("system",)  # of frames of buses
F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


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
    frames = _Frames(
        units=units,
        load_mw=load_mw,
        interfaces=interfaces,
        branches=branches,
        storages=storages,
        common_causes=common_causes,
        unit_states=unit_states,
        profiles_mw=profiles_mw,
        unavailability=unavailability,
        failure_probability=failure_probability,
        repair_probability=repair_probability,
        deratings=deratings,
        temperature_class=temperature_class,
        buses=buses,
        load_classes=load_classes,
        interface_limits=interface_limits,
        interface_share=interface_share,
        energy_limited=energy_limited,
        demand_response=demand_response,
        maintenance=maintenance,
        load_forecast=load_forecast,
    )
    reader = FrameReader()
    horizon = _read_horizon(reader, frames, start)
    elements = _read_elements(reader, frames, horizon)
    reader.finish()
    return _system(name, horizon, elements)


class _Frames(NamedTuple):
    """The arguments of ``system_from_frames`` as they were given."""

    units: pd.DataFrame
    load_mw: Any
    interfaces: pd.DataFrame | None
    branches: pd.DataFrame | None
    storages: pd.DataFrame | None
    common_causes: pd.DataFrame | None
    unit_states: pd.DataFrame | None
    profiles_mw: pd.DataFrame | None
    unavailability: pd.DataFrame | None
    failure_probability: pd.DataFrame | None
    repair_probability: pd.DataFrame | None
    deratings: pd.DataFrame | None
    temperature_class: Any
    buses: pd.DataFrame | None
    load_classes: pd.DataFrame | None
    interface_limits: pd.DataFrame | None
    interface_share: pd.DataFrame | None
    energy_limited: pd.DataFrame | None
    demand_response: pd.DataFrame | None
    maintenance: pd.DataFrame | None
    load_forecast: Any


class _Horizon(NamedTuple):
    """Hours and places of the load. ``at``: the column that names a place, bus or area."""

    load: pd.DataFrame
    clock: Clock
    places: tuple[str, ...]
    at: str

    @property
    def load_of_place(self) -> F8:
        """(n_hours, n_places) MW."""
        return np.ascontiguousarray(self.load.to_numpy(dtype=np.float64))


class _Elements(NamedTuple):
    """Machines, ties or lines, classes of load, stores and common causes, as they were read.

    ``areas_of_buses``: names and (n_buses,) area of each bus, None where nothing says them
    """

    machines: Machines
    ties: dict[str, Any]
    lines: dict[str, Any]
    areas_of_buses: tuple[tuple[str, ...], I4] | None
    classes: LoadClasses | None
    stores: tuple[Store, ...]
    store_component: tuple[Component, ...]
    causes: tuple[CommonCause, ...]
    hour_class: I4 | None
    forecast: LoadForecast | None


def _read_horizon(reader: FrameReader, frames: _Frames, start: str | None) -> _Horizon:
    """The load by hour and place, and the time of the hours."""
    load = read_load(reader, frames.load_mw)
    if frames.branches is not None:
        load = load_by_bus(reader, load, frames.buses)
    clock = read_clock(reader, load.index, start)
    read_chains(reader, frames.failure_probability, frames.repair_probability, clock)
    if frames.interfaces is not None and frames.branches is not None:
        mend = "give interfaces between areas, or branches between buses"
        reader.add("interfaces", 0, "", "given beside branches", mend)
    places = tuple(str(column) for column in load.columns)
    return _Horizon(load, clock, places, "area" if frames.branches is None else "bus")


def _read_elements(reader: FrameReader, frames: _Frames, horizon: _Horizon) -> _Elements:
    """Everything at the places; problems are gathered by the reader."""
    load, clock, places, at = horizon
    machines = read_units(
        reader, frames.units, frames.profiles_mw, frames.unit_states, frames.maintenance, load, at, clock
    )
    ties = read_interfaces(reader, frames.interfaces, frames.interface_limits, frames.interface_share, places, clock)
    lines = read_branches(reader, frames.branches, places)
    areas_of_buses = read_areas(reader, frames.buses, places) if at == "bus" else None
    classes = read_classes(reader, frames.load_classes, at, places, horizon.load_of_place)
    stores, store_component = read_stores(
        reader, frames.storages, frames.energy_limited, frames.demand_response, at, places, clock
    )
    reader.check_chains()
    hour_class = read_temperature_class(reader, frames.temperature_class, clock)
    names = [*machines.name, *_tie_names(ties), *lines.get("branch_name", ()), *(store.name for store in stores)]
    causes = read_causes(
        reader, frames.common_causes, frames.deratings, frames.unavailability, names, machines.component, clock
    )
    forecast = read_forecast(reader, frames.load_forecast)
    return _Elements(
        machines=machines,
        ties=ties,
        lines=lines,
        areas_of_buses=areas_of_buses,
        classes=classes,
        stores=stores,
        store_component=store_component,
        causes=causes,
        hour_class=hour_class,
        forecast=forecast,
    )


def _system(name: str, horizon: _Horizon, elements: _Elements) -> AdequacySystem:
    """The system of what was read without a problem."""
    clock, places, machines = horizon.clock, horizon.places, elements.machines
    nodal = horizon.at == "bus"
    areas, bus_area = elements.areas_of_buses or _own_areas(places, nodal=nodal)
    system = AdequacySystem(
        name=name,
        n_hours=len(horizon.load),
        start=clock.start,
        step_h=clock.step_h,
        leap_day=clock.stamps is not None,
        buses=places,
        areas=areas,
        knows_areas=elements.areas_of_buses is not None or not nodal,
        bus_area=bus_area,
        load_mw=horizon.load_of_place,
        unit_name=tuple(machines.name),
        unit_bus=machines.bus,
        unit_mw=machines.p_max_mw,
        unit_profile=tuple(machines.profile),
        unit_component=tuple(machines.component),
        stores=elements.stores,
        store_component=elements.store_component,
        common_causes=elements.causes,
        temperature_class=elements.hour_class,
        load_forecast=elements.forecast,
        **elements.ties,
        **elements.lines,
    )
    is_plain = elements.classes is None and elements.areas_of_buses is None
    return system if is_plain else _with_detail(system, elements.classes)


def _tie_names(ties: dict[str, Any]) -> list[str]:
    """Interfaces, and the circuits of those that have several."""
    limits = ties.get("tie_limits")
    circuits = [] if limits is None else [of.name for tie in limits.circuits for of in tie if len(tie) > 1]
    return [*ties.get("interface_name", ()), *circuits]


def _own_areas(places: tuple[str, ...], *, nodal: bool) -> tuple[tuple[str, ...], I4]:
    """Areas of a load by area, which are its places; buses without areas are one."""
    if nodal:
        return NO_AREAS, np.zeros(len(places), dtype=np.int32)
    return places, np.arange(len(places), dtype=np.int32)


def _with_detail(system: AdequacySystem, classes: LoadClasses | None) -> AdequacySystem:
    """The system with what a network has beside machines: classes of load, or one, at its buses."""
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
