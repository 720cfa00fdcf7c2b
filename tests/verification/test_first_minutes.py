"""The first minutes on many random cases: the twin, ends of cascades, balances, steps, workers."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from gridsim.kernels import swing_case as case
from gridsim.solvers.automation_rules import OPENS, RETURN, SHED, TRIP, Loss, Rule
from gridsim.solvers.first_minutes import FirstMinutes, FirstMinutesResult
from tests.support.fraction import FRACTION
from tests.support.swing_cases import SwingCase, random_case
from tests.support.swing_networks import three_areas

N_CASES = max(4, round(500 * FRACTION))


@pytest.mark.parametrize("seed", range(1000, 1000 + N_CASES))
def test_swing(seed) -> None:
    swing = random_case(seed, 2 + seed % 6)
    state, log, end_s, why = swing.run(10.0, 0.02)
    twin = swing.twin(10.0, 0.02)
    n, operations = len(swing.model.alive), int(log.filled[0])
    assert why in (case.HORIZON, case.CHANGED)
    assert log.op_rule[:operations].tolist() == [rule for _, rule, _ in twin.areas.operations]
    assert log.op_s[:operations] == pytest.approx([at_s for at_s, _, _ in twin.areas.operations], abs=1e-6)
    assert end_s == pytest.approx(twin.now_s, abs=1e-6)
    assert state.x[n : 2 * n] == pytest.approx(twin.areas.hz, abs=1e-6)

    half, half_log, _, _ = swing.run(10.0, 0.01)
    assert half_log.filled[0] == operations
    assert state.x[n : 2 * n] == pytest.approx(half.x[n : 2 * n], abs=1e-3)

    trips = swing.rules.action == case.TRIP_SHARE
    never = np.where(swing.rules.above, 9e9, -9e9)
    rules = swing.rules._replace(setting=np.where(trips, never, swing.rules.setting))
    state, _, _, _ = SwingCase(swing.model, rules, swing.groups, swing.fixed_mw).run(10.0)
    inertia = swing.model.load_inertia + np.bincount(swing.model.group_area, state.group_inertia, n)
    motion = float((inertia * state.x[n : 2 * n]).sum())
    balance = state.x[-2 * n : -n].sum() - state.x[-n:].sum()
    assert balance == pytest.approx(motion, rel=1e-6, abs=1e-6 * swing.model.load_mw.sum())


def cascade(seed: int) -> FirstMinutesResult:
    """A random loss in the three areas under stages, a split, trips."""
    rng = np.random.default_rng(seed)
    system, point = three_areas()
    shed = [
        Rule(f"stage_{k}", "frequency_hz", 49.2 - 0.3 * k, 0.2, SHED, share=float(rng.uniform(0.02, 0.15)))
        for k in range(8)
    ]
    back = Rule("back", "frequency_hz", 49.5, 10.0, RETURN, share=0.05, repeats=True)
    split = Rule("split", "interface_mw", float(rng.uniform(-200, -70)), 0.5, OPENS, ("ab",), ("ab",))
    low = Rule("low", "frequency_hz", 47.5, 0.5, TRIP, share=float(rng.uniform(0.1, 1.0)))
    high = Rule("high", "frequency_hz", 51.5, 0.5, TRIP, share=float(rng.uniform(0.1, 1.0)))
    machines = tuple(rng.choice(["a1", "b1", "b2", "c1"], size=int(rng.integers(1, 3)), replace=False).tolist())
    losses = (Loss(machines=machines), Loss(at_s=float(rng.uniform(0.5, 5)), branches=("cb",)))
    return FirstMinutes(system, point).run((*shed, back, split, low, high), losses)


@pytest.mark.parametrize("seed", range(N_CASES))
def test_cascades_end(seed) -> None:
    result = cascade(seed)
    assert result.ended in ("quiet", "horizon")
    assert len(result.operations) < 200
    served = result.load_mw - result.shed_mw
    assert (served >= -1e-9).all()
    assert (result.shed_mw >= -1e-9).all()
    assert (served[~result.alive] == 0).all()
    shed = sum(op.mw for op in result.operations if op.rule.startswith("stage") or op.rule == "back")
    lives = result.alive.all()
    assert not lives or shed == pytest.approx(float(result.shed_mw.sum()), abs=1e-6)
    assert result.balance_error < 1e-6
    assert np.isfinite(result.trace_hz).all()


def test_workers_change_nothing() -> None:
    seeds = range(4)
    with ProcessPoolExecutor(2) as pool:
        apart = list(pool.map(cascade, seeds))
    for seed, theirs in zip(seeds, apart, strict=True):
        ours = cascade(seed)
        assert ours.trace_hz.tobytes() == theirs.trace_hz.tobytes()
        assert ours.operations == theirs.operations
