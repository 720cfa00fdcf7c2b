"""Between a gas schedule and the linepack network: what sources and customers are given, and what nodes show after."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
B1 = NDArray[np.bool_]
_HOURS_PER_DAY = 24.0


@bare
def order_gas(
    links: I4,
    supply: F8,
    storage: F8,
    storage_mcm: F8,
    hours: float,
    demand: F8,
    delivered_share: F8,
    power: F8,
    most_power: F8,
    consumed: F8,
    source_q_out: F8,
    sink_q_out: F8,
    sink_cap_out: F8,
) -> None:
    """Sources (supplies, then storages) and sinks (demands, then plants at ``links``) of a run of ``hours``, mcm/d.

    supply, storage : as scheduled;  storage_mcm : held, which an order may outlast
    demand, delivered_share : (n_demands,) asked and the share scheduled;  power, most_power, consumed : (n_links,) what
    plants could burn, at most by schedule, and do burn
    sink_cap_out : inf for demands
    """
    n_supply, n_demand = len(supply), len(demand)
    for k in range(n_supply):
        source_q_out[k] = supply[k]
    for k in range(len(storage)):
        source_q_out[n_supply + k] = min(storage[k], storage_mcm[k] * _HOURS_PER_DAY / hours)
    for k in range(n_demand):
        sink_q_out[k], sink_cap_out[k] = demand[k] * delivered_share[k], np.inf
    for k in range(len(links)):
        link = links[k]
        sink_q_out[n_demand + k] = min(power[link], most_power[link])
        sink_cap_out[n_demand + k] = consumed[link]


@bare
def settle_gas(
    links: I4,
    storage_mcm: F8,
    drawn: F8,
    hours: float,
    steps: int,
    consumed: F8,
    sink: F8,
    storage_mcm_out: F8,
    power_out: F8,
) -> None:
    """Storages after ``steps`` of ``hours`` in which ``drawn`` mcm/d left them, and the gas that plants got.

    consumed, power_out : (n_links,);  sink : of those at ``links``, the others get what they consume
    """
    for k in range(len(drawn)):
        storage_mcm_out[k] = max(storage_mcm[k] - drawn[k] * hours * steps / _HOURS_PER_DAY, 0.0)
    for link in range(len(consumed)):
        power_out[link] = consumed[link]
    for k in range(len(links)):
        power_out[links[k]] = sink[k]


@bare
def expect_gas(
    consumed: F8, deliverable: F8, requested: F8, expected: F8, full_share: float, expected_out: F8
) -> None:  # fmt: skip
    """Gas that each plant is expected to ask for, mcm/d, (n_links,) all.

    A plant that leaves gas untouched shows what it expects; one at its limit would take at least what it takes.
    """
    for link in range(len(consumed)):
        chosen = consumed[link] < full_share * min(deliverable[link], requested[link])
        expected_out[link] = consumed[link] if chosen else max(expected[link], consumed[link])


@bare
def read_nodes(
    first_edge: I4,
    edge_q: F8,
    point_node: I4,
    node_point: I4,
    before_mcm: F8,
    after_mcm: F8,
    p_bar: F8,
    days: float,
    flow_out: F8,
    linepack_change_out: F8,
    pressure_out: F8,
) -> None:
    """Flow into every pipe, mean change of linepack of every node, mcm/d, and its pressure after a run of ``days``.

    first_edge : (n_pipes,) n_edges for a pipe without one;  point_node : node that each point is counted to
    before_mcm, after_mcm : (n_points,) gas;  node_point : point at which a node's pressure is read
    """
    for pipe in range(len(first_edge)):
        edge = first_edge[pipe]
        flow_out[pipe] = edge_q[edge] if edge < len(edge_q) else 0.0
    before = pressure_out  # until the pressures come
    for node in range(len(node_point)):
        before[node] = linepack_change_out[node] = 0.0
    for point in range(len(point_node)):
        before[point_node[point]] += before_mcm[point]
        linepack_change_out[point_node[point]] += after_mcm[point]
    for node in range(len(node_point)):
        linepack_change_out[node] = (linepack_change_out[node] - before[node]) / days
        pressure_out[node] = p_bar[node_point[node]]


@bare
def usable_linepack(point_node: I4, shared: B1, floor_mcm: F8, gas_mcm: F8, usable_mcm_out: F8) -> None:
    """Linepack of every node above the floor (n_points,), of points that are ``shared``."""
    for node in range(len(usable_mcm_out)):
        usable_mcm_out[node] = 0.0
    for point in range(len(point_node)):
        if shared[point]:
            usable_mcm_out[point_node[point]] += max(gas_mcm[point] - floor_mcm[point], 0.0)
