"""Exact distributions of available capacity by convolution, and what follows from them hour by hour.

Capacity lies on cells of ``step_mw``: cell i is i * step_mw. Each machine adds, independently of the others, one of its
states: rows of ``cell`` (i8, >= 0) with ``probability``; machine m has the states ``start[m]`` .. ``start[m + 1] - 1``.
Tables end at the first cell that serves every demand asked about; capacity beyond it is dropped, not gathered.

Every table is a sum of products of numbers >= 0, so that its relative rounding error is at most the number of
operations on one path, about (2 machines + cells) units in the last place.
"""

from __future__ import annotations

import numpy as np

from gridsim.kernels.arrays import F8, I8
from gridsim.kernels.jit import jit


@jit
def capacity_mass(start: I8, cell: I8, probability: F8, n_cells: int) -> F8:
    """P(capacity = cell i) for i < n_cells: (n_cells,), Billinton and Allan (1996), section 2.2.4."""
    mass = np.zeros(n_cells)
    other = np.zeros(n_cells)
    if n_cells == 0:
        return mass
    mass[0] = 1.0
    top = 1  # cells of ``mass`` that may hold anything
    for m in range(start.shape[0] - 1):
        largest = 0
        for s in range(start[m], start[m + 1]):
            largest = max(largest, cell[s])
        new_top = min(n_cells, top + largest)
        other[:new_top] = 0.0
        for s in range(start[m], start[m + 1]):
            share, shift = probability[s], cell[s]
            for i in range(min(top, n_cells - shift)):
                other[i + shift] += share * mass[i]
        mass, other = other, mass
        top = new_top
    mass[top:] = 0.0
    return mass


@jit
def lower_tails(mass: F8) -> tuple[F8, F8]:
    """(n + 1,) each: ``below[k]`` = P(capacity < cell k) and ``area[k]`` = below[0] + ... + below[k]."""
    n = mass.shape[0]
    below = np.zeros(n + 1)
    area = np.zeros(n + 1)
    for k in range(n):
        below[k + 1] = below[k] + mass[k]
        area[k + 1] = area[k] + below[k + 1]
    return below, area


@jit
def first_cell_served(demand_mw: float, step_mw: float, tolerance_mw: float) -> int:
    """Number of cells short of a demand by more than the tolerance: the cells 0 .. k - 1."""
    return max(0, int(np.ceil((demand_mw - tolerance_mw) / step_mw)))


@jit
def shortage(
    demand_mw: F8, step_mw: float, tolerance_mw: float, below: F8, area: F8, varying: F8, lolp_out: F8, epns_out: F8
) -> None:
    """LOLP and mean unserved MW of each demand, where ``varying`` more cells may be there on top of the table's.

    demand_mw : (n,);  varying : (n_varying,) f8, P(i more cells) of the machines that differ from hour to hour, [1.0]
        without any;  outputs : (n,)
    With the k cells below the demand L, E[(L - C)+] = step (below[1] + ... + below[k - 1]) + (L - (k - 1) step)
    below[k]: all terms >= 0, so that nothing cancels.
    """
    for h in range(demand_mw.shape[0]):
        k = first_cell_served(demand_mw[h], step_mw, tolerance_mw)
        rest_mw = demand_mw[h] - (k - 1) * step_mw
        lolp, epns = 0.0, 0.0
        for i in range(min(varying.shape[0], k)):
            lolp += varying[i] * below[k - i]
            epns += varying[i] * (step_mw * area[k - i - 1] + rest_mw * below[k - i])
        lolp_out[h] = lolp
        epns_out[h] = epns


@jit
def joint_below(start: I8, cell: I8, pair_start: I8, pair: F8, n_cells: int) -> F8:
    """P(capacity now <= cell i and capacity one hour on <= cell j): (n_cells, n_cells).

    pair_start : (n_machines,) i8, where the machine's n_states x n_states joint probabilities of its states now and one
        hour on begin in ``pair``
    """
    joint = np.zeros((n_cells, n_cells))
    row = np.zeros(n_cells)
    if n_cells == 0:
        return joint
    joint[0, 0] = 1.0
    top = 1
    for m in range(start.shape[0] - 1):
        first = start[m]
        n_states = start[m + 1] - first
        largest = 0
        for s in range(n_states):
            largest = max(largest, cell[first + s])
        new_top = min(n_cells, top + largest)
        # rows from the last one up: each needs itself and rows before it, which still hold the old table
        for i in range(new_top - 1, -1, -1):
            row[:new_top] = 0.0
            for s in range(n_states):
                source = i - cell[first + s]
                if source < 0 or source >= top:
                    continue
                for s_on in range(n_states):
                    share = pair[pair_start[m] + s * n_states + s_on]
                    shift = cell[first + s_on]
                    for j in range(min(top, n_cells - shift)):
                        row[j + shift] += share * joint[source, j]
            joint[i, :new_top] = row[:new_top]
        top = new_top
    for i in range(n_cells):
        for j in range(1, n_cells):
            joint[i, j] += joint[i, j - 1]
        if i > 0:
            for j in range(n_cells):
                joint[i, j] += joint[i - 1, j]
    return joint


@jit
def both_short(joint: F8, demand_mw: F8, step_mw: float, tolerance_mw: float, out: F8) -> None:
    """P(short in hour h - 1 and in hour h): ``out`` (n_hours,); 0 in the first."""
    before = first_cell_served(demand_mw[0], step_mw, tolerance_mw)
    out[0] = 0.0
    for h in range(1, demand_mw.shape[0]):
        here = first_cell_served(demand_mw[h], step_mw, tolerance_mw)
        out[h] = joint[before - 1, here - 1] if before > 0 and here > 0 else 0.0
        before = here


@jit
def entry_frequency(start: I8, cell: I8, probability: F8, pair_start: I8, flow: F8, n_cells: int) -> F8:
    """Mean entries per hour into {capacity < cell k}, k = 0 .. n_cells: Billinton and Allan (1996), section 3.3.

    flow : as ``pair`` of ``joint_below``, mean moves per hour from state to state (equilibrium probability times rate)
    """
    mass = np.zeros(n_cells)
    below = np.zeros(n_cells + 1)
    frequency = np.zeros(n_cells + 1)
    if n_cells == 0:
        return frequency
    mass[0] = 1.0
    below[1:] = 1.0
    new_mass = np.zeros(n_cells)
    new_frequency = np.zeros(n_cells + 1)
    for m in range(start.shape[0] - 1):
        first = start[m]
        n_states = start[m + 1] - first
        new_mass[:] = 0.0
        new_frequency[:] = 0.0
        for s in range(n_states):
            share, shift = probability[first + s], cell[first + s]
            for i in range(n_cells - shift):
                new_mass[i + shift] += share * mass[i]
            for k in range(shift, n_cells + 1):
                new_frequency[k] += share * frequency[k - shift]
            for s_on in range(n_states):
                shift_on = cell[first + s_on]
                if shift_on >= shift:
                    continue
                # the others hold the cells k - shift .. k - shift_on - 1: enough before the move, short after it
                rate = flow[pair_start[m] + s * n_states + s_on]
                for k in range(shift_on + 1, n_cells + 1):
                    new_frequency[k] += rate * (below[k - shift_on] - (below[k - shift] if k > shift else 0.0))
        mass, new_mass = new_mass, mass
        frequency, new_frequency = new_frequency, frequency
        for k in range(n_cells):
            below[k + 1] = below[k] + mass[k]
    return frequency


@jit
def continuous_entries(
    demand_mw: F8, step_mw: float, tolerance_mw: float, below: F8, frequency: F8, entries_out: F8
) -> None:
    """Entries into a shortage in each hour: as the demand steps up when the hour begins, and by machines within it."""
    before = 0
    for h in range(demand_mw.shape[0]):
        here = first_cell_served(demand_mw[h], step_mw, tolerance_mw)
        entries_out[h] = max(0.0, below[here] - below[before]) + frequency[here]
        before = here


@jit
def tie_shortage(
    demand_mw: F8,
    step_mw: F8,
    tolerance_mw: float,
    mass: F8,
    below_other: F8,
    area_other: F8,
    tie_probability: F8,
    tie_mw: F8,
    lolp_out: F8,
    epns_out: F8,
    terms_out: F8,
) -> None:
    """LOLP and mean unserved MW of an area that the surplus of another one reaches over a tie.

    demand_mw : (2, n_hours), its own and the other's;  step_mw : (2,), of ``mass`` and of the other's tables
    tie_probability, tie_mw : (n_tie,), what the tie can bring
    terms_out : sum of the MW that the mean unserved MW is a sum and difference of, for its rounding error
    With d MW short of its own and s = min(d, tie), d - s + E[(demand + s - capacity)+] - E[(demand - capacity)+] of the
    other area stay unserved: it gives min(s, its surplus).
    """
    own_step_mw, other_step_mw = step_mw[0], step_mw[1]
    last = below_other.shape[0] - 1
    for h in range(demand_mw.shape[1]):
        lolp, epns, terms = 0.0, 0.0, 0.0
        n_short = min(mass.shape[0], first_cell_served(demand_mw[0, h], own_step_mw, tolerance_mw))
        for i in range(n_short):
            if mass[i] == 0.0:
                continue
            deficit_mw = demand_mw[0, h] - i * own_step_mw
            for t in range(tie_probability.shape[0]):
                share = mass[i] * tie_probability[t]
                reach_mw = min(deficit_mw, tie_mw[t])
                longer, shorter = 0.0, 0.0
                k = min(last, first_cell_served(demand_mw[1, h] + reach_mw, other_step_mw, 0.0))
                if k > 0:
                    rest_mw = demand_mw[1, h] + reach_mw - (k - 1) * other_step_mw
                    longer = other_step_mw * area_other[k - 1] + rest_mw * below_other[k]
                k = min(last, first_cell_served(demand_mw[1, h], other_step_mw, 0.0))
                if k > 0:
                    rest_mw = demand_mw[1, h] - (k - 1) * other_step_mw
                    shorter = other_step_mw * area_other[k - 1] + rest_mw * below_other[k]
                epns += share * (deficit_mw - reach_mw + longer - shorter)
                terms += share * (deficit_mw + longer + shorter)
                if deficit_mw - reach_mw > tolerance_mw:
                    lolp += share
                else:
                    k = first_cell_served(demand_mw[1, h] + deficit_mw, other_step_mw, tolerance_mw)
                    lolp += share * below_other[min(last, k)]
        lolp_out[h] = lolp
        epns_out[h] = epns
        terms_out[h] = terms
