"""Inventory of a year: twelve runs of three days, each month's workday, Saturday and Sunday weighted to its length."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gridsim.engine.run import run
from gridsim.model.scenario import AcMode, Failures, Horizon, Policy, Scenario
from gridsim.model.system import GridSystem
from gridsim.results.greenhouse import OF_POWER, Part, carbon_dioxide, methane
from gridsim.results.run_records import Columns

WORKDAYS, DAYS = 5, 7
_RUN_DAYS = 3
_T_PER_MT = 1e6


@dataclass(frozen=True)
class Target:
    """A yearly amount that others state beside that of the inventory, in Mt."""

    name: str
    title: str
    found_mt: float
    low_mt: float
    high_mt: float
    source: str

    @property
    def inside(self) -> bool:
        return self.low_mt <= self.found_mt <= self.high_mt


@dataclass(frozen=True)
class Inventory:
    """Greenhouse gases of a year by part, and what they are compared with; nothing is fitted."""

    year: int
    parts: tuple[Part, ...]
    targets: tuple[Target, ...]


def inventory(system: GridSystem, year: int, progress: Callable[[float], None] | None = None) -> Inventory:
    """Parts of CO2 and methane of ``year`` in normal weather, with machines out as is usual where the network says."""
    sums: dict[tuple[str, str, str], Part] = {}
    for month in range(1, 13):
        for part in _of_month(system, year, month):
            key = part.gas, part.source, part.name
            sums[key] = _added(sums[key], part) if key in sums else part
        if progress is not None:
            progress(month / 12)
    parts = tuple(sums.values())
    return Inventory(year, parts, tuple(_targets(system, parts)))


def _of_month(system: GridSystem, year: int, month: int) -> Iterator[Part]:
    """Parts of one month: its Friday, Saturday and Sunday nearest the middle stand for all of its days."""
    middle = dt.datetime(year, month, 15)
    start = middle + dt.timedelta(days=(calendar.FRIDAY - middle.weekday()) % DAYS)
    failures = Failures.TYPICAL if len(system.typical) else Failures.OFF
    scenario = Scenario(
        name=f"inventory_{year}_{month:02d}",
        network=system.name,
        horizon=Horizon(start, 24.0 * _RUN_DAYS),
        policy=Policy(ac=AcMode.OFF),
        failures=failures,
    )
    weights = np.array([WORKDAYS, 1, 1]) * calendar.monthrange(year, month)[1] / DAYS
    tables = {name: _weighted(rows, weights) for name, rows in run(system, scenario).tables.items()}
    yield from carbon_dioxide(system, tables)
    yield from methane(system, tables)


def _weighted(rows: Columns, weights: np.ndarray) -> Columns:
    """Rows whose hours stand for all hours of their day's kind in the month."""
    if "duration_h" not in rows:
        return rows
    day = np.clip((rows["time_h"] / 24.0).astype(int), 0, _RUN_DAYS - 1)
    return {**rows, "duration_h": rows["duration_h"] * weights[day]}


def _added(one: Part, other: Part) -> Part:
    """One part of two months; a factor that changes with the month becomes its mean over the activity."""
    activity = one.activity + other.activity
    weighted = one.factor * one.activity + other.factor * other.activity
    return one._replace(
        activity=activity,
        factor=weighted / activity if activity else one.factor,
        t=one.t + other.t,
        low_t=one.low_t + other.low_t,
        high_t=one.high_t + other.high_t,
    )


def sums_mt(parts: tuple[Part, ...]) -> Mapping[str, float]:
    """Sums that targets are held against, Mt a year."""
    of = {gas: [part for part in parts if part.gas == gas] for gas in ("CO2", "CH4")}
    power = sum(part.t for part in of["CO2"] if part.source in OF_POWER)
    heat = sum(part.t for part in of["CO2"] if part.source == "heat")
    return {
        "co2_power": power / _T_PER_MT,
        "co2_power_and_heat": (power + heat) / _T_PER_MT,
        "ch4_energy": sum(part.t for part in of["CH4"]) / _T_PER_MT,
    }


def _targets(system: GridSystem, parts: tuple[Part, ...]) -> Iterator[Target]:
    found, targets = sums_mt(parts), system.inventory_targets
    columns = (targets.name, targets.title, targets.low_mt, targets.high_mt, targets.source)
    for name, title, low_mt, high_mt, source in zip(*(column.tolist() for column in columns), strict=True):
        yield Target(name, title or name, found[name], low_mt, high_mt, source)
