"""Heat of cities under conditions that last: what is asked for and what reaches homes (docs/heat.md).

A city's district network is fed by the machines of its CHPs, then by boiler houses of its own, then by heating plants
on gas beside it; homes with gas boilers of their own get what their gas gives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare, piece

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]

INDOOR_C = 20.0
COLD_INDOOR_C = 8.0
HEATING_SEASON_BELOW_C = 8.0
HOT_WATER_SHARE = 0.15  # of the peak, in any weather
FREEZING_SUPPLY_SHARE = 0.3
HEATERS_AT_LACK = 0.5  # all heaters are on where half of the heat is missing
LEAST_HEATERS = 1e-6  # a smaller share of them is none
DISTRICT, HOMES = 0, 1


@by_reference
class Cities(NamedTuple):
    """Cities of a system, (n,) each where nothing else is said; MW of heat.

    design_c : outdoor temperature of the peak;  peak_mw : of the network;  chp_mw, boilers_mw : what feeds it
    surplus : steam of the machines over what their heaters take;  frozen_share : of the network, lost while pipes are
    frozen;  people : (n, 2) by group;  heater_kw : electric, per person
    gen, gen_city, gen_mw, gen_left : (n_members,) machine and city of each member, its weight, and the share of it that
    the fleet has;  weight_mw : sum of the weights
    customer, customer_city, customer_group : (n_customers,) rows of gas demand that heat, and whom
    mw_per_mcm_per_d : (1,) heat of gas
    """

    design_c: F8
    peak_mw: F8
    chp_mw: F8
    boilers_mw: F8
    surplus: F8
    frozen_share: F8
    people: F8
    heater_kw: F8
    gen: I8
    gen_city: I8
    gen_mw: F8
    gen_left: F8
    weight_mw: F8
    customer: I8
    customer_city: I8
    customer_group: I8
    mw_per_mcm_per_d: F8


@piece
def _asked_share(outdoor_c: float, design_c: float) -> float:
    """Heat asked for, of the peak: a straight line from 20 C to the design temperature, hot water alone above 8 C."""
    heated = 0.0
    if outdoor_c < HEATING_SEASON_BELOW_C:
        heated = (INDOOR_C - outdoor_c) / (INDOOR_C - design_c)
    return min(max(heated, HOT_WATER_SHARE), 1.0)


@bare
def feed_cities(
    cities: Cities,
    outdoor_c: F8,
    machines_share: F8,
    alive: B1,
    gas_asked: F8,
    gas_delivered: F8,
    thaw_h: F8,
    heaters: F8,
    asked_mw_out: F8,
    delivered_mw_out: F8,
    chp_mw_out: F8,
    boilers_mw_out: F8,
    fed_share_out: F8,
    heaters_mw_out: F8,
) -> float:
    """Heat of every city; returns the largest lack of a group in MW, at least 0.

    outdoor_c (n,);  machines_share (n_gens,) of each machine's heat;  alive (n,) False where pumps have no power;
    gas_asked, gas_delivered (n_gas_demands,) mcm/d;  thaw_h (n,), heaters (n, 2): as in ``HeatState``
    asked_mw_out, delivered_mw_out (n, 2), chp_mw_out, boilers_mw_out, fed_share_out, heaters_mw_out (n,) are written,
    as in ``HeatHour``
    """
    n = len(outdoor_c)
    # until a city's turn: gas of its heating plants and homes in the columns of its groups, its machines in chp
    for city in range(n):
        chp_mw_out[city] = 0.0
        for group in range(2):
            asked_mw_out[city, group] = delivered_mw_out[city, group] = 0.0
    for k in range(len(cities.customer)):
        row, city, group = cities.customer[k], cities.customer_city[k], cities.customer_group[k]
        asked_mw_out[city, group] += cities.mw_per_mcm_per_d[0] * gas_asked[row]
        delivered_mw_out[city, group] += cities.mw_per_mcm_per_d[0] * gas_delivered[row]
    for k in range(len(cities.gen)):
        gen = cities.gen[k]
        chp_mw_out[cities.gen_city[k]] += cities.gen_mw[k] * (machines_share[gen] / cities.gen_left[k])
    most = 0.0
    for city in range(n):
        plants_asked, plants_got = asked_mw_out[city, DISTRICT], delivered_mw_out[city, DISTRICT]
        network_mw = cities.peak_mw[city] * _asked_share(outdoor_c[city], cities.design_c[city])
        weight_mw = cities.weight_mw[city]
        share = chp_mw_out[city] / weight_mw if weight_mw > 0.0 else 0.0
        lives = 1.0 if alive[city] else 0.0
        chp_mw = min(cities.chp_mw[city] * min(share * cities.surplus[city], 1.0) * lives, network_mw)
        # Boiler houses of the network burn the gas of the city's heating plants: counted once, as boiler houses.
        gas_share = plants_got / plants_asked if plants_asked > 0.0 else 1.0
        boilers_mw = min(cities.boilers_mw[city] * gas_share * lives, network_mw - chp_mw)
        apart_asked, apart_got = plants_asked, min(plants_got, plants_asked) * lives
        if cities.boilers_mw[city] > 0.0:
            apart_asked = apart_got = 0.0
        district_mw, fed_mw = network_mw + apart_asked, chp_mw + boilers_mw + apart_got
        asked_mw_out[city, DISTRICT] = district_mw
        delivered_mw_out[city, DISTRICT] = fed_mw * (1.0 - cities.frozen_share[city]) if thaw_h[city] > 0.0 else fed_mw
        delivered_mw_out[city, HOMES] = min(delivered_mw_out[city, HOMES], asked_mw_out[city, HOMES])
        chp_mw_out[city], boilers_mw_out[city] = chp_mw, boilers_mw + apart_got
        fed_share_out[city] = fed_mw / district_mw if district_mw > 0.0 else 1.0
        on = cities.people[city, DISTRICT] * heaters[city, DISTRICT] + cities.people[city, HOMES] * heaters[city, HOMES]
        heaters_mw_out[city] = on * cities.heater_kw[city] / 1000.0
        for group in range(2):
            most = max(most, asked_mw_out[city, group] - delivered_mw_out[city, group])
    return most


@by_reference
class Cooling(NamedTuple):
    """Cooling of cities within an interval, (n,) each where nothing else is said: differences left at its end, frost.

    network_left, heaters_left : of heat in the water, of heaters;  buildings_left, lag_share : (n, 3) by time constant;
    lag_share : 1 / (1 - tau / tau of the network)
    freeze_c, freeze_h : pipes with hardly any heat freeze below this after so long;  repair_h : work to thaw them
    """

    network_left: F8
    heaters_left: F8
    buildings_left: F8
    lag_share: F8
    freeze_c: F8
    freeze_h: F8
    repair_h: F8


@bare
def cool_cities(
    cooling: Cooling,
    dt_h: float,
    outdoor_c: F8,
    asked_mw: F8,
    delivered_mw: F8,
    fed_share: F8,
    supply_share: F8,
    indoor_c: F8,
    heaters: F8,
    freezing_h: F8,
    thaw_h: F8,
    supply_share_out: F8,
    indoor_c_out: F8,
    heaters_out: F8,
    freezing_h_out: F8,
    thaw_h_out: F8,
    below_k_h_out: F8,
) -> None:
    """Cities after ``dt_h`` hours of an hour's heat, and kelvin hours of buildings below 8 C in them.

    outdoor_c, fed_share (n,), asked_mw, delivered_mw (n, 2): as in ``HeatHour``
    supply_share ... thaw_h, and the same ..._out: as in ``HeatState``;  below_k_h_out (n, 2, 3)

    Exact solution of T' = (rest - T) / tau: buildings follow their supply, the district's own follows what is fed.
    """
    for city in range(len(outdoor_c)):
        cold = outdoor_c[city] < HEATING_SEASON_BELOW_C
        drop = max(INDOOR_C - outdoor_c[city], 0.0)
        lag = 0.0
        for group in range(2):
            asked = asked_mw[city, group]
            share = delivered_mw[city, group] / asked if asked > 0.0 else 1.0
            lack = 1.0 - share
            if group == DISTRICT:
                lag = supply_share[city] - share
                supply_share_out[city] = share + lag * cooling.network_left[city]
                lack = 1.0 - supply_share[city]
            rest_c = min(outdoor_c[city], INDOOR_C) + share * drop
            for tau in range(3):
                part = lag * drop * cooling.lag_share[city, tau] if group == DISTRICT else 0.0
                before = indoor_c[city, group, tau]
                after = rest_c + part * cooling.network_left[city]
                after += (before - rest_c - part) * cooling.buildings_left[city, tau]
                indoor_c_out[city, group, tau] = after
                deficit_k = max(COLD_INDOOR_C - before, 0.0) + max(COLD_INDOOR_C - after, 0.0)
                below_k_h_out[city, group, tau] = deficit_k / 2.0 * dt_h
            wanted = min(max(lack / HEATERS_AT_LACK, 0.0), 1.0) if cold else 0.0
            on = wanted + (heaters[city, group] - wanted) * cooling.heaters_left[city]
            heaters_out[city, group] = on if on > LEAST_HEATERS else 0.0
        frost = outdoor_c[city] < cooling.freeze_c[city] and supply_share_out[city] < FREEZING_SUPPLY_SHARE
        freezing_h_out[city] = freezing_h[city] + dt_h if frost else 0.0
        thawed_h = thaw_h[city]
        if fed_share[city] > FREEZING_SUPPLY_SHARE:
            thawed_h = max(thawed_h - dt_h, 0.0)
        thaw_h_out[city] = cooling.repair_h[city] if freezing_h_out[city] >= cooling.freeze_h[city] else thawed_h


@bare
def rests(indoor_c: F8, supply_share: F8, heaters: F8, thaw_h: F8, within_k: float, within_share: float) -> bool:
    """Whether all cities are warm to ``within_k``, their water to ``within_share``, with no heater on and no frost."""
    for city in range(len(thaw_h)):
        if not (supply_share[city] > 1.0 - within_share) or thaw_h[city] != 0.0:
            return False
        for group in range(2):
            if heaters[city, group] != 0.0:
                return False
            for tau in range(3):
                if not (indoor_c[city, group, tau] > INDOOR_C - within_k):
                    return False
    return True


@bare
def add_heaters(
    cities: Cities,
    city_bus: I4,
    feeder_share: F8,
    heaters: F8,
    of_people: B1,
    load_bus: I4,
    bus_mw: F8,
    added_mw: F8,
    most_mw: F8,
    load_mw_out: F8,
) -> None:
    """Add electric heaters to the loads of people at the bus of each city, as far as its feeders bear them.

    city_bus, feeder_share : (n,), most of a bus's load of people that heaters may add;  heaters : as in ``HeatState``
    of_people, load_bus : (n_loads,);  bus_mw, added_mw, most_mw : (n_buses,) scratch;  load_mw_out : (n_loads,) grows
    """
    for bus in range(len(bus_mw)):
        bus_mw[bus] = added_mw[bus] = most_mw[bus] = 0.0
    for load in range(len(load_bus)):
        if of_people[load]:
            bus_mw[load_bus[load]] += load_mw_out[load]
    for city in range(len(city_bus)):
        bus = city_bus[city]
        on = cities.people[city, DISTRICT] * heaters[city, DISTRICT] + cities.people[city, HOMES] * heaters[city, HOMES]
        able_mw = feeder_share[city] * bus_mw[bus]
        added_mw[bus] += min(on * cities.heater_kw[city] / 1000.0, able_mw)
        most_mw[bus] = max(most_mw[bus], able_mw)  # cities at one bus share its feeders
    for load in range(len(load_bus)):
        if of_people[load] and bus_mw[load_bus[load]] > 0.0:
            bus = load_bus[load]
            load_mw_out[load] += load_mw_out[load] * (min(added_mw[bus], most_mw[bus]) / bus_mw[bus])
