"""Random states of the AC solver against ``pandapower.runpp``: outages, islands, limits, states without a solution."""

from __future__ import annotations

import pytest

from gridsim.solvers.ac_ladder import RUNGS, Rung
from tests.solvers.test_ac import assert_consistent, assert_same
from tests.support.ac_cases import case, kazakhstan, model, random_states
from tests.support.fraction import FRACTION

N_STATES = max(5, round(200 * FRACTION))


@pytest.mark.parametrize("name", ["case14", "case30", "case57", "case118", "kazakhstan"])
def test_random_states(name: str) -> None:
    """Both methods agree in everything, the own one at the same start or an earlier one; where they solve, power
    balances, limits and setpoints complement each other, shares follow weights.
    """
    system, point = kazakhstan() if name == "kazakhstan" else case(name)
    fast, reference = model(name, "fast"), model(name, "pandapower")
    solved = 0
    for state, forget in random_states(system, point, N_STATES):
        if forget:
            fast.reset()
            reference.reset()
        ours, theirs = fast.solve(state), reference.solve(state)
        assert RUNGS.index(Rung(ours.rung)) <= RUNGS.index(Rung(theirs.rung))
        assert_same(ours, theirs)
        if ours.converged and ours.rung != "relaxed_q":
            assert_consistent(system, state, ours)
            solved += 1
    assert solved >= N_STATES // 3
