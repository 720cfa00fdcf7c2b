"""The record of one AC power flow, whichever solver found it."""

from __future__ import annotations

from typing import NamedTuple

from gridsim.model.table import B1, F8, I4


class AcSolution(NamedTuple):
    """Power flow of one operating point, arrays in the system's order.

    converged : every island with a source was solved;  rung : the worst over islands (``Rung``), none if all are dead
    reason : why not, or which reactive limits were relaxed; islands separated by '; ', empty if nothing is to say
    vm_pu, va_degree : (n_buses,), NaN at dead and unsolved buses; on the rung ``dc_only`` DC angles
    p_from_mw .. q_to_mvar : (n_branches,) into the branch; 0 where de-energised; on ``dc_only`` DC flows and NaN Mvar
    loading_percent : (n_branches,) of the normal rating by current, of active power on ``dc_only``; 0 if unlimited
    losses_mw : of lines and transformers, NaN if not converged
    p_gen_mw, q_gen_mvar : (n_gens,) after sharing the imbalance;  p_border_mw, q_border_mvar : (n_borders,)
    imbalance_mw : taken by the participants over all islands, NaN if not converged
    iterations, solves : Newton steps and Newton solutions of all islands and starts
    island : (n_buses,) i4, numbered by lowest bus;  live : (n_islands,) bool, islands with a source
    """

    converged: bool
    rung: str
    reason: str
    iterations: int
    vm_pu: F8
    va_degree: F8
    p_from_mw: F8
    p_to_mw: F8
    q_from_mvar: F8
    q_to_mvar: F8
    loading_percent: F8
    losses_mw: float
    p_gen_mw: F8
    q_gen_mvar: F8
    p_border_mw: F8
    q_border_mvar: F8
    imbalance_mw: float
    island: I4
    live: B1
    solves: int = 0
