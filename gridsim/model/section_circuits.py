"""Circuits of each section of a system that count as out, for its limits."""

from __future__ import annotations

import numpy as np

from gridsim.kernels.section_circuits import carried_by_strongest, strong_circuits
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, I4


def circuits_out(system: GridSystem, lost: B1, among: B1) -> I4:
    """(n_interfaces,) circuits that count as out where branches are ``lost``: strong ones of those ``among``.

    lost, among : (n_branches,); what is lost is among them
    """
    member, found = system.interface_members, np.zeros(len(system.interfaces), dtype=np.int32)
    for interface in np.unique(member.interface[lost[member.branch]]).tolist():
        branch = member.branch[member.interface == interface]
        branch = branch[among[branch]]
        weight = 1.0 / np.abs(system.branch_x_pu[branch])
        found[interface] = strong_circuits(carried_by_strongest(weight), float(weight[lost[branch]].sum()))
    return found
