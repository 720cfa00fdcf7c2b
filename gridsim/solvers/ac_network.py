"""Unchanging part of the AC power flow: admittances of each topology, and flows from voltages."""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridsim.kernels.elimination import Elimination, make_elimination
from gridsim.kernels.flows import islands
from gridsim.kernels.newton import NewtonWork, make_newton_work
from gridsim.kernels.power_flow import C16, branch_flows, power_into
from gridsim.kernels.reactive_rounds import RoundsWork, make_rounds_work
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.operating_point import DeviceSettings
from gridsim.solvers.participation import (
    BASE_MVA,
    branch_status,
    reactive_load_mvar,
    shunt_connected,
    shunt_status,
    voltage_setpoints,
)

if TYPE_CHECKING:
    from scipy import sparse

#: Topologies kept: outages last tens of hours, so a few dozen sets cover the recent past.
N_TOPOLOGIES = 64


class Admittances(NamedTuple):
    """Two-port admittances of all branches as if in service (n_branches,), of shunts (n_shunts,), pu on BASE_MVA."""

    yff: C16
    yft: C16
    ytf: C16
    ytt: C16
    y_shunt: C16


class IslandNetwork(NamedTuple):
    """Buses of one island (ascending) and its admittance matrix in their order, CSC."""

    bus: I4
    y_bus: sparse.csc_matrix

    def power(self, v: C16) -> C16:
        """(n_members,) complex power into the network at voltages ``v`` (n_members,), pu."""
        return power_into(self.y_bus.indptr, self.y_bus.indices, self.y_bus.data, v)


@dataclass(frozen=True, eq=False)
class AcTopology:
    """One set of branches out: ``status`` (n_branches,), ``island`` (n_buses,), the bus admittance matrix.

    y : (n_entries,) complex pu, entries of that matrix in the pattern ``indptr``, ``indices`` (CSC) of all topologies
    admittances : of all branches at the taps that stand, and of all shunts at their shares
    """

    status: B1
    island: I4
    n_islands: int
    y: C16
    indptr: I4
    indices: I4
    admittances: Admittances

    @cached_property
    def members(self) -> tuple[I4, ...]:
        """Buses of each island, ascending."""
        if self.n_islands == 1:
            return (np.arange(len(self.island), dtype=np.int32),)
        return tuple(np.flatnonzero(self.island == number).astype(np.int32) for number in range(self.n_islands))

    @cached_property
    def island_key(self) -> bytes:
        """The islands, for what is kept by them."""
        return self.island.tobytes()

    @cached_property
    def networks(self) -> tuple[IslandNetwork, ...]:
        """One network per island, in the islands' order."""
        from scipy import sparse

        n = len(self.island)
        y_bus = sparse.csc_matrix((self.y, self.indices, self.indptr), shape=(n, n))
        if self.n_islands == 1:
            return (IslandNetwork(self.members[0], y_bus),)
        return tuple(IslandNetwork(bus, y_bus[bus][:, bus].tocsc()) for bus in self.members)

    def with_admittance(self, y_pu: C16) -> AcTopology:
        """The same network with admittances (n_buses,) pu to earth beside its own."""
        column = np.repeat(np.arange(len(self.island)), np.diff(self.indptr))
        diagonal = np.flatnonzero(self.indices == column)
        y = self.y.copy()
        y[diagonal] += y_pu
        return replace(self, y=y)


class Flows(NamedTuple):
    """(n_branches,) MW, Mvar into the branch at each end, and per cent of the normal rating by current."""

    p_from_mw: F8
    p_to_mw: F8
    q_from_mvar: F8
    q_to_mvar: F8
    loading_percent: F8


class AcNetwork:
    """Admittances of a system, made once from its pandapower net, and topologies, kept while they last."""

    def __init__(self, system: GridSystem, admittances: Admittances):
        self.system = system
        self.n_buses = len(system.buses)
        self.from_bus, self.to_bus = system.branch_from, system.branch_to
        self.admittances = admittances
        self.setpoint_pu = voltage_setpoints(system)
        self.load_mvar_per_mw = reactive_load_mvar(system, np.ones(len(system.loads)))
        lines, trafos = system.lines, system.transformers
        root3_kv = np.sqrt(3.0) * system.buses.vn_kv
        mva = trafos.sn_mva * trafos.parallel * trafos.max_loading_percent / 100.0
        line_ka = np.where(np.isnan(lines.max_i_ka), np.inf, lines.max_i_ka * lines.parallel)
        limit_ka_from = np.concatenate([line_ka, mva / (np.sqrt(3.0) * trafos.vn_hv_kv)])
        limit_ka_to = np.concatenate([line_ka, mva / (np.sqrt(3.0) * trafos.vn_lv_kv)])
        # loading by a current of 1 pu
        self._percent_from = 100.0 * BASE_MVA / root3_kv[self.from_bus] / limit_ka_from
        self._percent_to = 100.0 * BASE_MVA / root3_kv[self.to_bus] / limit_ka_to
        # -1 / yft = (r + jx) ratio: the susceptance 1 / (x ratio) of the DC approximation, its ratio without the shift
        self.shift_rad = np.concatenate([np.zeros(len(lines)), np.radians(trafos.shift_degree)])
        self._dc_susceptance = 1.0 / (-1.0 / (admittances.yft * np.exp(-1j * self.shift_rad))).imag
        # the fixed pattern of the bus admittance matrix: four entries a branch, one a shunt, one diagonal a bus
        bus = np.arange(self.n_buses)
        row = np.concatenate([self.from_bus, self.from_bus, self.to_bus, self.to_bus, system.shunts.bus, bus])
        column = np.concatenate([self.from_bus, self.to_bus, self.from_bus, self.to_bus, system.shunts.bus, bus])
        key = column.astype(np.int64) * self.n_buses + row
        entries, self._entry = np.unique(key, return_inverse=True)
        self._indices = (entries % self.n_buses).astype(np.int32)
        counts = np.bincount(entries // self.n_buses, minlength=self.n_buses)
        self._indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self._topologies: OrderedDict[bytes, AcTopology] = OrderedDict()

    def with_system(self, system: GridSystem) -> AcNetwork:
        """The same network under other sources: ``system`` differs in machines, borders, loads or shunts alone."""
        other = copy.copy(self)
        if system.shunts is not self.system.shunts:
            other._topologies = OrderedDict()  # their matrices hold the shunts
        other.system = system
        other.setpoint_pu = voltage_setpoints(system)
        other.load_mvar_per_mw = reactive_load_mvar(system, np.ones(len(system.loads)))
        return other

    @cached_property
    def elimination(self) -> Elimination:
        """Order in which Jacobians of every topology are factorised."""
        return make_elimination(self._indptr, self._indices)

    @cached_property
    def work(self) -> tuple[NewtonWork, RoundsWork]:
        """Memory of compiled power flows, one at a time."""
        return make_newton_work(self.elimination), make_rounds_work(self.n_buses)

    def topology(self, branch_out: I4, devices: DeviceSettings | None = None) -> AcTopology:
        """Give islands and admittances without these branches, computed once while they stay in use."""
        status = branch_status(self.system, branch_out)
        key = np.packbits(status).tobytes()
        if devices is not None:
            key += devices.shunt_share.tobytes() + devices.tap_pos.tobytes()
        topology = self._topologies.get(key)
        if topology is None:
            topology = self._make(status, devices)
            self._topologies[key] = topology
            if len(self._topologies) > N_TOPOLOGIES:
                self._topologies.popitem(last=False)
        else:
            self._topologies.move_to_end(key)
        return topology

    def with_devices(self, devices: DeviceSettings) -> Admittances:
        """Admittances of all branches and shunts with the devices as they stand.

        A tap on the high side divides the ratio of the bank's pi circuit and changes nothing else.
        """
        trafos, y = self.system.transformers, self.admittances
        step = np.where(trafos.tap_side == "hv", trafos.tap_step_percent / 100.0, 0.0)
        before = 1.0 + (trafos.tap_pos - trafos.tap_neutral) * step
        ratio = np.ones(len(y.yff))
        ratio[len(ratio) - len(step) :] = before / (1.0 + (devices.tap_pos - trafos.tap_neutral) * step)
        return Admittances(y.yff * ratio**2, y.yft * ratio, y.ytf * ratio, y.ytt, y.y_shunt * devices.shunt_share)

    def _make(self, status: B1, devices: DeviceSettings | None) -> AcTopology:
        if devices is None:
            y, on = self.admittances, shunt_status(self.system, status)
        else:
            y, on = self.with_devices(devices), shunt_connected(self.system, status)
        value = np.concatenate(
            [
                y.yff * status,
                y.yft * status,
                y.ytf * status,
                y.ytt * status,
                y.y_shunt * on,
                np.zeros(self.n_buses, dtype=np.complex128),
            ]
        )
        n = len(self._indices)
        data = np.bincount(self._entry, value.real, n) + 1j * np.bincount(self._entry, value.imag, n)
        island = islands(self.n_buses, self.from_bus, self.to_bus, status)
        return AcTopology(
            status=status,
            island=island,
            n_islands=int(island.max(initial=-1)) + 1,
            y=data,
            indptr=self._indptr,
            indices=self._indices,
            admittances=y,
        )

    def flows(self, v: C16, status: B1, admittances: Admittances | None = None) -> Flows:
        """Flows at complex voltages ``v`` (..., n_buses) pu; NaN voltages give NaN flows, branches out give 0.

        ``status`` (n_branches,), or (..., n_branches) where states have branches of their own out.
        """
        y = self.admittances if admittances is None else admittances
        shape = (*np.shape(v)[:-1], len(self.from_bus))
        # copies, as read-only arrays would be another type to the kernel
        states = np.array(v, dtype=np.complex128).reshape(-1, self.n_buses)
        in_service = np.array(np.broadcast_to(status, shape)).reshape(len(states), -1)
        found = np.empty((5, *in_service.shape))
        branch_flows(
            v=states,
            from_bus=self.from_bus,
            to_bus=self.to_bus,
            status=in_service,
            yff=y.yff,
            yft=y.yft,
            ytf=y.ytf,
            ytt=y.ytt,
            percent_from=self._percent_from,
            percent_to=self._percent_to,
            base_mva=BASE_MVA,
            flows_out=found,
        )
        return Flows(*found.reshape(5, *shape))

    def dc_angles(self, topology: AcTopology, number: int, p_pu: F8, reference: int) -> F8:
        """Angles (n_members,) rad of an island under the DC approximation; ``p_pu`` (n_members,) balanced, reference 0.

        Resistances, shunts and voltage differences are neglected.
        """
        from scipy import sparse
        from scipy.sparse.linalg import splu

        bus = topology.members[number]
        local = np.full(self.n_buses, -1, dtype=np.int64)
        local[bus] = np.arange(len(bus))
        used = topology.status & (topology.island[self.from_bus] == number)
        i, j = local[self.from_bus[used]], local[self.to_bus[used]]
        series = self._dc_susceptance[used]
        turned = series * self.shift_rad[used]  # a branch that shifts carries b (angle difference - shift)
        n = len(bus)
        entries = (np.concatenate([series, series, -series, -series]), (np.r_[i, j, i, j], np.r_[i, j, j, i]))
        keep = np.flatnonzero(np.arange(n) != local[reference])
        angle = np.zeros(n)
        if len(keep):
            reduced = sparse.csc_matrix(entries, shape=(n, n))[keep][:, keep].tocsc()
            driven = p_pu + np.bincount(i, turned, n) - np.bincount(j, turned, n)
            angle[keep] = splu(reduced).solve(driven[keep])
        return angle

    def dc_flows(self, angle: F8, status: B1) -> F8:
        """(n_branches,) MW from the angles of ``dc_angles`` (NaN outside)."""
        flow = self._dc_susceptance * (angle[self.from_bus] - angle[self.to_bus] - self.shift_rad) * BASE_MVA
        return np.where(status, flow, 0.0)
