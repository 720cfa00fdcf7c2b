"""Frames of the network: interfaces and their limits, branches, areas of buses, classes of load."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import nearest
from gridsim.model.outages import Component
from gridsim.model.pack import LEAST_SHEDDING, PENALTY_RATIO
from gridsim.reliability.demand import Demand
from gridsim.reliability.frame_reader import OUTAGE_COLUMNS, FrameReader
from gridsim.reliability.frame_times import Clock, aligned
from gridsim.reliability.system import TieLimits

if TYPE_CHECKING:
    import pandas as pd

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

SHARES_SUM = 1e-9


def read_areas(
    reader: FrameReader, frame: pd.DataFrame | None, buses: Sequence[str]
) -> tuple[tuple[str, ...], I4] | None:
    """Areas in order of appearance and the area of each bus; None without a frame."""
    if frame is None or not reader.require("buses", frame, ("bus", "area"), ("load_share",)):
        return None
    place = reader.positions("buses", frame, "bus", buses, "a bus of the load")
    names = [str(area) for area in frame["area"]]
    areas = tuple(dict.fromkeys(names))
    found = np.full(len(buses), -1, dtype=np.int32)
    for row, (bus, area) in enumerate(zip(place.tolist(), names, strict=True)):
        if found[bus] >= 0:
            reader.add("buses", row + 2, "bus", f"'{buses[bus]}' appears twice", "give each bus one area")
        found[bus] = areas.index(area)
    if (found < 0).any() and not reader.problems:
        missing = buses[int(np.argmax(found < 0))]
        reader.add("buses", 0, "bus", f"'{missing}' has no area", "give a row for every bus of the load")
    return areas, np.maximum(found, 0)


def load_by_bus(reader: FrameReader, load: pd.DataFrame, frame: pd.DataFrame | None) -> pd.DataFrame:
    """The load of areas spread over their buses by ``load_share``; as it is where no shares are given."""
    import pandas as pd

    if frame is None or "load_share" not in frame.columns or not {"bus", "area"} <= set(frame.columns):
        return load
    share = reader.numbers("buses", frame, "load_share", high=1.0, mend="a share of the area's load")
    areas = [str(area) for area in frame["area"]]
    columns = {str(column): load[column] for column in load.columns}
    for row, area in enumerate(areas):
        if area not in columns:
            what = f"'{area}' is no area of the load"
            reader.add("buses", row + 2, "area", what, nearest(area, sorted(columns)))
    for area in columns:
        total = float(sum(part for part, of in zip(share.tolist(), areas, strict=True) if of == area))
        if abs(total - 1.0) > SHARES_SUM:
            reader.add("buses", 0, "load_share", f"sums to {total:g} in '{area}'", "shares of an area sum to 1")
    reader.finish()
    buses = [str(bus) for bus in frame["bus"]]
    parts = {bus: part * columns[area] for bus, area, part in zip(buses, areas, share.tolist(), strict=True)}
    return pd.DataFrame(parts, index=load.index)


@dataclasses.dataclass(frozen=True, eq=False)
class LoadClasses:
    """Classes of load in the order in which they are shed. ``demand`` by bus and class."""

    names: tuple[str, ...]
    penalty: F8
    demand: Demand


def read_classes(
    reader: FrameReader, frame: pd.DataFrame | None, place_column: str, places: Sequence[str], load_mw: F8
) -> LoadClasses | None:
    """Shares of the load by class, everywhere or, where a place is given, there; lower shed orders go first."""
    import pandas as pd

    if frame is None or not reader.require("load_classes", frame, ("class", "share", "shed_order"), (place_column,)):
        return None
    share = reader.numbers("load_classes", frame, "share", high=1.0, mend="a share of the load")
    order = reader.numbers("load_classes", frame, "shed_order", low=-np.inf, mend="a number; the lowest is shed first")
    kinds = [str(kind) for kind in frame["class"]]
    at = frame[place_column].tolist() if place_column in frame.columns else [None] * len(frame)
    rank: dict[str, float] = {}
    for row, kind in enumerate(kinds):
        if rank.setdefault(kind, float(order[row])) != order[row]:
            reader.add("load_classes", row + 2, "shed_order", f"of '{kind}' differs", "repeat the same")
    names = sorted(rank, key=lambda kind: rank[kind])
    by_place = np.zeros((len(places), len(names)))
    for row, kind in enumerate(kinds):
        if at[row] is None or pd.isna(at[row]):
            by_place[:, names.index(kind)] += share[row]
        elif str(at[row]) in places:
            by_place[places.index(str(at[row])), names.index(kind)] += share[row]
        else:
            what = f"'{at[row]}' is no {place_column} of the load"
            reader.add("load_classes", row + 2, place_column, what, nearest(str(at[row]), places))
    for place, total in zip(places, by_place.sum(axis=1).tolist(), strict=True):
        if abs(total - 1.0) > SHARES_SUM and not reader.problems:
            reader.add("load_classes", 0, "share", f"sums to {total:g} at '{place}'", "shares of a place sum to 1")
    bus, tier = np.nonzero(by_place)
    demand = Demand(
        bus.astype(np.int32), tier.astype(np.int32), bus.astype(np.int32), by_place[bus, tier], np.array(load_mw)
    )
    penalty = np.array([LEAST_SHEDDING.first * PENALTY_RATIO**k for k in range(len(names))])
    return LoadClasses(tuple(names), penalty, demand)


def read_tie_limits(
    reader: FrameReader,
    interfaces: pd.DataFrame,
    limits: pd.DataFrame | None,
    share: pd.DataFrame | None,
    components: Sequence[Component],
    clock: Clock,
) -> TieLimits | None:
    """Circuits of every interface, its limits by circuits out, and shares of them by hour; None if each is one circuit
    with a limit that holds always.
    """
    if "circuits" not in interfaces.columns and limits is None and share is None:
        return None
    names = [str(name) for name in interfaces["name"]]
    count = reader.numbers("interfaces", interfaces, "circuits", low=1.0, default=1.0, mend="a whole number from 1")
    if (count != np.floor(count)).any():
        row = int(np.argmax(count != np.floor(count)))
        reader.add("interfaces", row + 2, "circuits", f"{count[row]:g} is not whole", "give a whole number")
        return None
    whole = [interfaces[column].to_numpy(dtype=np.float64) for column in ("forward_mw", "backward_mw")]
    # without limits of its own each circuit carries an equal part
    ways = [[limit[k] * np.linspace(1.0, 0.0, int(count[k]) + 1) for k in range(len(names))] for limit in whole]
    if limits is not None and reader.require(
        "interface_limits", limits, ("interface", "circuits_out", "forward_mw", "backward_mw"), ()
    ):
        at = reader.positions("interface_limits", limits, "interface", names, "an interface")
        out = reader.numbers("interface_limits", limits, "circuits_out", mend="a whole number")
        given = [
            reader.numbers("interface_limits", limits, column, mend="a limit in MW")
            for column in ("forward_mw", "backward_mw")
        ]
        for row in range(len(limits)):
            if out[row] != np.floor(out[row]) or out[row] > count[at[row]]:
                what = f"{out[row]:g} circuits out of {count[at[row]]:g}"
                reader.add("interface_limits", row + 2, "circuits_out", what, "give 0 up to the circuits")
                continue
            for way, mw in zip(ways, given, strict=True):
                way[at[row]][int(out[row])] = mw[row]
        for k, name in enumerate(names):
            if any((np.diff(way[k]) > 0.0).any() for way in ways):
                reader.add("interface_limits", 0, "", f"of '{name}' rise with circuits out", "lower them")
    found = None if share is None else _shares(reader, share, names, clock)
    circuits = tuple(
        (of,) if n == 1 else tuple(dataclasses.replace(of, name=f"{of.name} {k + 1}") for k in range(int(n)))
        for of, n in zip(components, count.tolist(), strict=True)
    )
    return TieLimits(circuits, tuple(ways[0]), tuple(ways[1]), found)


def _shares(reader: FrameReader, share: pd.DataFrame, names: Sequence[str], clock: Clock) -> F8 | None:
    """(n_hours, n_interfaces) share of the limits; 1 where none is given."""
    import pandas as pd

    frame = aligned(reader, "interface_share", share, clock)
    if frame is None or reader.repeated("interface_share", frame, "keep one"):
        return None
    found = np.ones((clock.n_steps, len(names)))
    for column in frame.columns:
        if str(column) not in names:
            reader.add("interface_share", 1, str(column), "is not an interface", nearest(str(column), names))
            continue
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
        if len(wrong):
            what = f"{values[wrong[0]]:g} is no share >= 0"
            reader.add("interface_share", int(wrong[0]) + 2, str(column), what, "give a share of the limit")
            continue
        found[:, names.index(str(column))] = values
    return found


def read_interfaces(
    reader: FrameReader,
    interfaces: pd.DataFrame | None,
    limits: pd.DataFrame | None,
    share: pd.DataFrame | None,
    places: Sequence[str],
    clock: Clock,
) -> dict[str, Any]:
    """Interfaces between areas, as arguments of the system; none without a frame."""
    columns = ("name", "area_from", "area_to", "forward_mw", "backward_mw")
    if interfaces is None or not reader.require("interfaces", interfaces, columns, ("circuits", *OUTAGE_COLUMNS)):
        return {}
    found = {
        "interface_name": tuple(reader.names("interfaces", interfaces)),
        "interface_from": reader.positions("interfaces", interfaces, "area_from", places, "an area of the load"),
        "interface_to": reader.positions("interfaces", interfaces, "area_to", places, "an area of the load"),
        "interface_forward_mw": reader.numbers("interfaces", interfaces, "forward_mw", mend="a limit in MW"),
        "interface_backward_mw": reader.numbers("interfaces", interfaces, "backward_mw", mend="a limit in MW"),
    }
    component = reader.components("interfaces", "interface", interfaces)
    tie_limits = read_tie_limits(reader, interfaces, limits, share, component, clock)
    return {**found, "interface_component": component, "tie_limits": tie_limits}


def read_branches(reader: FrameReader, branches: pd.DataFrame | None, places: Sequence[str]) -> dict[str, Any]:
    """Branches between buses, as arguments of the system; none without a frame."""
    columns = ("name", "from_bus", "to_bus", "x_pu", "limit_mw")
    if branches is None or not reader.require("branches", branches, columns, OUTAGE_COLUMNS):
        return {}
    return {
        "branch_name": tuple(reader.names("branches", branches)),
        "branch_from": reader.positions("branches", branches, "from_bus", places, "a bus of the load"),
        "branch_to": reader.positions("branches", branches, "to_bus", places, "a bus of the load"),
        "branch_x_pu": reader.numbers(
            "branches", branches, "x_pu", low_open=True, mend="give the series reactance in pu"
        ),
        "branch_mw": reader.numbers("branches", branches, "limit_mw", mend="give the rating in MW"),
        "branch_component": reader.components("branches", "branch", branches),
    }
