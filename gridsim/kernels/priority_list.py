"""Machines taken from the priority list, cheapest first, until load is covered (``model.priority_list``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]


@bare
def list_machines(by_cost: I8, place: I8, may: B1, available_mw: F8, need_mw_out: F8, listed_out: B1) -> None:
    """List every machine that may be listed and gives something at its place in an hour that is not covered yet.

    by_cost : (n_gens,) positions, cheapest first;  place, may : (n_gens,) its place, and whether it may be listed
    available_mw : (n_hours, n_gens);  need_mw_out : (n_hours, n_places) not covered yet, less what is listed
    """
    for gen in by_cost:
        helps = False
        for hour in range(len(available_mw)):
            if may[gen] and need_mw_out[hour, place[gen]] > 0.0 and available_mw[hour, gen] > 0.0:
                helps = True
                break
        if helps:
            listed_out[gen] = True
            for hour in range(len(available_mw)):
                need_mw_out[hour, place[gen]] -= available_mw[hour, gen]
