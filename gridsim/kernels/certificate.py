"""Proof without optimisation that an hour needs no shedding: an earlier zero-shed dispatch, moved into its bounds."""

from __future__ import annotations

from gridsim.kernels.arrays import F8, I4, Topology
from gridsim.kernels.flows import flows_into
from gridsim.kernels.jit import jit

#: MW by which balance may be missed and limits passed: that of the dispatch kernel.
TOLERANCE_MW = 1e-7


@jit
def zero_shed_certificate(
    topology: Topology,
    gen_bus: I4,
    lo_mw: F8,
    hi_mw: F8,
    demand_mw: F8,
    row_lo_mw: F8,
    row_hi_mw: F8,
    last_mw: F8,
    p_out_mw: F8,
    island_mw: F8,
    injection_mw: F8,
    flow_mw: F8,
) -> bool:
    """Say whether ``last_mw``, rescaled, serves all demand within every bound and limit of this hour.

    lo_mw, hi_mw, last_mw : (n_gens,), with hi 0 for the discharging side of stores if none may discharge
    demand_mw : (n_buses,), all classes together;  row_lo_mw, row_hi_mw : (n_rows,)
    p_out_mw : (n_gens,), the dispatch that proves it, spill taken off (so possibly below lo > 0)
    island_mw (3 n_buses,), injection_mw (n_buses,), flow_mw (n_rows,) are scratch

    Each supply is clipped into its bounds; what an island then lacks is taken from all its headroom in proportion, what
    it has too much from its footroom down to 0 (spill). True is a proof; False only says that this dispatch is none.
    """
    island, bus_ptdf = topology.island, topology.bus_ptdf
    n_buses, n_gens, n_rows = island.size, gen_bus.size, flow_mw.size
    for k in range(3 * n_buses):
        island_mw[k] = 0.0  # balance, headroom, footroom of each island
    for bus in range(n_buses):
        injection_mw[bus] = -demand_mw[bus]
        island_mw[3 * island[bus]] -= demand_mw[bus]
    for gen in range(n_gens):
        p = min(max(last_mw[gen], min(lo_mw[gen], 0.0)), hi_mw[gen])
        p_out_mw[gen] = p
        k = 3 * island[gen_bus[gen]]
        island_mw[k] += p
        island_mw[k + 1] += hi_mw[gen] - p
        island_mw[k + 2] += p - min(lo_mw[gen], 0.0)
    for k in range(n_buses):
        balance = island_mw[3 * k]
        room = island_mw[3 * k + 1] if balance < 0.0 else island_mw[3 * k + 2]
        if abs(balance) > room + TOLERANCE_MW:
            return False
        island_mw[3 * k + 1] = -balance / room if balance < 0.0 and room > 0.0 else 0.0
        island_mw[3 * k + 2] = balance / room if balance > 0.0 and room > 0.0 else 0.0
    for gen in range(n_gens):
        k = 3 * island[gen_bus[gen]]
        p = p_out_mw[gen]
        p += island_mw[k + 1] * (hi_mw[gen] - p) - island_mw[k + 2] * (p - min(lo_mw[gen], 0.0))
        p_out_mw[gen] = p
        injection_mw[gen_bus[gen]] += p
    flows_into(bus_ptdf, injection_mw, flow_mw)
    broken = 0
    for row in range(n_rows):  # no early exit: the loop vectorises
        broken += (flow_mw[row] > row_hi_mw[row] + TOLERANCE_MW) | (flow_mw[row] < row_lo_mw[row] - TOLERANCE_MW)
    return broken == 0
