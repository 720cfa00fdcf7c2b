"""Exchange between gas, fuel stocks and power, in both directions: the only place where they pass values.

Gas to power. At a resolve the gas network is asked what it could give if every plant ran as far as it can
(capability); the dispatch chooses within it; then the network moves on with what is consumed. With pressures
(``policy.gas: hydraulic``) it moves in steps of at most a quarter of an hour until the next resolve, or stops before
the step in which a plant would get less than it consumes: there the engine is woken for a new resolve. Nothing is
iterated while nothing changes. A plant short of gas switches to its backup fuel after its switching time and back as
soon as gas suffices.

Power to gas. A facility (``power_to_gas``, electric compressor stations) stops when its bus loses more than half of its
load or is dead, and starts again ``restart_h`` after its bus is back for good: its node's sources and compressors stand
still meanwhile, and its heating plants take no gas. So they do where a facility fails by itself, until its repair. A
change asks for another resolve of the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsim.contingencies.effects import Conditions
from gridsim.engine.facilities import Facilities, electric_stations
from gridsim.engine.gas_side import GasHour, GasSide, make_gas_side
from gridsim.engine.interval import FuelLimits, Moment, YardFlows
from gridsim.engine.stocks import Stocks, flattened
from gridsim.kernels.fuel_stocks import allow_by_fuel
from gridsim.model.gas_order import reserve_shares
from gridsim.model.pack import Packed, gas_generators
from gridsim.model.table import B1, F8, sum_at
from gridsim.solvers.gas import HydraulicGas
from gridsim.solvers.gas_balance import GasConditions, GasStep
from gridsim.weather.normal import HourInputs

SHORT_SHARE = 0.999  # a plant is short of gas below this share of what it requests


class _KnownConditions(NamedTuple):
    """The last conditions of gas, and what they were made of: nodes with power, and reserve fuel in stock."""

    conditions: Conditions
    supplied: B1
    backup_mwh: F8
    found: GasConditions


class FuelSystem:
    """Gas network, gas facilities and fuel stocks of one run.

    :meth:`settle` comes once, before the horizon. Then every resolve and the interval after it call, in this order:

    1. :meth:`with_stations`: the demand that electric compressor stations add, from the interval before;
    2. :meth:`limits`: what fuel allows the dispatch (as often as wanted, last for the moment that is dispatched);
    3. :meth:`balance`: the gas network as dispatched, and how long that holds;
    4. :meth:`take_vented`: the gas vented since the resolve before, for the record of this interval;
    5. :meth:`update_supply`: facilities stop and start with their buses;
    6. :meth:`advance`: at the end of the interval, stocks move to now. It is left out where no time has passed.

    :meth:`rupture`, :meth:`take_backup` and :meth:`return_backup` act on stocks as they are now: after :meth:`advance`.

    ``gas``: the gas side; ``network``: of :func:`gridsim.engine.gas_side.make_gas_network`, None for a balance.
    """

    def __init__(self, packed: Packed, conditions: Conditions, network: HydraulicGas | None):
        system = self._system = packed.system
        self._facilities = Facilities(system)
        self._stocks = Stocks(packed)
        link_gens = [gas_generators(system, plant) for plant in system.gas_to_power.plant.tolist()]
        self._linked_gen, self._gen_link = flattened(link_gens)
        self._heating = system.gas_demand.gas_class == "heating"
        self._vented_mcm = np.zeros(len(system.gas_nodes))
        self._scarce = False
        self._reserve_share = reserve_shares(system)
        stations = system.compressor_stations
        self._electric = np.flatnonzero(electric_stations(system))
        # A station is added to the first load of its bus; io sees to it that there is one.
        self._station_load = np.array(
            [np.flatnonzero(system.loads.bus == bus)[0] for bus in stations.bus[self._electric]], dtype=np.int64
        )
        self._station_mw = np.zeros(len(self._electric))
        self._gas_conditions: _KnownConditions | None = None
        self._last_hour: tuple[HourInputs, GasConditions, GasHour] | None = None
        self._limited_s = -np.inf
        self._balanced: Moment | None = None
        self.gas: GasSide = make_gas_side(system, self._conditions_of_gas(0.0, conditions), network)

    def settle(self, conditions: Conditions, inputs: HourInputs, p_main_mw: F8) -> None:
        """Start the gas network from the state in which generators have run at ``p_main_mw`` (n_gens,) for long."""
        self.gas.settle(self._gas_hour(0.0, conditions, inputs), self._by_link(p_main_mw))

    def with_stations(self, load_mw: F8) -> F8:
        """(n_loads,) demand with what electric compressor stations took in the last interval."""
        if not len(self._electric):
            return load_mw
        return load_mw + sum_at(self._station_load, self._station_mw, len(load_mw))

    def unlimited(self, able_mw: F8) -> FuelLimits:
        """Limits of a step in which fuel is no limit."""
        requested_mw = self._by_link(able_mw)
        return FuelLimits(
            gas_share=np.ones(len(able_mw)),
            backup_mw=self._stocks.no_backup_mw,
            link_requested_mw=requested_mw,
            link_deliverable_mw=requested_mw,
        )

    def limits(self, moment: Moment) -> FuelLimits:
        """Limits of fuel until the end of the step that ``moment`` begins."""
        now_s, dt_h, able_mw = moment.now_s, moment.dt_h, moment.able_mw
        self._limited_s = now_s
        requested_mw = self._by_link(able_mw)
        hour = self._gas_hour(now_s, moment.conditions, moment.inputs)
        given_mw = self.gas.limits(now_s, dt_h, hour, requested_mw, scarce=self._scarce)
        n_links = len(requested_mw)
        deliverable_mw, short, share = np.empty(n_links), np.empty(n_links, dtype=bool), np.empty(len(able_mw))
        allow_by_fuel(
            linked_gen=self._linked_gen,
            gen_link=self._gen_link,
            yard_share=self._stocks.yard_share(moment.conditions.delivery_share, moment.conditions.heating_value),
            requested_mw=requested_mw,
            given_mw=given_mw,
            short_below=SHORT_SHARE,
            deliverable_mw_out=deliverable_mw,
            short_out=short,
            share_out=share,
        )
        self._stocks.switch_over(now_s, short)
        return FuelLimits(
            gas_share=share,
            backup_mw=self._stocks.backup_limit_mw(now_s, able_mw, share),
            link_requested_mw=requested_mw,
            link_deliverable_mw=deliverable_mw,
        )

    def balance(
        self, moment: Moment, limits: FuelLimits, p_main_mw: F8, p_backup_mw: F8
    ) -> tuple[GasStep, float]:  # fmt: skip
        """The gas network as dispatched, and for how many hours that holds.

        It holds until a plant gets less than it consumes, a stock is used up, or a plant has switched to backup fuel.

        ``p_main_mw`` (n_gens,) on the main fuel, ``p_backup_mw`` (n_backup,). :meth:`advance` lets it happen under the
        conditions of ``moment``.
        """
        assert self._limited_s == moment.now_s, "balance before limits of the same instant"
        self._balanced = moment
        hour = self._gas_hour(moment.now_s, moment.conditions, moment.inputs)
        step, holds_h = self.gas.plan(
            moment.now_s, moment.dt_h, hour, limits.link_requested_mw, self._by_link(p_main_mw)
        )  # fmt: skip
        left = moment.conditions
        stocks_h = self._stocks.holds_h(left.delivery_share, p_main_mw, p_backup_mw, left.heating_value)
        return step, min(holds_h, stocks_h, self._stocks.switches_h(moment.now_s))

    def advance(self, dt_h: float, p_main_mw: F8, p_backup_mw: F8) -> GasStep:
        """Move all stocks by ``dt_h`` hours of the last balance and dispatch; the mean rates of gas.

        ``p_main_mw`` (n_gens,), ``p_backup_mw`` (n_backup,).
        """
        assert self._balanced is not None, "advance before balance"
        moment, self._balanced = self._balanced, None
        step = self.gas.advance(dt_h)
        if len(self._electric):
            shaft_mw = step.compressor_mw[self._electric]
            self._station_mw = np.where(np.isnan(shaft_mw), 0.0, shaft_mw)  # NaN: a balance knows no pressures
        left = moment.conditions
        self._stocks.advance(dt_h, left.delivery_share, p_main_mw, p_backup_mw, left.heating_value)
        return step

    def update_supply(
        self, now_s: float, bus_cut_share: F8, scarce: bool
    ) -> tuple[list[tuple[str, bool]], float]:  # fmt: skip
        """Tell the gas side how power stands.

        ``bus_cut_share`` (n_buses,): load not served, 1 for a dead bus; ``scarce``: power is short somewhere. Returns
        the facilities that stopped (False) or work again (True), and when the next one will, in seconds.
        """
        self._scarce = scarce
        return self._facilities.update_supply(now_s, bus_cut_share)

    def rupture(self, pipe: int, share: float) -> float:
        """Let ``share`` of the strings of a pipe burst now; the gas vented at once, mcm.

        It is counted to the pipe's first node until the next :meth:`take_vented`. What was balanced holds no more.
        """
        self._balanced = None
        vented_mcm = self.gas.rupture(pipe, share)
        self._vented_mcm[self._system.gas_pipelines.from_node[pipe]] += vented_mcm
        return vented_mcm

    def take_vented(self) -> F8:
        """(n_nodes,) mcm vented since the last call."""
        vented_mcm, self._vented_mcm = self._vented_mcm, np.zeros_like(self._vented_mcm)
        return vented_mcm

    def set_cut_order(self, first_cut: Sequence[str]) -> None:
        """Order in which gas classes are cut from now on; empty: the network's own."""
        self.gas.set_cut_order(first_cut)

    def low_at_start(self) -> list[str]:
        """Gas nodes with customers that start below their lowest delivery pressure."""
        return self.gas.low_at_start()

    def take_backup(self, links: B1, share: float) -> F8:
        """Remove ``share`` of the backup stock of ``links`` (n_links,); (n_links,) MWh taken, to be given back."""
        return self._stocks.take_backup(links, share)

    def return_backup(self, taken_mwh: F8) -> None:
        """Give back what :meth:`take_backup` took."""
        self._stocks.return_backup(taken_mwh)

    @property
    def backup_mwh(self) -> F8:
        """(n_links,) MWh that the backup fuel in stock is good for."""
        return self._stocks.backup_mwh

    @property
    def backup_days(self) -> F8:
        """(n_links,) days of backup fuel at backup capacity; NaN where there is none."""
        return self._stocks.backup_days

    def yards_feed(self, conditions: Conditions) -> F8:
        """(n_yards,) share of full output that each yard feeds now."""
        return self._stocks.yards_feed(conditions.delivery_share, conditions.heating_value)

    @property
    def yard_flows(self) -> YardFlows:
        """Deliveries and burn of the last interval."""
        return self._stocks.yard_flows

    @property
    def yard_days(self) -> F8:
        """(n_yards,) days at full output in stock."""
        return self._stocks.yard_days

    @property
    def linepack_mcm(self) -> F8:
        """(n_nodes,) usable linepack now."""
        return self.gas.linepack_mcm

    @property
    def pressure_bar(self) -> F8:
        """(n_nodes,) pressure now; NaN in a balance."""
        return self.gas.pressure_bar

    def _by_link(self, gen_mw: F8) -> F8:
        """(n_links,) sums of (n_gens,) MW over the generators on each link."""
        return sum_at(self._gen_link, gen_mw[self._linked_gen], len(self._system.gas_to_power))

    def _conditions_of_gas(self, now_s: float, conditions: Conditions) -> GasConditions:
        """The same object while neither ``conditions`` nor the facilities that work change: networks remember by it."""
        supplied, backup_mwh = self._facilities.works_at(now_s), self._stocks.backup_mwh
        last = self._gas_conditions
        if last is not None and last.conditions is conditions:
            same = supplied is last.supplied or np.array_equal(supplied, last.supplied)
            if same and (backup_mwh is last.backup_mwh or np.array_equal(backup_mwh > 0, last.backup_mwh > 0)):
                return last.found
        works = supplied
        if not conditions.facility_works.all():
            works = supplied.copy()
            works[self._system.power_to_gas.node[~conditions.facility_works]] = False
        found = GasConditions(
            pipeline_share=conditions.pipeline_share,
            supply_share=conditions.supply_share,
            storage_share=conditions.gas_storage_share,
            node_works=works,
            station_works=conditions.station_works,
            reserve_share=np.where(backup_mwh > 0, self._reserve_share, 0.0),
        )
        self._gas_conditions = _KnownConditions(conditions, supplied, backup_mwh, found)
        return found

    def _gas_hour(self, now_s: float, conditions: Conditions, inputs: HourInputs) -> GasHour:
        """The hour as gas sees it, kept while nothing changes; heating plants at a node without power take no gas."""
        gas_conditions, demand = self._conditions_of_gas(now_s, conditions), inputs.gas_demand_mcm_per_d
        last = self._last_hour
        if last is None or last[0] is not inputs or last[1] is not gas_conditions:
            if not gas_conditions.node_works.all():
                idle = ~gas_conditions.node_works[self._system.gas_demand.node] & self._heating
                demand = np.where(idle, 0.0, demand)
            self._last_hour = last = inputs, gas_conditions, GasHour(gas_conditions, demand, inputs.winter)
        return last[2]
