"""Underground storage gives no more than its withdrawal allows, and no more than it holds."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.solvers.gas import HydraulicGas, everything_works
from gridsim.solvers.gas_balance import GasBalance, GasStocks

NOTHING = np.zeros(1)


def with_storage(two_areas, fill_share):
    def edit(tables):
        tables["gas_storage"] = [{"name": "ugs", "node": "hub", "working_volume_mcm": 2, "max_withdrawal_mcm_per_d": 1,
                                  "max_injection_mcm_per_d": 1, "fill_share": fill_share}]  # fmt: skip

    return two_areas(edit, gas=True)


def without_source(system):
    conditions = everything_works(system)
    conditions.supply_share[:] = 0.0
    return conditions


def test_balance_keeps_both_limits(two_areas):
    system = with_storage(two_areas, 1.0)
    balance, conditions = GasBalance(system), without_source(system)
    for held_mcm, given in ((2.0, 1.0), (0.25, 0.25), (0.0, 0.0)):
        step = balance.solve(
            conditions, GasStocks(np.zeros(3), np.array([held_mcm])), np.array([3.0, 0.0]), NOTHING, 24.0, True
        )
        assert step.storage_mcm_per_d == pytest.approx([given])
        assert step.delivered_mcm_per_d.sum() == pytest.approx(given)


@pytest.mark.parametrize("hours", [2, 24])
def test_withdrawal_ends_with_the_working_volume(two_areas, hours):
    # 1.5 mcm at 1 mcm/d at most, after the linepack; then nothing - however long an order lasts.
    system = with_storage(two_areas, 0.75)
    gas, demand = HydraulicGas(system), np.array([6.0, 0.0])
    state = gas.start(everything_works(system), demand, NOTHING, True)
    conditions = without_source(system)
    drawn = 0.0
    for _ in range(144 // hours):
        before = state.storage_mcm[0]
        schedule = gas.schedule(state, conditions, demand, NOTHING, True)
        result = gas.run(state, schedule, conditions, demand, NOTHING, NOTHING, 0.25, 4 * hours, stop_when_short=False)
        state, rate = result.state, result.step.storage_mcm_per_d[0]
        assert 0 <= rate <= 1 + 1e-9
        assert before - state.storage_mcm[0] == pytest.approx(rate * hours / 24, abs=1e-9)
        drawn += rate * hours / 24
    assert drawn == pytest.approx(1.5, abs=1e-6) and state.storage_mcm[0] == pytest.approx(0, abs=1e-6)
