"""Daily gas balance: who gets gas, with the usable linepack as a buffer.

A transport model, one linear problem per step: flows within pipe capacities, supplies and storages within their
limits, deliveries by priority, and at every node a stock of usable linepack (half of each adjoining pipe's) that
can be drawn and refilled. It has no pressures: gas moves through a pipe as fast as its capacity allows.

Order of cuts, cheapest first: that of ``model/gas_order.csv`` (the price ladder of the objective); transit and plants
with reserve fuel have two places in it. Storage gives its planned winter withdrawal before production rises above plan;
both may rise to their maximum. Gas that comes with oil gives at most its field's normal output; imports and transit
stay at their contracted day, because nothing obliges the neighbour to send more. Linepack is drawn after every supply
and after exports stop, but before anybody is cut, so deliveries stay whole until the stock behind a rupture is used up;
it is refilled before exports resume. A transit operator's linepack is not drawn. A small price on distance sends a
shortage to the far end of the network, where pressure falls first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.gas_order import gas_order, plant_classes, ranks
from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.linear import LinearProgram, SparseColumns, sparse_columns

# Objective, per mcm: distance << storage, supply over plan << export cut << linepack << cuts of domestic classes.
_COST_FLOW_PER_1000_KM = 0.01
_COST_SUPPLY_OVER_PLAN = 0.5
_COST_STORAGE = 0.3
_COST_LINEPACK = 15.0
_COST_LINEPACK_FAST = 16.0
_EVEN_DRAW_SHARE = 1.0 / 3.0  # of every node's stock before more is taken anywhere: stocks fall together
_GAIN_REFILL = 12.0
_COST_EXPORT_CUT = 10.0  # of the first rank; linepack is drawn once exports have stopped
_COST_FIRST_CUT = 20.0  # of the second rank; twice that for every further one
_SUPPLY_AT_PLAN = ("associated", "import", "transit_in")
HOURS_PER_DAY = 24.0
_SOLVED_KEPT = 512  # of about 5 kB: replicates ask what others asked until their events part them


class GasConditions(NamedTuple):
    """Remaining network: shares in 0..1, each in the order of its table.

    ``node_works`` (n_nodes,) False: sources, storages and stations there stand still; ``station_works`` (n_stations,).
    ``reserve_share`` (n_links,): output that reserve fuel in stock can replace.
    """

    pipeline_share: F8
    supply_share: F8
    storage_share: F8
    node_works: NDArray[np.bool_]
    station_works: NDArray[np.bool_]
    reserve_share: F8

    @property
    def impaired(self) -> bool:
        """Whether anything of the network is out."""
        shares = (self.pipeline_share, self.supply_share, self.storage_share)
        works = (self.node_works, self.station_works)
        return any(bool((share < 1.0).any()) for share in shares) or not all(bool(each.all()) for each in works)


class GasStep(NamedTuple):
    """One balance. Rates in mcm/d; ``delivered`` (n_demands,), ``power_delivered`` (n_links,).

    ``pressure_bar`` (n_nodes,): NaN where the model has none; ``compressor_mw`` (n_stations,) shaft power at the end.
    """

    flow_mcm_per_d: F8
    supply_mcm_per_d: F8
    storage_mcm_per_d: F8
    delivered_mcm_per_d: F8
    power_delivered_mcm_per_d: F8
    linepack_change_mcm_per_d: F8
    pressure_bar: F8
    compressor_mw: F8


class GasStocks(NamedTuple):
    """Usable linepack per node and working gas per storage, mcm."""

    linepack_mcm: F8
    storage_mcm: F8


class GasBalance:
    """The gas network of one system, solved step by step; holds no state between calls."""

    def __init__(self, system: GridSystem):
        self.system = system
        pipes, nodes = system.gas_pipelines, system.gas_nodes
        self._n_nodes = len(nodes)
        self._links = np.flatnonzero(system.gas_to_power.on_network).astype(np.int32)
        self._plant_class = plant_classes(system)
        self._transit = np.flatnonzero(system.gas_demand.gas_class == "transit").astype(np.int32)
        self._surplus_share = _surplus_share(system)
        self.set_cut_order(())
        self._solved: OrderedDict[bytes, F8] = OrderedDict()
        stations = system.compressor_stations
        fed_by = (pipes.from_node[:, None] == stations.node) & (pipes.system[:, None] == stations.system)
        self._fed_by_station = fed_by & stations.in_service
        flow_cost = np.tile(_COST_FLOW_PER_1000_KM * pipes.length_km / 1000.0, 2)
        supply, n_storages = system.gas_supply, len(system.gas_storage)
        self._at_plan = np.isin(supply.kind, _SUPPLY_AT_PLAN)
        #: costs of all columns before those of :attr:`cut_cost`
        self._moving_cost = np.concatenate(
            [
                flow_cost,
                np.where(self._at_plan, 0.0, _COST_SUPPLY_OVER_PLAN),
                np.full(n_storages, _COST_STORAGE),
                np.full(n_storages, _COST_STORAGE + _COST_SUPPLY_OVER_PLAN),
                np.full(self._n_nodes, _COST_LINEPACK),
                np.full(self._n_nodes, _COST_LINEPACK_FAST),
                np.full(self._n_nodes, -_GAIN_REFILL),
            ]
        )
        sizes = [len(pipes), len(pipes), len(supply), n_storages, n_storages] + 3 * [self._n_nodes]
        sizes += [len(system.gas_demand), len(self._links), len(self._transit), len(self._links)]
        ends = np.cumsum(sizes).tolist()
        self._parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]

    @cached_property
    def _program(self) -> LinearProgram:
        return LinearProgram(self._balance_matrix())

    @property
    def cut_cost(self) -> F8:
        """Costs of cutting each demand, each plant, surplus transit, and plants as far as they have reserve fuel."""
        return self._cut_cost

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """Cut these classes in this order, in the places they have among all; the others keep theirs."""
        self._rank = ranks(first_cut)
        demand, links = self.system.gas_demand, self._links
        classes = [*demand.gas_class.tolist(), *self._plant_class[links].tolist()]
        classes += ["transit_surplus"] * len(self._transit) + ["plants_with_reserve"] * len(links)
        self._cut_cost = np.array([_cut_cost(self._rank[name]) for name in classes])

    def customer_ranks(self, conditions: GasConditions) -> F8:
        """(n_demands + n_links on the network,) rank of every customer as a whole, 1 the first to be cut.

        A plant that its reserve fuel can replace by half or more ranks with those.
        """
        own = np.array([self._rank[name] for name in self._plant_class[self._links].tolist()], dtype=np.float64)
        replaced = conditions.reserve_share[self._links] >= 0.5
        demands = [self._rank[name] for name in self.system.gas_demand.gas_class.tolist()]
        return np.concatenate(
            [np.array(demands, dtype=np.float64), np.where(replaced, self._rank["plants_with_reserve"], own)]
        )

    def _balance_matrix(self) -> SparseColumns:
        """Node balances.

        Columns: forward and backward flow, supply, storage, draw, refill, cuts in the order of :attr:`cut_cost`.
        """
        system = self.system
        pipes = system.gas_pipelines
        n_pipes, n_nodes = len(pipes), self._n_nodes
        rows: list[Any] = [pipes.from_node, pipes.to_node, pipes.from_node, pipes.to_node]
        columns: list[Any] = [
            np.arange(n_pipes),
            np.arange(n_pipes),
            n_pipes + np.arange(n_pipes),
            n_pipes + np.arange(n_pipes),
        ]
        values = [-np.ones(n_pipes), np.ones(n_pipes), np.ones(n_pipes), -np.ones(n_pipes)]
        first = 2 * n_pipes
        for node, sign in (
            (system.gas_supply.node, 1.0),
            (system.gas_storage.node, 1.0),
            (system.gas_storage.node, 1.0),
            (np.arange(n_nodes), 1.0),
            (np.arange(n_nodes), 1.0),
            (np.arange(n_nodes), -1.0),
            (system.gas_demand.node, 1.0),
            (system.gas_to_power.node[self._links], 1.0),
            (system.gas_demand.node[self._transit], 1.0),
            (system.gas_to_power.node[self._links], 1.0),
        ):
            rows.append(node)
            columns.append(first + np.arange(len(node)))
            values.append(np.full(len(node), sign))
            first += len(node)
        return sparse_columns(np.concatenate(rows), np.concatenate(columns), np.concatenate(values), (n_nodes, first))

    def linepack_capacity_mcm(self, conditions: GasConditions) -> F8:
        """(n_nodes,) usable linepack when full: half of each adjoining pipe that is not out."""
        pipes = self.system.gas_pipelines
        there = pipes.in_service & pipes.linepack_shared & (conditions.pipeline_share > 0)
        usable = np.where(there, pipes.usable_linepack_mcm / 2, 0.0)
        capacity = np.zeros(self._n_nodes)
        np.add.at(capacity, pipes.from_node, usable)
        np.add.at(capacity, pipes.to_node, usable)
        return capacity

    def start(self, conditions: GasConditions) -> GasStocks:
        """Stocks at the start of a horizon: linepack full, storages at their ``fill_share``."""
        storage = self.system.gas_storage
        return GasStocks(self.linepack_capacity_mcm(conditions), storage.working_volume_mcm * storage.fill_share)

    def power_requested_mcm_per_d(self, link_mw: F8) -> F8:
        """(n_links,) gas burnt by plants running at ``link_mw`` on gas."""
        return link_mw * self.system.gas_to_power.gas_m3_per_mwh * HOURS_PER_DAY / 1e6

    def power_mw(self, link_mcm_per_d: F8) -> F8:
        """(n_links,) MW that plants can make of the gas they get."""
        return link_mcm_per_d * 1e6 / HOURS_PER_DAY / self.system.gas_to_power.gas_m3_per_mwh

    def solve(
        self,
        conditions: GasConditions,
        stocks: GasStocks,
        demand_mcm_per_d: F8,
        power_requested_mcm_per_d: F8,
        dt_h: float,
        winter: bool,
        *,
        room_mcm: F8 | None = None,
    ) -> GasStep:
        """Balance the network for a step of ``dt_h`` hours.

        ``demand_mcm_per_d`` (n_demands,), ``power_requested_mcm_per_d`` (n_links,). Plants off the network get all.
        ``room_mcm`` (n_nodes,): linepack that could be refilled, by default up to :meth:`linepack_capacity_mcm`.
        """
        system, links = self.system, self._links
        pipes, supply, storage = system.gas_pipelines, system.gas_supply, system.gas_storage
        if self._n_nodes == 0:
            empty = np.zeros(0)
            return GasStep(empty, empty, empty, empty, power_requested_mcm_per_d.copy(), empty, empty, empty)
        days = dt_h / HOURS_PER_DAY
        works = conditions.node_works
        capacity = pipes.capacity_mcm_per_d * np.where(pipes.in_service, conditions.pipeline_share, 0.0)
        # Without a station gas must travel on from the one before: flow falls with the root of the distance.
        stopped = ~(conditions.station_works & works[system.compressor_stations.node])
        capacity = capacity / np.sqrt(1.0 + self._fed_by_station @ stopped.astype(np.float64))
        plan = self._plan_mcm_per_d(demand_mcm_per_d, winter)
        most = np.where(self._at_plan, plan, np.maximum(supply.max_mcm_per_d, plan))
        most = most * np.where(supply.in_service, conditions.supply_share, 0.0) * works[supply.node]
        filling = np.clip(stocks.storage_mcm / storage.working_volume_mcm, 0.0, 1.0)
        able = storage.max_withdrawal_mcm_per_d * filling**storage.inventory_exponent
        draw_storage = np.minimum(able, stocks.storage_mcm / days)
        draw_storage = draw_storage * np.where(storage.in_service, conditions.storage_share, 0.0) * works[storage.node]
        room = room_mcm
        if room is None:
            room = np.maximum(self.linepack_capacity_mcm(conditions) - stocks.linepack_mcm, 0.0)
        requested_power = power_requested_mcm_per_d[links]
        replaceable = requested_power * conditions.reserve_share[links]
        surplus = demand_mcm_per_d * self._surplus_share
        planned = np.minimum(draw_storage, storage.planned_withdrawal_mcm_per_d if winter else 0.0)
        upper = np.concatenate(
            [
                capacity,
                np.where(pipes.bidirectional, capacity, 0.0),
                most,
                planned,
                draw_storage - planned,
                _EVEN_DRAW_SHARE * stocks.linepack_mcm / days,
                (1.0 - _EVEN_DRAW_SHARE) * stocks.linepack_mcm / days,
                room / days,
                demand_mcm_per_d - surplus,
                requested_power - replaceable,
                surplus[self._transit],
                replaceable,
            ]
        )
        cost = np.concatenate([self._moving_cost, self._cut_cost])
        requested = np.zeros(self._n_nodes)
        np.add.at(requested, system.gas_demand.node, demand_mcm_per_d)
        np.add.at(requested, system.gas_to_power.node[links], requested_power)
        x = self._optimum(cost, upper, requested)
        (
            forward,
            backward,
            supplied,
            stored,
            beyond_plan,
            drawn,
            drawn_fast,
            refilled,
            cut,
            power_cut,
            transit_cut,
            replaced,
        ) = (x[part] for part in self._parts)
        lost = cut.copy()
        lost[self._transit] += transit_cut
        stored, drawn = stored + beyond_plan, drawn + drawn_fast
        power = power_requested_mcm_per_d.copy()
        power[links] = requested_power - power_cut - replaced
        unknown, no_power = np.full(self._n_nodes, np.nan), np.full(len(system.compressor_stations), np.nan)
        return GasStep(
            forward - backward, supplied, stored, demand_mcm_per_d - lost, power, refilled - drawn, unknown, no_power
        )

    def _plan_mcm_per_d(self, demand_mcm_per_d: F8, winter: bool) -> F8:
        """(n_supplies,) normal day of every source; out of season as far from summer to winter as demand is."""
        supply, demand = self.system.gas_supply, self.system.gas_demand
        if winter:
            return supply.winter_mcm_per_d
        at_home = ~np.isin(demand.gas_class, ("export", "transit"))
        low, high = demand.summer_mcm_per_d[at_home].sum(), demand.winter_mcm_per_d[at_home].sum()
        share = np.clip((demand_mcm_per_d[at_home].sum() - low) / (high - low), 0.0, 1.0) if high > low else 0.0
        return supply.summer_mcm_per_d + share * np.maximum(supply.winter_mcm_per_d - supply.summer_mcm_per_d, 0.0)

    def _optimum(self, cost: F8, upper: F8, requested: F8) -> F8:
        """Columns that meet ``requested`` at least cost within 0 and ``upper``; equal questions are answered once."""
        key = upper.tobytes() + requested.tobytes() + cost.tobytes()
        x = self._solved.get(key)
        if x is None:
            # Cutting everything and moving nothing is always feasible and every column is boxed.
            x = self._solved[key] = self._program.solve(cost, upper, requested)
            if len(self._solved) > _SOLVED_KEPT:
                self._solved.popitem(last=False)
        else:
            self._solved.move_to_end(key)
        return x

    def advance(self, stocks: GasStocks, step: GasStep, conditions: GasConditions, dt_h: float) -> GasStocks:
        """Stocks after ``dt_h`` hours of ``step``; the linepack of pipes that are out is lost to their nodes."""
        if self._n_nodes == 0:
            return stocks
        days = dt_h / HOURS_PER_DAY
        linepack = stocks.linepack_mcm + days * step.linepack_change_mcm_per_d
        linepack = np.clip(linepack, 0.0, self.linepack_capacity_mcm(conditions))
        return GasStocks(linepack, np.maximum(stocks.storage_mcm - days * step.storage_mcm_per_d, 0.0))


def _cut_cost(rank: int) -> float:
    """Cost per mcm of cutting a class of ``rank``; the first stops before linepack is drawn."""
    return _COST_EXPORT_CUT if rank <= 1 else _COST_FIRST_CUT * 2.0 ** (rank - 2)


def _surplus_share(system: GridSystem) -> F8:
    """(n_demands,) share of each demand that stands at the place of surplus transit."""
    order, kept = gas_order(), system.gas.transit_kept_share
    share = order["transit_surplus"].share
    above = 1.0 - kept if share is None else share
    return np.where(system.gas_demand.gas_class == "transit", above, 0.0)
