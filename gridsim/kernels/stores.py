"""Stores of the nodal level, hour after hour.

An hour is first dispatched with charging alone, which is worth more than any supply costs; only if that sheds load that
counts is it dispatched again with discharging too. So no store is emptied to save money on a congested line. A store
loses its self-discharge at the start of the hour; power is constant over the hour.

Stores are ranked by time-to-go at the start of the hour: the longest discharges first and charges last (Evans,
Tindemans and Angeli 2019, "Minimizing unserved energy using heterogeneous storage units"). In a dispatch the rank is a
price: charging earns and discharging costs the more the higher the rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.dispatch_order import MeritOrder
from gridsim.kernels.jit import bare, piece
from gridsim.kernels.outage_table import OutageTable

FULL_MWH = 1e-9  # room below which a store is full
SAME_TIMES_PER_H = 1e6  # times-to-go that round to the same multiple of 1e-6 h are ties: rounding must not rank stores


@by_reference
class Prices(NamedTuple):
    """Costs and merit order of a case, with the columns of the stores priced by rank: then they are one worker's own.

    The columns of one side (0 charging, 1 discharging) that stand at one bus are neighbours in its group of segments,
    because no other price lies between theirs. A new ranking deals them out again: a rank keeps its price and its place
    in the merit order, and a bus its segments.

    order : of the case at these costs;  cost : (n_columns,) f8
    rank_cost, rank_slope : (2, n_stores) f8, rising, without and with the perturbation;  rank_place : (2, n_stores) i4
        into ``order.merit``
    first_position : (2, n_stores) i4, first segment of the stores at a store's bus;  noise : (n_segs,) f8, what
        ``noisy_slope`` adds
    same_bus : (n_stores,) i4, the first store at the same bus;  n_placed : (n_stores,) i4 scratch
    """

    order: MeritOrder
    cost: F8
    rank_cost: F8
    rank_slope: F8
    rank_place: I4
    first_position: I4
    noise: F8
    same_bus: I4
    n_placed: I4


@by_reference
class Stores(NamedTuple):
    """Stores, in the order of their names, and their energy, one worker's own.

    charge_mw, discharge_mw, energy_mwh, start_mwh : (n_stores,) f8, power at the bus, energy when full and at first
    efficiency_charge, efficiency_discharge : (n_stores,) f8;  carryover : (n_stores,) f8, of the energy, per hour
    held_mwh, lost : (n_stores,) f8, energy held and share of the power out of service
    lo_mw : (n_columns,) f8, lower bounds of supply, below 0 for charging alone
    by_rank : (n_stores,) i4, longest time-to-go first;  time_to_go_h : (n_stores,) f8
    """

    charge_mw: F8
    discharge_mw: F8
    energy_mwh: F8
    start_mwh: F8
    efficiency_charge: F8
    efficiency_discharge: F8
    carryover: F8
    held_mwh: F8
    lost: F8
    lo_mw: F8
    by_rank: I4
    time_to_go_h: F8


def new_prices(order: MeritOrder, cost: F8, column_bus: I4, n_stores: int) -> Prices:
    """Prices of a case with charging, then discharging sides as its last 2 ``n_stores`` columns, priced in rank
    order: ``order`` made for ``cost`` (n_columns,), ``column_bus`` (n_columns,) i4. Without stores nothing is copied.
    """
    columns = cost.size - 2 * n_stores + np.arange(2 * n_stores).reshape(2, n_stores)
    position = order.id_position[columns]
    store_bus = column_bus[columns[1]]
    same_bus = np.array([np.flatnonzero(store_bus == bus)[0] for bus in store_bus], dtype=np.int32)
    first = position[:, same_bus]
    n_before = np.array([np.count_nonzero(store_bus[:k] == store_bus[k]) for k in range(n_stores)], dtype=np.int32)
    assert (position == first + n_before).all(), "another price lies between those of the stores"
    if n_stores:
        order = MeritOrder(**{name: field.copy() for name, field in order._asdict().items()})
    # inverse of merit: the place of each position in it
    place = np.empty(order.merit.size, dtype=np.int32)
    place[order.merit] = np.arange(order.merit.size)
    return Prices(
        order=order,
        cost=cost.copy(),
        rank_cost=cost[columns],
        rank_slope=order.slope[position],
        rank_place=place[position],
        first_position=first.astype(np.int32),
        noise=order.noisy_slope - order.slope,
        same_bus=same_bus,
        n_placed=np.zeros(n_stores, dtype=np.int32),
    )


@piece
def rank_by_time_to_go(
    held_mwh: F8, efficiency_discharge: F8, discharge_mw: F8, time_to_go_h: F8, by_rank_out: I4
) -> None:
    """Order stores by the hours for which they can give their rated power, longest first, ties as they are numbered.

    All (n_stores,); ``time_to_go_h`` is scratch. A store that can give nothing comes last.
    """
    for k in range(by_rank_out.size):
        power = discharge_mw[k]
        hours = held_mwh[k] * efficiency_discharge[k] / power if power > 0.0 else 0.0
        time_to_go_h[k] = np.rint(hours * SAME_TIMES_PER_H) / SAME_TIMES_PER_H
        # insertion sort: stores are few, and stay nearly sorted as they are numbered
        j = k - 1
        while j >= 0 and time_to_go_h[by_rank_out[j]] < time_to_go_h[k]:
            by_rank_out[j + 1] = by_rank_out[j]
            j -= 1
        by_rank_out[j + 1] = k


@piece
def price_stores(stores: Stores, prices: Prices, n_units: int) -> None:
    """Rank the stores by time-to-go and deal prices, places and segments out by rank, both sides alike."""
    order, segs, by_rank = prices.order, prices.order.segs, stores.by_rank
    n_stores = by_rank.size
    rank_by_time_to_go(
        stores.held_mwh, stores.efficiency_discharge, stores.discharge_mw, stores.time_to_go_h, stores.by_rank
    )
    for side in range(2):
        prices.n_placed[:] = 0
        for rank in range(n_stores):
            store = by_rank[rank]
            column = n_units + side * n_stores + store
            position = prices.first_position[side, store] + prices.n_placed[prices.same_bus[store]]
            prices.n_placed[prices.same_bus[store]] += 1
            prices.cost[column] = prices.rank_cost[side, rank]
            # a supply column is one segment, named as its column (see ``dispatch_order``)
            segs["item"][position] = column
            segs["id"][position] = column
            segs["plain_slope"][position] = prices.rank_cost[side, rank]
            order.id_position[column] = position
            order.slope[position] = prices.rank_slope[side, rank]
            order.noisy_slope[position] = prices.rank_slope[side, rank] + prices.noise[position]
            order.merit[prices.rank_place[side, rank]] = position


@piece
def set_stores_in_service(
    lost_out: F8, first_element: int, table: OutageTable, n_active: int, active: I4, hour: int
) -> None:
    """Share of each store's power out of service in an hour, ``lost_out`` (n_stores,).

    active : positions of the day's intervals in the table, ``n_active`` of them;  first_element : of the stores
    """
    lost_out[:] = 0.0
    for k in range(n_active):
        i = active[k]
        store = table.component[i] - first_element
        if store >= 0 and table.first[i] <= hour < table.end[i]:
            # outages of a store and of a common cause overlap: the larger counts
            lost_out[store] = max(lost_out[store], table.lost[i])


@piece
def close_stores(stores: Stores, n_units: int, hi_mw: F8) -> None:
    """Set the bounds of all stores to nothing. hi_mw : (n_columns,)."""
    stores.lo_mw[n_units:] = 0.0
    hi_mw[n_units:] = 0.0


@piece
def stores_stay_full(stores: Stores) -> bool:
    """True if every store is full and loses nothing: it stays so for as long as nothing is discharged."""
    for k in range(stores.held_mwh.shape[0]):
        if stores.energy_mwh[k] - stores.held_mwh[k] > FULL_MWH or stores.carryover[k] != 1.0:
            return False
    return True


@bare
def let_stores_charge(stores: Stores, n_units: int) -> bool:
    """Lower bounds of the charging columns, after an hour's self-discharge: room and power; True if some can charge."""
    can_charge = False
    for k in range(stores.held_mwh.shape[0]):
        stores.held_mwh[k] *= stores.carryover[k]
        room = stores.energy_mwh[k] - stores.held_mwh[k]
        power = 0.0  # at the bus, of which the store keeps the efficiency: room / efficiency fills it in one hour
        if room > FULL_MWH:
            power = min(stores.charge_mw[k] * (1.0 - stores.lost[k]), room / stores.efficiency_charge[k])
        stores.lo_mw[n_units + k] = -power
        can_charge = can_charge or power > 0.0
    return can_charge


@bare
def let_stores_discharge(stores: Stores, n_units: int, hi_mw: F8) -> bool:
    """Upper bounds of the discharging columns: deliverable energy and power; True if some store can discharge."""
    n_stores = stores.held_mwh.shape[0]
    can_discharge = False
    for k in range(n_stores):
        usable = stores.held_mwh[k] * stores.efficiency_discharge[k]
        power = min(stores.discharge_mw[k] * (1.0 - stores.lost[k]), usable)
        hi_mw[n_units + n_stores + k] = power
        can_discharge = can_discharge or power > 0.0
    return can_discharge


@bare
def move_stores(stores: Stores, n_units: int, p_mw: F8) -> None:
    """Stored energy after one hour of the dispatch ``p_mw`` (n_columns,), one hour of constant power."""
    n_stores = stores.held_mwh.shape[0]
    for k in range(n_stores):
        taken = -p_mw[n_units + k]
        given = p_mw[n_units + n_stores + k]
        if given > 0.0:
            stores.held_mwh[k] = max(stores.held_mwh[k] - given / stores.efficiency_discharge[k], 0.0)
        if taken > 0.0:
            room = stores.energy_mwh[k] - stores.held_mwh[k]
            # set, not added up: a full store must be full to the last bit (see :func:`stores_stay_full`)
            if taken >= room / stores.efficiency_charge[k]:
                stores.held_mwh[k] = stores.energy_mwh[k]
            else:
                stores.held_mwh[k] += taken * stores.efficiency_charge[k]
