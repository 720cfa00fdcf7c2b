"""The arrays the dispatch problem is stated in: one definition for simulator, sampler, kernel and oracle.

Columns are supplies (machines, border contracts, the two sides of a store), rows are branches first (lines, then
transformers, in the system's order) and interfaces after them. Everything is positions; names live in ``model``.

Problem (docs/simulator.md), per island one balance row::

    minimise  sum cost*p + spill_cost*w + sum penalty*s
    s.t.      sum(p - w + s) = sum(demand)
              row_lo <= PTDF (p - w + s - demand) + turned <= row_hi
              lo <= p <= hi,  0 <= w <= max(lo, 0),  0 <= s <= demand

The packer promises hi >= 0, lo <= hi, row_lo <= 0 <= row_hi and all load in some class, so that zero injection is
always feasible and the problem is bounded. A column with blocks of cost stands for several, one a block
(``solvers.cost_blocks``). ``turned`` is the flow that the angles of phase shifters drive; a limit
that it passes by itself is widened to it (``flows.widened_limits``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
I8 = NDArray[np.int64]


@by_reference
class DispatchCase(NamedTuple):
    """The part that all states of one system share.

    gen_bus : (n_gens,) i4, bus of each supply column
    branch_from, branch_to : (n_branches,) i4
    branch_x_pu : (n_branches,) f8 > 0, series reactance on 1 MVA or any one common base
    branch_in_service : (n_branches,) bool, the intact network
    interface_start : (n_interfaces + 1,) i4, into the two below (CSR)
    interface_branch : i4 branch position;  interface_sign : f8 +1 or -1
    row_ptdf : (n_branches + n_interfaces, n_buses) f8, intact network, referred to each island's lowest bus
    island : (n_buses,) i4, of the intact network, numbered by lowest bus
    branch_turn_mw : (n_branches,) f8, shift over x: a branch carries (angle difference) / x less this
    bus_loss_mw : (n_buses,) f8, withdrawn whatever is dispatched, such as losses of shunts; below 0 given
    block_gen, block_mw, block_rise : (n_blocks,) supply column of each block of its cost, ascending, its width, and how
        much dearer it is than the column, never falling within one; a column without blocks has one price
    """

    n_buses: int
    gen_bus: I4
    branch_from: I4
    branch_to: I4
    branch_x_pu: F8
    branch_in_service: NDArray[np.bool_]
    interface_start: I4
    interface_branch: I4
    interface_sign: F8
    row_ptdf: F8
    island: I4
    branch_turn_mw: F8
    bus_loss_mw: F8
    block_gen: I4
    block_mw: F8
    block_rise: F8


def block_begin_mw(block_gen: I4, block_mw: F8) -> F8:
    """(n_blocks,) output at which each block begins; those of a column stand together."""
    begin = np.zeros(len(block_gen))
    for k in range(1, len(block_gen)):
        if block_gen[k] == block_gen[k - 1]:
            begin[k] = begin[k - 1] + block_mw[k - 1]
    return begin


class Topology(NamedTuple):
    """One set of branch outages; made by ``kernels.flows.make_topology`` alone.

    out_branch : (n_out,) i4, sorted ascending
    island : (n_buses,) i4, numbered by lowest bus
    row_ptdf : (n_rows, n_buses) f8, 0 between islands;  bus_ptdf : its transpose (n_buses, n_rows), contiguous too
    """

    out_branch: I4
    island: I4
    row_ptdf: F8
    bus_ptdf: F8


class DispatchState(NamedTuple):
    """One question: what is available, asked for and allowed.

    lo_mw, hi_mw, cost, spill_cost : (n_gens,) f8, MW and money per MWh
    demand_mw, penalty : (n_buses, n_classes) f8, MW and money per MWh
    row_lo_mw, row_hi_mw : (n_rows,) f8, MW, row_lo <= 0 <= row_hi; infinite where unlimited; of the flow
        with its turned part
    """

    topology: Topology
    lo_mw: F8
    hi_mw: F8
    cost: F8
    spill_cost: F8
    demand_mw: F8
    penalty: F8
    row_lo_mw: F8
    row_hi_mw: F8


class DispatchSolution(NamedTuple):
    """The answer, at unperturbed costs.

    p_mw, spill_mw : (n_gens,);  shed_mw : (n_buses, n_classes);  flow_mw : (n_rows,)
    row_price : (n_rows,) >= 0 at the upper limit, <= 0 at the lower;  price : (n_buses,) money per MWh
    cost : money per hour;  status : 0 optimal, else the solver's code;  pivots : simplex iterations
    bus_loss_mw : (n_buses,) what was withdrawn of the case's constant losses: all but in a part without supply
    basis : (n_basic,) i4 opaque positions for a warm start (empty from HiGHS)
    """

    p_mw: F8
    spill_mw: F8
    shed_mw: F8
    flow_mw: F8
    row_price: F8
    price: F8
    cost: float
    status: int
    pivots: int
    basis: I4
    bus_loss_mw: F8
