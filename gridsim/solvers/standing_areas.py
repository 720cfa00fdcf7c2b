"""A network before the event: its areas at an operating point, their couplings, and the swing model of both.

Flows of sections are those of the dispatch plus what the swing adds. See docs/first_minutes.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.kernels.swing_case import SwingModel
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.area_machines import (
    GOVERNORS,
    LOAD_INERTIA_S,
    Neighbour,
    area_machines,
    neighbours_of,
    running_mva,
)
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status
from gridsim.solvers.separation import (
    Reduction,
    area_map,
    reduce_network,
    settled_angles,
    stability_margins,
    ties_between,
)

PAIR_DAMPING_S = 0.05
DEAD_BAND_HZ = 0.02


class Settings(NamedTuple):
    """Settings of the first minutes that no table states.

    ``load_damping``: change of load per change of frequency, both per unit; None: that of the network.
    """

    horizon_s: float = 60.0
    step_s: float = 0.01
    load_damping: float | None = None


class StandingAreas:
    """A network at an operating point, in areas; ``neighbours`` None: those that the network describes.

    ``limit_factor``: (n_interfaces,) on limits, of events that hold at the operating point; None: as they stand.
    """

    def __init__(
        self,
        system: GridSystem,
        point: OperatingPoint,
        loss_share: float = 0.0,
        *,
        neighbours: dict[str, Neighbour] | None = None,
        settings: Settings | None = None,
        limit_factor: F8 | None = None,
    ):
        self.system, self.point, self.settings = system, point, settings or Settings()
        self.margin = stability_margins(system)
        self.limit_factor = np.ones(len(system.interfaces)) if limit_factor is None else limit_factor
        if limit_factor is not None:  # what stability holds below its table is held so for want of stability
            self.margin = self.margin / np.maximum(limit_factor, 1e-3)
        neighbours = neighbours_of(system) if neighbours is None else neighbours
        self.armed = {name: side.armed_share for name, side in neighbours.items()}
        self.areas = area_map(system, point.branch_out, running_mva(system, point))
        self.machines = area_machines(system, point, self.areas.bus, self.areas.of_border, neighbours)
        n_buses = len(system.buses)
        self.load_bus_mw = sum_at(system.loads.bus, point.p_load_mw * (1.0 + loss_share), n_buses)
        other = np.where(self.machines.group_of_gen < 0, point.p_gen_mw, 0.0)
        self.fixed_bus_mw = sum_at(system.generators.bus, other, n_buses)
        self.fixed_bus_mw += sum_at(system.storages.bus, point.p_storage_mw, n_buses)
        self._room = 1.0  # on amplitudes, where a section stands beyond its static limit
        self.reduction = self.reduced(point.branch_out)
        self.load_mw = sum_at(self.areas.bus, self.load_bus_mw, len(self.areas.names))
        self.load_mw += self.machines.neighbour_load_mw
        self.rest_mw = np.zeros(len(self.areas.names))
        self.angles, self.over_limit = self._balanced()
        self.flow_before_mw = self.dispatch_flows_mw()
        self.flow_offset_mw = self.offset_mw(self.reduction, point.branch_out)

    def reduced(self, branch_out: I4) -> Reduction:
        reduction = reduce_network(self.system, self.areas, self.machines, branch_out, self.margin)
        return reduction._replace(stretch=reduction.stretch * self._room)

    def _load_at(self, reduction: Reduction, alive: B1) -> F8:
        """(n_areas, n_areas) MW: column z, what the load of area z draws from each area's machine."""
        n = len(self.areas.names)
        drawn = np.zeros((n, n))
        np.add.at(drawn.T, self.areas.bus, (reduction.at_area * self.load_bus_mw).T)
        drawn[np.diag_indices(n)] += self.machines.neighbour_load_mw
        return np.where(alive[:, None] & alive, drawn, 0.0)

    def _power(self, reduction: Reduction) -> F8:
        """(n_areas,) what the couplings carry away from each machine before the event."""
        n = len(self.areas.names)
        supplied = np.bincount(self.machines.group_area, self.machines.group_mw, n) + self.rest_mw
        drawn = self._load_at(reduction, np.ones(n, dtype=bool)).sum(axis=1)
        return np.asarray(supplied + reduction.at_area @ self.fixed_bus_mw - drawn)

    def offset_mw(self, reduction: Reduction, branch_out: I4) -> F8:
        """(n_interfaces,) flows of the dispatch beyond those of the model, which has the machines of an area in one."""
        of_model = reduction.flow_bus @ (self.fixed_bus_mw - self.load_bus_mw) + reduction.by_power @ self._power(
            reduction
        )
        return np.asarray(self.dispatch_flows_mw(branch_out) - of_model)

    def _balanced(self) -> tuple[F8, bool]:
        """Angles before the event; what an island's dispatch leaves unbalanced goes to its largest area."""
        n, power = len(self.areas.names), self._power(self.reduction)
        pairs = np.ones(len(self.reduction.first), dtype=bool)
        island = islands(n, self.reduction.first, self.reduction.second, pairs)
        for number in range(int(island.max(initial=-1)) + 1):
            inside = np.flatnonzero(island == number)
            self.rest_mw[inside[np.argmax(self.load_mw[inside])]] = -power[inside].sum()
        power = self._power(self.reduction)
        angles, found = settled_angles(self.reduction, power)
        over_limit = not found
        while not found and self.reduction.stretch.max() < 1e3:
            self._room *= 1.05
            self.reduction = self.reduction._replace(stretch=self.reduction.stretch * 1.05)
            angles, found = settled_angles(self.reduction, power)
        return angles, over_limit

    def dispatch_flows_mw(self, branch_out: I4 | None = None) -> F8:
        """(n_interfaces,) DC flows of the operating point; ``branch_out``: as they would be with these out."""
        from scipy.sparse import csc_matrix
        from scipy.sparse.linalg import splu

        system, point, n = self.system, self.point, len(self.system.buses)
        works = branch_status(system, point.branch_out if branch_out is None else branch_out)
        start, end = system.branch_from, system.branch_to
        slope = np.where(works, 1.0 / system.branch_x_pu, 0.0)
        first = np.unique(islands(n, start, end, works), return_index=True)[1]
        rows = np.concatenate([start, end, start, end, first])
        columns = np.concatenate([start, end, end, start, first])
        entries = np.concatenate([slope, slope, -slope, -slope, np.ones(len(first))])
        matrix = csc_matrix((entries, (rows, columns)), shape=(n, n))
        injected = self.fixed_bus_mw - self.load_bus_mw
        injected = injected + sum_at(system.borders.bus, point.p_border_mw, n)
        injected += sum_at(system.generators.bus, np.where(self.machines.group_of_gen >= 0, point.p_gen_mw, 0.0), n)
        angle = np.asarray(splu(matrix).solve(injected), dtype=np.float64)
        member = system.interface_members
        flow = member.sign * slope[member.branch] * (angle[start[member.branch]] - angle[end[member.branch]])
        return sum_at(member.interface, flow, len(system.interfaces))

    def net_mw(self) -> F8:
        """(n_areas,) what each gives the others before the event."""
        net = sum_at(self.machines.group_area, self.machines.group_mw, len(self.areas.names))
        return net + sum_at(self.areas.bus, self.fixed_bus_mw, len(net)) - self.load_mw

    def model_flows_mw(self, angles: F8) -> F8:
        """(n_interfaces,) flows of the reduced model at ``angles``, loads as before the event."""
        r = self.reduction
        power = r.coupling_mw * r.stretch * np.sin((angles[r.first] - angles[r.second]) / r.stretch)
        return r.flow_bus @ (self.fixed_bus_mw - self.load_bus_mw) + r.flow_pair @ power + self.flow_offset_mw

    def swing_model(self, reduction: Reduction, alive: B1, offset_mw: F8) -> SwingModel:
        machines, n = self.machines, len(self.areas.names)
        kinds = [GOVERNORS[kind] for kind in machines.group_kind.tolist()]
        by_area = np.zeros((len(self.system.interfaces), n))
        np.add.at(by_area.T, self.areas.bus, (-reduction.flow_bus * self.load_bus_mw).T)
        lives = alive[reduction.first] & alive[reduction.second]
        return SwingModel(
            f0_hz=self.system.f_hz,
            alive=alive.copy(),
            load_mw=self.load_mw,
            load_at_mw=self._load_at(reduction, alive),
            load_damping=np.full(n, self.load_damping),
            load_inertia=2.0 * LOAD_INERTIA_S * self.load_mw / self.system.f_hz,
            damping_mw_per_hz=np.zeros(n),
            first=reduction.first[lives],
            second=reduction.second[lives],
            coupling_mw=reduction.coupling_mw[lives],
            stretch=reduction.stretch[lives],
            pair_damping_s=PAIR_DAMPING_S,
            group_area=machines.group_area,
            valve_s=np.array([kind.valve_s for kind in kinds], dtype=np.float64),
            second_s=np.array([kind.second_s for kind in kinds], dtype=np.float64),
            at_valve=np.array([kind.at_valve for kind in kinds], dtype=np.float64),
            at_second=np.array([kind.at_second for kind in kinds], dtype=np.float64),
            dead_band_hz=np.full(len(kinds), DEAD_BAND_HZ),
            flow_base_mw=reduction.flow_bus @ self.fixed_bus_mw + offset_mw,
            flow_pair=np.ascontiguousarray(reduction.flow_pair[:, lives]),
            flow_load_mw=by_area,
        )

    @property
    def load_damping(self) -> float:
        """Change of load per change of frequency, both per unit: of the settings, or of the network."""
        own = self.settings.load_damping
        return self.system.load_damping_pu if own is None else own

    def parted(self, branch_out: I4) -> bool:
        """Buses are parted that hung together before the event."""
        system, n = self.system, len(self.system.buses)
        found = []
        for out in (self.point.branch_out, branch_out):
            works = branch_status(system, out)
            found.append(int(islands(n, system.branch_from, system.branch_to, works).max(initial=-1)))
        return found[0] != found[1]

    def closed(self, branch_out: I4) -> B1:
        """(n_interfaces,) True where a member is closed."""
        member, works = self.system.interface_members, branch_status(self.system, branch_out)
        return sum_at(member.interface, works[member.branch].astype(np.float64), len(self.system.interfaces)) > 0

    def tied(self, branch_out: I4) -> B1:
        """(n_pairs,) True where a line joins the two areas: a coupling through others slips where one of them does."""
        _, one, other = ties_between(self.system, self.areas, branch_out)
        ties = set(zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True))
        pairs = zip(self.reduction.first.tolist(), self.reduction.second.tolist(), strict=True)
        return np.array([pair in ties for pair in pairs], dtype=bool)
