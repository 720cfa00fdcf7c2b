"""Heat of cities: what they ask for at an outdoor temperature, what reaches them, and how their buildings cool.

Two groups of homes in each city: those on the district network, fed by CHPs and boiler houses, and those with gas
boilers of their own. Heat asked for rises in a straight line from 20 C to the design temperature. The water of the
network follows the heat that is fed with ``network_h``; buildings follow the supply with their time constant, once for
each of its three values. Pipes with hardly any heat freeze in a hard frost, and part of the network is lost until it is
thawed. docs/heat.md says where each number comes from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.by_reference import hold
from gridsim.kernels.heat import (
    COLD_INDOOR_C,
    DISTRICT,
    HOMES,
    INDOOR_C,
    Cities,
    Cooling,
    cool_cities,
    feed_cities,
)
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, sum_at

MW_PER_GCAL_H = 1.163
W_PER_PERSON_K = 55.0  # peak heat where no source gives it: Astana's 3,050 Gcal/h for 1.22 million people at 53 K
BOILER_EFFICIENCY = 0.9
FAILED_SUPPLY_SHARE = 0.7  # the rules of heat supply call a supply 30 % below its schedule an accident
LEAST_MW = 1e-9  # a lack of less is none
_MOST_COOLINGS = 64  # of intervals of other lengths than a step


class HeatState(NamedTuple):
    """State of all cities.

    ``supply_share`` (n,): heat in the network water, of what it should be; ``indoor_c`` (n, 2, 3): by group and time
    constant (low, middle, high); ``heaters`` (n, 2): share of the electric heaters that is on; ``freezing_h`` (n,):
    hours with hardly any heat in a hard frost; ``thaw_h`` (n,): work left on frozen pipes, 0 where none are.
    """

    supply_share: F8
    indoor_c: F8
    heaters: F8
    freezing_h: F8
    thaw_h: F8


class HeatHour(NamedTuple):
    """Heat of all cities under conditions that last. MW of heat.

    ``outdoor_c`` (n,); ``asked_mw``, ``delivered_mw`` (n, 2) by group; ``chp_mw``, ``boilers_mw`` (n,): what feeds the
    district network; ``fed_share`` (n,): before the loss of frozen pipes; ``heaters_mw`` (n,): electric, as they are,
    before the limit of the feeders; ``most_lack_mw``: the largest of any group.
    """

    outdoor_c: F8
    asked_mw: F8
    delivered_mw: F8
    chp_mw: F8
    boilers_mw: F8
    fed_share: F8
    heaters_mw: F8
    most_lack_mw: float

    @property
    def share(self) -> F8:
        """(n, 2) delivered of what is asked for."""
        return delivered_share(self.asked_mw, self.delivered_mw)


class HeatSupply(NamedTuple):
    """Machines, gas and pumps that feed the cities now.

    ``machines_share`` (n_gens,) of each machine's heat; ``alive`` (n,) False where the bus of a city is dead;
    ``gas_asked``, ``gas_delivered`` (n_gas_demands,) mcm/d.
    """

    machines_share: F8
    alive: B1
    gas_asked: F8
    gas_delivered: F8


class HeatNetworks:
    """The cities of a system, ready to be asked for any hour."""

    def __init__(self, system: GridSystem, machines_left: F8 | None = None):
        """``machines_left`` (n_gens,): what the fleet has of each machine before any event; None: all of it.

        What it lacks is no loss of heat: a CHP's boilers feed the network past a turbine that is out.
        """
        table, generators, demand = system.heat, system.generators, system.gas_demand
        self.table = table
        n = self.n = len(table)
        self.site = system.buses.weather_site[table.bus]
        self.people = np.stack([table.people * table.district_share, table.people * table.gas_share], axis=1)
        self.tau_h = np.stack([table.tau_low_h, table.tau_h, table.tau_high_h], axis=1)
        self._coolings: dict[float, Cooling] = {}
        machines = [
            np.flatnonzero(np.isin(generators.plant, [p.strip() for p in names.split(";")]) & generators.in_service)
            for names in table.plants.tolist()
        ]
        gen = np.concatenate([*machines, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        gen_city = np.repeat(np.arange(n), [len(found) for found in machines])
        left = np.ones(len(generators)) if machines_left is None else machines_left
        weight_mw = np.where(left > 0, generators.p_max_mw, 0.0)[gen]
        by_rule_mw = sum_at(gen_city, generators.p_max_mw[gen], n) / table.power_to_heat
        stated_mw = table.chp_gcal_h * MW_PER_GCAL_H
        self.boilers_mw = table.boilers_gcal_h * MW_PER_GCAL_H
        of_people_mw = W_PER_PERSON_K * (INDOOR_C - table.design_c) * self.people[:, DISTRICT] / 1e6
        # Without gas no boiler house heats the rest: boilers stand beside turbines that are too small for the town.
        beside = (table.gas_node < 0) & (by_rule_mw > 0)
        wanted_mw = np.where(np.isnan(table.peak_gcal_h), of_people_mw, table.peak_gcal_h * MW_PER_GCAL_H)
        by_rule_mw = np.where(beside, np.maximum(by_rule_mw, wanted_mw), by_rule_mw)
        plants_mw = np.where(np.isnan(stated_mw), by_rule_mw, stated_mw)
        rule_mw = np.minimum(plants_mw + self.boilers_mw, of_people_mw)
        self.peak_mw = np.where(np.isnan(table.peak_gcal_h), rule_mw, table.peak_gcal_h * MW_PER_GCAL_H)
        # No reserve that nobody has stated: plants without chp_gcal_h are sized for the peak.
        self.chp_mw = np.where(np.isnan(stated_mw), np.minimum(by_rule_mw, self.peak_mw), stated_mw)
        # A station of large machines has steam for more than its heaters, where these are stated, can take.
        stated = (self.chp_mw > 0) & ~np.isnan(stated_mw)
        surplus = np.maximum(np.divide(by_rule_mw, self.chp_mw, out=np.ones(n), where=stated), 1.0)
        city_of_node = np.full(len(system.gas_nodes) + 1, -1)
        city_of_node[table.gas_node] = np.where(table.gas_node >= 0, np.arange(n), -1)
        city_of_node[-1] = -1
        city = city_of_node[demand.node] if len(demand) else np.zeros(0, dtype=np.int64)
        of_homes, of_plants = demand.gas_class == "households", demand.gas_class == "heating"
        customer = np.flatnonzero((city >= 0) & (of_homes | of_plants))
        cities = Cities(
            design_c=table.design_c,
            peak_mw=self.peak_mw,
            chp_mw=self.chp_mw,
            boilers_mw=self.boilers_mw,
            surplus=surplus,
            frozen_share=table.frozen_share,
            people=self.people,
            heater_kw=table.heater_kw_per_person,
            gen=gen,
            gen_city=gen_city,
            gen_mw=weight_mw,
            gen_left=np.where(left > 0, left, 1.0)[gen],
            weight_mw=sum_at(gen_city, weight_mw, n),
            customer=customer,
            customer_city=city[customer].astype(np.int64),
            customer_group=np.where(of_homes[customer], HOMES, DISTRICT),
            mw_per_mcm_per_d=np.array([system.gas.lhv_mj_per_m3 * 1e6 / 86_400.0 * BOILER_EFFICIENCY]),
        )
        self.cities = hold(cities)

    def at_rest(self) -> HeatState:
        """Cities that have had all their heat for long."""
        n = self.n
        return HeatState(np.ones(n), np.full((n, 2, 3), INDOOR_C), np.zeros((n, 2)), np.zeros(n), np.zeros(n))

    def hour(self, state: HeatState, outdoor_c: F8, supply: HeatSupply) -> HeatHour:
        """Heat asked for and delivered at ``outdoor_c`` (n,), with the pipes and heaters as they are."""
        n = self.n
        asked_mw, delivered_mw = np.empty((n, 2)), np.empty((n, 2))
        chp_mw, boilers_mw, fed_share, heaters_mw = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        most_lack_mw = feed_cities(
            cities=self.cities,
            outdoor_c=outdoor_c,
            machines_share=supply.machines_share,
            alive=supply.alive,
            gas_asked=supply.gas_asked,
            gas_delivered=supply.gas_delivered,
            thaw_h=state.thaw_h,
            heaters=state.heaters,
            asked_mw_out=asked_mw,
            delivered_mw_out=delivered_mw,
            chp_mw_out=chp_mw,
            boilers_mw_out=boilers_mw,
            fed_share_out=fed_share,
            heaters_mw_out=heaters_mw,
        )
        return HeatHour(
            outdoor_c, asked_mw, delivered_mw, chp_mw, boilers_mw, fed_share, heaters_mw, most_lack_mw=most_lack_mw
        )

    def after(self, state: HeatState, hour: HeatHour, dt_h: float) -> tuple[HeatState, F8]:
        """The cities after ``dt_h`` hours of ``hour``, and (n, 2, 3) kelvin hours of buildings below 8 C in them."""
        found = HeatState(*(np.empty(values.shape) for values in state))
        below_k_h = np.empty(state.indoor_c.shape)
        cool_cities(
            cooling=self._cooling(dt_h),
            dt_h=dt_h,
            outdoor_c=hour.outdoor_c,
            asked_mw=hour.asked_mw,
            delivered_mw=hour.delivered_mw,
            fed_share=hour.fed_share,
            supply_share=state.supply_share,
            indoor_c=state.indoor_c,
            heaters=state.heaters,
            freezing_h=state.freezing_h,
            thaw_h=state.thaw_h,
            supply_share_out=found.supply_share,
            indoor_c_out=found.indoor_c,
            heaters_out=found.heaters,
            freezing_h_out=found.freezing_h,
            thaw_h_out=found.thaw_h,
            below_k_h_out=below_k_h,
        )
        return found, below_k_h

    def _cooling(self, dt_h: float) -> Cooling:
        """Differences in water, heaters and buildings that an interval of ``dt_h`` hours leaves."""
        if dt_h not in self._coolings:
            table = self.table
            if len(self._coolings) >= _MOST_COOLINGS:
                self._coolings.clear()
            cooling = Cooling(
                network_left=np.exp(-dt_h / table.network_h),
                heaters_left=np.exp(-dt_h / table.heater_delay_h),
                buildings_left=np.exp(-dt_h / self.tau_h),
                lag_share=1.0 / (1.0 - self.tau_h / table.network_h[:, None]),
                freeze_c=table.freeze_c,
                freeze_h=table.freeze_h,
                repair_h=table.freeze_repair_h,
            )
            self._coolings[dt_h] = hold(cooling)
        return self._coolings[dt_h]

    def affected(self, supply_share: F8, homes_share: F8) -> F8:
        """(..., n) people without normal heat: all on a network whose supply fails, homes by the gas they lack."""
        district = np.where(supply_share < FAILED_SUPPLY_SHARE, self.people[:, DISTRICT], 0.0)
        return np.asarray(district + self.people[:, HOMES] * (1.0 - homes_share))


def delivered_share(asked_mw: F8, delivered_mw: F8) -> F8:
    """(...) delivered of what is asked for; 1 where nothing is."""
    return np.divide(delivered_mw, asked_mw, out=np.ones_like(asked_mw), where=asked_mw > 0)


def hours_to_cold(indoor_c: F8, outdoor_c: F8, share: F8, tau_h: F8) -> F8:
    """(k, 3) hours until buildings are at 8 C if heat and cold stay as they are; inf where they never are.

    ``indoor_c``, ``tau_h`` (k, 3) by time constant; ``outdoor_c``, ``share`` (k,): delivered of the heat asked for.
    """
    rest_c = (outdoor_c + share * (INDOOR_C - outdoor_c))[:, None]
    above, limit = np.maximum(indoor_c - rest_c, 0.0), COLD_INDOOR_C - rest_c
    with np.errstate(divide="ignore", invalid="ignore"):
        hours = tau_h * np.log(above / limit)
    hours = np.where(limit > 0, np.maximum(hours, 0.0), np.inf)
    return np.where(indoor_c <= COLD_INDOOR_C, 0.0, hours)
