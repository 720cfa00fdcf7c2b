"""States of interfaces and cities, by hand."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.changes import (
    AT_LIMIT,
    FROZEN,
    NORMAL,
    SCARCE,
    SHORT_OF_HEAT,
    cities_cut,
    states_of_heat,
    states_of_interfaces,
)


def states(flow_mw: list[float], price: list[float]) -> tuple[list[int], int]:
    """States of interfaces within -50 and 100 MW behind one branch, and the scarcest; supply costs at most 40."""
    state, n = np.zeros(len(flow_mw), dtype=np.int64), len(flow_mw) + 1
    scarcest = states_of_interfaces(
        first_row=1,
        flow_mw=np.array([500.0, *flow_mw]),
        row_price=np.array([900.0, *price]),
        row_lo_mw=np.full(n, -50.0),
        row_hi_mw=np.full(n, 100.0),
        full_share=0.99,
        dearest=40.0,
        state_out=state,
    )
    return state.tolist(), scarcest


def test_interface_is_full_in_the_direction_of_its_flow_and_scarce_above_the_dearest_supply() -> None:
    assert states([98.0, 99.0, -49.0, -50.0, 0.0], [90.0, 40.0, 90.0, -41.0, 0.0]) == (
        [NORMAL, AT_LIMIT, NORMAL, SCARCE, NORMAL],
        3,
    )


def test_the_first_of_equally_scarce_interfaces_is_told() -> None:
    assert states([100.0, 100.0, 100.0], [50.0, -60.0, 60.0]) == ([SCARCE] * 3, 1)
    assert states([10.0], [0.0]) == ([NORMAL], -1)


def test_city_is_cut_by_what_its_customers_get_together() -> None:
    cut = np.zeros(3, dtype=bool)
    asked_of_node, got_of_node = np.full(3, 7.0), np.full(3, 7.0)  # memory, whatever is in it
    # Node 0: 10 + 10 asked, 10 + 9.9 got; node 1: 5 asked, 4.9 got; a customer that is not counted gets nothing.
    cities_cut(
        customer=np.array([0, 1, 2]),
        node=np.array([0, 0, 1, 1], dtype=np.int32),
        asked=np.array([10.0, 10.0, 5.0, 5.0]),
        delivered=np.array([10.0, 9.9, 4.9, 0.0]),
        least_share=0.99,
        asked_of_node=asked_of_node,
        got_of_node=got_of_node,
        cut_out=cut,
    )
    assert cut.tolist() == [False, True, False]
    assert asked_of_node.tolist() == [20.0, 5.0, 0.0]


def test_frozen_pipes_go_before_a_lack_of_either_group() -> None:
    state = np.full(4, 9)
    asked, delivered = np.full((4, 2), 10.0), np.array([[10.0, 10.0], [10.0, 9.0], [9.0, 10.0], [10.0, 10.0]])
    states_of_heat(asked, delivered, np.array([0.0, 0.0, 5.0, 5.0]), 0.999, state)
    assert state.tolist() == [NORMAL, SHORT_OF_HEAT, FROZEN, FROZEN]
