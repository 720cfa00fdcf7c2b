"""Complex power that enters a network at its buses, what its branches carry, and the rounds of its reactive limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.jit import bare, jit

C16 = np.ndarray[Any, np.dtype[np.complex128]]
I4 = NDArray[np.int32]
F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]


@jit
def power_into(indptr: I4, indices: I4, data: C16, v: C16) -> C16:
    """(n,) S = V conj(Y V), pu, of voltages ``v`` (n,) at an admittance matrix Y in columns (CSC)."""
    current = np.zeros(len(v), dtype=np.complex128)
    for column in range(len(v)):
        for k in range(indptr[column], indptr[column + 1]):
            current[indices[k]] += data[k] * v[column]
    for bus in range(len(v)):
        current[bus] = v[bus] * np.conj(current[bus])
    return current


@bare
def branch_flows(
    v: C16,
    from_bus: I4,
    to_bus: I4,
    status: B1,
    yff: C16,
    yft: C16,
    ytf: C16,
    ytt: C16,
    percent_from: F8,
    percent_to: F8,
    base_mva: float,
    flows_out: F8,
) -> None:
    """Write power into branches and their loading, from voltages ``v`` (n_states, n_buses) pu.

    status : (n_states, n_branches) bool, branches that are out give 0
    yff .. ytt : (n_branches,) complex, two-port admittances pu
    percent_from, percent_to : (n_branches,) loading by 1 pu of current at either end; the larger one counts
    flows_out : (5, n_states, n_branches), MW from and to, Mvar from and to, per cent
    """
    for state in range(len(v)):
        for branch in range(len(from_bus)):
            if not status[state, branch]:
                for k in range(5):
                    flows_out[k, state, branch] = 0.0
                continue
            at_from, at_to = v[state, from_bus[branch]], v[state, to_bus[branch]]
            current_from = yff[branch] * at_from + yft[branch] * at_to
            current_to = ytf[branch] * at_from + ytt[branch] * at_to
            power_from, power_to = at_from * np.conj(current_from), at_to * np.conj(current_to)
            flows_out[0, state, branch] = base_mva * power_from.real
            flows_out[1, state, branch] = base_mva * power_to.real
            flows_out[2, state, branch] = base_mva * power_from.imag
            flows_out[3, state, branch] = base_mva * power_to.imag
            square_from = current_from.real**2 + current_from.imag**2
            square_to = current_to.real**2 + current_to.imag**2
            flows_out[4, state, branch] = max(
                percent_from[branch] * np.sqrt(square_from), percent_to[branch] * np.sqrt(square_to)
            )


@bare
def judge_round(
    vm: F8,
    power: C16,
    schedule: C16,
    weight: F8,
    imbalance: float,
    held: B1,
    regulates: B1,
    q_min: F8,
    q_max: F8,
    setpoint: F8,
    q_tolerance: float,
    vm_tolerance: float,
    q_source: F8,
    excess_out: F8,
    over_out: B1,
    beyond_out: F8,
    back_out: B1,
) -> tuple[float, int, int]:
    """Judge a Newton solution: largest miss of a bus's share in the imbalance, buses over a limit, buses to return.

    All (n_members,) pu.  vm : voltages;  power : into the network at them;  schedule : complex, without the share
    ``weight`` of the ``imbalance``;  held : voltage held;  regulates : has sources that may hold it at ``setpoint``,
    within q_min .. q_max
    q_source : of those sources at buses that are not held, as given; at those that are it is written
    excess_out, over_out : reactive power of a held bus beyond its limits, and whether that is more than the tolerance
    beyond_out, back_out : at a limit, more voltage than the setpoint asks for, and whether the bus holds it again
    """
    n = len(vm)
    unshared, n_over, n_back = 0.0, 0, 0
    for k in range(n):
        more = power[k] - schedule[k]
        unshared = max(unshared, abs(more.real - weight[k] * imbalance))
        if held[k]:
            q_source[k] = more.imag
        excess_out[k] = max(q_source[k] - q_max[k], q_min[k] - q_source[k])
        over_out[k] = held[k] and excess_out[k] > q_tolerance
        limited = regulates[k] and not held[k]
        beyond_out[k] = vm[k] - setpoint[k] if limited and q_source[k] >= q_max[k] else setpoint[k] - vm[k]
        back_out[k] = limited and beyond_out[k] > vm_tolerance
        n_over += over_out[k]
        n_back += back_out[k]
    return unshared, n_over, n_back


@bare
def start_round(
    schedule: C16,
    held: B1,
    weight: F8,
    everywhere: bool,
    reference: int,
    imbalance: float,
    total_weight: float,
    q_source: F8,
    s_out: C16,
    weight_out: F8,
    extra_out: F8,
    limited_out: F8,
) -> int:
    """Injections of a Newton solution, all (n_members,) pu; returns its reference, of those that hold their voltage.

    schedule : complex;  held : voltage held;  weight : shares of the imbalance
    everywhere : those that are not held share within the solution too; else they give their share of ``imbalance``
    total_weight : of those that share within it
    q_source : reactive power of the regulating sources at buses that are not held
    s_out : injections;  weight_out : shares in the solution, sum 1
    extra_out, limited_out : active power beyond the schedule, and reactive power, of buses at their limit
    """
    if not held[reference]:
        reference, largest = 0, -1.0
        for k in range(len(weight)):
            if held[k] and weight[k] > largest:
                reference, largest = k, weight[k]
    for k in range(len(weight)):
        limited = not held[k]
        weight_out[k] = weight[k] / total_weight if (everywhere or held[k]) and total_weight > 0.0 else 0.0
        extra_out[k] = weight[k] * imbalance if limited and not everywhere else 0.0
        limited_out[k] = q_source[k] if limited else 0.0
        s_out[k] = schedule[k] + complex(extra_out[k], limited_out[k])
    if total_weight <= 0.0:  # the reference holds the balance of this round; participants take it over in the next
        weight_out[reference] = 1.0
    return reference
