"""The door of every engine: a system in memory is held to the ranges of files, and an error names the cell."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.model.arguments import instance_of
from gridsim.model.system import GridSystem
from gridsim.model.table import Table

MEND_SYSTEM = "give one from read_network or system_from_tables"
MOST_NAMED = 8
# Columns that are filled from others when a file leaves them empty, with what can come out.
_FILLED = {
    ("generators", "sn_mva"): (0.0, math.inf),
    ("lines", "max_i_emergency_ka"): (0.0, math.inf),
}


class Range(NamedTuple):
    """A row of ``ranges.csv``: what a column may hold; ``points_to``: the table whose positions it holds."""

    low: float
    high: float
    low_open: bool
    high_open: bool
    may_be_empty: bool
    points_to: str

    def outside(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a number, NaN included, is not in the range."""
        above = values > self.low if self.low_open else values >= self.low
        below = values < self.high if self.high_open else values <= self.high
        return ~(above & below)

    def __str__(self) -> str:
        signs = ">" if self.low_open else ">=", "<" if self.high_open else "<="
        return f"a number {signs[0]} {self.low:g} and {signs[1]} {self.high:g}"


@cache
def ranges() -> dict[tuple[str, str], Range]:
    """Ranges by table and column, as the schemas of files have them."""
    text = resources.files("gridsim.model").joinpath("ranges.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        low, high = float(row["low"] or -math.inf), float(row["high"] or math.inf)
        opens = row["low_open"] == "true", row["high_open"] == "true"
        found[row["table"], row["column"]] = Range(low, high, *opens, row["may_be_empty"] == "true", row["points_to"])
    for place, (low, high) in _FILLED.items():
        found[place] = found[place]._replace(low=low, high=high, low_open=False, high_open=False)
    return found


_SOUND: WeakSet[GridSystem] = WeakSet()


def check_system(system: GridSystem) -> GridSystem:
    """The system, if it is one and every number in it could stand in a file; StudyError naming the cells otherwise.

    Arrays are read-only, so a system is looked at once.
    """
    instance_of("system", system, GridSystem, MEND_SYSTEM)
    if system not in _SOUND:
        faults = list(_faults(system))
        if faults:
            more = [f"and {len(faults) - MOST_NAMED} more"] if len(faults) > MOST_NAMED else []
            raise StudyError("\n".join([*faults[:MOST_NAMED], *more]))
        _SOUND.add(system)
    return system


def _faults(system: GridSystem) -> Iterator[str]:
    known = ranges()
    for (table, column), limits in known.items():
        owner = system if table == "network" else getattr(system, table, None)
        if isinstance(owner, Table):
            if column in owner.columns():
                yield from _of_column(system, table, owner, column, limits)
        elif table in ("network", "gas") and hasattr(owner, column):
            value = getattr(owner, column)
            if limits.outside(np.asarray(value, dtype=np.float64)):
                yield f"{table}.{column}: {value}; give {limits}"
    yield from _of_shapes(system)
    yield from _of_pairs(system)


def _of_column(system: GridSystem, table: str, owner: Table, column: str, limits: Range) -> Iterator[str]:
    values = getattr(owner, column)
    kind = owner.columns()[column]
    if not len(values) or kind == "STR":
        return
    if not limits.points_to and values.min() > limits.low and values.max() < limits.high:
        return  # nearly all columns of nearly all systems
    if limits.points_to:
        n = _count(system, limits.points_to)
        bad = (values < (-1 if limits.may_be_empty else 0)) | (values >= n)
        what = f"a position in {limits.points_to}, of which there are {n}"
    else:
        bad = limits.outside(values)
        what = str(limits)
        if limits.may_be_empty and bad.any():
            bad &= ~np.isnan(values) if kind == "F8" else values != -1
    if bad.any():
        names = getattr(owner, next(iter(owner.columns())))
        for row in np.flatnonzero(bad).tolist():
            yield f"{table}.{column}[{names[row]}]: {values[row]}; give {what}"


def _count(system: GridSystem, table: str) -> int:
    owner = getattr(system, table)
    return len(owner) if isinstance(owner, Table | tuple) else len(owner.name)


def _of_shapes(system: GridSystem) -> Iterator[str]:
    """Profiles, curves, climate and reserves."""
    share = ranges()["profiles", "value"]
    for name, values in zip(system.profiles.name, system.profiles.value, strict=True):
        if share.outside(values).any():
            yield f"profiles.value[{name}]: {values[share.outside(values)][0]}; give {share}"
    for shape, values in zip(system.hourly_profiles.profile.tolist(), system.hourly_profiles.value, strict=True):
        if share.outside(values).any():
            name = system.profiles.name[shape]
            yield f"hourly_profiles.value[{name}]: {values[share.outside(values)][0]}; give {share}"
    for table in ("heat_curves", "outage_curves", "rating_curves"):
        curves = getattr(system, table)
        for name, points in zip(curves.name, curves.points, strict=True):
            if not np.isfinite(points).all():
                yield f"{table}[{name}]: {points[~np.isfinite(points)][0]}; give finite numbers"
    for column in ("t_mean_c", "t_min_c", "t_max_c"):
        values, limits = getattr(system.climate, column), ranges()["climate", column]
        bad = limits.outside(values) & ~np.isnan(values)
        for site, month in np.argwhere(bad)[:1].tolist():
            yield f"climate.{column}[{system.weather_sites.name[site]}]: {values[site, month]}; give {limits}"
    members, hourly = system.interface_members, system.hourly_profiles.profile
    for what, positions, n in (
        ("interface_members.interface", members.interface, len(system.interfaces)),
        ("interface_members.branch", members.branch, system.n_branches),
        ("hourly_profiles.profile", hourly, len(system.profiles.name)),
    ):
        if ((positions < 0) | (positions >= n)).any():
            yield f"{what}: {positions[(positions < 0) | (positions >= n)][0]}; give positions below {n}"
    most = ranges()["loads", "p_mw"]
    for zone, reserve in zip(system.zones, system.reserve_mw, strict=True):
        if most.outside(np.asarray(reserve, dtype=np.float64)):
            yield f"network.reserve_mw[{zone}]: {reserve}; give {most}"


def _of_pairs(system: GridSystem) -> Iterator[str]:
    """Rules of two cells that kernels and samplers rely on."""
    generators = system.generators
    for row in np.flatnonzero(generators.p_min_mw > generators.p_max_mw).tolist():
        name, low, high = generators.name[row], generators.p_min_mw[row], generators.p_max_mw[row]
        yield f"generators.p_min_mw[{name}]: {low} is above p_max_mw {high}; lower it"
    for table in ("lines", "transformers", "generators", "storages", "gas_pipelines"):
        owner = getattr(system, table)
        for row in np.flatnonzero(np.isnan(owner.mttf_h) != np.isnan(owner.mttr_h)).tolist():
            yield f"{table}.mttr_h[{owner.name[row]}]: mttf_h and mttr_h go together; give both or none"
    for table, ends in (("lines", ("from_bus", "to_bus")), ("transformers", ("hv_bus", "lv_bus"))):
        owner = getattr(system, table)
        for row in np.flatnonzero(getattr(owner, ends[0]) == getattr(owner, ends[1])).tolist():
            yield f"{table}.{ends[1]}[{owner.name[row]}]: both ends are one bus; give two"
    for table, column, smallest in (("lines", "x_ohm_per_km", 1e-7), ("transformers", "vk_percent", 1e-4)):
        owner = getattr(system, table)
        values = getattr(owner, column)
        for row in np.flatnonzero(np.abs(values) < smallest).tolist():
            yield f"{table}.{column}[{owner.name[row]}]: {values[row]}; give at least {smallest:g}, of either sign"
    too_high = profiles_above_one(system)
    for row in np.flatnonzero(np.isin(generators.profile, too_high)).tolist():
        profile = system.profiles.name[generators.profile[row]]
        what = f"'{profile}' has values over 1; a machine gives no more than p_max_mw"
        yield f"generators.profile[{generators.name[row]}]: {what}"


def profiles_above_one(system: GridSystem) -> NDArray[np.int32]:
    """Positions of profiles, hourly ones included, that exceed 1 somewhere."""
    monthly = np.flatnonzero((system.profiles.value > 1.0).any(axis=(1, 2, 3)))
    hourly = system.hourly_profiles.profile[(system.hourly_profiles.value > 1.0).any(axis=1)]
    return np.union1d(monthly, hourly).astype(np.int32)
