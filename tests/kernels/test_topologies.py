"""Rows that can bind: by hand between two buses, and on Kazakhstan against the largest flow of any injections."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.kernels.flows import make_topology
from gridsim.kernels.topologies import BOUND_MARGIN_MW, make_slot, new_slots
from gridsim.reliability import system_from_frames, system_from_grid
from gridsim.reliability.nodal import NodalYears


def two_circuits(limit_mw: float):
    """100 MW at bus 1 and at most 50 MW of load at bus 2, between them two equal circuits."""
    units = pd.DataFrame({"name": ["g"], "bus": ["1"], "p_max_mw": [100.0], "mttf_h": [900.0], "mttr_h": [100.0]})
    branches = pd.DataFrame(
        {
            "name": ["a", "b"],
            "from_bus": ["1", "1"],
            "to_bus": ["2", "2"],
            "x_pu": [0.1, 0.1],
            "limit_mw": [limit_mw, limit_mw],
            "mttf_h": [900.0, 900.0],
            "mttr_h": [10.0, 10.0],
        }
    )
    load = pd.DataFrame({"1": [0.0, 0.0], "2": [30.0, 50.0]})
    return NodalYears(system_from_frames(units, load, branches=branches), 1, True).case


def kept_rows(case, out=()):
    slots = new_slots(case, 2)
    slot = make_slot(case, slots, np.array(out, dtype=np.int32))
    kept = slots.kept[slot, : slots.n_kept[slot]]
    return slots, slot, kept[kept >= 0].tolist()


def test_a_row_is_left_out_if_no_hour_can_load_it_to_its_limit() -> None:
    """Each of two circuits carries at most 25 MW, one alone 50 MW; parallel circuits share one row."""
    for limit_mw, intact, alone in ((60.0, [], []), (40.0, [], [1]), (20.0, [0], [1])):
        case = two_circuits(limit_mw)
        assert kept_rows(case)[2] == intact
        assert kept_rows(case, [0])[2] == alone
    slots, slot, _ = kept_rows(case)
    assert slots.place[slot, :2].tolist() == [0, 0]
    slots, slot, _ = kept_rows(case, [0])
    assert slots.place[slot, :2].tolist() == [-1, 0]


def test_what_is_left_out_keeps_its_limit_whatever_is_injected() -> None:
    """The largest flow of any balanced injections: all buses withdraw, those with the largest effect are filled up."""
    case = NodalYears(system_from_grid(read_network(network_folder("kazakhstan"))), 1, True).case
    n_branches, n_buses = len(case.branch_mw), case.dispatch.n_buses
    rng = np.random.default_rng(1)
    n_kept, n_islands = [], 0
    for n_out in [0, *range(1, 7)] * 6:
        out = np.sort(rng.choice(n_branches, n_out, replace=False)).astype(np.int32)
        topology = make_topology(case.dispatch, out)
        slots, slot, kept = kept_rows(case, out)
        assert (slots.island[slot] == topology.island).all()
        rows = slots.row_ptdf[slot, : len(kept) * n_buses].reshape(len(kept), n_buses)
        assert (rows == topology.row_ptdf[kept]).all()
        assert kept[len(kept) - (len(topology.row_ptdf) - n_branches) :] == list(
            range(n_branches, len(topology.row_ptdf))
        )
        in_service = case.dispatch.branch_in_service.copy()
        in_service[out] = False
        for branch in np.flatnonzero(in_service & (slots.place[slot, :n_branches] < 0)):
            home = topology.island == topology.island[case.dispatch.branch_from[branch]]
            most_in, most_out = case.most_in_mw[home], case.most_out_mw[home]
            for effect in (topology.row_ptdf[branch, home], -topology.row_ptdf[branch, home]):
                falling = np.argsort(-effect)
                room = (most_in + most_out)[falling]
                filled = np.minimum(room, np.maximum(most_out.sum() - (np.cumsum(room) - room), 0.0))
                flow_mw = (effect[falling] * filled).sum() - (effect * most_out).sum()
                assert flow_mw <= case.least_branch_mw[branch] - 0.5 * BOUND_MARGIN_MW
        n_kept.append(len(kept))
        n_islands = max(n_islands, topology.island.max() + 1)
    assert max(n_kept) < 0.35 * len(topology.row_ptdf)
    assert n_islands > 1
