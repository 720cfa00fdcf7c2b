"""Machines from frames: capacity by hour, planned repairs, states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import nearest
from gridsim.model.outages import Component, State
from gridsim.reliability.frame_maintenance import WEEK_H, placed_repairs, read_maintenance
from gridsim.reliability.frame_places import read_places
from gridsim.reliability.frame_reader import LARGEST, OUTAGE_COLUMNS, FrameReader
from gridsim.reliability.frame_times import Clock, aligned

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]


@dataclass
class Machines:
    """Machines as the frames give them; ``profile`` None: constant."""

    name: list[str]
    bus: I4
    p_max_mw: F8
    component: list[Component]
    profile: list[F8 | None]


def read_units(
    reader: FrameReader,
    units: pd.DataFrame,
    profiles_mw: pd.DataFrame | None,
    unit_states: pd.DataFrame | None,
    maintenance: pd.DataFrame | None,
    load: pd.DataFrame,
    place_column: str,
    clock: Clock,
) -> Machines:
    """Machines with their hours, planned repairs and states."""
    places = tuple(str(column) for column in load.columns)
    if len(units) == 0:
        reader.add("units", 0, "", "no machines", "give at least one row")
    if not reader.require("units", units, ("name", "p_max_mw"), ("bus", "area", "maintenance_weeks", *OUTAGE_COLUMNS)):
        reader.finish()
    unit_name = reader.names("units", units)
    unit_mw = reader.numbers("units", units, "p_max_mw", high=LARGEST, mend="give the capacity in MW")
    unit_component = list(reader.components("units", "generator", units))
    unit_bus = read_places(reader, "units", units, place_column, places)
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
    return Machines(unit_name, unit_bus, unit_mw, unit_component, profiles)


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
