"""Load by bus and tier of the price ladder, and the share of each that a dispatch does not serve (``model.pack``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]


@bare
def load_by_tier(
    load_bus: I4, tier: I4, protected_tier: I4, sheddable_share: F8, load_mw: F8, factor: float, demand_mw_out: F8
) -> None:
    """Sum loads (n_loads,) by bus and tier (n_buses, n_tiers), times ``factor``; the rest as of :func:`shares_shed`."""
    n_buses, n_tiers = demand_mw_out.shape
    for bus in range(n_buses):
        for k in range(n_tiers):
            demand_mw_out[bus, k] = 0.0
    for load in range(len(load_bus)):
        demand_mw_out[load_bus[load], tier[load]] += load_mw[load] * sheddable_share[load]
    for load in range(len(load_bus)):
        demand_mw_out[load_bus[load], protected_tier[load]] += load_mw[load] * (1.0 - sheddable_share[load])
    for bus in range(n_buses):
        for k in range(n_tiers):
            demand_mw_out[bus, k] *= factor


@bare
def shares_shed(
    load_bus: I4,
    tier: I4,
    protected_tier: I4,
    sheddable_share: F8,
    responsive: B1,
    shed_mw: F8,
    wanted_mw: F8,
    loss_factor: float,
    response_out: F8,
    unserved_out: F8,
) -> None:
    """Share of every load that does not buy at the price, and that is not served.

    tier, protected_tier : (n_loads,) i4, places of its sheddable and protected part;  sheddable_share : of the former
    responsive : (n_tiers,) a tier by price;  shed_mw, wanted_mw : (n_buses, n_tiers), with losses: ``loss_factor`` of
    each MW at the bus;  response_out, unserved_out : (n_loads,)
    """
    for load in range(len(load_bus)):
        bus = load_bus[load]
        response_out[load] = unserved_out[load] = 0.0
        for part in range(2):
            k = tier[load] if part == 0 else protected_tier[load]
            weight = sheddable_share[load] if part == 0 else 1.0 - sheddable_share[load]
            demand_mw = wanted_mw[bus, k] / loss_factor
            if demand_mw > 0.0:
                share = weight * (shed_mw[bus, k] / loss_factor / demand_mw)
                if responsive[k]:
                    response_out[load] += share
                else:
                    unserved_out[load] += share
