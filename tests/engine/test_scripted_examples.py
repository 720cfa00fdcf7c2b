"""The short scripted examples run and do what their text says; the long ones run in tests/verification."""

from __future__ import annotations

import pytest

from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario


@pytest.mark.parametrize(
    ("name", "logged"),
    [("second_circuit", "the second circuit trips"), ("storm_of_trips", "the wind takes"), ("cold_start", "MW served")],
)
def test_example(name, logged, kazakhstan):
    result = run(*read_scenario(name, kazakhstan))
    assert any(logged in change.to_state for change in result.log)
    assert result.scenario.scripts and result.dispatch_fallbacks == 0
