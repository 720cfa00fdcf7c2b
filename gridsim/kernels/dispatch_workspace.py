"""The memory of the dispatch kernel: a record per bus, basic bus, dual row and candidate, allocated once per thread."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.by_reference import by_reference

Records = NDArray[Any]

#: ``q`` injection MW, ``base`` the injection with all segments empty, ``position`` number of the first segment not
#: filled (the segment itself if basic), ``slot`` place in the basis or -1.
BUS = np.dtype([("base", "f8"), ("q", "f8"), ("position", "i4"), ("slot", "i4")], align=True)
#: A basic bus: its segment and the injections ``lo`` .. ``hi`` between which that segment is in use, MW.
BASIC = np.dtype([("lo", "f8"), ("hi", "f8"), ("bus", "i4"), ("segment", "i4")], align=True)
#: A balance row (``row`` = -1 - island) or an active flow row; ``value`` its multiplier, ``rate`` the multiplier's
#: change per unit step, ``side`` +1 at the upper and -1 at the lower limit (0 not yet known).
DUAL = np.dtype([("value", "f8"), ("rate", "f8"), ("row", "i4"), ("side", "i4")], align=True)

#: Places of ``Workspace.info``.
STATUS, PIVOTS, N_BASIS, WARM, STALLED, AVOIDED, TAKE_ANY, ONLY = 0, 1, 2, 3, 4, 5, 6, 7


@by_reference
class Workspace(NamedTuple):
    """Arrays of one thread; the results of ``solve_dispatch`` are read from the first nine.

    p_mw, spill_mw (n_gens,), shed_mw (n_buses, n_classes), flow_mw, row_price (n_rows,), price (n_buses,),
    cost (1,) money per hour, basis i4 of which ``info[N_BASIS]`` places are used,
    info (8,) i4: status, pivots, length of basis, 1 if a warm basis was used, steps without progress, the violation
    left for later because its pivot is doubtful (see ``find_violation``), 1 to take the next pivot however small, 1 if
    a warm basis was used and the answer is the only one (``is_only_basis``).
    """

    p_mw: F8
    spill_mw: F8
    shed_mw: F8
    flow_mw: F8
    row_price: F8
    price: F8
    cost: F8
    basis: I4
    info: I4
    width: F8
    buses: Records
    basics: Records
    duals: Records
    direction: F8
    above: F8
    below: F8
    steps: F8
    reach: F8
    moved: F8
    island_sum: F8
    scratch: F8
    inverse: F8
    order: I4
    slot_of_row: I4


def make_workspace(n_buses: int, n_gens: int, n_classes: int, n_rows: int) -> Workspace:
    """Allocate the arrays that ``solve_dispatch`` works in and answers through."""
    m = n_buses + 1
    return Workspace(
        p_mw=np.zeros(n_gens),
        spill_mw=np.zeros(n_gens),
        shed_mw=np.zeros((n_buses, n_classes)),
        flow_mw=np.zeros(n_rows),
        row_price=np.zeros(n_rows),
        price=np.zeros(n_buses),
        cost=np.zeros(1),
        basis=np.zeros(2 * m, dtype=np.int32),
        info=np.zeros(8, dtype=np.int32),
        width=np.zeros(2 * n_gens + n_buses * n_classes),
        buses=np.zeros(n_buses, dtype=BUS),
        basics=np.zeros(m, dtype=BASIC),
        duals=np.zeros(m, dtype=DUAL),
        direction=np.zeros(n_buses),
        above=np.zeros(n_buses),
        below=np.zeros(n_buses),
        steps=np.zeros(n_buses + m),
        reach=np.zeros(n_buses + m),
        moved=np.zeros(n_buses),
        island_sum=np.zeros(n_buses),
        scratch=np.zeros((4, m)),
        inverse=np.zeros((m, m)),
        order=np.zeros((2, n_buses + m), dtype=np.int32),
        slot_of_row=np.zeros(n_rows, dtype=np.int32),
    )
