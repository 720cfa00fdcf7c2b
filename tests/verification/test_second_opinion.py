"""AC power flow and N-1 of the whole against OpenLoadFlow, the system written into pypowsybl's own model.

Needs the extra gridsim[formats].
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pypowsybl", reason="needs gridsim[formats]")

from gridsim.model.system import GridSystem
from gridsim.model.table import F8
from gridsim.solvers.ac import AcModel
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.participation import branch_status, held_buses, sources
from tests.support.ac_cases import case, kazakhstan
from tests.support.fraction import FRACTION
from tests.support.powsybl_model import PowsyblModel

CASES = ("case14", "case39", "case118", "kazakhstan")
MOST_OUTAGES = 300


def start(name: str) -> tuple[GridSystem, OperatingPoint]:
    return kazakhstan() if name == "kazakhstan" else case(name)


def theirs(model: PowsyblModel, point: OperatingPoint, ours: AcSolution) -> tuple[F8, F8] | None:
    """Voltages and currents of OpenLoadFlow for the same output of the machines."""
    holds = held_buses(model.system, sources(model.system, point, ours.island), ours.vm_pu)
    return model.solve(ours, holds, branch_status(model.system, point.branch_out))


def loading_percent(system: GridSystem, amperes: F8) -> F8:
    """(n_branches,) of the normal rating, from the currents at both ends."""
    lines, trafos = system.lines, system.transformers
    n_lines, kiloamperes = len(lines), amperes / 1000.0
    of_lines = kiloamperes[:n_lines].max(axis=1) / (lines.max_i_ka * lines.parallel)
    kv = np.stack([trafos.vn_hv_kv, trafos.vn_lv_kv], axis=1)
    mva = (np.sqrt(3.0) * kiloamperes[n_lines:] * kv).max(axis=1, initial=0.0)
    of_trafos = mva / (trafos.sn_mva * trafos.parallel * trafos.max_loading_percent / 100.0)
    return 100.0 * np.nan_to_num(np.concatenate([of_lines, of_trafos]))


@pytest.mark.parametrize("name", CASES)
def test_voltages_and_loadings_are_those_of_openloadflow(name: str) -> None:
    system, point = start(name)
    ours = AcModel(system, base=point).solve(point)
    assert ours.converged
    found = theirs(PowsyblModel(system, point), point, ours)
    assert found is not None
    vm_pu, amperes = found
    live = np.isfinite(ours.vm_pu)
    assert live.sum() > 0.9 * len(system.buses)
    np.testing.assert_allclose(vm_pu[live], ours.vm_pu[live], atol=1e-5, rtol=0)
    np.testing.assert_allclose(loading_percent(system, amperes), ours.loading_percent, atol=0.02, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_outages_give_the_same_list_of_overloads(name: str) -> None:
    system, point = start(name)
    model, other = AcModel(system, base=point), PowsyblModel(system, point)
    in_service = np.flatnonzero(branch_status(system, point.branch_out))
    count = max(5, round(min(len(in_service), MOST_OUTAGES) * FRACTION))
    chosen = np.sort(np.random.default_rng(20).permutation(in_service)[:count])
    compared = 0
    for branch in chosen.tolist():
        state = point._replace(branch_out=np.array([branch], dtype=np.int32))
        ours = model.solve(state)
        if not ours.converged or ours.rung == "relaxed_q" or not np.isfinite(ours.vm_pu).all():
            continue  # islands and states without a solution are compared elsewhere
        found = theirs(other, state, ours)
        assert found is not None, system.branch_name[branch]
        np.testing.assert_allclose(found[0], ours.vm_pu, atol=1e-5, rtol=0, err_msg=str(system.branch_name[branch]))
        percent = loading_percent(system, found[1])
        near = np.abs(ours.loading_percent - 100.0) < 0.01
        assert set(np.flatnonzero((percent > 100.0) & ~near)) == set(
            np.flatnonzero((ours.loading_percent > 100.0) & ~near)
        )
        compared += 1
    assert compared > 0.6 * len(chosen)
