"""Reference kernel of ``kernels.flows``: islands by walking, PTDF from the nodal equations of one island at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.arrays import F8, I4


def islands_reference(n_buses: int, branch_from: I4, branch_to: I4, in_service: NDArray[np.bool_]) -> I4:
    """Give the island of each bus, numbered in the order of the lowest bus of each island."""
    neighbours: list[list[int]] = [[] for _ in range(n_buses)]
    for a, b, closed in zip(branch_from, branch_to, in_service, strict=True):
        if closed:
            neighbours[a].append(b)
            neighbours[b].append(a)
    island = np.full(n_buses, -1, dtype=np.int32)
    for first in range(n_buses):
        if island[first] < 0:
            number = island.max() + 1
            waiting = [first]
            while waiting:
                bus = waiting.pop()
                if island[bus] < 0:
                    island[bus] = number
                    waiting.extend(neighbours[bus])
    return island


def flow_reference(
    n_buses: int, branch_from: I4, branch_to: I4, branch_x_pu: F8, in_service: NDArray[np.bool_], injection_mw: F8
) -> F8:
    """Give branch flows (n_branches,) MW for balanced injections, by solving the bus angles of the network as it is."""
    susceptance = np.where(in_service, 1.0 / branch_x_pu, 0.0)
    incidence = np.zeros((branch_from.size, n_buses))
    np.add.at(incidence, (np.arange(branch_from.size), branch_from), 1.0)
    np.add.at(incidence, (np.arange(branch_from.size), branch_to), -1.0)
    angle = np.linalg.lstsq(incidence.T @ (susceptance[:, None] * incidence), injection_mw, rcond=None)[0]
    return susceptance * (incidence @ angle)
