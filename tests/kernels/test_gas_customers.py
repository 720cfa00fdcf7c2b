"""Orders of a gas schedule, and what nodes show after a run, by hand."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.gas_customers import order_gas, read_nodes, usable_linepack


def test_orders_by_hand():
    """Plant 1 alone is on the network; 1 mcm held lasts 2 h at 12 mcm/d, so an order of 20 is cut to that."""
    source, sink, cap = np.empty(2), np.empty(3), np.empty(3)
    order_gas(
        links=np.array([1], dtype=np.int32),
        supply=np.array([7.0]),
        storage=np.array([20.0]),
        storage_mcm=np.array([1.0]),
        hours=2.0,
        demand=np.array([4.0, 6.0]),
        delivered_share=np.array([1.0, 0.5]),
        power=np.array([9.0, 3.0]),
        most_power=np.array([np.inf, 2.0]),
        consumed=np.array([9.0, 1.5]),
        source_q_out=source,
        sink_q_out=sink,
        sink_cap_out=cap,
    )
    assert source.tolist() == [7.0, 12.0]
    assert sink.tolist() == [4.0, 3.0, 2.0] and cap.tolist() == [np.inf, np.inf, 1.5]


def test_nodes_by_hand():
    """Two nodes, the inner point counts to the second; half a day; pipe 1 has no edge."""
    flow, change, pressure = np.empty(2), np.empty(2), np.empty(2)
    read_nodes(
        first_edge=np.array([1, 2], dtype=np.int32),
        edge_q=np.array([5.0, 6.0]),
        point_node=np.array([0, 1, 1], dtype=np.int32),
        node_point=np.array([0, 1], dtype=np.int32),
        before_mcm=np.array([1.0, 2.0, 3.0]),
        after_mcm=np.array([1.5, 2.0, 2.0]),
        p_bar=np.array([40.0, 50.0, 60.0]),
        days=0.5,
        flow_out=flow,
        linepack_change_out=change,
        pressure_out=pressure,
    )
    assert flow.tolist() == [6.0, 0.0]
    assert change.tolist() == [1.0, -2.0] and pressure.tolist() == [40.0, 50.0]


def test_usable_linepack_by_hand():
    usable = np.empty(2)
    usable_linepack(
        point_node=np.array([0, 1, 1], dtype=np.int32),
        shared=np.array([True, True, False]),
        floor_mcm=np.array([1.0, 2.0, 1.0]),
        gas_mcm=np.array([1.5, 1.0, 9.0]),
        usable_mcm_out=usable,
    )
    assert usable.tolist() == [0.5, 0.0]
