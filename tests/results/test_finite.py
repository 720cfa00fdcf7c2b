"""No metric is ever infinite or undefined: an overflow is an error that names it, what is absent stays absent."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

import gridsim
from gridsim.errors import StudyError
from gridsim.model.scenario import AcMode, Horizon, Policy, Scenario
from gridsim.reliability import SequentialMonteCarlo
from gridsim.results.metrics import Estimate, finite, single

GOOD = Estimate("EUE", "system", 1.0, 0.1, 0.8, 1.2, "MWh", 8)


def test_what_is_finite_or_absent_passes() -> None:
    absent = single("CO2", "system", None, "t")
    assert finite([GOOD, absent]) == (GOOD, absent)


@pytest.mark.parametrize("column", ["value", "stderr", "ci_low", "ci_high"])
@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_an_overflow_names_metric_scope_and_column(column: str, number: float) -> None:
    with pytest.raises(StudyError, match=rf"^EUE of system: {column} is {number}: the input overflows"):
        finite([GOOD, dataclasses.replace(GOOD, **{column: number})])


def test_a_load_that_would_overflow_is_an_error_of_assess() -> None:
    system = gridsim.system_from_grid(gridsim.read_network("rbts"))
    huge = dataclasses.replace(system, load_mw=np.full_like(system.load_mw, 1e307))
    with pytest.raises(StudyError, match=r"^load_mw\[bus1\]: 1e\+307; give finite MW"):
        gridsim.assess(huge, SequentialMonteCarlo(years=2))


def test_the_largest_values_that_files_take_give_finite_metrics() -> None:
    """Every load at its bound: 600,000 MW, of which 240 MW are served."""
    system = gridsim.read_network("rbts")
    loads = dataclasses.replace(system.loads, p_mw=np.full(len(system.loads), 100_000.0))
    dear = dataclasses.replace(system.generators, cost_per_mwh=np.full(len(system.generators), 100_000.0))
    case = Scenario("case", "rbts", Horizon(dt.datetime(2026, 1, 12), 2), policy=Policy(ac=AcMode.OFF))
    result = gridsim.run(system.replace(loads=loads, generators=dear), case)
    assert result.metric("EUE") is not None and result.metric("EUE") > 1e5  # type: ignore[operator]
    assert all(np.isfinite(metric.value) for metric in result.estimates if metric.value is not None)
