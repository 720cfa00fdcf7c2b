"""Fuel that machines are allowed, and how yards of coal and mazut empty and fill (``engine.stocks``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]

HOURS_PER_DAY = 24.0
EMPTY_H = 1.0 / 3600.0  # less than a second of output in stock is empty, as time is whole seconds
_LEAST_DRAW = 1e-9


@bare
def allow_by_fuel(
    linked_gen: I8,
    gen_link: I8,
    yard_share: F8,
    requested_mw: F8,
    given_mw: F8,
    short_below: float,
    deliverable_mw_out: F8,
    short_out: B1,
    share_out: F8,
) -> None:
    """Share of its output that the main fuel allows each machine, and the links that are short of gas.

    linked_gen, gen_link : (n_members,) machine and link of each member;  yard_share : (n_gens,) that yards allow
    requested_mw, given_mw : (n_links,) output if gas were no limit, and on the gas there is
    short_below : of what is requested;  deliverable_mw_out, short_out (n_links,);  share_out (n_gens,)
    """
    for link in range(len(requested_mw)):
        deliverable_mw_out[link] = min(given_mw[link], requested_mw[link])
        short_out[link] = deliverable_mw_out[link] < short_below * requested_mw[link]
    for gen in range(len(yard_share)):
        share_out[gen] = yard_share[gen]
    for k in range(len(linked_gen)):
        link = gen_link[k]
        if requested_mw[link] > 0.0:
            share_out[linked_gen[k]] *= deliverable_mw_out[link] / requested_mw[link]


@bare
def allow_backup(
    now_s: float,
    gen: I4,
    link: I4,
    switch_h: F8,
    capacity_share: F8,
    short_since_s: F8,
    stock_mwh: F8,
    able_mw: F8,
    main_share: F8,
    link_mw: F8,
    limit_mw_out: F8,
) -> None:
    """Output that backup fuel adds to each machine whose plant has switched over and has a second's stock.

    gen, link : (n_backup,) machine and link of each column of backup fuel
    switch_h, capacity_share, short_since_s, stock_mwh : (n_links,);  link_mw : (n_links,) memory
    able_mw, main_share : (n_gens,) output if fuel were no limit, and the share of it on the main fuel
    """
    for k in range(len(link_mw)):
        link_mw[k] = 0.0
    for k in range(len(gen)):
        able, at = able_mw[gen[k]], link[k]
        limit_mw_out[k] = 0.0
        if now_s >= short_since_s[at] + switch_h[at] * 3600.0:
            limit_mw_out[k] = min(able * capacity_share[at], able * (1.0 - main_share[gen[k]]))
        link_mw[at] += limit_mw_out[k]
    for k in range(len(gen)):
        if not stock_mwh[link[k]] > link_mw[link[k]] * EMPTY_H:
            limit_mw_out[k] = 0.0


@bare
def burn_of_yards(
    fed_gen: I8,
    feeding_yard: I8,
    full_mw: F8,
    p_main_mw: F8,
    heating_value: F8,
    delivered_share: F8,
    yard_days: F8,
    burnt_share_out: F8,
) -> float:
    """Hours until the first yard in use is empty (inf: none will be), and the burn of each, of that at full output.

    fed_gen, feeding_yard : (n_members,) machine and yard of each member;  full_mw : (n_yards,) output of those fed
    p_main_mw : (n_gens,);  heating_value : (n_yards,) of the fuel, over the usual;  delivered_share : (n_yards,) of the
    burn at full output;  yard_days : (n_yards,) in stock
    """
    for yard in range(len(full_mw)):
        burnt_share_out[yard] = 0.0
    for k in range(len(fed_gen)):
        burnt_share_out[feeding_yard[k]] += p_main_mw[fed_gen[k]]
    hours = np.inf
    for yard in range(len(full_mw)):
        consumed = burnt_share_out[yard] / full_mw[yard] if full_mw[yard] > 0.0 else 0.0
        burnt_share_out[yard] = consumed / heating_value[yard]
        draw, stock_h = burnt_share_out[yard] - delivered_share[yard], yard_days[yard] * HOURS_PER_DAY
        if draw > _LEAST_DRAW and stock_h > EMPTY_H:
            hours = min(hours, stock_h / draw)
    return hours


@bare
def move_yards(
    dt_h: float,
    delivered_share: F8,
    burnt_share: F8,
    capacity_days: F8,
    yard_days: F8,
    yard_days_out: F8,
    turned_away_out: F8,
) -> None:
    """Yards after ``dt_h`` hours, (n_yards,) each, and the share of the burn at full output that found no place."""
    for yard in range(len(yard_days)):
        days = yard_days[yard] + (delivered_share[yard] - burnt_share[yard]) * dt_h / HOURS_PER_DAY
        kept = days if days * HOURS_PER_DAY > EMPTY_H else 0.0
        kept = min(kept, capacity_days[yard])
        yard_days_out[yard], turned_away_out[yard] = kept, (days - kept) * HOURS_PER_DAY / dt_h
