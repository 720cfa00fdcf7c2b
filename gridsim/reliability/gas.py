"""Outages of gas pipelines, sources, stations and facilities as common causes of the sampler.

Linepack drains, plants switch fuel, pipes fill again.

For each of three temperature classes of a day (load-weighted mean temperature) the hours of a working day in its month
are dispatched without outages: from what gas-fired machines burn there the pipes start (``solvers.gas_outages``).
What no plant would miss even with empty pipes is left out.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import NamedTuple

import numpy as np

from gridsim.model.outages import CommonCause, Derating, components_of, in_season
from gridsim.model.pack import gas_generators
from gridsim.model.scenario import Imports
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.reliability.class_day import CLASSES, DAY_H, ClassDay, TemperatureClass, mean_normal_c, site_weight
from gridsim.reliability.system import AdequacySystem
from gridsim.solvers.gas_outages import GasOutages, GasWeather, OutageShares
from gridsim.weather.normal import GAS_COLD_DAY_BELOW_NORMAL_K, NormalWeather


class ClassWeather(NamedTuple):
    """Gas weather of a temperature class; ``requested_mcm_per_d`` (n_links,): gas for the plants at full output."""

    gas: GasWeather
    requested_mcm_per_d: F8


_GAS_TABLES = ("gas_pipelines", "gas_supply", "compressor_stations", "power_to_gas")


def with_gas_outages(
    adequacy: AdequacySystem, system: GridSystem, imports: Imports | str = Imports.CONTRACT
) -> AdequacySystem:
    """``adequacy`` (of ``system``) with what fails of the gas network (``mttf_h``) as common causes."""
    import pandas as pd

    weather = NormalWeather(system)
    days = pd.date_range(adequacy.start, periods=-(-adequacy.n_hours // DAY_H), freq="D")
    day_c = np.array([weather.normal_day_c(day.to_pydatetime()) for day in days]).T
    return behind(adequacy, gas_causes(system, imports), temperature_classes(system, day_c))


def behind(adequacy: AdequacySystem, causes: tuple[CommonCause, ...], day_class: I4) -> AdequacySystem:
    """``adequacy`` with ``causes`` of ``gas_causes``; day_class : (n_days,) temperature class of each day."""
    if not causes:
        return adequacy
    return dataclasses.replace(
        adequacy,
        common_causes=(*adequacy.common_causes, *(_in_season(cause, adequacy) for cause in causes)),
        temperature_class=np.repeat(day_class, DAY_H)[: adequacy.n_hours],
    )


def _in_season(cause: CommonCause, adequacy: AdequacySystem) -> CommonCause:
    component = in_season(cause.component, adequacy.start.to_pydatetime(), adequacy.n_hours)
    return dataclasses.replace(cause, component=component)


def temperature_classes(system: GridSystem, day_c: F8) -> I4:
    """(n_days,) class of each day by the sites' daily means ``day_c`` (n_sites, n_days), weighted by load."""
    below = np.array([row.below_c for row in CLASSES])
    mean_c = site_weight(system) @ day_c
    return np.asarray((mean_c[:, None] < below).sum(axis=1) - 1, dtype=np.int32)


def gas_causes(system: GridSystem, imports: Imports | str = Imports.CONTRACT) -> tuple[CommonCause, ...]:
    """One common cause per part of the gas network that plants depend on; deratings by name of machine."""
    links = system.gas_to_power
    if len(system.gas_pipelines) == 0:
        return ()
    outages = [GasOutages(system, *class_weather(system, group, imports)) for group in CLASSES]
    n_links = len(links)
    never = OutageShares(np.ones((0, n_links)), np.ones((0, n_links)))
    causes = []
    for table, row in _failing(system):
        found = [of.shares(row, table) if of.bites(row, table) else never for of in outages]
        derating: dict[str, Derating] = {}
        for link, plant in enumerate(links.plant.tolist()):
            outage, repair = (_stacked([table[:, link] for table in part]) for part in zip(*found, strict=True))
            outage, repair = with_backup(system, link, outage, repair)
            if outage.size and outage.min() < 1.0 - 1e-3:
                machines = gas_generators(system, plant)
                for gen in machines[system.generators.in_service[machines]]:
                    derating[str(system.generators.name[gen])] = Derating(outage, repair)
        if derating:
            causes.append(CommonCause(components_of(system, table)[row], derating=derating))
    return tuple(causes)


def _failing(system: GridSystem) -> list[tuple[str, int]]:
    """Table and row of everything in the gas network that fails."""
    found: list[tuple[str, int]] = []
    for table in _GAS_TABLES:
        failing = [component.fails for component in components_of(system, table)]
        found += [(table, row) for row in np.flatnonzero(failing).tolist()]
    return found


def _stacked(columns: list[F8]) -> F8:
    """(n_classes, n_hours): rows of unequal length, each held at its last value (1 if it has none)."""
    n = max(len(column) for column in columns)
    return np.array([np.append(c, np.full(n - len(c), c[-1] if len(c) else 1.0)) for c in columns])


def with_backup(system: GridSystem, link: int, outage: F8, repair: F8) -> tuple[F8, F8]:
    """Shares with the backup fuel of a plant: after its switching time, as long as the stock lasts at this shortage.

    The stock is counted from the start of the outage; the hours after the repair use what the outage has left.
    """
    links = system.gas_to_power
    able = float(links.backup_capacity_share[link])
    if able <= 0:
        return outage, repair
    n_out = outage.shape[1]
    both = np.hstack([outage, repair])
    for row in both:
        stock_h = able * float(links.backup_stock_days[link]) * 24.0  # full-output hours
        short_h = 0
        for hour, share in enumerate(row):
            short_h = short_h + 1 if share < 1.0 - 1e-3 else 0
            if short_h > links.backup_switch_h[link]:
                burn = min(able, 1.0 - share, stock_h)
                row[hour] += burn
                stock_h -= burn
    return both[:, :n_out], both[:, n_out:]


def class_weather(system: GridSystem, group: TemperatureClass, imports: Imports | str) -> ClassWeather:
    """Gas demand and burn of a class: the mean of a working day's hours, each dispatched with nothing out."""
    day = ClassDay(system, group, imports)
    plants = [gas_generators(system, plant) for plant in system.gas_to_power.plant.tolist()]
    burnt_mw, mean_mw = (np.array([mw[gens].sum() for gens in plants]) for mw in (day.mean_mw(), day.able_mw))
    per_mw = system.gas_to_power.gas_m3_per_mwh * 24.0 / 1e6
    return ClassWeather(GasWeather(day.gas_demand_mcm_per_d, burnt_mw * per_mw, day.winter), mean_mw * per_mw)


def design_day_c(system: GridSystem) -> float:
    """Load-weighted mean temperature of the gas networks' cold day, so far below a normal day of January, C."""
    day = dt.datetime(system.base_year or 2001, CLASSES[-1].month, 15)
    return mean_normal_c(system, day) - GAS_COLD_DAY_BELOW_NORMAL_K
