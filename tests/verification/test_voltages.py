"""A normal year of Kazakhstan under voltage control: hours inside, the worst voltage, switchings, cost.

``pytest tests/verification/test_voltages.py -s`` prints the numbers that networks/kazakhstan/README.md states.
"""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pytest

from gridsim.engine.run import Replicates
from gridsim.model.scenario import AcMode, GasMode, Horizon, Policy, Scenario
from gridsim.solvers.ac import AcModel
from gridsim.solvers.operating_point import OperatingPoint
from gridsim.solvers.voltage_control import DeviceState, VoltageControl
from tests.support.ac_cases import kazakhstan
from tests.support.fraction import FRACTION

HOURS = max(8760.0 * FRACTION, 120.0)
INSIDE = 0.97
LOWEST_PU, HIGHEST_PU = 0.85, 1.10  # the highest at 220 kV, whose limit is 252 kV
MOST_SWITCHINGS = 1500.0  # of one device a year


@pytest.fixture(scope="module")
def year() -> list[tuple[float, OperatingPoint]]:
    """Operating points of the year: dispatch alone, no events."""
    policy = Policy(ac=AcMode.OFF, gas=GasMode.BALANCE)
    scenario = Scenario("year", "kazakhstan", Horizon(dt.datetime(2026, 1, 1), HOURS), policy=policy)
    return list(Replicates(kazakhstan()[0], scenario, keep=()).run().points)


def test_a_normal_year(year: list[tuple[float, OperatingPoint]]) -> None:
    system = kazakhstan()[0]
    control, alone, model = VoltageControl(system), AcModel(system), AcModel(system)
    state = DeviceState(control.devices)
    inside = inside_alone = worse = 0
    low, high, cost_alone_s, cost_s = np.inf, 0.0, 0.0, 0.0
    for time_h, point in year:
        began_s = time.process_time()
        stated = alone.solve(point)
        between_s = time.process_time()
        found = control.operate(model, point, state, time_h * 3600.0)
        cost_s += time.process_time() - between_s
        cost_alone_s += between_s - began_s
        violation, violation_alone = control.violation_pu(found.vm_pu), control.violation_pu(stated.vm_pu)
        inside += found.converged and violation <= 1e-6
        inside_alone += stated.converged and violation_alone <= 1e-6
        worse += stated.converged and (not found.converged or violation > violation_alone + 1e-9)
        if found.converged:
            low, high = min(low, float(np.nanmin(found.vm_pu))), max(high, float(np.nanmax(found.vm_pu)))
    per_year = state.switchings * 8760.0 / HOURS
    cost = cost_s / cost_alone_s
    share, share_alone = 100.0 * inside / len(year), 100.0 * inside_alone / len(year)
    print(f"\n{len(year)} intervals: inside {share:.2f} %, {share_alone:.1f} % without control")
    print(f"  {low:.3f} to {high:.3f} pu; cost {cost:.2f} times the power flows alone")
    print(f"  {per_year.sum():.0f} switchings a year, most:")
    for number in np.argsort(-per_year)[:8]:
        print(f"  {control.devices.name[number]} {per_year[number]:.0f}")
    assert inside >= INSIDE * len(year)
    assert worse == 0
    assert LOWEST_PU <= low <= high <= HIGHEST_PU
    assert per_year.max() < MOST_SWITCHINGS
