"""Ranking of pairs of losses for the first minutes, from what each does alone: cheap, to sort and never to decide.

Three questions, each a share of what would make automation act. Flows: the section's flow before and its widest change
by either, over its nearest trigger or, with the lines of both out, its static limit. Frequency where all hold together:
both dips. Frequency of islands that both leave behind: what they lack against the governors and loads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridsim.kernels.flows import islands
from gridsim.model.system import GridSystem
from gridsim.model.table import B1, F8, I4, sum_at
from gridsim.solvers.automation_rules import EVENT, INTERFACE, Loss, Rule
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from gridsim.solvers.participation import branch_status
from gridsim.solvers.separation import pull_out_mw, static_limits_mw, ties_between

SHEDS_MW = 0.5  # load by automation from which a loss counts as shedding
_FIRST_STAGE_HZ = 0.8  # below nominal, about where load shedding begins
_NADIR = 1.5  # lowest over settled frequency
_SPARE = 1e-6
FOLLOWS = 1.1  # pull-out over static limit of a section that stands beside a stronger one


class Reach(NamedTuple):
    """The reach of a loss alone.

    dip_hz : below nominal ; flow_mw : (n_interfaces,) change of flow at its widest ; lost_mw : (n_areas,) of machines
    out : branches lost and opened, sorted ; shed_mw : of areas inside ; acts : automation sheds or opens something
    """

    dip_hz: float
    flow_mw: F8
    lost_mw: F8
    out: I4
    shed_mw: float
    acts: bool


def reach_of(minutes: FirstMinutes, losses: Sequence[Loss], result: FirstMinutesResult, inside: B1) -> Reach:
    """The reach of ``losses`` from their course."""
    system, areas = minutes.system, minutes.areas
    moved = result.flow_mw - result.flow_mw[0]
    widest = moved[np.abs(moved).argmax(axis=0), np.arange(moved.shape[1])]
    lives = inside & result.alive
    dip_hz = system.f_hz - float(result.lowest_hz[lives].min()) if lives.any() else np.inf
    lost_mw = np.zeros(len(areas.names))
    for loss in losses:
        for name in loss.machines:
            gen = system.generators.position(name)
            lost_mw[areas.bus[system.generators.bus[gen]]] += float(minutes.point.p_gen_mw[gen]) * loss.share
        if loss.border:
            lost_mw[areas.of_border[system.borders.position(loss.border)]] += loss.mw
    shed_mw = float(result.shed_mw[inside].sum())
    acts = shed_mw > SHEDS_MW or set(result.opened_by) > {EVENT}
    return Reach(dip_hz, widest, lost_mw, np.unique(result.opened), shed_mw, acts)


def pair_scores(
    minutes: FirstMinutes, rules: tuple[Rule, ...], reaches: Sequence[Reach], pairs: tuple[I4, I4], inside: B1
) -> F8:
    """(n_pairs,) how near both together come to automation, about 1 where it acts; ``pairs``: of ``reaches``."""
    one, other = pairs
    sheds = np.array([reach.shed_mw > SHEDS_MW for reach in reaches], dtype=bool)
    dip_hz = np.array([reach.dip_hz for reach in reaches])
    # What a loss that sheds alone comes to is told by itself: a pair with it counts for what the other adds.
    added = np.where(sheds, 0.0, dip_hz)
    both_hz = np.where(sheds[one] & sheds[other], np.minimum(dip_hz[one], dip_hz[other]), 0.0)
    together = added[one] + added[other] + both_hz
    none_mw, none_out = np.zeros(len(minutes.system.interfaces)), np.zeros(0, dtype=np.int32)
    nothing = Reach(0.0, none_mw, np.zeros(len(inside)), none_out, 0.0, False)
    every = np.arange(len(reaches), dtype=np.int32)
    own = _islands(minutes, [*reaches, nothing], (every, np.full(len(reaches), len(reaches), dtype=np.int32)), inside)
    own_hz = np.where(sheds, own, 0.0)
    parted = _islands(minutes, reaches, pairs, inside) - np.maximum(own_hz[one], own_hz[other])
    flows = _over_flows(minutes, rules, reaches, pairs)
    return np.maximum(np.maximum(together, parted) / _FIRST_STAGE_HZ, flows)


def triggers_mw(system: GridSystem, rules: tuple[Rule, ...]) -> tuple[F8, F8]:
    """(n_interfaces,) flow at which the nearest rule acts, forward and (negative) reverse; infinite: no rule."""
    interfaces = system.interfaces
    forward, reverse = np.full(len(interfaces), np.inf), np.full(len(interfaces), -np.inf)
    for rule in rules:
        if rule.quantity != INTERFACE:
            continue
        for name in rule.targets:
            row = interfaces.position(name)
            if rule.setting > 0:
                forward[row] = min(forward[row], rule.setting)
            else:
                reverse[row] = max(reverse[row], rule.setting)
    return forward, reverse


def _over_flows(minutes: FirstMinutes, rules: tuple[Rule, ...], reaches: Sequence[Reach], pairs: tuple[I4, I4]) -> F8:
    """(n_pairs,) largest flow over what a section stands, both changes added."""
    system, (one, other) = minutes.system, pairs
    acts = np.array([reach.acts for reach in reaches], dtype=bool)  # its flows are those after openings: left out
    before_mw = minutes.dispatch_flows_mw()
    moved = np.where(acts[:, None], 0.0, [reach.flow_mw for reach in reaches])
    forward, reverse = triggers_mw(system, rules)
    members = np.unique(system.interface_members.branch)
    whole = branch_status(system, minutes.point.branch_out)
    touching = [np.intersect1d(() if reach.acts else reach.out, members).astype(np.int32) for reach in reaches]
    limit_mw = np.tile(_pull_outs_mw(minutes, whole), (len(reaches), 1))
    shaped = np.isfinite(limit_mw[0])
    for number, lines in enumerate(touching):
        if len(lines):
            works = whole.copy()
            works[lines] = False
            limit_mw[number] = np.where(shaped, static_limits_mw(system, works, minutes.margin), np.inf)
    most_mw = np.minimum(limit_mw[one], limit_mw[other])
    opens = np.array([len(lines) > 0 for lines in touching], dtype=bool)
    for pair in np.flatnonzero(opens[one] & opens[other]).tolist():
        works = whole.copy()
        works[np.union1d(touching[one[pair]], touching[other[pair]])] = False
        most_mw[pair] = np.where(shaped, static_limits_mw(system, works, minutes.margin), np.inf)
    flow_mw = before_mw + moved[one] + moved[other]
    over = np.where(flow_mw > 0, flow_mw / np.minimum(most_mw, forward), flow_mw / np.maximum(-most_mw, reverse))
    return np.asarray(np.where(np.isfinite(over), over, 0.0).max(axis=1, initial=0.0))


def _pull_outs_mw(minutes: FirstMinutes, works: B1) -> F8:
    """(n_interfaces,) static limits of sections that pull out at theirs; infinite for those that follow another one."""
    r, limit_mw = minutes.reduction, static_limits_mw(minutes.system, works, minutes.margin)
    for row in np.flatnonzero(np.isfinite(limit_mw)).tolist():
        if pull_out_mw(r.coupling_mw, r.stretch, r.flow_pair[row], r.apart[row]) > FOLLOWS * limit_mw[row]:
            limit_mw[row] = np.inf
    return limit_mw


def _islands(minutes: FirstMinutes, reaches: Sequence[Reach], pairs: tuple[I4, I4], inside: B1) -> F8:
    """(n_pairs,) Hz below nominal of the worst island inside, settled and then a half more; 0 where none is parted."""
    system, machines, n, (one, other) = minutes.system, minutes.machines, len(minutes.areas.names), pairs
    branches, start, end = ties_between(system, minutes.areas, minutes.point.branch_out)
    edges, edge = np.unique(np.sort(np.stack([start, end], axis=1), axis=1), axis=0, return_inverse=True)
    count = np.bincount(edge.ravel(), minlength=len(edges))
    gone = np.array(
        [np.bincount(edge.ravel()[np.isin(branches, reach.out)], minlength=len(edges)) for reach in reaches]
    )
    closed, which = np.unique(count - gone[one] - gone[other] > 0, axis=0, return_inverse=True)
    net_mw = minutes.net_mw()
    gain, headroom = (sum_at(machines.group_area, column, n) for column in (machines.group_gain, machines.group_up_mw))
    damping = np.maximum(minutes.load_mw * minutes.load_damping / system.f_hz, _SPARE)
    lost_mw = np.array([reach.lost_mw for reach in reaches])
    found, all_island = np.zeros(len(one)), islands(n, edges[:, 0], edges[:, 1], np.ones(len(edges), dtype=bool))
    for number, edges_closed in enumerate(closed):
        island = islands(n, edges[:, 0], edges[:, 1], edges_closed)
        if (island == all_island).all():
            continue
        here = np.flatnonzero(which.ravel() == number)
        lacks = np.zeros((int(island.max()) + 1, n))
        lacks[island, np.arange(n)] = 1.0
        missing = (lost_mw[one[here]] + lost_mw[other[here]] - net_mw) @ lacks.T
        k, most, d = lacks @ gain, lacks @ headroom, lacks @ damping
        fallen = np.maximum(missing / (k + d), (missing - most) / d)
        counts = np.array([inside[island == place].any() for place in range(len(lacks))])
        found[here] = _NADIR * np.where(counts, fallen, 0.0).max(axis=1, initial=0.0)
    return found
