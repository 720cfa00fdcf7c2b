"""Bounds of supply in one redispatch (fuel, heat, ramps, what policies ask for), and its answer by machine.

Columns of supply stand in the order of ``model.pack``: machines on their main fuel, backup fuel, borders, storages.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]
_HELD_BACK_MW = 1e-6


@by_reference
class Fleet(NamedTuple):
    """Machines of a system, (n_gens,) each.

    ramp_mw_per_min : NaN where a machine may move at once;  variable : wind and sun, which owe nothing
    """

    p_min_mw: F8
    p_max_mw: F8
    ramp_mw_per_min: F8
    variable: B1


@bare
def bound_machines(
    fleet: Fleet,
    committed: B1,
    gen_share: F8,
    left_share: F8,
    heat_min_share: F8,
    fuel_share: F8,
    backup_mw: F8,
    ramps: bool,
    from_mw: F8,
    ramp_h: F8,
    least_mw: F8,
    most_mw: F8,
    lo_mw_out: F8,
    hi_mw_out: F8,
    room_out: F8,
    held_back_out: B1,
) -> None:
    """Lower and upper bound of every machine on its main fuel. All (n_gens,) or longer.

    gen_share : of p_max by weather;  left_share : that events leave;  heat_min_share : owed, of heat, water and duty
    fuel_share : that the main fuel allows;  backup_mw : what backup fuel adds
    from_mw, ramp_h : output to ramp from and for how long, if it ``ramps``;  least_mw, most_mw : by policies
    room_out : share of its backup fuel that a machine's ramp leaves it;  held_back_out : could give more but for it
    """
    for gen in range(len(committed)):
        runs, p_max_mw = committed[gen], fleet.p_max_mw[gen]
        share = gen_share[gen] * left_share[gen] if runs else 0.0
        main = p_max_mw * share * fuel_share[gen]
        total = main + backup_mw[gen]
        floor = 0.0
        if runs and not fleet.variable[gen]:
            owed = heat_min_share[gen] * p_max_mw * left_share[gen]
            floor = min(max(fleet.p_min_mw[gen], owed), total)
        held_back_out[gen] = False
        if ramps:
            rate = fleet.ramp_mw_per_min[gen]
            ramp_mw = np.inf if np.isnan(rate) else rate * ramp_h[gen] * 60.0
            held_back_out[gen] = total > from_mw[gen] + ramp_mw + _HELD_BACK_MW
            total = min(total, from_mw[gen] + ramp_mw)
            floor = max(floor, from_mw[gen] - ramp_mw)
        total = min(total, max(most_mw[gen], 0.0))
        if runs:
            floor = max(floor, least_mw[gen])
        main = min(main, total)
        lo_mw_out[gen], hi_mw_out[gen] = min(floor, main), main
        room_out[gen] = min((total - main) / backup_mw[gen], 1.0) if backup_mw[gen] > 0.0 else 0.0


@bare
def bound_supply(
    fleet: Fleet,
    backup_gen: I4,
    committed: B1,
    gen_share: F8,
    left_share: F8,
    heat_min_share: F8,
    fuel_share: F8,
    backup_mw: F8,
    ramps: bool,
    from_mw: F8,
    ramp_h: F8,
    least_mw: F8,
    most_mw: F8,
    border_mw: F8,
    helped_mw: F8,
    bought_mw: F8,
    backup_of_gen_out: F8,
    room_out: F8,
    lo_mw_out: F8,
    hi_mw_out: F8,
    held_back_out: B1,
) -> bool:
    """Bounds of machines on both fuels and of borders; whether a machine is held back by its ramp.

    backup_gen, backup_mw : (n_backup,) machine of each column of backup fuel, and what that adds
    border_mw, helped_mw, bought_mw : (n_borders,) may be bought, flows through to another neighbour, is planned
    lo_mw_out, hi_mw_out : (n_columns,);  backup_of_gen_out, room_out : (n_gens,) memory;  others as
    :func:`bound_machines`
    """
    n_gens, first_border = len(committed), len(committed) + len(backup_gen)
    for gen in range(n_gens):
        backup_of_gen_out[gen] = 0.0
    for k in range(len(backup_gen)):
        if committed[backup_gen[k]]:
            backup_of_gen_out[backup_gen[k]] += backup_mw[k]
    bound_machines(
        fleet=fleet,
        committed=committed,
        gen_share=gen_share,
        left_share=left_share,
        heat_min_share=heat_min_share,
        fuel_share=fuel_share,
        backup_mw=backup_of_gen_out,
        ramps=ramps,
        from_mw=from_mw,
        ramp_h=ramp_h,
        least_mw=least_mw,
        most_mw=most_mw,
        lo_mw_out=lo_mw_out,
        hi_mw_out=hi_mw_out,
        room_out=room_out,
        held_back_out=held_back_out,
    )
    for k in range(len(backup_gen)):
        gen = backup_gen[k]
        lo_mw_out[n_gens + k] = 0.0
        hi_mw_out[n_gens + k] = backup_mw[k] * room_out[gen] if committed[gen] else 0.0
    for k in range(len(border_mw)):
        lo_mw_out[first_border + k] = min(bought_mw[k], border_mw[k]) + helped_mw[k]
        hi_mw_out[first_border + k] = border_mw[k] + helped_mw[k]
    any_held_back = False
    for gen in range(n_gens):
        any_held_back = any_held_back or held_back_out[gen]
    return any_held_back


@bare
def read_supply(
    backup_gen: I4,
    variable: B1,
    p_mw: F8,
    spill_mw: F8,
    hi_mw: F8,
    abroad_mw: F8,
    main_mw_out: F8,
    backup_mw_out: F8,
    border_mw_out: F8,
    storage_mw_out: F8,
    available_mw_out: F8,
    curtailed_mw_out: F8,
) -> None:
    """Answer of a dispatch by machine, border and storage, net of spill.

    p_mw, spill_mw, hi_mw : (n_columns,);  abroad_mw : (n_borders,) of it for a neighbour in need
    main_mw_out, backup_mw_out, available_mw_out, curtailed_mw_out : (n_gens,), the last of wind and sun
    border_mw_out : (n_borders,);  storage_mw_out : (n_storages,) discharging positive
    """
    n_gens, n_storages = len(main_mw_out), len(storage_mw_out)
    first_border = n_gens + len(backup_gen)
    first_charge = first_border + len(border_mw_out)
    for gen in range(n_gens):
        main_mw_out[gen], backup_mw_out[gen], available_mw_out[gen] = p_mw[gen] - spill_mw[gen], 0.0, 0.0
        curtailed_mw_out[gen] = hi_mw[gen] - main_mw_out[gen] if variable[gen] else 0.0
    for k in range(len(backup_gen)):
        column = n_gens + k
        backup_mw_out[backup_gen[k]] += p_mw[column] - spill_mw[column]
        available_mw_out[backup_gen[k]] += hi_mw[column]
    for gen in range(n_gens):
        available_mw_out[gen] += hi_mw[gen]
    for k in range(len(border_mw_out)):
        border_mw_out[k] = p_mw[first_border + k] - spill_mw[first_border + k] - abroad_mw[k]
    for k in range(n_storages):
        charge, discharge = first_charge + k, first_charge + n_storages + k
        storage_mw_out[k] = p_mw[charge] - spill_mw[charge] + (p_mw[discharge] - spill_mw[discharge])
