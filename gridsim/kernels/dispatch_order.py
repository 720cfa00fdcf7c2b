"""The part of a dispatch that prices alone decide: every segment of supply and load in merit order, and per bus.

All columns at one bus enter balance and flow rows alike, so the dispatch is a choice of one net injection per bus with
a convex piecewise-linear cost. Its segments, sorted by slope, are

* supply ``g`` above ``max(lo, 0)``, or above ``lo < 0``: slope ``cost``;
* the spilled part of ``lo > 0``, given back: slope ``-spill_cost``;
* shed load, in ``n_sub`` equal sub-segments whose penalties rise a little (sharing): slope ``penalty``.

An *item* is what a segment is cut from: item ``g`` the supply, ``n_gens + g`` its spill, ``2 n_gens + i`` load column
``i`` (bus major). Widths belong to the state, slopes to the order, so one order serves thousands of states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4
from gridsim.kernels.by_reference import by_reference

#: Sub-segments of a load's penalty and the relative rise from one to the next.
N_SEGMENTS = 8
SEGMENT_STEP = 1e-5
#: Supply column i of n costs ``SUPPLY_STEP * G * i / n`` more, load column i is dearer by ``1 + LOAD_STEP * i / n``.
SUPPLY_STEP = 1e-4
LOAD_STEP = 5e-6
#: Of the largest slope: what breaks the ties of a state that stalls; taken away again before the end.
NOISE = 1e-8


#: One segment: its bus, item and share of the item's width; ``next`` and ``prev`` are the nearest positions above and
#: below with another item (what has no width is passed at once), ``id`` is its name in a basis.
SEGMENT = np.dtype(
    [
        ("plain_slope", "f8"),
        ("share", "f8"),
        ("bus", "i4"),
        ("item", "i4"),
        ("next", "i4"),
        ("prev", "i4"),
        ("id", "i4"),
    ],
    align=True,
)


@by_reference
class MeritOrder(NamedTuple):
    """Segments grouped by bus, each group by rising slope.

    bus_start : (n_buses + 1,) i4, group of each bus;  segs : (n_segs,) SEGMENT
    slope, noisy_slope : (n_segs,) f8 money per MWh, as optimised / with all ties broken, for states that stall;
    ``plain_slope`` of a segment is without perturbation and sharing
    merit : (n_segs,) i4, all positions by rising slope;  id_position : i4, position of each id, -1 where left out
    scale : (1,) f8, the largest slope: what dual tolerances are relative to
    """

    bus_start: I4
    segs: NDArray[Any]
    slope: F8
    noisy_slope: F8
    merit: I4
    id_position: I4
    scale: F8


def perturbed_costs(cost: F8, penalty: F8) -> tuple[F8, F8]:
    """Give supply cost (n_gens,) and penalty (n_buses, n_classes) as the optimiser sees them: no two alike.

    G of the supply perturbation is the dearest supply cost given.
    """
    dearest = float(np.max(np.abs(cost), initial=0.0))
    supply = cost + SUPPLY_STEP * dearest * (np.arange(cost.size) / max(cost.size, 1))
    load = penalty * (1.0 + LOAD_STEP * (np.arange(penalty.size) / max(penalty.size, 1)).reshape(penalty.shape))
    return supply, load


def make_merit_order(
    n_buses: int,
    gen_bus: I4,
    cost: F8,
    spill_cost: F8,
    penalty: F8,
    *,
    segments: bool = True,
    perturb: bool = True,
    load_exists: NDArray[np.bool_] | None = None,
) -> MeritOrder:
    """Sort the segments of a case at these prices: cost, spill_cost (n_gens,), penalty (n_buses, n_classes).

    ``load_exists`` (n_buses, n_classes) leaves out load columns that are 0 in every state to be solved: most of them,
    where classes are many.
    """
    n_gens, n_classes = gen_bus.size, penalty.shape[1]
    n_loads, n_sub = penalty.size, N_SEGMENTS if segments else 1
    supply_slope, load_slope = perturbed_costs(cost, penalty) if perturb else (cost, penalty)
    steps = 1.0 + SEGMENT_STEP * np.arange(n_sub)
    load_bus = np.repeat(np.arange(n_buses, dtype=np.int32), n_classes * n_sub)
    bus = np.concatenate([gen_bus, gen_bus, load_bus]).astype(np.int32)
    item = np.concatenate([np.arange(2 * n_gens), 2 * n_gens + np.repeat(np.arange(n_loads), n_sub)]).astype(np.int32)
    slope = np.concatenate([supply_slope, -spill_cost, np.outer(load_slope.ravel(), steps).ravel()]).astype(np.float64)
    plain = np.concatenate([cost, -spill_cost, np.repeat(penalty.ravel(), n_sub)]).astype(np.float64)
    share = np.concatenate([np.ones(2 * n_gens), np.full(n_loads * n_sub, 1.0 / n_sub)])
    scale = max(float(np.max(np.abs(slope), initial=0.0)), 1.0)

    by_bus = np.lexsort((slope, bus)).astype(np.int32)
    if load_exists is not None:
        exists = np.concatenate([np.ones(2 * n_gens, dtype=bool), np.repeat(load_exists.ravel(), n_sub)])
        by_bus = by_bus[exists[by_bus]]
    n_segs = by_bus.size
    position = np.arange(n_segs, dtype=np.int32)
    id_position = np.full(bus.size, -1, dtype=np.int32)
    id_position[by_bus] = position
    segs = np.zeros(n_segs, dtype=SEGMENT)
    segs["bus"], segs["item"], segs["id"] = bus[by_bus], item[by_bus], by_bus
    segs["share"], segs["plain_slope"] = share[by_bus], plain[by_bus]
    starts_run = np.ones(n_segs, dtype=bool)
    starts_run[1:] = segs["item"][1:] != segs["item"][:-1]
    run = np.cumsum(starts_run) - 1
    run_start = np.append(position[starts_run], n_segs)
    segs["next"], segs["prev"] = run_start[run + 1], run_start[run] - 1
    bus_start = np.searchsorted(segs["bus"], np.arange(n_buses + 1)).astype(np.int32)
    # rising within a bus, irregular between buses: the fractional parts of multiples of the golden ratio
    golden = 0.6180339887498949
    rise = np.cumsum(0.5 + 0.5 * ((position + 1) * golden % 1.0))
    noise = rise - rise[bus_start[segs["bus"]]] + ((segs["bus"] + 1) * golden % 1.0)
    return MeritOrder(
        bus_start=bus_start,
        segs=segs,
        slope=slope[by_bus],
        noisy_slope=slope[by_bus] + NOISE * scale * noise,
        merit=np.argsort(slope[by_bus], kind="stable").astype(np.int32),
        id_position=id_position,
        scale=np.array([scale]),
    )
