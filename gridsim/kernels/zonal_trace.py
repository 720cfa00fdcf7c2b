"""One sample year of areas hour by hour: what the sampler sees, without skipping, written down."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8
from gridsim.kernels.availability import OutageModel
from gridsim.kernels.jit import jit
from gridsim.kernels.limited_use import begin_periods, forget_use, may_be_used
from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.kernels.rng import Counter
from gridsim.kernels.shortfall import DAY_H, clear_shares, day_losses
from gridsim.kernels.zonal import serve_demand, set_balance, set_limits, use_stores
from gridsim.kernels.zonal_case import ZonalCase, new_scratch
from gridsim.kernels.zonal_sharing import share_shortage


@jit
def zonal_trace(
    case: ZonalCase,
    model: OutageModel,
    seed: Counter,
    sample: int,
    shortage_out: F8,
    surplus_out: F8,
    flow_out: F8,
    held_out: F8,
    spare_out: F8,
) -> None:
    """A sample of ``zonal_samples`` hour by hour; outputs (places, n_hours), of the areas, the interfaces, the stores.

    ``spare_out`` (n_areas, n_hours), zero on entry: MW that stores could give with the energy that they begin the hour
    with, less what they do give.

    Shortage is 0 in hours in which the system is not short by more than the tolerance, and in areas that are not.
    """
    supply = case.supply
    n_areas, n_days = supply.day_margin_mw.shape
    n_interfaces, n_stores = case.interface_from.shape[0], case.store_area.shape[0]
    first_circuit, first_store, n_elements = case.first_circuit, case.first_store, supply.element_area.shape[0]
    scratch = new_scratch(n_areas, n_interfaces, n_stores)
    table = new_outage_table(model.batch_block.shape[0], 4 * model.batch_block.shape[0] + 64)
    table, n = draw_year(model, seed, sample, supply.n_hours, table)
    area_loss_mw, loss_mw = np.empty((n_areas, DAY_H)), np.empty(n_areas)
    lost_share = np.zeros((n_elements, DAY_H))
    touched = np.empty(n_elements, dtype=np.int32)
    scratch.energy_mwh[:] = case.store_start_mwh
    forget_use(case, scratch)
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
            place = hour - day * DAY_H
            begin_periods(case, scratch, hour)
            for area in range(n_areas):
                loss_mw[area] = area_loss_mw[area, place]
            set_balance(case, scratch, hour, loss_mw)
            set_limits(case, scratch, hour, lost_share[first_circuit:first_store, place])
            serve_demand(case, scratch)
            for k in range(n_stores):
                usable = scratch.energy_mwh[k] * case.store_carryover[k] * case.store_efficiency_discharge[k]
                able_mw = case.store_discharge_mw[k] * (1.0 - lost_share[first_store + k, place])
                spare_out[case.store_area[k], hour] += min(able_mw, usable) if may_be_used(case, scratch, k) else 0.0
            if n_stores > 0:
                use_stores(case, scratch, lost_share[first_store : first_store + n_stores, place])
            for k in range(n_stores):
                spare_out[case.store_area[k], hour] -= scratch.discharged[k]
            total_mw = 0.0
            for area in range(n_areas):
                total_mw += scratch.shortage[area]
            for i in range(n_interfaces):
                flow_out[i, hour] = scratch.flow[i]
            if total_mw > supply.tolerance_mw:
                share_shortage(case, scratch, hour)
            for area in range(n_areas):
                is_short = total_mw > supply.tolerance_mw and scratch.shortage[area] > supply.tolerance_mw
                shortage_out[area, hour] = scratch.shortage[area] if is_short else 0.0
                surplus_out[area, hour] = scratch.surplus[area]
            for k in range(n_stores):
                held_out[k, hour] = scratch.energy_mwh[k]
        clear_shares(n_touched, touched, lost_share)
