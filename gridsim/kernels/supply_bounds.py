"""Bounds of machines in one redispatch: fuel, heat, ramps, and what policies ask for (``engine.redispatch``)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
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
