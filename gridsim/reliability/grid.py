"""GridSystem -> AdequacySystem: one sample year of a network with its normal weather."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.pack import WINTER_MONTHS, Packed, importable_mw, pack
from gridsim.model.scenario import Imports
from gridsim.model.system import DAY_TYPES, EXTERNAL, GridSystem
from gridsim.reliability.demand import Demand
from gridsim.reliability.outages import Component, two_state
from gridsim.reliability.system import AdequacySystem, NetworkDetail, Store
from gridsim.weather.normal import NormalWeather
from gridsim.weather.sampled import SampledYear, sampled_year

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

YEAR_H = 8760
DAY_H = 24


def system_from_grid(
    system: GridSystem, imports: Imports | str = Imports.CONTRACT, weather: tuple[int, int] | None = None
) -> AdequacySystem:
    """The sampler's view of a network: hourly demand and capacity of one year at normal weather.

    ``weather`` (seed, year number): the generated weather year instead, from 1 July; load, wind, sun, hydro and heat
    follow it hour by hour. It replaces hourly profiles.

    A system with hourly profiles is sampled over exactly their hours, from Monday, 1 January; any other over 8,760
    hours from 1 July to 30 June, so that no winter is cut (a 29 February is dropped). Capacity follows profiles, and
    heat curves at the normal daily temperature. Demand is at the bus: network losses are taken from supply and
    limits, which are divided by
    1 + ``loss_share``. Price-responsive load is cut before anyone is unserved, so it counts as demand nowhere.
    Machines, lines, transformers and stores fail as their mttf_h and mttr_h say; borders do not fail.
    """
    if not system.loads.p_mw[system.loads.in_service].any():
        raise StudyError(f"{system.name}: no load in service; a system without load has no adequacy")
    if not (system.generators.in_service.any() or system.borders.in_service.any()):
        raise StudyError(f"{system.name}: no machine or border in service; a system without supply has no adequacy")
    times = _hours(system, whole_year=weather is not None)
    shape = _shapes(system, times) if weather is None else np.ones((len(times), 1))
    year = None if weather is None else sampled_year(system, *weather, weekday=int(times[0].dayofweek))
    packed = pack(system)
    delivered = 1.0 / (1.0 + system.loss_share)
    n_buses = len(system.buses)
    firm = ~packed.tiers.price_responsive

    if year is None:
        demand = _demand(system, packed, shape, system.loads.profile)
    else:
        demand = _demand(system, packed, np.ascontiguousarray(year.load_factor.T), year.load_row)
    load_mw = demand.at_buses(n_buses, firm)
    gens = system.generators
    in_service = np.flatnonzero(gens.in_service)
    if year is None:
        capacity_mw, profiles = _capacity(system, times, shape, in_service)
    else:
        capacity_mw, profiles = _capacity_of_year(system, year, in_service)
    borders = np.flatnonzero(system.borders.in_service)
    border_mw = importable_mw(system, imports)[borders]
    zones = list(system.zones)
    bus_area = system.buses.zone.copy()
    if (bus_area < 0).any():
        bus_area[bus_area < 0] = len(zones)
        zones.append(EXTERNAL)
    units = [two_state("generator", str(gens.name[g]), gens.mttf_h[g], gens.mttr_h[g]) for g in in_service]
    units += [Component("border", str(system.borders.name[b])) for b in borders]
    lines, transformers = system.lines, system.transformers
    branches = [two_state("line", *row) for row in zip(lines.name.tolist(), lines.mttf_h, lines.mttr_h)]
    branches += [
        two_state("transformer", *row)
        for row in zip(transformers.name.tolist(), transformers.mttf_h, transformers.mttr_h)
    ]
    stores, store_components = _stores(system, delivered)
    return AdequacySystem(
        name=system.name,
        n_hours=len(times),
        start=times[0],
        buses=tuple(system.buses.name.tolist()),
        areas=tuple(zones),
        bus_area=bus_area.astype(np.int32),
        load_mw=load_mw,
        unit_name=(*gens.name[in_service].tolist(), *system.borders.name[borders].tolist()),
        unit_bus=np.concatenate([gens.bus[in_service], system.borders.bus[borders]]).astype(np.int32),
        unit_mw=np.concatenate([capacity_mw, border_mw]) * delivered,
        unit_profile=tuple(
            [None if profile is None else profile * delivered for profile in profiles] + [None] * len(borders)
        ),
        unit_component=tuple(units),
        branch_name=tuple(system.branch_name.tolist()),
        branch_from=system.branch_from,
        branch_to=system.branch_to,
        branch_x_pu=system.branch_x_pu,
        branch_mw=system.branch_normal_mw * delivered,
        branch_component=tuple(
            component if in_use else Component(component.kind, component.name)
            for component, in_use in zip(branches, system.branch_in_service)
        ),
        stores=stores,
        store_component=store_components,
        detail=NetworkDetail(
            demand=demand,
            class_name=_tier_names(system, packed),
            class_penalty=packed.tiers.penalty,
            class_counts=firm,
            unit_cost=np.concatenate([gens.cost_per_mwh[in_service], system.borders.price_per_mwh[borders]]),
            branch_in_service=system.branch_in_service,
            branch_rating=np.full(len(system.branch_name), -1, dtype=np.int32),
            rating_factor=np.ones((len(times), 0)),
            bus_oblast=tuple(system.buses.oblast.tolist()),
            interface_start=packed.case.interface_start,
            interface_branch=packed.case.interface_branch,
            interface_sign=packed.case.interface_sign,
            limit_interface=system.interface_limits.interface,
            limit_is_forward=system.interface_limits.direction == "forward",
            limit_lines_out=system.interface_limits.lines_out,
            limit_season=np.array(
                [{"all": 0, "winter": 1, "summer": 2}[s] for s in system.interface_limits.season.tolist()],
                dtype=np.int32,
            ),
            limit_mw=system.interface_limits.normal_mw * delivered,
            is_winter=np.isin(np.asarray(times.month), WINTER_MONTHS),
        ),
    )


def _hours(system: GridSystem, *, whole_year: bool = False) -> pd.DatetimeIndex:
    n_hours = system.hourly_profiles.value.shape[1]
    if n_hours and not whole_year:
        return pd.date_range("2001-01-01", periods=n_hours, freq="h")
    year = system.base_year or 2001
    times = pd.date_range(f"{year}-07-01", periods=YEAR_H + DAY_H, freq="h")
    return times[~((times.month == 2) & (times.day == 29))][:YEAR_H]


def _shapes(system: GridSystem, times: pd.DatetimeIndex) -> F8:
    """(n_hours, n_profiles + 1) value of each profile; the last column is 1, for elements without one."""
    day_of_week = np.asarray(times.dayofweek)
    day_type = np.where(day_of_week < 5, 0, np.where(day_of_week == 5, 1, 2))
    assert DAY_TYPES == ("workday", "saturday", "sunday")
    value = system.profiles.value[:, np.asarray(times.month) - 1, day_type, np.asarray(times.hour)]
    shape = np.vstack([value, np.ones(len(times))]).T
    for row, profile in enumerate(system.hourly_profiles.profile):
        shape[:, profile] = system.hourly_profiles.value[row]
    return np.ascontiguousarray(shape)


def _demand(system: GridSystem, packed: Packed, shape: F8, column: I4) -> Demand:
    """Demand at the bus; ``column`` (n_loads,) of shape (n_hours, n_columns) for each load, -1: the last."""
    loads = system.loads
    base = np.zeros((len(system.buses), len(packed.tiers), shape.shape[1]))
    load_mw = np.where(loads.in_service, loads.p_mw, 0.0)
    np.add.at(base, (loads.bus, packed.load_tier, column), load_mw * packed.load_sheddable_share)
    np.add.at(base, (loads.bus, packed.load_protected_tier, column), load_mw * (1.0 - packed.load_sheddable_share))
    bus, tier, row = np.nonzero(base)
    return Demand(bus.astype(np.int32), tier.astype(np.int32), row.astype(np.int32), base[bus, tier, row], shape)


def _capacity(
    system: GridSystem, times: pd.DatetimeIndex, shape: F8, in_service: NDArray[np.int64]
) -> tuple[F8, list[F8 | None]]:
    """Largest capacity of each machine, MW, and its hours (n_hours,) where it is not constant."""
    gens = system.generators
    heat_share = {}
    if gens.heat_led[in_service].any():
        weather = NormalWeather(system)
        by_day = []
        for day in times[::DAY_H]:
            moment = dt.datetime(day.year, day.month, day.day)
            by_day.append(weather.at(moment).gen_share)
        days = np.array(by_day)
        heat_share = {int(g): np.repeat(days[:, g], DAY_H)[: len(times)] for g in in_service if gens.heat_led[g]}
    largest = np.empty(len(in_service))
    profiles: list[F8 | None] = []
    for position, g in enumerate(in_service):
        share = shape[:, gens.profile[g]]
        if int(g) in heat_share:
            # the day's first hour holds the profile times the heat curve; heat-led machines have no profile of their
            # own
            share = heat_share[int(g)] if gens.profile[g] < 0 else np.minimum(share, heat_share[int(g)])
        hours = gens.p_max_mw[g] * share
        largest[position] = hours.max()
        profiles.append(None if (hours == hours[0]).all() else hours)
    return largest, profiles


def _capacity_of_year(
    system: GridSystem, year: SampledYear, in_service: NDArray[np.int64]
) -> tuple[F8, list[F8 | None]]:
    """As ``_capacity``, in a generated weather year."""
    p_max_mw = system.generators.p_max_mw
    profiles: list[F8 | None] = []
    largest = np.empty(len(in_service))
    for position, g in enumerate(in_service):
        hours = p_max_mw[g] * year.gen_share[year.gen_row[g]]
        largest[position] = hours.max()
        profiles.append(None if (hours == hours[0]).all() else hours)
    return largest, profiles


def _tier_names(system: GridSystem, packed: Packed) -> tuple[str, ...]:
    """Classes that share a place on the price ladder, joined by '+'."""
    members: list[set[str]] = [set() for _ in range(len(packed.tiers))]
    loads, classes = system.loads, system.load_classes
    dearest = int(np.argmax(np.where(classes.price_responsive, -1, classes.shed_order)))
    for load, load_class in enumerate(loads.load_class):
        protector = classes.protected_class[load_class]
        members[packed.load_tier[load]].add(str(classes.name[load_class]))
        if packed.load_sheddable_share[load] < 1.0:
            holder = load_class if packed.load_protected_tier[load] == packed.load_tier[load] else protector
            members[packed.load_protected_tier[load]].add(str(classes.name[holder if holder >= 0 else dearest]))
    return tuple("+".join(sorted(names)) or f"order_{tier}" for tier, names in enumerate(members))


def _stores(system: GridSystem, delivered: float) -> tuple[tuple[Store, ...], tuple[Component, ...]]:
    storages = system.storages
    rows = np.flatnonzero(storages.in_service)
    stores = tuple(
        Store(
            str(storages.name[row]),
            int(storages.bus[row]),
            float(storages.p_charge_mw[row] * delivered),
            float(storages.p_discharge_mw[row] * delivered),
            float(storages.energy_mwh[row] * delivered),
            float(storages.efficiency_charge[row]),
            float(storages.efficiency_discharge[row]),
            float(storages.energy_start_share[row] * storages.energy_mwh[row] * delivered),
            1.0,
        )
        for row in rows
    )
    return stores, tuple(
        two_state("storage", str(storages.name[row]), storages.mttf_h[row], storages.mttr_h[row]) for row in rows
    )


def join_areas(system: AdequacySystem) -> AdequacySystem:
    """Areas of a network joined by its branches between them, each an interface with its own rating and outages.

    A system that has interfaces, or a single area, is returned as it is. Named sections limit sums of flows, which the
    zonal level does not model: refused rather than left out.
    """
    if system.interface_name or system.detail is None or len(system.areas) == 1:
        return system
    if len(system.detail.limit_interface):
        raise StudyError(f"level: {system.name} has named sections, which the zonal level does not model; use nodal")
    start, stop = system.bus_area[system.branch_from], system.bus_area[system.branch_to]
    between = np.flatnonzero((start != stop) & system.detail.branch_in_service)
    return dataclasses.replace(
        system,
        interface_name=tuple(system.branch_name[branch] for branch in between),
        interface_from=start[between].astype(np.int32),
        interface_to=stop[between].astype(np.int32),
        interface_forward_mw=system.branch_mw[between],
        interface_backward_mw=system.branch_mw[between],
        interface_component=tuple(system.branch_component[branch] for branch in between),
    )
