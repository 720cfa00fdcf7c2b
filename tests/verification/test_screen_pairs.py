"""Pairs of outages against full redispatch and power flows without PTDF or LODF; N-2 against full enumeration."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from gridsim.model.pack import operator_ladder, pack
from gridsim.model.system import GridSystem
from gridsim.solvers.dispatch import DispatchOptions
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.screen_double import screen_doubles
from gridsim.solvers.screen_outages import Outage, lost_by, usual_outages
from gridsim.solvers.screen_pairs import PairScreening
from gridsim.solvers.screen_redispatch import QuickRedispatch
from gridsim.solvers.screen_states import States
from tests.support.ac_cases import case, kazakhstan
from tests.support.fraction import FRACTION
from tests.support.pair_reference import flows_after

N_PAIRS = max(int(300 * FRACTION), 12)


def without_branches(system: GridSystem, outage: Outage) -> GridSystem:
    """The system with the branches of an outage out of service, so that its PTDF is made anew."""
    n_lines = len(system.lines)
    tables = {"lines": system.lines, "transformers": system.transformers}
    for branch in lost_by(system, outage).branches.tolist():
        name, position = ("lines", branch) if branch < n_lines else ("transformers", branch - n_lines)
        in_service = tables[name].in_service.copy()
        in_service[position] = False
        tables[name] = dataclasses.replace(tables[name], in_service=in_service)
    return system.replace(**tables)


def rated_at(system: GridSystem, mw: NDArray[np.float64]) -> GridSystem:
    """The system with normal and emergency ratings in MW."""
    n_lines = len(system.lines)
    amps = mw[:n_lines] / (np.sqrt(3.0) * system.buses.vn_kv[system.lines.from_bus])
    lines = dataclasses.replace(system.lines, max_i_ka=amps, max_i_emergency_ka=amps)
    percent = 100.0 * mw[n_lines:] / (system.transformers.sn_mva * system.transformers.parallel)
    trafos = dataclasses.replace(
        system.transformers, max_loading_percent=percent, max_loading_emergency_percent=percent
    )
    return system.replace(lines=lines, transformers=trafos)


def loss_scale(system: GridSystem, point: OperatingPoint) -> NDArray[np.float64]:
    """(n_loads,) demand with the losses that the point carries, spread over all load."""
    return np.full(len(system.loads), point.p_gen_mw.sum() / point.p_load_mw.sum())


def test_pairs_of_kazakhstan_are_those_of_full_redispatch_and_power_flow():
    """Random ordered pairs, a third of them with a second outage that splits the network or darkens a part."""
    system, point = kazakhstan()
    work = PairScreening(system, point, usual_outages(system, point), month=1, minutes=15.0, least_effect=0.05)
    work.prepare()
    random = np.random.default_rng(20260117)
    outages = work.equal.outages
    splitting = [place for place, one in enumerate(outages) if States(system, point, [one]).splits[1]]
    n_split = 0
    for k in range(N_PAIRS):
        row = int(random.integers(1, len(outages) + 1))
        left, after, network = work.after_first(row)
        seconds, places = work.equal.seconds(outages[row - 1], after.point.p_gen_mw)
        wanted = [j for j, place in enumerate(places) if place in splitting] if k % 3 == 0 else range(len(seconds))
        place = int(random.choice(list(wanted)))
        second = seconds[place]
        n_split += places[place] in splitting
        # the redispatch with a network of its own and another solver
        state = work.states.point_of(row)
        alone = without_branches(left, outages[row - 1])
        quick = QuickRedispatch(
            pack(alone, operator_ladder(0.05)), point, work.loss_scale, month=1, minutes=15.0,
            options=DispatchOptions(method="highs"),
        )  # fmt: skip
        inside = state._replace(branch_out=np.setdiff1d(state.branch_out, lost_by(system, outages[row - 1]).branches))
        full = quick.solve(quick.bounds(alone, inside), *work.limits(state.branch_out, emergency=False))
        served_mw = after.point.p_load_mw.sum()
        assert full.point.p_load_mw.sum() == pytest.approx(served_mw, abs=1e-6)
        # the power flow from the state of the screening and from that of the other solver
        found = network.answers([second])
        for reference in (after.point, full.point._replace(branch_out=state.branch_out)):
            flow, dark_mw = flows_after(left, reference, work.loss_scale, second)
            assert np.abs(found.flow_mw[0] - flow).max() < 1e-6
            assert found.dark_mw[0] == pytest.approx(dark_mw, abs=1e-6)
    assert n_split >= N_PAIRS // 3


def test_n_2_of_case118_is_that_of_full_enumeration():
    """Ratings of 1.3 times the flow and at least 60 MW, so that there is much to find; every pair solved for itself."""
    system, point = case("case118")
    base, _ = flows_after(system, point, loss_scale(system, point), Outage("none", ()))
    rated = rated_at(system, np.maximum(1.3 * np.abs(base), 60.0))
    outages = usual_outages(rated, point)
    result = screen_doubles(rated, point, outages=outages)
    assert result.n_bounded > 0
    told = {
        frozenset(pair): over
        for pair, over in zip(zip(result.first_name.tolist(), result.second_name.tolist()), result.over_mw.tolist())
    }
    scale = loss_scale(rated, point)
    limits = rated.branch_emergency_mw
    n = len(outages)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    if FRACTION < 1:
        random = np.random.default_rng(118)
        pairs = [pairs[k] for k in random.choice(len(pairs), max(int(len(pairs) * FRACTION), 60), replace=False)]
    for i, j in pairs:
        both = Outage("both", outages[i].elements + outages[j].elements)
        flow, _ = flows_after(rated, point, scale, both)
        over = float(np.maximum(np.abs(flow) - limits * (1.0 + 1e-6), 0.0).max())
        names = frozenset((outages[i].name, outages[j].name))
        if over > 0.1 + 1e-6:
            assert told[names] == pytest.approx(over, abs=1e-6)
        elif over < 0.1 - 1e-6:
            assert told.get(names, 0.0) == 0.0
