"""State after losses, found without PTDF or LODF: islands by search, angles from the susceptance matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from gridsim.model.system import GridSystem
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import sources
from gridsim.solvers.screen_outages import Outage, lost_by
from gridsim.solvers.screen_states import point_without, system_without

F8 = NDArray[np.float64]


def components(n: int, ends: list[tuple[int, int]]) -> NDArray[np.int32]:
    """Islands numbered by their lowest bus."""
    matrix = sparse.coo_matrix((np.ones(len(ends)), tuple(np.array(ends).reshape(-1, 2).T)), shape=(n, n))
    return connected_components(matrix, directed=False)[1].astype(np.int32)


def flows_after(system: GridSystem, point: OperatingPoint, loss_scale: F8, outage: Outage) -> tuple[F8, float]:
    """Flows (n_branches,) MW right after an outage, the participants having acted, and MW of load without a source."""
    lost = lost_by(system, outage)
    system, point = system_without(system, lost), point_without(point, lost)
    n = len(system.buses)
    on = system.branch_in_service.copy()
    on[point.branch_out] = False
    island = components(n, [(int(system.branch_from[b]), int(system.branch_to[b])) for b in np.flatnonzero(on)])
    have = sources(system, point, island)
    flow, dark_mw = np.zeros(system.n_branches), 0.0
    shift_rad = np.concatenate([np.zeros(len(system.lines)), np.radians(system.transformers.shift_degree)])
    turn = shift_rad / system.branch_x_pu
    for number in range(island.max() + 1):
        buses = np.flatnonzero(island == number)
        load = np.isin(system.loads.bus, buses)
        if not have.live[number]:
            dark_mw += float(point.p_load_mw[load].sum())
            continue
        injection, weight = np.zeros(n), np.zeros(n)
        np.add.at(injection, system.generators.bus, np.where(have.gen_on, point.p_gen_mw, 0.0))
        np.add.at(injection, system.borders.bus, np.where(system.borders.in_service, point.p_border_mw, 0.0))
        np.add.at(injection, system.storages.bus, point.p_storage_mw)
        np.subtract.at(injection, system.loads.bus, point.p_load_mw * loss_scale)
        on_shunts = system.shunts.in_service
        np.subtract.at(injection, system.shunts.bus[on_shunts], system.shunts.p_mw[on_shunts])
        np.add.at(weight, system.generators.bus, have.gen_weight)
        np.add.at(weight, system.borders.bus, have.border_weight)
        inside = injection[buses] - weight[buses] * injection[buses].sum()
        branches = np.flatnonzero(on & np.isin(system.branch_from, buses))
        place = np.zeros(n, dtype=int)
        place[buses] = np.arange(len(buses))
        i, j, y = (
            place[system.branch_from[branches]],
            place[system.branch_to[branches]],
            1.0 / system.branch_x_pu[branches],
        )
        np.add.at(inside, i, turn[branches])
        np.subtract.at(inside, j, turn[branches])
        angle = np.zeros(len(buses))
        if len(buses) > 1:  # sparse: threads of a dense solver cost more than a matrix of this size
            at = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
            matrix = sparse.csc_matrix((np.concatenate([y, y, -y, -y]), at), shape=(len(buses), len(buses)))
            angle[1:] = splu(matrix[1:, 1:]).solve(inside[1:])
        flow[branches] = (angle[i] - angle[j]) * y - turn[branches]
    return flow, dark_mw
