"""Machines that run, hold voltage and share an imbalance: one rule for the exported net and both AC methods."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.operating_point import OperatingPoint

BASE_MVA = 100.0  # of every per-unit number in the AC solver
HELD_TOLERANCE_PU = 1e-7


class Sources(NamedTuple):
    """Reactive power and participation of everything that can hold an island.

    gen_on : (n_gens,) bool synchronised;  gen_regulates : (n_gens,) bool, holds voltage (reactive range not a point)
    q_min_mvar, q_max_mvar : (n_buses,) of the regulating machines at the bus, infinite at a border in service
    q_fixed_mvar : (n_buses,) of the machines that run without regulating
    regulates : (n_buses,) bool, some machine or border holds the voltage
    gen_weight, border_weight : (n_gens,), (n_borders,), shares of an imbalance, sum 1 in each live island, else 0
    bus_weight : (n_buses,) their sums at each bus
    live : (n_islands,) bool, islands with a source;  reference : (n_islands,) i4, bus of angle 0, -1 in dead islands
    """

    gen_on: B1
    gen_regulates: B1
    q_min_mvar: F8
    q_max_mvar: F8
    q_fixed_mvar: F8
    regulates: B1
    gen_weight: F8
    border_weight: F8
    bus_weight: F8
    live: B1
    reference: I4


def bus_sum(bus: I4, value: F8, n: int) -> F8:
    """Sum values per bus (or island), (n,) f8."""
    return np.bincount(bus, value, n).astype(np.float64, copy=False)


def branch_status(system: GridSystem, branch_out: I4) -> B1:
    """(n_branches,) bool: in service in the system and not among ``branch_out``."""
    status = system.branch_in_service.copy()
    status[branch_out] = False
    return status


def shunt_status(system: GridSystem, status: B1) -> B1:
    """(n_shunts,) bool: in service, and the line it is switched with too."""
    return system.shunts.in_service & shunt_connected(system, status)


def shunt_connected(system: GridSystem, status: B1) -> B1:
    """(n_shunts,) bool: the line it is switched with, if any, is in service."""
    line = system.shunts.line
    return (line < 0) | status[np.maximum(line, 0)] if len(status) else line < 0


def reactive_load_mvar(system: GridSystem, p_load_mw: F8) -> F8:
    """(n_loads,) Mvar at the loads' power factors."""
    return p_load_mw * np.sqrt(1.0 / system.loads.power_factor**2 - 1.0)


def voltage_setpoints(system: GridSystem) -> F8:
    """Voltage held at each bus (n_buses,) pu: the border's, else the mean of the machines by reactive range; else 1."""
    gens, borders = system.generators, system.borders
    n_buses = len(system.buses)
    rating = np.maximum(gens.q_max_mvar - gens.q_min_mvar, 1e-9)
    total = bus_sum(gens.bus, rating, n_buses)
    setpoint = np.divide(bus_sum(gens.bus, rating * gens.vm_pu, n_buses), total, out=np.ones(n_buses), where=total > 0)
    on = borders.in_service
    setpoint[borders.bus[on]] = borders.vm_pu[on]
    return setpoint


def sources(system: GridSystem, point: OperatingPoint, island: I4) -> Sources:
    """Sources of each island (``island``: (n_buses,) numbered from 0) at an operating point.

    An imbalance is taken by the synchronised machines with a governor (``droop_pu``) in proportion to ``p_max_mw``; in
    an island without one by all its synchronised machines with output of their own; else by its borders, in proportion
    to their import limit. The reference is the voltage-holding bus with the largest share, the first of equals.
    An island whose only sources hold no voltage (or none at all) is dead.
    """
    gens, borders = system.generators, system.borders
    n_buses, n_islands = len(system.buses), int(island.max(initial=-1)) + 1
    # condensers and fixed reactive sources have no power to commit: they are on while in service
    gen_on = (point.gen_committed | (gens.p_max_mw <= 0.0)) & gens.in_service
    gen_regulates = gen_on & (gens.q_max_mvar > gens.q_min_mvar)
    regulating_bus = gens.bus[gen_regulates]
    q_min = bus_sum(regulating_bus, gens.q_min_mvar[gen_regulates], n_buses)
    q_max = bus_sum(regulating_bus, gens.q_max_mvar[gen_regulates], n_buses)
    regulates = np.zeros(n_buses, dtype=bool)
    regulates[regulating_bus] = True
    border_bus = borders.bus[borders.in_service]
    regulates[border_bus] = True
    q_min[border_bus], q_max[border_bus] = -np.inf, np.inf

    gen_island, border_island = island[gens.bus], island[borders.bus]
    governed = np.where(gen_on & ~np.isnan(gens.droop_pu), gens.p_max_mw, 0.0)
    any_machine = np.where(gen_on, gens.p_max_mw, 0.0)
    border_size = np.where(borders.in_service, np.maximum(borders.limit_import_mw, 1.0), 0.0)
    governed_sum = bus_sum(gen_island, governed, n_islands)
    machine_sum = bus_sum(gen_island, any_machine, n_islands)
    border_sum = bus_sum(border_island, border_size, n_islands)
    by_governor, by_machine = governed_sum > 0, machine_sum > 0
    gen_size = np.where(by_governor[gen_island], governed, any_machine)
    gen_total = np.where(by_governor, governed_sum, machine_sum)
    gen_weight = np.divide(gen_size, gen_total[gen_island], out=np.zeros(len(gens)), where=gen_total[gen_island] > 0)
    border_takes = ~by_machine[border_island] & (border_size > 0)
    border_weight = np.where(border_takes, border_size / np.maximum(border_sum[border_island], 1.0), 0.0)

    bus_weight = bus_sum(gens.bus, gen_weight, n_buses) + bus_sum(borders.bus, border_weight, n_buses)
    reference = np.full(n_islands, -1, dtype=np.int32)
    for number in range(n_islands):
        members = np.flatnonzero((island == number) & regulates)
        if members.size:
            reference[number] = members[int(np.argmax(bus_weight[members]))]
    live = reference >= 0
    # an island that holds voltage but has nobody to take an imbalance (condensers alone) cannot balance: dead
    live &= bus_sum(island, bus_weight, n_islands) > 0
    reference[~live] = -1
    return Sources(
        gen_on=gen_on,
        gen_regulates=gen_regulates,
        q_min_mvar=q_min,
        q_max_mvar=q_max,
        q_fixed_mvar=bus_sum(gens.bus, np.where(gen_on & ~gen_regulates, gens.q_min_mvar, 0.0), n_buses),
        regulates=regulates,
        gen_weight=gen_weight,
        border_weight=border_weight,
        bus_weight=bus_weight,
        live=live,
        reference=reference,
    )


def held_buses(system: GridSystem, have: Sources, vm_pu: F8) -> B1:
    """(n_buses,) bool: the regulating sources hold their setpoint in a solution, none is at its reactive limit."""
    return have.regulates & (np.abs(vm_pu - voltage_setpoints(system)) < HELD_TOLERANCE_PU)


class ReactiveSplit:
    """Shares in the reactive power of a bus of what regulates there.

    A border takes the whole of its bus, several at one bus equal parts. Machines share theirs at equal fractions of
    their ranges; those that do not regulate give their fixed value.
    """

    def __init__(self, system: GridSystem, have: Sources):
        gens, borders = system.generators, system.borders
        n_buses = len(system.buses)
        at_border = np.zeros(n_buses, dtype=bool)
        at_border[borders.bus[borders.in_service]] = True
        self._gen_bus, self._border_bus, self._border_on = gens.bus, borders.bus, borders.in_service
        self._q_min, self._span = gens.q_min_mvar, gens.q_max_mvar - gens.q_min_mvar
        self._held = held = have.gen_regulates & ~at_border[gens.bus]
        self._bus_min = bus_sum(gens.bus[held], gens.q_min_mvar[held], n_buses)
        bus_span = bus_sum(gens.bus[held], self._span[held], n_buses)
        self._bus_span = np.where(bus_span > 0, bus_span, np.inf)
        self._fixed = np.where(have.gen_on & ~have.gen_regulates, gens.q_min_mvar, 0.0)
        count = np.bincount(borders.bus[borders.in_service], minlength=n_buses)
        self._n_at_border = np.maximum(count[borders.bus], 1)

    def split(self, q_bus_mvar: F8) -> tuple[F8, F8]:
        """Reactive power of machines (n_gens,) and borders (n_borders,) from that of regulating sources (n_buses,)."""
        fraction = (q_bus_mvar - self._bus_min) / self._bus_span
        q_gen = np.where(self._held, self._q_min + fraction[self._gen_bus] * self._span, self._fixed)
        return q_gen, np.where(self._border_on, q_bus_mvar[self._border_bus] / self._n_at_border, 0.0)
