"""Every dispatch of every bundled event, as the kernel met it, solved again by HiGHS: same shedding, same cost.

Sharing segments and tie-breaking perturbation are off in both. Totals of objectives alone are blind when load
is shed, so shedding is compared tier by tier and generation cost apart from it.
"""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.engine.run import run
from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
from gridsim.solvers.dispatch import DispatchOptions, DispatchSolver
from gridsim.solvers.highs import solve_highs
from tests.support.fraction import FRACTION

NAMES = (
    sorted(name for name, path in event_files().items() if path.suffix == ".yaml")
    if FRACTION >= 1
    else ["north_south_transit_loss"]
)


@pytest.mark.parametrize("name", NAMES)
def test_kernel_equals_highs(name, monkeypatch):
    met = []
    solve = DispatchSolver.solve

    def recording(self, state, *arguments, **options):
        solution = solve(self, state, *arguments, **options)
        met.append((self.case, state, solution))
        return solution

    monkeypatch.setattr(DispatchSolver, "solve", recording)
    system, scenario = read_scenario(name)
    result = run(system, scenario, dispatch=DispatchOptions(segments=False, perturb=False))
    assert result.dispatch_fallbacks == 0 and len(met) >= scenario.horizon.hours
    for case, state, ours in met:
        theirs = solve_highs(case, state, tolerance=1e-9, segments=False, perturb=False)
        np.testing.assert_allclose(ours.shed_mw.sum(axis=0), theirs.shed_mw.sum(axis=0), atol=1e-5)
        np.testing.assert_allclose(ours.spill_mw.sum(), theirs.spill_mw.sum(), atol=1e-5)
        # Machines burn for what they spill too; whose output is spilled does not matter at equal prices.
        cost, reference = (s.p_mw @ state.cost for s in (ours, theirs))
        assert abs(cost - reference) <= max(1e-7 * abs(reference), 1e-3)
