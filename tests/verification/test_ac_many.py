"""Random states of the AC solver against ``pandapower.runpp``: outages, islands, limits, states without a solution."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "solvers"))

from ac_cases import case, kazakhstan, model
from test_ac import assert_consistent, assert_same

FRACTION = float(os.environ.get("GRIDSIM_VERIFICATION_FRACTION", "1.0"))
N_STATES = max(5, round(200 * FRACTION))


@pytest.mark.parametrize("name", ["case14", "case30", "case57", "case118", "kazakhstan"])
def test_random_states(name: str) -> None:
    """Zero to four branches out, up to a fifth of the machines out, load 50-130 %: both methods agree in everything.

    Rung by rung; where they solve, power balances, limits and setpoints complement each other, shares follow weights.
    """
    system, point = kazakhstan() if name == "kazakhstan" else case(name)
    fast, reference = model(name, "fast"), model(name, "pandapower")
    random = np.random.default_rng(20260101)
    rungs: dict[str, int] = {}
    for _ in range(N_STATES):
        out = random.choice(system.n_branches, random.integers(0, 5), replace=False)
        committed = system.generators.in_service & (random.random(len(system.generators)) > random.uniform(0.0, 0.2))
        scale = random.uniform(0.5, 1.3)
        state = point._replace(
            branch_out=np.sort(out).astype(np.int32),
            gen_committed=committed,
            p_gen_mw=point.p_gen_mw * scale,
            p_load_mw=point.p_load_mw * scale * random.uniform(0.9, 1.1, len(system.loads)),
        )
        if random.random() < 0.5:
            fast.reset()
            reference.reset()
        ours, theirs = fast.solve(state), reference.solve(state)
        assert ours.rung == theirs.rung
        assert_same(ours, theirs)
        rungs[ours.rung] = rungs.get(ours.rung, 0) + 1
        if ours.converged and ours.rung != "relaxed_q":
            assert_consistent(system, state, ours)
    assert rungs.get("flat", 0) > 0
    assert rungs.get("warm", 0) > 0
    print(name, rungs)
