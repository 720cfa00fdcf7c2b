"""Gas network of a system in motion: pressures, linepack, and who gets gas.

Two layers. The **dispatcher** makes a schedule: a linear balance of the whole network (``solvers.gas_balance``) looks
a few hours ahead with the linepack there is, and says what every source gives, which way two-way pipes are driven,
what crosses from a transit operator's lines into the domestic net, and which customers are cut (the order of
``model/gas_order.csv``). The **pipes** decide: under it pressures follow from
``kernels.linepack``; a source is throttled at its highest pressure, and below a node's lowest pressure deliveries fade
in the same order of classes, whatever was ordered.

On two-way pipes a compressor station runs in the direction ordered; it moves no more than its power allows at the
pressures at which a run begins. A ruptured pipe is closed at its middle segment: both stumps keep their gas but for
the piece between the valves. Where points, edges and stations are: ``solvers.gas_layout``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.by_reference import hold
from gridsim.kernels.gas_customers import order_gas, read_nodes, settle_gas, usable_linepack
from gridsim.kernels.linepack import (
    LinepackControls,
    advance_linepack,
    content,
    copy_of,
    no_flows,
    pressure_of,
)
from gridsim.model.gas_order import gas_order, reserve_shares
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.gas_balance import HOURS_PER_DAY, GasBalance, GasConditions, GasStep, GasStocks
from gridsim.solvers.gas_compressors import Compressors
from gridsim.solvers.gas_layout import GasLayout

STEP_H = 0.25
LOOKAHEAD_H = 2.0  # until the next order in need: dispatch centres collect pressures every two hours
REORDER_H = 8.0  # until the next order otherwise
SHORT_SHARE = 0.98  # a plant is short when it gets less than this of what it burns
SOURCE_BAND_SHARE = 0.03
CLASSES_BAND_SHARE = 0.56  # of the lowest pressure: within it deliveries fade class by class
LINK_BAND_BAR = 1.0
STATION_MARGIN = 0.15  # unless in need, a station moves at most this share more than ordered, and
STATION_MARGIN_OF_CAPACITY = 0.02  # this share of the pipe's capacity
_UNSETTLED = (
    "gas: the pipelines find no settled state; look for a length, diameter, pressure or flow of gas_pipelines.csv, "
    "gas_supply.csv or gas_demand.csv that does not fit the others, or set policy.gas: balance"
)
_START = ((32.0, 192.0, 4), (32.0, 192.0, 4), (14.0, REORDER_H, 4))  # days, hours between schedules, steps of each
_TENSE_SHARE = 0.01  # of demand cut (export apart), or
_TENSE_DRAW_MCM_PER_D = 1.0  # drawn from linepack: the dispatcher looks again sooner
_NOBODY = np.zeros(0, dtype=np.int32)
_SCHEDULED = ("edge_share", "edge_direction", "sink_lo_bar", "link_q", "link_back")  # and capacities


class GasState(NamedTuple):
    """All that the past leaves behind.

    p_bar, gas_mcm (n_points,); edge_q (n_edges,) mcm/d, where the next iteration starts; storage_mcm (n_storages,).
    """

    p_bar: F8
    gas_mcm: F8
    edge_q: F8
    storage_mcm: F8


class GasSchedule(NamedTuple):
    """The gas schedule. Shares 0..1 of what is requested; ``power_mcm_per_d`` (n_links,) most for each plant.

    ``ranks`` (n_customers,): order in which deliveries fade, as it was when the schedule was made.
    """

    supply_mcm_per_d: F8
    storage_mcm_per_d: F8
    delivered_share: F8
    power_mcm_per_d: F8
    direction: I4
    flow_mcm_per_d: F8
    exchange_mcm_per_d: F8
    ranks: F8
    tense: bool


@dataclass(frozen=True, eq=False)
class GasRun:
    """After ``taken`` steps: the state, what plants got (n_links,), whether the kernel converged throughout.

    ``step``: the mean rates, made when asked for.
    """

    state: GasState
    power_delivered_mcm_per_d: F8
    taken: int
    solved: bool
    _made: Callable[[], GasStep]

    @cached_property
    def step(self) -> GasStep:
        return self._made()


class HydraulicGas:
    """The gas network of one system as points and edges.

    Holds no state between calls but what :meth:`start` counted as full linepack; answers it gave are remembered.
    ``node_point`` (n_nodes,): where customers and pressure of a node are read (the domestic side, if it has one).
    """

    def __init__(self, system: GridSystem):
        self.system = system
        self.balance = GasBalance(system)
        layout = self.layout = GasLayout(system)
        self.net, self.pipe_edges = layout.net, layout.pipe_edges
        self.node_point, self.split_nodes = layout.node_point, layout.split_nodes
        self._compressors = Compressors(layout)
        self._build_customers()
        self._set_full(self._content_at(system.gas.full_share))
        self._started: tuple[bytes, GasState, F8] | None = None
        self._scheduled: tuple[GasSchedule, GasConditions, LinepackControls] | None = None
        # as the kernel takes them: the network, and controls that are written before each run
        self._held_net = hold(self.net)
        self._running = self._no_controls()
        self._held_running = hold(self._running)
        self._runs_at: tuple[GasState, LinepackControls] | None = None

    def _build_customers(self) -> None:
        system, settings = self.system, self.system.gas
        nodes, pipes = system.gas_nodes, system.gas_pipelines
        low, high = np.minimum(pipes.from_node, pipes.to_node), np.maximum(pipes.from_node, pipes.to_node)
        _, group = np.unique(np.stack([low, high, pipes.linepack_shared]), axis=1, return_inverse=True)
        self._group = group.ravel().astype(np.int32)
        self._group_sign = np.where(pipes.from_node == low, 1.0, -1.0)
        able = np.where(pipes.in_service, pipes.capacity_mcm_per_d, 0.0)
        self._group_capacity = sum_at(self._group, able, int(self._group.max(initial=-1)) + 1)
        whole = self._group_capacity[self._group]
        self._group_share = np.divide(able, whole, out=np.zeros(len(pipes)), where=whole > 0)
        lowest, highest = np.full(len(nodes), np.inf), np.zeros(len(nodes))
        for pipe in self.layout.pipes:
            for node, gives in ((pipes.from_node[pipe], True), (pipes.to_node[pipe], bool(pipes.bidirectional[pipe]))):
                lowest[node] = min(lowest[node], pipes.pn_bar[pipe])
                if gives:
                    highest[node] = max(highest[node], pipes.pn_bar[pipe])
        highest = np.where(highest > 0, highest, np.where(np.isfinite(lowest), lowest, 1.0))
        default = np.minimum(settings.p_min_bar, settings.p_min_share * np.where(np.isfinite(lowest), lowest, np.inf))
        self.p_min_bar = np.where(np.isnan(nodes.p_min_bar), default, nodes.p_min_bar)
        self.p_max_bar = settings.discharge_share * highest
        self._links = np.flatnonzero(system.gas_to_power.on_network).astype(np.int32)
        sink_node = np.concatenate([system.gas_demand.node, system.gas_to_power.node[self._links]])
        n_ranks = max(row.rank for row in gas_order().values())
        band = CLASSES_BAND_SHARE / n_ranks * self.p_min_bar[sink_node]
        self._sink_point = self.node_point[sink_node].astype(np.int32)
        self._sink_p_min = self.p_min_bar[sink_node]
        self._sink_band = band
        source_node = np.concatenate([system.gas_supply.node, system.gas_storage.node])
        self._source_point = self.node_point[source_node].astype(np.int32)
        self._source_hi = self.p_max_bar[source_node]
        self._source_band = SOURCE_BAND_SHARE * self._source_hi
        self._watch = (len(system.gas_demand) + np.arange(len(self._links))).astype(np.int32)
        has_edges, n_edges = self.pipe_edges.n_edges > 0, len(self.net.edge_from)
        self._first_edge = np.where(has_edges, np.minimum(self.pipe_edges.first_edge, n_edges - 1), n_edges)
        split = self.split_nodes
        self._link_domestic = self.p_min_bar[split]
        self._link_hi = self.p_max_bar[split]

    def _start_pressure(self) -> F8:
        """A first guess: every point at 0.8 of the lowest design pressure that meets there."""
        pn = self.system.gas_pipelines.pn_bar[self.pipe_edges.edge_pipe]
        p_bar = np.full(self.layout.n_points, np.inf)
        np.minimum.at(p_bar, self.net.edge_from, 0.8 * pn)
        np.minimum.at(p_bar, self.net.edge_to, 0.8 * pn)
        return np.where(np.isfinite(p_bar), p_bar, 1.0)

    def _content_at(self, share: float) -> F8:
        """(n_points,) gas when every segment stands at ``share`` of its design pressure."""
        pipes, pipe = self.system.gas_pipelines, self.pipe_edges.edge_pipe
        half = 0.5 * self.layout.edge_gas_per_bar * share * pipes.pn_bar[pipe]
        weighted = np.zeros(self.layout.n_points)
        np.add.at(weighted, self.net.edge_from, half)
        np.add.at(weighted, self.net.edge_to, half)
        self._shared = np.ones(self.layout.n_points, dtype=bool)
        for ends in (self.net.edge_from, self.net.edge_to):
            self._shared[ends[~pipes.linepack_shared[pipe]]] = False
        return content(self.net, np.maximum(weighted / self.net.c_mcm_per_bar, 1e-3))

    def _set_full(self, gas_mcm: F8) -> None:
        """Full linepack of every point, and the dispatcher's floor: the alarm pressure of the point's node."""
        self.full_gas_mcm = gas_mcm
        alarm_bar = self.system.gas.alarm_share * self.p_min_bar[self.layout.point_node]
        self._floor_mcm = np.minimum(content(self.net, alarm_bar), gas_mcm)

    def floor_linepack(self, state: GasState) -> None:
        """Count what stands in the pipes now as full and as the floor: the dispatcher neither draws nor refills."""
        self.full_gas_mcm = self._floor_mcm = state.gas_mcm

    # State

    def start(self, conditions: GasConditions, demand_mcm_per_d: F8, power_mcm_per_d: F8, winter: bool) -> GasState:
        """The settled state: two months of such days with an order every eighth, then two weeks as they are run.

        Linepack counts as full where it stood, at most at ``full_share``: that is what the dispatcher refills to.
        """
        given = (*conditions, demand_mcm_per_d, power_mcm_per_d, self.balance.cut_cost, np.array(winter))
        key = b"".join(values.tobytes() for values in given)
        if self._started is not None and self._started[0] == key:
            self._set_full(self._started[2])
            return self._started[1]
        storage = self.system.gas_storage
        full = storage.working_volume_mcm * storage.fill_share
        p_bar = self._start_pressure()
        state = GasState(p_bar, content(self.net, p_bar), np.zeros(len(self.net.edge_from)), full)
        self._set_full(self._content_at(self.system.gas.full_share))
        for days, every_h, steps in _START:
            for _ in range(int(days * HOURS_PER_DAY / every_h)):
                schedule = self.schedule(state, conditions, demand_mcm_per_d, power_mcm_per_d, winter)
                run = self.run(
                    state, schedule, conditions, demand_mcm_per_d, power_mcm_per_d, power_mcm_per_d, every_h / steps,
                    steps, stop_when_short=False,
                )  # fmt: skip
                if not run.solved:
                    raise StudyError(_UNSETTLED)
                state = run.state._replace(storage_mcm=full)
            self._set_full(np.minimum(self.full_gas_mcm, state.gas_mcm))
        self._started = key, state, self.full_gas_mcm
        return state

    def usable_mcm(self, gas_mcm: F8) -> F8:
        """(n_nodes,) linepack above the floor, counted to the nearer end of each pipe; shared pipes only."""
        usable_mcm = np.empty(len(self.system.gas_nodes))
        usable_linepack(
            point_node=self.layout.point_node,
            shared=self._shared,
            floor_mcm=self._floor_mcm,
            gas_mcm=gas_mcm,
            usable_mcm_out=usable_mcm,
        )
        return usable_mcm

    def linepack_mcm(self, gas_mcm: F8) -> F8:
        """(n_nodes,) all gas in the pipes, counted to the nearer end of each pipe."""
        return sum_at(self.layout.point_node, gas_mcm, len(self.system.gas_nodes))

    def lowest_pressure_problem(self, state: GasState) -> list[str]:
        """Names of nodes with customers that start below their lowest pressure."""
        nodes = np.unique(self._sink_point)
        return self.system.gas_nodes.name[nodes[state.p_bar[nodes] < self.p_min_bar[nodes]]].tolist()

    # Schedule

    def schedule(
        self,
        state: GasState,
        conditions: GasConditions,
        demand_mcm_per_d: F8,
        consumed_mcm_per_d: F8,
        winter: bool,
        lookahead_h: float = LOOKAHEAD_H,
    ) -> GasSchedule:
        """The dispatcher's schedule: a balance over ``lookahead_h`` with the linepack there is.

        ``consumed_mcm_per_d`` (n_links,): expected consumption of plants. Who is not cut may take more until the
        next schedule.
        """
        n_nodes = len(self.system.gas_nodes)
        usable, full = self.usable_mcm(state.gas_mcm), self.usable_mcm(self.full_gas_mcm)
        # Less than a hundredth missing is the pulse of the day, not a shortage.
        room = np.where(usable < 0.99 * full, full - usable, 0.0)
        step = self.balance.solve(
            conditions, GasStocks(usable, state.storage_mcm), demand_mcm_per_d, consumed_mcm_per_d, lookahead_h, winter,
            room_mcm=room,
        )  # fmt: skip
        share = np.divide(
            step.delivered_mcm_per_d, demand_mcm_per_d, out=np.ones(len(demand_mcm_per_d)), where=demand_mcm_per_d > 0
        )
        pipes = self.system.gas_pipelines
        exchange = np.zeros(n_nodes)
        transit = pipes.in_service & ~pipes.linepack_shared
        np.add.at(exchange, pipes.to_node[transit], step.flow_mcm_per_d[transit])
        np.add.at(exchange, pipes.from_node[transit], -step.flow_mcm_per_d[transit])
        got = step.power_delivered_mcm_per_d
        power = np.where(got < 0.999 * consumed_mcm_per_d, got, np.inf)
        # Parallel pipes share the flow between their two nodes by capacity, as pressures would have it.
        total = sum_at(self._group, step.flow_mcm_per_d * self._group_sign, len(self._group_capacity))
        flow = total[self._group] * self._group_sign * self._group_share
        direction = np.sign(np.where(np.abs(flow) > 1e-6, flow, 0.0)).astype(np.int32)
        kept = self.system.gas_demand.gas_class != "export"
        cut = float((demand_mcm_per_d - step.delivered_mcm_per_d)[kept].sum())
        cut += float((consumed_mcm_per_d - got)[self._links].sum())
        drawn = float(-np.minimum(step.linepack_change_mcm_per_d, 0.0).sum())
        tense = (
            conditions.impaired or cut > _TENSE_SHARE * float(demand_mcm_per_d.sum()) or drawn > _TENSE_DRAW_MCM_PER_D
        )
        return GasSchedule(
            supply_mcm_per_d=step.supply_mcm_per_d,
            storage_mcm_per_d=step.storage_mcm_per_d,
            delivered_share=share,
            power_mcm_per_d=power,
            direction=direction,
            flow_mcm_per_d=flow,
            exchange_mcm_per_d=exchange[self.split_nodes],
            ranks=self.balance.customer_ranks(conditions),
            tense=tense,
        )

    def _controls(self, schedule: GasSchedule, conditions: GasConditions) -> LinepackControls:
        """Controls of a schedule under its conditions, made once while they last; demand is left open."""
        last = self._scheduled
        if last is None or last[0] is not schedule or last[1] is not conditions:
            self._scheduled = last = schedule, conditions, self._make_controls(schedule, conditions)
        return last[2]

    def _no_controls(self) -> LinepackControls:
        """Controls to be written, of the sizes of this network."""
        n_edges, n_sources, n_sinks = len(self.net.edge_from), len(self._source_point), len(self._sink_point)
        n_links = len(self.split_nodes)
        return LinepackControls(
            edge_cap=np.zeros(n_edges),
            edge_share=np.zeros(n_edges),
            edge_direction=np.zeros(n_edges, dtype=np.int32),
            source_point=self._source_point,
            source_q=np.zeros(n_sources),
            source_hi_bar=self._source_hi,
            source_band_bar=self._source_band,
            sink_point=self._sink_point,
            sink_q=np.zeros(n_sinks),
            sink_lo_bar=np.zeros(n_sinks),
            sink_band_bar=self._sink_band,
            sink_cap=np.full(n_sinks, np.inf),
            link_q=np.zeros(n_links),
            link_back=np.zeros(n_links, dtype=bool),
            link_lo_bar=0.8 * self._link_domestic,
            link_hi_bar=self._link_hi,
            link_band_bar=LINK_BAND_BAR,
        )

    def _make_controls(self, schedule: GasSchedule, conditions: GasConditions) -> LinepackControls:
        pipes, pipe = self.system.gas_pipelines, self.pipe_edges.edge_pipe
        share = conditions.pipeline_share[pipe]
        cap = pipes.capacity_mcm_per_d[pipe] * share
        # An outage closes the middle of a pipe; its stumps stay connected to their ends.
        out = (share <= 0.0) & (np.arange(len(pipe)) != self.pipe_edges.rupture_edge[pipe])
        cap = np.where(out, pipes.capacity_mcm_per_d[pipe], cap)
        edge_share = np.where(out, 1.0, share)
        # A station moves what is ordered and little more: left alone it would pack all gas behind itself. In need that
        # is what it is for, and its ratio alone limits it.
        if not schedule.tense:
            ordered = (1.0 + STATION_MARGIN) * np.abs(schedule.flow_mcm_per_d)
            ordered = ordered + STATION_MARGIN_OF_CAPACITY * pipes.capacity_mcm_per_d
            cap = np.where(self.layout.pipe_has_station[pipe], np.minimum(cap, ordered[pipe]), cap)
        driven = self.layout.pipe_has_station & pipes.bidirectional
        one_way = np.where(pipes.bidirectional, np.where(driven, schedule.direction, 0), 1)[pipe]
        # the last entry stands for edges without a station
        lifts = conditions.station_works & conditions.node_works[self.system.compressor_stations.node]
        stands_still = np.append(~lifts, False)
        for station in (self.layout.station_from, self.layout.station_to):
            stopped = stands_still[station]
            one_way = np.where(stopped, np.where(pipes.bidirectional[pipe], 0, 2), one_way)
        return self._running._replace(
            edge_cap=cap,
            edge_share=edge_share,
            edge_direction=one_way.astype(np.int32),
            sink_lo_bar=self._sink_p_min - schedule.ranks * self._sink_band,
            link_q=np.abs(schedule.exchange_mcm_per_d),
            link_back=schedule.exchange_mcm_per_d < 0,
        )

    def _set_running(self, state: GasState, ordered: LinepackControls) -> None:
        """Write what the kernel is given: controls as ordered, within the power of stations at ``state``.

        An instant runs possible and actual consumption, so they are mostly written already.
        """
        last, running = self._runs_at, self._running
        if last is None or last[0] is not state or last[1] is not ordered:
            running.edge_cap[:] = self._compressors.limit(ordered, state.p_bar, state.edge_q).edge_cap
            if last is None or last[1] is not ordered:
                for name in _SCHEDULED:
                    getattr(running, name)[:] = getattr(ordered, name)
            self._runs_at = state, ordered

    # Motion

    def run(
        self,
        state: GasState,
        schedule: GasSchedule,
        conditions: GasConditions,
        demand_mcm_per_d: F8,
        power_mcm_per_d: F8,
        consumed_mcm_per_d: F8,
        dt_h: float,
        n_steps: int,
        *,
        stop_when_short: bool = True,
    ) -> GasRun:
        """Up to ``n_steps`` steps of ``dt_h`` hours; stops before a step in which a plant would get less than it burns.

        ``power_mcm_per_d`` (n_links,): possible consumption of plants; ``consumed_mcm_per_d``: actual, at most.
        """
        n_supply, n_demand = len(self.system.gas_supply), len(self.system.gas_demand)
        ordered, running = self._controls(schedule, conditions), self._running
        self._set_running(state, ordered)
        order_gas(
            links=self._links,
            supply=schedule.supply_mcm_per_d,
            storage=schedule.storage_mcm_per_d,
            storage_mcm=state.storage_mcm,
            hours=dt_h * n_steps,
            demand=demand_mcm_per_d,
            delivered_share=schedule.delivered_share,
            power=power_mcm_per_d,
            most_power=schedule.power_mcm_per_d,
            consumed=consumed_mcm_per_d,
            source_q_out=running.source_q,
            sink_q_out=running.sink_q,
            sink_cap_out=running.sink_cap,
        )
        watch = self._watch if stop_when_short else _NOBODY
        p_bar, gas, edge_q = after = copy_of(state.p_bar, state.gas_mcm, state.edge_q)
        flows = no_flows(self.net, running)
        taken, solved = advance_linepack(
            self._held_net, self._held_running, dt_h, n_steps, watch, SHORT_SHARE, after, flows
        )
        drawn = flows.source[n_supply:]
        storage, power = np.empty(len(drawn)), np.empty(len(consumed_mcm_per_d))
        settle_gas(
            links=self._links,
            storage_mcm=state.storage_mcm,
            drawn=drawn,
            hours=dt_h,
            steps=taken,
            consumed=consumed_mcm_per_d,
            sink=flows.sink[n_demand:],
            storage_mcm_out=storage,
            power_out=power,
        )

        def step() -> GasStep:
            n_nodes = len(self.node_point)
            flow, change, pressure = np.empty(len(self._first_edge)), np.empty(n_nodes), np.empty(n_nodes)
            read_nodes(
                first_edge=self._first_edge,
                edge_q=flows.edge,
                point_node=self.layout.point_node,
                node_point=self.node_point,
                before_mcm=state.gas_mcm,
                after_mcm=gas,
                p_bar=p_bar,
                days=max(dt_h * taken / HOURS_PER_DAY, 1e-12),
                flow_out=flow,
                linepack_change_out=change,
                pressure_out=pressure,
            )
            return GasStep(
                flow_mcm_per_d=flow,
                supply_mcm_per_d=flows.source[:n_supply],
                storage_mcm_per_d=drawn,
                delivered_mcm_per_d=flows.sink[:n_demand],
                power_delivered_mcm_per_d=power,
                linepack_change_mcm_per_d=change,
                pressure_bar=pressure,
                compressor_mw=self._compressors.power_mw(ordered, p_bar, edge_q),
            )

        return GasRun(GasState(p_bar, gas, edge_q, storage), power, taken, solved, step)

    def rupture(self, state: GasState, pipe: int, share: float, flow_mcm_per_d: float) -> tuple[GasState, float]:
        """The state after ``share`` of the strings of ``pipe`` burst at its middle, and the gas vented, mcm.

        Lost is what stands between two line valves, and what flows in until they are closed; at most nine tenths of the
        gas at the two points beside the break, from which it is taken.
        """
        pipes, settings = self.system.gas_pipelines, self.system.gas
        edge = int(self.pipe_edges.rupture_edge[pipe])
        if self.pipe_edges.n_edges[pipe] == 0 or share <= 0:
            return state, 0.0
        ends = np.array([self.net.edge_from[edge], self.net.edge_to[edge]])
        p_bar = state.p_bar[ends]
        per_bar = content(self.net, state.p_bar)[ends] / self.net.c_mcm_per_bar[ends]
        segment = per_bar * self.layout.edge_gas_per_bar[edge] / 2
        km = float(pipes.length_km[pipe]) / float(self.pipe_edges.n_edges[pipe])
        between = float(segment.sum()) * settings.valve_spacing_km / km
        if settings.valve_spacing_km > float(pipes.length_km[pipe]):
            between *= float(pipes.length_km[pipe]) / settings.valve_spacing_km
        released = share * (between + abs(flow_mcm_per_d) * settings.isolation_h / HOURS_PER_DAY)
        there = state.gas_mcm[ends]
        weight = there / there.sum()
        taken = np.minimum(released * weight, 0.9 * there)
        gas = state.gas_mcm.copy()
        gas[ends] -= taken
        guess = state.p_bar.copy()
        guess[ends] = p_bar * (1.0 - taken / there)
        return state._replace(p_bar=pressure_of(self.net, gas, guess), gas_mcm=gas), float(taken.sum())

    # Units

    def power_requested_mcm_per_d(self, link_mw: F8) -> F8:
        """(n_links,) gas burnt by plants running at ``link_mw`` on gas."""
        return self.balance.power_requested_mcm_per_d(link_mw)

    def power_mw(self, link_mcm_per_d: F8) -> F8:
        """(n_links,) MW that plants can make of the gas they get."""
        return self.balance.power_mw(link_mcm_per_d)


def everything_works(system: GridSystem) -> GasConditions:
    """Conditions with nothing out."""
    works: NDArray[np.bool_] = np.ones(len(system.gas_nodes), dtype=bool)
    return GasConditions(
        np.ones(len(system.gas_pipelines)),
        np.ones(len(system.gas_supply)),
        np.ones(len(system.gas_storage)),
        works,
        np.ones(len(system.compressor_stations), dtype=bool),
        reserve_shares(system),
    )
