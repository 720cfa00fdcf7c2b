"""GridSystem -> AdequacySystem: one sample year of a network with its normal weather."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.checks import check_system
from gridsim.model.lost_load import felt_by_people, lost_load_usd_per_mwh
from gridsim.model.maintenance import day_of_year, planned_outage
from gridsim.model.neighbours import support_component, support_levels_mw
from gridsim.model.outages import Component, components_of
from gridsim.model.pack import WINTER_MONTHS, Packed, importable_mw, pack
from gridsim.model.scenario import Imports
from gridsim.model.system import DAY_TYPES, EXTERNAL, GridSystem
from gridsim.reliability.demand import Demand
from gridsim.reliability.storm_causes import storm_causes
from gridsim.reliability.system import AdequacySystem, NetworkDetail, Store
from gridsim.weather.common_cold import contract_share
from gridsim.weather.normal import NormalWeather, with_water_and_duty
from gridsim.weather.response import machine_outages
from gridsim.weather.sampled import sampled_year

if TYPE_CHECKING:
    import pandas as pd

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
    Machines, lines, transformers and stores fail as their mttf_h and mttr_h say, and lines by the storms of their
    season; borders do not fail. A machine has
    nothing, whether it fails or not, in the days of its planned repair. With ``imports`` likely a neighbour gives its
    contract, less in a cold that it shares (generated weather), and the help of the spell.
    """
    (made,) = systems_from_grid(system, (imports,), weather)
    return made


def systems_from_grid(
    system: GridSystem, policies: Sequence[Imports | str], weather: tuple[int, int] | None = None
) -> Iterator[AdequacySystem]:
    """``system_from_grid`` under one import policy after the other; their weather is made once."""
    check_system(system)
    if not system.loads.p_mw[system.loads.in_service].any():
        raise StudyError(f"{system.name}: no load in service; a system without load has no adequacy")
    if not (system.generators.in_service.any() or system.borders.in_service.any()):
        raise StudyError(f"{system.name}: no machine or border in service; a system without supply has no adequacy")
    times = sample_hours(system, whole_year=weather is not None)
    course = _normal_course(system, times) if weather is None else _generated_course(system, *weather, times)
    inside = _inside(system, course, times)
    for imports in policies:
        yield _with_borders(system, inside, times, imports, weather)


class Inside(NamedTuple):
    """Parts of a system that import policies leave alone.

    people, usd : of each part of the demand;  in_service : machines in service
    capacity_mw, profiles : their largest capacity, and its hours where it is not constant
    """

    course: Course
    packed: Packed
    demand: Demand
    people: F8
    usd: F8
    in_service: NDArray[np.int64]
    capacity_mw: F8
    profiles: list[F8 | None]


def _inside(system: GridSystem, course: Course, times: pd.DatetimeIndex) -> Inside:
    packed = pack(system)
    gens = system.generators
    in_service = np.flatnonzero(gens.in_service)
    delivered = 1.0 / (1.0 + system.loss_share)
    capacity = _capacity(course, gens.p_max_mw * delivered, in_service, unrepaired(system, times))
    return Inside(course, packed, *_demand(system, packed, course), in_service, *capacity)


def _with_borders(
    system: GridSystem,
    inside: Inside,
    times: pd.DatetimeIndex,
    imports: Imports | str,
    weather: tuple[int, int] | None,
) -> AdequacySystem:
    course, packed, demand, people, usd, in_service, capacity_mw, profiles = inside
    delivered = 1.0 / (1.0 + system.loss_share)
    firm = ~packed.tiers.price_responsive
    gens = system.generators
    borders = np.flatnonzero(system.borders.in_service)
    border_mw, border_profiles, support = _borders(system, borders, imports, weather, course.day_c)
    zones = list(system.zones)
    bus_area = system.buses.zone.copy()
    if (bus_area < 0).any():
        bus_area[bus_area < 0] = len(zones)
        zones.append(EXTERNAL)
    units = [course.machines[g] for g in in_service]
    units += [Component("border", str(system.borders.name[b])) for b in borders]
    units += [support_component(system, row) for row in support]
    border_of = np.concatenate([borders, system.border_support.border[support]]).astype(np.int64)
    support_mw = delivered * np.array([support_levels_mw(system, row)[0] for row in support])
    stores, store_components = _stores(system, delivered)
    return AdequacySystem(
        name=system.name,
        n_hours=len(times),
        start=times[0],
        buses=tuple(system.buses.name.tolist()),
        areas=tuple(zones),
        bus_area=bus_area.astype(np.int32),
        load_mw=demand.at_buses(len(system.buses), firm),
        unit_name=(*gens.name[in_service].tolist(), *(unit.name for unit in units[len(in_service) :])),
        unit_bus=np.concatenate([gens.bus[in_service], system.borders.bus[border_of]]).astype(np.int32),
        unit_mw=np.concatenate([capacity_mw, border_mw, support_mw]),
        unit_profile=(*profiles, *border_profiles, *[None] * len(support)),
        unit_component=tuple(units),
        branch_name=tuple(system.branch_name.tolist()),
        branch_from=system.branch_from,
        branch_to=system.branch_to,
        branch_x_pu=system.branch_x_pu,
        branch_mw=system.branch_normal_mw * delivered,
        branch_component=(*components_of(system, "lines"), *components_of(system, "transformers")),
        stores=stores,
        store_component=store_components,
        common_causes=storm_causes(system, times[0].to_pydatetime(), len(times)),
        detail=NetworkDetail(
            demand=demand,
            class_name=_tier_names(system, packed),
            class_penalty=packed.tiers.penalty,
            class_counts=firm,
            unit_cost=np.concatenate([gens.cost_per_mwh[in_service], system.borders.price_per_mwh[border_of]]),
            branch_in_service=system.branch_in_service,
            branch_rating=system.rating_rows[1],
            rating_factor=course.rating_factor,
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
            part_people=people if system.load_classes.people.any() else None,
            part_usd=usd,
            branch_turn_mw=system.branch_turn_mw * delivered,
        ),
    )


def _borders(
    system: GridSystem,
    borders: NDArray[np.int64],
    imports: Imports | str,
    weather: tuple[int, int] | None,
    day_c: F8 | None,
) -> tuple[F8, list[F8 | None], list[int]]:
    """MW of each border in service, its hours (n_hours,) where they differ, and the rows of help that is drawn."""
    constant: list[F8 | None] = [None] * len(borders)
    delivered = 1.0 / (1.0 + system.loss_share)
    bought_mw = importable_mw(system, imports)
    if imports != Imports.LIKELY:
        return bought_mw[borders] * delivered, constant, []
    mw = system.borders.contract_import_mw[borders] * delivered
    helping = np.flatnonzero(np.isin(system.border_support.border, borders)).tolist()
    support = [row for row in helping if support_levels_mw(system, row)[0] > 0]
    if weather is None or day_c is None:
        return mw, constant, support
    share = contract_share(system, day_c, *weather)[borders]
    profiles = [
        power * np.repeat(kept, DAY_H) if kept.min() < 1.0 else None for power, kept in zip(mw, share, strict=True)
    ]
    return mw, profiles, support


def sample_hours(system: GridSystem, *, whole_year: bool) -> pd.DatetimeIndex:
    """Hours of a sample: those of the hourly profiles, or a year from 1 July."""
    import pandas as pd

    n_hours = system.hourly_profiles.value.shape[1]
    if n_hours and not whole_year:
        first = system.hourly_year or 2001  # a year that begins on a Monday
        return pd.date_range(f"{first}-01-01", periods=n_hours, freq="h")
    year = system.base_year or 2001
    times = pd.date_range(f"{year}-07-01", periods=YEAR_H + DAY_H, freq="h")
    return times[~((times.month == 2) & (times.day == 29))][:YEAR_H]


class Course(NamedTuple):
    """Hourly factors of a horizon's weather, in rows that elements share.

    load_factor (n_hours, n_load_rows), load_row (n_loads,);  gen_share (n_gen_rows, n_hours), gen_row (n_gens,)
    rating_factor (n_hours, n_ratings);  machines: outages of every machine (n_gens,)
    day_c (n_sites, n_days): daily mean temperature of a generated year
    """

    load_factor: F8
    load_row: I4
    gen_share: F8
    gen_row: I4
    rating_factor: F8
    machines: tuple[Component, ...]
    day_c: F8 | None = None


def _normal_course(system: GridSystem, times: pd.DatetimeIndex) -> Course:
    """Normal weather: profiles, heat curves and ratings at the normal temperature, failures at their base rate."""
    gens = system.generators
    shape = _shapes(system, times)
    weather = NormalWeather(system)
    days = [dt.datetime(day.year, day.month, day.day) for day in times[::DAY_H]]
    share, row = list(shape.T), gens.profile.copy()
    led = np.flatnonzero(gens.in_service & gens.heat_led)
    if len(led):
        by_day = np.array([weather.at(day).gen_share[led] for day in days])
        for column, g in enumerate(led):
            # the day's first hour holds the profile times the heat curve; heat-led machines have no profile of their
            # own
            hours = np.repeat(by_day[:, column], DAY_H)[: len(times)]
            share.append(hours if gens.profile[g] < 0 else np.minimum(shape[:, gens.profile[g]], hours))
            row[g] = len(share) - 1
    row[row < 0] = shape.shape[1] - 1
    gen_share, row = with_water_and_duty(system, times, shape.T, np.array(share), row.astype(np.int32))
    rating = np.ones((len(times), 0))
    if len(system.rating_rows[0]):
        temperature_c = np.concatenate([weather.day_temperature_c(day) for day in days], axis=1)[:, : len(times)]
        rating = np.ascontiguousarray(system.rating_factors(temperature_c).T)
    machines = components_of(system, "generators")
    return Course(shape, system.loads.profile, gen_share, row, rating, machines)


def _generated_course(system: GridSystem, seed: int, year: int, times: pd.DatetimeIndex) -> Course:
    """A generated weather year."""
    found = sampled_year(system, seed, year, weekday=int(times[0].dayofweek), repairs=True)
    return Course(
        np.ascontiguousarray(found.load_factor.T),
        found.load_row,
        found.gen_share,
        found.gen_row,
        np.ascontiguousarray(system.rating_factors(found.temperature_c).T),
        machine_outages(system, found.temperature_c),
        found.temperature_c.reshape(len(found.temperature_c), -1, DAY_H).mean(axis=2),
    )


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


def _demand(system: GridSystem, packed: Packed, course: Course) -> tuple[Demand, F8, F8]:
    """Demand at the bus, and of each part the share of people and the USD/MWh; ``load_row`` -1 means the last.

    Losses of shunts are demand of the class that is cut last, the same in every hour, of nobody.
    """
    loads = system.loads
    load_mw = np.where(loads.in_service, loads.p_mw, 0.0)
    sheddable_mw = load_mw * packed.load_sheddable_share
    felt, usd = felt_by_people(system).astype(np.float64), lost_load_usd_per_mwh(system)
    parts, people, worth = np.zeros((3, len(system.buses), len(packed.tiers), course.load_factor.shape[1]))
    for tier_of, mw, usd_per_mwh in (
        (packed.load_tier, sheddable_mw, usd[0]),
        (packed.load_protected_tier, load_mw - sheddable_mw, usd[1]),
    ):
        place = loads.bus, tier_of, course.load_row
        np.add.at(parts, place, mw)
        np.add.at(people, place, mw * felt)
        np.add.at(worth, place, mw * usd_per_mwh)
    bus, tier, row = at = np.nonzero(parts)
    part_mw = parts[at]
    people, worth, factor = people[at] / part_mw, worth[at] / part_mw, course.load_factor
    at_shunts = np.flatnonzero(system.shunt_loss_mw > 0.0)
    if len(at_shunts):
        none = np.zeros(len(at_shunts))
        lost_mw = system.shunt_loss_mw[at_shunts] / (1.0 + system.loss_share)
        bus, part_mw = np.concatenate([bus, at_shunts]), np.concatenate([part_mw, lost_mw])
        tier = np.concatenate([tier, np.full(len(at_shunts), len(packed.tiers) - 1)])
        row = np.concatenate([row, np.full(len(at_shunts), factor.shape[1])])
        factor = np.hstack([factor, np.ones((len(factor), 1))])
        people, worth = np.concatenate([people, none]), np.concatenate([worth, none])
    demand = Demand(bus.astype(np.int32), tier.astype(np.int32), row.astype(np.int32), part_mw, factor)
    return demand, people, worth


def unrepaired(system: GridSystem, times: pd.DatetimeIndex) -> Mapping[int, F8]:
    """(n_hours,) share that planned repairs leave of each machine that has any, by its position."""
    planned = planned_outage(system)
    day = day_of_year(np.asarray(times.month), np.asarray(times.day))
    return {gen: 1.0 - planned[gen, day] for gen in np.flatnonzero(planned.any(axis=1)).tolist()}


def _capacity(
    course: Course, p_max_mw: F8, in_service: NDArray[np.int64], unrepaired: Mapping[int, F8]
) -> tuple[F8, list[F8 | None]]:
    """Largest capacity of each machine, MW, and its hours (n_hours,) where it is not constant."""
    highest, lowest = course.gen_share.max(axis=1), course.gen_share.min(axis=1)
    row = course.gen_row[in_service]
    capacity_mw = p_max_mw[in_service] * highest[row]
    hours_mw: list[F8 | None] = []
    for k, (g, r) in enumerate(zip(in_service.tolist(), row.tolist(), strict=True)):
        if g in unrepaired:
            hours = p_max_mw[g] * course.gen_share[r] * unrepaired[g]
            capacity_mw[k] = hours.max()
        else:
            hours = None if highest[r] == lowest[r] else p_max_mw[g] * course.gen_share[r]
        hours_mw.append(hours)
    return capacity_mw, hours_mw


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
            name=str(storages.name[row]),
            bus=int(storages.bus[row]),
            charge_mw=float(storages.p_charge_mw[row] * delivered),
            discharge_mw=float(storages.p_discharge_mw[row] * delivered),
            energy_mwh=float(storages.energy_mwh[row] * delivered),
            efficiency_charge=float(storages.efficiency_charge[row]),
            efficiency_discharge=float(storages.efficiency_discharge[row]),
            energy_start_mwh=float(storages.energy_start_share[row] * storages.energy_mwh[row] * delivered),
            carryover=1.0,
        )
        for row in rows
    )
    components = components_of(system, "storages")
    return stores, tuple(components[row] for row in rows)
