"""Complex power that enters a network at its buses, and flows into its branches."""

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
    v: C16,
    p_from_out: F8,
    p_to_out: F8,
    q_from_out: F8,
    q_to_out: F8,
    loading_out: F8,
) -> None:
    """MW and Mvar into every branch at both ends, and its loading, of voltages ``v`` (n_states, n_buses) pu.

    status : (n_states, n_branches) a branch out carries nothing;  yff ... ytt : its two-port admittances
    percent_from, percent_to : per cent of the rating that 1 pu of current is at each end
    outputs (n_states, n_branches)
    """
    for state in range(v.shape[0]):
        for b in range(len(from_bus)):
            s_from, s_to, loading = 0.0j, 0.0j, 0.0
            if status[state, b]:
                v_from, v_to = v[state, from_bus[b]], v[state, to_bus[b]]
                i_from, i_to = yff[b] * v_from + yft[b] * v_to, ytf[b] * v_from + ytt[b] * v_to
                s_from, s_to = v_from * np.conj(i_from) * base_mva, v_to * np.conj(i_to) * base_mva
                loading = max(abs(i_from) * percent_from[b], abs(i_to) * percent_to[b])
            p_from_out[state, b], q_from_out[state, b] = s_from.real, s_from.imag
            p_to_out[state, b], q_to_out[state, b] = s_to.real, s_to.imag
            loading_out[state, b] = loading


@bare
def judge_round(
    v: C16,
    power: C16,
    schedule: C16,
    weight: F8,
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
) -> tuple[float, float, int, int]:
    """Judge a Newton solution: imbalance, largest miss of a bus's share in it, buses over a limit, buses to return.

    All (n_members,) pu.  power : into the network at ``v``;  schedule : complex, without the share ``weight`` of the
    imbalance;  held : voltage held;  regulates : has sources that can hold it, within q_min .. q_max at ``setpoint``
    q_source : of those sources at buses that are not held, as given; at those that are it is written
    excess_out, over_out : reactive power of a held bus beyond its limits, and whether that is more than the tolerance
    beyond_out, back_out : at a limit, more voltage than the setpoint asks for, and whether the bus holds it again
    """
    n = len(v)
    imbalance, unshared, n_over, n_back = 0.0, 0.0, 0, 0
    for k in range(n):
        imbalance += power[k].real - schedule[k].real
    for k in range(n):
        more = power[k] - schedule[k]
        unshared = max(unshared, abs(more.real - weight[k] * imbalance))
        if held[k]:
            q_source[k] = more.imag
        excess_out[k] = max(q_source[k] - q_max[k], q_min[k] - q_source[k])
        over_out[k] = held[k] and excess_out[k] > q_tolerance
        vm = abs(v[k])
        limited = regulates[k] and not held[k]
        beyond_out[k] = vm - setpoint[k] if limited and q_source[k] >= q_max[k] else setpoint[k] - vm
        back_out[k] = limited and beyond_out[k] > vm_tolerance
        n_over += over_out[k]
        n_back += back_out[k]
    return imbalance, unshared, n_over, n_back


@bare
def start_round(
    v: C16,
    schedule: C16,
    held: B1,
    weight: F8,
    everywhere: bool,
    reference: int,
    imbalance: float,
    q_source: F8,
    setpoint: F8,
    v0_out: C16,
    s_out: C16,
    weight_out: F8,
    extra_out: F8,
    limited_out: F8,
) -> int:
    """Start of a Newton solution, all (n_members,) pu; returns its reference, of those that hold their voltage.

    v : voltages before;  schedule : complex;  held : voltage held, at ``setpoint``;  weight : shares of the imbalance
    everywhere : those that are not held share within the solution too; else they give their share of ``imbalance``
    q_source : reactive power of the regulating sources at buses that are not held
    v0_out, s_out : start and injections;  weight_out : shares in the solution, sum 1
    extra_out, limited_out : active power beyond the schedule, and reactive power, of buses at their limit
    """
    if not held[reference]:
        reference, largest = 0, -1.0
        for k in range(len(v)):
            if held[k] and weight[k] > largest:
                reference, largest = k, weight[k]
    total = 0.0
    for k in range(len(v)):
        limited = not held[k]
        weight_out[k] = weight[k] if everywhere or held[k] else 0.0
        total += weight_out[k]
        extra_out[k] = weight[k] * imbalance if limited and not everywhere else 0.0
        limited_out[k] = q_source[k] if limited else 0.0
        s_out[k] = schedule[k] + complex(extra_out[k], limited_out[k])
        v0_out[k] = v[k] if limited else setpoint[k] * v[k] / abs(v[k])
    if total <= 0.0:  # the reference holds the balance of this round; participants take it over in the next
        weight_out[reference] = total = 1.0
    turn = abs(v0_out[reference]) / v0_out[reference]
    for k in range(len(v)):
        weight_out[k] /= total
        v0_out[k] *= turn
    return reference
