"""Areas joined by interfaces: least shedding as a maximum flow, stores hour after hour.

Interfaces carry what their limits allow in either direction, whatever the flows elsewhere (a transport model); an
interface's limit follows the number of its circuits out. In each hour machines first serve demand anywhere they can
reach, then stores discharge, longest time-to-go first, then surplus of the machines charges the other stores, shortest
time-to-go first. Serving every hour as far as possible, and discharging in the order of time-to-go, minimises
unserved energy for one area (Evans, Tindemans and Angeli 2019, "Minimizing unserved energy using heterogeneous storage
units"); with limits between areas it is a stated rule.

A shortage that could be moved between areas is shared: shortages are covered in eighths of each area's shortage, and
where the classes of load are known, areas that are joined shed by order and load (``zonal_sharing``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.availability import OutageModel
from gridsim.kernels.copying import copy_into
from gridsim.kernels.jit import jit, piece
from gridsim.kernels.limited_use import begin_periods, forget_use, may_be_used, note_use
from gridsim.kernels.outage_table import OutageTable, draw_year, new_outage_table
from gridsim.kernels.rng import Counter
from gridsim.kernels.shortfall import (
    DAY_H,
    ENERGY,
    HOURS,
    Recorder,
    clear_shares,
    day_losses,
    finish_sample,
    record_short_hour,
    start_sample,
    touched_mw_by_day,
)
from gridsim.kernels.stores import rank_by_time_to_go
from gridsim.kernels.zonal_case import NOTHING_MW, ZonalCase, ZonalScratch, new_scratch, send
from gridsim.kernels.zonal_sharing import share_shortage

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]

SHARES = 8


@jit
def serve_at_once(case: ZonalCase, scratch: ZonalScratch) -> bool:
    """Cover all shortages by one maximum flow; False, with everything as it was, where some is left.

    Shares matter only to a shortage that stays, and to stores, which charge from what is left where.
    """
    surplus, shortage = scratch.surplus.copy(), scratch.shortage.copy()
    send(case, scratch, scratch.surplus, scratch.shortage)
    if scratch.shortage.max() <= NOTHING_MW:
        return True
    scratch.flow[:] = 0.0
    copy_into(surplus, scratch.surplus)
    copy_into(shortage, scratch.shortage)
    return False


@jit
def serve_demand(case: ZonalCase, scratch: ZonalScratch) -> None:
    """Cover shortages from surpluses by a maximum flow, in eighths of each area's shortage.

    ``scratch.surplus`` and ``scratch.shortage`` hold the hour's balance and are reduced to the remainder.
    """
    scratch.flow[:] = 0.0
    n_areas = scratch.surplus.shape[0]
    n_short = 0
    n_giving = 0
    for area in range(n_areas):
        if scratch.shortage[area] > NOTHING_MW:
            n_short += 1
        if scratch.surplus[area] > NOTHING_MW:
            n_giving += 1
    if n_short == 0 or n_giving == 0:
        return
    if n_short == 1:
        send(case, scratch, scratch.surplus, scratch.shortage)
        return
    if case.store_area.shape[0] == 0 and serve_at_once(case, scratch):
        return
    remaining = scratch.shortage.copy()
    for share in range(SHARES):
        for area in range(n_areas):
            # shortage that earlier rounds could not cover stays requested: the last round is then a maximum flow
            scratch.requested[area] = remaining[area] - scratch.shortage[area] * (SHARES - 1 - share) / SHARES
        before = scratch.requested.copy()
        send(case, scratch, scratch.surplus, scratch.requested)
        for area in range(n_areas):
            remaining[area] -= before[area] - scratch.requested[area]
    for area in range(n_areas):
        scratch.shortage[area] = max(remaining[area], 0.0)


@jit
def use_stores(case: ZonalCase, scratch: ZonalScratch, store_lost: F8) -> None:
    """Cover the remaining shortage from stores, then charge from the remaining surplus; one hour of energy is moved.

    store_lost : (n_stores,) f8, share of a store's power that is out of service
    """
    n_stores = case.store_area.shape[0]
    n_areas = scratch.surplus.shape[0]
    for k in range(n_stores):
        scratch.energy_mwh[k] *= case.store_carryover[k]
        scratch.discharged[k] = 0.0
    rank_by_time_to_go(
        scratch.energy_mwh,
        case.store_efficiency_discharge,
        case.store_discharge_mw,
        scratch.time_to_go_h,
        scratch.by_rank,
    )
    # longest time-to-go first; each store's path may reroute flows but takes nothing from those before it
    needed = 0.0
    for area in range(n_areas):
        needed += scratch.shortage[area]
    offer = np.zeros(n_areas)
    if needed > NOTHING_MW:
        for place in range(2 * n_stores):
            k = scratch.by_rank[place % n_stores]
            # demand response is called when the others can give no more
            if case.store_is_last[k] != (place >= n_stores) or not may_be_used(case, scratch, k):
                continue
            usable = scratch.energy_mwh[k] * case.store_efficiency_discharge[k]
            power = min(case.store_discharge_mw[k] * (1.0 - store_lost[k]), usable)
            if power <= NOTHING_MW:
                continue
            offer[case.store_area[k]] = power
            send(case, scratch, offer, scratch.shortage)
            used = power - offer[case.store_area[k]]
            offer[case.store_area[k]] = 0.0
            scratch.discharged[k] = used
            if used > NOTHING_MW:
                note_use(scratch, k)
            remaining = scratch.energy_mwh[k] - used / case.store_efficiency_discharge[k]
            scratch.energy_mwh[k] = max(remaining, 0.0)
    # shortest time-to-go first, none that has discharged in this hour
    for position in range(n_stores - 1, -1, -1):
        k = scratch.by_rank[position]
        room = case.store_energy_mwh[k] - scratch.energy_mwh[k]
        if scratch.discharged[k] > 0.0 or room <= 0.0:
            continue
        power = min(case.store_charge_mw[k] * (1.0 - store_lost[k]), room / case.store_efficiency_charge[k])
        if power <= 0.0:
            continue
        offer[case.store_area[k]] = power
        send(case, scratch, scratch.surplus, offer)
        taken = power - offer[case.store_area[k]]
        offer[case.store_area[k]] = 0.0
        # set, not added up: a full store must be full to the last bit
        if taken >= room / case.store_efficiency_charge[k]:
            scratch.energy_mwh[k] = case.store_energy_mwh[k]
        else:
            scratch.energy_mwh[k] += taken * case.store_efficiency_charge[k]


@jit
def set_balance(case: ZonalCase, scratch: ZonalScratch, hour: int, loss_mw: F8) -> bool:
    """Surplus and shortage of each area in an hour; True if some area is short. loss_mw : (n_areas,) f8."""
    some_short = False
    for area in range(loss_mw.shape[0]):
        balance = case.supply.margin_mw[area, hour] - loss_mw[area]
        scratch.surplus[area] = max(balance, 0.0)
        scratch.shortage[area] = max(-balance, 0.0)
        if balance < 0.0:
            some_short = True
    return some_short


@piece
def limit_with_out(case: ZonalCase, limit_mw: F8, row: int, interface: int, n_out: float) -> float:
    """Limit with ``n_out`` circuits out; a circuit that lost a share of its capacity counts as that share of one."""
    first = case.scheme_start[interface]
    last = case.scheme_start[interface + 1] - 1
    column = min(first + int(n_out), last)
    part = n_out - int(n_out)
    if part == 0.0 or column == last:
        return limit_mw[row, column]
    return limit_mw[row, column] + part * (limit_mw[row, column + 1] - limit_mw[row, column])


@jit
def set_limits(case: ZonalCase, scratch: ZonalScratch, hour: int, circuit_lost: F8) -> None:
    """Limits of the hour. circuit_lost : (n_circuits,) f8, share out of service."""
    scratch.out[:] = 0.0
    for k in range(circuit_lost.shape[0]):
        scratch.out[case.circuit_interface[k]] += circuit_lost[k]
    row = case.limit_row[hour]
    for i in range(scratch.out.shape[0]):
        scratch.forward[i] = limit_with_out(case, case.forward_mw, row, i, scratch.out[i])
        scratch.backward[i] = limit_with_out(case, case.backward_mw, row, i, scratch.out[i])


@piece
def keeps_limits(case: ZonalCase, interface: int, flow_mw: float, n_out: float, start: int, stop: int) -> bool:
    """Whether a flow stays within the limits of the hours start .. stop - 1 with ``n_out`` circuits out."""
    row = -1
    for hour in range(start, stop):
        if case.limit_row[hour] == row:
            continue
        row = case.limit_row[hour]
        if flow_mw > limit_with_out(case, case.forward_mw, row, interface, n_out):
            return False
        if -flow_mw > limit_with_out(case, case.backward_mw, row, interface, n_out):
            return False
    return True


@piece
def interface_change_by_day(case: ZonalCase, n: int, table: OutageTable, change_out: F8) -> None:
    """Daily changes in the number of circuits touched by outages, (n_interfaces, n_days + 1)."""
    change_out[:] = 0.0
    for i in range(n):
        circuit = table.component[i] - case.first_circuit
        if 0 <= circuit < case.circuit_interface.shape[0]:
            interface = case.circuit_interface[circuit]
            change_out[interface, table.first[i] // DAY_H] += 1.0
            change_out[interface, (table.end[i] - 1) // DAY_H + 1] -= 1.0


@piece
def base_flow_serves(case: ZonalCase, day: int, touched_mw: F8, interface_touched: F8) -> bool:
    """Certificate of a day: its base flow serves every hour even if all outages touching the day coincide.

    touched_mw : (n_areas,), capacity touched by outages;  interface_touched : (n_interfaces,), circuits
    """
    supply = case.supply
    # each area meets its worst hour and its export with all touched machines out
    for area in range(touched_mw.shape[0]):
        if touched_mw[area] + case.base_export_mw[day, area] > supply.day_margin_mw[area, day]:
            return False
    # an interface without touched circuits keeps the base flow by its making
    start = day * DAY_H
    for i in range(interface_touched.shape[0]):
        flow_mw = case.base_flow_mw[day, i]
        if interface_touched[i] > 0.0 and flow_mw != 0.0:
            stop = min(start + DAY_H, supply.n_hours)
            if not keeps_limits(case, i, flow_mw, interface_touched[i], start, stop):
                return False
    return True


@jit
def stores_stay_full(case: ZonalCase, energy_mwh: F8) -> bool:
    """Whether every store is full and loses nothing: it stays so for as long as nothing is discharged."""
    for k in range(energy_mwh.shape[0]):
        if energy_mwh[k] < case.store_energy_mwh[k] or case.store_carryover[k] != 1.0:
            return False
    return True


@piece
def zone_shortage(case: ZonalCase, scratch: ZonalScratch, zone: int) -> float:
    """Shortage of all areas of a zone, MW."""
    short_mw = 0.0
    for area in range(scratch.shortage.shape[0]):
        if case.area_zone[area] == zone:
            short_mw += scratch.shortage[area]
    return short_mw


@piece
def record_shortages(case: ZonalCase, scratch: ZonalScratch, recorder: Recorder, sample: int, hour: int) -> None:
    """Record the hour's shortage of the system (scope 0) and, shared, of each zone that is short (scope 1 + zone).

    The last scope, after the zones, is what people feel of it.
    """
    total_mw = 0.0
    for area in range(scratch.shortage.shape[0]):
        total_mw += scratch.shortage[area]
    if total_mw > case.supply.tolerance_mw:
        record_short_hour(recorder, sample, 0, hour, total_mw)
        people_mw = share_shortage(case, scratch, hour)
        if people_mw > case.supply.tolerance_mw:
            record_short_hour(recorder, sample, 1 + case.n_zones, hour, people_mw)
    for zone in range(case.n_zones):
        short_mw = zone_shortage(case, scratch, zone)
        if short_mw > case.supply.tolerance_mw:
            record_short_hour(recorder, sample, 1 + zone, hour, short_mw)


@piece
def serve_hour(
    case: ZonalCase,
    scratch: ZonalScratch,
    hour: int,
    loss_mw: F8,
    area_loss_mw: F8,
    lost_share: F8,
    all_full: bool,
) -> tuple[bool, bool]:
    """Serve an hour and move the stores: whether there was anything to solve, and whether all stores are full after.

    area_loss_mw (n_areas, 24), lost_share (n_elements, 24) : of the day;  loss_mw : (n_areas,) to work in
    """
    place = hour % DAY_H
    n_stores = case.store_area.shape[0]
    begin_periods(case, scratch, hour)
    for area in range(loss_mw.shape[0]):
        loss_mw[area] = area_loss_mw[area, place]
    some_short = set_balance(case, scratch, hour, loss_mw)
    if all_full and not some_short:
        return False, True
    set_limits(case, scratch, hour, lost_share[case.first_circuit : case.first_store, place])
    serve_demand(case, scratch)
    if n_stores > 0:
        use_stores(case, scratch, lost_share[case.first_store : case.first_store + n_stores, place])
        all_full = stores_stay_full(case, scratch.energy_mwh)
    return True, all_full


@jit
def zonal_samples(
    case: ZonalCase,
    model: OutageModel,
    seed: Counter,
    first_sample: int,
    n_samples: int,
    skip: bool,
    recorder: Recorder,
    total_out: F8,
) -> int:
    """Chronological years of areas with interfaces and stores. Scope 0 is the system, 1 + z zone z, the last people.

    A day is skipped if every store is full and stays so and :func:`base_flow_serves` it. A day that is not skipped is
    dispatched hour by hour, so skipping changes no bit. total_out : (n_samples, 2 + n_zones, 5) f8
    Returns the number of samples done: fewer than requested when the event table is full.
    """
    supply = case.supply
    n_areas, n_days = supply.day_margin_mw.shape
    n_interfaces, n_stores = case.interface_from.shape[0], case.store_area.shape[0]
    n_elements = supply.element_area.shape[0]
    scratch = new_scratch(n_areas, n_interfaces, n_stores)
    table = new_outage_table(model.batch_block.shape[0], 4 * model.batch_block.shape[0] + 64)
    change_mw = np.empty((n_areas, n_days + 1))
    touched_mw = np.empty(n_areas)
    interface_change = np.empty((n_interfaces, n_days + 1))
    interface_touched = np.empty(n_interfaces)
    area_loss_mw, loss_mw = np.empty((n_areas, DAY_H)), np.empty(n_areas)
    lost_share = np.zeros((n_elements, DAY_H))
    touched = np.empty(n_elements, dtype=np.int32)
    for s in range(n_samples):
        # 1. the year's outages, as changes from day to day
        sample = first_sample + s
        table, n = draw_year(model, seed, sample, supply.n_hours, table)
        touched_mw_by_day(supply, n, table.component, table.first, table.end, table.lost, change_mw)
        interface_change_by_day(case, n, table, interface_change)
        start_sample(recorder)
        touched_mw[:] = 0.0
        interface_touched[:] = 0.0
        copy_into(case.store_start_mwh, scratch.energy_mwh)
        forget_use(case, scratch)
        all_full = stores_stay_full(case, scratch.energy_mwh)
        for day in range(n_days):
            # 2. the day's certificate
            for area in range(n_areas):
                touched_mw[area] += change_mw[area, day]
            for i in range(n_interfaces):
                interface_touched[i] += interface_change[i, day]
            if skip and all_full and base_flow_serves(case, day, touched_mw, interface_touched):
                continue
            # 3. hour by hour: machines, stores, record
            n_touched = day_losses(
                supply,
                n,
                component=table.component,
                first=table.first,
                end=table.end,
                lost=table.lost,
                day=day,
                lost_share=lost_share,
                touched=touched,
                area_loss_out=area_loss_mw,
            )
            for hour in range(day * DAY_H, min((day + 1) * DAY_H, supply.n_hours)):
                is_served, all_full = serve_hour(case, scratch, hour, loss_mw, area_loss_mw, lost_share, all_full)
                if not is_served:
                    continue
                record_shortages(case, scratch, recorder, sample, hour)
            clear_shares(n_touched, touched, lost_share)
        if not finish_sample(recorder, sample, total_out[s]):
            return s
    return n_samples


@jit
def zonal_states(case: ZonalCase, hour_of: I4, lost: F8, weight: F8, total_out: F8) -> None:
    """Shortfall of snapshots of areas with interfaces, arguments as of ``copper_states``; stores give nothing.

    total_out : (n_samples, 2 + n_zones, 5) f8, zero on entry.
    """
    supply = case.supply
    n_areas = supply.margin_mw.shape[0]
    scratch = new_scratch(n_areas, case.interface_from.shape[0], 0)
    loss_mw = np.empty(n_areas)
    for place in range(total_out.shape[0]):
        hour = hour_of[place]
        loss_mw[:] = 0.0
        for element in range(case.first_circuit):
            row = supply.element_row[element]
            capacity_mw = supply.element_mw[element] if row < 0 else supply.profile_mw[row, hour]
            loss_mw[supply.element_area[element]] += capacity_mw * lost[place, element]
        if not set_balance(case, scratch, hour, loss_mw):
            continue
        set_limits(case, scratch, hour, lost[place, case.first_circuit : case.first_store])
        serve_demand(case, scratch)
        total_mw = 0.0
        for area in range(n_areas):
            total_mw += scratch.shortage[area]
        if total_mw > supply.tolerance_mw:
            total_out[place, 0, HOURS] = supply.n_hours * weight[place]
            total_out[place, 0, ENERGY] = total_mw * supply.n_hours * weight[place]
            people_mw = share_shortage(case, scratch, hour)
            if people_mw > supply.tolerance_mw:
                total_out[place, 1 + case.n_zones, HOURS] = supply.n_hours * weight[place]
                total_out[place, 1 + case.n_zones, ENERGY] = people_mw * supply.n_hours * weight[place]
        for zone in range(case.n_zones):
            short_mw = zone_shortage(case, scratch, zone)
            if short_mw > supply.tolerance_mw:
                total_out[place, 1 + zone, HOURS] = supply.n_hours * weight[place]
                total_out[place, 1 + zone, ENERGY] = short_mw * supply.n_hours * weight[place]
