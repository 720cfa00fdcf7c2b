"""Machines of areas as the first minutes see them: inertia, governors by technology, neighbours.

What a network does not say is assumed by class and counted: inertia of a machine, droop of one that has a governor, and
all of a neighbour but its import limit.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4
from gridsim.solvers.operating_point import OperatingPoint

TRANSIENT_X_PU = 0.40  # of a machine with its transformer, on its own rating
POWER_FACTOR = 0.77  # of a neighbour: rating = load / this
LOAD_INERTIA_S = 0.5
LEAST_SHARE, MOST_SHARE = -0.40, 0.05  # of the output that governors take away and add


class Governor(NamedTuple):
    """Governors of a technology: time constants, shares of power that follow them, share of machines that take part.

    ``droop_pu`` and ``inertia_h_s`` are assumed where a machine states none.
    """

    name: str
    valve_s: float
    second_s: float
    at_valve: float
    at_second: float
    active_share: float
    droop_pu: float
    inertia_h_s: float


STEAM = Governor("steam", 0.3, 8.0, 0.3, 0.7, 0.35, 0.05, 3.5)
HYDRO = Governor("hydro", 4.0, 0.5, -2.0, 3.0, 0.6, 0.05, 3.0)
GAS = Governor("gas", 0.5, 1.0, 1.0, 0.0, 0.35, 0.05, 5.0)
NUCLEAR = Governor("nuclear", 0.3, 8.0, 0.3, 0.7, 0.0, 0.05, 5.0)
GOVERNORS = (STEAM, HYDRO, GAS, NUCLEAR)
_BY_TECHNOLOGY = {"hydro": HYDRO, "gt": GAS, "ccgt": GAS, "nuclear": NUCLEAR}
_WITHOUT = ("wind", "solar")


class Neighbour(NamedTuple):
    """A neighbouring system: load MW, inertia GW s, governors MW per Hz, their headroom MW (inf: no limit), and the
    share of the frequency stages that is armed there.
    """

    load_mw: float
    inertia_gws: float
    governor_mw_per_hz: float
    headroom_mw: float = np.inf
    governor: Governor = STEAM
    armed_share: float = 1.0


def neighbours_of(system: GridSystem) -> dict[str, Neighbour]:
    """Neighbours that the network describes, by name of the border."""
    sides = system.neighbour_systems
    by_name = {governor.name: governor for governor in GOVERNORS}
    return {
        str(system.borders.name[border]): Neighbour(
            float(sides.load_mw[row]),
            float(sides.inertia_gws[row]),
            float(sides.governor_mw_per_hz[row]),
            float(np.nan_to_num(sides.headroom_mw[row], nan=np.inf)),
            by_name[str(sides.governor[row])],
            float(sides.armed_share[row]),
        )
        for row, border in enumerate(sides.border.tolist())
    }


class AreaMachines(NamedTuple):
    """Machines that run, by area.

    link_bus, link_area, link_mw : (n_links,) reactances from buses to the machine of an area, as MW per radian
    group_area : (n_groups,) ; group_kind : position among GOVERNORS ; group_* : MW, MW/Hz, MW, MW, MW s/Hz
    group_of_gen : (n_gens,) group of each running synchronous machine, -1: none
    gen_inertia : (n_gens,) MW s/Hz ; neighbour_load_mw : (n_areas,)
    assumed : what was assumed, and of how many machines or neighbours
    """

    link_bus: I4
    link_area: I4
    link_mw: F8
    group_area: I4
    group_kind: I4
    group_mw: F8
    group_gain: F8
    group_up_mw: F8
    group_down_mw: F8
    group_inertia: F8
    group_of_gen: I4
    gen_inertia: F8
    neighbour_load_mw: F8
    assumed: dict[str, int]


@functools.lru_cache(maxsize=256)
def _kind(technology: str, fuel: str) -> int:
    if technology in _WITHOUT or fuel in _WITHOUT:
        return -1
    return GOVERNORS.index(_BY_TECHNOLOGY.get(technology) or _BY_TECHNOLOGY.get(fuel) or STEAM)


def kind_of(system: GridSystem) -> I4:
    """(n_gens,) position among GOVERNORS, -1 for machines behind inverters."""
    gens = system.generators
    kinds = [_kind(*pair) for pair in zip(gens.technology.tolist(), gens.fuel.tolist(), strict=True)]
    return np.where(gens.variable, -1, np.array(kinds, dtype=np.int32)).astype(np.int32)


def machine_mva(system: GridSystem) -> F8:
    """(n_gens,) rating of each synchronous machine, from its output where none is stated; 0 behind inverters."""
    gens = system.generators
    stated = np.nan_to_num(gens.sn_mva, nan=0.0)
    return np.where(kind_of(system) < 0, 0.0, np.where(stated > 0, stated, gens.p_max_mw / 0.85))


def running_mva(system: GridSystem, point: OperatingPoint) -> F8:
    """(n_buses,) MVA of synchronous machines that run."""
    mva = np.where(point.gen_committed, machine_mva(system), 0.0)
    return np.bincount(system.generators.bus, mva, len(system.buses)).astype(np.float64)


def assumed_neighbour(limit_import_mw: float) -> Neighbour:
    """A neighbour of which only the limit is known: ten times that as load, 4 s, governors of 5 % on a third of it."""
    load_mw = 10.0 * max(limit_import_mw, 100.0)
    return Neighbour(load_mw, 4.0 * load_mw / 1000.0, load_mw / (0.05 * 50.0) / 3.0)


class StatedMachines(NamedTuple):
    """Every machine if it ran, (n_gens,): rating, kinetic energy, gain of its governors and the share that takes part.

    Assumed by technology where nothing is stated; 0 behind inverters.
    """

    mva: F8
    energy_mws: F8
    gain_mw_per_hz: F8
    active_share: F8
    p_max_mw: F8

    def room_mw(self, output_mw: F8) -> F8:
        """(..., n_gens) what governors may add to ``output_mw`` (..., n_gens)."""
        room_mw = np.maximum(self.p_max_mw - output_mw, 0.0)
        return np.asarray(self.active_share * np.minimum(room_mw, MOST_SHARE * np.maximum(output_mw, 0.0)))


def stated_machines(system: GridSystem) -> StatedMachines:
    """Machines as the first minutes take them."""
    gens, of_kind, mva = system.generators, np.maximum(kind_of(system), 0), machine_mva(system)
    active = np.array([governor.active_share for governor in GOVERNORS])[of_kind] * (mva > 0)
    droop = _assumed(gens.droop_pu, of_kind, "droop_pu")
    return StatedMachines(
        mva,
        _assumed(gens.inertia_h_s, of_kind, "inertia_h_s") * mva,
        gens.p_max_mw / (droop * system.f_hz) * active,
        active,
        gens.p_max_mw,
    )


def area_machines(
    system: GridSystem,
    point: OperatingPoint,
    bus_area: I4,
    border_area: I4,
    neighbours: dict[str, Neighbour] | None = None,
) -> AreaMachines:
    """Running machines of each area; ``neighbours`` by name of the border, assumed where there is none."""
    gens, f0 = system.generators, system.f_hz
    kind, mva = kind_of(system), machine_mva(system)
    runs = point.gen_committed & (mva > 0)
    of_kind = np.maximum(kind, 0)
    inertia_h = _assumed(gens.inertia_h_s, of_kind, "inertia_h_s")
    droop = _assumed(gens.droop_pu, of_kind, "droop_pu")
    assumed = {
        "machines without inertia_h_s": int((runs & (inertia_h != gens.inertia_h_s)).sum()),
        "machines without droop_pu": int((runs & (droop != gens.droop_pu)).sum()),
        "neighbours without data": 0,
    }
    active = np.array([governor.active_share for governor in GOVERNORS])[of_kind]
    gen_inertia = np.where(runs, 2.0 * inertia_h * mva / f0, 0.0)
    gen_gain = np.where(runs, gens.p_max_mw / (droop * f0) * active, 0.0)
    output = np.where(runs, point.p_gen_mw, 0.0)
    room = active * np.minimum(np.maximum(gens.p_max_mw - output, 0.0), MOST_SHARE * np.maximum(output, 0.0))

    keys = bus_area[gens.bus].astype(np.int64) * len(GOVERNORS) + of_kind
    used, group = np.unique(keys[runs], return_inverse=True)
    group_of_gen = np.full(len(gens), -1, dtype=np.int32)
    group_of_gen[runs] = group
    columns = [
        np.bincount(group, column[runs], len(used))
        for column in (output, gen_gain, room, LEAST_SHARE * np.maximum(output, 0.0), gen_inertia)
    ]
    n_areas = int(max(bus_area.max(initial=-1), border_area.max(initial=-1))) + 1
    link_bus, link_area, link_mw = [gens.bus[runs]], [bus_area[gens.bus[runs]]], [mva[runs] / TRANSIENT_X_PU]
    load_mw = np.zeros(n_areas)
    rows: list[tuple[int, int, float, float, float, float, float]] = []
    for border, name in enumerate(system.borders.name.tolist()):
        area = int(border_area[border])
        given = (neighbours or {}).get(name)
        assumed["neighbours without data"] += given is None
        side = given or assumed_neighbour(float(system.borders.limit_import_mw[border]))
        inside = bus_area == area
        buses = np.flatnonzero(inside).astype(np.int32) if inside.any() else system.borders.bus[border : border + 1]
        link_bus.append(buses)
        link_area.append(np.full(len(buses), area, dtype=np.int32))
        link_mw.append(np.full(len(buses), side.load_mw / POWER_FACTOR / TRANSIENT_X_PU / len(buses)))
        load_mw[area] += side.load_mw
        output_mw = side.load_mw + float(point.p_border_mw[border])
        motion = 2.0 * side.inertia_gws * 1000.0 / f0
        most_mw = min(side.headroom_mw, 1e9)
        kind_of_side, least_mw = GOVERNORS.index(side.governor), LEAST_SHARE * output_mw
        rows.append((area, kind_of_side, output_mw, side.governor_mw_per_hz, most_mw, least_mw, motion))
    table = np.array(rows, dtype=np.float64).reshape(-1, 7)
    mw, gain, up_mw, down_mw, inertia = (
        np.concatenate([column, table[:, 2 + at]]) for at, column in enumerate(columns)
    )
    return AreaMachines(
        link_bus=np.concatenate(link_bus).astype(np.int32),
        link_area=np.concatenate(link_area).astype(np.int32),
        link_mw=np.concatenate(link_mw),
        group_area=np.concatenate([used // len(GOVERNORS), table[:, 0]]).astype(np.int32),
        group_kind=np.concatenate([used % len(GOVERNORS), table[:, 1]]).astype(np.int32),
        group_mw=mw,
        group_gain=gain,
        group_up_mw=up_mw,
        group_down_mw=down_mw,
        group_inertia=inertia,
        group_of_gen=group_of_gen,
        gen_inertia=gen_inertia,
        neighbour_load_mw=load_mw,
        assumed={what: number for what, number in assumed.items() if number},
    )


def _assumed(stated: F8, kind: I4, field: str) -> F8:
    """Stated values, that of the technology where there is none."""
    by_kind = np.array([getattr(governor, field) for governor in GOVERNORS])[kind]
    return np.where(np.isnan(stated) | (stated <= 0), by_kind, stated)
