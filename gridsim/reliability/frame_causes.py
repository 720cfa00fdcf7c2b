"""Common causes from frames, their deratings by temperature class, and failures that follow temperature."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import nearest
from gridsim.model.outages import CommonCause, Component, Derating, two_state
from gridsim.reliability.frame_reader import FrameReader
from gridsim.reliability.frame_times import Clock, aligned

if TYPE_CHECKING:
    import pandas as pd

I4 = NDArray[np.int32]

PHASES = ("outage", "repair")


def read_causes(
    reader: FrameReader,
    common_causes: pd.DataFrame | None,
    deratings: pd.DataFrame | None,
    unavailability: pd.DataFrame | None,
    names: Sequence[str],
    units: list[Component],
    clock: Clock,
) -> tuple[CommonCause, ...]:
    """Causes of the named components; machines and causes of ``unavailability`` then fail by the hour."""
    causes = _causes(reader, common_causes, names, _deratings(reader, deratings))
    components = [cause.component for cause in causes]
    _read_unavailability(reader, unavailability, units, components, clock)
    return tuple(dataclasses.replace(cause, component=of) for cause, of in zip(causes, components, strict=True))


def read_temperature_class(reader: FrameReader, temperature_class: Any, clock: Clock) -> I4 | None:
    import pandas as pd

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
