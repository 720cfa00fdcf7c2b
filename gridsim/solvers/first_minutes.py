"""The first minutes after a change: the swing of a network's areas, its automation, openings, areas that go dark.

The kernel moves frequencies between two changes of the network; here the model is made anew at each. Flows of sections
are those of the dispatch plus what the swing adds. See docs/first_minutes.md.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from gridsim.kernels import swing_case as case
from gridsim.kernels.flows import islands
from gridsim.kernels.swing import TRACE_STEP_S, run_swing
from gridsim.kernels.swing_case import SwingModel, SwingState, new_log, new_state
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
from gridsim.solvers.automation_rules import EVENT, Compiled, Loss, Pairs, Powers, Rule, RuleCompiler
from gridsim.solvers.lost_circuits import Sections
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.separation import (
    Reduction,
    area_map,
    reduce_network,
    settled_angles,
    shortest_way,
    stability_margins,
    ties_between,
)

MOST_OPERATIONS = 200
PAIR_DAMPING_S = 0.05
DEAD_BAND_HZ = 0.02


class Settings(NamedTuple):
    """Settings of the first minutes that no table states.

    ``load_damping``: change of load per change of frequency, both per unit; None: that of the network.
    """

    horizon_s: float = 60.0
    step_s: float = 0.01
    load_damping: float | None = None


class Operation(NamedTuple):
    """One operation: when, which rule, at which place, MW taken (given back: negative), and why."""

    at_s: float
    rule: str
    place: str
    mw: float
    cause: str


class FirstMinutesResult(NamedTuple):
    """Course of the first minutes.

    areas : names ; trace_s : (n,) ; trace_hz : (n, n_areas), 0 of a dead area ; flow_mw : (n, n_interfaces)
    lowest_hz, highest_hz, final_hz, shed_mw, load_mw : (n_areas,) ; alive : (n_areas,)
    group_left : (n_groups,) share of each group of machines that still runs
    opened : branches opened, positions in order ; opened_by, opened_s : rule and second of each
    ended : ``quiet``, ``horizon`` or ``operations``
    culprit : rule that acted most, where the operations ended it ; over_limit : a section stood beyond its static limit
    before the event, and was given room
    """

    areas: tuple[str, ...]
    operations: list[Operation]
    trace_s: F8
    trace_hz: F8
    flow_mw: F8
    lowest_hz: F8
    highest_hz: F8
    final_hz: F8
    shed_mw: F8
    load_mw: F8
    alive: B1
    group_left: F8
    opened: I4
    opened_by: list[str]
    opened_s: list[float]
    end_s: float
    ended: str
    culprit: str
    over_limit: bool
    balance_error: float
    assumed: dict[str, int]
    joined: tuple[tuple[str, str], ...]


class FirstMinutes:
    """A network at an operating point, ready for events; ``neighbours`` None: those that the network describes.

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
        self._limit_factor = np.ones(len(system.interfaces)) if limit_factor is None else limit_factor
        if limit_factor is not None:  # what stability holds below its table is held so for want of stability
            self.margin = self.margin / np.maximum(limit_factor, 1e-3)
        neighbours = neighbours_of(system) if neighbours is None else neighbours
        self._armed = {name: side.armed_share for name, side in neighbours.items()}
        self.areas = area_map(system, point.branch_out, running_mva(system, point))
        self.machines = area_machines(system, point, self.areas.bus, self.areas.of_border, neighbours)
        n_buses = len(system.buses)
        self._load_bus_mw = sum_at(system.loads.bus, point.p_load_mw * (1.0 + loss_share), n_buses)
        other = np.where(self.machines.group_of_gen < 0, point.p_gen_mw, 0.0)
        self._fixed_bus_mw = sum_at(system.generators.bus, other, n_buses)
        self._fixed_bus_mw += sum_at(system.storages.bus, point.p_storage_mw, n_buses)
        self._room = 1.0  # on amplitudes, where a section stands beyond its static limit
        self.reduction = self._reduced(point.branch_out)
        self.load_mw = sum_at(self.areas.bus, self._load_bus_mw, len(self.areas.names))
        self.load_mw += self.machines.neighbour_load_mw
        self._rest_mw = np.zeros(len(self.areas.names))
        self.angles, self.over_limit = self._balanced()
        self.flow_before_mw = self.dispatch_flows_mw()
        self._flow_offset_mw = self._offset_mw(self.reduction, point.branch_out)

    def _reduced(self, branch_out: I4) -> Reduction:
        reduction = reduce_network(self.system, self.areas, self.machines, branch_out, self.margin)
        return reduction._replace(stretch=reduction.stretch * self._room)

    def _load_at(self, reduction: Reduction, alive: B1) -> F8:
        """(n_areas, n_areas) MW: column z, what the load of area z draws from each area's machine."""
        n = len(self.areas.names)
        drawn = np.zeros((n, n))
        np.add.at(drawn.T, self.areas.bus, (reduction.at_area * self._load_bus_mw).T)
        drawn[np.diag_indices(n)] += self.machines.neighbour_load_mw
        return np.where(alive[:, None] & alive, drawn, 0.0)

    def _power(self, reduction: Reduction) -> F8:
        """(n_areas,) what the couplings carry away from each machine before the event."""
        n = len(self.areas.names)
        supplied = np.bincount(self.machines.group_area, self.machines.group_mw, n) + self._rest_mw
        drawn = self._load_at(reduction, np.ones(n, dtype=bool)).sum(axis=1)
        return np.asarray(supplied + reduction.at_area @ self._fixed_bus_mw - drawn)

    def _offset_mw(self, reduction: Reduction, branch_out: I4) -> F8:
        """(n_interfaces,) flows of the dispatch beyond those of the model, which has the machines of an area in one."""
        of_model = reduction.flow_bus @ (self._fixed_bus_mw - self._load_bus_mw) + reduction.by_power @ self._power(
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
            self._rest_mw[inside[np.argmax(self.load_mw[inside])]] = -power[inside].sum()
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
        system, point, n = self.system, self.point, len(self.system.buses)
        works = system.branch_in_service.copy()
        works[point.branch_out if branch_out is None else branch_out] = False
        start, end = system.branch_from, system.branch_to
        slope = np.where(works, 1.0 / system.branch_x_pu, 0.0)
        first = np.unique(islands(n, start, end, works), return_index=True)[1]
        rows = np.concatenate([start, end, start, end, first])
        columns = np.concatenate([start, end, end, start, first])
        entries = np.concatenate([slope, slope, -slope, -slope, np.ones(len(first))])
        matrix = csc_matrix((entries, (rows, columns)), shape=(n, n))
        injected = self._fixed_bus_mw - self._load_bus_mw
        injected = injected + sum_at(system.borders.bus, point.p_border_mw, n)
        injected += sum_at(system.generators.bus, np.where(self.machines.group_of_gen >= 0, point.p_gen_mw, 0.0), n)
        angle = np.asarray(splu(matrix).solve(injected), dtype=np.float64)
        member = system.interface_members
        flow = member.sign * slope[member.branch] * (angle[start[member.branch]] - angle[end[member.branch]])
        return sum_at(member.interface, flow, len(system.interfaces))

    def net_mw(self) -> F8:
        """(n_areas,) what each gives the others before the event."""
        net = sum_at(self.machines.group_area, self.machines.group_mw, len(self.areas.names))
        return net + sum_at(self.areas.bus, self._fixed_bus_mw, len(net)) - self.load_mw

    def model_flows_mw(self, angles: F8) -> F8:
        """(n_interfaces,) flows of the reduced model at ``angles``, loads as before the event."""
        r = self.reduction
        power = r.coupling_mw * r.stretch * np.sin((angles[r.first] - angles[r.second]) / r.stretch)
        return r.flow_bus @ (self._fixed_bus_mw - self._load_bus_mw) + r.flow_pair @ power + self._flow_offset_mw

    def _model(self, reduction: Reduction, alive: B1, offset_mw: F8) -> SwingModel:
        machines, n = self.machines, len(self.areas.names)
        kinds = [GOVERNORS[kind] for kind in machines.group_kind.tolist()]
        by_area = np.zeros((len(self.system.interfaces), n))
        np.add.at(by_area.T, self.areas.bus, (-reduction.flow_bus * self._load_bus_mw).T)
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
            flow_base_mw=reduction.flow_bus @ self._fixed_bus_mw + offset_mw,
            flow_pair=np.ascontiguousarray(reduction.flow_pair[:, lives]),
            flow_load_mw=by_area,
        )

    @property
    def load_damping(self) -> float:
        """Change of load per change of frequency, both per unit: of the settings, or of the network."""
        own = self.settings.load_damping
        return self.system.load_damping_pu if own is None else own

    def run(
        self, rules: tuple[Rule, ...], losses: tuple[Loss, ...], wrongly: dict[str, float] | None = None
    ) -> FirstMinutesResult:
        """The course after ``losses`` under ``rules``, until quiet or the horizon.

        ``wrongly``: rules that act though nothing passed their threshold, and the second at which each does.
        """
        machines, n, settings = self.machines, len(self.areas.names), self.settings
        r = self.reduction
        tied = self._tied(self.point.branch_out)
        sections = Sections(self.flow_before_mw, self._limit_factor, self.point.branch_out)
        powers = Powers(self.load_mw, self._load_bus_mw, self.point.p_gen_mw, sections)
        pairs = Pairs(r.first[tied], r.second[tied], r.stretch[tied])
        compiler = RuleCompiler(self.system, self.areas, machines, powers, pairs)
        compiled = compiler.compile(rules, losses, self._armed, wrongly or {})
        alive = (np.bincount(machines.group_area, machines.group_inertia, n) > 0) | (self.load_mw <= 0)
        offset_mw = self._flow_offset_mw
        model = self._model(r, alive, offset_mw)
        groups = (machines.group_mw, machines.group_gain, machines.group_up_mw)
        fixed = r.at_area @ self._fixed_bus_mw + self._rest_mw
        state = new_state(model, (*groups, machines.group_down_mw, machines.group_inertia), fixed, len(compiled.names))
        state.x[:n] = self.angles
        log = new_log(n, len(self.system.interfaces), settings.horizon_s, MOST_OPERATIONS, TRACE_STEP_S)
        now_s, branch_out, opened, seen = 0.0, self.point.branch_out, [np.zeros(0, dtype=np.int32)], 0
        opened_by: list[str] = []
        opened_s: list[float] = []
        dead_from: dict[int, int] = {}  # row of the trace from which an area is dead
        while True:
            span = now_s, settings.horizon_s
            now_s, why = run_swing(model, compiled.rules, state, log, span, settings.step_s, True)
            if why != case.CHANGED:
                break
            for row in range(seen, int(log.filled[0])):
                rule = int(log.op_rule[row])
                action = compiled.rules.action[rule]
                if action not in (case.OPEN, case.DEAD):
                    continue
                change = self._to_open if action == case.OPEN else self._kill
                gone = change(compiled, rule, state, alive, branch_out)
                if action == case.DEAD:
                    dead_from[int(compiled.rules.place[rule])] = int(log.filled[1])
                opened.append(gone)
                opened_by += [compiled.names[rule]] * len(gone)
                opened_s += [float(log.op_s[row])] * len(gone)
                branch_out = np.union1d(branch_out, gone).astype(np.int32)
            seen = int(log.filled[0])
            reduction = self._reduced(branch_out)
            kept = state.fixed_mw - fixed  # what rules added
            fixed = reduction.at_area @ self._fixed_bus_mw + self._rest_mw
            state.fixed_mw[:] = np.where(alive, fixed + kept, 0.0)
            closed = self._closed(branch_out)
            reduction = reduction._replace(
                flow_bus=np.where(closed[:, None], reduction.flow_bus, 0.0),
                flow_pair=np.where(closed[:, None], reduction.flow_pair, 0.0),
            )
            self._block_slips(compiled, reduction, state, alive)
            if not self._parts(branch_out):  # what an opened section carried goes to those beside it, as DC flows do
                offset_mw = self._offset_mw(reduction, branch_out)
            model = self._model(reduction, alive, offset_mw)
            model = model._replace(flow_base_mw=np.where(closed, model.flow_base_mw, 0.0))
        found = self._result(compiled, model, state, log, now_s, why)
        for area, row in dead_from.items():
            found.trace_hz[row:, area] = 0.0
        return found._replace(opened=np.concatenate(opened), opened_by=opened_by, opened_s=opened_s)

    def _parts(self, branch_out: I4) -> bool:
        """Buses are parted that hung together before the event."""
        system, n = self.system, len(self.system.buses)
        found = []
        for out in (self.point.branch_out, branch_out):
            works = system.branch_in_service.copy()
            works[out] = False
            found.append(int(islands(n, system.branch_from, system.branch_to, works).max(initial=-1)))
        return found[0] != found[1]

    def _closed(self, branch_out: I4) -> B1:
        """(n_interfaces,) True where a member is closed."""
        member, works = self.system.interface_members, self.system.branch_in_service.copy()
        works[branch_out] = False
        return sum_at(member.interface, works[member.branch].astype(np.float64), len(self.system.interfaces)) > 0

    def _tied(self, branch_out: I4) -> B1:
        """(n_pairs,) True where a line joins the two areas: a coupling through others slips where one of them does."""
        _, one, other = ties_between(self.system, self.areas, branch_out)
        ties = set(zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True))
        pairs = zip(self.reduction.first.tolist(), self.reduction.second.tolist(), strict=True)
        return np.array([pair in ties for pair in pairs], dtype=bool)

    def _to_open(self, compiled: Compiled, rule: int, state: SwingState, alive: B1, branch_out: I4) -> I4:
        """Branches that an operation opens; out of step those at the widest angle on the way between the two areas."""
        opening = int(compiled.rules.place[rule])
        if opening >= 0:
            return np.setdiff1d(compiled.openings[opening], branch_out).astype(np.int32)
        pair = int(compiled.rules.quantity[rule]) - len(self.areas.names) - len(self.system.interfaces)
        start, goal = int(compiled.rules.angle_first[pair]), int(compiled.rules.angle_second[pair])
        branches, one, other = ties_between(self.system, self.areas, branch_out)
        way = shortest_way(start, goal, one, other)
        if len(way) < 2:
            return np.zeros(0, dtype=np.int32)
        angle = state.x[: len(self.areas.names)]
        widest = max(itertools.pairwise(way), key=lambda step: abs(angle[step[0]] - angle[step[1]]))
        return branches[np.isin(one, widest) & np.isin(other, widest)]

    def _kill(self, compiled: Compiled, rule: int, state: SwingState, alive: B1, branch_out: I4) -> I4:
        """Take a dead area away: it does not move, its rules are blocked, what joins it to others opens."""
        area = int(compiled.rules.place[rule])
        alive[area] = False
        n = len(self.areas.names)
        state.x[n + area] = 0.0
        here = self.areas.names[area]
        for other, (place, watched) in enumerate(zip(compiled.places, compiled.watched, strict=True)):
            state.blocked[other] |= here in (place, watched)
        branches, one, other_end = ties_between(self.system, self.areas, branch_out)
        return branches[(one == area) | (other_end == area)]

    def _block_slips(self, compiled: Compiled, reduction: Reduction, state: SwingState, alive: B1) -> None:
        """Angles between areas that nothing couples any more are not watched."""
        coupled = set(zip(reduction.first.tolist(), reduction.second.tolist(), strict=True))
        rules, offset = compiled.rules, len(self.areas.names) + len(self.system.interfaces)
        for pair, ends in enumerate(zip(rules.angle_first.tolist(), rules.angle_second.tolist(), strict=True)):
            if ends not in coupled or not (alive[ends[0]] and alive[ends[1]]):
                state.blocked[rules.quantity == offset + pair] = True

    def _result(
        self,
        compiled: Compiled,
        model: SwingModel,
        state: SwingState,
        log: case.SwingLog,
        end_s: float,
        why: int,
    ) -> FirstMinutesResult:
        n, f0 = len(self.areas.names), self.system.f_hz
        n_operations, n_trace = log.filled.tolist()
        rules = log.op_rule[:n_operations]
        operations = [
            Operation(at_s, compiled.names[rule], compiled.places[rule], mw, self._cause(compiled, rule))
            for at_s, rule, mw in zip(log.op_s.tolist(), rules.tolist(), log.op_mw.tolist(), strict=False)
        ]
        culprit = ""
        if why == case.FULL:
            culprit = compiled.names[int(np.bincount(rules).argmax())]
        shed = np.minimum(state.shed_frequency + state.shed_other, 1.0)
        shed_mw = np.where(model.alive, shed, 1.0) * self.load_mw
        hz = state.x[n : 2 * n]
        inertia = model.load_inertia + np.bincount(model.group_area, state.group_inertia, n)
        trips = np.isin(compiled.rules.action[rules], (case.TRIP_SHARE, case.TRIP_MW)).any()
        moved = float((inertia * hz).sum() - (state.x[-2 * n : -n].sum() - state.x[-n:].sum()))
        balance = 0.0 if trips or not model.alive.all() else abs(moved) / max(float(self.load_mw.sum()), 1.0)
        return FirstMinutesResult(
            areas=self.areas.names,
            operations=operations,
            trace_s=log.trace_s[:n_trace],
            trace_hz=f0 + log.trace_hz[:n_trace],
            flow_mw=log.trace_mw[:n_trace],
            # The crossing at which an area dies ends just beyond the threshold.
            lowest_hz=np.where(model.alive, f0 + state.lowest_hz, np.round(f0 + state.lowest_hz, 6)),
            highest_hz=f0 + state.highest_hz,
            final_hz=np.where(model.alive, f0 + hz, 0.0),
            shed_mw=shed_mw,
            load_mw=self.load_mw,
            alive=model.alive,
            group_left=state.group_inertia / np.maximum(self.machines.group_inertia, 1e-9),
            opened=np.zeros(0, dtype=np.int32),
            opened_by=[],
            opened_s=[],
            end_s=end_s,
            ended={case.QUIET: "quiet", case.HORIZON: "horizon", case.FULL: "operations"}[why],
            culprit=culprit,
            over_limit=self.over_limit,
            balance_error=balance,
            assumed=self.machines.assumed,
            joined=self.areas.joined,
        )

    def _cause(self, compiled: Compiled, rule: int) -> str:
        """The threshold that was passed, and for how long."""
        n, rules = len(self.areas.names), compiled.rules
        quantity, setting = int(rules.quantity[rule]), float(rules.setting[rule])
        word = "above" if rules.above[rule] else "below"
        held = f" for {rules.delay_s[rule]:g} s" if rules.delay_s[rule] > 0 else ""
        if quantity < n:
            return f"frequency of {compiled.watched[rule]} {word} {self.system.f_hz + setting:.2f} Hz{held}"
        if quantity < n + len(self.system.interfaces):
            return f"flow of {compiled.watched[rule]} {word} {setting:.0f} MW{held}"
        if quantity == n + len(self.system.interfaces) + len(rules.angle_first):
            words = "the event" if compiled.names[rule] == EVENT else "a wrong operation"
            return words if compiled.watched[rule] == "time" else compiled.watched[rule]
        return f"angle between {compiled.watched[rule]} above {setting:.0f} degrees"
