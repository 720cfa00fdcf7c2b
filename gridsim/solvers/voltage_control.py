"""Voltage control: the operator sets reactors, capacitor banks and taps before a power flow counts.

One step of a device moves every voltage by about what the factorised Jacobian of the last power flow says, so a handful
of triangular solves give the effect of all devices at once (Kundur, Power System Stability and Control, 1994, ch. 14:
V-Q sensitivity; here angles and active power are eliminated, not neglected). A greedy search over those effects finds
the moves, another power flow confirms them: it counts only if its largest violation is no larger than before.

Rules. A device moves when a voltage is outside the range in which the operator leaves it alone (``vm_act_min_pu`` to
``vm_act_max_pu``), and then as far as brings it 0.005 pu inside: a dead band. What has switched rests for its least
time. Where a limit stays passed all the same, a second search looks at passed limits alone and lets rests go.
Controlled reactors move at any time. Every island is judged by its own voltages: a device has no effect in another, so
it is not moved for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gridsim.kernels.newton import voltage_sensitivity
from gridsim.model.scenario import AcMode, Policy, VoltageMode
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_network import C16, AcNetwork, AcTopology, Admittances
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import DeviceSettings, OperatingPoint, system_settings
from gridsim.solvers.participation import BASE_MVA, held_buses, shunt_connected, sources

MOST_ROUNDS = 3  # power flows after the first; moves of one instant are few, and so are their errors
ABOVE_PU = 0.01  # above where the operator acts: what feeds a low pocket is lifted no further
MOST_SOLVES = 7  # power flows of one instant
MOST_MOVES = 60  # of a search
DEAD_BAND_PU = 0.005  # between a limit and the voltage at which the operator acts, where the network states none
FURTHER_PU = 0.005  # inside it that a move aims at, or small changes would call for the next one at once
LEAST_GAIN_PU2 = 2e-6  # of squared pu beyond the target band: less is not worth a switching
CONTINUOUS_STEPS = 20  # in which a controlled reactor's range is searched, any of them in one move
_OF_EQUALS = 1e-9  # a step, so that of moves that do the same the smallest is made
MOST_TAPS = 2  # of a bank in one search: machines at their reactive limits make larger moves a guess
NEVER_S = -1e12

#: Lowest and highest voltage (n_buses,) pu.
Range = tuple[F8, F8]


@dataclass(frozen=True, eq=False)
class Devices:
    """Devices that the operator moves, one entry each: switchable shunts first, then taps of parallel banks together.

    name : for tables, a bank's first;  shunt : position or -1;  trafos : positions of the banks, empty for shunts
    low, high : (n,) ends of the position;  start : (n,);  continuous : (n,) bool;  least_time_s : (n,)
    """

    name: tuple[str, ...]
    shunt: I4
    trafos: tuple[tuple[int, ...], ...]
    low: F8
    high: F8
    start: F8
    continuous: B1
    least_time_s: F8

    def __len__(self) -> int:
        return len(self.name)


def voltage_devices(system: GridSystem) -> Devices:
    """Devices of a system, none where its tables name none. Shunt positions are counted in steps, taps as they are."""
    shunts, trafos = system.shunts, system.transformers
    chosen = np.flatnonzero(shunts.switchable)
    continuous = shunts.controlled[chosen]
    steps = np.where(continuous, CONTINUOUS_STEPS, shunts.steps[chosen]).astype(np.float64)
    banks: dict[tuple[int, int], list[int]] = {}
    for bank in np.flatnonzero(trafos.tap_controlled & trafos.in_service & (trafos.tap_side == "hv")).tolist():
        banks.setdefault((int(trafos.hv_bus[bank]), int(trafos.lv_bus[bank])), []).append(bank)
    groups = list(banks.values())
    first = np.array([group[0] for group in groups], dtype=np.int64)
    tap_low = [float(trafos.tap_min[group].max()) for group in groups]
    tap_high = [float(trafos.tap_max[group].min()) for group in groups]
    low = np.concatenate([np.where(continuous, shunts.min_share[chosen] * steps, 0.0), tap_low])
    start = np.concatenate([np.maximum(shunts.in_service[chosen] * steps, low[: len(chosen)]), trafos.tap_pos[first]])
    return Devices(
        name=(*shunts.name[chosen].tolist(), *trafos.name[first].tolist()),
        shunt=np.concatenate([chosen, np.full(len(groups), -1)]).astype(np.int32),
        trafos=(*((),) * len(chosen), *(tuple(group) for group in groups)),
        low=low,
        high=np.concatenate([steps, tap_high]),
        start=start,
        continuous=np.concatenate([continuous, np.zeros(len(groups), dtype=bool)]),
        least_time_s=3600.0 * np.concatenate([shunts.least_time_h[chosen], trafos.least_time_h[first]]),
    )


def device_state(system: GridSystem, policy: Policy) -> DeviceState | None:
    """Devices of a run at its start; None where there is no power flow, no device or no voltage control."""
    if policy.ac == AcMode.OFF or policy.voltage_control == VoltageMode.OFF:
        return None
    devices = voltage_devices(system)
    return DeviceState(devices) if len(devices) else None


class DeviceState:
    """Positions of the devices of one run, when each last switched (s) and how often; owned by the run's state."""

    def __init__(self, devices: Devices):
        self.devices = devices
        self.position = devices.start.copy()
        self.switched_s = np.full(len(devices), NEVER_S)
        self.switchings = np.zeros(len(devices), dtype=np.int64)

    def free(self, now_s: float) -> B1:
        """(n,) bool: rested for its least time, or continuous."""
        devices = self.devices
        return devices.continuous | (now_s - self.switched_s >= devices.least_time_s)

    def take(self, position: F8, now_s: float) -> None:
        """Move to ``position``. Continuous devices move without switching; at 0 s all have been where they are."""
        if now_s > 0:
            switched = (position != self.position) & ~self.devices.continuous
            self.switched_s[switched] = now_s
            self.switchings += switched
        self.position = position.copy()

    def switched_at(self, now_s: float) -> tuple[tuple[str, float], ...]:
        """Name and position of each that switched at this time, in the order of the devices."""
        found = (self.switched_s == now_s).nonzero()[0].tolist()
        return tuple((self.devices.name[k], float(self.position[k])) for k in found)


class Controlled(NamedTuple):
    """A power flow under control: its solution, the positions (n_devices,) it holds for, power flows it took."""

    solution: AcSolution
    position: F8
    solves: int


class VoltageControl:
    """The operator's voltage control of one system. Keeps no state between calls: positions are the run's."""

    def __init__(self, system: GridSystem):
        self.system = system
        self.devices = devices = voltage_devices(system)
        self._stated = system_settings(system)
        self._is_shunt = devices.shunt >= 0
        # transformers of the banks, and the device of each
        self._trafos = np.array([trafo for bank in devices.trafos for trafo in bank], dtype=np.int64)
        self._bank = np.repeat(np.arange(len(devices)), [len(bank) for bank in devices.trafos])
        self._set: tuple[bytes, DeviceSettings] = b"", self._stated
        buses = system.buses
        low = np.where(np.isnan(buses.vm_act_min_pu), buses.vm_min_pu + DEAD_BAND_PU, buses.vm_act_min_pu)
        high = np.where(np.isnan(buses.vm_act_max_pu), buses.vm_max_pu - DEAD_BAND_PU, buses.vm_act_max_pu)
        further = np.clip((high - low) / 4.0, 0.0, FURTHER_PU)
        self._limits: Range = buses.vm_min_pu, buses.vm_max_pu
        self._act: Range = low, high
        self._aim: Range = low + further, high - further

    @property
    def act_min_pu(self) -> F8:
        """(n_buses,) voltage below which the operator acts."""
        return self._act[0]

    @property
    def act_max_pu(self) -> F8:
        """(n_buses,) voltage above which the operator acts."""
        return self._act[1]

    def settings(self, position: F8) -> DeviceSettings:
        """Shunts and taps at these positions of the devices; what is no device stands as the system states."""
        key = position.tobytes()
        if key != self._set[0]:
            devices, is_shunt = self.devices, self._is_shunt
            share, tap = self._stated.shunt_share.copy(), self._stated.tap_pos.copy()
            share[devices.shunt[is_shunt]] = position[is_shunt] / devices.high[is_shunt]
            tap[self._trafos] = position[self._bank]
            self._set = key, DeviceSettings(share, tap)
        return self._set[1]

    def operate(self, model: AcModel, point: OperatingPoint, state: DeviceState, now_s: float) -> AcSolution:
        """Power flow of a run's next moment; ``state`` moves on to the positions that it holds for."""
        answer = self.solve(model, point, state.position, state.free(now_s))
        state.take(answer.position, now_s)
        return answer.solution

    def solve(self, model: AcModel, point: OperatingPoint, position: F8, free: B1) -> Controlled:
        """Solve ``point`` with the devices at ``position``, and again as the ``free`` ones are moved where they help.

        All may be moved where a limit stays passed. The largest violation of the answer is never above that of the
        devices left where they are.
        """
        found = Controlled(model.solve(point._replace(devices=self.settings(position))), position, 1)
        for _ in range(MOST_ROUNDS):
            tried = self._improved(model, point, found, free, self._act)
            if tried.position is found.position and self.violation_pu(found.solution.vm_pu) > 0.0:
                tried = self._improved(model, point, tried, np.ones(len(free), dtype=bool), self._limits)
            if tried.position is found.position:
                return tried
            found = tried
        return found

    def _improved(self, model: AcModel, point: OperatingPoint, found: Controlled, free: B1, act: Range) -> Controlled:
        """Give the power flow after the moves that help; ``found`` and the power flows it took by now if none do."""
        solution, position, solves = found
        if not solution.converged or _largest(solution.vm_pu, *act) <= 0.0:
            return found
        places = self._moves(model.network, point, solution, position, free, act)
        # near the nose many moves at once pass what their sum promises: then the half of them, then the best alone
        for number in sorted({len(places), (len(places) + 1) // 2, min(len(places), 1)} - {0}, reverse=True):
            if solves >= MOST_SOLVES:
                break
            moved = places[number - 1]
            tried = model.solve(point._replace(devices=self.settings(moved)))
            solves += 1
            if tried.converged and self._better(tried.vm_pu, solution.vm_pu):
                return Controlled(tried, moved, solves)
            model.resume(solution)
        return Controlled(solution, position, solves)

    def violation_pu(self, vm_pu: F8) -> float:
        """Largest distance of an energised bus outside its limits, 0 if all are inside."""
        buses = self.system.buses
        return _largest(vm_pu, buses.vm_min_pu, buses.vm_max_pu)

    def _better(self, vm_pu: F8, before_pu: F8) -> bool:
        top = max(ABOVE_PU, float(np.nanmax(before_pu - self.act_max_pu, initial=-np.inf)))
        if (vm_pu - self.act_max_pu > top).any():
            return False
        worst, worst_before = self.violation_pu(vm_pu), self.violation_pu(before_pu)
        if worst != worst_before:
            return worst < worst_before
        return _squares(vm_pu, *self._aim) < _squares(before_pu, *self._aim)

    def _moves(
        self, network: AcNetwork, point: OperatingPoint, solution: AcSolution, position: F8, free: B1, act: Range
    ) -> list[F8]:
        """Positions after each move of the greedy search over the linearised effects."""
        effect = self.effects(network, point, solution, position)
        moved = position.copy()
        live = np.isfinite(solution.vm_pu)
        vm, effect = solution.vm_pu[live], effect[:, live]
        low, high = self._aim[0][live], self._aim[1][live]
        # a bus inside the range ``act`` asks for nothing, and only what would leave it counts
        low = np.where(vm < act[0][live], low, np.minimum(vm, act[0][live]))
        high = np.where(vm > act[1][live], high, np.maximum(vm, act[1][live]))
        which, stride = _strides(self.devices, free)
        step, size = effect[which] * stride[:, None], _OF_EQUALS * np.abs(stride)
        places: list[F8] = []
        if not len(which):
            return places
        low_end, high_end, tap = self.devices.low, self.devices.high, self.devices.shunt < 0
        low_end = np.where(tap, np.maximum(low_end, position - MOST_TAPS), low_end)
        high_end = np.where(tap, np.minimum(high_end, position + MOST_TAPS), high_end)
        most = np.maximum(self._act[1][live], vm)  # no bus is driven out at the top to raise another
        for _ in range(MOST_MOVES):
            after = vm + step
            outside = np.maximum(np.maximum(low - after, after - high), 0.0)
            cost = (outside**2).sum(axis=1) + size
            place = moved[which] + stride
            cost[(place < low_end[which] - 1e-9) | (place > high_end[which] + 1e-9)] = np.inf
            cost[((after > most) & (step > 0.0)).any(axis=1)] = np.inf
            best = int(np.argmin(cost))
            if not _squares(vm, low, high) - cost[best] > LEAST_GAIN_PU2:
                break
            moved[which[best]] += stride[best]
            vm = after[best]
            places.append(moved.copy())
        return places

    def effects(self, network: AcNetwork, point: OperatingPoint, solution: AcSolution, position: F8) -> F8:
        """(n_devices, n_buses) pu of voltage by one step up of each device, from the Jacobian at ``solution``.

        Buses that hold their setpoint stay; dead ones are 0. The imbalance is left to each island's reference.
        """
        settings = self.settings(position)
        topology = network.topology(point.branch_out, settings)
        have = sources(self.system, point, topology.island)
        held = held_buses(self.system, have, solution.vm_pu)
        live = np.isfinite(solution.vm_pu)
        v = np.where(live, solution.vm_pu * np.exp(1j * np.radians(np.where(live, solution.va_degree, 0.0))), 0.0)
        fixed_angle, fixed_modulus = ~live, ~live | held
        fixed_angle[have.reference[have.live]] = True
        effect = np.zeros((len(self.devices), network.n_buses))
        if fixed_modulus.all():
            return effect
        (work, _), elimination = network.work, network.elimination
        work.v[:] = np.where(live, v, 1.0)
        work.member[:], work.fixed_angle[:], work.fixed_modulus[:] = live, fixed_angle, fixed_modulus
        change = self._power_of_a_step(network, topology, v, settings)
        x = np.zeros((network.n_buses, 2, len(self.devices)))
        x[elimination.position, 0] = -np.where(fixed_angle, 0.0, change.real).T
        x[elimination.position, 1] = -np.where(fixed_modulus, 0.0, change.imag).T
        if not voltage_sensitivity(elimination, topology.y, work, x):
            return effect
        return np.where(fixed_modulus, 0.0, x[elimination.position, 1].T * np.abs(v))

    def _power_of_a_step(self, network: AcNetwork, topology: AcTopology, v: C16, settings: DeviceSettings) -> C16:
        """(n_devices, n_buses) complex pu of power drawn by one step up of each device at unchanged voltages."""
        devices, system = self.devices, self.system
        drawn = np.zeros((len(devices), network.n_buses), dtype=np.complex128)
        rows = np.flatnonzero(devices.shunt >= 0)
        shunt = devices.shunt[rows]
        bus = system.shunts.bus[shunt]
        on = shunt_connected(system, topology.status)[shunt]
        drawn[rows, bus] = 1j * on * system.shunts.q_mvar[shunt] / BASE_MVA / devices.high[rows] * np.abs(v[bus]) ** 2
        if len(rows) == len(devices):
            return drawn
        up, down = (network.with_devices(settings._replace(tap_pos=settings.tap_pos + half)) for half in (0.5, -0.5))
        first = len(system.lines)
        for number in range(len(rows), len(devices)):
            for bank in devices.trafos[number]:
                if topology.status[first + bank]:
                    _add_tap_step(drawn[number], network, down, up, first + bank, v)
        return drawn


def _add_tap_step(drawn: C16, network: AcNetwork, down: Admittances, up: Admittances, branch: int, v: C16) -> None:
    i, j = int(network.from_bus[branch]), int(network.to_bus[branch])
    current_i = (up.yff[branch] - down.yff[branch]) * v[i] + (up.yft[branch] - down.yft[branch]) * v[j]
    current_j = (up.ytf[branch] - down.ytf[branch]) * v[i]
    drawn[i] += v[i] * np.conj(current_i)
    drawn[j] += v[j] * np.conj(current_j)


def _strides(devices: Devices, free: B1) -> tuple[I4, F8]:
    """Device and stride in its steps of every single move of the free ones."""
    which: list[int] = []
    stride: list[int] = []
    for number in np.flatnonzero(free).tolist():
        most = CONTINUOUS_STEPS if devices.continuous[number] else 1
        which += [number] * (2 * most)
        stride += [*range(1, most + 1), *range(-1, -most - 1, -1)]
    return np.array(which, dtype=np.int32), np.array(stride, dtype=np.float64)


def _largest(vm_pu: F8, low: F8, high: F8) -> float:
    outside = np.fmax(low - vm_pu, vm_pu - high)
    return float(np.fmax.reduce(outside, initial=0.0))  # dead buses are NaN


def _squares(vm_pu: F8, low: F8, high: F8) -> float:
    outside = np.fmax(np.fmax(low - vm_pu, vm_pu - high), 0.0)
    return float(np.nansum(outside**2))
