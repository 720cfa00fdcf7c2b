"""Gas, backup fuel and yards: what each plant can burn in a step, and what is left after it.

The only place where gas and power exchange values, in both directions, and the owner of the stopping rule.

Gas to power. At a resolve the gas network is asked what it could give if every plant ran as far as it can
(capability); the dispatch chooses within it; then the network moves on with what is burnt. With pressures
(``policy.gas: hydraulic``) it moves in steps of at most a quarter of an hour until the next resolve, or stops before
the step in which a plant would get less than it burns: there the engine is woken for a new resolve. Nothing is iterated
while nothing changes. A plant short of gas switches to its backup fuel after its switching time and back as soon as
gas suffices.

Power to gas. A facility (``power_to_gas``, electric compressor stations) stops when its bus loses more than half of its
load or is dead, and starts again ``restart_h`` after its bus is back for good: its node's sources and compressors stand
still meanwhile, and its heating plants take no gas. A change asks for another resolve of the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions
from gridsim.engine.interval import FuelLimits
from gridsim.errors import NotConverged
from gridsim.kernels.linepack import MAX_ITERATIONS
from gridsim.model.pack import Packed, gas_generators
from gridsim.model.scenario import GasMode
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.gas import LOOKAHEAD_H, REORDER_H, STEP_H, GasOrders, GasRun, GasState, HydraulicGas
from gridsim.solvers.gas_balance import GasBalance, GasConditions, GasStep
from gridsim.weather.normal import HourInputs

SHORT_SHARE = 0.999  # a plant is short of gas below this share of what it could burn
LOST_BUS_SHARE = 0.5  # a facility stops when its bus is cut by more


_YARD_FUEL = {"coal": "coal", "mazut": "oil", "diesel": "oil"}


def yard_generators(system: GridSystem) -> list[I4]:
    """The machines each yard feeds: those of its plant that run on what it holds (a gas plant's mazut: backup)."""
    stocks, fuel = system.fuel_stocks, system.generators.fuel
    feeds = []
    for plant, held in zip(stocks.plant.tolist(), stocks.fuel.tolist(), strict=True):
        gens = system.generators_of(plant)
        feeds.append(gens[fuel[gens] == _YARD_FUEL[held]])
    return feeds


class GasSide(Protocol):
    """The gas network as the coupling sees it."""

    def limits(
        self, now_s: float, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, scarce: bool
    ) -> F8:
        """(n_links,) MW that gas allows when plants could make ``asked_mw``; ``scarce``: power is short somewhere."""
        ...

    def plan(
        self, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, burnt_mw: F8
    ) -> tuple[GasStep, float]:
        """The rates that follow from what is burnt, and for how many hours they can hold."""
        ...

    def advance(self, dt_h: float) -> GasStep:
        """Let ``dt_h`` of the last plan happen; the mean rates."""
        ...

    def settle(self, conditions: GasConditions, inputs: HourInputs, burnt_mw: F8) -> None:
        """Before the horizon plants burnt ``burnt_mw`` (n_links,) for long."""
        ...

    def rupture(self, section: int, share: float) -> float:
        """Gas vented at once when ``share`` of a section's strings bursts, mcm."""
        ...

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) usable linepack."""
        ...


class BalanceGas:
    """Daily transport balance with a lumped stock of linepack per node."""

    def __init__(self, system: GridSystem, conditions: GasConditions):
        self.balance = GasBalance(system)
        self.stocks = self.balance.start(conditions)
        self._step: GasStep | None = None
        self._conditions = conditions

    def limits(
        self, now_s: float, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, scarce: bool
    ) -> F8:
        """See :class:`GasSide`."""
        # A section that is out takes its linepack with it before anyone can draw it.
        capacity = self.balance.linepack_capacity_mcm(conditions)
        self.stocks = self.stocks._replace(linepack_mcm=np.minimum(self.stocks.linepack_mcm, capacity))
        asked = self.balance.power_asked_mcm_per_d(asked_mw)
        step = self.balance.solve(
            conditions, self.stocks, inputs.gas_demand_mcm_per_d, asked, dt_h, inputs.winter
        )  # fmt: skip
        return self.balance.power_mw(step.power_delivered_mcm_per_d)

    def plan(
        self, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, burnt_mw: F8
    ) -> tuple[GasStep, float]:
        """See :class:`GasSide`."""
        self._conditions = conditions
        burnt = self.balance.power_asked_mcm_per_d(burnt_mw)
        self._step = self.balance.solve(
            conditions, self.stocks, inputs.gas_demand_mcm_per_d, burnt, dt_h, inputs.winter
        )  # fmt: skip
        return self._step, dt_h

    def advance(self, dt_h: float) -> GasStep:
        """See :class:`GasSide`."""
        assert self._step is not None, "advance before plan"
        self.stocks = self.balance.advance(self.stocks, self._step, self._conditions, dt_h)
        return self._step

    def settle(self, conditions: GasConditions, inputs: HourInputs, burnt_mw: F8) -> None:
        """See :class:`GasSide`; the stocks are full whatever was burnt."""

    def rupture(self, section: int, share: float) -> float:
        """See :class:`GasSide`; the section's own linepack is lost with it, what of it is vented is not known here."""
        return 0.0

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) NaN: a balance has none."""
        return np.full(len(self.balance.system.gas_nodes), np.nan)

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) usable linepack."""
        return self.stocks.linepack_mcm


class PressureGas:
    """Pressures and linepack, with the dispatcher's orders renewed at changes, daily, and every few hours in need."""

    state: GasState

    def __init__(self, network: HydraulicGas):
        system = network.system
        self.network = network
        network.balance.set_cut_order(())
        self._want = np.zeros(len(system.gas_to_power))  # what plants would burn if gas were no limit
        self._orders: GasOrders | None = None
        self._ordered_s = -np.inf
        self._ordered_for: GasConditions | None = None
        self._ordered_scarce = False
        self._allowed = self._want
        self._run: GasRun | None = None
        self._planned: tuple[GasConditions, F8, F8, F8, float] | None = None

    def _order(
        self, now_s: float, conditions: GasConditions, inputs: HourInputs, asked: F8, scarce: bool
    ) -> GasOrders:  # fmt: skip
        same = _alike(conditions, self._ordered_for)
        age_h = (now_s - self._ordered_s) / 3600.0
        orders = self._orders
        fresh = orders is not None and age_h < (LOOKAHEAD_H if orders.tense else REORDER_H)
        if orders is not None and fresh and same and scarce <= self._ordered_scarce:
            return orders
        want = asked if scarce else np.minimum(self._want, asked)
        self._orders = self.network.order(self.state, conditions, inputs.gas_demand_mcm_per_d, want, inputs.winter)
        self._ordered_s, self._ordered_for, self._ordered_scarce = now_s, conditions, scarce
        return self._orders

    def limits(
        self, now_s: float, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, scarce: bool
    ) -> F8:
        """See :class:`GasSide`."""
        asked = self.network.power_asked_mcm_per_d(asked_mw)
        orders = self._order(now_s, conditions, inputs, asked, scarce)
        trial = self.network.run(
            self.state, orders, conditions, inputs.gas_demand_mcm_per_d, asked, asked, min(dt_h, STEP_H), 1
        )
        _check(trial, now_s)
        self._allowed = trial.power_delivered_mcm_per_d
        return self.network.power_mw(self._allowed)

    def plan(
        self, dt_h: float, conditions: GasConditions, inputs: HourInputs, asked_mw: F8, burnt_mw: F8
    ) -> tuple[GasStep, float]:
        """See :class:`GasSide`."""
        assert self._orders is not None, "plan before limits"
        asked, burnt = self.network.power_asked_mcm_per_d(asked_mw), self.network.power_asked_mcm_per_d(burnt_mw)
        n_steps = max(int(np.ceil(dt_h / STEP_H - 1e-9)), 1)
        self._want = np.where(burnt < 0.999 * np.minimum(self._allowed, asked), burnt, np.maximum(self._want, burnt))
        self._planned = conditions, inputs.gas_demand_mcm_per_d, asked, burnt, dt_h / n_steps
        self._run = self.network.run(
            self.state, self._orders, conditions, inputs.gas_demand_mcm_per_d, asked, burnt, dt_h / n_steps, n_steps
        )
        _check(self._run, self._ordered_s)
        return self._run.step, self._run.taken * dt_h / n_steps

    def advance(self, dt_h: float) -> GasStep:
        """See :class:`GasSide`."""
        assert self._run is not None and self._planned is not None and self._orders is not None, "advance before plan"
        conditions, demand, asked, burnt, step_h = self._planned
        run = self._run
        if abs(run.taken * step_h - dt_h) > 1e-9:
            n_steps = max(int(np.ceil(dt_h / STEP_H - 1e-9)), 1)
            run = self.network.run(
                self.state, self._orders, conditions, demand, asked, burnt, dt_h / n_steps, n_steps,
                stop_when_short=False,
            )  # fmt: skip
            _check(run, self._ordered_s)
        self.state = run.state
        return run.step

    def settle(self, conditions: GasConditions, inputs: HourInputs, burnt_mw: F8) -> None:
        """See :class:`GasSide`."""
        self._want = self.network.power_asked_mcm_per_d(burnt_mw)
        self.state = self.network.start(conditions, inputs.gas_demand_mcm_per_d, self._want, inputs.winter)

    def rupture(self, section: int, share: float) -> float:
        """See :class:`GasSide`."""
        flow = 0.0 if self._run is None else float(self._run.step.flow_mcm_per_d[section])
        self.state, vented = self.network.rupture(self.state, section, share, flow)
        return vented

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) pressure now."""
        return self.state.p_bar[self.network.node_point]

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) linepack above the dispatcher's floor."""
        return self.network.usable_mcm(self.state.gas_mcm)


def _alike(one: GasConditions, other: GasConditions | None) -> bool:
    return one is other or (other is not None and all(map(np.array_equal, one, other)))


def _check(run: GasRun, now_s: float) -> None:
    if not run.solved:
        raise NotConverged("gas network", now_s / 3600.0, MAX_ITERATIONS, "not known")


class Facility(NamedTuple):
    """A gas facility that needs a bus; ``restart_h`` after the bus is back it works again."""

    name: str
    bus: int
    node: int
    restart_h: float


def facilities_of(system: GridSystem) -> list[Facility]:
    """Rows of power_to_gas and electric compressor stations with a bus."""
    rows, stations = system.power_to_gas, system.compressor_stations
    found = [Facility(str(rows.name[i]), int(rows.bus[i]), int(rows.node[i]), float(rows.restart_h[i]))
             for i in range(len(rows))]  # fmt: skip
    for i in np.flatnonzero((stations.driver == "electric") & (stations.bus >= 0) & stations.in_service):
        found.append(Facility(str(stations.name[i]), int(stations.bus[i]), int(stations.node[i]), 0.0))
    return found


def make_gas_network(system: GridSystem, mode: GasMode) -> HydraulicGas | None:
    """The gas network with pressures that ``policy.gas`` asks for; None: a balance without pressures."""
    hydraulic = mode is GasMode.HYDRAULIC and len(system.gas_nodes) > 0 and len(system.gas_pipelines) > 0
    return HydraulicGas(system) if hydraulic else None


class FuelSystem:
    """Stocks of one run. ``backup_mwh`` (n_links,), ``yard_days`` (n_yards,); ``network``: :func:`make_gas_network`."""

    def __init__(self, packed: Packed, conditions: Conditions, network: HydraulicGas | None):
        system = packed.system
        self.packed = packed
        self.system = system
        self.facilities = facilities_of(system)
        self._facility_node = np.array([facility.node for facility in self.facilities], dtype=np.int64)
        self._works_from_s = np.full(len(self.facilities), -np.inf)  # inf: stopped and its bus still lost
        self._stopped = False  # some facility stands still or waits for its restart
        self._all_work = np.ones(len(system.gas_nodes), dtype=bool)
        self._left: tuple[Conditions, GasConditions] | None = None
        self._heating = system.gas_demand.gas_class == "heating"
        links = system.gas_to_power
        self.link_gens: list[I4] = [gas_generators(system, plant) for plant in links.plant.tolist()]
        self._linked_gen = np.concatenate([*self.link_gens, np.zeros(0, dtype=np.int32)]).astype(np.int64)
        self._gen_link = np.repeat(np.arange(len(links)), [len(gens) for gens in self.link_gens])
        self.yard_gens = yard_generators(system)
        self._fed_gen = np.concatenate([*self.yard_gens, np.zeros(0, dtype=np.int32)]).astype(np.int64)
        self._feeding_yard = np.repeat(np.arange(len(self.yard_gens)), [len(gens) for gens in self.yard_gens])
        self._has_yard = np.isin(np.arange(len(system.generators)), self._fed_gen)
        p_max = system.generators.p_max_mw
        self._yard_p_max_mw = np.array([p_max[gens].sum() for gens in self.yard_gens])
        self.link_p_max_mw = np.array([p_max[gens].sum() for gens in self.link_gens])
        self.backup_p_max_mw = self.link_p_max_mw * links.backup_capacity_share
        self.backup_mwh = self.backup_p_max_mw * links.backup_stock_days * 24.0
        self.yard_days = system.fuel_stocks.stock_days.copy()
        self.short_since_s = np.full(len(links), np.inf)
        self.vented_mcm = np.zeros(len(system.gas_nodes))
        self._scarce = False
        self._now_s = 0.0
        stations = system.compressor_stations
        electric = (stations.driver == "electric") & (stations.bus >= 0) & stations.in_service
        self._electric = np.flatnonzero(electric)
        # A station is added to the first load of its bus; io sees to it that there is one.
        self._station_load = np.array(
            [np.flatnonzero(system.loads.bus == bus)[0] for bus in stations.bus[self._electric]], dtype=np.int64
        )
        self.station_mw = np.zeros(len(self._electric))
        start = self._gas_conditions(conditions)
        self.gas: PressureGas | BalanceGas = BalanceGas(system, start) if network is None else PressureGas(network)

    def _by_link(self, gen_mw: F8) -> F8:
        """(n_links,) sums of (n_gens,) MW over the machines on each link."""
        return sum_at(self._gen_link, gen_mw[self._linked_gen], len(self.link_gens))

    def with_stations(self, load_mw: F8) -> F8:
        """(n_loads,) demand with what electric compressor stations took in the last step."""
        if not len(self._electric):
            return load_mw
        return load_mw + sum_at(self._station_load, self.station_mw, len(load_mw))

    def unlimited(self, available_mw: F8) -> FuelLimits:
        """Limits of a step in which fuel is no limit."""
        asked_mw = self._by_link(available_mw)
        nothing = np.zeros(len(self.packed.backup_gen))
        return FuelLimits(np.ones(len(self.system.generators)), nothing, asked_mw, asked_mw)

    def settle(self, conditions: Conditions, inputs: HourInputs, p_main_mw: F8) -> None:
        """Start the gas network from the state in which machines have run at ``p_main_mw`` (n_gens,) for long."""
        burnt_mw = self._by_link(p_main_mw)
        left = self._gas_conditions(conditions)
        self.gas.settle(left, self._gas_inputs(inputs, left.node_works), burnt_mw)

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """Order in which gas classes are cut from now on; empty: the network's own."""
        gas = self.gas
        (gas.network.balance if isinstance(gas, PressureGas) else gas.balance).set_cut_order(first_cut)

    def low_at_start(self) -> list[str]:
        """Gas nodes with customers that start below their lowest delivery pressure."""
        gas = self.gas
        return gas.network.lowest_pressure_problem(gas.state) if isinstance(gas, PressureGas) else []

    @property
    def works(self) -> NDArray[np.bool_]:
        """(n_nodes,) False where a facility stands still for want of power."""
        if not self._stopped:
            return self._all_work
        works = self._all_work.copy()
        works[self._facility_node[self._works_from_s > self._now_s]] = False
        return works

    def _gas_conditions(self, conditions: Conditions) -> GasConditions:
        """The same object while neither ``conditions`` nor the facilities that work change."""
        works, left = self.works, self._left
        same = left is not None and (left[1].node_works is works or np.array_equal(left[1].node_works, works))
        if left is None or left[0] is not conditions or not same:
            gas = GasConditions(
                conditions.pipeline_share,
                conditions.supply_share,
                conditions.storage_share,
                works,
                conditions.station_works,
            )
            self._left = left = conditions, gas
        return left[1]

    def _gas_inputs(self, inputs: HourInputs, works: NDArray[np.bool_]) -> HourInputs:
        """Heating plants at a node without power take no gas."""
        if works is self._all_work:
            return inputs
        idle = ~works[self.system.gas_demand.node] & self._heating
        return inputs._replace(gas_demand_mcm_per_d=np.where(idle, 0.0, inputs.gas_demand_mcm_per_d))

    def feel_power(self, now_s: float, bus_cut_share: F8, scarce: bool) -> tuple[list[tuple[str, bool]], float]:
        """Tell the gas side how power stands: ``bus_cut_share`` (n_buses,) of load not served, 1 for a dead bus.

        Returns the facilities that stopped (False) or run again (True), and when the next one will, in seconds.
        """
        self._now_s = now_s
        self._scarce = scarce
        changed: list[tuple[str, bool]] = []
        next_s = np.inf
        if not self._stopped and not (bus_cut_share > LOST_BUS_SHARE).any():
            return changed, next_s
        for i, facility in enumerate(self.facilities):
            lost = facility.bus >= 0 and bus_cut_share[facility.bus] > LOST_BUS_SHARE
            was_from = self._works_from_s[i]
            if lost:
                self._works_from_s[i] = np.inf
                if was_from == -np.inf:
                    changed.append((facility.name, False))
                continue
            if np.isinf(was_from) and was_from > 0:
                self._works_from_s[i] = was_from = now_s + facility.restart_h * 3600.0
            if now_s >= was_from > -np.inf:
                self._works_from_s[i] = -np.inf
                changed.append((facility.name, True))
            elif was_from > now_s:
                next_s = min(next_s, was_from)
        self._stopped = not np.isneginf(self._works_from_s).all()
        return changed, float(next_s)

    def rupture(self, section: int, share: float) -> float:
        """A section bursts now: its gas is vented and counted to its first node until the next :meth:`take_vented`."""
        vented = self.gas.rupture(section, share)
        self.vented_mcm[self.system.gas_pipelines.from_node[section]] += vented
        return vented

    def take_vented(self) -> F8:
        """(n_nodes,) mcm vented since the last call."""
        vented, self.vented_mcm = self.vented_mcm, np.zeros_like(self.vented_mcm)
        return vented

    def limits(
        self, now_s: float, dt_h: float, conditions: Conditions, inputs: HourInputs, available_mw: F8
    ) -> FuelLimits:
        """What fuel allows in a step of ``dt_h``; ``available_mw`` (n_gens,): what machines could give but for fuel."""
        system = self.system
        self._now_s = now_s
        asked_mw = self._by_link(available_mw)
        left = self._gas_conditions(conditions)
        gas_mw = self.gas.limits(
            now_s, dt_h, left, self._gas_inputs(inputs, left.node_works), asked_mw, self._scarce
        )  # fmt: skip
        gas_mw = np.minimum(gas_mw, asked_mw)
        short = gas_mw < SHORT_SHARE * asked_mw
        self.short_since_s = np.where(short, np.minimum(self.short_since_s, now_s), np.inf)
        gas_share = np.ones(len(system.generators))
        share = np.divide(gas_mw, asked_mw, out=np.ones(len(asked_mw)), where=asked_mw > 0)
        gas_share[self._linked_gen] = share[self._gen_link]
        gas_share *= self._yard_share(dt_h)
        return FuelLimits(gas_share, self._backup_mw(now_s, dt_h, available_mw, gas_share), asked_mw, gas_mw)

    def _backup_mw(self, now_s: float, dt_h: float, available_mw: F8, gas_share: F8) -> F8:
        links, link, gen = self.system.gas_to_power, self.packed.backup_link, self.packed.backup_gen
        switched = now_s >= self.short_since_s + links.backup_switch_h * 3600.0
        room_mw = np.minimum(
            available_mw[gen] * links.backup_capacity_share[link], available_mw[gen] * (1.0 - gas_share[gen])
        )
        room_mw = np.where(switched[link], room_mw, 0.0)
        by_link = sum_at(link, room_mw, len(links))
        allowed = np.divide(self.backup_mwh / dt_h, by_link, out=np.ones(len(links)), where=by_link > 0)
        return room_mw * np.minimum(allowed, 1.0)[link]

    def _yard_share(self, dt_h: float) -> F8:
        """(n_gens,) share of output that stock and deliveries of the plant's yard allow for ``dt_h``."""
        fed = self.system.fuel_stocks.delivery_share + self.yard_days * 24.0 / dt_h
        share = sum_at(self._fed_gen, fed[self._feeding_yard], len(self.system.generators))  # two yards feed together
        return np.where(self._has_yard, np.minimum(share, 1.0), 1.0)

    def balance(
        self, dt_h: float, conditions: Conditions, inputs: HourInputs, limits: FuelLimits, p_main_mw: F8
    ) -> tuple[GasStep, float]:
        """The gas network as dispatched, and for how many hours plants get what they burn.

        ``p_main_mw`` (n_gens,) on the main fuel. Kept for :meth:`advance`.
        """
        burnt_mw = self._by_link(p_main_mw)
        left = self._gas_conditions(conditions)
        inputs = self._gas_inputs(inputs, left.node_works)
        return self.gas.plan(dt_h, left, inputs, limits.link_requested_mw, burnt_mw)

    def advance(self, dt_h: float, p_main_mw: F8, p_backup_mw: F8) -> GasStep:
        """Move all stocks by ``dt_h`` hours of the last balance and dispatch; the mean rates of gas."""
        step = self.gas.advance(dt_h)
        if len(self._electric):
            self.station_mw = np.nan_to_num(step.compressor_mw[self._electric])
        burnt = sum_at(self.packed.backup_link, p_backup_mw, len(self.backup_mwh))
        self.backup_mwh = np.maximum(self.backup_mwh - burnt * dt_h, 0.0)
        stocks = self.system.fuel_stocks
        burnt_mw = sum_at(self._feeding_yard, p_main_mw[self._fed_gen], len(self.yard_gens))
        full = self._yard_p_max_mw
        burn = np.divide(burnt_mw, full, out=np.zeros(len(full)), where=full > 0)
        days = self.yard_days + (stocks.delivery_share - burn) * dt_h / 24.0
        self.yard_days = np.minimum(np.maximum(days, 0.0), stocks.capacity_days)
        return step

    def take_backup(self, links: NDArray[np.bool_], share: float) -> F8:
        """Remove ``share`` of the backup stock of ``links``; returns the MWh taken, to be given back."""
        taken = np.where(links, self.backup_mwh * share, 0.0)
        self.backup_mwh = self.backup_mwh - taken
        return taken

    @property
    def backup_days(self) -> F8:
        """(n_links,) days of backup fuel at backup capacity; NaN where there is none."""
        full = self.backup_p_max_mw * 24.0
        return np.divide(self.backup_mwh, full, out=np.full(len(full), np.nan), where=full > 0)
