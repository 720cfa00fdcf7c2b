"""Unserved energy that the perfect availability of one element after the other would have saved.

Only in an hour that is short can an element that is out make a difference, so one pass over the samples is enough for
all elements: in each short hour its capacity is offered on top of what was sent already. A maximum flow that is grown
along further paths stays one, so the saving is that of the hour dispatched anew. Stores do what they did.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8
from gridsim.kernels.availability import OutageModel
from gridsim.kernels.jit import jit
from gridsim.kernels.limited_use import forget_use
from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.kernels.rng import Counter
from gridsim.kernels.shortfall import DAY_H, clear_shares, day_losses
from gridsim.kernels.zonal import limit_with_out, serve_hour, stores_stay_full
from gridsim.kernels.zonal_case import ZonalCase, ZonalScratch, new_scratch, send


@jit
def saved_in_hour(case: ZonalCase, scratch: ZonalScratch, hour: int, lost: F8, saved_out: F8) -> None:
    """Add the MWh of one short hour that each element's availability would save.

    lost : (n_elements,) f8, share out of service;  saved_out : (n_elements,)
    """
    supply = case.supply
    flow, shortage = scratch.flow.copy(), scratch.shortage.copy()
    surplus, forward, backward = scratch.surplus.copy(), scratch.forward.copy(), scratch.backward.copy()
    total_mw = shortage.sum()
    offer = np.zeros(shortage.shape[0])
    for element in range(lost.shape[0]):
        if lost[element] <= 0.0:
            continue
        offer[:] = 0.0
        if element < case.first_circuit:
            row = supply.element_row[element]
            mw = supply.element_mw[element] if row < 0 else supply.profile_mw[row, hour]
            offer[supply.element_area[element]] = mw * lost[element]
        elif element < case.first_store:
            i = case.circuit_interface[element - case.first_circuit]
            out, limit_row = scratch.out[i] - lost[element], case.limit_row[hour]
            scratch.forward[i] = limit_with_out(case, case.forward_mw, limit_row, i, max(out, 0.0))
            scratch.backward[i] = limit_with_out(case, case.backward_mw, limit_row, i, max(out, 0.0))
            offer[:] = surplus
        else:
            k = element - case.first_store
            usable = scratch.energy_mwh[k] * case.store_efficiency_discharge[k]
            offer[case.store_area[k]] = min(case.store_discharge_mw[k] * lost[element], usable)
        send(case, scratch, offer, scratch.shortage)
        saved_out[element] += total_mw - scratch.shortage.sum()
        scratch.flow[:] = flow
        scratch.shortage[:] = shortage
        scratch.forward[:] = forward
        scratch.backward[:] = backward


@jit
def importance_samples(
    case: ZonalCase,
    model: OutageModel,
    seed: Counter,
    first_sample: int,
    n_samples: int,
    saved_out: F8,
    unserved_out: F8,
) -> None:
    """Savings of every element in each sample: saved_out (n_samples, n_elements), unserved_out (n_samples,), MWh."""
    supply = case.supply
    n_areas, n_days = supply.day_margin_mw.shape
    n_interfaces, n_stores = case.interface_from.shape[0], case.store_area.shape[0]
    n_elements = supply.element_area.shape[0]
    scratch = new_scratch(n_areas, n_interfaces, n_stores)
    table = new_outage_table(model.batch_block.shape[0], 4 * model.batch_block.shape[0] + 64)
    area_loss_mw, loss_mw = np.empty((n_areas, DAY_H)), np.empty(n_areas)
    lost_share = np.zeros((n_elements, DAY_H))
    lost = np.zeros(n_elements)
    touched = np.empty(n_elements, dtype=np.int32)
    for s in range(n_samples):
        table, n = draw_year(model, seed, first_sample + s, supply.n_hours, table)
        scratch.energy_mwh[:] = case.store_start_mwh
        forget_use(case, scratch)
        all_full = stores_stay_full(case, scratch.energy_mwh)
        saved_out[s, :] = 0.0
        unserved_out[s] = 0.0
        for day in range(n_days):
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
                total_mw = scratch.shortage.sum()
                if total_mw <= supply.tolerance_mw:
                    continue
                unserved_out[s] += total_mw
                lost[:] = 0.0
                for i in range(n):
                    if table.first[i] <= hour < table.end[i] and table.component[i] < n_elements:
                        lost[table.component[i]] = max(lost[table.component[i]], table.lost[i])
                saved_in_hour(case, scratch, hour, lost, saved_out[s])
            clear_shares(n_touched, touched, lost_share)
