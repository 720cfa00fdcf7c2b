"""States of interfaces, of gas and of heat in cities, as the log of a run compares them (``engine.outcomes``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
B1 = NDArray[np.bool_]

NORMAL, AT_LIMIT, SCARCE = 0, 1, 2
SHORT_OF_HEAT, FROZEN = 1, 2


@bare
def states_of_interfaces(
    first_row: int,
    flow_mw: F8,
    row_price: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    full_share: float,
    dearest: float,
    state_out: I8,
) -> int:
    """NORMAL, AT_LIMIT or SCARCE of each interface; the scarcest, -1 if none is.

    first_row : of the interfaces among flow_mw, row_price, row_lo_mw, row_hi_mw (n_rows,);  full_share : of the limit
    dearest : supply, money per MWh: a limit that is worth more keeps load from supply;  state_out : (n_interfaces,)
    """
    scarcest, most = -1, 0.0
    for k in range(len(state_out)):
        row = first_row + k
        flow, price = abs(flow_mw[row]), abs(row_price[row])
        limit = row_hi_mw[row] if flow_mw[row] >= 0.0 else -row_lo_mw[row]
        state_out[k] = AT_LIMIT if flow > 0.0 and flow >= full_share * limit else NORMAL
        if state_out[k] == AT_LIMIT and price > dearest:
            state_out[k] = SCARCE
            if price > most:
                scarcest, most = k, price
    return scarcest


@bare
def cities_cut(
    customer: I8,
    node: I4,
    asked: F8,
    delivered: F8,
    least_share: float,
    asked_of_node: F8,
    got_of_node: F8,
    cut_out: B1,
) -> None:
    """Gas nodes whose customers together get less than ``least_share`` of what they ask, mcm/d.

    customer : positions of those counted among node, asked, delivered (n_customers,)
    asked_of_node, got_of_node : (n_nodes,) sums;  cut_out : (n_nodes,)
    """
    for k in range(len(cut_out)):
        asked_of_node[k] = got_of_node[k] = 0.0
    for c in customer:
        asked_of_node[node[c]] += asked[c]
        got_of_node[node[c]] += delivered[c]
    for k in range(len(cut_out)):
        cut_out[k] = got_of_node[k] < least_share * asked_of_node[k]


@bare
def states_of_heat(asked_mw: F8, delivered_mw: F8, thaw_h: F8, least_share: float, state_out: I8) -> None:
    """NORMAL, SHORT_OF_HEAT or FROZEN of each city; asked_mw, delivered_mw : (n, 2) by group;  thaw_h : (n,)."""
    for city in range(len(state_out)):
        state_out[city] = NORMAL
        for group in range(asked_mw.shape[1]):
            if delivered_mw[city, group] < least_share * asked_mw[city, group]:
                state_out[city] = SHORT_OF_HEAT
        if thaw_h[city] > 0.0:
            state_out[city] = FROZEN
