"""Stores of the nodal level, hour after hour.

An hour is first dispatched with charging alone, which is worth more than any supply costs; only if that sheds load that
counts is it dispatched again with discharging too. So no store is emptied to save money on a congested line. A store
loses its self-discharge at the start of the hour; power is constant over the hour.
"""

from __future__ import annotations

from typing import NamedTuple

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.jit import jit

FULL_MWH = 1e-9  # room below which a store is full


class Stores(NamedTuple):
    """Stores and what they hold, one worker's own.

    charge_mw, discharge_mw, energy_mwh, start_mwh : (n_stores,) f8, power at the bus, energy when full and at first
    efficiency_charge, efficiency_discharge : (n_stores,) f8;  carryover : (n_stores,) f8, of the energy, per hour
    held_mwh, lost : (n_stores,) f8, energy held and share of the power out of service
    lo_mw : (n_columns,) f8, lower bounds of supply, below 0 for charging alone
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


@jit
def set_stores_in_service(
    lost_out: F8, first_element: int, n: int, active: I4, component: I4, first: I4, end: I4, lost: F8, hour: int
) -> None:
    """Share of each store's power out of service in an hour, ``lost_out`` (n_stores,).

    active : positions of the day's intervals, ``n`` of them;  first_element : of the stores
    """
    lost_out[:] = 0.0
    for k in range(n):
        i = active[k]
        store = component[i] - first_element
        if store >= 0 and first[i] <= hour < end[i]:
            lost_out[store] = max(lost_out[store], lost[i])


@jit
def close_stores(stores: Stores, n_units: int, hi_mw: F8) -> None:
    """Nothing charges or discharges. hi_mw : (n_columns,)."""
    stores.lo_mw[n_units:] = 0.0
    hi_mw[n_units:] = 0.0


@jit
def stores_stay_full(stores: Stores) -> bool:
    """True if every store is full and loses nothing: it stays so for as long as nothing is discharged."""
    for k in range(stores.held_mwh.shape[0]):
        if stores.energy_mwh[k] - stores.held_mwh[k] > FULL_MWH or stores.carryover[k] != 1.0:
            return False
    return True


@jit
def let_stores_charge(stores: Stores, n_units: int) -> bool:
    """Start an hour: self-discharge, then room and power as bounds of the charging columns; True if some can charge."""
    can_charge = False
    for k in range(stores.held_mwh.shape[0]):
        stores.held_mwh[k] *= stores.carryover[k]
        room = stores.energy_mwh[k] - stores.held_mwh[k]
        power = 0.0
        if room > FULL_MWH:
            power = min(stores.charge_mw[k] * (1.0 - stores.lost[k]), room / stores.efficiency_charge[k])
        stores.lo_mw[n_units + k] = -power
        can_charge = can_charge or power > 0.0
    return can_charge


@jit
def let_stores_discharge(stores: Stores, n_units: int, hi_mw: F8) -> bool:
    """Energy and power as bounds of the discharging columns; True if some store has something to give."""
    n_stores = stores.held_mwh.shape[0]
    can_discharge = False
    for k in range(n_stores):
        usable = stores.held_mwh[k] * stores.efficiency_discharge[k]
        power = min(stores.discharge_mw[k] * (1.0 - stores.lost[k]), usable)
        hi_mw[n_units + n_stores + k] = power
        can_discharge = can_discharge or power > 0.0
    return can_discharge


@jit
def move_stores(stores: Stores, n_units: int, p_mw: F8) -> None:
    """Energy after an hour of the dispatch ``p_mw`` (n_columns,), from which no store gains more than it takes."""
    n_stores = stores.held_mwh.shape[0]
    for k in range(n_stores):
        taken = -p_mw[n_units + k]
        given = p_mw[n_units + n_stores + k]
        if given > 0.0:
            stores.held_mwh[k] = max(stores.held_mwh[k] - given / stores.efficiency_discharge[k], 0.0)
        if taken > 0.0:
            room = stores.energy_mwh[k] - stores.held_mwh[k]
            if taken >= room / stores.efficiency_charge[k]:
                stores.held_mwh[k] = stores.energy_mwh[k]
            else:
                stores.held_mwh[k] += taken * stores.efficiency_charge[k]
